/* Collections: rows in Dataverse, an administrator's hand in them, and faults of the services. */
#include "world.h"

#include <limits.h>
#include <string.h>

#include "error.h"
#include "json.h"
#include "model.h"
#include "text.h"

/* --- rows ------------------------------------------------------------------------------------- */

/* Any of: a row, a move, a role given. */
struct entry {
    const char *environment;
    struct model_row row;
    struct guid role;
    const struct json *columns;
};

#define ENTRY(member) offsetof(struct entry, member)

static const struct field row_fields[] = {
    {"environment", FIELD_STRING, ENTRY(environment), true, "its environment"},
    {"user", FIELD_GUID, ENTRY(row.object_id), true, "the Entra object id that it claims"},
    {"id", FIELD_GUID, ENTRY(row.id), false, "systemuserid (made)"},
    {"unit", FIELD_GUID, ENTRY(row.unit), false, "its business unit (the root)"},
    {"disabled", FIELD_BOOLEAN, ENTRY(row.is_disabled), false, "(false)"},
    {"application", FIELD_BOOLEAN, ENTRY(row.is_application), false,
     "has an applicationid (false)"},
    {"columns", FIELD_OBJECT, ENTRY(columns), false, "values of columns by name"},
    FIELDS_END,
};

static const struct field move_fields[] = {
    {"environment", FIELD_STRING, ENTRY(environment), true, "its environment"},
    {"user", FIELD_GUID, ENTRY(row.object_id), false, "whose row"},
    {"row", FIELD_GUID, ENTRY(row.id), false, "or its systemuserid"},
    {"unit", FIELD_GUID, ENTRY(row.unit), true, "the unit it goes to"},
    FIELDS_END,
};

static const struct field given_role_fields[] = {
    {"environment", FIELD_STRING, ENTRY(environment), true, "its environment"},
    {"user", FIELD_GUID, ENTRY(row.object_id), false, "whose row"},
    {"row", FIELD_GUID, ENTRY(row.id), false, "or its systemuserid"},
    {"role", FIELD_GUID, ENTRY(role), true, "the role's id in the root unit"},
    FIELDS_END,
};

static int
read_entry(const struct world *world, const struct field *fields, const struct json *object,
           struct entry *entry, struct error *ret_error)
{
    if (fields_read(fields, object, entry, ret_error) != 0)
        return -1;
    return world_check_environment(world, entry->environment, ret_error);
}

/* Finds the id of the row that a move or a role is for. */
static int
find_row(const struct world *world, struct entry *entry, struct error *ret_error)
{
    struct model_row row;

    if (!guid_is_zero(&entry->row.id))
        return 0;
    if (guid_is_zero(&entry->row.object_id))
        return error_set(ret_error, ERROR_INPUT, "\"user\" or \"row\" is missing");
    if (model_find_row(world_model(world), entry->environment, &entry->row.object_id, &row) == 0)
        return world_refuse("this user has no row there", ret_error);
    entry->row.id = row.id;
    return 0;
}

static int
add_row(struct world *world, const struct json *object, struct error *ret_error)
{
    struct entry entry = {0};
    struct text columns = TEXT_EMPTY;
    bool is_added;

    if (read_entry(world, row_fields, object, &entry, ret_error) != 0)
        return -1;
    if (entry.columns != NULL)
        json_print(entry.columns, &columns);
    is_added = !columns.failed &&
               model_add_row(world_model(world), entry.environment, &entry.row, columns.data);
    text_free(&columns);
    if (!is_added)
        return world_refuse("this row is there already, or there is no such unit or column",
                            ret_error);
    return world_note_user(world, &entry.row.object_id, ret_error);
}

static int
add_move(struct world *world, const struct json *object, struct error *ret_error)
{
    struct entry entry = {0};

    if (read_entry(world, move_fields, object, &entry, ret_error) != 0 ||
        find_row(world, &entry, ret_error) != 0)
        return -1;
    if (!model_move_row(world_model(world), entry.environment, &entry.row.id, &entry.row.unit))
        return world_refuse("no such row or unit", ret_error);
    return 0;
}

static int
add_given_role(struct world *world, const struct json *object, struct error *ret_error)
{
    struct entry entry = {0};

    if (read_entry(world, given_role_fields, object, &entry, ret_error) != 0 ||
        find_row(world, &entry, ret_error) != 0)
        return -1;
    if (!model_give_role(world_model(world), entry.environment, &entry.row.id, &entry.role))
        return world_refuse("no such row or role, or no copy of it in the row's unit", ret_error);
    return 0;
}

/* --- faults ----------------------------------------------------------------------------------- */

struct fault {
    struct model_fault model;
    const char *service;
    const char *cut;
    int64_t times;
    int64_t status;
    const struct json *body;
    const struct json *headers;
};

#define FAULT(member) offsetof(struct fault, member)

static const struct field fault_fields[] = {
    {"service", FIELD_STRING, FAULT(service), true, "login, bap, graph or dataverse"},
    {"route", FIELD_STRING, FAULT(model.route), false, "as in the ledger (any)"},
    {"environment", FIELD_STRING, FAULT(model.environment), false, "(any)"},
    {"times", FIELD_INTEGER, FAULT(times), false, "how many requests; 0: all (1)"},
    {"probability", FIELD_NUMBER, FAULT(model.probability), false, "of each, 0 to 1 (1)"},
    {"status", FIELD_INTEGER, FAULT(status), false, "answered; 0: see cut (0)"},
    {"cut", FIELD_STRING, FAULT(cut), false, "no answer but: closed, half, oversized, silent"},
    {"after_effect", FIELD_BOOLEAN, FAULT(model.is_after_effect), false,
     "carried out, and only the answer is replaced or lost (false)"},
    {"extra_ms", FIELD_INTEGER, FAULT(model.extra_ms), false, "added to the latency (0)"},
    {"body", FIELD_ANY, FAULT(body), false,
     "of the answer: any JSON, or a string for bytes as they are"},
    {"headers", FIELD_OBJECT, FAULT(headers), false, "of the answer: values by name"},
    FIELDS_END,
};

static const struct {
    const char *name;
    enum http_transport transport;
} cuts[] = {
    {"closed", HTTP_NOT_SENT},
    {"half", HTTP_UNKNOWN},
    {"oversized", HTTP_TOO_LARGE},
    {"silent", HTTP_CANCELLED},
};

static int
read_service(const char *name, enum model_service *ret_service, struct error *ret_error)
{
    for (enum model_service service = MODEL_LOGIN; service < MODEL_SERVICES; service++) {
        if (strcmp(model_service_name(service), name) != 0)
            continue;
        *ret_service = service;
        return 0;
    }
    return error_set(ret_error, ERROR_INPUT, "there is no service \"%s\"", name);
}

static int
read_cut(const char *name, enum http_transport *ret_transport, struct error *ret_error)
{
    if (name == NULL)
        return 0;
    for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
        if (strcmp(cuts[i].name, name) != 0)
            continue;
        *ret_transport = cuts[i].transport;
        return 0;
    }
    return error_set(ret_error, ERROR_INPUT, "\"cut\" is closed, half, oversized or silent");
}

/* Sees to what a table cannot say. */
static int
check_fault(const struct world *world, struct fault *fault, struct error *ret_error)
{
    struct model_fault *model = &fault->model;

    if (read_service(fault->service, &model->service, ret_error) != 0 ||
        read_cut(fault->cut, &model->transport, ret_error) != 0)
        return -1;
    if (model->environment != NULL &&
        world_check_environment(world, model->environment, ret_error) != 0)
        return -1;
    if (fault->times < 0 || fault->times > INT_MAX)
        return error_set(ret_error, ERROR_INPUT, "\"times\" must not be negative");
    if (fault->status != 0 && (fault->status < 200 || fault->status > 599))
        return error_set(ret_error, ERROR_INPUT, "\"status\" must be 0 or lie in 200..599");
    if (fault->status != 0 && fault->cut != NULL)
        return error_set(ret_error, ERROR_INPUT, "a fault has a \"status\" or a \"cut\"");
    model->times = (int)fault->times;
    model->status = (int)fault->status;
    return 0;
}

static int
print_headers(const struct json *headers, struct text *text, struct error *ret_error)
{
    struct json_member member = {0};

    while (json_next(headers, &member)) {
        const char *value = json_string(member.value, NULL);

        if (value == NULL || strpbrk(value, "\r\n") != NULL || strpbrk(member.key, ":\r\n") != NULL)
            return error_set(ret_error, ERROR_INPUT, "header \"%s\" must be one line of text",
                             member.key);
        text_addf(text, "%s: %s\n", member.key, value);
    }
    return 0;
}

static void
print_body(const struct json *body, struct text *text)
{
    const char *bytes = json_string(body, NULL);

    if (bytes != NULL)
        text_add(text, bytes);
    else if (body != NULL)
        json_print(body, text);
}

static int
add_fault(struct world *world, const struct json *object, struct error *ret_error)
{
    struct fault fault = {.model = {.probability = 1}, .times = 1};
    struct text headers = TEXT_EMPTY;
    struct text body = TEXT_EMPTY;
    int result = -1;

    if (fields_read(fault_fields, object, &fault, ret_error) != 0 ||
        check_fault(world, &fault, ret_error) != 0)
        return -1;
    print_body(fault.body, &body);
    if (print_headers(fault.headers, &headers, ret_error) == 0) {
        fault.model.headers = headers.data;
        fault.model.body = body.data;
        result = 0;
        if (headers.failed || body.failed || !model_add_fault(world_model(world), &fault.model))
            result = error_set(ret_error, ERROR_MEMORY, "no memory for a fault");
    }
    text_free(&headers);
    text_free(&body);
    return result;
}

const struct world_collection world_row_collections[] = {
    {"rows", "of systemuser, as left by earlier days", row_fields, add_row},
    {"moves", "an administrator moves a row to another unit", move_fields, add_move},
    {"given_roles", "an administrator gives a row a role", given_role_fields, add_given_role},
    {"faults", "take hold of the next requests; DELETE ends all of them", fault_fields, add_fault},
    {NULL, NULL, NULL, NULL},
};
