/* One function a keyword, in a table. */
#include "json_schema.h"

#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "json.h"
#include "timestamp.h"

/* ${value} against one keyword, whose own value is ${rule}. */
typedef bool keyword_fn(const struct json *root, const struct json *rule, const struct json *value);

static bool
allows_type(const struct json *root, const struct json *rule, const struct json *value)
{
    (void)root;
    return strcmp(json_string(rule, NULL), json_type_name(json_type(value))) == 0;
}

static bool
allows_required(const struct json *root, const struct json *rule, const struct json *value)
{
    (void)root;
    for (size_t i = 0; json_type(value) == JSON_OBJECT && i < json_length(rule); i++) {
        if (json_get(value, json_string(json_at(rule, i), NULL)) == NULL)
            return false;
    }
    return true;
}

static bool
allows_properties(const struct json *root, const struct json *rule, const struct json *value)
{
    struct json_member property = {0};

    while (json_next(rule, &property)) {
        const struct json *member = json_get(value, property.key);

        if (member != NULL && !json_schema_allows(root, property.value, member))
            return false;
    }
    return true;
}

/* Of strings only. */
static bool
allows_enum(const struct json *root, const struct json *rule, const struct json *value)
{
    const char *text = json_string(value, NULL);

    (void)root;
    for (size_t i = 0; text != NULL && i < json_length(rule); i++) {
        if (strcmp(json_string(json_at(rule, i), NULL), text) == 0)
            return true;
    }
    return false;
}

static bool
allows_pattern(const struct json *root, const struct json *rule, const struct json *value)
{
    const char *text = json_string(value, NULL);
    regex_t pattern;
    bool matches;

    (void)root;
    if (text == NULL)
        return true;
    assert_int_equal(regcomp(&pattern, json_string(rule, NULL), REG_EXTENDED | REG_NOSUB), 0);
    matches = regexec(&pattern, text, 0, NULL, 0) == 0;
    regfree(&pattern);
    return matches;
}

static bool
allows_format(const struct json *root, const struct json *rule, const struct json *value)
{
    size_t length;
    const char *text = json_string(value, &length);
    int64_t ms;

    (void)root;
    assert_string_equal(json_string(rule, NULL), "date-time");
    return text == NULL || timestamp_parse(text, length, &ms);
}

static bool
allows_reference(const struct json *root, const struct json *rule, const struct json *value)
{
    const char *path = json_string(rule, NULL);
    const struct json *schema;

    assert_int_equal(strncmp(path, "#/$defs/", 8), 0);
    schema = json_get(json_get(root, "$defs"), path + 8);
    assert_non_null(schema);
    return json_schema_allows(root, schema, value);
}

static bool
allows_all(const struct json *root, const struct json *rule, const struct json *value)
{
    (void)root;
    (void)rule;
    (void)value;
    return true;
}

static keyword_fn *
find_keyword(const char *name)
{
    static const struct {
        const char *name;
        keyword_fn *allows;
    } keywords[] = {
        {"type", allows_type},
        {"required", allows_required},
        {"enum", allows_enum},
        {"properties", allows_properties},
        {"pattern", allows_pattern},
        {"format", allows_format},
        {"$ref", allows_reference},
        {"$schema", allows_all},
        {"$id", allows_all},
        {"$defs", allows_all},
        {"title", allows_all},
        {"description", allows_all},
        {"additionalProperties", allows_all},
    };

    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++) {
        if (strcmp(keywords[i].name, name) == 0)
            return keywords[i].allows;
    }
    fail_msg("keyword %s of a schema is not known here", name);
    return NULL;
}

bool
json_schema_allows(const struct json *root, const struct json *schema, const struct json *value)
{
    struct json_member keyword = {0};

    while (json_next(schema, &keyword)) {
        if (!find_keyword(keyword.key)(root, keyword.value, value))
            return false;
    }
    return true;
}
