/*
 * What all stores share: the way through the table of functions, the rules of transactions, and
 * the text form of times.
 */
#include "storage/meta/meta.h"

#include "base/log/log.h"

#include <stdio.h>

void meta_close(Meta *meta)
{
    if (meta == NULL)
        return;
    meta_rollback(meta);
    meta->operations->close(meta);
}

void meta_set_durable(Meta *meta, bool is_durable)
{
    check(!meta->in_transaction);
    meta->operations->set_durable(meta, is_durable);
}

bool meta_begin(Meta *meta, bool write, Fault *fault)
{
    check(!meta->in_transaction);
    meta->is_writing = write;
    if (!meta->operations->begin(meta, write, fault)) {
        meta->is_writing = false;
        return false;
    }
    meta->in_transaction = true;
    return true;
}

bool meta_is_writing(const Meta *meta)
{
    return meta != NULL && meta->is_writing;
}

bool meta_commit(Meta *meta, Fault *fault)
{
    check(meta->in_transaction);
    bool committed = meta->operations->commit(meta, fault);
    if (!committed)
        meta->operations->rollback(meta);
    meta->in_transaction = meta->is_writing = false;
    return committed;
}

void meta_rollback(Meta *meta)
{
    if (!meta->in_transaction)
        return;
    meta->operations->rollback(meta);
    meta->in_transaction = meta->is_writing = false;
}

bool meta_revision(Meta *meta, uint64_t *revision, Fault *fault)
{
    return meta->operations->revision(meta, revision, fault);
}

bool meta_allocate_oid(Meta *meta, uint32_t *oid, Fault *fault)
{
    check(meta->is_writing);
    return meta->operations->allocate_oid(meta, oid, fault);
}

bool meta_next_version(Meta *meta, int64_t now, char version[META_TIME_SIZE], Fault *fault)
{
    check(meta->is_writing);
    return meta->operations->next_version(meta, now, version, fault);
}

bool meta_tables(Meta *meta, Arena *arena, MetaTable **tables, uint32_t *count, Fault *fault)
{
    return meta->operations->tables(meta, arena, tables, count, fault);
}

bool meta_find_table(Meta *meta, Text name, Arena *arena, MetaTable **table, Fault *fault)
{
    return meta->operations->find_table(meta, name, arena, table, fault);
}

bool meta_add_table(Meta *meta, const MetaTable *table, Fault *fault)
{
    check(meta->is_writing);
    return meta->operations->add_table(meta, table, fault);
}

bool meta_update_table(Meta *meta, const MetaTable *table, Fault *fault)
{
    check(meta->is_writing);
    return meta->operations->update_table(meta, table, fault);
}

bool meta_remove_table(Meta *meta, uint32_t oid, Fault *fault)
{
    check(meta->is_writing);
    return meta->operations->remove_table(meta, oid, fault);
}

bool meta_put_column(Meta *meta, uint32_t table_oid, const MetaColumn *column, Fault *fault)
{
    check(meta->is_writing);
    return meta->operations->put_column(meta, table_oid, column, fault);
}

bool meta_remove_column(Meta *meta, uint32_t table_oid, int32_t number, Fault *fault)
{
    check(meta->is_writing);
    return meta->operations->remove_column(meta, table_oid, number, fault);
}

bool meta_segments(Meta *meta, uint32_t table_oid, unsigned states, Arena *arena,
                   MetaSegment **segments, uint32_t *count, Fault *fault)
{
    return meta->operations->segments(meta, table_oid, states, arena, segments, count, fault);
}

bool meta_add_segment(Meta *meta, const MetaSegment *segment, Fault *fault)
{
    check(meta->is_writing);
    return meta->operations->add_segment(meta, segment, fault);
}

bool meta_set_segment_state(Meta *meta, int64_t number, MetaSegmentState state, int64_t now,
                            Fault *fault)
{
    check(meta->is_writing);
    return meta->operations->set_segment_state(meta, number, state, now, fault);
}

bool meta_next_partition(Meta *meta, uint32_t table_oid, int64_t start, int64_t end, Text version,
                         uint32_t *next, Fault *fault)
{
    return meta->operations->next_partition(meta, table_oid, start, end, version, next, fault);
}

bool meta_remove_segment(Meta *meta, int64_t number, Fault *fault)
{
    check(meta->is_writing);
    return meta->operations->remove_segment(meta, number, fault);
}

bool meta_locks(Meta *meta, Arena *arena, MetaLock **locks, uint32_t *count, Fault *fault)
{
    return meta->operations->locks(meta, arena, locks, count, fault);
}

bool meta_add_lock(Meta *meta, MetaLock *lock, Fault *fault)
{
    check(meta->is_writing);
    return meta->operations->add_lock(meta, lock, fault);
}

bool meta_remove_lock(Meta *meta, int64_t id, Fault *fault)
{
    check(meta->is_writing);
    return meta->operations->remove_lock(meta, id, fault);
}

bool meta_roles(Meta *meta, Arena *arena, MetaRole **roles, uint32_t *count, Fault *fault)
{
    return meta->operations->roles(meta, arena, roles, count, fault);
}

bool meta_put_role(Meta *meta, const MetaRole *role, Fault *fault)
{
    check(meta->is_writing);
    return meta->operations->put_role(meta, role, fault);
}

bool meta_remove_role(Meta *meta, Text name, Fault *fault)
{
    check(meta->is_writing);
    return meta->operations->remove_role(meta, name, fault);
}

bool meta_members(Meta *meta, Arena *arena, MetaMember **members, uint32_t *count, Fault *fault)
{
    return meta->operations->members(meta, arena, members, count, fault);
}

bool meta_put_member(Meta *meta, const MetaMember *member, Fault *fault)
{
    check(meta->is_writing);
    return meta->operations->put_member(meta, member, fault);
}

bool meta_remove_member(Meta *meta, uint32_t role, uint32_t member, Fault *fault)
{
    check(meta->is_writing);
    return meta->operations->remove_member(meta, role, member, fault);
}

bool meta_grants(Meta *meta, Arena *arena, MetaGrant **grants, uint32_t *count, Fault *fault)
{
    return meta->operations->grants(meta, arena, grants, count, fault);
}

bool meta_put_grant(Meta *meta, const MetaGrant *grant, Fault *fault)
{
    check(meta->is_writing);
    return meta->operations->put_grant(meta, grant, fault);
}

bool meta_owners(Meta *meta, Arena *arena, MetaOwner **owners, uint32_t *count, Fault *fault)
{
    return meta->operations->owners(meta, arena, owners, count, fault);
}

bool meta_put_owner(Meta *meta, uint32_t object, uint32_t role, Fault *fault)
{
    check(meta->is_writing);
    return meta->operations->put_owner(meta, object, role, fault);
}

bool meta_get_value(Meta *meta, Text name, Arena *arena, Text *value, bool *found, Fault *fault)
{
    return meta->operations->get_value(meta, name, arena, value, found, fault);
}

bool meta_put_value(Meta *meta, Text name, Text value, Fault *fault)
{
    check(meta->is_writing);
    return meta->operations->put_value(meta, name, value, fault);
}

bool meta_copy(Meta *meta, const char *path, uint64_t *revision, Fault *fault)
{
    check(!meta->in_transaction);
    return meta->operations->copy(meta, path, revision, fault);
}

bool meta_attach(Meta *meta, const char *base, const char *changed, Fault *fault)
{
    check(!meta->in_transaction);
    return meta->operations->attach(meta, base, changed, fault);
}

bool meta_merge(Meta *meta, Fault *fault)
{
    check(meta->is_writing);
    return meta->operations->merge(meta, fault);
}

bool meta_attached_segments(Meta *meta, Arena *arena, MetaSegmentChanges *changes, Fault *fault)
{
    return meta->operations->attached_segments(meta, arena, changes, fault);
}

void meta_detach(Meta *meta)
{
    check(!meta->in_transaction);
    meta->operations->detach(meta);
}

/* Civil date of a day count: H. Hinnant, "chrono-compatible low-level date algorithms". */
static void civil_of_days(int64_t days, int64_t *year, int *month, int *day)
{
    days += 719468; /* from 0000-03-01 */
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted_month = (5 * day_of_year + 2) / 153;
    *day = (int)(day_of_year - (153 * shifted_month + 2) / 5 + 1);
    *month = (int)(shifted_month < 10 ? shifted_month + 3 : shifted_month - 9);
    *year = year_of_era + era * 400 + (*month <= 2);
}

int meta_format_time(int64_t micros, char out[META_TIME_SIZE])
{
    if (micros == META_ETERNITY_START)
        return snprintf(out, META_TIME_SIZE, "-146136543-09-08T08:23:32.096Z");
    if (micros == META_ETERNITY_END)
        return snprintf(out, META_TIME_SIZE, "146140482-04-24T15:36:27.903Z");
    const int64_t day_millis = INT64_C(86400000);
    int64_t millis = micros / 1000 - (micros % 1000 < 0);
    int64_t days = millis / day_millis - (millis % day_millis < 0);
    int64_t rest = millis - days * day_millis;
    int64_t year;
    int month, day;
    civil_of_days(days, &year, &month, &day);
    return snprintf(out, META_TIME_SIZE, "%s%04lld-%02d-%02dT%02d:%02d:%02d.%03dZ",
                    year < 0 ? "-" : "", (long long)(year < 0 ? -year : year), month, day,
                    (int)(rest / 3600000), (int)(rest / 60000 % 60), (int)(rest / 1000 % 60),
                    (int)(rest % 1000));
}
