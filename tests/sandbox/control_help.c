/* The documentation of the control API, out of its own tables. */
#include "control.h"

#include "control_private.h"
#include "model.h"
#include "text.h"
#include "world.h"

static void
describe_fields(const struct field *fields, struct text *text)
{
    text_add(text, "| member | | |\n|---|---|---|\n");
    for (const struct field *field = fields; field->name != NULL; field++)
        text_addf(text, "| `%s` | %s%s | %s |\n", field->name, field_type_name(field->type),
                  field->required ? ", required" : "", field->help);
}

static void
describe_route(const struct control_route *route, struct text *text)
{
    text_addf(text, "| `%s %s", http_method_name(route->method), route->path);
    for (const char *const *option = route->options; option != NULL && *option != NULL; option++)
        text_addf(text, "%c%s=", option == route->options ? '?' : '&', *option);
    text_addf(text, "` | %s |\n", route->help);
}

static void
describe_routes(struct text *text)
{
    const struct control_route *route;

    text_add(text, "## Routes\n\n| route | |\n|---|---|\n"
                   "| `POST /<collection>` | adds one object or an array of them, in order; the "
                   "first bad one ends it, and those before it stay |\n");
    for (size_t i = 0; (route = control_route_at(i)) != NULL; i++)
        describe_route(route, text);
    for (size_t i = 0; (route = control_route_at(i)) != NULL; i++) {
        if (route->fields == NULL)
            continue;
        text_addf(text, "\n### %s %s\n\n", http_method_name(route->method), route->path);
        describe_fields(route->fields, text);
    }
}

static void
describe_collections(struct text *text)
{
    const struct world_collection *collection;

    text_add(text,
             "\n## Collections\n\n"
             "A world file (`--world`) is an object with these as members, and `settings`.\n");
    for (size_t i = 0; (collection = world_collection_at(i)) != NULL; i++) {
        text_addf(text, "\n### %s\n\n%s\n\n", collection->name, collection->help);
        describe_fields(collection->fields, text);
    }
}

static void
describe_settings(struct text *text)
{
    const char *name;
    const char *help;

    text_add(text, "\n## Settings\n\nIntegers.\n\n| setting | |\n|---|---|\n");
    for (size_t i = 0; model_setting_at(i, &name, &help); i++)
        text_addf(text, "| `%s` | %s |\n", name, help);
}

void
control_describe(struct text *text)
{
    describe_routes(text);
    describe_collections(text);
    describe_settings(text);
}
