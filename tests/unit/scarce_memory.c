/* See scarce_memory.h. The C library lets a program have its own malloc and offers the real one. */
#include "scarce_memory.h"

#include <errno.h>
#include <stdlib.h>

static bool is_armed;
static bool has_failed;
static size_t left;
static size_t live;

void
scarce_memory_fail_after(size_t count)
{
    left = count;
    has_failed = false;
    is_armed = true;
}

bool
scarce_memory_has_failed(void)
{
    is_armed = false;
    return has_failed;
}

size_t
scarce_memory_live(void)
{
    return live;
}

#if defined(__SANITIZE_ADDRESS__) || defined(__clang__)

bool
scarce_memory_works(void)
{
    return false;
}

#else

bool
scarce_memory_works(void)
{
    return true;
}

/* NOLINTBEGIN(bugprone-reserved-identifier,readability-inconsistent-declaration-parameter-name) */
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void __libc_free(void *memory);
/* NOLINTEND(bugprone-reserved-identifier,readability-inconsistent-declaration-parameter-name) */

static bool
fails(void)
{
    if (!is_armed || left-- > 0)
        return false;
    is_armed = false;
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
    return fails() ? NULL : counted(__libc_malloc(size));
}

void *
calloc(size_t count, size_t size)
{
    return fails() ? NULL : counted(__libc_calloc(count, size));
}

void *
realloc(void *memory, size_t size)
{
    if (memory == NULL)
        return malloc(size);
    return fails() ? NULL : __libc_realloc(memory, size);
}

void
free(void *memory)
{
    live -= memory != NULL;
    __libc_free(memory);
}

#endif
