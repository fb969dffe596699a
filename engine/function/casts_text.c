/*
 * Casts from and to texts. Two rows stand for all types at once: a text is read by the target
 * type's input function, and every value has its output function's form. The rest are lengths:
 * varchar(n) and char(n), which explicit casts cut and assignments refuse.
 */
#include "engine/function/casts_internal.h"
#include "engine/function/functions_internal.h"

/* --- texts to values --- */

/* Reads all rows into a builder of the result's layout and hands its data over. */
bool cast_parse_rows(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                     uint8_t *is_null, CastReader read)
{
    const ScalarCall *call = run->call;
    Layout layout = type_layout(call->result_type);
    VectorBuilder builder;
    vector_builder_init(&builder, run->arena, layout, rows);
    for (uint32_t i = 0; i < rows; i++) {
        if (skip != NULL && skip[i] != 0)
            vector_builder_null(&builder);
        else if (!read(call, row_text(run, 0, i), &builder, run->fault))
            return false;
    }
    Vector vector = vector_builder_finish(&builder);
    memcpy(results, vector.data, rows * layout_size(layout));
    if (vector.nulls != NULL)
        memcpy(is_null, vector.nulls, rows);
    return true;
}

static bool read_strictly(const ScalarCall *call, Text text, VectorBuilder *builder, Fault *fault)
{
    return type_parse_text(call->result_type, call->context, text, builder, fault);
}

static bool parse_any_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                           uint8_t *is_null)
{
    return cast_parse_rows(run, skip, rows, results, is_null, read_strictly);
}

static bool parse_array(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    return type_parse_text(run->call->result_type, run->call->context, row_text(run, 0, row),
                           builder, run->fault);
}
ARRAY_LOOP(parse_array_loop, parse_array)

/* A work order that says otherwise is malformed. */
static bool run_parse_array(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                            const uint8_t *active, Arena *arena, Vector *result, Fault *fault)
{
    if (type_layout(call->result_type) != LAYOUT_ARRAY)
        return fault_set(fault, FAULT_INTERNAL_ERROR, "cast to an array of a type that is none");
    return run_array_rows(call, arguments, rows, active, arena, result, fault);
}

/* Arrays are built with their elements, everything else row by row. */
bool cast_run_parse(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                    const uint8_t *active, Arena *arena, Vector *result, Fault *fault)
{
    if (type_layout(call->result_type) != LAYOUT_ARRAY)
        return run_rows(call, arguments, rows, active, arena, result, fault);
    ScalarCall array_call = *call;
    array_call.function = cast_text_to_array;
    return run_array_rows(&array_call, arguments, rows, active, arena, result, fault);
}

/* --- values to texts --- */

static bool run_format(const ScalarCall *call, const Vector *arguments, uint32_t rows,
                       const uint8_t *active, Arena *arena, Vector *result, Fault *fault)
{
    Vector value = arguments[0];
    bool is_constant = value.form == VECTOR_CONSTANT && rows > 0;
    uint32_t count = value.length = is_constant ? 1 : rows;
    Text *texts = arena_alloc_vector(arena, count * sizeof *texts);
    uint8_t *nulls = NULL;
    type_format_text(call->argument_types[0], call->context, &value, arena, texts);
    for (uint32_t i = 0; i < count; i++) {
        if (texts[i].data != NULL)
            continue;
        if (nulls == NULL) {
            nulls = arena_alloc_vector(arena, count);
            memset(nulls, 0, count);
        }
        nulls[i] = 1;
    }
    *result = vector_flat(LAYOUT_STRING, count, texts, nulls);
    if (is_constant) {
        result->form = VECTOR_CONSTANT;
        result->length = rows;
    }
    return true;
}

/* boolean's cast says true, its output function t. */
static inline bool bool_word(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    *result = row_bool(run, 0, row) ? TEXT_LITERAL("true") : TEXT_LITERAL("false");
    return true;
}
ROW_LOOP(bool_word_loop, bool_word, Text)

/* --- names, single characters --- */

/* A char(n) loses its blanks first. */
static inline bool cut_to_name(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    *result = row_text(run, 0, row);
    while (run->call->argument_types[0].oid == T_BPCHAR && result->length > 0 &&
           result->data[result->length - 1] == ' ')
        result->length--;
    if (result->length <= 63)
        return true;
    result->length = 63;
    while (result->length > 0 && (result->data[result->length] & 0xC0) == 0x80)
        result->length--;
    return true;
}
ROW_LOOP(cut_to_name_loop, cut_to_name, Text)

static inline bool cut_to_char(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    *result = row_text(run, 0, row);
    result->length = result->length > 1 ? 1 : result->length;
    return true;
}
ROW_LOOP(cut_to_char_loop, cut_to_char, Text)

/* --- varchar(n), char(n) --- */

static uint32_t bytes_of_characters(Text text, uint32_t characters)
{
    uint32_t at = 0;
    while (at < text.length && characters > 0) {
        at++;
        while (at < text.length && (text.data[at] & 0xC0) == 0x80)
            at++;
        characters--;
    }
    return at;
}

static uint32_t count_characters(Text text)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < text.length; i++)
        count += (text.data[i] & 0xC0) != 0x80;
    return count;
}

static bool is_blank_from(Text text, uint32_t start)
{
    for (uint32_t i = start; i < text.length; i++)
        if (text.data[i] != ' ')
            return false;
    return true;
}

/* Blanks beyond the length may always go. */
static bool cut_length(RowRun *run, uint32_t row, bool is_assignment, Text *result)
{
    SqlType type = run->call->result_type;
    Text text = row_text(run, 0, row);
    *result = text;
    if (type.modifier < 4)
        return true;
    uint32_t length = (uint32_t)type.modifier - 4, kept = bytes_of_characters(text, length);
    if (kept < text.length && is_assignment && !is_blank_from(text, kept))
        return fault_set(run->fault, FAULT_STRING_DATA_RIGHT_TRUNCATION,
                         "value too long for type %s(%u)", type_info(type.oid)->sql_name, length);
    result->length = kept;
    if (type.oid != T_BPCHAR)
        return true;
    uint32_t missing = length - count_characters(*result);
    if (missing == 0)
        return true;
    char *out = text_sink_reserve(&run->sink, (size_t)kept + missing);
    memcpy(out, text.data, kept);
    memset(out + kept, ' ', missing);
    *result = text_sink_take(&run->sink, (size_t)kept + missing);
    return true;
}

static inline bool cut_explicitly(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return cut_length(run, row, false, result);
}
ROW_LOOP(cut_explicitly_loop, cut_explicitly, Text)

static inline bool cut_in_assignment(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return cut_length(run, row, true, result);
}
ROW_LOOP(cut_in_assignment_loop, cut_in_assignment, Text)

/* char(n) is padded; as a text the padding means nothing. */
static inline bool strip_padding(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    *result = row_text(run, 0, row);
    while (result->length > 0 && result->data[result->length - 1] == ' ')
        result->length--;
    return true;
}
ROW_LOOP(strip_padding_loop, strip_padding, Text)

/* "char" as a number is its byte. */
static inline bool char_code(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    Text text = row_text(run, 0, row);
    *result = text.length == 0 ? 0 : (int8_t)text.data[0];
    return true;
}
ROW_LOOP(char_code_loop, char_code, int64_t)

/* --- rows --- */

enum { TEXT_TO_ANY, TEXT_TO_ARRAY, ANY_TO_TEXT, VARCHAR_EXPLICIT, VARCHAR_ASSIGNMENT,
       BPCHAR_EXPLICIT, BPCHAR_ASSIGNMENT };

#define TEXT_CAST(id, target, from, to, rule, stamped)                                             \
    { .oid = id, .name = target, .argument_count = 1, .arguments = { from }, .result = to,         \
      .kind = FUNCTION_CAST, .cast_rule = rule, .run = run_rows, .loop = stamped,                  \
      .prepare = rows_prepare, .summary = "Cast." }

const ScalarFunction cast_text_functions[] = {
    /* found by their place, not by their types */
    [TEXT_TO_ANY] = { .oid = 95400, .name = "parse", .argument_count = 1, .arguments = { T_TEXT },
                      .result = T_ANY, .kind = FUNCTION_CAST, .volatility = STABLE,
                      .run = cast_run_parse, .loop = parse_any_loop, .prepare = rows_prepare,
                      .summary = "Reads a text by the type's input function." },
    [TEXT_TO_ARRAY] = { .oid = 95401, .name = "parse_array", .argument_count = 1,
                        .arguments = { T_TEXT }, .result = T_ANY, .kind = FUNCTION_CAST,
                        .volatility = STABLE, .run = run_parse_array, .loop = parse_array_loop,
                        .summary = "Reads an array's text." },
    [ANY_TO_TEXT] = { .oid = 95402, .name = "text", .argument_count = 1, .arguments = { T_ANY },
                      .result = T_TEXT, .kind = FUNCTION_CAST, .cast_rule = CAST_ASSIGNMENT,
                      .volatility = STABLE, .run = run_format,
                      .summary = "The type's text form." },
    [VARCHAR_EXPLICIT] = TEXT_CAST(669, "varchar", T_VARCHAR, T_VARCHAR, CAST_IMPLICIT,
                                   cut_explicitly_loop),
    [VARCHAR_ASSIGNMENT] = TEXT_CAST(95403, "varchar", T_VARCHAR, T_VARCHAR, CAST_IMPLICIT,
                                     cut_in_assignment_loop),
    [BPCHAR_EXPLICIT] = TEXT_CAST(668, "bpchar", T_BPCHAR, T_BPCHAR, CAST_IMPLICIT,
                                  cut_explicitly_loop),
    [BPCHAR_ASSIGNMENT] = TEXT_CAST(95404, "bpchar", T_BPCHAR, T_BPCHAR, CAST_IMPLICIT,
                                    cut_in_assignment_loop),

    TEXT_CAST(2971, "text", T_BOOL, T_TEXT, CAST_ASSIGNMENT, bool_word_loop),
    TEXT_CAST(95410, "varchar", T_BOOL, T_VARCHAR, CAST_ASSIGNMENT, bool_word_loop),
    TEXT_CAST(95411, "bpchar", T_BOOL, T_BPCHAR, CAST_ASSIGNMENT, bool_word_loop),
    TEXT_CAST(401, "text", T_BPCHAR, T_TEXT, CAST_IMPLICIT, strip_padding_loop),
    TEXT_CAST(95412, "varchar", T_BPCHAR, T_VARCHAR, CAST_IMPLICIT, strip_padding_loop),
    TEXT_CAST(407, "name", T_TEXT, T_NAME, CAST_IMPLICIT, cut_to_name_loop),
    TEXT_CAST(1400, "name", T_VARCHAR, T_NAME, CAST_IMPLICIT, cut_to_name_loop),
    TEXT_CAST(409, "name", T_BPCHAR, T_NAME, CAST_IMPLICIT, cut_to_name_loop),
    TEXT_CAST(944, "char", T_TEXT, T_CHAR, CAST_ASSIGNMENT, cut_to_char_loop),
    TEXT_CAST(95413, "char", T_VARCHAR, T_CHAR, CAST_ASSIGNMENT, cut_to_char_loop),
    TEXT_CAST(95414, "char", T_BPCHAR, T_CHAR, CAST_ASSIGNMENT, cut_to_char_loop),
    TEXT_CAST(77, "int4", T_CHAR, T_INT4, CAST_EXPLICIT, char_code_loop),
};

const uint32_t cast_text_function_count =
    sizeof cast_text_functions / sizeof cast_text_functions[0];

const ScalarFunction *const cast_text_to_any = &cast_text_functions[TEXT_TO_ANY];
const ScalarFunction *const cast_text_to_array = &cast_text_functions[TEXT_TO_ARRAY];
const ScalarFunction *const cast_any_to_text = &cast_text_functions[ANY_TO_TEXT];

const ScalarFunction *cast_to_length(Oid type, CastRule rule)
{
    bool is_explicit = rule == CAST_EXPLICIT;
    if (type == T_VARCHAR)
        return &cast_text_functions[is_explicit ? VARCHAR_EXPLICIT : VARCHAR_ASSIGNMENT];
    return &cast_text_functions[is_explicit ? BPCHAR_EXPLICIT : BPCHAR_ASSIGNMENT];
}
