#ifndef PRODUCER_PRIVATE_H
#define PRODUCER_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "admin.h"
#include "clock.h"
#include "error.h"
#include "feed.h"
#include "outbox.h"
#include "producer.h"

/*
 * What the producer's files share: producer.c (making and the turn), lead.c (from leadership to a
 * feed at work), ports.c, pages.c, ending.c, line.c.
 */

enum phase {
    PHASE_RUNNING,
    PHASE_FINISHING, /* nothing new; an open batch is brought to its end */
    PHASE_LEAVING,   /* the group of the leaders */
    PHASE_DONE,
};

/* From owning the right to publish to publishing. */
struct lead {
    bool is_due;  /* the right is ours: the outbox is to be open */
    bool is_open; /* the feed is at work */
    bool has_transactions;
    int64_t open_at_ms;    /* not before that, after a failure */
    int failures;          /* in a row */
    int64_t give_up_at_ms; /* --once: if it was never open by then */
    struct error error;    /* of the last failure; for /status */
};

struct producer {
    const struct settings *settings;
    const struct producer_line *line;
    int signal_fd;
    /* names, made of the settings */
    char *topics[3]; /* by enum feed_topic */
    char *leader_topic;
    char *transactional_id;
    char *client_id;
    char *source;
    struct feed_group *groups;
    size_t group_count;
    size_t identity;
    struct feed_settings feed_settings;

    struct clock clock;
    struct log *log;
    struct metrics *metrics;
    struct reporter *reporter;
    struct process_metrics *process;
    struct wire *wire;
    struct leader *leader; /* NULL: needs no leadership */
    struct outbox *outbox; /* NULL: needs no Kafka */
    struct feed *feed;
    struct admin *admin; /* NULL: no endpoint */
    struct lead lead;
    bool has_printed; /* --dry-run: a batch that is to be answered */
    uint64_t printed; /* its serial */
    int64_t turned_at_ms;
    enum phase phase;
    int64_t phase_until_ms;
    bool has_failed_last; /* the outbox did not end as it was asked to */
    bool is_late;         /* it was not waited for any longer */
    int exit_code;
};

/* line.c: what the command line asks for. */
enum feed_mode line_mode(const struct producer_line *line);
bool line_is_forever(const struct producer_line *line);
bool line_needs_leadership(const struct producer_line *line);
bool line_needs_kafka(const struct producer_line *line);
enum outbox_use line_use(const struct producer_line *line);

/* ports.c: the feed's ports and the wire's listener, on ${producer}. */
struct wire_listener;
struct feed_ports ports_of_feed(struct producer *producer);
struct wire_listener ports_of_wire(struct producer *producer);
void ports_answer_printed(struct producer *producer); /* once a turn */

/* lead.c: who is told by leader.h and outbox.h; and once a turn. */
struct leader_listener;
struct leader_listener lead_of_leader(struct producer *producer);
struct outbox_listener lead_of_outbox(struct producer *producer);
void lead_turn(struct producer *producer);
int64_t lead_next_ms(const struct producer *producer);

/* pages.c: the paths of the admin endpoint, their context is the producer. */
extern const struct admin_route pages_routes[];

/* ending.c: signals, and the steps from running to done. Once a turn. */
void ending_turn(struct producer *producer);
/* Stops by itself, with that exit code unless the last batch fails. */
void ending_begin(struct producer *producer, int exit_code);

#endif
