#ifndef MODEL_FIXTURE_H
#define MODEL_FIXTURE_H

#include <stdint.h>

#include "clock.h"
#include "guid.h"
#include "http.h"
#include "json.h"
#include "model.h"

/*
 * A small world for the tests of the double: one tenant, one application that may do all, an
 * environment with two units and a role, and somebody licensed. Each call leaves its answer in the
 * fixture; the one before is freed.
 */

#define LOGIN "https://login.test"
#define BAP "https://bap.test"
#define GRAPH "https://graph.test"
#define CRM "https://one.crm.test"
#define OTHER_CRM "https://two.crm.test"
#define API CRM "/api/data/v9.2/"

#define TENANT "aaaaaaaa-0000-4000-8000-000000000001"
#define CLIENT "aaaaaaaa-0000-4000-8000-000000000002"
#define SECRET "s3cret&value=1"
#define ROOT "bbbbbbbb-0000-4000-8000-000000000001"
#define SALES "bbbbbbbb-0000-4000-8000-000000000002"
#define READER "cccccccc-0000-4000-8000-000000000001"
#define ADA "dddddddd-0000-4000-8000-000000000001"
#define BOB "dddddddd-0000-4000-8000-000000000002"
#define NOBODY "dddddddd-0000-4000-8000-0000000000ff"
#define CREW "eeeeeeee-0000-4000-8000-000000000001"
#define CORE "eeeeeeee-0000-4000-8000-000000000002"
#define BOB_ROW "ffffffff-0000-4000-8000-000000000002"
#define EXTENSION "extension_0123456789abcdef0123456789abcdef_site"

struct fixture {
    struct model *model;
    struct clock clock;
    struct http_response response;
    int64_t after_ms;
    struct json_parser *parser;
    struct json *json; /* of the body, NULL where it is none */
    char *tokens[MODEL_SERVICES];
};

/* For cmocka: *state is a struct fixture. Bob has a row (BOB_ROW), Ada has none. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

struct guid guid_of(const char *text);

/*
 * Sends a request without a token; ${headers} are lines as in http.h, NULL: none. Returns the
 * status.
 */
int fixture_send(struct fixture *fixture, enum http_method method, const char *url,
                 const char *headers, const char *body);
/* The same with the token for the URL's service, and a body's type where ${headers} give none. */
int fixture_call(struct fixture *fixture, enum http_method method, const char *url,
                 const char *headers, const char *body);
#define fixture_get(fixture, url) fixture_call(fixture, HTTP_GET, url, NULL, NULL)
void fixture_pass(struct fixture *fixture, int64_t ms); /* time passes */

/* Asks for a token with ${body} (form) and returns the status. */
int fixture_token(struct fixture *fixture, const char *form);

/* The error code of the last answer, "" without one. */
const char *fixture_code(const struct fixture *fixture);
/* A text of the last answer by "a/b/0/c"; "" where there is none. */
const char *fixture_text(const struct fixture *fixture, const char *path);
const struct json *fixture_at(const struct fixture *fixture, const char *path);
/* A header of the last answer, NUL-ended, until the next call; "" without. */
const char *fixture_header(struct fixture *fixture, const char *name);
/* The last entry of the ledger. */
const struct model_entry *fixture_entry(const struct fixture *fixture);

#endif
