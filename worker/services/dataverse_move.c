/*
 * MOVE: a business unit's change and the roles of the new unit as one change set of a $batch
 * ("Execute batch operations using the Web API"), which is carried out whole or not at all. First
 * the PATCH, since it drops the roles of the old unit, then one association a role.
 *
 * Asked: row, if_match, unit, writes, roles (copies of the new unit). Found: nothing beside the
 * verdict, which is that of the first part that failed; a read confirms the set, not its answer.
 */
#include <string.h>

#include "classify.h"
#include "dataverse.h"
#include "error.h"
#include "multipart.h"

#define TYPE_OF_PART "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n"
#define TYPE_OF_BODY "Content-Type: application/json; charset=utf-8\r\n"

/*
 * A boundary stands at the beginning of a line, and the JSON of a part is one line that begins
 * with '{'.
 */
static void
add_delimiter(struct text *body, const char *name, const struct guid *row, const char *end)
{
    text_add(body, "--");
    text_add(body, name);
    dataverse_add_guid(body, row);
    text_add(body, end);
}

static void
begin_part(struct text *body, const struct call *call, size_t content_id)
{
    add_delimiter(body, "changeset_", &call->row, "\r\n");
    text_add(body, TYPE_OF_PART);
    text_addf(body, "Content-ID: %zu\r\n\r\n", content_id);
}

static void
add_patch(struct text *body, const struct call *call)
{
    begin_part(body, call, 1);
    text_add(body, "PATCH ");
    dataverse_add_url(body, call->environment, "systemusers(");
    dataverse_add_guid(body, &call->row);
    text_addf(body, ") HTTP/1.1\r\nIf-Match: %s\r\n" TYPE_OF_BODY "\r\n", call->if_match);
    dataverse_patch_body(body, call);
    text_add(body, "\r\n");
}

static void
add_association(struct text *body, const struct call *call, size_t index)
{
    begin_part(body, call, index + 2);
    text_add(body, "POST ");
    dataverse_role_url(body, call);
    text_add(body, " HTTP/1.1\r\n" TYPE_OF_BODY "\r\n");
    dataverse_role_body(body, call->environment, &call->roles[index]);
    text_add(body, "\r\n");
}

static void
add_type(struct text *text, const char *name, const struct guid *row, const char *end)
{
    text_add(text, "Content-Type: multipart/mixed; boundary=");
    text_add(text, name);
    dataverse_add_guid(text, row);
    text_add(text, end);
}

int
dataverse_move_build(const struct build *build, struct error *ret_error)
{
    const struct call *call = build->call;
    struct text *body = &build->request->body;

    if (call->if_match == NULL || call->if_match[0] == '\0')
        return error_set(ret_error, ERROR_INPUT, "a PATCH without If-Match");
    dataverse_start(build, HTTP_POST);
    add_type(&build->request->headers, "batch_", &call->row, "\n");
    dataverse_add_url(&build->request->url, call->environment, "$batch");
    add_delimiter(body, "batch_", &call->row, "\r\n");
    add_type(body, "changeset_", &call->row, "\r\n\r\n");
    add_patch(body, call);
    for (size_t i = 0; i < call->role_count; i++)
        add_association(body, call, i);
    add_delimiter(body, "changeset_", &call->row, "--\r\n");
    add_delimiter(body, "batch_", &call->row, "--\r\n");
    return 0;
}

/* How the parts of the set fared so far. */
struct tally {
    struct answer *answer;
    size_t done;
    bool is_refused; /* the verdict is that of a part */
};

static int
malformed(struct error *ret_error)
{
    return error_set(ret_error, ERROR_INPUT, "the answer to a change set is cut or malformed");
}

/* One leaf: done, or the reason why the whole is not. */
static int
judge_leaf(const struct part *part, struct tally *tally, struct error *ret_error)
{
    struct call *call = tally->answer->call;
    struct http_response response;
    bool is_http = multipart_http(part, &response);
    bool lacks_memory = response.headers.failed || response.body.failed;

    if (is_http && response.status >= 200 && response.status < 300) {
        tally->done++;
    } else if (is_http && !tally->is_refused) {
        call->verdict = classify(tally->answer->services, CALL_MOVE, &response,
                                 tally->answer->wall_ms, &call->error, &call->reason);
        tally->is_refused = true;
    }
    http_response_free(&response);
    if (lacks_memory)
        return error_set(ret_error, ERROR_MEMORY, "no memory for a part of an answer");
    return is_http ? 0 : malformed(ret_error);
}

static int
read_set(struct multipart *set, struct tally *tally, struct error *ret_error)
{
    enum multipart_step step;
    struct part part;

    while ((step = multipart_next(set, &part)) == MULTIPART_PART) {
        if (judge_leaf(&part, tally, ret_error) == -1)
            return -1;
    }
    return step == MULTIPART_END ? 0 : malformed(ret_error);
}

/*
 * A part of the batch: the change set's answer, or in its place the answer of the part that
 * failed.
 */
static int
read_part(const struct part *part, struct tally *tally, struct error *ret_error)
{
    struct bytes type = multipart_type(part);
    struct multipart set;

    if (multipart_is(type, "application/http"))
        return judge_leaf(part, tally, ret_error);
    if (!multipart_begin(&set, type, part->body))
        return malformed(ret_error);
    return read_set(&set, tally, ret_error);
}

static int
read_batch(struct multipart *batch, struct tally *tally, struct error *ret_error)
{
    enum multipart_step step;
    struct part part;

    while ((step = multipart_next(batch, &part)) == MULTIPART_PART) {
        if (read_part(&part, tally, ret_error) == -1)
            return -1;
    }
    return step == MULTIPART_END ? 0 : malformed(ret_error);
}

/*
 * Without "continue on error" the outer status is that of the part that failed; an answer that is
 * no multipart was not given by the batch, and classify has judged it.
 */
int
dataverse_move_read(struct answer *answer, struct error *ret_error)
{
    const struct http_response *response = answer->response;
    struct tally tally = {.answer = answer};
    bool is_success = answer->call->verdict == VERDICT_DONE;
    struct error judged = answer->call->error;
    struct multipart batch;
    struct bytes type;

    type.at = http_header(&response->headers, "Content-Type", &type.length);
    if (response->transport != HTTP_OK || type.at == NULL ||
        !multipart_begin(&batch, type, (struct bytes){response->body.data, response->body.length}))
        return is_success ? malformed(ret_error) : 0;
    if (read_batch(&batch, &tally, ret_error) == -1)
        return -1;
    if (!tally.is_refused && tally.done != answer->call->role_count + 1)
        return error_set(ret_error, ERROR_INPUT, "%zu of %zu parts of a change set were answered",
                         tally.done, answer->call->role_count + 1);
    if (answer->call->error.request_id[0] == '\0')
        error_set_request_id(&answer->call->error, judged.request_id, strlen(judged.request_id));
    return 0;
}
