/*
 * Reads the batch's answer. Each part is judged by itself, as if it had come alone; an item is
 * done when all its parts are. A part that is missing, or was answered twice, proves nothing: that
 * item is asked again.
 */
#include "graph.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "classify.h"
#include "error.h"
#include "json.h"
#include "service.h"

enum { SLOTS = GRAPH_MAX_REQUESTS * GRAPH_PARTS };

/* An answer being taken apart: its parts by graph_id. */
struct batch {
    const struct answer *answer;
    const struct json *parts[SLOTS];
    bool is_doubled[SLOTS];
};

/* The item's part, and what is made of it. */
struct item_part {
    const struct batch *batch;
    struct source_item *item;
    const struct json *json;
};

/* Without a verdict of the service's own: the answer is at fault. */
static bool
fail_item(struct source_item *item, const char *reason, const struct error *error)
{
    item->verdict = VERDICT_RETRY;
    item->reason = reason;
    item->error = *error;
    return false;
}

static bool
fail_malformed(struct source_item *item, const char *text)
{
    struct error error;

    error_set(&error, ERROR_INPUT, "%s", text);
    return fail_item(item, "malformed_answer", &error);
}

static bool
fail_memory(struct source_item *item)
{
    struct error error;

    error_set(&error, ERROR_MEMORY, "no memory for an answer");
    return fail_item(item, "no_memory", &error);
}

/* A part's headers and body as an answer of its own; http_response_free. */
static void
make_response(const struct json *part, int64_t status, struct http_response *ret_response)
{
    struct json_member header = {0};
    const struct json *body = json_get(part, "body");

    *ret_response = (struct http_response)HTTP_RESPONSE_EMPTY;
    ret_response->status = (int)status;
    while (json_next(json_get(part, "headers"), &header)) {
        const char *value = json_string(header.value, NULL);

        if (value == NULL || strpbrk(value, "\r\n") != NULL || strpbrk(header.key, "\r\n:") != NULL)
            continue;
        text_addf(&ret_response->headers, "%s: %s\n", header.key, value);
    }
    if (body != NULL)
        json_print(body, &ret_response->body);
}

/* Lets the one table judge a part that is no 2xx. */
static enum verdict
judge_part(const struct item_part *part, int64_t status)
{
    const struct answer *answer = part->batch->answer;
    struct source_item *item = part->item;
    struct http_response response;

    make_response(part->json, status, &response);
    item->verdict = classify(answer->services, CALL_SOURCES, &response, answer->wall_ms,
                             &item->error, &item->reason);
    http_response_free(&response);
    if (item->error.request_id[0] == '\0') /* a part has none of its own: the batch's */
        memcpy(item->error.request_id, answer->call->error.request_id,
               sizeof(item->error.request_id));
    return item->verdict;
}

/*
 * True when the part was answered by 2xx (*${ret_body} is its body) or by "no such user" (NULL);
 * false with the item's verdict set.
 */
static bool
open_part(const struct item_part *part, const struct json **ret_body)
{
    int64_t status;

    if (part->json == NULL)
        return fail_malformed(part->item, "a part of the batch is missing or there twice");
    if (!json_integer(json_get(part->json, "status"), &status) || status < 100 || status > 599)
        return fail_malformed(part->item, "a part of the batch without a status");
    *ret_body = NULL;
    if (status < 200 || status > 299)
        return judge_part(part, status) == VERDICT_DONE;
    *ret_body = json_get(part->json, "body");
    if (json_type(*ret_body) != JSON_OBJECT)
        return fail_malformed(part->item, "a part of the batch without a body");
    return true;
}

/* "a/b" is member b of property a. */
static const struct json *
find_attribute(const struct json *user, const char *name)
{
    const char *slash = strchr(name, '/');
    char property[64];

    if (slash == NULL)
        return json_get(user, name);
    if ((size_t)(slash - name) >= sizeof(property))
        return NULL;
    memcpy(property, name, (size_t)(slash - name));
    property[slash - name] = '\0';
    return json_get(json_get(user, property), slash + 1);
}

/* A value that does not convert is a fault of that value, not of the answer. */
static bool
convert_attributes(const struct json *user, const struct environment *environment,
                   struct person *person)
{
    size_t count = environment->attribute_count;

    person->values = calloc(count + 1, sizeof(person->values[0]));
    person->faults = calloc(count + 1, sizeof(person->faults[0]));
    if (person->values == NULL || person->faults == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        const struct attribute *attribute = &environment->attributes[i];
        const struct json *json = find_attribute(user, attribute->name);
        struct error error;

        if (value_convert(attribute->type, json, &person->values[i], &error) == 0)
            continue;
        if (error.class == ERROR_MEMORY)
            return false;
        person->faults[i] = strdup(error.text);
        if (person->faults[i] == NULL)
            return false;
    }
    return true;
}

static bool
read_person(const struct item_part *part)
{
    struct source_item *item = part->item;
    struct person *person = &item->person;
    const struct json *user;
    const char *id, *type;
    size_t length;
    struct guid guid;

    if (!open_part(part, &user))
        return false;
    if (user == NULL)
        return true;
    id = json_string(json_get(user, "id"), &length);
    if (id == NULL || !guid_parse(id, length, &guid) || !guid_equal(&guid, &item->user))
        return fail_malformed(item, "another user than the one asked for");
    if (!json_boolean(json_get(user, "accountEnabled"), &person->is_enabled))
        return fail_malformed(item, "no accountEnabled; has the application User.Read.All?");
    type = json_string(json_get(user, "userType"), NULL);
    person->is_guest = type != NULL && strcasecmp(type, "Guest") == 0;
    person->exists = true;
    if (!convert_attributes(user, part->batch->answer->call->environment, person))
        return fail_memory(item);
    return true;
}

/* Marks the group that ${json} names; false: it names none of those asked for. */
static bool
mark_group(const struct json *json, struct source_item *item)
{
    size_t length;
    const char *text = json_string(json, &length);
    struct guid group;

    if (text == NULL || !guid_parse(text, length, &group))
        return false;
    for (size_t i = 0; i < item->group_count; i++) {
        if (guid_equal(&item->groups[i], &group)) {
            item->is_member[i] = true;
            return true;
        }
    }
    return false;
}

static bool
read_groups(const struct item_part *part)
{
    struct source_item *item = part->item;
    const struct json *body, *list;

    if (!open_part(part, &body))
        return false;
    if (body == NULL)
        return true;
    list = json_get(body, "value");
    if (json_type(list) != JSON_ARRAY || json_get(body, "@odata.nextLink") != NULL)
        return fail_malformed(item, "no whole list of groups");
    for (size_t i = 0; i < json_length(list); i++) {
        if (!mark_group(json_at(list, i), item))
            return fail_malformed(item, "a group that was not asked for");
    }
    return true;
}

static void
read_item(const struct batch *batch, size_t index)
{
    const struct call *call = batch->answer->call;
    struct source_item *item = &call->items[index];
    struct item_part person = {batch, item, batch->parts[graph_id(index, GRAPH_PERSON)]};
    struct item_part groups = {batch, item, batch->parts[graph_id(index, GRAPH_GROUPS)]};

    item->is_of_members = !item->wants_person || read_person(&person);
    if (item->is_of_members && (item->group_count == 0 || read_groups(&groups))) {
        item->verdict = VERDICT_DONE;
        item->reason = "";
        item->error = (struct error){.retry_after_ms = -1};
        return;
    }
    person_free(&item->person, call->environment);
    for (size_t i = 0; i < item->group_count; i++)
        item->is_member[i] = false;
}

/* The id that a part names; SLOTS: none of ours. */
static size_t
slot_of(const struct json *part)
{
    const char *id = json_string(json_get(part, "id"), NULL);
    unsigned long slot;

    if (id == NULL || id[0] == '\0' || strlen(id) > 3 || id[strspn(id, "0123456789")] != '\0')
        return SLOTS;
    slot = strtoul(id, NULL, 10);
    return slot < SLOTS ? (size_t)slot : SLOTS;
}

static void
sort_parts(const struct json *responses, struct batch *batch)
{
    for (size_t i = 0; i < json_length(responses); i++) {
        const struct json *part = json_at(responses, i);
        size_t slot = slot_of(part);

        if (slot == SLOTS)
            continue;
        batch->is_doubled[slot] = batch->is_doubled[slot] || batch->parts[slot] != NULL;
        batch->parts[slot] = batch->is_doubled[slot] ? NULL : part;
    }
}

int
graph_read(struct answer *answer, struct error *ret_error)
{
    struct json *root = answer_parse(answer, ret_error);
    struct batch batch = {.answer = answer};

    if (root == NULL)
        return -1;
    if (json_type(json_get(root, "responses")) != JSON_ARRAY) {
        json_free(root);
        return error_set(ret_error, ERROR_INPUT, "no responses in the answer to a batch");
    }
    sort_parts(json_get(root, "responses"), &batch);
    for (size_t i = 0; i < answer->call->item_count; i++)
        read_item(&batch, i);
    json_free(root);
    return 0;
}
