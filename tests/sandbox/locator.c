/* One copy of the text, cut and decoded where it stands. */
#include "locator.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"

static int
hex_value(char c)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    const char *digit = c == '\0' ? NULL : strchr(digits, c);

    if (digit == NULL)
        return -1;
    return (int)(digit - digits) < 16 ? (int)(digit - digits) : (int)(digit - digits) - 6;
}

/* Decodes %XX in place; false: a bad escape, or a NUL. */
static bool
decode(char *text)
{
    char *to = text;

    for (const char *from = text; *from != '\0'; from++) {
        int high = *from == '%' ? hex_value(from[1]) : -1;
        int low = high < 0 ? -1 : hex_value(from[2]);

        if (*from == '%' && (low < 0 || high * 16 + low == 0))
            return false;
        if (*from == '%') {
            *to++ = (char)(high * 16 + low);
            from += 2;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
    return true;
}

static int
parse_path(char *path, struct locator *locator, struct error *ret_error)
{
    char *rest = path;
    char *segment;

    while ((segment = strsep(&rest, "/")) != NULL) {
        if (*segment == '\0')
            continue;
        if (locator->segment_count == LOCATOR_SEGMENTS)
            return error_set(ret_error, ERROR_INPUT, "there is no such path");
        if (!decode(segment))
            return error_set(ret_error, ERROR_INPUT, "a bad escape in the path");
        locator->segments[locator->segment_count++] = segment;
    }
    return 0;
}

static int
parse_query(char *query, struct locator *locator, struct error *ret_error)
{
    char *option;

    while ((option = strsep(&query, "&")) != NULL) {
        char *value = option;
        char *name = strsep(&value, "=");

        if (*name == '\0')
            continue;
        if (locator->option_count == LOCATOR_OPTIONS)
            return error_set(ret_error, ERROR_INPUT, "too many options");
        if (!decode(name) || (value != NULL && !decode(value)))
            return error_set(ret_error, ERROR_INPUT, "a bad escape in the query");
        locator->options[locator->option_count++] =
            (struct locator_option){name, value == NULL ? "" : value};
    }
    return 0;
}

int
locator_parse(const char *text, struct locator *ret_locator, struct error *ret_error)
{
    char *query;
    char *path;

    *ret_locator = (struct locator){0};
    query = ret_locator->bytes = strdup(text);
    if (query == NULL)
        return error_set(ret_error, ERROR_MEMORY, "no memory for a target");
    path = strsep(&query, "?");
    if (parse_path(path, ret_locator, ret_error) != 0)
        return -1;
    return parse_query(query, ret_locator, ret_error);
}

void
locator_free(struct locator *locator)
{
    free(locator->bytes);
    *locator = (struct locator){0};
}

const char *
locator_option(const struct locator *locator, const char *name)
{
    for (size_t i = 0; i < locator->option_count; i++) {
        if (strcmp(locator->options[i].name, name) == 0)
            return locator->options[i].value;
    }
    return NULL;
}

int
locator_number(const struct locator *locator, const char *name, int64_t fallback,
               int64_t *ret_number, struct error *ret_error)
{
    const char *text = locator_option(locator, name);
    char *end;
    long long number;

    if (text == NULL) {
        *ret_number = fallback;
        return 0;
    }
    errno = 0;
    number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < 0)
        return error_set(ret_error, ERROR_INPUT, "\"%s\" must be a whole number; found: \"%s\"",
                         name, text);
    *ret_number = number;
    return 0;
}

int
locator_only(const struct locator *locator, const char *const *names, struct error *ret_error)
{
    for (size_t i = 0; i < locator->option_count; i++) {
        const char *const *name = names;

        while (*name != NULL && strcmp(*name, locator->options[i].name) != 0)
            name++;
        if (*name == NULL)
            return error_set(ret_error, ERROR_INPUT, "there is no option \"%s\" here",
                             locator->options[i].name);
    }
    return 0;
}
