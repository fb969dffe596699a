/*
 * Inline: the bytes stand in the source's JSON.
 */
#include "engine/input/input_internal.h"

#include <stdlib.h>

typedef struct InlineStream {
    ByteStream base;
    size_t length;
    char data[];
} InlineStream;

static bool inline_read(ByteStream *self, void *out, size_t size, size_t *got, Fault *fault)
{
    InlineStream *stream = (InlineStream *)self;
    size_t left = stream->length - (size_t)self->stored;
    *got = left < size ? left : size;
    memcpy(out, stream->data + self->stored, *got);
    self->stored += *got;
    return true;
}

static void inline_close(ByteStream *self)
{
    free(self);
}

static bool inline_check(const json_t *source, const Settings *settings, Fault *fault)
{
    Text data = {0};
    if (!options_text(source, "data", &data, fault))
        return false;
    return data.data != NULL ? true
                             : fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                                         "input source \"inline\": key \"data\" is missing");
}

static bool inline_expand(const json_t *source, UnitList *list, Fault *fault)
{
    return unit_list_add(list, TEXT_LITERAL("inline"),
                         json_string_length(json_object_get(source, "data")), fault);
}

static bool inline_has(const json_t *source, Text unit)
{
    return text_equal_string(unit, "inline");
}

static ByteStream *inline_open(const json_t *source, Text unit, const Settings *settings,
                               Fault *fault)
{
    Text data = {0};
    if (!inline_check(source, settings, fault) || !options_text(source, "data", &data, fault))
        return NULL;
    InlineStream *stream = malloc(sizeof *stream + data.length);
    if (stream == NULL) {
        fault_set(fault, FAULT_NOT_ENOUGH_MEMORY, "no memory for %u bytes of inline data",
                  data.length);
        return NULL;
    }
    *stream =
        (InlineStream){.base = {.read = inline_read, .close = inline_close}, .length = data.length};
    memcpy(stream->data, data.data, data.length);
    return &stream->base;
}

const InputSource source_inline = {
    .type = "inline",
    .check = inline_check,
    .expand = inline_expand,
    .has = inline_has,
    .open = inline_open,
};
