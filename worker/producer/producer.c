/*
 * The parts, made one after the other, each on those before it, and the turn that serves them all.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "http_client.h"
#include "leader.h"
#include "log.h"
#include "metrics.h"
#include "process_metrics.h"
#include "producer_private.h"
#include "reporter.h"
#include "settings.h"
#include "start.h"
#include "versions.h"
#include "wire.h"

/*
 * A look at everything now and then, whatever the descriptors say: librdkafka's are edge-triggered.
 * A broker that takes longer to hand the transactional id over than TAKE_OVER_MS has no transactions.
 */
enum { LONGEST_WAIT_MS = 500, TAKE_OVER_MS = 20000 };

/* --- making one: names and values ------------------------------------------------------------ */

static int
join(char **ret_name, const char *base, const char *ending, struct error *ret_error)
{
    struct text text = TEXT_EMPTY;

    text_add(&text, base);
    text_add(&text, ending);
    *ret_name = text_take(&text, NULL);
    return *ret_name != NULL ? 0 : error_set(ret_error, ERROR_MEMORY, "no memory for names");
}

static int
make_names(struct producer *producer, struct error *ret_error)
{
    const struct settings *settings = producer->settings;

    if (join(&producer->topics[FEED_MAIN], settings->topic, "", ret_error) != 0 ||
        join(&producer->topics[FEED_BACKFILL], settings->topic, ".backfill", ret_error) != 0 ||
        join(&producer->topics[FEED_STATE], settings->topic, ".state", ret_error) != 0 ||
        join(&producer->leader_topic, settings->topic, ".leader", ret_error) != 0 ||
        join(&producer->transactional_id, settings->topic, ".producer", ret_error) != 0 ||
        join(&producer->client_id, settings->client_id, "-producer", ret_error) != 0)
        return -1;
    return join(&producer->source, settings->graph_url, "/v1.0/groups", ret_error);
}

/* All that are watched, or the one that was asked for. */
static int
choose_groups(struct producer *producer, struct error *ret_error)
{
    const struct producer_settings *settings = &producer->settings->producer;
    const char *only = producer->line->group;
    struct guid wanted;

    producer->groups = calloc(settings->group_count + 1, sizeof(*producer->groups));
    if (producer->groups == NULL)
        return error_set(ret_error, ERROR_MEMORY, "no memory for the groups");
    for (size_t i = 0; i < settings->group_count; i++) {
        if (only != NULL && guid_parse(only, strlen(only), &wanted) &&
            !guid_equal(&settings->groups[i], &wanted))
            continue;
        producer->groups[producer->group_count++] =
            (struct feed_group){settings->groups[i], (enum feed_initial)settings->initial};
    }
    return 0;
}

static int
choose_values(struct producer *producer, struct error *ret_error)
{
    const struct settings *settings = producer->settings;
    const struct producer_settings *own = &settings->producer;
    const struct engine_settings *engine = &settings->engine;

    producer->feed_settings = (struct feed_settings){
        .poll_ms = own->poll_ms,
        .max_events_per_round = own->max_events_per_round,
        .reconcile_ms = own->reconcile_ms,
        .is_transitive = own->is_transitive,
        .conclude_after_ms = own->conclude_after_ms,
        .attempts = own->attempts,
        .backoff_base_ms = engine->backoff_base_ms,
        .backoff_cap_ms = engine->backoff_cap_ms,
        .probe_ms = engine->probe_ms,
        .graph_concurrency = engine->graph_concurrency,
        .graph_units = engine->graph_units,
        .graph_span_ms = engine->graph_span_ms,
    };
    return settings_producer_identity(settings, &producer->identity, ret_error);
}

/* --- making one: the parts ------------------------------------------------------------------- */

static const char *
purpose(const struct producer_line *line)
{
    static const char *const purposes[] = {
        [FEED_MODE_WATCH] = "watch",
        [FEED_MODE_ONCE] = "once",
        [FEED_MODE_BACKFILL] = "backfill",
    };

    return purposes[line_mode(line)];
}

/* With --dry-run standard output is for what would be published. */
static int
open_log(struct producer *producer, struct error *ret_error)
{
    const struct settings *settings = producer->settings;
    const struct producer_line *line = producer->line;
    const struct log_field essentials[] = {
        log_string("version", DVSYNC_VERSION),
        log_string("mode", purpose(line)),
        log_boolean("dry_run", line->is_dry),
        log_string("servers", settings->bootstrap_servers),
        log_string("topic", settings->topic),
        log_string("group", settings->producer.group_id),
        log_integer("groups", (int64_t)producer->group_count),
        log_string("identity", settings->routing.identities[producer->identity].name),
        log_integer("pid", getpid()),
    };

    clock_read_system(&producer->clock);
    producer->log = start_log(settings, line->is_dry ? STDERR_FILENO : STDOUT_FILENO,
                              &producer->clock, ret_error);
    if (producer->log == NULL)
        return -1;
    start_say(producer->log, "dvsync-producer starts", essentials,
              sizeof(essentials) / sizeof(essentials[0]));
    return 0;
}

static int
open_reporter(struct producer *producer, struct error *ret_error)
{
    producer->metrics = metrics_create();
    if (producer->metrics == NULL)
        return error_set(ret_error, ERROR_MEMORY, "no memory for metrics");
    producer->process = process_metrics_create(producer->metrics);
    if (producer->process == NULL || versions_declare(producer->metrics) != 0)
        return error_set(ret_error, ERROR_MEMORY, "no memory for metrics");
    producer->reporter = reporter_create(producer->log, producer->metrics, ret_error);
    return producer->reporter == NULL ? -1 : 0;
}

static int
open_leader(struct producer *producer, struct error *ret_error)
{
    const struct settings *settings = producer->settings;
    const struct leader_settings leader = {
        .bootstrap_servers = settings->bootstrap_servers,
        .group_id = settings->producer.group_id,
        .topic = producer->leader_topic,
        .properties = (const char *const *)settings->kafka_properties,
        .client_id = producer->client_id,
        .session_timeout_ms = settings->producer.session_timeout_ms,
        .complain_after_ms = settings->first_assignment_within_ms,
    };
    const struct leader_listener listener = lead_of_leader(producer);

    producer->lead.open_at_ms = producer->clock.mono_ms;
    producer->lead.give_up_at_ms = producer->clock.mono_ms + settings->first_assignment_within_ms;
    if (!line_needs_leadership(producer->line)) {
        producer->lead.is_due = true;
        return 0;
    }
    producer->leader = leader_create(&leader, &listener, producer->log, ret_error);
    return producer->leader == NULL ? -1 : 0;
}

static int
open_outbox(struct producer *producer, struct error *ret_error)
{
    const struct settings *settings = producer->settings;
    const struct outbox_settings outbox = {
        .bootstrap_servers = settings->bootstrap_servers,
        .group_id = settings->producer.group_id,
        .topics = {producer->topics[0], producer->topics[1], producer->topics[2]},
        .transactional_id = producer->transactional_id,
        .properties = (const char *const *)settings->kafka_properties,
        .client_id = producer->client_id,
        .transactions = (enum outbox_transactions)settings->producer.transactions,
        .take_over_within_ms = TAKE_OVER_MS,
        .publish_timeout_ms = settings->publish_timeout_ms,
    };
    const struct outbox_listener listener = lead_of_outbox(producer);

    if (!line_needs_kafka(producer->line))
        return 0;
    producer->outbox = outbox_create(&outbox, &listener, producer->log, ret_error);
    return producer->outbox == NULL ? -1 : 0;
}

static int
open_feed(struct producer *producer, struct error *ret_error)
{
    const struct settings *settings = producer->settings;
    const struct wire_listener listener = ports_of_wire(producer);
    struct feed_setup setup = {
        .settings = &producer->feed_settings,
        .mode = line_mode(producer->line),
        .groups = producer->groups,
        .group_count = producer->group_count,
        .routing = &settings->routing,
        .identity = producer->identity,
        .graph_url = settings->graph_url,
        .graph_scope = settings->graph_scope,
        .source = producer->source,
        .clock = &producer->clock,
        .ports = ports_of_feed(producer),
    };

    producer->wire = wire_create(settings, &producer->clock, producer->log, ret_error);
    if (producer->wire == NULL)
        return -1;
    if (getrandom(&setup.seed, sizeof(setup.seed), GRND_NONBLOCK) < 0)
        setup.seed = (uint64_t)getpid();
    producer->feed = feed_create(&setup, ret_error);
    if (producer->feed == NULL)
        return -1;
    wire_bind(producer->wire, &listener);
    reporter_bind(producer->reporter, producer->feed, &producer->lead.is_open);
    return 0;
}

static int
open_admin(struct producer *producer, struct error *ret_error)
{
    const struct start_door door = {
        .address = producer->settings->producer.admin_address,
        .setting = "producer.admin_address",
        .routes = pages_routes,
        .context = producer,
    };

    /* what ends by itself may run beside a producer that does not */
    if (door.address[0] == '\0' || !line_is_forever(producer->line))
        return 0;
    producer->admin = start_admin(&door, producer->log, ret_error);
    return producer->admin == NULL ? -1 : 0;
}

struct producer *
producer_create(const struct settings *settings, const struct producer_line *line, int signal_fd,
                struct error *ret_error)
{
    static int (*const steps[])(struct producer *, struct error *) = {
        make_names,  choose_groups, choose_values, open_log,   open_reporter,
        open_leader, open_outbox,   open_feed,     open_admin,
    };
    struct producer *producer = calloc(1, sizeof(*producer));

    if (producer == NULL) {
        error_set(ret_error, ERROR_MEMORY, "no memory for the producer");
        return NULL;
    }
    producer->settings = settings;
    producer->line = line;
    producer->signal_fd = signal_fd;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (steps[i](producer, ret_error) == 0)
            continue;
        producer_destroy(producer);
        return NULL;
    }
    producer->turned_at_ms = producer->clock.mono_ms;
    return producer;
}

void
producer_destroy(struct producer *producer)
{
    if (producer == NULL)
        return;
    admin_destroy(producer->admin);
    feed_destroy(producer->feed);
    outbox_destroy(producer->outbox);
    leader_destroy(producer->leader);
    wire_destroy(producer->wire);
    reporter_destroy(producer->reporter);
    process_metrics_destroy(producer->process);
    metrics_destroy(producer->metrics);
    log_destroy(producer->log);
    for (int i = FEED_MAIN; i <= FEED_STATE; i++)
        free(producer->topics[i]);
    free(producer->leader_topic);
    free(producer->transactional_id);
    free(producer->client_id);
    free(producer->source);
    free(producer->groups);
    free(producer);
}

/* --- the turn -------------------------------------------------------------------------------- */

static int64_t
earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* How long there is nothing to do, if no descriptor says otherwise. */
static int64_t
longest_wait_ms(const struct producer *producer)
{
    int64_t next_ms = producer->clock.mono_ms + LONGEST_WAIT_MS;
    int64_t admin_ms = producer->admin == NULL ? -1 : admin_wait_ms(producer->admin);

    if (producer->has_printed)
        return 0;
    next_ms = earlier(next_ms, feed_next_ms(producer->feed));
    next_ms = earlier(next_ms, lead_next_ms(producer));
    if (producer->leader != NULL)
        next_ms = earlier(next_ms, leader_next_ms(producer->leader));
    if (producer->phase != PHASE_RUNNING)
        next_ms = earlier(next_ms, producer->phase_until_ms);
    next_ms -= producer->clock.mono_ms;
    return admin_ms < 0 ? next_ms : earlier(next_ms, admin_ms);
}

static void
wait_for_work(struct producer *producer)
{
    int fds[4];
    size_t count = 0;

    fds[count++] = producer->signal_fd;
    if (producer->leader != NULL)
        fds[count++] = leader_fd(producer->leader);
    if (producer->outbox != NULL)
        fds[count++] = outbox_fd(producer->outbox);
    if (producer->admin != NULL)
        fds[count++] = admin_fd(producer->admin);
    http_client_wait(wire_client(producer->wire), fds, count, longest_wait_ms(producer));
}

void
producer_turn(struct producer *producer)
{
    wait_for_work(producer);
    clock_read_system(&producer->clock);
    if (producer->leader != NULL)
        leader_turn(producer->leader, producer->clock.mono_ms);
    if (producer->outbox != NULL)
        outbox_turn(producer->outbox);
    (void)http_client_perform(wire_client(producer->wire));
    ports_answer_printed(producer);
    lead_turn(producer);
    feed_run(producer->feed);
    if (producer->admin != NULL)
        admin_run(producer->admin);
    ending_turn(producer);
    producer->turned_at_ms = producer->clock.mono_ms;
}

bool
producer_is_done(const struct producer *producer, int *ret_exit_code)
{
    if (producer->phase != PHASE_DONE)
        return false;
    *ret_exit_code = producer->exit_code;
    return true;
}

bool
producer_is_late(const struct producer *producer)
{
    return producer->is_late;
}
