/*
 * Shard specs and segments' column summaries as JSON, and back.
 */
#include "storage/table/table_internal.h"

#include <jansson.h>

void table_json_write_text(Buffer *out, Text text)
{
    buffer_append_byte(out, '"');
    for (uint32_t i = 0; i < text.length; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c == '"' || c == '\\') {
            buffer_append_byte(out, '\\');
            buffer_append_byte(out, c);
        } else if (c < 0x20) {
            buffer_printf(out, "\\u%04x", c);
        } else {
            buffer_append_byte(out, c);
        }
    }
    buffer_append_byte(out, '"');
}

/* --- shard specs --- */

static void write_bound(const char *name, const ShardValue *values, uint32_t count, Buffer *out)
{
    buffer_printf(out, ",\"%s\":", name);
    if (values == NULL) {
        buffer_append_string(out, "null");
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        buffer_append_byte(out, i == 0 ? '[' : ',');
        if (values[i].is_null)
            buffer_append_string(out, "null");
        else
            table_json_write_text(out, values[i].text);
    }
    buffer_append_byte(out, ']');
}

void shard_spec_write(const ShardSpec *shard, Buffer *out)
{
    switch (shard->kind) {
    case SHARD_NUMBERED:
        buffer_printf(out, "{\"type\":\"numbered\",\"partitionNum\":%u,\"partitions\":%u}",
                      shard->partition_number, shard->core_partitions);
        return;
    case SHARD_TOMBSTONE:
        buffer_append_string(out, "{\"type\":\"tombstone\",\"partitionNum\":0,\"partitions\":1}");
        return;
    case SHARD_RANGE:
        buffer_append_string(out, "{\"type\":\"range\",\"dimensions\":");
        for (uint32_t i = 0; i < shard->dimension_count; i++) {
            buffer_append_byte(out, i == 0 ? '[' : ',');
            table_json_write_text(out, shard->dimensions[i]);
        }
        buffer_append_byte(out, ']');
        write_bound("start", shard->start, shard->dimension_count, out);
        write_bound("end", shard->end, shard->dimension_count, out);
        buffer_printf(out, ",\"partitionNum\":%u,\"numCorePartitions\":%u}",
                      shard->partition_number, shard->core_partitions);
        return;
    }
}

static Text copy_string(json_t *string, Arena *arena)
{
    size_t length = json_string_length(string);
    return (Text){.data = arena_strndup(arena, json_string_value(string), length),
                  .length = (uint32_t)length};
}

/* A bound: null, or as many strings and nulls as there are dimensions. */
static bool read_bound(json_t *json, uint32_t count, Arena *arena, const ShardValue **bound)
{
    *bound = NULL;
    if (json == NULL || json_is_null(json))
        return true;
    if (!json_is_array(json) || json_array_size(json) != count)
        return false;
    ShardValue *values = ARENA_ARRAY(arena, ShardValue, count);
    for (uint32_t i = 0; i < count; i++) {
        json_t *value = json_array_get(json, i);
        values[i] = (ShardValue){.is_null = json_is_null(value)};
        if (json_is_string(value))
            values[i].text = copy_string(value, arena);
        else if (!json_is_null(value))
            return false;
    }
    *bound = values;
    return true;
}

static bool read_range(json_t *json, Arena *arena, ShardSpec *shard)
{
    json_t *dimensions = json_object_get(json, "dimensions");
    size_t count = json_array_size(dimensions);
    if (count == 0 || count > 1000)
        return false;
    Text *names = ARENA_ARRAY(arena, Text, count);
    for (size_t i = 0; i < count; i++) {
        json_t *name = json_array_get(dimensions, i);
        if (!json_is_string(name))
            return false;
        names[i] = copy_string(name, arena);
    }
    shard->kind = SHARD_RANGE;
    shard->dimension_count = (uint32_t)count;
    shard->dimensions = names;
    shard->core_partitions =
        (uint32_t)json_integer_value(json_object_get(json, "numCorePartitions"));
    return read_bound(json_object_get(json, "start"), (uint32_t)count, arena, &shard->start) &&
           read_bound(json_object_get(json, "end"), (uint32_t)count, arena, &shard->end);
}

static bool read_shard(json_t *json, Arena *arena, ShardSpec *shard)
{
    const char *type = json_string_value(json_object_get(json, "type"));
    if (type == NULL)
        return false;
    shard->partition_number = (uint32_t)json_integer_value(json_object_get(json, "partitionNum"));
    shard->core_partitions = (uint32_t)json_integer_value(json_object_get(json, "partitions"));
    if (strcmp(type, "range") == 0)
        return read_range(json, arena, shard);
    if (strcmp(type, "numbered") != 0 && strcmp(type, "tombstone") != 0)
        return false;
    shard->kind = strcmp(type, "numbered") == 0 ? SHARD_NUMBERED : SHARD_TOMBSTONE;
    return true;
}

static json_t *load_json(Text text)
{
    return json_loadb(text.data, text.length, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, NULL);
}

bool shard_spec_read(Text text, Arena *arena, ShardSpec *shard, Fault *fault)
{
    *shard = (ShardSpec){0};
    json_t *json = load_json(text);
    bool ok = json != NULL && read_shard(json, arena, shard);
    json_decref(json);
    return ok ||
           fault_set(fault, FAULT_DATA_CORRUPTED, "\"%.*s\" is no shard spec", TEXT_ARGS(text));
}

/* --- column summaries: [[name, type, modifier, nulls, distinct, stored, text, min, max], ...],
 *     the last two only where there is a range --- */

void table_segment_columns_write(const SegmentColumns *columns, Buffer *out)
{
    buffer_append_byte(out, '[');
    for (uint32_t i = 0; i < columns->count; i++) {
        const ColumnSummary *column = &columns->columns[i];
        const SegmentColumnSummary *summary = &column->summary;
        buffer_append_string(out, i == 0 ? "[" : ",[");
        table_json_write_text(out, column->name);
        buffer_printf(
            out, ",%u,%d,%llu,%llu,%llu,%llu", column->type_oid, column->type_modifier,
            (unsigned long long)summary->null_count, (unsigned long long)summary->distinct_count,
            (unsigned long long)summary->stored_bytes, (unsigned long long)summary->text_bytes);
        if (summary->has_range)
            buffer_printf(out, ",%lld,%lld", (long long)summary->minimum,
                          (long long)summary->maximum);
        buffer_append_byte(out, ']');
    }
    buffer_append_byte(out, ']');
}

static bool read_column(json_t *json, Arena *arena, ColumnSummary *column)
{
    int64_t numbers[8] = {0};
    size_t size = json_array_size(json);
    if (size != 7 && size != 9)
        return false;
    if (!json_is_string(json_array_get(json, 0)))
        return false;
    for (size_t i = 1; i < size; i++) {
        json_t *number = json_array_get(json, i);
        if (!json_is_integer(number))
            return false;
        numbers[i - 1] = json_integer_value(number);
    }
    *column = (ColumnSummary){
        .name = copy_string(json_array_get(json, 0), arena),
        .type_oid = (uint32_t)numbers[0],
        .type_modifier = (int32_t)numbers[1],
        .summary = {.null_count = (uint64_t)numbers[2],
                    .distinct_count = (uint64_t)numbers[3],
                    .stored_bytes = (uint64_t)numbers[4],
                    .text_bytes = (uint64_t)numbers[5],
                    .has_range = size == 9,
                    .minimum = numbers[6],
                    .maximum = numbers[7]},
    };
    return true;
}

static bool read_columns(json_t *json, Arena *arena, SegmentColumns *columns)
{
    if (!json_is_array(json))
        return false;
    size_t count = json_array_size(json);
    ColumnSummary *items = ARENA_ARRAY(arena, ColumnSummary, count);
    for (size_t i = 0; i < count; i++) {
        if (!read_column(json_array_get(json, i), arena, &items[i]))
            return false;
    }
    *columns = (SegmentColumns){.count = (uint32_t)count, .columns = items};
    return true;
}

bool table_segment_columns_read(Text text, Arena *arena, SegmentColumns *columns, Fault *fault)
{
    *columns = (SegmentColumns){0};
    json_t *json = load_json(text);
    bool ok = json != NULL && read_columns(json, arena, columns);
    json_decref(json);
    return ok || fault_set(fault, FAULT_DATA_CORRUPTED,
                           "the metadata of a segment's columns cannot be read");
}
