/*
 * What must be true when a run is over: everything settled, everybody ready, nothing written for nothing, no offence against the services' rules.
 */
#include <string.h>

#include "simulation.h"
#include "text.h"

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
    bool may_repeat = simulation->has_cuts || simulation->is_scattered ||
                      simulation->kills + simulation->rebalances + simulation->stops > 0;
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

/*
 * The double judges all replicas together: after a hand-over their windows overlap for a span, and none knows what another was told, or what an answer said
 * that was lost. What one replica may know check_calls.c judges.
 */
static bool
is_excused(const struct simulation *simulation, enum model_offence offence)
{
    bool is_alone = simulation->replica_count == 1 &&
                    simulation->kills + simulation->rebalances + simulation->stops == 0;

    return (offence == MODEL_OFFENCE_OVER_LIMIT && !is_alone) ||
           (offence == MODEL_OFFENCE_EARLY && (!is_alone || simulation->has_cuts));
}

static void
check_offences(struct simulation *simulation)
{
    show_offences(simulation);
    for (enum model_offence offence = 0; offence < MODEL_OFFENCES; offence++) {
        uint64_t count = model_offences(simulation->model, offence);

        if (count > 0 && !is_excused(simulation, offence))
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
