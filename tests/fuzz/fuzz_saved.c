/* libFuzzer on saved states and marks: what is read is what is written again, links stay at home. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "error.h"
#include "json.h"
#include "mark.h"
#include "saved.h"
#include "text.h"
#include "url.h"

#define BASE "https://graph.test/v1.0/groups"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_page(const char *page)
{
    if (page != NULL && !url_is_below(page, BASE))
        abort();
}

static void
check_again(struct json_parser *parser, const struct saved *saved)
{
    struct text text = TEXT_EMPTY;
    struct saved again;
    struct error error;

    saved_write(saved, &text);
    if (text.failed || saved_read(parser, text.data, text.length, BASE, &again, &error) == -1)
        abort();
    if (!saved_equal(saved, &again))
        abort();
    saved_free(&again);
    text_free(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct json_parser *parser;
    const char *bytes = (const char *)data;
    struct saved saved;
    struct error error;

    if (parser == NULL)
        parser = json_parser_create(8, 1 << 16);
    if (parser == NULL)
        return 0;
    if (mark_read_value(parser, bytes, size) < 1)
        abort();
    if (saved_read(parser, bytes, size, BASE, &saved, &error) == -1)
        return 0;
    check_page(saved.page);
    check_page(saved.census_page);
    check_again(parser, &saved);
    saved_free(&saved);
    return 0;
}
