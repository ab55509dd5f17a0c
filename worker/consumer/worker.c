/*
 * The parts, made one after the other, each on those before it, and the turn that serves them all.
 */
#include "worker_private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "admin.h"
#include "collect.h"
#include "engine.h"
#include "error.h"
#include "http_client.h"
#include "intake.h"
#include "log.h"
#include "metrics.h"
#include "publisher.h"
#include "settings.h"
#include "start.h"
#include "wire.h"

/*
 * A look at everything now and then, whatever the descriptors say: librdkafka's are edge-triggered.
 */
enum { LONGEST_WAIT_MS = 500 };

/* --- making one ------------------------------------------------------------------------------ */

/* ${base} and ${suffix} in one, or ${given} where it is set; NULL: no memory. */
static char *
make_topic(const char *given, const char *base, const char *suffix)
{
    struct text text = TEXT_EMPTY;

    if (given != NULL && given[0] != '\0') {
        text_add(&text, given);
    } else {
        text_add(&text, base);
        text_add(&text, suffix);
    }
    return text_take(&text, NULL);
}

/* Those that are read, in the engine's order: the main one, the backfill, the retry topics. */
static void
name_read_topics(struct worker *worker)
{
    const struct settings *settings = worker->settings;

    worker->topics[worker->topic_count++] = make_topic(NULL, settings->topic, "");
    if (settings->backfill)
        worker->topics[worker->topic_count++] = make_topic(NULL, settings->topic, ".backfill");
    for (size_t i = 0; i < settings->tier_count; i++)
        worker->topics[worker->topic_count++] = make_topic(settings->tiers[i].topic, "", "");
}

static int
name_topics(struct worker *worker, struct error *ret_error)
{
    const struct settings *settings = worker->settings;

    name_read_topics(worker);
    worker->dead_letter_topic = make_topic(settings->dead_letter_topic, settings->topic, ".dlq");
    for (size_t i = 0; i < worker->topic_count; i++)
        if (worker->topics[i] == NULL)
            return error_set(ret_error, ERROR_MEMORY, "no memory for the topics' names");
    if (worker->dead_letter_topic == NULL)
        return error_set(ret_error, ERROR_MEMORY, "no memory for the topics' names");
    worker->observer_topics = (struct observer_topics){
        .names = (const char *const *)worker->topics,
        .tiers = (const char *const *)worker->topics + worker->topic_count - settings->tier_count,
        .dead_letters = worker->dead_letter_topic,
    };
    return 0;
}

/* "a b c", or "off"; owned by the caller; NULL: no memory. */
static char *
list_retry_topics(const struct settings *settings)
{
    struct text list = TEXT_EMPTY;

    for (size_t i = 0; i < settings->tier_count; i++)
        text_addf(&list, "%s%s", i == 0 ? "" : " ", settings->tiers[i].topic);
    if (settings->tier_count == 0)
        text_add(&list, "off");
    return text_take(&list, NULL);
}

/* Versions, and what of the settings says most: which events, for how many environments. */
static void
log_start(struct worker *worker)
{
    const struct settings *settings = worker->settings;
    char *retry_topics = list_retry_topics(settings);
    const struct log_field essentials[] = {
        log_string("version", DVSYNC_VERSION),
        log_string("servers", settings->bootstrap_servers),
        log_string("topic", settings->topic),
        log_string("group", settings->group_id),
        log_string("group_instance_id", settings->group_instance_id),
        log_integer("environments", (int64_t)settings->routing.environment_count),
        log_string("retry_topics", retry_topics),
        log_string("dead_letters", settings->dead_letters ? worker->dead_letter_topic : "off"),
        log_integer("pid", getpid()),
    };

    start_say(worker->log, "dvsync-worker starts", essentials,
              sizeof(essentials) / sizeof(essentials[0]));
    free(retry_topics);
}

static int
open_log(struct worker *worker, struct error *ret_error)
{
    clock_read_system(&worker->clock);
    worker->log = start_log(worker->settings, STDOUT_FILENO, &worker->clock, ret_error);
    if (worker->log == NULL)
        return -1;
    log_start(worker);
    return 0;
}

static int
open_observer(struct worker *worker, struct error *ret_error)
{
    worker->metrics = metrics_create();
    if (worker->metrics == NULL)
        return error_set(ret_error, ERROR_MEMORY, "no memory for metrics");
    worker->observer = observer_create(worker->settings, &worker->observer_topics, &worker->clock,
                                       worker->log, worker->metrics, ret_error);
    return worker->observer == NULL ? -1 : 0;
}

static int
open_wire(struct worker *worker, struct error *ret_error)
{
    worker->wire = wire_create(worker->settings, &worker->clock, worker->log, ret_error);
    return worker->wire == NULL ? -1 : 0;
}

static int
open_intake(struct worker *worker, struct error *ret_error)
{
    const struct settings *settings = worker->settings;
    const struct intake_settings intake = {
        .bootstrap_servers = settings->bootstrap_servers,
        .group_id = settings->group_id,
        .group_instance_id = settings->group_instance_id,
        .topics = (const char *const *)worker->topics,
        .topic_count = worker->topic_count,
        .tiers = settings->tiers,
        .tier_count = settings->tier_count,
        .dead_letters = settings->dead_letters ? worker->dead_letter_topic : NULL,
        .creates_topics = settings->create_topics,
        .clock = &worker->clock,
        .properties = (const char *const *)settings->kafka_properties,
        .client_id = settings->client_id,
        .first_assignment_within_ms = settings->first_assignment_within_ms,
    };

    worker->intake = intake_create(&intake, worker->log, ret_error);
    return worker->intake == NULL ? -1 : 0;
}

static int
open_publisher(struct worker *worker, struct error *ret_error)
{
    const struct settings *settings = worker->settings;
    const struct publisher_settings publisher = {
        .bootstrap_servers = settings->bootstrap_servers,
        .tiers = settings->tiers,
        .tier_count = settings->tier_count,
        .dead_letters = settings->dead_letters ? worker->dead_letter_topic : NULL,
        .cuts_large_letters = settings->cut_large_letters,
        .clock = &worker->clock,
        .properties = (const char *const *)settings->kafka_properties,
        .client_id = settings->client_id,
        .timeout_ms = settings->publish_timeout_ms,
    };

    if (!settings->dead_letters && settings->tier_count == 0)
        return 0;
    worker->publisher = publisher_create(&publisher, worker->log, ret_error);
    return worker->publisher == NULL ? -1 : 0;
}

static int
open_engine(struct worker *worker, struct error *ret_error)
{
    const struct settings *settings = worker->settings;
    struct engine_setup setup = {
        .settings = &settings->engine,
        .routing = &settings->routing,
        .topics = (const char *const *)worker->topics,
        .topic_count = worker->topic_count,
        .clock = &worker->clock,
        .bap_scope = settings->bap_scope,
        .graph_scope = settings->graph_scope,
        .ports = worker_ports(worker),
    };
    const struct wire_listener listener = worker_listener(worker);

    /* for jitter, so that replicas do not act in step */
    if (getrandom(&setup.seed, sizeof(setup.seed), GRND_NONBLOCK) < 0)
        setup.seed = (uint64_t)getpid();
    worker->engine = engine_create(&setup, ret_error);
    if (worker->engine == NULL)
        return -1;
    wire_bind(worker->wire, &listener);
    intake_bind(worker->intake, worker->engine);
    if (worker->publisher != NULL)
        publisher_bind(worker->publisher, worker->engine);
    return 0;
}

static int
open_admin(struct worker *worker, struct error *ret_error)
{
    const struct collect_sources sources = {
        .engine = worker->engine,
        .intake = worker->intake,
        .topics = (const char *const *)worker->topics,
    };
    const struct start_door door = {
        .address = worker->settings->admin_address,
        .setting = "admin.address",
        .routes = worker_routes,
        .context = worker,
    };

    worker->collector = collector_create(&sources, worker->metrics, ret_error);
    if (worker->collector == NULL)
        return -1;
    if (door.address[0] == '\0')
        return 0;
    worker->admin = start_admin(&door, worker->log, ret_error);
    return worker->admin == NULL ? -1 : 0;
}

struct worker *
worker_create(const struct settings *settings, int signal_fd, struct error *ret_error)
{
    /* in this order, each on those before it; Kafka early, since its threads work meanwhile */
    static int (*const steps[])(struct worker *, struct error *) = {
        name_topics, open_log,       open_observer, open_intake,
        open_wire,   open_publisher, open_engine,   open_admin,
    };
    struct worker *worker = calloc(1, sizeof(*worker));

    if (worker == NULL) {
        error_set(ret_error, ERROR_MEMORY, "no memory for the worker");
        return NULL;
    }
    worker->settings = settings;
    worker->signal_fd = signal_fd;
    worker->left_topic = -1;
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        if (steps[i](worker, ret_error) == 0)
            continue;
        worker_destroy(worker);
        return NULL;
    }
    worker->turned_at_ms = worker->clock.mono_ms;
    return worker;
}

void
worker_destroy(struct worker *worker)
{
    if (worker == NULL)
        return;
    admin_destroy(worker->admin);
    engine_destroy(worker->engine);
    publisher_destroy(worker->publisher);
    intake_destroy(worker->intake);
    wire_destroy(worker->wire);
    collector_destroy(worker->collector);
    observer_destroy(worker->observer);
    metrics_destroy(worker->metrics);
    log_destroy(worker->log);
    for (size_t i = 0; i < worker->topic_count; i++)
        free(worker->topics[i]);
    free(worker->dead_letter_topic);
    free(worker);
}

/* --- the turn -------------------------------------------------------------------------------- */

static int64_t
earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* How long there is nothing to do, if no descriptor says otherwise. */
static int64_t
longest_wait_ms(const struct worker *worker)
{
    int64_t next_ms = worker->clock.mono_ms + LONGEST_WAIT_MS;
    int64_t admin_ms = worker->admin == NULL ? -1 : admin_wait_ms(worker->admin);

    if (worker->left_topic >= 0 && engine_has_room_for(worker->engine, worker->left_topic))
        return 0;
    next_ms = earlier(next_ms, engine_next_ms(worker->engine));
    next_ms = earlier(next_ms, intake_next_ms(worker->intake));
    if (worker->phase != PHASE_RUNNING)
        next_ms = earlier(next_ms, worker->phase_until_ms);
    next_ms -= worker->clock.mono_ms;
    return admin_ms < 0 ? next_ms : earlier(next_ms, admin_ms);
}

static void
wait_for_work(struct worker *worker)
{
    int fds[4];
    size_t count = 0;

    fds[count++] = worker->signal_fd;
    fds[count++] = intake_fd(worker->intake);
    if (worker->publisher != NULL)
        fds[count++] = publisher_fd(worker->publisher);
    if (worker->admin != NULL)
        fds[count++] = admin_fd(worker->admin);
    http_client_wait(wire_client(worker->wire), fds, count, longest_wait_ms(worker));
}

void
worker_turn(struct worker *worker)
{
    wait_for_work(worker);
    clock_read_system(&worker->clock);
    worker->left_topic = intake_turn(worker->intake, worker->clock.mono_ms);
    (void)http_client_perform(wire_client(worker->wire));
    if (worker->publisher != NULL)
        publisher_turn(worker->publisher);
    engine_run(worker->engine);
    observer_watch(worker->observer, engine_offsets(worker->engine));
    if (worker->admin != NULL)
        admin_run(worker->admin);
    worker_shutdown_turn(worker);
    worker->turned_at_ms = worker->clock.mono_ms;
}

bool
worker_is_done(const struct worker *worker, int *ret_exit_code)
{
    if (worker->phase != PHASE_DONE)
        return false;
    *ret_exit_code = worker->exit_code;
    return true;
}
