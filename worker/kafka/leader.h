#ifndef LEADER_H
#define LEADER_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Which of several producers leads: the member of a consumer group that owns partition 0 of a topic
 * which nobody writes to. The broker is the referee, so there is no lock to leave behind, and who
 * dies is followed after the session time-out. Nothing here blocks.
 *
 * It tells who may try, not who is alone: a leader that was stopped for a while learns late that it
 * is none any more. What it still writes is refused by the outbox's fencing, or does no harm
 * (outbox.h).
 */

struct error;
struct leader;
struct log;

/* All texts are borrowed for the leader's life. */
struct leader_settings {
    const char *bootstrap_servers;
    const char *group_id;
    const char *topic;
    const char *const *properties; /* "name=value" of librdkafka, NULL-terminated */
    const char *client_id;
    int64_t session_timeout_ms; /* within the broker's group.min.session.timeout.ms and its max */
    int64_t complain_after_ms;  /* no word of the group by then: an error line, again and again */
};

/* Called within leader_turn. */
struct leader_listener {
    void *context;
    void (*won)(void *context);
    void (*lost)(void *context); /* after a won only */
};

enum leader_state {
    LEADER_JOINING,  /* the group has not said anything so far, or we keep out of it for a while */
    LEADER_LEADING,  /* partition 0 is ours */
    LEADER_STANDBY,  /* it is somebody else's */
    LEADER_NO_TOPIC, /* the topic does not exist (yet) */
    LEADER_BROKEN,   /* the library cannot go on; only leader_destroy is left */
    LEADER_CLOSED,
};

const char *leader_state_name(enum leader_state state); /* "joining" "leading" "standby" … */

/* Connects and joins. NULL with ${ret_error} filled. */
struct leader *leader_create(const struct leader_settings *settings,
                             const struct leader_listener *listener, struct log *log,
                             struct error *ret_error);
int leader_fd(const struct leader *leader); /* readable when leader_turn has work */
void leader_turn(struct leader *leader, int64_t now_ms);
int64_t leader_next_ms(const struct leader *leader); /* monotonic, INT64_MAX: never */

enum leader_state leader_state(const struct leader *leader);
int64_t leader_served_at_ms(const struct leader *leader); /* for the watchdog */

/* Leaves the group for ${pause_ms}, so that another may lead; tells of the loss in a later turn. */
void leader_step_down(struct leader *leader, int64_t pause_ms);

/* Leaves for good; serve with leader_turn until LEADER_CLOSED. */
void leader_close(struct leader *leader);

/* May take seconds when it was not closed, or the broker does not answer. NULL is allowed. */
void leader_destroy(struct leader *leader);

#endif
