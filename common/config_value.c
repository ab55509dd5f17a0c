/* One row of ${types} and three short functions for each type of setting. */
#include "config_value.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- numbers with a unit ---------------------------------------------------------------------- */

struct unit {
    const char *name;
    int64_t factor;
};

/* Ascending, each a multiple of the one before: the largest that divides is the one to print. */
static const struct unit duration_units[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000}, {NULL, 0},
};

static const struct unit size_units[] = {
    {"B", 1}, {"KiB", 1024}, {"MiB", INT64_C(1) << 20}, {"GiB", INT64_C(1) << 30}, {NULL, 0},
};

/* Digits only, to the first byte that is none. False: none at all, or too many. */
static bool
parse_digits(const char *text, const char **ret_end, int64_t *ret_value)
{
    size_t length = strspn(text, "0123456789");

    if (length == 0 || length > 18)
        return false;
    *ret_value = strtoll(text, NULL, 10);
    *ret_end = text + length;
    return true;
}

static bool
parse_with_unit(const struct unit *units, const char *text, int64_t *ret)
{
    const char *unit;
    int64_t number;
    int64_t value;

    if (!parse_digits(text, &unit, &number))
        return false;
    while (units->name != NULL && strcmp(units->name, unit) != 0)
        units++;
    if (units->name == NULL || __builtin_mul_overflow(number, units->factor, &value))
        return false;
    *ret = value;
    return true;
}

/* Nothing is "0ms" and "0B", not "0d" and "0GiB". */
static void
print_with_unit(const struct unit *units, int64_t value, struct text *text)
{
    const struct unit *unit = units;

    for (const struct unit *larger = units; larger->name != NULL; larger++)
        if (value != 0 && value % larger->factor == 0)
            unit = larger;
    text_addf(text, "%lld%s", (long long)(value / unit->factor), unit->name);
}

bool
config_parse_duration(const char *text, int64_t *ret_ms)
{
    return parse_with_unit(duration_units, text, ret_ms);
}

bool
config_parse_size(const char *text, int64_t *ret_bytes)
{
    return parse_with_unit(size_units, text, ret_bytes);
}

void
config_print_duration(int64_t ms, struct text *text)
{
    print_with_unit(duration_units, ms, text);
}

/* --- reading ---------------------------------------------------------------------------------- */

static enum config_value_result
read_string(const struct setting *setting, const char *text, void *field)
{
    char **string = field;
    char *copy = strdup(text);

    (void)setting;
    if (copy == NULL)
        return CONFIG_VALUE_NO_MEMORY;
    free(*string);
    *string = copy;
    return CONFIG_VALUE_SET;
}

static enum config_value_result
read_boolean(const struct setting *setting, const char *text, void *field)
{
    bool *boolean = field;
    bool is_true = strcmp(text, "true") == 0;

    (void)setting;
    if (!is_true && strcmp(text, "false") != 0)
        return CONFIG_VALUE_REFUSED;
    *boolean = is_true;
    return CONFIG_VALUE_SET;
}

static enum config_value_result
store_integer(const struct setting *setting, int64_t value, void *field)
{
    int64_t *integer = field;

    if (value < setting->minimum || value > setting->maximum)
        return CONFIG_VALUE_REFUSED;
    *integer = value;
    return CONFIG_VALUE_SET;
}

static enum config_value_result
read_integer(const struct setting *setting, const char *text, void *field)
{
    bool is_negative = text[0] == '-';
    const char *end;
    int64_t value;

    if (!parse_digits(text + is_negative, &end, &value) || *end != '\0')
        return CONFIG_VALUE_REFUSED;
    return store_integer(setting, is_negative ? -value : value, field);
}

static enum config_value_result
read_duration(const struct setting *setting, const char *text, void *field)
{
    int64_t value;

    if (!config_parse_duration(text, &value))
        return CONFIG_VALUE_REFUSED;
    return store_integer(setting, value, field);
}

static enum config_value_result
read_size(const struct setting *setting, const char *text, void *field)
{
    int64_t value;

    if (!config_parse_size(text, &value))
        return CONFIG_VALUE_REFUSED;
    return store_integer(setting, value, field);
}

/* strtod alone would take blanks, "nan" and hexadecimal as well. */
static enum config_value_result
read_fraction(const struct setting *setting, const char *text, void *field)
{
    double *fraction = field;
    double value;
    char *end;

    (void)setting;
    if (text[0] == '\0' || text[strspn(text, "0123456789.eE+-")] != '\0')
        return CONFIG_VALUE_REFUSED;
    value = strtod(text, &end);
    if (*end != '\0' || !(value >= 0 && value <= 1))
        return CONFIG_VALUE_REFUSED;
    *fraction = fabs(value); /* no "-0" */
    return CONFIG_VALUE_SET;
}

static enum config_value_result
read_choice(const struct setting *setting, const char *text, void *field)
{
    int *choice = field;

    for (int i = 0; setting->choices[i] != NULL; i++)
        if (strcmp(setting->choices[i], text) == 0) {
            *choice = i;
            return CONFIG_VALUE_SET;
        }
    return CONFIG_VALUE_REFUSED;
}

/* --- printing --------------------------------------------------------------------------------- */

static void
print_string(const struct setting *setting, const void *field, struct text *text)
{
    const char *const *string = field;

    (void)setting;
    text_add(text, *string == NULL ? "" : *string);
}

static void
print_boolean(const struct setting *setting, const void *field, struct text *text)
{
    const bool *boolean = field;

    (void)setting;
    text_add(text, *boolean ? "true" : "false");
}

static void
print_integer(const struct setting *setting, const void *field, struct text *text)
{
    const int64_t *integer = field;

    (void)setting;
    text_addf(text, "%lld", (long long)*integer);
}

static void
print_duration(const struct setting *setting, const void *field, struct text *text)
{
    const int64_t *ms = field;

    (void)setting;
    print_with_unit(duration_units, *ms, text);
}

static void
print_size(const struct setting *setting, const void *field, struct text *text)
{
    const int64_t *bytes = field;

    (void)setting;
    print_with_unit(size_units, *bytes, text);
}

/* As few digits as give the same double back. */
static void
print_fraction(const struct setting *setting, const void *field, struct text *text)
{
    const double *fraction = field;
    size_t start = text->length;

    (void)setting;
    for (int digits = 6; digits <= 17; digits++) {
        text->length = start;
        text_addf(text, "%.*g", digits, *fraction);
        if (text->failed || strtod(text->data + start, NULL) == *fraction)
            return;
    }
}

static void
print_choice(const struct setting *setting, const void *field, struct text *text)
{
    const int *choice = field;

    text_add(text, setting->choices[*choice]);
}

/* --- describing ------------------------------------------------------------------------------- */

static void
describe_range(const struct unit *units, const struct setting *setting, struct text *text)
{
    text_add(text, " from ");
    print_with_unit(units, setting->minimum, text);
    text_add(text, " to ");
    print_with_unit(units, setting->maximum, text);
}

static void
describe_plain(const struct setting *setting, struct text *text)
{
    static const char *const nouns[] = {
        [SETTING_STRING] = "a text",
        [SETTING_SECRET] = "a text (a secret)",
        [SETTING_BOOLEAN] = "true or false",
        [SETTING_FRACTION] = "a number from 0 to 1",
    };

    text_add(text, nouns[setting->type]);
}

static void
describe_integer(const struct setting *setting, struct text *text)
{
    text_addf(text, "an integer from %lld to %lld", (long long)setting->minimum,
              (long long)setting->maximum);
}

static void
describe_duration(const struct setting *setting, struct text *text)
{
    text_add(text, "a duration (ms, s, m, h, d)");
    describe_range(duration_units, setting, text);
}

static void
describe_size(const struct setting *setting, struct text *text)
{
    text_add(text, "a size (B, KiB, MiB, GiB)");
    describe_range(size_units, setting, text);
}

static void
describe_choice(const struct setting *setting, struct text *text)
{
    text_add(text, "one of");
    for (const char *const *choice = setting->choices; *choice != NULL; choice++)
        text_addf(text, "%s \"%s\"", choice == setting->choices ? "" : ",", *choice);
}

/* --- the table -------------------------------------------------------------------------------- */

struct value_type {
    enum config_kind kind; /* in the file */
    enum config_value_result (*read)(const struct setting *, const char *text, void *field);
    void (*print)(const struct setting *, const void *field, struct text *text);
    void (*describe)(const struct setting *, struct text *text);
};

static const struct value_type types[] = {
    [SETTING_STRING] = {CONFIG_TEXT, read_string, print_string, describe_plain},
    [SETTING_SECRET] = {CONFIG_TEXT, read_string, print_string, describe_plain},
    [SETTING_BOOLEAN] = {CONFIG_BOOLEAN, read_boolean, print_boolean, describe_plain},
    [SETTING_INTEGER] = {CONFIG_INTEGER, read_integer, print_integer, describe_integer},
    [SETTING_FRACTION] = {CONFIG_REAL, read_fraction, print_fraction, describe_plain},
    [SETTING_DURATION] = {CONFIG_TEXT, read_duration, print_duration, describe_duration},
    [SETTING_SIZE] = {CONFIG_TEXT, read_size, print_size, describe_size},
    [SETTING_CHOICE] = {CONFIG_TEXT, read_choice, print_choice, describe_choice},
};

enum config_value_result
config_value_read(const struct setting *setting, const char *text, void *target)
{
    return types[setting->type].read(setting, text, (char *)target + setting->offset);
}

void
config_value_print(const struct setting *setting, const void *target, struct text *text)
{
    types[setting->type].print(setting, (const char *)target + setting->offset, text);
}

void
config_value_describe(const struct setting *setting, struct text *text)
{
    types[setting->type].describe(setting, text);
}

bool
config_value_takes(const struct setting *setting, enum config_kind kind)
{
    if (setting->type == SETTING_FRACTION && kind == CONFIG_INTEGER)
        return true; /* 0 and 1 */
    return types[setting->type].kind == kind;
}

bool
config_value_is_text(const struct setting *setting)
{
    return types[setting->type].kind == CONFIG_TEXT;
}

bool
config_value_is_string(const struct setting *setting)
{
    return setting->type == SETTING_STRING || setting->type == SETTING_SECRET;
}

char **
config_value_string(const struct setting *setting, void *target)
{
    return (void *)((char *)target + setting->offset);
}
