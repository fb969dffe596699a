/*
 * Parsing of SQL/JSON paths, and their canonical text. The grammar is PostgreSQL's
 * (src/backend/utils/adt/jsonpath_gram.y): a recursive descent over it, bounded in depth.
 */
#include "engine/type/json_path.h"

#include "engine/type/type_internal.h"

/* Paths run by recursion over their nodes. */
enum { MOST_NESTED = 1000, MOST_NODES = 4096, MOST_OPERATORS = 900 };

typedef struct PathReader {
    Arena *arena;
    Text whole;
    const char *at, *end;
    uint32_t depth, nodes, operators;
    uint32_t filters, subscripts; /* around: where @ and last may stand */
    Fault *fault;
} PathReader;

/* What an escape was refused for stays. */
static PathNode *syntax_error(PathReader *reader)
{
    if (reader->fault->code != FAULT_NONE)
        return NULL;
    uint32_t rest = (uint32_t)(reader->end - reader->at);
    if (rest == 0)
        fault_set(reader->fault, FAULT_SYNTAX_ERROR,
                  "syntax error at end of jsonpath input");
    else
        fault_set(reader->fault, FAULT_SYNTAX_ERROR,
                  "syntax error at or near \"%.*s\" of jsonpath input", (int)(rest > 20 ? 20 : rest),
                  reader->at);
    return NULL;
}

static PathNode *make_node(PathReader *reader, PathKind kind, PathNode *left, PathNode *right)
{
    PathNode *node = ARENA_NEW(reader->arena, PathNode);
    *node = (PathNode){.kind = kind, .left = left, .right = right};
    reader->nodes++;
    reader->operators += kind >= PATH_OR; /* the canonical text has brackets around each */
    return node;
}

/* --- tokens --- */

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (c & 0x80) != 0;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void skip_space(PathReader *reader)
{
    while (reader->at < reader->end) {
        if (is_space(*reader->at)) {
            reader->at++;
        } else if (reader->end - reader->at > 1 && reader->at[0] == '/' && reader->at[1] == '*') {
            const char *p = reader->at + 2;
            while (p + 1 < reader->end && (p[0] != '*' || p[1] != '/'))
                p++;
            reader->at = p + 1 < reader->end ? p + 2 : reader->end;
        } else {
            return;
        }
    }
}

static bool take_symbol(PathReader *reader, const char *symbol)
{
    skip_space(reader);
    size_t length = strlen(symbol);
    if ((size_t)(reader->end - reader->at) < length || memcmp(reader->at, symbol, length) != 0)
        return false;
    reader->at += length;
    return true;
}

static Text peek_word(PathReader *reader)
{
    skip_space(reader);
    const char *p = reader->at;
    if (p < reader->end && is_name_start(*p))
        while (p < reader->end && (is_name_start(*p) || is_digit(*p) || *p == '$'))
            p++;
    return (Text){reader->at, (uint32_t)(p - reader->at)};
}

static bool take_word(PathReader *reader, const char *word)
{
    Text found = peek_word(reader);
    if (!text_equal_string(found, word))
        return false;
    reader->at += found.length;
    return true;
}

/* --- characters of strings and names, with their escapes --- */

static int hex_value(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* At most `most` hexadecimal digits; how many there were. */
static int take_hex(PathReader *reader, int most, uint32_t *value)
{
    int count = 0;
    *value = 0;
    while (count < most && reader->at < reader->end && hex_value(*reader->at) >= 0) {
        *value = *value * 16 + (uint32_t)hex_value(*reader->at++);
        count++;
    }
    return count;
}

static bool surrogate_fault(PathReader *reader, const char *detail)
{
    fault_set(reader->fault, FAULT_INVALID_TEXT_REPRESENTATION,
              "invalid input syntax for type jsonpath");
    return fault_detail(reader->fault, "%s", detail);
}

/* Behind "\\u": XXXX or {X..}; *high is a first half of a pair that waits for its second. */
static bool take_unicode(PathReader *reader, uint32_t *high, Buffer *out)
{
    uint32_t code;
    bool is_braced = reader->at < reader->end && *reader->at == '{';
    reader->at += is_braced;
    int digits = take_hex(reader, is_braced ? 6 : 4, &code);
    if (is_braced ? digits == 0 || reader->at == reader->end || *reader->at++ != '}' : digits < 4)
        return syntax_error(reader) != NULL;
    if (code == 0) {
        fault_set(reader->fault, FAULT_UNTRANSLATABLE_CHARACTER,
                  "unsupported Unicode escape sequence");
        return fault_detail(reader->fault, "\\u0000 cannot be converted to text.");
    }
    bool is_high = code >= 0xD800 && code < 0xDC00, is_low = code >= 0xDC00 && code < 0xE000;
    if (is_high && *high != 0)
        return surrogate_fault(reader, "Unicode high surrogate must not follow a high surrogate.");
    if (is_low != (*high != 0))
        return surrogate_fault(reader, "Unicode low surrogate must follow a high surrogate.");
    if (is_high) {
        *high = code;
        return true;
    }
    if (is_low)
        code = 0x10000 + ((*high - 0xD800) << 10) + (code - 0xDC00);
    *high = 0;
    if (code > 0x10FFFF)
        return syntax_error(reader) != NULL;
    char bytes[4];
    buffer_append(out, bytes, utf8_put(code, bytes));
    return true;
}

/* Behind a backslash. */
static bool take_escape(PathReader *reader, uint32_t *high, Buffer *out)
{
    static const char letters[] = "bfnrtv", meant[] = "\b\f\n\r\t\v";
    if (reader->at == reader->end)
        return syntax_error(reader) != NULL;
    char c = *reader->at++;
    if (c == 'u')
        return take_unicode(reader, high, out);
    if (*high != 0)
        return surrogate_fault(reader, "Unicode low surrogate must follow a high surrogate.");
    const char *letter = memchr(letters, c, sizeof letters - 1);
    uint32_t code;
    if (c == 'x') {
        if (take_hex(reader, 2, &code) != 2 || code == 0)
            return syntax_error(reader) != NULL;
        char bytes[4];
        buffer_append(out, bytes, utf8_put(code, bytes));
    } else {
        buffer_append_byte(out, (uint8_t)(letter != NULL ? meant[letter - letters] : c));
    }
    return true;
}

/* Up to the quote, or as long as characters of names follow. */
static bool take_characters(PathReader *reader, bool is_quoted, Text *text)
{
    Buffer out = BUFFER_EMPTY;
    uint32_t high = 0;
    bool is_good = true;
    while (is_good && reader->at < reader->end) {
        char c = *reader->at;
        bool is_part = is_quoted ? c != '"' : is_name_start(c) || is_digit(c) || c == '\\';
        if (!is_part)
            break;
        reader->at++;
        if (c == '\\') {
            is_good = take_escape(reader, &high, &out);
        } else if (high != 0) {
            is_good = surrogate_fault(reader, "Unicode low surrogate must follow a high surrogate.");
        } else {
            buffer_append_byte(&out, (uint8_t)c);
        }
    }
    if (is_good && high != 0)
        is_good = surrogate_fault(reader, "Unicode low surrogate must follow a high surrogate.");
    if (is_good)
        *text = (Text){arena_strndup(reader->arena, out.length > 0 ? (const char *)out.data : "",
                                     out.length),
                       (uint32_t)out.length};
    buffer_clear(&out);
    return is_good;
}

/* "..."; false without a fault: there is none. */
static bool take_string(PathReader *reader, Text *text)
{
    skip_space(reader);
    const char *start = reader->at;
    if (start == reader->end || *start != '"')
        return false;
    reader->at++;
    if (!take_characters(reader, true, text))
        return false;
    if (reader->at == reader->end) { /* it has no end */
        reader->at = start;
        return false;
    }
    reader->at++;
    return true;
}

static bool take_name(PathReader *reader, Text *name)
{
    skip_space(reader);
    bool is_plain = reader->at < reader->end && (is_name_start(*reader->at) || *reader->at == '\\');
    return is_plain ? take_characters(reader, false, name) : take_string(reader, name);
}

static bool take_count(PathReader *reader, uint32_t *count)
{
    if (take_word(reader, "last")) {
        *count = UINT32_MAX;
        return true;
    }
    uint64_t value = 0;
    const char *start = reader->at;
    while (reader->at < reader->end && is_digit(*reader->at) && value < UINT32_MAX / 10)
        value = value * 10 + (uint64_t)(*reader->at++ - '0');
    *count = (uint32_t)value;
    return reader->at > start;
}

static const char *skip_digits(const PathReader *reader, const char *p)
{
    while (p < reader->end && is_digit(*p))
        p++;
    return p;
}

/* 1, 1.5, 1., .5, 1e3: behind it no name may begin. */
static PathNode *take_number(PathReader *reader)
{
    const char *start = reader->at, *p = skip_digits(reader, start), *whole = p;
    bool is_octal = whole - start > 1 && *start == '0';
    if (!is_octal && p < reader->end && *p == '.')
        p = skip_digits(reader, p + 1);
    const char *point = p;
    if (!is_octal && p < reader->end && (*p == 'e' || *p == 'E')) {
        const char *exponent = p + 1;
        exponent += exponent < reader->end && (*exponent == '+' || *exponent == '-');
        p = skip_digits(reader, exponent) > exponent ? skip_digits(reader, exponent) : p;
    }
    if (is_octal || (p < reader->end && (is_name_start(*p) || *p == '\\'))) {
        const char *near = is_octal ? start + 1 : p;
        fault_set(reader->fault, FAULT_SYNTAX_ERROR,
                  "trailing junk after numeric literal at or near \"%.*s\" of jsonpath input",
                  (int)(near + 1 - start), start);
        return NULL;
    }
    bool is_bare_point = point == whole + 1; /* 1. */
    Text digits = text_of(arena_printf(
        reader->arena, "%s%.*s%.*s", whole == start ? "0" : "",
        (int)((is_bare_point ? whole : point) - start), start, (int)(p - point), point));
    PathNode *node = make_node(reader, PATH_LITERAL, NULL, NULL);
    node->literal = json_tree_read(reader->arena, digits, reader->fault);
    reader->at = p;
    return node->literal == NULL ? NULL : node;
}

static PathNode *literal_of(PathReader *reader, JsonTreeKind kind, bool is_true, Text text)
{
    PathNode *node = make_node(reader, PATH_LITERAL, NULL, NULL);
    node->literal = json_tree_make(reader->arena, kind);
    node->literal->is_true = is_true;
    node->literal->text = text;
    return node;
}

/* --- expressions --- */

static PathNode *read_or(PathReader *reader);

static PathNode *read_nested(PathReader *reader)
{
    if (++reader->depth > MOST_NESTED) {
        fault_set(reader->fault, FAULT_STATEMENT_TOO_COMPLEX, "a jsonpath is nested too deeply");
        return NULL;
    }
    PathNode *node = read_or(reader);
    reader->depth--;
    return node;
}

static PathNode *in_parentheses(PathReader *reader)
{
    PathNode *node = read_nested(reader);
    if (node == NULL)
        return NULL;
    return take_symbol(reader, ")") ? node : syntax_error(reader);
}

/* $, @, last, a literal, (..) */
static PathNode *read_primary(PathReader *reader)
{
    Text name;
    skip_space(reader);
    if (reader->at == reader->end)
        return syntax_error(reader);
    char c = *reader->at;
    if (c == '(') {
        reader->at++;
        return in_parentheses(reader);
    }
    if (c == '$') {
        reader->at++;
        bool is_named = reader->at < reader->end &&
                        (is_name_start(*reader->at) || *reader->at == '"');
        PathNode *node = make_node(reader, is_named ? PATH_VARIABLE : PATH_ROOT, NULL, NULL);
        if (is_named && !take_name(reader, &node->text))
            return syntax_error(reader);
        return node;
    }
    if (c == '@') {
        if (reader->filters == 0) {
            fault_set(reader->fault, FAULT_SYNTAX_ERROR, "@ is not allowed in root expressions");
            return NULL;
        }
        reader->at++;
        return make_node(reader, PATH_CURRENT, NULL, NULL);
    }
    if (is_digit(c) || (c == '.' && reader->end - reader->at > 1 && is_digit(reader->at[1])))
        return take_number(reader);
    if (c == '"')
        return take_string(reader, &name) ? literal_of(reader, JSON_TREE_STRING, false, name)
                                          : syntax_error(reader);
    if (take_word(reader, "true"))
        return literal_of(reader, JSON_TREE_BOOL, true, (Text){0});
    if (take_word(reader, "false"))
        return literal_of(reader, JSON_TREE_BOOL, false, (Text){0});
    if (take_word(reader, "null"))
        return literal_of(reader, JSON_TREE_NULL, false, (Text){0});
    if (text_equal_string(peek_word(reader), "last")) {
        if (reader->subscripts == 0) {
            fault_set(reader->fault, FAULT_SYNTAX_ERROR,
                      "LAST is allowed only in array subscripts");
            return NULL;
        }
        take_word(reader, "last");
        return make_node(reader, PATH_LAST, NULL, NULL);
    }
    return syntax_error(reader);
}

static PathNode *read_depth(PathReader *reader)
{
    PathNode *node = make_node(reader, PATH_ANY_DEPTH, NULL, NULL);
    node->last = UINT32_MAX;
    if (!take_symbol(reader, "{"))
        return node;
    skip_space(reader);
    if (!take_count(reader, &node->first))
        return syntax_error(reader);
    node->last = node->first;
    if (take_word(reader, "to")) {
        skip_space(reader);
        if (!take_count(reader, &node->last))
            return syntax_error(reader);
    }
    return take_symbol(reader, "}") ? node : syntax_error(reader);
}

static PathNode *method_or_key(PathReader *reader)
{
    static const struct {
        const char *name;
        PathMethod method;
    } methods[] = {
        {"type", METHOD_TYPE},       {"size", METHOD_SIZE},   {"double", METHOD_DOUBLE},
        {"ceiling", METHOD_CEILING}, {"floor", METHOD_FLOOR}, {"abs", METHOD_ABS},
        {"datetime", METHOD_DATETIME}, {"keyvalue", METHOD_KEYVALUE},
    };
    Text name;
    bool is_quoted = reader->at < reader->end && *reader->at == '"';
    if (!take_name(reader, &name))
        return syntax_error(reader);
    if (is_quoted || !take_symbol(reader, "(")) {
        PathNode *node = make_node(reader, PATH_KEY, NULL, NULL);
        node->text = name;
        return node;
    }
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++) {
        if (!text_equal_string(name, methods[i].name))
            continue;
        PathNode *node = make_node(reader, PATH_METHOD, NULL, NULL);
        node->method = methods[i].method;
        node->has_text = node->method == METHOD_DATETIME && take_string(reader, &node->text);
        return take_symbol(reader, ")") ? node : syntax_error(reader);
    }
    return syntax_error(reader);
}

static PathNode *read_subscripts(PathReader *reader)
{
    if (take_symbol(reader, "*"))
        return take_symbol(reader, "]") ? make_node(reader, PATH_ELEMENTS, NULL, NULL)
                                        : syntax_error(reader);
    PathNode *node = make_node(reader, PATH_SUBSCRIPT, NULL, NULL);
    uint32_t capacity = 4;
    node->ranges = ARENA_ARRAY(reader->arena, PathRange, capacity);
    reader->subscripts++;
    do {
        PathRange range = {read_nested(reader), NULL};
        if (range.from == NULL)
            return NULL;
        if (take_word(reader, "to")) {
            range.until = read_nested(reader);
            if (range.until == NULL)
                return NULL;
        }
        if (node->count == capacity) {
            PathRange *ranges = ARENA_ARRAY(reader->arena, PathRange, capacity * 2);
            memcpy(ranges, node->ranges, node->count * sizeof *ranges);
            node->ranges = ranges;
            capacity *= 2;
        }
        node->ranges[node->count++] = range;
    } while (take_symbol(reader, ","));
    reader->subscripts--;
    return take_symbol(reader, "]") ? node : syntax_error(reader);
}

/* The next step of a path; NULL without a fault: there is none. */
static PathNode *read_step(PathReader *reader, bool *is_good)
{
    PathNode *node = NULL;
    *is_good = true;
    if (take_symbol(reader, ".**")) {
        node = read_depth(reader);
    } else if (take_symbol(reader, ".*")) {
        node = make_node(reader, PATH_ANY_KEY, NULL, NULL);
    } else if (take_symbol(reader, ".")) {
        skip_space(reader);
        node = method_or_key(reader);
    } else if (take_symbol(reader, "[")) {
        node = read_subscripts(reader);
    } else if (take_symbol(reader, "?")) {
        node = make_node(reader, PATH_FILTER, NULL, NULL);
        reader->filters++;
        node->left = take_symbol(reader, "(") ? in_parentheses(reader) : syntax_error(reader);
        reader->filters--;
        node = node->left == NULL ? NULL : node;
    } else {
        return NULL;
    }
    *is_good = node != NULL;
    return node;
}

static PathNode *read_accessors(PathReader *reader)
{
    PathNode *first = read_primary(reader), *last = first;
    bool is_good = first != NULL;
    while (is_good) {
        while (last->next != NULL)
            last = last->next;
        PathNode *step = read_step(reader, &is_good);
        if (step == NULL)
            break;
        last->next = step;
        last = step;
    }
    return is_good ? first : NULL;
}

static PathNode *read_unary(PathReader *reader)
{
    skip_space(reader);
    bool is_sign = reader->at < reader->end && (*reader->at == '-' || *reader->at == '+');
    if (!is_sign)
        return read_accessors(reader);
    PathKind kind = *reader->at++ == '-' ? PATH_MINUS : PATH_PLUS;
    if (++reader->depth > MOST_NESTED)
        return syntax_error(reader);
    PathNode *operand = read_unary(reader);
    reader->depth--;
    if (operand == NULL)
        return NULL;
    bool is_number = operand->kind == PATH_LITERAL && operand->next == NULL &&
                     operand->literal->kind == JSON_TREE_NUMBER;
    if (!is_number)
        return make_node(reader, kind, operand, NULL);
    if (kind == PATH_PLUS)
        return operand;
    Text digits = operand->literal->text;
    bool is_negative = digits.length > 0 && digits.data[0] == '-';
    operand->literal->text =
        is_negative ? (Text){digits.data + 1, digits.length - 1}
                    : text_of(arena_printf(reader->arena, "-%.*s", TEXT_ARGS(digits)));
    return operand;
}

static PathNode *read_product(PathReader *reader)
{
    PathNode *left = read_unary(reader);
    while (left != NULL) {
        PathKind kind = take_symbol(reader, "*")   ? PATH_MULTIPLY
                        : take_symbol(reader, "/") ? PATH_DIVIDE
                        : take_symbol(reader, "%") ? PATH_MODULO
                                                   : PATH_ROOT;
        if (kind == PATH_ROOT)
            break;
        PathNode *right = read_unary(reader);
        left = right == NULL ? NULL : make_node(reader, kind, left, right);
    }
    return left;
}

static PathNode *read_sum(PathReader *reader)
{
    PathNode *left = read_product(reader);
    while (left != NULL) {
        PathKind kind = take_symbol(reader, "+")   ? PATH_ADD
                        : take_symbol(reader, "-") ? PATH_SUBTRACT
                                                   : PATH_ROOT;
        if (kind == PATH_ROOT)
            break;
        PathNode *right = read_product(reader);
        left = right == NULL ? NULL : make_node(reader, kind, left, right);
    }
    return left;
}

bool json_path_has_flag(const PathNode *node, char flag)
{
    return node->flags.length > 0 && memchr(node->flags.data, flag, node->flags.length) != NULL;
}

static PathNode *read_like(PathReader *reader, PathNode *left)
{
    PathNode *node = make_node(reader, PATH_LIKE_REGEX, left, NULL);
    if (!take_string(reader, &node->text))
        return syntax_error(reader);
    if (take_word(reader, "flag") && !take_string(reader, &node->flags))
        return syntax_error(reader);
    for (uint32_t i = 0; i < node->flags.length; i++)
        if (memchr("ismxq", node->flags.data[i], 5) == NULL) {
            fault_set(reader->fault, FAULT_SYNTAX_ERROR,
                      "invalid input syntax for type jsonpath");
            fault_detail(reader->fault,
                         "Unrecognized flag character \"%c\" in LIKE_REGEX predicate.",
                         node->flags.data[i]);
            return NULL;
        }
    if (!json_path_has_flag(node, 'q') && json_path_has_flag(node, 'x')) {
        fault_set(reader->fault, FAULT_FEATURE_NOT_SUPPORTED,
                  "XQuery \"x\" flag (expanded regular expressions) is not implemented");
        return NULL;
    }
    return node;
}

static PathNode *read_comparison(PathReader *reader)
{
    static const struct {
        const char *symbol;
        PathKind kind;
    } symbols[] = {
        {"==", PATH_EQUAL},      {"!=", PATH_NOT_EQUAL},     {"<>", PATH_NOT_EQUAL},
        {"<=", PATH_LESS_EQUAL}, {">=", PATH_GREATER_EQUAL}, {"<", PATH_LESS},
        {">", PATH_GREATER},
    };
    PathNode *left = read_sum(reader);
    if (left == NULL)
        return NULL;
    for (size_t i = 0; i < sizeof symbols / sizeof symbols[0]; i++) {
        if (!take_symbol(reader, symbols[i].symbol))
            continue;
        PathNode *right = read_sum(reader);
        return right == NULL ? NULL : make_node(reader, symbols[i].kind, left, right);
    }
    if (take_word(reader, "like_regex"))
        return read_like(reader, left);
    if (take_word(reader, "starts")) {
        PathNode *right = take_word(reader, "with") ? read_primary(reader) : syntax_error(reader);
        return right == NULL ? NULL : make_node(reader, PATH_STARTS_WITH, left, right);
    }
    if (take_word(reader, "is"))
        return take_word(reader, "unknown") ? make_node(reader, PATH_IS_UNKNOWN, left, NULL)
                                            : syntax_error(reader);
    return left;
}

static PathNode *read_not(PathReader *reader)
{
    skip_space(reader);
    bool is_not = reader->end - reader->at > 1 && reader->at[0] == '!' && reader->at[1] != '=';
    if (is_not) {
        reader->at++;
        PathNode *operand = take_symbol(reader, "(") ? in_parentheses(reader)
                            : text_equal_string(peek_word(reader), "exists") ? read_not(reader)
                                                                             : syntax_error(reader);
        return operand == NULL ? NULL : make_node(reader, PATH_NOT, operand, NULL);
    }
    if (!text_equal_string(peek_word(reader), "exists"))
        return read_comparison(reader);
    take_word(reader, "exists");
    PathNode *operand = take_symbol(reader, "(") ? in_parentheses(reader) : syntax_error(reader);
    return operand == NULL ? NULL : make_node(reader, PATH_EXISTS, operand, NULL);
}

static PathNode *read_and(PathReader *reader)
{
    PathNode *left = read_not(reader);
    while (left != NULL && take_symbol(reader, "&&")) {
        PathNode *right = read_not(reader);
        left = right == NULL ? NULL : make_node(reader, PATH_AND, left, right);
    }
    return left;
}

static PathNode *read_or(PathReader *reader)
{
    PathNode *left = read_and(reader);
    while (left != NULL && take_symbol(reader, "||")) {
        PathNode *right = read_and(reader);
        left = right == NULL ? NULL : make_node(reader, PATH_OR, left, right);
    }
    return left;
}

bool jsonb_path_parse(Arena *arena, Text text, JsonbPath *path, Fault *fault)
{
    PathReader reader = {.arena = arena,
                         .whole = text,
                         .at = text.data,
                         .end = text.data + text.length,
                         .fault = fault};
    fault_clear(fault);
    skip_space(&reader);
    if (reader.at == reader.end)
        return fault_set(fault, FAULT_INVALID_TEXT_REPRESENTATION,
                         "invalid input syntax for type jsonpath: \"%.*s\"", TEXT_ARGS(text));
    path->is_strict = take_word(&reader, "strict");
    if (!path->is_strict)
        take_word(&reader, "lax");
    path->root = read_nested(&reader);
    if (path->root == NULL)
        return false;
    if (reader.nodes > MOST_NODES || reader.operators > MOST_OPERATORS)
        return fault_set(fault, FAULT_STATEMENT_TOO_COMPLEX,
                         "a jsonpath has more than %d parts or %d operators", MOST_NODES,
                         MOST_OPERATORS);
    skip_space(&reader);
    return reader.at == reader.end || syntax_error(&reader) != NULL;
}

/* --- the canonical text --- */

static int priority_of(PathKind kind)
{
    switch (kind) {
    case PATH_OR: return 0;
    case PATH_AND: return 1;
    case PATH_EQUAL: case PATH_NOT_EQUAL: case PATH_LESS: case PATH_LESS_EQUAL: case PATH_GREATER:
    case PATH_GREATER_EQUAL: case PATH_STARTS_WITH: return 2;
    case PATH_ADD: case PATH_SUBTRACT: return 3;
    case PATH_MULTIPLY: case PATH_DIVIDE: case PATH_MODULO: return 4;
    case PATH_PLUS: case PATH_MINUS: return 5;
    default: return 6;
    }
}

static const char *symbol_of(PathKind kind)
{
    switch (kind) {
    case PATH_OR: return "||";
    case PATH_AND: return "&&";
    case PATH_EQUAL: return "==";
    case PATH_NOT_EQUAL: return "!=";
    case PATH_LESS: return "<";
    case PATH_LESS_EQUAL: return "<=";
    case PATH_GREATER: return ">";
    case PATH_GREATER_EQUAL: return ">=";
    case PATH_STARTS_WITH: return "starts with";
    case PATH_ADD: return "+";
    case PATH_SUBTRACT: case PATH_MINUS: return "-";
    case PATH_MULTIPLY: return "*";
    case PATH_DIVIDE: return "/";
    case PATH_MODULO: return "%";
    default: return "+";
    }
}

static void print_text(Arena *arena, Buffer *out, Text text)
{
    JsonTree *tree = json_tree_make(arena, JSON_TREE_STRING);
    Text quoted;
    Fault ignored;
    tree->text = text;
    if (json_tree_text(arena, tree, &quoted, &ignored))
        buffer_append(out, quoted.data, quoted.length);
}

static void print_node(Arena *arena, Buffer *out, const PathNode *node, bool in_key,
                       bool has_brackets);

static void print_operand(Arena *arena, Buffer *out, const PathNode *parent, const PathNode *node)
{
    print_node(arena, out, node, false, priority_of(node->kind) <= priority_of(parent->kind));
}

static void print_call(Arena *arena, Buffer *out, const char *before, const PathNode *node,
                       const char *after)
{
    buffer_append_string(out, before);
    print_node(arena, out, node, false, false);
    buffer_append_string(out, after);
}

static void print_depth(Buffer *out, const PathNode *node)
{
    buffer_append_string(out, "**");
    if (node->first == 0 && node->last == UINT32_MAX)
        return;
    if (node->first == node->last && node->first == UINT32_MAX)
        buffer_append_string(out, "{last}");
    else if (node->first == node->last)
        buffer_printf(out, "{%u}", node->first);
    else if (node->first == UINT32_MAX)
        buffer_printf(out, "{last to %u}", node->last);
    else if (node->last == UINT32_MAX)
        buffer_printf(out, "{%u to last}", node->first);
    else
        buffer_printf(out, "{%u to %u}", node->first, node->last);
}

static void print_subscripts(Arena *arena, Buffer *out, const PathNode *node)
{
    buffer_append_byte(out, '[');
    for (uint32_t i = 0; i < node->count; i++) {
        if (i > 0)
            buffer_append_byte(out, ',');
        print_node(arena, out, node->ranges[i].from, false, false);
        if (node->ranges[i].until != NULL)
            print_call(arena, out, " to ", node->ranges[i].until, "");
    }
    buffer_append_byte(out, ']');
}

/* Each once, in this order. */
static void print_flags(Buffer *out, const PathNode *node)
{
    buffer_append_string(out, " flag \"");
    for (const char *flag = "ismxq"; *flag != '\0'; flag++)
        if (json_path_has_flag(node, *flag))
            buffer_append_byte(out, (uint8_t)*flag);
    buffer_append_byte(out, '"');
}

static void print_step(Arena *arena, Buffer *out, const PathNode *node, bool in_key)
{
    static const char *const methods[] = {"type", "size", "double", "ceiling", "floor", "abs",
                                          "datetime", "keyvalue"};
    Text text;
    Fault ignored;
    switch (node->kind) {
    case PATH_ROOT: buffer_append_byte(out, '$'); return;
    case PATH_CURRENT: buffer_append_byte(out, '@'); return;
    case PATH_LAST: buffer_append_string(out, "last"); return;
    case PATH_VARIABLE:
        buffer_append_byte(out, '$');
        print_text(arena, out, node->text);
        return;
    case PATH_LITERAL:
        if (json_tree_text(arena, node->literal, &text, &ignored))
            buffer_append(out, text.data, text.length);
        return;
    case PATH_KEY:
        if (in_key)
            buffer_append_byte(out, '.');
        print_text(arena, out, node->text);
        return;
    case PATH_ANY_KEY:
        buffer_append_string(out, in_key ? ".*" : "*");
        return;
    case PATH_ANY_DEPTH:
        if (in_key)
            buffer_append_byte(out, '.');
        print_depth(out, node);
        return;
    case PATH_ELEMENTS: buffer_append_string(out, "[*]"); return;
    case PATH_SUBSCRIPT: print_subscripts(arena, out, node); return;
    case PATH_FILTER: print_call(arena, out, "?(", node->left, ")"); return;
    case PATH_METHOD:
        buffer_printf(out, ".%s(", methods[node->method]);
        if (node->has_text)
            print_text(arena, out, node->text);
        buffer_append_byte(out, ')');
        return;
    case PATH_NOT: print_call(arena, out, "!(", node->left, ")"); return;
    case PATH_EXISTS: print_call(arena, out, "exists (", node->left, ")"); return;
    case PATH_IS_UNKNOWN: print_call(arena, out, "(", node->left, ") is unknown"); return;
    case PATH_LIKE_REGEX:
        print_operand(arena, out, node, node->left);
        buffer_append_string(out, " like_regex ");
        print_text(arena, out, node->text);
        if (node->flags.length > 0)
            print_flags(out, node);
        return;
    case PATH_PLUS: case PATH_MINUS:
        buffer_append_string(out, symbol_of(node->kind));
        print_operand(arena, out, node, node->left);
        return;
    case PATH_OR: case PATH_AND: case PATH_EQUAL: case PATH_NOT_EQUAL: case PATH_LESS:
    case PATH_LESS_EQUAL: case PATH_GREATER: case PATH_GREATER_EQUAL: case PATH_STARTS_WITH:
    case PATH_ADD: case PATH_SUBTRACT: case PATH_MULTIPLY: case PATH_DIVIDE: case PATH_MODULO:
        print_operand(arena, out, node, node->left);
        buffer_printf(out, " %s ", symbol_of(node->kind));
        print_operand(arena, out, node, node->right);
        return;
    }
}

static void print_node(Arena *arena, Buffer *out, const PathNode *node, bool in_key,
                       bool has_brackets)
{
    bool is_operator = priority_of(node->kind) < 6;
    bool is_number = node->kind == PATH_LITERAL && node->literal->kind == JSON_TREE_NUMBER;
    bool needs = (is_operator && (has_brackets || node->next != NULL)) ||
                 (is_number && node->next != NULL);
    if (needs)
        buffer_append_byte(out, '(');
    print_step(arena, out, node, in_key);
    if (needs)
        buffer_append_byte(out, ')');
    for (node = node->next; node != NULL; node = node->next)
        print_step(arena, out, node, true);
}

Text jsonb_path_text(Arena *arena, const JsonbPath *path)
{
    Buffer out = BUFFER_EMPTY;
    if (path->is_strict)
        buffer_append_string(&out, "strict ");
    print_node(arena, &out, path->root, false, true);
    Text text = {arena_strndup(arena, (const char *)out.data, out.length), (uint32_t)out.length};
    buffer_clear(&out);
    return text;
}
