/*
 * What the worker is measured against: a librdkafka consumer that does no more than it must. It
 * parses each event with json-c, takes three strings out of it, commits by timer and once more at
 * the end, and prints one line of JSON: seconds from the first record until its last commit was
 * answered, CPU seconds of the whole process, its largest resident set.
 *
 *     bare_consumer BOOTSTRAP GROUP TOPIC EVENTS [PROPERTY=VALUE ...]
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>
#include <librdkafka/rdkafka.h>

enum { BATCH = 1000, POLL_MS = 10, MICRO = 1000000 };

static void
die(const char *what, const char *why)
{
    fprintf(stderr, "bare_consumer: %s: %s\n", what, why);
    _exit(1);
}

static double
now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void
set(rd_kafka_conf_t *conf, const char *name, const char *value)
{
    char text[256];

    if (rd_kafka_conf_set(conf, name, value, text, sizeof(text)) != 0)
        die(name, text);
}

static rd_kafka_t *
subscribe(char **argument)
{
    char text[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(1);
    rd_kafka_t *consumer;

    set(conf, "bootstrap.servers", argument[1]);
    set(conf, "group.id", argument[2]);
    set(conf, "auto.offset.reset", "earliest");
    set(conf, "auto.commit.interval.ms", "2000");
    for (char **property = argument + 5; *property != NULL; property++) {
        char *value = strchr(*property, '=');

        if (value == NULL)
            die(*property, "not PROPERTY=VALUE");
        *value++ = '\0';
        set(conf, *property, value);
    }
    consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof(text));
    if (consumer == NULL)
        die("consumer", text);
    rd_kafka_poll_set_consumer(consumer);
    rd_kafka_topic_partition_list_add(topics, argument[3], RD_KAFKA_PARTITION_UA);
    if (rd_kafka_subscribe(consumer, topics) != RD_KAFKA_RESP_ERR_NO_ERROR)
        die(argument[3], "subscribe");
    rd_kafka_topic_partition_list_destroy(topics);
    return consumer;
}

/* The lengths of three strings of the event: reason enough to parse it. */
static size_t
parse(struct json_tokener *tokener, const rd_kafka_message_t *message)
{
    static const char *const names[] = {"group", "user", "change"};
    size_t bytes = 0;
    struct json_object *event, *member;

    json_tokener_reset(tokener);
    event = json_tokener_parse_ex(tokener, message->payload, (int)message->len);
    if (event == NULL)
        die("an event", json_tokener_error_desc(json_tokener_get_error(tokener)));
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (json_object_object_get_ex(event, names[i], &member))
            bytes += strlen(json_object_get_string(member));
    }
    json_object_put(event);
    return bytes;
}

/* Reads ${events} events; returns when the first came. */
static double
read_all(rd_kafka_t *consumer, int64_t events)
{
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(consumer);
    struct json_tokener *tokener = json_tokener_new();
    rd_kafka_message_t *messages[BATCH];
    double first_s = 0;
    size_t bytes = 0;

    while (events > 0) {
        ssize_t count = rd_kafka_consume_batch_queue(queue, POLL_MS, messages, BATCH);

        for (ssize_t i = 0; i < count; i++) {
            if (messages[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
                if (first_s == 0)
                    first_s = now_s();
                bytes += parse(tokener, messages[i]);
                events--;
            }
            rd_kafka_message_destroy(messages[i]);
        }
    }
    if (bytes == 0)
        die("events", "empty");
    json_tokener_free(tokener);
    rd_kafka_queue_destroy(queue);
    return first_s;
}

int
main(int count, char **argument)
{
    rd_kafka_t *consumer;
    struct rusage usage;
    double first_s, seconds;

    if (count < 5)
        die("usage", "bare_consumer BOOTSTRAP GROUP TOPIC EVENTS [PROPERTY=VALUE ...]");
    consumer = subscribe(argument);
    first_s = read_all(consumer, strtoll(argument[4], NULL, 10));
    if (rd_kafka_commit(consumer, NULL, 0) != RD_KAFKA_RESP_ERR_NO_ERROR)
        die("commit", "refused");
    seconds = now_s() - first_s;
    getrusage(RUSAGE_SELF, &usage);
    printf("{\"seconds\": %.6f, \"cpu_s\": %.6f, \"rss_kib\": %ld}\n", seconds,
           (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
               (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / MICRO,
           usage.ru_maxrss);
    fflush(stdout);
    _exit(0);
}
