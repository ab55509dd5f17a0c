#ifndef SERVICE_H
#define SERVICE_H

#include "answer.h"
#include "services.h"

/*
 * What the files of this directory share, and nobody outside sees: for each kind of call a builder
 * and a reader, put together in the table of services.c.
 */

struct error;

/* A request under construction. */
struct build {
    const struct services_settings *settings;
    const struct call *call;
    const char *token;
    struct http_request *request; /* fresh; texts that ran out of memory are found by the caller */
};

/*
 * Fills method, URL, headers and body; route, limits and Authorization are the caller's. Fails
 * only for what must not be sent: ERROR_INPUT.
 */
typedef int build_fn(const struct build *build, struct error *ret_error);

/*
 * Reads what was found into the call. -1: the answer is worth nothing, and the class of
 * *${ret_error} says why:
 *   ERROR_INPUT   it is malformed
 *   ERROR_LIMIT   it is not the whole (another page is said to follow)
 *   ERROR_CONFIG  it is well formed, but not what the configuration says
 *   ERROR_MEMORY
 * The caller then throws away whatever was found.
 */
typedef int read_fn(struct answer *answer, struct error *ret_error);

build_fn login_build, bap_build, graph_build, graph_delta_build, graph_members_build;
read_fn login_read, graph_read, graph_delta_read, graph_members_read;
build_fn dataverse_look_build, dataverse_patch_build, dataverse_move_build, dataverse_role_build;
build_fn dataverse_units_build, dataverse_roles_build;
read_fn dataverse_look_read, dataverse_patch_read, dataverse_move_read;
read_fn dataverse_units_read, dataverse_roles_read;

#endif
