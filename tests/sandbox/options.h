#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

/* The command line of dvsync-sandbox, by one table from which --help follows as well. */

struct error;
struct text;

struct options {
    const char *listen;
    const char *name;
    const char *state;
    const char *world;
    const char *tls_certificate;
    const char *tls_key;
    const char *bootstrap;
    const char *topic;
    const char *retry;
    int64_t control_port;
    int64_t login_port;
    int64_t bap_port;
    int64_t graph_port;
    int64_t connections;
    int64_t seed;
    int64_t brokers;
    int64_t partitions;
    bool broker;
    bool help;
    bool help_control;
    bool version;
};

/* Fills ${ret_options}, whose texts are borrowed from ${argv}. Errors: ERROR_INPUT. */
int options_parse(int argc, char **argv, struct options *ret_options, struct error *ret_error)
    __attribute__((warn_unused_result));

void options_describe(struct text *text);

#endif
