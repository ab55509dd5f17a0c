/* Each function walks one part of the model with a JSON writer. */
#include "view.h"

#include <string.h>

#include "guid.h"
#include "json_writer.h"
#include "model.h"
#include "text.h"
#include "world.h"

static const char *const writes[] = {
    [MODEL_READ] = "read",
    [MODEL_WROTE] = "wrote",
    [MODEL_WROTE_NOTHING] = "wrote_nothing",
    [MODEL_REFUSED] = "refused",
};

static void
write_guid(struct json_writer *writer, const char *key, const struct guid *guid)
{
    char text[GUID_TEXT_BYTES];

    json_write_string(writer, key, guid_format(guid, text));
}

/* --- rows ------------------------------------------------------------------------------------- */

static void
write_columns(struct json_writer *writer, struct model *model,
              const struct world_environment *environment, const struct guid *row)
{
    struct text value = TEXT_EMPTY;

    json_write_object(writer, "columns");
    for (char **column = environment->columns; *column != NULL; column++) {
        text_clear(&value);
        if (model_column(model, environment->id, row, *column, &value))
            json_write_raw(writer, *column, value.data, value.length);
    }
    json_write_object_end(writer);
    text_free(&value);
}

static void
write_roles(struct json_writer *writer, struct model *model,
            const struct world_environment *environment, const struct guid *row)
{
    json_write_array(writer, "roles");
    for (size_t i = 0; i < environment->role_count; i++) {
        if (model_holds_role(model, environment->id, row, &environment->roles[i]))
            write_guid(writer, NULL, &environment->roles[i]);
    }
    json_write_array_end(writer);
    json_write_integer(writer, "role_count",
                       (int64_t)model_count_roles(model, environment->id, row));
}

static void
write_row(struct json_writer *writer, struct model *model,
          const struct world_environment *environment, const struct model_row *row)
{
    write_guid(writer, "id", &row->id);
    write_guid(writer, "unit", &row->unit);
    json_write_boolean(writer, "disabled", row->is_disabled);
    json_write_boolean(writer, "application", row->is_application);
    json_write_integer(writer, "version", row->version);
    write_columns(writer, model, environment, &row->id);
    write_roles(writer, model, environment, &row->id);
}

void
view_row(const struct world *world, const struct world_environment *environment,
         const struct guid *user, struct text *text)
{
    struct model *model = world_model(world);
    struct json_writer writer;
    struct model_row row;
    size_t rows = model_find_row(model, environment->id, user, &row);

    json_writer_init(&writer, text);
    json_write_object(&writer, NULL);
    write_guid(&writer, "user", user);
    json_write_integer(&writer, "rows", (int64_t)rows);
    if (rows > 0)
        write_row(&writer, model, environment, &row);
    json_write_object_end(&writer);
    text_add_char(text, '\n');
}

void
view_rows(const struct world *world, const struct world_environment *environment, struct text *text)
{
    const struct guid *user = NULL;

    while ((user = world_next_user(world, user)) != NULL) {
        if (model_find_row(world_model(world), environment->id, user, NULL) > 0)
            view_row(world, environment, user, text);
    }
}

/* --- the ledger ------------------------------------------------------------------------------- */

static bool
is_same(const char *wanted, const char *found)
{
    return wanted == NULL || strcmp(wanted, found) == 0;
}

static bool
is_wanted(const struct view_filter *filter, const struct model_entry *entry)
{
    return is_same(filter->service, model_service_name(entry->service)) &&
           is_same(filter->route, entry->route) &&
           is_same(filter->environment, entry->environment) &&
           (filter->user == NULL || guid_equal(filter->user, &entry->user)) &&
           !(filter->no_parts && entry->is_part);
}

/* What few calls have. */
static void
write_trouble(struct json_writer *writer, const struct model_entry *entry)
{
    if (entry->told_ms > 0)
        json_write_integer(writer, "told_ms", entry->told_ms);
    if (entry->offences == 0)
        return;
    json_write_array(writer, "offences");
    for (enum model_offence offence = MODEL_OFFENCE_UPSERT; offence < MODEL_OFFENCES; offence++) {
        if ((entry->offences >> offence & 1U) != 0)
            json_write_string(writer, NULL, model_offence_name(offence));
    }
    json_write_array_end(writer);
}

static void
write_entry(struct text *text, size_t index, const struct model_entry *entry)
{
    struct json_writer writer;

    json_writer_init(&writer, text);
    json_write_object(&writer, NULL);
    json_write_integer(&writer, "index", (int64_t)index);
    json_write_integer(&writer, "wall_ms", entry->wall_ms);
    json_write_integer(&writer, "mono_ms", entry->mono_ms);
    json_write_integer(&writer, "after_ms", entry->after_ms);
    json_write_string(&writer, "service", model_service_name(entry->service));
    json_write_string(&writer, "route", entry->route);
    json_write_string(&writer, "environment", entry->environment);
    json_write_integer(&writer, "status", entry->status);
    if (!guid_is_zero(&entry->user))
        write_guid(&writer, "user", &entry->user);
    if (!guid_is_zero(&entry->client))
        write_guid(&writer, "client", &entry->client);
    json_write_string(&writer, "write", writes[entry->write]);
    json_write_integer(&writer, "items", entry->items);
    json_write_boolean(&writer, "part", entry->is_part);
    write_trouble(&writer, entry);
    json_write_object_end(&writer);
    text_add_char(text, '\n');
}

void
view_ledger(const struct model *model, const struct view_filter *filter, struct text *text)
{
    size_t count = model_ledger_count(model);
    int64_t left = filter->limit;

    for (size_t i = (size_t)filter->since; i < count && left != 0; i++) {
        const struct model_entry *entry = model_ledger_at(model, i);

        if (!is_wanted(filter, entry))
            continue;
        write_entry(text, i, entry);
        left--;
    }
}

/* --- groups ----------------------------------------------------------------------------------- */

void
view_members(struct model *model, const struct guid *group, struct text *text)
{
    struct json_writer writer;
    char id[GUID_TEXT_BYTES];
    struct guid member;
    size_t position = 0;

    while (model_next_member(model, group, &position, &member)) {
        json_writer_init(&writer, text);
        json_write_object(&writer, NULL);
        json_write_string(&writer, "user", guid_format(&member, id));
        json_write_object_end(&writer);
        text_add_char(text, '\n');
    }
}

/* --- counts and settings ---------------------------------------------------------------------- */

void
view_calls(const struct model *model, struct text *text)
{
    struct json_writer writer;
    uint64_t total = 0;

    json_writer_init(&writer, text);
    json_write_object(&writer, NULL);
    for (enum model_service service = MODEL_LOGIN; service < MODEL_SERVICES; service++) {
        uint64_t calls = model_calls(model, service);

        json_write_integer(&writer, model_service_name(service), (int64_t)calls);
        total += calls;
    }
    json_write_integer(&writer, "total", (int64_t)total);
    json_write_object_end(&writer);
    text_add_char(text, '\n');
}

void
view_offences(const struct model *model, struct text *text)
{
    struct json_writer writer;
    uint64_t total = 0;

    json_writer_init(&writer, text);
    json_write_object(&writer, NULL);
    for (enum model_offence offence = MODEL_OFFENCE_UPSERT; offence < MODEL_OFFENCES; offence++) {
        uint64_t count = model_offences(model, offence);

        json_write_integer(&writer, model_offence_name(offence), (int64_t)count);
        total += count;
    }
    json_write_integer(&writer, "total", (int64_t)total);
    json_write_object_end(&writer);
    text_add_char(text, '\n');
}

void
view_settings(const struct model *model, struct text *text)
{
    struct json_writer writer;
    const char *name;
    const char *help;
    int64_t value;

    json_writer_init(&writer, text);
    json_write_object(&writer, NULL);
    for (size_t i = 0; model_setting_at(i, &name, &help); i++) {
        if (model_get(model, name, &value))
            json_write_integer(&writer, name, value);
    }
    json_write_object_end(&writer);
    text_add_char(text, '\n');
}
