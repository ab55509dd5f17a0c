#ifndef ARRIVE_H
#define ARRIVE_H

#include "site.h"

/*
 * What comes from Kafka's side to the jobs of one environment: tickets, removals, revoked partitions, the end of the process.
 */

/* The job of ${user}, made where there is none, so that a ticket finds a place once its record was taken. NULL: no memory. */
struct job *arrive_reserve(struct site *site, const struct guid *user);
/* The record was not taken after all: a job that was made for it goes. */
void arrive_release(struct site *site, struct job *job);

/* ${ticket} joins the job's run if that has not read its sources yet, else it waits for the next (P3). */
void arrive_ticket(struct site *site, struct job *job, struct ticket *ticket);

/* A removal of ${user} from ${route}'s group, of time ${event_ms}: belief in tickets that are not past a write is withdrawn. */
void arrive_removal(struct site *site, const struct guid *user, int route, int64_t event_ms);

/* Partitions were revoked: stale tickets are dropped, and a run without others ends unless it is past a write (P5). */
void arrive_revoked(struct site *site, struct job *job);

/* True when nothing is under way for ${job} that would be lost if it were given up now. */
bool arrive_is_idle(const struct site *site, const struct job *job);

/* Shutdown: the job is given up, its events stay unsettled. */
void arrive_give_up(struct site *site, struct job *job);

#endif
