#ifndef TABLE_H
#define TABLE_H

/*
 * uthash as this project uses it: a failed allocation is an answer, not the end of the process.
 * After HASH_ADD… look at ${element}->hh.tbl: NULL when it could not be added.
 */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#endif
