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

/* How far into a bracket expression a pattern is: well enough to know where it ends. */
typedef struct Brackets {
    uint32_t depth;
    uint32_t place; /* 1: behind the first [, 2: behind its ^, where a ] is an ordinary character */
} Brackets;

static void append_in_brackets(Buffer *out, char c, Brackets *brackets)
{
    if (c == '\\')
        buffer_append_byte(out, '\\');
    buffer_append_byte(out, (uint8_t)c);
    if (c == ']' && brackets->place > 2) {
        brackets->depth--;
    } else if (c == '[') {
        brackets->depth++;
        brackets->place = 3;
    } else if (c == '^') {
        brackets->place++;
    } else {
        brackets->place = 3;
    }
}

static bool is_repetition(char c)
{
    return c == '*' || c == '+' || c == '?' || c == '}';
}

/* Appends a pattern; with `is_lazy`, it matches as little as it can. */
static void append_pattern(Buffer *out, Text pattern, Text escape, bool is_lazy)
{
    Brackets brackets = {0};
    for (uint32_t i = 0; i < pattern.length; i++) {
        char c = pattern.data[i];
        if (escape.length == 1 && c == escape.data[0] && i + 1 < pattern.length) {
            /* any character may be escaped, so that \d and its kin are within reach */
            char next = pattern.data[++i];
            if ((uint8_t)next < 0x80)
                buffer_append_byte(out, '\\');
            buffer_append_byte(out, (uint8_t)next);
            brackets.place = 3;
        } else if (brackets.depth > 0) {
            append_in_brackets(out, c, &brackets);
        } else if (c == '[') {
            buffer_append_byte(out, '[');
            brackets = (Brackets){.depth = 1, .place = 1};
        } else if (c == '%') {
            buffer_append_string(out, is_lazy ? "[\\s\\S]*?" : "[\\s\\S]*");
        } else if (c == '_') {
            buffer_append_string(out, "[\\s\\S]");
        } else if (c == '(') {
            buffer_append_string(out, "(?:"); /* only what is cut out is a group */
        } else {
            if (is_special(c))
                buffer_append_byte(out, '\\');
            buffer_append_byte(out, (uint8_t)c);
            if (is_lazy && is_repetition(c))
                buffer_append_byte(out, '?');
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
    if (count > 3)
        return fault_set(fault, FAULT_INVALID_USE_OF_ESCAPE_CHARACTER,
                         "SQL regular expression may not contain more than two "
                         "escape-double-quote separators");
    if (count == 2) /* all behind the one mark */
        pieces[2] = (Text){.data = "", .length = 0};
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
