#ifndef OPTIONS_H
#define OPTIONS_H

/*
 * The command line of dvsync-worker: one table of options, from which parsing and --help follow.
 * Secrets have no place on it.
 */

enum options_mode {
    OPTIONS_RUN,
    OPTIONS_CHECK_CONFIG,
    OPTIONS_PRINT_CONFIG,
    OPTIONS_HELP_CONFIG,
    OPTIONS_VERSION,
    OPTIONS_HELP,
};

struct options {
    enum options_mode mode;
    const char *config_path; /* NULL: no file, the environment only */
};

/* Reads the command line. -1 for what it does not know, which was said on stderr. */
int options_parse(int argc, char **argv, struct options *ret_options)
    __attribute__((warn_unused_result));

void options_print_help(void);

#endif
