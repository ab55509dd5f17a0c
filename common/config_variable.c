/*
 * Walks the environment, not the table, so that a misspelt variable is a fault like a misspelt
 * member of the file: an override that does nothing is found at the start, not in an incident.
 */
#include "config_variable.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "config_suggest.h"
#include "config_value.h"
#include "error.h"
#include "file.h"

#define PREFIX "DVSYNC_"
#define FILE_SUFFIX "_FILE"

static char
variable_byte(char c)
{
    return c == '.' ? '_' : (char)toupper((unsigned char)c);
}

void
config_variable_name(const struct setting *setting, struct text *text)
{
    text_add(text, PREFIX);
    for (const char *c = setting->name; *c != '\0'; c++)
        text_add_char(text, variable_byte(*c));
}

/* True when ${variable}, of ${length} bytes behind the prefix, is the one of ${setting}. */
static bool
is_variable_of(const struct setting *setting, const char *variable, size_t length)
{
    if (strlen(setting->name) != length)
        return false;
    for (size_t i = 0; i < length; i++)
        if (variable_byte(setting->name[i]) != variable[i])
            return false;
    return true;
}

static const struct setting *
find_setting(const struct setting *table, const char *variable, size_t length)
{
    for (; table->name != NULL; table++)
        if (is_variable_of(table, variable, length))
            return table;
    return NULL;
}

/* The secret whose …_FILE ${variable} is; NULL: none. */
static const struct setting *
find_secret(const struct setting *table, const char *variable, size_t length)
{
    size_t suffix = strlen(FILE_SUFFIX);
    const struct setting *setting;

    if (length <= suffix || memcmp(variable + length - suffix, FILE_SUFFIX, suffix) != 0)
        return NULL;
    setting = find_setting(table, variable, length - suffix);
    return setting != NULL && setting->type == SETTING_SECRET ? setting : NULL;
}

/* --- what is none of ours --------------------------------------------------------------------- */

static const char *
find_in_name(const char *entry, size_t length, const char *part)
{
    return memmem(entry, length, part, strlen(part));
}

/*
 * In a namespace with a service dvsync-worker, Kubernetes gives every pod
 * DVSYNC_WORKER_SERVICE_HOST, …_SERVICE_PORT(_<NAME>), …_PORT=tcp://… and
 * …_PORT_<NUMBER>_<PROTOCOL>(_…), unless enableServiceLinks is switched off. No setting is called
 * so. ${entry} is "NAME=value", the name ${length} bytes of it.
 */
static bool
is_service_link(const char *entry, size_t length)
{
    const char *port = find_in_name(entry, length, "_PORT");

    if (find_in_name(entry, length, "_SERVICE_HOST") != NULL ||
        find_in_name(entry, length, "_SERVICE_PORT") != NULL)
        return true;
    if (port == NULL)
        return false;
    port += strlen("_PORT");
    if (*port == '=')
        return strstr(port, "://") != NULL;
    return port[0] == '_' && isdigit((unsigned char)port[1]);
}

static int
unknown_variable(const struct setting *table, const char *variable, size_t length,
                 struct error *ret_error)
{
    struct text wanted = TEXT_EMPTY;
    struct text offered = TEXT_EMPTY;
    struct config_suggestion suggestion;

    text_add_bytes(&wanted, variable, length);
    config_suggestion_init(&suggestion, wanted.failed ? "" : wanted.data);
    for (; table->name != NULL; table++) {
        text_clear(&offered);
        config_variable_name(table, &offered);
        if (!offered.failed)
            config_suggestion_offer(&suggestion, offered.data);
    }
    error_set(ret_error, ERROR_CONFIG, "the environment's %.*s: no such setting%s", (int)length,
              variable, config_suggestion_text(&suggestion));
    text_free(&wanted);
    text_free(&offered);
    return -1;
}

/* --- applying --------------------------------------------------------------------------------- */

/* ${source} says where ${value} came from. A secret is never refused, so it is never shown. */
static int
set_value(const struct setting *setting, const char *source, const char *value, void *target,
          struct error *ret_error)
{
    enum config_value_result result = config_value_read(setting, value, target);
    struct text accepted = TEXT_EMPTY;

    if (result == CONFIG_VALUE_SET)
        return 0;
    if (result == CONFIG_VALUE_NO_MEMORY)
        return error_set(ret_error, ERROR_MEMORY, "%s: no memory for it", setting->name);
    config_value_describe(setting, &accepted);
    error_set(ret_error, ERROR_CONFIG, "%s (%s): found \"%.60s\", accepted is %s", source,
              setting->name, value, accepted.failed ? "?" : accepted.data);
    text_free(&accepted);
    return -1;
}

static bool
is_given(const struct setting *setting, char *const *environment)
{
    size_t length = strlen(setting->name);

    for (; *environment != NULL; environment++)
        if (strncmp(*environment, PREFIX, strlen(PREFIX)) == 0 &&
            strcspn(*environment, "=") == strlen(PREFIX) + length &&
            is_variable_of(setting, *environment + strlen(PREFIX), length))
            return true;
    return false;
}

static int
apply_secret_file(const struct setting *setting, const char *path, char *const *environment,
                  void *target, struct error *ret_error)
{
    struct text secret = TEXT_EMPTY;
    int result = -1;

    if (is_given(setting, environment))
        return error_set(ret_error, ERROR_CONFIG,
                         "%s: both its variable and the one ending in " FILE_SUFFIX
                         " are set, accepted is one of them",
                         setting->name);
    if (file_read_secret(path, &secret, ret_error) == 0)
        result = set_value(setting, path, secret.length > 0 ? secret.data : "", target, ret_error);
    else if (ret_error != NULL) {
        error_prefix(ret_error, "the file of the secret %s", setting->name);
        ret_error->class = ERROR_CONFIG;
    }
    if (secret.data != NULL)
        explicit_bzero(secret.data, secret.capacity);
    text_free(&secret);
    return result;
}

static int
apply_variable(const struct setting *table, const char *entry, char *const *environment,
               void *target, struct error *ret_error)
{
    size_t length = strcspn(entry, "=");
    const char *name = entry + strlen(PREFIX);
    const char *value = entry[length] == '=' ? entry + length + 1 : "";
    const struct setting *setting = find_setting(table, name, length - strlen(PREFIX));
    const struct setting *secret = find_secret(table, name, length - strlen(PREFIX));
    char source[160];

    if (setting != NULL) {
        snprintf(source, sizeof(source), "the environment's %.*s", (int)length, entry);
        return set_value(setting, source, value, target, ret_error);
    }
    if (secret != NULL)
        return apply_secret_file(secret, value, environment, target, ret_error);
    if (is_service_link(entry, length))
        return 0;
    return unknown_variable(table, entry, length, ret_error);
}

int
config_variables_apply(const struct setting *table, char *const *environment, void *target,
                       struct error *ret_error)
{
    for (char *const *entry = environment; *entry != NULL; entry++)
        if (strncmp(*entry, PREFIX, strlen(PREFIX)) == 0 &&
            apply_variable(table, *entry, environment, target, ret_error) != 0)
            return -1;
    return 0;
}
