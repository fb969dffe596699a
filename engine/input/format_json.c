/*
 * json: one object on each line.
 *
 * Many lines are indexed at a time (json_indexer_run). When these bytes as a whole do not pass
 * (a string without an end, bytes that are not UTF-8), each line is indexed by itself, so that
 * only the bad ones are lost. A row is then one walk over positions; of fields that nobody wants
 * nothing is looked at but where they end.
 */
#include "engine/input/json_internal.h"

enum { WINDOW_BYTES = 192 << 10 /* lines indexed at a time: they stay in the cache */ };

typedef struct JsonFormat {
    JsonIndexer *indexer;
    size_t capacity, reserved; /* of the indexer; from the budget */
    JsonFields fields;
    JsonPath *paths;
    /* the window */
    const uint32_t *x;   /* next position */
    size_t window_left;  /* bytes of the block that are indexed and not consumed */
    size_t careful_left; /* bytes of a window whose lines are indexed one by one */
    JsonWalk walk;
} JsonFormat;

/* --- names --- */

static inline uint64_t read_word(const void *p)
{
    uint64_t word;
    memcpy(&word, p, sizeof word);
    return word;
}

/* Whether the string that starts at `at` (behind its quote) is this name. Both are readable for
 * some bytes past their ends. */
static inline bool is_name(const uint8_t *at, const JsonField *field)
{
    uint32_t length = field->plain_length, i = 0;
    if (length > JSON_NAME_LENGTH || at[length] != '"')
        return false;
    for (; i + 8 <= length; i += 8)
        if (read_word(at + i) != read_word(field->name + i))
            return false;
    uint64_t difference = read_word(at + i) ^ read_word(field->name + i);
    return i == length || difference << (64 - 8 * (length - i)) == 0;
}

/* The name at x[0]: not the one that was expected. 0: not wanted, not known. */
static bool find_name(JsonFormat *json, const uint32_t *x, uint32_t *found)
{
    JsonWalk *walk = &json->walk;
    Text name = json_raw_string(walk, x);
    *found = 0;
    if (json_has_escape(walk, name) && !json_unescape(name, walk->reader->scratch, &name)) {
        walk->problem = "an escape that JSON does not have";
        return false;
    }
    *found = json_fields_find(&json->fields, name);
    return true;
}

/* --- rows --- */

static Put put_paths(JsonFormat *json, const uint32_t *x, int32_t path, Fault *fault)
{
    JsonWalk *walk = &json->walk;
    const uint32_t *end = x;
    Put put = PUT_DONE;
    if (!json_skip(walk, &end, NULL))
        return PUT_BAD;
    for (; path >= 0 && put == PUT_DONE; path = json->paths[path].next) {
        InputColumn *column = &walk->reader->columns.columns[json->paths[path].column];
        column_rewind(column, walk->reader->columns.rows);
        walk->backslash = NULL;
        put = json_path_put(walk, x, &json->paths[path], column, fault);
    }
    walk->backslash = NULL;
    return put;
}

static inline Put put_field(JsonFormat *json, const uint32_t **x, const JsonField *field,
                            Fault *fault)
{
    InputColumns *columns = &json->walk.reader->columns;
    if (__builtin_expect(field->path >= 0, 0)) {
        Put put = put_paths(json, *x, field->path, fault);
        if (put != PUT_DONE)
            return put;
    }
    if (field->column < 0)
        return json_skip(&json->walk, x, NULL) ? PUT_DONE : PUT_BAD;
    InputColumn *column = &columns->columns[field->column];
    if (__builtin_expect(column->filled > columns->rows, 0))
        column_rewind(column, columns->rows);
    return json_put(&json->walk, x, column, fault);
}

/* The members of an object, *x behind its brace; on success *x is at the closing one. */
static Put put_members(JsonFormat *json, const uint32_t **x, Fault *fault)
{
    JsonWalk *walk = &json->walk;
    uint32_t last = 0;
    for (;;) {
        if (walk->data[(*x)[0]] != '"' || walk->data[(*x)[1]] != ':') {
            walk->problem = "a name and a colon are missing";
            return PUT_BAD;
        }
        uint32_t number = json->fields.fields[last].next;
        if (!is_name(walk->data + (*x)[0] + 1, &json->fields.fields[number])) {
            if (!find_name(json, *x, &number))
                return PUT_BAD;
            json->fields.fields[last].next = number;
        }
        last = number;
        *x += 2;
        Put put = put_field(json, x, &json->fields.fields[number], fault);
        if (put != PUT_DONE)
            return put;
        uint8_t c = walk->data[**x];
        if (c == '}')
            return PUT_DONE;
        if (c != ',') {
            walk->problem = "a comma or the end of the object is missing";
            return PUT_BAD;
        }
        ++*x;
    }
}

/* One row whose line ends at `line_end`, an offset in the window. */
static Put put_row(JsonFormat *json, uint32_t line_end, Fault *fault)
{
    JsonWalk *walk = &json->walk;
    const uint32_t *x = json->x;
    walk->problem = NULL;
    if (x[0] >= line_end) {
        walk->problem = "the line is empty";
        return PUT_BAD;
    }
    if (walk->data[x[0]] != '{') {
        walk->problem = "the line does not hold an object";
        return PUT_BAD;
    }
    x++;
    if (walk->data[x[0]] != '}') {
        Put put = put_members(json, &x, fault);
        if (put != PUT_DONE)
            return put;
    }
    if (x[0] >= line_end) {
        walk->problem = "the object does not end on its line";
        return PUT_BAD;
    }
    if (x[1] < line_end) {
        walk->problem = "something follows the object";
        return PUT_BAD;
    }
    json->x = x + 1;
    return PUT_DONE;
}

static void bad_row(JsonFormat *json, const uint8_t *line, uint32_t length, const char *problem)
{
    char snippet[SNIPPET_SIZE];
    InputReader *reader = json->walk.reader;
    input_bad_row(reader, reader->line, "unable to parse row [%s]: %s",
                  input_snippet((Text){(const char *)line, length}, snippet), problem);
}

/* Takes one line of what is indexed, `offset` in the window. */
static bool take_line(JsonFormat *json, uint32_t offset, uint32_t line_end, Fault *fault)
{
    InputReader *reader = json->walk.reader;
    reader->line++;
    Put put = put_row(json, line_end, fault);
    if (put == PUT_FAILED)
        return false;
    if (put == PUT_DONE) {
        columns_end_row(&reader->columns);
        return true;
    }
    columns_drop_row(&reader->columns);
    json->walk.backslash = NULL; /* the walk may have gone beyond the line */
    while (json->x[0] < line_end)
        json->x++;
    bad_row(json, json->walk.data + offset, line_end - offset,
            json->walk.problem != NULL ? json->walk.problem : "not valid JSON");
    return true;
}

/* --- windows --- */

static bool reserve_indexer(JsonFormat *json, size_t length, Fault *fault)
{
    InputReader *reader = json->walk.reader;
    if (length <= json->capacity)
        return true;
    size_t capacity = length < 2 * WINDOW_BYTES ? 2 * WINDOW_BYTES : length + length / 4;
    size_t bytes = json_indexer_memory(capacity);
    if (reader->budget != NULL && capacity > 2 * WINDOW_BYTES && bytes > json->reserved) {
        if (!budget_reserve(reader->budget, bytes - json->reserved, fault))
            return false;
        json->reserved = bytes;
    }
    json->capacity = capacity;
    if (json_indexer_reserve(json->indexer, capacity))
        return true;
    json->capacity = 0;
    return fault_set(fault, FAULT_NOT_ENOUGH_MEMORY, "no memory to read a line of %zu bytes",
                     length);
}

static const uint32_t *index_lines(JsonFormat *json, const uint8_t *data, size_t length)
{
    uint32_t count;
    json->walk.data = data;
    json->walk.end = data + length;
    json->walk.backslash = NULL;
    return json->x = json_indexer_run(json->indexer, data, length, &count);
}

static size_t line_length(const uint8_t *data, size_t left)
{
    return (size_t)((const uint8_t *)memchr(data, '\n', left) - data) + 1;
}

static bool open_window(JsonFormat *json, Fault *fault)
{
    InputReader *reader = json->walk.reader;
    size_t length = reader->block_length;
    if (length > WINDOW_BYTES) {
        const uint8_t *last = memrchr(reader->block, '\n', WINDOW_BYTES);
        length = last != NULL ? (size_t)(last - reader->block) + 1
                              : line_length(reader->block, reader->block_length);
    }
    if (!reserve_indexer(json, length, fault))
        return false;
    if (index_lines(json, reader->block, length) != NULL)
        json->window_left = length;
    else
        json->careful_left = length;
    return true;
}

static bool take_window(JsonFormat *json, Fault *fault)
{
    InputReader *reader = json->walk.reader;
    while (json->window_left != 0 && reader->columns.rows < BATCH_ROWS) {
        size_t length = line_length(reader->block, json->window_left);
        uint32_t offset = (uint32_t)(reader->block - json->walk.data);
        if (!take_line(json, offset, offset + (uint32_t)length - 1, fault))
            return false;
        input_consume(reader, length);
        json->window_left -= length;
    }
    return true;
}

static bool take_carefully(JsonFormat *json, Fault *fault)
{
    InputReader *reader = json->walk.reader;
    while (json->careful_left != 0 && reader->columns.rows < BATCH_ROWS) {
        size_t length = line_length(reader->block, json->careful_left);
        if (index_lines(json, reader->block, length) == NULL) {
            reader->line++;
            bad_row(json, reader->block, (uint32_t)length - 1,
                    json_utf8_is_valid(reader->block, length)
                        ? "a string has no end, or holds control characters"
                        : "not valid UTF-8");
        } else if (!take_line(json, 0, (uint32_t)length - 1, fault)) {
            return false;
        }
        input_consume(reader, length);
        json->careful_left -= length;
    }
    return true;
}

static bool json_rows(InputReader *reader, Fault *fault)
{
    JsonFormat *json = reader->state;
    while (reader->block_length != 0 && reader->columns.rows < BATCH_ROWS) {
        if (json->window_left == 0 && json->careful_left == 0 && !open_window(json, fault))
            return false;
        if (!take_window(json, fault) || !take_carefully(json, fault))
            return false;
    }
    return true;
}

/* --- options --- */

static bool check_features(const json_t *options, Fault *fault)
{
    json_t *features = json_object_get(options, "featureSpec");
    const char *name;
    json_t *value;
    if (features == NULL || json_is_null(features))
        return true;
    if (!json_is_object(features))
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                         "key \"featureSpec\" must be an object");
    json_object_foreach(features, name, value)
    {
        char snippet[SNIPPET_SIZE];
        if (!json_is_boolean(value))
            return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                             "key \"featureSpec\": feature \"%s\" must be true or false",
                             input_snippet(text_of(name), snippet));
        if (json_is_true(value))
            return fault_set(fault, FAULT_FEATURE_NOT_SUPPORTED,
                             "input format \"json\": feature %s is not supported",
                             input_snippet(text_of(name), snippet));
    }
    return true;
}

static bool field_error(const char *what, Fault *fault)
{
    return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "key \"flattenSpec\": %s", what);
}

typedef struct FlattenField {
    Text name;  /* of the column */
    Text field; /* of the root object */
    bool is_path;
    JsonPath path;
} FlattenField;

static bool read_flatten_field(const json_t *item, Arena *arena, FlattenField *field, Fault *fault)
{
    Text type = {0}, expression = {0};
    field->is_path = false;
    field->name = (Text){0};
    if (json_is_string(item)) {
        field->name = field->field =
            (Text){json_string_value(item), (uint32_t)json_string_length(item)};
        return true;
    }
    if (!json_is_object(item))
        return field_error("fields are strings or objects", fault);
    if (!options_text(item, "type", &type, fault) ||
        !options_text(item, "name", &field->name, fault) ||
        !options_text(item, "expr", &expression, fault))
        return false;
    if (type.data == NULL || field->name.data == NULL)
        return field_error("a field needs a \"type\" and a \"name\"", fault);
    if (text_equal_string(type, "root")) {
        field->field = expression.data != NULL ? expression : field->name;
        return true;
    }
    if (text_equal_string(type, "jq") || text_equal_string(type, "tree"))
        return fault_set(fault, FAULT_FEATURE_NOT_SUPPORTED,
                         "key \"flattenSpec\": fields of type \"%.*s\" are not supported",
                         TEXT_ARGS(type));
    if (!text_equal_string(type, "path"))
        return field_error("the \"type\" of a field is root, path, jq or tree", fault);
    field->is_path = true;
    if (expression.data == NULL)
        return field_error("a field of type path needs an \"expr\"", fault);
    return json_path_parse(arena, expression, &field->field, &field->path, fault);
}

/* Reads a flattenSpec; *fields in `arena`. */
static bool read_flatten(const json_t *options, Arena *arena, FlattenField **fields,
                         uint32_t *count, bool *discovers, Fault *fault)
{
    const json_t *spec = json_object_get(options, "flattenSpec");
    *count = 0;
    *discovers = true;
    if (spec == NULL || json_is_null(spec))
        return true;
    if (!json_is_object(spec))
        return field_error("must be an object", fault);
    const json_t *list = json_object_get(spec, "fields");
    if (!options_bool(spec, "useFieldDiscovery", discovers, fault))
        return false;
    if (list != NULL && !json_is_null(list) && !json_is_array(list))
        return field_error("\"fields\" must be an array", fault);
    *fields = ARENA_ARRAY(arena, FlattenField, json_array_size(list) + 1);
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!read_flatten_field(json_array_get(list, i), arena, &(*fields)[i], fault))
            return false;
        for (size_t k = 0; k < i; k++)
            if (text_equal((*fields)[k].name, (*fields)[i].name))
                return field_error("two fields have the same name", fault);
        ++*count;
    }
    return true;
}

static bool json_check(const json_t *options, Fault *fault)
{
    bool flag, discovers;
    FlattenField *fields;
    uint32_t count;
    if (!check_features(options, fault) ||
        !options_bool(options, "keepNullColumns", &flag, fault) ||
        !options_bool(options, "assumeNewlineDelimited", &flag, fault) ||
        !options_bool(options, "useJsonNodeReader", &flag, fault))
        return false;
    Arena *arena = arena_new("flattenSpec");
    bool ok = read_flatten(options, arena, &fields, &count, &discovers, fault);
    arena_free(arena);
    return ok;
}

/* --- opening --- */

static const FlattenField *flatten_of(const FlattenField *fields, uint32_t count, Text name)
{
    for (uint32_t i = 0; i < count; i++)
        if (text_equal(fields[i].name, name))
            return &fields[i];
    return NULL;
}

/* Says for a wanted column where in a row it comes from. */
static void bind_column(JsonFormat *json, uint32_t column, const FlattenField *flatten,
                        bool discovers)
{
    InputReader *reader = json->walk.reader;
    const InputColumn *wanted = &reader->columns.columns[column];
    if (wanted->kind == COLUMN_CONSTANT || (flatten == NULL && !discovers))
        return;
    Text name = flatten == NULL ? wanted->name : arena_text(reader->arena, flatten->field);
    JsonField *field = json_fields_add(&json->fields, name);
    if (flatten == NULL ||
        (field->column < 0 && (!flatten->is_path || flatten->path.step_count == 0))) {
        field->column = (int32_t)column;
        return;
    }
    JsonPath *path = &json->paths[column];
    *path = flatten->is_path ? flatten->path : (JsonPath){0};
    path->column = (int32_t)column;
    path->next = field->path;
    field->path = (int32_t)column;
}

static bool json_open(InputReader *reader, const json_t *options, Fault *fault)
{
    FlattenField *fields = NULL;
    uint32_t count;
    bool discovers;
    JsonFormat *json = ARENA_NEW(reader->arena, JsonFormat);
    reader->state = json;
    json->walk.reader = reader;
    json->indexer = json_indexer_new();
    if (json->indexer == NULL)
        return fault_set(fault, FAULT_NOT_ENOUGH_MEMORY, "no memory to read JSON");
    json_fields_init(&json->fields, reader->arena);
    json->paths = ARENA_ARRAY(reader->arena, JsonPath, reader->columns.count + 1);
    if (!read_flatten(options, reader->arena, &fields, &count, &discovers, fault))
        return false;
    for (uint32_t i = 0; i < reader->columns.count; i++)
        bind_column(json, i, flatten_of(fields, count, reader->columns.columns[i].name), discovers);
    return true;
}

static void json_close(InputReader *reader)
{
    JsonFormat *json = reader->state;
    if (json->reserved != 0)
        budget_release(reader->budget, json->reserved);
    json_indexer_free(json->indexer);
}

const InputFormat json_format = {
    .type = "json",
    .check = json_check,
    .preamble = format_no_preamble,
    .open = json_open,
    .rows = json_rows,
    .close = json_close,
};
