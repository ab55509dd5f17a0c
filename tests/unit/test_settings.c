/* Scalars and lists of texts: defaults, what is refused, secrets, and printing what is in force. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "settings_file.h"

#define BLOCKS                                                                                    \
    "identities = ( { name = \"main\"; tenant = \"aaaabbbb-0000-cccc-1111-dddd2222eeee\";"        \
    " client_id = \"11112222-bbbb-3333-cccc-4444dddd5555\"; secret_env = \"MAIN_SECRET\"; } );\n" \
    "environments = ( { name = \"prod\"; id = \"8f7d5b8e-0c1d-4e5f-9a3b-1c2d3e4f5a6b\";"          \
    " url = \"https://contoso.crm4.dynamics.com\"; identity = \"main\"; } );\n"                   \
    "recipes = ( { name = \"plain\"; } );\n"                                                      \
    "routes = ( { group = \"a3f1c0de-1111-4222-8333-444455556666\"; environment = \"prod\";"      \
    " recipe = \"plain\"; } );\n"
#define KAFKA "kafka: { bootstrap_servers = \"broker:9092\"; };\n"

static char *const no_variables[] = {NULL};

/* --- defaults --------------------------------------------------------------------------------------- */

static void
settings_defaults_are_those_that_the_engine_names(void **state)
{
    struct settings settings;
    const struct engine_settings *engine = &settings.engine;

    (void)state;
    settings_file_load(KAFKA BLOCKS, &settings);
    assert_int_equal(engine->linger_ms, 5);
    assert_int_equal(engine->look_ids, 250);
    assert_int_equal(engine->confirm_tick_ms, 5000);
    assert_int_equal(engine->sources_max_age_ms, 180000);
    assert_int_equal(engine->deadline_ms, 600000);
    assert_int_equal(engine->backoff_base_ms, 1000);
    assert_int_equal(engine->backoff_cap_ms, 60000);
    assert_int_equal(engine->trust_ms, TRUST_DEFAULT);
    assert_int_equal(engine->memory_keep_ms, 300000);
    assert_int_equal(engine->memory_margin_ms, 60000);
    assert_int_equal(engine->probe_ms, 30000);
    assert_true(engine->has_dead_letters);
    assert_int_equal(engine->offsets.interval_ms, 2000);
    assert_int_equal(engine->offsets.answer_within_ms, 10000);
    assert_string_equal(engine->group_id, "dvsync");
    settings_release(&settings);
}

static void
settings_default_ceilings_are_the_published_limits(void **state)
{
    struct settings settings;
    const struct engine_settings *engine = &settings.engine;

    (void)state;
    settings_file_load(KAFKA BLOCKS, &settings);
    assert_int_equal(engine->dataverse_concurrency, 52);
    assert_int_equal(engine->dataverse_calls, 6000);
    assert_int_equal(engine->dataverse_execution_ms, 1200000);
    assert_int_equal(engine->dataverse_span_ms, 300000);
    assert_int_equal(engine->graph_units, 3500);
    assert_int_equal(engine->graph_span_ms, 10000);
    assert_int_equal(engine->bap_calls, 100);
    assert_int_equal(engine->bap_span_ms, 60000);
    assert_true(engine->share == 0);
    settings_release(&settings);
}

static void
settings_have_names_ranges_and_help_and_defaults_within_them(void **state)
{
    (void)state;
    for (const struct setting *setting = settings_table; setting->name != NULL; setting++) {
        size_t length = strlen(setting->help);

        assert_non_null(strchr(setting->name, '.'));
        assert_true(length > 10);
        assert_true(setting->help[length - 1] != '.');
        if (setting->type == SETTING_INTEGER || setting->type == SETTING_DURATION ||
            setting->type == SETTING_SIZE)
            assert_true(setting->minimum < setting->maximum);
        for (const struct setting *other = settings_table; other != setting; other++) {
            assert_string_not_equal(setting->name, other->name);
            assert_int_not_equal(setting->offset, other->offset);
        }
    }
}

static void
settings_trust_is_a_duration_or_a_word(void **state)
{
    static const struct {
        const char *text;
        int64_t trust_ms;
    } cases[] = {
        {"membership: { trust_for = \"always\"; };", TRUST_ALWAYS},
        {"membership: { trust_for = \"never\"; };", TRUST_NEVER},
        {"membership: { trust_for = \"2h\"; };", 7200000},
    };
    struct text file = TEXT_EMPTY;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct settings settings;

        text_clear(&file);
        text_addf(&file, "%s%s%s", KAFKA, BLOCKS, cases[i].text);
        settings_file_load(file.data, &settings);
        assert_true(settings.engine.trust_ms == cases[i].trust_ms);
        settings_release(&settings);
    }
    text_free(&file);
}

static void
settings_need_no_file_where_no_routes_are_needed(void **state)
{
    char servers[] = "DVSYNC_KAFKA_BOOTSTRAP_SERVERS=a:1";
    char topic[] = "DVSYNC_KAFKA_TOPIC=people";
    char *const variables[] = {servers, topic, NULL};
    struct settings settings;
    struct error error;

    (void)state;
    assert_int_equal(settings_load(NULL, variables, false, &settings, &error), 0);
    assert_string_equal(settings.bootstrap_servers, "a:1");
    assert_string_equal(settings.topic, "people");
    assert_null(settings.kafka_properties[0]);
    assert_string_equal(settings.refusals[0], "userNotLicensed");
    settings_release(&settings);
    assert_int_equal(settings_load(NULL, variables, true, &settings, &error), -1);
    assert_non_null(strstr(error.text, "routes: found none, accepted is at least one"));
    settings_release(&settings);
}

/* --- what is refused -------------------------------------------------------------------------------- */

static void
settings_say_that_no_file_was_given(void **state)
{
    struct settings settings;
    struct error error;

    (void)state;
    assert_int_equal(settings_load(NULL, no_variables, true, &settings, &error), -1);
    assert_non_null(strstr(error.text, "kafka.bootstrap_servers is required: no file was given"));
    settings_release(&settings);
}

static void
settings_refuse_each_wrong_scalar_and_list_with_its_line(void **state)
{
    static const struct {
        const char *text; /* ahead of the blocks */
        const char *expected;
    } cases[] = {
        {"\n", "!kafka.bootstrap_servers"},
        {KAFKA "nonsense = 1;", "2: nonsense: no such setting"},
        {KAFKA "log: { level = \"loud\"; };", "2: log.level: found \"loud\", accepted is one of"},
        {KAFKA "look: { ids = 251; };", "2: look.ids: found \"251\", accepted is"},
        {KAFKA "\n\nconfirm: { tick = 5; };", "4: confirm.tick: "},
        {"kafka: { bootstrap_servers = \"a:1\"; topic = \"^dv.*\"; };",
         "1: kafka.topic: found \"^dv.*\", accepted is the name of a topic"},
        {"kafka: { bootstrap_servers = \"a:1\"; topic = \"..\"; };",
         "1: kafka.topic: found \"..\""},
        {"kafka: { bootstrap_servers = \"a:1\";\ntopic = \"a\"; dead_letter_topic = \"a b\"; };",
         "2: kafka.dead_letter_topic: found \"a b\", accepted is the name of a topic"},
        {"kafka: { bootstrap_servers = \"a:1\"; topic = \"a\"; dead_letter_topic = \"a\"; };",
         "1: kafka.dead_letter_topic: found \"a\", accepted is a topic that is not read"},
        {"kafka: { bootstrap_servers = \"a:1\"; topic = \"a\";\n dead_letter_topic = "
         "\"a.backfill\"; };",
         "2: kafka.dead_letter_topic: found \"a.backfill\", accepted is a topic that is not read"},
        {KAFKA "services: {\n login_url = \"http://login.example.org\"; };",
         "3: services.login_url: \"http://login.example.org\" is plain http to another machine"},
        {KAFKA "services: { graph_url = \"https://graph.example.org/\"; };",
         "2: services.graph_url: \"https://graph.example.org/\" ends with a slash"},
        {KAFKA "services: { bap_url = \"https://me:pass@bap.example.org\"; };",
         "2: services.bap_url: the URL is no absolute"},
        {KAFKA "admin: { address = \"9464\"; };",
         "2: admin.address: found \"9464\", accepted is host:port"},
        {KAFKA "admin: { address = \"::1:65536\"; };", "2: admin.address: found \"::1:65536\""},
        {KAFKA "admin: { address = \":80\"; };", "2: admin.address: found \":80\""},
        {KAFKA "retry: { backoff_base = \"1m\";\n backoff_cap = \"30s\"; };",
         "3: retry.backoff_cap: found \"30000ms\", accepted is nothing below retry.backoff_base"},
        {KAFKA "membership: { trust_for = \"sometimes\"; };",
         "2: membership.trust_for: found \"sometimes\", accepted is \"always\", \"never\" or a "
         "duration"},
        {KAFKA "kafka_properties = 1;",
         "2: kafka_properties: found an integer, accepted is a list"},
        {KAFKA "kafka_properties = [ 1 ];", "2: kafka_properties[0]: found an integer"},
        {KAFKA "kafka_properties = [ \"debug=all\",\n \"topsecret\" ];",
         "3: kafka_properties[1]: found something else, accepted is \"name=value\""},
        {KAFKA "kafka_properties = [ \"=all\" ];", "2: kafka_properties[0]: found something else"},
        {KAFKA "kafka_properties = [ \"debug=all\", \"debug=msg\" ];",
         "2: kafka_properties[1]: the property debug is there already"},
        {"kafka: { bootstrap_servers = \"a:1\"; sasl_password = \"x\"; };\n"
         "kafka_properties = [ \"sasl.password=y\" ];",
         "2: kafka_properties: sasl.password stands here and in kafka.sasl_password"},
        {KAFKA "bap_refusals = \"x\";",
         "2: bap_refusals: found a text \"...\", accepted is a list"},
        {KAFKA "bap_refusals = [ \"\" ];",
         "2: bap_refusals[0]: found \"\", which is part of every"},
        {KAFKA "bap_refusals = ( true );", "2: bap_refusals[0]: found true or false"},
    };
    struct text file = TEXT_EMPTY;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        text_clear(&file);
        text_addf(&file, "%s\n%s", cases[i].text, BLOCKS);
        settings_file_refuse(file.data, no_variables, cases[i].expected);
    }
    text_free(&file);
}

static void
settings_blame_the_variable_and_not_the_file_where_a_variable_was_wrong(void **state)
{
    char topic[] = "DVSYNC_KAFKA_TOPIC=a b";
    char *const variables[] = {topic, NULL};

    (void)state;
    settings_file_refuse("kafka: { bootstrap_servers = \"a:1\"; topic = \"fine\"; };\n" BLOCKS,
                         variables, "!kafka.topic: found \"a b\", accepted is the name of a topic");
}

static void
settings_take_plain_http_to_this_machine_or_when_told_so(void **state)
{
    struct settings settings;

    (void)state;
    settings_file_load(KAFKA BLOCKS "services: { graph_url = \"http://127.0.0.1:8080\"; };",
                       &settings);
    settings_release(&settings);
    settings_file_load(KAFKA BLOCKS "services: { graph_url = \"http://graph.test\"; };"
                                    "http: { allow_plain = true; };",
                       &settings);
    assert_string_equal(settings.graph_url, "http://graph.test");
    settings_release(&settings);
}

static void
settings_help_names_every_scalar_and_the_blocks(void **state)
{
    static const char *const blocks[] = {"kafka_properties", "retry_topics", "routes"};
    struct text text = TEXT_EMPTY;

    (void)state;
    settings_help(&text);
    for (const struct setting *setting = settings_table; setting->name != NULL; setting++)
        assert_non_null(strstr(text.data, setting->name));
    for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++)
        assert_non_null(strstr(text.data, blocks[i]));
    text_free(&text);
}

/* --- printing --------------------------------------------------------------------------------------- */

/* Prints, loads what was printed, and prints again into ${ret_again}. */
static void
print_twice(const char *text, struct text *ret_once, struct text *ret_again)
{
    struct settings settings;

    settings_file_load(text, &settings);
    settings_print(&settings, ret_once);
    settings_release(&settings);
    assert_false(ret_once->failed);
    settings_file_load(ret_once->data, &settings);
    settings_print(&settings, ret_again);
    settings_release(&settings);
}

/* A value that is not the default, in the file's syntax, wherever there is one. */
static void
add_other_value(const struct setting *setting, struct text *text)
{
    static const char *const special[][2] = {
        {"membership.trust_for", "\"never\""},
        {"admin.address", "\"[::1]:1\""},
        {"producer.admin_address", "\"[::1]:2\""},
        {"producer.identity", "\"main\""},
        {"producer.conclude_after", "\"never\""},
        {"services.login_url", "\"https://a.example.org\""},
        {"services.graph_url", "\"https://b.example.org\""},
        {"services.bap_url", "\"https://c.example.org\""},
        {"retry.backoff_cap", "\"59m\""},
    };

    for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
        if (strcmp(special[i][0], setting->name) == 0) {
            text_add(text, special[i][1]);
            return;
        }
    }
    if (setting->type == SETTING_BOOLEAN)
        text_add(text, strcmp(setting->fallback, "true") == 0 ? "false" : "true");
    else if (setting->type == SETTING_INTEGER)
        text_addf(text, "%lld", (long long)setting->maximum);
    else if (setting->type == SETTING_FRACTION)
        text_add(text, "0.125");
    else if (setting->type == SETTING_DURATION)
        text_addf(text, "\"%lldms\"", (long long)setting->minimum + 7);
    else if (setting->type == SETTING_SIZE)
        text_addf(text, "\"%lldB\"", (long long)setting->minimum + 7);
    else if (setting->type == SETTING_CHOICE)
        text_addf(text, "\"%s\"", setting->choices[0]);
    else if (setting->type == SETTING_STRING)
        text_addf(text, "\"other-%zu\"", setting->offset);
    else
        text_add(text, "\"\"");
}

static void
settings_print_can_be_read_back_for_every_scalar(void **state)
{
    struct text file = TEXT_EMPTY, once = TEXT_EMPTY, again = TEXT_EMPTY;
    const char *group = "";
    size_t group_length = 0;

    (void)state;
    for (const struct setting *setting = settings_table; setting->name != NULL; setting++) {
        const char *dot = strchr(setting->name, '.');

        if (strncmp(setting->name, group, group_length + 1) != 0 || group_length == 0) {
            text_addf(&file, "%s%.*s: {\n", group_length == 0 ? "" : "};\n",
                      (int)(dot - setting->name), setting->name);
            group = setting->name;
            group_length = (size_t)(dot - setting->name);
        }
        text_addf(&file, "%s = ", dot + 1);
        add_other_value(setting, &file);
        text_add(&file, ";\n");
    }
    text_addf(&file, "};\n%s", BLOCKS);
    print_twice(file.data, &once, &again);
    assert_string_equal(once.data, again.data);
    for (const struct setting *setting = settings_table; setting->name != NULL; setting++)
        assert_non_null(strstr(once.data, strchr(setting->name, '.') + 1));
    assert_non_null(strstr(once.data, "login_url = \"https://a.example.org\";"));
    assert_non_null(strstr(once.data, "share = 0.125;"));
    assert_non_null(strstr(once.data, "leave_group = true;"));
    text_free(&file);
    text_free(&once);
    text_free(&again);
}

static void
settings_print_can_be_read_back_for_the_lists(void **state)
{
    struct text once = TEXT_EMPTY, again = TEXT_EMPTY;

    (void)state;
    print_twice(KAFKA BLOCKS "kafka_properties = [ \"client.rack=a\\\"b\\\\c\", \"debug=\" ];"
                             "bap_refusals = [ ];",
                &once, &again);
    assert_string_equal(once.data, again.data);
    assert_non_null(strstr(once.data, "    \"client.rack=a\\\"b\\\\c\",\n    \"debug=\"\n"));
    assert_non_null(strstr(once.data, "bap_refusals = [\n];"));
    text_free(&once);
    text_free(&again);
}

static void
settings_print_shows_no_secret(void **state)
{
    static const char file[] =
        "kafka: { bootstrap_servers = \"a:1\"; sasl_password = \"hidden1\"; };\n" BLOCKS
        "http: { proxy = \"http://me:hidden2@proxy.test\"; };\n"
        "kafka_properties = [ \"ssl.key.password=hidden3\", \"ssl.key.pem=hidden4\",\n"
        " \"sasl.oauthbearer.client.secret=hidden5\", \"sasl.username=shown\" ];";
    struct settings settings;
    struct text text = TEXT_EMPTY;

    (void)state;
    settings_file_load(file, &settings);
    assert_string_equal(settings.kafka_properties[4], "sasl.password=hidden1");
    assert_null(settings.kafka_properties[5]);
    settings_print(&settings, &text);
    settings_release(&settings);
    assert_null(strstr(text.data, "hidden"));
    assert_null(strstr(text.data, "sasl.password="));
    assert_non_null(strstr(text.data, "\"ssl.key.password=***\""));
    assert_non_null(strstr(text.data, "\"sasl.username=shown\""));
    text_free(&text);
}

/* --- client secrets --------------------------------------------------------------------------------- */

static void
assert_secret(const struct identity *identity, const char *expected)
{
    struct error error;
    char *secret = NULL;

    if (settings_read_secret(identity, &secret, &error) == -1)
        fail_msg("%s", error.text);
    assert_string_equal(secret, expected);
    free(secret);
}

static void
assert_no_secret(const struct identity *identity, const char *fragment)
{
    struct error error;
    char *secret = NULL;

    assert_int_equal(settings_read_secret(identity, &secret, &error), -1);
    assert_null(secret);
    assert_non_null(strstr(error.text, "the client secret of identity main: "));
    if (strstr(error.text, fragment) == NULL)
        fail_msg("\"%s\" does not say \"%s\"", error.text, fragment);
}

static void
settings_read_a_client_secret_anew_from_its_file_each_time(void **state)
{
    char file[64], name[] = "main", none[] = "";
    struct identity identity = {.name = name, .secret_file = file, .secret_env = none};

    (void)state;
    snprintf(file, sizeof(file), "%s", settings_file_path());
    settings_file_write("first\n");
    assert_secret(&identity, "first");
    settings_file_write("second");
    assert_secret(&identity, "second");
    settings_file_write("\n");
    assert_no_secret(&identity, " is empty");
    snprintf(file, sizeof(file), "/nonexistent/secret");
    assert_no_secret(&identity, "/nonexistent/secret");
}

static void
settings_read_a_client_secret_from_its_variable(void **state)
{
    char variable[] = "TEST_CLIENT_SECRET", name[] = "main", none[] = "";
    struct identity identity = {.name = name, .secret_file = none, .secret_env = variable};

    (void)state;
    assert_int_equal(unsetenv(variable), 0);
    assert_no_secret(&identity, "the variable TEST_CLIENT_SECRET is not set");
    assert_int_equal(setenv(variable, "from a variable\r\n", 1), 0);
    assert_secret(&identity, "from a variable");
    assert_int_equal(setenv(variable, "", 1), 0);
    assert_no_secret(&identity, "TEST_CLIENT_SECRET is empty");
    assert_int_equal(unsetenv(variable), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(settings_defaults_are_those_that_the_engine_names),
        cmocka_unit_test(settings_default_ceilings_are_the_published_limits),
        cmocka_unit_test(settings_have_names_ranges_and_help_and_defaults_within_them),
        cmocka_unit_test(settings_trust_is_a_duration_or_a_word),
        cmocka_unit_test(settings_need_no_file_where_no_routes_are_needed),
        cmocka_unit_test(settings_say_that_no_file_was_given),
        cmocka_unit_test(settings_refuse_each_wrong_scalar_and_list_with_its_line),
        cmocka_unit_test(settings_blame_the_variable_and_not_the_file_where_a_variable_was_wrong),
        cmocka_unit_test(settings_help_names_every_scalar_and_the_blocks),
        cmocka_unit_test(settings_take_plain_http_to_this_machine_or_when_told_so),
        cmocka_unit_test(settings_print_can_be_read_back_for_every_scalar),
        cmocka_unit_test(settings_print_can_be_read_back_for_the_lists),
        cmocka_unit_test(settings_print_shows_no_secret),
        cmocka_unit_test(settings_read_a_client_secret_anew_from_its_file_each_time),
        cmocka_unit_test(settings_read_a_client_secret_from_its_variable),
    };
    return cmocka_run_group_tests_name("settings", tests, settings_file_setup,
                                       settings_file_teardown);
}
