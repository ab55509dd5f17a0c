/* Collections: people and groups in Entra. */
#include "world.h"

#include <stdio.h>

#include "error.h"
#include "json.h"
#include "model.h"
#include "text.h"

struct person {
    struct model_user user;
    int64_t licensed_in_ms; /* 0: not said */
    const struct json *attributes;
};

static const struct field person_fields[] = {
    {"id", FIELD_GUID, offsetof(struct person, user.id), true, "the Entra object id"},
    {"name", FIELD_STRING, offsetof(struct person, user.user_principal_name), false,
     "the user principal name (<id>@example.com)"},
    {"enabled", FIELD_BOOLEAN, offsetof(struct person, user.is_enabled), false, "(true)"},
    {"guest", FIELD_BOOLEAN, offsetof(struct person, user.is_guest), false, "(false)"},
    {"licensed", FIELD_BOOLEAN, offsetof(struct person, user.is_licensed), false, "(true)"},
    {"licensed_in_ms", FIELD_INTEGER, offsetof(struct person, licensed_in_ms), false,
     "licensed that much later, not at once"},
    {"attributes", FIELD_OBJECT, offsetof(struct person, attributes), false,
     "further properties of the Graph user, extensions too"},
    FIELDS_END,
};

static int
add_person(struct world *world, const struct json *object, struct error *ret_error)
{
    struct person person = {.user = {.is_enabled = true, .is_licensed = true}};
    struct text attributes = TEXT_EMPTY;
    char name[GUID_TEXT_BYTES + sizeof("@example.com")];
    char id[GUID_TEXT_BYTES];
    bool is_added;

    if (fields_read(person_fields, object, &person, ret_error) != 0)
        return -1;
    if (person.user.user_principal_name == NULL) {
        snprintf(name, sizeof(name), "%s@example.com", guid_format(&person.user.id, id));
        person.user.user_principal_name = name;
    }
    if (person.licensed_in_ms != 0) {
        person.user.is_licensed = false;
        person.user.licensed_at_ms = world_given(world)->clock->wall_ms + person.licensed_in_ms;
    }
    if (person.attributes != NULL)
        json_print(person.attributes, &attributes);
    person.user.attributes = attributes.data;
    is_added = !attributes.failed && model_add_user(world_model(world), &person.user);
    text_free(&attributes);
    if (!is_added)
        return world_refuse("this user is there already", ret_error);
    return world_note_user(world, &person.user.id, ret_error);
}

/* Any of: attribute, deletion, group, membership, thing. */
struct entry {
    struct guid user; /* or another member */
    struct guid group;
    const char *name;
    const struct json *value;
};

static const struct field attribute_fields[] = {
    {"user", FIELD_GUID, offsetof(struct entry, user), true, "whose"},
    {"name", FIELD_STRING, offsetof(struct entry, name), true, "Graph's name of the property"},
    {"value", FIELD_ANY, offsetof(struct entry, value), true, "its new value; null clears"},
    FIELDS_END,
};

static const struct field deletion_fields[] = {
    {"user", FIELD_GUID, offsetof(struct entry, user), true, "who is deleted in Entra"},
    FIELDS_END,
};

static const struct field group_fields[] = {
    {"id", FIELD_GUID, offsetof(struct entry, group), true, "its object id"},
    {"name", FIELD_STRING, offsetof(struct entry, name), false, "for people"},
    FIELDS_END,
};

static const struct field membership_fields[] = {
    {"group", FIELD_GUID, offsetof(struct entry, group), true, "the group"},
    {"user", FIELD_GUID, offsetof(struct entry, user), true,
     "who joins or leaves it now: a user, a group that is nested, a thing"},
    FIELDS_END,
};

static const struct field thing_fields[] = {
    {"id", FIELD_GUID, offsetof(struct entry, user), true, "its object id"},
    {"type", FIELD_STRING, offsetof(struct entry, name), true,
     "what follows \"#microsoft.graph.\" in its type; empty: answers do not tell it"},
    FIELDS_END,
};

static const struct field removal_fields[] = {
    {"group", FIELD_GUID, offsetof(struct entry, group), true, "the group"},
    FIELDS_END,
};

static const struct field reset_fields[] = {
    {"group", FIELD_GUID, offsetof(struct entry, group), false, "the group (all)"},
    FIELDS_END,
};

static int
add_attribute(struct world *world, const struct json *object, struct error *ret_error)
{
    struct entry entry = {0};
    struct text value = TEXT_EMPTY;
    bool is_set;

    if (fields_read(attribute_fields, object, &entry, ret_error) != 0)
        return -1;
    json_print(entry.value, &value);
    is_set = !value.failed &&
             model_set_attribute(world_model(world), &entry.user, entry.name, value.data);
    text_free(&value);
    return is_set ? 0 : world_refuse("there is no such user", ret_error);
}

static int
add_deletion(struct world *world, const struct json *object, struct error *ret_error)
{
    struct entry entry = {0};

    if (fields_read(deletion_fields, object, &entry, ret_error) != 0)
        return -1;
    model_advance(world_model(world), world_given(world)->clock);
    if (!model_remove_user(world_model(world), &entry.user))
        return world_refuse("there is no such user", ret_error);
    return 0;
}

static int
add_group(struct world *world, const struct json *object, struct error *ret_error)
{
    struct entry entry = {.name = ""};

    if (fields_read(group_fields, object, &entry, ret_error) != 0)
        return -1;
    if (!model_add_group(world_model(world), &entry.group, entry.name))
        return world_refuse("this group is there already", ret_error);
    return 0;
}

static int
add_thing(struct world *world, const struct json *object, struct error *ret_error)
{
    struct entry entry = {0};

    if (fields_read(thing_fields, object, &entry, ret_error) != 0)
        return -1;
    if (!model_add_thing(world_model(world), &entry.user, entry.name))
        return world_refuse("this thing is there already", ret_error);
    return 0;
}

static int
add_removal(struct world *world, const struct json *object, struct error *ret_error)
{
    const struct world_settings *given = world_given(world);
    struct entry entry = {0};

    if (fields_read(removal_fields, object, &entry, ret_error) != 0)
        return -1;
    if (!model_remove_group(given->model, &entry.group, given->clock))
        return world_refuse("there is no such group", ret_error);
    return 0;
}

static int
add_reset(struct world *world, const struct json *object, struct error *ret_error)
{
    struct entry entry = {0};

    if (fields_read(reset_fields, object, &entry, ret_error) != 0)
        return -1;
    if (!model_reset_delta(world_model(world), guid_is_zero(&entry.group) ? NULL : &entry.group))
        return world_refuse("there is no such group", ret_error);
    return 0;
}

static int
add_join(struct world *world, const struct json *object, struct error *ret_error)
{
    const struct world_settings *given = world_given(world);
    struct entry entry = {0};

    if (fields_read(membership_fields, object, &entry, ret_error) != 0)
        return -1;
    if (!model_join(given->model, &entry.group, &entry.user, given->clock))
        return world_refuse("no such group or user", ret_error);
    return 0;
}

static int
add_leave(struct world *world, const struct json *object, struct error *ret_error)
{
    const struct world_settings *given = world_given(world);
    struct entry entry = {0};

    if (fields_read(membership_fields, object, &entry, ret_error) != 0)
        return -1;
    if (!model_leave(given->model, &entry.group, &entry.user, given->clock))
        return world_refuse("no such group or user, or not a member", ret_error);
    return 0;
}

const struct world_collection world_people_collections[] = {
    {"users", "people in Entra", person_fields, add_person},
    {"groups", "in Entra", group_fields, add_group},
    {"things", "what may be in a group beside users and groups: devices, service principals, …",
     thing_fields, add_thing},
    {"joins", "somebody becomes a member of a group", membership_fields, add_join},
    {"leaves", "somebody is a member no more", membership_fields, add_leave},
    {"attributes", "a property of a user changes", attribute_fields, add_attribute},
    {"deletions", "a user is deleted in Entra", deletion_fields, add_deletion},
    {"group_deletions", "a group is deleted in Entra, for good", removal_fields, add_removal},
    {"delta_resets", "links of group delta that were given out until now are worth nothing",
     reset_fields, add_reset},
    {NULL, NULL, NULL, NULL},
};
