/*
 * One table of members serves copying, comparing, reading and writing. Members that are not there
 * have the value a fresh state has, so that a later program of the same version may add some; the
 * version is raised when an older one must not go on with a state.
 */
#include "saved.h"

#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "json.h"
#include "json_writer.h"
#include "timestamp.h"
#include "url.h"

enum { VERSION = 1 };

static const char *const phase_names[SAVED_PHASES] = {
    [SAVED_INITIAL] = "initial",
    [SAVED_CHANGE] = "change",
    [SAVED_RESYNC] = "resync",
};

enum type {
    PAGE,  /* char *, owned: a link, or none */
    COUNT, /* int64_t, not negative */
    TIME,  /* int64_t, wall milliseconds */
    FLAG,  /* bool */
};

static const struct member {
    const char *name;
    enum type type;
    size_t offset;
} members[] = {
    {"page", PAGE, offsetof(struct saved, page)},
    {"generation", COUNT, offsetof(struct saved, generation)},
    {"events", COUNT, offsetof(struct saved, events)},
    {"released", FLAG, offsetof(struct saved, is_released)},
    {"seen", FLAG, offsetof(struct saved, is_seen)},
    {"gone", FLAG, offsetof(struct saved, is_gone)},
    {"conclude_ms", COUNT, offsetof(struct saved, conclude_ms)},
    {"census_page", PAGE, offsetof(struct saved, census_page)},
    {"census", COUNT, offsetof(struct saved, census)},
    {"reconciled", TIME, offsetof(struct saved, reconciled_ms)},
};
enum { MEMBERS = sizeof(members) / sizeof(members[0]) };

static void *
place(struct saved *saved, const struct member *member)
{
    return (char *)saved + member->offset;
}

static const void *
look(const struct saved *saved, const struct member *member)
{
    return (const char *)saved + member->offset;
}

static const char *
page_at(const struct saved *saved, const struct member *member)
{
    return *(char *const *)look(saved, member);
}

const char *
saved_phase_name(enum saved_phase phase)
{
    return phase_names[phase];
}

/* --- a state in memory ------------------------------------------------------------------------ */

void
saved_init(struct saved *saved, enum saved_phase phase, int64_t wall_ms)
{
    *saved = (struct saved){.phase = phase, .generation = 1, .reconciled_ms = wall_ms};
}

void
saved_drop_page(char **at)
{
    free(*at);
    *at = NULL;
}

void
saved_free(struct saved *saved)
{
    saved_drop_page(&saved->page);
    saved_drop_page(&saved->census_page);
}

int
saved_set_page(char **at, const char *page)
{
    char *copy = page == NULL ? NULL : strdup(page);

    if (page != NULL && copy == NULL)
        return -1;
    free(*at);
    *at = copy;
    return 0;
}

int
saved_copy(const struct saved *saved, struct saved *ret_copy)
{
    struct saved copy = *saved;

    copy.page = copy.census_page = NULL;
    if (saved_set_page(&copy.page, saved->page) == -1 ||
        saved_set_page(&copy.census_page, saved->census_page) == -1) {
        saved_free(&copy);
        return -1;
    }
    *ret_copy = copy;
    return 0;
}

static bool
is_same_page(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
is_same(const struct saved *a, const struct saved *b, const struct member *member)
{
    switch (member->type) {
    case PAGE:
        return is_same_page(page_at(a, member), page_at(b, member));
    case COUNT:
    case TIME:
        return *(const int64_t *)look(a, member) == *(const int64_t *)look(b, member);
    case FLAG:
        return *(const bool *)look(a, member) == *(const bool *)look(b, member);
    }
    return false;
}

bool
saved_equal(const struct saved *a, const struct saved *b)
{
    for (size_t i = 0; i < MEMBERS; i++) {
        if (!is_same(a, b, &members[i]))
            return false;
    }
    return a->phase == b->phase;
}

/* --- reading ---------------------------------------------------------------------------------- */

static int
read_page(const struct json *json, const char *base, const struct member *member, char **page,
          struct error *ret_error)
{
    const char *link = json_string(json, NULL);

    if (json_type(json) == JSON_NULL)
        return 0;
    if (link == NULL)
        return error_set(ret_error, ERROR_INPUT, "%s is no link", member->name);
    if (!url_is_below(link, base))
        return error_set(ret_error, ERROR_INPUT, "%s does not lead to %s", member->name, base);
    if (saved_set_page(page, link) == -1)
        return error_set(ret_error, ERROR_MEMORY, "no memory for a link");
    return 0;
}

static bool
read_count(const struct json *json, int64_t *ret_count)
{
    int64_t count;

    if (!json_integer(json, &count) || count < 0)
        return false;
    *ret_count = count;
    return true;
}

static bool
read_time(const struct json *json, int64_t *ret_ms)
{
    size_t length;
    const char *text = json_string(json, &length);

    return text != NULL && timestamp_parse(text, length, ret_ms);
}

static int
read_member(const struct json *root, const char *base, const struct member *member,
            struct saved *saved, struct error *ret_error)
{
    const struct json *json = json_get(root, member->name);
    bool is_read = true;

    if (json == NULL)
        return 0;
    switch (member->type) {
    case PAGE:
        return read_page(json, base, member, place(saved, member), ret_error);
    case COUNT:
        is_read = read_count(json, place(saved, member));
        break;
    case TIME:
        is_read = read_time(json, place(saved, member));
        break;
    case FLAG:
        is_read = json_boolean(json, place(saved, member));
        break;
    }
    if (!is_read)
        return error_set(ret_error, ERROR_INPUT, "%s is not what it must be", member->name);
    return 0;
}

static int
read_version(const struct json *root, struct error *ret_error)
{
    int64_t version;

    if (!json_integer(json_get(root, "version"), &version))
        return error_set(ret_error, ERROR_INPUT, "no version");
    if (version != VERSION)
        return error_set(ret_error, ERROR_INPUT, "version %lld, where this program knows %d",
                         (long long)version, (int)VERSION);
    return 0;
}

static int
read_phase(const struct json *root, struct saved *saved, struct error *ret_error)
{
    const char *name = json_string(json_get(root, "phase"), NULL);

    for (int phase = 0; name != NULL && phase < SAVED_PHASES; phase++) {
        if (strcmp(name, phase_names[phase]) == 0) {
            saved->phase = (enum saved_phase)phase;
            return 0;
        }
    }
    return error_set(ret_error, ERROR_INPUT, "an unknown phase");
}

static int
read_all(const struct json *root, const char *base, struct saved *saved, struct error *ret_error)
{
    if (read_version(root, ret_error) == -1 || read_phase(root, saved, ret_error) == -1)
        return -1;
    for (size_t i = 0; i < MEMBERS; i++) {
        if (read_member(root, base, &members[i], saved, ret_error) == -1)
            return -1;
    }
    if (saved->phase == SAVED_CHANGE && saved->page == NULL)
        return error_set(ret_error, ERROR_INPUT, "changes without a link");
    return 0;
}

int
saved_read(struct json_parser *parser, const char *bytes, size_t length, const char *base,
           struct saved *ret_saved, struct error *ret_error)
{
    struct json *root = json_parse(parser, bytes, length, ret_error);
    struct saved saved;
    int result;

    if (root == NULL)
        return -1;
    saved_init(&saved, SAVED_INITIAL, 0);
    result = read_all(root, base, &saved, ret_error);
    json_free(root);
    if (result == 0)
        *ret_saved = saved;
    else
        saved_free(&saved);
    return result;
}

/* --- writing ---------------------------------------------------------------------------------- */

static void
write_member(struct json_writer *writer, const struct saved *saved, const struct member *member)
{
    char time[TIMESTAMP_TEXT_BYTES];

    switch (member->type) {
    case PAGE:
        json_write_string(writer, member->name, page_at(saved, member));
        break;
    case COUNT:
        json_write_integer(writer, member->name, *(const int64_t *)look(saved, member));
        break;
    case TIME:
        json_write_string(writer, member->name,
                          timestamp_format(*(const int64_t *)look(saved, member), time));
        break;
    case FLAG:
        json_write_boolean(writer, member->name, *(const bool *)look(saved, member));
        break;
    }
}

void
saved_write(const struct saved *saved, struct text *text)
{
    struct json_writer writer;

    json_writer_init(&writer, text);
    json_write_object(&writer, NULL);
    json_write_integer(&writer, "version", VERSION);
    json_write_string(&writer, "phase", phase_names[saved->phase]);
    for (size_t i = 0; i < MEMBERS; i++)
        write_member(&writer, saved, &members[i]);
    json_write_object_end(&writer);
}
