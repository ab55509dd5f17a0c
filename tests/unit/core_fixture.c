/* See core_fixture.h. */
#include "core_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "error.h"
#include "timer.h"

enum { COLUMNS = 2, UNITS = 2, ROLES = 2, ENVIRONMENTS = 2 };

static void *
must(void *pointer)
{
    assert_non_null(pointer);
    return pointer;
}

/* --- ids ------------------------------------------------------------------------------------- */

static struct guid
id_of(uint8_t kind, int high, int low)
{
    return (struct guid){{kind, [13] = (uint8_t)high, [14] = (uint8_t)(low >> 8), (uint8_t)low}};
}

struct guid
user_id(int number)
{
    return id_of(0x11, 0, number);
}

struct guid
group_id(int number)
{
    return id_of(0x22, 0, number);
}

struct guid
unit_id(int number)
{
    return id_of(0x33, 0, number);
}

struct guid
role_id(int number)
{
    return id_of(0x44, 0, number);
}

struct guid
copy_id(int role, int unit)
{
    return unit == ROOT ? role_id(role) : id_of(0x55, unit, role);
}

struct guid
row_id(int user)
{
    return id_of(0x66, 0, user);
}

/* --- routes ---------------------------------------------------------------------------------- */

static void
make_environment(struct environment *environment, const char *name, bool has_graph)
{
    char text[64];

    snprintf(text, sizeof(text), "https://%s.test", name);
    environment->name = must(strdup(name));
    environment->id = must(strdup(name));
    environment->url = must(strdup(text));
    environment->has_graph = has_graph;
    environment->columns = must(calloc(COLUMNS, sizeof(environment->columns[0])));
    environment->attributes = must(calloc(COLUMNS, sizeof(environment->attributes[0])));
    environment->units = must(calloc(UNITS, sizeof(environment->units[0])));
    environment->roles = must(calloc(ROLES, sizeof(environment->roles[0])));
    environment->column_count = COLUMNS;
    environment->attribute_count = has_graph ? COLUMNS : 0;
    environment->unit_count = UNITS;
    environment->role_count = ROLES;
    environment->columns[0] = (struct column){must(strdup("new_costcentre")), COLUMN_TEXT};
    environment->columns[1] = (struct column){must(strdup("new_level")), COLUMN_INTEGER};
    if (has_graph) {
        environment->attributes[0] = (struct attribute){must(strdup("department")), COLUMN_TEXT};
        environment->attributes[1] = (struct attribute){must(strdup("ext_level")), COLUMN_INTEGER};
    }
    environment->units[0].name = must(strdup("Sales"));
    environment->units[1] = (struct reference){unit_id(LABS), must(strdup(""))};
    environment->roles[0] = (struct reference){role_id(ADMIN), must(strdup(""))};
    environment->roles[1].name = must(strdup("Reader"));
}

static void
make_columns(const struct route_spec *spec, struct route *route)
{
    size_t count = spec->columns == NULL ? 0 : strlen(spec->columns);

    route->columns = must(calloc(count + 1, sizeof(route->columns[0])));
    route->column_count = count;
    for (size_t i = 0; i < count; i++) {
        char letter = spec->columns[i];
        int column = letter == 'c' || letter == 'C' ? COSTCENTRE : LEVEL;
        enum policy policy = letter < 'a' ? POLICY_INITIAL : POLICY_ENFORCE;

        route->columns[i] = (struct column_rule){column, column, policy, spec->absent};
    }
}

static void
make_roles(const struct route_spec *spec, struct route *route)
{
    size_t count = spec->roles == NULL ? 0 : strlen(spec->roles);

    route->roles = must(calloc(count + 1, sizeof(route->roles[0])));
    route->role_count = count;
    for (size_t i = 0; i < count; i++)
        route->roles[i] = spec->roles[i] - '1';
}

static void
make_route(struct routing *routing, const struct route_spec *spec)
{
    struct environment *environment = &routing->environments[spec->environment];
    struct route *routes =
        must(reallocarray(environment->routes, environment->route_count + 1, sizeof(routes[0])));
    struct route *route = &routes[environment->route_count];
    char recipe[32];

    environment->routes = routes;
    environment->route_count++;
    snprintf(recipe, sizeof(recipe), "recipe-%d", spec->group);
    *route = (struct route){
        .group = group_id(spec->group),
        .recipe = must(strdup(spec->recipe != NULL ? spec->recipe : recipe)),
        .rank = spec->rank != 0 ? spec->rank : ROUTE_NO_RANK,
        .unit = spec->unit != 0 ? spec->unit - 1 : NO_INDEX,
        .unit_policy = spec->unit_policy,
    };
    make_columns(spec, route);
    make_roles(spec, route);
}

struct routing *
routing_make(const struct route_spec *specs, size_t count, bool has_graph)
{
    struct routing *routing = must(calloc(1, sizeof(*routing)));
    struct error error = {0};

    routing->identities = must(calloc(1, sizeof(routing->identities[0])));
    routing->identity_count = 1;
    routing->identities[0].name = must(strdup("main"));
    routing->environments = must(calloc(ENVIRONMENTS, sizeof(routing->environments[0])));
    routing->environment_count = ENVIRONMENTS;
    make_environment(&routing->environments[PROD], "prod", has_graph);
    make_environment(&routing->environments[TEST], "test", has_graph);
    for (size_t i = 0; i < count; i++)
        make_route(routing, &specs[i]);
    if (routing_compile(routing, &error) != 0)
        fail_msg("%s", error.text);
    return routing;
}

void
routing_unmake(struct routing *routing)
{
    routing_free(routing);
    free(routing);
}

/* --- rows and people ------------------------------------------------------------------------- */

static struct value *
make_nulls(size_t count)
{
    struct value *values = must(calloc(count + 1, sizeof(values[0])));

    for (size_t i = 0; i < count; i++)
        values[i].kind = VALUE_NULL;
    return values;
}

static void
put_text(struct value *value, const char *text)
{
    value_free(value);
    *value = (struct value){VALUE_TEXT, 0, must(strdup(text))};
}

static void
put_integer(struct value *value, int64_t integer)
{
    value_free(value);
    *value = (struct value){VALUE_INTEGER, integer, NULL};
}

struct row
row_make(const struct environment *environment, int user, int unit)
{
    return (struct row){
        .id = row_id(user),
        .object_id = user_id(user),
        .unit = unit_id(unit),
        .etag = "W/\"1\"",
        .values = make_nulls(environment->column_count),
        .has_roles = true,
    };
}

void
row_put_text(struct row *row, int column, const char *text)
{
    put_text(&row->values[column], text);
}

void
row_put_integer(struct row *row, int column, int64_t integer)
{
    put_integer(&row->values[column], integer);
}

void
row_put_role(struct row *row, int role, int unit)
{
    row->roles = must(reallocarray(row->roles, row->role_count + 1, sizeof(row->roles[0])));
    row->roles[row->role_count++] = (struct held_role){copy_id(role, unit), role_id(role)};
}

struct person
person_make(const struct environment *environment)
{
    return (struct person){
        .exists = true,
        .is_enabled = true,
        .values = make_nulls(environment->attribute_count),
        .faults = must(calloc(environment->attribute_count + 1, sizeof(char *))),
    };
}

void
person_put_text(struct person *person, int attribute, const char *text)
{
    put_text(&person->values[attribute], text);
}

void
person_put_integer(struct person *person, int attribute, int64_t integer)
{
    put_integer(&person->values[attribute], integer);
}

/* --- a bench --------------------------------------------------------------------------------- */

void
settings_default(struct engine_settings *settings)
{
    static char group[] = "dvsync";

    *settings = (struct engine_settings){
        .linger_ms = 5,
        .look_ids = 250,
        .confirm_tick_ms = 5000,
        .sources_max_age_ms = 180000,
        .deadline_ms = 600000,
        .backoff_base_ms = 1000,
        .backoff_cap_ms = 60000,
        .refused_pause_ms = 15000,
        .trust_ms = TRUST_DEFAULT,
        .memory_keep_ms = 300000,
        .memory_margin_ms = 60000,
        .memory_entries = 1000,
        .probe_ms = 30000,
        .grace_ms = 120000,
        .max_events = 1000,
        .max_bytes = 1 << 20,
        .has_dead_letters = true,
        .group_id = group,
        .dataverse_concurrency = 52,
        .dataverse_span_ms = 300000,
        .graph_concurrency = 8,
        .graph_span_ms = 10000,
        .bap_concurrency = 8,
        .bap_span_ms = 60000,
        .offsets = {2000, 10000},
    };
}

void
settings_use_tiers(struct engine_settings *settings)
{
    static char names[TIERS][32] = {"events.retry.15m", "events.retry.6h"};
    static const struct tier tiers[TIERS] = {{names[0], FIRST_DELAY_MS, 2},
                                             {names[1], SECOND_DELAY_MS, 1}};

    settings->tiers = tiers;
    settings->tier_count = TIERS;
}

int
bench_setup(void **state)
{
    static const char *const topics[] = {"events", "events.backfill"};
    struct bench *bench = calloc(1, sizeof(*bench));

    if (bench == NULL)
        return -1;
    bench->clock = (struct clock){START_MONO_MS, START_WALL_MS};
    settings_default(&bench->settings);
    bench->routing = ROUTES({.group = 1, .columns = "cl"});
    bench->core = (struct core){
        .settings = &bench->settings,
        .routing = bench->routing,
        .topics = topics,
        .topic_count = 2,
        .clock = &bench->clock,
        .timers = timers_create(),
        .login_not_before_ms = &bench->login_not_before_ms,
        .ports = scripted_ports(&bench->scripted),
    };
    rng_seed(&bench->core.rng, 1);
    *state = bench;
    return bench->core.timers == NULL ? -1 : 0;
}

int
bench_teardown(void **state)
{
    struct bench *bench = *state;

    timers_destroy(bench->core.timers);
    routing_unmake(bench->routing);
    free(bench);
    return 0;
}

static void
pass_to(struct bench *bench, int64_t mono_ms)
{
    bench->clock.wall_ms += mono_ms - bench->clock.mono_ms;
    bench->clock.mono_ms = mono_ms;
}

void
bench_pass(struct bench *bench, int64_t ms)
{
    int64_t end_ms = bench->clock.mono_ms + ms;

    while (timers_next_ms(bench->core.timers) <= end_ms) {
        if (timers_next_ms(bench->core.timers) > bench->clock.mono_ms)
            pass_to(bench, timers_next_ms(bench->core.timers));
        timers_run(bench->core.timers, bench->clock.mono_ms);
    }
    pass_to(bench, end_ms);
}

const struct environment *
bench_prod(const struct bench *bench)
{
    return &bench->routing->environments[PROD];
}

const struct message *
message_make(int user, int group, int64_t offset, int64_t timestamp_ms)
{
    static char key[GUID_TEXT_BYTES];
    static char value[256];
    static struct message message;
    struct guid user_guid = user_id(user);
    struct guid group_guid = group_id(group);
    char group_text[GUID_TEXT_BYTES];
    int length;

    guid_format(&user_guid, key);
    length = snprintf(value, sizeof(value),
                      "{\"group\": \"%s\", \"user\": \"%s\", \"change\": \"added\"}",
                      guid_format(&group_guid, group_text), key);
    message = (struct message){
        .topic = MAIN_TOPIC,
        .offset = offset,
        .timestamp_ms = timestamp_ms,
        .key = key,
        .key_length = strlen(key),
        .value = value,
        .value_length = (size_t)length,
    };
    return &message;
}
