/* The process' own metrics, against what this process knows of itself. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "exposition.h"
#include "metrics.h"
#include "process_metrics.h"
#include "text.h"

static struct exposition exposition;
static struct metrics *metrics;
static struct process_metrics *process;

static int
setup(void **state)
{
    (void)state;
    metrics = metrics_create();
    process = metrics == NULL ? NULL : process_metrics_create(metrics);
    return process == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    (void)state;
    metrics_destroy(metrics);
    process_metrics_destroy(process);
    return 0;
}

static double
exposed(const char *name)
{
    struct text text = TEXT_EMPTY;

    metrics_print(metrics, &text);
    if (!exposition_parse(text.data, &exposition))
        fail_msg("%s", exposition.wrong);
    text_free(&text);
    if (!exposition_has(&exposition, name, ""))
        fail_msg("%s is missing", name);
    return exposition_value(&exposition, name, "");
}

static int
count_descriptors(void)
{
    int count = 0;

    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void
process_metrics_count_open_descriptors(void **state)
{
    double before = exposed("process_open_fds");
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct rlimit limit;

    (void)state;
    assert_true(before == count_descriptors() - 1); /* one was opened since */
    assert_true(exposed("process_open_fds") == before + 1);
    close(fd);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_true(exposed("process_max_fds") == (double)limit.rlim_cur);
}

static void
process_metrics_see_memory_grow(void **state)
{
    enum { GROWTH_BYTES = 32 * 1024 * 1024 };
    double before = exposed("process_resident_memory_bytes");
    char *memory = malloc(GROWTH_BYTES);
    double growth;

    (void)state;
    assert_non_null(memory);
    memset(memory, 1, GROWTH_BYTES);
    growth = exposed("process_resident_memory_bytes") - before;
    assert_true(memory[GROWTH_BYTES - 1] == 1);
    assert_true(growth > 0.9 * GROWTH_BYTES && growth < 2.0 * GROWTH_BYTES);
    assert_true(exposed("process_virtual_memory_bytes") >=
                exposed("process_resident_memory_bytes"));
    free(memory);
}

static void
process_metrics_count_the_time_spent(void **state)
{
    double before = exposed("process_cpu_seconds_total");
    clock_t start = clock();
    double growth;

    (void)state;
    while (clock() - start < CLOCKS_PER_SEC / 50)
        continue;
    growth = exposed("process_cpu_seconds_total") - before;
    assert_true(growth >= 0.02 && growth < 5);
}

static void
process_metrics_know_when_the_process_started(void **state)
{
    double age_s = (double)time(NULL) - exposed("process_start_time_seconds");

    (void)state;
    assert_true(age_s > -2 && age_s < 300);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        test(process_metrics_count_open_descriptors),
        test(process_metrics_see_memory_grow),
        test(process_metrics_count_the_time_spent),
        test(process_metrics_know_when_the_process_started),
    };

    return cmocka_run_group_tests_name("process_metrics", tests, NULL, NULL);
}
