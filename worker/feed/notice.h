#ifndef NOTICE_H
#define NOTICE_H

#include "feed.h"
#include "fingerprint.h"
#include "text.h"
#include "timestamp.h"

/*
 * One membership change as a record: the value is an event as core/event.schema.json says, the
 * headers are CloudEvents 1.0 in the Kafka binding's binary mode, and a W3C traceparent. The id is
 * made of what happened and of the page that told it, so the same page read again gives the same
 * ids, and whoever remembers ids knows a repetition. Pure.
 */

/* What the events of one page have in common; all borrowed until these are gone. */
struct notice_page {
    struct guid group;
    const char *name; /* of the page: its link, or what stands for one */
    enum feed_origin origin;
    const char *source; /* a URI reference */
    int64_t wall_ms;    /* when it was read */
    char time[TIMESTAMP_TEXT_BYTES];
    char group_text[GUID_TEXT_BYTES];
};

enum { NOTICE_HEADERS = 10, TRACEPARENT_BYTES = 56 };

/* One event. Must not move once it is written: record and headers point into it. */
struct notice {
    bool is_removed;
    char user[GUID_TEXT_BYTES];
    char id[FINGERPRINT_TEXT_BYTES];
    char traceparent[TRACEPARENT_BYTES];
    struct kafka_header headers[NOTICE_HEADERS];
    struct text value;
};

void notice_page_init(struct notice_page *page);

/*
 * Writes ${change}, the ${nth} (from 0) of its user on this page, into ${notice} (zeroed), and the
 * record that it is into ${ret_record}, topic and timestamp left to the caller. -1: no memory;
 * notice_free in any case.
 */
int notice_write(struct notice *notice, const struct notice_page *page,
                 const struct member_change *change, unsigned int nth,
                 struct feed_record *ret_record) __attribute__((warn_unused_result));
void notice_free(struct notice *notice);

#endif
