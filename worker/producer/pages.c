/*
 * What the admin endpoint answers. It runs in the loop, so an answer is proof that the loop turns.
 */
#include "json_writer.h"
#include "leader.h"
#include "page.h"
#include "producer_private.h"
#include "settings.h"

static void
answer_metrics(void *context, struct admin_answer *ret_answer)
{
    struct producer *producer = context;

    page_metrics(ret_answer, producer->metrics);
}

/* Nothing remote counts here: an outage must not restart anybody. */
static void
answer_health(void *context, struct admin_answer *ret_answer)
{
    struct producer *producer = context;
    int64_t now_ms = producer->clock.mono_ms;
    int64_t stalled_ms = producer->settings->stalled_ms;

    if (now_ms - producer->turned_at_ms > stalled_ms)
        page_say(ret_answer, false, "stalled: the loop stood still\n");
    else if (now_ms - leader_served_at_ms(producer->leader) > stalled_ms)
        page_say(ret_answer, false, "stalled: Kafka's queue was not served\n");
    else
        page_say(ret_answer, true, "ok\n");
}

/* A leader is ready when it has read what it goes on from and not every group fails it. */
static const char *
obstacle(const struct producer *producer)
{
    struct feed_tally tally = feed_tally(producer->feed);

    if (producer->phase != PHASE_RUNNING)
        return "stopping";
    if (leader_state(producer->leader) == LEADER_STANDBY)
        return NULL;
    if (leader_state(producer->leader) != LEADER_LEADING)
        return "the group has not said who leads, see /status";
    if (!producer->lead.is_open)
        return "nothing can be published, see /status";
    if (tally.failed == producer->group_count)
        return "no group can be read, see /status";
    return NULL;
}

static void
answer_ready(void *context, struct admin_answer *ret_answer)
{
    struct producer *producer = context;
    const char *why = obstacle(producer);

    if (why != NULL) {
        page_say(ret_answer, false, "not ready: ");
        text_addf(&ret_answer->body, "%s\n", why);
    } else {
        page_say(ret_answer, true, producer->lead.is_open ? "ready\n" : "ready: standing by\n");
    }
}

static void
answer_status(void *context, struct admin_answer *ret_answer)
{
    struct producer *producer = context;
    const struct lead *lead = &producer->lead;
    struct text feed = TEXT_EMPTY;
    struct json_writer writer;

    page_json(ret_answer);
    feed_status(producer->feed, &feed);
    json_writer_init(&writer, &ret_answer->body);
    json_write_object(&writer, NULL);
    json_write_string(&writer, "leadership", leader_state_name(leader_state(producer->leader)));
    json_write_boolean(&writer, "publishing", lead->is_open);
    json_write_boolean(&writer, "transactions", lead->is_open && lead->has_transactions);
    if (lead->error.class != ERROR_NONE)
        json_write_string(&writer, "error", lead->error.text);
    if (!feed.failed)
        json_write_raw(&writer, "feed", feed.data, feed.length);
    json_write_object_end(&writer);
    text_free(&feed);
}

const struct admin_route pages_routes[] = {
    {"/metrics", "for Prometheus", answer_metrics},
    {"/healthz", "200: the loop turns and Kafka's queue is served", answer_health},
    {"/readyz", "200: standing by, or leading and able to read and publish", answer_ready},
    {"/status", "JSON: who leads, the groups, their rounds", answer_status},
    {NULL, NULL, NULL},
};
