/*
 * Every scalar setting: one row each. Validation, the variables of the environment, --help-config and
 * --print-config follow from it (common/config.h).
 *
 * The ceilings of the lanes are what the services publish: Dataverse 6000 requests and 20 minutes of
 * execution in any 5 minutes and 52 requests at once ("Service protection API limits"), the Power
 * Platform for Admins connector 100 calls in 60 seconds, Graph 3500 units in 10 seconds for a small
 * tenant ("Microsoft Graph service-specific throttling limits", identity and access).
 */
#include "settings.h"

#include <stddef.h>

#define MS INT64_C(1)
#define SECOND (1000 * MS)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define KIB INT64_C(1024)
#define MIB (1024 * KIB)
#define GIB (1024 * MIB)

static const char *const log_formats[] = {"json", "text", "auto", NULL};
static const char *const initials[] = {"all", "latest", NULL};
static const char *const transactions[] = {"auto", "yes", "no", NULL};
static const char *const log_levels[] = {"debug", "info", "warning", "error", NULL};

#define ROW(row_name, row_type, field) \
    .name = (row_name), .type = (row_type), .offset = offsetof(struct settings, field)
#define TEXT(name, field, standard) ROW(name, SETTING_STRING, field), .fallback = (standard)
#define NEEDED_TEXT(name, field, standard) TEXT(name, field, standard), .required = true
#define SECRET(name, field) ROW(name, SETTING_SECRET, field)
#define BOOLEAN(name, field, standard) ROW(name, SETTING_BOOLEAN, field), .fallback = (standard)
#define FRACTION(name, field, standard) ROW(name, SETTING_FRACTION, field), .fallback = (standard)
#define RANGE(standard, low, high) .fallback = (standard), .minimum = (low), .maximum = (high)
#define COUNT(name, field, ...) ROW(name, SETTING_INTEGER, field), RANGE(__VA_ARGS__)
#define DURATION(name, field, ...) ROW(name, SETTING_DURATION, field), RANGE(__VA_ARGS__)
#define SIZE(name, field, ...) ROW(name, SETTING_SIZE, field), RANGE(__VA_ARGS__)
#define CHOICE(row_name, field, standard, names) \
    ROW(row_name, SETTING_CHOICE, field), .fallback = (standard), .choices = (names)

/* clang-format off */
const struct setting settings_table[] = {
    /* --- Kafka --- */
    {NEEDED_TEXT("kafka.bootstrap_servers", bootstrap_servers, ""),
     .help = "Brokers to begin with, host:port, separated by commas"},
    {NEEDED_TEXT("kafka.topic", topic, "dvsync.members"),
     .help = "Topic of the membership events; its companions have its name with an ending"},
    {BOOLEAN("kafka.backfill", backfill, "true"),
     .help = "Read <topic>.backfill too, where it exists"},
    {NEEDED_TEXT("kafka.group_id", group_id, "dvsync"),
     .help = "Consumer group: all workers of one group share the partitions"},
    {TEXT("kafka.group_instance_id", group_instance_id, ""),
     .help = "Stable name of this member (a pod's); none makes it a dynamic member"},
    {NEEDED_TEXT("kafka.client_id", client_id, "dvsync"),
     .help = "Name under which brokers log this client and apply quotas"},
    {SECRET("kafka.sasl_password", sasl_password),
     .help = "Password for SASL, the property sasl.password; the others stand in kafka_properties"},
    {BOOLEAN("kafka.dead_letters", dead_letters, "true"),
     .help = "Keep what cannot be done on the dead-letter topic; false holds the partition instead"},
    {TEXT("kafka.dead_letter_topic", dead_letter_topic, ""),
     .help = "Dead-letter topic; none means <topic>.dlq"},
    {BOOLEAN("kafka.cut_large_letters", cut_large_letters, "false"),
     .help = "A dead letter that its topic does not take for its size goes out without its value, "
             "with the value's SHA-256 and length in headers; false holds it"},
    {BOOLEAN("kafka.create_topics", create_topics, "true"),
     .help = "Make retry and dead-letter topics that do not exist; false only asks for them"},
    {DURATION("kafka.first_assignment_within", first_assignment_within_ms, "60s", SECOND, HOUR),
     .help = "Without an assignment by then an error is logged, again and again"},
    {DURATION("kafka.publish_timeout", publish_timeout_ms, "30s", SECOND, HOUR),
     .help = "How long a kept record may wait for its delivery report"},

    /* --- intake and commits --- */
    {COUNT("intake.max_events", engine.max_events, "20000", 1, 10000000),
     .help = "Unsettled events at most; then intake is held, nothing is dropped"},
    {SIZE("intake.max_bytes", engine.max_bytes, "64MiB", 64 * KIB, 64 * GIB),
     .help = "Memory of unsettled events and jobs at most; then intake is held"},
    {DURATION("commit.interval", engine.offsets.interval_ms, "2s", 100 * MS, 5 * MINUTE),
     .help = "How long after something was settled its offset is committed, at the latest"},
    {DURATION("commit.answer_within", engine.offsets.answer_within_ms, "10s", SECOND, 5 * MINUTE),
     .help = "After that the answer to a commit counts as lost, and it is sent again"},

    /* --- the steps --- */
    {DURATION("look.linger", engine.linger_ms, "5ms", 0, SECOND),
     .help = "How long a batch that is not full waits for more users"},
    {COUNT("look.ids", engine.look_ids, "250", 1, 250),
     .help = "Users looked up with one request at most"},
    {DURATION("sources.max_age", engine.sources_max_age_ms, "3m", SECOND, HOUR),
     .help = "Attributes read from Entra longer ago are read again before something is written"},
    {DURATION("confirm.tick", engine.confirm_tick_ms, "5s", 50 * MS, 5 * MINUTE),
     .help = "How often an environment is asked for the rows of users that were force-synced"},
    {TEXT("membership.trust_for", trust_for, "15m"),
     .help = "Age up to which an event is believed without asking Entra for the membership; "
             "\"always\", \"never\" or a duration"},
    {DURATION("memory.keep", engine.memory_keep_ms, "5m", 0, HOUR),
     .help = "How long a verification is remembered and settles events from before it; 0ms: never"},
    {DURATION("memory.margin", engine.memory_margin_ms, "60s", 0, HOUR),
     .help = "How much older than the verification an event must be; above clock differences and "
             "the lag of Graph"},
    {COUNT("memory.entries", engine.memory_entries, "100000", 0, 10000000),
     .help = "Verifications remembered at most"},

    /* --- failures --- */
    {DURATION("retry.deadline", engine.deadline_ms, "10m", SECOND, DAY),
     .help = "How long a user is tried before the event is kept for later; stands still while all "
             "wait for a service"},
    {DURATION("retry.backoff_base", engine.backoff_base_ms, "1s", 10 * MS, MINUTE),
     .help = "First span within which a failed call is tried again; doubles each time"},
    {DURATION("retry.backoff_cap", engine.backoff_cap_ms, "60s", 10 * MS, HOUR),
     .help = "Longest such span"},
    {DURATION("retry.refused_pause", engine.refused_pause_ms, "15s", 0, HOUR),
     .help = "How much longer a user who is refused (no licence yet) waits before being asked for "
             "again"},
    {DURATION("retry.probe", engine.probe_ms, "30s", 100 * MS, HOUR),
     .help = "How often an environment that is misconfigured is tried with one call"},
    {DURATION("retry.grace", engine.grace_ms, "2m", 0, DAY),
     .help = "How long an environment that is misconfigured holds its events before they go to the "
             "first retry topic"},

    /* --- lanes: what may be asked of the services --- */
    {FRACTION("lanes.share", engine.share, "0"),
     .help = "This worker's share of all ceilings; 0: as its share of the partitions"},
    {COUNT("lanes.dataverse_concurrency", engine.dataverse_concurrency, "52", 1, 1000),
     .help = "Requests to Dataverse at once, for each identity and environment"},
    {COUNT("lanes.dataverse_calls", engine.dataverse_calls, "6000", 0, 1000000),
     .help = "Requests to Dataverse in any lanes.dataverse_span; 0: no ceiling"},
    {DURATION("lanes.dataverse_execution", engine.dataverse_execution_ms, "20m", 0, DAY),
     .help = "Execution time of these requests in the same span; 0ms: no ceiling"},
    {DURATION("lanes.dataverse_span", engine.dataverse_span_ms, "5m", SECOND, HOUR),
     .help = "Span of the two ceilings above"},
    {COUNT("lanes.graph_concurrency", engine.graph_concurrency, "16", 1, 1000),
     .help = "Requests to Graph at once, for each identity"},
    {COUNT("lanes.graph_units", engine.graph_units, "3500", 0, 1000000),
     .help = "Resource units of Graph in any lanes.graph_span, as it counts them: a user 1, a check of "
             "memberships 4; 0: no ceiling"},
    {DURATION("lanes.graph_span", engine.graph_span_ms, "10s", SECOND, HOUR),
     .help = "Span of that ceiling"},
    {COUNT("lanes.bap_concurrency", engine.bap_concurrency, "4", 1, 1000),
     .help = "Force syncs at once, for each identity"},
    {COUNT("lanes.bap_calls", engine.bap_calls, "100", 0, 1000000),
     .help = "Force syncs in any lanes.bap_span; 0: no ceiling"},
    {DURATION("lanes.bap_span", engine.bap_span_ms, "60s", SECOND, HOUR),
     .help = "Span of that ceiling"},

    /* --- services: other clouds have other addresses --- */
    {NEEDED_TEXT("services.login_url", login_url, "https://login.microsoftonline.com"),
     .help = "Base URL of Entra's token endpoint"},
    {NEEDED_TEXT("services.graph_url", graph_url, "https://graph.microsoft.com"),
     .help = "Base URL of Microsoft Graph"},
    {NEEDED_TEXT("services.graph_scope", graph_scope, "https://graph.microsoft.com/.default"),
     .help = "Scope of the tokens for Graph"},
    {NEEDED_TEXT("services.bap_url", bap_url, "https://api.bap.microsoft.com"),
     .help = "Base URL of the Power Platform admin API"},
    {NEEDED_TEXT("services.bap_scope", bap_scope, "https://service.powerapps.com/.default"),
     .help = "Scope of the tokens for the admin API"},
    {NEEDED_TEXT("services.bap_api_version", bap_api_version, "2023-06-01"),
     .help = "Version of the admin API, its parameter api-version"},
    {BOOLEAN("http.allow_plain", allow_plain_http, "false"),
     .help = "Let base URLs be plain http to other machines too; tokens then travel readable"},
    {TEXT("http.ca_file", ca_file, ""),
     .help = "File of certificate authorities, PEM; none means the system's"},
    {SECRET("http.proxy", proxy), /* its URL may hold a password */
     .help = "Proxy for all services, a URL; none means direct, whatever the environment says"},
    {DURATION("http.connect_timeout", connect_timeout_ms, "10s", 100 * MS, 5 * MINUTE),
     .help = "How long a connection may take to stand"},
    {DURATION("http.request_timeout", request_timeout_ms, "60s", 100 * MS, 10 * MINUTE),
     .help = "How long a request may take in all"},
    {SIZE("http.max_response", max_response_bytes, "4MiB", 64 * KIB, 64 * MIB),
     .help = "Longest answer that is read"},
    {DURATION("http.max_connection_age", max_connection_ms, "10m", SECOND, DAY),
     .help = "Connections are made anew after this, to follow DNS and spread over servers"},

    /* --- the producer --- */
    {TEXT("producer.identity", producer.identity, ""),
     .help = "Identity as which the producer reads groups; none means the only one there is"},
    {DURATION("producer.poll", producer.poll_ms, "30s", SECOND, HOUR),
     .help = "How long after a group's changes were read they are asked for again, more or less"},
    {CHOICE("producer.initial", producer.initial, "all", initials),
     .help = "Members that a group has when it is first watched: an event each on <topic>.backfill, "
             "or only what changes from then on"},
    {COUNT("producer.max_events_per_round", producer.max_events_per_round, "0", 0, 100000000),
     .help = "A group with more changes at once is held until somebody lets it pass; 0: no guard"},
    {DURATION("producer.reconcile", producer.reconcile_ms, "0ms", 0, 365 * DAY),
     .help = "How often all present members are published on <topic>.backfill; 0ms: never"},
    {BOOLEAN("producer.transitive", producer.is_transitive, "false"),
     .help = "These and backfills include members of nested groups, which changes never do"},
    {TEXT("producer.conclude_after", producer.conclude_after, "15m"),
     .help = "How long after all members had to be read anew whoever is missing among them has left; "
             "\"never\" or a duration"},
    {COUNT("producer.attempts", producer.attempts, "8", 1, 1000),
     .help = "Failures in a row after which --once and --backfill give a group up"},
    {CHOICE("producer.transactions", producer.transactions, "auto", transactions),
     .help = "Whether events and the place reached are written in one transaction of Kafka; auto "
             "finds out whether the broker has them"},
    {NEEDED_TEXT("producer.group_id", producer.group_id, "dvsync-producer"),
     .help = "Consumer group of the producers, which decides who of them leads"},
    {DURATION("producer.session_timeout", producer.session_timeout_ms, "6s", SECOND, 30 * MINUTE),
     .help = "How long after a leader fell silent another one takes over; within the broker's "
             "group.min.session.timeout.ms and its maximum"},
    {TEXT("producer.admin_address", producer.admin_address, "127.0.0.1:9465"),
     .help = "Where the producer serves metrics, probes and status, host:port; none means nowhere"},

    /* --- log, admin endpoint, process --- */
    {CHOICE("log.format", log_format, "auto", log_formats),
     .help = "JSON lines, aligned text, or text on a terminal and JSON elsewhere"},
    {CHOICE("log.level", log_level, "info", log_levels),
     .help = "Least important lines that are written"},
    {COUNT("log.burst", log_burst, "20", 0, 1000),
     .help = "Lines of one message in any minute, the rest is counted; 0: no limit"},
    {BOOLEAN("log.values", engine.tells_values, "false"),
     .help = "Show the values that were written, which are personal data"},
    {TEXT("admin.address", admin_address, "127.0.0.1:9464"),
     .help = "Where metrics, probes and status are served, host:port; none means nowhere"},
    {DURATION("admin.stalled_after", stalled_ms, "30s", SECOND, HOUR),
     .help = "/healthz fails when the loop or the consumer was not served for so long"},
    {DURATION("shutdown.drain", drain_ms, "20s", 0, HOUR),
     .help = "How long running jobs may take to end after SIGTERM"},
    {BOOLEAN("shutdown.leave_group", leave_group, "false"),
     .help = "A member with a kafka.group_instance_id leaves the group for good at SIGTERM"},
    {.name = NULL},
};
/* clang-format on */
