/*
 * Fields of text formats: one value, or several between list delimiters.
 */
#include "engine/input/input_internal.h"

#include <stdio.h>

bool list_options_read(const json_t *options, ListOptions *list, Fault *fault)
{
    *list = (ListOptions){.delimiter = TEXT_LITERAL("\x01")};
    if (!options_text(options, "listDelimiter", &list->delimiter, fault))
        return false;
    return list->delimiter.length != 0 ? true
                                       : fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                                                   "key \"listDelimiter\" must not be empty");
}

static inline bool is_list(const ListOptions *list, Text text)
{
    if (text.length == 0)
        return false;
    if (list->delimiter.length == 1)
        return memchr(text.data, list->delimiter.data[0], text.length) != NULL;
    return memmem(text.data, text.length, list->delimiter.data, list->delimiter.length) != NULL;
}

static inline Put put_value(const ListOptions *list, InputColumns *columns, InputColumn *column,
                            Text text, Fault *fault)
{
    bool is_integer;
    if (list->tries_numbers && number_is_valid(text, &is_integer))
        return column_put_number(columns, column, text, fault);
    return column_put_text(columns, column, text, fault);
}

/* Takes the next element off *rest (data NULL when there are no more). */
static bool next_item(Text *rest, Text delimiter, Text *item)
{
    if (rest->data == NULL)
        return false;
    const char *end = memmem(rest->data, rest->length, delimiter.data, delimiter.length);
    *item = *rest;
    if (end == NULL) {
        rest->data = NULL;
        return true;
    }
    item->length = (uint32_t)(end - rest->data);
    *rest = (Text){end + delimiter.length, rest->length - item->length - delimiter.length};
    return true;
}

static Put put_elements(const ListOptions *list, InputColumns *columns, InputColumn *column,
                        Text text, Fault *fault)
{
    Text item;
    uint32_t first;
    column_array_begin(column, &first);
    while (next_item(&text, list->delimiter, &item)) {
        Put put = put_value(list, columns, column->elements, item, fault);
        if (put != PUT_DONE)
            return put;
    }
    return column_array_end(columns, column, first, fault);
}

static uint32_t quote_item(char *out, Text item)
{
    uint32_t length = 0;
    out[length++] = '"';
    for (uint32_t i = 0; i < item.length; i++) {
        unsigned char c = (unsigned char)item.data[i];
        if (c < 0x20) {
            length += (uint32_t)snprintf(out + length, 7, "\\u%04x", c);
            continue;
        }
        if (c == '"' || c == '\\')
            out[length++] = '\\';
        out[length++] = (char)c;
    }
    out[length++] = '"';
    return length;
}

/* In a column of single values: the JSON of the list, where that can be held. */
static Put put_list_text(const ListOptions *list, InputColumns *columns, InputColumn *column,
                         Text text, Fault *fault)
{
    Text item;
    /* quotes and a comma for each element, of which there are at most length + 1 */
    char *out = arena_alloc(columns->scratch, (size_t)text.length * 9 + 16);
    uint32_t length = 0;
    for (char separator = '['; next_item(&text, list->delimiter, &item); separator = ',') {
        out[length++] = separator;
        length += quote_item(out + length, item);
    }
    out[length++] = ']';
    return column_put_object(columns, column, (Text){out, length}, fault);
}

Put list_put(const ListOptions *list, InputColumns *columns, InputColumn *column, Text text,
             Fault *fault)
{
    if (!is_list(list, text))
        return put_value(list, columns, column, text, fault);
    if (column->kind == COLUMN_ARRAY)
        return put_elements(list, columns, column, text, fault);
    return put_list_text(list, columns, column, text, fault);
}
