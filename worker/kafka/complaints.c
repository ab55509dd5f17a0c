/* A table of kinds, and for each topic when each kind was said last. */
#include "complaints.h"

#include <stdlib.h>

#include "clock.h"
#include "log.h"

enum { REMIND_MS = 600000 };

enum kind {
    KIND_MISSING,
    KIND_PARTITION,
    KIND_SIZE,
    KIND_RIGHTS,
    KIND_REPLICAS,
    KIND_TIME,
    KIND_OTHER,
    KINDS,
};

static const char *const messages[KINDS] = {
    [KIND_MISSING] =
        "the topic does not exist: make it, what is to be kept there is held till then",
    [KIND_PARTITION] = "the topic has fewer partitions than the main one: add some, what is to be "
                       "kept there is held till then",
    [KIND_SIZE] = "a record is larger than the topic takes: raise its max.message.bytes, or set "
                  "kafka.cut_large_letters for dead letters; it is held till then",
    [KIND_RIGHTS] = "no right to write to the topic: grant Write and Describe, what is to be kept "
                    "there is held till then",
    [KIND_REPLICAS] = "the topic has too few replicas in sync, trying on",
    [KIND_TIME] = "the topic takes no records within kafka.publish_timeout, trying on",
    [KIND_OTHER] = "the topic takes no records, trying on",
};

/* What is in no row is KIND_OTHER. */
static const struct {
    rd_kafka_resp_err_t code;
    enum kind kind;
} kinds[] = {
    {RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, KIND_MISSING},
    {RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, KIND_MISSING},
    {RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, KIND_PARTITION},
    {RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, KIND_SIZE},
    {RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, KIND_SIZE},
    {RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, KIND_RIGHTS},
    {RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, KIND_RIGHTS},
    {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, KIND_REPLICAS},
    {RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND, KIND_REPLICAS},
    {RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, KIND_TIME},
};

/* What was said of one topic. */
struct said {
    bool is_said[KINDS];
    int64_t at_ms[KINDS];
};

struct complaints {
    const char *const *topics;
    struct log *log;
    const struct clock *clock;
    struct said said[]; /* by topic */
};

static enum kind
kind_of(rd_kafka_resp_err_t code)
{
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (kinds[i].code == code)
            return kinds[i].kind;
    return KIND_OTHER;
}

bool
complaints_is_size(rd_kafka_resp_err_t code)
{
    return kind_of(code) == KIND_SIZE;
}

struct complaints *
complaints_create(const char *const *topics, size_t count, struct log *log,
                  const struct clock *clock)
{
    struct complaints *complaints =
        calloc(1, sizeof(*complaints) + count * sizeof(complaints->said[0]));

    if (complaints == NULL)
        return NULL;
    complaints->topics = topics;
    complaints->log = log;
    complaints->clock = clock;
    return complaints;
}

void
complaints_destroy(struct complaints *complaints)
{
    free(complaints);
}

void
complaints_refused(struct complaints *complaints, size_t topic, const struct complaint *complaint)
{
    enum kind kind = kind_of(complaint->code);
    struct said *said = &complaints->said[topic];
    int64_t now_ms = complaints->clock->mono_ms;
    bool is_news = !said->is_said[kind] || now_ms >= said->at_ms[kind] + REMIND_MS;

    if (is_news) {
        said->is_said[kind] = true;
        said->at_ms[kind] = now_ms;
    }
    log_line(complaints->log, is_news ? LOG_ERROR : LOG_DEBUG, messages[kind],
             log_string("topic", complaints->topics[topic]),
             log_integer("partition", complaint->partition),
             log_string("code", rd_kafka_err2name(complaint->code)),
             log_string("text", complaint->text));
}

void
complaints_taken(struct complaints *complaints, size_t topic)
{
    struct said *said = &complaints->said[topic];
    bool is_over = false;

    for (int kind = 0; kind < KINDS; kind++) {
        if (kind == KIND_SIZE || !said->is_said[kind])
            continue;
        said->is_said[kind] = false;
        is_over = true;
    }
    if (is_over)
        log_line(complaints->log, LOG_INFO, "the topic takes records again",
                 log_string("topic", complaints->topics[topic]));
}
