/*
 * The host is what stands between "//" and the next colon, slash, question mark, hash or end, and may
 * hold only characters of host names: an "@", "\" or "%" before the path therefore ends the reading.
 */
#include "url.h"

#include <string.h>
#include <strings.h>

enum { HTTP_PORT = 80, HTTPS_PORT = 443, HIGHEST_PORT = 65535 };

static bool
is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool
is_name_character(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '.' || c == '_';
}

static bool
is_address_character(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
}

static bool
is_clean(const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c <= 0x20 || c == 0x7F || c == '\\')
            return false;
    }
    return true;
}

/* Reads the scheme with "://"; returns what is behind it, or NULL. */
static const char *
read_scheme(const char *text, struct url *url)
{
    url->is_https = strncasecmp(text, "https://", 8) == 0;
    if (url->is_https)
        return text + 8;
    return strncasecmp(text, "http://", 7) == 0 ? text + 7 : NULL;
}

/* The same for the host. */
static const char *
read_host(const char *text, struct url *url)
{
    const char *end = text;

    if (*text == '[') {
        for (end++; is_address_character(*end); end++)
            ;
        if (*end++ != ']')
            return NULL;
    } else {
        while (is_name_character(*end))
            end++;
    }
    url->host = text;
    url->host_length = (size_t)(end - text);
    return url->host_length > 0 ? end : NULL;
}

/* The same for the port, if there is one. */
static const char *
read_port(const char *text, struct url *url)
{
    int port = 0;

    url->port = url->is_https ? HTTPS_PORT : HTTP_PORT;
    if (*text != ':')
        return text;
    for (text++; is_digit(*text); text++) {
        port = port * 10 + (*text - '0');
        if (port > HIGHEST_PORT)
            return NULL;
    }
    url->port = port;
    return port > 0 ? text : NULL;
}

bool
url_parse(const char *text, struct url *ret_url)
{
    struct url url;
    const char *rest;

    if (!is_clean(text))
        return false;
    rest = read_scheme(text, &url);
    if (rest != NULL)
        rest = read_host(rest, &url);
    if (rest != NULL)
        rest = read_port(rest, &url);
    if (rest == NULL || strchr("/?#", *rest) == NULL) /* its NUL, the end, is found too */
        return false;
    url.rest = rest;
    *ret_url = url;
    return true;
}

bool
url_same_origin(const struct url *a, const struct url *b)
{
    return a->is_https == b->is_https && a->port == b->port && a->host_length == b->host_length &&
           strncasecmp(a->host, b->host, a->host_length) == 0;
}

/* Between slashes nothing but one or two dots. */
static bool
has_dot_segment(const char *path, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        size_t segment = i + 1;

        if (path[i] != '/')
            continue;
        while (segment < length && path[segment] == '.' && segment - i <= 2)
            segment++;
        if (segment > i + 1 && (segment == length || path[segment] == '/'))
            return true;
    }
    return false;
}

bool
url_is_below(const char *text, const char *base)
{
    struct url url, base_url;
    size_t path_length, base_length;

    if (!url_parse(text, &url) || !url_parse(base, &base_url) || !url_same_origin(&url, &base_url))
        return false;
    path_length = strcspn(url.rest, "?");
    base_length = strlen(base_url.rest);
    if (strncasecmp(url.rest, base_url.rest, base_length) != 0 ||
        (base_length < path_length && strchr("/(", url.rest[base_length]) == NULL))
        return false;
    return strchr(url.rest, '#') == NULL && memchr(url.rest, '%', path_length) == NULL &&
           !has_dot_segment(url.rest, path_length);
}

static bool
is_host(const struct url *url, const char *name)
{
    return url->host_length == strlen(name) && strncasecmp(url->host, name, strlen(name)) == 0;
}

/* Reads 0 to 255 without leading zeros, up to ${end}; returns what is behind it, or NULL. */
static const char *
read_byte(const char *text, const char *end, int *ret_byte)
{
    const char *digits = text;
    int byte = 0;

    while (text < end && is_digit(*text) && byte <= 255)
        byte = byte * 10 + (*text++ - '0');
    if (text == digits || byte > 255 || (*digits == '0' && text - digits > 1))
        return NULL;
    *ret_byte = byte;
    return text;
}

/* Four decimal parts of which the first is 127: names like 127.example.org are none. */
static bool
is_loopback_address(const struct url *url)
{
    const char *end = url->host + url->host_length;
    const char *at = url->host;
    int bytes[4];

    for (int i = 0; i < 4; i++) {
        if (i > 0 && (at == end || *at++ != '.'))
            return false;
        at = read_byte(at, end, &bytes[i]);
        if (at == NULL)
            return false;
    }
    return at == end && bytes[0] == 127;
}

bool
url_is_loopback(const struct url *url)
{
    return is_host(url, "localhost") || is_host(url, "[::1]") || is_loopback_address(url);
}
