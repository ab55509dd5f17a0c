/* Status and content type; the words are the programs'. */
#include "page.h"

#include "admin.h"
#include "metrics.h"

enum { HTTP_STATUS_OK = 200, HTTP_STATUS_UNAVAILABLE = 503 };

void
page_say(struct admin_answer *answer, bool is_ok, const char *text)
{
    answer->status = is_ok ? HTTP_STATUS_OK : HTTP_STATUS_UNAVAILABLE;
    answer->content_type = "text/plain; charset=utf-8";
    text_add(&answer->body, text);
}

void
page_metrics(struct admin_answer *answer, struct metrics *metrics)
{
    answer->status = HTTP_STATUS_OK;
    answer->content_type = "text/plain; version=0.0.4; charset=utf-8";
    metrics_print(metrics, &answer->body);
}

void
page_json(struct admin_answer *answer)
{
    answer->status = HTTP_STATUS_OK;
    answer->content_type = "application/json";
}
