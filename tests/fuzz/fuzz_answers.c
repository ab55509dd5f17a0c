/*
 * libFuzzer on the readers of the services: the first byte, a digit, chooses the kind of call, the
 * second the status, and the rest is the body. Whatever it is, a call that is not done has found nothing.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "error.h"
#include "json.h"
#include "services.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char name[] = "new_text";
static struct column column = {name, COLUMN_TEXT};
static struct attribute attribute = {name, COLUMN_INTEGER};
static const struct environment environment = {
    .columns = &column, .column_count = 1, .attributes = &attribute, .attribute_count = 1};
static const struct services_settings settings = {.graph_url = "https://graph.test",
                                                  .max_response_bytes = 1 << 20};

static void
check(const struct call *call)
{
    size_t found = call->row_count + call->unit_count + call->found_role_count + call->change_count;

    if (call->reason == NULL)
        abort();
    if ((call->verdict == VERDICT_DONE) != (call->error.class == ERROR_NONE))
        abort();
    if (call->verdict != VERDICT_DONE && (found > 0 || call->token != NULL))
        abort();
    if (call->verdict != VERDICT_DONE && (call->next_page != NULL || call->delta_page != NULL))
        abort();
}

static void
read_answer(const struct services *services, const uint8_t *data, size_t size)
{
    static const int statuses[] = {200, 204, 400, 404, 412, 503};
    static const char headers[] = "Content-Type: multipart/mixed; boundary=b\nRetry-After: 1\n";
    const enum call_kind kind = (enum call_kind)((uint8_t)(data[0] - '0') % CALL_KINDS);
    const size_t status = (uint8_t)(data[1] - '0') % (sizeof(statuses) / sizeof(statuses[0]));
    struct guid ids[2] = {{{1}}, {{2}}};
    bool is_member[2] = {false, false};
    struct source_item item = {.user = ids[0],
                               .wants_person = true,
                               .groups = ids,
                               .group_count = 2,
                               .is_member = is_member};
    struct call call = {.kind = kind,
                        .environment = &environment,
                        .ids = ids,
                        .id_count = 2,
                        .items = &item,
                        .item_count = kind == CALL_SOURCES ? 1 : 0,
                        .unit = ids,
                        .row = ids[0],
                        .role_count = 1,
                        .group = ids[0]};
    struct http_response response = HTTP_RESPONSE_EMPTY;

    response.status = statuses[status];
    text_add(&response.headers, headers);
    text_add_bytes(&response.body, data + 2, size - 2);
    services_read(services, &call, &response, 0);
    check(&call);
    call_reset(&call);
    http_response_free(&response);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct services services = {.settings = &settings};

    if (services.parser == NULL)
        services.parser = json_parser_create(16, 1 << 20);
    if (services.parser != NULL && size >= 2)
        read_answer(&services, data, size);
    return 0;
}
