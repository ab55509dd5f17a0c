#ifndef REFUSAL_H
#define REFUSAL_H

#include <stdbool.h>
#include <stdint.h>

#include "error.h"
#include "http.h"

/*
 * What a service says when it refuses, whatever shape it chose: code and text. It judges nothing
 * (classify.h does). Bytes without sense give an empty code and a text that says so.
 */

struct json_parser;

struct refusal {
    char code[ERROR_CODE_BYTES]; /* "": none */
    uint32_t number;             /* the code where it is one of Dataverse's numbers; else 0 */
    char text[ERROR_TEXT_BYTES]; /* for people; sign-in names in it are masked */
};

/*
 * Reads ${response}. 0, or -1 when there is no memory to learn the code. The shapes:
 *   {"error": {"code": …, "message": …}}   OData and the admin API; a JSON document inside the
 *                                          message, as the admin API passes on, is opened
 *   {"error": …, "error_description": …}   OAuth 2.0
 *   {"Message": …}                         Dataverse's front end
 *   text, HTML, nothing (then WWW-Authenticate)
 */
int refusal_read(const struct http_response *response, struct json_parser *parser,
                 struct refusal *ret_refusal) __attribute__((warn_unused_result));

/*
 * A code of Dataverse as a number: hexadecimal ("0x80040217") or decimal, which clients of the SDK
 * see signed ("-2147220969"). False for anything else.
 */
bool refusal_number(const char *code, uint32_t *ret_number);

#endif
