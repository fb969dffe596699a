/*
 * Text form of arrays: {a,"b c",NULL}, {{1,2},{3,4}}, [0:1]={1,2}. The elements' forms are their
 * type's; int2vector and oidvector are written with blanks alone.
 */
#include "engine/type/type_internal.h"

#include <ctype.h>
#include <stdio.h>

static bool is_vector_type(SqlType type)
{
    return type.oid == T_INT2VECTOR || type.oid == T_OIDVECTOR;
}

static SqlType element_type(SqlType array)
{
    const TypeInfo *info = type_info(array.oid);
    return (SqlType){.oid = info->element_oid, .modifier = array.modifier};
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool needs_quotes(Text text)
{
    if (text.length == 0 || text_is_word(text, "null"))
        return true;
    for (uint32_t i = 0; i < text.length; i++)
        if (is_blank(text.data[i]) || strchr("\"\\{},", text.data[i]) != NULL)
            return true;
    return false;
}

static char *put_quoted(char *p, Text text)
{
    *p++ = '"';
    for (uint32_t i = 0; i < text.length; i++) {
        if (text.data[i] == '"' || text.data[i] == '\\')
            *p++ = '\\';
        *p++ = text.data[i];
    }
    *p++ = '"';
    return p;
}

static char *put_element(char *p, Text element)
{
    if (element.data == NULL) {
        memcpy(p, "NULL", 4);
        return p + 4;
    }
    if (needs_quotes(element))
        return put_quoted(p, element);
    memcpy(p, element.data, element.length);
    return p + element.length;
}

/* [0:1][1:3]=, when a dimension does not count from 1. */
static char *put_bounds(char *p, const ArrayShape *shape)
{
    bool is_plain = true;
    for (uint32_t d = 0; d < shape->dimensions; d++)
        is_plain = is_plain && shape->lower[d] == 1;
    if (is_plain)
        return p;
    p += array_bounds_text(shape, p);
    *p++ = '=';
    return p;
}

uint32_t array_bounds_text(const ArrayShape *shape, char *out)
{
    int length = 0;
    for (uint32_t d = 0; d < shape->dimensions; d++)
        length += sprintf(out + length, "[%d:%lld]", shape->lower[d],
                          (long long)shape->lower[d] + shape->lengths[d] - 1);
    return (uint32_t)length;
}

/* Bytes that braces and commas of so many elements take at most. */
static size_t braces_size(const ArrayShape *shape)
{
    size_t size = 2, parts = 1;
    for (uint32_t d = 0; d + 1 < shape->dimensions; d++) {
        parts *= shape->lengths[d];
        size += 2 * parts;
    }
    return size;
}

static Text join_array(const Text *elements, ArrayValue cell, Arena *arena)
{
    ArrayShape shape = array_shape_of(cell);
    uint32_t rows[ARRAY_MAX_DIMENSIONS]; /* elements of a part of each dimension */
    uint32_t part = 1;
    for (uint32_t d = shape.dimensions; d-- > 0;)
        rows[d] = part *= shape.lengths[d];
    size_t size = braces_size(&shape) + ARRAY_BOUNDS_SIZE;
    for (uint32_t i = 0; i < cell.count; i++)
        size += 2 * (size_t)elements[i].length + 8;
    char *out = arena_alloc(arena, size), *p = put_bounds(out, &shape);
    if (cell.count == 0)
        *p++ = '{';
    for (uint32_t i = 0; i < cell.count; i++) {
        if (i > 0)
            *p++ = ',';
        for (uint32_t d = 0; d < shape.dimensions; d++)
            if (i % rows[d] == 0)
                *p++ = '{';
        p = put_element(p, elements[i]);
        for (uint32_t d = shape.dimensions; d-- > 0;)
            if ((i + 1) % rows[d] == 0)
                *p++ = '}';
    }
    if (cell.count == 0)
        *p++ = '}';
    return (Text){out, (uint32_t)(p - out)};
}

static Text join_vector(const Text *elements, uint32_t count, Arena *arena)
{
    size_t size = 1;
    for (uint32_t i = 0; i < count; i++)
        size += elements[i].length + 1;
    char *out = arena_alloc(arena, size), *p = out;
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            *p++ = ' ';
        if (elements[i].length > 0)
            memcpy(p, elements[i].data, elements[i].length);
        p += elements[i].length;
    }
    return (Text){out, (uint32_t)(p - out)};
}

/* The range of elements that the rows use: vectors cut from larger ones share all of them. */
static void used_range(const Vector *vector, uint32_t *first, uint32_t *end)
{
    *first = UINT32_MAX;
    *end = 0;
    for (uint32_t i = 0; i < vector->length; i++) {
        if (vector_is_null(vector, i))
            continue;
        ArrayValue cell = VECTOR_DATA(ArrayValue, vector)[vector_row(vector, i)];
        if (cell.count == 0)
            continue;
        if (cell.offset < *first)
            *first = cell.offset;
        if (cell.offset + cell.count > *end)
            *end = cell.offset + cell.count;
    }
    if (*first > *end)
        *first = *end;
}

void array_format(SqlType type, const TypeContext *context, const Vector *vector, Arena *arena,
                  Text *cells)
{
    uint32_t first, end;
    used_range(vector, &first, &end);
    Text *elements = ARENA_ARRAY(arena, Text, end - first);
    if (end > first) {
        Vector used = vector_slice(vector->elements, first, end - first);
        type_format_text(element_type(type), context, &used, arena, elements);
    }
    for (uint32_t i = 0; i < vector->length; i++) {
        if (vector_is_null(vector, i)) {
            cells[i] = (Text){0};
            continue;
        }
        ArrayValue cell = VECTOR_DATA(ArrayValue, vector)[vector_row(vector, i)];
        const Text *own = cell.count == 0 ? elements : elements + (cell.offset - first);
        cells[i] = is_vector_type(type) ? join_vector(own, cell.count, arena)
                                        : join_array(own, cell, arena);
    }
}

/* --- reading --- */

static bool malformed(Text text, const char *detail, Fault *fault)
{
    fault_set(fault, FAULT_INVALID_TEXT_REPRESENTATION, "malformed array literal: \"%.*s\"",
              TEXT_ARGS(text));
    return fault_detail(fault, "%s", detail);
}

typedef struct ElementText {
    Text text;
    bool is_null;
    struct ElementText *next;
} ElementText;

/* One element up to , or } or {: quoted, or plain with blanks around it left out. */
static bool read_element(Text whole, const char **at, const char *end, Arena *arena,
                         ElementText *element, Fault *fault)
{
    const char *p = *at;
    char *out = arena_alloc(arena, (size_t)(end - p) + 1);
    uint32_t length = 0, kept = 0; /* kept: up to the last character that is not a blank */
    bool is_quoted = false, in_quotes = false;
    while (p < end && is_blank(*p))
        p++;
    for (; p < end; p++) {
        if (in_quotes ? *p == '"' : *p == '"' && !is_quoted && kept == 0) {
            in_quotes = !in_quotes;
            is_quoted = true;
            continue;
        }
        if (!in_quotes && (*p == ',' || *p == '}'))
            break;
        if (!in_quotes && *p == '{')
            return malformed(whole, "Unexpected \"{\" character.", fault);
        if (!in_quotes && is_quoted && !is_blank(*p))
            return malformed(whole, "Unexpected array element.", fault);
        if (!in_quotes && is_quoted)
            continue;
        if (!in_quotes && *p == '"')
            return malformed(whole, "Unexpected array element.", fault);
        bool is_escaped = *p == '\\' && p + 1 < end;
        if (is_escaped)
            p++;
        out[length++] = *p;
        if (in_quotes || is_escaped || !is_blank(*p))
            kept = length;
    }
    if (p == end || in_quotes)
        return malformed(whole, "Unexpected end of input.", fault);
    *at = p;
    *element = (ElementText){.text = {out, kept}};
    if (!is_quoted && kept == 0)
        return malformed(whole, *p == ',' ? "Unexpected \",\" character."
                                          : "Unexpected \"}\" character.", fault);
    element->is_null = !is_quoted && text_is_word(element->text, "null");
    return true;
}

/* What is read of an array: its elements in order, and the shape that its braces have. */
typedef struct ArrayReader {
    Text whole;
    const char *at, *end;
    Arena *arena;
    ElementText *first, **last;
    uint32_t count;
    ArrayShape shape;
    uint32_t element_depth; /* braces around an element, 0: none was met */
    Fault *fault;
} ArrayReader;

static bool reader_malformed(ArrayReader *reader, const char *detail)
{
    return malformed(reader->whole, detail, reader->fault);
}

static void skip_blanks(ArrayReader *reader)
{
    while (reader->at < reader->end && is_blank(*reader->at))
        reader->at++;
}

static bool add_element(ArrayReader *reader, uint32_t depth)
{
    ElementText *element = ARENA_NEW(reader->arena, ElementText);
    if (!read_element(reader->whole, &reader->at, reader->end, reader->arena, element,
                      reader->fault))
        return false;
    if (reader->element_depth != 0 && reader->element_depth != depth)
        return reader_malformed(reader, "Unexpected array element.");
    reader->element_depth = depth;
    *reader->last = element;
    reader->last = &element->next;
    reader->count++;
    return true;
}

static bool read_braces(ArrayReader *reader, uint32_t depth);

/* What stands between commas: an element or braces. */
static bool read_item(ArrayReader *reader, uint32_t depth)
{
    skip_blanks(reader);
    if (reader->at == reader->end || *reader->at != '{')
        return add_element(reader, depth);
    if (reader->element_depth != 0 && reader->element_depth <= depth)
        return reader_malformed(reader, "Unexpected \"{\" character.");
    return read_braces(reader, depth + 1);
}

/* { item, .. }; all of one depth are equally long. */
static bool read_braces(ArrayReader *reader, uint32_t depth)
{
    if (depth > ARRAY_MAX_DIMENSIONS)
        return fault_set(reader->fault, FAULT_PROGRAM_LIMIT_EXCEEDED,
                         "number of array dimensions (%u) exceeds the maximum allowed (%d)", depth,
                         ARRAY_MAX_DIMENSIONS);
    uint32_t items = 0;
    for (bool is_open = true; is_open; items++) {
        reader->at++; /* the brace or the comma */
        if (!read_item(reader, depth))
            return false;
        skip_blanks(reader);
        if (reader->at == reader->end)
            return reader_malformed(reader, "Unexpected end of input.");
        if (*reader->at == '{')
            return reader_malformed(reader, "Unexpected \"{\" character.");
        if (*reader->at != ',' && *reader->at != '}')
            return reader_malformed(reader, "Unexpected array element.");
        is_open = *reader->at == ',';
    }
    reader->at++;
    uint32_t *length = &reader->shape.lengths[depth - 1];
    if (*length != 0 && *length != items)
        return reader_malformed(reader, "Multidimensional arrays must have sub-arrays with "
                                        "matching dimensions.");
    *length = items;
    if (reader->shape.dimensions < depth)
        reader->shape.dimensions = depth;
    return true;
}

static bool read_bound(ArrayReader *reader, int32_t *bound)
{
    int64_t value = 0;
    bool is_negative = reader->at < reader->end && *reader->at == '-';
    bool has_sign = is_negative || (reader->at < reader->end && *reader->at == '+');
    const char *start = reader->at += has_sign;
    for (; reader->at < reader->end && isdigit((unsigned char)*reader->at); reader->at++) {
        value = value * 10 + (*reader->at - '0');
        if (value > INT32_MAX)
            return fault_set(reader->fault, FAULT_PROGRAM_LIMIT_EXCEEDED,
                             "array bound is out of integer range");
    }
    *bound = (int32_t)(is_negative ? -value : value);
    return reader->at > start ? true
                              : reader_malformed(reader, "\"[\" must introduce "
                                                         "explicitly-specified array dimensions.");
}

/* [1:3][0:1]= or [3]=: the dimensions that the braces must have. */
static bool read_bounds(ArrayReader *reader, ArrayShape *bounds)
{
    while (skip_blanks(reader), reader->at < reader->end && *reader->at == '[') {
        int32_t lower = 1, upper;
        uint32_t d = bounds->dimensions;
        if (d == ARRAY_MAX_DIMENSIONS)
            return fault_set(reader->fault, FAULT_PROGRAM_LIMIT_EXCEEDED,
                             "number of array dimensions (%u) exceeds the maximum allowed (%d)",
                             d + 1, ARRAY_MAX_DIMENSIONS);
        reader->at++;
        if (!read_bound(reader, &upper))
            return false;
        if (reader->at < reader->end && *reader->at == ':') {
            lower = upper;
            reader->at++;
            if (!read_bound(reader, &upper))
                return false;
        }
        if (reader->at == reader->end || *reader->at != ']')
            return reader_malformed(reader, "Missing \"]\" after array dimensions.");
        reader->at++;
        if (upper < lower)
            return fault_set(reader->fault, FAULT_ARRAY_SUBSCRIPT_ERROR,
                             "upper bound cannot be less than lower bound");
        bounds->lower[d] = lower;
        bounds->lengths[d] = (uint32_t)((int64_t)upper - lower) + 1;
        bounds->dimensions++;
    }
    if (bounds->dimensions == 0)
        return true;
    if (reader->at == reader->end || *reader->at != '=')
        return reader_malformed(reader, "Missing \"=\" after array dimensions.");
    reader->at++;
    skip_blanks(reader);
    return true;
}

static bool take_bounds(ArrayReader *reader, const ArrayShape *bounds)
{
    ArrayShape *shape = &reader->shape;
    for (uint32_t d = 0; d < shape->dimensions; d++)
        shape->lower[d] = bounds->dimensions == 0 ? 1 : bounds->lower[d];
    bool matches = bounds->dimensions == 0 || bounds->dimensions == shape->dimensions;
    for (uint32_t d = 0; matches && d < bounds->dimensions; d++)
        matches = bounds->lengths[d] == shape->lengths[d];
    return matches ? true
                   : reader_malformed(reader,
                                      "Specified array dimensions do not match array contents.");
}

static bool read_elements(ArrayReader *reader)
{
    Text body = parse_trim(reader->whole);
    ArrayShape bounds = {0};
    reader->at = body.data;
    reader->end = body.data + body.length;
    if (!read_bounds(reader, &bounds))
        return false;
    if (reader->at == reader->end || *reader->at != '{')
        return reader_malformed(reader, bounds.dimensions == 0
                                            ? "Array value must start with \"{\" or dimension "
                                              "information."
                                            : "Array contents must start with \"{\".");
    const char *inside = reader->at + 1;
    while (inside < reader->end && is_blank(*inside))
        inside++;
    if (inside < reader->end && *inside == '}')
        reader->at = inside + 1;
    else if (!read_braces(reader, 1))
        return false;
    if (reader->at != reader->end)
        return reader_malformed(reader, "Junk after closing right brace.");
    return take_bounds(reader, &bounds);
}

static void read_vector(ArrayReader *reader)
{
    const char *p = reader->whole.data, *end = p + reader->whole.length;
    for (;;) {
        while (p < end && is_blank(*p))
            p++;
        if (p == end)
            return;
        const char *start = p;
        while (p < end && !is_blank(*p))
            p++;
        *reader->last = ARENA_NEW(reader->arena, ElementText);
        (*reader->last)->text = (Text){start, (uint32_t)(p - start)};
        reader->last = &(*reader->last)->next;
        reader->count++;
    }
}

static VectorBuilder *element_builder(VectorBuilder *builder, SqlType element)
{
    if (builder->elements == NULL) {
        builder->elements = ARENA_NEW(builder->arena, VectorBuilder);
        vector_builder_init(builder->elements, builder->arena, type_layout(element), 8);
    }
    return builder->elements;
}

bool array_pack_shape(const ArrayShape *shape, int64_t *packed, Fault *fault)
{
    return array_shape_pack(shape, packed) ||
           fault_set(fault, FAULT_PROGRAM_LIMIT_EXCEEDED,
                     "the dimensions or the bounds of an array are too large");
}

bool array_parse(SqlType type, const TypeContext *context, Text text, VectorBuilder *builder,
                 Fault *fault)
{
    SqlType element = element_type(type);
    ArrayReader reader = {.whole = text, .arena = builder->arena, .fault = fault};
    int64_t shape = 0;
    reader.last = &reader.first;
    /* An array that turns out bad must leave no elements behind: they are read first. */
    if (is_vector_type(type))
        read_vector(&reader);
    else if (!read_elements(&reader) || !array_pack_shape(&reader.shape, &shape, fault))
        return false;
    VectorBuilder values;
    vector_builder_init(&values, builder->arena, type_layout(element),
                        reader.count == 0 ? 1 : reader.count);
    for (ElementText *at = reader.first; at != NULL; at = at->next) {
        if (at->is_null)
            vector_builder_null(&values);
        else if (!type_parse_text(element, context, at->text, &values, fault))
            return false;
    }
    Vector vector = vector_builder_finish(&values);
    VectorBuilder *elements = element_builder(builder, element);
    vector_builder_shaped(builder, reader.count, shape);
    for (uint32_t i = 0; i < reader.count; i++)
        vector_builder_row(elements, &vector, i);
    return true;
}
