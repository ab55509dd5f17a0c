/* See ledger_fixture.h. */
#include "ledger_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

int
ledger_fixture_setup(void **state)
{
    struct ledger_fixture *fixture = calloc(1, sizeof(*fixture));
    void *bench = NULL;
    struct core *core;

    if (fixture == NULL || bench_setup(&bench) != 0)
        return -1;
    fixture->bench = bench;
    core = &fixture->bench->core;
    fixture->offsets = offsets_create(&core->settings->offsets, core->clock, core->timers,
                                      core->ports.commit, core->ports.context);
    if (fixture->offsets == NULL)
        return -1;
    fixture->ledger = (struct ledger){.core = core, .offsets = fixture->offsets};
    fixture->window = offsets_assign(fixture->offsets, MAIN_TOPIC, 0, 0, 0);
    *state = fixture;
    return fixture->window == NULL ? -1 : 0;
}

int
ledger_fixture_teardown(void **state)
{
    struct ledger_fixture *fixture = *state;
    void *bench = fixture->bench;

    assert_int_equal(fixture->ledger.events, 0);
    assert_int_equal(fixture->ledger.bytes, 0);
    offsets_destroy(fixture->offsets);
    bench_teardown(&bench);
    free(fixture);
    return 0;
}

window_serial
ledger_fixture_take(struct ledger_fixture *fixture, int64_t offset)
{
    window_serial serial = 0;

    assert_ptr_equal(offsets_take(fixture->offsets, MAIN_TOPIC, 0, offset, -1, &serial),
                     fixture->window);
    return serial;
}
