#ifndef DATAVERSE_H
#define DATAVERSE_H

#include <stdbool.h>
#include <stddef.h>

#include "guid.h"
#include "service.h"
#include "text.h"

/*
 * What all calls to the Dataverse Web API share: its URLs and headers, rows of systemuser, lists.
 * Ids reach a URL, a filter or a body only here, printed from a struct guid (P4).
 */

struct json;
struct json_writer;

/*
 * --- building (dataverse.c)
 * ----------------------------------------------------------------------------
 */

/* Adds "{url}/api/data/v9.2/" and ${path}. */
void dataverse_add_url(struct text *text, const struct environment *environment, const char *path);

void dataverse_add_guid(struct text *text, const struct guid *guid);

/* Adds ${string} as a literal of a query: in quotes, quotes in it doubled, percent-encoded. */
void dataverse_add_literal(struct text *text, const char *string);

/* The method, and headers that every request has. */
void dataverse_start(const struct build *build, enum http_method method);

/*
 * --- reading (dataverse.c)
 * -----------------------------------------------------------------------------
 */

/*
 * The rows of a list that is the whole. ERROR_LIMIT: another page is said to follow; its link is
 * not looked at. Borrowed from ${root}.
 */
const struct json *dataverse_list(const struct json *root, struct error *ret_error);

/* A member that must be a GUID. */
int dataverse_guid(const struct json *object, const char *name, struct guid *ret_guid,
                   struct error *ret_error) __attribute__((warn_unused_result));

/* A member that must be a GUID or null; *${ret_is_null} then, and the guid is zero. */
int dataverse_guid_or_null(const struct json *object, const char *name, struct guid *ret_guid,
                           bool *ret_is_null, struct error *ret_error)
    __attribute__((warn_unused_result));

/* A member that must be a string, copied. */
int dataverse_name(const struct json *object, char **ret_name, struct error *ret_error)
    __attribute__((warn_unused_result));

/*
 * --- rows of systemuser (dataverse_row.c)
 * --------------------------------------------------------------
 */

/* Adds "$select=" and the columns that dataverse_row_read needs. */
void dataverse_row_select(struct text *text, const struct environment *environment);

/*
 * Reads one row, roles too where they were expanded and are whole. ${ret_row} must be zeroed;
 * after a failure the caller frees what is in it. ERROR_CONFIG: a column is not of the type it is
 * said to be.
 */
int dataverse_row_read(const struct json *json, const struct environment *environment,
                       struct row *ret_row, struct error *ret_error)
    __attribute__((warn_unused_result));

/*
 * --- writes: what a change set repeats of the single ones
 * ------------------------------------------
 */

/*
 * dataverse_patch.c: the JSON of what ${call} writes to its row, the unit by its navigation
 * property.
 */
void dataverse_patch_body(struct text *text, const struct call *call);

/* dataverse_role.c: where a role is given to ${call}'s row, and the JSON that names it. */
void dataverse_role_url(struct text *text, const struct call *call);
void dataverse_role_body(struct text *text, const struct environment *environment,
                         const struct guid *role);

#endif
