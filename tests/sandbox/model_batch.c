/*
 * Dataverse's $batch: single requests and change sets, in order (D-45). A change set happens as a
 * whole or not at all (D-44); the first failure ends the batch unless the client prefers to go on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model_multipart.h"
#include "model_private.h"

/* D-46, D-41. */
enum { REQUESTS_MOST = 1000, BOUNDARY_BYTES = 64, URL_BYTES = 65536 };

/* A batch under way: what was answered so far. */
struct batch {
    struct call *whole;
    struct text body; /* of the answer, without the closing delimiter */
    char boundary[BOUNDARY_BYTES];
    int requests;
    int status;        /* the first failure's; 0: none */
    bool goes_on;      /* odata.continue-on-error */
    bool is_malformed; /* 400 for the whole */
    bool is_cut;       /* the connection breaks */
    enum http_transport transport;
};

/* A change set under way. */
struct set {
    struct transaction transaction;
    struct references references;
    struct text body;    /* the parts' answers */
    struct text failure; /* the one of the part that failed */
    char boundary[BOUNDARY_BYTES];
    bool is_failed; /* a part was not carried out: all goes back */
    int status;     /* the failed part's, as told */
};

static void
make_boundary(struct model *model, const char *prefix, char boundary[BOUNDARY_BYTES])
{
    struct guid id = model_random_guid(&model->rng);
    char text[GUID_TEXT_BYTES];

    snprintf(boundary, BOUNDARY_BYTES, "%s_%s", prefix, guid_format(&id, text));
}

/* --- answers as parts ------------------------------------------------------------------------- */

static const char *
reason_phrase(int status)
{
    static const struct {
        int status;
        const char *phrase;
    } phrases[] = {
        {200, "OK"},
        {201, "Created"},
        {204, "No Content"},
        {400, "Bad Request"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {412, "Precondition Failed"},
        {429, "Too Many Requests"},
    };

    for (size_t i = 0; i < sizeof(phrases) / sizeof(phrases[0]); i++)
        if (phrases[i].status == status)
            return phrases[i].phrase;
    return "Error";
}

/* Header lines with CRLF. */
static void
add_headers(struct text *text, const struct text *headers)
{
    const char *line = headers->data == NULL ? "" : headers->data;

    while (*line != '\0') {
        size_t length = strcspn(line, "\n");

        text_add_bytes(text, line, length);
        text_add(text, "\r\n");
        line += length + (line[length] == '\n');
    }
}

static void
add_answer(struct text *text, const char *content_id, const struct http_response *response)
{
    text_add(text, "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n");
    if (content_id != NULL)
        text_addf(text, "Content-ID: %s\r\n", content_id);
    text_addf(text, "\r\nHTTP/1.1 %d %s\r\n", response->status, reason_phrase(response->status));
    add_headers(text, &response->headers);
    text_add(text, "\r\n");
    text_add_bytes(text, response->body.data, response->body.length);
    text_add(text, "\r\n");
}

static void
add_delimiter(struct text *text, const char *boundary, const char *tail)
{
    text_add(text, "--");
    text_add(text, boundary);
    text_add(text, tail);
    text_add(text, "\r\n");
}

static void
note_status(struct batch *batch, const struct http_response *response)
{
    if (response->status == 0) {
        batch->is_cut = true;
        batch->transport = response->transport;
    } else if (response->status >= 400 && batch->status == 0) {
        batch->status = response->status;
    }
}

/* --- one request ------------------------------------------------------------------------------ */

/* "$1/rest": the row that the part with that Content-ID was about. */
static bool
expand_reference(const struct references *references, const char *url, struct text *address)
{
    size_t length = strcspn(url + 1, "/");
    char text[GUID_TEXT_BYTES];

    for (size_t i = 0; references != NULL && i < references->count; i++) {
        const struct reference *reference = &references->list[i];

        if (strlen(reference->content_id) != length ||
            strncmp(reference->content_id, url + 1, length) != 0)
            continue;
        text_addf(address, "/api/data/v9.2/%s(%s)", reference->table->set,
                  guid_format(&reference->id, text));
        text_add(address, url + 1 + length);
        return true;
    }
    return false;
}

/*
 * A part's URL is absolute at the same origin, or relative to the host or to the API's root: D-41.
 */
static bool
make_address(const struct call *whole, const struct references *references, const char *url,
             struct text *address)
{
    size_t origin = model_url_origin_length(url);

    if (strlen(url) > URL_BYTES || (origin > 0 && !http_same_origin(url, whole->origin->text)))
        return false;
    if (url[0] == '$')
        return expand_reference(references, url, address);
    url += origin;
    if (*url != '/')
        text_add(address, "/api/data/v9.2/");
    text_add(address, url);
    return !address->failed;
}

/* Carries one request out as ${part}, whose answer is left in its response. */
static void
serve_request(struct call *part, struct call *whole, const struct multipart_request *request,
              const struct text *address)
{
    part->method = request->method;
    part->address = address->data == NULL ? "" : address->data;
    part->headers = &request->headers;
    part->body = request->body;
    part->body_length = request->body_length;
    if (!model_url_parse(&part->url, part->address) ||
        (part->rest = model_target_rest(part->url.path.data)) == NULL) {
        part->entry_index = model_ledger_open(part->model, &part->entry);
        model_reply_malformed(part, "0x80060888", "The URL of the part is malformed.");
    } else {
        model_target_parse(part);
        part->entry_index = model_ledger_open(part->model, &part->entry);
        model_call_run(part);
    }
    model_call_end_part(part, whole);
}

static void
serve_single(struct batch *batch, const struct multipart_part *part)
{
    struct multipart_request request;
    struct text address = TEXT_EMPTY;
    struct http_response response;
    struct call call;

    if (!model_multipart_request(part, &request) ||
        !make_address(batch->whole, NULL, request.url.data, &address) ||
        ++batch->requests > REQUESTS_MOST) {
        batch->is_malformed = true;
    } else {
        model_call_begin_part(&call, batch->whole, &response);
        serve_request(&call, batch->whole, &request, &address);
        note_status(batch, &response);
        add_delimiter(&batch->body, batch->boundary, "");
        add_answer(&batch->body, NULL, &response);
        http_response_free(&response);
    }
    text_free(&address);
    model_multipart_free_request(&request);
}

/* --- change sets ------------------------------------------------------------------------------ */

/* The row that a part with a Content-ID was about can be named by the parts after it: D-43. */
static bool
add_reference(struct set *set, const char *content_id, const struct target *target)
{
    struct references *references = &set->references;
    struct reference *grown;

    if (content_id == NULL || target->table == NULL || target->key != KEY_ID)
        return true;
    grown = realloc(references->list, (references->count + 1) * sizeof(*grown));
    if (grown == NULL)
        return false;
    references->list = grown;
    grown[references->count].content_id = strdup(content_id);
    if (grown[references->count].content_id == NULL)
        return false;
    grown[references->count].table = target->table;
    grown[references->count].id = target->id;
    references->count++;
    return true;
}

static char *
copy_header(const struct text *headers, const char *name)
{
    size_t length;
    const char *value = headers->data == NULL ? NULL : http_header(headers, name, &length);

    return value == NULL ? NULL : strndup(value, length);
}

static void
run_in_set(struct batch *batch, struct set *set, struct call *set_call,
           const struct multipart_request *request, const char *content_id,
           const struct text *address)
{
    struct http_response response;
    struct call call;

    model_call_begin_part(&call, set_call, &response);
    call.transaction = &set->transaction;
    call.references = &set->references;
    serve_request(&call, set_call, request, address);
    set->is_failed |= call.is_failed || !add_reference(set, content_id, &call.target);
    if (response.status == 0)
        note_status(batch, &response);
    if (response.status >= 400 && set->status == 0) {
        set->status = response.status;
        add_answer(&set->failure, content_id, &response);
    }
    add_delimiter(&set->body, set->boundary, "");
    add_answer(&set->body, content_id, &response);
    http_response_free(&response);
}

/* One part of a change set; false when no further one is carried out. */
static bool
serve_in_set(struct batch *batch, struct set *set, struct call *set_call,
             const struct multipart_part *part)
{
    struct multipart_request request;
    struct text address = TEXT_EMPTY;
    char *content_id = copy_header(&part->headers, "Content-ID");

    if (!model_multipart_request(part, &request) || request.method == HTTP_GET ||
        !make_address(set_call, &set->references, request.url.data, &address) ||
        ++batch->requests > REQUESTS_MOST)
        batch->is_malformed = true;
    else
        run_in_set(batch, set, set_call, &request, content_id, &address);
    set_call->entry.items++;
    text_free(&address);
    free(content_id);
    model_multipart_free_request(&request);
    return !batch->is_malformed && !set->is_failed;
}

static void
run_set(struct batch *batch, struct set *set, struct call *set_call, struct multipart *parts)
{
    struct multipart_part part;
    bool goes_on = true;

    while (goes_on && model_multipart_next(parts, &part)) {
        goes_on = serve_in_set(batch, set, set_call, &part);
        model_multipart_free_part(&part);
    }
    batch->is_malformed |= goes_on && !parts->is_closed;
    if (batch->is_malformed || set->is_failed)
        model_undo_roll_back(&set->transaction);
    else
        model_undo_commit(&set->transaction);
    set_call->is_failed = batch->is_malformed || set->is_failed;
    set_call->entry.write = set_call->is_failed ? MODEL_REFUSED : MODEL_WROTE;
    set_call->entry.status = set->status == 0 ? 200 : set->status;
}

static void
free_set(struct set *set)
{
    for (size_t i = 0; i < set->references.count; i++)
        free(set->references.list[i].content_id);
    free(set->references.list);
    text_free(&set->body);
    text_free(&set->failure);
}

/* A multipart of answers; for a set that failed just the failed part's, bare or in one: D-44. */
static void
add_set_answer(struct batch *batch, const struct set *set)
{
    bool is_nested = set->status == 0 || batch->whole->model->settings.changeset_error_nested != 0;

    if (batch->status == 0)
        batch->status = set->status;
    add_delimiter(&batch->body, batch->boundary, "");
    if (is_nested)
        text_addf(&batch->body, "Content-Type: multipart/mixed; boundary=%s\r\n\r\n",
                  set->boundary);
    if (is_nested && set->status != 0)
        add_delimiter(&batch->body, set->boundary, "");
    if (set->status != 0)
        text_add_bytes(&batch->body, set->failure.data, set->failure.length);
    else
        text_add_bytes(&batch->body, set->body.data, set->body.length);
    if (is_nested)
        add_delimiter(&batch->body, set->boundary, "--");
}

/* The set as a part of its own: faults by the route "changeset" take hold of it as a whole. */
static void
serve_set(struct batch *batch, struct multipart *parts)
{
    struct set set = {0};
    struct http_response response;
    struct call set_call;
    const struct fault *fault;

    model_call_begin_part(&set_call, batch->whole, &response);
    make_boundary(batch->whole->model, "changesetresponse", set.boundary);
    set_call.entry.route = "changeset";
    set_call.entry_index = model_ledger_open(set_call.model, &set_call.entry);
    fault = model_faults_take(&set_call);
    if (fault == NULL || fault->set.is_after_effect)
        run_set(batch, &set, &set_call, parts);
    if (fault != NULL) {
        model_faults_apply(fault, &set_call);
        batch->requests +=
            !fault->set.is_after_effect; /* the set was one, though not carried out */
        note_status(batch, &response);
        set.status = response.status;
        text_clear(&set.failure);
        add_answer(&set.failure, NULL, &response);
    }
    add_set_answer(batch, &set);
    model_call_end_part(&set_call, batch->whole);
    http_response_free(&response);
    free_set(&set);
}

/* --- the batch -------------------------------------------------------------------------------- */

static void
serve_part(struct batch *batch, const struct multipart_part *part)
{
    struct multipart parts;
    size_t length = 0;
    const char *type = NULL;

    if (part->headers.data != NULL)
        type = http_header(&part->headers, "Content-Type", &length);
    if (type != NULL && length == 16 && strncmp(type, "application/http", length) == 0)
        serve_single(batch, part);
    else if (model_multipart_open(&parts, type, length, part->content, part->length))
        serve_set(batch, &parts);
    else
        batch->is_malformed = true;
}

static bool
prefers_to_go_on(const struct call *call)
{
    static const char wanted[] = "odata.continue-on-error";
    size_t length;
    const char *value = http_header(call->headers, "Prefer", &length);
    const char *found = value == NULL ? NULL : memmem(value, length, wanted, sizeof(wanted) - 1);

    return found != NULL && strncmp(found + sizeof(wanted) - 1, "=false", 6) != 0;
}

static void
reply(struct batch *batch)
{
    struct call *call = batch->whole;

    if (batch->is_malformed) {
        model_reply_malformed(call, "0x80060888", "The batch request is malformed.");
        return;
    }
    if (batch->is_cut) {
        model_reply_cut(call, batch->transport);
        return;
    }
    model_reply_status(call, batch->status == 0 || batch->goes_on ? 200 : batch->status);
    call->entry.write = MODEL_READ; /* the parts' entries tell */
    model_reply_header(call, "Content-Type", "multipart/mixed; boundary=%s", batch->boundary);
    add_delimiter(&batch->body, batch->boundary, "--");
    text_add_bytes(&call->response->body, batch->body.data, batch->body.length);
}

void
model_batch_serve(struct call *call)
{
    struct batch batch = {.whole = call, .goes_on = prefers_to_go_on(call)};
    struct multipart parts;
    struct multipart_part part;
    size_t length = 0;
    const char *type = http_header(call->headers, "Content-Type", &length);
    bool is_over = false;

    make_boundary(call->model, "batchresponse", batch.boundary);
    if (!model_multipart_open(&parts, type, length, call->body, call->body_length)) {
        model_reply_malformed(call, "0x80060888", "The Content-Type or body is no batch.");
        return;
    }
    while (!is_over && model_multipart_next(&parts, &part)) {
        serve_part(&batch, &part);
        model_multipart_free_part(&part);
        is_over = batch.is_malformed || (batch.status != 0 && !batch.goes_on);
    }
    batch.is_malformed |= (!is_over && !parts.is_closed) || batch.requests == 0;
    call->entry.items = batch.requests;
    reply(&batch);
    text_free(&batch.body);
}
