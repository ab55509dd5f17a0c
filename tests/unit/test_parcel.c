/* Parcels: what a page becomes, and the state that is put on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "parcel.h"

enum { MANY = 3000 };

static struct member_change
change_of(int user, enum member_kind kind, bool is_removed)
{
    return (struct member_change){
        {{0x10, (uint8_t)(user >> 16), (uint8_t)(user >> 8), (uint8_t)user}}, kind, is_removed};
}

static void
pack(struct parcel *parcel, const struct member_change *changes, size_t count)
{
    parcel_init(parcel);
    parcel->page = (struct notice_page){.name = "page", .source = "urn:test", .wall_ms = 17};
    assert_int_equal(parcel_pack(parcel, FEED_BACKFILL, changes, count), 0);
}

static void
parcel_holds_the_users_of_a_page_in_order(void **state)
{
    const struct member_change changes[] = {
        change_of(2, MEMBER_USER, false), change_of(9, MEMBER_OTHER, false),
        change_of(1, MEMBER_UNSAID, true), change_of(3, MEMBER_USER, true)};
    struct parcel parcel;
    char digits[GUID_TEXT_BYTES];

    (void)state;
    pack(&parcel, changes, 4);
    assert_int_equal(parcel.record_count, 3);
    assert_int_equal(parcel.added, 1);
    assert_int_equal(parcel.removed, 2);
    assert_int_equal(parcel.others, 1);
    assert_string_equal(parcel.records[0].key, guid_format(&changes[0].user, digits));
    assert_string_equal(parcel.records[1].key, guid_format(&changes[2].user, digits));
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(parcel.records[i].topic, FEED_BACKFILL);
        assert_int_equal(parcel.records[i].timestamp_ms, 17);
        assert_ptr_equal(parcel.records[i].headers, parcel.notices[i].headers);
    }
    parcel_free(&parcel);
    assert_int_equal(parcel.record_count, 0);
    parcel_free(&parcel);
}

/* Else whoever remembers ids would take the last of "came, went, came" for the first. */
static void
parcel_tells_repetitions_of_a_user_apart(void **state)
{
    const struct member_change changes[] = {
        change_of(1, MEMBER_USER, false), change_of(2, MEMBER_USER, false),
        change_of(1, MEMBER_USER, true), change_of(1, MEMBER_USER, false)};
    const struct member_change longer[] = {
        change_of(7, MEMBER_USER, false), change_of(1, MEMBER_USER, false),
        change_of(1, MEMBER_USER, true), change_of(1, MEMBER_USER, false)};
    struct parcel parcel, other;

    (void)state;
    pack(&parcel, changes, 4);
    pack(&other, longer, 4);
    assert_string_not_equal(parcel.notices[0].id, parcel.notices[3].id);
    assert_string_equal(parcel.notices[0].id, other.notices[1].id);
    assert_string_equal(parcel.notices[3].id, other.notices[3].id);
    parcel_free(&parcel);
    parcel_free(&other);
}

static void
parcel_holds_as_many_as_a_page_has(void **state)
{
    struct member_change *changes = calloc(MANY, sizeof(changes[0]));
    struct parcel parcel;

    (void)state;
    for (int i = 0; i < MANY; i++)
        changes[i] = change_of(i, MEMBER_USER, false);
    pack(&parcel, changes, MANY);
    assert_int_equal(parcel.record_count, MANY);
    parcel_seal(&parcel, "key");
    assert_int_equal(parcel.record_count, MANY + 1);
    parcel_free(&parcel);
    free(changes);
}

static void
parcel_is_sealed_with_the_last_state_put_on(void **state)
{
    const struct member_change change = change_of(1, MEMBER_USER, false);
    const struct feed_record *last;
    struct parcel parcel;

    (void)state;
    pack(&parcel, &change, 1);
    for (int i = 0; i < 2; i++) {
        text_clear(&parcel.state);
        text_addf(&parcel.state, "state %d", i);
        parcel_seal(&parcel, "key");
    }
    assert_int_equal(parcel.record_count, 2);
    last = &parcel.records[1];
    assert_int_equal(last->topic, FEED_STATE);
    assert_string_equal(last->key, "key");
    assert_int_equal(last->key_length, 3);
    assert_string_equal(last->value, "state 1");
    assert_int_equal(last->value_length, 7);
    assert_int_equal(last->header_count, 0);
    parcel_free(&parcel);
}

/* A mark of each event's user, behind the events and before the group's own state. */
static void
parcel_marks_who_is_known_and_who_is_not_any_more(void **state)
{
    const struct member_change changes[] = {change_of(1, MEMBER_USER, false),
                                            change_of(9, MEMBER_OTHER, false),
                                            change_of(2, MEMBER_USER, true)};
    struct parcel parcel;

    (void)state;
    pack(&parcel, changes, 3);
    assert_int_equal(parcel_mark(&parcel, 7), 0);
    text_add(&parcel.state, "{}");
    parcel_seal(&parcel, "key");
    assert_int_equal(parcel.record_count, 5);
    for (size_t i = 2; i < 5; i++)
        assert_int_equal(parcel.records[i].topic, FEED_STATE);
    assert_string_equal(parcel.records[2].key, "00000000-0000-0000-0000-000000000000/"
                                               "10000001-0000-0000-0000-000000000000");
    assert_int_equal(parcel.records[2].key_length, 73);
    assert_string_equal(parcel.records[2].value, "{\"version\":1,\"seen\":7}");
    assert_int_equal(parcel.records[2].value_length, strlen(parcel.records[2].value));
    assert_string_equal(parcel.records[3].key + 37, "10000002-0000-0000-0000-000000000000");
    assert_null(parcel.records[3].value);
    assert_int_equal(parcel.records[3].value_length, 0);
    assert_string_equal(parcel.records[4].key, "key");
    parcel_free(&parcel);
}

static void
parcel_of_an_empty_page_can_be_sealed(void **state)
{
    struct parcel parcel;

    (void)state;
    pack(&parcel, NULL, 0);
    assert_int_equal(parcel.record_count, 0);
    text_add(&parcel.state, "{}");
    parcel_seal(&parcel, "key");
    assert_int_equal(parcel.record_count, 1);
    parcel_free(&parcel);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parcel_holds_the_users_of_a_page_in_order),
        cmocka_unit_test(parcel_tells_repetitions_of_a_user_apart),
        cmocka_unit_test(parcel_holds_as_many_as_a_page_has),
        cmocka_unit_test(parcel_is_sealed_with_the_last_state_put_on),
        cmocka_unit_test(parcel_marks_who_is_known_and_who_is_not_any_more),
        cmocka_unit_test(parcel_of_an_empty_page_can_be_sealed),
    };
    return cmocka_run_group_tests_name("parcel", tests, NULL, NULL);
}
