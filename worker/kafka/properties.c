/*
 * Every row says why. What is not obvious about librdkafka 2.0.2's defaults was measured against
 * real brokers; worker/DESIGN.md, "Intake on librdkafka 2.0.2", has what that led to.
 */
#include "properties.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "error.h"

enum { NAME_BYTES = 128, REASON_BYTES = 512 };

/* A default of ours, for handles of a role, from a version of the library on. */
struct preset {
    const char *name;
    const char *value;
    enum { BOTH, CONSUMER, PRODUCER } scope;
    int since; /* as rd_kafka_version() gives it; 0: always */
};

static const struct preset defaults[] = {
    /* a hung broker costs 11 s instead of 41 */
    {"socket.timeout.ms", "10000", BOTH, 0},
    {"socket.keepalive.enable", "true", BOTH, 0},
    {"socket.nagle.disable", "true", BOTH, 0},
    {"reconnect.backoff.max.ms", "2000", BOTH, 0},
    /* brokers close idle connections, which is no news */
    {"log.connection.close", "false", BOTH, 0},
    /* a topic that is made later, and partitions that are added, are found by this */
    {"topic.metadata.refresh.interval.ms", "30000", BOTH, 0},
    {"session.timeout.ms", "45000", CONSUMER, 0},
    /* the loop never blocks, so a minute without it is a fault; not below the session's */
    {"max.poll.interval.ms", "60000", CONSUMER, 0},
    {"partition.assignment.strategy", "range", CONSUMER, 0},
    {"check.crcs", "true", CONSUMER, 0},
    /*
     * Of one partition; its bound is this and one fetch, which is never less than a producer's batch.
     * Small, since a drained queue wakes its fetcher (probe.h): the library's own 100,000, 64 MiB and
     * 1 MiB take memory and are no faster. Partitions of retry topics keep theirs full for hours.
     */
    {"queued.min.messages", "1000", CONSUMER, 0},
    {"queued.max.messages.kbytes", "1024", CONSUMER, 0},
    {"fetch.message.max.bytes", "131072", CONSUMER, 0},
    /* a full queue is looked at again after this; before 2.2.0 it was a second (see probe.h) */
    {"fetch.queue.backoff.ms", "10", CONSUMER, 0x02020000},
    /*
     * How long after the last record the end of a partition is told, and how long a first fetch of an
     * empty partition keeps the others of its broker waiting. Shorter costs CPU: 20 ms twice as much.
     */
    {"fetch.wait.max.ms", "50", CONSUMER, 0},
    /* Java's partitioner; librdkafka's own would part the records of one key from Java's */
    {"partitioner", "murmur2_random", PRODUCER, 0},
    {"linger.ms", "5", PRODUCER, 0},
    /* whether a record is too large is the topic's to say */
    {"message.max.bytes", "104857600", PRODUCER, 0},
    /* what a topic refuses for its size is then one record, and not a batch of small ones */
    {"batch.size", "65536", PRODUCER, 0},
    /* a missing topic is called so before records for it have timed out */
    {"topic.metadata.propagation.max.ms", "10000", PRODUCER, 0},
};

static const struct preset enforced[] = {
    {"enable.auto.commit", "false", CONSUMER, 0},
    {"enable.auto.offset.store", "false", CONSUMER, 0},
    {"auto.offset.reset", "earliest", CONSUMER, 0},
    {"isolation.level", "read_committed", CONSUMER, 0},
    {"enable.partition.eof", "true", CONSUMER, 0},
    {"allow.auto.create.topics", "false", CONSUMER, 0},
    {"enable.idempotence", "true", PRODUCER, 0},
    {"acks", "all", PRODUCER, 0},
    {"delivery.report.only.error", "false", PRODUCER, 0},
    {"log.queue", "true", BOTH, 0},
};

/* What the operator may not set, or only to a value that changes nothing. */
struct refusal {
    const char *name;
    const char *harmless; /* values that are let through, separated by '|'; NULL: none */
    const char *reason;
};

#define ONE_BY_ONE                                                                              \
    "a rebalance takes all partitions from this worker and gives them anew (eager), and eager " \
    "and "                                                                                      \
    "cooperative members do not mix in one group"

static const struct refusal refusals[] = {
    {"bootstrap.servers", NULL, "it is the setting kafka.bootstrap_servers"},
    {"metadata.broker.list", NULL, "it is the setting kafka.bootstrap_servers"},
    {"group.id", NULL, "it is the setting kafka.group_id"},
    {"group.instance.id", NULL, "it is the setting kafka.group_instance_id"},
    {"client.id", NULL, "it is the setting kafka.client_id"},
    {"message.timeout.ms", NULL, "it is the setting kafka.publish_timeout"},
    {"delivery.timeout.ms", NULL, "it is the setting kafka.publish_timeout"},
    {"enable.auto.commit", "false", "an offset is committed only when its event is settled"},
    {"auto.commit.enable", "false", "an offset is committed only when its event is settled"},
    {"enable.auto.offset.store", "false", "an offset is committed only when its event is settled"},
    {"auto.offset.reset", "earliest|smallest|beginning", "any other reset skips events"},
    {"isolation.level", "read_committed", "an aborted transaction's events never happened"},
    {"partition.assignment.strategy", "range|roundrobin|range,roundrobin|roundrobin,range",
     ONE_BY_ONE},
    {"group.protocol", "classic", ONE_BY_ONE},
    {"enable.partition.eof", "true", "the end of a partition is what lets its lag reach 0"},
    {"allow.auto.create.topics", "false", "a reader that mistypes a topic must not make it"},
    {"statistics.interval.ms", "0", "nobody reads them; /metrics has the worker's own"},
    {"enable.idempotence", "true", "a kept record would be lost or doubled on a retry"},
    {"acks", "all|-1", "a kept record could be lost with one broker"},
    {"request.required.acks", "all|-1", "a kept record could be lost with one broker"},
    {"delivery.report.only.error", "false", "a kept record counts only with its report"},
    {"transactional.id", NULL, "kept records are not published in transactions"},
    {"log.queue", "true", "the library's log goes into the worker's"},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Splits "name=value". What was found is not shown: it may be a password without its name. */
static int
split(const char *property, char name[NAME_BYTES], const char **ret_value, struct error *ret_error)
{
    const char *equals = strchr(property, '=');
    size_t length = equals == NULL ? 0 : (size_t)(equals - property);

    if (length == 0 || length >= NAME_BYTES)
        return error_set(
            ret_error, ERROR_CONFIG,
            "kafka_properties: found something else, accepted is \"name=value\" with a "
            "property of librdkafka");
    memcpy(name, property, length);
    name[length] = '\0';
    *ret_value = equals + 1;
    return 0;
}

/* True when ${value} is one of the alternatives in ${list}, "a|b|c". */
static bool
is_listed(const char *list, const char *value)
{
    size_t length = strlen(value);

    while (list != NULL) {
        if (strncmp(list, value, length) == 0 && (list[length] == '|' || list[length] == '\0'))
            return true;
        list = strchr(list, '|');
        list = list == NULL ? NULL : list + 1;
    }
    return false;
}

static int
refuse(const char *name, const char *value, struct error *ret_error)
{
    for (size_t i = 0; i < COUNT(refusals); i++) {
        const struct refusal *refusal = &refusals[i];

        if (strcmp(refusal->name, name) != 0 || is_listed(refusal->harmless, value))
            continue;
        return error_set(ret_error, ERROR_CONFIG,
                         "kafka_properties: \"%s\" cannot be set to \"%s\": %s", name, value,
                         refusal->reason);
    }
    return 0;
}

static int
set(rd_kafka_conf_t *conf, const char *name, const char *value, struct error *ret_error)
{
    char reason[REASON_BYTES];

    if (rd_kafka_conf_set(conf, name, value, reason, sizeof(reason)) == RD_KAFKA_CONF_OK)
        return 0;
    return error_set(ret_error, ERROR_CONFIG, "kafka_properties: %s", reason);
}

static int
set_operators(rd_kafka_conf_t *conf, const char *const *properties, struct error *ret_error)
{
    for (; properties != NULL && *properties != NULL; properties++) {
        char name[NAME_BYTES];
        const char *value = "";

        if (split(*properties, name, &value, ret_error) != 0 ||
            refuse(name, value, ret_error) != 0 || set(conf, name, value, ret_error) != 0)
            return -1;
    }
    return 0;
}

static int
set_presets(rd_kafka_conf_t *conf, enum properties_role role, const struct preset *presets,
            size_t count, struct error *ret_error)
{
    for (size_t i = 0; i < count; i++) {
        const struct preset *preset = &presets[i];
        bool is_meant =
            preset->scope == BOTH || (preset->scope == CONSUMER) == (role == PROPERTIES_CONSUMER);

        if (!is_meant || rd_kafka_version() < preset->since)
            continue;
        if (set(conf, preset->name, preset->value, ret_error) != 0)
            return -1;
    }
    return 0;
}

static int
set_own(rd_kafka_conf_t *conf, const struct property *own, struct error *ret_error)
{
    for (; own != NULL && own->name != NULL; own++)
        if (own->value != NULL && own->value[0] != '\0' &&
            set(conf, own->name, own->value, ret_error) != 0)
            return -1;
    return 0;
}

rd_kafka_conf_t *
properties_conf(enum properties_role role, const struct property *own,
                const char *const *properties, struct error *ret_error)
{
    rd_kafka_conf_t *conf = rd_kafka_conf_new();

    if (conf == NULL) {
        error_set(ret_error, ERROR_MEMORY, "no memory for the Kafka client's configuration");
        return NULL;
    }
    if (set_presets(conf, role, defaults, COUNT(defaults), ret_error) != 0 ||
        set_operators(conf, properties, ret_error) != 0 ||
        set_presets(conf, role, enforced, COUNT(enforced), ret_error) != 0 ||
        set_own(conf, own, ret_error) != 0) {
        rd_kafka_conf_destroy(conf);
        return NULL;
    }
    return conf;
}

/*
 * Some faults show only when a handle is made: values that do not go together, a certificate that
 * cannot be read. Without servers a handle connects nowhere.
 */
static int
try_handle(rd_kafka_type_t type, enum properties_role role, const char *const *properties,
           struct error *ret_error)
{
    char reason[REASON_BYTES];
    const struct property own[] = {{"group.id", role == PROPERTIES_CONSUMER ? "check" : NULL},
                                   {NULL, NULL}};
    rd_kafka_conf_t *conf = properties_conf(role, own, properties, ret_error);
    rd_kafka_t *rk;

    if (conf == NULL)
        return -1;
    rk = rd_kafka_new(type, conf, reason, sizeof(reason));
    if (rk == NULL) {
        rd_kafka_conf_destroy(conf);
        return error_set(ret_error, ERROR_CONFIG, "kafka_properties: %s", reason);
    }
    rd_kafka_destroy(rk);
    return 0;
}

int
properties_check(const char *const *properties, struct error *ret_error)
{
    if (try_handle(RD_KAFKA_CONSUMER, PROPERTIES_CONSUMER, properties, ret_error) != 0 ||
        try_handle(RD_KAFKA_PRODUCER, PROPERTIES_PRODUCER, properties, ret_error) != 0)
        return -1;
    return 0;
}
