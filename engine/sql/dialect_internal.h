/*
 * The dialect pass: from the text that was typed to texts in PostgreSQL's grammar, one or more a
 * statement, each with an offset map.
 *
 * Identifiers. PostgreSQL's scanner folds unquoted identifiers; the dialect keeps their case. So
 * an unquoted identifier with a capital letter is written as a quoted one that begins with
 * NAME_TYPED, and a quoted identifier without a capital letter gets NAME_QUOTED in front, so
 * that it can be told from a folded one. name_read (name_internal.h) takes the marks off again.
 */
#ifndef TALARIA_ENGINE_SQL_DIALECT_INTERNAL_H
#define TALARIA_ENGINE_SQL_DIALECT_INTERNAL_H

#include "base/fault/fault.h"
#include "engine/sql/offset_map_internal.h"

enum {
    NAME_TYPED = '\x01',
    NAME_QUOTED = '\x02',
    DIALECT_MAX_TEXT = 64 << 20,    /* bytes */
    DIALECT_MAX_TOKENS = 2000000,   /* bounds what the parser may allocate */
    DIALECT_MAX_DEPTH = 8000,       /* tokens in nested, unbroken chains; see dialect_guard.c */
    DIALECT_MAX_LINKS = 5000,       /* JOINs and set operations of a statement */
};

/* A token of the text. Comments are not tokens. */
typedef struct Token {
    int32_t start, end;  /* bytes */
    int32_t kind;        /* PgQuery__Token: single characters stand for themselves */
    int32_t keyword;     /* PgQuery__KeywordKind */
    int32_t match;       /* brackets: the index of the other one; else -1 */
    const char *replace; /* written instead of the token; NULL: the token itself */
    bool is_plain;       /* an identifier that is written as it stands */
} Token;

typedef struct RewrittenText {
    const char *text; /* terminated; NULL: there is none */
    int32_t length;
    OffsetMap map;
} RewrittenText;

typedef struct DialectStatement {
    int32_t start, end;   /* in the text: first token to last, without the semicolon */
    uint32_t token_count;
    uint32_t depth;       /* as the guard counts it: how deep a tree may get */
    RewrittenText main;
    bool is_ingest;       /* INSERT or REPLACE */
    bool is_replace;
    bool is_explain_plan;
    int32_t ingest_at;    /* INSERT or REPLACE */
    int32_t inner_at;     /* PREPARE .. AS, DECLARE .. FOR, CREATE VIEW .. AS: what follows; 0: none */
    /* INSERT INTO EXTERN(destination) AS CSV: `SELECT destination`; main is the query */
    RewrittenText destination;
    /* OVERWRITE ALL | WHERE condition: `SELECT condition` */
    bool has_overwrite, overwrite_all;
    int32_t overwrite_at;
    RewrittenText overwrite;
    /* PARTITIONED BY ALL | expression: `SELECT expression` */
    bool has_partitioned, partitioned_all;
    int32_t partitioned_at;
    RewrittenText partitioned;
    /* CLUSTERED BY list: `SELECT ORDER BY list` */
    bool has_clustered;
    int32_t clustered_at;
    RewrittenText clustered;
    uint32_t context_count; /* --:context name: value */
    const char **context_names, **context_values;
} DialectStatement;

typedef struct DialectText {
    Text text;
    uint32_t token_count;
    Token *tokens;
    uint32_t statement_count; /* empty ones are left out */
    DialectStatement *statements;
} DialectText;

/* Faults: 42601 of the scanner and of the dialect's own clauses, 54000, 54001, 0A000. */
bool dialect_rewrite(Arena *arena, Text text, DialectText *out, Fault *fault);
/* A text of our own, in PostgreSQL's grammar with the identifiers marked as above. */
bool dialect_rewrite_plain(Arena *arena, Text text, RewrittenText *out, Fault *fault);
/* The token that covers a byte; NULL when none does. */
const Token *dialect_token_at(const DialectText *text, int32_t offset);
/* The token there or the next one; NULL at the end of the text. */
const Token *dialect_token_from(const DialectText *text, int32_t offset);

/* Where a text has very many comments it becomes a copy with blanks in their place. */
bool dialect_blank_comments(Arena *arena, Text *text, Fault *fault);

/* --- between the files of the pass --- */
bool dialect_scan(Arena *arena, Text text, Token **tokens, uint32_t *count,
                  Token **comments, uint32_t *comment_count, Fault *fault);
/* Deep nesting and long operator chains overflow recursive programs: 54001 beyond the limits. */
bool dialect_guard(Arena *arena, const Token *tokens, uint32_t first, uint32_t end,
                   uint32_t *depth, Fault *fault);
/* Marks what becomes something else inside expressions and FROM (dialect_edit.c). */
void dialect_edit(Arena *arena, Text text, Token *tokens, uint32_t first, uint32_t end);
bool token_is_word(Text text, const Token *token, const char *upper);

#endif
