/*
 * Scanning JSON texts (RFC 8259). See json_internal.h.
 */
#include "engine/function/json_internal.h"
#include "engine/function/text_internal.h"

static inline void skip_blanks(const char **at, const char *end)
{
    while (*at < end && (**at == ' ' || **at == '\n' || **at == '\t' || **at == '\r'))
        ++*at;
}

JsonKind json_kind(Text value)
{
    if (value.length == 0)
        return JSON_NOTHING;
    switch (value.data[0]) {
    case '{':
        return JSON_OBJECT;
    case '[':
        return JSON_ARRAY;
    case '"':
        return JSON_STRING;
    case 't':
        return JSON_TRUE;
    case 'f':
        return JSON_FALSE;
    case 'n':
        return JSON_NULL;
    default:
        return value.data[0] == '-' || (uint8_t)(value.data[0] - '0') < 10 ? JSON_NUMBER
                                                                           : JSON_NOTHING;
    }
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Four hexadecimal digits; false when there are not. */
static bool take_hex(const char **at, const char *end, uint32_t *unit)
{
    *unit = 0;
    if (end - *at < 4)
        return false;
    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(*(*at)++);
        if (digit < 0)
            return false;
        *unit = *unit << 4 | (uint32_t)digit;
    }
    return true;
}

/* *at is behind the opening quote; it ends up behind the closing one. */
static bool skip_string(const char **at, const char *end, bool strict)
{
    while (*at < end) {
        char c = *(*at)++;
        if (c == '"')
            return true;
        if (strict && (uint8_t)c < 0x20)
            return false;
        if (c != '\\')
            continue;
        if (*at == end)
            return false;
        c = *(*at)++;
        uint32_t unit;
        if (strict &&
            (c == 'u' ? !take_hex(at, end, &unit) : strchr("\"\\/bfnrt", c) == NULL || c == '\0'))
            return false;
    }
    return false;
}

static bool skip_digits(const char **at, const char *end)
{
    const char *start = *at;
    while (*at < end && (uint8_t)(**at - '0') < 10)
        ++*at;
    return *at > start;
}

static bool skip_number(const char **at, const char *end)
{
    if (*at < end && **at == '-')
        ++*at;
    const char *start = *at;
    if (!skip_digits(at, end) || (*start == '0' && *at - start > 1))
        return false;
    if (*at < end && **at == '.') {
        ++*at;
        if (!skip_digits(at, end))
            return false;
    }
    if (*at < end && (**at == 'e' || **at == 'E')) {
        ++*at;
        if (*at < end && (**at == '+' || **at == '-'))
            ++*at;
        return skip_digits(at, end);
    }
    return true;
}

static bool skip_word(const char **at, const char *end, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(end - *at) < length || memcmp(*at, word, length) != 0)
        return false;
    *at += length;
    return true;
}

static bool skip_scalar(const char **at, const char *end, bool strict)
{
    switch (**at) {
    case '"':
        ++*at;
        return skip_string(at, end, strict);
    case 't':
        return skip_word(at, end, "true");
    case 'f':
        return skip_word(at, end, "false");
    case 'n':
        return skip_word(at, end, "null");
    default:
        return skip_number(at, end);
    }
}

/* Behind the container that starts at *at, only counting brackets outside of strings. */
static bool skip_container(const char **at, const char *end)
{
    int depth = 0;
    while (*at < end) {
        char c = *(*at)++;
        if (c == '"') {
            if (!skip_string(at, end, false))
                return false;
        } else if (c == '{' || c == '[') {
            depth++;
        } else if ((c == '}' || c == ']') && --depth == 0) {
            return true;
        }
    }
    return false;
}

static bool check_value(const char **at, const char *end, int depth)
{
    skip_blanks(at, end);
    if (*at == end || depth > JSON_MAX_DEPTH)
        return false;
    if (**at != '{' && **at != '[')
        return skip_scalar(at, end, true);
    bool is_object = **at == '{';
    char closing = is_object ? '}' : ']';
    ++*at;
    skip_blanks(at, end);
    if (*at < end && **at == closing) {
        ++*at;
        return true;
    }
    for (;;) {
        if (is_object) {
            skip_blanks(at, end);
            if (*at == end || *(*at)++ != '"' || !skip_string(at, end, true))
                return false;
            skip_blanks(at, end);
            if (*at == end || *(*at)++ != ':')
                return false;
        }
        if (!check_value(at, end, depth + 1))
            return false;
        skip_blanks(at, end);
        if (*at == end)
            return false;
        char c = *(*at)++;
        if (c == closing)
            return true;
        if (c != ',')
            return false;
    }
}

bool json_take_value(const char **at, const char *end, bool strict, Text *value)
{
    skip_blanks(at, end);
    const char *start = *at;
    if (start == end)
        return false;
    bool is_good = strict                           ? check_value(at, end, 0)
                   : *start == '{' || *start == '[' ? skip_container(at, end)
                                                    : skip_scalar(at, end, false);
    *value = text_between(start, *at);
    return is_good;
}

bool json_is_valid(Text text)
{
    const char *at = text.data, *end = at + text.length;
    Text value;
    if (!json_take_value(&at, end, true, &value))
        return false;
    skip_blanks(&at, end);
    return at == end;
}

void json_compact(Text value, Buffer *out)
{
    const char *at = value.data, *end = at + value.length;
    while (at < end) {
        const char *start = at;
        if (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r') {
            skip_blanks(&at, end);
            continue;
        }
        if (*at++ == '"')
            (void)skip_string(&at, end, false);
        else
            while (at < end && *at != '"' && *at != ' ' && *at != '\n' && *at != '\t' &&
                   *at != '\r')
                at++;
        buffer_append(out, start, (size_t)(at - start));
    }
}

/* --- strings --- */

static char *put_escape(char *out, const char **at, const char *end)
{
    char c = *(*at)++;
    uint32_t unit, low;
    switch (c) {
    case 'b':
        *out++ = '\b';
        return out;
    case 'f':
        *out++ = '\f';
        return out;
    case 'n':
        *out++ = '\n';
        return out;
    case 'r':
        *out++ = '\r';
        return out;
    case 't':
        *out++ = '\t';
        return out;
    case 'u':
        break;
    default:
        *out++ = c;
        return out;
    }
    if (!take_hex(at, end, &unit))
        return out;
    if (unit >= 0xD800 && unit < 0xDC00 && end - *at >= 6 && (*at)[0] == '\\' && (*at)[1] == 'u') {
        const char *pair = *at + 2;
        if (take_hex(&pair, end, &low) && low >= 0xDC00 && low < 0xE000) {
            unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
            *at = pair;
        }
    }
    if ((unit >= 0xD800 && unit < 0xE000) || unit == 0)
        unit = 0xFFFD; /* half a pair, or a zero byte, which no text holds */
    return out + utf8_encode(unit, out);
}

Text json_string_text(TextSink *sink, Text string)
{
    if (string.length < 2)
        return (Text){.data = "", .length = 0};
    Text inner = {.data = string.data + 1, .length = string.length - 2};
    if (inner.length == 0 || memchr(inner.data, '\\', inner.length) == NULL)
        return inner;
    char *start = text_sink_reserve(sink, inner.length + 4), *out = start;
    const char *at = inner.data, *end = at + inner.length;
    while (at < end) {
        if (*at != '\\' || at + 1 == end) {
            *out++ = *at++;
            continue;
        }
        at++;
        out = put_escape(out, &at, end);
    }
    return text_sink_take(sink, (size_t)(out - start));
}

void json_append_string(Buffer *out, Text text)
{
    buffer_append_byte(out, '"');
    uint32_t start = 0;
    for (uint32_t i = 0; i < text.length; i++) {
        uint8_t c = (uint8_t)text.data[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        if (i > start)
            buffer_append(out, text.data + start, i - start);
        start = i + 1;
        const char *escape = c == '"'    ? "\\\""
                             : c == '\\' ? "\\\\"
                             : c == '\n' ? "\\n"
                             : c == '\r' ? "\\r"
                             : c == '\t' ? "\\t"
                             : c == '\b' ? "\\b"
                             : c == '\f' ? "\\f"
                                         : NULL;
        if (escape != NULL)
            buffer_append_string(out, escape);
        else
            buffer_printf(out, "\\u%04x", c);
    }
    if (text.length > start)
        buffer_append(out, text.data + start, text.length - start);
    buffer_append_byte(out, '"');
}

/* --- walking --- */

bool json_walk_begin(Text container, JsonWalk *walk)
{
    const char *at = container.data, *end = at + container.length;
    skip_blanks(&at, end);
    if (at == end || (*at != '{' && *at != '['))
        return false;
    *walk = (JsonWalk){.at = at + 1, .end = end, .is_object = *at == '{'};
    return true;
}

bool json_walk_next(JsonWalk *walk, Text *key, Text *value)
{
    skip_blanks(&walk->at, walk->end);
    if (walk->at < walk->end && *walk->at == ',')
        walk->at++;
    skip_blanks(&walk->at, walk->end);
    if (walk->at == walk->end || *walk->at == '}' || *walk->at == ']')
        return false;
    *key = (Text){0};
    if (walk->is_object) {
        if (*walk->at != '"' || !json_take_value(&walk->at, walk->end, false, key))
            return false;
        skip_blanks(&walk->at, walk->end);
        if (walk->at == walk->end || *walk->at != ':')
            return false;
        walk->at++;
    }
    return json_take_value(&walk->at, walk->end, false, value);
}

static bool key_equals(Text raw, Text key)
{
    Text inner = {.data = raw.data + 1, .length = raw.length - 2};
    if (inner.length == 0 || memchr(inner.data, '\\', inner.length) == NULL)
        return text_equal(inner, key);
    Arena *arena = arena_new("json key");
    TextSink sink = {.arena = arena};
    bool is_equal = text_equal(json_string_text(&sink, raw), key);
    arena_free(arena);
    return is_equal;
}

bool json_object_field(Text object, Text key, Text *value)
{
    JsonWalk walk;
    Text name;
    if (!json_walk_begin(object, &walk) || !walk.is_object)
        return false;
    while (json_walk_next(&walk, &name, value))
        if (key_equals(name, key))
            return true;
    return false;
}

bool json_array_element(Text array, int64_t index, Text *value)
{
    JsonWalk walk;
    Text key;
    if (!json_walk_begin(array, &walk) || walk.is_object)
        return false;
    if (index < 0) {
        JsonWalk counting = walk;
        while (json_walk_next(&counting, &key, value))
            index++;
        if (index < 0)
            return false;
        /* index was -k and grew by the count: it is count - k. */
    }
    for (; json_walk_next(&walk, &key, value); index--)
        if (index == 0)
            return true;
    return false;
}

/* --- paths --- */

static bool path_bad(Text text, Fault *fault)
{
    return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "\"%.*s\" is not a valid JSON path",
                     TEXT_ARGS(text));
}

bool json_path_compile(Text text, Arena *arena, JsonPath *path, Fault *fault)
{
    *path = (JsonPath){.steps = ARENA_ARRAY(arena, JsonStep, (size_t)text.length + 1)};
    const char *at = text.data, *end = at + text.length;
    if (at == end || *at++ != '$')
        return path_bad(text, fault);
    while (at < end) {
        if (*at == '.' && (at + 1 == end ? path->count == 0 : at[1] == '[')) {
            at++; /* "$." is the document, "$.['a']" what "$['a']" is */
            continue;
        }
        JsonStep *step = &path->steps[path->count++];
        *step = (JsonStep){0};
        if (*at == '.') {
            const char *start = ++at;
            while (at < end && *at != '.' && *at != '[')
                at++;
            if (at == start || *start == '*')
                return path_bad(text, fault);
            step->key = text_between(start, at);
            continue;
        }
        if (*at++ != '[' || at == end)
            return path_bad(text, fault);
        if (*at == '\'' || *at == '"') {
            char quote = *at++;
            const char *start = at;
            while (at < end && *at != quote)
                at++;
            step->key = text_between(start, at);
            if (at == end)
                return path_bad(text, fault);
            at++;
        } else {
            bool is_negative = *at == '-';
            at += is_negative;
            const char *start = at;
            for (; at < end && (uint8_t)(*at - '0') < 10 && at - start < 15; at++)
                step->index = step->index * 10 + (*at - '0');
            if (at == start)
                return path_bad(text, fault);
            step->index = is_negative ? -step->index : step->index;
            step->is_index = true;
        }
        if (at == end || *at++ != ']')
            return path_bad(text, fault);
    }
    for (uint32_t i = 0; i < path->count; i++)
        path->steps[i].key = arena_text(arena, path->steps[i].key);
    return true;
}

bool json_path_find(const JsonPath *path, Text document, Text *value)
{
    const char *at = document.data;
    Text here;
    if (document.length == 0 || !json_take_value(&at, at + document.length, false, &here))
        return false;
    for (uint32_t i = 0; i < path->count; i++) {
        const JsonStep *step = &path->steps[i];
        if (step->is_index ? !json_array_element(here, step->index, &here)
                           : !json_object_field(here, step->key, &here))
            return false;
    }
    *value = here;
    return true;
}
