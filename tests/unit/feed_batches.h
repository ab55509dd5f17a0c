#ifndef FEED_BATCHES_H
#define FEED_BATCHES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feed_fixture.h"

/* The half of the feed's fixture that takes batches: notes them in a few letters, and keeps the
 * states that were acknowledged. */

int feed_batches_number(const char *digits, size_t length); /* of a user's or group's id */
const char *feed_batches_token(const char *link); /* at the end of a link; "": there is none */

/* The feed's port. */
bool feed_batches_publish(void *context, const struct feed_batch *batch);

/* Ends the open batch, of which nothing is kept; its serial. */
uint64_t feed_batches_close(struct feed_fixture *fixture);

#endif
