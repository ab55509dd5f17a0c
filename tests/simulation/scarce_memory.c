/*
 * See scarce_memory.h. The C library, and the sanitizer in its place, let a program have its own
 * malloc and offer the real one under another name.
 */
#include "scarce_memory.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static bool has_failed;
static size_t left;    /* allocations before the first that fails */
static size_t failing; /* how many fail then; 0: not armed */
static unsigned pauses;
static size_t live;

void
scarce_memory_fail_often(size_t count, size_t times)
{
    left = count;
    failing = times;
    has_failed = false;
}

void
scarce_memory_fail_after(size_t count)
{
    scarce_memory_fail_often(count, 1);
}

bool
scarce_memory_has_failed(void)
{
    failing = 0;
    return has_failed;
}

void
scarce_memory_pause(void)
{
    pauses++;
}

void
scarce_memory_resume(void)
{
    pauses--;
}

size_t
scarce_memory_live(void)
{
    return live;
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define REAL(name) __interceptor_##name
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define REAL(name) __interceptor_##name
#endif
#ifndef REAL
#define REAL(name) __libc_##name
#endif

/* NOLINTBEGIN(bugprone-reserved-identifier,readability-inconsistent-declaration-parameter-name) */
extern void *REAL(malloc)(size_t size);
extern void *REAL(calloc)(size_t count, size_t size);
extern void *REAL(realloc)(void *memory, size_t size);
extern void REAL(free)(void *memory);
/* NOLINTEND(bugprone-reserved-identifier,readability-inconsistent-declaration-parameter-name) */

static bool
fails(void)
{
    if (failing == 0 || pauses > 0)
        return false;
    if (left > 0) {
        left--;
        return false;
    }
    failing--;
    has_failed = true;
    errno = ENOMEM;
    return true;
}

static void *
counted(void *memory)
{
    live += memory != NULL;
    return memory;
}

void *
malloc(size_t size)
{
    return fails() ? NULL : counted(REAL(malloc)(size));
}

void *
calloc(size_t count, size_t size)
{
    return fails() ? NULL : counted(REAL(calloc)(count, size));
}

void *
realloc(void *memory, size_t size)
{
    if (memory == NULL)
        return malloc(size);
    return fails() ? NULL : REAL(realloc)(memory, size);
}

void
free(void *memory)
{
    live -= memory != NULL;
    REAL(free)(memory);
}

/* The sanitizer has its own of these, which would not come by here. */

void *
reallocarray(void *memory, size_t count, size_t size)
{
    if (size > 0 && count > SIZE_MAX / size) {
        errno = ENOMEM;
        return NULL;
    }
    return realloc(memory, count * size);
}

char *
strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = malloc(size);

    return copy == NULL ? NULL : memcpy(copy, text, size);
}
