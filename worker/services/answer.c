/* The one thing that all readers do first. */
#include "answer.h"

#include "error.h"
#include "json.h"
#include "services.h"

struct json *
answer_parse(const struct answer *answer, struct error *ret_error)
{
    const struct text *body = &answer->response->body;
    struct json *root = json_parse(answer->services->parser, body->length == 0 ? "" : body->data,
                                   body->length, ret_error);

    if (root == NULL && ret_error->class == ERROR_LIMIT)
        ret_error->class = ERROR_INPUT;
    return root;
}
