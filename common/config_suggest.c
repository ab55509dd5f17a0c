/* Levenshtein's distance with one row of the table, on names short enough for the stack. */
#include "config_suggest.h"

#include <stdio.h>
#include <string.h>

enum { MAX_DISTANCE = 3 };

static size_t
least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;

    return ab < c ? ab : c;
}

/* Both shorter than CONFIG_SUGGEST_BYTES. */
static size_t
edit_distance(const char *a, const char *b)
{
    size_t row[CONFIG_SUGGEST_BYTES];
    size_t length = strlen(b);

    for (size_t j = 0; j <= length; j++)
        row[j] = j;
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];

        row[0] = i + 1;
        for (size_t j = 0; j < length; j++) {
            size_t above = row[j + 1];

            row[j + 1] = least(above + 1, row[j] + 1, diagonal + (a[i] != b[j]));
            diagonal = above;
        }
    }
    return row[length];
}

void
config_suggestion_init(struct config_suggestion *suggestion, const char *wanted)
{
    /* of a short name little is left after three changes; two letters swapped are two of them */
    size_t half = strlen(wanted) / 2;

    suggestion->wanted = wanted;
    suggestion->distance = (half < MAX_DISTANCE ? half : MAX_DISTANCE) + 1;
    suggestion->text[0] = '\0';
}

void
config_suggestion_offer(struct config_suggestion *suggestion, const char *name)
{
    size_t distance;

    if (strlen(name) >= CONFIG_SUGGEST_BYTES || strlen(suggestion->wanted) >= CONFIG_SUGGEST_BYTES)
        return;
    distance = edit_distance(suggestion->wanted, name);
    if (distance >= suggestion->distance)
        return;
    suggestion->distance = distance;
    snprintf(suggestion->text, sizeof(suggestion->text), "; did you mean %s?", name);
}

const char *
config_suggestion_text(const struct config_suggestion *suggestion)
{
    return suggestion->text;
}
