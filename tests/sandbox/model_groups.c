/* Groups in Entra and who is in them; what a lagging replica says of it. */
#include "model_groups.h"

#include <stdlib.h>
#include <string.h>

#include "model_private.h"

enum { NESTING = 16 };

struct group *
model_groups_find(struct model *model, const struct guid *id)
{
    struct group *group;

    HASH_FIND(hh, model->groups, id, sizeof(*id), group);
    return group;
}

static void
free_group(struct group *group)
{
    free(group->journal.steps);
    free(group->children);
    free(group->name);
    free(group);
}

bool
model_add_group(struct model *model, const struct guid *id, const char *name)
{
    struct group *group;

    if (model_groups_find(model, id) != NULL)
        return false;
    group = calloc(1, sizeof(*group));
    if (group == NULL)
        return false;
    group->id = *id;
    group->name = strdup(name);
    if (group->name != NULL &&
        model_journal_add(model, group, STEP_CREATED, id, NO_STEP) != NO_STEP)
        HASH_ADD(hh, model->groups, id, sizeof(group->id), group);
    if (group->hh.tbl == NULL) {
        free_group(group);
        return false;
    }
    return true;
}

/* --- other things ----------------------------------------------------------------------------- */

bool
model_add_thing(struct model *model, const struct guid *id, const char *type)
{
    struct thing *thing;

    HASH_FIND(hh, model->things, id, sizeof(*id), thing);
    if (thing != NULL)
        return false;
    thing = calloc(1, sizeof(*thing));
    if (thing == NULL)
        return false;
    thing->id = *id;
    thing->type = strdup(type);
    if (thing->type != NULL)
        HASH_ADD(hh, model->things, id, sizeof(thing->id), thing);
    if (thing->hh.tbl == NULL) {
        free(thing->type);
        free(thing);
        return false;
    }
    return true;
}

const char *
model_groups_type(struct model *model, const struct guid *member)
{
    const struct thing *thing;

    HASH_FIND(hh, model->things, member, sizeof(*member), thing);
    if (thing != NULL)
        return thing->type;
    return model_groups_find(model, member) == NULL ? "user" : "group";
}

static void
free_thing(struct thing *thing)
{
    free(thing->type);
    free(thing);
}

/* --- memberships ------------------------------------------------------------------------------ */

static struct membership *
find_membership(struct model *model, const struct membership_key *key)
{
    struct membership *membership;

    HASH_FIND(hh, model->memberships, key, sizeof(*key), membership);
    return membership;
}

static bool
holds(const struct model *model, const struct membership *membership, bool is_lagging)
{
    if (membership == NULL)
        return false;
    if (is_lagging &&
        model->now.mono_ms - membership->changed_at_ms < model->settings.membership_lag_ms)
        return membership->was_member;
    return membership->is_member;
}

static struct membership *
make_membership(struct model *model, const struct membership_key *key)
{
    struct membership *membership = calloc(1, sizeof(*membership));

    if (membership == NULL)
        return NULL;
    membership->key = *key;
    membership->latest = NO_STEP;
    HASH_ADD(hh, model->memberships, key, sizeof(membership->key), membership);
    if (membership->hh.tbl == NULL) {
        free(membership);
        return NULL;
    }
    return membership;
}

/* A group as a member is remembered with its parent, so that a check can walk down. */
static bool
note_child(struct model *model, struct group *parent, const struct guid *member)
{
    struct id_list children = {parent->children, parent->child_count};
    bool is_noted = true;

    if (model_groups_find(model, member) == NULL || model_value_list_has(&children, member))
        return true;
    is_noted = model_value_list_add(&children, member);
    parent->children = children.ids;
    parent->child_count = children.count;
    return is_noted;
}

static bool
change_membership(struct model *model, struct membership *membership, bool is_member)
{
    struct group *group = model_groups_find(model, &membership->key.group);
    int64_t step = model_journal_add(model, group, is_member ? STEP_JOINED : STEP_LEFT,
                                     &membership->key.member, membership->latest);

    if (step == NO_STEP)
        return false;
    membership->latest = step;
    membership->was_member = holds(model, membership, true);
    membership->is_member = is_member;
    membership->changed_at_ms = model->now.mono_ms;
    return true;
}

static bool
set_membership(struct model *model, const struct membership_key *key, bool is_member,
               const struct clock *clock)
{
    struct group *group = model_groups_find(model, &key->group);
    struct membership *membership = find_membership(model, key);

    if (group == NULL || group->is_deleted || !note_child(model, group, &key->member))
        return false;
    if (membership == NULL)
        membership = make_membership(model, key);
    if (membership == NULL)
        return false;
    if (membership->is_member == is_member)
        return true;
    model->now = *clock;
    return change_membership(model, membership, is_member);
}

bool
model_join(struct model *model, const struct guid *group, const struct guid *member,
           const struct clock *clock)
{
    return set_membership(model, &(struct membership_key){*group, *member}, true, clock);
}

bool
model_leave(struct model *model, const struct guid *group, const struct guid *member,
            const struct clock *clock)
{
    return set_membership(model, &(struct membership_key){*group, *member}, false, clock);
}

bool
model_groups_leave_all(struct model *model, const struct guid *member)
{
    struct membership *membership, *next;
    bool has_left = true;

    HASH_ITER (hh, model->memberships, membership, next)
        if (membership->is_member && guid_equal(&membership->key.member, member))
            has_left &= change_membership(model, membership, false);
    return has_left;
}

/* Its members stay noted: nobody asks a deleted group for them. */
bool
model_remove_group(struct model *model, const struct guid *id, const struct clock *clock)
{
    struct group *group = model_groups_find(model, id);

    if (group == NULL || group->is_deleted)
        return false;
    model->now = *clock;
    if (model_journal_add(model, group, STEP_DELETED, id, NO_STEP) == NO_STEP)
        return false;
    group->is_deleted = true;
    return model_groups_leave_all(model, id);
}

/* Down from ${group}, at most ${depth} groups deep. */
static bool
is_member_below(struct model *model, const struct membership_key *key, int depth, bool is_lagging)
{
    const struct group *group = model_groups_find(model, &key->group);

    if (group == NULL || group->is_deleted)
        return false;
    if (holds(model, find_membership(model, key), is_lagging))
        return true;
    for (size_t i = 0; depth > 0 && i < group->child_count; i++) {
        struct membership_key child = {key->group, group->children[i]};
        struct membership_key below = {group->children[i], key->member};

        if (holds(model, find_membership(model, &child), is_lagging) &&
            is_member_below(model, &below, depth - 1, is_lagging))
            return true;
    }
    return false;
}

bool
model_groups_has(struct model *model, const struct guid *group, const struct guid *member,
                 bool is_direct, bool is_lagging)
{
    struct membership_key key = {*group, *member};

    return is_member_below(model, &key, is_direct ? 0 : NESTING, is_lagging);
}

bool
model_next_member(struct model *model, const struct guid *id, size_t *position,
                  struct guid *ret_member)
{
    const struct group *group = model_groups_find(model, id);

    while (group != NULL && *position < group->journal.count) {
        const struct step *step = &group->journal.steps[(*position)++];

        if (step->kind != STEP_JOINED || step->previous != NO_STEP ||
            !model_groups_has(model, id, &step->member, true, false))
            continue;
        *ret_member = step->member;
        return true;
    }
    return false;
}

void
model_groups_free(struct model *model)
{
    struct group *group, *next_group;
    struct membership *membership, *next_membership;
    struct thing *thing, *next_thing;

    HASH_ITER (hh, model->groups, group, next_group) {
        HASH_DEL(model->groups, group);
        free_group(group);
    }
    HASH_ITER (hh, model->memberships, membership, next_membership) {
        HASH_DEL(model->memberships, membership);
        free(membership);
    }
    HASH_ITER (hh, model->things, thing, next_thing) {
        HASH_DEL(model->things, thing);
        free_thing(thing);
    }
}
