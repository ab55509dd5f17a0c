#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>

/*
 * A growing run of bytes, always NUL-terminated once something was added.
 *
 * When memory runs out it remembers so (${failed}) and later additions do nothing: build the
 * whole, then ask once. `struct text t = TEXT_EMPTY;` needs no call; text_free ends it. What is
 * added must not lie in the text itself.
 */

struct text {
    char *data; /* NULL while empty and never grown */
    size_t length;
    size_t capacity;
    bool failed;
};

#define TEXT_EMPTY        \
    {                     \
        NULL, 0, 0, false \
    }

void text_free(struct text *text);  /* back to TEXT_EMPTY */
void text_clear(struct text *text); /* keeps the memory and forgets a failure */

/* Makes sure that ${more} further bytes fit without growing again. */
void text_reserve(struct text *text, size_t more);

void text_add(struct text *text, const char *string);
void text_add_bytes(struct text *text, const void *bytes, size_t length);
void text_add_char(struct text *text, char c);
void text_addf(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Percent-encodes all but RFC 3986's unreserved characters. */
void text_add_url(struct text *text, const char *bytes, size_t length);

/* A JSON string with its quotes; bytes must be UTF-8 (all but " \ and controls are kept as they are). */
void text_add_json(struct text *text, const char *bytes, size_t length);

/* Base64, and base64url without padding (RFC 4648 4 and 5). */
void text_add_base64(struct text *text, const void *bytes, size_t length);
void text_add_base64url(struct text *text, const void *bytes, size_t length);

/*
 * Gives the bytes away (free() them; "" when nothing was added) and leaves ${text} empty; NULL when
 * it failed. ${ret_length} may be NULL.
 */
char *text_take(struct text *text, size_t *ret_length);

#endif
