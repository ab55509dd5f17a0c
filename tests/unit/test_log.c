/* The log's lines, read back from a pipe. */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "clock.h"
#include "error.h"
#include "log.h"

#define BURST 3
#define WALL_MS INT64_C(1769903999999) /* 2026-01-31T23:59:59.999Z */
#define TS "2026-01-31T23:59:59.999Z"

/* The log's end of a pipe, and ours. */
struct fixture {
    int read_fd;
    int write_fd;
    struct clock clock;
    char got[65536];
};

static int
setup(void **state)
{
    struct fixture *fixture = calloc(1, sizeof(*fixture));
    int fds[2];

    if (fixture == NULL || pipe2(fds, O_CLOEXEC | O_NONBLOCK) != 0)
        return -1;
    signal(SIGPIPE, SIG_IGN);
    fixture->read_fd = fds[0];
    fixture->write_fd = fds[1];
    fixture->clock = (struct clock){.mono_ms = 1000, .wall_ms = WALL_MS};
    *state = fixture;
    return 0;
}

static int
teardown(void **state)
{
    struct fixture *fixture = *state;

    close(fixture->read_fd);
    close(fixture->write_fd);
    free(fixture);
    return 0;
}

static struct log *
open_log(struct fixture *fixture, enum log_format format, int burst)
{
    struct log *log = log_create(fixture->write_fd, format, LOG_INFO, burst, &fixture->clock);

    assert_non_null(log);
    return log;
}

/* What was written since the last look; "" for nothing. */
static const char *
written(struct fixture *fixture)
{
    ssize_t length = read(fixture->read_fd, fixture->got, sizeof(fixture->got) - 1);

    fixture->got[length > 0 ? length : 0] = '\0';
    return fixture->got;
}

static void
assert_json_line(struct fixture *fixture, const char *rest)
{
    char expected[1024];

    snprintf(expected, sizeof(expected), "{\"ts\":\"" TS "\",\"level\":%s}\n", rest);
    assert_string_equal(written(fixture), expected);
}

/* --- lines ------------------------------------------------------------------------------------ */

static void
log_writes_one_json_object_a_line(void **state)
{
    const struct guid user = {{0x11, 0x22, [15] = 0x0F}};
    struct log *log = open_log(*state, LOG_JSON, 0);

    log_line(log, LOG_INFO, "user is ready", log_string("topic", "t"), log_guid("user", &user),
             log_integer("attempts", -3), log_real("seconds", 0.25), log_boolean("moved", true));
    assert_json_line(*state, "\"info\",\"msg\":\"user is ready\",\"topic\":\"t\","
                             "\"user\":\"11220000-0000-0000-0000-00000000000f\",\"attempts\":-3,"
                             "\"seconds\":0.25,\"moved\":true");
    log_write(log, LOG_ERROR, "alone", NULL, 0);
    assert_json_line(*state, "\"error\",\"msg\":\"alone\"");
    log_destroy(log);
}

static void
log_leaves_out_fields_that_are_not_there(void **state)
{
    struct log *log = open_log(*state, LOG_JSON, 0);

    log_line(log, LOG_WARNING, "m", log_string("a", NULL), log_guid("b", NULL),
             log_string(NULL, "c"), log_string("d", ""));
    assert_json_line(*state, "\"warning\",\"msg\":\"m\",\"d\":\"\"");
    log_destroy(log);
}

static void
log_drops_lines_below_its_level(void **state)
{
    struct log *log = open_log(*state, LOG_JSON, 0);

    assert_false(log_wants(log, LOG_DEBUG));
    assert_true(log_wants(log, LOG_INFO));
    assert_true(log_wants(log, LOG_ERROR));
    log_write(log, LOG_DEBUG, "m", NULL, 0);
    assert_string_equal(written(*state), "");
    log_destroy(log);
}

static void
log_writes_json_whatever_the_bytes(void **state)
{
    static const char hostile[] = "a\"b\\c\nd\x1b[31m\xff\xc2\x9b\x7f\xc3\xa9";
    struct log *log = open_log(*state, LOG_JSON, 0);

    log_line(log, LOG_INFO, "m", log_string("f", hostile));
    assert_json_line(*state, "\"info\",\"msg\":\"m\",\"f\":\"a\\\"b\\\\c\\nd\\u001b[31m"
                             "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xc3\xa9\"");
    log_line(log, LOG_INFO, "m", log_real("nan", 0.0 / 0.0));
    assert_json_line(*state, "\"info\",\"msg\":\"m\",\"nan\":null");
    log_destroy(log);
}

static void
log_cuts_long_texts(void **state)
{
    struct log *log = open_log(*state, LOG_JSON, 0);
    static char text[20000];

    memset(text, 'x', sizeof(text) - 1);
    log_line(log, LOG_INFO, "m", log_string("f", text));
    assert_in_range(strlen(written(*state)), 4000, 5000);
    assert_non_null(strstr(((struct fixture *)*state)->got, "x...\"}\n"));
    log_destroy(log);
}

static void
log_writes_aligned_text_for_people(void **state)
{
    struct log *log = open_log(*state, LOG_TEXT, 0);

    log_line(log, LOG_INFO, "user is ready", log_string("topic", "t"), log_string("text", "a \"b"),
             log_string("empty", ""), log_integer("n", 7), log_boolean("moved", false));
    assert_string_equal(written(*state),
                        TS " info    user is ready                            topic=t "
                           "text=\"a \\\"b\" empty=\"\" n=7 moved=false\n");
    log_write(log, LOG_WARNING, "alone", NULL, 0);
    assert_string_equal(written(*state), TS " warning alone\n");
    log_destroy(log);
}

static void
log_lets_no_text_command_the_terminal(void **state)
{
    struct log *log = open_log(*state, LOG_TEXT, 0);

    log_line(log, LOG_INFO, "m\x1b[2J\n", log_string("f", "\x1b[31m\xc2\x9b"),
             log_string("g", "a\r\nb"));
    assert_string_equal(written(*state), TS " info    m\\u001b[2J\\n                             "
                                            "f=\"\\u001b[31m\xEF\xBF\xBD\" g=\"a\\r\\nb\"\n");
    log_destroy(log);
}

static void
log_takes_a_pipe_for_no_terminal(void **state)
{
    struct log *log = open_log(*state, LOG_AUTO, 0);

    log_write(log, LOG_INFO, "m", NULL, 0);
    assert_json_line(*state, "\"info\",\"msg\":\"m\"");
    log_destroy(log);
}

static void
log_puts_an_errors_parts_first(void **state)
{
    struct log *log = open_log(*state, LOG_JSON, 0);
    struct error error;

    error_set(&error, ERROR_SERVICE, "no such %s", "user");
    log_error(log, LOG_ERROR, "m", &error, NULL, 0);
    assert_json_line(*state, "\"error\",\"msg\":\"m\",\"error_class\":\"service\","
                             "\"error\":\"no such user\"");
    error_set_code(&error, "0x80040217");
    error.status = 404;
    snprintf(error.request_id, sizeof(error.request_id), "r1");
    log_error(log, LOG_ERROR, "m", &error, (const struct log_field[]){log_integer("attempt", 2)},
              1);
    assert_json_line(*state,
                     "\"error\",\"msg\":\"m\",\"error_class\":\"service\",\"code\":\"0x80040217\","
                     "\"status\":404,\"request_id\":\"r1\",\"error\":\"no such user\","
                     "\"attempt\":2");
    log_destroy(log);
}

static void
log_error_takes_no_more_fields_than_it_has_room_for(void **state)
{
    struct log *log = open_log(*state, LOG_JSON, 0);
    struct log_field fields[40];
    struct error error;

    error_set(&error, ERROR_INPUT, "e");
    for (int i = 0; i < 40; i++)
        fields[i] = log_integer("n", i);
    log_error(log, LOG_INFO, "m", &error, fields, 40);
    assert_non_null(strstr(written(*state), "\"n\":23}"));
    log_destroy(log);
}

/* --- repeats ---------------------------------------------------------------------------------- */

static int
count_written(struct fixture *fixture)
{
    int lines = 0;

    for (const char *c = written(fixture); *c != '\0'; c++)
        lines += *c == '\n';
    return lines;
}

static void
repeat(struct log *log, int times, const char *message, const char *value)
{
    for (int i = 0; i < times; i++)
        log_line(log, LOG_INFO, message, log_string("f", value), log_integer("i", i));
}

static void
log_holds_back_repeats_and_counts_them(void **state)
{
    struct fixture *fixture = *state;
    struct log *log = open_log(fixture, LOG_JSON, BURST);

    repeat(log, 10, "m", "a");
    assert_int_equal(count_written(fixture), BURST);
    fixture->clock.mono_ms += 59999;
    repeat(log, 1, "m", "a");
    assert_int_equal(count_written(fixture), 0);
    fixture->clock.mono_ms += 1;
    repeat(log, 1, "m", "a");
    assert_json_line(fixture, "\"info\",\"msg\":\"m\",\"f\":\"a\",\"i\":0,\"suppressed\":8");
    repeat(log, 1, "m", "a");
    assert_json_line(fixture, "\"info\",\"msg\":\"m\",\"f\":\"a\",\"i\":0");
    log_destroy(log);
}

static void
log_lets_no_minute_have_more_than_the_burst(void **state)
{
    struct fixture *fixture = *state;
    struct log *log = open_log(fixture, LOG_JSON, BURST);

    repeat(log, 1, "m", "a");
    fixture->clock.mono_ms += 50000;
    repeat(log, 10, "m", "a");
    assert_int_equal(count_written(fixture), BURST);
    fixture->clock.mono_ms += 10000; /* the first is a minute old, the others are not */
    repeat(log, 10, "m", "a");
    assert_int_equal(count_written(fixture), 1);
    log_destroy(log);
}

static void
log_tells_errors_apart_by_the_first_two_of_the_callers_fields(void **state)
{
    struct fixture *fixture = *state;
    struct log *log = open_log(fixture, LOG_JSON, 1);
    const char *const values[][2] = {{"a", "x"}, {"a", "y"}, {"b", "x"}, {"a", "x"}};
    struct error error;

    for (int i = 0; i < 4; i++) {
        error_set(&error, ERROR_SERVICE, "number %d", i);
        log_error(log, LOG_INFO, "m", &error,
                  (const struct log_field[]){log_string("f", values[i][0]),
                                             log_string("g", values[i][1]), log_integer("h", i)},
                  3);
    }
    assert_int_equal(count_written(fixture), 3);
    log_destroy(log);
}

static void
log_tells_messages_and_first_values_apart(void **state)
{
    const struct guid a = {{1}};
    const struct guid b = {{2}};
    struct fixture *fixture = *state;
    struct log *log = open_log(fixture, LOG_JSON, 1);

    repeat(log, 2, "m", "a");
    repeat(log, 2, "m", "b");
    repeat(log, 2, "n", "a");
    repeat(log, 2, "m", NULL);
    log_line(log, LOG_INFO, "m", log_guid("user", &a));
    log_line(log, LOG_INFO, "m", log_guid("user", &b));
    log_line(log, LOG_INFO, "m", log_integer("n", 1));
    log_line(log, LOG_INFO, "m", log_integer("n", 2));
    log_write(log, LOG_INFO, "alone", NULL, 0);
    log_write(log, LOG_INFO, "alone", NULL, 0);
    assert_int_equal(count_written(fixture), 9);
    log_destroy(log);
}

/* More keys than are remembered: those that are forgotten still show in the count. */
static void
log_accounts_for_repeats_of_what_it_forgot(void **state)
{
    struct fixture *fixture = *state;
    struct log *log = open_log(fixture, LOG_JSON, 1);
    long accounted = 0;

    for (int i = 0; i < 2000; i++) {
        char value[16];
        const char *count;

        snprintf(value, sizeof(value), "%d", i);
        repeat(log, 2, "m", value);
        count = strstr(written(fixture), "\"suppressed_others\":");
        if (count != NULL)
            accounted += strtol(strchr(count, ':') + 1, NULL, 10);
    }
    assert_in_range(accounted, 1700, 1999);
    log_destroy(log);
    assert_non_null(strstr(written(fixture), "log lines were suppressed"));
    accounted += strtol(strchr(strstr(fixture->got, "\"suppressed\":"), ':') + 1, NULL, 10);
    assert_int_equal(accounted, 2000);
}

/* --- a reader that is slow or gone ------------------------------------------------------------ */

/* A pipe has sixteen pages and each of these lines takes three: the last one is torn. */
static void
fill_with_lines(struct log *log)
{
    char text[4001];

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    for (int i = 0; i < 6; i++)
        log_line(log, LOG_INFO, "m", log_string("f", text), log_string("g", text),
                 log_string("h", text));
}

static void
log_counts_lines_that_nobody_takes(void **state)
{
    struct fixture *fixture = *state;
    struct log *log = open_log(fixture, LOG_JSON, 0);
    const char *last;

    fill_with_lines(log);
    while (strlen(written(fixture)) == sizeof(fixture->got) - 1)
        continue;
    log_write(log, LOG_INFO, "later", NULL, 0);
    last = written(fixture);
    assert_int_equal(last[0], '\n'); /* ends what was torn */
    assert_non_null(strstr(last, "\"msg\":\"later\",\"lost\":1}"));
    log_write(log, LOG_INFO, "m", NULL, 0);
    assert_json_line(fixture, "\"info\",\"msg\":\"m\"");
    log_destroy(log);
}

static void
log_waits_a_little_for_a_slow_reader(void **state)
{
    struct fixture *fixture = *state;
    struct log *log = open_log(fixture, LOG_JSON, 0);
    pid_t reader;

    while (write(fixture->write_fd, "................", 16) == 16)
        continue;
    reader = fork();
    if (reader == 0) {
        poll(NULL, 0, 20);
        written(fixture);
        _exit(0);
    }
    log_write(log, LOG_INFO, "waited", NULL, 0);
    assert_int_equal(waitpid(reader, NULL, 0), reader);
    assert_non_null(strstr(written(fixture), "\"msg\":\"waited\"}"));
    log_destroy(log);
}

static void
log_survives_a_reader_that_has_gone(void **state)
{
    struct fixture *fixture = *state;
    struct log *log = open_log(fixture, LOG_JSON, 0);

    close(fixture->read_fd);
    fixture->read_fd = -1;
    log_write(log, LOG_INFO, "m", NULL, 0);
    log_write(log, LOG_INFO, "m", NULL, 0);
    log_destroy(log);
    log_destroy(NULL);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        test(log_writes_one_json_object_a_line),
        test(log_leaves_out_fields_that_are_not_there),
        test(log_drops_lines_below_its_level),
        test(log_writes_json_whatever_the_bytes),
        test(log_cuts_long_texts),
        test(log_writes_aligned_text_for_people),
        test(log_lets_no_text_command_the_terminal),
        test(log_takes_a_pipe_for_no_terminal),
        test(log_puts_an_errors_parts_first),
        test(log_error_takes_no_more_fields_than_it_has_room_for),
        test(log_holds_back_repeats_and_counts_them),
        test(log_lets_no_minute_have_more_than_the_burst),
        test(log_tells_errors_apart_by_the_first_two_of_the_callers_fields),
        test(log_tells_messages_and_first_values_apart),
        test(log_accounts_for_repeats_of_what_it_forgot),
        test(log_counts_lines_that_nobody_takes),
        test(log_waits_a_little_for_a_slow_reader),
        test(log_survives_a_reader_that_has_gone),
    };

    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
