/*
 * The two lists of plain texts: librdkafka's properties, of which only the syntax is looked at here
 * (worker/kafka knows the rest), and the texts by which the admin API refuses a user.
 */
#include "settings_private.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "error.h"

#define PASSWORD_PROPERTY "sasl.password="

enum { TEXT_AT_MOST = 64 * 1024 }; /* a certificate chain fits */

/*
 * Found in a 400 of addUser, they mean that Entra has not replicated everything yet: the user is
 * asked for again later. The first is what Microsoft's own Terraform provider waits for.
 */
static const char *const standard_refusals[] = {
    "userNotLicensed",
    "UserNotMemberOfCdsSecurityGroup",
    "security group",
    NULL,
};

void
settings_free_list(char **list)
{
    for (char **text = list; text != NULL && *text != NULL; text++) {
        explicit_bzero(*text, strlen(*text)); /* may hold a password */
        free(*text);
    }
    free(list);
}

static size_t
count_of(char *const *list)
{
    size_t count = 0;

    while (list != NULL && list[count] != NULL)
        count++;
    return count;
}

/* Adds a copy of ${text} to the NULL-terminated ${list}. */
static int
append(char ***list, const char *text, struct error *ret_error)
{
    size_t count = count_of(*list);
    char **grown = settings_grow(*list, count + 1, sizeof(char *));

    if (grown == NULL)
        return settings_no_memory(ret_error);
    *list = grown;
    return settings_copy(text, &grown[count], ret_error);
}

/* How long the name of "name=value" is; 0: it is no such text. */
static size_t
length_of_name(const char *property)
{
    size_t length = strspn(property, "abcdefghijklmnopqrstuvwxyz0123456789._");

    return property[length] == '=' ? length : 0;
}

static bool
has_property(char *const *properties, const char *name, size_t length)
{
    for (; properties != NULL && *properties != NULL; properties++) {
        if (length_of_name(*properties) == length && strncmp(*properties, name, length) == 0)
            return true;
    }
    return false;
}

bool
settings_is_secret_property(const char *property)
{
    static const char *const parts[] = {"password", "secret",  "private",
                                        "jaas",     "key.pem", "oauthbearer.config"};
    size_t length = length_of_name(property);

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (memmem(property, length, parts[i], strlen(parts[i])) != NULL)
            return true;
    }
    return false;
}

/* What was found is not shown: it may be a password without its name. */
static int
read_property(const struct config_node *node, char ***properties, struct error *ret_error)
{
    const char *property;
    size_t length;

    if (config_node_text(node, &property, ret_error) == -1)
        return -1;
    length = length_of_name(property);
    if (length == 0 || strlen(property) > TEXT_AT_MOST)
        return config_node_fault(node, ret_error,
                                 "found something else, accepted is \"name=value\" with a property "
                                 "of librdkafka");
    if (has_property(*properties, property, length))
        return config_node_fault(node, ret_error, "the property %.*s is there already", (int)length,
                                 property);
    return append(properties, property, ret_error);
}

static int
read_properties(const struct config_node *block, char ***properties, struct error *ret_error)
{
    if (block == NULL)
        return 0;
    if (config_node_is_list(block, "texts \"name=value\"", ret_error) == -1)
        return -1;
    for (size_t i = 0; i < config_node_count(block); i++) {
        if (read_property(config_node_at(block, i), properties, ret_error) == -1)
            return -1;
    }
    return 0;
}

static int
add_password(const struct config_node *block, struct settings *settings, struct error *ret_error)
{
    struct text property = TEXT_EMPTY;
    int result = -1;

    if (settings->sasl_password[0] == '\0')
        return 0;
    if (has_property(settings->kafka_properties, PASSWORD_PROPERTY, strlen(PASSWORD_PROPERTY) - 1))
        return config_node_fault(block, ret_error,
                                 "sasl.password stands here and in kafka.sasl_password, accepted "
                                 "is one of them");
    text_add(&property, PASSWORD_PROPERTY);
    text_add(&property, settings->sasl_password);
    if (property.failed || property.data == NULL)
        (void)settings_no_memory(ret_error);
    else
        result = append(&settings->kafka_properties, property.data, ret_error);
    if (property.data != NULL)
        explicit_bzero(property.data, property.capacity);
    text_free(&property);
    return result;
}

static int
read_refusal(const struct config_node *node, char ***refusals, struct error *ret_error)
{
    const char *refusal;

    if (config_node_text(node, &refusal, ret_error) == -1)
        return -1;
    if (refusal[0] == '\0')
        return config_node_fault(node, ret_error,
                                 "found \"\", which is part of every text; accepted is a part of "
                                 "what the admin API answers");
    return append(refusals, refusal, ret_error);
}

static int
read_refusals(const struct config_node *block, char ***refusals, struct error *ret_error)
{
    if (block == NULL) {
        for (const char *const *refusal = standard_refusals; *refusal != NULL; refusal++) {
            if (append(refusals, *refusal, ret_error) == -1)
                return -1;
        }
        return 0;
    }
    if (config_node_is_list(block, "texts", ret_error) == -1)
        return -1;
    for (size_t i = 0; i < config_node_count(block); i++) {
        if (read_refusal(config_node_at(block, i), refusals, ret_error) == -1)
            return -1;
    }
    return 0;
}

/* An empty list is a list: the programs need not ask for NULL. */
static int
begin(char ***list, struct error *ret_error)
{
    *list = settings_grow(NULL, 0, sizeof(char *));
    return *list == NULL ? settings_no_memory(ret_error) : 0;
}

int
settings_read_lists(const struct config *config, struct settings *settings, struct error *ret_error)
{
    const struct config_node *properties = settings_block(config, "kafka_properties");

    if (begin(&settings->kafka_properties, ret_error) == -1 ||
        begin(&settings->refusals, ret_error) == -1)
        return -1;
    if (read_properties(properties, &settings->kafka_properties, ret_error) == -1 ||
        add_password(properties, settings, ret_error) == -1)
        return -1;
    return read_refusals(settings_block(config, "bap_refusals"), &settings->refusals, ret_error);
}
