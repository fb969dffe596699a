/*
 * Text form of arrays: {a,"b c",NULL}. The elements' forms are their type's; int2vector and
 * oidvector are written with blanks alone. Arrays have one dimension.
 */
#include "engine/type/type_internal.h"

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

static Text join_array(const Text *elements, uint32_t count, Arena *arena)
{
    size_t size = 2;
    for (uint32_t i = 0; i < count; i++)
        size += 2 * (size_t)elements[i].length + 8;
    char *out = arena_alloc(arena, size), *p = out;
    *p++ = '{';
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            *p++ = ',';
        if (elements[i].data == NULL) {
            memcpy(p, "NULL", 4);
            p += 4;
        } else if (needs_quotes(elements[i])) {
            p = put_quoted(p, elements[i]);
        } else {
            memcpy(p, elements[i].data, elements[i].length);
            p += elements[i].length;
        }
    }
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
                                        : join_array(own, cell.count, arena);
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

/* One element up to , or }: quoted, or plain with blanks around it left out. */
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
            return fault_set(fault, FAULT_FEATURE_NOT_SUPPORTED,
                             "arrays of more than one dimension are not supported");
        if (!in_quotes && is_quoted && !is_blank(*p))
            return malformed(whole, "Incorrectly quoted array element.", fault);
        if (!in_quotes && is_quoted)
            continue;
        if (!in_quotes && *p == '"')
            return malformed(whole, "Incorrectly quoted array element.", fault);
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

static bool read_elements(Text whole, Arena *arena, ElementText **first, uint32_t *count,
                          Fault *fault)
{
    Text body = parse_trim(whole);
    const char *p = body.data, *end = p + body.length;
    ElementText **last = first;
    *count = 0;
    if (p < end && *p == '[') { /* bounds: [1:3]={..} */
        const char *open = memchr(p, '{', (size_t)(end - p));
        if (open == NULL || open == p || open[-1] != '=')
            return malformed(whole, "Missing array dimension value.", fault);
        if (open - p < 3 || p[1] != '1' || p[2] != ':')
            return fault_set(fault, FAULT_FEATURE_NOT_SUPPORTED,
                             "arrays whose subscripts do not begin at 1 are not supported");
        p = open;
    }
    if (p == end || *p != '{')
        return malformed(whole, "Array value must start with \"{\" or dimension information.",
                         fault);
    p++;
    while (p < end && is_blank(*p))
        p++;
    if (p < end && *p == '}') {
        p++;
    } else {
        for (;;) {
            ElementText *element = ARENA_NEW(arena, ElementText);
            if (!read_element(whole, &p, end, arena, element, fault))
                return false;
            *last = element;
            last = &element->next;
            (*count)++;
            if (*p++ == '}')
                break;
        }
    }
    if (p != end)
        return malformed(whole, "Junk after closing right brace.", fault);
    return true;
}

static bool read_vector(Text whole, Arena *arena, ElementText **first, uint32_t *count)
{
    const char *p = whole.data, *end = p + whole.length;
    ElementText **last = first;
    *count = 0;
    for (;;) {
        while (p < end && is_blank(*p))
            p++;
        if (p == end)
            return true;
        const char *start = p;
        while (p < end && !is_blank(*p))
            p++;
        *last = ARENA_NEW(arena, ElementText);
        (*last)->text = (Text){start, (uint32_t)(p - start)};
        last = &(*last)->next;
        (*count)++;
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

bool array_parse(SqlType type, const TypeContext *context, Text text, VectorBuilder *builder,
                 Fault *fault)
{
    SqlType element = element_type(type);
    ElementText *first = NULL;
    uint32_t count;
    Arena *scratch = builder->arena;
    /* An array that turns out bad must leave no elements behind: they are read first. */
    bool is_read = is_vector_type(type) ? read_vector(text, scratch, &first, &count)
                                        : read_elements(text, scratch, &first, &count, fault);
    if (!is_read)
        return false;
    VectorBuilder values;
    vector_builder_init(&values, scratch, type_layout(element), count == 0 ? 1 : count);
    for (ElementText *at = first; at != NULL; at = at->next) {
        if (at->is_null)
            vector_builder_null(&values);
        else if (!type_parse_text(element, context, at->text, &values, fault))
            return false;
    }
    Vector vector = vector_builder_finish(&values);
    VectorBuilder *elements = element_builder(builder, element);
    vector_builder_array(builder, count);
    for (uint32_t i = 0; i < count; i++)
        vector_builder_row(elements, &vector, i);
    return true;
}
