/* Values are JSON already, keys and headers texts. */
#include "print.h"

#include <stdio.h>

#include "feed.h"
#include "json_writer.h"
#include "text.h"

static void
add_headers(struct json_writer *writer, const struct feed_record *record)
{
    json_write_object(writer, "headers");
    for (size_t i = 0; i < record->header_count; i++)
        json_write_bytes(writer, record->headers[i].name, record->headers[i].value,
                         record->headers[i].length);
    json_write_object_end(writer);
}

static void
add_record(struct text *text, const struct feed_record *record, const char *topic)
{
    struct json_writer writer;

    json_writer_init(&writer, text);
    json_write_object(&writer, NULL);
    json_write_string(&writer, "topic", topic);
    json_write_bytes(&writer, "key", record->key, record->key_length);
    json_write_integer(&writer, "timestamp", record->timestamp_ms);
    add_headers(&writer, record);
    json_write_raw(&writer, "value", record->value, record->value_length);
    json_write_object_end(&writer);
    text_add_char(text, '\n');
}

void
print_batch(const struct feed_batch *batch, char *const *topics)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct feed_record *record = &batch->records[i];
        struct text text = TEXT_EMPTY;

        if (record->topic == FEED_STATE || record->value == NULL)
            continue;
        add_record(&text, record, topics[record->topic]);
        if (!text.failed)
            (void)fwrite(text.data, 1, text.length, stdout);
        text_free(&text);
    }
    (void)fflush(stdout);
}
