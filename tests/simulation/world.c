/*
 * Who and what there is: one tenant and application, two environments (one of them without Graph in some seeds), groups, routes whose recipes contend in some
 * seeds, and people in every state that matters.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "simulation.h"

#define LOGIN "https://login.test"
#define BAP "https://bap.test"
#define GRAPH "https://graph.test"
#define CC_ATTRIBUTE "extension_0123456789abcdef0123456789abcdef_costCentre"

static const char *const environment_names[MAX_ENVIRONMENTS] = {"alpha", "beta"};
static const char *const refusals[] = {"userNotLicensed", "UserNotMemberOfCdsSecurityGroup", NULL};
static const char *const text_columns[] = {"new_costcentre", NULL};
static const char *const integer_columns[] = {"new_level", NULL};

static struct guid
make_guid(unsigned kind, unsigned number)
{
    struct guid guid = {{0}};

    guid.bytes[0] = (uint8_t)kind;
    guid.bytes[6] = 0x40;
    guid.bytes[8] = 0x80;
    guid.bytes[14] = (uint8_t)(number >> 8);
    guid.bytes[15] = (uint8_t)number;
    return guid;
}

struct guid
world_root_unit(int environment)
{
    return make_guid(0x21, (unsigned)environment);
}

struct guid
world_role(int environment, int index)
{
    return make_guid(index == 0 ? 0x24 : 0x25, (unsigned)environment);
}

int
world_environment(const struct simulation *simulation, const char *name)
{
    for (size_t i = 0; i < simulation->routing.environment_count; i++) {
        if (strcmp(simulation->routing.environments[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}

static bool
chance(struct simulation *simulation, int percent)
{
    return rng_below(&simulation->rng, 100) < (uint64_t)percent;
}

static void *
must(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

static void
must_be(bool is_fine)
{
    if (!is_fine)
        abort();
}

/* --- services ------------------------------------------------------------------------------------ */

static void
make_application(struct simulation *simulation)
{
    struct model_application application = {
        .tenant = make_guid(0x10, 1),
        .client = make_guid(0x11, 1),
        .secret = SIM_SECRET,
        .is_bap_management = true,
        .may_read_users = true,
        .may_read_members = true,
    };

    must_be(model_add_origin(simulation->model, LOGIN, MODEL_LOGIN, NULL));
    must_be(model_add_origin(simulation->model, BAP, MODEL_BAP, NULL));
    must_be(model_add_origin(simulation->model, GRAPH, MODEL_GRAPH, NULL));
    must_be(model_add_application(simulation->model, &application));
}

static void
make_environment(struct simulation *simulation, int index)
{
    char id[GUID_TEXT_BYTES];
    char origin[64];
    struct guid client = make_guid(0x11, 1);
    struct guid guid = make_guid(0x20, (unsigned)index);
    struct guid sales = make_guid(0x22, (unsigned)index);
    struct guid service = make_guid(0x23, (unsigned)index);
    struct guid reader = make_guid(0x24, (unsigned)index);
    struct guid writer = make_guid(0x25, (unsigned)index);
    struct model_environment environment = {
        .id = guid_format(&guid, id),
        .name = environment_names[index],
        .root_unit = make_guid(0x21, (unsigned)index),
        .has_dataverse = true,
        .text_columns = text_columns,
        .integer_columns = integer_columns,
    };
    struct model *model = simulation->model;

    snprintf(origin, sizeof(origin), "https://%s.crm.test", environment_names[index]);
    must_be(model_add_environment(model, &environment));
    must_be(model_add_origin(model, origin, MODEL_DATAVERSE, id));
    must_be(model_add_application_user(model, id, &client, true));
    must_be(model_add_business_unit(model, id, &sales, "Sales"));
    must_be(model_add_business_unit(model, id, &service, "Service"));
    must_be(model_add_role(model, id, &reader, "Reader"));
    must_be(model_add_role(model, id, &writer, "Writer"));
}

static void
set_model(struct simulation *simulation)
{
    struct model_settings *settings = model_settings(simulation->model);

    settings->latency_low_ms = 1;
    settings->latency_high_ms = rng_between(&simulation->rng, 5, 400);
    settings->row_delay_ms = rng_between(&simulation->rng, 0, 30000);
    settings->token_life_ms = rng_between(&simulation->rng, 60000, 3600000);
    settings->membership_lag_ms = rng_between(&simulation->rng, 0, 60000);
    settings->graph_lag_ms = rng_between(&simulation->rng, 0, 30000);
    settings->stale_expand_ms = chance(simulation, 50) ? 30000 : 0;
    settings->batch_sees_moved_unit = chance(simulation, 80);
    settings->repeated_ref_status = chance(simulation, 50) ? 204 : 412;
    settings->root_role_parent_null = chance(simulation, 50);
    settings->capital_inner_json = chance(simulation, 50);
    settings->dop_hint = chance(simulation, 20) ? 4 : 0;
    if (simulation->replica_count > 1)
        settings->early_penalty_ms = 0; /* one replica cannot know what another was told */
    if (chance(simulation, 30)) {       /* limits that are felt */
        settings->force_sync_calls = 5;
        settings->force_sync_window_ms = 60000;
        settings->dataverse_requests = 60;
        settings->dataverse_window_ms = 30000;
    }
}

/* --- routing ------------------------------------------------------------------------------------- */

static char *
copy(const char *text)
{
    return must(strdup(text));
}

static void
make_targets(struct environment *environment, int index)
{
    environment->columns = must(calloc(2, sizeof(environment->columns[0])));
    environment->column_count = 2;
    environment->columns[0] = (struct column){copy("new_costcentre"), COLUMN_TEXT};
    environment->columns[1] = (struct column){copy("new_level"), COLUMN_INTEGER};
    environment->attributes = must(calloc(2, sizeof(environment->attributes[0])));
    environment->attribute_count = 2;
    environment->attributes[0] = (struct attribute){copy(CC_ATTRIBUTE), COLUMN_TEXT};
    environment->attributes[1] = (struct attribute){
        copy("onPremisesExtensionAttributes/extensionAttribute3"), COLUMN_INTEGER};
    environment->units = must(calloc(2, sizeof(environment->units[0])));
    environment->unit_count = 2;
    environment->units[0] = (struct reference){.name = copy("Sales")};
    environment->units[1] =
        (struct reference){.id = make_guid(0x23, (unsigned)index), .name = copy("")};
    environment->roles = must(calloc(2, sizeof(environment->roles[0])));
    environment->role_count = 2;
    environment->roles[0] = (struct reference){.name = copy("Reader")};
    environment->roles[1] =
        (struct reference){.id = make_guid(0x25, (unsigned)index), .name = copy("")};
}

/* Recipe A: unit Sales, both columns, Reader. Recipe B: unit Service, the text column, Writer: it contends with A. */
static void
make_route(struct simulation *simulation, struct environment *environment, int group, bool is_b)
{
    struct route *route = &environment->routes[environment->route_count];

    *route = (struct route){
        .group = simulation->groups[group],
        .recipe = copy(is_b ? "b" : "a"),
        .environment = environment->index,
        .rank = 100 - group,
        .unit = is_b ? 1 : 0,
        .unit_policy = POLICY_INITIAL,
    };
    route->columns = must(calloc(2, sizeof(route->columns[0])));
    route->column_count = is_b ? 1 : 2;
    route->columns[0] = (struct column_rule){0, 0, POLICY_ENFORCE, ABSENT_LEAVE};
    route->columns[1] = (struct column_rule){1, 1, POLICY_ENFORCE, ABSENT_CLEAR};
    route->roles = must(calloc(1, sizeof(route->roles[0])));
    route->role_count = chance(simulation, 70);
    route->roles[0] = is_b;
    environment->route_count++;
}

static void
make_routing(struct simulation *simulation)
{
    struct routing *routing = &simulation->routing;
    bool is_contended = chance(simulation, 40);
    struct error error;

    routing->identities = must(calloc(1, sizeof(routing->identities[0])));
    routing->identity_count = 1;
    routing->identities[0] = (struct identity){copy("main"), make_guid(0x10, 1), make_guid(0x11, 1),
                                               copy(""), copy("SECRET")};
    routing->environment_count = (size_t)rng_between(&simulation->rng, 1, MAX_ENVIRONMENTS);
    routing->environments =
        must(calloc(routing->environment_count, sizeof(routing->environments[0])));
    for (int i = 0; i < MAX_ENVIRONMENTS && i < (int)routing->environment_count; i++) {
        struct environment *environment = &routing->environments[i];
        char text[64];
        struct guid id = make_guid(0x20, (unsigned)i);

        environment->index = i;
        environment->name = copy(environment_names[i]);
        environment->id = copy(guid_format(&id, text));
        snprintf(text, sizeof(text), "https://%s.crm.test", environment_names[i]);
        environment->url = copy(text);
        environment->has_graph = true;
        environment->disabled_rows = DISABLED_ENABLE;
        environment->move_roles = MOVE_KEEP;
        make_targets(environment, i);
        environment->routes = must(calloc(MAX_GROUPS, sizeof(environment->routes[0])));
        for (int group = 0; group < simulation->group_count; group++) {
            if (chance(simulation, 80))
                make_route(simulation, environment, group, is_contended && group % 2 == 1);
        }
    }
    if (routing_compile(routing, &error) != 0) {
        fprintf(stderr, "%s\n", error.text);
        abort();
    }
}

/* --- people -------------------------------------------------------------------------------------- */

static void
join_some_groups(struct simulation *simulation, struct sim_user *user)
{
    for (int group = 0; group < simulation->group_count; group++) {
        user->is_member[group] = chance(simulation, 60);
        if (user->is_member[group])
            must_be(model_join(simulation->model, &simulation->groups[group], &user->id,
                               &simulation->clock));
    }
}

static void
make_row(struct simulation *simulation, struct sim_user *user, int environment)
{
    char text[GUID_TEXT_BYTES];
    struct guid id = make_guid(0x20, (unsigned)environment);
    struct guid extra = make_guid(chance(simulation, 50) ? 0x24 : 0x25, (unsigned)environment);
    struct model_row row = {.object_id = user->id, .is_disabled = chance(simulation, 20)};

    user->has_row_at_start[environment] = true;
    guid_format(&id, text);
    must_be(model_add_row(simulation->model, text, &row, NULL));
    must_be(model_find_row(simulation->model, text, &user->id, &row) == 1);
    if (chance(simulation, 30) && !row.is_disabled)
        must_be(model_give_role(simulation->model, text, &row.id, &extra));
}

static void
make_user(struct simulation *simulation, int index)
{
    struct sim_user *user = &simulation->users[index];
    char attributes[256];
    char name[64];
    struct model_user model_user = {
        .user_principal_name = name, .is_enabled = true, .attributes = attributes};
    size_t length = 0;

    user->id = make_guid(0x40, (unsigned)index);
    user->is_unlicensed = chance(simulation, 4);
    user->is_disabled = chance(simulation, 3);
    user->level = chance(simulation, 80) ? (int)rng_below(&simulation->rng, 1000) : -1;
    if (chance(simulation, 80))
        snprintf(user->attribute, sizeof(user->attribute), "\"CC-%03d\"", index);
    attributes[length++] = '{';
    if (user->attribute[0] != '\0')
        length += (size_t)snprintf(attributes + length, sizeof(attributes) - length, "\"%s\":%s",
                                   CC_ATTRIBUTE, user->attribute);
    if (user->level >= 0)
        length +=
            (size_t)snprintf(attributes + length, sizeof(attributes) - length,
                             "%s\"onPremisesExtensionAttributes\":{\"extensionAttribute3\":\"%d\"}",
                             length > 1 ? "," : "", user->level);
    snprintf(attributes + length, sizeof(attributes) - length, "}");
    snprintf(name, sizeof(name), "user%d@example.test", index);
    model_user.id = user->id;
    model_user.is_enabled = !user->is_disabled;
    model_user.is_licensed = !user->is_unlicensed && chance(simulation, 90);
    if (!model_user.is_licensed && !user->is_unlicensed)
        model_user.licensed_at_ms =
            simulation->clock.wall_ms + rng_between(&simulation->rng, 1000, 200000);
    must_be(model_add_user(simulation->model, &model_user));
    join_some_groups(simulation, user);
    for (int i = 0; i < (int)simulation->routing.environment_count; i++) {
        if (chance(simulation, 50))
            make_row(simulation, user, i);
    }
}

/* --- settings ------------------------------------------------------------------------------------ */

static void
set_tiers(struct simulation *simulation)
{
    static char names[MAX_TIERS][16] = {"retry.1m", "retry.10m"};

    for (int i = 0; i < MAX_TIERS; i++)
        simulation->tiers[i] =
            (struct tier){names[i], i == 0 ? 60000 : 600000, rng_between(&simulation->rng, 1, 3)};
    simulation->topic_count = FIRST_TIER + (int)rng_between(&simulation->rng, 0, MAX_TIERS);
}

static void
set_engine(struct simulation *simulation)
{
    const struct model_settings *model = model_settings(simulation->model);

    simulation->settings = (struct engine_settings){
        .linger_ms = 5,
        .look_ids = rng_between(&simulation->rng, 1, 250),
        .confirm_tick_ms = 5000,
        .sources_max_age_ms = 180000,
        .deadline_ms = 600000,
        .backoff_base_ms = 1000,
        .backoff_cap_ms = 60000,
        .refused_pause_ms = 15000,
        .trust_ms = TRUST_DEFAULT,
        .memory_keep_ms = chance(simulation, 80) ? 300000 : 0,
        .memory_margin_ms = 60000,
        .memory_entries = rng_between(&simulation->rng, 1, 1000),
        .probe_ms = 30000,
        .grace_ms = 120000,
        .tiers = simulation->tiers,
        .tier_count = (size_t)(simulation->topic_count - FIRST_TIER),
        .max_events = rng_between(&simulation->rng, 1, 500),
        .max_bytes = 1 << 20,
        .has_dead_letters = true,
        .group_id = copy("simulation"),
        .dataverse_concurrency = rng_between(&simulation->rng, 1, 52),
        .dataverse_calls = model->dataverse_requests,
        .dataverse_execution_ms = model->dataverse_execution_ms,
        .dataverse_span_ms = model->dataverse_window_ms,
        .graph_concurrency = rng_between(&simulation->rng, 1, 20),
        .graph_units = 3000,
        .graph_span_ms = 10000,
        .bap_concurrency = rng_between(&simulation->rng, 1, 10),
        .bap_calls = model->force_sync_calls,
        .bap_span_ms = model->force_sync_window_ms,
        .offsets = {.interval_ms = 2000, .answer_within_ms = 10000},
    };
}

static void
set_services(struct simulation *simulation)
{
    simulation->services_settings = (struct services_settings){
        .login_url = LOGIN,
        .bap_url = BAP,
        .graph_url = GRAPH,
        .bap_api_version = "2023-06-01",
        .refusals = refusals,
        .max_response_bytes = 4 << 20,
        .timeout_ms = 30000,
    };
    simulation->services.settings = &simulation->services_settings;
    simulation->services.parser = must(json_parser_create(16, 4 << 20));
}

void
world_make(struct simulation *simulation)
{
    simulation->model = must(model_create(rng_next(&simulation->rng)));
    simulation->partition_count = (int)rng_between(&simulation->rng, 1, MAX_PARTITIONS);
    simulation->user_count = (int)rng_between(&simulation->rng, 2, MAX_USERS);
    simulation->group_count = (int)rng_between(&simulation->rng, 1, MAX_GROUPS);
    simulation->replica_count = (int)rng_between(&simulation->rng, 1, MAX_REPLICAS);
    set_model(simulation);
    make_application(simulation);
    for (int i = 0; i < MAX_ENVIRONMENTS; i++)
        make_environment(simulation, i);
    for (int i = 0; i < simulation->group_count; i++) {
        simulation->groups[i] = make_guid(0x30, (unsigned)i);
        must_be(model_add_group(simulation->model, &simulation->groups[i], "group"));
    }
    make_routing(simulation);
    for (int i = 0; i < simulation->user_count; i++)
        make_user(simulation, i);
    set_tiers(simulation);
    set_engine(simulation);
    set_services(simulation);
}

void
world_end(struct simulation *simulation)
{
    free(simulation->settings.group_id);
    json_parser_destroy(simulation->services.parser);
    routing_free(&simulation->routing);
    model_destroy(simulation->model);
}
