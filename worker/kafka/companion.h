#ifndef COMPANION_H
#define COMPANION_H

#include <stdbool.h>
#include <stdint.h>

/*
 * A topic that belongs to the main one and that workers write to: a retry topic or the dead letters.
 * What was found out about it, what of that is wrong, and how it is said, with the command that
 * mends it. Knows no Kafka.
 *
 * It must have a partition for each of the main topic's, since a kept record keeps the number of its
 * partition; must keep records for longer than their delay and a time without workers; and must not
 * be compacted, or a later record of a user would erase an earlier one of another group. More
 * partitions than needed do no harm.
 */

struct log;

enum companion_presence {
    COMPANION_UNKNOWN, /* not looked for so far, or nobody has told */
    COMPANION_HIDDEN,  /* no right to see it */
    COMPANION_MISSING,
    COMPANION_PRESENT,
};

enum { RETENTION_FOR_EVER = -1, RETENTION_UNKNOWN = -2 };

struct companion {
    const char *topic;
    int64_t delay_ms; /* of its tier; 0: the dead letters */
    enum companion_presence presence;
    int32_t partitions; /* 0: not known */
    int64_t retention_ms;
    bool is_compacted;
    const char *refusal; /* why it could not be made, the code's name; NULL: that was not tried */
};

/* What it belongs to. */
struct companion_scene {
    const char *servers;
    int32_t partitions; /* of the main topic */
};

void companion_init(struct companion *companion, const char *topic, int64_t delay_ms);

/* Forgets what was found out. */
void companion_reset(struct companion *companion);

/* The retention that one is made with. */
int64_t companion_retention_ms(const struct companion *companion);

/* True when something must be done about it, as far as is known. */
bool companion_is_wrong(const struct companion *companion, const struct companion_scene *scene);

/* True when the same would be said of both. */
bool companion_is_same(const struct companion *companion, const struct companion *other);

/* Says what is wrong with one that is, and the command that mends it, in one line. */
void companion_say(const struct companion *companion, const struct companion_scene *scene,
                   struct log *log);

#endif
