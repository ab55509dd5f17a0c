#ifndef EXPOSITION_H
#define EXPOSITION_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Reads Prometheus' text format 0.0.4, strictly, so that tests can say what is in an exposition and
 * not how it is spelt.
 */

enum { EXPOSITION_SAMPLES = 4096, EXPOSITION_NAME_BYTES = 96, EXPOSITION_LABELS_BYTES = 256 };

struct exposition_sample {
    char name[EXPOSITION_NAME_BYTES];
    char labels[EXPOSITION_LABELS_BYTES]; /* unescaped: "topic=a;partition=3;" */
    double value;
};

struct exposition {
    struct exposition_sample samples[EXPOSITION_SAMPLES];
    size_t count;
    char wrong[256]; /* what is wrong with it, and where; "": nothing */
};

/* False when ${text} is not in the format; ${exposition}->wrong says why. */
bool exposition_parse(const char *text, struct exposition *exposition);

/* The value of a sample; NaN when there is none. */
double exposition_value(const struct exposition *exposition, const char *name, const char *labels);
bool exposition_has(const struct exposition *exposition, const char *name, const char *labels);

#endif
