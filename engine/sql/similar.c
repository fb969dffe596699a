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

bool similar_to_regexp(Arena *arena, Text pattern, Text escape, Text *regexp, Fault *fault)
{
    if (escape.length > 1) {
        fault_set(fault, FAULT_INVALID_ESCAPE_SEQUENCE, "invalid escape string");
        return fault_hint(fault, "Escape string must be empty or one character.");
    }
    Buffer out = BUFFER_EMPTY;
    bool in_brackets = false;
    buffer_append_string(&out, "^(?:");
    for (uint32_t i = 0; i < pattern.length; i++) {
        char c = pattern.data[i];
        if (escape.length == 1 && c == escape.data[0] && i + 1 < pattern.length) {
            char next = pattern.data[++i];
            bool is_word = (next >= '0' && next <= '9') || (next >= 'a' && next <= 'z') ||
                           (next >= 'A' && next <= 'Z') || (uint8_t)next >= 0x80;
            if (!is_word)
                buffer_append_byte(&out, '\\');
            buffer_append_byte(&out, (uint8_t)next);
        } else if (in_brackets) {
            if (c == '\\')
                buffer_append_byte(&out, '\\');
            buffer_append_byte(&out, (uint8_t)c);
            in_brackets = c != ']';
        } else if (c == '%') {
            buffer_append_string(&out, "[\\s\\S]*");
        } else if (c == '_') {
            buffer_append_string(&out, "[\\s\\S]");
        } else {
            if (is_special(c))
                buffer_append_byte(&out, '\\');
            buffer_append_byte(&out, (uint8_t)c);
            in_brackets = c == '[';
        }
    }
    buffer_append_string(&out, ")$");
    regexp->data = arena_strndup(arena, (const char *)out.data, out.length);
    regexp->length = (uint32_t)out.length;
    buffer_clear(&out);
    return true;
}
