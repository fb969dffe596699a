/*
 * JSON trees: reading, writing, comparing. See json_tree.h.
 */
#include "engine/type/json_tree.h"

#include "base/log/log.h"
#include "engine/type/type_internal.h"

#include <stdlib.h>

enum {
    MOST_DIGITS = 512,           /* of a number that is written out */
    MOST_TEXT = 256 << 20,       /* bytes of a canonical text */
};

typedef struct Reader {
    Arena *arena;
    const char *at, *end;
    Fault *fault;
} Reader;

static JsonTree *read_value(Reader *reader);

static void skip_blanks(Reader *reader)
{
    while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\n' ||
                                        *reader->at == '\t' || *reader->at == '\r'))
        reader->at++;
}

JsonTree *json_tree_make(Arena *arena, JsonTreeKind kind)
{
    JsonTree *tree = ARENA_NEW(arena, JsonTree);
    tree->kind = kind;
    return tree;
}

/* Room doubles when the count is a power of two. */
void json_tree_append(Arena *arena, JsonTree *tree, Text key, JsonTree *value)
{
    uint32_t count = tree->count;
    if ((count & (count - 1)) == 0) {
        uint32_t room = count == 0 ? 1 : count * 2;
        JsonTree **items = ARENA_ARRAY(arena, JsonTree *, room);
        if (count > 0)
            memcpy(items, tree->items, count * sizeof *items);
        tree->items = items;
        if (tree->kind == JSON_TREE_OBJECT) {
            Text *keys = ARENA_ARRAY(arena, Text, room);
            if (count > 0)
                memcpy(keys, tree->keys, count * sizeof *keys);
            tree->keys = keys;
        }
    }
    if (tree->kind == JSON_TREE_OBJECT)
        tree->keys[count] = key;
    tree->items[count] = value;
    tree->count = count + 1;
}

/* --- the order of members --- */

static int compare_bytes(Text a, Text b)
{
    size_t common = a.length < b.length ? a.length : b.length;
    int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
    return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

static int compare_keys(Text a, Text b)
{
    if (a.length != b.length)
        return a.length < b.length ? -1 : 1;
    return a.length == 0 ? 0 : memcmp(a.data, b.data, a.length);
}

typedef struct Member {
    Text key;
    JsonTree *value;
    uint32_t place;
} Member;

static int compare_members(const void *a, const void *b)
{
    const Member *left = a, *right = b;
    int order = compare_keys(left->key, right->key);
    return order != 0 ? order : (left->place > right->place) - (left->place < right->place);
}

void json_tree_sort(Arena *arena, JsonTree *object)
{
    bool is_sorted = true;
    for (uint32_t i = 1; i < object->count; i++)
        is_sorted = is_sorted && compare_keys(object->keys[i - 1], object->keys[i]) < 0;
    if (is_sorted)
        return;
    Member *members = ARENA_ARRAY(arena, Member, object->count);
    for (uint32_t i = 0; i < object->count; i++)
        members[i] = (Member){object->keys[i], object->items[i], i};
    qsort(members, object->count, sizeof *members, compare_members);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < object->count; i++) {
        if (kept > 0 && compare_keys(object->keys[kept - 1], members[i].key) == 0)
            kept--;
        object->keys[kept] = members[i].key;
        object->items[kept++] = members[i].value;
    }
    object->count = kept;
}

JsonTree *json_tree_member(const JsonTree *object, Text key)
{
    uint32_t low = 0, high = object->kind == JSON_TREE_OBJECT ? object->count : 0;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = compare_keys(object->keys[middle], key);
        if (order == 0)
            return object->items[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* --- reading; the text was checked to be JSON --- */

static uint32_t take_unit(Reader *reader)
{
    uint32_t unit = 0;
    for (int i = 0; i < 4 && reader->at < reader->end; i++) {
        char c = *reader->at++;
        unit = unit << 4 | (uint32_t)(c <= '9' ? c - '0' : (c | 32) - 'a' + 10);
    }
    return unit;
}

uint32_t utf8_put(uint32_t code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xC0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xE0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3F));
        out[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3F));
    out[2] = (char)(0x80 | (code >> 6 & 0x3F));
    out[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

static bool bad_escape(Reader *reader, const char *detail)
{
    fault_set(reader->fault, FAULT_INVALID_TEXT_REPRESENTATION,
              "invalid input syntax for type json");
    return fault_detail(reader->fault, "%s", detail);
}

/* Behind \u: a character of one or two units. */
static bool take_escaped(Reader *reader, char **out)
{
    uint32_t code = take_unit(reader);
    if (code == 0) {
        fault_set(reader->fault, FAULT_UNTRANSLATABLE_CHARACTER,
                  "unsupported Unicode escape sequence");
        return fault_detail(reader->fault, "\\u0000 cannot be converted to text.");
    }
    if (code >= 0xDC00 && code < 0xE000)
        return bad_escape(reader, "Unicode low surrogate must follow a high surrogate.");
    if (code >= 0xD800 && code < 0xDC00) {
        bool has_low = reader->end - reader->at >= 6 && reader->at[0] == '\\' &&
                       reader->at[1] == 'u';
        if (!has_low)
            return bad_escape(reader, "Unicode low surrogate must follow a high surrogate.");
        reader->at += 2;
        uint32_t low = take_unit(reader);
        if (low < 0xDC00 || low >= 0xE000)
            return bad_escape(reader, "Unicode low surrogate must follow a high surrogate.");
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    *out += utf8_put(code, *out);
    return true;
}

/* At the opening quote. */
static bool read_string(Reader *reader, Text *text)
{
    const char *start = ++reader->at;
    while (reader->at < reader->end && *reader->at != '"' && *reader->at != '\\')
        reader->at++;
    if (reader->at < reader->end && *reader->at == '"') {
        *text = (Text){start, (uint32_t)(reader->at - start)};
        reader->at++;
        return true;
    }
    const char *close = reader->at;
    while (close < reader->end && *close != '"')
        close += *close == '\\' ? 2 : 1;
    close = close < reader->end ? close : reader->end;
    char *chars = arena_alloc(reader->arena, (size_t)(close - start) + 1), *out = chars;
    memcpy(out, start, (size_t)(reader->at - start));
    out += reader->at - start;
    while (reader->at < close) {
        char c = *reader->at++;
        if (c != '\\' || reader->at >= close) {
            *out++ = c;
            continue;
        }
        c = *reader->at++;
        if (c == 'u') {
            if (!take_escaped(reader, &out))
                return false;
            continue;
        }
        *out++ = c == 'b' ? '\b' : c == 'f' ? '\f' : c == 'n' ? '\n' : c == 'r' ? '\r'
                 : c == 't'                                           ? '\t'
                                                                      : c;
    }
    reader->at = close < reader->end ? close + 1 : close;
    *text = (Text){chars, (uint32_t)(out - chars)};
    return true;
}

/* A number without exponent, as numeric prints it. */
static bool write_number(Reader *reader, Text source, Text *text)
{
    const char *at = source.data, *end = at + source.length;
    bool is_negative = *at == '-';
    at += is_negative;
    char *digits = arena_alloc(reader->arena, source.length + 1);
    int64_t count = 0, point = 0, exponent = 0;
    bool behind = false;
    for (; at < end && *at != 'e' && *at != 'E'; at++) {
        if (*at == '.') {
            behind = true;
            continue;
        }
        digits[count++] = *at;
        point += !behind;
    }
    if (at < end) {
        at++;
        bool is_below = *at == '-';
        at += *at == '-' || *at == '+';
        for (; at < end && exponent < 1000000; at++)
            exponent = exponent * 10 + (*at - '0');
        exponent = is_below ? -exponent : exponent;
    }
    point += exponent;
    int64_t scale = count - point > 0 ? count - point : 0;
    int64_t first = 0; /* zeros in front */
    while (first < count && digits[first] == '0')
        first++;
    if (first == count)
        point = is_negative = 0, point = 0;
    if (first < count && (point - first > MOST_DIGITS || scale > MOST_DIGITS + source.length))
        return fault_set(reader->fault, FAULT_NUMERIC_VALUE_OUT_OF_RANGE,
                         "value overflows numeric format");
    if (scale > MOST_DIGITS + (int64_t)source.length)
        scale = 0;
    int64_t whole = point > first ? point - first : 0;
    char *out = arena_alloc(reader->arena, (size_t)(whole + scale) + 4), *start = out;
    if (is_negative)
        *out++ = '-';
    if (whole == 0)
        *out++ = '0';
    for (int64_t i = first; i < first + whole; i++)
        *out++ = i < count ? digits[i] : '0';
    if (scale > 0) {
        *out++ = '.';
        for (int64_t i = point; i < point + scale; i++)
            *out++ = first < count && i >= 0 && i < count ? digits[i] : '0';
    }
    *text = (Text){start, (uint32_t)(out - start)};
    return true;
}

static JsonTree *read_number(Reader *reader)
{
    const char *start = reader->at;
    while (reader->at < reader->end &&
           (*reader->at == '-' || *reader->at == '+' || *reader->at == '.' ||
            (*reader->at | 32) == 'e' || (*reader->at >= '0' && *reader->at <= '9')))
        reader->at++;
    JsonTree *tree = json_tree_make(reader->arena, JSON_TREE_NUMBER);
    Text source = {start, (uint32_t)(reader->at - start)};
    return source.length > 0 && write_number(reader, source, &tree->text) ? tree : NULL;
}

static JsonTree *read_container(Reader *reader, JsonTreeKind kind)
{
    JsonTree *tree = json_tree_make(reader->arena, kind);
    char close = kind == JSON_TREE_OBJECT ? '}' : ']';
    reader->at++;
    for (;;) {
        Text key = {0};
        skip_blanks(reader);
        if (reader->at >= reader->end || *reader->at == close)
            break;
        if (*reader->at == ',') {
            reader->at++;
            skip_blanks(reader);
        }
        if (kind == JSON_TREE_OBJECT) {
            if (!read_string(reader, &key))
                return NULL;
            skip_blanks(reader);
            reader->at++; /* the colon */
        }
        JsonTree *value = read_value(reader);
        if (value == NULL)
            return NULL;
        json_tree_append(reader->arena, tree, key, value);
    }
    reader->at++;
    if (kind == JSON_TREE_OBJECT)
        json_tree_sort(reader->arena, tree);
    return tree;
}

/* The depth was checked. */
static JsonTree *read_value(Reader *reader)
{
    skip_blanks(reader);
    char c = reader->at < reader->end ? *reader->at : 'n';
    if (c == '{')
        return read_container(reader, JSON_TREE_OBJECT);
    if (c == '[')
        return read_container(reader, JSON_TREE_ARRAY);
    JsonTree *tree;
    if (c == '"') {
        tree = json_tree_make(reader->arena, JSON_TREE_STRING);
        return read_string(reader, &tree->text) ? tree : NULL;
    }
    if (c != 't' && c != 'f' && c != 'n')
        return read_number(reader);
    tree = json_tree_make(reader->arena, c == 'n' ? JSON_TREE_NULL : JSON_TREE_BOOL);
    tree->is_true = c == 't';
    reader->at += c == 'f' ? 5 : 4;
    return tree;
}

JsonTree *json_tree_read(Arena *arena, Text text, Fault *fault)
{
    if (!json_check(text, fault))
        return NULL;
    Reader reader = {arena, text.data, text.data + text.length, fault};
    return read_value(&reader);
}

/* --- writing --- */

static void write_string(Buffer *out, Text text)
{
    static const char hex[] = "0123456789abcdef";
    uint32_t start = 0;
    buffer_append_byte(out, '"');
    for (uint32_t i = 0; i <= text.length; i++) {
        char c = i < text.length ? text.data[i] : '"';
        if (i < text.length && (uint8_t)c >= 0x20 && c != '"' && c != '\\')
            continue;
        if (i > start)
            buffer_append(out, text.data + start, i - start);
        start = i + 1;
        if (i == text.length)
            break;
        const char *escape = c == '"'    ? "\\\""
                             : c == '\\' ? "\\\\"
                             : c == '\b' ? "\\b"
                             : c == '\f' ? "\\f"
                             : c == '\n' ? "\\n"
                             : c == '\r' ? "\\r"
                             : c == '\t' ? "\\t"
                                         : NULL;
        if (escape != NULL) {
            buffer_append_string(out, escape);
        } else {
            buffer_append_string(out, "\\u00");
            buffer_append_byte(out, (uint8_t)hex[(uint8_t)c >> 4]);
            buffer_append_byte(out, (uint8_t)hex[c & 15]);
        }
    }
    buffer_append_byte(out, '"');
}

static void new_line(Buffer *out, int depth)
{
    buffer_append_byte(out, '\n');
    for (int i = 0; i < depth; i++)
        buffer_append_string(out, "    ");
}

/* `depth` -1: in one line. */
static void write_tree(Buffer *out, const JsonTree *tree, int depth)
{
    if (out->length > MOST_TEXT)
        return;
    bool is_object = tree->kind == JSON_TREE_OBJECT;
    int below = depth < 0 ? -1 : depth + 1;
    switch (tree->kind) {
    case JSON_TREE_NULL:
        buffer_append_string(out, "null");
        return;
    case JSON_TREE_BOOL:
        buffer_append_string(out, tree->is_true ? "true" : "false");
        return;
    case JSON_TREE_NUMBER:
        buffer_append(out, tree->text.data, tree->text.length);
        return;
    case JSON_TREE_STRING:
        write_string(out, tree->text);
        return;
    case JSON_TREE_ARRAY:
    case JSON_TREE_OBJECT:
        break;
    }
    buffer_append_byte(out, is_object ? '{' : '[');
    for (uint32_t i = 0; i < tree->count; i++) {
        if (i > 0)
            buffer_append_string(out, depth < 0 ? ", " : ",");
        if (depth >= 0)
            new_line(out, below);
        if (is_object) {
            write_string(out, tree->keys[i]);
            buffer_append_string(out, ": ");
        }
        write_tree(out, tree->items[i], below);
    }
    if (depth >= 0)
        new_line(out, depth);
    buffer_append_byte(out, is_object ? '}' : ']');
}

static bool take_text(Arena *arena, const JsonTree *tree, int depth, Text *text, Fault *fault)
{
    Buffer out = BUFFER_EMPTY;
    write_tree(&out, tree, depth);
    bool fits = out.length <= MOST_TEXT;
    if (fits) {
        text->data = arena_strndup(arena, (const char *)out.data, out.length);
        text->length = (uint32_t)out.length;
    }
    buffer_clear(&out);
    return fits || fault_set(fault, FAULT_PROGRAM_LIMIT_EXCEEDED, "a JSON document is too long");
}

bool json_tree_text(Arena *arena, const JsonTree *tree, Text *text, Fault *fault)
{
    return take_text(arena, tree, -1, text, fault);
}

bool json_tree_pretty(Arena *arena, const JsonTree *tree, Text *text, Fault *fault)
{
    return take_text(arena, tree, 0, text, fault);
}

bool json_canonical(Arena *arena, Text document, Text *text, Fault *fault)
{
    JsonTree *tree = json_tree_read(arena, document, fault);
    return tree != NULL && json_tree_text(arena, tree, text, fault);
}

/* --- comparing --- */

/* Numbers that are written out: by sign, by digits before the point, by digits. */
static int compare_magnitudes(Text a, Text b)
{
    const char *point_a = memchr(a.data, '.', a.length), *point_b = memchr(b.data, '.', b.length);
    size_t whole_a = point_a == NULL ? a.length : (size_t)(point_a - a.data);
    size_t whole_b = point_b == NULL ? b.length : (size_t)(point_b - b.data);
    if (whole_a != whole_b)
        return whole_a < whole_b ? -1 : 1;
    int order = memcmp(a.data, b.data, whole_a);
    if (order != 0)
        return order;
    for (size_t i = whole_a + 1; i < a.length || i < b.length; i++) {
        char x = i < a.length ? a.data[i] : '0', y = i < b.length ? b.data[i] : '0';
        if (x != y)
            return x < y ? -1 : 1;
    }
    return 0;
}

static int compare_numbers(Text a, Text b)
{
    bool is_negative_a = a.data[0] == '-', is_negative_b = b.data[0] == '-';
    if (is_negative_a != is_negative_b)
        return is_negative_a ? -1 : 1;
    if (!is_negative_a)
        return compare_magnitudes(a, b);
    return compare_magnitudes((Text){b.data + 1, b.length - 1}, (Text){a.data + 1, a.length - 1});
}

static int compare_trees(const JsonTree *a, const JsonTree *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    switch (a->kind) {
    case JSON_TREE_NULL:
        return 0;
    case JSON_TREE_STRING:
        return compare_bytes(a->text, b->text);
    case JSON_TREE_NUMBER:
        return compare_numbers(a->text, b->text);
    case JSON_TREE_BOOL:
        return (int)a->is_true - (int)b->is_true;
    case JSON_TREE_ARRAY:
    case JSON_TREE_OBJECT:
        break;
    }
    if (a->count != b->count)
        return a->count < b->count ? -1 : 1;
    for (uint32_t i = 0; i < a->count; i++) {
        int order = a->kind == JSON_TREE_OBJECT ? compare_bytes(a->keys[i], b->keys[i]) : 0;
        if (order == 0)
            order = compare_trees(a->items[i], b->items[i]);
        if (order != 0)
            return order;
    }
    return 0;
}

static bool is_empty_array(const JsonTree *tree)
{
    return tree->kind == JSON_TREE_ARRAY && tree->count == 0;
}

/* An array without elements comes first, but only when nothing is around it. */
int json_tree_compare(const JsonTree *a, const JsonTree *b)
{
    if (is_empty_array(a) != is_empty_array(b))
        return is_empty_array(a) ? -1 : 1;
    return compare_trees(a, b);
}

static bool is_container(const JsonTree *tree)
{
    return tree->kind == JSON_TREE_ARRAY || tree->kind == JSON_TREE_OBJECT;
}

static bool holds_element(const JsonTree *array, const JsonTree *wanted)
{
    for (uint32_t i = 0; i < array->count; i++) {
        const JsonTree *item = array->items[i];
        if (item->kind != wanted->kind)
            continue;
        if (is_container(item) ? json_tree_contains(item, wanted)
                               : compare_trees(item, wanted) == 0)
            return true;
    }
    return false;
}

bool json_tree_contains(const JsonTree *a, const JsonTree *b)
{
    if (a->kind == JSON_TREE_ARRAY && !is_container(b))
        return holds_element(a, b); /* an array may hold a bare value */
    if (a->kind != b->kind)
        return false;
    if (!is_container(a))
        return json_tree_compare(a, b) == 0;
    for (uint32_t i = 0; i < b->count; i++) {
        if (b->kind == JSON_TREE_ARRAY) {
            if (!holds_element(a, b->items[i]))
                return false;
            continue;
        }
        const JsonTree *own = json_tree_member(a, b->keys[i]);
        if (own == NULL || own->kind != b->items[i]->kind || !json_tree_contains(own, b->items[i]))
            return false;
    }
    return true;
}
