/* The Power Platform admin API, as far as force sync goes. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "model_private.h"

#define PREFIX "/providers/Microsoft.BusinessAppPlatform/scopes/admin/environments/"

/* The versions that the service names when it refuses another: B-2. */
static const char *const versions[] = {
    "2016-02-01", "2016-11-01", "2018-01-01", "2018-10-01", "2019-05-01",
    "2019-10-01", "2020-04-01", "2020-05-01", "2020-06-01", "2020-08-01",
    "2020-09-01", "2020-10-01", "2021-03-01", "2021-04-01", "2021-07-01",
    "2022-05-01", "2023-06-01", "2024-05-01", "2026-06-01",
};

/* Whose answer it is, in one place: status, outer code and inner code of each refusal of a user. */
enum refusal { ACCEPTED, UNKNOWN_USER, DISABLED_USER, UNLICENSED_USER, OUTSIDE_GROUP };

static const struct {
    const char *code;
    const char *description;
} refusals[] = {
    [UNKNOWN_USER] = {"userNotFound", "The user is not found in Microsoft Entra ID."},
    [DISABLED_USER] = {"userDisabled", "The user is not enabled in Microsoft Entra ID."},
    [UNLICENSED_USER] = {"userNotLicensed", "The user is not licensed."},
    [OUTSIDE_GROUP] = {"UserNotMemberOfCdsSecurityGroup",
                       "The user is not a member of the security group of the environment."},
};

static void add_user(struct call *call);
static void read_environment(struct call *call);

/* What stands behind an environment's id; all paths are matched without regard to case: B-1. */
static const struct route {
    const char *tail;
    const char *name; /* in the ledger */
    enum http_method method;
    void (*serve)(struct call *call);
} routes[] = {
    {"/addUser", "addUser", HTTP_POST, add_user},
    {"", "environment", HTTP_GET, read_environment},
};

static const struct route *
find_route(const char *path, size_t *ret_id_length)
{
    const char *id = path + sizeof(PREFIX) - 1;

    if (strncasecmp(path, PREFIX, sizeof(PREFIX) - 1) != 0)
        return NULL;
    *ret_id_length = strcspn(id, "/");
    for (size_t i = 0; *ret_id_length > 0 && i < sizeof(routes) / sizeof(routes[0]); i++)
        if (strcasecmp(id + *ret_id_length, routes[i].tail) == 0)
            return &routes[i];
    return NULL;
}

void
model_bap_resolve(struct call *call)
{
    char id[128];
    size_t length;
    const struct route *route = find_route(call->url.path.data, &length);

    model_login_identify(call);
    if (route == NULL || length >= sizeof(id))
        return;
    call->entry.route = route->name;
    snprintf(id, sizeof(id), "%.*s", (int)length, call->url.path.data + sizeof(PREFIX) - 1);
    call->environment = model_environment_find(call->model, id);
    if (call->environment != NULL)
        call->entry.environment = call->environment->id;
}

static bool
check_version(struct call *call)
{
    const struct option *version = model_url_option(&call->url, "api-version");
    struct text all = TEXT_EMPTY;

    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        if (version != NULL && strcmp(version->value, versions[i]) == 0) {
            text_free(&all);
            return true;
        }
        text_addf(&all, "%s%s", i == 0 ? "" : ", ", versions[i]);
    }
    model_reply_malformed(
        call, version == NULL ? "MissingApiVersionParameter" : "InvalidApiVersion",
        "The api-version is missing or invalid. The supported versions are '%s'.", all.data);
    text_free(&all);
    return false;
}

/* The one member of the body, its name in any case: B-3. */
static bool
read_object_id(struct call *call, struct guid *ret_user)
{
    struct json *root = json_parse(call->model->parser, call->body, call->body_length, NULL);
    struct json_member member = {0};
    bool is_read = false;

    while (json_type(root) == JSON_OBJECT && json_next(root, &member)) {
        size_t length = 0;
        const char *string = json_string(member.value, &length);

        if (strcasecmp(member.key, "ObjectId") == 0 && string != NULL)
            is_read = guid_parse(string, length, ret_user);
    }
    json_free(root);
    if (!is_read)
        model_reply_malformed(call, "InvalidRequestContent", "The request content is not valid.");
    return is_read;
}

/* Direct members only, unless the setting says otherwise: B-7. */
static bool
is_in_security_group(struct call *call, const struct guid *user)
{
    const struct guid *group = &call->environment->security_group;
    bool is_direct = call->model->settings.nested_security_group == 0;

    return guid_is_zero(group) || model_groups_has(call->model, group, user, is_direct, true);
}

static enum refusal
judge(struct call *call, const struct guid *user)
{
    const struct person *person = model_entra_person(call->model, user);

    if (person == NULL)
        return UNKNOWN_USER;
    if (!person->is_enabled)
        return DISABLED_USER;
    if (!model_entra_is_licensed(call->model, person))
        return UNLICENSED_USER;
    return is_in_security_group(call, user) ? ACCEPTED : OUTSIDE_GROUP;
}

/* A JSON document inside a line of text inside the message: B-6. */
static void
refuse(struct call *call, enum refusal refusal, const struct guid *user)
{
    bool is_capital = call->model->settings.capital_inner_json != 0;
    struct guid tracking = model_random_guid(&call->model->rng);
    char subject[GUID_TEXT_BYTES], tracking_text[GUID_TEXT_BYTES];
    struct text inner = TEXT_EMPTY;
    struct json_writer writer;

    json_writer_init(&writer, &inner);
    json_write_object(&writer, NULL);
    json_write_array(&writer, is_capital ? "Errors" : "errors");
    json_write_object(&writer, NULL);
    json_write_string(&writer, is_capital ? "Code" : "code", refusals[refusal].code);
    json_write_string(&writer, is_capital ? "Description" : "description",
                      refusals[refusal].description);
    json_write_string(&writer, is_capital ? "Subject" : "subject", guid_format(user, subject));
    json_write_object_end(&writer);
    json_write_array_end(&writer);
    json_write_object_end(&writer);
    model_reply_error(call, 400, "UserSyncFailed",
                      "The user could not be synchronised: %s The tracking Id is '%s'.",
                      inner.data == NULL ? "" : inner.data, guid_format(&tracking, tracking_text));
    text_free(&inner);
}

static void
accept_user(struct call *call, const struct guid *user)
{
    bool is_needed = !model_pending_has(call->environment, user) &&
                     model_rows_need_sync(call->environment, user);

    if (is_needed && !model_pending_add(call->model, call->environment, user)) {
        model_reply_error(call, 503, "ServiceUnavailable", "Out of memory.");
        return;
    }
    model_reply_status(call, 200);
    call->entry.write = is_needed ? MODEL_WROTE : MODEL_WROTE_NOTHING;
}

static void
add_user(struct call *call)
{
    struct guid user;
    enum refusal refusal;

    if (!call->environment->has_dataverse) {
        model_reply_error(call, 409, "UnlinkedEnvironmentForbiddenOperation",
                          "The operation is forbidden for an environment without a database.");
        return;
    }
    if (!model_reply_is_json(call) || !read_object_id(call, &user))
        return;
    call->entry.user = user;
    refusal = judge(call, &user);
    if (refusal == ACCEPTED)
        accept_user(call, &user);
    else
        refuse(call, refusal, &user);
}

/* Where the organisation lives; no link where there is none: B-9. */
static void
read_environment(struct call *call)
{
    const struct environment *environment = call->environment;
    const struct origin *origin, *next;
    struct json_writer writer;

    model_reply_json(call, 200);
    json_writer_init(&writer, &call->response->body);
    json_write_object(&writer, NULL);
    json_write_string(&writer, "name", environment->id);
    json_write_string(&writer, "type", "Microsoft.BusinessAppPlatform/scopes/environments");
    json_write_object(&writer, "properties");
    json_write_string(&writer, "displayName", environment->name);
    HASH_ITER (hh, call->model->origins, origin, next) {
        if (!environment->has_dataverse || origin->environment != environment)
            continue;
        json_write_object(&writer, "linkedEnvironmentMetadata");
        json_write_string(&writer, "instanceUrl", origin->text);
        json_write_object_end(&writer);
        break;
    }
    json_write_object_end(&writer);
    json_write_object_end(&writer);
}

/* The checks of the service, in its order: B-2, B-4, B-5. */
void
model_bap_serve(struct call *call)
{
    size_t length;
    const struct route *route = find_route(call->url.path.data, &length);

    if (!model_login_authorise(call))
        return;
    if (route == NULL)
        model_reply_error(call, 404, "NotFound", "No route matches the path '%.200s'.",
                          call->url.path.data);
    else if (call->method != route->method)
        model_reply_method(call);
    else if (!check_version(call))
        return;
    else if (!call->application->is_bap_management)
        model_reply_error(
            call, 403, "Forbidden",
            "The service principal does not have permission to access the path '%.200s'.",
            call->url.path.data);
    else if (call->environment == NULL)
        model_reply_error(call, 404, "EnvironmentNotFound", "The environment could not be found.");
    else
        route->serve(call);
}
