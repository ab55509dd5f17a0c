/*
 * event.schema.json as code; a test holds the two together. Each member has a function of its own
 * and the rest of the value is looked at by nobody. This runs once for every record of a replay,
 * so it allocates nothing beyond the tree of the parser. Texts say what is wrong and where, never
 * what stood there.
 */
#include "event.h"

#include <string.h>

#include "error.h"
#include "json.h"
#include "timestamp.h"

/*
 * The members that count, found in one walk: a look-up of each would cost more than all the rest.
 */
enum member { GROUP, USER, CHANGE, TIME, MEMBER_TYPE, ID, SOURCE, MEMBERS };

static const char *const names[MEMBERS] = {
    [GROUP] = "group",
    [USER] = "user",
    [CHANGE] = "change",
    [TIME] = "time",
    [MEMBER_TYPE] = "member_type",
    [ID] = "id",
    [SOURCE] = "source",
};

struct members {
    const struct json *values[MEMBERS]; /* NULL: absent */
};

/*
 * What the headers say; CloudEvents' attributes stand in them in the Kafka binding's binary mode.
 */
struct header_fields {
    const struct kafka_header *time; /* ce_time */
};

static bool
is_text(const char *bytes, size_t length, const char *text)
{
    return bytes != NULL && length == strlen(text) && memcmp(bytes, text, length) == 0;
}

static int
take_version(const struct kafka_header *header, struct header_fields *fields,
             struct error *ret_error)
{
    (void)fields;
    if (is_text(header->value, header->length, EVENT_VERSION))
        return 0;
    return error_set(ret_error, ERROR_INPUT,
                     "header version: another version of the event than " EVENT_VERSION);
}

static int
take_specversion(const struct kafka_header *header, struct header_fields *fields,
                 struct error *ret_error)
{
    (void)fields;
    if (is_text(header->value, header->length, "1.0"))
        return 0;
    return error_set(ret_error, ERROR_INPUT, "header ce_specversion: not CloudEvents 1.0");
}

static int
take_time(const struct kafka_header *header, struct header_fields *fields, struct error *ret_error)
{
    (void)ret_error;
    fields->time = header;
    return 0;
}

static int
read_headers(const struct message *message, struct header_fields *fields, struct error *ret_error)
{
    static const struct {
        const char *name;
        int (*take)(const struct kafka_header *, struct header_fields *, struct error *);
    } known[] = {
        {"version", take_version},
        {"ce_specversion", take_specversion},
        {"ce_time", take_time},
    };

    for (size_t i = 0; i < message->header_count; i++) {
        const struct kafka_header *header = &message->headers[i];

        for (size_t j = 0; j < sizeof(known) / sizeof(known[0]); j++) {
            if (strcmp(header->name, known[j].name) == 0 &&
                known[j].take(header, fields, ret_error) == -1)
                return -1;
        }
    }
    return 0;
}

static void
find_members(const struct json *root, struct members *members)
{
    struct json_member member = {0};

    while (json_next(root, &member)) {
        size_t i = 0;

        while (i < MEMBERS && strcmp(member.key, names[i]) != 0)
            i++;
        if (i < MEMBERS)
            members->values[i] = member.value;
    }
}

static int
refuse(const struct members *members, enum member member, const char *needed,
       struct error *ret_error)
{
    enum json_type type = json_type(members->values[member]);

    return error_set(ret_error, ERROR_INPUT, "member \"%s\": %s where %s is needed", names[member],
                     type == JSON_STRING ? "another string" : json_type_name(type), needed);
}

static int
read_guid(const struct members *members, enum member member, struct guid *ret_guid,
          struct error *ret_error)
{
    size_t length;
    const char *text = json_string(members->values[member], &length);

    if (text != NULL && guid_parse(text, length, ret_guid))
        return 0;
    return refuse(members, member, "a GUID", ret_error);
}

static int
read_change(const struct members *members, enum event_change *ret_change, struct error *ret_error)
{
    size_t length = 0;
    const char *text = json_string(members->values[CHANGE], &length);

    if (is_text(text, length, "added"))
        *ret_change = EVENT_ADDED;
    else if (is_text(text, length, "removed"))
        *ret_change = EVENT_REMOVED;
    else
        return refuse(members, CHANGE, "\"added\" or \"removed\"", ret_error);
    return 0;
}

/*
 * The member counts; without one, the header; without either the caller has the record's
 * timestamp.
 */
static int
read_time(const struct members *members, const struct kafka_header *header, int64_t *ret_time_ms,
          struct error *ret_error)
{
    size_t length = 0;
    const char *text = json_string(members->values[TIME], &length);

    *ret_time_ms = EVENT_NO_TIME;
    if (members->values[TIME] != NULL) {
        if (text == NULL || !timestamp_parse(text, length, ret_time_ms))
            return refuse(members, TIME, "an RFC 3339 instant", ret_error);
    } else if (header != NULL) {
        if (header->value == NULL || !timestamp_parse(header->value, header->length, ret_time_ms))
            return error_set(ret_error, ERROR_INPUT, "header ce_time: no RFC 3339 instant");
    }
    return 0;
}

/* As Graph's delta query names the type, or in short. */
static bool
is_user_type(const char *type)
{
    return type == NULL || strcmp(type, "user") == 0 || strcmp(type, "#microsoft.graph.user") == 0;
}

static int
read_optional_strings(const struct members *members, struct error *ret_error)
{
    static const enum member optional[] = {MEMBER_TYPE, ID, SOURCE};

    for (size_t i = 0; i < sizeof(optional) / sizeof(optional[0]); i++) {
        const struct json *value = members->values[optional[i]];

        if (value != NULL && json_string(value, NULL) == NULL)
            return refuse(members, optional[i], "a string", ret_error);
    }
    return 0;
}

static int
read_members(const struct json *root, const struct header_fields *fields, struct event *event,
             struct error *ret_error)
{
    struct members members = {{NULL}};

    if (json_type(root) != JSON_OBJECT)
        return error_set(ret_error, ERROR_INPUT, "%s where an object is needed",
                         json_type_name(json_type(root)));
    find_members(root, &members);
    if (read_guid(&members, GROUP, &event->group, ret_error) == -1 ||
        read_guid(&members, USER, &event->user, ret_error) == -1 ||
        read_change(&members, &event->change, ret_error) == -1 ||
        read_time(&members, fields->time, &event->time_ms, ret_error) == -1 ||
        read_optional_strings(&members, ret_error) == -1)
        return -1;
    event->is_not_user = !is_user_type(json_string(members.values[MEMBER_TYPE], NULL));
    return 0;
}

/* The parser's own limits are the event's fault as well. */
static struct json *
parse_value(struct json_parser *parser, const struct message *message, struct error *ret_error)
{
    struct error error;
    struct json *root;

    if (message->value == NULL) {
        error_set(ret_error, ERROR_INPUT, "no value: a tombstone");
        return NULL;
    }
    if (message->value_length > EVENT_MAX_BYTES) {
        error_set(ret_error, ERROR_INPUT, "%zu bytes, where %d are the limit",
                  message->value_length, (int)EVENT_MAX_BYTES);
        return NULL;
    }
    root = json_parse(parser, message->value, message->value_length, &error);
    if (root == NULL) {
        error.class = error.class == ERROR_LIMIT ? ERROR_INPUT : error.class;
        if (ret_error != NULL)
            *ret_error = error;
    }
    return root;
}

int64_t
event_news_ms(int64_t event_ms, int64_t record_ms)
{
    if (event_ms != EVENT_NO_TIME)
        return event_ms;
    return record_ms >= 0 ? record_ms : EVENT_NO_TIME;
}

int
event_decode(struct json_parser *parser, const struct message *message, struct event *ret_event,
             struct error *ret_error)
{
    struct header_fields fields = {NULL};
    struct event event = {0};
    struct json *root;
    int result;

    if (read_headers(message, &fields, ret_error) == -1)
        return -1;
    root = parse_value(parser, message, ret_error);
    if (root == NULL)
        return -1;
    result = read_members(root, &fields, &event, ret_error);
    json_free(root);
    if (result == 0)
        *ret_event = event;
    return result;
}
