/*
 * An own call carries copies of what the plan said (the plan is scratch), while values and the ETag are borrowed from the job, which keeps them
 * until the call is over. What a good answer means is one function a kind, in a table.
 */
#include "apply.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "confirm.h"
#include "fault.h"
#include "lane.h"
#include "run.h"
#include "sync.h"
#include "text.h"
#include "trouble.h"

struct own_call {
    struct call call; /* first: job->call is this */
    struct site *site;
    struct guid unit;
    size_t write_count;
    struct column_write writes[MAX_COLUMNS];
    struct guid roles[];
};

static void done(struct call *call);

/* --- making -------------------------------------------------------------------------------------- */

static const enum call_kind kinds[] = {
    [PLAN_FORCE_SYNC] = CALL_FORCE_SYNC,
    [PLAN_PATCH] = CALL_PATCH,
    [PLAN_MOVE] = CALL_MOVE,
    [PLAN_ROLE] = CALL_ROLE,
};

static bool
is_write(enum call_kind kind)
{
    return kind == CALL_PATCH || kind == CALL_MOVE || kind == CALL_ROLE;
}

static struct lane *
lane_of(const struct site *site, enum call_kind kind)
{
    return kind == CALL_FORCE_SYNC ? site->bap : site->dataverse;
}

static bool
prepare(struct call *call)
{
    struct job *job = call->owner;

    job->calls++;
    return true;
}

static void
fill(struct own_call *own, const struct plan *plan, const struct job *job)
{
    struct call *call = &own->call;

    own->unit = plan->unit;
    memcpy(own->writes, plan->writes, plan->write_count * sizeof(own->writes[0]));
    memcpy(own->roles, plan->roles, plan->role_count * sizeof(own->roles[0]));
    call->prepare = prepare;
    call->user = job->key.user;
    call->row = job->row.id;
    call->if_match = plan->if_match;
    call->unit = plan->has_unit ? &own->unit : NULL;
    call->writes = own->writes;
    call->write_count = plan->write_count;
    call->roles = own->roles;
    call->role_count = plan->role_count;
}

static void
wait_for_memory(struct site *site, struct job *job)
{
    struct error error;
    const struct trouble trouble = {(int)kinds[site->plan.action], VERDICT_RETRY, "no_memory",
                                    &error};

    error_set(&error, ERROR_MEMORY, "no memory for a call");
    trouble_meet(site, job, &trouble);
}

void
apply_plan(struct site *site, struct job *job)
{
    const struct plan *plan = &site->plan;
    enum call_kind kind = kinds[plan->action];
    struct own_call *own;

    if (fault_holds(site, (int)kind, job))
        return;
    own = calloc(1, sizeof(*own) + plan->role_count * sizeof(own->roles[0]));
    if (own == NULL) {
        wait_for_memory(site, job);
        return;
    }
    call_init(&own->call, kind, site->environment, done, job);
    own->site = site;
    own->call.urgency = job->urgency;
    fill(own, plan, job);
    job->call = &own->call;
    job->state = is_write(kind) ? JOB_WRITING : JOB_SYNCING;
    lane_submit(lane_of(site, kind), &own->call);
}

static void
end(struct job *job)
{
    struct own_call *own = (struct own_call *)(void *)job->call;

    job->call = NULL;
    call_reset(&own->call);
    free(own);
}

void
apply_cancel(struct site *site, struct job *job)
{
    if (job->call == NULL)
        return;
    lane_cancel(lane_of(site, job->call->kind), job->call);
    end(job);
}

/* A write of this run has left. */
static bool
has_written(const struct job *job)
{
    const struct call *call = job->call;

    return job->has_written || (call != NULL && is_write(call->kind) && call->was_sent);
}

bool
apply_is_past_write(const struct job *job)
{
    return has_written(job) && !job->is_over && job->state != JOB_BACKING_OFF &&
           job->state != JOB_HELD;
}

/* --- what a good answer means -------------------------------------------------------------------- */

static void
note_change(struct job *job, const char *what)
{
    if (job->changes == NULL)
        job->changes = calloc(1, sizeof(*job->changes));
    if (job->changes == NULL)
        return;
    if (job->changes->length > 0)
        text_add_char(job->changes, ',');
    text_add(job->changes, what);
}

/* "=" and the new value behind what was noted last. */
static void
note_value(const struct site *site, struct job *job, const struct value *value)
{
    if (!site->core->settings->tells_values || job->changes == NULL)
        return;
    text_add_char(job->changes, '=');
    value_print(value, job->changes);
}

static void
note_unit(const struct site *site, struct job *job, const struct guid *unit)
{
    char text[GUID_TEXT_BYTES];
    const struct value value = {VALUE_TEXT, 0, text};

    (void)guid_format(unit, text);
    job->has_moved = true;
    note_change(job, "businessunit");
    note_value(site, job, &value);
}

static void
note_writes(const struct site *site, struct job *job, const struct call *call)
{
    if (call->unit != NULL)
        note_unit(site, job, call->unit);
    for (size_t i = 0; i < call->write_count; i++) {
        int column = call->writes[i].column;

        job->columns_written[column / 64] |= UINT64_C(1) << (column % 64);
        note_change(job, job->environment->columns[column].name);
        note_value(site, job, call->writes[i].value);
    }
}

static void
note_role(struct job *job, const struct guid *role)
{
    char what[sizeof("role:") + GUID_TEXT_BYTES] = "role:";

    guid_format(role, what + sizeof("role:") - 1);
    note_change(job, what);
}

static void
after_force_sync(struct site *site, struct job *job, struct call *call)
{
    (void)call;
    job->is_synced = true;
    job->confirm_waited_ms = 0;
    note_change(job, "force_sync");
    confirm_wait(site, job);
}

/* The answer is the confirming read; roles are not in it, but only a move changes them. */
static void
after_patch(struct site *site, struct job *job, struct call *call)
{
    struct row row;

    note_writes(site, job, call);
    if (call->row_count != 1) {
        job->row_state = ROW_UNREAD;
        sync_step(site, job);
        return;
    }
    row = call->rows[0];
    memset(&call->rows[0], 0, sizeof(call->rows[0]));
    if (call->unit == NULL) {
        row.has_roles = job->row.has_roles;
        row.roles = job->row.roles;
        row.role_count = job->row.role_count;
        job->row.roles = NULL;
        job->row.role_count = 0;
    }
    job->has_fresh_roles = job->has_fresh_roles && call->unit == NULL;
    row_free(&job->row, job->environment);
    job->row = row;
    sync_step(site, job);
}

/* A read confirms the set, not its answer. */
static void
after_move(struct site *site, struct job *job, struct call *call)
{
    note_writes(site, job, call);
    job->row_state = ROW_UNREAD;
    job->wants_fresh_roles = true;
    sync_step(site, job);
}

/* A 2xx confirms a role. */
static void
after_role(struct site *site, struct job *job, struct call *call)
{
    struct row *row = &job->row;
    struct held_role *roles = reallocarray(row->roles, row->role_count + 1, sizeof(roles[0]));

    note_role(job, &call->roles[0]);
    if (roles == NULL) {
        job->row_state = ROW_UNREAD;
    } else {
        roles[row->role_count++] = (struct held_role){call->roles[0], call->roles[0]};
        row->roles = roles;
    }
    sync_step(site, job);
}

typedef void after_fn(struct site *site, struct job *job, struct call *call);

static after_fn *const after[CALL_KINDS] = {
    [CALL_FORCE_SYNC] = after_force_sync,
    [CALL_PATCH] = after_patch,
    [CALL_MOVE] = after_move,
    [CALL_ROLE] = after_role,
};

/* --- what a bad one means ------------------------------------------------------------------------ */

/* The copy that was given belongs to another unit: the row or the copies were not as they were thought to be. */
static void
forget_copies(struct site *site, struct call *call)
{
    if (call->kind != CALL_ROLE || call->verdict == VERDICT_RETRY)
        return;
    directory_forget(site->directory);
}

static void
meet_trouble(struct site *site, struct job *job, struct call *call)
{
    struct error error = call->error;
    const struct trouble trouble = {(int)call->kind, call->verdict, call->reason, &error};

    forget_copies(site, call);
    end(job);
    trouble_meet(site, job, &trouble);
}

static void
done(struct call *call)
{
    struct site *site = ((struct own_call *)(void *)call)->site;
    struct job *job = call->owner;
    struct own_call *own = (struct own_call *)(void *)call;

    /* a refused write has changed nothing; of one without an answer nobody knows */
    if (is_write(call->kind) && (call->verdict == VERDICT_DONE || call->verdict == VERDICT_RETRY))
        job->has_written = true;
    call->was_sent = false;
    snprintf(job->request_id, sizeof(job->request_id), "%s", call->error.request_id);
    if (call->verdict == VERDICT_DONE) {
        job->call = NULL;
        fault_clear(site, (int)call->kind);
        after[call->kind](site, job, call);
        call_reset(call);
        free(own);
        return;
    }
    meet_trouble(site, job, call);
}
