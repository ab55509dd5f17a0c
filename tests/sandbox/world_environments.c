/* Collections: applications, and environments with what is in them. */
#include "world.h"

#include <stdlib.h>

#include "error.h"
#include "json.h"
#include "model.h"

/* --- applications ----------------------------------------------------------------------------- */

static const struct field application_fields[] = {
    {"tenant", FIELD_GUID, offsetof(struct model_application, tenant), true, "its tenant"},
    {"client", FIELD_GUID, offsetof(struct model_application, client), true, "its client id"},
    {"secret", FIELD_STRING, offsetof(struct model_application, secret), true, "its client secret"},
    {"bap_management", FIELD_BOOLEAN, offsetof(struct model_application, is_bap_management), false,
     "registered as a management application (false)"},
    {"read_users", FIELD_BOOLEAN, offsetof(struct model_application, may_read_users), false,
     "has Graph's User.Read.All (false)"},
    {"read_members", FIELD_BOOLEAN, offsetof(struct model_application, may_read_members), false,
     "has Graph's GroupMember.Read.All (false)"},
    FIELDS_END,
};

static int
add_application(struct world *world, const struct json *object, struct error *ret_error)
{
    struct model_application application = {0};

    if (fields_read(application_fields, object, &application, ret_error) != 0)
        return -1;
    if (!model_add_application(world_model(world), &application))
        return world_refuse("this client id is there already", ret_error);
    return 0;
}

/* --- environments ----------------------------------------------------------------------------- */

struct environment {
    struct model_environment model;
    const struct json *text_columns;
    const struct json *integer_columns;
    int64_t port;
};

static const struct field environment_fields[] = {
    {"id", FIELD_STRING, offsetof(struct environment, model.id), true,
     "a GUID, or \"Default-<GUID>\""},
    {"name", FIELD_STRING, offsetof(struct environment, model.name), false, "for people (its id)"},
    {"root_unit", FIELD_GUID, offsetof(struct environment, model.root_unit), false,
     "the root business unit (made)"},
    {"security_group", FIELD_GUID, offsetof(struct environment, model.security_group), false,
     "only its members can be synced (none)"},
    {"dataverse", FIELD_BOOLEAN, offsetof(struct environment, model.has_dataverse), false,
     "has a database (true)"},
    {"text_columns", FIELD_ARRAY, offsetof(struct environment, text_columns), false,
     "custom columns of systemuser that hold texts"},
    {"integer_columns", FIELD_ARRAY, offsetof(struct environment, integer_columns), false,
     "custom columns that hold whole numbers"},
    {"port", FIELD_INTEGER, offsetof(struct environment, port), false,
     "of its Dataverse's origin (0: any)"},
    FIELDS_END,
};

/* The strings of ${array} in a list that ends with NULL, to be freed; they are borrowed. */
static const char **
list_names(const struct json *array, struct error *ret_error)
{
    size_t count = json_length(array);
    const char **names = calloc(count + 1, sizeof(names[0]));

    if (names == NULL)
        error_set(ret_error, ERROR_MEMORY, "no memory for columns");
    for (size_t i = 0; names != NULL && i < count; i++) {
        names[i] = json_string(json_at(array, i), NULL);
        if (names[i] != NULL)
            continue;
        error_set(ret_error, ERROR_INPUT, "names of columns must be strings");
        free(names);
        names = NULL;
    }
    return names;
}

/* Gives the environment's Dataverse its origin; "" where it has none. NULL: see ${ret_error}. */
static const char *
open_origin(const struct world *world, const struct environment *environment,
            struct error *ret_error)
{
    const struct world_settings *given = world_given(world);

    if (!environment->model.has_dataverse || given->open == NULL)
        return "";
    return given->open(given->open_arg, environment->model.id, (uint16_t)environment->port,
                       ret_error);
}

/* Adds ${environment}, whose lists of columns are there. */
static int
put_environment(struct world *world, const struct environment *environment, struct error *ret_error)
{
    const struct model_environment *model = &environment->model;
    const char *origin;

    if (!model_add_environment(world_model(world), model))
        return world_refuse("this environment is there already, or one of its columns", ret_error);
    origin = open_origin(world, environment, ret_error);
    if (origin == NULL)
        return -1;
    return world_note_environment(world, model->id, origin, model->text_columns,
                                  model->integer_columns, ret_error);
}

static int
add_environment(struct world *world, const struct json *object, struct error *ret_error)
{
    struct environment environment = {.model.has_dataverse = true};
    const char **texts;
    const char **integers;
    int result = -1;

    if (fields_read(environment_fields, object, &environment, ret_error) != 0)
        return -1;
    if (environment.port < 0 || environment.port > UINT16_MAX)
        return error_set(ret_error, ERROR_INPUT, "\"port\" must lie in 0..65535");
    if (environment.model.name == NULL)
        environment.model.name = environment.model.id;
    texts = list_names(environment.text_columns, ret_error);
    integers = texts == NULL ? NULL : list_names(environment.integer_columns, ret_error);
    environment.model.text_columns = texts;
    environment.model.integer_columns = integers;
    if (integers != NULL)
        result = put_environment(world, &environment, ret_error);
    free(integers);
    free(texts);
    return result;
}

/* --- what an environment has ------------------------------------------------------------------ */

/* Any of: application user, business unit, role. */
struct part {
    const char *environment;
    struct guid id;
    const char *name;
    bool has_role;
    struct guid unit;
};

#define PART_ENVIRONMENT                                                                         \
    {                                                                                            \
        "environment", FIELD_STRING, offsetof(struct part, environment), true, "its environment" \
    }

static const struct field application_user_fields[] = {
    PART_ENVIRONMENT,
    {"client", FIELD_GUID, offsetof(struct part, id), true, "the application's client id"},
    {"role", FIELD_BOOLEAN, offsetof(struct part, has_role), false,
     "has a role that lets it work (true)"},
    FIELDS_END,
};

static const struct field named_part_fields[] = {
    PART_ENVIRONMENT,
    {"id", FIELD_GUID, offsetof(struct part, id), true, "its id"},
    {"name", FIELD_STRING, offsetof(struct part, name), true, "its name"},
    FIELDS_END,
};

static const struct field missing_copy_fields[] = {
    PART_ENVIRONMENT,
    {"role", FIELD_GUID, offsetof(struct part, id), true, "the role's id in the root unit"},
    {"unit", FIELD_GUID, offsetof(struct part, unit), true, "the unit that loses its copy"},
    FIELDS_END,
};

static int
read_part(const struct world *world, const struct field *fields, const struct json *object,
          struct part *part, struct error *ret_error)
{
    if (fields_read(fields, object, part, ret_error) != 0)
        return -1;
    return world_check_environment(world, part->environment, ret_error);
}

static int
add_application_user(struct world *world, const struct json *object, struct error *ret_error)
{
    struct part part = {.has_role = true};

    if (read_part(world, application_user_fields, object, &part, ret_error) != 0)
        return -1;
    if (!model_add_application_user(world_model(world), part.environment, &part.id, part.has_role))
        return world_refuse("this application user is there already", ret_error);
    return 0;
}

static int
add_unit(struct world *world, const struct json *object, struct error *ret_error)
{
    struct part part = {0};

    if (read_part(world, named_part_fields, object, &part, ret_error) != 0)
        return -1;
    if (!model_add_business_unit(world_model(world), part.environment, &part.id, part.name))
        return world_refuse("this business unit is there already", ret_error);
    return 0;
}

static int
add_role(struct world *world, const struct json *object, struct error *ret_error)
{
    struct part part = {0};

    if (read_part(world, named_part_fields, object, &part, ret_error) != 0)
        return -1;
    if (!model_add_role(world_model(world), part.environment, &part.id, part.name))
        return world_refuse("this role is there already", ret_error);
    return world_note_role(world, part.environment, &part.id, ret_error);
}

static int
add_missing_copy(struct world *world, const struct json *object, struct error *ret_error)
{
    struct part part = {0};

    if (read_part(world, missing_copy_fields, object, &part, ret_error) != 0)
        return -1;
    if (!model_remove_role_copy(world_model(world), part.environment, &part.id, &part.unit))
        return world_refuse("no such role, unit or copy", ret_error);
    return 0;
}

const struct world_collection world_environment_collections[] = {
    {"applications", "registered in Entra, with what they may do", application_fields,
     add_application},
    {"environments", "of Power Platform; the answer of GET /state has their origins",
     environment_fields, add_environment},
    {"units", "business units below the root", named_part_fields, add_unit},
    {"roles", "security roles of the root unit; each unit gets its copy", named_part_fields,
     add_role},
    {"missing_role_copies", "units without their copy of a role", missing_copy_fields,
     add_missing_copy},
    {"application_users", "applications that an organisation knows", application_user_fields,
     add_application_user},
    {NULL, NULL, NULL, NULL},
};
