/*
 * What tests ask of a cluster from outside, on librdkafka's admin API: topics, watermarks, and what
 * a consumer group has committed. Answers go to stdout as one line of JSON. Not a tool for
 * operators, and not a client of the worker's code: it must be able to contradict it.
 *
 * It lives for one command, so every failure ends it, with a line on stderr and exit status 1.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>

#define TIMEOUT_MS 15000
#define POLL_MS 50

static rd_kafka_t *rk;
static rd_kafka_queue_t *replies;

__attribute__((noreturn, format(printf, 1, 2))) static void
die(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("topic-admin: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    /* not exit: librdkafka's threads run on and must not see the libraries torn down */
    _exit(1);
}

static void
check(rd_kafka_resp_err_t code, const char *text, const char *what)
{
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        die("%s: %s: %s", what, rd_kafka_err2name(code), text != NULL ? text : "");
}

static void
drop_log(const rd_kafka_t *handle, int level, const char *facility, const char *text)
{
    (void)handle, (void)level, (void)facility, (void)text;
}

static int64_t
number(const char *text, int64_t max)
{
    char *end;
    long long value = strtoll(text, &end, 10);

    if (end == text || *end != '\0' || value < 0 || value > max)
        die("not a number from 0 to %lld: %s", (long long)max, text);
    return value;
}

static void
print_string(const char *text)
{
    putchar('"');
    for (const char *c = text != NULL ? text : ""; *c != '\0'; c++) {
        if ((unsigned char)*c < 0x20)
            printf("\\u%04x", (unsigned char)*c);
        else
            printf(*c == '"' || *c == '\\' ? "\\%c" : "%c", *c);
    }
    putchar('"');
}

static void
connect_to(const char *bootstrap)
{
    const char *const settings[][2] = {
        {"bootstrap.servers", bootstrap},
        {"client.id", "topic-admin"},
        {"group.id", "topic-admin"},
        {"reconnect.backoff.max.ms", "200"},
    };
    char text[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();

    rd_kafka_conf_set_log_cb(conf, drop_log);
    for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
        if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], text, sizeof(text)) != 0)
            die("%s", text);
    }
    /*
     * A consumer that never subscribes, and not a producer: librdkafka 2.0.2 takes the handle's own
     * group for granted when the answer about another group's offsets is NOT_COORDINATOR, and
     * crashes without one.
     */
    rk = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof(text));
    if (rk == NULL)
        die("%s", text);
    replies = rd_kafka_queue_new(rk);
}

static rd_kafka_AdminOptions_t *
options_for(rd_kafka_admin_op_t operation)
{
    char text[256];
    rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(rk, operation);

    check(rd_kafka_AdminOptions_set_request_timeout(options, TIMEOUT_MS, text, sizeof(text)), text,
          "request timeout");
    return options;
}

/* The reply to the one request that is under way. The caller destroys it. */
static rd_kafka_event_t *
await_reply(const char *what)
{
    rd_kafka_event_t *event = rd_kafka_queue_poll(replies, TIMEOUT_MS + 1000);

    if (event == NULL)
        die("%s: no answer", what);
    check(rd_kafka_event_error(event), rd_kafka_event_error_string(event), what);
    return event;
}

/* Metadata of ${topic}, or of the cluster for NULL; NULL when there is none yet. */
static const struct rd_kafka_metadata *
ask_metadata(rd_kafka_topic_t *topic)
{
    const struct rd_kafka_metadata *metadata;

    return rd_kafka_metadata(rk, 0, topic, &metadata, 500) == RD_KAFKA_RESP_ERR_NO_ERROR ? metadata
                                                                                         : NULL;
}

static void
command_wait(char **argument)
{
    int brokers = (int)number(argument[0], 100);
    int64_t tries = number(argument[1], 3600) * 1000 / POLL_MS;

    for (; tries > 0; tries--) {
        const struct rd_kafka_metadata *metadata = ask_metadata(NULL);
        bool complete = metadata != NULL && metadata->broker_cnt == brokers;

        if (metadata != NULL)
            rd_kafka_metadata_destroy(metadata);
        if (complete)
            return;
        usleep(POLL_MS * 1000);
    }
    die("%d brokers do not answer", brokers);
}

static bool
has_leaders(const struct rd_kafka_metadata *metadata, int partitions)
{
    if (metadata == NULL || metadata->topic_cnt != 1 ||
        metadata->topics[0].partition_cnt != partitions)
        return false;
    for (int i = 0; i < partitions; i++) {
        if (metadata->topics[0].partitions[i].leader < 0)
            return false;
    }
    return true;
}

/* A topic that was just made is not at once known everywhere: waits until it can be used. */
static void
await_leaders(const char *name, int partitions)
{
    rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, name, NULL);

    for (int waited_ms = 0; waited_ms < TIMEOUT_MS; waited_ms += POLL_MS) {
        const struct rd_kafka_metadata *metadata = ask_metadata(topic);
        bool complete = has_leaders(metadata, partitions);

        if (metadata != NULL)
            rd_kafka_metadata_destroy(metadata);
        if (complete) {
            rd_kafka_topic_destroy(topic);
            return;
        }
        usleep(POLL_MS * 1000);
    }
    die("topic %s: partitions without a leader", name);
}

static void
check_topics(const rd_kafka_topic_result_t **results, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check(rd_kafka_topic_result_error(results[i]),
              rd_kafka_topic_result_error_string(results[i]),
              rd_kafka_topic_result_name(results[i]));
}

static void
command_create(char **argument)
{
    char text[256];
    size_t count;
    int partitions = (int)number(argument[1], 10000);
    rd_kafka_NewTopic_t *topic =
        rd_kafka_NewTopic_new(argument[0], partitions, -1, text, sizeof(text));
    const rd_kafka_topic_result_t **results;
    rd_kafka_event_t *event;

    if (topic == NULL)
        die("%s", text);
    for (char **config = argument + 2; *config != NULL; config++) {
        char *value = strchr(*config, '=');

        if (value == NULL)
            die("not NAME=VALUE: %s", *config);
        *value++ = '\0';
        check(rd_kafka_NewTopic_set_config(topic, *config, value), value, *config);
    }
    rd_kafka_CreateTopics(rk, &topic, 1, options_for(RD_KAFKA_ADMIN_OP_CREATETOPICS), replies);
    event = await_reply("create");
    results =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
    check_topics(results, count);
    await_leaders(argument[0], partitions);
}

static void
command_grow(char **argument)
{
    char text[256];
    size_t count;
    int partitions = (int)number(argument[1], 10000);
    rd_kafka_NewPartitions_t *wanted =
        rd_kafka_NewPartitions_new(argument[0], (size_t)partitions, text, sizeof(text));
    const rd_kafka_topic_result_t **results;
    rd_kafka_event_t *event;

    if (wanted == NULL)
        die("%s", text);
    rd_kafka_CreatePartitions(rk, &wanted, 1, options_for(RD_KAFKA_ADMIN_OP_CREATEPARTITIONS),
                              replies);
    event = await_reply("grow");
    results = rd_kafka_CreatePartitions_result_topics(rd_kafka_event_CreatePartitions_result(event),
                                                      &count);
    check_topics(results, count);
    await_leaders(argument[0], partitions);
}

static void
command_delete(char **argument)
{
    size_t count;
    rd_kafka_DeleteTopic_t *topic = rd_kafka_DeleteTopic_new(argument[0]);
    const rd_kafka_topic_result_t **results;
    rd_kafka_event_t *event;

    rd_kafka_DeleteTopics(rk, &topic, 1, options_for(RD_KAFKA_ADMIN_OP_DELETETOPICS), replies);
    event = await_reply("delete");
    results =
        rd_kafka_DeleteTopics_result_topics(rd_kafka_event_DeleteTopics_result(event), &count);
    check_topics(results, count);
}

static void
check_partitions(const rd_kafka_topic_partition_list_t *list)
{
    for (int i = 0; i < list->cnt; i++)
        check(list->elems[i].err, rd_kafka_err2str(list->elems[i].err), list->elems[i].topic);
}

static rd_kafka_topic_partition_list_t *
one_partition(char **argument)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

    rd_kafka_topic_partition_list_add(list, argument[0], (int32_t)number(argument[1], INT32_MAX))
        ->offset = number(argument[2], INT64_MAX);
    return list;
}

static void
command_trim(char **argument)
{
    rd_kafka_DeleteRecords_t *records = rd_kafka_DeleteRecords_new(one_partition(argument));
    rd_kafka_event_t *event;

    rd_kafka_DeleteRecords(rk, &records, 1, options_for(RD_KAFKA_ADMIN_OP_DELETERECORDS), replies);
    event = await_reply("trim");
    check_partitions(
        rd_kafka_DeleteRecords_result_offsets(rd_kafka_event_DeleteRecords_result(event)));
}

static void
command_watermarks(char **argument)
{
    rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, argument[0], NULL);
    const struct rd_kafka_metadata *metadata = ask_metadata(topic);

    if (metadata == NULL || metadata->topic_cnt != 1)
        die("no metadata for %s", argument[0]);
    check(metadata->topics[0].err, rd_kafka_err2str(metadata->topics[0].err), argument[0]);
    putchar('[');
    for (int32_t i = 0; i < metadata->topics[0].partition_cnt; i++) {
        int64_t low = 0;
        int64_t high = 0;

        check(rd_kafka_query_watermark_offsets(rk, argument[0], i, &low, &high, TIMEOUT_MS), NULL,
              argument[0]);
        printf("%s{\"partition\": %d, \"low\": %lld, \"high\": %lld}", i == 0 ? "" : ", ", (int)i,
               (long long)low, (long long)high);
    }
    puts("]");
}

static void
command_config(char **argument)
{
    size_t count;
    rd_kafka_ConfigResource_t *topic =
        rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, argument[0]);
    const rd_kafka_ConfigResource_t **resources;
    const rd_kafka_ConfigEntry_t **entries;
    rd_kafka_event_t *event;

    rd_kafka_DescribeConfigs(rk, &topic, 1, options_for(RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS),
                             replies);
    event = await_reply("config");
    resources = rd_kafka_DescribeConfigs_result_resources(
        rd_kafka_event_DescribeConfigs_result(event), &count);
    check(rd_kafka_ConfigResource_error(resources[0]),
          rd_kafka_ConfigResource_error_string(resources[0]), argument[0]);
    entries = rd_kafka_ConfigResource_configs(resources[0], &count);
    for (size_t i = 0; i < count; i++) {
        fputs(i == 0 ? "{" : ", ", stdout);
        print_string(rd_kafka_ConfigEntry_name(entries[i]));
        fputs(": ", stdout);
        print_string(rd_kafka_ConfigEntry_value(entries[i]));
    }
    puts("}");
}

static const rd_kafka_topic_partition_list_t *
offsets_of(const rd_kafka_group_result_t **groups, size_t count)
{
    if (count != 1)
        die("an answer for %zu groups", count);
    if (rd_kafka_group_result_error(groups[0]) != NULL)
        die("%s", rd_kafka_error_string(rd_kafka_group_result_error(groups[0])));
    return rd_kafka_group_result_partitions(groups[0]);
}

static void
command_offsets(char **argument)
{
    size_t count;
    const rd_kafka_topic_partition_list_t *list;
    const rd_kafka_group_result_t **groups;
    rd_kafka_ListConsumerGroupOffsets_t *query =
        rd_kafka_ListConsumerGroupOffsets_new(argument[0], NULL);
    rd_kafka_event_t *event;

    rd_kafka_ListConsumerGroupOffsets(
        rk, &query, 1, options_for(RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS), replies);
    event = await_reply("offsets");
    groups = rd_kafka_ListConsumerGroupOffsets_result_groups(
        rd_kafka_event_ListConsumerGroupOffsets_result(event), &count);
    list = offsets_of(groups, count);
    check_partitions(list);
    putchar('[');
    for (int i = 0; i < list->cnt; i++) {
        fputs(i == 0 ? "{\"topic\": " : ", {\"topic\": ", stdout);
        print_string(list->elems[i].topic);
        printf(", \"partition\": %d, \"offset\": %lld, \"metadata_bytes\": %zu}",
               (int)list->elems[i].partition, (long long)list->elems[i].offset,
               list->elems[i].metadata_size);
    }
    puts("]");
}

static void
command_set_offset(char **argument)
{
    size_t count;
    const rd_kafka_group_result_t **groups;
    rd_kafka_AlterConsumerGroupOffsets_t *change =
        rd_kafka_AlterConsumerGroupOffsets_new(argument[0], one_partition(argument + 1));
    rd_kafka_event_t *event;

    rd_kafka_AlterConsumerGroupOffsets(
        rk, &change, 1, options_for(RD_KAFKA_ADMIN_OP_ALTERCONSUMERGROUPOFFSETS), replies);
    event = await_reply("set-offset");
    groups = rd_kafka_AlterConsumerGroupOffsets_result_groups(
        rd_kafka_event_AlterConsumerGroupOffsets_result(event), &count);
    check_partitions(offsets_of(groups, count));
}

static void
print_member(const rd_kafka_MemberDescription_t *member)
{
    const rd_kafka_topic_partition_list_t *list =
        rd_kafka_MemberAssignment_partitions(rd_kafka_MemberDescription_assignment(member));

    fputs("{\"client_id\": ", stdout);
    print_string(rd_kafka_MemberDescription_client_id(member));
    fputs(", \"instance_id\": ", stdout);
    print_string(rd_kafka_MemberDescription_group_instance_id(member));
    fputs(", \"member_id\": ", stdout);
    print_string(rd_kafka_MemberDescription_consumer_id(member));
    fputs(", \"partitions\": [", stdout);
    for (int i = 0; list != NULL && i < list->cnt; i++) {
        fputs(i == 0 ? "{\"topic\": " : ", {\"topic\": ", stdout);
        print_string(list->elems[i].topic);
        printf(", \"partition\": %d}", (int)list->elems[i].partition);
    }
    fputs("]}", stdout);
}

static void
command_group(char **argument)
{
    size_t count;
    const char *names[] = {argument[0]};
    const rd_kafka_ConsumerGroupDescription_t **groups;
    rd_kafka_event_t *event;

    rd_kafka_DescribeConsumerGroups(rk, names, 1,
                                    options_for(RD_KAFKA_ADMIN_OP_DESCRIBECONSUMERGROUPS), replies);
    event = await_reply("group");
    groups = rd_kafka_DescribeConsumerGroups_result_groups(
        rd_kafka_event_DescribeConsumerGroups_result(event), &count);
    if (count != 1)
        die("an answer for %zu groups", count);
    if (rd_kafka_ConsumerGroupDescription_error(groups[0]) != NULL)
        die("%s", rd_kafka_error_string(rd_kafka_ConsumerGroupDescription_error(groups[0])));
    fputs("{\"state\": ", stdout);
    print_string(
        rd_kafka_consumer_group_state_name(rd_kafka_ConsumerGroupDescription_state(groups[0])));
    fputs(", \"members\": [", stdout);
    for (size_t i = 0; i < rd_kafka_ConsumerGroupDescription_member_count(groups[0]); i++) {
        if (i > 0)
            fputs(", ", stdout);
        print_member(rd_kafka_ConsumerGroupDescription_member(groups[0], i));
    }
    puts("]}");
}

static const struct command {
    const char *name;
    int arguments; /* at least */
    void (*run)(char **argument);
    const char *help;
} commands[] = {
    {"wait", 2, command_wait, "BROKERS SECONDS        until that many brokers answer"},
    {"create", 2, command_create, "TOPIC PARTITIONS [CONFIG=VALUE...]"},
    {"grow", 2, command_grow, "TOPIC PARTITIONS       to that many partitions"},
    {"delete", 1, command_delete, "TOPIC"},
    {"trim", 3, command_trim, "TOPIC PARTITION OFFSET deletes what lies before OFFSET"},
    {"watermarks", 1, command_watermarks, "TOPIC                  low and high per partition"},
    {"config", 1, command_config, "TOPIC                  name and value of each setting"},
    {"offsets", 1, command_offsets, "GROUP                  what it has committed"},
    {"set-offset", 4, command_set_offset, "GROUP TOPIC PARTITION OFFSET"},
    {"group", 1, command_group, "GROUP                  state, members, assignments"},
};

static int
usage(void)
{
    fputs("usage: topic-admin BOOTSTRAP COMMAND ARGUMENT...\n", stderr);
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        fprintf(stderr, "  %-10s %s\n", commands[i].name, commands[i].help);
    return 64;
}

int
main(int argc, char **argv)
{
    for (size_t i = 0; argc > 2 && i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(argv[2], commands[i].name) != 0 || argc - 3 < commands[i].arguments)
            continue;
        connect_to(argv[1]);
        commands[i].run(argv + 3);
        fflush(stdout);
        /* tearing the handle down would wait for brokers that a test has just killed */
        _exit(0);
    }
    return usage();
}
