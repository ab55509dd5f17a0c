/*
 * The trace begins with the event: its id is the event's, its first span half of another
 * fingerprint. It is marked as sampled, for whoever follows one at all follows events about people.
 */
#include "notice.h"

#include <stdio.h>
#include <string.h>

#include "json_writer.h"

const char *
feed_origin_name(enum feed_origin origin)
{
    static const char *const names[FEED_ORIGINS] = {
        [FEED_ORIGIN_CHANGE] = "change",     [FEED_ORIGIN_INITIAL] = "initial",
        [FEED_ORIGIN_RESYNC] = "resync",     [FEED_ORIGIN_RECONCILE] = "reconcile",
        [FEED_ORIGIN_BACKFILL] = "backfill",
    };

    return names[origin];
}

static const char *
change_name(const struct member_change *change)
{
    return change->is_removed ? "removed" : "added";
}

void
notice_page_init(struct notice_page *page)
{
    timestamp_format(page->wall_ms, page->time);
    guid_format(&page->group, page->group_text);
}

/* --- names of events and traces --------------------------------------------------------------- */

static void
write_id(struct notice *notice, const struct notice_page *page, const struct member_change *change,
         unsigned int nth)
{
    struct fingerprint fingerprint;
    char span[FINGERPRINT_TEXT_BYTES], digits[16];

    fingerprint_init(&fingerprint);
    fingerprint_add(&fingerprint, page->group.bytes, sizeof(page->group.bytes));
    fingerprint_add(&fingerprint, change->user.bytes, sizeof(change->user.bytes));
    fingerprint_add_string(&fingerprint, change_name(change));
    snprintf(digits, sizeof(digits), "%u", nth);
    fingerprint_add_string(&fingerprint, digits);
    fingerprint_add_string(&fingerprint, page->name);
    fingerprint_format(&fingerprint, notice->id);
    fingerprint_add_string(&fingerprint, "span");
    fingerprint_format(&fingerprint, span);
    snprintf(notice->traceparent, sizeof(notice->traceparent), "00-%s-%.16s-01", notice->id, span);
}

/* --- value and headers ------------------------------------------------------------------------ */

static int
write_value(struct notice *notice, const struct notice_page *page,
            const struct member_change *change)
{
    struct json_writer writer;

    json_writer_init(&writer, &notice->value);
    json_write_object(&writer, NULL);
    json_write_string(&writer, "group", page->group_text);
    json_write_string(&writer, "user", notice->user);
    json_write_string(&writer, "change", change_name(change));
    json_write_string(&writer, "time", page->time);
    if (change->kind == MEMBER_USER)
        json_write_string(&writer, "member_type", "user");
    json_write_string(&writer, "id", notice->id);
    json_write_string(&writer, "source", page->source);
    json_write_string(&writer, "origin", feed_origin_name(page->origin));
    json_write_object_end(&writer);
    return notice->value.failed ? -1 : 0;
}

/* CloudEvents 1.0 and "Kafka Protocol Binding" 3.2: attributes with ce_, content-type without. */
static void
write_headers(struct notice *notice, const struct notice_page *page,
              const struct member_change *change)
{
    const struct {
        const char *name;
        const char *value;
    } rows[NOTICE_HEADERS] = {
        {"content-type", "application/json"},
        {"ce_specversion", "1.0"},
        {"ce_id", notice->id},
        {"ce_source", page->source},
        {"ce_type", change->is_removed ? "dvsync.membership.removed" : "dvsync.membership.added"},
        {"ce_time", page->time},
        {"ce_subject", notice->user},
        {"ce_dataschema", "urn:dvsync:event:1"},
        {"ce_origin", feed_origin_name(page->origin)},
        {"traceparent", notice->traceparent},
    };

    for (size_t i = 0; i < NOTICE_HEADERS; i++)
        notice->headers[i] =
            (struct kafka_header){rows[i].name, rows[i].value, strlen(rows[i].value)};
}

int
notice_write(struct notice *notice, const struct notice_page *page,
             const struct member_change *change, unsigned int nth, struct feed_record *ret_record)
{
    notice->is_removed = change->is_removed;
    guid_format(&change->user, notice->user);
    write_id(notice, page, change, nth);
    write_headers(notice, page, change);
    if (write_value(notice, page, change) == -1)
        return -1;
    *ret_record = (struct feed_record){
        .key = notice->user,
        .key_length = strlen(notice->user),
        .value = notice->value.data,
        .value_length = notice->value.length,
        .headers = notice->headers,
        .header_count = NOTICE_HEADERS,
    };
    return 0;
}

void
notice_free(struct notice *notice)
{
    text_free(&notice->value);
}
