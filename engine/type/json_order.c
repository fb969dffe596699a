/*
 * jsonb in bytes that order as the documents do: what is sorted, grouped and joined by.
 *
 * A kind's mark, then: a text escaped (00 is 00 FF, the end 00 00); a number's sign, how many
 * digits stand before the point, its digits without zeros at the end (all of that inverted when it is
 * negative); how many elements or members a container has, and they themselves.
 */
#include "engine/type/json_tree.h"

enum { MARK_EMPTY = 1, MARK_KIND = 2, SIGN_NEGATIVE = 1, SIGN_POSITIVE = 2 };

static void append_text(Buffer *out, Text text)
{
    for (uint32_t i = 0; i < text.length; i++) {
        buffer_append_byte(out, (uint8_t)text.data[i]);
        if (text.data[i] == 0)
            buffer_append_byte(out, 0xff);
    }
    buffer_append_byte(out, 0);
    buffer_append_byte(out, 0);
}

static bool is_zero(Text digits)
{
    for (uint32_t i = 0; i < digits.length; i++)
        if (digits.data[i] >= '1' && digits.data[i] <= '9')
            return false;
    return true;
}

static void append_number(Buffer *out, Text digits)
{
    bool is_negative = digits.length > 0 && digits.data[0] == '-' && !is_zero(digits);
    if (digits.length > 0 && digits.data[0] == '-')
        digits = (Text){digits.data + 1, digits.length - 1};
    const char *point = memchr(digits.data, '.', digits.length);
    uint32_t whole = point == NULL ? digits.length : (uint32_t)(point - digits.data);
    if (point != NULL)
        while (digits.length > whole &&
               (digits.data[digits.length - 1] == '0' || digits.data[digits.length - 1] == '.'))
            digits.length--;
    uint8_t inverted = is_negative ? 0xff : 0;
    buffer_append_byte(out, is_negative ? SIGN_NEGATIVE : SIGN_POSITIVE);
    for (int shift = 24; shift >= 0; shift -= 8)
        buffer_append_byte(out, (uint8_t)(whole >> shift) ^ inverted);
    for (uint32_t i = 0; i < digits.length; i++)
        if (i != whole)
            buffer_append_byte(out, (uint8_t)digits.data[i] ^ inverted);
    buffer_append_byte(out, inverted);
}

static void append_tree(Buffer *out, const JsonTree *tree)
{
    buffer_append_byte(out, (uint8_t)(MARK_KIND + tree->kind));
    switch (tree->kind) {
    case JSON_TREE_NULL:
        return;
    case JSON_TREE_STRING:
        append_text(out, tree->text);
        return;
    case JSON_TREE_NUMBER:
        append_number(out, tree->text);
        return;
    case JSON_TREE_BOOL:
        buffer_append_byte(out, tree->is_true);
        return;
    case JSON_TREE_ARRAY:
    case JSON_TREE_OBJECT:
        break;
    }
    buffer_append_u32be(out, tree->count);
    for (uint32_t i = 0; i < tree->count; i++) {
        if (tree->kind == JSON_TREE_OBJECT)
            append_text(out, tree->keys[i]);
        append_tree(out, tree->items[i]);
    }
}

void json_tree_order(const JsonTree *tree, Buffer *out)
{
    /* an array without elements comes before everything else, but only when nothing is around it */
    if (tree->kind == JSON_TREE_ARRAY && tree->count == 0)
        buffer_append_byte(out, MARK_EMPTY);
    else
        append_tree(out, tree);
}
