/* Graph's JSON $batch: up to 20 requests, answered in any order: G-7 to G-10. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "model_private.h"

enum { PARTS_MOST = 20 };

/* One request of the batch and its answer. */
struct item {
    const char *id;
    enum http_method method;
    struct text address; /* "/v1.0" and the URL of the item */
    struct text headers;
    struct text body;
    struct http_response response;
};

static const struct {
    const char *name;
    enum http_method method;
} methods[] = {
    {"GET", HTTP_GET}, {"POST", HTTP_POST},     {"PATCH", HTTP_PATCH},
    {"PUT", HTTP_PUT}, {"DELETE", HTTP_DELETE},
};

static bool
read_method(const char *name, enum http_method *ret_method)
{
    for (size_t i = 0; name != NULL && i < sizeof(methods) / sizeof(methods[0]); i++) {
        if (strcasecmp(methods[i].name, name) != 0)
            continue;
        *ret_method = methods[i].method;
        return true;
    }
    return false;
}

/* Header lines out of an object of texts. */
static bool
read_headers(const struct json *headers, struct text *text)
{
    struct json_member member = {0};

    while (json_type(headers) == JSON_OBJECT && json_next(headers, &member)) {
        const char *value = json_string(member.value, NULL);

        if (value == NULL || strpbrk(value, "\r\n") != NULL)
            return false;
        text_addf(text, "%s: %s\n", member.key, value);
    }
    return headers == NULL || json_type(headers) == JSON_OBJECT;
}

/* What makes the whole batch malformed: no id, method or relative URL; a body without its type. */
static bool
read_item(struct item *item, const struct json *json)
{
    const struct json *body = json_get(json, "body");
    const char *url = json_string(json_get(json, "url"), NULL);
    size_t length;

    item->id = json_string(json_get(json, "id"), NULL);
    if (item->id == NULL || *item->id == '\0' || url == NULL || *url == '\0' ||
        model_url_origin_length(url) > 0 ||
        !read_method(json_string(json_get(json, "method"), NULL), &item->method) ||
        !read_headers(json_get(json, "headers"), &item->headers))
        return false;
    text_add(&item->address, *url == '/' ? "/v1.0" : "/v1.0/");
    text_add(&item->address, url);
    if (body == NULL)
        return true;
    json_print(body, &item->body);
    return http_header(&item->headers, "Content-Type", &length) != NULL;
}

/* Its own status, headers and body, whatever becomes of the others: G-9. */
static void
serve_item(struct call *whole, struct item *item)
{
    struct call part;

    model_call_begin_part(&part, whole, &item->response);
    part.method = item->method;
    part.address = item->address.data;
    part.headers = &item->headers;
    part.body = item->body.data == NULL ? "" : item->body.data;
    part.body_length = item->body.length;
    if (!model_url_parse(&part.url, part.address)) {
        part.entry_index = model_ledger_open(part.model, &part.entry);
        model_reply_malformed(&part, "BadRequest", "Invalid batch request URL.");
    } else {
        model_graph_resolve(&part);
        part.entry_index = model_ledger_open(part.model, &part.entry);
        if (model_limits_enter_item(&part))
            model_call_run(&part);
        model_limits_leave_item(&part);
    }
    model_call_end_part(&part, whole);
}

static void
free_items(struct item *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        text_free(&items[i].address);
        text_free(&items[i].headers);
        text_free(&items[i].body);
        http_response_free(&items[i].response);
    }
}

/* Reads all items before any is carried out, ids unique. */
static bool
read_items(const struct json *requests, struct item *items)
{
    size_t count = json_length(requests);

    for (size_t i = 0; i < count; i++) {
        if (!read_item(&items[i], json_at(requests, i)))
            return false;
        for (size_t k = 0; k < i; k++)
            if (strcasecmp(items[k].id, items[i].id) == 0)
                return false;
    }
    return true;
}

/* Header lines as an object; values of those that repeat are not joined: none does. */
static void
write_headers(struct json_writer *writer, const struct text *headers)
{
    const char *line = headers->data == NULL ? "" : headers->data;

    json_write_object(writer, "headers");
    while (*line != '\0') {
        size_t length = strcspn(line, "\n");
        size_t colon = strcspn(line, ":");
        char name[64];

        if (colon + 2 <= length && colon < sizeof(name)) {
            memcpy(name, line, colon);
            name[colon] = '\0';
            json_write_bytes(writer, name, line + colon + 2, length - colon - 2);
        }
        line += length + (line[length] == '\n');
    }
    json_write_object_end(writer);
}

static void
write_item(struct json_writer *writer, const struct item *item)
{
    const struct text *body = &item->response.body;

    json_write_object(writer, NULL);
    json_write_string(writer, "id", item->id);
    json_write_integer(writer, "status", item->response.status);
    write_headers(writer, &item->response.headers);
    if (body->length > 0)
        json_write_raw(writer, "body", body->data, body->length);
    json_write_object_end(writer);
}

/* G-8. */
static void
shuffle(struct model *model, size_t *order, size_t count)
{
    for (size_t i = 0; i < count; i++)
        order[i] = i;
    for (size_t i = count; i > 1; i--) {
        size_t k = (size_t)rng_below(&model->rng, i);
        size_t other = order[k];

        order[k] = order[i - 1];
        order[i - 1] = other;
    }
}

/* A part cannot lose its answer alone: a cut of one is a cut of all. */
static const struct item *
find_cut(const struct item *items, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (items[i].response.status == 0)
            return &items[i];
    return NULL;
}

static void
reply(struct call *call, const struct item *items, size_t count)
{
    const struct item *cut = find_cut(items, count);
    struct json_writer writer;
    size_t order[PARTS_MOST];

    if (cut != NULL) {
        model_reply_cut(call, cut->response.transport);
        return;
    }
    shuffle(call->model, order, count);
    model_reply_json(call, 200);
    json_writer_init(&writer, &call->response->body);
    json_write_object(&writer, NULL);
    json_write_array(&writer, "responses");
    for (size_t i = 0; i < count; i++)
        write_item(&writer, &items[order[i]]);
    json_write_array_end(&writer);
    json_write_object_end(&writer);
}

void
model_graph_batch(struct call *call)
{
    struct json *root = json_parse(call->model->parser, call->body, call->body_length, NULL);
    const struct json *requests = json_get(root, "requests");
    struct item items[PARTS_MOST] = {0};
    size_t count = json_length(requests);

    if (count > PARTS_MOST) {
        model_reply_malformed(call, "MaximumValueExceeded",
                              "Number of batch request steps exceeds the maximum value of %d.",
                              PARTS_MOST);
    } else if (count == 0 || !read_items(requests, items)) {
        model_reply_malformed(call, "BadRequest", "Invalid batch payload format.");
        free_items(items, count);
    } else {
        call->entry.items = (int)count;
        for (size_t i = 0; i < count; i++)
            serve_item(call, &items[i]);
        reply(call, items, count);
        free_items(items, count);
    }
    json_free(root);
}
