#ifndef EXIT_CODE_H
#define EXIT_CODE_H

/* How the programs end, by sysexits.h where that has a word for it. */

struct error;

enum exit_code {
    EXIT_CODE_STOPPED = 0,
    EXIT_CODE_USAGE = 64,
    EXIT_CODE_UNAVAILABLE = 69,
    EXIT_CODE_INTERNAL = 70,
    EXIT_CODE_UNFINISHED = 75,
    EXIT_CODE_CONFIG = 78,
    EXIT_CODE_SIGNAL = 128, /* plus the signal's number */
};

/* What a program that ends with it means to say, for its --help. */
struct exit_code_meaning {
    const char *code;
    const char *text;
};

/* The code for a program that cannot start because of ${error}. */
enum exit_code exit_code_of(const struct error *error);

#endif
