#ifndef SETTINGS_FILE_H
#define SETTINGS_FILE_H

#include "settings.h"

/*
 * A configuration file for the tests of settings, under /tmp, which may be rewritten any number of
 * times.
 */

#define GROUP_1 "a3f1c0de-1111-4222-8333-444455556666"
#define GROUP_2 "b4e2d1cf-2222-4333-8444-555566667777"
#define ZERO "00000000-0000-0000-0000-000000000000"

/* Members of a right identity, environment and so on, so that a test can say one thing wrong. */
#define TENANT "tenant = \"aaaabbbb-0000-cccc-1111-dddd2222eeee\";"
#define CLIENT "client_id = \"11112222-bbbb-3333-cccc-4444dddd5555\";"
#define SECRET "secret_file = \"/run/secret\";"
#define ID "id = \"8f7d5b8e-0c1d-4e5f-9a3b-1c2d3e4f5a6b\";"
#define URL "url = \"https://contoso.crm4.dynamics.com\";"
#define IDENTITY "identity = \"main\";"
#define ATTRIBUTE "attribute = \"department\";"

/* For cmocka: makes the file and removes it. */
int settings_file_setup(void **state);
int settings_file_teardown(void **state);

/* The members of each block's list, a line of the file each; NULL: a right one. */
struct settings_blocks {
    const char *identities;   /* line 2 */
    const char *environments; /* line 3 */
    const char *recipes;      /* line 4 */
    const char *routes;       /* line 5 */
};

/* Puts a whole file into ${text}, in place of what is there. */
void settings_file_compose(const struct settings_blocks *blocks, struct text *text);

const char *settings_file_path(void);
void settings_file_write(const char *text);

/* Writes ${text} and loads it, without variables. Fails the test when it is refused. */
void settings_file_load(const char *text, struct settings *ret_settings);

/*
 * Writes ${text}, which must be refused as wrong, in a message that begins with the file's path, or
 * without it where ${expected} begins with '!', and goes on with ${expected} ("4: routes[0]: …").
 */
void settings_file_refuse(const char *text, char *const *environment, const char *expected);

#endif
