/* Whose fault it is decides: the operator's, ours, or that of what we depend on. */
#include "exit_code.h"

#include "error.h"

enum exit_code
exit_code_of(const struct error *error)
{
    switch (error->class) {
    case ERROR_CONFIG:
    case ERROR_INPUT:
        return EXIT_CODE_CONFIG;
    case ERROR_MEMORY:
        return EXIT_CODE_INTERNAL;
    default:
        return EXIT_CODE_UNAVAILABLE;
    }
}
