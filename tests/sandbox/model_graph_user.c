/* Microsoft Graph: a user and its properties: G-1 to G-4. */
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

enum { PROPERTIES = sizeof(properties) / sizeof(properties[0]), APP_ID = 32 };

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
    for (size_t i = 0; person != NULL && i < person->attribute_count; i++)
        if (strncmp(person->attributes[i].name, name, length) == 0 &&
            person->attributes[i].name[length] == '\0')
            return &person->attributes[i];
    return NULL;
}

/* Whose properties are written. */
struct subject {
    const struct guid *id;
    const struct person *person; /* NULL: nothing else may be told */
};

/* Properties that the person has beside the attributes. */
static bool
write_own(struct json_writer *writer, const struct person *person, const char *name)
{
    if (strcmp(name, "userPrincipalName") == 0)
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
write_property(struct json_writer *writer, const struct subject *subject, const char *name)
{
    const struct person *person = subject->person;
    const struct attribute *attribute = find_attribute(person, name, strlen(name));
    char text[GUID_TEXT_BYTES];

    if (strcmp(name, "id") == 0)
        json_write_string(writer, name, guid_format(subject->id, text));
    else if (person == NULL)
        json_write_null(writer, name);
    else if (attribute != NULL)
        json_write_raw(writer, name, attribute->json, strlen(attribute->json));
    else if (!write_own(writer, person, name))
        write_unset(writer, name);
}

static void
write_defaults(struct json_writer *writer, const struct subject *subject)
{
    for (size_t i = 0; i < PROPERTIES; i++)
        if (properties[i].is_default)
            write_property(writer, subject, properties[i].name);
}

/* An unset directory extension is absent, not null: G-3. */
static void
write_selected(struct json_writer *writer, const struct subject *subject, const char *list)
{
    while (*list != '\0') {
        size_t length = strcspn(list, ",");
        const char *name = find_property(list, length);
        const struct attribute *attribute = find_attribute(subject->person, list, length);

        if (name != NULL)
            write_property(writer, subject, name);
        else if (attribute != NULL)
            json_write_raw(writer, attribute->name, attribute->json, strlen(attribute->json));
        list += length + (list[length] == ',');
    }
}

bool
model_graph_user_select(struct call *call, const char *list)
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

void
model_graph_user_write(struct json_writer *writer, const struct guid *id,
                       const struct person *person, const struct option *select)
{
    struct subject subject = {id, person};

    if (select == NULL)
        write_defaults(writer, &subject);
    else
        write_selected(writer, &subject, select->value);
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
    model_graph_user_write(&writer, &person->id, person, select);
    json_write_object_end(&writer);
}

void
model_graph_user_missing(struct call *call)
{
    char text[GUID_TEXT_BYTES];

    model_reply_error(
        call, 404, "Request_ResourceNotFound",
        "Resource '%s' does not exist or one of its queried reference-property objects "
        "are not present.",
        guid_format(&call->entry.user, text));
}

void
model_graph_user_get(struct call *call)
{
    const struct option *select = model_url_option(&call->url, "$select");
    const struct person *person = model_entra_person(call->model, &call->entry.user);

    if (!call->application->may_read_users)
        model_reply_error(call, 403, "Authorization_RequestDenied",
                          "Insufficient privileges to complete the operation.");
    else if (call->url.option_count != (select != NULL))
        model_reply_malformed(call, "BadRequest", "A query option is not supported.");
    else if (select != NULL && !model_graph_user_select(call, select->value))
        return;
    else if (!model_entra_is_visible(call->model, person))
        model_graph_user_missing(call);
    else
        reply_user(call, person, select);
}
