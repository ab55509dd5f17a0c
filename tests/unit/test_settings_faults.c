/* For each way to get a block wrong: the line, the place in it, and the words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "settings_file.h"

static char *const no_variables[] = {NULL};

struct fault {
    const char *wrong;
    const char *expected;
};

/* ${place} is the offset of the member of struct settings_blocks that each fault stands for. */
static void
refuse_each(size_t place, const struct fault *faults, size_t count)
{
    struct text file = TEXT_EMPTY;

    for (size_t i = 0; i < count; i++) {
        struct settings_blocks blocks = {0};

        memcpy((char *)&blocks + place, &faults[i].wrong, sizeof(faults[i].wrong));
        settings_file_compose(&blocks, &file);
        settings_file_refuse(file.data, no_variables, faults[i].expected);
    }
    text_free(&file);
}

#define REFUSE_EACH(block, faults)                               \
    refuse_each(offsetof(struct settings_blocks, block), faults, \
                sizeof(faults) / sizeof((faults)[0]))

static void
settings_refuse_each_wrong_identity_with_its_line(void **state)
{
    static const struct fault faults[] = {
        {"3", "2: identities[0]: found an integer, accepted is a group"},
        {"{ " TENANT CLIENT SECRET " }", "2: identities[0]: name is missing"},
        {"{ name = \"a b\"; }", "2: identities[0].name: found \"a b\", accepted is a name"},
        {"{ name = \"\"; }", "2: identities[0].name: found \"\", accepted is a name"},
        {"{ name = 4; }", "2: identities[0].name: found an integer, accepted is a text"},
        {"{ name = \"m\"; secret = \"x\"; }", "2: identities[0].secret: no such setting"},
        {"{ name = \"m\"; " CLIENT SECRET " }", "2: identities[0]: tenant is missing"},
        {"{ name = \"m\"; tenant = \"contoso\"; " CLIENT SECRET " }",
         "2: identities[0].tenant: found \"contoso\", accepted is a GUID"},
        {"{ name = \"m\"; " TENANT "client_id = \"" ZERO "\"; " SECRET " }",
         "2: identities[0].client_id: found \"" ZERO "\", accepted is a GUID"},
        {"{ name = \"m\"; " TENANT CLIENT " }",
         "2: identities[0]: found no secret, accepted is either secret_file"},
        {"{ name = \"m\"; " TENANT CLIENT SECRET "secret_env = \"X\"; }",
         "2: identities[0]: found two secrets, accepted is either secret_file"},
        {"{ name = \"m\"; " TENANT CLIENT "secret_env = \"1X\"; }",
         "2: identities[0].secret_env: found \"1X\", accepted is the name of a variable"},
        {"{ name = \"m\"; " TENANT CLIENT "secret_env = \"DVSYNC_SECRET\"; }",
         "2: identities[0].secret_env: found \"DVSYNC_SECRET\""},
        {"{ name = \"m\"; " TENANT CLIENT SECRET "},\n{ name = \"m\"; }",
         "3: identities[1].name: there is another identity called \"m\""},
    };

    (void)state;
    REFUSE_EACH(identities, faults);
}

static void
settings_refuse_each_wrong_environment_with_its_line(void **state)
{
    static const struct fault faults[] = {
        {"{ name = \"prod\"; }", "3: environments[0]: id is missing"},
        {"{ name = \"p\"; id = \"prod\"; }", "3: environments[0].id: found \"prod\", accepted is"},
        {"{ name = \"p\"; id = \"Default-\"; }", "3: environments[0].id: found \"Default-\""},
        {"{ name = \"p\"; id = \"Default-" ZERO "\"; }",
         "3: environments[0].id: found \"Default-0"},
        {"{ name = \"p\"; " ID " }", "3: environments[0]: url is missing"},
        {"{ name = \"p\"; " ID "url = \"contoso\"; }",
         "3: environments[0].url: \"contoso\" is no absolute http or https URL"},
        {"{ name = \"p\"; " ID "url = \"http://contoso.crm4.dynamics.com\"; }",
         "3: environments[0].url: \"http://contoso.crm4.dynamics.com\" is plain http"},
        {"{ name = \"p\"; " ID "url = \"https://contoso.crm4.dynamics.com/\"; }",
         "3: environments[0].url: \"https://contoso.crm4.dynamics.com/\" ends with a slash"},
        {"{ name = \"p\"; " ID URL " }", "3: environments[0]: identity is missing"},
        {"{ name = \"p\"; " ID URL "identity = \"other\"; }",
         "3: environments[0].identity: found \"other\", accepted is the name of one of"},
        {"{ name = \"p\"; " ID URL IDENTITY "graph = \"yes\"; }",
         "3: environments[0].graph: found a text \"...\", accepted is true or false"},
        {"{ name = \"p\"; " ID URL IDENTITY "disabled_rows = \"no\"; }",
         "3: environments[0].disabled_rows: found \"no\", accepted is one of: enable, leave"},
        {"{ name = \"p\"; " ID URL IDENTITY "on_move_roles = \"no\"; }",
         "3: environments[0].on_move_roles: found \"no\", accepted is one of: keep, drop, "
         "organisation_keeps"},
        {"{ name = \"p\"; " ID URL IDENTITY "disabled_row = \"leave\"; }",
         "3: environments[0].disabled_row: no such setting"},
        {"{ name = \"p\"; " ID URL IDENTITY "},\n{ name = \"p\"; " ID URL IDENTITY " }",
         "4: environments[1].name: there is another environment called \"p\""},
        {"{ name = \"p\"; " ID URL IDENTITY "},\n{ name = \"q\"; " ID URL IDENTITY " }",
         "4: environments[1].id: environment p has the same"},
        {"{ name = \"p\"; " ID URL IDENTITY "},\n{ name = \"q\"; id = \"" GROUP_1
         "\"; url = \"https://CONTOSO.crm4.dynamics.com\";" IDENTITY " }",
         "4: environments[1].url: environment p has the same"},
    };

    (void)state;
    REFUSE_EACH(environments, faults);
}

static void
settings_refuse_each_wrong_unit_or_role_with_its_line(void **state)
{
    static const struct fault faults[] = {
        {"{ name = \"r\"; },\n{ name = \"r\"; }",
         "5: recipes[1].name: there is another recipe called \"r\""},
        {"{ name = \"r\"; unit = \"x\"; }", "4: recipes[0].unit: no such setting"},
        {"{ name = \"r\"; business_unit = \"x\"; }",
         "4: recipes[0].business_unit: found a text \"...\", accepted is a group"},
        {"{ name = \"r\"; business_unit = { }; }",
         "4: recipes[0].business_unit: found neither id nor name, accepted is either"},
        {"{ name = \"r\"; business_unit = { id = \"" GROUP_1 "\"; name = \"U\"; }; }",
         "4: recipes[0].business_unit: found both id and name, accepted is either"},
        {"{ name = \"r\"; business_unit = { name = \"\"; }; }",
         "4: recipes[0].business_unit.name: found \"\", accepted are 1 to 160 bytes"},
        {"{ name = \"r\"; business_unit = { name = \"a\\nb\"; }; }",
         "4: recipes[0].business_unit.name: found \"a?b\""},
        {"{ name = \"r\"; business_unit = { id = \"U\"; }; }",
         "4: recipes[0].business_unit.id: found \"U\", accepted is a GUID"},
        {"{ name = \"r\"; business_unit = { name = \"U\"; policy = \"always\"; }; }",
         "4: recipes[0].business_unit.policy: found \"always\", accepted is one of: enforce, "
         "initial"},
        {"{ name = \"r\"; business_unit = { name = \"U\"; rank = 1; }; }",
         "4: recipes[0].business_unit.rank: no such setting"},
        {"{ name = \"r\"; roles = \"R\"; }",
         "4: recipes[0].roles: found a text \"...\", accepted is a list"},
        {"{ name = \"r\"; roles = ( \"R\" ); }", "4: recipes[0].roles[0]: found a text"},
        {"{ name = \"r\"; roles = ( { name = \"R\"; },\n { name = \"R\"; } ); }",
         "5: recipes[0].roles[1]: the recipe has this role already"},
        {"{ name = \"r\"; roles = ( { name = \"R\"; policy = \"enforce\"; } ); }",
         "4: recipes[0].roles[0].policy: no such setting"},
    };

    (void)state;
    REFUSE_EACH(recipes, faults);
}

#define COLUMNS(members) "{ name = \"r\"; columns = ( { " members " } ); }"

static void
settings_refuse_each_wrong_column_with_its_line(void **state)
{
    static const struct fault faults[] = {
        {COLUMNS(ATTRIBUTE), "4: recipes[0].columns[0]: column is missing"},
        {COLUMNS("column = \"New_X\"; " ATTRIBUTE),
         "4: recipes[0].columns[0].column: found \"New_X\", accepted is a column's logical name"},
        {COLUMNS("column = \"1x\"; " ATTRIBUTE), "4: recipes[0].columns[0].column: found \"1x\""},
        {COLUMNS("column = \"new_x)\"; " ATTRIBUTE),
         "4: recipes[0].columns[0].column: found \"new_x)\""},
        {COLUMNS("column = \"businessunitid\"; " ATTRIBUTE),
         "4: recipes[0].columns[0].column: businessunitid cannot be written by a recipe: the "
         "business unit is set with business_unit"},
        {COLUMNS("column = \"isdisabled\"; " ATTRIBUTE),
         "4: recipes[0].columns[0].column: isdisabled cannot be written"},
        {COLUMNS("column = \"new_x\";"), "4: recipes[0].columns[0]: attribute is missing"},
        {COLUMNS("column = \"new_x\"; attribute = \"a,b\";"),
         "4: recipes[0].columns[0].attribute: found \"a,b\", accepted is a property of the Graph"},
        {COLUMNS("column = \"new_x\"; attribute = \"\";"),
         "4: recipes[0].columns[0].attribute: found \"\""},
        {COLUMNS("column = \"new_x\"; attribute = \"onPremisesExtensionAttributes\";"),
         "4: recipes[0].columns[0].attribute: found \"onPremisesExtensionAttributes\""},
        {COLUMNS("column = \"new_x\"; attribute = "
                 "\"onPremisesExtensionAttributes/extensionAttribute16\";"),
         "4: recipes[0].columns[0].attribute: found \"onPremisesExtensionAttributes/ext"},
        {COLUMNS("column = \"new_x\"; attribute = "
                 "\"onPremisesExtensionAttributes/extensionAttribute0\";"),
         "4: recipes[0].columns[0].attribute: found \"onPremisesExtensionAttributes/ext"},
        {COLUMNS("column = \"new_x\"; attribute = "
                 "\"onPremisesExtensionAttributes/extensionAttribute01\";"),
         "4: recipes[0].columns[0].attribute: found \"onPremisesExtensionAttributes/ext"},
        {COLUMNS("column = \"new_x\"; attribute = "
                 "\"onPremisesExtensionAttributes/extensionAttribute\";"),
         "4: recipes[0].columns[0].attribute: found \"onPremisesExtensionAttributes/ext"},
        {COLUMNS("column = \"new_x\"; attribute = \"customSecurityAttributes\";"),
         "4: recipes[0].columns[0].attribute: custom security attributes cannot be read yet"},
        {COLUMNS("column = \"new_x\"; type = \"lookup\"; " ATTRIBUTE),
         "4: recipes[0].columns[0].type: found \"lookup\", accepted is one of: text, integer"},
        {COLUMNS("column = \"new_x\"; policy = \"no\"; " ATTRIBUTE),
         "4: recipes[0].columns[0].policy: found \"no\", accepted is one of: enforce, initial"},
        {COLUMNS("column = \"new_x\"; absent = \"no\"; " ATTRIBUTE),
         "4: recipes[0].columns[0].absent: found \"no\", accepted is one of: leave, clear"},
        {COLUMNS("column = \"new_x\"; name = \"no\"; " ATTRIBUTE),
         "4: recipes[0].columns[0].name: no such setting"},
        {COLUMNS("column = \"new_x\"; " ATTRIBUTE " }, {\ncolumn = \"new_x\"; " ATTRIBUTE),
         "5: recipes[0].columns[1].column: the recipe has column new_x already"},
    };

    (void)state;
    REFUSE_EACH(recipes, faults);
}

static void
settings_refuse_each_wrong_route_with_its_line(void **state)
{
    static const struct fault faults[] = {
        {"", "!/tmp/dvsync-test-settings-"}, /* needs_routes */
        {"{ environment = \"prod\"; recipe = \"plain\"; }", "5: routes[0]: group is missing"},
        {"{ group = \"sales\"; environment = \"prod\"; recipe = \"plain\"; }",
         "5: routes[0].group: found \"sales\", accepted is a GUID"},
        {"{ group = \"" GROUP_1 "\"; recipe = \"plain\"; }",
         "5: routes[0]: environment is missing"},
        {"{ group = \"" GROUP_1 "\"; environment = \"pord\"; recipe = \"plain\"; }",
         "5: routes[0].environment: found \"pord\", accepted is the name of one of the env"},
        {"{ group = \"" GROUP_1 "\"; environment = \"prod\"; recipe = \"fancy\"; }",
         "5: routes[0].recipe: found \"fancy\", accepted is the name of one of the recipes"},
        {"{ group = \"" GROUP_1 "\"; environment = \"prod\"; recipe = \"plain\"; rank = \"1\"; }",
         "5: routes[0].rank: found a text \"...\", accepted is an integer"},
        {"{ group = \"" GROUP_1 "\"; environment = \"prod\"; recipe = \"plain\"; rank = 1000001; }",
         "5: routes[0].rank: found 1000001, accepted is an integer from -1000000 to 1000000"},
        {"{ group = \"" GROUP_1 "\"; environment = \"prod\"; recipe = \"plain\"; order = 1; }",
         "5: routes[0].order: no such setting"},
        {"{ group = \"" GROUP_1 "\"; environment = \"prod\"; recipe = \"plain\"; },\n"
         "{ group = \"" GROUP_1 "\"; environment = \"prod\"; recipe = \"plain\"; }",
         "6: routes[1]: group " GROUP_1 " has two routes to environment prod, with recipes plain "
         "and plain"},
    };

    (void)state;
    REFUSE_EACH(routes, faults);
}

/* --- what only several blocks together get wrong ---------------------------------------------------- */

#define TWO_ENVIRONMENTS                                                           \
    "{ name = \"prod\"; " ID URL IDENTITY " }, { name = \"test\"; id = \"" GROUP_2 \
    "\"; url = \"https://contoso-test.crm4.dynamics.com\"; " IDENTITY " }"
#define ROUTE(group, environment, recipe, more)                                                  \
    "{ group = \"" group "\"; environment = \"" environment "\"; recipe = \"" recipe "\"; " more \
    " }"

static void
refuse_blocks(const struct settings_blocks *blocks, const char *expected)
{
    struct text file = TEXT_EMPTY;

    settings_file_compose(blocks, &file);
    settings_file_refuse(file.data, no_variables, expected);
    text_free(&file);
}

static void
settings_refuse_rivals_without_ranks_at_the_line_of_the_later_route(void **state)
{
    static const struct settings_blocks blocks = {
        .environments = TWO_ENVIRONMENTS,
        .recipes = "{ name = \"a\"; business_unit = { name = \"A\"; }; },"
                   "{ name = \"b\"; business_unit = { name = \"B\"; }; }",
        .routes = ROUTE(GROUP_1, "test", "a", "rank = 1;") ",\n" ROUTE(
            GROUP_1, "prod", "a",
            "rank = 1;") ",\n" ROUTE(GROUP_2, "test", "a",
                                     "") ",\n" ROUTE(GROUP_2, "prod", "b",
                                                     "") ",\n" ROUTE(GROUP_2, "prod", "b", ""),
    };

    (void)state;
    refuse_blocks(&blocks, "8: routes[3]: the routes of group " GROUP_1
                           " (recipe a, rank 1) and group " GROUP_2
                           " (recipe b, no rank) both claim the business unit in environment prod: "
                           "each needs a rank, and not the same one");
}

static void
settings_refuse_rivals_where_nobody_can_be_asked(void **state)
{
    static const struct settings_blocks blocks = {
        .environments = "{ name = \"prod\"; " ID URL IDENTITY "graph = false; }",
        .recipes = "{ name = \"a\"; business_unit = { name = \"A\"; }; },"
                   "{ name = \"b\"; business_unit = { name = \"B\"; }; }",
        .routes =
            ROUTE(GROUP_1, "prod", "a", "rank = 1;") ",\n" ROUTE(GROUP_2, "prod", "b", "rank = 2;"),
    };

    (void)state;
    refuse_blocks(&blocks,
                  "5: routes[0]: another route of environment 'prod' claims the same thing, "
                  "and without graph = true nobody can be asked which of the groups a user "
                  "is in");
}

static void
settings_refuse_a_column_of_two_types_in_one_environment(void **state)
{
    static const struct settings_blocks blocks = {
        .recipes =
            "{ name = \"a\"; columns = ( { column = \"new_x\"; " ATTRIBUTE " } ); },\n"
            "{ name = \"b\"; columns = (\n{ column = \"new_x\"; type = \"integer\"; " ATTRIBUTE
            " } ); }",
        .routes =
            ROUTE(GROUP_1, "prod", "a", "rank = 1;") "," ROUTE(GROUP_2, "prod", "b", "rank = 2;"),
    };

    (void)state;
    refuse_blocks(&blocks, "6: recipes[1].columns[0].type: column new_x of environment prod is "
                           "integer here and text in another recipe");
}

static void
settings_refuse_columns_out_of_entra_where_nothing_may_be_asked_of_it(void **state)
{
    static const struct settings_blocks blocks = {
        .environments = "{ name = \"prod\"; " ID URL IDENTITY "graph = false; }",
        .recipes = "{ name = \"a\"; columns = ( { column = \"new_x\"; " ATTRIBUTE " } ); }",
        .routes = ROUTE(GROUP_1, "prod", "a", ""),
    };

    (void)state;
    refuse_blocks(&blocks,
                  "5: routes[0].recipe: recipe a takes columns from Entra, but environment "
                  "prod has graph = false");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_refuse_each_wrong_identity_with_its_line),
        cmocka_unit_test(settings_refuse_each_wrong_environment_with_its_line),
        cmocka_unit_test(settings_refuse_each_wrong_unit_or_role_with_its_line),
        cmocka_unit_test(settings_refuse_each_wrong_column_with_its_line),
        cmocka_unit_test(settings_refuse_each_wrong_route_with_its_line),
        cmocka_unit_test(settings_refuse_rivals_without_ranks_at_the_line_of_the_later_route),
        cmocka_unit_test(settings_refuse_rivals_where_nobody_can_be_asked),
        cmocka_unit_test(settings_refuse_a_column_of_two_types_in_one_environment),
        cmocka_unit_test(settings_refuse_columns_out_of_entra_where_nothing_may_be_asked_of_it),
    };
    return cmocka_run_group_tests_name("settings_faults", tests, settings_file_setup,
                                       settings_file_teardown);
}
