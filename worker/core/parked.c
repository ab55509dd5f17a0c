/* One table: which header goes into which member, and how it is read. */
#include "parked.h"

#include <string.h>

#include "error.h"
#include "timestamp.h"

enum { DIGITS_MOST = 18 };

static bool
is_text(const struct kafka_header *header, const char *text)
{
    return header->value != NULL && header->length == strlen(text) &&
           memcmp(header->value, text, header->length) == 0;
}

bool
parked_is_ours(const struct kafka_header *header)
{
    return strncmp(header->name, PARKED_PREFIX, strlen(PARKED_PREFIX)) == 0;
}

/* --- values -------------------------------------------------------------------------------------- */

static bool
read_count(const struct kafka_header *header, int64_t *ret_count)
{
    int64_t count = 0;

    if (header->value == NULL || header->length == 0 || header->length > DIGITS_MOST)
        return false;
    for (size_t i = 0; i < header->length; i++) {
        if (header->value[i] < '0' || header->value[i] > '9')
            return false;
        count = count * 10 + (header->value[i] - '0');
    }
    *ret_count = count;
    return true;
}

/* Milliseconds, or -1 where the record had none. */
static bool
read_stamp(const struct kafka_header *header, int64_t *ret_ms)
{
    if (!is_text(header, "-1"))
        return read_count(header, ret_ms);
    *ret_ms = -1;
    return true;
}

static bool
read_time(const struct kafka_header *header, int64_t *ret_ms)
{
    return header->value != NULL && timestamp_parse(header->value, header->length, ret_ms);
}

/* --- members ------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    bool (*read)(const struct kafka_header *header, int64_t *ret_number);
    size_t member;
} numbers[] = {
    {"dvsync-origin-timestamp", read_stamp, offsetof(struct parked, origin_ms)},
    {"dvsync-parkings", read_count, offsetof(struct parked, parkings)},
    {"dvsync-attempts", read_count, offsetof(struct parked, attempts)},
    {"dvsync-first-failure", read_time, offsetof(struct parked, first_failure_ms)},
};

static int
read_number(const struct kafka_header *header, struct parked *parked, struct error *ret_error)
{
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        int64_t number;

        if (strcmp(header->name, numbers[i].name) != 0)
            continue;
        if (!numbers[i].read(header, &number))
            return error_set(ret_error, ERROR_INPUT,
                             "header %s: nothing that a kept record has there", header->name);
        memcpy((char *)parked + numbers[i].member, &number, sizeof(number));
    }
    return 0;
}

/* 1 where the record was kept in a format that is known, 0 where it was never kept; -1 in any other. */
static int
find_format(const struct kafka_header *headers, size_t count, struct error *ret_error)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(headers[i].name, PARKED_FORMAT) != 0)
            continue;
        if (is_text(&headers[i], PARKED_VERSION))
            return 1;
        return error_set(ret_error, ERROR_INPUT,
                         "header " PARKED_FORMAT ": only version " PARKED_VERSION " is known");
    }
    return 0;
}

int
parked_read(const struct kafka_header *headers, size_t count, struct parked *ret_parked,
            struct error *ret_error)
{
    int is_kept = find_format(headers, count, ret_error);
    struct parked parked = {.is_kept = is_kept > 0, .origin_ms = -1};

    for (size_t i = 0; is_kept > 0 && i < count; i++) {
        if (strcmp(headers[i].name, "dvsync-environment") == 0) {
            parked.environment = headers[i].value;
            parked.environment_length = headers[i].length;
        } else if (read_number(&headers[i], &parked, ret_error) == -1) {
            return -1;
        }
    }
    if (is_kept != -1)
        *ret_parked = parked;
    return is_kept == -1 ? -1 : 0;
}
