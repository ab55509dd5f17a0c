#ifndef CONFIG_H
#define CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text.h"

/*
 * Settings: a table of scalars, from which the file's validation, the environment's overrides,
 * --help-config and --print-config follow; and a checked way through the file's lists for what is
 * no scalar. No other module includes libconfig's header.
 *
 * Precedence: default < file < environment. A setting "kafka.bootstrap_servers" is the member
 * bootstrap_servers of the file's group kafka and the variable DVSYNC_KAFKA_BOOTSTRAP_SERVERS; a
 * secret also takes …_FILE, the path of a file that holds it. Durations and sizes are texts with a
 * unit ("250ms" "30s" "15m" "6h" "7d"; "512B" "64KiB" "4MiB" "1GiB"), in the file and in the
 * environment alike.
 *
 * Every fault says file, line, setting, what was found, what is accepted (ERROR_CONFIG). The first
 * one is returned.
 */

struct config;      /* a file that was read */
struct config_node; /* a group, list, array or scalar in it; borrowed */
struct error;

enum setting_type {
    SETTING_STRING,   /* char * (owned by the target; "" when unset) */
    SETTING_SECRET,   /* char *, masked when printed */
    SETTING_BOOLEAN,  /* bool */
    SETTING_INTEGER,  /* int64_t, within minimum..maximum */
    SETTING_FRACTION, /* double, 0..1 */
    SETTING_DURATION, /* int64_t, milliseconds, within minimum..maximum */
    SETTING_SIZE,     /* int64_t, bytes, within minimum..maximum */
    SETTING_CHOICE,   /* int, index into choices */
};

/* One row. The table ends with a row whose name is NULL. */
struct setting {
    const char *name;
    enum setting_type type;
    size_t offset;        /* of the field in the target struct */
    const char *fallback; /* the default, as it would stand in the environment; NULL: "" */
    const char *help;     /* one line, without full stop */
    int64_t minimum;
    int64_t maximum;
    const char *const *choices; /* NULL-terminated */
    bool required;              /* "" is refused */
};

/*
 * Reads ${path} (libconfig's syntax, no @include). NULL with ${ret_error} filled. Not called
 * config_read and config_destroy: libconfig has functions of these names.
 */
struct config *config_load(const char *path, struct error *ret_error);
void config_free(struct config *config); /* NULL is allowed */

/*
 * Fills ${target} from defaults, ${config} (NULL: none) and ${environment} (as `environ`).
 * ${blocks}, NULL-terminated, names the file's top-level members that are read through config_node;
 * any other member that is in neither is refused with its line, and so is an unknown DVSYNC_…
 * variable. (Those that Kubernetes sets for a service named dvsync-… are passed over.)
 *
 * 0, or -1 with ${ret_error} filled; in both cases ${target} is to be ended with config_release.
 */
int config_apply(const struct setting *table, const struct config *config,
                 const char *const *blocks, char *const *environment, void *target,
                 struct error *ret_error) __attribute__((warn_unused_result));

/* Frees the strings of ${target}, secrets overwritten. A target of zeroes is allowed. */
void config_release(const struct setting *table, void *target);

/* --help-config: name, unit, range, default, help; one block a setting. */
void config_help(const struct setting *table, struct text *text);

/*
 * --print-config: the settings in force in the file's own syntax, so that it can be read back; but
 * for secrets, which are masked.
 */
void config_print(const struct setting *table, const void *target, struct text *text);

/* A text in quotes as the file wants it, for printing what is no scalar. */
void config_print_string(const char *string, struct text *text);

/* The same conversion that the table uses, for values in blocks: "30s", "4MiB". False: unreadable. */
bool config_parse_duration(const char *text, int64_t *ret_ms);
bool config_parse_size(const char *text, int64_t *ret_bytes);
void config_print_duration(int64_t ms, struct text *text); /* "15m": reads back as the same */

/* The version of libconfig this was built with, e.g. "1.5". */
const char *config_library_version(void);

/* --- what is no scalar ------------------------------------------------------------------------ */

/* The list, array or group ${name} at the top; NULL: absent. */
const struct config_node *config_block(const struct config *config, const char *name);

size_t config_node_count(const struct config_node *node);
const struct config_node *config_node_at(const struct config_node *node, size_t index);

/* NULL: absent, or ${group} is none. */
const struct config_node *config_node_get(const struct config_node *group, const char *name);

/* Refuses any member of ${group} whose name is not among ${names} (NULL-terminated). */
int config_node_only(const struct config_node *group, const char *const *names,
                     struct error *ret_error) __attribute__((warn_unused_result));

/* Refuses a node that is not a group / a list or array. ${what} names it in the message. */
int config_node_is_group(const struct config_node *node, const char *what, struct error *ret_error)
    __attribute__((warn_unused_result));
int config_node_is_list(const struct config_node *node, const char *what, struct error *ret_error)
    __attribute__((warn_unused_result));

/*
 * The member ${name} as a string (borrowed from the file). Absent: *${ret} is ${fallback}; when
 * that is NULL, absence is a fault.
 */
int config_node_string(const struct config_node *group, const char *name, const char *fallback,
                       const char **ret, struct error *ret_error)
    __attribute__((warn_unused_result));

/* What config_node_integer takes; without a ${fallback} absence is a fault. */
struct config_integer {
    int64_t minimum;
    int64_t maximum;
    const int64_t *fallback;
};

int config_node_integer(const struct config_node *group, const char *name,
                        const struct config_integer *accepted, int64_t *ret,
                        struct error *ret_error) __attribute__((warn_unused_result));

int config_node_boolean(const struct config_node *group, const char *name, bool fallback, bool *ret,
                        struct error *ret_error) __attribute__((warn_unused_result));

/* The index into ${choices} (NULL-terminated). A negative ${fallback}: absence is a fault. */
int config_node_choice(const struct config_node *group, const char *name,
                       const char *const *choices, int fallback, int *ret, struct error *ret_error)
    __attribute__((warn_unused_result));

/* The node itself as a string (a member of an array). */
int config_node_text(const struct config_node *node, const char **ret, struct error *ret_error)
    __attribute__((warn_unused_result));

/* Fills ${ret_error} with file, line, place and a printf text about ${node}. Returns -1. */
int config_node_fault(const struct config_node *node, struct error *ret_error, const char *format,
                      ...) __attribute__((format(printf, 3, 4)));

#endif
