#include "delta_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct guid
delta_person(unsigned number)
{
    struct guid id = guid_of(NOBODY);

    id.bytes[0] = (uint8_t)number;
    return id;
}

void
delta_join(struct fixture *fixture, const char *group, struct guid member)
{
    struct guid id = guid_of(group);

    assert_true(model_join(fixture->model, &id, &member, &fixture->clock));
}

void
delta_leave(struct fixture *fixture, const char *group, struct guid member)
{
    struct guid id = guid_of(group);

    assert_true(model_leave(fixture->model, &id, &member, &fixture->clock));
}

void
delta_join_many(struct fixture *fixture, const char *group, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        delta_join(fixture, group, delta_person(i + 1));
}

int
delta_follow(struct fixture *fixture, const char *link)
{
    char *url = strdup(fixture_text(fixture, link));
    int status;

    assert_string_not_equal(url, "");
    status = fixture_get(fixture, url);
    free(url);
    return status;
}

const struct json *
delta_members_of(const struct fixture *fixture, size_t item)
{
    return json_get(json_at(fixture_at(fixture, "value"), item), "members@delta");
}

static bool
is_id(const struct json *member, struct guid id)
{
    char text[GUID_TEXT_BYTES];

    return strcmp(json_string(json_get(member, "id"), NULL), guid_format(&id, text)) == 0;
}

const struct json *
delta_find_member(const struct fixture *fixture, struct guid id)
{
    for (size_t i = 0; i < json_length(fixture_at(fixture, "value")); i++) {
        const struct json *members = delta_members_of(fixture, i);

        for (size_t k = 0; k < json_length(members); k++)
            if (is_id(json_at(members, k), id))
                return json_at(members, k);
    }
    return NULL;
}

bool
delta_is_added(const struct fixture *fixture, struct guid id)
{
    const struct json *member = delta_find_member(fixture, id);

    return member != NULL && json_get(member, "@removed") == NULL;
}

bool
delta_is_removed(const struct fixture *fixture, struct guid id)
{
    const struct json *member = delta_find_member(fixture, id);

    return member != NULL && json_get(member, "@removed") != NULL;
}

size_t
delta_count_members(const struct fixture *fixture)
{
    size_t count = 0;

    for (size_t i = 0; i < json_length(fixture_at(fixture, "value")); i++)
        count += json_length(delta_members_of(fixture, i));
    return count;
}
