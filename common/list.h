#ifndef LIST_H
#define LIST_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A doubly linked ring with its links inside the members: O(1) at both ends and for taking one out
 * of the middle, no memory of its own. A head and an unlinked member both point at themselves.
 */

struct link {
    struct link *next;
    struct link *previous;
};

/* The struct ${type} whose ${member} is the link that ${pointer} points to. */
#define list_entry(pointer, type, member) \
    ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/*
 * Walks from first to last, in ${at}; the entry at hand may be removed, no other. ${following} is a
 * name for the macro's own use.
 */
#define list_for_each(at, following, head)                                    \
    for (struct link *at = (head)->next, *following = at->next; at != (head); \
         at = following, following = at->next)

static inline void
list_init(struct link *link)
{
    link->next = link->previous = link;
}

static inline bool
list_is_empty(const struct link *head)
{
    return head->next == head;
}

static inline void
list_add_last(struct link *head, struct link *link)
{
    link->previous = head->previous;
    link->next = head;
    head->previous->next = link;
    head->previous = link;
}

static inline void
list_add_first(struct link *head, struct link *link)
{
    list_add_last(head->next, link);
}

/* Harmless for one that is in no list. */
static inline void
list_remove(struct link *link)
{
    link->previous->next = link->next;
    link->next->previous = link->previous;
    list_init(link);
}

/* Moves all of ${from} behind the last of ${to}; ${from} is empty after it. */
static inline void
list_move_all(struct link *to, struct link *from)
{
    if (list_is_empty(from))
        return;
    from->next->previous = to->previous;
    to->previous->next = from->next;
    from->previous->next = to;
    to->previous = from->previous;
    list_init(from);
}

#endif
