/*
 * LIKE, ILIKE and their negations (the operators ~~ ~~* !~~ !~~*), like_escape, and substring
 * tests that are LIKE '%x%' by another name.
 *
 * A pattern is compiled once: into pieces between its `%`, each a run of literal bytes and `_`.
 * A value matches when the first piece lies at its start, the last at its end, and those between
 * one after the other; taking each at its first possible place is always right, so there is no
 * backtracking. Patterns of one literal piece are equality, prefix, suffix or containment.
 *
 * Containment over flat texts whose bytes follow one another in memory, as decoded blocks of
 * segments do, is one search over all their bytes: hits are then assigned to rows.
 *
 * The escape character is a backslash. In the druid dialect there is none by default, and
 * like_escape marks escapes with a zero byte, which no text of SQL holds.
 */
#include "engine/function/text_internal.h"

typedef struct LikePiece {
    const char *bytes;     /* literal bytes; ANY_MARK in `kinds` says where `_` stands */
    const uint8_t *is_any; /* one a byte, NULL when the piece is all literal */
    uint32_t length;
} LikePiece;

typedef enum LikeKind { LIKE_EXACT, LIKE_PREFIX, LIKE_SUFFIX, LIKE_CONTAINS, LIKE_PIECES } LikeKind;

typedef struct LikePattern {
    LikeKind kind;
    bool starts_open, ends_open; /* a % at the start, at the end */
    uint32_t count;
    LikePiece *pieces;
} LikePattern;

typedef struct LikePrepared {
    RowMemo memo;
    bool is_ready; /* the pattern is a constant */
    LikePattern pattern;
} LikePrepared;

/* --- compiling --- */

static LikePiece *like_add_piece(LikePattern *pattern, const char *bytes, const uint8_t *is_any,
                                 uint32_t start, uint32_t end)
{
    LikePiece *piece = &pattern->pieces[pattern->count++];
    *piece = (LikePiece){.bytes = bytes + start, .length = end - start};
    for (uint32_t i = start; i < end; i++)
        if (is_any[i])
            piece->is_any = is_any + start;
    return piece;
}

static bool like_compile(Text text, char escape, Arena *arena, LikePattern *pattern, Fault *fault)
{
    char *bytes = arena_alloc(arena, text.length);
    uint8_t *is_any = arena_zalloc(arena, text.length);
    uint32_t length = 0, start = 0, opens = 1;
    for (uint32_t i = 0; i < text.length; i++)
        opens += text.data[i] == '%';
    *pattern = (LikePattern){.pieces = ARENA_ARRAY(arena, LikePiece, opens)};
    bool was_open = false;
    for (uint32_t i = 0; i < text.length; i++) {
        char c = text.data[i];
        if (c == '%') {
            if (length == 0 && !was_open)
                pattern->starts_open = true;
            if (length > start)
                like_add_piece(pattern, bytes, is_any, start, length);
            start = length;
            was_open = true;
            continue;
        }
        if (c == escape) {
            if (++i == text.length)
                return fault_set(fault, FAULT_INVALID_ESCAPE_SEQUENCE,
                                 "LIKE pattern must not end with escape character");
            c = text.data[i];
        } else if (c == '_') {
            is_any[length] = 1;
        }
        bytes[length++] = c;
        was_open = false;
    }
    pattern->ends_open = was_open;
    if (length > start)
        like_add_piece(pattern, bytes, is_any, start, length);
    bool is_plain =
        pattern->count <= 1 && (pattern->count == 0 || pattern->pieces[0].is_any == NULL);
    pattern->kind = !is_plain             ? LIKE_PIECES
                    : pattern->count == 0 ? (was_open ? LIKE_PIECES : LIKE_EXACT)
                    : pattern->starts_open && pattern->ends_open ? LIKE_CONTAINS
                    : pattern->starts_open                       ? LIKE_SUFFIX
                    : pattern->ends_open                         ? LIKE_PREFIX
                                                                 : LIKE_EXACT;
    return true;
}

/* --- matching --- */

/* The end of the piece when it lies at `at`, else NULL. */
static const char *piece_at(const LikePiece *piece, const char *at, const char *end)
{
    if (piece->is_any == NULL)
        return (size_t)(end - at) >= piece->length && memcmp(at, piece->bytes, piece->length) == 0
                   ? at + piece->length
                   : NULL;
    for (uint32_t i = 0; i < piece->length; i++) {
        if (at == end)
            return NULL;
        if (piece->is_any[i])
            at = utf8_next(at, end);
        else if (*at++ != piece->bytes[i])
            return NULL;
    }
    return at;
}

/* The end of the piece's first occurrence, NULL when there is none. */
static const char *piece_find(const LikePiece *piece, const char *at, const char *end)
{
    if (piece->is_any == NULL) {
        int64_t found = text_find(at, (size_t)(end - at), piece->bytes, piece->length);
        return found < 0 ? NULL : at + found + piece->length;
    }
    for (; at < end; at = utf8_next(at, end)) {
        const char *behind = piece_at(piece, at, end);
        if (behind != NULL)
            return behind;
    }
    return NULL;
}

/* Whether the piece lies at the end of [at, end). */
static bool piece_ends(const LikePiece *piece, const char *at, const char *end)
{
    if (piece->is_any == NULL)
        return (size_t)(end - at) >= piece->length &&
               memcmp(end - piece->length, piece->bytes, piece->length) == 0;
    /* Walk back as many characters as the piece has. */
    const char *start = end;
    uint32_t characters = 0;
    for (uint32_t i = 0; i < piece->length; i++)
        characters += piece->is_any[i] || !utf8_is_continuation(piece->bytes[i]);
    for (; characters > 0; characters--) {
        if (start == at)
            return false;
        start = utf8_before(at, start);
    }
    return piece_at(piece, start, end) == end;
}

static bool like_pieces(const LikePattern *pattern, Text text)
{
    const char *at = text.data, *end = at + text.length;
    uint32_t first = 0, last = pattern->count;
    if (pattern->count == 0)
        return pattern->starts_open || text.length == 0;
    if (!pattern->starts_open) {
        at = piece_at(&pattern->pieces[0], at, end);
        if (at == NULL)
            return false;
        first = 1;
        if (pattern->count == 1)
            return pattern->ends_open || at == end;
    }
    if (!pattern->ends_open)
        last--;
    for (uint32_t i = first; i < last; i++) {
        at = piece_find(&pattern->pieces[i], at, end);
        if (at == NULL)
            return false;
    }
    return pattern->ends_open || piece_ends(&pattern->pieces[last], at, end);
}

static bool like_match(const LikePattern *pattern, Text text)
{
    const LikePiece *piece = pattern->pieces;
    switch (pattern->kind) {
    case LIKE_EXACT:
        return pattern->count == 0 ? text.length == 0
                                   : text_equal(text, (Text){piece->bytes, piece->length});
    case LIKE_PREFIX:
        return text.length >= piece->length && memcmp(text.data, piece->bytes, piece->length) == 0;
    case LIKE_SUFFIX:
        return text.length >= piece->length &&
               memcmp(text.data + text.length - piece->length, piece->bytes, piece->length) == 0;
    case LIKE_CONTAINS:
        return text.length >= piece->length &&
               text_find(text.data, text.length, piece->bytes, piece->length) >= 0;
    case LIKE_PIECES:
        return like_pieces(pattern, text);
    }
    return false;
}

/* --- containment over many texts --- */

static void contains_in_run(const Text *texts, uint32_t row, uint32_t behind, const char *end,
                            const LikePiece *piece, uint8_t *out)
{
    const char *at = texts[row].data;
    memset(out + row, 0, behind - row);
    while ((size_t)(end - at) >= piece->length) {
        int64_t found = text_find(at, (size_t)(end - at), piece->bytes, piece->length);
        if (found < 0)
            return;
        at += found;
        while (texts[row].data + texts[row].length <= at)
            row++;
        const char *row_end = texts[row].data + texts[row].length;
        if (at + piece->length <= row_end) {
            out[row] = 1;
            at = row_end;
        } else {
            at++; /* it crosses the border of two rows */
        }
    }
}

static void contains_flat(const Text *texts, uint32_t rows, const LikePiece *piece, uint8_t *out)
{
    uint32_t row = 0;
    while (row < rows) {
        const char *end;
        uint32_t behind = texts_adjacent(texts, row, rows, &end);
        if (texts[row].data == NULL)
            memset(out + row, 0, behind - row);
        else
            contains_in_run(texts, row, behind, end, piece, out);
        row = behind;
    }
}

/* --- loops --- */

static char like_escape_in(int dialect)
{
    return dialect == 1 ? '\0' : '\\';
}

static char like_escape_of(const ScalarCall *call)
{
    return like_escape_in(call_is_druid(call));
}

static bool like_prepare(ScalarCall *call, bool ignore_case, Arena *arena, Fault *fault)
{
    LikePrepared *prepared = ARENA_NEW(arena, LikePrepared);
    row_memo_init(&prepared->memo, arena);
    call->prepared = prepared;
    const Vector *pattern = call_constant(call, 1);
    if (pattern == NULL || vector_is_null(pattern, 0))
        return true;
    Text text = vector_text(pattern, 0);
    TextSink sink = {.arena = arena};
    if (ignore_case)
        text = text_lower(&sink, text);
    prepared->is_ready = true;
    return like_compile(text, like_escape_of(call), arena, &prepared->pattern, fault);
}

static bool like_prepare_exact(ScalarCall *call, Arena *arena, Fault *fault)
{
    return like_prepare(call, false, arena, fault);
}

static bool like_prepare_folded(ScalarCall *call, Arena *arena, Fault *fault)
{
    return like_prepare(call, true, arena, fault);
}

/* Patterns that differ from row to row. */
static bool like_varying(RowRun *run, const uint8_t *skip, uint32_t rows, uint8_t *out,
                         bool ignore_case)
{
    Arena *arena = arena_new("like patterns");
    LikePattern pattern = {0};
    Text compiled = {0};
    bool is_compiled = false, is_good = true;
    for (uint32_t i = 0; i < rows && is_good; i++) {
        if (skip != NULL && skip[i]) {
            out[i] = 0;
            continue;
        }
        TextSink sink = {.arena = arena};
        Text text = row_text(run, 0, i), source = row_text(run, 1, i);
        if (!is_compiled || !text_equal(source, compiled)) {
            arena_reset(arena);
            compiled = source;
            is_compiled = true;
            Text folded = ignore_case ? text_lower(&sink, source) : source;
            is_good = like_compile(folded, like_escape_of(run->call), arena, &pattern, run->fault);
            if (!is_good)
                break;
        }
        out[i] = like_match(&pattern, ignore_case ? text_lower(&sink, text) : text);
    }
    arena_free(arena);
    return is_good;
}

/* The longest piece without `_` of several: texts that match contain it. NULL: there is none. */
static const LikePiece *like_longest(const LikePattern *pattern)
{
    const LikePiece *longest = NULL;
    for (uint32_t i = 0; i < pattern->count; i++) {
        const LikePiece *piece = &pattern->pieces[i];
        if (piece->is_any == NULL && (longest == NULL || piece->length > longest->length))
            longest = piece;
    }
    return longest;
}

/* Constant patterns over flat texts by one search for a piece; false when that is of no use. */
static bool like_by_search(const LikePattern *pattern, const Text *texts, uint32_t rows,
                           uint8_t *out)
{
    if (pattern->kind != LIKE_CONTAINS && pattern->kind != LIKE_PIECES)
        return false;
    const LikePiece *piece = like_longest(pattern);
    if (piece == NULL)
        return false;
    contains_flat(texts, rows, piece, out);
    for (uint32_t i = 0; pattern->kind == LIKE_PIECES && i < rows; i++)
        if (out[i])
            out[i] = like_pieces(pattern, texts[i]);
    return true;
}

static bool like_rows(RowRun *run, const uint8_t *skip, uint32_t rows, uint8_t *out,
                      bool ignore_case)
{
    const LikePrepared *prepared = run->call->prepared;
    if (prepared == NULL || !prepared->is_ready)
        return like_varying(run, skip, rows, out, ignore_case);
    const Vector *texts = &run->arguments[0];
    if (!ignore_case && texts->form == VECTOR_FLAT &&
        like_by_search(&prepared->pattern, texts->data, rows, out))
        return true;
    for (uint32_t i = 0; i < rows; i++) {
        if (skip != NULL && skip[i]) {
            out[i] = 0;
            continue;
        }
        Text text = vector_text(texts, i);
        if (ignore_case) {
            char *start = run->sink.next, *end = run->sink.end;
            text = text_lower(&run->sink, text);
            /* What was lowered is not needed any longer: use its room again. */
            if (run->sink.end == end && start != NULL)
                run->sink.next = start;
        }
        out[i] = like_match(&prepared->pattern, text);
    }
    return true;
}

ROWS_HOT static void invert(uint8_t *out, uint32_t rows)
{
    for (uint32_t i = 0; i < rows; i++)
        out[i] ^= 1;
}

static bool like_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                      uint8_t *is_null)
{
    return like_rows(run, skip, rows, results, false);
}

static bool ilike_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                       uint8_t *is_null)
{
    return like_rows(run, skip, rows, results, true);
}

static bool not_like_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                          uint8_t *is_null)
{
    if (!like_rows(run, skip, rows, results, false))
        return false;
    invert(results, rows);
    return true;
}

static bool not_ilike_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                           uint8_t *is_null)
{
    if (!like_rows(run, skip, rows, results, true))
        return false;
    invert(results, rows);
    return true;
}

/* --- CONTAINS_STRING, ICONTAINS_STRING, STARTS_WITH: the second argument is no pattern --- */

static bool contains_prepare(ScalarCall *call, LikeKind kind, bool ignore_case, Arena *arena)
{
    LikePrepared *prepared = ARENA_NEW(arena, LikePrepared);
    row_memo_init(&prepared->memo, arena);
    call->prepared = prepared;
    const Vector *constant = call_constant(call, 1);
    if (constant == NULL || vector_is_null(constant, 0) || vector_text(constant, 0).length == 0)
        return true;
    TextSink sink = {.arena = arena};
    Text text = vector_text(constant, 0);
    text = ignore_case ? text_lower(&sink, text) : arena_text(arena, text);
    LikePiece *piece = ARENA_NEW(arena, LikePiece);
    *piece = (LikePiece){.bytes = text.data, .length = text.length};
    prepared->pattern = (LikePattern){.kind = kind, .count = 1, .pieces = piece};
    prepared->is_ready = true;
    return true;
}

static bool contains_prepare_exact(ScalarCall *call, Arena *arena, Fault *fault)
{
    return contains_prepare(call, LIKE_CONTAINS, false, arena);
}

static bool contains_prepare_folded(ScalarCall *call, Arena *arena, Fault *fault)
{
    return contains_prepare(call, LIKE_CONTAINS, true, arena);
}

static bool starts_prepare(ScalarCall *call, Arena *arena, Fault *fault)
{
    return contains_prepare(call, LIKE_PREFIX, false, arena);
}

static bool contains_rows(RowRun *run, const uint8_t *skip, uint32_t rows, uint8_t *out,
                          LikeKind kind, bool ignore_case)
{
    const LikePrepared *prepared = run->call->prepared;
    if (prepared != NULL && prepared->is_ready)
        return like_rows(run, skip, rows, out, ignore_case);
    for (uint32_t i = 0; i < rows; i++) {
        out[i] = 0;
        if (skip != NULL && skip[i])
            continue;
        Text text = row_text(run, 0, i), part = row_text(run, 1, i);
        if (ignore_case) {
            text = text_lower(&run->sink, text);
            part = text_lower(&run->sink, part);
        }
        LikePiece piece = {.bytes = part.data, .length = part.length};
        LikePattern pattern = {.kind = kind, .count = 1, .pieces = &piece};
        out[i] = part.length == 0 || like_match(&pattern, text);
    }
    return true;
}

static bool contains_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                          uint8_t *is_null)
{
    return contains_rows(run, skip, rows, results, LIKE_CONTAINS, false);
}

static bool icontains_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                           uint8_t *is_null)
{
    return contains_rows(run, skip, rows, results, LIKE_CONTAINS, true);
}

static bool starts_loop(RowRun *run, const uint8_t *skip, uint32_t rows, void *results,
                        uint8_t *is_null)
{
    return contains_rows(run, skip, rows, results, LIKE_PREFIX, false);
}

bool function_tests_prefix(const ScalarFunction *function, Text constant, int dialect,
                           Arena *arena, Text *prefix)
{
    if (function->loop == (void *)starts_loop && constant.length != 0) {
        *prefix = constant;
        return true;
    }
    LikePattern pattern;
    Fault ignored;
    if (function->loop != (void *)like_loop ||
        !like_compile(constant, like_escape_in(dialect), arena, &pattern, &ignored) ||
        pattern.kind != LIKE_PREFIX)
        return false;
    *prefix = (Text){pattern.pieces[0].bytes, pattern.pieces[0].length};
    return true;
}

/* --- like_escape: LIKE p ESCAPE e becomes LIKE like_escape(p, e) --- */

static inline bool like_escape_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    Text pattern = row_text(run, 0, row), escape = row_text(run, 1, row);
    char ours = like_escape_of(run->call);
    const char *behind = NULL;
    if (escape.length > 0)
        behind = utf8_next(escape.data, escape.data + escape.length);
    if (behind != NULL && behind != escape.data + escape.length)
        return fault_hint(run->fault, "Escape string must be empty or one character.") ||
               fault_set(run->fault, FAULT_INVALID_ESCAPE_SEQUENCE, "invalid escape string");
    char *out = text_sink_reserve(&run->sink, (size_t)pattern.length * 2 + 1), *start = out;
    const char *at = pattern.data, *end = at + pattern.length;
    while (at < end) {
        if (escape.length > 0 && (size_t)(end - at) >= escape.length &&
            memcmp(at, escape.data, escape.length) == 0) {
            at += escape.length;
            *out++ = ours;
            if (at == end)
                break; /* the pattern ends with its escape: LIKE says so */
            *out++ = *at++;
        } else {
            if (*at == ours)
                *out++ = ours;
            *out++ = *at++;
        }
    }
    *result = text_sink_take(&run->sink, (size_t)(out - start));
    return true;
}

ROW_LOOP(like_escape_loop, like_escape_row, Text)

#define LIKE_ROW(id, function, sign, prepare_method, loop_method, does, sample, value)             \
    { .oid = id, .name = function, .symbol = sign, .argument_count = 2,                            \
      .arguments = { T_TEXT, T_TEXT }, .result = T_BOOL, .run = run_rows,                          \
      .loop = (void *)(loop_method), .prepare = prepare_method, .summary = does,                   \
      .example = sample, .gives = value }

const ScalarFunction like_functions[] = {
    LIKE_ROW(850, "textlike", "~~", like_prepare_exact, like_loop,
             "Whether the text matches the pattern: % is any text, _ any character.",
             "'talaria' LIKE 'tal%'", "t"),
    LIKE_ROW(851, "textnlike", "!~~", like_prepare_exact, not_like_loop,
             "Whether the text does not match the pattern.", "'talaria' NOT LIKE 'tal%'", "f"),
    LIKE_ROW(1633, "texticlike", "~~*", like_prepare_folded, ilike_loop,
             "Whether the text matches the pattern, whatever the case.",
             "'Talaria' ILIKE 'tal%'", "t"),
    LIKE_ROW(1634, "texticnlike", "!~~*", like_prepare_folded, not_ilike_loop,
             "Whether the text does not match the pattern, whatever the case.",
             "'Talaria' NOT ILIKE 'tal%'", "f"),
    LIKE_ROW(91001, "contains_string", NULL, contains_prepare_exact, contains_loop,
             "Whether the text holds the second text.", "contains_string('banana', 'nan')", "t"),
    LIKE_ROW(91002, "icontains_string", NULL, contains_prepare_folded, icontains_loop,
             "Whether the text holds the second text, whatever the case.",
             "icontains_string('BANANA', 'nan')", "t"),
    LIKE_ROW(3696, "starts_with", "^@", starts_prepare, starts_loop,
             "Whether the text starts with the second text.", "starts_with('banana', 'ba')", "t"),
    { .oid = 1637, .name = "like_escape", .argument_count = 2, .arguments = { T_TEXT, T_TEXT },
      .result = T_TEXT, .run = run_rows, .loop = (void *)like_escape_loop,
      .summary = "Rewrites a LIKE pattern with another escape character to one with backslashes.",
      .example = "'a%b' LIKE 'a!%b' ESCAPE '!'", .gives = "t" },
};
const uint32_t like_function_count = sizeof like_functions / sizeof like_functions[0];
