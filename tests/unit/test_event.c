/* A membership change is read from what records carry, and everything else is refused in words. */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "error.h"
#include "event.h"
#include "json.h"
#include "json_schema.h"
#include "text.h"

/* The tests run where make does. */
#define EXAMPLES "tests/unit/events"
#define SCHEMA "worker/core/event.schema.json"

#define GROUP "0f8fad5b-d9cb-469f-a165-70867728950e"
#define USER "7c9e6679-7425-40de-944b-e07fc1f90ae7"
#define IDS "\"group\":\"" GROUP "\",\"user\":\"" USER "\""
#define ADDED "{" IDS ",\"change\":\"added\"}"
#define ADDED_WITH(members) "{" IDS ",\"change\":\"added\"," members "}"

static int
setup(void **state)
{
    *state = json_parser_create(EVENT_MAX_DEPTH, EVENT_MAX_BYTES);
    return *state == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    json_parser_destroy(*state);
    return 0;
}

static int
decode(void **state, const char *bytes, size_t length, struct event *ret_event,
       struct error *ret_error)
{
    struct message message = {.value = bytes, .value_length = length, .timestamp_ms = -1};

    return event_decode(*state, &message, ret_event, ret_error);
}

static void
assert_refused(void **state, const char *value, const char *text)
{
    struct event event, before;
    struct error error;

    memset(&event, 0x5A, sizeof(event));
    before = event;
    assert_int_equal(decode(state, value, strlen(value), &event, &error), -1);
    assert_int_equal(error.class, ERROR_INPUT);
    assert_string_equal(error.text, text);
    assert_memory_equal(&event, &before, sizeof(event));
}

/* With one header; NULL text: it is accepted. */
static void
assert_header(void **state, const char *value, const struct kafka_header *header, const char *text,
              int64_t time_ms)
{
    struct message message = {
        .value = value, .value_length = strlen(value), .headers = header, .header_count = 1};
    struct event event;
    struct error error;
    int result = event_decode(*state, &message, &event, &error);

    if (text != NULL) {
        assert_int_equal(result, -1);
        assert_int_equal(error.class, ERROR_INPUT);
        assert_string_equal(error.text, text);
        return;
    }
    assert_int_equal(result, 0);
    assert_true(event.time_ms == time_ms);
}

static struct kafka_header
header_of(const char *name, const char *value)
{
    return (struct kafka_header){name, value, value == NULL ? 0 : strlen(value)};
}

static char *
read_file(const char *directory, const char *name, size_t *ret_length)
{
    struct text path = TEXT_EMPTY, content = TEXT_EMPTY;
    char bytes[4096];
    ssize_t count;
    int fd;

    text_addf(&path, "%s%s%s", directory, directory[0] == '\0' ? "" : "/", name);
    fd = open(path.data, O_RDONLY | O_CLOEXEC);
    if (fd == -1)
        fail_msg("%s is not there: the tests run at the top of the tree", path.data);
    while ((count = read(fd, bytes, sizeof(bytes))) > 0)
        text_add_bytes(&content, bytes, (size_t)count);
    close(fd);
    text_free(&path);
    return text_take(&content, ret_length);
}

static void
event_is_read_from_the_three_members_that_are_required(void **state)
{
    struct event event;
    struct error error;
    struct guid group, user;

    assert_true(guid_parse(GROUP, 36, &group));
    assert_true(guid_parse(USER, 36, &user));
    assert_int_equal(decode(state, ADDED, strlen(ADDED), &event, &error), 0);
    assert_true(guid_equal(&event.group, &group));
    assert_true(guid_equal(&event.user, &user));
    assert_int_equal(event.change, EVENT_ADDED);
    assert_true(event.time_ms == EVENT_NO_TIME);
    assert_false(event.is_not_user);
}

static void
event_has_the_change_and_time_it_was_given(void **state)
{
    const char *value = "{" IDS ",\"change\":\"removed\",\"time\":\"1970-01-01T01:00:01.5+01:00\"}";
    struct event event;
    struct error error;

    assert_int_equal(decode(state, value, strlen(value), &event, &error), 0);
    assert_int_equal(event.change, EVENT_REMOVED);
    assert_true(event.time_ms == 1500);
}

static void
event_of_a_member_of_another_type_is_marked(void **state)
{
    static const struct {
        const char *value;
        bool is_not_user;
    } cases[] = {
        {ADDED_WITH("\"member_type\":\"user\""), false},
        {ADDED_WITH("\"member_type\":\"#microsoft.graph.user\""), false},
        {ADDED_WITH("\"member_type\":\"#microsoft.graph.group\""), true},
        {ADDED_WITH("\"member_type\":\"device\""), true},
        {ADDED_WITH("\"member_type\":\"\""), true},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct event event;
        struct error error;

        assert_int_equal(decode(state, cases[i].value, strlen(cases[i].value), &event, &error), 0);
        assert_int_equal(event.is_not_user, cases[i].is_not_user);
    }
}

static void
event_says_what_is_wrong_and_where_but_not_what_stood_there(void **state)
{
    assert_refused(state, "{\"group\":\"x\"}",
                   "member \"group\": another string where a GUID is needed");
    assert_refused(state, "{\"group\":\"" GROUP "\"}",
                   "member \"user\": absent where a GUID is needed");
    assert_refused(state, "{" IDS ",\"change\":\"gone\"}",
                   "member \"change\": another string where \"added\" or \"removed\" is needed");
    assert_refused(state, ADDED_WITH("\"time\":17"),
                   "member \"time\": integer where an RFC 3339 instant is needed");
    assert_refused(state, ADDED_WITH("\"id\":17"),
                   "member \"id\": integer where a string is needed");
    assert_refused(state, "[]", "array where an object is needed");
}

static void
event_is_no_tombstone(void **state)
{
    struct message message = {.value = NULL};
    struct event event;
    struct error error;

    assert_int_equal(event_decode(*state, &message, &event, &error), -1);
    assert_int_equal(error.class, ERROR_INPUT);
    assert_string_equal(error.text, "no value: a tombstone");
}

static void
event_takes_its_time_from_cloudevents_where_it_has_none(void **state)
{
    struct kafka_header time = header_of("ce_time", "1970-01-01T00:00:02Z");
    struct kafka_header bad = header_of("ce_time", "yesterday");
    struct kafka_header null = header_of("ce_time", NULL);

    assert_header(state, ADDED, &time, NULL, 2000);
    assert_header(state, ADDED_WITH("\"time\":\"1970-01-01T00:00:01Z\""), &time, NULL, 1000);
    assert_header(state, ADDED_WITH("\"time\":\"1970-01-01T00:00:01Z\""), &bad, NULL, 1000);
    assert_header(state, ADDED, &bad, "header ce_time: no RFC 3339 instant", 0);
    assert_header(state, ADDED, &null, "header ce_time: no RFC 3339 instant", 0);
}

static void
event_of_a_version_that_must_not_be_ignored_is_refused(void **state)
{
    const char *text = "header version: another version of the event than 1";
    struct kafka_header headers[] = {
        header_of("version", "2"),  header_of("version", "1.0"), header_of("version", ""),
        header_of("version", "1 "), header_of("version", NULL),
    };
    struct kafka_header one = header_of("version", "1"), other = header_of("Version", "2");

    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
        assert_header(state, ADDED, &headers[i], text, 0);
    assert_header(state, ADDED, &one, NULL, EVENT_NO_TIME);
    assert_header(state, ADDED, &other, NULL, EVENT_NO_TIME);
}

static void
event_of_another_cloudevents_version_is_refused(void **state)
{
    const char *text = "header ce_specversion: not CloudEvents 1.0";
    struct kafka_header good = header_of("ce_specversion", "1.0");
    struct kafka_header bad = header_of("ce_specversion", "0.3");

    assert_header(state, ADDED, &good, NULL, EVENT_NO_TIME);
    assert_header(state, ADDED, &bad, text, 0);
}

static void
event_may_fill_its_limit_and_not_pass_it(void **state)
{
    char *value = malloc(EVENT_MAX_BYTES + 1);
    struct event event;
    struct error error;

    memset(value, ' ', EVENT_MAX_BYTES + 1);
    memcpy(value, ADDED, strlen(ADDED));
    assert_int_equal(decode(state, value, EVENT_MAX_BYTES, &event, &error), 0);
    assert_int_equal(decode(state, value, EVENT_MAX_BYTES + 1, &event, &error), -1);
    assert_int_equal(error.class, ERROR_INPUT);
    assert_string_equal(error.text, "65537 bytes, where 65536 are the limit");
    free(value);
}

static void
event_nested_too_deep_is_bad_input(void **state)
{
    struct text value = TEXT_EMPTY;
    struct event event;
    struct error error;

    text_add(&value, "{" IDS ",\"change\":\"added\",\"deep\":");
    for (int i = 0; i < EVENT_MAX_DEPTH; i++)
        text_add_char(&value, '[');
    for (int i = 0; i < EVENT_MAX_DEPTH; i++)
        text_add_char(&value, ']');
    text_add_char(&value, '}');
    assert_int_equal(decode(state, value.data, value.length, &event, &error), -1);
    assert_int_equal(error.class, ERROR_INPUT);
    text_free(&value);
}

static void
event_that_is_cut_anywhere_is_refused(void **state)
{
    const char *value = ADDED_WITH("\"time\":\"2026-01-31T23:59:59Z\",\"id\":\"a\"");

    for (size_t length = 0; length < strlen(value); length++) {
        char *cut = malloc(length + 1);
        struct event event;
        struct error error;

        memcpy(cut, value, length);
        assert_int_equal(decode(state, cut, length, &event, &error), -1);
        assert_int_equal(error.class, ERROR_INPUT);
        free(cut);
    }
}

static void
event_with_any_byte_changed_is_read_or_refused_whole(void **state)
{
    const char *value = ADDED_WITH("\"time\":\"2026-01-31T23:59:59Z\",\"member_type\":\"user\"");
    size_t length = strlen(value);

    for (size_t i = 0; i < length * 256; i++) {
        char *changed = malloc(length);
        struct event event = {.change = (enum event_change)77};
        struct error error = {.class = ERROR_NONE};
        int result;

        memcpy(changed, value, length);
        changed[i / 256] = (char)(i % 256);
        result = decode(state, changed, length, &event, &error);
        assert_true(result == 0 ? event.change == EVENT_ADDED : error.class == ERROR_INPUT);
        free(changed);
    }
}

/* The examples' names begin with what must become of them. */
static void
check_example(void **state, const struct json *schema, const char *name)
{
    bool is_good = strncmp(name, "good-", 5) == 0;
    struct event event;
    struct error error;
    size_t length;
    char *bytes = read_file(EXAMPLES, name, &length);
    struct json *value = json_parse(*state, bytes, length, &error);

    assert_non_null(value);
    if (json_schema_allows(schema, schema, value) != is_good)
        fail_msg("%s: the schema says otherwise", name);
    if ((decode(state, bytes, length, &event, &error) == 0) != is_good)
        fail_msg("%s: the decoder says otherwise", name);
    json_free(value);
    free(bytes);
}

static void
event_decoder_and_schema_agree_on_every_example(void **state)
{
    size_t length, examples = 0;
    char *bytes = read_file("", SCHEMA, &length);
    struct json *schema = json_parse(*state, bytes, length, NULL);
    DIR *directory = opendir(EXAMPLES);
    struct dirent *entry;

    assert_non_null(schema);
    assert_non_null(directory);
    while ((entry = readdir(directory)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        check_example(state, schema, entry->d_name);
        examples++;
    }
    assert_true(examples >= 30);
    closedir(directory);
    json_free(schema);
    free(bytes);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(event_is_read_from_the_three_members_that_are_required),
        cmocka_unit_test(event_has_the_change_and_time_it_was_given),
        cmocka_unit_test(event_of_a_member_of_another_type_is_marked),
        cmocka_unit_test(event_says_what_is_wrong_and_where_but_not_what_stood_there),
        cmocka_unit_test(event_is_no_tombstone),
        cmocka_unit_test(event_takes_its_time_from_cloudevents_where_it_has_none),
        cmocka_unit_test(event_of_a_version_that_must_not_be_ignored_is_refused),
        cmocka_unit_test(event_of_another_cloudevents_version_is_refused),
        cmocka_unit_test(event_may_fill_its_limit_and_not_pass_it),
        cmocka_unit_test(event_nested_too_deep_is_bad_input),
        cmocka_unit_test(event_that_is_cut_anywhere_is_refused),
        cmocka_unit_test(event_with_any_byte_changed_is_read_or_refused_whole),
        cmocka_unit_test(event_decoder_and_schema_agree_on_every_example),
    };
    return cmocka_run_group_tests_name("event", tests, setup, teardown);
}
