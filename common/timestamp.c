/*
 * Two readers over one cursor, and a printer. Days are counted by arithmetic of our own: the C library's
 * depends on locale or time zone data, takes impossible dates for later ones, and an event is read in
 * less time than timegm takes.
 */
#include "timestamp.h"

#include <string.h>

static const int64_t MS_PER_SECOND = 1000;
static const int64_t SECONDS_PER_DAY = 86400;
static const int64_t MS_PER_DAY = 86400000;

static const int64_t FIRST_MS = INT64_C(-62167219200000); /* 0000-01-01T00:00:00Z */
static const int64_t LAST_MS = INT64_C(253402300799999);  /* 9999-12-31T23:59:59.999Z */

struct cursor {
    const char *at;
    const char *end;
};

struct date_time {
    int year;
    int month; /* from 1 */
    int day;   /* from 1 */
    int hour;
    int minute;
    int second; /* 60: a leap second */
    int millisecond;
    int offset_minutes; /* east of Greenwich */
};

/* --- days ----------------------------------------------------------------------------------------- */

static bool
is_leap_year(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int
days_in_month(int year, int month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return month == 2 && is_leap_year(year) ? 29 : days[month - 1];
}

/*
 * Days from 1970-01-01. Years are counted from March, so that the leap day is the last of its year, and
 * from 400 before, so that nothing is negative.
 */
static int64_t
days_from_date(int year, int month, int day)
{
    int64_t y = year + 400 - (month < 3);
    int64_t month_from_march = (month + 9) % 12;
    int64_t days_before = y * 365 + y / 4 - y / 100 + y / 400;

    return days_before + (153 * month_from_march + 2) / 5 + day - 1 - (719468 + 146097);
}

/* The reverse, for days in the years 0 to 9999. */
static void
date_from_days(int64_t days, struct date_time *date)
{
    int64_t day = days + 719468; /* from 0000-03-01 */
    int64_t era = (day + 146097) / 146097 - 1;
    int64_t day_of_era = day - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;

    date->day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    date->month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    date->year = (int)(year_of_era + era * 400 + (date->month < 3));
}

/* A second 60 is read only where leap seconds are inserted, at the end of a day in UTC. */
static bool
to_ms(const struct date_time *date, int64_t *ret_ms)
{
    int64_t minutes, seconds;

    if (date->month < 1 || date->month > 12 || date->day < 1 ||
        date->day > days_in_month(date->year, date->month))
        return false;
    if (date->hour > 23 || date->minute > 59 || date->second > 60)
        return false;
    minutes = date->hour * 60 + date->minute - date->offset_minutes;
    seconds = days_from_date(date->year, date->month, date->day) * SECONDS_PER_DAY + minutes * 60 +
              date->second;
    if (date->second == 60 && seconds % SECONDS_PER_DAY != 0)
        return false;
    *ret_ms = seconds * MS_PER_SECOND + date->millisecond;
    return true;
}

/* --- reading -------------------------------------------------------------------------------------- */

static bool
is_digit_at(const struct cursor *cursor)
{
    return cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9';
}

/* Exactly ${count} digits. */
static bool
read_digits(struct cursor *cursor, int count, int *ret_number)
{
    int number = 0;

    for (int i = 0; i < count; i++) {
        if (!is_digit_at(cursor))
            return false;
        number = number * 10 + (*cursor->at++ - '0');
    }
    *ret_number = number;
    return true;
}

static bool
read_text(struct cursor *cursor, const char *expected)
{
    size_t length = strlen(expected);

    if ((size_t)(cursor->end - cursor->at) < length || memcmp(cursor->at, expected, length) != 0)
        return false;
    cursor->at += length;
    return true;
}

/* One of two letters. */
static bool
read_letter(struct cursor *cursor, char upper, char lower)
{
    if (cursor->at == cursor->end || (*cursor->at != upper && *cursor->at != lower))
        return false;
    cursor->at++;
    return true;
}

/* hh:mm:ss */
static bool
read_time_of_day(struct cursor *cursor, struct date_time *date)
{
    return read_digits(cursor, 2, &date->hour) && read_text(cursor, ":") &&
           read_digits(cursor, 2, &date->minute) && read_text(cursor, ":") &&
           read_digits(cursor, 2, &date->second);
}

/* Nothing, or a point and digits. */
static bool
read_fraction(struct cursor *cursor, struct date_time *date)
{
    int worth = 100;

    if (!read_text(cursor, "."))
        return true;
    if (!is_digit_at(cursor))
        return false;
    for (; is_digit_at(cursor); cursor->at++) {
        date->millisecond += worth * (*cursor->at - '0');
        worth /= 10;
    }
    return true;
}

/* Z, or ±hh:mm. */
static bool
read_zone(struct cursor *cursor, struct date_time *date)
{
    bool is_west;
    int hours, minutes;

    if (read_letter(cursor, 'Z', 'z'))
        return true;
    is_west = read_text(cursor, "-");
    if (!is_west && !read_text(cursor, "+"))
        return false;
    if (!read_digits(cursor, 2, &hours) || !read_text(cursor, ":") ||
        !read_digits(cursor, 2, &minutes) || hours > 23 || minutes > 59)
        return false;
    date->offset_minutes = (is_west ? -1 : 1) * (hours * 60 + minutes);
    return true;
}

bool
timestamp_parse(const char *text, size_t length, int64_t *ret_ms)
{
    struct cursor cursor = {text, text + length};
    struct date_time date = {0};

    if (!read_digits(&cursor, 4, &date.year) || !read_text(&cursor, "-") ||
        !read_digits(&cursor, 2, &date.month) || !read_text(&cursor, "-") ||
        !read_digits(&cursor, 2, &date.day) || !read_letter(&cursor, 'T', 't'))
        return false;
    if (!read_time_of_day(&cursor, &date) || !read_fraction(&cursor, &date) ||
        !read_zone(&cursor, &date) || cursor.at != cursor.end)
        return false;
    return to_ms(&date, ret_ms);
}

/* One of ${count} names; its number, from 1. */
static bool
read_name(struct cursor *cursor, const char *const *names, int count, int *ret_number)
{
    for (int i = 0; i < count; i++) {
        if (read_text(cursor, names[i])) {
            *ret_number = i + 1;
            return true;
        }
    }
    return false;
}

static bool
read_month(struct cursor *cursor, struct date_time *date)
{
    static const char *const names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

    return read_name(cursor, names, 12, &date->month);
}

static bool
read_short_day_name(struct cursor *cursor)
{
    static const char *const names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    int ignored;

    return read_name(cursor, names, 7, &ignored);
}

static bool
read_long_day_name(struct cursor *cursor)
{
    static const char *const names[] = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                        "Friday", "Saturday", "Sunday"};
    int ignored;

    return read_name(cursor, names, 7, &ignored);
}

/* Sun, 06 Nov 1994 08:49:37 GMT */
static bool
read_fixed_date(struct cursor cursor, struct date_time *date)
{
    return read_short_day_name(&cursor) && read_text(&cursor, ", ") &&
           read_digits(&cursor, 2, &date->day) && read_text(&cursor, " ") &&
           read_month(&cursor, date) && read_text(&cursor, " ") &&
           read_digits(&cursor, 4, &date->year) && read_text(&cursor, " ") &&
           read_time_of_day(&cursor, date) && read_text(&cursor, " GMT") && cursor.at == cursor.end;
}

/* Sunday, 06-Nov-94 08:49:37 GMT */
static bool
read_rfc850_date(struct cursor cursor, struct date_time *date)
{
    bool is_read = read_long_day_name(&cursor) && read_text(&cursor, ", ") &&
                   read_digits(&cursor, 2, &date->day) && read_text(&cursor, "-") &&
                   read_month(&cursor, date) && read_text(&cursor, "-") &&
                   read_digits(&cursor, 2, &date->year) && read_text(&cursor, " ") &&
                   read_time_of_day(&cursor, date) && read_text(&cursor, " GMT") &&
                   cursor.at == cursor.end;

    date->year += date->year < 70 ? 2000 : 1900;
    return is_read;
}

/* Sun Nov  6 08:49:37 1994 */
static bool
read_asctime_date(struct cursor cursor, struct date_time *date)
{
    if (!read_short_day_name(&cursor) || !read_text(&cursor, " ") || !read_month(&cursor, date) ||
        !read_text(&cursor, " "))
        return false;
    return read_digits(&cursor, read_text(&cursor, " ") ? 1 : 2, &date->day) &&
           read_text(&cursor, " ") && read_time_of_day(&cursor, date) && read_text(&cursor, " ") &&
           read_digits(&cursor, 4, &date->year) && cursor.at == cursor.end;
}

bool
timestamp_parse_http(const char *text, size_t length, int64_t *ret_ms)
{
    static bool (*const forms[])(struct cursor, struct date_time *) = {
        read_fixed_date,
        read_rfc850_date,
        read_asctime_date,
    };

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        struct cursor cursor = {text, text + length};
        struct date_time date = {0};

        if (forms[i](cursor, &date))
            return to_ms(&date, ret_ms);
    }
    return false;
}

/* --- printing ------------------------------------------------------------------------------------- */

static char *
put_digits(char *at, int64_t number, int count)
{
    for (int i = count - 1; i >= 0; i--) {
        at[i] = (char)('0' + number % 10);
        number /= 10;
    }
    return at + count;
}

static int64_t
clamp(int64_t wall_ms)
{
    if (wall_ms < FIRST_MS)
        return FIRST_MS;
    return wall_ms > LAST_MS ? LAST_MS : wall_ms;
}

const char *
timestamp_format(int64_t wall_ms, char text[TIMESTAMP_TEXT_BYTES])
{
    int64_t from_first_ms = clamp(wall_ms) - FIRST_MS;
    int64_t ms = from_first_ms % MS_PER_DAY;
    struct date_time date = {0};
    char *at = text;

    date_from_days(from_first_ms / MS_PER_DAY + FIRST_MS / MS_PER_DAY, &date);
    at = put_digits(at, date.year, 4);
    *at++ = '-';
    at = put_digits(at, date.month, 2);
    *at++ = '-';
    at = put_digits(at, date.day, 2);
    *at++ = 'T';
    at = put_digits(at, ms / 3600000, 2);
    *at++ = ':';
    at = put_digits(at, ms / 60000 % 60, 2);
    *at++ = ':';
    at = put_digits(at, ms / 1000 % 60, 2);
    *at++ = '.';
    at = put_digits(at, ms % 1000, 3);
    *at++ = 'Z';
    *at = '\0';
    return text;
}
