/* The admin endpoint, driven as the loop drives it, against clients that behave and that do not. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "admin.h"
#include "clock.h"
#include "error.h"

#define PATIENCE_MS 10000

/* --- what is served --------------------------------------------------------------------------- */

static void
answer_health(void *context, struct admin_answer *ret_answer)
{
    int *count = context;

    (*count)++;
    text_addf(&ret_answer->body, "alive %d\n", *count);
}

static void
answer_not_ready(void *context, struct admin_answer *ret_answer)
{
    (void)context;
    ret_answer->status = 503;
    ret_answer->content_type = "application/json";
    text_add(&ret_answer->body, "{\"ready\":false}");
}

static void
answer_large(void *context, struct admin_answer *ret_answer)
{
    (void)context;
    for (int i = 0; i < 100000; i++)
        text_add(&ret_answer->body, "0123456789");
}

static void
answer_nothing(void *context, struct admin_answer *ret_answer)
{
    (void)context;
    (void)ret_answer;
}

static void
answer_without_memory(void *context, struct admin_answer *ret_answer)
{
    (void)context;
    ret_answer->body.failed = true;
}

static const struct admin_route routes[] = {
    {"/healthz", "whether the loop turns", answer_health},
    {"/readyz", "whether it is ready", answer_not_ready},
    {"/large", "a megabyte", answer_large},
    {"/nothing", "nothing", answer_nothing},
    {"/no-memory", "out of memory", answer_without_memory},
    {NULL, NULL, NULL},
};

static int health_count;

static int
setup(void **state)
{
    struct error error;

    health_count = 0;
    *state = admin_create("127.0.0.1:0", routes, &health_count, &error);
    return *state == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    admin_destroy(*state);
    return 0;
}

/* --- a client --------------------------------------------------------------------------------- */

static int64_t
now_ms(void)
{
    struct clock clock;

    clock_read_system(&clock);
    return clock.mono_ms;
}

/* One turn of a loop that waits for the server and for ${fd}, ${wait_ms} at most. */
static void
turn(struct admin *admin, int fd, int wait_ms)
{
    struct pollfd polled[] = {{.fd = admin_fd(admin), .events = POLLIN},
                              {.fd = fd, .events = POLLIN}};
    int64_t wanted_ms = admin_wait_ms(admin);

    if (wanted_ms >= 0 && wanted_ms < wait_ms)
        wait_ms = (int)wanted_ms;
    poll(polled, 2, wait_ms);
    admin_run(admin);
}

/* Connects from 127.0.0.${host}. */
static int
connect_from(const struct admin *admin, int host)
{
    struct sockaddr_in from = {.sin_family = AF_INET};
    struct sockaddr_in to = {.sin_family = AF_INET};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    from.sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + (uint32_t)host);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons((uint16_t)admin_port(admin));
    assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    return fd;
}

static void
send_text(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Reads what there is without waiting; false at the connection's end. */
static bool
receive(int fd, struct text *got)
{
    char piece[65536];
    ssize_t length;

    while ((length = recv(fd, piece, sizeof(piece), MSG_DONTWAIT)) > 0)
        text_add_bytes(got, piece, (size_t)length);
    return length < 0 && errno == EAGAIN;
}

/* Runs the server until it closes ${fd}; what it sent. */
static void
run_until_closed(struct admin *admin, int fd, struct text *got)
{
    int64_t end_ms = now_ms() + PATIENCE_MS;

    while (receive(fd, got)) {
        assert_true(now_ms() < end_ms);
        turn(admin, fd, 100);
    }
    close(fd);
}

/* Sends the whole of ${request}, which must make the server close, and returns what comes. */
static char *
ask_from(struct admin *admin, int host, const char *request)
{
    struct text got = TEXT_EMPTY;
    int fd = connect_from(admin, host);

    send_text(fd, request);
    run_until_closed(admin, fd, &got);
    return text_take(&got, NULL);
}

static char *
ask(struct admin *admin, const char *method, const char *path)
{
    char request[256];

    snprintf(request, sizeof(request), "%s %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
             method, path);
    return ask_from(admin, 1, request);
}

static void
assert_answer(char *answer, const char *status, const char *part, const char *end)
{
    if (strncmp(answer, "HTTP/1.1 ", 9) != 0 || strncmp(answer + 9, status, 3) != 0 ||
        strstr(answer, part) == NULL || strlen(answer) < strlen(end) ||
        strcmp(answer + strlen(answer) - strlen(end), end) != 0)
        fail_msg("no %s with \"%s\" and \"%s\": %s", status, part, end, answer);
    free(answer);
}

/* --- answers ---------------------------------------------------------------------------------- */

static void
admin_answers_its_paths(void **state)
{
    assert_answer(ask(*state, "GET", "/healthz"), "200",
                  "Content-Type: text/plain; charset=utf-8\r\n", "\r\n\r\nalive 1\n");
    assert_answer(ask(*state, "GET", "/healthz?verbose=1"), "200", "", "alive 2\n");
    assert_answer(ask(*state, "GET", "/readyz"), "503", "Content-Type: application/json\r\n",
                  "{\"ready\":false}");
    assert_answer(ask(*state, "GET", "/nothing"), "200", "Content-Length: 0\r\n", "\r\n\r\n");
}

static void
admin_sends_no_body_to_head(void **state)
{
    assert_answer(ask(*state, "HEAD", "/readyz"), "503", "Content-Length: 15\r\n", "\r\n\r\n");
}

static void
admin_sends_large_answers_whole(void **state)
{
    char *answer = ask(*state, "GET", "/large");

    assert_int_equal(strlen(strstr(answer, "\r\n\r\n")), 1000000 + 4);
    assert_answer(answer, "200", "Content-Length: 1000000\r\n", "6789");
}

static void
admin_lists_its_paths_where_there_is_none(void **state)
{
    assert_answer(ask(*state, "GET", "/"), "404", "  /healthz     whether the loop turns\n",
                  "  /no-memory   out of memory\n");
    assert_answer(ask(*state, "GET", "/healthz/"), "404", "", "");
    assert_answer(ask(*state, "GET", "/../etc/passwd"), "404", "", "");
    assert_int_equal(health_count, 0);
}

static void
admin_keeps_a_connection_for_the_next_request(void **state)
{
    int fd = connect_from(*state, 1);
    struct text got = TEXT_EMPTY;
    int64_t end_ms = now_ms() + PATIENCE_MS;

    send_text(fd, "GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
    while (got.data == NULL || strstr(got.data, "alive 1\n") == NULL) {
        assert_true(now_ms() < end_ms);
        turn(*state, fd, 100);
        assert_true(receive(fd, &got));
    }
    send_text(fd, "GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    run_until_closed(*state, fd, &got);
    assert_non_null(strstr(got.data, "alive 2\n"));
    text_free(&got);
}

static void
admin_answers_without_memory_too(void **state)
{
    assert_answer(ask(*state, "GET", "/no-memory"), "503", "", "No memory.\n");
}

/* --- refusals --------------------------------------------------------------------------------- */

static void
admin_answers_get_and_head_only(void **state)
{
    static const char *const methods[] = {"POST", "PUT", "DELETE", "OPTIONS", "PATCH", "get"};

    for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
        assert_answer(ask(*state, methods[i], "/healthz"), "405", "Allow: GET, HEAD\r\n",
                      "Only GET and HEAD are answered here.\n");
    assert_int_equal(health_count, 0);
}

static void
admin_reads_no_bodies(void **state)
{
    assert_answer(ask_from(*state, 1,
                           "POST /healthz HTTP/1.1\r\nHost: a\r\n"
                           "Content-Length: 9999999999\r\n\r\nsome"),
                  "405", "Connection: close\r\n", "");
    assert_answer(ask_from(*state, 1,
                           "GET /healthz HTTP/1.1\r\nHost: a\r\n"
                           "Content-Length: 9999999999\r\n\r\nsome"),
                  "400", "Connection: close\r\n", "No request has a body here.\n");
    assert_answer(ask_from(*state, 1,
                           "GET /healthz HTTP/1.1\r\nHost: a\r\n"
                           "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
                  "400", "Connection: close\r\n", "No request has a body here.\n");
    assert_int_equal(health_count, 0);
    assert_answer(ask_from(*state, 1,
                           "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n"
                           "Connection: close\r\n\r\n"),
                  "200", "", "alive 1\n");
}

static void
admin_survives_requests_that_are_none(void **state)
{
    static const char *const requests[] = {
        "\x16\x03\x01\x02 no HTTP at all\r\n\r\n",
        "GET\r\n\r\n",
        "GET /healthz HTTP/1.1\r\n\r\n", /* no Host */
        "GET /healthz HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        "GET /healthz HTTP/9.9\r\nHost: a\r\n\r\n",
    };

    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
        free(ask_from(*state, 1, requests[i]));
    assert_int_equal(health_count, 0);
    assert_answer(ask(*state, "GET", "/healthz"), "200", "", "alive 1\n");
}

static void
admin_refuses_endless_headers(void **state)
{
    struct text request = TEXT_EMPTY;
    struct text got = TEXT_EMPTY;
    int fd = connect_from(*state, 1);

    text_add(&request, "GET /healthz HTTP/1.1\r\nHost: a\r\nX-Long: ");
    for (int i = 0; i < 20 * 1024; i++)
        text_add_char(&request, 'x');
    send_text(fd, request.data);
    run_until_closed(*state, fd, &got);
    assert_true(got.length > 0 && strncmp(got.data, "HTTP/1.1 431 ", 13) == 0);
    text_free(&request);
    text_free(&got);
}

/* --- crowds ----------------------------------------------------------------------------------- */

static void
admin_is_not_starved_by_half_sent_requests(void **state)
{
    int fds[40];

    for (int i = 0; i < 40; i++) {
        fds[i] = connect_from(*state, 1);
        (void)!send(fds[i], "GET /healthz HTTP/1.1\r\nHo", 25, MSG_NOSIGNAL);
        turn(*state, -1, 0);
    }
    assert_answer(ask_from(*state, 2,
                           "GET /healthz HTTP/1.1\r\nHost: a\r\n"
                           "Connection: close\r\n\r\n"),
                  "200", "", "alive 1\n");
    for (int i = 0; i < 40; i++)
        close(fds[i]);
}

static void
admin_lets_one_address_have_sixteen_connections(void **state)
{
    int fds[17];
    struct text got = TEXT_EMPTY;

    for (int i = 0; i < 17; i++) {
        fds[i] = connect_from(*state, 1);
        turn(*state, -1, 0);
    }
    run_until_closed(*state, fds[16], &got);
    assert_int_equal(got.length, 0);
    for (int i = 0; i < 16; i++) {
        assert_true(receive(fds[i], &got));
        close(fds[i]);
    }
}

static void
admin_cuts_a_silent_client_off_after_two_seconds(void **state)
{
    int64_t started_ms = now_ms();
    struct text got = TEXT_EMPTY;
    int fd = connect_from(*state, 1);

    send_text(fd, "GET /heal");
    run_until_closed(*state, fd, &got);
    assert_in_range(now_ms() - started_ms, 1000, 4500);
    text_free(&got);
}

/* --- life ------------------------------------------------------------------------------------- */

static void
admin_wakes_its_descriptor_when_there_is_work(void **state)
{
    struct pollfd polled = {.fd = admin_fd(*state), .events = POLLIN};
    int fd;

    admin_run(*state);
    assert_int_equal(poll(&polled, 1, 0), 0);
    assert_int_equal(admin_wait_ms(*state), -1);
    fd = connect_from(*state, 1);
    assert_int_equal(poll(&polled, 1, PATIENCE_MS), 1);
    admin_run(*state);
    assert_in_range(admin_wait_ms(*state), 0, 2000);
    close(fd);
}

/* Skipped where the machine has no IPv6. */
static void
admin_takes_ipv4_on_the_any_address_of_ipv6(void **state)
{
    struct error error;
    int count = 0;
    struct admin *admin = admin_create("[::]:0", routes, &count, &error);

    (void)state;
    if (admin == NULL) {
        assert_int_equal(error.class, ERROR_SYSTEM);
        skip();
    }
    assert_answer(ask(admin, "GET", "/healthz"), "200", "", "alive 1\n");
    admin_destroy(admin);
}

static void
admin_ends_with_connections_open(void **state)
{
    struct error error;
    struct admin *admin = admin_create("127.0.0.1:0", routes, NULL, &error);
    int fd;

    (void)state;
    assert_non_null(admin);
    fd = connect_from(admin, 1);
    send_text(fd, "GET /healthz HTTP/1.1\r\nHo");
    turn(admin, -1, 0);
    admin_destroy(admin);
    close(fd);
    admin_destroy(NULL);
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        test(admin_answers_its_paths),
        test(admin_sends_no_body_to_head),
        test(admin_sends_large_answers_whole),
        test(admin_lists_its_paths_where_there_is_none),
        test(admin_keeps_a_connection_for_the_next_request),
        test(admin_answers_without_memory_too),
        test(admin_answers_get_and_head_only),
        test(admin_reads_no_bodies),
        test(admin_survives_requests_that_are_none),
        test(admin_refuses_endless_headers),
        test(admin_is_not_starved_by_half_sent_requests),
        test(admin_lets_one_address_have_sixteen_connections),
        test(admin_cuts_a_silent_client_off_after_two_seconds),
        test(admin_wakes_its_descriptor_when_there_is_work),
        test(admin_takes_ipv4_on_the_any_address_of_ipv6),
        test(admin_ends_with_connections_open),
    };

    return cmocka_run_group_tests_name("admin", tests, NULL, NULL);
}
