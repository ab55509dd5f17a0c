/* The control API without HTTP and without Kafka: what it takes, what it refuses, what it reads back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "clock.h"
#include "control.h"
#include "error.h"
#include "file.h"
#include "http.h"
#include "json.h"
#include "model.h"
#include "state.h"
#include "text.h"
#include "world.h"

#define GROUP "40000000-0000-0000-0000-000000000001"
#define USER "10000000-0000-0000-0000-000000000001"
#define OTHER "10000000-0000-0000-0000-000000000002"
#define UNIT "20000000-0000-0000-0000-000000000001"
#define ROLE "30000000-0000-0000-0000-000000000001"

struct fixture {
    struct clock clock;
    struct model *model;
    struct world *world;
    struct state state;
    struct control *control;
    struct http_response response;
};

static const char *
open_origin(void *arg, const char *environment, uint16_t port, struct error *ret_error)
{
    struct fixture *fixture = arg;

    (void)ret_error;
    assert_int_equal(port, 0);
    assert_true(model_add_origin(fixture->model, "https://one.test", MODEL_DATAVERSE, environment));
    return "https://one.test";
}

/* Sends a request; the answer is in the fixture until the next one. */
static int
send(struct fixture *fixture, enum http_method method, const char *target, const char *body)
{
    struct http_request request = HTTP_REQUEST_EMPTY;

    http_response_free(&fixture->response);
    request.method = method;
    text_add(&request.url, "http://control.test:1");
    text_add(&request.url, target);
    text_add(&request.body, body);
    assert_true(control_answer(fixture->control, &request, NULL, &fixture->response));
    http_request_free(&request);
    return fixture->response.status;
}

static int
post(struct fixture *fixture, const char *target, const char *body)
{
    return send(fixture, HTTP_POST, target, body);
}

static void
assert_answer_has(const struct fixture *fixture, const char *part)
{
    if (strstr(fixture->response.body.data, part) == NULL)
        fail_msg("%s\nis not in\n%s", part, fixture->response.body.data);
}

static int
setup(void **state)
{
    static struct fixture fixture;

    fixture = (struct fixture){.clock = {1000, 1700000000000}};
    fixture.model = model_create(1);
    fixture.world = world_create(&(struct world_settings){
        .model = fixture.model,
        .clock = &fixture.clock,
        .open = open_origin,
        .open_arg = &fixture,
    });
    fixture.state.world = fixture.world;
    fixture.control = control_create(&(struct control_settings){
        .world = fixture.world,
        .state = &fixture.state,
    });
    *state = &fixture;
    return fixture.control == NULL ? -1 : 0;
}

static int
teardown(void **state)
{
    struct fixture *fixture = *state;

    http_response_free(&fixture->response);
    control_destroy(fixture->control);
    world_destroy(fixture->world);
    model_destroy(fixture->model);
    return 0;
}

static void
seed(struct fixture *fixture)
{
    assert_int_equal(post(fixture, "/environments",
                          "{\"id\":\"one\",\"text_columns\":[\"new_center\"],"
                          "\"integer_columns\":[\"new_level\"]}"),
                     200);
    assert_int_equal(
        post(fixture, "/units", "{\"environment\":\"one\",\"id\":\"" UNIT "\",\"name\":\"Sales\"}"),
        200);
    assert_int_equal(post(fixture, "/roles",
                          "{\"environment\":\"one\",\"id\":\"" ROLE "\",\"name\":\"Seller\"}"),
                     200);
    assert_int_equal(post(fixture, "/users", "[{\"id\":\"" USER "\"},{\"id\":\"" OTHER "\"}]"),
                     200);
}

static void
control_reads_back_what_was_seeded(void **state)
{
    struct fixture *fixture = *state;

    seed(fixture);
    assert_int_equal(post(fixture, "/rows",
                          "{\"environment\":\"one\",\"user\":\"" USER "\",\"unit\":\"" UNIT "\","
                          "\"columns\":{\"new_center\":\"C1\",\"new_level\":7}}"),
                     200);
    assert_int_equal(post(fixture, "/given_roles",
                          "{\"environment\":\"one\",\"user\":\"" USER "\",\"role\":\"" ROLE "\"}"),
                     200);
    assert_int_equal(send(fixture, HTTP_GET, "/environments/one/rows?user=" USER, ""), 200);
    assert_answer_has(fixture, "\"user\":\"" USER "\",\"rows\":1");
    assert_answer_has(fixture, "\"unit\":\"" UNIT "\"");
    assert_answer_has(fixture, "\"columns\":{\"new_center\":\"C1\",\"new_level\":7}");
    assert_answer_has(fixture, "\"roles\":[\"" ROLE "\"],\"role_count\":1");
}

static void
control_lists_only_people_who_have_a_row(void **state)
{
    struct fixture *fixture = *state;

    seed(fixture);
    assert_int_equal(post(fixture, "/rows", "{\"environment\":\"one\",\"user\":\"" OTHER "\"}"),
                     200);
    assert_int_equal(send(fixture, HTTP_GET, "/environments/one/rows", ""), 200);
    assert_answer_has(fixture, OTHER);
    assert_null(strstr(fixture->response.body.data, USER));
}

static void
control_says_how_many_things_were_added(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(post(fixture, "/users", "[{\"id\":\"" USER "\"},{\"id\":\"" OTHER "\"}]"),
                     200);
    assert_answer_has(fixture, "{\"added\":2}");
    assert_int_equal(post(fixture, "/groups", "{\"id\":\"" GROUP "\"}"), 200);
    assert_answer_has(fixture, "{\"added\":1}");
    assert_int_equal(post(fixture, "/joins", "{\"group\":\"" GROUP "\",\"user\":\"" USER "\"}"),
                     200);
}

static void
control_names_the_thing_that_is_bad_and_keeps_those_before_it(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(post(fixture, "/users", "[{\"id\":\"" USER "\"},{\"id\":\"x\"}]"), 400);
    assert_answer_has(fixture, "users[1]: \\\"id\\\" must be a GUID");
    assert_int_equal(post(fixture, "/users", "{\"id\":\"" USER "\"}"), 400);
    assert_answer_has(fixture, "already");
}

static void
control_tells_the_model_what_a_fault_is(void **state)
{
    struct fixture *fixture = *state;
    struct http_request request = HTTP_REQUEST_EMPTY;
    struct http_response response = HTTP_RESPONSE_EMPTY;
    int64_t after_ms;

    seed(fixture);
    assert_int_equal(post(fixture, "/faults",
                          "{\"service\":\"dataverse\",\"status\":503,\"extra_ms\":40,"
                          "\"headers\":{\"Retry-After\":\"7\"},\"body\":\"<html>\"}"),
                     200);
    text_add(&request.url, "https://one.test/api/data/v9.2/systemusers");
    model_answer(fixture->model, &request, &fixture->clock, &response, &after_ms);
    assert_int_equal(response.status, 503);
    assert_int_equal(after_ms, 40);
    assert_string_equal(response.body.data, "<html>");
    assert_int_equal(http_retry_after_ms(&response.headers, 0), 7000);
    http_request_free(&request);
    http_response_free(&response);
}

static void
control_changes_settings_alone_and_together(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(send(fixture, HTTP_PUT, "/settings/row_delay_ms", "250"), 200);
    assert_int_equal(model_settings(fixture->model)->row_delay_ms, 250);
    assert_int_equal(send(fixture, HTTP_PUT, "/settings", "{\"limits\":0,\"latency_high_ms\":5}"),
                     200);
    assert_answer_has(fixture, "\"row_delay_ms\":250");
    assert_int_equal(model_settings(fixture->model)->limits, 0);
    assert_int_equal(model_settings(fixture->model)->latency_high_ms, 5);
}

static void
control_loads_a_world_in_the_order_of_the_collections(void **state)
{
    static const char world[] = "{\"joins\":[{\"group\":\"" GROUP "\",\"user\":\"" USER "\"}],"
                                "\"users\":[{\"id\":\"" USER "\"}],"
                                "\"groups\":{\"id\":\"" GROUP "\"},\"settings\":{\"limits\":0}}";
    struct fixture *fixture = *state;
    struct json_parser *parser = json_parser_create(16, sizeof(world));
    struct error error;
    struct json *document = json_parse(parser, world, sizeof(world) - 1, &error);

    assert_non_null(document);
    assert_int_equal(world_load(fixture->world, document, &error), 0);
    json_free(document);
    json_parser_destroy(parser);
}

static void
control_changes_who_is_in_a_group_while_it_runs(void **state)
{
    struct fixture *fixture = *state;

    seed(fixture);
    assert_int_equal(post(fixture, "/groups", "{\"id\":\"" GROUP "\"}"), 200);
    assert_int_equal(post(fixture, "/things", "{\"id\":\"" UNIT "\",\"type\":\"device\"}"), 200);
    assert_int_equal(post(fixture, "/joins",
                          "[{\"group\":\"" GROUP "\",\"user\":\"" USER "\"},"
                          "{\"group\":\"" GROUP "\",\"user\":\"" UNIT "\"},"
                          "{\"group\":\"" GROUP "\",\"user\":\"" OTHER "\"}]"),
                     200);
    assert_int_equal(post(fixture, "/leaves", "{\"group\":\"" GROUP "\",\"user\":\"" OTHER "\"}"),
                     200);
    assert_int_equal(send(fixture, HTTP_GET, "/groups/" GROUP "/members", ""), 200);
    assert_string_equal(fixture->response.body.data,
                        "{\"user\":\"" USER "\"}\n{\"user\":\"" UNIT "\"}\n");
    assert_int_equal(post(fixture, "/delta_resets", "{\"group\":\"" GROUP "\"}"), 200);
    assert_int_equal(post(fixture, "/delta_resets", "{}"), 200);
    assert_int_equal(post(fixture, "/deletions", "{\"user\":\"" USER "\"}"), 200);
    assert_int_equal(send(fixture, HTTP_GET, "/groups/" GROUP "/members", ""), 200);
    assert_string_equal(fixture->response.body.data, "{\"user\":\"" UNIT "\"}\n");
    assert_int_equal(post(fixture, "/group_deletions", "{\"group\":\"" GROUP "\"}"), 200);
    assert_int_equal(post(fixture, "/group_deletions", "{\"group\":\"" GROUP "\"}"), 400);
    assert_int_equal(send(fixture, HTTP_GET, "/groups/" GROUP "/members", ""), 200);
    assert_null(fixture->response.body.data);
}

static void
control_refuses_bad_input_with_a_reason(void **state)
{
    static const struct {
        enum http_method method;
        const char *target;
        const char *body;
        int status;
        const char *reason;
    } rows[] = {
        {HTTP_POST, "/users", "", 400, "an object is wanted"},
        {HTTP_POST, "/users", "{\"id\":", 400, "body: "},
        {HTTP_POST, "/users", "7", 400, "an object is wanted"},
        {HTTP_POST, "/users", "{}", 400, "\\\"id\\\" is missing"},
        {HTTP_POST, "/users", "{\"id\":\"" USER "\",\"idd\":1}", 400, "no member \\\"idd\\\""},
        {HTTP_POST, "/users", "{\"id\":\"" USER "\",\"guest\":1}", 400, "must be a boolean"},
        {HTTP_POST, "/units", "{\"environment\":\"x\",\"id\":\"" UNIT "\",\"name\":\"\"}", 400,
         "no environment \\\"x\\\""},
        {HTTP_POST, "/joins", "{\"group\":\"" GROUP "\",\"user\":\"" USER "\"}", 400,
         "no such group or user"},
        {HTTP_POST, "/delta_resets", "{\"group\":\"" GROUP "\"}", 400, "no such group"},
        {HTTP_POST, "/things", "{\"id\":\"" UNIT "\"}", 400, "\\\"type\\\" is missing"},
        {HTTP_GET, "/groups/x/members", "", 400, "no GUID"},
        {HTTP_POST, "/environments", "{\"id\":\"a\",\"port\":70000}", 400, "0..65535"},
        {HTTP_POST, "/environments", "{\"id\":\"a\",\"text_columns\":[1]}", 400, "strings"},
        {HTTP_POST, "/faults", "{\"service\":\"ldap\"}", 400, "no service \\\"ldap\\\""},
        {HTTP_POST, "/faults", "{\"service\":\"bap\",\"cut\":\"x\"}", 400, "silent"},
        {HTTP_POST, "/faults", "{\"service\":\"bap\",\"cut\":\"half\",\"status\":500}", 400,
         "a \\\"status\\\" or a \\\"cut\\\""},
        {HTTP_POST, "/faults", "{\"service\":\"bap\",\"headers\":{\"a\":\"b\\r\\nc\"}}", 400,
         "one line"},
        {HTTP_PUT, "/settings/nope", "1", 400, "no setting \\\"nope\\\""},
        {HTTP_PUT, "/settings/limits", "\"1\"", 400, "must be an integer"},
        {HTTP_PUT, "/settings", "[]", 400, "an object is wanted"},
        {HTTP_GET, "/nope", "", 404, "GET / lists them"},
        {HTTP_GET, "/users", "", 404, "GET / lists them"},
        {HTTP_GET, "/a/b/c/d/e", "", 400, "no such path"},
        {HTTP_GET, "/ledger?sinze=1", "", 400, "no option \\\"sinze\\\""},
        {HTTP_GET, "/ledger?since=-1", "", 400, "whole number"},
        {HTTP_GET, "/ledger?user=%zz", "", 400, "bad escape"},
        {HTTP_GET, "/environments/x/rows", "", 400, "no environment \\\"x\\\""},
        {HTTP_POST, "/events", "{\"value\":1}", 409, "--broker"},
        {HTTP_GET, "/offsets?group=g", "", 409, "--broker"},
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(send(fixture, rows[i].method, rows[i].target, rows[i].body),
                         rows[i].status);
        assert_answer_has(fixture, "\"error\":{\"class\":");
        assert_answer_has(fixture, rows[i].reason);
    }
}

static void
control_is_described_word_for_word_in_its_page(void **state)
{
    struct text page = TEXT_EMPTY;
    struct text description = TEXT_EMPTY;
    struct error error;

    (void)state;
    assert_int_equal(file_read("tests/sandbox/CONTROL.md", 1 << 20, &page, &error), 0);
    control_describe(&description);
    if (strstr(page.data, description.data) == NULL)
        fail_msg("put the answer of dvsync-sandbox --help-control into CONTROL.md");
    text_free(&description);
    text_free(&page);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(control_reads_back_what_was_seeded, setup, teardown),
        cmocka_unit_test_setup_teardown(control_lists_only_people_who_have_a_row, setup, teardown),
        cmocka_unit_test_setup_teardown(control_says_how_many_things_were_added, setup, teardown),
        cmocka_unit_test_setup_teardown(
            control_names_the_thing_that_is_bad_and_keeps_those_before_it, setup, teardown),
        cmocka_unit_test_setup_teardown(control_tells_the_model_what_a_fault_is, setup, teardown),
        cmocka_unit_test_setup_teardown(control_changes_settings_alone_and_together, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(control_loads_a_world_in_the_order_of_the_collections,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(control_changes_who_is_in_a_group_while_it_runs, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(control_refuses_bad_input_with_a_reason, setup, teardown),
        cmocka_unit_test(control_is_described_word_for_word_in_its_page),
    };
    return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
