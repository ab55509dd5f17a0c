#ifndef INTAKE_PRIVATE_H
#define INTAKE_PRIVATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <librdkafka/rdkafka.h>

#include "companions.h"
#include "event.h"
#include "intake.h"

/*
 * What the files of the intake share: the consumer's handle, its queues, and the assigned
 * partitions. Each part has one file: rebalance.c (who owns what), drain.c (records), hold.c (those
 * that are not due), commits.c, probe.c (the broker's thread), companions.c (the topics that belong to
 * the main one), and intake.c (life, events, the turn).
 */

struct log;

/* When the head of a retry topic's partition may be handed over: see hold.h. */
struct hold {
    int64_t delay_ms; /* of its topic; 0: nothing waits */
    bool is_waiting;  /* the partition's head is held, and was not due when it was looked at last */
    int64_t due_wall_ms;
    int64_t due_mono_ms; /* whatever the wall clock says */
};

/* One assigned partition and the queue that librdkafka fills for it. */
struct partition {
    int topic; /* the engine's index */
    int32_t number;
    rd_kafka_queue_t *queue;
    rd_kafka_message_t *held; /* taken out and not handed over, so it comes first: the engine had no
                                 memory for it, or it is not due */
    struct hold hold;
    bool is_begun;   /* the engine knows the partition */
    bool is_at_end;  /* EOF was the last that came */
    bool is_suspect; /* an error came: it is read again from ${next}, see drain.c */
    int64_t reread_at_ms;
    int64_t committed; /* what the group had; -1: nothing */
    int64_t next;      /* the offset expected next; -1: wherever the topic begins */
    int64_t low;       /* watermarks as the library has them; -1: not known */
    int64_t high;
    rd_kafka_resp_err_t error; /* the last one that was logged */
};

/* The group's word on what is ours, while it is being carried out. */
struct rebalance {
    uint64_t epoch; /* counts rebalances: answers to older questions are dropped */
    rd_kafka_topic_partition_list_t *wanted; /* assigned, the offsets not known yet; NULL: none */
    bool is_asking;                          /* a question is under way */
    int64_t ask_at_ms;                       /* when it is asked again, after a failure */
    bool is_assigned;
    bool was_assigned;      /* at any time */
    int64_t complain_at_ms; /* if there was no assignment by then */
    int64_t size_at_ms; /* when the main topic's size is looked up again; INT64_MAX: it is known */
};

/* Waking the fetcher: see probe.h. */
struct probe {
    bool is_due; /* something was taken since the last one */
    int64_t next_ms;
};

struct intake {
    struct intake_settings settings;
    struct log *log;
    struct engine *engine;
    rd_kafka_t *rk;
    rd_kafka_queue_t *consumer_queue; /* rebalances and errors */
    rd_kafka_queue_t *reply_queue;    /* answers to commits and questions, log lines */
    int fd;                           /* written by the library when a queue is no longer empty */
    int64_t now_ms;                   /* of the turn at hand */
    int64_t served_at_ms;
    struct rebalance rebalance;
    struct partition *partitions;
    size_t partition_count;
    size_t first_partition; /* of the next turn, so that each comes first at times */
    struct probe probe;
    struct companions companions;
    struct kafka_header *headers; /* of the message at hand; grows, is reused */
    size_t header_capacity;
    struct intake_counts counts;
    bool has_refused_commit; /* by the library, at once: answered in the next turn */
    uint64_t refused_serial;
    bool is_fatal;
    bool is_leaving; /* unsubscribed; closes once nothing is assigned */
    bool is_closing;
};

/* The engine's index of ${topic}; -1: not one of ours. */
int intake_topic(const struct intake *intake, const char *topic);

#endif
