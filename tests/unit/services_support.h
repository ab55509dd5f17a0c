#ifndef SERVICES_SUPPORT_H
#define SERVICES_SUPPORT_H

#include "guid.h"
#include "http.h"
#include "services.h"

/*
 * What the tests of worker/services share: one environment with a bit of everything, requests
 * built and answers read without a wire, and the bad days of every reader.
 */

#define FIRST "00000001-aaaa-4bbb-8ccc-0123456789ab"
#define SECOND "00000002-aaaa-4bbb-8ccc-0123456789ab"
#define THIRD "00000003-aaaa-4bbb-8ccc-0123456789ab"
#define ROW "10000000-aaaa-4bbb-8ccc-0123456789ab"
#define UNIT "20000000-aaaa-4bbb-8ccc-0123456789ab"
#define ROOT_UNIT "2fffffff-aaaa-4bbb-8ccc-0123456789ab"
#define ROLE "30000000-aaaa-4bbb-8ccc-0123456789ab"
#define ROOT_ROLE "3fffffff-aaaa-4bbb-8ccc-0123456789ab"
#define TENANT "40000000-aaaa-4bbb-8ccc-0123456789ab"
#define CLIENT "50000000-aaaa-4bbb-8ccc-0123456789ab"

/* The wall time at which answers are read. */
#define NOW_MS INT64_C(1769900000000)

/* A group's setup and teardown: *state is then a struct services. */
int services_setup(void **state);
int services_teardown(void **state);

/*
 * "Default-…" at https://org.test; columns new_costcentre (text) and new_level (whole number);
 * attributes department, extension_1_costCentre, onPremisesExtensionAttributes/extensionAttribute3
 * (text) and extension_1_level (whole number); units UNIT and "O'Hara & Söhne"; roles ROOT_ROLE
 * and "Reader".
 */
extern const struct environment test_environment;
extern const struct identity test_identity;

struct guid id_of(const char *text);

/* A call of the environment; ended by call_reset. */
struct call call_of(enum call_kind kind);

/* Builds, which must succeed; http_request_free. */
struct http_request built(void **state, const struct call *call, const char *token);

/* Builds, which must fail with this class. */
void assert_not_built(void **state, const struct call *call, int error_class);

void assert_header(const struct http_request *request, const char *name, const char *value);
void assert_no_header(const struct http_request *request, const char *name);

/* Reads an answer. ${headers}: lines, each ended by '\n'. */
void answer(void **state, struct call *call, int status, const char *headers, const char *body);

void assert_verdict(const struct call *call, enum verdict verdict, const char *reason);

/*
 * Reads ${body} cut at every byte (the outcome must be no DONE), then with every byte changed to
 * others that mean something, then documents that are deep, huge or of another kind; after each
 * the call must be in a defined state. ${call} is reset at the end.
 */
void survive(void **state, struct call *call, const char *headers, const char *body);

#endif
