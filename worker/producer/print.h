#ifndef PRINT_H
#define PRINT_H

struct feed_batch;

/*
 * --dry-run: prints the events of ${batch} on standard output, a line of JSON each, which names the
 * topic of ${topics} (by enum feed_topic), key, headers and value. States are left out.
 */
void print_batch(const struct feed_batch *batch, char *const *topics);

#endif
