/*
 * Our own socket, since libmicrohttpd's would fail without a reason: "address already in use" is
 * what an operator needs to read.
 */
#include "admin_listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "error.h"

enum { BACKLOG = 64, MAX_HOST_BYTES = 64 };

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static bool
parse_port(const char *text, in_port_t *ret_port)
{
    size_t length = strspn(text, "0123456789");
    long port;

    if (length == 0 || length > 5 || text[length] != '\0')
        return false;
    port = strtol(text, NULL, 10);
    if (port > UINT16_MAX)
        return false;
    *ret_port = htons((uint16_t)port);
    return true;
}

/* Fills ${ret} from ${host}, "127.0.0.1" or "[::1]". */
static bool
parse_host(const char *host, in_port_t port, union address *ret, socklen_t *ret_size)
{
    size_t length = strlen(host);
    char inner[MAX_HOST_BYTES];

    memset(ret, 0, sizeof(*ret));
    if (host[0] != '[') {
        ret->v4.sin_family = AF_INET;
        ret->v4.sin_port = port;
        *ret_size = sizeof(ret->v4);
        return inet_pton(AF_INET, host, &ret->v4.sin_addr) == 1;
    }
    if (host[length - 1] != ']')
        return false;
    memcpy(inner, host + 1, length - 2);
    inner[length - 2] = '\0';
    ret->v6.sin6_family = AF_INET6;
    ret->v6.sin6_port = port;
    *ret_size = sizeof(ret->v6);
    return inet_pton(AF_INET6, inner, &ret->v6.sin6_addr) == 1;
}

static bool
parse_address(const char *text, union address *ret, socklen_t *ret_size)
{
    const char *colon = strrchr(text, ':');
    char host[MAX_HOST_BYTES];
    in_port_t port;

    if (colon == NULL || colon - text < 2 || colon - text >= MAX_HOST_BYTES)
        return false;
    memcpy(host, text, (size_t)(colon - text));
    host[colon - text] = '\0';
    return parse_port(colon + 1, &port) && parse_host(host, port, ret, ret_size);
}

static int
open_socket(const union address *address, socklen_t size)
{
    int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1;
    int off = 0;
    int number;

    if (fd < 0)
        return -1;
    /* a restart must not wait for the last one's connections to be forgotten */
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (address->any.sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    if (bind(fd, &address->any, size) == 0 && listen(fd, BACKLOG) == 0)
        return fd;
    number = errno;
    close(fd);
    errno = number;
    return -1;
}

int
admin_listen(const char *address, struct error *ret_error)
{
    union address parsed;
    socklen_t size;
    int number;
    int fd;

    if (!parse_address(address, &parsed, &size))
        return error_set(ret_error, ERROR_CONFIG,
                         "found \"%.80s\", accepted is a numeric address with its port, such as "
                         "127.0.0.1:8080 or [::]:8080",
                         address);
    fd = open_socket(&parsed, size);
    if (fd >= 0)
        return fd;
    number = errno;
    error_set(ret_error, ERROR_SYSTEM, "cannot listen on %s: %s", address, strerror(number));
    if (ret_error != NULL)
        error_set_code(ret_error, strerrorname_np(number));
    return -1;
}

int
admin_listen_port(int fd)
{
    union address bound;
    socklen_t size = sizeof(bound);

    memset(&bound, 0, sizeof(bound));
    if (getsockname(fd, &bound.any, &size) != 0)
        return 0;
    return ntohs(bound.any.sa_family == AF_INET6 ? bound.v6.sin6_port : bound.v4.sin_port);
}
