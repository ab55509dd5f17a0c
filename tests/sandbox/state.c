/* The file is written beside its place and then renamed. */
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "broker.h"
#include "error.h"
#include "json_writer.h"
#include "text.h"
#include "world.h"

static void
write_origins(struct json_writer *writer, const struct state *state)
{
    json_write_object(writer, "origins");
    json_write_string(writer, "control", state->control);
    json_write_string(writer, "login", state->login);
    json_write_string(writer, "bap", state->bap);
    json_write_string(writer, "graph", state->graph);
    json_write_object_end(writer);
}

static void
write_environments(struct json_writer *writer, const struct world *world)
{
    json_write_object(writer, "environments");
    for (const struct world_environment *environment = world_environments(world);
         environment != NULL; environment = environment->next)
        json_write_string(writer, environment->id,
                          *environment->origin == '\0' ? NULL : environment->origin);
    json_write_object_end(writer);
}

static void
write_kafka(struct json_writer *writer, const struct broker *broker)
{
    if (broker == NULL) {
        json_write_null(writer, "kafka");
        return;
    }
    json_write_object(writer, "kafka");
    json_write_string(writer, "bootstrap", broker_bootstrap(broker));
    json_write_string(writer, "topic", broker_topic(broker));
    json_write_boolean(writer, "mock", broker_is_mock(broker));
    json_write_object_end(writer);
}

void
state_write(const struct state *state, struct text *text)
{
    struct json_writer writer;

    json_writer_init(&writer, text);
    json_write_object(&writer, NULL);
    json_write_integer(&writer, "pid", getpid());
    write_origins(&writer, state);
    write_environments(&writer, state->world);
    write_kafka(&writer, state->broker);
    json_write_object_end(&writer);
    text_add_char(text, '\n');
}

/* Writes ${text} into a new file; false with errno set. */
static bool
write_file(const char *path, const struct text *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    bool is_written;

    if (fd < 0)
        return false;
    is_written = write(fd, text->data, text->length) == (ssize_t)text->length;
    return close(fd) == 0 && is_written;
}

int
state_save(const struct state *state, const char *path, struct error *ret_error)
{
    struct text beside = TEXT_EMPTY;
    struct text text = TEXT_EMPTY;
    int result = 0;

    text_addf(&beside, "%s.new", path);
    state_write(state, &text);
    if (beside.failed || text.failed)
        result = error_set(ret_error, ERROR_MEMORY, "no memory for the state file");
    else if (!write_file(beside.data, &text) || rename(beside.data, path) != 0)
        result = error_set(ret_error, ERROR_SYSTEM, "%s: %s", path, strerror(errno));
    text_free(&text);
    text_free(&beside);
    return result;
}
