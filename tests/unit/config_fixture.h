#ifndef CONFIG_FIXTURE_H
#define CONFIG_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "config.h"
#include "error.h"

/*
 * For the tests of config: a table with one setting of each type, and a settings file under /tmp.
 */

struct config_target {
    char *servers;
    char *password;
    bool enabled;
    int64_t count;
    double ratio;
    int64_t interval_ms;
    int64_t limit_bytes;
    int format;
    char *inner_text;
    int64_t large;
    char *label;
};

extern const struct setting config_fixture_table[];
extern const char *const config_fixture_blocks[]; /* "routes" and "identities" */
extern char *const config_fixture_nothing[];      /* an environment without variables */

/* For cmocka: makes the file and removes it. */
extern char config_fixture_path[];
int config_fixture_setup(void **state);
int config_fixture_teardown(void **state);

void config_fixture_write(const char *text);

/* Writes and reads ${text}, which must be a settings file. */
struct config *config_fixture_load(const char *text);

/* Writes, reads and applies it, as config_apply says. */
int config_fixture_apply(const char *text, char *const *environment, struct config_target *target,
                         struct error *error);

/* The same, which must be accepted. */
void config_fixture_accept(const char *text, char *const *environment,
                           struct config_target *target);

/* The same, which must be refused in words that hold both texts; ${second} may be NULL. */
void config_fixture_refuse(const char *text, char *const *environment, const char *first,
                           const char *second);

/* A file with all that is required, and ${more} from line 2 on. Overwritten by the next call. */
const char *config_fixture_complete(const char *more);

#endif
