#ifndef MODEL_MULTIPART_H
#define MODEL_MULTIPART_H

#include <stdbool.h>
#include <stddef.h>

#include "http.h"
#include "text.h"

/*
 * multipart/mixed as OData's batches use it (RFC 2046 5.1 with CRLF line ends): the parts of a
 * body, and the HTTP request inside a part. Pure; a part's bytes are borrowed from the body.
 */

struct multipart {
    const char *at; /* behind the last delimiter */
    const char *end;
    char delimiter[80]; /* "--boundary" */
    bool is_closed;     /* the closing delimiter was seen */
};

struct multipart_part {
    struct text headers; /* lines as in http.h; owned */
    const char *content;
    size_t length;
};

/* A request inside a part. Owns its texts. */
struct multipart_request {
    enum http_method method;
    struct text url;
    struct text headers;
    const char *body;
    size_t body_length;
};

/* Reads "multipart/mixed; boundary=x" and goes to the first part. False: no such thing. */
bool model_multipart_open(struct multipart *multipart, const char *content_type, size_t type_length,
                          const char *body, size_t body_length);

/*
 * The next part into ${ret_part}, to be freed. False: there is none; is_closed tells whether
 * rightly.
 */
bool model_multipart_next(struct multipart *multipart, struct multipart_part *ret_part);
void model_multipart_free_part(struct multipart_part *part);

/* Reads "METHOD url HTTP/1.1", headers and body. False: malformed; free it all the same. */
bool model_multipart_request(const struct multipart_part *part,
                             struct multipart_request *ret_request);
void model_multipart_free_request(struct multipart_request *request);

#endif
