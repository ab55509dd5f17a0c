#ifndef STATE_H
#define STATE_H

/*
 * Where everything is: the origins of the services, of each environment's Dataverse and of the control
 * API, and the Kafka. As JSON on standard output, in the state file and under GET /state.
 */

struct broker;
struct error;
struct text;
struct world;

struct state {
    const char *control; /* origins, borrowed */
    const char *login;
    const char *bap;
    const char *graph;
    const struct world *world;
    const struct broker *broker; /* NULL: none */
};

/* {"pid", "origins": {…}, "environments": {id: origin}, "kafka": {"bootstrap", "topic", "mock"} or null} */
void state_write(const struct state *state, struct text *text);

/* Replaces the file ${path} as a whole: readers see the old one or the new one. */
int state_save(const struct state *state, const char *path, struct error *ret_error)
    __attribute__((warn_unused_result));

#endif
