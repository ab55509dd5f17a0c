#ifndef SCARCE_MEMORY_H
#define SCARCE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Memory that runs out when a test wants it: takes the place of malloc and its kin in programs that
 * use it, sanitized ones included. Only one thread may allocate while it is armed.
 */

/* The allocation after the next ${count} fails, once. */
void scarce_memory_fail_after(size_t count);

/* Likewise, and so do those that follow it, ${times} (>= 1) in all. */
void scarce_memory_fail_often(size_t count, size_t times);

/* True when any has failed; none does any more. */
bool scarce_memory_has_failed(void);

/*
 * Allocations of the world around what is tested: between the two none fails and none is counted
 * towards the failing one. They nest.
 */
void scarce_memory_pause(void);
void scarce_memory_resume(void);

/* Allocations that live. */
size_t scarce_memory_live(void);

#endif
