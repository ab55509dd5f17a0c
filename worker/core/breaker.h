#ifndef BREAKER_H
#define BREAKER_H

#include "site.h"

/*
 * What is misconfigured (VERDICT_MISCONFIGURED) is nobody's failure: those who need it are held, and now and then one of them tries. But held events hold up the
 * offsets of their partitions, other environments' too. So when it lasts longer than a grace, each failed try parks all who are held on their retry
 * topic, without counting that; whoever comes after them is the next to try. Without retry topics they stay held.
 */

void breaker_init(struct site *site);
void breaker_fini(struct site *site);

/* Something was found to be misconfigured, for the first time or again. Parks nobody before the engine's next turn. */
void breaker_trip(struct site *site);

#endif
