#ifndef SAVED_H
#define SAVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What is known of one watched group, as it is kept on the state topic: where its rounds stand and
 * where the enumeration of its members does. Text in a record, a struct in memory; the text is JSON
 * with a version, and one of another version is refused: who wrote it may have meant what this
 * program does not know. Pure.
 */

struct error;
struct json_parser;
struct text;

/* What the present round, or the next one, is about. */
enum saved_phase {
    SAVED_INITIAL, /* the first full enumeration */
    SAVED_CHANGE,  /* what has changed since the round before */
    SAVED_RESYNC,  /* another full enumeration, after a link had become worthless */
    SAVED_PHASES,
};

const char *saved_phase_name(enum saved_phase phase);

struct saved {
    enum saved_phase phase;
    char *page;          /* what to ask for next, owned; NULL: a first page */
    int64_t generation;  /* of full enumerations by the delta query, from 1 */
    int64_t events;      /* published in the round so far, for its guard */
    bool is_released;    /* the guard lets the round pass */
    bool is_seen;        /* the enumeration has spoken of the group */
    bool is_gone;        /* it was deleted, or there is none */
    int64_t conclude_ms; /* wall: from then on, who was missing in the last enumeration has left; 0:
                              nobody was, or is not yet told */
    char *census_page;   /* what the enumeration of members asks for next, owned; NULL: none is
                              under way */
    int64_t census;      /* the enumeration's number; without one under way, the last one's */
    int64_t reconciled_ms; /* wall: when the last one ended, or the group was first watched */
};

/* Of a group that is watched for the first time. */
void saved_init(struct saved *saved, enum saved_phase phase, int64_t wall_ms);
void saved_free(struct saved *saved);

/* -1: no memory; ${ret_copy} is untouched then. */
int saved_copy(const struct saved *saved, struct saved *ret_copy)
    __attribute__((warn_unused_result));

bool saved_equal(const struct saved *a, const struct saved *b);

/* Puts a copy of ${page}, which may be NULL, in place of *${at}. -1: no memory. */
int saved_set_page(char **at, const char *page) __attribute__((warn_unused_result));
void saved_drop_page(char **at); /* the same with NULL */

/*
 * Reads a state. Its links must lead to below ${base} (P4: see url_is_below). ERROR_INPUT: it
 * cannot be used, and why; ERROR_MEMORY.
 */
int saved_read(struct json_parser *parser, const char *bytes, size_t length, const char *base,
               struct saved *ret_saved, struct error *ret_error)
    __attribute__((warn_unused_result));

/* Adds the text of ${saved}. */
void saved_write(const struct saved *saved, struct text *text);

#endif
