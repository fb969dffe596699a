/*
 * The JSON of sources and formats: typed reads of keys, with faults that name the key.
 */
#include "engine/input/input_internal.h"

json_t *options_load(Text json, const char *what, Fault *fault)
{
    json_error_t error;
    json_t *options = json_loadb(json.data, json.length, JSON_ALLOW_NUL, &error);
    if (options == NULL) {
        fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "%s: not valid JSON", what);
        fault_detail(fault, "%s (line %d, column %d)", error.text, error.line, error.column);
        return NULL;
    }
    if (json_is_object(options))
        return options;
    json_decref(options);
    fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "%s: not a JSON object", what);
    return NULL;
}

const char *options_type(const json_t *options, const char *what, Fault *fault)
{
    const json_t *type = json_object_get(options, "type");
    if (json_is_string(type))
        return json_string_value(type);
    fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "%s: key \"type\" %s", what,
              type == NULL ? "is missing" : "must be a string");
    return NULL;
}

/* NULL when the key is absent or null. */
static const json_t *get(const json_t *options, const char *key)
{
    const json_t *value = json_object_get(options, key);
    return json_is_null(value) ? NULL : value;
}

static bool wrong_type(const char *key, const char *wanted, Fault *fault)
{
    return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "key \"%s\" must be %s", key, wanted);
}

bool options_text(const json_t *options, const char *key, Text *value, Fault *fault)
{
    const json_t *found = get(options, key);
    if (found == NULL)
        return true;
    if (!json_is_string(found))
        return wrong_type(key, "a string", fault);
    if (json_string_length(found) > INT32_MAX)
        return wrong_type(key, "shorter", fault);
    *value = (Text){json_string_value(found), (uint32_t)json_string_length(found)};
    return true;
}

bool options_bool(const json_t *options, const char *key, bool *value, Fault *fault)
{
    const json_t *found = get(options, key);
    if (found == NULL)
        return true;
    const char *word = json_string_value(found);
    bool is_true = json_is_true(found) || (word != NULL && strcmp(word, "true") == 0);
    bool is_false = json_is_false(found) || (word != NULL && strcmp(word, "false") == 0);
    if (!is_true && !is_false)
        return wrong_type(key, "true or false", fault);
    *value = is_true;
    return true;
}

bool options_int(const json_t *options, const char *key, int64_t *value, Fault *fault)
{
    const json_t *found = get(options, key);
    if (found == NULL)
        return true;
    if (!json_is_integer(found) || json_integer_value(found) < 0)
        return wrong_type(key, "a whole number of 0 or more", fault);
    *value = json_integer_value(found);
    return true;
}

bool options_list(const json_t *options, const char *key, const json_t **list, Fault *fault)
{
    *list = get(options, key);
    if (*list == NULL)
        return true;
    if (!json_is_array(*list))
        return wrong_type(key, "an array of strings", fault);
    for (size_t i = 0; i < json_array_size(*list); i++) {
        const json_t *item = json_array_get(*list, i);
        if (!json_is_string(item) || json_string_length(item) > INT32_MAX)
            return wrong_type(key, "an array of strings", fault);
    }
    return true;
}
