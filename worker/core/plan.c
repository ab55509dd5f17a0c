/*
 * A list of rules, asked in order; the first that has something to say decides. They are in the order in which things
 * must become true: the person, the row, an enabled row, the unit and columns in one write, then the roles, which must be the
 * copies of the unit the user is in by then.
 */
#include "plan.h"

#include <string.h>

typedef bool rule_fn(const struct plan_view *view, struct plan *plan);

static bool
decide(struct plan *plan, enum plan_action action, const char *reason)
{
    plan->action = action;
    plan->reason = reason;
    return true;
}

static const struct environment *
environment_of(const struct plan_view *view)
{
    return view->want->environment;
}

/* --- is there a person, is there a row? ---------------------------------------------------------- */

static bool
person_rule(const struct plan_view *view, struct plan *plan)
{
    if (view->person != NULL && !view->person->exists)
        return decide(plan, PLAN_NO_PERSON, "not_a_user");
    return false;
}

static bool
row_rule(const struct plan_view *view, struct plan *plan)
{
    if (view->row_state == ROW_UNREAD)
        return decide(plan, PLAN_LOOK, "");
    if (view->row_state == ROW_MANY)
        return decide(plan, PLAN_REJECT, "two_rows");
    if (view->row_state == ROW_ONE && view->row->is_application)
        return decide(plan, PLAN_SKIP, "application_user");
    if (view->row_state == ROW_ONE && view->row->is_disabled &&
        environment_of(view)->disabled_rows == DISABLED_LEAVE)
        return decide(plan, PLAN_SKIP, "row_disabled");
    return false;
}

/* The row is missing or disabled: force sync, unless Entra says that it would be refused. */
static bool
force_sync_rule(const struct plan_view *view, struct plan *plan)
{
    if (view->row_state == ROW_ONE && !view->row->is_disabled)
        return false;
    if (view->person == NULL && environment_of(view)->has_graph)
        return decide(plan, PLAN_SOURCES, "");
    if (view->person != NULL && !view->person->is_enabled)
        return decide(plan, PLAN_REFUSE, "disabled_in_entra");
    if (!view->is_synced)
        return decide(plan, PLAN_FORCE_SYNC, "");
    return decide(plan, PLAN_CONFIRM, "row_not_visible");
}

/* --- what must be known before anything can be compared ------------------------------------------ */

static bool
knowledge_rule(const struct plan_view *view, struct plan *plan)
{
    if (view->want->has_attributes && view->person == NULL)
        return decide(plan, PLAN_SOURCES, "");
    if (view->want->unit_route != NULL && !directory_has_units(view->directory))
        return decide(plan, PLAN_UNITS, "");
    return false;
}

/* --- the unit and the columns: one write --------------------------------------------------------- */

/* True when the unit must change; ${plan} has it then. */
static bool
is_move_wanted(const struct plan_view *view, struct plan *plan)
{
    const struct route *route = view->want->unit_route;
    const struct guid *unit;

    if (route == NULL)
        return false;
    unit = directory_unit(view->directory, route->unit);
    if (guid_equal(unit, &view->row->unit))
        return false;
    if (route->unit_policy == POLICY_INITIAL &&
        !guid_equal(&view->row->unit, directory_root_unit(view->directory)))
        return false;
    plan->has_unit = true;
    plan->unit = *unit;
    return true;
}

/* What column ${index} should become; NULL: it stays. */
static const struct value *
value_for(const struct plan_view *view, size_t index)
{
    static const struct value none = {VALUE_NULL, 0, NULL};
    const struct column_rule *rule = view->want->columns[index];
    const struct value *value = &view->person->values[rule->attribute];
    const struct value *present = &view->row->values[index];

    if (value->kind == VALUE_NULL)
        value = rule->absent == ABSENT_CLEAR ? &none : NULL;
    if (value == NULL || value_equal(value, present))
        return NULL;
    if (rule->policy == POLICY_INITIAL && present->kind != VALUE_NULL)
        return NULL;
    return value;
}

static bool
was_written(const struct plan_view *view, size_t column)
{
    return (view->columns_written[column / 64] >> (column % 64) & 1) != 0;
}

/* Adds the write that column ${index} needs. True: decided otherwise. */
static bool
column_rule(const struct plan_view *view, size_t index, struct plan *plan)
{
    const struct column_rule *rule = view->want->columns[index];
    const struct value *value;

    if (rule == NULL)
        return false;
    if (view->person->values[rule->attribute].kind == VALUE_UNREAD) {
        plan->detail = view->person->faults[rule->attribute];
        return decide(plan, PLAN_REJECT, "value_not_convertible");
    }
    value = value_for(view, index);
    if (value == NULL)
        return false;
    if (was_written(view, index)) {
        plan->detail = environment_of(view)->columns[index].name;
        return decide(plan, PLAN_REJECT, "value_did_not_stay");
    }
    if (rule->policy == POLICY_INITIAL)
        plan->if_match = view->row->etag;
    plan->writes[plan->write_count++] = (struct column_write){(int)index, value};
    return false;
}

static bool
add_role(struct plan *plan, const struct guid *role)
{
    if (plan->role_count == PLAN_MAX_ROLES)
        return false;
    plan->roles[plan->role_count++] = *role;
    return true;
}

/*
 * The copies in the new unit of all held roles into ${plan}. Decides COPIES when some are not known (the plan then asks for all
 * of them), REJECT when one has none: then the move is not made.
 */
static void
plan_move(const struct plan_view *view, struct plan *plan)
{
    const struct row *row = view->row;
    bool is_known = true;

    plan->action = PLAN_MOVE;
    for (size_t i = 0; i < row->role_count; i++) {
        struct guid copy = row->roles[i].root;
        enum copy found = directory_copy(view->directory, &row->roles[i].root, &plan->unit, &copy);

        is_known = is_known && found != COPY_UNKNOWN;
        if (found == COPY_NONE) {
            decide(plan, PLAN_REJECT, "role_without_copy");
            return;
        }
        if (!add_role(plan, &copy)) {
            decide(plan, PLAN_REJECT, "too_many_roles");
            return;
        }
    }
    if (is_known)
        return;
    plan->action = PLAN_COPIES;
    for (size_t i = 0; i < row->role_count; i++)
        plan->roles[i] = row->roles[i].root;
}

static bool
decide_move(const struct plan_view *view, struct plan *plan)
{
    plan->if_match = view->row->etag;
    if (view->has_moved)
        return decide(plan, PLAN_REJECT, "unit_did_not_stay");
    if (environment_of(view)->move_roles != MOVE_KEEP)
        return decide(plan, PLAN_PATCH, "");
    if (!view->has_fresh_roles)
        return decide(plan, PLAN_LOOK_ROLES, "");
    if (view->row->role_count == 0)
        return decide(plan, PLAN_PATCH, "");
    plan_move(view, plan);
    return true;
}

static bool
write_rule(const struct plan_view *view, struct plan *plan)
{
    bool is_move = is_move_wanted(view, plan);

    for (size_t i = 0; i < environment_of(view)->column_count; i++) {
        if (column_rule(view, i, plan))
            return true;
    }
    if (!is_move && plan->write_count == 0)
        return false;
    if (plan->write_count > 0 && !view->sources_are_fresh)
        return decide(plan, PLAN_SOURCES, "");
    if (is_move)
        return decide_move(view, plan);
    return decide(plan, PLAN_PATCH, "");
}

/* --- the roles ----------------------------------------------------------------------------------- */

static bool
holds(const struct row *row, const struct guid *role)
{
    for (size_t i = 0; i < row->role_count; i++) {
        if (guid_equal(&row->roles[i].id, role))
            return true;
    }
    return false;
}

/* All roots the environment's recipes name, so that one question learns them all. */
static bool
ask_for_copies(const struct plan_view *view, struct plan *plan)
{
    plan->role_count = 0;
    for (size_t i = 0; i < environment_of(view)->role_count; i++)
        add_role(plan, directory_role_root(view->directory, (int)i));
    plan->unit = view->row->unit;
    return decide(plan, PLAN_COPIES, "");
}

static bool
one_role_rule(const struct plan_view *view, int role, struct plan *plan)
{
    struct guid copy;

    switch (directory_copy(view->directory, directory_role_root(view->directory, role),
                           &view->row->unit, &copy)) {
    case COPY_UNKNOWN:
        return ask_for_copies(view, plan);
    case COPY_NONE:
        plan->detail = environment_of(view)->roles[role].name;
        return decide(plan, PLAN_REJECT, "role_without_copy");
    case COPY_FOUND:
        break;
    }
    if (holds(view->row, &copy))
        return false;
    add_role(plan, &copy);
    return decide(plan, PLAN_ROLE, "");
}

static bool
role_rule(const struct plan_view *view, struct plan *plan)
{
    if (!view->want->has_roles)
        return false;
    if (!directory_has_units(view->directory))
        return decide(plan, PLAN_UNITS, "");
    if (!directory_has_roles(view->directory))
        return decide(plan, PLAN_ROLES, "");
    if (!view->row->has_roles)
        return decide(plan, PLAN_LOOK_ROLES, "");
    for (size_t i = 0; i < environment_of(view)->role_count; i++) {
        if (view->want->roles[i] && one_role_rule(view, (int)i, plan))
            return true;
    }
    return false;
}

static bool
done_rule(const struct plan_view *view, struct plan *plan)
{
    (void)view;
    return decide(plan, PLAN_DONE, "confirmed");
}

static rule_fn *const rules[] = {person_rule, row_rule,  force_sync_rule, knowledge_rule,
                                 write_rule,  role_rule, done_rule};

void
plan_next(const struct plan_view *view, struct plan *ret_plan)
{
    size_t next = 0;

    ret_plan->reason = ret_plan->detail = "";
    ret_plan->if_match = "*";
    ret_plan->has_unit = false;
    ret_plan->write_count = ret_plan->role_count = 0;
    while (!rules[next](view, ret_plan))
        next++;
}
