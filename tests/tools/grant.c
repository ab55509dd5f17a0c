/*
 * Gives a user rights on a cluster that has an authorizer, for tests:
 * grant BOOTSTRAP USER (topic|group) NAME OPERATION..., with operations as the README names them.
 */
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>

#define TIMEOUT_MS 15000

static const struct {
    const char *name;
    rd_kafka_AclOperation_t operation;
} operations[] = {
    {"Read", RD_KAFKA_ACL_OPERATION_READ},
    {"Write", RD_KAFKA_ACL_OPERATION_WRITE},
    {"Describe", RD_KAFKA_ACL_OPERATION_DESCRIBE},
    {"DescribeConfigs", RD_KAFKA_ACL_OPERATION_DESCRIBE_CONFIGS},
    {"Create", RD_KAFKA_ACL_OPERATION_CREATE},
};

__attribute__((noreturn, format(printf, 1, 2))) static void
die(const char *format, ...)
{
    va_list args;

    fputs("grant: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    /* not exit: librdkafka's threads run on */
    _exit(1);
}

static rd_kafka_t *
connect_to(const char *bootstrap)
{
    char text[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_t *rk;

    if (rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap, text, sizeof(text)) != 0)
        die("%s", text);
    rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof(text));
    if (rk == NULL)
        die("%s", text);
    return rk;
}

static rd_kafka_AclOperation_t
operation_of(const char *name)
{
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++)
        if (strcmp(operations[i].name, name) == 0)
            return operations[i].operation;
    die("no such operation: %s", name);
}

static void
grant(rd_kafka_t *rk, char **argument, const char *operation)
{
    char principal[128], text[256];
    rd_kafka_ResourceType_t type =
        strcmp(argument[1], "group") == 0 ? RD_KAFKA_RESOURCE_GROUP : RD_KAFKA_RESOURCE_TOPIC;
    rd_kafka_AclBinding_t *binding;
    rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
    const rd_kafka_acl_result_t **results;
    rd_kafka_event_t *event;
    size_t count;

    (void)snprintf(principal, sizeof(principal), "User:%s", argument[0]);
    binding = rd_kafka_AclBinding_new(type, argument[2], RD_KAFKA_RESOURCE_PATTERN_LITERAL,
                                      principal, "*", operation_of(operation),
                                      RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW, text, sizeof(text));
    if (binding == NULL)
        die("%s", text);
    rd_kafka_CreateAcls(rk, &binding, 1, NULL, queue);
    event = rd_kafka_queue_poll(queue, TIMEOUT_MS);
    if (event == NULL || rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR)
        die("%s", event == NULL ? "no answer" : rd_kafka_event_error_string(event));
    results = rd_kafka_CreateAcls_result_acls(rd_kafka_event_CreateAcls_result(event), &count);
    if (count != 1 || rd_kafka_acl_result_error(results[0]) != NULL)
        die("%s: %s", operation, rd_kafka_error_string(rd_kafka_acl_result_error(results[0])));
    rd_kafka_event_destroy(event);
}

int
main(int argc, char **argv)
{
    rd_kafka_t *rk;

    if (argc < 6) {
        fputs("usage: grant BOOTSTRAP USER (topic|group) NAME OPERATION...\n", stderr);
        return 64;
    }
    rk = connect_to(argv[1]);
    for (char **operation = argv + 5; *operation != NULL; operation++)
        grant(rk, argv + 2, *operation);
    _exit(0);
}
