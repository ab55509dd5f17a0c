/*
 * Rows are hashed by id and, where a table has an indexed column (systemuser by the Entra object
 * id), by that one too: an In() filter of 250 ids costs 250 look-ups, however many rows there are.
 */
#include "model_table.h"

#include <stdlib.h>
#include <string.h>

#define ID(column)                                      \
    {                                                   \
        column, column, COLUMN_ID, 0, 0, false, true, 0 \
    }
#define GUID(column)                                       \
    {                                                      \
        column, column, COLUMN_GUID, 0, 0, false, false, 0 \
    }
#define TEXT(column, longest, writable, required)                      \
    {                                                                  \
        column, column, COLUMN_TEXT, 0, longest, writable, required, 0 \
    }
#define INTEGER(column, smallest, largest, writable)                          \
    {                                                                         \
        column, column, COLUMN_INTEGER, smallest, largest, writable, false, 0 \
    }
#define BOOLEAN(column, writable)                                \
    {                                                            \
        column, column, COLUMN_BOOLEAN, 0, 0, writable, false, 0 \
    }
#define LOOKUP(column, writable, table)                                         \
    {                                                                           \
        column, "_" column "_value", COLUMN_LOOKUP, 0, 0, writable, true, table \
    }

enum { CUSTOM_TEXT_LONGEST = 100 };

/* Types, lengths and what is writable: D-1. */
static const struct column systemuser_columns[] = {
    ID("systemuserid"),
    GUID("azureactivedirectoryobjectid"),
    GUID("applicationid"),
    TEXT("domainname", 1024, true, true),
    TEXT("internalemailaddress", 100, true, true),
    TEXT("fullname", 200, false, false),
    TEXT("firstname", 256, true, false),
    TEXT("lastname", 256, true, false),
    TEXT("title", 128, true, false),
    TEXT("jobtitle", 100, true, false),
    TEXT("nickname", 50, true, false),
    TEXT("employeeid", 100, true, false),
    TEXT("governmentid", 100, true, false),
    TEXT("mobilephone", 64, true, false),
    BOOLEAN("isdisabled", true),
    BOOLEAN("islicensed", false),
    BOOLEAN("issyncwithdirectory", false),
    BOOLEAN("setupuser", false),
    INTEGER("accessmode", 0, 5, true),
    INTEGER("azurestate", 0, 2, false),
    LOOKUP("businessunitid", true, TABLE_BUSINESSUNIT),
};

static const struct column businessunit_columns[] = {
    ID("businessunitid"),
    TEXT("name", 160, false, true),
    BOOLEAN("isdisabled", false),
    LOOKUP("parentbusinessunitid", false, TABLE_BUSINESSUNIT),
};

static const struct column role_columns[] = {
    ID("roleid"),
    TEXT("name", 100, false, true),
    LOOKUP("businessunitid", false, TABLE_BUSINESSUNIT),
    LOOKUP("parentrootroleid", false, TABLE_ROLE),
    LOOKUP("parentroleid", false, TABLE_ROLE),
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
    const char *entity;
    const char *set;
    const struct column *columns;
    size_t count;
    size_t indexed;
} definitions[TABLES] = {
    [TABLE_SYSTEMUSER] = {"systemuser", "systemusers", systemuser_columns,
                          COUNT(systemuser_columns), 1},
    [TABLE_BUSINESSUNIT] = {"businessunit", "businessunits", businessunit_columns,
                            COUNT(businessunit_columns), COUNT(businessunit_columns)},
    [TABLE_ROLE] = {"role", "roles", role_columns, COUNT(role_columns), COUNT(role_columns)},
};

static size_t
count_names(const char *const *names)
{
    size_t count = 0;

    while (names != NULL && names[count] != NULL)
        count++;
    return count;
}

static bool
add_custom(struct table *table, const char *const *names, const struct column *like)
{
    for (size_t i = 0; names != NULL && names[i] != NULL; i++) {
        struct column *column = &table->columns[table->column_count];
        char *name;

        if (model_table_queried(table, names[i], strlen(names[i])) < table->column_count)
            return false;
        name = strdup(names[i]);
        if (name == NULL)
            return false;
        *column = *like;
        column->name = column->query_name = name;
        table->column_count++;
    }
    return true;
}

bool
model_table_init(struct table *table, enum table_name name, const char *const *texts,
                 const char *const *integers)
{
    static const struct column text = TEXT(NULL, CUSTOM_TEXT_LONGEST, true, false);
    static const struct column integer = INTEGER(NULL, INT32_MIN, INT32_MAX, true);
    size_t fixed = definitions[name].count;
    size_t all = fixed + count_names(texts) + count_names(integers);

    memset(table, 0, sizeof(*table));
    table->entity = definitions[name].entity;
    table->set = definitions[name].set;
    table->columns = malloc(all * sizeof(table->columns[0]));
    if (table->columns == NULL)
        return false;
    memcpy(table->columns, definitions[name].columns, fixed * sizeof(table->columns[0]));
    table->column_count = table->fixed_count = fixed;
    if (!add_custom(table, texts, &text) || !add_custom(table, integers, &integer))
        return false;
    table->indexed =
        definitions[name].indexed < fixed ? definitions[name].indexed : table->column_count;
    return true;
}

static void
row_free(const struct table *table, struct row *row)
{
    for (size_t i = 0; i < table->column_count; i++)
        model_value_fini(&row->values[i]);
    model_value_list_fini(&row->roles);
    for (size_t i = 0; i < ROW_PAST; i++)
        model_value_list_fini(&row->past[i].list);
    free(row->values);
    free(row);
}

void
model_table_fini(struct table *table)
{
    struct index_entry *entry, *next_entry;
    struct row *row, *next_row;

    HASH_ITER (hh, table->index, entry, next_entry) {
        HASH_DEL(table->index, entry);
        free(entry);
    }
    HASH_ITER (hh, table->rows, row, next_row) {
        HASH_DEL(table->rows, row);
        row_free(table, row);
    }
    for (size_t i = table->fixed_count; i < table->column_count; i++)
        free((void *)(uintptr_t)table->columns[i].name); /* ours: add_custom's copy */
    free(table->columns);
    memset(table, 0, sizeof(*table));
}

static bool
is_name(const char *name, const char *text, size_t length)
{
    return strncmp(name, text, length) == 0 && name[length] == '\0';
}

size_t
model_table_queried(const struct table *table, const char *name, size_t length)
{
    size_t i = 0;

    while (i < table->column_count && !is_name(table->columns[i].query_name, name, length))
        i++;
    return i;
}

size_t
model_table_written(const struct table *table, const char *name, size_t length)
{
    size_t i = 0;

    while (i < table->column_count && !is_name(table->columns[i].name, name, length))
        i++;
    return i;
}

struct row *
model_table_find(const struct table *table, const struct guid *id)
{
    struct row *row;

    HASH_FIND(hh, table->rows, id, sizeof(*id), row);
    return row;
}

static struct index_entry *
find_entry(const struct table *table, const struct guid *key)
{
    struct index_entry *entry;

    HASH_FIND(hh, table->index, key, sizeof(*key), entry);
    return entry;
}

struct row *
model_table_find_indexed(const struct table *table, const struct guid *key)
{
    const struct index_entry *entry = find_entry(table, key);

    return entry == NULL ? NULL : entry->first;
}

struct row *
model_table_add(struct table *table, const struct guid *id)
{
    struct row *row;

    if (model_table_find(table, id) != NULL)
        return NULL;
    row = calloc(1, sizeof(*row));
    if (row == NULL)
        return NULL;
    row->values = calloc(table->column_count, sizeof(row->values[0]));
    if (row->values == NULL) {
        free(row);
        return NULL;
    }
    row->id = *id;
    row->values[0] = VALUE_OF_GUID(*id);
    HASH_ADD(hh, table->rows, id, sizeof(row->id), row);
    if (row->hh.tbl == NULL) {
        row_free(table, row);
        return NULL;
    }
    row->sequence = ++table->sequence;
    return row;
}

static bool
index_add(struct table *table, struct row *row, const struct guid *key)
{
    struct index_entry *entry = find_entry(table, key);
    struct row **place;

    if (entry == NULL) {
        entry = calloc(1, sizeof(*entry));
        if (entry == NULL)
            return false;
        entry->key = *key;
        HASH_ADD(hh, table->index, key, sizeof(entry->key), entry);
        if (entry->hh.tbl == NULL) {
            free(entry);
            return false;
        }
    }
    for (place = &entry->first; *place != NULL; place = &(*place)->next_same)
        continue;
    *place = row;
    row->next_same = NULL;
    return true;
}

static void
index_remove(struct table *table, struct row *row)
{
    struct index_entry *entry;
    struct row **place;

    if (table->indexed == table->column_count || row->values[table->indexed].type != VALUE_GUID)
        return;
    entry = find_entry(table, &row->values[table->indexed].guid);
    if (entry == NULL)
        return;
    for (place = &entry->first; *place != row; place = &(*place)->next_same)
        continue;
    *place = row->next_same;
    if (entry->first == NULL) {
        HASH_DEL(table->index, entry);
        free(entry);
    }
}

void
model_table_remove(struct table *table, struct row *row)
{
    index_remove(table, row);
    HASH_DEL(table->rows, row);
    row_free(table, row);
}

struct value *
model_table_value(const struct table *table, const struct row *row, const char *name)
{
    return &row->values[model_table_queried(table, name, strlen(name))];
}

bool
model_table_set(struct table *table, struct row *row, size_t column, const struct value *value)
{
    struct value copy;

    if (!model_value_copy(&copy, value))
        return false;
    if (column == table->indexed) {
        index_remove(table, row);
        if (copy.type == VALUE_GUID && !index_add(table, row, &copy.guid)) {
            row->values[column].type = VALUE_NULL;
            return false;
        }
    }
    model_value_fini(&row->values[column]);
    row->values[column] = copy;
    return true;
}

bool
model_table_put(struct table *table, struct row *row, const char *name, struct value value)
{
    return model_table_set(table, row, model_table_queried(table, name, strlen(name)), &value);
}
