/*
 * What input functions share: faults in PostgreSQL's words, blanks, integers, booleans.
 */
#include "engine/type/type_internal.h"

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

Text parse_trim(Text text)
{
    while (text.length > 0 && is_blank(text.data[0]))
        text.data++, text.length--;
    while (text.length > 0 && is_blank(text.data[text.length - 1]))
        text.length--;
    return text;
}

bool parse_fault(Fault *fault, FaultCode code, const char *type_name, Text text)
{
    return fault_set(fault, code, "invalid input syntax for type %s: \"%.*s\"", type_name,
                     TEXT_ARGS(text));
}

bool parse_out_of_range(Fault *fault, const char *type_name, Text text)
{
    return fault_set(fault, FAULT_NUMERIC_VALUE_OUT_OF_RANGE,
                     "value \"%.*s\" is out of range for type %s", TEXT_ARGS(text), type_name);
}

bool text_is_word(Text text, const char *word)
{
    uint32_t i = 0;
    for (; i < text.length && word[i] != '\0'; i++) {
        char c = text.data[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c + ('a' - 'A'));
        if (c != word[i])
            return false;
    }
    return i == text.length && word[i] == '\0';
}

bool int64_parse(Text text, const char *type_name, int64_t minimum, int64_t maximum,
                 int64_t *value, Fault *fault)
{
    Text body = parse_trim(text);
    const char *p = body.data, *end = p + body.length;
    bool is_negative = false, is_over = false;
    uint64_t digits = 0;
    *value = 0;
    if (p < end && (*p == '-' || *p == '+'))
        is_negative = *p++ == '-';
    if (p == end)
        return parse_fault(fault, FAULT_INVALID_TEXT_REPRESENTATION, type_name, text);
    for (; p < end; p++) {
        unsigned digit = (unsigned)(*p - '0');
        if (digit > 9)
            return parse_fault(fault, FAULT_INVALID_TEXT_REPRESENTATION, type_name, text);
        is_over |= __builtin_mul_overflow(digits, 10, &digits);
        is_over |= __builtin_add_overflow(digits, digit, &digits);
    }
    if (is_over || digits > (uint64_t)INT64_MAX + is_negative)
        return parse_out_of_range(fault, type_name, text);
    *value = is_negative ? (int64_t)-digits : (int64_t)digits;
    if (*value < minimum || *value > maximum)
        return parse_out_of_range(fault, type_name, text);
    return true;
}

/* Unique beginnings of true, false, yes, no; on, off, 1, 0. */
bool bool_parse(Text text, bool *value, Fault *fault)
{
    static const struct {
        const char *word;
        uint32_t least;
        bool value;
    } words[] = {{"true", 1, true}, {"false", 1, false}, {"yes", 1, true}, {"no", 1, false},
                 {"on", 2, true},   {"off", 2, false},   {"1", 1, true},   {"0", 1, false}};
    Text body = parse_trim(text);
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        char beginning[8];
        if (body.length < words[i].least || body.length > strlen(words[i].word))
            continue;
        memcpy(beginning, words[i].word, body.length);
        beginning[body.length] = '\0';
        if (text_is_word(body, beginning)) {
            *value = words[i].value;
            return true;
        }
    }
    return parse_fault(fault, FAULT_INVALID_TEXT_REPRESENTATION, "boolean", text);
}
