/*
 * Says when a consumer group has committed what a measurement waits for, as the broker reports it:
 * asks for the group's offsets again and again, without being a member. Prints three instants of
 * CLOCK_MONOTONIC in seconds, one a line: when the broker answered first, when anything was
 * committed, and when the offsets of all partitions came to ${events}.
 *
 *     watch_commits BOOTSTRAP GROUP TOPIC PARTITIONS EVENTS PERIOD_MS SECONDS
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>

enum { ANSWER_MS = 5000 };

static void
die(const char *what, const char *why)
{
    fprintf(stderr, "watch_commits: %s: %s\n", what, why);
    _exit(1);
}

static double
now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static rd_kafka_t *
connect_to(const char *bootstrap, const char *group)
{
    const char *const settings[][2] = {{"bootstrap.servers", bootstrap}, {"group.id", group}};
    char text[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_t *consumer;

    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], text, sizeof(text)) != 0)
            die(settings[i][0], text);
    }
    consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof(text));
    if (consumer == NULL)
        die("consumer", text);
    return consumer;
}

/* The sum of the committed offsets; -1 while the coordinator does not answer yet. */
static int64_t
committed(rd_kafka_t *consumer, const char *topic, int32_t partitions)
{
    int64_t sum = -1;
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions);

    for (int32_t i = 0; i < partitions; i++)
        rd_kafka_topic_partition_list_add(list, topic, i);
    if (rd_kafka_committed(consumer, list, ANSWER_MS) == RD_KAFKA_RESP_ERR_NO_ERROR) {
        sum = 0;
        for (int i = 0; i < list->cnt; i++)
            sum += list->elems[i].offset > 0 ? list->elems[i].offset : 0;
    }
    rd_kafka_topic_partition_list_destroy(list);
    return sum;
}

static void
say_now(void)
{
    printf("%.6f\n", now_s());
    fflush(stdout);
}

struct wanted {
    const char *topic;
    int32_t partitions;
    int64_t events;
    useconds_t period_us;
    double end_s;
};

/* Waits until the group's offsets come to ${sum}, and says when that was. */
static void
await_sum(rd_kafka_t *consumer, const struct wanted *wanted, int64_t sum)
{
    while (committed(consumer, wanted->topic, wanted->partitions) < sum) {
        if (now_s() > wanted->end_s)
            die(wanted->topic, "not everything is committed in time");
        usleep(wanted->period_us);
    }
    say_now();
}

int
main(int count, char **argument)
{
    rd_kafka_t *consumer;
    struct wanted wanted;

    if (count != 8)
        die("usage", "watch_commits BOOTSTRAP GROUP TOPIC PARTITIONS EVENTS PERIOD_MS SECONDS");
    consumer = connect_to(argument[1], argument[2]);
    wanted.topic = argument[3];
    wanted.partitions = (int32_t)strtol(argument[4], NULL, 10);
    wanted.events = strtoll(argument[5], NULL, 10);
    wanted.period_us = (useconds_t)strtol(argument[6], NULL, 10) * 1000;
    wanted.end_s = now_s() + (double)strtoll(argument[7], NULL, 10);
    await_sum(consumer, &wanted, 0);
    await_sum(consumer, &wanted, 1);
    await_sum(consumer, &wanted, wanted.events);
    /* librdkafka's threads run on: no tidy end is worth waiting for */
    _exit(0);
}
