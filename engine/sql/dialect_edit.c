/*
 * Forms of the dialect inside expressions and FROM, as edits of single tokens:
 *
 *   FLOOR(x TO DAY), CEIL(x TO DAY)         floor_to(x , 'DAY')
 *   TIMESTAMPADD(DAY, n, x), TIMESTAMPDIFF  TIMESTAMPADD('DAY', n, x)
 *   POSITION(a IN b FROM n)                 position_from(a , b , n)
 *   JSON_VALUE(x, p RETURNING type)         JSON_VALUE(x, p , 'type')
 *   JSON_OBJECT(KEY k VALUE v), (k : v)     JSON_OBJECT(k , v)
 *   TABLE(f(...)) EXTEND (c T)              ROWS FROM (f(...) AS (c T))
 *   ARRAY[a, b][1]                          (ARRAY[a, b])[1]
 *   FROM (SELECT ...), without an alias     FROM (SELECT ...) unnamed_subquery_1
 *
 * No token changes its place, so the offset map stays true.
 */
#include "engine/sql/dialect_internal.h"

#include <pg_query/pg_query.pb-c.h>

#include <strings.h>

typedef struct Editor {
    Arena *arena;
    Text text;
    Token *tokens;
    uint32_t first, end;
} Editor;

static Token *token_at(const Editor *editor, int64_t i)
{
    bool is_inside = i >= (int64_t)editor->first && i < (int64_t)editor->end;
    return is_inside ? &editor->tokens[i] : NULL;
}

static bool kind_at(const Editor *editor, int64_t i, int32_t kind)
{
    const Token *token = token_at(editor, i);
    return token != NULL && token->kind == kind;
}

static bool word_at(const Editor *editor, int64_t i, const char *upper)
{
    const Token *token = token_at(editor, i);
    return token != NULL && token_is_word(editor->text, token, upper);
}

/* The index after `i` at the same depth: past the partner of an opening bracket. */
static uint32_t step_over(const Editor *editor, uint32_t i)
{
    const Token *token = &editor->tokens[i];
    bool opens = token->match > (int32_t)i;
    return opens ? (uint32_t)token->match + 1 : i + 1;
}

/* A token's text between single quotes; `skip` bytes of it left out. */
static const char *quoted_token(const Editor *editor, const Token *token, int32_t skip)
{
    return arena_printf(editor->arena, "'%.*s'", (int)(token->end - token->start - skip),
                        editor->text.data + token->start + skip);
}

static void edit_round(Editor *editor, uint32_t name, uint32_t close, const char *function)
{
    if (close < name + 4 || !kind_at(editor, (int64_t)close - 2, PG_QUERY__TOKEN__TO))
        return;
    editor->tokens[name].replace = function;
    editor->tokens[close - 2].replace = ",";
    editor->tokens[close - 1].replace = quoted_token(editor, &editor->tokens[close - 1], 0);
}

static void edit_timestamp_unit(Editor *editor, uint32_t open)
{
    Token *unit = token_at(editor, (int64_t)open + 1);
    if (unit == NULL || !kind_at(editor, (int64_t)open + 2, ',') || unit->start == unit->end ||
        unit->kind == PG_QUERY__TOKEN__SCONST)
        return;
    int32_t prefix = unit->end - unit->start > 8 &&
                             strncasecmp(editor->text.data + unit->start, "SQL_TSI_", 8) == 0
                         ? 8
                         : 0;
    unit->replace = quoted_token(editor, unit, prefix);
}

static void edit_position(Editor *editor, uint32_t name, uint32_t close)
{
    int64_t in = -1, from = -1;
    for (uint32_t i = name + 2; i < close; i = step_over(editor, i)) {
        if (editor->tokens[i].kind == PG_QUERY__TOKEN__IN_P && in < 0)
            in = i;
        else if (editor->tokens[i].kind == PG_QUERY__TOKEN__FROM && in >= 0)
            from = i;
    }
    if (from < 0)
        return;
    editor->tokens[name].replace = "position_from";
    editor->tokens[in].replace = ",";
    editor->tokens[from].replace = ",";
}

/* NULL ON EMPTY, NULL ON ERROR, NULL ON NULL: what happens anyway. */
static bool drop_on_clause(Editor *editor, uint32_t i)
{
    bool is_clause =
        kind_at(editor, i, PG_QUERY__TOKEN__NULL_P) &&
        kind_at(editor, (int64_t)i + 1, PG_QUERY__TOKEN__ON) &&
        (word_at(editor, (int64_t)i + 2, "EMPTY") || word_at(editor, (int64_t)i + 2, "ERROR") ||
         kind_at(editor, (int64_t)i + 2, PG_QUERY__TOKEN__NULL_P));
    for (uint32_t k = i; is_clause && k < i + 3; k++)
        editor->tokens[k].replace = "";
    return is_clause;
}

static void edit_json_value(Editor *editor, uint32_t open, uint32_t close)
{
    uint32_t returning = 0, type_end = 0;
    for (uint32_t i = open + 1; i < close;) {
        if (drop_on_clause(editor, i)) {
            i += 3;
            continue;
        }
        if (editor->tokens[i].kind == PG_QUERY__TOKEN__RETURNING)
            returning = i;
        if (returning != 0)
            type_end = i + 1;
        i = step_over(editor, i);
        if (returning != 0 && i > type_end)
            type_end = i;
    }
    if (returning == 0 || type_end <= returning + 1)
        return;
    int32_t start = editor->tokens[returning + 1].start;
    int32_t stop = editor->tokens[type_end - 1].end;
    editor->tokens[returning].replace = ",";
    for (uint32_t i = returning + 1; i < type_end; i++)
        editor->tokens[i].replace = "";
    bool has_quote = memchr(editor->text.data + start, '\'', (size_t)(stop - start)) != NULL;
    if (!has_quote) /* else the empty argument is the syntax error that it should be */
        editor->tokens[returning + 1].replace =
            arena_printf(editor->arena, "'%.*s'", (int)(stop - start), editor->text.data + start);
}

static void edit_json_object(Editor *editor, uint32_t open, uint32_t close)
{
    bool at_start = true, has_key = false;
    for (uint32_t i = open + 1; i < close; i = step_over(editor, i)) {
        Token *token = &editor->tokens[i];
        if (drop_on_clause(editor, i))
            return;
        if (at_start && token->kind == PG_QUERY__TOKEN__KEY &&
            !kind_at(editor, (int64_t)i + 1, ',') && !kind_at(editor, (int64_t)i + 1, ':') &&
            i + 1 < close) {
            token->replace = "";
            has_key = true;
        } else if (has_key && !at_start && token->kind == PG_QUERY__TOKEN__VALUE_P) {
            token->replace = ",";
            has_key = false;
        } else if (token->kind == ':') {
            token->replace = ",";
        }
        at_start = token->kind == ',';
    }
}

/* NOT NULL and NULL in a column list: read and ignored. */
static void drop_nullability(Editor *editor, uint32_t open, uint32_t close)
{
    for (uint32_t i = open + 1; i < close; i++) {
        int32_t kind = editor->tokens[i].kind;
        bool is_not = kind == PG_QUERY__TOKEN__NOT &&
                      kind_at(editor, (int64_t)i + 1, PG_QUERY__TOKEN__NULL_P);
        if (is_not || kind == PG_QUERY__TOKEN__NULL_P)
            editor->tokens[i].replace = "";
    }
}

static void edit_table(Editor *editor, uint32_t name, uint32_t close)
{
    editor->tokens[name].replace = "ROWS FROM";
    uint32_t next = close + 1;
    bool has_extend = word_at(editor, next, "EXTEND") && kind_at(editor, (int64_t)next + 1, '(');
    uint32_t list = has_extend ? next + 1 : next;
    const Token *open = token_at(editor, list);
    if (open == NULL || open->kind != '(' || open->match < 0)
        return;
    editor->tokens[close].replace = has_extend ? "" : " AS ";
    if (has_extend)
        editor->tokens[next].replace = "AS";
    drop_nullability(editor, list, (uint32_t)open->match);
    editor->tokens[open->match].replace = "))";
}

static void edit_call(Editor *editor, uint32_t name)
{
    uint32_t open = name + 1;
    if (!kind_at(editor, open, '(') || editor->tokens[open].match < 0)
        return;
    uint32_t close = (uint32_t)editor->tokens[open].match;
    if (close >= editor->end)
        return;
    switch (editor->tokens[name].kind) {
    case PG_QUERY__TOKEN__TABLE:
        edit_table(editor, name, close);
        return;
    case PG_QUERY__TOKEN__POSITION:
        edit_position(editor, name, close);
        return;
    case PG_QUERY__TOKEN__EXTRACT:
        if (open + 1 < close)
            editor->tokens[open + 1].is_plain = true;
        return;
    case PG_QUERY__TOKEN__IDENT:
        break;
    default:
        return;
    }
    if (word_at(editor, name, "GROUPING_ID"))
        editor->tokens[name].replace = "GROUPING";
    else if (word_at(editor, name, "FLOOR"))
        edit_round(editor, name, close, "floor_to");
    else if (word_at(editor, name, "CEIL") || word_at(editor, name, "CEILING"))
        edit_round(editor, name, close, "ceil_to");
    else if (word_at(editor, name, "TIMESTAMPADD") || word_at(editor, name, "TIMESTAMPDIFF"))
        edit_timestamp_unit(editor, open);
    else if (word_at(editor, name, "JSON_VALUE"))
        edit_json_value(editor, open, close);
    else if (word_at(editor, name, "JSON_OBJECT"))
        edit_json_object(editor, open, close);
}

/* GENERATED BY DEFAULT AS IDENTITY; CREATE SEQUENCE s AS BIGINT, which is a type. */
static bool is_no_name(const Editor *editor, uint32_t i)
{
    uint32_t first = editor->first;
    if (editor->tokens[i].kind == PG_QUERY__TOKEN__IDENTITY_P)
        return kind_at(editor, (int64_t)i - 2, PG_QUERY__TOKEN__DEFAULT) ||
               kind_at(editor, (int64_t)i - 2, PG_QUERY__TOKEN__ALWAYS);
    bool is_definition = kind_at(editor, first, PG_QUERY__TOKEN__CREATE) ||
                         kind_at(editor, first, PG_QUERY__TOKEN__ALTER);
    return is_definition && (kind_at(editor, (int64_t)first + 1, PG_QUERY__TOKEN__SEQUENCE) ||
                             kind_at(editor, (int64_t)first + 2, PG_QUERY__TOKEN__SEQUENCE));
}

/*
 * Keywords that name something are folded by PostgreSQL's scanner as every identifier is; where
 * it is certain that a keyword is a name (after a dot, after AS outside CAST) its case is kept.
 */
static void keep_keyword_case(Editor *editor, uint32_t i, bool inside_cast)
{
    Token *token = &editor->tokens[i];
    bool is_name = token->keyword != PG_QUERY__KEYWORD_KIND__NO_KEYWORD && token->replace == NULL;
    if (!is_name || i == editor->first)
        return;
    int32_t before = editor->tokens[i - 1].kind;
    bool after_as = before == PG_QUERY__TOKEN__AS && !inside_cast &&
                    token->keyword != PG_QUERY__KEYWORD_KIND__RESERVED_KEYWORD &&
                    token->kind != PG_QUERY__TOKEN__MATERIALIZED &&
                    token->kind != PG_QUERY__TOKEN__TRANSACTION && !is_no_name(editor, i);
    bool begins_statement = kind_at(editor, (int64_t)i + 1, PG_QUERY__TOKEN__INTO) ||
                            ((token->kind == PG_QUERY__TOKEN__VALUES || token->kind == PG_QUERY__TOKEN__ENUM_P) &&
                             kind_at(editor, (int64_t)i + 1, '('));
    if (before != '.' && (!after_as || begins_statement)) /* PREPARE p AS INSERT INTO */
        return;
    for (int32_t at = token->start; at < token->end; at++) {
        char c = editor->text.data[at];
        if (c >= 'A' && c <= 'Z')
            token->kind = PG_QUERY__TOKEN__IDENT; /* so it will be marked */
    }
}

/* ARRAY[1, 2][1] needs parentheses in PostgreSQL's grammar. */
static void edit_array(Editor *editor, uint32_t array)
{
    const Token *open = token_at(editor, (int64_t)array + 1);
    if (open == NULL || open->kind != '[' || open->match < 0 ||
        editor->tokens[array].replace != NULL)
        return;
    uint32_t close = (uint32_t)open->match;
    bool is_subscripted = kind_at(editor, (int64_t)close + 1, '[');
    if (!is_subscripted || editor->tokens[close].replace != NULL)
        return;
    editor->tokens[array].replace = "(ARRAY";
    editor->tokens[close].replace = "])";
}

/* CREATE ROLE name LOGIN ...: the options that are no keywords are compared in lower case by the
 * grammar itself, so they are to be folded by the scanner. */
static void edit_role_options(Editor *editor)
{
    static const char *const options[] = {
        "SUPERUSER",  "NOSUPERUSER",  "CREATEROLE", "NOCREATEROLE",  "CREATEDB",
        "NOCREATEDB", "LOGIN",        "NOLOGIN",    "REPLICATION",   "NOREPLICATION",
        "BYPASSRLS",  "NOBYPASSRLS",  "NOINHERIT",  "CREATEUSER",    "NOCREATEUSER",
    };
    uint32_t first = editor->first;
    bool is_role = kind_at(editor, (int64_t)first + 1, PG_QUERY__TOKEN__ROLE) ||
                   kind_at(editor, (int64_t)first + 1, PG_QUERY__TOKEN__USER) ||
                   kind_at(editor, (int64_t)first + 1, PG_QUERY__TOKEN__GROUP_P);
    bool is_ours = kind_at(editor, first, PG_QUERY__TOKEN__CREATE) ||
                   kind_at(editor, first, PG_QUERY__TOKEN__ALTER);
    for (uint32_t i = first + 3; is_ours && is_role && i < editor->end; i++) {
        for (size_t k = 0; k < sizeof options / sizeof *options; k++) {
            if (word_at(editor, i, options[k]))
                editor->tokens[i].is_plain = true;
        }
    }
}

/* --- subqueries in FROM that have no alias: PostgreSQL's grammar wants one --- */

/* What may stand between brackets, as far as FROM lists matter. */
typedef struct Level {
    bool has_select; /* FROM begins a list */
    bool is_from;    /* inside such a list, or inside the brackets of one of its joins */
} Level;

static bool begins_query(const Editor *editor, uint32_t i)
{
    int32_t kind = editor->tokens[i].kind;
    return kind == PG_QUERY__TOKEN__SELECT || kind == PG_QUERY__TOKEN__VALUES ||
           kind == PG_QUERY__TOKEN__WITH;
}

/* ((SELECT ..) UNION ..), ((SELECT ..)), but not ((SELECT ..) a JOIN ..). */
static bool is_query(const Editor *editor, uint32_t open)
{
    while (kind_at(editor, (int64_t)open + 1, '(')) {
        open++;
        int64_t after = (int64_t)editor->tokens[open].match + 1;
        bool goes_on = kind_at(editor, after, PG_QUERY__TOKEN__UNION) ||
                       kind_at(editor, after, PG_QUERY__TOKEN__INTERSECT) ||
                       kind_at(editor, after, PG_QUERY__TOKEN__EXCEPT) ||
                       kind_at(editor, after, PG_QUERY__TOKEN__ORDER) ||
                       kind_at(editor, after, PG_QUERY__TOKEN__LIMIT) ||
                       kind_at(editor, after, PG_QUERY__TOKEN__OFFSET) ||
                       kind_at(editor, after, ')');
        if (editor->tokens[open].match < 0 || !goes_on)
            return false;
    }
    return open + 1 < editor->end && begins_query(editor, open + 1);
}

static bool ends_from(int32_t kind)
{
    switch (kind) {
    case PG_QUERY__TOKEN__WHERE:
    case PG_QUERY__TOKEN__GROUP_P:
    case PG_QUERY__TOKEN__HAVING:
    case PG_QUERY__TOKEN__ORDER:
    case PG_QUERY__TOKEN__LIMIT:
    case PG_QUERY__TOKEN__OFFSET:
    case PG_QUERY__TOKEN__FETCH:
    case PG_QUERY__TOKEN__WINDOW:
    case PG_QUERY__TOKEN__UNION:
    case PG_QUERY__TOKEN__INTERSECT:
    case PG_QUERY__TOKEN__EXCEPT:
    case PG_QUERY__TOKEN__FOR:
        return true;
    default:
        return false;
    }
}

static bool has_alias(const Editor *editor, uint32_t next)
{
    const Token *token = token_at(editor, next);
    if (token == NULL)
        return false;
    /* what may follow an item of FROM and is an alias nowhere */
    switch (token->kind) {
    case ')':
    case ',':
    case ';':
    case PG_QUERY__TOKEN__ON:
    case PG_QUERY__TOKEN__USING:
    case PG_QUERY__TOKEN__JOIN:
    case PG_QUERY__TOKEN__LEFT:
    case PG_QUERY__TOKEN__RIGHT:
    case PG_QUERY__TOKEN__FULL:
    case PG_QUERY__TOKEN__INNER_P:
    case PG_QUERY__TOKEN__CROSS:
    case PG_QUERY__TOKEN__NATURAL:
        return false;
    case PG_QUERY__TOKEN__IDENT: /* the dialect's own clauses behind a query */
        return !word_at(editor, next, "PARTITIONED") && !word_at(editor, next, "CLUSTERED");
    default:
        return !ends_from(token->kind);
    }
}

static void name_subquery(Editor *editor, uint32_t open)
{
    int32_t close = editor->tokens[open].match;
    if (close < 0 || (uint32_t)close >= editor->end || !is_query(editor, open) ||
        editor->tokens[close].replace != NULL || has_alias(editor, (uint32_t)close + 1))
        return;
    editor->tokens[close].replace =
        arena_printf(editor->arena, ") unnamed_subquery_%u", (unsigned)open);
}

static void name_subqueries(Editor *editor)
{
    Level *levels = ARENA_ARRAY(editor->arena, Level, editor->end - editor->first + 2);
    uint32_t depth = 0;
    levels[0] = (Level){0};
    for (uint32_t i = editor->first; i < editor->end; i++) {
        Level *level = &levels[depth];
        int32_t kind = editor->tokens[i].kind;
        int32_t before = i > editor->first ? editor->tokens[i - 1].kind : 0;
        bool is_item = level->is_from &&
                       (before == PG_QUERY__TOKEN__FROM || before == PG_QUERY__TOKEN__JOIN ||
                        before == PG_QUERY__TOKEN__LATERAL_P || before == ',' || before == '(');
        if (kind == '(' || kind == '[') {
            bool is_join = is_item && kind == '(' && !is_query(editor, i);
            if (is_item && kind == '(' && !is_join)
                name_subquery(editor, i);
            levels[++depth] = (Level){.is_from = is_join};
        } else if (kind == ')' || kind == ']') {
            depth -= depth > 0;
        } else if (kind == PG_QUERY__TOKEN__SELECT) {
            *level = (Level){.has_select = true};
        } else if (kind == PG_QUERY__TOKEN__FROM && level->has_select &&
                   before != PG_QUERY__TOKEN__DISTINCT) {
            level->is_from = true;
        } else if (ends_from(kind)) {
            level->is_from = false;
        }
    }
}

void dialect_edit(Arena *arena, Text text, Token *tokens, uint32_t first, uint32_t end)
{
    Editor editor = {arena, text, tokens, first, end};
    edit_role_options(&editor);
    for (uint32_t i = first; i < end; i++) {
        if (tokens[i].replace == NULL)
            edit_call(&editor, i);
        if (tokens[i].kind == PG_QUERY__TOKEN__ARRAY)
            edit_array(&editor, i);
    }
    name_subqueries(&editor);
    bool *cast = ARENA_ARRAY(arena, bool, end - first + 1); /* the open brackets: CAST( or not */
    uint32_t depth = 0;
    for (uint32_t i = first; i < end; i++) {
        if (tokens[i].kind == '(')
            cast[depth++] = i > first && tokens[i - 1].kind == PG_QUERY__TOKEN__CAST;
        else if (tokens[i].kind == ')' && depth > 0)
            depth--;
        else
            keep_keyword_case(&editor, i, depth > 0 && cast[depth - 1]);
    }
}
