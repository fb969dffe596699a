/*
 * The store itself, names, and intervals.
 */
#include "storage/table/table_internal.h"

#include "base/log/log.h"

#include <stdio.h>
#include <stdlib.h>

TableStore *table_store_open(Meta *meta, Deep *deep, _Atomic uint64_t *catalog_version)
{
    TableStore *store = calloc(1, sizeof *store);
    check(store != NULL);
    store->meta = meta;
    store->deep = deep;
    store->catalog_version = catalog_version;
    return store;
}

void table_store_close(TableStore *store)
{
    if (store == NULL)
        return;
    if (store->current != NULL)
        table_snapshot_release(store, &store->current->snapshot);
    free(store);
}

void table_raise_version(TableStore *store)
{
    if (store->catalog_version != NULL)
        atomic_fetch_add(store->catalog_version, 1);
}

const Table *table_find(const TableSnapshot *snapshot, Text name)
{
    uint32_t low = 0, high = snapshot->table_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = text_compare(snapshot->tables[middle]->key, name);
        if (order == 0)
            return snapshot->tables[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

const Table *table_by_oid(const TableSnapshot *snapshot, uint32_t oid)
{
    for (uint32_t i = 0; i < snapshot->table_count; i++) {
        if (snapshot->tables[i]->oid == oid)
            return snapshot->tables[i];
    }
    return NULL;
}

int table_find_column(const Table *table, Text name)
{
    for (uint32_t i = 0; i < table->column_count; i++) {
        if (text_equal(table->columns[i].name, name))
            return (int)i;
    }
    return -1;
}

bool table_check_name(Text name, Fault *fault)
{
    const char *wrong = NULL;
    if (name.length == 0)
        wrong = "a table's name must not be empty";
    else if (name.length > 255)
        wrong = "a table's name must not be longer than 255 bytes";
    else if (name.data[0] == '.')
        wrong = "a table's name must not begin with a dot";
    else if (name.data[0] == ' ' || name.data[name.length - 1] == ' ')
        wrong = "a table's name must not begin or end with a blank";
    for (uint32_t i = 0; i < name.length && wrong == NULL; i++) {
        unsigned char c = (unsigned char)name.data[i];
        if (c == '/' || c < ' ' || c == 0x7f)
            wrong = "a table's name must not hold '/', tabs, line ends or other control characters";
    }
    return wrong == NULL || fault_set(fault, FAULT_INVALID_NAME, "%s", wrong);
}

/* --- types, as far as storage must know them: PostgreSQL's OIDs --- */

enum { OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, OID_TEXT = 25, OID_VARCHAR = 1043 };

static int integer_width(uint32_t oid)
{
    return oid == OID_INT2 ? 2 : oid == OID_INT4 ? 4 : oid == OID_INT8 ? 8 : 0;
}

static bool is_text(uint32_t oid)
{
    return oid == OID_TEXT || oid == OID_VARCHAR;
}

bool table_widen_type(uint32_t have, int32_t have_modifier, uint32_t given, int32_t given_modifier,
                      uint32_t *type_oid, int32_t *type_modifier)
{
    *type_oid = have;
    *type_modifier = have_modifier;
    if (have == given && have_modifier == given_modifier)
        return true;
    if (integer_width(have) != 0 && integer_width(given) != 0) {
        *type_oid = integer_width(have) >= integer_width(given) ? have : given;
        return true;
    }
    if (is_text(have) && is_text(given)) {
        /* varchar without a length takes every text, and stays what it is. */
        if (have == OID_VARCHAR && given == OID_VARCHAR && have_modifier >= 0 &&
            given_modifier >= 0)
            *type_modifier = have_modifier > given_modifier ? have_modifier : given_modifier;
        else
            *type_modifier = -1;
        return true;
    }
    return false;
}

/* --- intervals --- */

static int compare_intervals(const void *a, const void *b)
{
    const TableInterval *x = a, *y = b;
    if (x->start != y->start)
        return x->start < y->start ? -1 : 1;
    return (x->end > y->end) - (x->end < y->end);
}

uint32_t table_intervals_normalize(TableInterval *intervals, uint32_t count)
{
    uint32_t kept = 0;
    if (count > 1)
        qsort(intervals, count, sizeof *intervals, compare_intervals);
    for (uint32_t i = 0; i < count; i++) {
        if (intervals[i].start >= intervals[i].end)
            continue;
        if (kept > 0 && intervals[i].start <= intervals[kept - 1].end) {
            if (intervals[i].end > intervals[kept - 1].end)
                intervals[kept - 1].end = intervals[i].end;
        } else {
            intervals[kept++] = intervals[i];
        }
    }
    return kept;
}

bool table_intervals_cover(const TableInterval *intervals, uint32_t count, TableInterval inner)
{
    for (uint32_t i = 0; i < count; i++) {
        if (interval_contains(intervals[i], inner))
            return true;
    }
    return false;
}

bool table_intervals_overlap(const TableInterval *intervals, uint32_t count, TableInterval other)
{
    for (uint32_t i = 0; i < count; i++) {
        if (interval_overlaps(intervals[i], other))
            return true;
    }
    return false;
}

const char *table_interval_format(TableInterval interval, char out[INTERVAL_TEXT_SIZE])
{
    char end[META_TIME_SIZE];
    int length = meta_format_time(interval.start, out);
    meta_format_time(interval.end, end);
    snprintf(out + length, (size_t)(INTERVAL_TEXT_SIZE - length), "/%s", end);
    return out;
}
