/*
 * A scanner for libconfig's tokens that tells only strings, comments, names and numbers apart.
 *
 * libconfig 1.5 keeps the low 32 bits of `5000000000` and says nothing, and the value is all that
 * can be asked of it afterwards. So the digits are looked at here. Newer versions would read such
 * a number rightly; the suffix L is asked for all the same, so that a file means one thing.
 */
#include "config_scan.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "utf8.h"

enum { MAX_NUMBER_BYTES = 64 };

struct scanner {
    const char *at;
    const char *end;
    const char *path;
    int line;
};

static int
fault(const struct scanner *scanner, struct error *ret_error, const char *text)
{
    return error_set(ret_error, ERROR_CONFIG, "%s:%d: %s", scanner->path, scanner->line, text);
}

static void
advance(struct scanner *scanner, size_t count)
{
    for (size_t i = 0; i < count && scanner->at < scanner->end; i++, scanner->at++)
        if (*scanner->at == '\n')
            scanner->line++;
}

static bool
starts_with(const struct scanner *scanner, const char *prefix)
{
    size_t length = strlen(prefix);

    return (size_t)(scanner->end - scanner->at) >= length &&
           memcmp(scanner->at, prefix, length) == 0;
}

/* Goes behind the next ${mark}, or to the end; a backslash takes the mark its meaning. */
static void
skip_behind(struct scanner *scanner, const char *mark, bool has_escapes)
{
    while (scanner->at < scanner->end && !starts_with(scanner, mark))
        advance(scanner, has_escapes && *scanner->at == '\\' ? 2 : 1);
    advance(scanner, strlen(mark));
}

static bool
is_name_byte(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '*';
}

static bool
is_number_byte(char c)
{
    return isalnum((unsigned char)c) || c == '.' || c == '+' || c == '-';
}

static size_t
run_length(const struct scanner *scanner, bool (*belongs)(char c))
{
    const char *at = scanner->at;

    while (at < scanner->end && belongs(*at))
        at++;
    return (size_t)(at - scanner->at);
}

/* True for what is no integer (libconfig judges that) and for integers that keep their value. */
static bool
keeps_its_value(const char *number)
{
    bool is_hex = strncasecmp(number, "0x", 2) == 0;
    char *end;
    long long value;

    errno = 0;
    value = strtoll(number, &end, is_hex ? 16 : 10);
    if (*end == 'L')
        return errno == 0;
    if (*end != '\0')
        return true;
    return errno == 0 && value >= INT32_MIN && value <= INT32_MAX;
}

static int
scan_number(struct scanner *scanner, struct error *ret_error)
{
    size_t length = run_length(scanner, is_number_byte);
    char number[MAX_NUMBER_BYTES];

    if (length >= sizeof(number))
        return fault(scanner, ret_error, "a number of too many digits");
    memcpy(number, scanner->at, length);
    number[length] = '\0';
    if (!keeps_its_value(number))
        return error_set(ret_error, ERROR_CONFIG,
                         "%s:%d: the integer %s is too large: beyond 32 bits it needs the suffix "
                         "L, as in 5000000000L, and 64 bits are the most",
                         scanner->path, scanner->line, number);
    advance(scanner, length);
    return 0;
}

static bool
begins_number(const struct scanner *scanner)
{
    const char *at = scanner->at;

    if ((*at == '-' || *at == '+') && at + 1 < scanner->end)
        at++;
    return isdigit((unsigned char)*at);
}

static int
scan_token(struct scanner *scanner, struct error *ret_error)
{
    if (starts_with(scanner, "@"))
        return fault(scanner, ret_error, "@include is not supported: all settings are in one file");
    if (begins_number(scanner))
        return scan_number(scanner, ret_error);
    if (starts_with(scanner, "#") || starts_with(scanner, "//"))
        skip_behind(scanner, "\n", false);
    else if (starts_with(scanner, "/*"))
        skip_behind(scanner, "*/", false);
    else if (starts_with(scanner, "\"")) {
        advance(scanner, 1);
        skip_behind(scanner, "\"", true);
    } else {
        size_t name = run_length(scanner, is_name_byte);

        advance(scanner, name > 0 ? name : 1);
    }
    return 0;
}

static int
check_bytes(struct scanner scanner, struct error *ret_error)
{
    while (scanner.at < scanner.end) {
        size_t sequence = utf8_sequence(scanner.at, (size_t)(scanner.end - scanner.at));

        if (sequence == 0 || *scanner.at == '\0')
            return fault(&scanner, ret_error, "bytes that are no text in UTF-8");
        advance(&scanner, sequence);
    }
    return 0;
}

int
config_scan(const char *bytes, size_t length, const char *path, struct error *ret_error)
{
    struct scanner scanner = {.at = bytes, .end = bytes + length, .path = path, .line = 1};

    if (check_bytes(scanner, ret_error) != 0)
        return -1;
    while (scanner.at < scanner.end)
        if (scan_token(&scanner, ret_error) != 0)
            return -1;
    return 0;
}
