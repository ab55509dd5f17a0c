#ifndef DELTA_FIXTURE_H
#define DELTA_FIXTURE_H

#include "model_fixture.h"

/* For tests of group delta in the double, on top of its fixture: people come and go, links are followed, pages read. */

#define DELTA GRAPH "/v1.0/groups/delta"
#define FIRST DELTA "?$select=members&$filter=id%20eq%20'" CREW "'"
#define NEXT "@odata.nextLink"
#define LATER "@odata.deltaLink"

struct guid delta_person(unsigned number); /* somebody whom Entra does not know */

void delta_join(struct fixture *fixture, const char *group, struct guid member);
void delta_leave(struct fixture *fixture, const char *group, struct guid member);
/* Those with the numbers 1 to ${count}. */
void delta_join_many(struct fixture *fixture, const char *group, unsigned count);

/* Follows the last answer's ${link}, which must be there; the status. */
int delta_follow(struct fixture *fixture, const char *link);

/* --- the last answer -------------------------------------------------------------------------- */

/* The members of its ${item}-th group; NULL: none. */
const struct json *delta_members_of(const struct fixture *fixture, size_t item);
/* A member of any group; NULL: it is not told. */
const struct json *delta_find_member(const struct fixture *fixture, struct guid id);
bool delta_is_added(const struct fixture *fixture, struct guid id);
bool delta_is_removed(const struct fixture *fixture, struct guid id);
size_t delta_count_members(const struct fixture *fixture);

#endif
