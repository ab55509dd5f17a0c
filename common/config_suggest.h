#ifndef CONFIG_SUGGEST_H
#define CONFIG_SUGGEST_H

#include <stddef.h>

/*
 * "did you mean …?" for a misspelt name: keeps the nearest of the names that were offered, by edit
 * distance. Private to config; no memory of its own.
 */

enum { CONFIG_SUGGEST_BYTES = 64 };

struct config_suggestion {
    const char *wanted;
    size_t distance; /* of the best one so far */
    char text[CONFIG_SUGGEST_BYTES + 24];
};

void config_suggestion_init(struct config_suggestion *suggestion, const char *wanted);
void config_suggestion_offer(struct config_suggestion *suggestion, const char *name);

/* "; did you mean ${name}?", or "" when nothing came near. */
const char *config_suggestion_text(const struct config_suggestion *suggestion);

#endif
