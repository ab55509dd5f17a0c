/*
 * One function a production of the format. Beyond the grammar it asks what Prometheus asks: a TYPE
 * before a family's samples, families in one piece, no sample twice.
 */
#include "exposition.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

struct parser {
    const char *at;
    struct exposition *exposition;
    char family[EXPOSITION_NAME_BYTES]; /* of the last TYPE */
    char type[16];
    struct text seen; /* "\nfamily\n": each family that had a TYPE */
};

static bool
wrong(struct parser *parser, const char *what)
{
    snprintf(parser->exposition->wrong, sizeof(parser->exposition->wrong), "%s at \"%.60s\"", what,
             parser->at);
    return false;
}

static bool
take(struct parser *parser, const char *literal)
{
    size_t length = strlen(literal);

    if (strncmp(parser->at, literal, length) != 0)
        return false;
    parser->at += length;
    return true;
}

static bool
parse_name(struct parser *parser, char *name, size_t capacity)
{
    size_t length = 0;

    if (isdigit((unsigned char)*parser->at))
        return wrong(parser, "a name that begins with a digit");
    while (isalnum((unsigned char)*parser->at) || *parser->at == '_' || *parser->at == ':') {
        if (length + 1 >= capacity)
            return wrong(parser, "a long name");
        name[length++] = *parser->at++;
    }
    name[length] = '\0';
    return length > 0 || wrong(parser, "no name");
}

static bool
parse_help(struct parser *parser)
{
    char name[EXPOSITION_NAME_BYTES];

    if (!parse_name(parser, name, sizeof(name)))
        return false;
    parser->at += strcspn(parser->at, "\n");
    return take(parser, "\n") || wrong(parser, "no line end");
}

static bool
parse_type(struct parser *parser)
{
    char mark[EXPOSITION_NAME_BYTES + 2];

    if (!parse_name(parser, parser->family, sizeof(parser->family)))
        return false;
    snprintf(mark, sizeof(mark), "\n%s\n", parser->family);
    if (parser->seen.length > 0 && strstr(parser->seen.data, mark) != NULL)
        return wrong(parser, "a family in two pieces");
    text_add(&parser->seen, mark);
    if (!take(parser, " ") || !parse_name(parser, parser->type, sizeof(parser->type)))
        return wrong(parser, "no type");
    return take(parser, "\n") || wrong(parser, "no line end");
}

/* The quoted part of a label, unescaped, behind ${labels}. */
static bool
parse_label_value(struct parser *parser, char *labels, size_t *length)
{
    if (!take(parser, "=\""))
        return wrong(parser, "no =\"");
    while (*parser->at != '"') {
        char c = *parser->at++;

        if (c == '\0' || c == '\n')
            return wrong(parser, "a label without an end");
        if (c == '\\') {
            if (strchr("\\\"n", *parser->at) == NULL)
                return wrong(parser, "an unknown escape");
            c = *parser->at == 'n' ? '\n' : *parser->at;
            parser->at++;
        }
        if (*length + 2 >= EXPOSITION_LABELS_BYTES)
            return wrong(parser, "long labels");
        labels[(*length)++] = c;
    }
    parser->at++;
    return true;
}

static bool
parse_labels(struct parser *parser, char labels[EXPOSITION_LABELS_BYTES])
{
    size_t length = 0;

    labels[0] = '\0';
    if (!take(parser, "{"))
        return true;
    do {
        if (!parse_name(parser, labels + length, EXPOSITION_LABELS_BYTES - length))
            return false;
        length += strlen(labels + length);
        labels[length++] = '=';
        if (!parse_label_value(parser, labels, &length))
            return false;
        labels[length++] = ';';
        labels[length] = '\0';
    } while (take(parser, ","));
    return take(parser, "}") || wrong(parser, "no }");
}

/* `name`, or a histogram's `name_bucket`, `name_sum`, `name_count`. */
static bool
is_of_family(const struct parser *parser, const char *name)
{
    size_t length = strlen(parser->family);
    const char *rest = name + length;

    if (strncmp(name, parser->family, length) != 0)
        return false;
    if (strcmp(parser->type, "histogram") != 0)
        return *rest == '\0';
    return strcmp(rest, "_bucket") == 0 || strcmp(rest, "_sum") == 0 || strcmp(rest, "_count") == 0;
}

static bool
parse_value(struct parser *parser, double *value)
{
    char *end;

    if (!take(parser, " "))
        return wrong(parser, "no blank before the value");
    *value = strtod(parser->at, &end);
    if (end == parser->at)
        return wrong(parser, "no value");
    parser->at = end;
    return take(parser, "\n") || wrong(parser, "no line end");
}

static bool
parse_sample(struct parser *parser)
{
    struct exposition *exposition = parser->exposition;
    struct exposition_sample *sample = &exposition->samples[exposition->count];

    if (exposition->count == EXPOSITION_SAMPLES)
        return wrong(parser, "too many samples");
    if (!parse_name(parser, sample->name, sizeof(sample->name)))
        return false;
    if (!is_of_family(parser, sample->name))
        return wrong(parser, "a sample outside its family");
    if (!parse_labels(parser, sample->labels) || !parse_value(parser, &sample->value))
        return false;
    if (exposition_has(exposition, sample->name, sample->labels))
        return wrong(parser, "a sample that comes twice");
    exposition->count++;
    return true;
}

bool
exposition_parse(const char *text, struct exposition *exposition)
{
    struct parser parser = {.at = text, .exposition = exposition};
    bool is_right = true;

    exposition->count = 0;
    exposition->wrong[0] = '\0';
    while (is_right && *parser.at != '\0') {
        if (take(&parser, "# HELP "))
            is_right = parse_help(&parser);
        else if (take(&parser, "# TYPE "))
            is_right = parse_type(&parser);
        else
            is_right = parse_sample(&parser);
    }
    text_free(&parser.seen);
    return is_right;
}

static const struct exposition_sample *
find(const struct exposition *exposition, const char *name, const char *labels)
{
    for (size_t i = 0; i < exposition->count; i++)
        if (strcmp(exposition->samples[i].name, name) == 0 &&
            strcmp(exposition->samples[i].labels, labels) == 0)
            return &exposition->samples[i];
    return NULL;
}

double
exposition_value(const struct exposition *exposition, const char *name, const char *labels)
{
    const struct exposition_sample *sample = find(exposition, name, labels);

    return sample == NULL ? NAN : sample->value;
}

bool
exposition_has(const struct exposition *exposition, const char *name, const char *labels)
{
    return find(exposition, name, labels) != NULL;
}
