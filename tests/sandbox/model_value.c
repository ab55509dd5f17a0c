/* Values of columns, and the lists of ids that rows hold. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "model_table.h"

void
model_value_fini(struct value *value)
{
    if (value->type == VALUE_TEXT)
        free(value->text);
    value->type = VALUE_NULL;
}

bool
model_value_copy(struct value *to, const struct value *from)
{
    struct value copy = *from;

    if (from->type == VALUE_TEXT && (copy.text = strdup(from->text)) == NULL)
        return false;
    *to = copy;
    return true;
}

static bool
is_same_scalar(const struct value *a, const struct value *b)
{
    switch (a->type) {
    case VALUE_NULL:
        return true;
    case VALUE_INTEGER:
        return a->integer == b->integer;
    case VALUE_BOOLEAN:
        return a->boolean == b->boolean;
    case VALUE_GUID:
        return guid_equal(&a->guid, &b->guid);
    case VALUE_TEXT:
        break;
    }
    return false;
}

bool
model_value_matches(const struct value *a, const struct value *b)
{
    if (a->type != b->type)
        return false;
    if (a->type == VALUE_TEXT)
        return strcasecmp(a->text, b->text) == 0;
    return is_same_scalar(a, b);
}

bool
model_value_equal(const struct value *a, const struct value *b)
{
    if (a->type != b->type)
        return false;
    if (a->type == VALUE_TEXT)
        return strcmp(a->text, b->text) == 0;
    return is_same_scalar(a, b);
}

static size_t
list_place(const struct id_list *list, const struct guid *id)
{
    size_t place = 0;

    while (place < list->count && !guid_equal(&list->ids[place], id))
        place++;
    return place;
}

bool
model_value_list_has(const struct id_list *list, const struct guid *id)
{
    return list_place(list, id) < list->count;
}

bool
model_value_list_add(struct id_list *list, const struct guid *id)
{
    struct guid *grown = realloc(list->ids, (list->count + 1) * sizeof(*grown));

    if (grown == NULL)
        return false;
    grown[list->count++] = *id;
    list->ids = grown;
    return true;
}

bool
model_value_list_remove(struct id_list *list, const struct guid *id)
{
    size_t place = list_place(list, id);

    if (place == list->count)
        return false;
    list->count--;
    memmove(&list->ids[place], &list->ids[place + 1], (list->count - place) * sizeof(list->ids[0]));
    return true;
}

bool
model_value_list_copy(struct id_list *to, const struct id_list *from)
{
    struct guid *ids = NULL;

    if (from->count > 0) {
        ids = malloc(from->count * sizeof(*ids));
        if (ids == NULL)
            return false;
        memcpy(ids, from->ids, from->count * sizeof(*ids));
    }
    to->ids = ids;
    to->count = from->count;
    return true;
}

void
model_value_list_fini(struct id_list *list)
{
    free(list->ids);
    list->ids = NULL;
    list->count = 0;
}
