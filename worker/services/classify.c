/*
 * The table of refusals, read from top to bottom: the first row that fits decides. Codes stand
 * before statuses, special before general, and the last rows catch everything. Numbers are
 * Dataverse's "Web service error codes"; the others are named in their row's comment.
 *
 * What is permanent for one user or value is rejected; what would fail for everybody is a fault of
 * the configuration, which holds events and loses none; so where documents leave doubt, the
 * latter.
 */
#include "classify.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "error.h"
#include "json.h"
#include "refusal.h"
#include "services.h"

#define BIT(kind) (1U << (kind))
#define READS (BIT(CALL_LOOK) | BIT(CALL_UNITS) | BIT(CALL_ROLES))
#define WRITES (BIT(CALL_PATCH) | BIT(CALL_MOVE) | BIT(CALL_ROLE))
#define DATAVERSE (READS | WRITES)
#define TOKEN BIT(CALL_TOKEN)
#define BAP BIT(CALL_FORCE_SYNC)
#define GRAPH BIT(CALL_SOURCES)
#define PAGES (BIT(CALL_DELTA) | BIT(CALL_MEMBERS))
#define ALL (DATAVERSE | TOKEN | BAP | GRAPH | PAGES)

struct rule {
    unsigned int kinds;
    uint32_t number;  /* 0: any code */
    const char *code; /* NULL: any */
    int low, high;    /* statuses, both included; 0, 0: any */
    const char *word; /* somewhere in the body, in any case; NULL: any */
    enum verdict verdict;
    const char *reason;
};

#define NUMBER(kinds, number, verdict, reason)           \
    {                                                    \
        kinds, number, NULL, 0, 0, NULL, verdict, reason \
    }
#define CODE(kinds, code, verdict, reason)          \
    {                                               \
        kinds, 0, code, 0, 0, NULL, verdict, reason \
    }
#define STATUS(kinds, low, high, verdict, reason)        \
    {                                                    \
        kinds, 0, NULL, low, high, NULL, verdict, reason \
    }
#define WORD(kinds, status, word, verdict, reason)            \
    {                                                         \
        kinds, 0, NULL, status, status, word, verdict, reason \
    }

/* clang-format off */
static const struct rule rules[] = {
    /* service protection limits: requests, execution time, concurrency */
    NUMBER(DATAVERSE, 0x80072322, VERDICT_THROTTLED, "throttled"),
    NUMBER(DATAVERSE, 0x80072321, VERDICT_THROTTLED, "throttled"),
    NUMBER(DATAVERSE, 0x80072326, VERDICT_THROTTLED, "throttled"),

    /* the caller: privileges, column security, application user */
    NUMBER(DATAVERSE, 0x80040220, VERDICT_MISCONFIGURED, "privilege_missing"),
    NUMBER(DATAVERSE, 0x80048306, VERDICT_MISCONFIGURED, "privilege_missing"),
    NUMBER(DATAVERSE, 0x8004A110, VERDICT_MISCONFIGURED, "privilege_missing"),
    NUMBER(DATAVERSE, 0x80048405, VERDICT_MISCONFIGURED, "access_denied"),
    NUMBER(DATAVERSE, 0x8004F502, VERDICT_MISCONFIGURED, "access_denied"),
    NUMBER(DATAVERSE, 0x8004F504, VERDICT_MISCONFIGURED, "access_denied"),
    NUMBER(DATAVERSE, 0x8004F507, VERDICT_MISCONFIGURED, "access_denied"),
    NUMBER(DATAVERSE, 0x80042F09, VERDICT_MISCONFIGURED, "caller_without_role"),
    NUMBER(DATAVERSE, 0x80072560, VERDICT_MISCONFIGURED, "caller_unknown"),
    NUMBER(DATAVERSE, 0x8004A113, VERDICT_MISCONFIGURED, "admin_mode"),
    NUMBER(DATAVERSE, 0x80060888, VERDICT_MISCONFIGURED, "unknown_name"),
    NUMBER(DATAVERSE, 0x8004A100, VERDICT_UNAUTHORISED, "unauthorised"),
    NUMBER(DATAVERSE, 0x8004A101, VERDICT_UNAUTHORISED, "unauthorised"),
    NUMBER(DATAVERSE, 0x8004A102, VERDICT_UNAUTHORISED, "unauthorised"),
    NUMBER(DATAVERSE, 0x8004A103, VERDICT_UNAUTHORISED, "unauthorised"),
    NUMBER(DATAVERSE, 0x8004A104, VERDICT_UNAUTHORISED, "unauthorised"),
    NUMBER(DATAVERSE, 0x8004A105, VERDICT_UNAUTHORISED, "unauthorised"),
    NUMBER(DATAVERSE, 0x80040204, VERDICT_UNAUTHORISED, "unauthorised"),

    /* the row changed, moved or went under us; the role that is there already */
    NUMBER(WRITES, 0x80040217, VERDICT_CHANGED, "row_gone"),
    NUMBER(DATAVERSE, 0x80060891, VERDICT_WAIT, "no_row_yet"),
    NUMBER(DATAVERSE, 0x80060882, VERDICT_CHANGED, "row_changed"),
    NUMBER(BIT(CALL_MOVE), 0x80041409, VERDICT_REJECTED, "move_refused"),
    NUMBER(DATAVERSE, 0x80041409, VERDICT_CHANGED, "role_of_other_unit"),
    NUMBER(BIT(CALL_ROLE), 0x80040237, VERDICT_DONE, ""),
    NUMBER(BIT(CALL_MOVE), 0x80040237, VERDICT_REJECTED, "move_refused"),

    /* this user, now */
    NUMBER(DATAVERSE, 0x8004D24B, VERDICT_REFUSED, "no_licence"),
    NUMBER(DATAVERSE, 0x8004D24C, VERDICT_REFUSED, "no_licence"),
    NUMBER(DATAVERSE, 0x80041d28, VERDICT_REFUSED, "not_in_entra"),
    NUMBER(DATAVERSE, 0x80040225, VERDICT_REFUSED, "user_disabled"),

    /* this user or value, always */
    NUMBER(DATAVERSE, 0x80040237, VERDICT_REJECTED, "duplicate"),
    NUMBER(DATAVERSE, 0x80060892, VERDICT_REJECTED, "duplicate"),
    NUMBER(DATAVERSE, 0x80040333, VERDICT_REJECTED, "duplicate"),
    NUMBER(DATAVERSE, 0x80041d48, VERDICT_REJECTED, "application_user"),
    NUMBER(DATAVERSE, 0x80040d40, VERDICT_REJECTED, "application_user"),
    NUMBER(DATAVERSE, 0x80044507, VERDICT_REJECTED, "no_tenant_access"),
    NUMBER(WRITES, 0x80041d68, VERDICT_REJECTED, "group_refused"),
    NUMBER(WRITES, 0x80048350, VERDICT_REJECTED, "group_refused"),
    NUMBER(WRITES, 0x80040265, VERDICT_REJECTED, "plugin"),
    NUMBER(WRITES, 0x80040203, VERDICT_REJECTED, "bad_value"),
    NUMBER(WRITES, 0x80060890, VERDICT_REJECTED, "bad_value"),
    NUMBER(WRITES, 0x8004431A, VERDICT_REJECTED, "bad_value"),
    NUMBER(WRITES, 0x80044330, VERDICT_REJECTED, "bad_value"),
    NUMBER(WRITES, 0x80044331, VERDICT_REJECTED, "bad_value"),
    NUMBER(WRITES, 0x8004418A, VERDICT_REJECTED, "too_large"),
    NUMBER(WRITES, 0x80040227, VERDICT_REJECTED, "not_allowed"),
    NUMBER(WRITES, 0x8004023B, VERDICT_REJECTED, "not_allowed"),
    NUMBER(WRITES, 0x80040315, VERDICT_REJECTED, "not_allowed"),

    /* faults inside Dataverse; the last two only one client knows, as throttling */
    NUMBER(DATAVERSE, 0x80072559, VERDICT_RETRY, "service_fault"),
    NUMBER(DATAVERSE, 0x80044150, VERDICT_RETRY, "service_fault"),
    NUMBER(DATAVERSE, 0x80044151, VERDICT_RETRY, "service_fault"),
    NUMBER(DATAVERSE, 0x80072031, VERDICT_RETRY, "service_fault"),
    NUMBER(DATAVERSE, 0x8004Ed47, VERDICT_RETRY, "service_fault"),
    NUMBER(DATAVERSE, 0x80040216, VERDICT_RETRY, "service_fault"),
    NUMBER(DATAVERSE, 0x8005F103, VERDICT_RETRY, "service_fault"),
    NUMBER(DATAVERSE, 0x80060308, VERDICT_RETRY, "service_fault"),

    /* Power Platform admin API, addUser */
    CODE(BAP, "UnlinkedEnvironmentForbiddenOperation", VERDICT_MISCONFIGURED, "no_dataverse"),
    CODE(BAP, "LinkedEnvironmentForbiddenOperation", VERDICT_MISCONFIGURED, "forbidden"),
    CODE(BAP, "EnvironmentNotFound", VERDICT_MISCONFIGURED, "environment_unknown"),
    WORD(BAP, 400, "userNotLicensed", VERDICT_REFUSED, "no_licence"),
    WORD(BAP, 400, "UserNotMemberOfCdsSecurityGroup", VERDICT_REFUSED, "not_in_security_group"),
    WORD(BAP, 403, "does not have permission to access the path",
         VERDICT_MISCONFIGURED, "not_registered"),
    STATUS(BAP, 409, 409, VERDICT_RETRY, "busy"),

    /* OAuth 2.0 token endpoint: RFC 6749 5.2 and Entra's additions, by the member "error" */
    CODE(TOKEN, "invalid_client", VERDICT_MISCONFIGURED, "invalid_client"),
    CODE(TOKEN, "unauthorized_client", VERDICT_MISCONFIGURED, "unauthorized_client"),
    CODE(TOKEN, "invalid_scope", VERDICT_MISCONFIGURED, "invalid_scope"),
    CODE(TOKEN, "invalid_request", VERDICT_MISCONFIGURED, "invalid_request"),
    CODE(TOKEN, "invalid_resource", VERDICT_MISCONFIGURED, "invalid_resource"),
    CODE(TOKEN, "temporarily_unavailable", VERDICT_RETRY, "service_fault"),
    CODE(TOKEN, "server_error", VERDICT_RETRY, "service_fault"),

    /* Microsoft Graph; 404 of a user is an answer */
    {GRAPH, 0, "Request_ResourceNotFound", 404, 404, NULL, VERDICT_DONE, ""},
    CODE(GRAPH | PAGES, "Authorization_RequestDenied", VERDICT_MISCONFIGURED, "privilege_missing"),
    CODE(GRAPH | PAGES, "TooManyRequests", VERDICT_THROTTLED, "throttled"),

    /* a page of Graph whose link is worth nothing any more ("Use delta query to track changes":
     * Synchronization reset, Token duration; the codes come with 400 or 410); no such group */
    CODE(PAGES, "syncStateNotFound", VERDICT_CHANGED, "resync"),
    CODE(PAGES, "syncStateInvalid", VERDICT_CHANGED, "resync"),
    CODE(PAGES, "resyncRequired", VERDICT_CHANGED, "resync"),
    CODE(PAGES, "Request_ResourceNotFound", VERDICT_REJECTED, "group_gone"),

    /* by status alone */
    STATUS(ALL, 300, 399, VERDICT_RETRY, "redirected"),
    STATUS(TOKEN, 401, 401, VERDICT_MISCONFIGURED, "invalid_client"),
    STATUS(ALL, 401, 401, VERDICT_UNAUTHORISED, "unauthorised"),
    STATUS(ALL, 403, 403, VERDICT_MISCONFIGURED, "forbidden"),
    STATUS(BAP, 404, 404, VERDICT_MISCONFIGURED, "environment_unknown"),
    STATUS(ALL, 404, 404, VERDICT_MISCONFIGURED, "not_found"),
    STATUS(ALL, 408, 408, VERDICT_RETRY, "service_fault"),
    STATUS(WRITES, 409, 409, VERDICT_RETRY, "busy"),
    STATUS(PAGES, 410, 410, VERDICT_CHANGED, "resync"),
    STATUS(BIT(CALL_PATCH) | BIT(CALL_MOVE), 412, 412, VERDICT_CHANGED, "row_changed"),
    STATUS(WRITES, 413, 413, VERDICT_REJECTED, "too_large"),
    STATUS(ALL, 425, 425, VERDICT_RETRY, "service_fault"),
    STATUS(ALL, 429, 429, VERDICT_THROTTLED, "throttled"),
    STATUS(ALL, 499, 499, VERDICT_RETRY, "service_fault"),
    STATUS(WRITES, 400, 400, VERDICT_REJECTED, "rejected"),
    STATUS(BAP, 400, 498, VERDICT_REFUSED, "refused"),
    STATUS(ALL, 400, 498, VERDICT_MISCONFIGURED, "request_refused"),
    STATUS(ALL, 500, 599, VERDICT_RETRY, "service_fault"),
    STATUS(ALL, 0, 0, VERDICT_RETRY, "malformed_answer"),
};
/* clang-format on */

static bool
rule_fits(const struct rule *rule, enum call_kind kind, const struct http_response *response,
          const struct refusal *refusal)
{
    if ((rule->kinds & BIT(kind)) == 0)
        return false;
    if (rule->number != 0 && rule->number != refusal->number)
        return false;
    if (rule->code != NULL && strcasecmp(rule->code, refusal->code) != 0)
        return false;
    if (rule->high != 0 && (response->status < rule->low || response->status > rule->high))
        return false;
    return rule->word == NULL ||
           (response->body.length > 0 && strcasestr(response->body.data, rule->word) != NULL);
}

/* The last row fits everything. */
static const struct rule *
find_rule(enum call_kind kind, const struct http_response *response, const struct refusal *refusal)
{
    const struct rule *rule = rules;

    while (!rule_fits(rule, kind, response, refusal))
        rule++;
    return rule;
}

static bool
is_listed(const char *const *refusals, const struct text *body)
{
    for (; refusals != NULL && *refusals != NULL && body->length > 0; refusals++) {
        if (strcasestr(body->data, *refusals) != NULL)
            return true;
    }
    return false;
}

/* Each service names its own, in one of these headers. */
static void
take_request_id(const struct http_response *response, struct error *error)
{
    static const char *const names[] = {
        "x-ms-service-request-id",     "REQ_ID",          "request-id", "x-ms-correlation-id",
        "x-ms-correlation-request-id", "x-ms-request-id",
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        size_t length;
        const char *id = http_header(&response->headers, names[i], &length);

        if (id != NULL && length > 0) {
            error_set_request_id(error, id, length);
            return;
        }
    }
}

static enum verdict
judge_silence(const struct http_response *response, struct error *ret_error,
              const char **ret_reason)
{
    bool is_too_large = response->transport == HTTP_TOO_LARGE;

    error_set(ret_error, is_too_large ? ERROR_LIMIT : ERROR_TRANSPORT, "%s",
              response->reason[0] != '\0' ? response->reason
                                          : http_transport_name(response->transport));
    *ret_reason = is_too_large ? "answer_too_large" : "no_answer";
    return VERDICT_RETRY;
}

static void
describe(const struct http_response *response, const struct refusal *refusal,
         const struct rule *rule, struct error *error)
{
    if (rule->verdict == VERDICT_DONE)
        return;
    if (response->status >= 300 && response->status < 400)
        error_set(error, ERROR_SERVICE, "redirected by HTTP %d, which is not followed",
                  response->status);
    else
        error_set(error, ERROR_SERVICE, "%s", refusal->text);
    error_set_code(error, refusal->code);
}

static const char *
reason_of(const struct rule *rule, const char *const *refusals, const struct text *body)
{
    if (rule->verdict == VERDICT_REFUSED && strcmp(rule->reason, "refused") == 0 &&
        is_listed(refusals, body))
        return "refused_as_listed";
    return rule->reason;
}

/* Without its code an answer could be taken for another one. */
static enum verdict
judge_unread(struct error *ret_error, const char **ret_reason)
{
    error_set(ret_error, ERROR_MEMORY, "no memory for what the service says");
    *ret_reason = "no_memory";
    return VERDICT_RETRY;
}

static enum verdict
judge(const struct services *services, enum call_kind kind, const struct http_response *response,
      struct error *ret_error, const char **ret_reason)
{
    const struct rule *rule;
    struct refusal refusal;

    if (refusal_read(response, services->parser, &refusal) == -1)
        return judge_unread(ret_error, ret_reason);
    rule = find_rule(kind, response, &refusal);
    describe(response, &refusal, rule, ret_error);
    *ret_reason = reason_of(rule, services->settings->refusals, &response->body);
    return rule->verdict;
}

enum verdict
classify(const struct services *services, enum call_kind kind, const struct http_response *response,
         int64_t wall_ms, struct error *ret_error, const char **ret_reason)
{
    enum verdict verdict;

    *ret_error = (struct error){.retry_after_ms = -1};
    *ret_reason = "";
    if (response->transport != HTTP_OK || response->status == 0)
        return judge_silence(response, ret_error, ret_reason);
    if (response->status >= 200 && response->status < 300) {
        take_request_id(response, ret_error);
        return VERDICT_DONE;
    }
    verdict = judge(services, kind, response, ret_error, ret_reason);
    ret_error->status = response->status;
    ret_error->retry_after_ms = http_retry_after_ms(&response->headers, wall_ms);
    take_request_id(response, ret_error);
    return verdict;
}
