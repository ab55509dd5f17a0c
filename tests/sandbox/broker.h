#ifndef BROKER_H
#define BROKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The Kafka beside the double: one inside this process (librdkafka's mock cluster, real sockets on
 * 127.0.0.1), or a cluster that somebody else runs. Makes the topics, injects faults into the mock,
 * and owns the client handle that events.c and lag.c work with.
 *
 * What the mock cannot do: keep more than 5 MiB or 100,000 records of a partition, find offsets by
 * time, form a first group in less than 3 s.
 */

struct broker;
struct error;
struct server;
struct rd_kafka_s;

struct broker_settings {
    const char *bootstrap; /* of a real cluster; NULL: the mock */
    int brokers;           /* of the mock */
    const char *topic;     /* the main one; those named after it are made as well */
    const char *retry;     /* delays in the names of its retry topics, "15m,6h"; "": none */
    int partitions;
};

/* Ready to publish when it returns. ${server}'s loop serves it. NULL with ${ret_error} filled. */
struct broker *broker_create(const struct broker_settings *settings, struct server *server,
                             struct error *ret_error);
void broker_destroy(struct broker *broker);

const char *broker_bootstrap(const struct broker *broker);
const char *broker_topic(const struct broker *broker);
bool broker_is_mock(const struct broker *broker);
struct rd_kafka_s *broker_handle(struct broker *broker);

/* Makes a topic; one that is there already is left as it is. Blocks up to 15 s on a real cluster. */
int broker_make_topic(struct broker *broker, const char *name, int partitions,
                      struct error *ret_error) __attribute__((warn_unused_result));

/* --- faults; the mock only, ERROR_CONFIG else ------------------------------------------------- */

/* The next ${times} requests of one kind are answered with an error, or late, or both. */
struct broker_fault {
    const char *request; /* Kafka's name: "OffsetCommit", "Produce", … */
    const char *
        error; /* Kafka's name: "COORDINATOR_NOT_AVAILABLE"; "_TRANSPORT" disconnects; NULL: none */
    int64_t times;
    int64_t rtt_ms;
};
int broker_add_fault(struct broker *broker, const struct broker_fault *fault,
                     struct error *ret_error) __attribute__((warn_unused_result));

/* The next commit is carried out; then all connections are cut before it was answered. */
int broker_lose_commit_answer(struct broker *broker, struct error *ret_error)
    __attribute__((warn_unused_result));

/* All brokers stop or start listening; every answer takes ${rtt_ms} from now on. */
int broker_set_up(struct broker *broker, bool is_up, struct error *ret_error)
    __attribute__((warn_unused_result));
int broker_set_rtt(struct broker *broker, int64_t rtt_ms, struct error *ret_error)
    __attribute__((warn_unused_result));

#endif
