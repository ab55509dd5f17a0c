/*
 * Fills a topic for a measurement: ${events} membership events of ${users} invented users, in turn,
 * keyed by the user, all of one group and one age. User number i has the id that user_id in
 * world.py gives it. Faster than the programs that are measured; prints nothing.
 *
 *     load BOOTSTRAP TOPIC GROUP EVENTS USERS AGE_S BATCH_BYTES
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>

enum { GUID_TEXT = 36, FLUSH_MS = 60000, WAIT_MS = 10 };

struct batch {
    const char *group;
    int64_t events;
    int64_t users;
    int64_t at_ms;
    char time[sizeof("2000-01-01T00:00:00Z")];
};

static int64_t undelivered;

static void
die(const char *what, const char *why)
{
    fprintf(stderr, "load: %s: %s\n", what, why);
    _exit(1);
}

static void
delivered(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque)
{
    (void)producer, (void)opaque;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        die("delivery", rd_kafka_err2str(message->err));
    undelivered--;
}

static rd_kafka_t *
connect_to(const char *bootstrap, const char *batch_bytes)
{
    const char *const settings[][2] = {
        {"bootstrap.servers", bootstrap},
        {"enable.idempotence", "true"},
        {"linger.ms", "20"},
        {"batch.size", batch_bytes},
        {"queue.buffering.max.messages", "200000"},
    };
    char text[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_t *producer;

    rd_kafka_conf_set_dr_msg_cb(conf, delivered);
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], text, sizeof(text)) != 0)
            die(settings[i][0], text);
    }
    producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    if (producer == NULL)
        die("producer", text);
    return producer;
}

static void
publish(rd_kafka_t *producer, const char *topic, const struct batch *batch, int64_t number)
{
    char user[GUID_TEXT + 12]; /* the number fits twelve digits, which gcc cannot know */
    char value[256];
    int length;
    rd_kafka_resp_err_t code;

    (void)snprintf(user, sizeof(user), "10000000-0000-4000-8000-%012" PRIx64,
                   (uint64_t)(number % batch->users));
    length = snprintf(value, sizeof(value),
                      "{\"group\":\"%s\",\"user\":\"%s\",\"change\":\"added\",\"time\":\"%s\","
                      "\"id\":\"%08" PRIx64 "\"}",
                      batch->group, user, batch->time, (uint64_t)number);
    for (;;) {
        code = rd_kafka_producev(
            producer, RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_KEY(user, (size_t)GUID_TEXT),
            RD_KAFKA_V_VALUE(value, (size_t)length), RD_KAFKA_V_TIMESTAMP(batch->at_ms),
            RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
        if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL)
            break;
        rd_kafka_poll(producer, WAIT_MS);
    }
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        die(topic, rd_kafka_err2str(code));
    undelivered++;
}

int
main(int count, char **argument)
{
    struct batch batch;
    struct tm parts;
    rd_kafka_t *producer;
    time_t then;

    if (count != 8)
        die("usage", "load BOOTSTRAP TOPIC GROUP EVENTS USERS AGE_S BATCH_BYTES");
    batch.group = argument[3];
    batch.events = strtoll(argument[4], NULL, 10);
    batch.users = strtoll(argument[5], NULL, 10);
    then = time(NULL) - (time_t)strtoll(argument[6], NULL, 10);
    batch.at_ms = (int64_t)then * 1000;
    if (batch.users < 1 || gmtime_r(&then, &parts) == NULL)
        die("usage", "at least one user, and a time that exists");
    (void)strftime(batch.time, sizeof(batch.time), "%Y-%m-%dT%H:%M:%SZ", &parts);
    producer = connect_to(argument[1], argument[7]);
    for (int64_t i = 0; i < batch.events; i++) {
        publish(producer, argument[2], &batch, i);
        rd_kafka_poll(producer, 0);
    }
    rd_kafka_flush(producer, FLUSH_MS);
    if (undelivered != 0)
        die("flush", "not everything was delivered");
    /* librdkafka's threads run on: no tidy end is worth waiting for */
    _exit(0);
}
