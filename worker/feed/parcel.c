/*
 * A user may stand on one page several times; the n-th time is told from the others by a count,
 * not by the place on the page, for a page that is read again may have more on it by then.
 */
#include "parcel.h"

#include <stdlib.h>
#include <string.h>

#include "table.h"

struct seen {
    UT_hash_handle hh;
    struct guid user;
    unsigned int times;
};

/* Which users of the page have been packed; ${entries} is as long as the page. */
struct register_of_users {
    struct seen *hash;
    struct seen *entries;
    size_t used;
};

void
parcel_init(struct parcel *parcel)
{
    *parcel = (struct parcel){.state = TEXT_EMPTY};
    list_init(&parcel->link);
}

void
parcel_free(struct parcel *parcel)
{
    for (size_t i = 0; i < parcel->notice_count; i++)
        notice_free(&parcel->notices[i]);
    free(parcel->notices);
    free(parcel->marks);
    free(parcel->records);
    text_free(&parcel->state);
    parcel_init(parcel);
}

/* How often the user was there before. -1: no memory. */
static int
count_user(struct register_of_users *users, const struct guid *user, unsigned int *ret_nth)
{
    struct seen *seen;

    HASH_FIND(hh, users->hash, user, sizeof(*user), seen);
    if (seen == NULL) {
        seen = &users->entries[users->used];
        seen->user = *user;
        HASH_ADD(hh, users->hash, user, sizeof(seen->user), seen);
        if (seen->hh.tbl == NULL)
            return -1;
        users->used++;
    }
    *ret_nth = seen->times++;
    return 0;
}

static int
pack_one(struct parcel *parcel, struct register_of_users *users, const struct member_change *change)
{
    size_t index = parcel->notice_count;
    unsigned int nth;

    if (change->kind == MEMBER_OTHER) {
        parcel->others++;
        return 0;
    }
    if (count_user(users, &change->user, &nth) == -1)
        return -1;
    parcel->notice_count++;
    if (change->is_removed)
        parcel->removed++;
    else
        parcel->added++;
    return notice_write(&parcel->notices[index], &parcel->page, change, nth,
                        &parcel->records[index]);
}

static int
pack_all(struct parcel *parcel, const struct member_change *changes, size_t count)
{
    struct register_of_users users = {.entries = calloc(count + 1, sizeof(struct seen))};
    int result = users.entries == NULL ? -1 : 0;

    for (size_t i = 0; result == 0 && i < count; i++)
        result = pack_one(parcel, &users, &changes[i]);
    HASH_CLEAR(hh, users.hash);
    free(users.entries);
    return result;
}

int
parcel_pack(struct parcel *parcel, enum feed_topic topic, const struct member_change *changes,
            size_t count)
{
    notice_page_init(&parcel->page);
    parcel->notices = calloc(count + 1, sizeof(parcel->notices[0]));
    parcel->records = calloc(2 * count + 1, sizeof(parcel->records[0]));
    if (parcel->notices == NULL || parcel->records == NULL ||
        pack_all(parcel, changes, count) == -1) {
        parcel_free(parcel);
        return -1;
    }
    parcel->record_count = parcel->notice_count;
    for (size_t i = 0; i < parcel->record_count; i++) {
        parcel->records[i].topic = topic;
        parcel->records[i].timestamp_ms = parcel->page.wall_ms;
    }
    return 0;
}

/* Of a user who left a tombstone. */
static void
put_mark(struct parcel *parcel, size_t index, int64_t generation)
{
    const struct notice *notice = &parcel->notices[index];
    struct mark *mark = &parcel->marks[index];

    mark_write(mark, parcel->page.group_text, notice->user, generation);
    parcel->records[parcel->notice_count + index] = (struct feed_record){
        .topic = FEED_STATE,
        .key = mark->key,
        .key_length = strlen(mark->key),
        .value = notice->is_removed ? NULL : mark->value,
        .value_length = notice->is_removed ? 0 : strlen(mark->value),
        .timestamp_ms = parcel->page.wall_ms,
    };
}

int
parcel_mark(struct parcel *parcel, int64_t generation)
{
    parcel->marks = calloc(parcel->notice_count + 1, sizeof(parcel->marks[0]));
    if (parcel->marks == NULL)
        return -1;
    for (size_t i = 0; i < parcel->notice_count; i++)
        put_mark(parcel, i, generation);
    parcel->record_count = 2 * parcel->notice_count;
    return 0;
}

void
parcel_seal(struct parcel *parcel, const char *key)
{
    size_t before = parcel->marks == NULL ? parcel->notice_count : 2 * parcel->notice_count;

    parcel->records[before] = (struct feed_record){
        .topic = FEED_STATE,
        .key = key,
        .key_length = strlen(key),
        .value = parcel->state.data,
        .value_length = parcel->state.length,
        .timestamp_ms = parcel->page.wall_ms,
    };
    parcel->record_count = before + 1;
}
