#ifndef CONFIRM_H
#define CONFIRM_H

#include "site.h"

/*
 * CONFIRM: users whose addUser was accepted wait here, and one tick per environment reads all that are due, in batches. Waiting is a timer, not an
 * open request; who has waited long is looked at less often.
 */

void confirm_init(struct site *site);
void confirm_wait(struct site *site, struct job *job);

#endif
