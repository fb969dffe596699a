/*
 * Records: made of values, taken apart, compared, tested for NULL, shown as JSON; the members of
 * a document as records. The binder, which knows what fields a record has, calls record_make and
 * record_field; what they work on is described in engine/type/record.h.
 */
#include "engine/type/record.h"

#include "base/log/log.h"
#include "engine/function/json_internal.h"
#include "engine/function/record_internal.h"

static const Text nothing = {.data = "", .length = 0};

static Text keep_bytes(RowRun *run, const Buffer *out)
{
    char *bytes = text_sink_reserve(&run->sink, out->length + 1);
    if (out->length > 0)
        memcpy(bytes, out->data, out->length);
    return text_sink_take(&run->sink, out->length);
}

/* --- making --- */

/* Names come as an array in the first argument; those that are missing are f1, f2, .. */
static Text head_of_call(RowRun *run, uint32_t rows)
{
    const ScalarCall *call = run->call;
    uint32_t count = call->argument_count - 1;
    RecordField *fields = ARENA_ARRAY(run->arena, RecordField, count + 1);
    bool has_names = rows > 0 && !vector_is_null(&run->arguments[0], 0);
    ArrayValue names = has_names ? row_array(run, 0, 0) : (ArrayValue){0};
    const Vector *texts = run->arguments[0].elements;
    for (uint32_t f = 0; f < count; f++) {
        bool is_named = f < names.count && !vector_is_null(texts, names.offset + f);
        fields[f] = (RecordField){call->argument_types[f + 1],
                                  is_named ? vector_text(texts, names.offset + f)
                                           : text_of(arena_printf(run->arena, "f%u", f + 1))};
    }
    return record_head_make(run->arena, fields, count);
}

static bool make_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                      uint8_t *is_null)
{
    Text head = head_of_call(run, rows), *out = results;
    Buffer value = BUFFER_EMPTY;
    bool is_good = true;
    for (uint32_t i = 0; i < rows && is_good; i++) {
        out[i] = nothing;
        if (skip != NULL && skip[i])
            continue;
        buffer_reset(&value);
        buffer_append(&value, head.data, head.length);
        for (uint32_t a = 1; a < run->call->argument_count; a++)
            record_append(&value, run->call->argument_types[a], &run->arguments[a], i);
        is_good = value.length <= TEXT_MAX_LENGTH || text_too_long(run->fault);
        if (is_good)
            out[i] = keep_bytes(run, &value);
    }
    buffer_clear(&value);
    return is_good;
}

/* --- the head of one value after another, which is mostly the same --- */

typedef struct HeadMemo {
    Text bytes;
    RecordHead head;
} HeadMemo;

static bool read_head(RowRun *run, HeadMemo *memo, Text value)
{
    bool is_same = memo->bytes.length > 0 && value.length >= memo->bytes.length &&
                   memcmp(value.data, memo->bytes.data, memo->bytes.length) == 0;
    if (is_same)
        return true;
    if (!record_head_read(run->arena, value, &memo->head, run->fault))
        return false;
    memo->bytes = (Text){value.data, memo->head.length};
    return true;
}

/* --- fields --- */

static bool same_layout(SqlType a, SqlType b)
{
    bool has_scale = a.oid == T_NUMERIC || a.oid == T_NUMERIC_ARRAY;
    return a.oid == b.oid && (!has_scale || type_scale(a) == type_scale(b));
}

/* The binder has said what type the field has; a record that says otherwise is refused. */
static bool check_field(RowRun *run, const RecordHead *head, int64_t field)
{
    if (field < 1 || field > head->count)
        return fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE,
                         "a record of %u fields has no field %lld", head->count,
                         (long long)field);
    SqlType is = head->fields[field - 1].type, wanted = run->call->result_type;
    bool is_literal = is.oid == T_UNKNOWN && wanted.oid == T_TEXT;
    if (is_literal || same_layout(is, wanted))
        return true;
    return fault_set(run->fault, FAULT_DATATYPE_MISMATCH, "field %lld of the record is of type %s",
                     (long long)field, type_info(is.oid)->sql_name);
}

static bool append_field(RowRun *run, uint32_t row, HeadMemo *memo, VectorBuilder *builder)
{
    Text value = row_text(run, 0, row);
    int64_t field = row_int64(run, 1, row);
    return read_head(run, memo, value) && check_field(run, &memo->head, field) &&
           record_field(&memo->head, value, (uint32_t)field - 1, builder, run->fault);
}

static bool field_cells(RowRun *run, const uint8_t *skip, uint32_t rows, VectorBuilder *builder)
{
    HeadMemo memo = {.bytes = nothing};
    for (uint32_t i = 0; i < rows; i++) {
        if (skip != NULL && skip[i])
            vector_builder_null(builder);
        else if (!append_field(run, i, &memo, builder))
            return false;
    }
    return true;
}

static bool run_field(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                      const uint8_t *active, Arena *arena, Vector *result, Fault *fault)
{
    RowRun run = {.call = call, .arguments = arguments, .arena = arena, .fault = fault,
                  .sink = {.arena = arena}};
    uint8_t *skip = rows_nulls(arguments, 2, rows, arena);
    if (active != NULL && skip == NULL) {
        skip = arena_alloc_vector(arena, rows);
        memset(skip, 0, rows);
    }
    for (uint32_t i = 0; active != NULL && i < rows; i++)
        skip[i] |= active[i] == 0;
    VectorBuilder builder;
    vector_builder_init(&builder, arena, type_layout(call->result_type), rows == 0 ? 1 : rows);
    if (!field_cells(&run, skip, rows, &builder))
        return false;
    *result = vector_builder_finish(&builder);
    return true;
}

/* --- comparing --- */

static bool dissimilar(RowRun *run, const RecordHead *a, const RecordHead *b)
{
    if (a->count != b->count)
        return fault_set(run->fault, FAULT_DATATYPE_MISMATCH,
                         "cannot compare record types with different numbers of columns");
    for (uint32_t f = 0; f < a->count; f++)
        if (!same_layout(a->fields[f].type, b->fields[f].type))
            return fault_set(run->fault, FAULT_DATATYPE_MISMATCH,
                             "cannot compare dissimilar column types %s and %s at record column %u",
                             type_info(a->fields[f].type.oid)->sql_name,
                             type_info(b->fields[f].type.oid)->sql_name, f + 1);
    return true;
}

/* Fields of the same types order by their bytes. */
static bool compare_records(RowRun *run, HeadMemo *left, HeadMemo *right, uint32_t row, int *order)
{
    Text a = row_text(run, 0, row), b = row_text(run, 1, row);
    if (!read_head(run, left, a) || !read_head(run, right, b) ||
        !dissimilar(run, &left->head, &right->head))
        return false;
    uint32_t a_length = a.length - left->head.length, b_length = b.length - right->head.length;
    uint32_t shared = a_length < b_length ? a_length : b_length;
    *order = shared == 0 ? 0
                         : memcmp(a.data + left->head.length, b.data + right->head.length, shared);
    if (*order == 0)
        *order = a_length < b_length ? -1 : a_length > b_length;
    return true;
}

#define COMPARE_LOOP(name, test)                                                                   \
    static bool name(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,               \
                     uint8_t *is_null)                                                             \
    {                                                                                              \
        HeadMemo left = {.bytes = nothing}, right = {.bytes = nothing};                            \
        uint8_t *out = results;                                                                    \
        for (uint32_t i = 0; i < rows; i++) {                                                      \
            int order = 0;                                                                         \
            if ((skip == NULL || !skip[i]) && !compare_records(run, &left, &right, i, &order))     \
                return false;                                                                      \
            out[i] = order test 0;                                                                 \
        }                                                                                          \
        return true;                                                                               \
    }
COMPARE_LOOP(equal_loop, ==)
COMPARE_LOOP(not_equal_loop, !=)
COMPARE_LOOP(less_loop, <)
COMPARE_LOOP(less_equal_loop, <=)
COMPARE_LOOP(greater_loop, >)
COMPARE_LOOP(greater_equal_loop, >=)

/* --- NULL tests: of a record, that all its fields are NULL, or none --- */

static bool null_fields(RowRun *run, const uint8_t *skip, uint32_t rows, bool all, uint8_t *out)
{
    HeadMemo memo = {.bytes = nothing};
    for (uint32_t i = 0; i < rows; i++) {
        out[i] = all;
        if ((skip != NULL && skip[i]) || row_is_null(run, 0, i)) {
            continue;
        }
        Text value = row_text(run, 0, i);
        uint32_t nulls;
        if (!read_head(run, &memo, value) ||
            !record_null_count(&memo.head, value, &nulls, run->fault))
            return false;
        out[i] = nulls == (all ? memo.head.count : 0);
    }
    return true;
}

static bool is_null_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                         uint8_t *is_null)
{
    return null_fields(run, skip, rows, true, results);
}

static bool is_not_null_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                             uint8_t *is_null)
{
    return null_fields(run, skip, rows, false, results);
}

/* --- as JSON --- */

static void append_object(Buffer *out, const RecordHead *head, const JsonColumn *columns,
                          uint32_t row, bool is_pretty)
{
    buffer_append_byte(out, '{');
    for (uint32_t f = 0; f < head->count; f++) {
        if (f > 0)
            buffer_append_string(out, is_pretty ? ",\n " : ",");
        json_append_string(out, head->fields[f].name);
        buffer_append_byte(out, ':');
        json_column_append(out, &columns[f], row);
    }
    buffer_append_byte(out, '}');
}

/* Values [first, first + count) of one head. */
static bool show_run(const TypeContext *context, const RecordHead *head, const Text *values,
                     uint32_t count, bool is_pretty, Arena *arena, Text *cells)
{
    Fault ignored;
    Vector *fields = ARENA_ARRAY(arena, Vector, head->count + 1);
    JsonColumn *columns = ARENA_ARRAY(arena, JsonColumn, head->count + 1);
    if (!record_columns(head, values, count, arena, fields, &ignored))
        return false;
    for (uint32_t f = 0; f < head->count; f++)
        columns[f] = json_column(&fields[f], head->fields[f].type, context, count, arena);
    Buffer out = BUFFER_EMPTY;
    for (uint32_t i = 0; i < count; i++) {
        if (values[i].data == NULL)
            continue;
        buffer_reset(&out);
        append_object(&out, head, columns, i, is_pretty);
        cells[i] = (Text){arena_strndup(arena, (const char *)out.data, out.length),
                          (uint32_t)out.length};
    }
    buffer_clear(&out);
    return true;
}

void record_json_cells(const TypeContext *context, const Vector *vector, bool is_pretty,
                       Arena *arena, Text *cells)
{
    uint32_t count = vector->length;
    Text *values = ARENA_ARRAY(arena, Text, count + 1);
    for (uint32_t i = 0; i < count; i++)
        values[i] = vector_is_null(vector, i) ? (Text){0} : vector_text(vector, i);
    memset(cells, 0, count * sizeof *cells);
    for (uint32_t first = 0; first < count;) {
        RecordHead head;
        Fault ignored;
        uint32_t end = first + 1;
        if (values[first].data == NULL || !record_head_read(arena, values[first], &head, &ignored)) {
            first = end;
            continue;
        }
        while (end < count && values[end].data != NULL && values[end].length >= head.length &&
               memcmp(values[end].data, values[first].data, head.length) == 0)
            end++;
        if (!show_run(context, &head, values + first, end - first, is_pretty, arena,
                      cells + first))
            return;
        first = end;
    }
}

/* row_to_json(record, pretty) */
static bool to_json_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                         uint8_t *is_null)
{
    Text *out = results, *shown[2] = {NULL, NULL};
    Vector records = run->arguments[0];
    records.length = rows;
    for (uint32_t i = 0; i < rows; i++) {
        out[i] = nothing;
        if (skip != NULL && skip[i])
            continue;
        bool is_pretty = run->call->argument_count == 2 && row_bool(run, 1, i);
        if (shown[is_pretty] == NULL) {
            shown[is_pretty] = ARENA_ARRAY(run->arena, Text, rows);
            record_json_cells(run->call->context, &records, is_pretty, run->arena,
                              shown[is_pretty]);
        }
        Text text = shown[is_pretty][i];
        out[i] = text.data == NULL ? nothing : text;
    }
    return true;
}

/* --- the members of a document as records (key, value) --- */

static bool append_pairs(RowRun *run, Text document, Oid type, VectorBuilder *builder)
{
    JsonWalk walk;
    Text key, value;
    uint32_t count = 0;
    if (!json_walk_begin(document, &walk) || !walk.is_object)
        return fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE,
                         "cannot deconstruct %s as an object",
                         json_kind(document) == JSON_ARRAY ? "an array" : "a scalar");
    while (json_walk_next(&walk, &key, &value))
        count++;
    const RecordField fields[2] = {{SQL_TYPE(T_TEXT), TEXT_LITERAL("key")},
                                   {SQL_TYPE(type), TEXT_LITERAL("value")}};
    Text head = record_head_make(run->arena, fields, 2);
    Buffer out = BUFFER_EMPTY;
    vector_builder_array(builder, count);
    json_walk_begin(document, &walk);
    while (json_walk_next(&walk, &key, &value)) {
        Text texts[2] = {json_string_text(&run->sink, key), value};
        uint8_t nulls[2] = {0, type == T_TEXT && json_kind(value) == JSON_NULL};
        if (type == T_TEXT && json_kind(value) == JSON_STRING)
            texts[1] = json_string_text(&run->sink, value);
        Vector cells = vector_flat(LAYOUT_STRING, 2, texts, nulls);
        buffer_reset(&out);
        buffer_append(&out, head.data, head.length);
        record_append(&out, fields[0].type, &cells, 0);
        record_append(&out, fields[1].type, &cells, 1);
        vector_builder_text_view(builder->elements, keep_bytes(run, &out));
    }
    buffer_clear(&out);
    return true;
}

static bool pairs_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    bool is_jsonb = run->call->argument_types[0].oid == T_JSONB;
    bool as_text = run->call->function->oid == 91866 || run->call->function->oid == 91867;
    Text document = row_text(run, 0, row), value = nothing;
    const char *at = document.data;
    json_take_value(&at, at + document.length, false, &value);
    return append_pairs(run, value, as_text ? T_TEXT : is_jsonb ? T_JSONB : T_JSON, builder);
}
ARRAY_LOOP(pairs_loop, pairs_row)

#define COMPARE_ROW(id, function, sign, compare_loop, does, sample, value)                         \
    { .oid = id, .name = function, .symbol = sign, .argument_count = 2,                            \
      .arguments = { T_RECORD, T_RECORD }, .result = T_BOOL, .run = run_rows,                      \
      .loop = (void *)compare_loop, .summary = does, .example = sample, .gives = value }
#define TEST_ROW(id, function, test_loop, does, sample, value)                                     \
    { .oid = id, .name = function, .argument_count = 1, .arguments = { T_RECORD },                 \
      .result = T_BOOL, .nulls = NULLS_CALLED, .run = run_rows, .loop = (void *)test_loop,         \
      .summary = does, .example = sample, .gives = value }
#define PAIRS_ROW(id, function, document, sample, value)                                           \
    { .oid = id, .name = function, .argument_count = 1, .arguments = { document },                 \
      .result = T_RECORD_ARRAY, .run = run_array_rows, .loop = (void *)pairs_loop,                 \
      .summary = "The members of a JSON object, as records.", .example = sample, .gives = value }

const ScalarFunction record_functions[] = {
    { .oid = RECORD_MAKE_OID, .name = "record_make", .argument_count = 1, .arguments = { T_TEXT_ARRAY },
      .result = T_RECORD, .nulls = NULLS_CALLED, .run = run_rows, .loop = (void *)make_loop,
      .summary = "A record without fields.", .example = "record_make(NULL)", .gives = "()" },
    { .oid = RECORD_MAKE_OID + 1, .name = "record_make", .argument_count = 2, .is_variadic = true,
      .arguments = { T_TEXT_ARRAY, T_ANY }, .result = T_RECORD, .nulls = NULLS_CALLED,
      .run = run_rows, .loop = (void *)make_loop,
      .summary = "A record of values, whose names are an array; ROW(..) makes the same.",
      .example = "record_make(ARRAY['a', 'b'], 1, 'x')", .gives = "(1,x)" },
    { .oid = RECORD_FIELD_OID, .name = "record_field", .argument_count = 2,
      .arguments = { T_RECORD, T_INT4 }, .result = T_TEXT, .run = run_field,
      .summary = "A field of a record by its number, from 1.",
      .example = "record_field(record_make(NULL, 1, 'x'), 2)", .gives = "x" },
    COMPARE_ROW(2981, "record_eq", "=", equal_loop, "The same fields.",
                "record_eq(ROW(1, 'x'), ROW(1, 'x'))", "t"),
    COMPARE_ROW(2982, "record_ne", "<>", not_equal_loop, "Other fields.",
                "record_ne(ROW(1, 'x'), ROW(1, 'x'))", "f"),
    COMPARE_ROW(2983, "record_lt", "<", less_loop, "Less, by the first field that differs.",
                "record_lt(ROW(1, 'x'), ROW(1, 'y'))", "t"),
    COMPARE_ROW(2984, "record_gt", ">", greater_loop, "Greater, by the first field that differs.",
                "record_gt(ROW(1, 'x'), ROW(1, 'y'))", "f"),
    COMPARE_ROW(2985, "record_le", "<=", less_equal_loop, "Less or the same.",
                "record_le(ROW(1, 'x'), ROW(1, 'y'))", "t"),
    COMPARE_ROW(2986, "record_ge", ">=", greater_equal_loop, "Greater or the same.",
                "record_ge(ROW(1, 'x'), ROW(1, 'y'))", "f"),
    TEST_ROW(RECORD_IS_NULL_OID, "record_is_null", is_null_loop,
             "No record, or one whose fields are all NULL.", "record_is_null(ROW(NULL, 1))", "f"),
    TEST_ROW(RECORD_IS_NOT_NULL_OID, "record_is_not_null", is_not_null_loop,
             "A record none of whose fields is NULL.", "record_is_not_null(ROW(NULL, 1))", "f"),
    { .oid = 3155, .name = "row_to_json", .argument_count = 1, .arguments = { T_RECORD },
      .result = T_JSON, .run = run_rows, .loop = (void *)to_json_loop,
      .summary = "A row as a JSON object.", .example = "row_to_json(ROW(1, 'x'))",
      .gives = "{\"f1\":1,\"f2\":\"x\"}" },
    { .oid = 3156, .name = "row_to_json", .argument_count = 2, .arguments = { T_RECORD, T_BOOL },
      .result = T_JSON, .run = run_rows, .loop = (void *)to_json_loop,
      .summary = "A row as a JSON object, a member a line where it is true.",
      .example = "row_to_json(ROW(1, 'x'), false)", .gives = "{\"f1\":1,\"f2\":\"x\"}" },
    PAIRS_ROW(91864, "json_pairs", T_JSON, "json_pairs('{\"a\":1}'::json)", "{\"(a,1)\"}"),
    PAIRS_ROW(91865, "jsonb_pairs", T_JSONB, "jsonb_pairs('{\"a\":1}'::jsonb)", "{\"(a,1)\"}"),
    PAIRS_ROW(91866, "json_pairs_text", T_JSON, "json_pairs_text('{\"a\":\"x\"}'::json)",
              "{\"(a,x)\"}"),
    PAIRS_ROW(91867, "jsonb_pairs_text", T_JSONB, "jsonb_pairs_text('{\"a\":\"x\"}'::jsonb)",
              "{\"(a,x)\"}"),
};
const uint32_t record_function_count = sizeof record_functions / sizeof record_functions[0];
