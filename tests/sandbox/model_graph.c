/* Microsoft Graph: a user's properties, and which groups somebody is in. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "model_private.h"

/*
 * Properties of a user. Those of the default set come without $select, the others only with: G-2.
 */
static const struct {
    const char *name;
    bool is_default;
} properties[] = {
    {"businessPhones", true},
    {"displayName", true},
    {"givenName", true},
    {"jobTitle", true},
    {"mail", true},
    {"mobilePhone", true},
    {"officeLocation", true},
    {"preferredLanguage", true},
    {"surname", true},
    {"userPrincipalName", true},
    {"id", true},
    {"accountEnabled", false},
    {"ageGroup", false},
    {"assignedLicenses", false},
    {"assignedPlans", false},
    {"city", false},
    {"companyName", false},
    {"consentProvidedForMinor", false},
    {"country", false},
    {"createdDateTime", false},
    {"creationType", false},
    {"customSecurityAttributes", false},
    {"deletedDateTime", false},
    {"department", false},
    {"employeeHireDate", false},
    {"employeeId", false},
    {"employeeOrgData", false},
    {"employeeType", false},
    {"externalUserState", false},
    {"externalUserStateChangeDateTime", false},
    {"faxNumber", false},
    {"identities", false},
    {"imAddresses", false},
    {"mailNickname", false},
    {"onPremisesDistinguishedName", false},
    {"onPremisesDomainName", false},
    {"onPremisesExtensionAttributes", false},
    {"onPremisesImmutableId", false},
    {"onPremisesLastSyncDateTime", false},
    {"onPremisesSamAccountName", false},
    {"onPremisesSecurityIdentifier", false},
    {"onPremisesSyncEnabled", false},
    {"onPremisesUserPrincipalName", false},
    {"otherMails", false},
    {"postalCode", false},
    {"proxyAddresses", false},
    {"state", false},
    {"streetAddress", false},
    {"usageLocation", false},
    {"userType", false},
};

enum { PROPERTIES = sizeof(properties) / sizeof(properties[0]), CHECK_MOST = 20, APP_ID = 32 };
enum { USER_UNITS = 1, CHECK_UNITS = 4 };

/* --- one user: G-1 to G-4 --------------------------------------------------------------------- */

/* extension_<application id without hyphens>_<name> */
static bool
is_extension(const char *name, size_t length)
{
    static const char prefix[] = "extension_";
    size_t tail = sizeof(prefix) - 1 + APP_ID;

    if (length <= tail + 1 || strncmp(name, prefix, sizeof(prefix) - 1) != 0 || name[tail] != '_')
        return false;
    for (size_t i = sizeof(prefix) - 1; i < tail; i++)
        if (!isxdigit((unsigned char)name[i]))
            return false;
    return true;
}

static const char *
find_property(const char *name, size_t length)
{
    for (size_t i = 0; i < PROPERTIES; i++)
        if (strlen(properties[i].name) == length &&
            strncasecmp(properties[i].name, name, length) == 0)
            return properties[i].name;
    return NULL;
}

static const struct attribute *
find_attribute(const struct person *person, const char *name, size_t length)
{
    for (size_t i = 0; i < person->attribute_count; i++)
        if (strncmp(person->attributes[i].name, name, length) == 0 &&
            person->attributes[i].name[length] == '\0')
            return &person->attributes[i];
    return NULL;
}

/* Properties that the person has beside the attributes. */
static bool
write_own(struct json_writer *writer, const struct person *person, const char *name)
{
    char text[GUID_TEXT_BYTES];

    if (strcmp(name, "id") == 0)
        json_write_string(writer, name, guid_format(&person->id, text));
    else if (strcmp(name, "userPrincipalName") == 0)
        json_write_string(writer, name, person->user_principal_name);
    else if (strcmp(name, "accountEnabled") == 0)
        json_write_boolean(writer, name, person->is_enabled);
    else if (strcmp(name, "userType") == 0)
        json_write_string(writer, name, person->is_guest ? "Guest" : "Member");
    else
        return false;
    return true;
}

/* An unset property of the schema is null (an empty list where it is one). */
static void
write_unset(struct json_writer *writer, const char *name)
{
    static const char *const lists[] = {"businessPhones", "otherMails",    "proxyAddresses",
                                        "imAddresses",    "assignedPlans", "assignedLicenses",
                                        "identities"};

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        if (strcmp(lists[i], name) == 0) {
            json_write_raw(writer, name, "[]", 2);
            return;
        }
    json_write_null(writer, name);
}

static void
write_property(struct json_writer *writer, const struct person *person, const char *name)
{
    const struct attribute *attribute = find_attribute(person, name, strlen(name));

    if (write_own(writer, person, name))
        return;
    if (attribute != NULL)
        json_write_raw(writer, name, attribute->json, strlen(attribute->json));
    else
        write_unset(writer, name);
}

static void
write_defaults(struct json_writer *writer, const struct person *person)
{
    for (size_t i = 0; i < PROPERTIES; i++)
        if (properties[i].is_default)
            write_property(writer, person, properties[i].name);
}

/* An unset directory extension is absent, not null: G-3. */
static void
write_selected(struct json_writer *writer, const struct person *person, const char *list)
{
    while (*list != '\0') {
        size_t length = strcspn(list, ",");
        const char *name = find_property(list, length);
        const struct attribute *attribute = find_attribute(person, list, length);

        if (name != NULL)
            write_property(writer, person, name);
        else if (attribute != NULL)
            json_write_raw(writer, attribute->name, attribute->json, strlen(attribute->json));
        list += length + (list[length] == ',');
    }
}

static bool
check_select(struct call *call, const char *list)
{
    while (*list != '\0') {
        size_t length = strcspn(list, ",");

        if (find_property(list, length) == NULL && !is_extension(list, length)) {
            model_reply_malformed(
                call, "BadRequest",
                "Parsing OData Select and Expand failed: Could not find a property "
                "named '%.*s' on type 'microsoft.graph.user'.",
                (int)(length < 100 ? length : 100), list);
            return false;
        }
        list += length + (list[length] == ',');
    }
    return true;
}

static void
reply_user(struct call *call, const struct person *person, const struct option *select)
{
    struct json_writer writer;

    call->entry.write = MODEL_READ;
    model_reply_json(call, 200);
    json_writer_init(&writer, &call->response->body);
    json_write_object(&writer, NULL);
    json_write_string(&writer, "@odata.context",
                      "https://graph.microsoft.com/v1.0/$metadata#users/$entity");
    if (select == NULL)
        write_defaults(&writer, person);
    else
        write_selected(&writer, person, select->value);
    json_write_object_end(&writer);
}

static void
refuse_missing(struct call *call)
{
    char text[GUID_TEXT_BYTES];

    model_reply_error(
        call, 404, "Request_ResourceNotFound",
        "Resource '%s' does not exist or one of its queried reference-property objects "
        "are not present.",
        guid_format(&call->entry.user, text));
}

static void
get_user(struct call *call)
{
    const struct option *select = model_url_option(&call->url, "$select");
    const struct person *person = model_entra_person(call->model, &call->entry.user);

    if (!call->application->may_read_users)
        model_reply_error(call, 403, "Authorization_RequestDenied",
                          "Insufficient privileges to complete the operation.");
    else if (call->url.option_count != (select != NULL))
        model_reply_malformed(call, "BadRequest", "A query option is not supported.");
    else if (select != NULL && !check_select(call, select->value))
        return;
    else if (!model_entra_is_visible(call->model, person))
        refuse_missing(call);
    else
        reply_user(call, person, select);
}

/* --- checkMemberGroups: G-5, G-6 -------------------------------------------------------------- */

struct check {
    struct guid groups[CHECK_MOST];
    size_t count;
};

/* At most 20 ids; one that is malformed fails the whole request. */
static bool
read_check(struct call *call, const struct json *root, struct check *check)
{
    const struct json *ids = json_get(root, "groupIds");

    check->count = json_length(ids);
    if (json_type(ids) != JSON_ARRAY || check->count == 0) {
        model_reply_malformed(call, "Request_BadRequest", "The parameter 'groupIds' is required.");
        return false;
    }
    if (check->count > CHECK_MOST) {
        model_reply_malformed(call, "Request_BadRequest",
                              "The number of identifiers exceeds the limit of 20.");
        return false;
    }
    for (size_t i = 0; i < check->count; i++) {
        size_t length = 0;
        const char *string = json_string(json_at(ids, i), &length);

        if (string != NULL && guid_parse(string, length, &check->groups[i]))
            continue;
        model_reply_malformed(call, "Request_BadRequest", "Invalid object identifier.");
        return false;
    }
    return true;
}

/* Transitive, and as a replica sees it that may lag. */
static void
reply_check(struct call *call, const struct check *check)
{
    struct json_writer writer;
    char text[GUID_TEXT_BYTES];

    model_reply_json(call, 200);
    json_writer_init(&writer, &call->response->body);
    json_write_object(&writer, NULL);
    json_write_string(&writer, "@odata.context",
                      "https://graph.microsoft.com/v1.0/$metadata#Collection(Edm.String)");
    json_write_array(&writer, "value");
    for (size_t i = 0; i < check->count; i++)
        if (model_entra_is_member(call->model, &check->groups[i], &call->entry.user, false, true))
            json_write_string(&writer, NULL, guid_format(&check->groups[i], text));
    json_write_array_end(&writer);
    json_write_object_end(&writer);
}

static void
check_groups(struct call *call)
{
    struct json *root = json_parse(call->model->parser, call->body, call->body_length, NULL);
    struct check check;
    bool is_read = read_check(call, root, &check);

    json_free(root);
    if (!is_read)
        return;
    call->entry.items = (int)check.count;
    if (!call->application->may_read_users || !call->application->may_read_members)
        model_reply_error(call, 403, "Authorization_RequestDenied",
                          "Insufficient privileges to complete the operation.");
    else if (!model_entra_is_visible(call->model,
                                     model_entra_person(call->model, &call->entry.user)))
        refuse_missing(call);
    else
        reply_check(call, &check);
}

/* --- routes ----------------------------------------------------------------------------------- */

struct route {
    const char *name;
    enum http_method method;
    int units; /* what it costs: L-5 */
    void (*serve)(struct call *call);
};

static const struct route route_user = {"user", HTTP_GET, USER_UNITS, get_user};
static const struct route route_check = {"checkMemberGroups", HTTP_POST, CHECK_UNITS, check_groups};
static const struct route route_batch = {"batch", HTTP_POST, 0, model_graph_batch};

/* "users/{id}" and what stands behind it; the id goes into the ledger's entry. */
static const struct route *
find_route(struct call *call)
{
    static const char users[] = "users/";
    const char *id;

    if (call->rest == NULL)
        return NULL;
    if (strcmp(call->rest, "$batch") == 0)
        return call->is_part ? NULL : &route_batch;
    if (strncmp(call->rest, users, sizeof(users) - 1) != 0)
        return NULL;
    id = call->rest + sizeof(users) - 1;
    if (strlen(id) < GUID_TEXT_BYTES - 1 || !guid_parse(id, GUID_TEXT_BYTES - 1, &call->entry.user))
        return NULL;
    id += GUID_TEXT_BYTES - 1;
    if (*id == '\0')
        return &route_user;
    if (strcmp(id, "/checkMemberGroups") == 0 ||
        strcmp(id, "/microsoft.graph.checkMemberGroups") == 0)
        return &route_check;
    return NULL;
}

void
model_graph_resolve(struct call *call)
{
    static const char version[] = "/v1.0/";
    const struct route *route;

    call->rest = NULL;
    if (strncmp(call->url.path.data, version, sizeof(version) - 1) == 0)
        call->rest = call->url.path.data + sizeof(version) - 1;
    route = find_route(call);
    call->entry.route = route == NULL ? "other" : route->name;
    if (!call->is_part)
        model_login_identify(call);
}

void
model_graph_serve_part(struct call *call)
{
    const struct route *route = find_route(call);

    if (route == NULL)
        model_reply_error(call, call->rest == NULL ? 404 : 400, "BadRequest",
                          "Resource not found for the segment '%.100s'.", call->url.path.data);
    else if (route->method != call->method)
        model_reply_method(call);
    else if ((call->method != HTTP_POST || model_reply_is_json(call)) &&
             model_limits_spend(call, route->units))
        route->serve(call);
}

void
model_graph_serve(struct call *call)
{
    if (model_login_authorise(call))
        model_graph_serve_part(call);
}
