/*
 * What becomes of records: P6 when one is handed over, P1, P3, P5 and P8 when it is settled, P1 at each commit. What is judged here is worked out anew from
 * the world, not with the core's own functions.
 */
#include <string.h>

#include "simulation.h"

/* How far the clocks may drift apart before what was seen no longer counts, and some more for what passes between the reads of a run. */
enum { DRIFT_MS = 2000 };

static int
home_of(const struct settlement *settlement)
{
    return settlement->environment == NULL ? MAX_ENVIRONMENTS : settlement->environment->index;
}

static int64_t
latest_ms(const struct sim_record *record)
{
    return record->event_ms > record->origin_ms ? record->event_ms : record->origin_ms;
}

/* When the change came about: the record stands in for an event without a time. */
static int64_t
news_ms(const struct sim_record *record)
{
    return record->event_ms == EVENT_NO_TIME ? record->origin_ms : record->event_ms;
}

/* Whether ${environment} must settle the record: its group is routed there, and it is not another's. */
static bool
is_owed(const struct simulation *simulation, const struct sim_record *record, int environment)
{
    const struct route_id *routes;
    size_t count =
        record->user_index < 0 ? 0 : routing_find(&simulation->routing, &record->group, &routes);

    for (size_t i = 0; i < count && !record->is_removal; i++) {
        if (routes[i].environment == environment)
            return record->owed_environment == -1 || record->owed_environment == environment;
    }
    return false;
}

/* It has an outcome in all environments that owe it one, or, where none does, by itself. */
static bool
is_settled(const struct simulation *simulation, const struct sim_record *record,
           const unsigned *settled)
{
    bool is_owed_by_any = false;

    for (int i = 0; i < MAX_ENVIRONMENTS; i++) {
        if (!is_owed(simulation, record, i))
            continue;
        is_owed_by_any = true;
        if (settled[i] == 0)
            return false;
    }
    return is_owed_by_any || settled[MAX_ENVIRONMENTS] > 0;
}

/* --- P6: records --------------------------------------------------------------------------------- */

static void
note_removal(struct replica *replica, const struct sim_record *record)
{
    for (int i = 0; i < MAX_ENVIRONMENTS; i++) {
        struct sim_notes *notes = &replica->notes[i][record->user_index];

        notes->removed[record->group_index] = ++replica->simulation->moment;
        notes->removed_ms[record->group_index] = news_ms(record);
        notes->wrote_before[record->group_index] = notes->wrote;
    }
}

static void
forget_removal(struct replica *replica, const struct sim_record *record)
{
    for (int i = 0; i < MAX_ENVIRONMENTS; i++)
        replica->notes[i][record->user_index].removed[record->group_index] = 0;
}

void
check_take(struct replica *replica, struct sim_record *record)
{
    struct simulation *simulation = replica->simulation;
    int64_t now_ms = simulation->clock.wall_ms;

    record->taken = ++simulation->moment;
    record->is_doubtful = record->event_ms == EVENT_NO_TIME ||
                          record->event_ms > now_ms + simulation->settings.memory_margin_ms ||
                          now_ms - record->event_ms > simulation->settings.trust_ms;
    record->is_open = false;
    memset(record->is_open_in, 0, sizeof(record->is_open_in));
    memset(record->settled_now, 0, sizeof(record->settled_now));
    if (record->is_removal && record->group_index >= 0)
        note_removal(replica, record);
}

static void
open_tickets(struct replica *replica, struct sim_record *record)
{
    record->is_open = true;
    for (int i = 0; i < MAX_ENVIRONMENTS && record->user_index >= 0; i++) {
        struct sim_notes *notes = &replica->notes[i][record->user_index];

        if (!is_owed(replica->simulation, record, i) || record->settled_now[i] > 0)
            continue;
        record->is_open_in[i] = true;
        if (notes->open++ == 0)
            notes->busy_since_ms = replica->simulation->clock.mono_ms;
    }
}

void
check_revoked(struct replica *replica)
{
    replica->open = 0;
    for (int i = 0; i < MAX_ENVIRONMENTS; i++) {
        for (int user = 0; user < MAX_USERS; user++)
            replica->notes[i][user].open = 0;
    }
}

void
check_taken(struct replica *replica, struct sim_record *record, bool was_taken)
{
    struct simulation *simulation = replica->simulation;

    if (was_taken && is_settled(simulation, record, record->settled_now))
        return;
    if (was_taken) {
        open_tickets(replica, record);
        if ((int64_t)++replica->open > simulation->settings.max_events)
            simulation_violation(simulation, "P6: %zu events at once", replica->open);
        return;
    }
    if (record->is_removal && record->group_index >= 0)
        forget_removal(replica, record);
    for (int i = 0; i <= MAX_ENVIRONMENTS; i++) {
        if (record->settled_now[i] > 0)
            simulation_violation(simulation, "P8: a record that was not taken was settled");
    }
}

/* --- P1, P3: what is done ------------------------------------------------------------------------ */

/* Confirmed means that at this moment an enabled row is there, with the roles of the group's route. */
static void
check_row(struct simulation *simulation, const struct settlement *settlement,
          const struct sim_record *record)
{
    const struct environment *environment = settlement->environment;
    struct model_row row;
    size_t count = model_find_row(simulation->model, environment->id, &settlement->user, &row);

    if (count != 1 || row.is_disabled) {
        simulation_violation(simulation, "P1: done, but %zu rows, the first one %s", count,
                             count > 0 && row.is_disabled ? "disabled" : "enabled");
        return;
    }
    for (size_t i = 0; i < environment->route_count; i++) {
        const struct route *route = &environment->routes[i];
        struct guid role = world_role(environment->index, route->roles[0]);

        if (guid_equal(&route->group, &record->group) && route->role_count > 0 &&
            !simulation->users[record->user_index].is_touched &&
            !model_holds_role(simulation->model, environment->id, &row.id, &role))
            simulation_violation(simulation, "P1: done, but without the role");
    }
}

/* The run began to read after the record came, and asked for the membership where that was in doubt. */
static void
check_confirmed(struct replica *replica, const struct settlement *settlement,
                const struct sim_record *record)
{
    struct simulation *simulation = replica->simulation;
    const struct sim_notes *notes = &replica->notes[home_of(settlement)][record->user_index];
    int group = record->group_index;
    bool is_removed =
        notes->removed[group] > record->taken && notes->wrote_before[group] < record->taken;

    if (notes->looked < record->taken)
        simulation_violation(simulation, "P3: confirmed by what was read before it came");
    if (!settlement->environment->has_graph)
        return;
    if (record->is_doubtful && notes->asked[group] < record->taken)
        simulation_violation(simulation, "an event that is too old was believed");
    if (is_removed && notes->asked[group] < notes->removed[group])
        simulation_violation(simulation, "an event was believed although a removal came after it");
}

/* A look at ${looked} covers the record: lately, later than the record by the margin, and no clock has jumped since. */
static bool
is_covered(const struct simulation *simulation, const struct clock *looked,
           const struct sim_record *record)
{
    const struct engine_settings *settings = &simulation->settings;
    const struct clock *now = &simulation->clock;
    int64_t drift_ms = (now->wall_ms - now->mono_ms) - (looked->wall_ms - looked->mono_ms);

    return now->mono_ms - looked->mono_ms < settings->memory_keep_ms && latest_ms(record) >= 0 &&
           drift_ms <= DRIFT_MS && drift_ms >= -DRIFT_MS &&
           latest_ms(record) < looked->wall_ms - settings->memory_margin_ms + DRIFT_MS;
}

static void
check_remembered(struct replica *replica, const struct settlement *settlement,
                 const struct sim_record *record)
{
    const struct sim_notes *notes = &replica->notes[home_of(settlement)][record->user_index];

    for (size_t i = 0; i < MAX_LOOKS && i < notes->look_count; i++) {
        if (is_covered(replica->simulation, &notes->looks[i], record))
            return;
    }
    simulation_violation(replica->simulation, "P1: remembered, but no look at the row covers it");
}

static void
check_done(struct replica *replica, const struct settlement *settlement,
           const struct sim_record *record)
{
    check_row(replica->simulation, settlement, record);
    if (strcmp(settlement->reason, "remembered") == 0)
        check_remembered(replica, settlement, record);
    else
        check_confirmed(replica, settlement, record);
}

/* --- P1: what is kept ---------------------------------------------------------------------------- */

/* Whoever may still be made ready is tried until the deadline; and the first origin stays. */
void
check_keep(const struct sim_answer *letter, const struct kept_record *record)
{
    struct simulation *simulation = letter->replica->simulation;
    const char *class = letter_header(record, "dvsync-error-class");
    bool is_for_good = strcmp(class, "rejected") == 0 || strcmp(class, "misconfigured") == 0;
    /* a pause that would end after it is not waited for */
    int64_t least_ms = simulation->settings.deadline_ms - simulation->settings.backoff_cap_ms -
                       simulation->settings.refused_pause_ms;
    const struct sim_notes *notes;

    if (strncmp(letter_header(record, "dvsync-origin-topic"), "events", 6) != 0)
        simulation_violation(simulation, "a kept record has lost its origin");
    if (letter->user_index < 0 || is_for_good)
        return;
    notes = &letter->replica->notes[letter->environment][letter->user_index];
    if (simulation->clock.mono_ms - notes->busy_since_ms < least_ms)
        simulation_violation(simulation, "given up before the deadline: %s", class);
}

void
check_kept(const struct sim_answer *letter)
{
    struct replica *replica = letter->replica;
    struct sim_notes *notes;

    if (letter->undecodable != NULL)
        letter->undecodable->is_dead = true;
    if (letter->user_index < 0)
        return;
    notes = &replica->notes[letter->environment][letter->user_index];
    notes->kept[letter->group_index] = ++replica->simulation->moment;
    notes->kept_latest_ms[letter->group_index] = letter->latest_ms;
}

/* It settled because of a record that is kept elsewhere: that one's report was seen, and it is not an older one. */
static void
check_rests(struct replica *replica, const struct settlement *settlement,
            const struct sim_record *record)
{
    const struct sim_notes *notes;

    if (record->user_index < 0) {
        if (!record->is_dead)
            simulation_violation(replica->simulation, "P1: %s, but nothing was kept",
                                 outcome_name(settlement->outcome));
        return;
    }
    notes = &replica->notes[home_of(settlement)][record->user_index];
    if (notes->kept[record->group_index] < record->taken)
        simulation_violation(replica->simulation, "P1: %s, but nothing was kept",
                             outcome_name(settlement->outcome));
    if (notes->kept_latest_ms[record->group_index] < latest_ms(record))
        simulation_violation(replica->simulation, "P1: %s by an older one",
                             outcome_name(settlement->outcome));
}

/* --- P5, P8: settlements ------------------------------------------------------------------------- */

static void
check_outcome(struct replica *replica, const struct settlement *settlement,
              const struct sim_record *record)
{
    switch (settlement->outcome) {
    case OUTCOME_DONE:
        check_done(replica, settlement, record);
        break;
    case OUTCOME_DEAD:
        if (record->user_index >= 0)
            replica->simulation->users[record->user_index].is_dead = true;
        check_rests(replica, settlement, record);
        break;
    case OUTCOME_PARKED:
    case OUTCOME_SUPERSEDED:
        check_rests(replica, settlement, record);
        break;
    default:
        break;
    }
}

static void
close_ticket(struct replica *replica, struct sim_record *record, int environment)
{
    if (environment == MAX_ENVIRONMENTS || !record->is_open_in[environment])
        return;
    record->is_open_in[environment] = false;
    replica->notes[environment][record->user_index].open--;
}

static void
count_outcome(struct replica *replica, const struct settlement *settlement,
              struct sim_record *record)
{
    struct simulation *simulation = replica->simulation;

    record->settled[home_of(settlement)]++;
    if (++record->settled_now[home_of(settlement)] > 1)
        simulation_violation(simulation, "P8: two outcomes of one delivery");
    close_ticket(replica, record, home_of(settlement));
    if (record->is_open && is_settled(simulation, record, record->settled_now)) {
        record->is_open = false;
        replica->open--;
    }
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
    if (settlement->environment != NULL && !is_owed(simulation, record, home_of(settlement)))
        simulation_violation(simulation, "P8: an outcome that nobody asked for in %s",
                             settlement->environment->name);
    if (settlement->reason == NULL || settlement->reason[0] == '\0')
        simulation_violation(simulation, "P8: an outcome without a reason");
    check_outcome(replica, settlement, record);
    count_outcome(replica, settlement, record);
}

/* --- P1: commits --------------------------------------------------------------------------------- */

void
check_commit(struct simulation *simulation, const struct sim_partition *partition, int64_t offset)
{
    if (offset > partition->next_offset)
        simulation_violation(simulation, "P1: %d/%d committed %lld beyond the end %lld",
                             partition->topic, partition->partition, (long long)offset,
                             (long long)partition->next_offset);
    for (size_t i = 0; i < partition->count; i++) {
        const struct sim_record *record = &partition->records[i];

        if (record->offset < offset && !is_settled(simulation, record, record->settled))
            simulation_violation(simulation, "P1: %d/%d committed %lld past the unsettled %lld",
                                 partition->topic, partition->partition, (long long)offset,
                                 (long long)record->offset);
    }
}
