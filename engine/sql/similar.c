/*
 * SIMILAR TO: SQL's pattern language, as PostgreSQL translates it (manual 9.7.2): % is .*, _ is
 * ., the whole text must match; | * + ? {m} ( ) [ ] keep their meaning, . ^ $ are ordinary.
 */
#include "engine/sql/similar_internal.h"

#include "base/memory/buffer.h"

static bool is_special(char c)
{
    return c == '\\' || c == '.' || c == '^' || c == '$';
}

static bool check_escape(Text escape, Fault *fault)
{
    if (escape.length <= 1)
        return true;
    fault_set(fault, FAULT_INVALID_ESCAPE_SEQUENCE, "invalid escape string");
    return fault_hint(fault, "Escape string must be empty or one character.");
}

/* Appends a pattern; with `is_lazy`, its wildcards match as little as they can. */
static void append_pattern(Buffer *out, Text pattern, Text escape, bool is_lazy)
{
    bool in_brackets = false;
    for (uint32_t i = 0; i < pattern.length; i++) {
        char c = pattern.data[i];
        if (escape.length == 1 && c == escape.data[0] && i + 1 < pattern.length) {
            char next = pattern.data[++i];
            bool is_word = (next >= '0' && next <= '9') || (next >= 'a' && next <= 'z') ||
                           (next >= 'A' && next <= 'Z') || (uint8_t)next >= 0x80;
            if (!is_word)
                buffer_append_byte(out, '\\');
            buffer_append_byte(out, (uint8_t)next);
        } else if (in_brackets) {
            if (c == '\\')
                buffer_append_byte(out, '\\');
            buffer_append_byte(out, (uint8_t)c);
            in_brackets = c != ']';
        } else if (c == '%') {
            buffer_append_string(out, is_lazy ? "[\\s\\S]*?" : "[\\s\\S]*");
        } else if (c == '_') {
            buffer_append_string(out, "[\\s\\S]");
        } else {
            if (is_special(c))
                buffer_append_byte(out, '\\');
            buffer_append_byte(out, (uint8_t)c);
            in_brackets = c == '[';
        }
    }
}

static void take_regexp(Arena *arena, Buffer *out, Text *regexp)
{
    regexp->data = arena_strndup(arena, (const char *)out->data, out->length);
    regexp->length = (uint32_t)out->length;
    buffer_clear(out);
}

bool similar_to_regexp(Arena *arena, Text pattern, Text escape, Text *regexp, Fault *fault)
{
    Buffer out = BUFFER_EMPTY;
    if (!check_escape(escape, fault))
        return false;
    buffer_append_string(&out, "^(?:");
    append_pattern(&out, pattern, escape, false);
    buffer_append_string(&out, ")$");
    take_regexp(arena, &out, regexp);
    return true;
}

/* The pieces between escape-and-quote marks; returns how many, 4 for too many. */
static uint32_t split_at_marks(Text pattern, Text escape, Text pieces[3])
{
    uint32_t count = 0, start = 0;
    for (uint32_t i = 0; escape.length == 1 && i + 1 < pattern.length; i++) {
        if (pattern.data[i] != escape.data[0])
            continue;
        if (pattern.data[i + 1] == '"') {
            if (count == 2)
                return 4;
            pieces[count++] = (Text){pattern.data + start, i - start};
            start = i + 2;
        }
        i++;
    }
    pieces[count++] = (Text){pattern.data + start, pattern.length - start};
    return count;
}

bool similar_substring_regexp(Arena *arena, Text pattern, Text escape, Text *regexp, Fault *fault)
{
    Text pieces[3];
    Buffer out = BUFFER_EMPTY;
    if (!check_escape(escape, fault))
        return false;
    uint32_t count = split_at_marks(pattern, escape, pieces);
    if (count == 1)
        return similar_to_regexp(arena, pattern, escape, regexp, fault);
    if (count != 3)
        return fault_set(fault, FAULT_INVALID_ESCAPE_SEQUENCE,
                         "SQL regular expression must contain exactly two escape-double-quote "
                         "separators");
    buffer_append_string(&out, "^(?:");
    append_pattern(&out, pieces[0], escape, true);
    buffer_append_string(&out, ")(");
    append_pattern(&out, pieces[1], escape, false);
    buffer_append_string(&out, ")(?:");
    append_pattern(&out, pieces[2], escape, false);
    buffer_append_string(&out, ")$");
    take_regexp(arena, &out, regexp);
    return true;
}
