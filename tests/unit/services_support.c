/*
 * Answers are handed over in memory of exactly their size, so that a sanitizer sees one byte too
 * far.
 */
#include "services_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "json.h"

enum { MAX_RESPONSE_BYTES = 1 << 20, DEPTH = 16, HUGE_BYTES = 200000 };

#define ID(high, mark)                                                                          \
    {                                                                                           \
        {                                                                                       \
            high, 0, 0, mark, 0xaa, 0xaa, 0x4b, 0xbb, 0x8c, 0xcc, 0x01, 0x23, 0x45, 0x67, 0x89, \
                0xab                                                                            \
        }                                                                                       \
    }
#define ROOT_ID(high)                                                                           \
    {                                                                                           \
        {                                                                                       \
            high, 0xff, 0xff, 0xff, 0xaa, 0xaa, 0x4b, 0xbb, 0x8c, 0xcc, 0x01, 0x23, 0x45, 0x67, \
                0x89, 0xab                                                                      \
        }                                                                                       \
    }

static char names[][64] = {
    "new_costcentre",
    "new_level",
    "department",
    "extension_1_costCentre",
    "onPremisesExtensionAttributes/extensionAttribute3",
    "extension_1_level",
    "O'Hara & Söhne",
    "Reader",
    "",
    "test",
    "Default-40000000-aaaa-4bbb-8ccc-0123456789ab",
    "https://org.test",
};

static struct column columns[] = {{names[0], COLUMN_TEXT}, {names[1], COLUMN_INTEGER}};
static struct attribute attributes[] = {
    {names[2], COLUMN_TEXT},
    {names[3], COLUMN_TEXT},
    {names[4], COLUMN_TEXT},
    {names[5], COLUMN_INTEGER},
};
static struct reference units[] = {{ID(0x20, 0), names[8]}, {{{0}}, names[6]}};
static struct reference roles[] = {{ROOT_ID(0x3f), names[8]}, {{{0}}, names[7]}};

const struct identity test_identity = {
    .name = names[9], .tenant = ID(0x40, 0), .client = ID(0x50, 0)};

const struct environment test_environment = {
    .name = names[9],
    .id = names[10],
    .url = names[11],
    .has_graph = true,
    .columns = columns,
    .column_count = 2,
    .attributes = attributes,
    .attribute_count = 4,
    .units = units,
    .unit_count = 2,
    .roles = roles,
    .role_count = 2,
};

static const char *const refusals[] = {"userNotLicensed", "some text of ours", NULL};

static const struct services_settings settings = {
    .login_url = "https://login.test",
    .bap_url = "https://bap.test",
    .graph_url = "https://graph.test",
    .bap_api_version = "2023-06-01",
    .refusals = refusals,
    .max_response_bytes = MAX_RESPONSE_BYTES,
    .timeout_ms = 30000,
};

int
services_setup(void **state)
{
    struct services *services = calloc(1, sizeof(*services));

    assert_non_null(services);
    services->settings = &settings;
    services->parser = json_parser_create(DEPTH, MAX_RESPONSE_BYTES);
    *state = services;
    return services->parser == NULL ? -1 : 0;
}

int
services_teardown(void **state)
{
    struct services *services = *state;

    json_parser_destroy(services->parser);
    free(services);
    return 0;
}

struct guid
id_of(const char *text)
{
    struct guid guid;

    assert_true(guid_parse(text, strlen(text), &guid));
    return guid;
}

struct call
call_of(enum call_kind kind)
{
    struct call call = {
        .kind = kind, .environment = &test_environment, .identity = &test_identity, .reason = ""};

    return call;
}

struct http_request
built(void **state, const struct call *call, const char *token)
{
    struct http_request request = HTTP_REQUEST_EMPTY;
    struct error error;

    if (services_build(*state, call, token, &request, &error) == -1)
        fail_msg("not built: %s", error.text);
    assert_int_equal(request.timeout_ms, 30000);
    assert_int_equal(request.max_response_bytes, MAX_RESPONSE_BYTES);
    return request;
}

void
assert_not_built(void **state, const struct call *call, int error_class)
{
    struct http_request request = HTTP_REQUEST_EMPTY;
    struct error error;

    assert_int_equal(services_build(*state, call, "t0ken", &request, &error), -1);
    assert_int_equal(error.class, error_class);
    http_request_free(&request);
}

void
assert_header(const struct http_request *request, const char *name, const char *value)
{
    size_t length;
    const char *found = http_header(&request->headers, name, &length);

    if (found == NULL)
        fail_msg("no header %s", name);
    assert_int_equal(length, strlen(value));
    assert_memory_equal(found, value, length);
}

void
assert_no_header(const struct http_request *request, const char *name)
{
    size_t length;

    assert_null(http_header(&request->headers, name, &length));
}

/* ${length} bytes, and not one more, behind a NUL as struct text promises. */
static void
set_bytes(struct text *text, const char *bytes, size_t length)
{
    text->data = malloc(length + 1);
    assert_non_null(text->data);
    memcpy(text->data, bytes, length);
    text->data[length] = '\0';
    text->length = length;
    text->capacity = length + 1;
}

static void
read_bytes(void **state, struct call *call, int status, const char *headers, const char *body,
           size_t length)
{
    struct http_response response = HTTP_RESPONSE_EMPTY;

    response.status = status;
    if (headers != NULL)
        set_bytes(&response.headers, headers, strlen(headers));
    if (length > 0)
        set_bytes(&response.body, body, length);
    services_read(*state, call, &response, NOW_MS);
    http_response_free(&response);
}

void
answer(void **state, struct call *call, int status, const char *headers, const char *body)
{
    read_bytes(state, call, status, headers, body, body == NULL ? 0 : strlen(body));
}

void
assert_verdict(const struct call *call, enum verdict verdict, const char *reason)
{
    if (call->verdict != verdict || strcmp(call->reason, reason) != 0)
        fail_msg("%s \"%s\" (%s) where %s \"%s\" was expected", verdict_name(call->verdict),
                 call->reason, call->error.text, verdict_name(verdict), reason);
    assert_int_equal(call->error.class == ERROR_NONE, verdict == VERDICT_DONE);
}

static void
assert_nothing_found(const struct call *call)
{
    assert_int_equal(call->row_count, 0);
    assert_int_equal(call->unit_count, 0);
    assert_int_equal(call->found_role_count, 0);
    assert_null(call->rows);
    assert_null(call->units);
    assert_null(call->found_roles);
    assert_null(call->token);
    assert_int_equal(call->change_count, 0);
    assert_null(call->changes);
    assert_null(call->next_page);
    assert_null(call->delta_page);
    assert_false(call->is_group_seen);
    assert_false(call->is_group_deleted);
}

static void
assert_item_defined(const struct source_item *item)
{
    assert_non_null(item->reason);
    assert_true(item->verdict >= VERDICT_DONE && item->verdict <= VERDICT_UNAUTHORISED);
    assert_int_equal(item->error.class == ERROR_NONE, item->verdict == VERDICT_DONE);
    if (item->verdict == VERDICT_DONE)
        return;
    assert_false(item->person.exists);
    assert_null(item->person.values);
    assert_null(item->person.faults);
    for (size_t i = 0; i < item->group_count; i++)
        assert_false(item->is_member[i]);
}

/* Reads all that an answer may have left, so that a sanitizer sees what is not there. */
static void
assert_rows_defined(const struct call *call)
{
    struct value copy;

    for (size_t i = 0; i < call->row_count; i++) {
        const struct row *row = &call->rows[i];

        assert_true(memchr(row->etag, '\0', sizeof(row->etag)) != NULL);
        assert_true(row->has_roles || row->role_count == 0);
        assert_true(row->fault == NULL || row->values == NULL);
        for (size_t j = 0; row->fault == NULL && j < test_environment.column_count; j++) {
            assert_true(row->values[j].kind != VALUE_UNREAD);
            assert_int_equal(value_copy(&row->values[j], &copy), 0);
            value_free(&copy);
        }
    }
}

static void
assert_defined(const struct call *call)
{
    assert_non_null(call->reason);
    assert_true(call->verdict >= VERDICT_DONE && call->verdict <= VERDICT_UNAUTHORISED);
    assert_int_equal(call->error.class == ERROR_NONE, call->verdict == VERDICT_DONE);
    if (call->verdict != VERDICT_DONE)
        assert_nothing_found(call);
    assert_rows_defined(call);
    for (size_t i = 0; i < call->item_count; i++)
        assert_item_defined(&call->items[i]);
}

static void
survive_cuts(void **state, struct call *call, const char *headers, const char *body)
{
    for (size_t length = 0; length < strlen(body); length++) {
        read_bytes(state, call, 200, headers, body, length);
        assert_defined(call);
        assert_int_not_equal(call->verdict, VERDICT_DONE);
    }
}

static void
survive_changes(void **state, struct call *call, const char *headers, const char *body)
{
    static const char others[] = {'\0', '"', '{', '}', '[', ']', ',',  ':',    '\\',
                                  '0',  '-', 'e', 'n', ' ', '/', '\n', '\x80', '\xff'};
    char *changed = strdup(body);

    for (size_t i = 0; i < strlen(body) * sizeof(others); i++) {
        size_t at = i / sizeof(others);

        changed[at] = others[i % sizeof(others)];
        read_bytes(state, call, 200, headers, changed, strlen(body));
        assert_defined(call);
        changed[at] = body[at];
    }
    free(changed);
}

static void
survive_monsters(void **state, struct call *call, const char *headers)
{
    static const char *const others[] = {
        "",
        "null",
        "true",
        "17",
        "\"text\"",
        "[]",
        "{}",
        "[{}]",
        "\xef\xbb\xbf{}",
        "{\"value\":{}}",
        "{\"value\":null}",
        "{\"value\":[null]}",
        "{\"value\":[[]]}",
        "{\"responses\":[null,[],{}]}",
        "{\"responses\":{\"0\":1}}",
        "<html>",
        "--\r\n--\r\n",
    };
    char *huge = malloc(HUGE_BYTES);

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        answer(state, call, 200, headers, others[i]);
        assert_defined(call);
    }
    for (size_t i = 0; i < 3; i++) {
        memset(huge, "[{\""[i], HUGE_BYTES);
        read_bytes(state, call, 200, headers, huge, HUGE_BYTES);
        assert_defined(call);
    }
    free(huge);
}

void
survive(void **state, struct call *call, const char *headers, const char *body)
{
    answer(state, call, 200, headers, body);
    assert_int_equal(call->verdict, VERDICT_DONE);
    assert_defined(call);
    survive_cuts(state, call, headers, body);
    survive_changes(state, call, headers, body);
    survive_monsters(state, call, headers);
    call_reset(call);
}
