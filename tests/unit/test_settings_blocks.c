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

/* --- what blocks become ----------------------------------------------------------------------------- */

static void
settings_example_is_accepted_and_can_be_printed_and_read_back(void **state)
{
    struct text once = TEXT_EMPTY, again = TEXT_EMPTY;
    struct settings settings;
    struct error error;

    (void)state;
    if (settings_load(EXAMPLE, no_variables, true, &settings, &error) == -1)
        fail_msg("%s", error.text);
    settings_print(&settings, &once);
    settings_release(&settings);
    settings_file_load(once.data, &settings);
    settings_print(&settings, &again);
    settings_release(&settings);
    assert_string_equal(once.data, again.data);
    text_free(&once);
    text_free(&again);
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
        cmocka_unit_test(settings_example_becomes_identities_and_environments),
        cmocka_unit_test(settings_example_becomes_a_compiled_table),
        cmocka_unit_test(settings_name_each_column_attribute_unit_and_role_of_an_environment_once),
        cmocka_unit_test(settings_print_ids_as_they_were_parsed),
    };
    return cmocka_run_group_tests_name("settings_blocks", tests, settings_file_setup,
                                       settings_file_teardown);
}
