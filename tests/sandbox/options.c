/* getopt_long over a table that is made from ours. */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "text.h"

enum option_type { OPTION_FLAG, OPTION_STRING, OPTION_NUMBER };

struct row {
    const char *name;
    enum option_type type;
    const char *argument; /* as --help shows it */
    size_t offset;
    const char *help;
    int64_t minimum;
    int64_t maximum;
};

#define AT(member) offsetof(struct options, member)

static const struct row rows[] = {
    {"listen", OPTION_STRING, "ADDRESS", AT(listen), "IPv4 address to listen on (127.0.0.1)", 0, 0},
    {"name", OPTION_STRING, "HOST", AT(name), "host in the origins' URLs (the address)", 0, 0},
    {"control-port", OPTION_NUMBER, "PORT", AT(control_port), "of the control API (any)", 0,
     UINT16_MAX},
    {"login-port", OPTION_NUMBER, "PORT", AT(login_port), "of the token endpoint (any)", 0,
     UINT16_MAX},
    {"bap-port", OPTION_NUMBER, "PORT", AT(bap_port), "of the admin API (any)", 0, UINT16_MAX},
    {"graph-port", OPTION_NUMBER, "PORT", AT(graph_port), "of Graph (any)", 0, UINT16_MAX},
    {"connections", OPTION_NUMBER, "N", AT(connections), "at most, per port (4096)", 1, 60000},
    {"tls-cert", OPTION_STRING, "FILE", AT(tls_certificate),
     "PEM; the services then speak TLS, the control API does not", 0, 0},
    {"tls-key", OPTION_STRING, "FILE", AT(tls_key), "PEM, its key", 0, 0},
    {"state", OPTION_STRING, "FILE", AT(state),
     "kept up to date with what is printed at the start: where everything listens", 0, 0},
    {"world", OPTION_STRING, "FILE", AT(world), "JSON, what is there at the start", 0, 0},
    {"seed", OPTION_NUMBER, "N", AT(seed), "of latencies and ids (1)", 0, INT64_MAX},
    {"broker", OPTION_FLAG, NULL, AT(broker), "runs a Kafka in this process", 0, 0},
    {"brokers", OPTION_NUMBER, "N", AT(brokers), "of the Kafka in this process (1)", 1, 9},
    {"bootstrap", OPTION_STRING, "HOST:PORT", AT(bootstrap),
     "publishes to a Kafka that runs elsewhere", 0, 0},
    {"topic", OPTION_STRING, "NAME", AT(topic),
     "made with .backfill and .dlq beside it (dvsync.members)", 0, 0},
    {"retry", OPTION_STRING, "DELAYS", AT(retry),
     "and .retry.DELAY for each of these (15m,6h); \"\" for none", 0, 0},
    {"partitions", OPTION_NUMBER, "N", AT(partitions), "of each topic (6)", 1, 1000},
    {"help", OPTION_FLAG, NULL, AT(help), "this page", 0, 0},
    {"help-control", OPTION_FLAG, NULL, AT(help_control),
     "the control API: routes, collections, settings", 0, 0},
    {"version", OPTION_FLAG, NULL, AT(version), "prints the version", 0, 0},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

static const struct options defaults = {
    .listen = "127.0.0.1",
    .topic = "dvsync.members",
    .retry = "15m,6h",
    .connections = 4096,
    .seed = 1,
    .brokers = 1,
    .partitions = 6,
};

static int
read_number(const struct row *row, const char *text, int64_t *ret_number, struct error *ret_error)
{
    char *end;
    long long number;

    errno = 0;
    number = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || number < row->minimum || number > row->maximum)
        return error_set(ret_error, ERROR_INPUT, "--%s takes a number in %lld..%lld; found: \"%s\"",
                         row->name, (long long)row->minimum, (long long)row->maximum, text);
    *ret_number = number;
    return 0;
}

static int
store(const struct row *row, const char *text, struct options *options, struct error *ret_error)
{
    void *place = (char *)options + row->offset;

    switch (row->type) {
    case OPTION_FLAG:
        *(bool *)place = true;
        return 0;
    case OPTION_STRING:
        *(const char **)place = text;
        return 0;
    case OPTION_NUMBER:
        return read_number(row, text, place, ret_error);
    }
    return 0;
}

static int
check_together(const struct options *options, struct error *ret_error)
{
    if ((options->tls_certificate == NULL) != (options->tls_key == NULL))
        return error_set(ret_error, ERROR_INPUT, "--tls-cert and --tls-key go together");
    if (options->broker && options->bootstrap != NULL)
        return error_set(ret_error, ERROR_INPUT, "--broker and --bootstrap exclude each other");
    return 0;
}

int
options_parse(int argc, char **argv, struct options *ret_options, struct error *ret_error)
{
    struct option table[ROWS + 1] = {0};
    struct options options = defaults;
    int index;
    int found;

    for (size_t i = 0; i < ROWS; i++) {
        table[i].name = rows[i].name;
        table[i].has_arg = rows[i].type == OPTION_FLAG ? no_argument : required_argument;
    }
    opterr = 0;
    while ((found = getopt_long(argc, argv, ":", table, &index)) != -1) {
        if (found != 0)
            return error_set(ret_error, ERROR_INPUT, "%s: %s", argv[optind - 1],
                             found == ':' ? "an argument is missing" : "no such option");
        if (store(&rows[index], optarg, &options, ret_error) != 0)
            return -1;
    }
    if (optind < argc)
        return error_set(ret_error, ERROR_INPUT, "\"%s\" is not wanted here", argv[optind]);
    if (options.name == NULL)
        options.name = options.listen;
    if (check_together(&options, ret_error) != 0)
        return -1;
    *ret_options = options;
    return 0;
}

void
options_describe(struct text *text)
{
    text_add(text,
             "usage: dvsync-sandbox [--broker | --bootstrap HOST:PORT] [option ...]\n\n"
             "Serves a double of Entra's token endpoint, the Power Platform admin API, Microsoft\n"
             "Graph and Dataverse over HTTP, on one origin each, with an in-process Kafka beside\n"
             "them. What is in it, and what goes wrong in it, is said through a control API.\n"
             "Nothing in it is secret or safe: keep it on a machine of your own.\n\n");
    for (size_t i = 0; i < ROWS; i++) {
        size_t start = text->length;

        text_addf(text, "  --%s %s", rows[i].name,
                  rows[i].argument == NULL ? "" : rows[i].argument);
        while (text->length < start + 26 && !text->failed)
            text_add_char(text, ' ');
        text_addf(text, "%s\n", rows[i].help);
    }
}
