/* See plan_fixture.h. */
#include "plan_fixture.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "text.h"

/* --- the decision as a line ------------------------------------------------------------------ */

static const char *const action_names[] = {
    [PLAN_DONE] = "done",
    [PLAN_LOOK] = "look",
    [PLAN_LOOK_ROLES] = "look_roles",
    [PLAN_SOURCES] = "sources",
    [PLAN_UNITS] = "units",
    [PLAN_ROLES] = "roles",
    [PLAN_COPIES] = "copies",
    [PLAN_FORCE_SYNC] = "force_sync",
    [PLAN_CONFIRM] = "confirm",
    [PLAN_PATCH] = "patch",
    [PLAN_MOVE] = "move",
    [PLAN_ROLE] = "role",
    [PLAN_NO_PERSON] = "no_person",
    [PLAN_SKIP] = "skip",
    [PLAN_REFUSE] = "refuse",
    [PLAN_REJECT] = "reject",
};

/* "1@9", or "1" for a root role where roots are meant, and are. */
static void
print_role(struct text *line, const struct guid *id, const char *before, bool is_root)
{
    int unit = id->bytes[0] == 0x44 ? ROOT : id->bytes[13];

    text_addf(line, "%s%d", before, id->bytes[15]);
    if (!is_root || unit != ROOT)
        text_addf(line, "@%d", unit);
}

static void
print_roles(struct text *line, const struct plan *plan, const char *name, bool are_roots)
{
    for (size_t i = 0; i < plan->role_count; i++)
        print_role(line, &plan->roles[i], i == 0 ? name : ",", are_roots);
}

static void
print_value(struct text *line, const struct column_write *write)
{
    text_addf(line, " %c=", write->column == COSTCENTRE ? 'c' : 'l');
    if (write->value->kind == VALUE_TEXT)
        text_add(line, write->value->text);
    else if (write->value->kind == VALUE_INTEGER)
        text_addf(line, "%" PRId64, write->value->integer);
    else
        text_add(line, "null");
}

static void
print_write(struct text *line, const struct plan *plan)
{
    if (plan->has_unit)
        text_addf(line, " unit=%d", plan->unit.bytes[15]);
    for (size_t i = 0; i < plan->write_count; i++)
        print_value(line, &plan->writes[i]);
    print_roles(line, plan, " roles=", false);
    text_addf(line, " if=%s", plan->if_match);
}

static void
print_plan(struct text *line, const struct plan *plan)
{
    text_add(line, action_names[plan->action]);
    if (plan->action == PLAN_PATCH || plan->action == PLAN_MOVE) {
        print_write(line, plan);
    } else if (plan->action == PLAN_ROLE) {
        print_roles(line, plan, " ", false);
    } else if (plan->action == PLAN_COPIES) {
        text_addf(line, " unit=%d", plan->unit.bytes[15]);
        print_roles(line, plan, " of=", true);
    } else if (plan->action == PLAN_SKIP || plan->action == PLAN_REFUSE ||
               plan->action == PLAN_REJECT) {
        text_addf(line, " %s%s%s", plan->reason, plan->detail[0] != '\0' ? ": " : "", plan->detail);
    }
}

/* --- what was seen --------------------------------------------------------------------------- */

static bool
has(const struct plan_case *plan_case, unsigned flag)
{
    return (plan_case->flags & flag) != 0;
}

static void
learn_units(struct directory *directory)
{
    static char sales[] = "Sales";
    const struct unit_entry units[] = {
        {unit_id(ROOT), true, NULL}, {unit_id(SALES), false, sales}, {unit_id(LABS), false, NULL}};

    assert_null(directory_learn_units(directory, units, 3));
}

static void
learn_roles(struct directory *directory)
{
    static char reader[] = "Reader";
    const struct role_entry roles[] = {{role_id(READER), role_id(READER), reader}};

    assert_null(directory_learn_roles(directory, roles, 1));
}

static void
learn_copies(const struct plan_case *plan_case, struct directory *directory)
{
    static const int units[] = {ROOT, SALES, LABS};
    const struct guid roots[] = {role_id(ADMIN), role_id(READER)};

    for (size_t i = 0; i < 3; i++) {
        const struct role_entry roles[] = {
            {copy_id(ADMIN, units[i]), role_id(ADMIN), NULL},
            {copy_id(READER, units[i]), role_id(READER), NULL},
        };
        size_t count = has(plan_case, READER_LACKS) && units[i] != ROOT ? 1 : 2;
        struct guid unit = unit_id(units[i]);

        assert_int_equal(directory_learn_copies(directory, &unit, roots, 2, roles, count), 0);
    }
}

static struct directory *
make_directory(const struct plan_case *plan_case, const struct environment *environment)
{
    struct directory *directory = directory_create(environment);

    assert_non_null(directory);
    if (!has(plan_case, NO_UNITS))
        learn_units(directory);
    if (!has(plan_case, NO_ROLES))
        learn_roles(directory);
    if (!has(plan_case, NO_COPIES))
        learn_copies(plan_case, directory);
    return directory;
}

static struct row
make_row(const struct plan_case *plan_case, const struct environment *environment)
{
    struct row row = row_make(environment, 1, plan_case->unit);

    row.etag[0] = 'E';
    row.etag[1] = '\0';
    row.is_disabled = has(plan_case, IS_DISABLED);
    row.is_application = has(plan_case, IS_APPLICATION);
    row.has_roles = !has(plan_case, ROLES_UNREAD);
    if (plan_case->costcentre != NULL)
        row_put_text(&row, COSTCENTRE, plan_case->costcentre);
    if (plan_case->level != 0)
        row_put_integer(&row, LEVEL, plan_case->level);
    for (const char *at = plan_case->held; at != NULL && *at != '\0'; at++)
        row_put_role(&row, *at - '0', plan_case->unit);
    return row;
}

static struct person
make_person(const struct plan_case *plan_case, const struct environment *environment)
{
    struct person person = person_make(environment);

    person.exists = plan_case->person != PERSON_GONE;
    person.is_enabled = plan_case->person != PERSON_BLOCKED;
    if (plan_case->department != NULL)
        person_put_text(&person, COSTCENTRE, plan_case->department);
    if (plan_case->person_level != 0)
        person_put_integer(&person, LEVEL, plan_case->person_level);
    if (has(plan_case, BAD_LEVEL)) {
        value_free(&person.values[LEVEL]);
        person.faults[LEVEL] = strdup("no number");
    }
    return person;
}

/* --- one row of the table -------------------------------------------------------------------- */

static void
decide(const struct plan_case *plan_case, const struct environment *environment, struct text *line)
{
    struct row row = make_row(plan_case, environment);
    struct person person = make_person(plan_case, environment);
    struct directory *directory = make_directory(plan_case, environment);
    const uint64_t written[2] = {has(plan_case, WROTE_COSTCENTRE) ? 1 : 0, 0};
    static struct plan plan;
    struct want want;
    const struct plan_view view = {
        .want = &want,
        .directory = directory,
        .row_state = plan_case->row,
        .row = &row,
        .person = plan_case->person == PERSON_UNREAD ? NULL : &person,
        .sources_are_fresh = !has(plan_case, STALE_SOURCES),
        .is_synced = has(plan_case, SYNCED),
        .has_fresh_roles = has(plan_case, FRESH_ROLES),
        .has_moved = has(plan_case, MOVED),
        .columns_written = written,
    };

    assert_int_equal(want_init(&want, environment), 0);
    want_clear(&want);
    want_add(&want, &environment->routes[0]);
    plan.action = PLAN_SKIP; /* whatever an earlier decision left */
    plan_next(&view, &plan);
    print_plan(line, &plan);
    want_fini(&want);
    directory_destroy(directory);
    person_free(&person, environment);
    row_free(&row, environment);
}

void
assert_plans(const struct plan_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct routing *routing = routing_make(&cases[i].want, 1, !has(&cases[i], NO_GRAPH));
        struct environment *prod = &routing->environments[PROD];
        struct text line = TEXT_EMPTY;

        prod->disabled_rows = cases[i].disabled_rows;
        prod->move_roles = cases[i].move_roles;
        decide(&cases[i], prod, &line);
        if (strcmp(line.data, cases[i].expected) != 0)
            fail_msg("case %zu: \"%s\" instead of \"%s\"", i, line.data, cases[i].expected);
        text_free(&line);
        routing_unmake(routing);
    }
}
