/* The ring keeps its order under every way of putting in and taking out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "list.h"

struct item {
    int number;
    struct link link;
};

/* Writes the numbers in order into ${ret_numbers}, forwards, and checks them backwards. */
static size_t
numbers_of(const struct link *head, int *ret_numbers)
{
    size_t count = 0, left;

    for (struct link *link = head->next; link != head; link = link->next)
        ret_numbers[count++] = list_entry(link, struct item, link)->number;
    left = count;
    for (struct link *link = head->previous; link != head; link = link->previous)
        assert_int_equal(list_entry(link, struct item, link)->number, ret_numbers[--left]);
    assert_int_equal(left, 0);
    return count;
}

static void
assert_numbers(const struct link *head, const int *expected, size_t count)
{
    int numbers[16] = {0};

    assert_int_equal(numbers_of(head, numbers), count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(numbers[i], expected[i]);
}

/* Fills ${items} with ${first}, ${first} + 1, … and links them behind ${head}. */
static void
fill(struct link *head, struct item *items, int count, int first)
{
    list_init(head);
    for (int i = 0; i < count; i++) {
        items[i].number = first + i;
        list_add_last(head, &items[i].link);
    }
}

static void
list_is_empty_until_something_is_added_and_after_all_is_removed(void **state)
{
    struct item item = {1, {NULL, NULL}};
    struct link head;

    (void)state;
    list_init(&head);
    assert_true(list_is_empty(&head));
    list_add_last(&head, &item.link);
    assert_false(list_is_empty(&head));
    list_remove(&item.link);
    assert_true(list_is_empty(&head));
    assert_true(list_is_empty(&item.link));
}

static void
list_adds_at_both_ends(void **state)
{
    struct item items[2], first = {9, {NULL, NULL}};
    struct link head;

    (void)state;
    fill(&head, items, 2, 1);
    list_add_first(&head, &first.link);
    assert_numbers(&head, (int[]){9, 1, 2}, 3);
}

static void
list_removes_from_the_middle_and_removing_twice_is_harmless(void **state)
{
    struct item items[3];
    struct link head;

    (void)state;
    fill(&head, items, 3, 1);
    list_remove(&items[1].link);
    list_remove(&items[1].link);
    assert_numbers(&head, (int[]){1, 3}, 2);
}

static void
list_for_each_lets_the_entry_at_hand_be_removed(void **state)
{
    struct item items[4];
    struct link head;
    int sum = 0;

    (void)state;
    fill(&head, items, 4, 1);
    list_for_each(at, following, &head)
    {
        struct item *item = list_entry(at, struct item, link);

        sum += item->number;
        if (item->number % 2 == 0)
            list_remove(at);
    }
    assert_int_equal(sum, 10);
    assert_numbers(&head, (int[]){1, 3}, 2);
}

static void
list_move_all_puts_one_list_behind_the_other_and_empties_it(void **state)
{
    struct item items[2], more[2];
    struct link head, other;

    (void)state;
    fill(&head, items, 2, 1);
    fill(&other, more, 2, 3);
    list_move_all(&head, &other);
    assert_numbers(&head, (int[]){1, 2, 3, 4}, 4);
    assert_true(list_is_empty(&other));
    list_move_all(&head, &other);
    assert_numbers(&head, (int[]){1, 2, 3, 4}, 4);
}

static void
list_move_all_fills_an_empty_list(void **state)
{
    struct item items[2];
    struct link head, other;

    (void)state;
    list_init(&head);
    fill(&other, items, 2, 1);
    list_move_all(&head, &other);
    assert_numbers(&head, (int[]){1, 2}, 2);
    assert_true(list_is_empty(&other));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(list_is_empty_until_something_is_added_and_after_all_is_removed),
        cmocka_unit_test(list_adds_at_both_ends),
        cmocka_unit_test(list_removes_from_the_middle_and_removing_twice_is_harmless),
        cmocka_unit_test(list_for_each_lets_the_entry_at_hand_be_removed),
        cmocka_unit_test(list_move_all_puts_one_list_behind_the_other_and_empties_it),
        cmocka_unit_test(list_move_all_fills_an_empty_list),
    };
    return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
