/*
 * Writes the batch ("Combine multiple HTTP requests using JSON batching"): for each item the user
 * with just the properties that the environment's recipes name, and checkMemberGroups where groups
 * are asked.
 */
#include "graph.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "json_writer.h"
#include "service.h"

static const char *const always[] = {"id", "accountEnabled", "userType"};
enum { ALWAYS = sizeof(always) / sizeof(always[0]) };

/* The property that holds the attribute: what stands before a '/'. */
static size_t
property_length(const char *name)
{
    return strcspn(name, "/");
}

static bool
is_same_property(const char *a, const char *b)
{
    size_t length = property_length(a);

    return property_length(b) == length && memcmp(a, b, length) == 0;
}

static bool
is_selected_before(const struct environment *environment, size_t index)
{
    const char *name = environment->attributes[index].name;

    for (size_t i = 0; i < ALWAYS; i++) {
        if (is_same_property(always[i], name))
            return true;
    }
    for (size_t i = 0; i < index; i++) {
        if (is_same_property(environment->attributes[i].name, name))
            return true;
    }
    return false;
}

/* Extension properties come only when they are named here. */
static void
add_select(struct text *text, const struct environment *environment)
{
    text_add(text, "?$select=");
    for (size_t i = 0; i < ALWAYS; i++) {
        if (i > 0)
            text_add_char(text, ',');
        text_add(text, always[i]);
    }
    for (size_t i = 0; i < environment->attribute_count; i++) {
        const char *name = environment->attributes[i].name;

        if (is_selected_before(environment, i))
            continue;
        text_add_char(text, ',');
        text_add_url(text, name, property_length(name));
    }
}

/* Opens a request of the batch and writes what all have. ${rest} follows the user in its URL. */
static void
begin_request(struct json_writer *writer, size_t id, const char *method, const struct guid *user,
              const struct text *rest)
{
    char digits[24], user_digits[GUID_TEXT_BYTES];
    struct text url = TEXT_EMPTY;

    snprintf(digits, sizeof(digits), "%zu", id);
    text_add(&url, "/users/");
    text_add(&url, guid_format(user, user_digits));
    if (rest->length > 0)
        text_add_bytes(&url, rest->data, rest->length);
    json_write_object(writer, NULL);
    json_write_string(writer, "id", digits);
    json_write_string(writer, "method", method);
    json_write_string(writer, "url", url.data);
    writer->text->failed = writer->text->failed || url.failed || rest->failed;
    text_free(&url);
}

static void
write_groups(struct json_writer *writer, const struct source_item *item)
{
    char digits[GUID_TEXT_BYTES];

    json_write_object(writer, "headers");
    json_write_string(writer, "Content-Type", "application/json");
    json_write_object_end(writer);
    json_write_object(writer, "body");
    json_write_array(writer, "groupIds");
    for (size_t i = 0; i < item->group_count; i++)
        json_write_string(writer, NULL, guid_format(&item->groups[i], digits));
    json_write_array_end(writer);
    json_write_object_end(writer);
}

static void
write_requests(struct json_writer *writer, const struct call *call)
{
    struct text select = TEXT_EMPTY, check = TEXT_EMPTY;

    add_select(&select, call->environment);
    text_add(&check, "/checkMemberGroups");
    for (size_t i = 0; i < call->item_count; i++) {
        const struct source_item *item = &call->items[i];

        if (item->wants_person) {
            begin_request(writer, graph_id(i, GRAPH_PERSON), "GET", &item->user, &select);
            json_write_object_end(writer);
        }
        if (item->group_count > 0) {
            begin_request(writer, graph_id(i, GRAPH_GROUPS), "POST", &item->user, &check);
            write_groups(writer, item);
            json_write_object_end(writer);
        }
    }
    text_free(&select);
    text_free(&check);
}

static int
check_size(const struct call *call, struct error *ret_error)
{
    size_t requests = 0;

    for (size_t i = 0; i < call->item_count; i++) {
        const struct source_item *item = &call->items[i];

        requests += (item->wants_person ? 1U : 0U) + (item->group_count > 0 ? 1U : 0U);
        if (item->group_count > GRAPH_MAX_GROUPS)
            return error_set(ret_error, ERROR_INPUT, "%zu groups where %d are the limit",
                             item->group_count, (int)GRAPH_MAX_GROUPS);
    }
    if (requests == 0 || requests > GRAPH_MAX_REQUESTS || call->item_count > GRAPH_MAX_REQUESTS)
        return error_set(ret_error, ERROR_INPUT, "%zu requests in a batch of 1 to %d", requests,
                         (int)GRAPH_MAX_REQUESTS);
    return 0;
}

int
graph_build(const struct build *build, struct error *ret_error)
{
    struct http_request *request = build->request;
    struct json_writer writer;

    if (check_size(build->call, ret_error) == -1)
        return -1;
    request->method = HTTP_POST;
    text_add(&request->url, build->settings->graph_url);
    text_add(&request->url, "/v1.0/$batch");
    http_request_header(request, "Accept", "application/json");
    http_request_header(request, "Content-Type", "application/json");
    json_writer_init(&writer, &request->body);
    json_write_object(&writer, NULL);
    json_write_array(&writer, "requests");
    write_requests(&writer, build->call);
    json_write_array_end(&writer);
    json_write_object_end(&writer);
    return 0;
}
