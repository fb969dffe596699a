/*
 * The text as tokens, by libpg_query's scanner, and the guard against what is too long or too
 * deep for recursive programs.
 *
 * The guard sees only tokens. Within one pair of brackets (or CASE ... END) it counts the tokens
 * since the last one that certainly ends an expression (a comma, AND, OR, a clause's keyword);
 * over all open brackets these counts add up to a bound of the depth of the tree: a binary
 * operator takes two tokens for a level, a prefix operator one. Set operations and joins nest to
 * the left without brackets and are counted by the statement.
 */
#include "engine/sql/dialect_internal.h"

#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>

#include <ctype.h>
#include <string.h>
#include <strings.h>

bool token_is_word(Text text, const Token *token, const char *upper)
{
    size_t length = strlen(upper);
    return (size_t)(token->end - token->start) == length &&
           strncasecmp(text.data + token->start, upper, length) == 0;
}

/* The scanner gives a wrong end for U&"..." and U&'...'. */
static int32_t unicode_token_end(Text text, int32_t start)
{
    int32_t at = start + 2;
    char quote = text.data[at++];
    while (at < (int32_t)text.length) {
        if (text.data[at++] != quote)
            continue;
        if (at < (int32_t)text.length && text.data[at] == quote)
            at++;
        else
            break;
    }
    return at;
}

static bool is_open(int32_t kind)
{
    return kind == '(' || kind == '[';
}

static bool is_close(int32_t kind)
{
    return kind == ')' || kind == ']';
}

static void match_brackets(Arena *arena, Token *tokens, uint32_t count)
{
    uint32_t *open = ARENA_ARRAY(arena, uint32_t, count + 1);
    uint32_t depth = 0;
    for (uint32_t i = 0; i < count; i++) {
        tokens[i].match = -1;
        if (tokens[i].kind == ';') {
            depth = 0; /* brackets do not pair across statements */
        } else if (is_open(tokens[i].kind)) {
            open[depth++] = i;
        } else if (is_close(tokens[i].kind) && depth > 0) {
            depth--;
            tokens[i].match = (int32_t)open[depth];
            tokens[open[depth]].match = (int32_t)i;
        }
    }
}

/* A character position of the parser's, from 1, as a byte offset. */
static int32_t byte_offset(Text text, int position)
{
    int32_t at = 0;
    for (int character = 1; character < position && at < (int32_t)text.length; character++) {
        at++;
        while (at < (int32_t)text.length && ((uint8_t)text.data[at] & 0xC0) == 0x80)
            at++;
    }
    return at;
}

static bool scan_failed(Text text, const PgQueryError *error, Fault *fault)
{
    int32_t offset = error->cursorpos > 0 ? byte_offset(text, error->cursorpos) : -1;
    if (strcmp(error->message, "invalid Unicode escape") != 0)
        return fault_set_at(fault, offset, FAULT_SYNTAX_ERROR, "%s", error->message);
    fault_set_at(fault, offset, FAULT_INVALID_ESCAPE_SEQUENCE, "%s", error->message);
    return fault_hint(fault, "Unicode escapes must be \\uXXXX or \\UXXXXXXXX.");
}

/* --- comments --- */

static uint32_t skip_quoted(Text text, uint32_t at, char quote, bool has_escapes)
{
    for (at++; at < text.length; at++) {
        if (has_escapes && text.data[at] == '\\')
            at++;
        else if (text.data[at] == quote)
            return at + 1;
    }
    return text.length;
}

static bool is_name_byte(char byte)
{
    return isalnum((unsigned char)byte) || byte == '_' || ((uint8_t)byte & 0x80) != 0;
}

/* $tag$ ... $tag$; just behind the dollar when it opens nothing. */
static uint32_t skip_dollars(Text text, uint32_t at)
{
    uint32_t end = at + 1;
    while (end < text.length && is_name_byte(text.data[end]))
        end++;
    bool opens = end < text.length && text.data[end] == '$' &&
                 (at == 0 || !is_name_byte(text.data[at - 1]));
    if (!opens)
        return at + 1;
    uint32_t length = end + 1 - at;
    const char *close = memmem(text.data + end + 1, text.length - end - 1, text.data + at, length);
    return close == NULL ? text.length : (uint32_t)(close - text.data) + length;
}

static bool starts_with(Text text, uint32_t at, char first, char second)
{
    return at + 1 < text.length && text.data[at] == first && text.data[at + 1] == second;
}

/* The end of a comment that may hold others; 0: it has none. */
static uint32_t comment_end(Text text, uint32_t at)
{
    uint32_t depth = 0;
    while (at < text.length) {
        if (starts_with(text, at, '/', '*')) {
            depth++;
            at += 2;
        } else if (starts_with(text, at, '*', '/')) {
            depth--;
            at += 2;
            if (depth == 0)
                return at;
        } else {
            at++;
        }
    }
    return 0;
}

static uint32_t count_comments(Text text)
{
    uint32_t count = 0;
    const char *at = text.data, *end = text.data + text.length;
    while ((at = memmem(at, (size_t)(end - at), "/*", 2)) != NULL) {
        count++;
        at += 2;
    }
    return count;
}

/* libpg_query's lexer reads on to the end of a run of operator characters at each beginning of a
 * comment: of many beginnings in a row it makes a square. Where there are many, blanks stand for
 * the comments. */
bool dialect_blank_comments(Arena *arena, Text *text, Fault *fault)
{
    enum { FEW = 200 };
    if (text->length == 0 || count_comments(*text) <= FEW)
        return true;
    char *copy = arena_strndup(arena, text->data, text->length);
    for (uint32_t at = 0; at < text->length;) {
        char byte = text->data[at];
        if (byte == '\'' || byte == '"') {
            bool has_escapes = byte == '\'' && at > 0 && (text->data[at - 1] | 0x20) == 'e' &&
                               (at < 2 || !is_name_byte(text->data[at - 2]));
            at = skip_quoted(*text, at, byte, has_escapes);
        } else if (byte == '$') {
            at = skip_dollars(*text, at);
        } else if (starts_with(*text, at, '-', '-')) {
            const char *line = memchr(text->data + at, '\n', text->length - at);
            at = line == NULL ? text->length : (uint32_t)(line - text->data);
        } else if (starts_with(*text, at, '/', '*')) {
            uint32_t end = comment_end(*text, at);
            if (end == 0)
                return fault_set_at(fault, (int32_t)at, FAULT_SYNTAX_ERROR,
                                    "unterminated /* comment");
            memset(copy + at, ' ', end - at);
            at = end;
        } else {
            at++;
        }
    }
    text->data = copy;
    return true;
}

static void copy_tokens(Arena *arena, Text text, const PgQuery__ScanResult *scanned, Token **tokens,
                        uint32_t *count, Token **comments, uint32_t *comment_count)
{
    *tokens = ARENA_ARRAY(arena, Token, scanned->n_tokens + 1);
    *comments = ARENA_ARRAY(arena, Token, scanned->n_tokens + 1);
    *count = *comment_count = 0;
    for (size_t i = 0; i < scanned->n_tokens; i++) {
        const PgQuery__ScanToken *from = scanned->tokens[i];
        Token token = {.start = from->start,
                       .end = from->end,
                       .kind = (int32_t)from->token,
                       .keyword = (int32_t)from->keyword_kind,
                       .match = -1};
        bool is_comment =
            token.kind == PG_QUERY__TOKEN__SQL_COMMENT || token.kind == PG_QUERY__TOKEN__C_COMMENT;
        if (token.kind == PG_QUERY__TOKEN__UIDENT || token.kind == PG_QUERY__TOKEN__USCONST)
            token.end = unicode_token_end(text, token.start);
        if (is_comment)
            (*comments)[(*comment_count)++] = token;
        else
            (*tokens)[(*count)++] = token;
    }
}

bool dialect_scan(Arena *arena, Text text, Token **tokens, uint32_t *count, Token **comments,
                  uint32_t *comment_count, Fault *fault)
{
    if (text.length > DIALECT_MAX_TEXT)
        return fault_set(fault, FAULT_PROGRAM_LIMIT_EXCEEDED,
                         "statement text of %u bytes is longer than %d", text.length,
                         DIALECT_MAX_TEXT);
    if (text.length > 0 && memchr(text.data, 0, text.length) != NULL)
        return fault_set(fault, FAULT_CHARACTER_NOT_IN_REPERTOIRE,
                         "invalid byte sequence for encoding \"UTF8\": 0x00");
    PgQueryScanResult result = pg_query_scan(arena_strndup(arena, text.data, text.length));
    PgQuery__ScanResult *scanned = NULL;
    bool ok = result.error == NULL ? true : scan_failed(text, result.error, fault);
    if (ok) {
        scanned =
            pg_query__scan_result__unpack(NULL, result.pbuf.len, (const uint8_t *)result.pbuf.data);
        if (scanned == NULL)
            ok = fault_set(fault, FAULT_INTERNAL_ERROR, "the scanner's answer could not be read");
    }
    pg_query_free_scan_result(result);
    if (ok && scanned->n_tokens > DIALECT_MAX_TOKENS)
        ok = fault_set(fault, FAULT_PROGRAM_LIMIT_EXCEEDED, "statement text has more than %d words",
                       DIALECT_MAX_TOKENS);
    if (ok) {
        copy_tokens(arena, text, scanned, tokens, count, comments, comment_count);
        match_brackets(arena, *tokens, *count);
    }
    if (scanned != NULL)
        pg_query__scan_result__free_unpacked(scanned, NULL);
    return ok;
}

/* Tokens after which an expression begins afresh. */
static bool ends_expression(int32_t kind)
{
    switch (kind) {
    case ',':
    case PG_QUERY__TOKEN__AND:
    case PG_QUERY__TOKEN__OR:
    case PG_QUERY__TOKEN__WHEN:
    case PG_QUERY__TOKEN__THEN:
    case PG_QUERY__TOKEN__ELSE:
    case PG_QUERY__TOKEN__SELECT:
    case PG_QUERY__TOKEN__FROM:
    case PG_QUERY__TOKEN__WHERE:
    case PG_QUERY__TOKEN__GROUP_P:
    case PG_QUERY__TOKEN__HAVING:
    case PG_QUERY__TOKEN__ORDER:
    case PG_QUERY__TOKEN__LIMIT:
    case PG_QUERY__TOKEN__VALUES:
    case PG_QUERY__TOKEN__ON:
        return true;
    default:
        return false;
    }
}

static bool is_link(int32_t kind)
{
    return kind == PG_QUERY__TOKEN__UNION || kind == PG_QUERY__TOKEN__INTERSECT ||
           kind == PG_QUERY__TOKEN__EXCEPT || kind == PG_QUERY__TOKEN__JOIN;
}

static bool too_deep(const Token *token, Fault *fault)
{
    fault_set_at(fault, token->start, FAULT_STATEMENT_TOO_COMPLEX, "stack depth limit exceeded");
    return fault_hint(fault, "The statement is nested too deeply, or chains too many operators; "
                             "split it, or use IN and parentheses to make it flatter.");
}

bool dialect_guard(Arena *arena, const Token *tokens, uint32_t first, uint32_t end, uint32_t *depth,
                   Fault *fault)
{
    typedef struct Level {
        uint32_t chain;
        bool is_case;
    } Level;
    Level *levels = ARENA_ARRAY(arena, Level, end - first + 1);
    uint32_t level = 0, sum = 0, links = 0;
    levels[0] = (Level){0};
    *depth = 0;
    for (uint32_t i = first; i < end; i++) {
        int32_t kind = tokens[i].kind;
        bool closes = is_close(kind) ? !levels[level].is_case
                                     : kind == PG_QUERY__TOKEN__END_P && levels[level].is_case;
        if (is_open(kind) || kind == PG_QUERY__TOKEN__CASE) {
            levels[++level] = (Level){1, kind == PG_QUERY__TOKEN__CASE};
            sum++;
        } else if (closes && level > 0) {
            sum -= levels[level--].chain;
            levels[level].chain++;
            sum++;
        } else if (ends_expression(kind)) {
            sum -= levels[level].chain;
            levels[level].chain = level > 0 ? 1 : 0;
            sum += levels[level].chain;
        } else {
            levels[level].chain++;
            sum++;
        }
        if (is_link(kind))
            links++;
        if (sum > *depth)
            *depth = sum;
        if (sum > DIALECT_MAX_DEPTH || links > DIALECT_MAX_LINKS)
            return too_deep(&tokens[i], fault);
    }
    if (links > *depth)
        *depth = links;
    return true;
}
