#ifndef MODEL_TABLE_H
#define MODEL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guid.h"
#include "table.h"

/*
 * Tables of typed columns and rows, as much of a database as the double needs: look-ups by id and
 * by one indexed column are hashed, a scan goes in the order in which the rows were made (which is
 * also the order of pages). It knows nothing of HTTP or of what the columns mean.
 */

enum table_name { TABLE_SYSTEMUSER, TABLE_BUSINESSUNIT, TABLE_ROLE, TABLES };

enum column_type {
    COLUMN_ID, /* the primary key */
    COLUMN_GUID,
    COLUMN_TEXT,
    COLUMN_INTEGER,
    COLUMN_BOOLEAN,
    COLUMN_LOOKUP, /* another row's id; in queries "_name_value" */
};

struct column {
    const char *name;       /* as payloads write it (with @odata.bind where a look-up) */
    const char *query_name; /* as $select, $filter and answers write it */
    enum column_type type;
    int64_t low, high; /* whole numbers: the range; texts: ${high} characters at most */
    bool is_writable;
    bool is_required;       /* cannot be emptied */
    enum table_name target; /* of a look-up */
};

enum value_type { VALUE_NULL, VALUE_TEXT, VALUE_INTEGER, VALUE_BOOLEAN, VALUE_GUID };

struct value {
    enum value_type type;
    union {
        char *text; /* owned */
        int64_t integer;
        bool boolean;
        struct guid guid;
    };
};

struct id_list {
    struct guid *ids;
    size_t count;
};

/* What a list was until ${until_ms} (monotonic). */
struct past_list {
    struct id_list list;
    int64_t until_ms;
};

enum { ROW_PAST = 4 };

struct row {
    struct guid id;
    uint64_t sequence; /* rising; pages go by it */
    int64_t version;
    struct value *values;            /* one a column */
    struct id_list roles;            /* directly held */
    struct past_list past[ROW_PAST]; /* the latest first; only kept where $expand may be stale */
    struct row *next_same;           /* the next with the same value in the indexed column */
    UT_hash_handle hh;
};

/* Rows by the value of the indexed column. */
struct index_entry {
    struct guid key;
    struct row *first;
    UT_hash_handle hh;
};

struct table {
    const char *entity; /* "systemuser" */
    const char *set;    /* "systemusers" */
    struct column *columns;
    size_t column_count;
    size_t fixed_count; /* those before the custom ones */
    size_t indexed;     /* a GUID column; column_count where there is none */
    uint64_t sequence;
    struct row *rows; /* by id; its own order is that of making */
    struct index_entry *index;
};

/* The fixed columns of ${name}, then ${texts} and ${integers} (names; NULL, or ended by NULL).
 * False without memory or when a name is taken; fini it then too. */
bool model_table_init(struct table *table, enum table_name name, const char *const *texts,
                      const char *const *integers);
void model_table_fini(struct table *table);

/* The index of a column by its name in queries, or in payloads; column_count: none. */
size_t model_table_queried(const struct table *table, const char *name, size_t length);
size_t model_table_written(const struct table *table, const char *name, size_t length);

/* A new row with nothing but its id; NULL: no memory, or it exists. */
struct row *model_table_add(struct table *table, const struct guid *id);
void model_table_remove(struct table *table, struct row *row);
struct row *model_table_find(const struct table *table, const struct guid *id);
/* The first row whose indexed column is ${key}; go on with next_same. */
struct row *model_table_find_indexed(const struct table *table, const struct guid *key);

/* The row's value of the column with that name in queries, which must exist. */
struct value *model_table_value(const struct table *table, const struct row *row, const char *name);

/* Sets the row's value ${column} and keeps the index true; the text is copied. False: no memory,
 * nothing changed. */
bool model_table_set(struct table *table, struct row *row, size_t column,
                     const struct value *value);
/* The same by the column's name in queries, which must exist. */
bool model_table_put(struct table *table, struct row *row, const char *name, struct value value);

#define VALUE_OF_TEXT(string) ((struct value){VALUE_TEXT, {.text = (string)}})
#define VALUE_OF_INTEGER(number) ((struct value){VALUE_INTEGER, {.integer = (number)}})
#define VALUE_OF_BOOLEAN(flag) ((struct value){VALUE_BOOLEAN, {.boolean = (flag)}})
#define VALUE_OF_GUID(id) ((struct value){VALUE_GUID, {.guid = (id)}})

/* --- model_value.c: values and lists of ids --------------------------------------------------- */

void model_value_fini(struct value *value);
bool model_value_copy(struct value *to, const struct value *from); /* ${to} is overwritten */
/* Texts without regard to case, as the database compares them. */
bool model_value_matches(const struct value *a, const struct value *b);
/* The very same. */
bool model_value_equal(const struct value *a, const struct value *b);

bool model_value_list_has(const struct id_list *list, const struct guid *id);
bool model_value_list_add(struct id_list *list, const struct guid *id);    /* false: no memory */
bool model_value_list_remove(struct id_list *list, const struct guid *id); /* false: not in it */
bool model_value_list_copy(struct id_list *to, const struct id_list *from);
void model_value_list_fini(struct id_list *list);

#endif
