/*
 * The table of sources, and what is common to them: listing, checking, sources of several,
 * system fields.
 */
#include "engine/input/input_internal.h"

static const InputSource *const sources[] = {
    &source_inline, &source_local, &source_http, &source_combining, &source_nil,
};

static const char *const not_read[] = {
    "s3",  "google", "azure", "azureStorage",      "hdfs", "iceberg", "delta",
    "sql", "druid",  "oss",   "static-cloudfiles",
};

const InputSource *source_find(const json_t *source, Fault *fault)
{
    const char *type = options_type(source, "input source", fault);
    if (type == NULL)
        return NULL;
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++)
        if (strcmp(sources[i]->type, type) == 0)
            return sources[i];
    for (size_t i = 0; i < sizeof not_read / sizeof not_read[0]; i++) {
        if (strcmp(not_read[i], type) == 0) {
            fault_set(fault, FAULT_FEATURE_NOT_SUPPORTED, "input source \"%s\" is not supported",
                      type);
            fault_hint(fault, "Sources that are read: inline, local, http, combining.");
            return NULL;
        }
    }
    char snippet[SNIPPET_SIZE];
    fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "input source: unknown type \"%s\"",
              input_snippet(text_of(type), snippet));
    return NULL;
}

bool source_check(const json_t *source, const Settings *settings, Fault *fault)
{
    const InputSource *kind = source_find(source, fault);
    const json_t *fields;
    return kind != NULL && options_list(source, "systemFields", &fields, fault) &&
           kind->check(source, settings, fault);
}

/* --- units --- */

bool unit_list_add(UnitList *list, Text name, uint64_t bytes, Fault *fault)
{
    if (list->count == list->limit) {
        fault_set(fault, FAULT_TOO_MANY_INPUT_FILES, "too many input files (more than %u)",
                  list->limit);
        fault_field_int(fault, "maxInputFiles", list->limit);
        return false;
    }
    if (list->count == list->capacity) {
        uint32_t capacity = list->capacity == 0 ? 16 : list->capacity * 2;
        InputUnit *units = ARENA_ARRAY(list->arena, InputUnit, capacity);
        if (list->count != 0)
            memcpy(units, list->units, list->count * sizeof *units);
        list->units = units;
        list->capacity = capacity;
    }
    list->units[list->count++] = (InputUnit){.name = arena_text(list->arena, name), .bytes = bytes};
    return true;
}

bool source_expand(const json_t *source, UnitList *list, Fault *fault)
{
    const InputSource *kind = source_find(source, fault);
    return kind != NULL && kind->check(source, list->settings, fault) &&
           kind->expand(source, list, fault);
}

bool input_expand_units(Arena *arena, Text source_json, const Settings *settings, uint32_t limit,
                        const InputUnit **units, uint32_t *count, Fault *fault)
{
    UnitList list = {.arena = arena, .settings = settings, .limit = limit};
    json_t *source = options_load(source_json, "input source", fault);
    bool ok = source != NULL && source_expand(source, &list, fault);
    json_decref(source);
    *units = list.units;
    *count = list.count;
    return ok;
}

/* --- sources of several --- */

static bool combining_delegates(const json_t *source, const json_t **delegates, Fault *fault)
{
    *delegates = json_object_get(source, "delegates");
    if (json_is_array(*delegates))
        return true;
    return fault_set(
        fault, FAULT_INVALID_PARAMETER_VALUE,
        "input source \"combining\": key \"delegates\" must be an array of input sources");
}

static bool combining_check(const json_t *source, const Settings *settings, Fault *fault)
{
    const json_t *delegates;
    if (!combining_delegates(source, &delegates, fault))
        return false;
    for (size_t i = 0; i < json_array_size(delegates); i++) {
        const json_t *delegate = json_array_get(delegates, i);
        const InputSource *kind = source_find(delegate, fault);
        if (kind == NULL)
            return false;
        if (!kind->is_splittable || kind == &source_combining)
            return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                             "input source \"combining\" cannot hold one of type \"%s\"",
                             kind->type);
        if (!kind->check(delegate, settings, fault))
            return false;
    }
    return true;
}

static bool combining_expand(const json_t *source, UnitList *list, Fault *fault)
{
    const json_t *delegates;
    if (!combining_delegates(source, &delegates, fault))
        return false;
    for (size_t i = 0; i < json_array_size(delegates); i++)
        if (!source_expand(json_array_get(delegates, i), list, fault))
            return false;
    return true;
}

static bool combining_has(const json_t *source, Text unit)
{
    const json_t *delegates = json_object_get(source, "delegates");
    for (size_t i = 0; i < json_array_size(delegates); i++) {
        Fault ignored;
        const InputSource *kind = source_find(json_array_get(delegates, i), &ignored);
        if (kind != NULL && kind->has(json_array_get(delegates, i), unit))
            return true;
    }
    return false;
}

const InputSource *source_of_unit(const json_t *source, Text unit, const json_t **part,
                                  Fault *fault)
{
    const InputSource *kind = source_find(source, fault);
    *part = source;
    if (kind != &source_combining)
        return kind;
    const json_t *delegates = json_object_get(source, "delegates");
    for (size_t i = 0; i < json_array_size(delegates); i++) {
        *part = json_array_get(delegates, i);
        kind = source_find(*part, fault);
        if (kind == NULL)
            return NULL;
        if (kind != &source_combining && kind->has(*part, unit))
            return kind;
    }
    fault_set(fault, FAULT_INTERNAL_ERROR, "no delegate of the input source has \"%.*s\"",
              TEXT_ARGS(unit));
    return NULL;
}

static ByteStream *combining_open(const json_t *source, Text unit, const Settings *settings,
                                  Fault *fault)
{
    fault_set(fault, FAULT_INTERNAL_ERROR, "\"%.*s\" belongs to a delegate", TEXT_ARGS(unit));
    return NULL;
}

/* --- system fields --- */

static Text path_of_url(Text url)
{
    const char *end = url.data + url.length;
    const char *scheme = memmem(url.data, url.length, "://", 3);
    const char *path =
        scheme == NULL ? url.data : memchr(scheme + 3, '/', (size_t)(end - scheme - 3));
    if (path == NULL)
        return TEXT_LITERAL("");
    const char *query = memchr(path, '?', (size_t)(end - path));
    return (Text){path, (uint32_t)((query != NULL ? query : end) - path)};
}

bool source_system_field(const json_t *source, Text unit, Text column, Arena *arena, Text *value)
{
    const json_t *fields = json_object_get(source, "systemFields");
    bool is_listed = false;
    for (size_t i = 0; json_is_array(fields) && i < json_array_size(fields); i++) {
        const char *name = json_string_value(json_array_get(fields, i));
        is_listed = is_listed || (name != NULL && text_equal_string(column, name));
    }
    const char *type = json_string_value(json_object_get(source, "type"));
    if (!is_listed || type == NULL)
        return false;
    bool is_local = strcmp(type, "local") == 0;
    if (!is_local && strcmp(type, "http") != 0)
        return false;
    if (text_equal_string(column, "__file_uri"))
        *value = is_local ? text_of(arena_printf(arena, "file:%.*s", TEXT_ARGS(unit))) : unit;
    else if (text_equal_string(column, "__file_path"))
        *value = is_local ? unit : path_of_url(unit);
    else
        return false;
    return true;
}

/* --- nothing --- */

static bool nil_check(const json_t *source, const Settings *settings, Fault *fault)
{
    return true;
}

static bool nil_expand(const json_t *source, UnitList *list, Fault *fault)
{
    return true;
}

static bool nil_has(const json_t *source, Text unit)
{
    return false;
}

const InputSource source_combining = {
    .type = "combining",
    .is_splittable = true,
    .check = combining_check,
    .expand = combining_expand,
    .has = combining_has,
    .open = combining_open,
};

const InputSource source_nil = {
    .type = "nil",
    .is_splittable = true,
    .check = nil_check,
    .expand = nil_expand,
    .has = nil_has,
    .open = combining_open,
};
