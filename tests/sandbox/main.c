/*
 * dvsync-sandbox: a double of the four services and a Kafka on this machine, for newcomers and tests.
 * Says where everything listens and turns the loop until SIGTERM or SIGINT.
 *
 * Exit codes: 0 ended by a signal; 64 a bad command line; 65 a bad world file; 69 a part could not be
 * started; 71 the operating system refused something.
 */
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sysexits.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>
#include <microhttpd.h>

#include "control.h"
#include "error.h"
#include "options.h"
#include "sandbox.h"
#include "server.h"
#include "text.h"

enum { TURN_MS = 1000 };

static int
print(void (*describe)(struct text *text))
{
    struct text text = TEXT_EMPTY;

    describe(&text);
    if (!text.failed)
        fputs(text.data, stdout);
    text_free(&text);
    return EX_OK;
}

static void
describe_version(struct text *text)
{
    text_addf(text, "dvsync-sandbox %s, librdkafka %s, libmicrohttpd %s\n", DVSYNC_VERSION,
              rd_kafka_version_str(), MHD_get_version());
}

static int
fail(const struct error *error, int code)
{
    fprintf(stderr, "dvsync-sandbox: %s\n", error->text);
    return code;
}

/* As many descriptors as we may have: each connection is one. */
static void
raise_limits(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* Takes SIGTERM and SIGINT from all threads, also those that libraries start, into a descriptor. */
static int
take_signals(void)
{
    sigset_t signals;

    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    if (sigprocmask(SIG_BLOCK, &signals, NULL) != 0)
        return -1;
    return signalfd(-1, &signals, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void
end(void *arg)
{
    *(bool *)arg = true;
}

static int
run(const struct options *options)
{
    struct text text = TEXT_EMPTY;
    struct sandbox *sandbox;
    struct error error;
    bool is_ending = false;
    int signals = take_signals();

    if (signals < 0)
        return EX_OSERR;
    sandbox = sandbox_create(options, &error);
    if (sandbox == NULL)
        return fail(&error, error.class == ERROR_INPUT ? EX_DATAERR : EX_UNAVAILABLE);
    sandbox_describe(sandbox, &text);
    printf("%s", text.failed ? "" : text.data);
    fflush(stdout);
    text_free(&text);
    is_ending = !server_watch(sandbox_server(sandbox), signals, end, &is_ending);
    while (!is_ending)
        server_turn(sandbox_server(sandbox), TURN_MS);
    sandbox_destroy(sandbox);
    close(signals);
    return EX_OK;
}

int
main(int argc, char **argv)
{
    struct options options;
    struct error error;

    if (options_parse(argc, argv, &options, &error) != 0)
        return fail(&error, EX_USAGE);
    if (options.help)
        return print(options_describe);
    if (options.help_control)
        return print(control_describe);
    if (options.version)
        return print(describe_version);
    raise_limits();
    return run(&options);
}
