/*
 * Group delta: which members came and went, page by page: G-20 to G-28. A round tells what a range of
 * the groups' journals comes to; what happens meanwhile belongs to the next round.
 */
#include "model_delta.h"

#include <stdlib.h>
#include <string.h>

#include "model_private.h"

enum { MEMBERS_MOST = 10000 };

/* A change that the page tells. */
struct told {
    size_t group; /* of the query's */
    size_t step;
};

struct page {
    struct told *told;
    size_t count, room;
    bool has_more;
};

static const struct step *
step_of(const struct group *group, size_t index)
{
    return &group->journal.steps[index];
}

/* --- what a round tells ----------------------------------------------------------------------- */

/* Of a group that is deleted, that alone, and only to those who have heard of it: G-29. */
static bool
is_told(const struct call *call, const struct journal *journal, const struct step *step,
        const struct delta *delta)
{
    bool is_gone_told = call->model->settings.delta_tells_gone != 0;

    if (model_journal_is_deleted(journal, delta->to))
        return step->kind == STEP_DELETED && journal->steps[0].sequence <= delta->from;
    if (step->kind == STEP_CREATED)
        return true;
    if ((delta->selection & DELTA_MEMBERS) == 0 || !model_journal_is_last(journal, step, delta->to))
        return false;
    if (step->kind == STEP_LEFT && is_gone_told)
        return true;
    return step->sequence <= delta->from || /* once more: G-24 */
           (step->kind == STEP_JOINED) != model_journal_was_member(journal, step, delta->from);
}

/* Where a round begins in a group's journal: behind what was told, or a little before. */
static size_t
first_step(const struct call *call, const struct journal *journal, const struct delta *delta)
{
    size_t first = model_journal_after(journal, delta->from);
    size_t replays = (size_t)call->model->settings.delta_replays;

    return first > replays ? first - replays : 0;
}

/* Fills the page from one group's journal; false when there is no room for more. */
static bool
collect_group(const struct call *call, const struct group *group, size_t index, struct delta *delta,
              struct page *page)
{
    const struct journal *journal = &group->journal;

    for (; index < journal->count && journal->steps[index].sequence <= delta->to; index++) {
        if (!is_told(call, journal, &journal->steps[index], delta))
            continue;
        if (page->count == page->room) {
            delta->step = index + 1;
            return false;
        }
        page->told[page->count++] = (struct told){delta->group, index};
    }
    return true;
}

/* Fills the page and moves ${delta} to where the next one begins. */
static void
collect(struct call *call, struct delta *delta, struct page *page)
{
    for (; delta->group < delta->group_count; delta->group++, delta->step = 0) {
        const struct group *group = model_groups_find(call->model, &delta->groups[delta->group]);
        size_t first;

        if (group == NULL)
            continue;
        first =
            delta->step > 0 ? (size_t)delta->step - 1 : first_step(call, &group->journal, delta);
        page->has_more = !collect_group(call, group, first, delta, page);
        if (page->has_more)
            return;
    }
}

/* The last ones of this page come again on the next: G-24. */
static void
step_back(const struct call *call, struct delta *delta, const struct page *page)
{
    size_t repeats = (size_t)call->model->settings.delta_repeats;

    if (repeats >= page->room)
        repeats = page->room - 1;
    if (!page->has_more || repeats == 0)
        return;
    delta->group = page->told[page->count - repeats].group;
    delta->step = page->told[page->count - repeats].step + 1;
}

/* --- telling it ------------------------------------------------------------------------------- */

static void
write_removed(const struct call *call, struct json_writer *writer)
{
    if (call->model->settings.delta_removed_text != 0) {
        json_write_string(writer, "@removed", "deleted");
        return;
    }
    json_write_object(writer, "@removed");
    json_write_string(writer, "reason", "deleted");
    json_write_object_end(writer);
}

static void
write_member(const struct call *call, struct json_writer *writer, const struct step *step)
{
    const char *type = model_groups_type(call->model, &step->member);
    struct text full = TEXT_EMPTY;
    char id[GUID_TEXT_BYTES];

    json_write_object(writer, NULL);
    text_addf(&full, "#microsoft.graph.%s", type);
    if (*type != '\0')
        json_write_string(writer, "@odata.type", full.data);
    text_free(&full);
    json_write_string(writer, "id", guid_format(&step->member, id));
    if (step->kind == STEP_LEFT)
        write_removed(call, writer);
    json_write_object_end(writer);
}

/* Nobody is promised an order. */
static void
shuffle(struct model *model, struct told *told, size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t k = (size_t)rng_below(&model->rng, i);
        struct told other = told[k];

        told[k] = told[i - 1];
        told[i - 1] = other;
    }
}

static size_t
write_members(struct call *call, struct json_writer *writer, const struct group *group,
              const struct told *told, size_t count)
{
    size_t members = 0;

    for (size_t i = 0; i < count; i++) {
        const struct step *step = step_of(group, told[i].step);

        if (step->kind == STEP_CREATED)
            continue;
        if (members++ == 0)
            json_write_array(writer, "members@delta");
        write_member(call, writer, step);
    }
    if (members > 0)
        json_write_array_end(writer);
    return members;
}

/* ${told} is of one group. */
static void
write_group(struct call *call, const struct delta *delta, struct json_writer *writer,
            struct told *told, size_t count)
{
    const struct group *group = model_groups_find(call->model, &delta->groups[told[0].group]);
    const struct step *first = step_of(group, told[0].step);
    char id[GUID_TEXT_BYTES];

    json_write_object(writer, NULL);
    json_write_string(writer, "id", guid_format(&group->id, id));
    if (first->kind == STEP_DELETED) {
        write_removed(call, writer);
    } else {
        if (first->kind == STEP_CREATED && (delta->selection & DELTA_NAME) != 0)
            json_write_string(writer, "displayName", group->name);
        shuffle(call->model, told, count);
        call->entry.items += (int)write_members(call, writer, group, told, count);
    }
    json_write_object_end(writer);
}

static void
write_value(struct call *call, const struct delta *delta, struct json_writer *writer,
            const struct page *page)
{
    json_write_array(writer, "value");
    for (size_t i = 0, end; i < page->count; i = end) {
        for (end = i + 1; end < page->count && page->told[end].group == page->told[i].group;)
            end++;
        write_group(call, delta, writer, &page->told[i], end - i);
    }
    json_write_array_end(writer);
}

/* After the last page a link to what comes later, before it one to the next page: G-23. */
static void
write_link(struct call *call, const struct delta *delta, struct json_writer *writer, bool has_more)
{
    struct delta next = *delta;
    struct text link = TEXT_EMPTY;

    next.is_page = has_more;
    if (!has_more)
        next.from = delta->to;
    model_delta_link(call, &next, &link);
    json_write_string(writer, has_more ? "@odata.nextLink" : "@odata.deltaLink", link.data);
    text_free(&link);
}

static void
reply(struct call *call, const struct delta *delta, const struct page *page)
{
    struct json_writer writer;

    call->entry.write = MODEL_READ;
    model_reply_json(call, 200);
    json_writer_init(&writer, &call->response->body);
    json_write_object(&writer, NULL);
    json_write_string(&writer, "@odata.context",
                      "https://graph.microsoft.com/v1.0/$metadata#groups");
    write_link(call, delta, &writer, page->has_more);
    write_value(call, delta, &writer, page);
    json_write_object_end(&writer);
}

/* --- one call --------------------------------------------------------------------------------- */

static void
tell(struct call *call, struct delta *delta)
{
    int64_t room = call->model->settings.delta_page_members;
    struct page page = {.room = room < 1 ? 1 : (size_t)(room < MEMBERS_MOST ? room : MEMBERS_MOST)};

    if (delta->group_count == 1)
        call->entry.user = delta->groups[0];
    if (delta->from != delta->to &&
        (int64_t)delta->blanks < call->model->settings.delta_empty_pages) {
        delta->blanks++;
        page.has_more = true;
        reply(call, delta, &page);
        return;
    }
    page.told = malloc(page.room * sizeof(page.told[0]));
    if (page.told == NULL) {
        model_reply_error(call, 503, "ServiceUnavailable", "Out of memory.");
        return;
    }
    collect(call, delta, &page);
    delta->blanks = 0;
    step_back(call, delta, &page);
    reply(call, delta, &page);
    free(page.told);
}

/* NULL: a first call. */
static const struct option *
find_token(const struct url *url)
{
    const struct option *page = model_url_option(url, "$skiptoken");
    const struct option *token = model_url_option(url, "$deltatoken");

    if (page != NULL)
        return page;
    return token == NULL || *token->value == '\0' || strcmp(token->value, "latest") == 0 ? NULL
                                                                                         : token;
}

void
model_delta_serve(struct call *call)
{
    const struct option *token = find_token(&call->url);
    struct delta delta;

    if (!call->application->may_read_members)
        model_reply_error(call, 403, "Authorization_RequestDenied",
                          "Insufficient privileges to complete the operation.");
    else if (token == NULL ? model_delta_ask(call, &delta)
                           : model_delta_resume(call, token, &delta))
        tell(call, &delta);
}
