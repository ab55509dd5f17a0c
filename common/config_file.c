/*
 * The settings file as libconfig's tree. It is read as bytes and looked through first
 * (config_scan.c), since libconfig swallows some mistakes. The root's hook leads from any node back
 * to the file, whose path faults name.
 *
 * libconfig owns the names config_init, config_read, config_destroy and more: a function of that name
 * here would take its place inside the library too.
 */
#include "config_node.h"

#include <stdlib.h>
#include <string.h>

#include <libconfig.h>

#include "config_scan.h"
#include "error.h"
#include "file.h"

enum { MAX_FILE_BYTES = 1024 * 1024 };

struct config {
    config_t tree;
    char *path;
};

const char *
config_library_version(void)
{
    static const char version[] = {'0' + LIBCONFIG_VER_MAJOR, '.', '0' + LIBCONFIG_VER_MINOR, '\0'};

    return version;
}

static int
parse(struct config *config, const struct text *bytes, struct error *ret_error)
{
    const char *source = bytes->length == 0 ? "" : bytes->data;

    if (config_scan(source, bytes->length, config->path, ret_error) != 0)
        return -1;
    if (config_read_string(&config->tree, source) != CONFIG_TRUE)
        return error_set(ret_error, ERROR_CONFIG, "%s:%d: %s", config->path,
                         config_error_line(&config->tree), config_error_text(&config->tree));
    config_setting_set_hook(config_root_setting(&config->tree), config);
    return 0;
}

static int
read_and_parse(struct config *config, struct error *ret_error)
{
    struct text bytes = TEXT_EMPTY;
    int result = file_read(config->path, MAX_FILE_BYTES, &bytes, ret_error);

    if (result == 0)
        result = parse(config, &bytes, ret_error);
    else if (ret_error != NULL)
        ret_error->class = ERROR_CONFIG; /* it is the operator's path */
    text_free(&bytes);
    return result;
}

struct config *
config_load(const char *path, struct error *ret_error)
{
    struct config *config = calloc(1, sizeof(*config));

    if (config == NULL) {
        error_set(ret_error, ERROR_MEMORY, "%s: no memory to read it", path);
        return NULL;
    }
    config_init(&config->tree);
    config->path = strdup(path);
    if (config->path == NULL) {
        error_set(ret_error, ERROR_MEMORY, "%s: no memory to read it", path);
        goto failed;
    }
    if (read_and_parse(config, ret_error) != 0)
        goto failed;
    return config;

failed:
    config_free(config);
    return NULL;
}

void
config_free(struct config *config)
{
    if (config == NULL)
        return;
    config_destroy(&config->tree);
    free(config->path);
    free(config);
}

const struct config_node *
config_root(const struct config *config)
{
    return (const struct config_node *)(const void *)config_root_setting(&config->tree);
}

const struct config_node *
config_block(const struct config *config, const char *name)
{
    return config_node_get(config_root(config), name);
}

const char *
config_path(const struct config *config)
{
    return config->path;
}
