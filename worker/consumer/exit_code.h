#ifndef EXIT_CODE_H
#define EXIT_CODE_H

/*
 * How dvsync-worker ends, by sysexits.h where that has a word for it. --help lists the meanings
 * from exit_code_meanings.
 */

enum exit_code {
    EXIT_CODE_STOPPED = 0,
    EXIT_CODE_USAGE = 64,
    EXIT_CODE_UNAVAILABLE = 69,
    EXIT_CODE_INTERNAL = 70,
    EXIT_CODE_UNFINISHED = 75,
    EXIT_CODE_CONFIG = 78,
    EXIT_CODE_SIGNAL = 128, /* plus the signal's number */
};

struct exit_code_meaning {
    const char *code;
    const char *text;
};

/* Ends with a row whose code is NULL. */
extern const struct exit_code_meaning exit_code_meanings[];

#endif
