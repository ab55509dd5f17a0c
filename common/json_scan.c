/*
 * A pushdown automaton whose stack is one word: a bit per open container, set for an object. Each
 * scan_… function takes the scanner at the first byte of its piece and leaves it behind the last, or
 * returns false, with the scanner at the byte that is wrong and the fault noted (or the sink's error
 * filled). Runs of ordinary characters, most of any document, are passed eight bytes at a time.
 */
#include "json_scan.h"

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "error.h"
#include "utf8.h"

struct scanner {
    const char *at;
    const char *end;
    const struct json_sink *sink;
    void *arg;
    struct error *error;
    uint64_t objects; /* the lowest bit is the innermost container's */
    int depth;
    int max_depth;
    bool is_first; /* the innermost container has just been opened */
    enum error_class fault_class;
    const char *fault; /* NULL: the sink has filled the error */
};

static const char cut_off[] = "it ends too early";

static bool
fail(struct scanner *scanner, const char *fault)
{
    scanner->fault_class = ERROR_INPUT;
    scanner->fault = scanner->at == scanner->end ? cut_off : fault;
    return false;
}

/* The byte at hand, -1 at the end. */
static int
peek(const struct scanner *scanner)
{
    return scanner->at == scanner->end ? -1 : (unsigned char)*scanner->at;
}

static void
skip_blanks(struct scanner *scanner)
{
    int c = peek(scanner);

    while (c == ' ' || c == '\n' || c == '\r' || c == '\t') {
        scanner->at++;
        c = peek(scanner);
    }
}

static bool
scan_char(struct scanner *scanner, char c, const char *fault)
{
    if (peek(scanner) != c)
        return fail(scanner, fault);
    scanner->at++;
    return true;
}

/* --- strings -------------------------------------------------------------------------------------- */

/*
 * The high bits of those of eight bytes that end a run: controls, quote, backslash, above 7F. Exact up to the first one; behind it
 * a borrow may mark others.
 */
static uint64_t
ends_in(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t highs = ones << 7;
    uint64_t quotes = (word ^ ones * '"') - ones;
    uint64_t backslashes = (word ^ ones * '\\') - ones;
    uint64_t controls = word - ones * 0x20;

    return (word | quotes | backslashes | controls) & highs;
}

static bool
is_plain(int c)
{
    return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

static void
skip_plain(struct scanner *scanner)
{
    uint64_t word;

    while ((size_t)(scanner->end - scanner->at) >= sizeof(word)) {
        uint64_t ends;

        memcpy(&word, scanner->at, sizeof(word));
        ends = ends_in(le64toh(word)); /* the first byte is the lowest */
        if (ends != 0) {
            scanner->at += __builtin_ctzll(ends) / 8;
            return;
        }
        scanner->at += sizeof(word);
    }
    while (is_plain(peek(scanner)))
        scanner->at++;
}

static int
hexadecimal_worth(int c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* The four digits of a \u escape. */
static bool
scan_code_unit(struct scanner *scanner, unsigned *ret_unit)
{
    unsigned unit = 0;

    for (int i = 0; i < 4; i++) {
        int worth = hexadecimal_worth(peek(scanner));

        if (worth < 0)
            return fail(scanner, "four hexadecimal digits must follow \\u");
        unit = unit << 4 | (unsigned)worth;
        scanner->at++;
    }
    *ret_unit = unit;
    return true;
}

static bool
scan_low_surrogate(struct scanner *scanner)
{
    static const char lone[] = "a lone surrogate";
    unsigned unit;

    if (!scan_char(scanner, '\\', lone) || !scan_char(scanner, 'u', lone) ||
        !scan_code_unit(scanner, &unit))
        return false;
    return unit >= 0xDC00 && unit <= 0xDFFF ? true : fail(scanner, lone);
}

static bool
scan_unicode_escape(struct scanner *scanner, bool is_name)
{
    unsigned unit;

    if (!scan_code_unit(scanner, &unit))
        return false;
    if (unit == 0 && is_name)
        return fail(scanner, "U+0000 in the name of a member");
    if (unit >= 0xDC00 && unit <= 0xDFFF)
        return fail(scanner, "a lone surrogate");
    if (unit >= 0xD800 && unit <= 0xDBFF)
        return scan_low_surrogate(scanner);
    return true;
}

static bool
scan_escape(struct scanner *scanner, bool is_name)
{
    int c;

    scanner->at++;
    c = peek(scanner);
    if (c == 'u') {
        scanner->at++;
        return scan_unicode_escape(scanner, is_name);
    }
    if (c <= 0 || strchr("\"\\/bfnrt", c) == NULL)
        return fail(scanner, "no such escape");
    scanner->at++;
    return true;
}

static bool
scan_multibyte(struct scanner *scanner)
{
    size_t length = utf8_sequence(scanner->at, (size_t)(scanner->end - scanner->at));

    if (length == 0)
        return fail(scanner, "not UTF-8");
    scanner->at += length;
    return true;
}

/* One thing that is_plain leaves out. */
static bool
scan_special(struct scanner *scanner, bool is_name)
{
    int c = peek(scanner);

    if (c == '\\')
        return scan_escape(scanner, is_name);
    if (c >= 0x80)
        return scan_multibyte(scanner);
    return fail(scanner, "a control character in a string");
}

/* Leaves in ${piece} what stands between the quotes. */
static bool
scan_string(struct scanner *scanner, struct json_piece *piece, bool is_name)
{
    if (!scan_char(scanner, '"', "a name in double quotes must stand here"))
        return false;
    piece->type = JSON_STRING;
    piece->bytes = scanner->at;
    piece->has_escapes = false;
    skip_plain(scanner);
    while (peek(scanner) != '"') {
        piece->has_escapes |= peek(scanner) == '\\';
        if (!scan_special(scanner, is_name))
            return false;
        skip_plain(scanner);
    }
    piece->length = (size_t)(scanner->at - piece->bytes);
    scanner->at++;
    return true;
}

/* --- the other scalars ---------------------------------------------------------------------------- */

static bool
is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool
scan_digits(struct scanner *scanner)
{
    if (!is_digit(peek(scanner)))
        return fail(scanner, "a digit must stand here");
    while (is_digit(peek(scanner)))
        scanner->at++;
    return true;
}

static bool
scan_fraction(struct scanner *scanner)
{
    scanner->at++;
    return scan_digits(scanner);
}

static bool
scan_exponent(struct scanner *scanner)
{
    scanner->at++;
    if (peek(scanner) == '+' || peek(scanner) == '-')
        scanner->at++;
    return scan_digits(scanner);
}

static bool
scan_number(struct scanner *scanner, struct json_piece *piece)
{
    const char *integer_end;

    if (peek(scanner) == '-')
        scanner->at++;
    if (peek(scanner) == '0')
        scanner->at++;
    else if (!scan_digits(scanner))
        return false;
    integer_end = scanner->at;
    if (peek(scanner) == '.' && !scan_fraction(scanner))
        return false;
    if ((peek(scanner) == 'e' || peek(scanner) == 'E') && !scan_exponent(scanner))
        return false;
    piece->type = scanner->at == integer_end ? JSON_INTEGER : JSON_NUMBER;
    return true;
}

static bool
scan_word(struct scanner *scanner, const char *word)
{
    for (; *word != '\0'; word++)
        if (!scan_char(scanner, *word, "a value must stand here"))
            return false;
    return true;
}

static bool
scan_number_or_word(struct scanner *scanner, struct json_piece *piece)
{
    int c = peek(scanner);

    if (c == '-' || is_digit(c))
        return scan_number(scanner, piece);
    piece->type = c == 'n' ? JSON_NULL : JSON_BOOLEAN;
    switch (c) {
    case 'n':
        return scan_word(scanner, "null");
    case 't':
        return scan_word(scanner, "true");
    case 'f':
        return scan_word(scanner, "false");
    default:
        return fail(scanner, "a value must stand here");
    }
}

/* Any scalar, which goes to the sink. */
static bool
scan_scalar(struct scanner *scanner)
{
    struct json_piece piece = {.bytes = scanner->at};

    if (peek(scanner) == '"') {
        if (!scan_string(scanner, &piece, false))
            return false;
    } else {
        if (!scan_number_or_word(scanner, &piece))
            return false;
        piece.length = (size_t)(scanner->at - piece.bytes);
    }
    return scanner->sink->scalar(scanner->arg, &piece, scanner->error) == 0;
}

/* --- structure ------------------------------------------------------------------------------------ */

static bool
open_container(struct scanner *scanner, bool is_object)
{
    if (scanner->depth == scanner->max_depth) {
        scanner->fault_class = ERROR_LIMIT;
        scanner->fault = "nested too deeply";
        return false;
    }
    scanner->at++;
    scanner->depth++;
    scanner->objects = scanner->objects << 1 | is_object;
    scanner->is_first = true;
    return scanner->sink->open(scanner->arg, is_object ? JSON_OBJECT : JSON_ARRAY,
                               scanner->error) == 0;
}

static void
close_container(struct scanner *scanner)
{
    scanner->at++;
    scanner->depth--;
    scanner->objects >>= 1;
    scanner->is_first = false;
    scanner->sink->close(scanner->arg);
}

/* A whole scalar, or the opening of a container. */
static bool
scan_value(struct scanner *scanner)
{
    switch (peek(scanner)) {
    case '{':
        return open_container(scanner, true);
    case '[':
        return open_container(scanner, false);
    default:
        return scan_scalar(scanner);
    }
}

static bool
scan_name(struct scanner *scanner)
{
    struct json_piece name;

    if (!scan_string(scanner, &name, true))
        return false;
    skip_blanks(scanner);
    if (!scan_char(scanner, ':', "a colon must stand here"))
        return false;
    skip_blanks(scanner);
    return scanner->sink->name(scanner->arg, &name, scanner->error) == 0;
}

/* The next member or element of the innermost container, or its end. */
static bool
scan_next(struct scanner *scanner)
{
    bool is_object = scanner->objects & 1;

    skip_blanks(scanner);
    if (peek(scanner) == (is_object ? '}' : ']')) {
        close_container(scanner);
        return true;
    }
    if (!scanner->is_first) {
        if (!scan_char(scanner, ',', "a comma or the end must stand here"))
            return false;
        skip_blanks(scanner);
    }
    scanner->is_first = false;
    if (is_object && !scan_name(scanner))
        return false;
    return scan_value(scanner);
}

/* The root value with all that is in it, and nothing behind it. */
static bool
scan_document(struct scanner *scanner)
{
    skip_blanks(scanner);
    if (!scan_value(scanner))
        return false;
    while (scanner->depth > 0)
        if (!scan_next(scanner))
            return false;
    skip_blanks(scanner);
    return scanner->at == scanner->end || fail(scanner, "more bytes after the value");
}

int
json_scan(const char *bytes, size_t length, int max_depth, const struct json_sink *sink, void *arg,
          struct error *ret_error)
{
    struct scanner scanner = {
        .at = bytes,
        .end = bytes + length,
        .sink = sink,
        .arg = arg,
        .error = ret_error,
        .max_depth = max_depth,
    };

    if (scan_document(&scanner))
        return 0;
    if (scanner.fault != NULL)
        error_set(ret_error, scanner.fault_class, "JSON, byte %zu: %s",
                  (size_t)(scanner.at - bytes), scanner.fault);
    return -1;
}
