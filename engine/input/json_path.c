/*
 * Paths into nested JSON: the subset of JSONPath that names one place.
 */
#include "engine/input/json_internal.h"

enum { MOST_STEPS = 64 };

static bool path_fault(Text path, const char *what, Fault *fault)
{
    char snippet[SNIPPET_SIZE];
    return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "path \"%s\": %s",
                     input_snippet(path, snippet), what);
}

static bool path_unsupported(Text path, const char *what, Fault *fault)
{
    char snippet[SNIPPET_SIZE];
    return fault_set(fault, FAULT_FEATURE_NOT_SUPPORTED, "path \"%s\": %s are not supported",
                     input_snippet(path, snippet), what);
}

/* .name */
static bool parse_name(Text path, uint32_t *at, JsonStep *step, Fault *fault)
{
    uint32_t start = ++*at;
    if (start < path.length && path.data[start] == '.')
        return path_unsupported(path, "recursive descents (..)", fault);
    while (*at < path.length && path.data[*at] != '.' && path.data[*at] != '[' &&
           path.data[*at] != '(')
        ++*at;
    if (*at == start)
        return path_fault(path, "a name is missing", fault);
    if (*at < path.length && path.data[*at] == '(')
        return path_unsupported(path, "functions", fault);
    step->name = (Text){path.data + start, *at - start};
    return text_equal_string(step->name, "*") ? path_unsupported(path, "wildcards", fault) : true;
}

/* [0] or ['name'] */
static bool parse_bracket(Text path, uint32_t *at, JsonStep *step, Fault *fault)
{
    uint32_t i = ++*at;
    char quote = i < path.length ? path.data[i] : '\0';
    if (quote == '\'' || quote == '"') {
        const char *end = memchr(path.data + i + 1, quote, path.length - i - 1);
        if (end == NULL)
            return path_fault(path, "a quote has no end", fault);
        step->name = (Text){path.data + i + 1, (uint32_t)(end - path.data) - i - 1};
        i = (uint32_t)(end - path.data) + 1;
    } else {
        uint64_t index = 0;
        uint32_t start = i;
        for (; i < path.length && path.data[i] >= '0' && path.data[i] <= '9' && index < 1u << 30;
             i++)
            index = index * 10 + (uint64_t)(path.data[i] - '0');
        if (i == start)
            return path_unsupported(path, "wildcards, slices, filters and indexes from the end",
                                    fault);
        step->index = (uint32_t)index;
    }
    if (i == path.length || path.data[i] != ']')
        return path_fault(path, "a bracket has no end", fault);
    *at = i + 1;
    return true;
}

bool json_path_parse(Arena *arena, Text path, Text *field, JsonPath *parsed, Fault *fault)
{
    JsonStep steps[MOST_STEPS];
    uint32_t count = 0, at = 1;
    if (path.length == 0 || path.data[0] != '$')
        return path_fault(path, "must start with $", fault);
    while (at < path.length) {
        if (count == MOST_STEPS)
            return path_fault(path, "too many steps", fault);
        steps[count] = (JsonStep){0};
        if (path.data[at] != '.' && path.data[at] != '[')
            return path_fault(path, "steps start with a dot or a bracket", fault);
        if (!(path.data[at] == '.' ? parse_name : parse_bracket)(path, &at, &steps[count], fault))
            return false;
        count++;
    }
    if (count == 0 || steps[0].name.data == NULL)
        return path_fault(path, "the first step must name a field", fault);
    *field = arena_text(arena, steps[0].name);
    parsed->step_count = count - 1;
    parsed->steps = ARENA_ARRAY(arena, JsonStep, count);
    for (uint32_t i = 1; i < count; i++) {
        parsed->steps[i - 1] = steps[i];
        if (steps[i].name.data != NULL)
            parsed->steps[i - 1].name = arena_text(arena, steps[i].name);
    }
    return true;
}

static bool is_member(JsonWalk *walk, const uint32_t *x, Text name)
{
    Text raw = json_raw_string(walk, x);
    if (memchr(raw.data, '\\', raw.length) != NULL &&
        !json_unescape(raw, walk->reader->scratch, &raw))
        return false;
    return text_equal(raw, name);
}

/* Moves *x to the value that the step leads to from the value at *x. */
static bool take_step(JsonWalk *walk, const uint32_t **x, const JsonStep *step)
{
    bool wants_member = step->name.data != NULL;
    if (walk->data[**x] != (wants_member ? '{' : '['))
        return false;
    ++*x;
    if (walk->data[**x] == (wants_member ? '}' : ']'))
        return false;
    for (uint32_t i = 0;; i++) {
        if (wants_member ? is_member(walk, *x, step->name) : i == step->index) {
            *x += wants_member ? 2 : 0;
            return true;
        }
        *x += wants_member ? 2 : 0;
        if (!json_skip(walk, x, NULL) || walk->data[*(*x)++] != ',')
            return false;
    }
}

Put json_path_put(JsonWalk *walk, const uint32_t *x, const JsonPath *path, InputColumn *column,
                  Fault *fault)
{
    for (uint32_t i = 0; i < path->step_count; i++)
        if (!take_step(walk, &x, &path->steps[i]))
            return PUT_DONE;
    return json_put(walk, &x, column, fault);
}
