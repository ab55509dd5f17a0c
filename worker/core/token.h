#ifndef TOKEN_H
#define TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "call.h"
#include "timer.h"

/*
 * One access token, for one identity and scope: fetched by the first who needs it, once for all who wait (single flight),
 * fetched anew at 80 % of its life while the old one is still handed out, dropped on the first 401 to it.
 *
 * A lane asks token_get; when it answers NULL the token's listener is told once that changes.
 */

struct core;
struct token;

/* ${error} NULL: there is a token now. Else nobody with this identity will succeed for now (VERDICT_MISCONFIGURED). */
typedef void token_fn(void *arg, const char *reason, const struct error *error);

struct token *token_create(struct core *core, const struct identity *identity, const char *scope,
                           token_fn *listener, void *arg);
void token_destroy(struct token *token); /* cancels a request in flight; NULL is allowed */

/* The token to send, borrowed until the next call of this module, with its serial number in *${ret_serial}; NULL: not
 * yet, and one is on its way (or waits for its time after a failure). */
const char *token_get(struct token *token, uint64_t *ret_serial);

/* A service refused token ${serial}: drops it, if it is still that one. */
void token_refused(struct token *token, uint64_t serial);

/* Why it is refused (VERDICT_MISCONFIGURED), NULL: it is not, as far as known; since when, monotonic. */
const char *token_fault(const struct token *token, int64_t *ret_since_ms);

const char *token_scope(const struct token *token);
const struct identity *token_identity(const struct token *token);

#endif
