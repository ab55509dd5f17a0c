/* Reads from the double's Dataverse: filters, columns, pages, keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "model_fixture.h"

#define USERS API "systemusers"
#define BOB_BY_FILTER \
    USERS "?$select=domainname,new_site&$filter=azureactivedirectoryobjectid%20eq%20" BOB

static size_t
count(const struct fixture *fixture)
{
    return json_length(fixture_at(fixture, "value"));
}

/* Rows that a filter finds among systemusers, the application user included. */
static size_t
matches(struct fixture *fixture, const char *filter)
{
    struct text url = TEXT_EMPTY;
    int status;

    text_add(&url, USERS "?$select=systemuserid&$filter=");
    text_add_url(&url, filter, strlen(filter));
    status = fixture_get(fixture, url.data);
    text_free(&url);
    if (status != 200)
        assert_string_equal(fixture_code(fixture), "0x80060888");
    return status == 200 ? count(fixture) : SIZE_MAX;
}

static void
a_row_is_found_by_object_id_and_carries_what_was_selected(void **state)
{
    struct fixture *fixture = *state;
    struct guid bob = guid_of(BOB);

    assert_int_equal(fixture_get(fixture, BOB_BY_FILTER), 200);
    assert_int_equal(count(fixture), 1);
    assert_string_equal(fixture_text(fixture, "value/0/systemuserid"), BOB_ROW);
    assert_string_equal(fixture_text(fixture, "value/0/new_site"), "Bern");
    assert_true(strncmp(fixture_text(fixture, "value/0/@odata.etag"), "W/\"", 3) == 0);
    assert_null(fixture_at(fixture, "value/0/isdisabled"));
    assert_string_equal(fixture_entry(fixture)->route, "systemusers");
    assert_int_equal(fixture_entry(fixture)->items, 1);
    assert_true(guid_equal(&fixture_entry(fixture)->user, &bob));
}

static void
nobody_found_is_an_empty_list(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(matches(fixture, "azureactivedirectoryobjectid eq " ADA), 0);
    assert_int_equal(json_type(fixture_at(fixture, "value")), JSON_ARRAY);
}

static void
without_select_all_columns_come(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(fixture_get(fixture, USERS "(" BOB_ROW ")"), 200);
    assert_string_equal(fixture_text(fixture, "_businessunitid_value"), ROOT);
    assert_int_equal(json_type(fixture_at(fixture, "new_rank")), JSON_NULL);
    assert_int_equal(json_type(fixture_at(fixture, "isdisabled")), JSON_BOOLEAN);
    assert_string_equal(fixture_header(fixture, "ETag"), fixture_text(fixture, "@odata.etag"));
    assert_string_equal(fixture_header(fixture, "OData-Version"), "4.0");
}

static void
the_filter_knows_its_grammar(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(matches(f, "new_site eq 'bern'"), 1);
    assert_int_equal(matches(f, "new_site eq 'it''s'"), 0);
    assert_int_equal(matches(f, "new_site eq null"), 1);
    assert_int_equal(matches(f, "isdisabled eq false and (new_site eq 'Bern' or new_rank eq 7)"),
                     1);
    assert_int_equal(matches(f, "new_rank eq 7 or accessmode eq 0"), 2);
    assert_int_equal(
        matches(f, "systemuserid eq " BOB_ROW " or azureactivedirectoryobjectid eq " BOB), 1);
    assert_int_equal(matches(f, "_businessunitid_value eq " ROOT), 2);
    assert_int_equal(
        matches(f, "Microsoft.Dynamics.CRM.In(PropertyName='azureactivedirectoryobjectid',"
                   "PropertyValues=['" ADA "','" BOB "'])"),
        1);
    assert_int_equal(f->response.status, 200);
    assert_int_equal(fixture_entry(f)->items, 2);
    assert_int_equal(matches(f, "Microsoft.Dynamics.CRM.In(PropertyName='new_site',"
                                "PropertyValues=[\"Bern\"]) and applicationid eq null"),
                     1);
    assert_int_equal(model_offences(f->model, MODEL_OFFENCE_MALFORMED), 0);
}

static void
anything_outside_the_grammar_is_400(void **state)
{
    static const char quoted[] = "azureactivedirectoryobjectid eq '" BOB "'";
    static const char braced[] = "azureactivedirectoryobjectid eq {" BOB "}";
    static const char bare[] = "businessunitid eq " ROOT;
    static const char no_id[] = "Microsoft.Dynamics.CRM.In(PropertyName="
                                "'azureactivedirectoryobjectid',PropertyValues=['a'])";
    const char *const bad[] = {
        quoted,
        braced,
        "",
        "new_site",
        "new_site eq",
        "new_site eq Bern",
        "new_site eq 'Bern",
        "new_site eq 'Bern' and",
        "new_site eq 'Bern' xor new_site eq 'x'",
        "(new_site eq 'Bern'",
        "new_site eq 'Bern')",
        "'Bern' eq new_site",
        "new_site ne 'Bern'",
        "contains(new_site,'B')",
        "not new_site eq 'Bern'",
        "new_rank eq '7'",
        "new_rank eq 7x",
        "isdisabled eq 1",
        "unknown eq 1",
        bare,
        "businessunitid/name eq 'One'",
        "Microsoft.Dynamics.CRM.In(PropertyName='unknown',PropertyValues=['a'])",
        no_id,
        "Microsoft.Dynamics.CRM.In(PropertyName='new_site',PropertyValues=[])",
        "Microsoft.Dynamics.CRM.In(PropertyName='new_site',PropertyValues=['a','b')",
        "Microsoft.Dynamics.CRM.In(PropertyValues=['a'],PropertyName='new_site')",
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (matches(fixture, bad[i]) != SIZE_MAX)
            fail_msg("accepted: %s", bad[i]);
    assert_int_equal(model_offences(fixture->model, MODEL_OFFENCE_MALFORMED),
                     sizeof(bad) / sizeof(bad[0]));
}

static void
unknown_columns_and_options_are_400(void **state)
{
    static const char *const bad[] = {
        USERS "?$select=nothing",
        USERS "?$select=businessunitid",
        USERS "?$select=systemuserid,",
        USERS "?$skip=1",
        USERS "?$select=fullname&%24select=title",
        USERS "?$top=0",
        USERS "?$top=x",
        USERS "?$orderby=nothing",
        USERS "?$orderby=fullname up",
        USERS "?$count=1",
        USERS "?$expand=teammembership_association",
        USERS "?$expand=systemuserroles_association($select=nothing)",
        USERS "?$expand=systemuserroles_association($filter=roleid eq null)",
        USERS "?$skiptoken=1",
        USERS "?$filter=",
        USERS "(" BOB_ROW ")?$filter=isdisabled eq false",
        USERS "(x)",
        USERS "(" BOB_ROW,
        USERS "(domainname='bob')",
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        if (fixture_get(fixture, bad[i]) != 400)
            fail_msg("%d for %s", fixture->response.status, bad[i]);
    assert_int_equal(fixture_get(fixture, API "nothings"), 404);
    assert_string_equal(fixture_code(fixture), "0x80060888");
    assert_int_equal(fixture_get(fixture, CRM "/api/data/systemusers"), 404);
    assert_true(*fixture_text(fixture, "Message") != '\0');
    assert_int_equal(fixture_call(fixture, HTTP_DELETE, USERS "(" BOB_ROW ")", NULL, NULL), 405);
}

static void
the_alternate_key_finds_or_makes_a_row_by_setting(void **state)
{
    struct fixture *fixture = *state;
    struct guid ada = guid_of(ADA);

    assert_int_equal(fixture_get(fixture, USERS "(azureactivedirectoryobjectid=" BOB ")"), 200);
    assert_string_equal(fixture_text(fixture, "systemuserid"), BOB_ROW);
    assert_string_equal(fixture_entry(fixture)->route, "systemuser");
    assert_int_equal(fixture_get(fixture, USERS "(azureactivedirectoryobjectid=" ADA ")"), 404);
    assert_string_equal(fixture_code(fixture), "0x80060891");
    assert_true(model_set(fixture->model, "force_sync_creates_jit", 1));
    assert_int_equal(fixture_get(fixture, USERS "(azureactivedirectoryobjectid=" ADA ")"), 200);
    assert_int_equal(fixture_entry(fixture)->write, MODEL_WROTE);
    assert_int_equal(model_find_row(fixture->model, "e1", &ada, NULL), 1);
    assert_int_equal(fixture_get(fixture, USERS "(azureactivedirectoryobjectid=" NOBODY ")"), 404);
    assert_int_equal(fixture_get(fixture, USERS "(" NOBODY ")"), 404);
    assert_string_equal(fixture_code(fixture), "0x80040217");
}

static void
seed_rows(struct fixture *fixture, int rows)
{
    for (int i = 0; i < rows; i++) {
        struct model_row row = {.object_id = guid_of(NOBODY)};
        char columns[64];

        row.object_id.bytes[0] = (uint8_t)i;
        snprintf(columns, sizeof(columns), "{\"new_rank\":%d}", i);
        assert_true(model_add_row(fixture->model, "e1", &row, columns));
    }
}

/* Follows pages to the end; returns rows, with the number of pages. */
static size_t
walk(struct fixture *fixture, const char *first, const char *headers, int *ret_pages)
{
    char *url = strdup(first);
    size_t rows = 0;

    for (*ret_pages = 0; *url != '\0'; (*ret_pages)++) {
        assert_int_equal(fixture_call(fixture, HTTP_GET, url, headers, NULL), 200);
        rows += count(fixture);
        free(url);
        url = strdup(fixture_text(fixture, "@odata.nextLink"));
    }
    free(url);
    return rows;
}

static void
pages_go_on_by_an_opaque_link_until_there_is_none(void **state)
{
    struct fixture *fixture = *state;
    const char *size = "Prefer: odata.maxpagesize=5\n";
    int pages;

    seed_rows(fixture, 20);
    assert_int_equal(walk(fixture, USERS "?$select=new_rank", size, &pages), 22);
    assert_int_equal(pages, 5);
    assert_int_equal(
        walk(fixture, USERS "?$filter=accessmode%20eq%200&$orderby=new_rank%20desc", size, &pages),
        22);
    assert_int_equal(pages, 5);
    assert_true(model_set(fixture->model, "page_size", 10));
    assert_int_equal(walk(fixture, USERS, NULL, &pages), 22);
    assert_int_equal(pages, 3);
    assert_int_equal(walk(fixture, USERS, "Prefer: odata.maxpagesize=100\n", &pages), 22);
    assert_int_equal(pages, 3);
}

static void
top_count_and_orderby_are_obeyed(void **state)
{
    struct fixture *fixture = *state;
    int64_t number = 0;

    seed_rows(fixture, 3);
    assert_int_equal(
        fixture_get(fixture, USERS "?$select=new_rank&$orderby=new_rank%20desc&$top=2&$count=true"),
        200);
    assert_int_equal(count(fixture), 2);
    assert_true(json_integer(fixture_at(fixture, "value/0/new_rank"), &number));
    assert_int_equal(number, 2);
    assert_true(json_integer(fixture_at(fixture, "@odata.count"), &number));
    assert_int_equal(number, 5);
    assert_null(fixture_at(fixture, "@odata.nextLink"));
}

static void
units_and_the_copies_of_roles_are_read_alike(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(
        fixture_get(fixture,
                    API "businessunits?$select=businessunitid&$filter=name%20eq%20'sales'"),
        200);
    assert_string_equal(fixture_text(fixture, "value/0/businessunitid"), SALES);
    assert_string_equal(fixture_entry(fixture)->route, "businessunits");
    assert_int_equal(
        fixture_get(fixture,
                    API "roles?$select=roleid,name&$filter=_parentrootroleid_value%20eq%20" READER
                        "%20and%20_businessunitid_value%20eq%20" SALES),
        200);
    assert_int_equal(count(fixture), 1);
    assert_string_not_equal(fixture_text(fixture, "value/0/roleid"), READER);
    assert_string_equal(fixture_text(fixture, "value/0/name"), "Reader");
    assert_int_equal(fixture_get(fixture, API "roles(" READER ")"), 200);
    assert_string_equal(fixture_text(fixture, "_parentrootroleid_value"), READER);
    assert_true(model_set(fixture->model, "root_role_parent_null", 1));
    assert_int_equal(fixture_get(fixture, API "roles(" READER ")"), 200);
    assert_int_equal(json_type(fixture_at(fixture, "_parentrootroleid_value")), JSON_NULL);
    assert_int_equal(
        fixture_get(fixture, API "roles?$filter=_parentrootroleid_value%20eq%20" READER), 200);
    assert_int_equal(count(fixture), 1);
}

static void
expanded_roles_may_be_stale_unless_asked_otherwise(void **state)
{
    struct fixture *fixture = *state;
    struct guid row = guid_of(BOB_ROW), reader = guid_of(READER);
    const char *url =
        USERS "(" BOB_ROW ")?$expand=systemuserroles_association($select=roleid,name)";

    assert_true(model_set(fixture->model, "stale_expand_ms", 30000));
    model_advance(fixture->model, &fixture->clock);
    assert_true(model_give_role(fixture->model, "e1", &row, &reader));
    assert_int_equal(fixture_get(fixture, url), 200);
    assert_int_equal(json_length(fixture_at(fixture, "systemuserroles_association")), 0);
    assert_int_equal(fixture_call(fixture, HTTP_GET, url, "If-None-Match: null\n", NULL), 200);
    assert_string_equal(fixture_text(fixture, "systemuserroles_association/0/roleid"), READER);
    assert_null(fixture_at(fixture, "systemuserroles_association/0/_businessunitid_value"));
    fixture_pass(fixture, 30000);
    assert_int_equal(fixture_get(fixture, url), 200);
    assert_int_equal(json_length(fixture_at(fixture, "systemuserroles_association")), 1);
    assert_int_equal(
        fixture_get(fixture, USERS "(" BOB_ROW ")/systemuserroles_association?$select=name"), 200);
    assert_string_equal(fixture_text(fixture, "value/0/name"), "Reader");
}

static void
a_row_that_is_known_answers_304(void **state)
{
    struct fixture *fixture = *state;
    struct text headers = TEXT_EMPTY;

    assert_int_equal(fixture_get(fixture, USERS "(" BOB_ROW ")"), 200);
    text_addf(&headers, "If-None-Match: %s\n", fixture_header(fixture, "ETag"));
    assert_int_equal(fixture_call(fixture, HTTP_GET, USERS "(" BOB_ROW ")", headers.data, NULL),
                     304);
    text_free(&headers);
}

static void
strangers_and_those_without_a_role_stay_outside(void **state)
{
    struct fixture *fixture = *state;
    struct guid client = guid_of(CLIENT);
    struct text headers = TEXT_EMPTY;

    assert_int_equal(fixture_token(fixture, "client_id=" CLIENT
                                            "&client_secret=s3cret%26value%3D1&grant_type="
                                            "client_credentials&scope=" OTHER_CRM "/.default"),
                     200);
    text_addf(&headers, "Authorization: Bearer %s\n", fixture_text(fixture, "access_token"));
    assert_int_equal(
        fixture_send(fixture, HTTP_GET, OTHER_CRM "/api/data/v9.2/systemusers", headers.data, NULL),
        403);
    assert_string_equal(fixture_code(fixture), "0x80072560");
    assert_true(model_add_application_user(fixture->model, "e2", &client, false));
    assert_int_equal(
        fixture_send(fixture, HTTP_GET, OTHER_CRM "/api/data/v9.2/systemusers", headers.data, NULL),
        403);
    assert_string_equal(fixture_code(fixture), "0x80042F09");
    text_free(&headers);
}

static void
who_am_i_names_the_application_user(void **state)
{
    struct fixture *fixture = *state;

    assert_int_equal(fixture_get(fixture, API "WhoAmI"), 200);
    assert_string_equal(fixture_text(fixture, "BusinessUnitId"), ROOT);
    assert_int_equal(strlen(fixture_text(fixture, "UserId")), 36);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_row_is_found_by_object_id_and_carries_what_was_selected),
        TEST(nobody_found_is_an_empty_list),
        TEST(without_select_all_columns_come),
        TEST(the_filter_knows_its_grammar),
        TEST(anything_outside_the_grammar_is_400),
        TEST(unknown_columns_and_options_are_400),
        TEST(the_alternate_key_finds_or_makes_a_row_by_setting),
        TEST(pages_go_on_by_an_opaque_link_until_there_is_none),
        TEST(top_count_and_orderby_are_obeyed),
        TEST(units_and_the_copies_of_roles_are_read_alike),
        TEST(expanded_roles_may_be_stale_unless_asked_otherwise),
        TEST(a_row_that_is_known_answers_304),
        TEST(strangers_and_those_without_a_role_stay_outside),
        TEST(who_am_i_names_the_application_user),
    };
    return cmocka_run_group_tests_name("model_query", tests, NULL, NULL);
}
