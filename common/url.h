#ifndef URL_H
#define URL_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Takes an absolute http or https URL apart, for deciding where it leads. Stricter than RFC 3986, so that
 * no client can read it another way: no user, no percent-encoded or international host, no backslash,
 * blank or control character anywhere. Pure; the parts are borrowed from the text.
 */

struct url {
    bool is_https;
    const char *host; /* with its brackets, when it is an IPv6 address */
    size_t host_length;
    int port;         /* the scheme's, when the text gives none */
    const char *rest; /* path, query and fragment; "" when there is none */
};

/* False, with *${ret_url} untouched, for anything else. */
bool url_parse(const char *text, struct url *ret_url) __attribute__((warn_unused_result));

/* True when both have the same scheme, host (in any case) and port. */
bool url_same_origin(const struct url *a, const struct url *b);

/*
 * True when ${text} has ${base}'s origin, and a path that is ${base}'s or lies below it, for certain:
 * no percent-encoding and no dot segments in it, and no fragment. ${base} ends without a slash; what
 * may stand behind its path is the end, '/', '?' or '(', as OData calls functions. Paths are compared
 * in any case. False when in doubt.
 */
bool url_is_below(const char *text, const char *base);

/* True for 127.0.0.0/8 in four decimal parts, [::1] and localhost. */
bool url_is_loopback(const struct url *url);

#endif
