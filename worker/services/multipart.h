#ifndef MULTIPART_H
#define MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

#include "http.h"

/*
 * Takes multipart/mixed apart (RFC 2046 5.1) without copying: an OData batch's answer is such a
 * body, a change set's answer another within it, and their leaves are HTTP messages
 * (application/http). Lines end in CRLF or LF. Pure; everything points into the caller's bytes.
 */

struct bytes {
    const char *at;
    size_t length;
};

struct multipart {
    struct bytes boundary; /* without the two hyphens */
    struct bytes rest;     /* what is still to be read */
    bool is_open;          /* a delimiter was seen, its part not yet read */
};

struct part {
    struct bytes headers; /* lines, without the empty one */
    struct bytes body;
};

/*
 * Begins with ${body}, whose media type ${content_type} names the boundary, in quotes or not.
 * False: it is no multipart/mixed with a boundary.
 */
bool multipart_begin(struct multipart *multipart, struct bytes content_type, struct bytes body)
    __attribute__((warn_unused_result));

enum multipart_step { MULTIPART_PART, MULTIPART_END, MULTIPART_CUT };

/* The next part; END after the closing delimiter; CUT when the body ends without one. */
enum multipart_step multipart_next(struct multipart *multipart, struct part *ret_part);

/* A part's Content-Type; length 0: none. */
struct bytes multipart_type(const struct part *part);

/* True when ${type} begins with ${media_type}, in any case. */
bool multipart_is(struct bytes type, const char *media_type);

/*
 * Reads the HTTP message in an application/http part: status, headers and body, copied; end it
 * with http_response_free in either case. False: it is none.
 */
bool multipart_http(const struct part *part, struct http_response *ret_response)
    __attribute__((warn_unused_result));

#endif
