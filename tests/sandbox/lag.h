#ifndef LAG_H
#define LAG_H

/*
 * What a consumer group has committed, beside how far each partition goes, read back through the
 * broker. librdkafka answers some of this only by waiting, so it is asked on a thread of its own,
 * the only one here; answers come back in the loop.
 */

struct lag;
struct broker;
struct error;
struct server;
struct text;

/*
 * Called in the loop. ${json} is the callee's to free: {"group", "partitions": [{"topic",
 * "partition", "committed" (null: nothing), "low", "high", "lag"}]}; NULL when ${error} says why not.
 */
typedef void lag_done(void *arg, struct text *json, const struct error *error);

/* The broker and the server are borrowed. NULL with ${ret_error} filled. */
struct lag *lag_create(const struct broker *broker, struct server *server, struct error *ret_error);

/* Waits for the question at hand; all that are unanswered are dropped. NULL is allowed. */
void lag_destroy(struct lag *lag);

/* Asks for ${group}, which is copied. -1 with ${ret_error} filled, and ${done} is not called then. */
int lag_ask(struct lag *lag, const char *group, lag_done *done, void *arg, struct error *ret_error)
    __attribute__((warn_unused_result));

#endif
