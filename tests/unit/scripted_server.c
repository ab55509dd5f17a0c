/*
 * A child process accepts and forks once more for each connection, so a script may write half an
 * answer, sleep or leave without a word and disturbs nobody but its own client.
 */
#include "scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_REQUEST_BYTES = 2 * 1024 * 1024, LATE_MS = 100 };

/* One request as it came in, with its body. */
struct exchange {
    int fd;
    int connection; /* number of the connection, from 1 */
    size_t length;
    char request[MAX_REQUEST_BYTES];
};

static void
send_bytes(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);

        if (sent <= 0)
            _exit(0);
        bytes += sent;
        length -= (size_t)sent;
    }
}

static void
send_text(int fd, const char *text)
{
    send_bytes(fd, text, strlen(text));
}

/* --- scripts: true when the connection goes on ------------------------------------------------ */

static bool
answer_hello(struct exchange *exchange)
{
    send_text(exchange->fd, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-First: one\r\n"
                            "x-second:two\r\n\r\nhello");
    return true;
}

/* The body is the request as it came, after a line with the connection's number. */
static bool
answer_echo(struct exchange *exchange)
{
    char number[32];
    char head[128];
    int prefix = snprintf(number, sizeof(number), "connection %d\n", exchange->connection);

    snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n%s",
             exchange->length + (size_t)prefix, number);
    send_text(exchange->fd, head);
    send_bytes(exchange->fd, exchange->request, exchange->length);
    return true;
}

static bool
answer_half_a_header(struct exchange *exchange)
{
    send_text(exchange->fd, "HTTP/1.1 200 OK\r\nContent-Le");
    return false;
}

static bool
answer_cut_body(struct exchange *exchange)
{
    send_text(exchange->fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nten bytes!");
    return false;
}

static bool
answer_cut_chunks(struct exchange *exchange)
{
    send_text(exchange->fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
    return false;
}

static bool
answer_nothing(struct exchange *exchange)
{
    (void)exchange;
    return false;
}

static bool
answer_garbage(struct exchange *exchange)
{
    send_text(exchange->fd, "\x16\x03\x01 this is no HTTP\r\n\r\n");
    return false;
}

/* 64 bytes, of a length that is only known at the end. */
static bool
answer_chunks(struct exchange *exchange)
{
    send_text(exchange->fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                            "20\r\n................................\r\n"
                            "20\r\n................................\r\n0\r\n\r\n");
    return true;
}

static bool
answer_many_headers(struct exchange *exchange)
{
    send_text(exchange->fd, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n");
    for (int i = 0; i < 2000; i++)
        send_text(exchange->fd, "X-Padding: ..........................................\r\n");
    send_text(exchange->fd, "\r\n");
    return false;
}

static bool
answer_interim_first(struct exchange *exchange)
{
    send_text(exchange->fd, "HTTP/1.1 103 Early Hints\r\nX-Hint: early\r\n\r\n"
                            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Final: yes\r\n"
                            " folded: line\r\n\r\n2\r\nok\r\n0\r\nX-Trailer: late\r\n\r\n");
    return true;
}

static bool
answer_throttled(struct exchange *exchange)
{
    send_text(exchange->fd, "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 7\r\n"
                            "Content-Length: 4\r\n\r\nbusy");
    return true;
}

static bool
answer_redirect(struct exchange *exchange)
{
    send_text(exchange->fd, "HTTP/1.1 302 Found\r\nLocation: /hello\r\n"
                            "Set-Cookie: sticky=1; Path=/\r\nContent-Length: 0\r\n\r\n");
    return true;
}

static bool
answer_late(struct exchange *exchange)
{
    poll(NULL, 0, LATE_MS);
    return answer_hello(exchange);
}

static bool
answer_never(struct exchange *exchange)
{
    (void)exchange;
    poll(NULL, 0, -1);
    return false;
}

static const struct {
    const char *path;
    bool (*answer)(struct exchange *exchange);
} scripts[] = {
    {"/hello", answer_hello},
    {"/echo", answer_echo},
    {"/a/../echo", answer_echo},
    {"/half-a-header", answer_half_a_header},
    {"/cut-body", answer_cut_body},
    {"/cut-chunks", answer_cut_chunks},
    {"/nothing", answer_nothing},
    {"/garbage", answer_garbage},
    {"/chunks", answer_chunks},
    {"/many-headers", answer_many_headers},
    {"/interim-first", answer_interim_first},
    {"/throttled", answer_throttled},
    {"/redirect", answer_redirect},
    {"/late", answer_late},
    {"/never", answer_never},
};

/* --- connections ------------------------------------------------------------------------------ */

static size_t
body_length(const char *request)
{
    const char *header = strcasestr(request, "\r\nContent-Length:");

    return header == NULL ? 0 : strtoul(header + strlen("\r\nContent-Length:"), NULL, 10);
}

/* Reads up to the end of one request; false when the client has gone. Clients here wait for answers. */
static bool
read_request(struct exchange *exchange)
{
    exchange->length = 0;
    for (;;) {
        size_t room = sizeof(exchange->request) - 1 - exchange->length;
        ssize_t got = recv(exchange->fd, exchange->request + exchange->length, room, 0);
        const char *end;

        if (got <= 0)
            return false;
        exchange->length += (size_t)got;
        exchange->request[exchange->length] = '\0';
        end = strstr(exchange->request, "\r\n\r\n");
        if (end == NULL)
            continue;
        if (exchange->length >=
            (size_t)(end + 4 - exchange->request) + body_length(exchange->request))
            return true;
    }
}

static bool
answer(struct exchange *exchange)
{
    const char *path = strchr(exchange->request, ' ') + 1;
    size_t length = strcspn(path, " ?");

    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++)
        if (strlen(scripts[i].path) == length && memcmp(scripts[i].path, path, length) == 0)
            return scripts[i].answer(exchange);
    send_text(exchange->fd, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
    return true;
}

static void
serve_connection(int fd, int connection)
{
    static struct exchange exchange;

    exchange.fd = fd;
    exchange.connection = connection;
    while (read_request(&exchange) && answer(&exchange))
        continue;
}

static void
serve(int listener)
{
    signal(SIGCHLD, SIG_IGN);
    for (int connection = 1;; connection++) {
        int fd = accept(listener, NULL, NULL);

        if (fd < 0)
            continue;
        if (fork() == 0) {
            close(listener);
            serve_connection(fd, connection);
            _exit(0);
        }
        close(fd);
    }
}

int
scripted_server_start(struct scripted_server *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        listen(listener, 128) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0)
        return -1;
    server->port = ntohs(address.sin_port);
    server->pid = fork();
    if (server->pid == 0) {
        setpgid(0, 0);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        serve(listener);
    }
    setpgid(server->pid, server->pid); /* both sides set it: whoever comes first */
    close(listener);
    return server->pid < 0 ? -1 : 0;
}

/* The whole group: connections that still wait are processes too. */
void
scripted_server_stop(struct scripted_server *server)
{
    kill(-server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
}
