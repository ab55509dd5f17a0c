/*
 * One row of ${measures} a metric that changes. What cannot be read is NaN: no number, rather than a
 * wrong one.
 */
#include "process_metrics.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "error.h"
#include "file.h"
#include "metrics.h"
#include "text.h"

enum { MAX_PROC_BYTES = 4096 };

/* --- /proc ------------------------------------------------------------------------------------ */

/* The ${index}-th (from 0) blank-separated number behind ${start} in ${path}. */
static double
read_number(const char *path, char start, int index)
{
    struct text text = TEXT_EMPTY;
    double number = NAN;
    const char *at;

    if (file_read(path, MAX_PROC_BYTES, &text, NULL) == 0 && text.length > 0) {
        at = start == '\0' ? text.data : strrchr(text.data, start);
        if (at != NULL && start != '\0')
            at += 2;
        for (; at != NULL && index > 0; index--) {
            at = strchr(at, ' ');
            at = at == NULL ? NULL : at + 1;
        }
        if (at != NULL)
            number = strtod(at, NULL);
    }
    text_free(&text);
    return number;
}

static double
cpu_seconds(void)
{
    struct timespec used;

    if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) != 0)
        return NAN;
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

static double
resident_bytes(void)
{
    return read_number("/proc/self/statm", '\0', 1) * (double)sysconf(_SC_PAGESIZE);
}

static double
virtual_bytes(void)
{
    return read_number("/proc/self/statm", '\0', 0) * (double)sysconf(_SC_PAGESIZE);
}

static double
open_fds(void)
{
    DIR *directory = opendir("/proc/self/fd");
    const struct dirent *entry;
    int count = -1; /* the directory's own */

    if (directory == NULL)
        return NAN;
    while ((entry = readdir(directory)) != NULL)
        if (entry->d_name[0] != '.')
            count++;
    closedir(directory);
    return count;
}

static double
max_fds(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return NAN;
    return limit.rlim_cur == RLIM_INFINITY ? INFINITY : (double)limit.rlim_cur;
}

static double
seconds(clockid_t clock)
{
    struct timespec now = {0, 0};

    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/*
 * Field 22 of /proc/self/stat is the start in ticks since the machine's start. The name before it
 * may hold anything, so count from its closing bracket: field 3 is the first behind it.
 */
static double
start_time_seconds(void)
{
    double since_boot = read_number("/proc/self/stat", ')', 22 - 3);

    return seconds(CLOCK_REALTIME) - seconds(CLOCK_BOOTTIME) +
           since_boot / (double)sysconf(_SC_CLK_TCK);
}

/* --- metrics ---------------------------------------------------------------------------------- */

static const struct measure {
    const char *name;
    const char *help;
    enum metric_type type;
    double (*read)(void);
} measures[] = {
    {"process_cpu_seconds_total", "Total user and system CPU time spent in seconds.",
     METRIC_COUNTER, cpu_seconds},
    {"process_resident_memory_bytes", "Resident memory size in bytes.", METRIC_GAUGE,
     resident_bytes},
    {"process_virtual_memory_bytes", "Virtual memory size in bytes.", METRIC_GAUGE, virtual_bytes},
    {"process_open_fds", "Number of open file descriptors.", METRIC_GAUGE, open_fds},
    {"process_max_fds", "Maximum number of open file descriptors.", METRIC_GAUGE, max_fds},
};

enum { MEASURES = sizeof(measures) / sizeof(measures[0]) };

struct process_metrics {
    struct metric *series[MEASURES];
};

static void
collect(void *arg)
{
    struct process_metrics *process = arg;

    for (size_t i = 0; i < MEASURES; i++)
        metric_set(process->series[i], measures[i].read());
}

/* The only series of a family without labels; NULL: no memory. */
static struct metric *
declare(struct metrics *metrics, enum metric_type type, const char *name, const char *help)
{
    struct metric_family *family = metrics_family(metrics, type, name, help, NULL, NULL);

    return family == NULL ? NULL : metric_series(family, NULL);
}

static int
declare_all(struct process_metrics *process, struct metrics *metrics)
{
    struct metric *start = declare(metrics, METRIC_GAUGE, "process_start_time_seconds",
                                   "Start time of the process since unix epoch in seconds.");

    if (start == NULL)
        return -1;
    metric_set(start, start_time_seconds());
    for (size_t i = 0; i < MEASURES; i++) {
        process->series[i] = declare(metrics, measures[i].type, measures[i].name, measures[i].help);
        if (process->series[i] == NULL)
            return -1;
    }
    return 0;
}

struct process_metrics *
process_metrics_create(struct metrics *metrics)
{
    struct process_metrics *process = calloc(1, sizeof(*process));

    if (process == NULL)
        return NULL;
    if (declare_all(process, metrics) != 0) {
        free(process);
        return NULL;
    }
    metrics_on_collect(metrics, collect, process);
    return process;
}

void
process_metrics_destroy(struct process_metrics *process)
{
    free(process);
}
