#ifndef PROCESS_METRICS_H
#define PROCESS_METRICS_H

/*
 * The metrics that every Prometheus client has of its own process: process_cpu_seconds_total,
 * process_resident_memory_bytes, process_virtual_memory_bytes, process_open_fds, process_max_fds,
 * process_start_time_seconds. Read out of /proc at each exposition.
 */

struct metrics;
struct process_metrics;

/* Declares them in ${metrics}, which must not print after the destroying. NULL: no memory. */
struct process_metrics *process_metrics_create(struct metrics *metrics);
void process_metrics_destroy(struct process_metrics *process); /* NULL is allowed */

#endif
