/*
 * --print-config: the scalars by their table, then the blocks, made from what is in force. Recipes
 * are put together again from the routes that use them.
 */
#include "settings.h"

#include <inttypes.h>
#include <string.h>

#include "settings_private.h"

/* --- members ------------------------------------------------------------------------------------ */

static void
add_text(struct text *text, const char *name, const char *value)
{
    text_addf(text, " %s = ", name);
    config_print_string(value, text);
    text_add_char(text, ';');
}

static void
add_guid(struct text *text, const char *name, const struct guid *guid)
{
    char buffer[GUID_TEXT_BYTES];

    text_addf(text, " %s = \"%s\";", name, guid_format(guid, buffer));
}

static void
add_reference(struct text *text, const struct reference *reference)
{
    if (reference->name[0] != '\0')
        add_text(text, "name", reference->name);
    else
        add_guid(text, "id", &reference->id);
}

/* --- lists of texts ----------------------------------------------------------------------------- */

static void
add_masked(struct text *text, const char *property)
{
    struct text masked = TEXT_EMPTY;

    text_add_bytes(&masked, property, strcspn(property, "=") + 1);
    text_add(&masked, "***");
    if (masked.failed)
        text->failed = true;
    else
        config_print_string(masked.data, text);
    text_free(&masked);
}

/* It comes from a setting of its own, which the table prints. */
static bool
is_sasl_password(const struct settings *settings, const char *property)
{
    return settings->sasl_password[0] != '\0' && strncmp(property, "sasl.password=", 14) == 0;
}

static void
print_properties(const struct settings *settings, struct text *text)
{
    const char *separator = "";

    text_add(text, "kafka_properties = [");
    for (char *const *property = settings->kafka_properties; *property != NULL; property++) {
        if (is_sasl_password(settings, *property))
            continue;
        text_addf(text, "%s\n    ", separator);
        separator = ",";
        if (settings_is_secret_property(*property))
            add_masked(text, *property);
        else
            config_print_string(*property, text);
    }
    text_add(text, "\n];\n");
}

static void
print_refusals(const struct settings *settings, struct text *text)
{
    text_add(text, "bap_refusals = [");
    for (char *const *refusal = settings->refusals; *refusal != NULL; refusal++) {
        text_add(text, refusal == settings->refusals ? "\n    " : ",\n    ");
        config_print_string(*refusal, text);
    }
    text_add(text, "\n];\n");
}

/* --- retry topics ------------------------------------------------------------------------------- */

/* With their names, which may come from how a delay was written. */
static void
print_tiers(const struct settings *settings, struct text *text)
{
    text_add(text, "retry_topics = (");
    for (size_t i = 0; i < settings->tier_count; i++) {
        const struct tier *tier = &settings->tiers[i];

        text_add(text, i == 0 ? "\n    { delay = \"" : ",\n    { delay = \"");
        config_print_duration(tier->delay_ms, text);
        text_addf(text, "\"; times = %" PRId64 ";", tier->times);
        add_text(text, "name", tier->topic);
        text_add(text, " }");
    }
    text_add(text, "\n);\n");
}

/* --- identities and environments ---------------------------------------------------------------- */

static void
print_identities(const struct routing *routing, struct text *text)
{
    text_add(text, "identities = (");
    for (size_t i = 0; i < routing->identity_count; i++) {
        const struct identity *identity = &routing->identities[i];

        text_add(text, i == 0 ? "\n    {" : ",\n    {");
        add_text(text, "name", identity->name);
        add_guid(text, "tenant", &identity->tenant);
        add_guid(text, "client_id", &identity->client);
        if (identity->secret_file[0] != '\0')
            add_text(text, "secret_file", identity->secret_file);
        else
            add_text(text, "secret_env", identity->secret_env);
        text_add(text, " }");
    }
    text_add(text, "\n);\n");
}

static void
print_environments(const struct routing *routing, struct text *text)
{
    text_add(text, "environments = (");
    for (size_t i = 0; i < routing->environment_count; i++) {
        const struct environment *environment = &routing->environments[i];

        text_add(text, i == 0 ? "\n    {" : ",\n    {");
        add_text(text, "name", environment->name);
        add_text(text, "id", environment->id);
        add_text(text, "url", environment->url);
        add_text(text, "identity", routing->identities[environment->identity].name);
        text_addf(text, " graph = %s;", environment->has_graph ? "true" : "false");
        add_text(text, "disabled_rows", settings_disabled_rows[environment->disabled_rows]);
        add_text(text, "on_move_roles", settings_move_roles[environment->move_roles]);
        text_add(text, " }");
    }
    text_add(text, "\n);\n");
}

/* --- recipes and routes ------------------------------------------------------------------------- */

typedef void route_fn(const struct environment *environment, const struct route *route,
                      struct text *text);

static void
add_columns(const struct environment *environment, const struct route *route, struct text *text)
{
    text_add(text, "\n      columns = (");
    for (size_t i = 0; i < route->column_count; i++) {
        const struct column_rule *rule = &route->columns[i];
        const struct column *column = &environment->columns[rule->column];

        text_add(text, i == 0 ? "\n        {" : ",\n        {");
        add_text(text, "column", column->name);
        add_text(text, "type", column_type_name(column->type));
        add_text(text, "attribute", environment->attributes[rule->attribute].name);
        add_text(text, "policy", settings_policies[rule->policy]);
        add_text(text, "absent", settings_absents[rule->absent]);
        text_add(text, " }");
    }
    text_add(text, " );");
}

static void
add_roles(const struct environment *environment, const struct route *route, struct text *text)
{
    text_add(text, "\n      roles = (");
    for (size_t i = 0; i < route->role_count; i++) {
        text_add(text, i == 0 ? "\n        {" : ",\n        {");
        add_reference(text, &environment->roles[route->roles[i]]);
        text_add(text, " }");
    }
    text_add(text, " );");
}

static void
add_recipe(const struct environment *environment, const struct route *route, struct text *text)
{
    text_add(text, "\n    {");
    add_text(text, "name", route->recipe);
    if (route->unit != NO_INDEX) {
        text_add(text, "\n      business_unit = {");
        add_reference(text, &environment->units[route->unit]);
        add_text(text, "policy", settings_policies[route->unit_policy]);
        text_add(text, " };");
    }
    if (route->column_count > 0)
        add_columns(environment, route, text);
    if (route->role_count > 0)
        add_roles(environment, route, text);
    text_add(text, " }");
}

static void
add_route(const struct environment *environment, const struct route *route, struct text *text)
{
    text_add(text, "\n    {");
    add_guid(text, "group", &route->group);
    add_text(text, "environment", environment->name);
    add_text(text, "recipe", route->recipe);
    if (route->rank != ROUTE_NO_RANK)
        text_addf(text, " rank = %" PRId64 ";", route->rank);
    text_add(text, " }");
}

/* Is ${end} the first route, in the order of the table, that has its recipe? */
static bool
is_first_of_recipe(const struct routing *routing, const struct route *end)
{
    for (size_t i = 0; i < routing->environment_count; i++) {
        const struct environment *environment = &routing->environments[i];

        for (size_t j = 0; j < environment->route_count; j++) {
            if (strcmp(environment->routes[j].recipe, end->recipe) == 0)
                return &environment->routes[j] == end;
        }
    }
    return false;
}

static void
print_routes(const struct routing *routing, const char *block, route_fn *add, struct text *text)
{
    const char *separator = "";

    text_addf(text, "%s = (", block);
    for (size_t i = 0; i < routing->environment_count; i++) {
        const struct environment *environment = &routing->environments[i];

        for (size_t j = 0; j < environment->route_count; j++) {
            if (add == add_recipe && !is_first_of_recipe(routing, &environment->routes[j]))
                continue;
            text_add(text, separator);
            separator = ",";
            add(environment, &environment->routes[j], text);
        }
    }
    text_add(text, "\n);\n");
}

static void
print_producer_groups(const struct producer_settings *producer, struct text *text)
{
    char buffer[GUID_TEXT_BYTES];

    text_add(text, "producer_groups = [");
    for (size_t i = 0; i < producer->group_count; i++)
        text_addf(text, "%s\n    \"%s\"", i == 0 ? "" : ",",
                  guid_format(&producer->groups[i], buffer));
    text_add(text, "\n];\n");
}

void
settings_print(const struct settings *settings, struct text *text)
{
    config_print(settings_table, settings, text);
    print_properties(settings, text);
    print_refusals(settings, text);
    print_tiers(settings, text);
    print_identities(&settings->routing, text);
    print_environments(&settings->routing, text);
    print_routes(&settings->routing, "recipes", add_recipe, text);
    print_routes(&settings->routing, "routes", add_route, text);
    print_producer_groups(&settings->producer, text);
}
