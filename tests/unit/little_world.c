/* See little_world.h. */
#include "little_world.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "scarce_memory.h"

enum { TOKEN_LIFE_MS = 24 * 3600 * 1000 };

static void *
must(void *pointer)
{
    assert_non_null(pointer);
    return pointer;
}

static void __attribute__((format(printf, 2, 3))) note(struct world *world, const char *format, ...)
{
    size_t length = strlen(world->trace);
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(world->trace + length, sizeof(world->trace) - length, format, arguments);
    va_end(arguments);
}

static void
note_call(struct world *world, const struct call *call, const char *name)
{
    if (world->trace[0] != '\0')
        note(world, "; ");
    if (call->environment != NULL && call->environment->index == TEST)
        note(world, "test:");
    note(world, "%s", name);
}

static int
number_of(const struct guid *id)
{
    return id->bytes[15];
}

static struct world_row *
row_of(struct world *world, const struct call *call, const struct guid *id)
{
    assert_in_range(number_of(id), 0, USERS_MOST - 1);
    return &world->rows[call->environment->index][number_of(id)];
}

void
world_give_rows(struct world *world, int environment, int first, int last)
{
    for (int user = first; user <= last; user++)
        world->rows[environment][user] = (struct world_row){.count = 1, .unit = ROOT};
}

void
world_name(struct world *world, int user, const char *department)
{
    struct world_person *person = &world->people[user];

    snprintf(person->department, sizeof(person->department), "%s", department);
}

/* --- reading --------------------------------------------------------------------------------- */

static struct row
make_row(const struct world_row *from, const struct call *call, int user)
{
    struct row row = row_make(call->environment, user, from->unit);

    snprintf(row.etag, sizeof(row.etag), "W/\"%d\"", from->version);
    row.is_disabled = from->is_disabled;
    row.is_application = from->is_application;
    row.fault = from->is_unreadable ? must(strdup("isdisabled: no boolean")) : NULL;
    row.has_roles = call->wants_roles && call->kind == CALL_LOOK;
    if (from->costcentre[0] != '\0')
        row_put_text(&row, COSTCENTRE, from->costcentre);
    if (from->level != 0)
        row_put_integer(&row, LEVEL, from->level);
    for (int role = 1; row.has_roles && role < ROLES_MOST; role++) {
        if (from->roles[role])
            row_put_role(&row, role, from->unit);
    }
    return row;
}

static void
add_row(struct call *call, const struct world_row *from, int user)
{
    call->rows = must(reallocarray(call->rows, call->row_count + 1, sizeof(call->rows[0])));
    call->rows[call->row_count++] = make_row(from, call, user);
}

static void
answer_look(struct world *world, struct call *call)
{
    note_call(world, call, call->wants_fresh ? "look_fresh" : "look");
    for (size_t i = 0; i < call->id_count; i++) {
        const struct world_row *row = row_of(world, call, &call->ids[i]);

        note(world, " %d", number_of(&call->ids[i]));
        for (int copy = 0; copy < row->count && world->clock->mono_ms >= row->visible_at_ms; copy++)
            add_row(call, row, number_of(&call->ids[i]));
    }
    for (size_t i = 0; i < call->row_count && world->incomplete_roles > 0; i++) {
        world->incomplete_roles--;
        call->rows[i].has_roles = false;
    }
}

static void
fill_person(const struct world_person *from, const struct call *call, struct person *person)
{
    *person = person_make(call->environment);
    person->exists = !from->is_gone;
    person->is_enabled = !from->is_blocked;
    if (from->department[0] != '\0')
        person_put_text(person, COSTCENTRE, from->department);
    if (from->level != 0)
        person_put_integer(person, LEVEL, from->level);
    if (from->has_bad_level) {
        value_free(&person->values[LEVEL]);
        person->faults[LEVEL] = must(strdup("no number"));
    }
}

/* A text and perhaps a Retry-After; the request's id stays. */
static void
set_error(struct error *error, const char *text, int64_t retry_after_ms)
{
    char request_id[ERROR_REQUEST_ID_BYTES];

    memcpy(request_id, error->request_id, sizeof(request_id));
    error_set(error, ERROR_SERVICE, "%s", text);
    error->retry_after_ms = retry_after_ms;
    memcpy(error->request_id, request_id, sizeof(request_id));
}

static void
take_fault(struct world_fault *fault, struct error *error)
{
    fault->times--;
    set_error(error, fault->reason, fault->retry_after_ms);
}

static void
answer_item(struct world *world, struct call *call, struct source_item *item)
{
    const struct world_person *person = &world->people[number_of(&item->user)];

    item->is_of_members = world->part_faults_are_of_members && item->group_count > 0;
    if (world->part_faults.times > 0 &&
        (item->is_of_members || !world->part_faults_are_of_members)) {
        item->verdict = world->part_faults.verdict;
        item->reason = world->part_faults.reason;
        take_fault(&world->part_faults, &item->error);
        return;
    }
    item->verdict = VERDICT_DONE;
    if (item->wants_person)
        fill_person(person, call, &item->person);
    for (size_t i = 0; i < item->group_count; i++)
        item->is_member[i] =
            !person->is_gone && (person->groups >> number_of(&item->groups[i]) & 1) != 0;
}

static void
answer_sources(struct world *world, struct call *call)
{
    note_call(world, call, "sources");
    for (size_t i = 0; i < call->item_count; i++) {
        const struct source_item *item = &call->items[i];

        note(world, " %d%s", number_of(&item->user), item->wants_person ? "" : "-");
        for (size_t j = 0; j < item->group_count; j++)
            note(world, "%s%d", j == 0 ? "?" : ",", number_of(&item->groups[j]));
        answer_item(world, call, &call->items[i]);
    }
}

/* --- writing --------------------------------------------------------------------------------- */

static void
answer_force_sync(struct world *world, struct call *call)
{
    struct world_row *row = row_of(world, call, &call->user);

    note_call(world, call, "force_sync");
    note(world, " %d", number_of(&call->user));
    row->is_disabled = false;
    if (row->count > 0)
        return;
    *row = (struct world_row){.count = 1, .unit = ROOT};
    row->visible_at_ms = world->clock->mono_ms + world->visible_after_ms;
}

static void
write_column(struct world *world, struct world_row *row, const struct column_write *write)
{
    const struct value *value = write->value;

    if (write->column == COSTCENTRE) {
        const char *text = value->kind == VALUE_TEXT ? value->text : "";

        note(world, " c=%s", value->kind == VALUE_TEXT ? text : "null");
        snprintf(row->costcentre, sizeof(row->costcentre), "%s",
                 world->reverts_columns ? "reverted" : text);
    } else {
        row->level = value->kind == VALUE_INTEGER ? value->integer : 0;
        note(world, " l=%" PRId64, row->level);
    }
}

static void
write_unit(struct world *world, struct world_row *row, const struct guid *unit)
{
    note(world, " unit=%d", number_of(unit));
    row->unit = world->reverts_units ? ROOT : number_of(unit);
    if (!world->organisation_keeps_roles)
        memset(row->roles, 0, sizeof(row->roles));
}

static bool
is_matched(const struct world_row *row, const char *if_match)
{
    char etag[ETAG_BYTES];

    snprintf(etag, sizeof(etag), "W/\"%d\"", row->version);
    return strcmp(if_match, "*") == 0 || strcmp(if_match, etag) == 0;
}

static void
refuse(struct call *call, enum verdict verdict, const char *reason)
{
    call->verdict = verdict;
    call->reason = reason;
    set_error(&call->error, reason, -1);
}

static void
give_role(struct world *world, struct call *call, struct world_row *row, const struct guid *copy)
{
    int role = number_of(copy);
    struct guid wanted = copy_id(role, row->unit);

    note(world, " %d@%d", role, row->unit);
    if (!guid_equal(&wanted, copy))
        refuse(call, VERDICT_CHANGED, "role_of_other_unit");
    else
        row->roles[role] = true;
}

static void
answer_patch(struct world *world, struct call *call)
{
    struct world_row *row = row_of(world, call, &call->row);

    note_call(world, call, call->kind == CALL_PATCH ? "patch" : "move");
    note(world, " %d", number_of(&call->row));
    if (row->count == 0 || !is_matched(row, call->if_match)) {
        note(world, " changed");
        refuse(call, VERDICT_CHANGED, "row_changed");
        return;
    }
    row->version++;
    if (call->unit != NULL)
        write_unit(world, row, call->unit);
    for (size_t i = 0; i < call->write_count; i++)
        write_column(world, row, &call->writes[i]);
    for (size_t i = 0; i < call->role_count; i++)
        give_role(world, call, row, &call->roles[i]);
    if (call->kind == CALL_PATCH && !world->returns_no_row)
        add_row(call, row, number_of(&call->row));
}

static void
answer_role(struct world *world, struct call *call)
{
    note_call(world, call, "role");
    note(world, " %d", number_of(&call->row));
    give_role(world, call, row_of(world, call, &call->row), &call->roles[0]);
}

/* --- the catalogue --------------------------------------------------------------------------- */

static void
add_unit(struct call *call, int unit, const char *name)
{
    call->units = must(reallocarray(call->units, call->unit_count + 1, sizeof(call->units[0])));
    call->units[call->unit_count++] =
        (struct unit_entry){unit_id(unit), unit == ROOT, must(strdup(name))};
}

static void
answer_units(struct world *world, struct call *call)
{
    note_call(world, call, "units");
    add_unit(call, ROOT, "root");
    add_unit(call, LABS, "Labs");
    if (!world->lacks_sales)
        add_unit(call, SALES, "Sales");
}

static void
add_role(struct call *call, int role, int unit, const char *name)
{
    call->found_roles = must(
        reallocarray(call->found_roles, call->found_role_count + 1, sizeof(call->found_roles[0])));
    call->found_roles[call->found_role_count++] =
        (struct role_entry){copy_id(role, unit), role_id(role), must(strdup(name))};
}

static void
answer_roles(struct world *world, struct call *call)
{
    int unit = number_of(call->unit);

    if (call->role_count == 0) {
        assert_int_equal(unit, ROOT);
        note_call(world, call, "roles");
        add_role(call, READER, ROOT, "Reader");
        return;
    }
    note_call(world, call, "copies");
    note(world, " unit=%d", unit);
    for (size_t i = 0; i < call->role_count; i++) {
        int role = number_of(&call->roles[i]);

        if (role != READER || unit == ROOT || !world->lacks_reader_copies)
            add_role(call, role, unit, "");
    }
}

static void
answer_token(struct world *world, struct call *call)
{
    (void)world;
    call->token = must(strdup("token"));
    call->token_life_ms = TOKEN_LIFE_MS;
}

/* --- all ------------------------------------------------------------------------------------- */

static void
answer(struct world *world, struct call *call)
{
    static void (*const answers[CALL_KINDS])(struct world *, struct call *) = {
        [CALL_TOKEN] = answer_token,
        [CALL_LOOK] = answer_look,
        [CALL_SOURCES] = answer_sources,
        [CALL_PATCH] = answer_patch,
        [CALL_MOVE] = answer_patch,
        [CALL_ROLE] = answer_role,
        [CALL_FORCE_SYNC] = answer_force_sync,
        [CALL_UNITS] = answer_units,
        [CALL_ROLES] = answer_roles,
    };
    struct world_fault *fault = &world->faults[call->kind];

    call_reset(call);
    snprintf(call->error.request_id, sizeof(call->error.request_id), "id-%d", ++world->answers);
    if (fault->times > 0 && !(world->fails_only_prod && call->environment != NULL &&
                              call->environment->index != PROD)) {
        call->verdict = fault->verdict;
        call->reason = fault->reason;
        take_fault(fault, &call->error);
        return;
    }
    call->verdict = VERDICT_DONE;
    answers[call->kind](world, call);
}

void
world_answer(struct world *world, struct call *call)
{
    scarce_memory_pause();
    answer(world, call);
    scarce_memory_resume();
}
