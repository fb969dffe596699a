/*
 * Names of fields. Rows of one file mostly have the same fields in the same order, so each field
 * remembers which one followed it last time; only when that is wrong is a name looked up.
 */
#include "engine/input/json_internal.h"

enum { FIRST_FIELDS = 64, MOST_FIELDS = 8192, MOST_NAME_BYTES = 1 << 20 };

void json_fields_init(JsonFields *fields, Arena *arena)
{
    *fields = (JsonFields){.arena = arena, .count = 1, .capacity = FIRST_FIELDS, .slot_bits = 8};
    fields->fields = ARENA_ARRAY(arena, JsonField, FIRST_FIELDS);
    fields->fields[0] = (JsonField){.name = arena_zalloc(arena, JSON_NAME_PADDING),
                                    .plain_length = UINT32_MAX,
                                    .column = -1,
                                    .path = -1};
    fields->slots = arena_zalloc(arena, sizeof(uint32_t) << fields->slot_bits);
}

static uint32_t *seek(const JsonFields *fields, Text name)
{
    uint32_t mask = (1u << fields->slot_bits) - 1;
    uint32_t at = (uint32_t)text_hash(name) & mask;
    for (; fields->slots[at] != 0; at = (at + 1) & mask) {
        const JsonField *field = &fields->fields[fields->slots[at]];
        if (text_equal((Text){field->name, field->length}, name))
            break;
    }
    return &fields->slots[at];
}

static void grow(JsonFields *fields)
{
    if (fields->count == fields->capacity) {
        JsonField *more = ARENA_ARRAY(fields->arena, JsonField, fields->capacity * 2);
        memcpy(more, fields->fields, fields->count * sizeof *more);
        fields->fields = more;
        fields->capacity *= 2;
    }
    if (fields->count * 2 < 1u << fields->slot_bits)
        return;
    fields->slot_bits++;
    fields->slots = arena_zalloc(fields->arena, sizeof(uint32_t) << fields->slot_bits);
    for (uint32_t i = 1; i < fields->count; i++)
        *seek(fields, (Text){fields->fields[i].name, fields->fields[i].length}) = i;
}

static uint32_t enter(JsonFields *fields, Text name)
{
    grow(fields);
    char *copy = arena_zalloc(fields->arena, (size_t)name.length + JSON_NAME_PADDING);
    if (name.length != 0)
        memcpy(copy, name.data, name.length);
    *seek(fields, name) = fields->count;
    /* what was written with escapes cannot be told from its bytes */
    bool is_plain = name.length <= JSON_NAME_LENGTH && memchr(copy, '\\', name.length) == NULL;
    fields->fields[fields->count] = (JsonField){.name = copy,
                                                .length = name.length,
                                                .plain_length = is_plain ? name.length : UINT32_MAX,
                                                .column = -1,
                                                .path = -1};
    fields->name_bytes += name.length;
    return fields->count++;
}

JsonField *json_fields_add(JsonFields *fields, Text name)
{
    uint32_t found = *seek(fields, name);
    return &fields->fields[found != 0 ? found : enter(fields, name)];
}

uint32_t json_fields_find(JsonFields *fields, Text name)
{
    uint32_t found = *seek(fields, name);
    if (found != 0 || fields->count >= MOST_FIELDS ||
        fields->name_bytes + name.length > MOST_NAME_BYTES)
        return found;
    return enter(fields, name);
}
