/* A place of generation 0 is nobody's: who is heard of has not arrived, or has left. */
#include "roster.h"

#include <stdlib.h>

#include "table.h"

struct member {
    UT_hash_handle hh;
    struct guid user;
    int64_t generation;
    int64_t left_ms; /* when it was heard that the user has left; 0: it was not, or is back */
};

void
roster_init(struct roster *roster)
{
    roster->hash = NULL;
}

void
roster_free(struct roster *roster)
{
    struct member *member, *next;

    HASH_ITER (hh, roster->hash, member, next) {
        HASH_DEL(roster->hash, member);
        free(member);
    }
}

static struct member *
find(const struct roster *roster, const struct guid *user)
{
    struct member *member;

    HASH_FIND(hh, roster->hash, user, sizeof(*user), member);
    return member;
}

size_t
roster_count(const struct roster *roster)
{
    size_t count = 0;

    for (const struct member *member = roster->hash; member != NULL; member = member->hh.next)
        count += member->generation > 0;
    return count;
}

/* The user's place; NULL: no memory. */
static struct member *
place_for(struct roster *roster, const struct guid *user)
{
    struct member *member = find(roster, user);

    if (member != NULL)
        return member;
    member = calloc(1, sizeof(*member));
    if (member == NULL)
        return NULL;
    member->user = *user;
    HASH_ADD(hh, roster->hash, user, sizeof(member->user), member);
    if (member->hh.tbl != NULL)
        return member;
    free(member);
    return NULL;
}

int
roster_add(struct roster *roster, const struct guid *user, int64_t generation)
{
    struct member *member = place_for(roster, user);

    if (member == NULL)
        return -1;
    member->generation = generation;
    return 0;
}

int
roster_hear(struct roster *roster, const struct member_change *changes, size_t count,
            int64_t now_ms)
{
    for (size_t i = 0; i < count; i++) {
        struct member *member;

        if (changes[i].kind == MEMBER_OTHER)
            continue;
        member = place_for(roster, &changes[i].user);
        if (member == NULL)
            return -1;
        member->left_ms = changes[i].is_removed ? now_ms : 0;
    }
    return 0;
}

void
roster_apply(struct roster *roster, const struct member_change *changes, size_t count,
             int64_t generation)
{
    for (size_t i = 0; i < count; i++) {
        struct member *member = find(roster, &changes[i].user);

        if (changes[i].kind != MEMBER_OTHER && member != NULL)
            member->generation = changes[i].is_removed ? 0 : generation;
    }
}

bool
roster_has_left(const struct roster *roster, const struct guid *user, int64_t since_ms)
{
    const struct member *member = find(roster, user);

    return member != NULL && member->left_ms != 0 && member->left_ms >= since_ms;
}

void
roster_tidy(struct roster *roster, int64_t before_ms)
{
    struct member *member, *next;

    HASH_ITER (hh, roster->hash, member, next) {
        if (member->generation > 0 || member->left_ms == 0 || member->left_ms >= before_ms)
            continue;
        HASH_DEL(roster->hash, member);
        free(member);
    }
}

int64_t
roster_latest(const struct roster *roster)
{
    int64_t latest = 0;

    for (const struct member *member = roster->hash; member != NULL; member = member->hh.next) {
        if (member->generation > latest)
            latest = member->generation;
    }
    return latest;
}

size_t
roster_missing(const struct roster *roster, int64_t generation, struct member_change *changes,
               size_t most)
{
    size_t count = 0;

    for (const struct member *member = roster->hash; member != NULL && count < most;
         member = member->hh.next) {
        if (member->generation > 0 && member->generation < generation)
            changes[count++] = (struct member_change){member->user, MEMBER_USER, true};
    }
    return count;
}
