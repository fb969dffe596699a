/*
 * Values of type record: making them, taking them apart, their text and binary forms. The layout
 * is described in record.h.
 */
#include "engine/type/record.h"

#include "base/log/log.h"
#include "engine/type/type_internal.h"

enum { FIELD_VALUE = 1, FIELD_NULL = 2, ARRAY_END = 0 };

static bool malformed(Fault *fault)
{
    return fault_set(fault, FAULT_INVALID_BINARY_REPRESENTATION, "malformed record value");
}

static SqlType element_type(SqlType array)
{
    const TypeInfo *info = type_info(array.oid);
    Oid element = info != NULL && info->element_oid != 0 ? info->element_oid : T_TEXT;
    return (SqlType){.oid = element, .modifier = array.modifier};
}

/* --- numbers, big-endian --- */

static void put_bytes(Buffer *out, uint64_t value, int count)
{
    uint8_t bytes[8];
    for (int i = 0; i < count; i++)
        bytes[i] = (uint8_t)(value >> (8 * (count - 1 - i)));
    buffer_append(out, bytes, (size_t)count);
}

static uint64_t get_bytes(const char *p, int count)
{
    uint64_t value = 0;
    for (int i = 0; i < count; i++)
        value = value << 8 | (uint8_t)p[i];
    return value;
}

/* --- heads --- */

enum { HEAD_START = 6, HEAD_FIELD = 10 };

Text record_head_make(Arena *arena, const RecordField *fields, uint32_t count)
{
    Buffer out = BUFFER_EMPTY;
    size_t length = HEAD_START;
    for (uint32_t i = 0; i < count; i++)
        length += HEAD_FIELD + (fields[i].name.length > UINT16_MAX ? UINT16_MAX : fields[i].name.length);
    put_bytes(&out, length, 4);
    put_bytes(&out, count, 2);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t named = fields[i].name.length > UINT16_MAX ? UINT16_MAX : fields[i].name.length;
        put_bytes(&out, fields[i].type.oid, 4);
        put_bytes(&out, (uint32_t)fields[i].type.modifier, 4);
        put_bytes(&out, named, 2);
        if (named > 0)
            buffer_append(&out, fields[i].name.data, named);
    }
    Text head = {arena_strndup(arena, (const char *)out.data, out.length), (uint32_t)out.length};
    buffer_clear(&out);
    return head;
}

bool record_head_read(Arena *arena, Text value, RecordHead *head, Fault *fault)
{
    if (value.length < HEAD_START)
        return malformed(fault);
    head->length = (uint32_t)get_bytes(value.data, 4);
    head->count = (uint32_t)get_bytes(value.data + 4, 2);
    if (head->length < HEAD_START || head->length > value.length ||
        head->count > (head->length - HEAD_START) / HEAD_FIELD)
        return malformed(fault);
    const char *p = value.data + HEAD_START, *end = value.data + head->length;
    head->fields = ARENA_ARRAY(arena, RecordField, head->count + 1);
    for (uint32_t i = 0; i < head->count; i++) {
        if (end - p < HEAD_FIELD)
            return malformed(fault);
        RecordField *field = &head->fields[i];
        field->type = (SqlType){(Oid)get_bytes(p, 4), (int32_t)get_bytes(p + 4, 4)};
        field->name = (Text){p + HEAD_FIELD, (uint32_t)get_bytes(p + 8, 2)};
        p += HEAD_FIELD;
        if ((size_t)(end - p) < field->name.length)
            return malformed(fault);
        p += field->name.length;
        if (type_info(field->type.oid) == NULL)
            return malformed(fault);
    }
    return p == end ? true : malformed(fault);
}

/* --- making values --- */

static void append_text(Buffer *out, Text text)
{
    static const uint8_t escaped[2] = {0, 0xff}, ending[2] = {0, 0};
    const char *p = text.data, *end = p + text.length;
    while (p < end) {
        const char *zero = memchr(p, 0, (size_t)(end - p));
        const char *stop = zero == NULL ? end : zero;
        if (stop > p)
            buffer_append(out, p, (size_t)(stop - p));
        p = stop;
        if (zero != NULL) {
            buffer_append(out, escaped, 2);
            p++;
        }
    }
    buffer_append(out, ending, 2);
}

static uint64_t ordered_float(uint64_t bits, uint64_t sign, uint64_t all)
{
    return (bits & sign) != 0 ? ~bits & all : bits | sign;
}

static void append_float64(Buffer *out, double value)
{
    uint64_t bits = 0;
    if (value == 0)
        value = 0; /* -0 equals 0 */
    if (value != value)
        value = __builtin_nan("");
    memcpy(&bits, &value, sizeof bits);
    put_bytes(out, ordered_float(bits, UINT64_C(1) << 63, UINT64_MAX), 8);
}

static void append_float32(Buffer *out, float value)
{
    uint32_t bits;
    if (value == 0)
        value = 0;
    if (value != value)
        value = __builtin_nanf("");
    memcpy(&bits, &value, sizeof bits);
    put_bytes(out, ordered_float(bits, UINT64_C(1) << 31, UINT32_MAX), 4);
}

static void append_int128(Buffer *out, __int128 value)
{
    unsigned __int128 bits = (unsigned __int128)value ^ (unsigned __int128)1 << 127;
    put_bytes(out, (uint64_t)(bits >> 64), 8);
    put_bytes(out, (uint64_t)bits, 8);
}

/* Ordered by how long it is, a month of 30 days; then what it is made of. */
static void append_interval(Buffer *out, const void *at)
{
    IntervalValue value;
    memcpy(&value, at, sizeof value);
    __int128 days = (__int128)value.months * 30 + value.days;
    append_int128(out, days * MICROS_PER_DAY + value.micros);
    put_bytes(out, (uint64_t)value.micros, 8);
    put_bytes(out, (uint32_t)value.days, 4);
    put_bytes(out, (uint32_t)value.months, 4);
}

static void append_value(Buffer *out, SqlType type, const Vector *vector, uint32_t row);

static void append_array(Buffer *out, SqlType type, const Vector *vector, uint32_t place)
{
    ArrayValue cell = VECTOR_DATA(ArrayValue, vector)[place];
    SqlType element = element_type(type);
    for (uint32_t i = 0; i < cell.count; i++)
        record_append(out, element, vector->elements, cell.offset + i);
    buffer_append_byte(out, ARRAY_END);
}

static void append_value(Buffer *out, SqlType type, const Vector *vector, uint32_t row)
{
    uint32_t place = vector_row(vector, row);
    switch (vector->layout) {
    case LAYOUT_BOOL:
        buffer_append_byte(out, VECTOR_DATA(uint8_t, vector)[place]);
        return;
    case LAYOUT_INT64:
        put_bytes(out, (uint64_t)VECTOR_DATA(int64_t, vector)[place] ^ UINT64_C(1) << 63, 8);
        return;
    case LAYOUT_INT128:
        if (type.oid == T_INTERVAL)
            append_interval(out, &VECTOR_DATA(__int128, vector)[place]);
        else
            append_int128(out, VECTOR_DATA(__int128, vector)[place]);
        return;
    case LAYOUT_FLOAT32:
        append_float32(out, VECTOR_DATA(float, vector)[place]);
        return;
    case LAYOUT_FLOAT64:
        append_float64(out, VECTOR_DATA(double, vector)[place]);
        return;
    case LAYOUT_STRING:
        append_text(out, vector_text(vector, row));
        return;
    case LAYOUT_ARRAY:
        append_array(out, type, vector, place);
        return;
    case LAYOUT_COUNT:
        return;
    }
}

void record_append(Buffer *out, SqlType type, const Vector *vector, uint32_t row)
{
    if (vector_is_null(vector, row)) {
        buffer_append_byte(out, FIELD_NULL);
        return;
    }
    buffer_append_byte(out, FIELD_VALUE);
    append_value(out, type, vector, row);
}

/* --- taking values apart --- */

typedef struct RecordReader {
    const char *at, *end;
    Arena *arena; /* of texts that had to be unescaped */
    Fault *fault;
} RecordReader;

static bool take(RecordReader *reader, int count, uint64_t *value)
{
    if (reader->end - reader->at < count)
        return malformed(reader->fault);
    *value = get_bytes(reader->at, count);
    reader->at += count;
    return true;
}

static bool take_int128(RecordReader *reader, __int128 *value)
{
    uint64_t high = 0, low = 0;
    if (!take(reader, 8, &high) || !take(reader, 8, &low))
        return false;
    unsigned __int128 bits = (unsigned __int128)high << 64 | low;
    *value = (__int128)(bits ^ (unsigned __int128)1 << 127);
    return true;
}

static bool take_interval(RecordReader *reader, __int128 *result)
{
    __int128 order;
    uint64_t micros = 0, days = 0, months = 0;
    if (!take_int128(reader, &order) || !take(reader, 8, &micros) || !take(reader, 4, &days) ||
        !take(reader, 4, &months))
        return false;
    IntervalValue value = {(int64_t)micros, (int32_t)days, (int32_t)months};
    memcpy(result, &value, sizeof value);
    return true;
}

/* The text up to its end mark: a view where nothing was escaped. */
static bool take_text(RecordReader *reader, bool is_wanted, Text *text)
{
    const char *start = reader->at;
    uint32_t escapes = 0;
    for (;;) {
        const char *zero = memchr(reader->at, 0, (size_t)(reader->end - reader->at));
        if (zero == NULL || reader->end - zero < 2)
            return malformed(reader->fault);
        reader->at = zero + 2;
        if (zero[1] == 0)
            break;
        escapes++;
    }
    *text = (Text){start, (uint32_t)(reader->at - 2 - start)};
    if (escapes == 0 || !is_wanted)
        return true;
    char *out = arena_alloc(reader->arena, text->length), *p = out;
    for (uint32_t i = 0; i < text->length; i++) {
        *p++ = start[i];
        i += start[i] == 0;
    }
    *text = (Text){out, (uint32_t)(p - out)};
    return true;
}

static bool take_value(RecordReader *reader, SqlType type, VectorBuilder *builder);

/* One field or element: its mark and its value. `builder` NULL: it is passed over. */
static bool take_field(RecordReader *reader, SqlType type, VectorBuilder *builder)
{
    uint64_t mark = 0;
    if (!take(reader, 1, &mark))
        return false;
    if (mark == FIELD_VALUE)
        return take_value(reader, type, builder);
    if (mark != FIELD_NULL)
        return malformed(reader->fault);
    if (builder != NULL)
        vector_builder_null(builder);
    return true;
}

static bool take_array(RecordReader *reader, SqlType type, VectorBuilder *builder)
{
    SqlType element = element_type(type);
    const char *start = reader->at;
    uint32_t count = 0;
    for (; reader->at < reader->end && *reader->at != ARRAY_END; count++)
        if (!take_field(reader, element, NULL))
            return false;
    if (reader->at == reader->end)
        return malformed(reader->fault);
    const char *behind = reader->at + 1;
    if (builder != NULL) {
        if (builder->elements == NULL) {
            builder->elements = ARENA_NEW(builder->arena, VectorBuilder);
            vector_builder_init(builder->elements, builder->arena, type_layout(element), 8);
        }
        vector_builder_array(builder, count);
        reader->at = start;
        for (uint32_t i = 0; i < count; i++)
            if (!take_field(reader, element, builder->elements))
                return false;
    }
    reader->at = behind;
    return true;
}

static bool take_number(RecordReader *reader, SqlType type, VectorBuilder *builder)
{
    __int128 value;
    bool is_read = type.oid == T_INTERVAL ? take_interval(reader, &value)
                                          : take_int128(reader, &value);
    if (is_read && builder != NULL)
        vector_builder_int128(builder, value);
    return is_read;
}

static bool take_float(RecordReader *reader, int size, VectorBuilder *builder)
{
    uint64_t bits = 0, sign = UINT64_C(1) << (8 * size - 1);
    if (!take(reader, size, &bits))
        return false;
    bits = (bits & sign) != 0 ? bits & ~sign : ~bits;
    double value;
    if (size == 8) {
        memcpy(&value, &bits, sizeof value);
    } else {
        uint32_t narrow_bits = (uint32_t)bits;
        float narrow;
        memcpy(&narrow, &narrow_bits, sizeof narrow);
        value = narrow;
    }
    if (builder != NULL)
        vector_builder_float64(builder, value);
    return true;
}

static bool take_value(RecordReader *reader, SqlType type, VectorBuilder *builder)
{
    uint64_t bits = 0;
    Text text;
    switch (type_layout(type)) {
    case LAYOUT_BOOL:
        if (!take(reader, 1, &bits))
            return false;
        if (builder != NULL)
            vector_builder_bool(builder, bits != 0);
        return true;
    case LAYOUT_INT64:
        if (!take(reader, 8, &bits))
            return false;
        if (builder != NULL)
            vector_builder_int64(builder, (int64_t)(bits ^ UINT64_C(1) << 63));
        return true;
    case LAYOUT_INT128:
        return take_number(reader, type, builder);
    case LAYOUT_FLOAT32:
        return take_float(reader, 4, builder);
    case LAYOUT_FLOAT64:
        return take_float(reader, 8, builder);
    case LAYOUT_STRING:
        if (!take_text(reader, builder != NULL, &text))
            return false;
        if (builder != NULL)
            vector_builder_text(builder, text);
        return true;
    case LAYOUT_ARRAY:
        return take_array(reader, type, builder);
    case LAYOUT_COUNT:
        break;
    }
    return malformed(reader->fault);
}

static RecordReader reader_of(const RecordHead *head, Text value, Arena *arena, Fault *fault)
{
    return (RecordReader){value.data + head->length, value.data + value.length, arena, fault};
}

static bool take_row(const RecordHead *head, Text value, VectorBuilder *builders, Arena *arena,
                     Fault *fault)
{
    RecordReader reader = reader_of(head, value, arena, fault);
    if (value.length < head->length)
        return malformed(fault);
    for (uint32_t f = 0; f < head->count; f++)
        if (!take_field(&reader, head->fields[f].type, &builders[f]))
            return false;
    return reader.at == reader.end ? true : malformed(fault);
}

bool record_columns(const RecordHead *head, const Text *values, uint32_t count, Arena *arena,
                    Vector *columns, Fault *fault)
{
    VectorBuilder *builders = ARENA_ARRAY(arena, VectorBuilder, head->count + 1);
    for (uint32_t f = 0; f < head->count; f++)
        vector_builder_init(&builders[f], arena, type_layout(head->fields[f].type), count);
    for (uint32_t i = 0; i < count; i++) {
        if (values[i].data != NULL) {
            if (!take_row(head, values[i], builders, arena, fault))
                return false;
            continue;
        }
        for (uint32_t f = 0; f < head->count; f++)
            vector_builder_null(&builders[f]);
    }
    for (uint32_t f = 0; f < head->count; f++)
        columns[f] = vector_builder_finish(&builders[f]);
    return true;
}

bool record_field(const RecordHead *head, Text value, uint32_t field, VectorBuilder *builder,
                  Fault *fault)
{
    RecordReader reader = reader_of(head, value, builder->arena, fault);
    if (field >= head->count || value.length < head->length)
        return malformed(fault);
    for (uint32_t f = 0; f <= field; f++)
        if (!take_field(&reader, head->fields[f].type, f == field ? builder : NULL))
            return false;
    return true;
}

bool record_null_count(const RecordHead *head, Text value, uint32_t *nulls, Fault *fault)
{
    RecordReader reader = reader_of(head, value, NULL, fault);
    if (value.length < head->length)
        return malformed(fault);
    *nulls = 0;
    for (uint32_t f = 0; f < head->count; f++) {
        *nulls += reader.at < reader.end && *reader.at == FIELD_NULL;
        if (!take_field(&reader, head->fields[f].type, NULL))
            return false;
    }
    return true;
}

/* --- runs of values of one head --- */

static bool has_head(Text value, Text head)
{
    return value.length >= head.length && memcmp(value.data, head.data, head.length) == 0;
}

/* Values from `first` on that are NULL or have the head of the first that is not; *head is what
 * it says. No values: count 0. */
static uint32_t head_run(const Text *values, uint32_t first, uint32_t end, Arena *arena,
                         RecordHead *head, bool *is_good, Fault *fault)
{
    Text bytes = {0};
    uint32_t i = first;
    *head = (RecordHead){0};
    *is_good = true;
    for (; i < end; i++) {
        if (values[i].data == NULL || (bytes.data != NULL && has_head(values[i], bytes)))
            continue;
        if (bytes.data != NULL)
            break;
        if (!record_head_read(arena, values[i], head, fault)) {
            *is_good = false;
            return i - first;
        }
        bytes = (Text){values[i].data, head->length};
    }
    return i - first;
}

static Text *texts_of(const Vector *vector, uint32_t count, Arena *arena)
{
    Text *texts = ARENA_ARRAY(arena, Text, count + 1);
    for (uint32_t i = 0; i < count; i++)
        texts[i] = vector_is_null(vector, i) ? (Text){0} : vector_text(vector, i);
    return texts;
}

/* --- text: (1,"a b",) --- */

static bool needs_quotes(Text text)
{
    for (uint32_t i = 0; i < text.length; i++)
        if (strchr("\"\\(), \t\n\r\v\f", text.data[i]) != NULL || text.data[i] == 0)
            return true;
    return text.length == 0;
}

static void append_shown(Buffer *out, Text text)
{
    if (text.data == NULL)
        return;
    if (!needs_quotes(text)) {
        buffer_append(out, text.data, text.length);
        return;
    }
    buffer_append_byte(out, '"');
    for (uint32_t i = 0; i < text.length; i++) {
        if (text.data[i] == '"' || text.data[i] == '\\')
            buffer_append_byte(out, text.data[i]);
        buffer_append_byte(out, text.data[i]);
    }
    buffer_append_byte(out, '"');
}

static Text kept_text(Buffer *out, Arena *arena)
{
    char *bytes = arena_alloc(arena, out->length + 1);
    if (out->length > 0)
        memcpy(bytes, out->data, out->length);
    return (Text){bytes, (uint32_t)out->length};
}

/* cells[f][i]: field f of value i. */
static Text **shown_fields(const RecordHead *head, const TypeContext *context, const Text *values,
                           uint32_t count, Arena *arena, Fault *fault)
{
    Vector *columns = ARENA_ARRAY(arena, Vector, head->count + 1);
    Text **cells = ARENA_ARRAY(arena, Text *, head->count + 1);
    if (!record_columns(head, values, count, arena, columns, fault))
        return NULL;
    for (uint32_t f = 0; f < head->count; f++) {
        cells[f] = ARENA_ARRAY(arena, Text, count + 1);
        type_format_text(head->fields[f].type, context, &columns[f], arena, cells[f]);
    }
    return cells;
}

void record_format(const TypeContext *context, const Vector *vector, uint32_t count, Arena *arena,
                   Text *cells)
{
    const Text *values = texts_of(vector, count, arena);
    Buffer out = BUFFER_EMPTY;
    for (uint32_t first = 0; first < count;) {
        RecordHead head;
        Fault fault;
        bool is_good;
        uint32_t run = head_run(values, first, count, arena, &head, &is_good, &fault);
        Text **fields =
            is_good ? shown_fields(&head, context, values + first, run, arena, &fault) : NULL;
        if (fields == NULL)
            run += run == 0; /* bytes that are no record are shown as nothing */
        for (uint32_t i = 0; i < run; i++) {
            cells[first + i] = (Text){0};
            if (values[first + i].data == NULL || fields == NULL)
                continue;
            buffer_reset(&out);
            buffer_append_byte(&out, '(');
            for (uint32_t f = 0; f < head.count; f++) {
                if (f > 0)
                    buffer_append_byte(&out, ',');
                append_shown(&out, fields[f][i]);
            }
            buffer_append_byte(&out, ')');
            cells[first + i] = kept_text(&out, arena);
        }
        first += run;
    }
    buffer_clear(&out);
}

/* --- binary: fields, and for each its type, length, bytes --- */

static bool send_run(const RecordHead *head, const TypeContext *context, const Text *values,
                     uint32_t count, Arena *arena, Text *cells, Fault *fault)
{
    Vector *columns = ARENA_ARRAY(arena, Vector, head->count + 1);
    Text **fields = ARENA_ARRAY(arena, Text *, head->count + 1);
    if (!record_columns(head, values, count, arena, columns, fault))
        return false;
    for (uint32_t f = 0; f < head->count; f++) {
        fields[f] = ARENA_ARRAY(arena, Text, count + 1);
        if (!type_format_binary(head->fields[f].type, context, &columns[f], arena, fields[f],
                                fault))
            return false;
    }
    Buffer out = BUFFER_EMPTY;
    for (uint32_t i = 0; i < count; i++) {
        cells[i] = (Text){0};
        if (values[i].data == NULL)
            continue;
        buffer_reset(&out);
        put_bytes(&out, head->count, 4);
        for (uint32_t f = 0; f < head->count; f++) {
            Text field = fields[f][i];
            put_bytes(&out, head->fields[f].type.oid, 4);
            put_bytes(&out, field.data == NULL ? UINT32_MAX : field.length, 4);
            if (field.data != NULL && field.length > 0)
                buffer_append(&out, field.data, field.length);
        }
        cells[i] = kept_text(&out, arena);
    }
    buffer_clear(&out);
    return true;
}

bool record_format_binary(const TypeContext *context, const Vector *vector, Arena *arena,
                          Text *cells, Fault *fault)
{
    uint32_t count = vector->length;
    const Text *values = texts_of(vector, count, arena);
    for (uint32_t first = 0; first < count;) {
        RecordHead head;
        bool is_good;
        uint32_t run = head_run(values, first, count, arena, &head, &is_good, fault);
        if (!is_good ||
            !send_run(&head, context, values + first, run, arena, cells + first, fault))
            return false;
        first += run;
    }
    return true;
}
