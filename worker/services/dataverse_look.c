/*
 * LOOK: the rows of systemuser by Entra object id, many at once, by the Web API's query function
 * In. A filter only looks; the alternate key might make a row.
 *
 * Asked: ids, id_count; wants_roles; wants_fresh. Found: rows, the whole list or nothing. Several
 * rows may claim one id, and rows of applications are told, not left out: judging them is the
 * caller's. A row that cannot be read is told as such, with its user.
 */
#include <stdlib.h>
#include <string.h>

#include "dataverse.h"
#include "error.h"
#include "json.h"

#define BEFORE_IDS                                     \
    "&$filter=Microsoft.Dynamics.CRM.In(PropertyName=" \
    "%27azureactivedirectoryobjectid%27,PropertyValues=%5B"
#define EXPAND "&$expand=systemuserroles_association($select=roleid,_parentrootroleid_value)"

/* "%27" id "%27," */
enum { BYTES_PER_ID = GUID_TEXT_BYTES - 1 + 7 };

int
dataverse_look_build(const struct build *build, struct error *ret_error)
{
    const struct call *call = build->call;
    struct text *url = &build->request->url;

    (void)ret_error;
    dataverse_start(build, HTTP_GET);
    dataverse_add_url(url, call->environment, "systemusers?");
    dataverse_row_select(url, call->environment);
    text_reserve(url, sizeof(BEFORE_IDS) + sizeof(EXPAND) + call->id_count * BYTES_PER_ID);
    text_add(url, BEFORE_IDS);
    for (size_t i = 0; i < call->id_count; i++) {
        text_add(url, i == 0 ? "%27" : ",%27");
        dataverse_add_guid(url, &call->ids[i]);
        text_add(url, "%27");
    }
    text_add(url, "%5D)");
    if (call->wants_roles)
        text_add(url, EXPAND);
    /* expanded lists may come out of a cache unless this is sent ("Join tables using OData") */
    if (call->wants_roles || call->wants_fresh)
        http_request_header(build->request, "If-None-Match", "null");
    return 0;
}

static int
compare(const void *a, const void *b)
{
    return guid_compare(a, b);
}

/* The ids asked for, in order, to find those that were not. NULL: no memory. */
static struct guid *
sort_ids(const struct call *call)
{
    struct guid *ids = calloc(call->id_count + 1, sizeof(ids[0]));

    for (size_t i = 0; ids != NULL && i < call->id_count; i++)
        ids[i] = call->ids[i];
    if (ids != NULL)
        qsort(ids, call->id_count, sizeof(ids[0]), compare);
    return ids;
}

static bool
was_asked_for(const struct call *call, const struct guid *ids, const struct guid *user)
{
    return bsearch(user, ids, call->id_count, sizeof(ids[0]), compare) != NULL;
}

/* What ${row} is for its user: that it is there and cannot be read. */
static int
mark_unreadable(struct row *row, const struct environment *environment, struct error *ret_error)
{
    const struct guid user = row->object_id;

    row_free(row, environment);
    row->object_id = user;
    row->fault = strdup(ret_error->text);
    return row->fault == NULL ? error_set(ret_error, ERROR_MEMORY, "no memory for rows") : 0;
}

/*
 * A row that cannot be read is the trouble of its user alone, if it says whose it is; but what is
 * wrong with a column is wrong in every row (ERROR_CONFIG).
 */
static int
read_row(struct call *call, const struct json *json, const struct guid *ids, struct row *row,
         struct error *ret_error)
{
    int result = dataverse_row_read(json, call->environment, row, ret_error);

    if (result == 0 && !was_asked_for(call, ids, &row->object_id))
        return error_set(ret_error, ERROR_INPUT, "a row that was not asked for");
    if (result == 0 || ret_error->class != ERROR_INPUT ||
        !was_asked_for(call, ids, &row->object_id))
        return result;
    return mark_unreadable(row, call->environment, ret_error);
}

/* Each row counts as found from the moment that it may own something. */
static int
read_rows(struct call *call, const struct json *list, const struct guid *ids,
          struct error *ret_error)
{
    size_t count = json_length(list);

    call->rows = calloc(count + 1, sizeof(call->rows[0]));
    if (call->rows == NULL)
        return error_set(ret_error, ERROR_MEMORY, "no memory for rows");
    for (size_t i = 0; i < count; i++) {
        struct row *row = &call->rows[call->row_count++];

        if (read_row(call, json_at(list, i), ids, row, ret_error) == -1)
            return -1;
    }
    return 0;
}

int
dataverse_look_read(struct answer *answer, struct error *ret_error)
{
    struct call *call = answer->call;
    struct json *root = answer_parse(answer, ret_error);
    const struct json *list;
    struct guid *ids;
    int result = -1;

    if (root == NULL)
        return -1;
    list = dataverse_list(root, ret_error);
    ids = sort_ids(call);
    if (ids == NULL)
        error_set(ret_error, ERROR_MEMORY, "no memory for ids");
    else if (list != NULL)
        result = read_rows(call, list, ids, ret_error);
    free(ids);
    json_free(root);
    return result;
}
