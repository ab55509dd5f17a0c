#ifndef PRODUCER_H
#define PRODUCER_H

#include <stdbool.h>

#include "command_line.h"

/*
 * dvsync-producer as a whole: the parts, wired, and the loop's one turn. One thread of ours beside it,
 * the outbox's (outbox.h); all others are the client library's.
 */

struct error;
struct producer;
struct settings;

struct producer_line {
    struct command_line common; /* first: see command_line.h */
    bool is_once;
    bool is_backfill;
    bool is_dry;
    const char *group; /* NULL: all that are watched */
};

/* The options that follow on those of every program, and what they mean together: see program.h. */
extern const struct command_line_option producer_options[];
int producer_check_line(const struct command_line *line, struct error *ret_error)
    __attribute__((warn_unused_result));

/* What settings_load cannot judge: see program.h. */
int producer_check(const struct settings *settings, const struct command_line *line,
                   struct error *ret_error) __attribute__((warn_unused_result));

/*
 * Sets everything up: ${settings} and ${line} are borrowed for the producer's life, ${signal_fd} is
 * signals_open's. NULL with ${ret_error} filled.
 */
struct producer *producer_create(const struct settings *settings, const struct producer_line *line,
                                 int signal_fd, struct error *ret_error);

/*
 * One turn: waits, serves Kafka, the services, the admin endpoint and signals, and lets the feed act.
 */
void producer_turn(struct producer *producer);

/* True when it has stopped; ${ret_exit_code} is one of exit_code.h. */
bool producer_is_done(const struct producer *producer, int *ret_exit_code);

/* True when parts of it did not end in time: producer_destroy would wait for them, exit without it. */
bool producer_is_late(const struct producer *producer);

/* Takes all down. NULL is allowed. */
void producer_destroy(struct producer *producer);

#endif
