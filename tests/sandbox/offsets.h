#ifndef OFFSETS_H
#define OFFSETS_H

/*
 * What a consumer group has committed, beside how far each partition goes, read back through the
 * broker. librdkafka answers some of this only by waiting, so it is asked on a thread of its own,
 * the only one here; answers come back in the loop.
 */

struct offsets;
struct broker;
struct error;
struct server;
struct text;

/*
 * Called in the loop. ${json} is the callee's to free: {"group", "partitions": [{"topic",
 * "partition", "committed" (null: nothing), "low", "high", "lag"}]}; NULL when ${error} says why not.
 */
typedef void offsets_done(void *arg, struct text *json, const struct error *error);

/* The broker and the server are borrowed. NULL with ${ret_error} filled. */
struct offsets *offsets_create(const struct broker *broker, struct server *server,
                               struct error *ret_error);

/* Waits for the question at hand; all that are unanswered are dropped. NULL is allowed. */
void offsets_destroy(struct offsets *offsets);

/* Asks for ${group}, which is copied. -1 with ${ret_error} filled, and ${done} is not called then. */
int offsets_ask(struct offsets *offsets, const char *group, offsets_done *done, void *arg,
                struct error *ret_error) __attribute__((warn_unused_result));

#endif
