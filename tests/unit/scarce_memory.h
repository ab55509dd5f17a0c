#ifndef SCARCE_MEMORY_H
#define SCARCE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Memory that runs out when a test wants it: takes the place of malloc and its kin in programs that
 * use it. With sanitizers, which have their own, nothing ever fails and nothing is counted.
 */

/* The allocation after the next ${count} fails, once. */
void scarce_memory_fail_after(size_t count);

/* True when it has failed; it does not any more. */
bool scarce_memory_has_failed(void);

/* Allocations that live. */
size_t scarce_memory_live(void);

/* False: allocations cannot be made to fail in this build. */
bool scarce_memory_works(void);

#endif
