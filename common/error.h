#ifndef ERROR_H
#define ERROR_H

#include <stddef.h>
#include <stdint.h>

/*
 * What went wrong, as a value that the caller owns: a function that can fail takes a
 * `struct error *ret_error`, fills it and returns -1 or NULL; nobody but the one who decides what
 * happens next logs it. No heap memory, so it can be copied and thrown away.
 */

enum error_class {
    ERROR_NONE = 0,
    ERROR_INPUT,     /* bytes from outside are not what they must be */
    ERROR_CONFIG,    /* the operator's settings are wrong */
    ERROR_LIMIT,     /* a bound of ours was reached */
    ERROR_MEMORY,    /* no memory */
    ERROR_SYSTEM,    /* the operating system refused; ${code} is errno's name */
    ERROR_TRANSPORT, /* no answer: connect, DNS, TLS, time-out, cut */
    ERROR_SERVICE,   /* an answer, but not the one asked for; ${status} and ${code} say which */
    ERROR_KAFKA,     /* the client library or the broker; ${code} is its name for it */
};

enum { ERROR_TEXT_BYTES = 512, ERROR_CODE_BYTES = 64, ERROR_REQUEST_ID_BYTES = 64 };

struct error {
    enum error_class class;
    int status;                              /* HTTP status, 0: none */
    int64_t retry_after_ms;                  /* as told by the service, -1: not told */
    char code[ERROR_CODE_BYTES];             /* the service's own code, "": none */
    char request_id[ERROR_REQUEST_ID_BYTES]; /* the remote request's id, "": none */
    char text[ERROR_TEXT_BYTES];             /* for people; cut, never overrun; printable only */
};

/*
 * Fills ${ret_error} (NULL is allowed) with ${class} and a printf text; status, code, request id
 * are emptied and retry_after_ms set to -1. Always returns -1, so that `return error_set(…)`
 * reads well. The arguments may point into *${ret_error}. What is not printable comes out as '?':
 * control characters, and bytes that are no UTF-8.
 */
int error_set(struct error *ret_error, enum error_class class, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts a printf text and ": " in front of ${error}'s text; the rest stays. Returns -1. */
int error_prefix(struct error *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Copies ${code}, cut to fit and made printable, into ${error}; NULL counts as "". */
void error_set_code(struct error *error, const char *code);

/* The same for the remote request's id, which comes as ${length} bytes out of a header or body. */
void error_set_request_id(struct error *error, const char *bytes, size_t length);

/* "input", "config", … for logs and metrics. */
const char *error_class_name(enum error_class error_class);

#endif
