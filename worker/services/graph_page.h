#ifndef GRAPH_PAGE_H
#define GRAPH_PAGE_H

#include "service.h"

/*
 * What the pages of DELTA and MEMBERS have in common: the link that leads to one, the links it
 * holds, the members it names. A link carries the token to wherever it leads, so it counts only
 * when it stays among the groups of the Graph that was configured (P4); both building and reading
 * see to that.
 *
 * Asked: group; page, or is_latest and is_transitive of a first one. Found: changes, next_page;
 * of DELTA also delta_page, is_group_seen, is_group_deleted.
 */

struct json;

/* Asks for the page that the call names. ERROR_INPUT: its link leads elsewhere. */
int graph_page_follow(const struct build *build, struct error *ret_error)
    __attribute__((warn_unused_result));

/* The same for a first page: ${path} stands behind "/v1.0/groups". */
void graph_page_start(const struct build *build, const char *path);

/*
 * Copies the link ${name} of the page to *${ret_link}, NULL when there is none. ERROR_INPUT: it
 * leads elsewhere.
 */
int graph_page_link(const struct answer *answer, const struct json *root, const char *name,
                    char **ret_link, struct error *ret_error) __attribute__((warn_unused_result));

/* The same for the call's next page. ERROR_INPUT also: it is the page that was asked for. */
int graph_page_next(const struct answer *answer, const struct json *root, struct error *ret_error)
    __attribute__((warn_unused_result));

/* Adds the members in ${list} to what was found. ERROR_INPUT: it is no list of members. */
int graph_page_members(const struct answer *answer, const struct json *list,
                       struct error *ret_error) __attribute__((warn_unused_result));

/* True when the object is marked as removed, in whatever way ("@removed" with any value). */
bool graph_page_is_removed(const struct json *object);

#endif
