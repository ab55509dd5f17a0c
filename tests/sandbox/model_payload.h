#ifndef MODEL_PAYLOAD_H
#define MODEL_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "model_table.h"

/* What a write's body asks for: columns with values, checked by type, length and range. */

struct call;

enum { CHANGES_MOST = 64 };

struct change {
    size_t column;
    struct value value; /* owned */
};

struct payload {
    struct change changes[CHANGES_MOST];
    size_t count;
};

/* Reads the call's body. False when the call was answered with an error. */
bool model_payload_parse(struct call *call, struct payload *ret_payload);
void model_payload_free(struct payload *payload);

#endif
