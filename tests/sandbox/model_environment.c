/* Environments with their organisations: units, and the applications that may come in. */
#include <stdlib.h>
#include <string.h>

#include "model_private.h"

enum { FIRST_VERSION = 1000 };

struct environment *
model_environment_find(struct model *model, const char *id)
{
    struct environment *environment = NULL;

    if (id != NULL)
        HASH_FIND_STR(model->environments, id, environment);
    return environment;
}

static bool
add_unit(struct environment *environment, const struct guid *id, const char *name,
         const struct guid *parent)
{
    struct table *table = &environment->tables[TABLE_BUSINESSUNIT];
    struct row *row = model_table_add(table, id);
    char *text = strdup(name);
    bool is_added = row != NULL && text != NULL &&
                    model_table_put(table, row, "name", VALUE_OF_TEXT(text)) &&
                    model_table_put(table, row, "isdisabled", VALUE_OF_BOOLEAN(false));

    if (is_added && parent != NULL)
        is_added =
            model_table_put(table, row, "_parentbusinessunitid_value", VALUE_OF_GUID(*parent));
    free(text);
    if (!is_added)
        return false;
    row->version = ++environment->version;
    return model_roles_copy(environment, id);
}

static void
free_environment(struct environment *environment)
{
    struct principal *principal, *next;

    HASH_ITER (hh, environment->principals, principal, next) {
        HASH_DEL(environment->principals, principal);
        model_limits_free(&principal->lane);
        free(principal);
    }
    model_roles_free(environment);
    for (int i = 0; i < TABLES; i++)
        model_table_fini(&environment->tables[i]);
    free(environment->id);
    free(environment->name);
    free(environment);
}

static bool
fill(struct environment *environment, const struct model_environment *set)
{
    environment->version = FIRST_VERSION;
    environment->id = strdup(set->id);
    environment->name = strdup(set->name);
    return environment->id != NULL && environment->name != NULL &&
           model_table_init(&environment->tables[TABLE_SYSTEMUSER], TABLE_SYSTEMUSER,
                            set->text_columns, set->integer_columns) &&
           model_table_init(&environment->tables[TABLE_BUSINESSUNIT], TABLE_BUSINESSUNIT, NULL,
                            NULL) &&
           model_table_init(&environment->tables[TABLE_ROLE], TABLE_ROLE, NULL, NULL) &&
           add_unit(environment, &environment->root_unit, set->name, NULL);
}

bool
model_add_environment(struct model *model, const struct model_environment *set)
{
    struct environment *environment;

    if (model_environment_find(model, set->id) != NULL)
        return false;
    environment = calloc(1, sizeof(*environment));
    if (environment == NULL)
        return false;
    environment->security_group = set->security_group;
    environment->has_dataverse = set->has_dataverse;
    environment->root_unit =
        guid_is_zero(&set->root_unit) ? model_random_guid(&model->rng) : set->root_unit;
    if (fill(environment, set))
        HASH_ADD_KEYPTR(hh, model->environments, environment->id, strlen(environment->id),
                        environment);
    if (environment->hh.tbl == NULL) {
        free_environment(environment);
        return false;
    }
    return true;
}

void
model_environment_free(struct model *model)
{
    struct environment *environment, *next;

    HASH_ITER (hh, model->environments, environment, next) {
        HASH_DEL(model->environments, environment);
        free_environment(environment);
    }
}

bool
model_add_business_unit(struct model *model, const char *environment_id, const struct guid *unit,
                        const char *name)
{
    struct environment *environment = model_environment_find(model, environment_id);

    return environment != NULL && add_unit(environment, unit, name, &environment->root_unit);
}

bool
model_add_application_user(struct model *model, const char *environment_id,
                           const struct guid *client, bool has_role)
{
    struct environment *environment = model_environment_find(model, environment_id);
    struct principal *principal;

    if (environment == NULL)
        return false;
    HASH_FIND(hh, environment->principals, client, sizeof(*client), principal);
    if (principal != NULL)
        return false;
    principal = calloc(1, sizeof(*principal));
    if (principal == NULL)
        return false;
    principal->client = *client;
    principal->has_role = has_role;
    if (model_rows_make_application(model, environment, client, &principal->row))
        HASH_ADD(hh, environment->principals, client, sizeof(principal->client), principal);
    if (principal->hh.tbl == NULL) {
        free(principal);
        return false;
    }
    return true;
}

bool
model_environment_has_unit(const struct environment *environment, const struct guid *unit)
{
    return model_table_find(&environment->tables[TABLE_BUSINESSUNIT], unit) != NULL;
}
