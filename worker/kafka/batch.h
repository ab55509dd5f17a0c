#ifndef BATCH_H
#define BATCH_H

#include "feed.h"

/* A copy of a feed's batch in one block of memory, for the thread that publishes it. */
struct batch {
    struct feed_batch feed;
};

struct batch *batch_copy(const struct feed_batch *from); /* NULL: no memory */
void batch_free(struct batch *batch);                    /* NULL is allowed */

#endif
