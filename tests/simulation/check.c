/*
 * The promises, checked on what happens: P1 at each commit, P3 and P7's concurrency at each call, P5 and P8 at each settlement, P2, P4, P7 and liveness at the
 * end. What is judged here is worked out anew from the world, not with the core's own functions.
 */
#include <string.h>

#include "simulation.h"
#include "text.h"

/* --- P8, P5: settlements ------------------------------------------------------------------------- */

static int
home_of(const struct settlement *settlement)
{
    return settlement->environment == NULL ? MAX_ENVIRONMENTS : settlement->environment->index;
}

/* Confirmed means that at this moment an enabled row is there. */
static void
check_done(struct simulation *simulation, const struct settlement *settlement)
{
    struct model_row row;
    size_t count =
        model_find_row(simulation->model, settlement->environment->id, &settlement->user, &row);

    if (count != 1 || row.is_disabled)
        simulation_violation(simulation, "P1: done, but %zu rows, the first one %s", count,
                             count > 0 && row.is_disabled ? "disabled" : "enabled");
}

/* It settled because of a record that is kept elsewhere: that one's report was seen before. */
static void
check_kept(struct simulation *simulation, const struct settlement *settlement,
           const struct sim_record *record)
{
    bool rests_on_another = settlement->outcome == OUTCOME_DEAD ||
                            settlement->outcome == OUTCOME_PARKED ||
                            settlement->outcome == OUTCOME_SUPERSEDED;

    if (rests_on_another && record->user_index >= 0 &&
        !simulation->users[record->user_index].is_kept[record->group_index])
        simulation_violation(simulation, "P1: %s, but nothing was kept",
                             outcome_name(settlement->outcome));
}

void
check_settlement(struct replica *replica, const struct settlement *settlement)
{
    struct simulation *simulation = replica->simulation;
    const struct sim_partition *partition =
        &simulation->partitions[settlement->topic][settlement->partition];
    struct sim_record *record =
        broker_record(simulation, settlement->topic, settlement->partition, settlement->offset);

    if (record == NULL) {
        simulation_violation(simulation, "P8: offset %lld was settled but never written",
                             (long long)settlement->offset);
        return;
    }
    if (partition->owner != replica->index || partition->generation != replica->generation)
        simulation_violation(simulation, "P5: replica %d settled a partition that is not its own",
                             replica->index);
    if (settlement->reason == NULL || settlement->reason[0] == '\0')
        simulation_violation(simulation, "P8: an outcome without a reason");
    if (settlement->outcome == OUTCOME_DONE)
        check_done(simulation, settlement);
    check_kept(simulation, settlement, record);
    if (settlement->outcome == OUTCOME_DEAD && record->user_index >= 0)
        simulation->users[record->user_index].is_dead = true;
    record->settled[home_of(settlement)]++;
}

/* --- P1: commits --------------------------------------------------------------------------------- */

/* In how many environments a record must have an outcome: those its group is routed to, or "none". */
static bool
is_settled(const struct simulation *simulation, const struct sim_record *record)
{
    const struct route_id *routes;
    size_t count =
        record->user_index < 0 ? 0 : routing_find(&simulation->routing, &record->group, &routes);

    if (count == 0 || record->is_removal)
        return record->settled[MAX_ENVIRONMENTS] > 0;
    for (size_t i = 0; i < count; i++) {
        int environment = routes[i].environment;

        if ((record->owed_environment == -1 || record->owed_environment == environment) &&
            record->settled[environment] == 0)
            return false;
    }
    return true;
}

void
check_commit(struct simulation *simulation, const struct sim_partition *partition, int64_t offset)
{
    if (offset > partition->next_offset)
        simulation_violation(simulation, "P1: %d/%d committed %lld beyond the end %lld",
                             partition->topic, partition->partition, (long long)offset,
                             (long long)partition->next_offset);
    for (size_t i = 0; i < partition->count; i++) {
        const struct sim_record *record = &partition->records[i];

        if (record->offset < offset && !is_settled(simulation, record))
            simulation_violation(simulation, "P1: %d/%d committed %lld past the unsettled %lld",
                                 partition->topic, partition->partition, (long long)offset,
                                 (long long)record->offset);
    }
}

/* --- P3, P4, P6: calls --------------------------------------------------------------------------- */

static bool
is_write(const struct call *call)
{
    return call->kind == CALL_FORCE_SYNC || call->kind == CALL_PATCH || call->kind == CALL_MOVE ||
           call->kind == CALL_ROLE;
}

void
check_send(struct replica *replica, const struct call *call)
{
    struct simulation *simulation = replica->simulation;
    int64_t dataverse = 0;

    list_for_each(link, following, &replica->calls)
    {
        const struct call *other = list_entry(link, struct sim_call, link)->call;

        dataverse += other->lane == call->lane;
        if (is_write(call) && is_write(other) && other->environment == call->environment &&
            guid_equal(&other->user, &call->user))
            simulation_violation(simulation, "P3: a %s while a %s of the same user runs",
                                 call_kind_name(call->kind), call_kind_name(other->kind));
    }
    if (call->kind == CALL_LOOK && dataverse >= simulation->settings.dataverse_concurrency)
        simulation_violation(simulation, "P6: %lld calls in one lane", (long long)dataverse + 1);
    if ((call->kind == CALL_PATCH || call->kind == CALL_MOVE) &&
        (call->if_match == NULL || call->if_match[0] == '\0'))
        simulation_violation(simulation, "P4: a write without If-Match");
}

/* --- at the end ---------------------------------------------------------------------------------- */

/* What the owner says of itself, for whoever looks into a stuck run. */
static void
show(struct simulation *simulation, int owner)
{
    struct text status = TEXT_EMPTY;

    if (owner < 0 || simulation->replicas[owner].engine == NULL)
        return;
    engine_status(simulation->replicas[owner].engine, &status);
    simulation_say(simulation, "r%d: %s", owner, status.data);
    text_free(&status);
}

static void
check_liveness(struct simulation *simulation)
{
    for (int topic = 0; topic < simulation->topic_count; topic++) {
        for (int i = 0; i < simulation->partition_count; i++) {
            const struct sim_partition *partition = &simulation->partitions[topic][i];

            if (partition->committed < partition->next_offset) {
                show(simulation, partition->owner);
                simulation_violation(
                    simulation, "liveness: %d/%d stands at %lld of %lld after the quiet phase",
                    topic, i, (long long)partition->committed, (long long)partition->next_offset);
            }
        }
    }
}

/* Writes that changed nothing: only a lost answer, a kill or a hand-over may repeat one (P2). */
static void
check_repeats(struct simulation *simulation)
{
    bool may_repeat = simulation->has_cuts || simulation->has_kills || simulation->has_rebalances ||
                      simulation->is_scattered;
    size_t repeats = 0;

    for (size_t i = 0; i < model_ledger_count(simulation->model); i++) {
        const struct model_entry *entry = model_ledger_at(simulation->model, i);

        if (entry->write == MODEL_WROTE_NOTHING && strcmp(entry->route, "addUser") != 0)
            simulation_say(simulation, "at %.3f a %s of user %02x changed nothing",
                           (double)entry->mono_ms / 1000.0, entry->route, entry->user.bytes[15]);
        repeats += entry->write == MODEL_WROTE_NOTHING && strcmp(entry->route, "addUser") != 0;
    }
    if (repeats > 0 && !may_repeat)
        simulation_violation(simulation, "P2: %zu writes changed nothing", repeats);
}

/* Which calls they were, for whoever looks into a seed. */
static void
show_offences(struct simulation *simulation)
{
    for (size_t i = 0; i < model_ledger_count(simulation->model); i++) {
        const struct model_entry *entry = model_ledger_at(simulation->model, i);

        if (entry->offences != 0)
            simulation_say(simulation, "at %.3f a %s of user %02x was an offence",
                           (double)entry->mono_ms / 1000.0, entry->route, entry->user.bytes[15]);
    }
}

static void
check_offences(struct simulation *simulation)
{
    show_offences(simulation);
    for (enum model_offence offence = 0; offence < MODEL_OFFENCES; offence++) {
        uint64_t count = model_offences(simulation->model, offence);

        /* After a hand-over or a kill the replicas' windows overlap for a span. */
        if (offence == MODEL_OFFENCE_OVER_LIMIT || offence == MODEL_OFFENCE_EARLY) {
            if (simulation->kills + simulation->rebalances > 0 || simulation->replica_count > 1)
                continue;
        }
        if (count > 0)
            simulation_violation(simulation, "P4/P7: %llu offences: %s", (unsigned long long)count,
                                 model_offence_name(offence));
    }
}

/* The route that sets targets for ${user} in ${environment}: of all groups it is in and that matter, the lowest index has the highest rank. */
static const struct route *
ruling_route(const struct simulation *simulation, const struct sim_user *user,
             const struct environment *environment)
{
    const struct route *best = NULL;

    for (size_t i = 0; i < environment->route_count; i++) {
        const struct route *route = &environment->routes[i];
        int group = route->group.bytes[15];

        if (!user->is_member[group] || (!user->ever_added[group] && route->rival_count == 0))
            continue;
        if (best == NULL || route->rank > best->rank)
            best = route;
    }
    (void)simulation;
    return best;
}

static bool
is_wanted(const struct sim_user *user, const struct environment *environment)
{
    for (size_t i = 0; i < environment->route_count; i++) {
        int group = environment->routes[i].group.bytes[15];

        if (user->is_member[group] && user->ever_added[group])
            return true;
    }
    return false;
}

static void
check_column(struct simulation *simulation, const struct environment *environment,
             const struct sim_user *user, const struct model_row *row)
{
    struct text found = TEXT_EMPTY;

    if (user->attribute[0] != '\0' &&
        (!model_column(simulation->model, environment->id, &row->id, "new_costcentre", &found) ||
         found.data == NULL || strcmp(found.data, user->attribute) != 0))
        simulation_violation(simulation, "not ready: the column of user %02x is %s, not %s",
                             user->id.bytes[15], found.data == NULL ? "?" : found.data,
                             user->attribute);
    text_free(&found);
}

static void
check_ready(struct simulation *simulation, const struct environment *environment,
            const struct sim_user *user)
{
    struct model_row row;
    const struct route *route = ruling_route(simulation, user, environment);

    if (route == NULL || !is_wanted(user, environment) || user->is_unlicensed ||
        user->is_disabled || user->is_dead)
        return;
    if (model_find_row(simulation->model, environment->id, &user->id, &row) != 1 ||
        row.is_disabled) {
        simulation_violation(simulation, "not ready: user %02x has no enabled row in %s",
                             user->id.bytes[15], environment->name);
        return;
    }
    check_column(simulation, environment, user, &row);
}

/* Nobody gets access from a replay who left longer ago: a user who is in no routed group and never was believed has no new row. */
static void
check_no_access(struct simulation *simulation, const struct environment *environment,
                const struct sim_user *user)
{
    if (user->is_fresh || user->has_row_at_start[environment->index])
        return;
    for (int group = 0; group < simulation->group_count; group++) {
        if (user->is_member[group])
            return;
    }
    if (simulation->has_leavers)
        return;
    if (model_find_row(simulation->model, environment->id, &user->id, NULL) != 0)
        simulation_violation(simulation, "user %02x got a row although in no group",
                             user->id.bytes[15]);
}

void
check_end(struct simulation *simulation)
{
    check_liveness(simulation);
    check_repeats(simulation);
    check_offences(simulation);
    for (size_t i = 0; i < simulation->routing.environment_count; i++) {
        for (int user = 0; user < simulation->user_count; user++) {
            check_ready(simulation, &simulation->routing.environments[i], &simulation->users[user]);
            check_no_access(simulation, &simulation->routing.environments[i],
                            &simulation->users[user]);
        }
    }
}
