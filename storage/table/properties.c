/*
 * Keys of relations, and what is kept of a relation besides its columns, as JSON:
 *
 *   {"kind":"view","definition":"SELECT ..","search_path":"..","used":[16384],
 *    "partitioned_by":"DAY","on_commit":"drop","dropped":["a"],
 *    "sequence":[type,start,increment,minimum,maximum,cache,cycles,table,column,is identity],
 *    "constraints":[{"kind":"p","name":"t_pkey","columns":[1]},{"kind":"c",..,"check":"a > 0"}],
 *    "columns":{"b":{"not_null":true,"default":"0","identity":"a","generated":true}}}
 *
 * Every field may be missing.
 */
#include "storage/table/table_internal.h"

#include <jansson.h>
#include <string.h>

/* --- keys --- */

static const char *slash_of(Text key)
{
    return key.length == 0 ? NULL : memchr(key.data, '/', key.length);
}

Text table_key(Arena *arena, Text schema, Text name)
{
    if (text_equal_string(schema, "public") && name.length > 0)
        return terminated_text(arena, name);
    return text_of(arena_printf(arena, "%.*s/%.*s", TEXT_ARGS(schema), TEXT_ARGS(name)));
}

Text table_key_schema(Text key)
{
    const char *slash = slash_of(key);
    if (slash == NULL)
        return TEXT_LITERAL("public");
    return (Text){.data = key.data, .length = (uint32_t)(slash - key.data)};
}

Text table_key_name(Text key)
{
    const char *slash = slash_of(key);
    if (slash == NULL)
        return key;
    uint32_t before = (uint32_t)(slash + 1 - key.data);
    return (Text){.data = slash + 1, .length = key.length - before};
}

bool table_check_key(Text key, Fault *fault)
{
    Text name = table_key_name(key);
    return table_check_name(table_key_schema(key), fault) &&
           (name.length == 0 || table_check_name(name, fault));
}

/* --- writing --- */

static void put_text(Buffer *out, const char *name, Text value)
{
    if (value.length == 0)
        return;
    buffer_printf(out, "%s\"%s\":", out->length > 1 ? "," : "", name);
    table_json_write_text(out, value);
}

static void put_columns(Buffer *out, const TableColumn *columns, uint32_t count)
{
    bool is_first = true;
    for (uint32_t i = 0; i < count; i++) {
        if (!columns[i].not_null && columns[i].default_text.length == 0 && columns[i].identity == 0)
            continue;
        if (is_first)
            buffer_append_string(out, out->length > 1 ? ",\"columns\":{" : "\"columns\":{");
        else
            buffer_append_byte(out, ',');
        is_first = false;
        table_json_write_text(out, columns[i].name);
        buffer_printf(out, ":{\"not_null\":%s", columns[i].not_null ? "true" : "false");
        if (columns[i].default_text.length > 0) {
            buffer_append_string(out, ",\"default\":");
            table_json_write_text(out, columns[i].default_text);
        }
        if (columns[i].identity != 0)
            buffer_printf(out, ",\"identity\":\"%c\"", columns[i].identity);
        if (columns[i].is_generated)
            buffer_append_string(out, ",\"generated\":true");
        buffer_append_byte(out, '}');
    }
    if (!is_first)
        buffer_append_byte(out, '}');
}

static void put_sequence(Buffer *out, const TableSequence *sequence)
{
    buffer_printf(out, ",\"sequence\":[%u,%lld,%lld,%lld,%lld,%lld,%d,%u,%d,%d]", sequence->type_oid,
                  (long long)sequence->start, (long long)sequence->increment,
                  (long long)sequence->minimum, (long long)sequence->maximum,
                  (long long)sequence->cache, sequence->cycles, sequence->owner_table,
                  sequence->owner_column, sequence->is_identity);
}

static void put_constraints(Buffer *out, const TableProperties *properties)
{
    for (uint32_t i = 0; i < properties->constraint_count; i++) {
        const TableConstraint *one = &properties->constraints[i];
        buffer_printf(out, "%s{\"kind\":\"%c\",\"name\":",
                      i > 0              ? ","
                      : out->length > 1 ? ",\"constraints\":["
                                         : "\"constraints\":[",
                      one->kind);
        table_json_write_text(out, one->name);
        for (uint32_t k = 0; k < one->column_count; k++)
            buffer_printf(out, "%s%d", k == 0 ? ",\"columns\":[" : ",", one->columns[k]);
        if (one->column_count > 0)
            buffer_append_byte(out, ']');
        put_text(out, "check", one->check);
        if (one->is_index)
            buffer_append_string(out, ",\"index\":true");
        buffer_append_byte(out, '}');
    }
    if (properties->constraint_count > 0)
        buffer_append_byte(out, ']');
}

void table_properties_write(const TableProperties *properties, const TableColumn *columns,
                            uint32_t column_count, Buffer *out)
{
    static const char *const kinds[] = {"", "view", "schema", "sequence"};
    Buffer json = BUFFER_EMPTY;
    buffer_append_byte(&json, '{');
    put_text(&json, "kind", text_of(kinds[properties->kind]));
    put_text(&json, "definition", properties->definition);
    put_text(&json, "search_path", properties->search_path);
    put_text(&json, "partitioned_by", properties->partitioned_by);
    if (properties->drops_at_commit)
        put_text(&json, "on_commit", TEXT_LITERAL("drop"));
    for (uint32_t i = 0; i < properties->used_count; i++)
        buffer_printf(&json, "%s%u", i > 0 ? "," : json.length > 1 ? ",\"used\":[" : "\"used\":[",
                      properties->used[i]);
    if (properties->used_count > 0)
        buffer_append_byte(&json, ']');
    for (uint32_t i = 0; i < properties->dropped_count; i++) {
        buffer_append_string(&json, i > 0              ? ","
                                    : json.length > 1 ? ",\"dropped\":["
                                                      : "\"dropped\":[");
        table_json_write_text(&json, properties->dropped[i]);
    }
    if (properties->dropped_count > 0)
        buffer_append_byte(&json, ']');
    if (properties->kind == TABLE_SEQUENCE)
        put_sequence(&json, &properties->sequence);
    put_constraints(&json, properties);
    put_columns(&json, columns, column_count);
    buffer_append_byte(&json, '}');
    buffer_append(out, json.data, json.length);
    buffer_clear(&json);
}

/* --- reading --- */

static Text copy_string(const json_t *string, Arena *arena)
{
    if (!json_is_string(string))
        return TEXT_LITERAL("");
    size_t length = json_string_length(string);
    return (Text){.data = arena_strndup(arena, json_string_value(string), length),
                  .length = (uint32_t)length};
}

static void read_used(const json_t *list, Arena *arena, TableProperties *properties)
{
    size_t count = json_array_size(list);
    uint32_t *used = ARENA_ARRAY(arena, uint32_t, count + 1);
    for (size_t i = 0; i < count; i++)
        used[i] = (uint32_t)json_integer_value(json_array_get(list, i));
    properties->used = used;
    properties->used_count = (uint32_t)count;
}

static void read_dropped(const json_t *list, Arena *arena, TableProperties *properties)
{
    size_t count = json_array_size(list);
    Text *dropped = ARENA_ARRAY(arena, Text, count + 1);
    for (size_t i = 0; i < count; i++)
        dropped[i] = copy_string(json_array_get(list, i), arena);
    properties->dropped = dropped;
    properties->dropped_count = (uint32_t)count;
}

static void read_sequence(const json_t *list, TableSequence *sequence)
{
    int64_t numbers[10];
    for (size_t i = 0; i < 10; i++)
        numbers[i] = json_integer_value(json_array_get(list, i));
    *sequence = (TableSequence){.type_oid = (uint32_t)numbers[0],
                                .start = numbers[1],
                                .increment = numbers[2],
                                .minimum = numbers[3],
                                .maximum = numbers[4],
                                .cache = numbers[5],
                                .cycles = numbers[6] != 0,
                                .owner_table = (uint32_t)numbers[7],
                                .owner_column = (int32_t)numbers[8],
                                .is_identity = numbers[9] != 0};
}

static void read_constraints(const json_t *list, Arena *arena, TableProperties *properties)
{
    size_t count = json_array_size(list);
    TableConstraint *all = ARENA_ARRAY(arena, TableConstraint, count + 1);
    for (size_t i = 0; i < count; i++) {
        const json_t *one = json_array_get(list, i);
        const json_t *columns = json_object_get(one, "columns");
        const char *kind = json_string_value(json_object_get(one, "kind"));
        uint32_t column_count = (uint32_t)json_array_size(columns);
        int32_t *numbers = ARENA_ARRAY(arena, int32_t, (size_t)column_count + 1);
        for (uint32_t k = 0; k < column_count; k++)
            numbers[k] = (int32_t)json_integer_value(json_array_get(columns, k));
        all[i] = (TableConstraint){.kind = kind == NULL ? 0 : kind[0],
                                   .name = copy_string(json_object_get(one, "name"), arena),
                                   .column_count = column_count,
                                   .columns = numbers,
                                   .check = copy_string(json_object_get(one, "check"), arena),
                                   .is_index = json_is_true(json_object_get(one, "index"))};
    }
    properties->constraints = all;
    properties->constraint_count = (uint32_t)count;
}

static TableKind read_kind(const json_t *kind)
{
    const char *word = json_is_string(kind) ? json_string_value(kind) : "";
    if (strcmp(word, "view") == 0)
        return TABLE_VIEW;
    if (strcmp(word, "sequence") == 0)
        return TABLE_SEQUENCE;
    return strcmp(word, "schema") == 0 ? TABLE_SCHEMA : TABLE_STORED;
}

static void read_columns(const json_t *object, Arena *arena, TableColumn *columns, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        const json_t *one = json_object_getn(object, columns[i].name.data, columns[i].name.length);
        if (!json_is_object(one))
            continue;
        columns[i].not_null = json_is_true(json_object_get(one, "not_null"));
        columns[i].default_text = copy_string(json_object_get(one, "default"), arena);
        const char *identity = json_string_value(json_object_get(one, "identity"));
        columns[i].identity = identity == NULL ? 0 : identity[0];
        columns[i].is_generated = json_is_true(json_object_get(one, "generated"));
    }
}

void table_properties_read(Text text, Arena *arena, TableProperties *properties,
                           TableColumn *columns, uint32_t column_count)
{
    *properties = (TableProperties){0};
    json_t *json = json_loadb(text.data, text.length, 0, NULL);
    if (json_is_object(json)) {
        properties->kind = read_kind(json_object_get(json, "kind"));
        properties->definition = copy_string(json_object_get(json, "definition"), arena);
        properties->search_path = copy_string(json_object_get(json, "search_path"), arena);
        properties->partitioned_by = copy_string(json_object_get(json, "partitioned_by"), arena);
        properties->drops_at_commit = json_object_get(json, "on_commit") != NULL;
        read_sequence(json_object_get(json, "sequence"), &properties->sequence);
        read_constraints(json_object_get(json, "constraints"), arena, properties);
        read_used(json_object_get(json, "used"), arena, properties);
        read_dropped(json_object_get(json, "dropped"), arena, properties);
        read_columns(json_object_get(json, "columns"), arena, columns, column_count);
    }
    json_decref(json);
}

bool table_was_dropped(const TableProperties *properties, Text column)
{
    for (uint32_t i = 0; i < properties->dropped_count; i++)
        if (text_equal(properties->dropped[i], column))
            return true;
    return false;
}
