/*
 * libFuzzer on the decoder of events: the first byte, a digit, chooses whether the rest is a value (3)
 * or a header (0 to 2).
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "event.h"
#include "json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char good[] = "{\"group\":\"0f8fad5b-d9cb-469f-a165-70867728950e\","
                           "\"user\":\"7c9e6679-7425-40de-944b-e07fc1f90ae7\","
                           "\"change\":\"added\"}";

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"ce_time", "ce_specversion", "version"};
    static struct json_parser *parser;
    struct kafka_header header;
    struct message message = {0};
    struct event event = {.change = EVENT_ADDED};
    struct error error = {.class = ERROR_NONE};
    int choice;

    if (parser == NULL)
        parser = json_parser_create(EVENT_MAX_DEPTH, EVENT_MAX_BYTES);
    if (parser == NULL || size == 0)
        return 0;
    choice = (uint8_t)(data[0] - '0') % 4;
    message.value = (const char *)data + 1;
    message.value_length = size - 1;
    if (choice < 3) {
        header = (struct kafka_header){names[choice], message.value, message.value_length};
        message.headers = &header;
        message.header_count = 1;
        message.value = good;
        message.value_length = sizeof(good) - 1;
    }
    if (event_decode(parser, &message, &event, &error) == -1 && error.class != ERROR_INPUT)
        abort();
    return 0;
}
