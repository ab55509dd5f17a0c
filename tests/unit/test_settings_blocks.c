/* The blocks of the configuration: what they become, and that they can be printed and read back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "settings_file.h"

#define EXAMPLE "worker/settings/example.conf"

static char *const no_variables[] = {NULL};

static void
load_blocks(const struct settings_blocks *blocks, struct settings *ret_settings)
{
    struct text file = TEXT_EMPTY;

    settings_file_compose(blocks, &file);
    settings_file_load(file.data, ret_settings);
    text_free(&file);
}

/* --- sameness --------------------------------------------------------------------------------------- */

static void
assert_same_references(const struct reference *a, const struct reference *b, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_true(guid_equal(&a[i].id, &b[i].id));
        assert_string_equal(a[i].name, b[i].name);
    }
}

static void
assert_same_route(const struct route *a, const struct route *b)
{
    assert_true(guid_equal(&a->group, &b->group));
    assert_string_equal(a->recipe, b->recipe);
    assert_true(a->rank == b->rank);
    assert_int_equal(a->unit, b->unit);
    assert_int_equal(a->unit_policy, b->unit_policy);
    assert_int_equal(a->column_count, b->column_count);
    for (size_t i = 0; i < a->column_count; i++) {
        assert_int_equal(a->columns[i].column, b->columns[i].column);
        assert_int_equal(a->columns[i].attribute, b->columns[i].attribute);
        assert_int_equal(a->columns[i].policy, b->columns[i].policy);
        assert_int_equal(a->columns[i].absent, b->columns[i].absent);
    }
    assert_int_equal(a->role_count, b->role_count);
    for (size_t i = 0; i < a->role_count; i++)
        assert_int_equal(a->roles[i], b->roles[i]);
}

static void
assert_same_environment(const struct environment *a, const struct environment *b)
{
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->id, b->id);
    assert_string_equal(a->url, b->url);
    assert_int_equal(a->identity, b->identity);
    assert_int_equal(a->has_graph, b->has_graph);
    assert_int_equal(a->disabled_rows, b->disabled_rows);
    assert_int_equal(a->move_roles, b->move_roles);
    assert_int_equal(a->column_count, b->column_count);
    for (size_t i = 0; i < a->column_count; i++) {
        assert_string_equal(a->columns[i].name, b->columns[i].name);
        assert_int_equal(a->columns[i].type, b->columns[i].type);
    }
    assert_int_equal(a->attribute_count, b->attribute_count);
    for (size_t i = 0; i < a->attribute_count; i++)
        assert_string_equal(a->attributes[i].name, b->attributes[i].name);
    assert_int_equal(a->unit_count, b->unit_count);
    assert_same_references(a->units, b->units, a->unit_count);
    assert_int_equal(a->role_count, b->role_count);
    assert_same_references(a->roles, b->roles, a->role_count);
    assert_int_equal(a->route_count, b->route_count);
    for (size_t i = 0; i < a->route_count; i++)
        assert_same_route(&a->routes[i], &b->routes[i]);
}

static void
assert_same_identity(const struct identity *a, const struct identity *b)
{
    assert_string_equal(a->name, b->name);
    assert_true(guid_equal(&a->tenant, &b->tenant));
    assert_true(guid_equal(&a->client, &b->client));
    assert_string_equal(a->secret_file, b->secret_file);
    assert_string_equal(a->secret_env, b->secret_env);
}

/* Prints ${settings}, reads that back, and compares. */
static void
assert_comes_back(const struct settings *settings)
{
    const struct routing *routing = &settings->routing;
    struct settings again;
    struct text text = TEXT_EMPTY;

    settings_print(settings, &text);
    settings_file_load(text.data, &again);
    assert_int_equal(again.routing.identity_count, routing->identity_count);
    for (size_t i = 0; i < routing->identity_count; i++)
        assert_same_identity(&again.routing.identities[i], &routing->identities[i]);
    assert_int_equal(again.routing.environment_count, routing->environment_count);
    for (size_t i = 0; i < routing->environment_count; i++)
        assert_same_environment(&again.routing.environments[i], &routing->environments[i]);
    settings_release(&again);
    text_free(&text);
}

/* --- what blocks become ----------------------------------------------------------------------------- */

static void
settings_example_is_accepted_and_can_be_printed_and_read_back(void **state)
{
    struct settings settings;
    struct error error;

    (void)state;
    if (settings_load(EXAMPLE, no_variables, true, &settings, &error) == -1)
        fail_msg("%s", error.text);
    assert_comes_back(&settings);
    settings_release(&settings);
}

static void
settings_print_can_be_read_back_for_blocks_without_any_default(void **state)
{
    static const struct settings_blocks blocks = {
        .identities = "{ name = \"other\"; " TENANT CLIENT "secret_env = \"OTHER\"; },"
                      "{ name = \"main\"; " TENANT CLIENT SECRET " }",
        .environments = "{ name = \"prod\"; " ID URL IDENTITY " disabled_rows = \"leave\";"
                        " on_move_roles = \"organisation_keeps\"; },"
                        "{ name = \"bare\"; id = \"" GROUP_1 "\"; url = \"https://a.test\";"
                        " identity = \"other\"; graph = false; }",
        .recipes = "{ name = \"a\"; business_unit = { name = \"Sales \\\"EU\\\"\";"
                   " policy = \"enforce\"; };"
                   " columns = ( { column = \"new_x\"; " ATTRIBUTE " policy = \"initial\";"
                   " absent = \"clear\"; type = \"integer\"; } );"
                   " roles = ( { id = \"" GROUP_2 "\"; }, { name = \"R\"; } ); },"
                   "{ name = \"b\"; }, { name = \"unused\"; }",
        .routes = "{ group = \"" GROUP_1 "\"; environment = \"bare\"; recipe = \"b\"; },"
                  "{ group = \"" GROUP_1 "\"; environment = \"prod\"; recipe = \"a\";"
                  " rank = -5; },"
                  "{ group = \"" GROUP_2 "\"; environment = \"prod\"; recipe = \"a\"; }",
    };
    struct settings settings;

    (void)state;
    load_blocks(&blocks, &settings);
    assert_comes_back(&settings);
    settings_release(&settings);
}

static void
settings_example_becomes_identities_and_environments(void **state)
{
    const struct environment *environments;
    struct settings settings;
    struct error error;
    char text[GUID_TEXT_BYTES];

    (void)state;
    assert_int_equal(settings_load(EXAMPLE, no_variables, true, &settings, &error), 0);
    assert_int_equal(settings.routing.identity_count, 1);
    assert_string_equal(settings.routing.identities[0].secret_file,
                        "/run/secrets/dvsync-client-secret");
    assert_string_equal(settings.routing.identities[0].secret_env, "");
    assert_string_equal(guid_format(&settings.routing.identities[0].client, text),
                        "11112222-bbbb-3333-cccc-4444dddd5555");
    assert_int_equal(settings.routing.environment_count, 2);
    environments = settings.routing.environments;
    assert_string_equal(environments[0].id, "8f7d5b8e-0c1d-4e5f-9a3b-1c2d3e4f5a6b");
    assert_string_equal(environments[1].id, "Default-aaaabbbb-0000-cccc-1111-dddd2222eeee");
    assert_string_equal(environments[1].url, "https://contoso-test.crm4.dynamics.com");
    assert_int_equal(environments[1].index, 1);
    assert_int_equal(environments[1].identity, 0);
    assert_true(environments[1].has_graph);
    assert_int_equal(environments[1].disabled_rows, DISABLED_ENABLE);
    assert_int_equal(environments[1].move_roles, MOVE_KEEP);
    settings_release(&settings);
}

static void
settings_example_becomes_a_compiled_table(void **state)
{
    const struct environment *prod;
    const struct route_id *found;
    const struct route *sales;
    struct settings settings;
    struct error error;

    (void)state;
    assert_int_equal(settings_load(EXAMPLE, no_variables, true, &settings, &error), 0);
    prod = &settings.routing.environments[0];
    assert_int_equal(prod->route_count, 2);
    sales = &prod->routes[0];
    assert_string_equal(sales->recipe, "sales");
    assert_int_equal(sales->rank, 10);
    assert_int_equal(sales->unit_policy, POLICY_INITIAL);
    assert_string_equal(prod->units[sales->unit].name, "Sales");
    assert_int_equal(sales->column_count, 2);
    assert_string_equal(prod->columns[sales->columns[1].column].name, "new_grade");
    assert_int_equal(prod->columns[sales->columns[1].column].type, COLUMN_INTEGER);
    assert_int_equal(prod->attributes[sales->columns[1].attribute].type, COLUMN_INTEGER);
    assert_string_equal(prod->roles[sales->roles[0]].name, "Salesperson");
    assert_int_equal(sales->rival_count, 1);
    assert_int_equal(prod->unit_count, 2);
    assert_int_equal(prod->role_count, 3);
    assert_int_equal(routing_find(&settings.routing, &sales->group, &found), 2);
    assert_true(settings.routing.environments[1].routes[0].rank == ROUTE_NO_RANK);
    assert_int_equal(settings.routing.environments[1].routes[0].unit, NO_INDEX);
    settings_release(&settings);
}

static void
settings_name_each_column_attribute_unit_and_role_of_an_environment_once(void **state)
{
    static const struct settings_blocks blocks = {
        .recipes = "{ name = \"a\"; business_unit = { name = \"U\"; };"
                   " columns = ( { column = \"new_x\"; " ATTRIBUTE " } );"
                   " roles = ( { name = \"R\"; } ); },"
                   "{ name = \"b\"; business_unit = { name = \"U\"; policy = \"enforce\"; };"
                   " columns = ( { column = \"new_y\"; " ATTRIBUTE " policy = \"initial\"; },"
                   " { column = \"new_x\"; " ATTRIBUTE " absent = \"clear\"; },"
                   " { column = \"new_n\"; type = \"integer\"; " ATTRIBUTE " } );"
                   " roles = ( { name = \"S\"; }, { name = \"R\"; } ); }",
        .routes = "{ group = \"" GROUP_1 "\"; environment = \"prod\"; recipe = \"a\"; rank = 1; },"
                  "{ group = \"" GROUP_2 "\"; environment = \"prod\"; recipe = \"b\"; rank = -1; }",
    };
    const struct environment *environment;
    const struct route *b;
    struct settings settings;

    (void)state;
    load_blocks(&blocks, &settings);
    environment = &settings.routing.environments[0];
    b = &environment->routes[1];
    assert_int_equal(environment->unit_count, 1);
    assert_int_equal(environment->column_count, 3);
    assert_int_equal(environment->attribute_count, 2); /* as text and as integer */
    assert_int_equal(environment->role_count, 2);
    assert_int_equal(b->unit_policy, POLICY_ENFORCE);
    assert_int_equal(b->columns[0].policy, POLICY_INITIAL);
    assert_int_equal(b->columns[1].column, environment->routes[0].columns[0].column);
    assert_int_equal(b->columns[1].absent, ABSENT_CLEAR);
    assert_int_equal(b->columns[1].policy, POLICY_ENFORCE);
    assert_int_equal(b->roles[1], environment->routes[0].roles[0]);
    assert_int_equal(b->rank, -1);
    settings_release(&settings);
}

static void
settings_print_ids_as_they_were_parsed(void **state)
{
    static const struct settings_blocks blocks = {
        .environments =
            "{ name = \"prod\"; id = \"default-8F7D5B8E-0C1D-4E5F-9A3B-1C2D3E4F5A6B\"; " URL
                IDENTITY " graph = false; disabled_rows = \"leave\"; on_move_roles = \"drop\"; }",
    };
    struct text text = TEXT_EMPTY;
    struct settings settings;

    (void)state;
    load_blocks(&blocks, &settings);
    settings_print(&settings, &text);
    assert_non_null(strstr(text.data, "id = \"Default-8f7d5b8e-0c1d-4e5f-9a3b-1c2d3e4f5a6b\";"));
    assert_non_null(strstr(text.data, "graph = false; disabled_rows = \"leave\"; "
                                      "on_move_roles = \"drop\"; }"));
    settings_release(&settings);
    text_free(&text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_example_is_accepted_and_can_be_printed_and_read_back),
        cmocka_unit_test(settings_print_can_be_read_back_for_blocks_without_any_default),
        cmocka_unit_test(settings_example_becomes_identities_and_environments),
        cmocka_unit_test(settings_example_becomes_a_compiled_table),
        cmocka_unit_test(settings_name_each_column_attribute_unit_and_role_of_an_environment_once),
        cmocka_unit_test(settings_print_ids_as_they_were_parsed),
    };
    return cmocka_run_group_tests_name("settings_blocks", tests, settings_file_setup,
                                       settings_file_teardown);
}
