/* URLs taken apart: path and query options, percent-decoded. No meaning is read into them. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "model_private.h"

size_t
model_url_origin_length(const char *text)
{
    const char *host = NULL;

    if (strncasecmp(text, "http://", 7) == 0)
        host = text + 7;
    else if (strncasecmp(text, "https://", 8) == 0)
        host = text + 8;
    if (host == NULL || *host == '\0')
        return 0;
    return (size_t)(host - text) + strcspn(host, "/?#");
}

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)tolower((unsigned char)c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static size_t
plain_run(const char *bytes, size_t length, bool plus_is_blank)
{
    size_t run = 0;

    while (run < length && bytes[run] != '%' && !(plus_is_blank && bytes[run] == '+'))
        run++;
    return run;
}

void
model_url_decode(struct text *text, const char *bytes, size_t length, bool plus_is_blank)
{
    size_t at = 0;

    text_reserve(text, length);
    while (at < length) {
        size_t run = plain_run(bytes + at, length - at, plus_is_blank);

        text_add_bytes(text, bytes + at, run);
        at += run;
        if (at == length)
            break;
        if (bytes[at] == '+') {
            text_add_char(text, ' ');
        } else if (length - at > 2 && hex_digit(bytes[at + 1]) >= 0 &&
                   hex_digit(bytes[at + 2]) >= 0) {
            text_add_char(text, (char)(hex_digit(bytes[at + 1]) * 16 + hex_digit(bytes[at + 2])));
            at += 2;
        } else {
            text_add_char(text, '%');
        }
        at++;
    }
}

/* Decodes one "name=value" behind the others, each ended by NUL. */
static void
add_option(struct url *url, const char *pair, size_t length)
{
    struct option *option = &url->options[url->option_count++];
    size_t name = strcspn(pair, "=&#") < length ? strcspn(pair, "=&#") : length;

    option->name_at = url->query.length;
    model_url_decode(&url->query, pair, name, true);
    text_add_char(&url->query, '\0');
    option->value_at = url->query.length;
    if (name < length)
        model_url_decode(&url->query, pair + name + 1, length - name - 1, true);
    option->length = url->query.length - option->value_at;
    text_add_char(&url->query, '\0');
}

/* Values without a NUL inside, and no name twice. */
static bool
check_options(const struct url *url)
{
    for (size_t i = 0; i < url->option_count; i++) {
        if (strlen(url->options[i].value) != url->options[i].length)
            return false;
        for (size_t k = 0; k < i; k++)
            if (strcasecmp(url->options[k].name, url->options[i].name) == 0)
                return false;
    }
    return true;
}

static bool
parse_query(struct url *url)
{
    const char *pair = url->raw_query;

    while (*pair != '\0') {
        size_t length = strcspn(pair, "&");

        if (url->option_count == URL_OPTIONS)
            return false;
        if (length > 0)
            add_option(url, pair, length);
        pair += length + (pair[length] == '&');
    }
    if (url->query.failed)
        return false;
    for (size_t i = 0; i < url->option_count; i++) {
        url->options[i].name = url->query.data + url->options[i].name_at;
        url->options[i].value = url->query.data + url->options[i].value_at;
    }
    return check_options(url);
}

bool
model_url_parse(struct url *url, const char *text)
{
    const char *path = text + model_url_origin_length(text);
    size_t length = strcspn(path, "?#");

    memset(url, 0, sizeof(*url));
    if (strchr(path, '#') != NULL)
        return false;
    url->raw_query = path[length] == '?' ? path + length + 1 : "";
    model_url_decode(&url->path, path, length, false);
    text_add_char(&url->path, '\0');
    if (url->path.failed || strlen(url->path.data) + 1 != url->path.length)
        return false;
    return parse_query(url);
}

void
model_url_free(struct url *url)
{
    text_free(&url->path);
    text_free(&url->query);
}

const struct option *
model_url_option(const struct url *url, const char *name)
{
    for (size_t i = 0; i < url->option_count; i++)
        if (strcasecmp(url->options[i].name, name) == 0)
            return &url->options[i];
    return NULL;
}
