/*
 * What lies in a topic, for tests: a line of JSON for each record, key, value and headers as texts in
 * which a byte above 0x7F is the character of that number. Reads from the beginning to the end that
 * each partition has when it gets there.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>

#define TIMEOUT_MS 15000

__attribute__((noreturn, format(printf, 1, 2))) static void
die(const char *format, ...)
{
    va_list args;

    fputs("topic-records: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    /* not exit: librdkafka's threads run on */
    _exit(1);
}

static void
drop_log(const rd_kafka_t *rk, int level, const char *facility, const char *text)
{
    (void)rk, (void)level, (void)facility, (void)text;
}

static rd_kafka_t *
connect_to(const char *bootstrap)
{
    const char *const settings[][2] = {
        {"bootstrap.servers", bootstrap}, {"client.id", "topic-records"},
        {"group.id", "topic-records"},    {"enable.auto.commit", "false"},
        {"enable.partition.eof", "true"}, {"fetch.wait.max.ms", "10"},
    };
    char text[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_t *rk;

    rd_kafka_conf_set_log_cb(conf, drop_log);
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
        if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], text, sizeof(text)) != 0)
            die("%s", text);
    rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof(text));
    if (rk == NULL)
        die("%s", text);
    return rk;
}

/* Assigns all partitions of ${topic}, from the beginning; how many they are. */
static int
assign_all(rd_kafka_t *rk, const char *topic)
{
    rd_kafka_topic_t *handle = rd_kafka_topic_new(rk, topic, NULL);
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_partition_list_t *list;
    rd_kafka_resp_err_t code = rd_kafka_metadata(rk, 0, handle, &metadata, TIMEOUT_MS);
    int count;

    if (code != RD_KAFKA_RESP_ERR_NO_ERROR || metadata->topics[0].partition_cnt == 0)
        die("no metadata of %s: %s", topic, rd_kafka_err2str(code));
    count = metadata->topics[0].partition_cnt;
    list = rd_kafka_topic_partition_list_new(count);
    for (int i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, topic, i)->offset = RD_KAFKA_OFFSET_BEGINNING;
    code = rd_kafka_assign(rk, list);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        die("%s: %s", topic, rd_kafka_err2str(code));
    return count;
}

static void
print_bytes(const void *bytes, size_t length)
{
    const unsigned char *byte = bytes;

    if (byte == NULL) {
        fputs("null", stdout);
        return;
    }
    putchar('"');
    for (size_t i = 0; i < length; i++) {
        if (byte[i] < 0x20 || byte[i] >= 0x7F || byte[i] == '"' || byte[i] == '\\')
            printf("\\u%04x", byte[i]);
        else
            putchar(byte[i]);
    }
    putchar('"');
}

static void
print_headers(const rd_kafka_message_t *message)
{
    rd_kafka_headers_t *headers;
    size_t count = 0;

    if (rd_kafka_message_headers(message, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR)
        count = rd_kafka_header_cnt(headers);
    putchar('[');
    for (size_t i = 0; i < count; i++) {
        const char *name;
        const void *value;
        size_t size;

        (void)rd_kafka_header_get_all(headers, i, &name, &value, &size);
        printf("%s[\"%s\", ", i == 0 ? "" : ", ", name);
        print_bytes(value, size);
        putchar(']');
    }
    putchar(']');
}

static void
print_record(const rd_kafka_message_t *message)
{
    rd_kafka_timestamp_type_t type;

    printf("{\"partition\": %d, \"offset\": %lld, \"timestamp\": %lld, \"key\": ",
           (int)message->partition, (long long)message->offset,
           (long long)rd_kafka_message_timestamp(message, &type));
    print_bytes(message->key, message->key_len);
    fputs(", \"value\": ", stdout);
    print_bytes(message->payload, message->len);
    fputs(", \"headers\": ", stdout);
    print_headers(message);
    puts("}");
}

int
main(int argc, char **argv)
{
    rd_kafka_t *rk;
    int left;

    if (argc != 3) {
        fputs("usage: topic-records BOOTSTRAP TOPIC\n", stderr);
        return 64;
    }
    rk = connect_to(argv[1]);
    left = assign_all(rk, argv[2]);
    while (left > 0) {
        rd_kafka_message_t *message = rd_kafka_consumer_poll(rk, TIMEOUT_MS);

        if (message == NULL)
            die("no end of %s", argv[2]);
        if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
            print_record(message);
        else if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
            left--;
        rd_kafka_message_destroy(message);
    }
    fflush(stdout);
    _exit(0); /* tearing the handle down would only take time */
}
