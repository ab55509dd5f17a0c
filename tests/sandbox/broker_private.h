#ifndef BROKER_PRIVATE_H
#define BROKER_PRIVATE_H

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "broker.h"
#include "timer.h"

/* What broker.c and broker_faults.c share; nobody else includes it. */

struct broker {
    rd_kafka_t *handle;
    rd_kafka_mock_cluster_t *mock; /* the handle's; NULL: a real cluster */
    rd_kafka_queue_t *queue;
    char *bootstrap;
    char *topic;
    int brokers;
    int fd; /* an eventfd */
    struct server *server;
    struct timer serve;
    struct timer lose;
};

/* Sets ${timer}, one of the broker's, to ${in_ms} from now. */
void broker_set_timer(struct broker *broker, struct timer *timer, int64_t in_ms);

/* The work of the timer ${lose} (broker_faults.c). */
void broker_look_for_commit(struct timer *timer, void *arg);

#endif
