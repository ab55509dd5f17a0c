#ifndef PAGE_H
#define PAGE_H

#include <stdbool.h>

/* Pages of the admin endpoint that both programs answer with. */

struct admin_answer;
struct metrics;

/* ${text}, with 200 when ${is_ok} and else 503. */
void page_say(struct admin_answer *answer, bool is_ok, const char *text);
void page_metrics(struct admin_answer *answer, struct metrics *metrics);
/* 200, for a JSON body that the caller adds. */
void page_json(struct admin_answer *answer);

#endif
