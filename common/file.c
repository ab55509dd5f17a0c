/*
 * Reads until the end that read(2) reports: a size asked for beforehand is wrong for pipes, for
 * /proc, and for a file that is being replaced.
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "error.h"

enum { PIECE_BYTES = 4096, MAX_SECRET_BYTES = 64 * 1024 };

static int
system_fault(const char *path, struct error *ret_error)
{
    int number = errno;

    error_set(ret_error, ERROR_SYSTEM, "%s: %s", path, strerror(number));
    if (ret_error != NULL)
        error_set_code(ret_error, strerrorname_np(number));
    return -1;
}

static ssize_t
read_piece(int fd, char piece[PIECE_BYTES])
{
    ssize_t got;

    do
        got = read(fd, piece, PIECE_BYTES);
    while (got < 0 && errno == EINTR);
    return got;
}

static int
read_all(int fd, const char *path, size_t max_bytes, struct text *text, struct error *ret_error)
{
    char piece[PIECE_BYTES];
    size_t total = 0;
    ssize_t got;

    while ((got = read_piece(fd, piece)) > 0) {
        total += (size_t)got;
        if (total > max_bytes)
            return error_set(ret_error, ERROR_LIMIT, "%s: larger than %zu bytes", path, max_bytes);
        text_add_bytes(text, piece, (size_t)got);
    }
    explicit_bzero(piece, sizeof(piece));
    if (got < 0)
        return system_fault(path, ret_error);
    if (text->failed)
        return error_set(ret_error, ERROR_MEMORY, "%s: no memory to read it", path);
    return 0;
}

int
file_read(const char *path, size_t max_bytes, struct text *text, struct error *ret_error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int result;

    if (fd < 0)
        return system_fault(path, ret_error);
    result = read_all(fd, path, max_bytes, text, ret_error);
    close(fd);
    return result;
}

static void
cut_line_end(struct text *text, size_t start)
{
    size_t length = text->length;

    if (length > start && text->data[length - 1] == '\n') {
        length--;
        if (length > start && text->data[length - 1] == '\r')
            length--;
    }
    text->length = length;
    text->data[length] = '\0';
}

int
file_read_secret(const char *path, struct text *text, struct error *ret_error)
{
    size_t start = text->length;

    if (file_read(path, MAX_SECRET_BYTES, text, ret_error) != 0)
        return -1;
    if (text->length == start)
        return 0;
    if (memchr(text->data + start, '\0', text->length - start) != NULL)
        return error_set(ret_error, ERROR_INPUT, "%s: a NUL byte in it", path);
    cut_line_end(text, start);
    return 0;
}
