/* Routes: publishing, offsets, topics, and faults of the in-process Kafka. */
#include "control_private.h"

#include <limits.h>
#include <stdlib.h>

#include "broker.h"
#include "events.h"
#include "exchange.h"
#include "lag.h"

/* NULL, with the call's error filled, when the sandbox was started without Kafka. */
static struct broker *
need_broker(struct control_call *call)
{
    if (call->control->settings.broker == NULL)
        error_set(&call->error, ERROR_CONFIG,
                  "started without Kafka; see --broker and --bootstrap");
    return call->control->settings.broker;
}

static int
answer_nothing(struct control_call *call)
{
    text_add(&call->response.body, "{}\n");
    return 0;
}

/* Answers an exchange that had to wait with ${json}, which is taken over. */
static void
answer_later(struct exchange *exchange, struct text *json)
{
    struct http_response response = HTTP_RESPONSE_EMPTY;

    response.status = 200;
    response.body = *json;
    *json = (struct text)TEXT_EMPTY;
    text_add_char(&response.body, '\n');
    control_content_type(&response, "application/json");
    exchange_answer(exchange, &response, 0);
}

static void
refuse_later(struct exchange *exchange, const struct error *error)
{
    struct http_response response = HTTP_RESPONSE_EMPTY;

    control_refuse(error, 0, &response);
    exchange_answer(exchange, &response, 0);
}

/* --- publishing ------------------------------------------------------------------------------- */

static void
published(void *arg, struct text *json)
{
    answer_later(arg, json);
}

static int
post_events(struct control_call *call)
{
    struct broker *broker = need_broker(call);

    if (broker == NULL ||
        events_publish(broker, call->body, published, call->exchange, &call->error) != 0)
        return -1;
    call->is_deferred = true;
    return 0;
}

struct topic {
    const char *name;
    int64_t partitions;
};

static const struct field topic_fields[] = {
    {"name", FIELD_STRING, offsetof(struct topic, name), true, "its name"},
    {"partitions", FIELD_INTEGER, offsetof(struct topic, partitions), false, "(1)"},
    FIELDS_END,
};

static int
post_topics(struct control_call *call)
{
    struct broker *broker = need_broker(call);
    struct topic topic = {.partitions = 1};

    if (broker == NULL || fields_read(topic_fields, call->body, &topic, &call->error) != 0)
        return -1;
    if (topic.partitions < 1 || topic.partitions > INT_MAX)
        return error_set(&call->error, ERROR_INPUT, "\"partitions\" must be at least 1");
    if (broker_make_topic(broker, topic.name, (int)topic.partitions, &call->error) != 0)
        return -1;
    return answer_nothing(call);
}

/* --- offsets ---------------------------------------------------------------------------------- */

static const char *const offset_options[] = {"group", NULL};

static void
looked_up(void *arg, struct text *json, const struct error *error)
{
    if (json != NULL)
        answer_later(arg, json);
    else
        refuse_later(arg, error);
}

static int
get_offsets(struct control_call *call)
{
    const char *group = locator_option(&call->locator, "group");

    if (need_broker(call) == NULL)
        return -1;
    if (group == NULL || *group == '\0')
        return error_set(&call->error, ERROR_INPUT, "the option \"group\" is missing");
    if (lag_ask(call->control->settings.lag, group, looked_up, call->exchange, &call->error) != 0)
        return -1;
    call->is_deferred = true;
    return 0;
}

/* --- faults ----------------------------------------------------------------------------------- */

static const struct field fault_fields[] = {
    {"request", FIELD_STRING, offsetof(struct broker_fault, request), true,
     "Kafka's name of it: OffsetCommit, Produce, Fetch, JoinGroup, Heartbeat, …"},
    {"error", FIELD_STRING, offsetof(struct broker_fault, error), false,
     "Kafka's name of it, COORDINATOR_NOT_AVAILABLE; _TRANSPORT disconnects (none)"},
    {"times", FIELD_INTEGER, offsetof(struct broker_fault, times), false,
     "how many requests, per broker (1)"},
    {"rtt_ms", FIELD_INTEGER, offsetof(struct broker_fault, rtt_ms), false,
     "answered that much later (0)"},
    FIELDS_END,
};

static int
post_fault(struct control_call *call)
{
    struct broker *broker = need_broker(call);
    struct broker_fault fault = {.times = 1};

    if (broker == NULL || fields_read(fault_fields, call->body, &fault, &call->error) != 0 ||
        broker_add_fault(broker, &fault, &call->error) != 0)
        return -1;
    return answer_nothing(call);
}

static int
post_lost_commit(struct control_call *call)
{
    struct broker *broker = need_broker(call);

    if (broker == NULL || broker_lose_commit_answer(broker, &call->error) != 0)
        return -1;
    return answer_nothing(call);
}

struct condition {
    bool is_up;
    int64_t rtt_ms; /* -1: as it is */
};

static const struct field condition_fields[] = {
    {"up", FIELD_BOOLEAN, offsetof(struct condition, is_up), false,
     "false: connections are cut and refused (true)"},
    {"rtt_ms", FIELD_INTEGER, offsetof(struct condition, rtt_ms), false,
     "every answer takes that much longer (as it was)"},
    FIELDS_END,
};

static int
put_condition(struct control_call *call)
{
    struct broker *broker = need_broker(call);
    struct condition condition = {.is_up = true, .rtt_ms = -1};

    if (broker == NULL ||
        fields_read(condition_fields, call->body, &condition, &call->error) != 0 ||
        broker_set_up(broker, condition.is_up, &call->error) != 0)
        return -1;
    if (condition.rtt_ms >= 0 && broker_set_rtt(broker, condition.rtt_ms, &call->error) != 0)
        return -1;
    return answer_nothing(call);
}

const struct control_route control_kafka_routes[] = {
    {HTTP_POST, "/events", NULL, events_fields,
     "publishes one record, or an array of them; answers when the broker has confirmed all, with "
     "how many and where they lie",
     post_events},
    {HTTP_POST, "/topics", NULL, topic_fields, "makes a topic, unless it is there", post_topics},
    {HTTP_GET, "/offsets", offset_options, NULL,
     "what `group` has committed, low and high watermark and lag, for every partition",
     get_offsets},
    {HTTP_POST, "/kafka/faults", NULL, fault_fields,
     "the next requests of a kind fail or take long (in-process Kafka only, as all below)",
     post_fault},
    {HTTP_POST, "/kafka/lost_commit", NULL, NULL,
     "the next commit is carried out, and its answer is lost with all connections",
     post_lost_commit},
    {HTTP_PUT, "/kafka", NULL, condition_fields, "brokers down and up, slow and quick",
     put_condition},
    {HTTP_GET, NULL, NULL, NULL, NULL, NULL},
};
