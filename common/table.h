#ifndef TABLE_H
#define TABLE_H

/*
 * uthash as this project uses it: a failed allocation is an answer, not the end of the process.
 * After HASH_ADD… look at ${element}->hh.tbl: NULL when it could not be added.
 */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

/*
 * A bucket with this many doubles the table. Ten, as it comes, makes long chains, and each element that
 * is passed over is a cache miss; much fewer double it far beyond what is in it.
 */
#undef HASH_BKT_CAPACITY_THRESH
#define HASH_BKT_CAPACITY_THRESH 6U

#endif
