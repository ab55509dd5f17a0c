#ifndef LEDGER_FIXTURE_H
#define LEDGER_FIXTURE_H

#include "core_fixture.h"
#include "ledger.h"
#include "offsets.h"

/* A ledger on a bench, and partition 0 of the main topic, assigned from offset 0. */

struct ledger_fixture {
    struct bench *bench;
    struct offsets *offsets;
    struct ledger ledger;
    struct window *window;
};

int ledger_fixture_setup(void **state);
int ledger_fixture_teardown(void **state); /* fails when something is still counted */

/* Takes ${offset} in. */
window_serial ledger_fixture_take(struct ledger_fixture *fixture, int64_t offset);

#endif
