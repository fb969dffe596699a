/*
 * Regular expressions by PCRE2, compiled to machine code where the library can.
 *
 * A constant pattern is compiled once, when the expression is; patterns that vary are compiled
 * when they change. The syntax is PCRE2's, a superset of what Druid's users write for Java and,
 * for everyday patterns, of PostgreSQL's. Matching is bounded: a pattern that backtracks too
 * much on a text is a fault instead of a hang.
 *
 * PostgreSQL's flags: i c (case), g (all matches), n or m (newline-sensitive), s (not), x
 * (extended), q (literal).
 */
#include "engine/function/regexp_internal.h"

#include "base/log/log.h"
#include "engine/function/text_internal.h"

#include <ctype.h>
#include <stdlib.h>

enum {
    MATCH_LIMIT = 10000000,
    HEAP_LIMIT_KIB = 20000,
    CACHE_SLOTS = 256,
    JIT_STACK_LEAST = 32 << 10,
    JIT_STACK_MOST = 8 << 20,
    PATTERN_MOST = 65536,
};

/*
 * A compiled pattern. Machine code lies outside of any arena, so compiled patterns belong to a
 * cache of the process: a table addressed by hash, where a newcomer replaces what is in its
 * place. Who uses one keeps the serial number with the pointer and asks again when it changed.
 */
typedef struct Regexp {
    uint64_t serial; /* 0: the place is empty */
    uint32_t options;
    uint32_t groups;
    char *pattern;
    uint32_t pattern_length;
    pcre2_code *code;
    pcre2_code *plain; /* for the longest match; NULL: the first one is as good */
    pcre2_match_data *match;
} Regexp;

static Regexp regexp_cache[CACHE_SLOTS];
static uint64_t regexp_serial;
static pcre2_match_context *regexp_limits;

typedef struct RegexpPrepared {
    RowMemo memo;
    bool is_ready; /* pattern and flags are constants */
    bool ignore_case;
    bool is_global;     /* the flag g */
    int flags_argument; /* -1: none */
    Text pattern;
    uint32_t options;
    const Regexp *regexp;
    uint64_t serial;
} RegexpPrepared;

/* --- compiling --- */

static bool regexp_flags(Text flags, uint32_t *options, bool *is_global, Fault *fault)
{
    for (uint32_t i = 0; i < flags.length; i++) {
        switch (flags.data[i]) {
        case 'i':
            *options |= PCRE2_CASELESS;
            break;
        case 'c':
            *options &= ~(uint32_t)PCRE2_CASELESS;
            break;
        case 'g':
            *is_global = true;
            break;
        case 'n':
        case 'm':
            *options = (*options | PCRE2_MULTILINE) & ~(uint32_t)PCRE2_DOTALL;
            break;
        case 'p':
            *options &= ~(uint32_t)PCRE2_DOTALL;
            break;
        case 'w':
            *options |= PCRE2_MULTILINE;
            break;
        case 's':
            *options = (*options | PCRE2_DOTALL) & ~(uint32_t)PCRE2_MULTILINE;
            break;
        case 'x':
            *options |= PCRE2_EXTENDED;
            break;
        case 't':
            *options &= ~(uint32_t)PCRE2_EXTENDED;
            break;
        case 'q':
            *options |= PCRE2_LITERAL;
            break;
        default:
            return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                             "invalid regular expression option: \"%c\"", flags.data[i]);
        }
    }
    return true;
}

/* In PostgreSQL a dot matches a newline, in Java it does not. */
static bool regexp_options(const ScalarCall *call, Text flags, bool ignore_case, uint32_t *options,
                           bool *is_global, Fault *fault)
{
    /* Bytes that are no UTF-8 simply do not match. */
    const uint32_t always = PCRE2_UTF | PCRE2_MATCH_INVALID_UTF;
    *options = always | (call_is_druid(call) ? 0 : PCRE2_DOTALL | PCRE2_DOLLAR_ENDONLY) |
               (ignore_case ? PCRE2_CASELESS : 0);
    *is_global = false;
    if (!regexp_flags(flags, options, is_global, fault))
        return false;
    static const char *const takes_all[] = {"regexp_replace", "regexp_matches_array", "regexp_match"};
    bool may_be_global = !*is_global || call_is_druid(call);
    for (size_t i = 0; i < sizeof takes_all / sizeof *takes_all && !may_be_global; i++)
        may_be_global = strcmp(takes_all[i], call->function->name) == 0;
    if (!may_be_global)
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                         "%s() does not support the \"global\" option", call->function->name);
    if ((*options & PCRE2_MULTILINE) != 0 && !call_is_druid(call))
        *options |= PCRE2_ALT_CIRCUMFLEX; /* behind the last newline, too */
    if (*options & PCRE2_LITERAL)
        *options &= PCRE2_LITERAL | PCRE2_CASELESS | always;
    return true;
}

/* How many hexadecimal digits a \u or \U takes. */
static uint32_t code_digits(char letter)
{
    return letter == 'u' ? 4 : letter == 'U' ? 8 : 0;
}

/* \uXXXX, \UXXXXXXXX as \x{..}; false: fewer digits stand there. */
static bool translate_code(Text pattern, uint32_t at, Buffer *out)
{
    uint32_t digits = code_digits(pattern.data[at + 1]);
    if (digits == 0 || pattern.length - at - 2 < digits)
        return false;
    for (uint32_t i = 0; i < digits; i++)
        if (!isxdigit((unsigned char)pattern.data[at + 2 + i]))
            return false;
    buffer_append_string(out, "\\x{");
    buffer_append(out, pattern.data + at + 2, digits);
    buffer_append_byte(out, '}');
    return true;
}

/* PostgreSQL's escapes that PCRE2 spells otherwise: \y a word's edge, \m its start, \M its end,
 * \b a backspace, \B a backslash, \v one character, \Z the very end. */
static void translate_escapes(Text pattern, Buffer *out)
{
    static const struct {
        char letter;
        const char *instead;
    } escapes[] = {{'y', "\\b"}, {'Y', "\\B"},   {'m', "\\b(?=\\w)"}, {'M', "\\b(?<=\\w)"},
                   {'b', "\\x08"}, {'B', "\\\\"}, {'v', "\\x0b"},     {'Z', "\\z"}};
    for (uint32_t i = 0; i < pattern.length; i++) {
        char c = pattern.data[i], next = i + 1 < pattern.length ? pattern.data[i + 1] : '\0';
        const char *instead = NULL;
        for (size_t k = 0; c == '\\' && k < sizeof escapes / sizeof escapes[0]; k++)
            instead = escapes[k].letter == next ? escapes[k].instead : instead;
        if (instead != NULL) {
            buffer_append_string(out, instead);
            i++;
            continue;
        }
        if (c == '\\' && next != '\0' && translate_code(pattern, i, out)) {
            i += 1 + code_digits(next);
            continue;
        }
        buffer_append_byte(out, (uint8_t)c);
        if (c == '\\' && i + 1 < pattern.length)
            buffer_append_byte(out, (uint8_t)pattern.data[++i]);
    }
}

/* What PostgreSQL calls PCRE2's errors, or NULL. */
static const char *postgres_message(int error)
{
    switch (error) {
    case PCRE2_ERROR_MISSING_CLOSING_PARENTHESIS:
    case PCRE2_ERROR_UNMATCHED_CLOSING_PARENTHESIS: return "parentheses () not balanced";
    case PCRE2_ERROR_MISSING_SQUARE_BRACKET: return "brackets [] not balanced";
    case PCRE2_ERROR_QUANTIFIER_INVALID: return "quantifier operand invalid";
    case PCRE2_ERROR_QUANTIFIER_OUT_OF_ORDER:
    case PCRE2_ERROR_QUANTIFIER_TOO_BIG: return "invalid repetition count(s)";
    case PCRE2_ERROR_END_BACKSLASH:
    case PCRE2_ERROR_UNKNOWN_ESCAPE: return "invalid escape \\ sequence";
    case PCRE2_ERROR_CLASS_RANGE_ORDER:
    case PCRE2_ERROR_CLASS_INVALID_RANGE: return "invalid character range";
    case PCRE2_ERROR_BAD_SUBPATTERN_REFERENCE: return "invalid backreference number";
    case PCRE2_ERROR_UNKNOWN_POSIX_CLASS: return "invalid character class";
    default: return NULL;
    }
}

static bool regexp_compile(Text pattern, uint32_t options, Regexp *regexp, Fault *fault)
{
    pcre2_compile_context *context = pcre2_compile_context_create(NULL);
    if (context != NULL)
        pcre2_set_max_pattern_length(context, PATTERN_MOST);
    int error = 0;
    size_t at = 0;
    Buffer translated = BUFFER_EMPTY;
    /* DOLLAR_ENDONLY says that the pattern is PostgreSQL's. */
    bool is_foreign = (options & (PCRE2_DOLLAR_ENDONLY | PCRE2_LITERAL)) == PCRE2_DOLLAR_ENDONLY &&
                      pattern.length > 0 && memchr(pattern.data, '\\', pattern.length) != NULL;
    Text source = pattern;
    if (is_foreign) {
        translate_escapes(pattern, &translated);
        source = (Text){(const char *)translated.data, (uint32_t)translated.length};
    }
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)(source.length > 0 ? source.data : ""),
                                     source.length, options, &error, &at, context);
    bool is_postgres = (options & (PCRE2_DOLLAR_ENDONLY | PCRE2_LITERAL)) == PCRE2_DOLLAR_ENDONLY;
    pcre2_code *plain = NULL;
    if (code != NULL && is_postgres && regexp_wants_longest(pattern)) {
        int ignored;
        size_t nowhere;
        plain = pcre2_compile((PCRE2_SPTR)source.data, source.length,
                              options & ~(uint32_t)PCRE2_MATCH_INVALID_UTF, &ignored, &nowhere,
                              context);
    }
    buffer_clear(&translated);
    pcre2_compile_context_free(context);
    if (code == NULL) {
        char message[160];
        const char *known = postgres_message(error);
        if (known != NULL)
            return fault_set(fault, FAULT_INVALID_REGULAR_EXPRESSION,
                             "invalid regular expression: %s", known);
        pcre2_get_error_message(error, (PCRE2_UCHAR *)message, sizeof message);
        return fault_set(fault, FAULT_INVALID_REGULAR_EXPRESSION,
                         "invalid regular expression: %s at character %zu", message, at + 1);
    }
    /* Without JIT (a hardened system) the interpreter does the same. */
    (void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
    pcre2_code_free(regexp->code);
    pcre2_code_free(regexp->plain);
    pcre2_match_data_free(regexp->match);
    free(regexp->pattern);
    *regexp = (Regexp){
        .serial = ++regexp_serial,
        .options = options,
        .code = code,
        .plain = plain,
        .match = pcre2_match_data_create_from_pattern(code, NULL),
        .pattern = malloc(pattern.length + 1),
        .pattern_length = pattern.length,
    };
    check(regexp->match != NULL && regexp->pattern != NULL);
    if (pattern.length > 0)
        memcpy(regexp->pattern, pattern.data, pattern.length);
    pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &regexp->groups);
    return true;
}

static int regexp_search(const Regexp *regexp, Text text, size_t from, uint32_t options,
                         Fault *fault);

/* From the cache, or compiled into it; NULL with 2201B. */
static const Regexp *regexp_get(Text pattern, uint32_t options, Fault *fault)
{
    if (regexp_limits == NULL) {
        regexp_limits = pcre2_match_context_create(NULL);
        check(regexp_limits != NULL);
        pcre2_set_match_limit(regexp_limits, MATCH_LIMIT);
        pcre2_set_depth_limit(regexp_limits, MATCH_LIMIT);
        pcre2_set_heap_limit(regexp_limits, HEAP_LIMIT_KIB);
        pcre2_jit_stack_assign(regexp_limits, NULL,
                               pcre2_jit_stack_create(JIT_STACK_LEAST, JIT_STACK_MOST, NULL));
    }
    uint64_t hash = text_hash(pattern) + options * UINT64_C(0x9E3779B97F4A7C15);
    Regexp *regexp = &regexp_cache[hash % CACHE_SLOTS];
    if (regexp->serial != 0 && regexp->options == options &&
        text_equal(pattern, (Text){regexp->pattern, regexp->pattern_length}))
        return regexp;
    return regexp_compile(pattern, options, regexp, fault) ? regexp : NULL;
}

int regexp_matches_pattern(Text pattern, Text text, uint32_t options, Fault *fault)
{
    const Regexp *regexp =
        regexp_get(pattern, options | PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, fault);
    return regexp == NULL ? -1 : regexp_search(regexp, text, 0, 0, fault);
}

/* `flags_argument` -1: the function takes none. */
static bool regexp_prepare_as(ScalarCall *call, bool ignore_case, int flags_argument, Arena *arena,
                              Fault *fault)
{
    RegexpPrepared *prepared = ARENA_NEW(arena, RegexpPrepared);
    row_memo_init(&prepared->memo, arena);
    prepared->ignore_case = ignore_case;
    prepared->flags_argument =
        flags_argument >= 0 && (uint32_t)flags_argument < call->argument_count ? flags_argument
                                                                               : -1;
    call->prepared = prepared;
    const Vector *pattern = call_constant(call, 1);
    const Vector *flags =
        prepared->flags_argument < 0 ? NULL : call_constant(call, (uint32_t)flags_argument);
    if (pattern == NULL || vector_is_null(pattern, 0) ||
        (prepared->flags_argument >= 0 && (flags == NULL || vector_is_null(flags, 0))))
        return true;
    prepared->pattern = arena_text(arena, vector_text(pattern, 0));
    if (!regexp_options(call, flags == NULL ? (Text){0} : vector_text(flags, 0), ignore_case,
                        &prepared->options, &prepared->is_global, fault))
        return false;
    prepared->is_ready = true;
    prepared->regexp = regexp_get(prepared->pattern, prepared->options, fault);
    if (prepared->regexp == NULL)
        return false;
    prepared->serial = prepared->regexp->serial;
    return true;
}

static bool regexp_prepare(ScalarCall *call, Arena *arena, Fault *fault)
{
    return regexp_prepare_as(call, false, -1, arena, fault);
}

static bool regexp_prepare_folded(ScalarCall *call, Arena *arena, Fault *fault)
{
    return regexp_prepare_as(call, true, -1, arena, fault);
}

static bool regexp_prepare_flags2(ScalarCall *call, Arena *arena, Fault *fault)
{
    return regexp_prepare_as(call, false, 2, arena, fault);
}

static bool regexp_prepare_flags4(ScalarCall *call, Arena *arena, Fault *fault)
{
    return regexp_prepare_as(call, false, 4, arena, fault);
}

static bool regexp_prepare_flags5(ScalarCall *call, Arena *arena, Fault *fault)
{
    return regexp_prepare_as(call, false, 5, arena, fault);
}

static bool regexp_prepare_flags3(ScalarCall *call, Arena *arena, Fault *fault)
{
    return regexp_prepare_as(call, false, 3, arena, fault);
}

/* The regexp of a row, and whether its flags say "all matches". */
static const Regexp *regexp_of(RowRun *run, uint32_t row, bool *is_global)
{
    RegexpPrepared *prepared = run->call->prepared;
    if (!prepared->is_ready) {
        uint32_t options;
        Text flags = prepared->flags_argument < 0
                         ? (Text){0}
                         : row_text(run, (uint32_t)prepared->flags_argument, row);
        return regexp_options(run->call, flags, prepared->ignore_case, &options, is_global,
                              run->fault)
                   ? regexp_get(row_text(run, 1, row), options, run->fault)
                   : NULL;
    }
    *is_global = prepared->is_global;
    if (prepared->regexp->serial == prepared->serial)
        return prepared->regexp;
    const Regexp *regexp = regexp_get(prepared->pattern, prepared->options, run->fault);
    if (regexp != NULL) {
        prepared->regexp = regexp;
        prepared->serial = regexp->serial;
    }
    return regexp;
}

/* 1: a match, its places are in regexp->match; 0: none; -1: a fault. */
static int regexp_search(const Regexp *regexp, Text text, size_t from, uint32_t options,
                        Fault *fault)
{
    const char *data = text.length > 0 ? text.data : "";
    int found = pcre2_match(regexp->code, (PCRE2_SPTR)data, text.length, from, options,
                            regexp->match, regexp_limits);
    if (found >= 0)
        return 1;
    if (found == PCRE2_ERROR_NOMATCH)
        return 0;
    char message[160];
    pcre2_get_error_message(found, (PCRE2_UCHAR *)message, sizeof message);
    fault_set(fault, FAULT_PROGRAM_LIMIT_EXCEEDED, "regular expression failed: %s", message);
    return -1;
}

/* The same, of the matches at its place the longest one. */
static int regexp_match(const Regexp *regexp, Text text, size_t from, uint32_t options,
                        Fault *fault)
{
    int found = regexp_search(regexp, text, from, options, fault);
    if (found > 0 && regexp->plain != NULL && options == 0)
        regexp_extend(regexp->code, regexp->plain, text, regexp->match, regexp_limits);
    return found;
}

/* The text of a group, false when it took no part in the match. */
static bool regexp_group(const Regexp *regexp, Text text, uint32_t group, Text *part)
{
    const size_t *places = pcre2_get_ovector_pointer(regexp->match);
    size_t start = places[group * 2], end = places[group * 2 + 1];
    if (start == PCRE2_UNSET || end < start)
        return false;
    *part =
        (Text){.data = text.length > 0 ? text.data + start : "", .length = (uint32_t)(end - start)};
    return true;
}

/* --- tests --- */

static inline bool regexp_test(RowRun *run, uint32_t row, uint8_t wanted, uint8_t *result)
{
    bool is_global;
    const Regexp *regexp = regexp_of(run, row, &is_global);
    if (regexp == NULL)
        return false;
    int found = regexp_search(regexp, row_text(run, 0, row), 0, 0, run->fault);
    *result = (uint8_t)((found > 0) == wanted);
    return found >= 0;
}

static inline bool regexp_like_row(RowRun *run, uint32_t row, uint8_t *result, uint8_t *is_null)
{
    return regexp_test(run, row, 1, result);
}

static inline bool regexp_unlike_row(RowRun *run, uint32_t row, uint8_t *result, uint8_t *is_null)
{
    return regexp_test(run, row, 0, result);
}

/* --- extracting --- */

/* REGEXP_EXTRACT(text, pattern [, group]) */
static bool regexp_extract_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    bool is_global;
    const Regexp *regexp = regexp_of(run, row, &is_global);
    if (regexp == NULL)
        return false;
    Text text = row_text(run, 0, row);
    int64_t group = run->call->argument_count > 2 ? row_int64(run, 2, row) : 0;
    if (group < 0 || group > regexp->groups)
        return fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE,
                         "the regular expression has no group %lld", (long long)group);
    int found = regexp_match(regexp, text, 0, 0, run->fault);
    *result = (Text){.data = "", .length = 0};
    *is_null = found <= 0 || !regexp_group(regexp, text, (uint32_t)group, result);
    return found >= 0;
}

/* substring(text from pattern): the first group if there is one, else the whole match. */
static bool regexp_substring_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    bool is_global;
    const Regexp *regexp = regexp_of(run, row, &is_global);
    if (regexp == NULL)
        return false;
    Text text = row_text(run, 0, row);
    int found = regexp_match(regexp, text, 0, 0, run->fault);
    *result = (Text){.data = "", .length = 0};
    *is_null = found <= 0 || !regexp_group(regexp, text, regexp->groups > 0 ? 1 : 0, result);
    return found >= 0;
}

/* regexp_match(text, pattern [, flags]): the groups, or the whole match, as an array. */
static bool regexp_match_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    bool is_global;
    const Regexp *regexp = regexp_of(run, row, &is_global);
    if (regexp == NULL)
        return false;
    if (is_global)
        return fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE,
                         "regexp_match() does not support the \"global\" option");
    Text text = row_text(run, 0, row);
    int found = regexp_match(regexp, text, 0, 0, run->fault);
    if (found <= 0) {
        vector_builder_null(builder);
        return found == 0;
    }
    uint32_t first = regexp->groups > 0 ? 1 : 0;
    vector_builder_array(builder, regexp->groups > 0 ? regexp->groups : 1);
    for (uint32_t group = first; group <= regexp->groups; group++) {
        Text part;
        if (regexp_group(regexp, text, group, &part))
            vector_builder_text_view(builder->elements, part);
        else
            vector_builder_null(builder->elements);
    }
    return true;
}

/* MV_FILTER_REGEX: the elements that match as a whole; nothing left is NULL. */
static bool regexp_filter_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    bool is_global;
    const Regexp *regexp = regexp_of(run, row, &is_global);
    const Vector *elements = run->arguments[0].elements;
    ArrayValue list = row_array(run, 0, row);
    uint8_t *kept = arena_alloc(run->arena, (size_t)list.count + 1);
    uint32_t count = 0;
    for (uint32_t i = 0; regexp != NULL && i < list.count; i++) {
        bool is_null = vector_is_null(elements, list.offset + i);
        int found = is_null ? 0
                            : regexp_match(regexp, vector_text(elements, list.offset + i), 0,
                                           PCRE2_ANCHORED | PCRE2_ENDANCHORED, run->fault);
        if (found < 0)
            return false;
        kept[i] = found > 0;
        count += kept[i];
    }
    if (regexp == NULL)
        return false;
    if (count == 0) {
        vector_builder_null(builder);
        return true;
    }
    vector_builder_array(builder, count);
    for (uint32_t i = 0; i < list.count; i++)
        if (kept[i])
            vector_builder_row(builder->elements, elements, list.offset + i);
    return true;
}

/* --- all matches, one after the other --- */

/* Finds the next match at or after *from; moves *from behind it (past an empty one by a
 * character). */
static int regexp_next(const Regexp *regexp, Text text, size_t *from, size_t *start, size_t *end,
                       Fault *fault)
{
    if (*from > text.length)
        return 0;
    if (!guard_passes(fault))
        return -1;
    int found = regexp_match(regexp, text, *from, 0, fault);
    if (found <= 0)
        return found;
    const size_t *places = pcre2_get_ovector_pointer(regexp->match);
    *start = places[0];
    *end = places[1] < places[0] ? places[0] : places[1];
    *from = *end;
    if (*end == *start)
        *from = *end < text.length
                    ? (size_t)(utf8_next(text.data + *end, text.data + text.length) - text.data)
                    : text.length + 1;
    return 1;
}

/* An argument of these functions, or what it is when it is left out; below `least` is an error. */
static bool optional_number(RowRun *run, uint32_t row, uint32_t argument, const char *name,
                            int64_t least, int64_t otherwise, int64_t *value)
{
    *value = argument < run->call->argument_count ? row_int64(run, argument, row) : otherwise;
    return *value >= least ||
           fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE,
                     "invalid value for parameter \"%s\": %lld", name, (long long)*value);
}

/* The byte at which the character `start` (from 1) begins; behind the text when it has fewer. */
static size_t byte_of_character(Text text, int64_t start)
{
    const char *end = text.data + text.length;
    if (start - 1 > text.length)
        return (size_t)text.length + 1;
    const char *at = utf8_advance(text.data, end, (uint64_t)start - 1);
    return at == end && start - 1 > utf8_count(text.data, text.length) ? (size_t)text.length + 1
                                                                      : (size_t)(at - text.data);
}

static const Regexp *regexp_without_global(RowRun *run, uint32_t row, const char *function)
{
    bool is_global;
    const Regexp *regexp = regexp_of(run, row, &is_global);
    if (regexp != NULL && is_global) {
        fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE,
                  "%s() does not support the \"global\" option", function);
        return NULL;
    }
    return regexp;
}

/* regexp_count(text, pattern [, start [, flags]]) */
static bool regexp_count_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    const Regexp *regexp = regexp_without_global(run, row, "regexp_count");
    Text text = row_text(run, 0, row);
    int64_t first;
    *result = 0;
    if (regexp == NULL || !optional_number(run, row, 2, "start", 1, 1, &first))
        return false;
    size_t from = byte_of_character(text, first), start, end;
    int found;
    while ((found = regexp_next(regexp, text, &from, &start, &end, run->fault)) > 0)
        ++*result;
    return found == 0;
}

/* The match number `wanted` from a character on: 1 found, 0 not, -1 a fault. */
static int regexp_find(RowRun *run, const Regexp *regexp, Text text, int64_t first, int64_t wanted)
{
    size_t from = byte_of_character(text, first), start, end;
    int found = 0;
    for (int64_t i = 0; i < wanted; i++) {
        found = regexp_next(regexp, text, &from, &start, &end, run->fault);
        if (found <= 0)
            return found;
    }
    return found;
}

/* regexp_instr(text, pattern [, start [, n [, endoption [, flags [, group]]]]]) */
static bool regexp_instr_row(RowRun *run, uint32_t row, int64_t *result, uint8_t *is_null)
{
    const Regexp *regexp = regexp_without_global(run, row, "regexp_instr");
    Text text = row_text(run, 0, row), part;
    int64_t first, wanted, end_option, group;
    *result = 0;
    if (regexp == NULL || !optional_number(run, row, 2, "start", 1, 1, &first) ||
        !optional_number(run, row, 3, "n", 1, 1, &wanted) ||
        !optional_number(run, row, 4, "endoption", 0, 0, &end_option) ||
        !optional_number(run, row, 6, "subexpr", 0, 0, &group))
        return false;
    if (end_option > 1)
        return fault_set(run->fault, FAULT_INVALID_PARAMETER_VALUE,
                         "invalid value for parameter \"endoption\": %lld",
                         (long long)end_option);
    int found = regexp_find(run, regexp, text, first, wanted);
    if (found <= 0 || group > regexp->groups ||
        !regexp_group(regexp, text, (uint32_t)group, &part))
        return found >= 0;
    size_t before = text.length == 0 ? 0 : (size_t)(part.data - text.data);
    if (end_option == 1)
        before += part.length;
    *result = (int64_t)utf8_count(text.data, before) + 1;
    return true;
}

/* regexp_substr(text, pattern [, start [, n [, flags [, group]]]]) */
static bool regexp_substr_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    const Regexp *regexp = regexp_without_global(run, row, "regexp_substr");
    Text text = row_text(run, 0, row);
    int64_t first, wanted, group;
    *result = (Text){.data = "", .length = 0};
    if (regexp == NULL || !optional_number(run, row, 2, "start", 1, 1, &first) ||
        !optional_number(run, row, 3, "n", 1, 1, &wanted) ||
        !optional_number(run, row, 5, "subexpr", 0, 0, &group))
        return false;
    int found = regexp_find(run, regexp, text, first, wanted);
    *is_null = found <= 0 || group > regexp->groups ||
               !regexp_group(regexp, text, (uint32_t)group, result);
    return found >= 0;
}

/* The groups of the match as the text of an array. */
static void append_match(Buffer *out, const Regexp *regexp, Text text)
{
    uint32_t first = regexp->groups > 0 ? 1 : 0;
    buffer_reset(out);
    for (uint32_t group = first; group <= regexp->groups; group++) {
        Text part;
        buffer_append_byte(out, group == first ? '{' : ',');
        if (!regexp_group(regexp, text, group, &part)) {
            buffer_append_string(out, "NULL");
            continue;
        }
        buffer_append_byte(out, '"');
        for (uint32_t i = 0; i < part.length; i++) {
            if (part.data[i] == '"' || part.data[i] == '\\')
                buffer_append_byte(out, '\\');
            buffer_append_byte(out, (uint8_t)part.data[i]);
        }
        buffer_append_byte(out, '"');
    }
    buffer_append_byte(out, '}');
}

/* Under regexp_matches: an array of texts, each the text of an array of a match's groups. */
static bool regexp_matches_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    bool is_global;
    const Regexp *regexp = regexp_of(run, row, &is_global);
    if (regexp == NULL)
        return false;
    Text text = row_text(run, 0, row);
    VectorBuilder matches;
    Buffer match = BUFFER_EMPTY;
    size_t from = 0, start, end;
    int found;
    vector_builder_init(&matches, run->arena, LAYOUT_STRING, 8);
    while ((found = regexp_next(regexp, text, &from, &start, &end, run->fault)) > 0) {
        append_match(&match, regexp, text);
        vector_builder_text(&matches, (Text){(const char *)match.data, (uint32_t)match.length});
        if (!is_global)
            break;
    }
    buffer_clear(&match);
    if (found < 0)
        return false;
    const Text *texts = matches.data;
    vector_builder_array(builder, matches.length);
    for (uint32_t i = 0; i < matches.length; i++)
        vector_builder_text_view(builder->elements, texts[i]);
    return true;
}

/* The pieces between matches; an empty match at a piece's start does not split. */
static bool regexp_split_row(RowRun *run, uint32_t row, VectorBuilder *builder)
{
    bool is_global;
    const Regexp *regexp = regexp_of(run, row, &is_global);
    if (regexp == NULL)
        return false;
    Text text = row_text(run, 0, row);
    Buffer pieces = BUFFER_EMPTY;
    size_t from = 0, piece = 0, start = 0, end = 0;
    uint32_t count = 0;
    int found;
    while ((found = regexp_next(regexp, text, &from, &start, &end, run->fault)) > 0) {
        if (end == start && (start == 0 || start >= text.length || start == piece))
            continue;
        Text part = {.data = text.data + piece, .length = (uint32_t)(start - piece)};
        buffer_append(&pieces, &part, sizeof part);
        piece = end;
        count++;
    }
    if (found == 0) {
        vector_builder_array(builder, count + 1);
        for (uint32_t i = 0; i < count; i++) {
            Text part;
            memcpy(&part, pieces.data + i * sizeof part, sizeof part);
            vector_builder_text_view(builder->elements, part);
        }
        vector_builder_text_view(builder->elements,
                                 (Text){.data = text.length > 0 ? text.data + piece : "",
                                        .length = (uint32_t)(text.length - piece)});
    }
    buffer_clear(&pieces);
    return found == 0;
}

/* --- replacing --- */

static void append_text(Buffer *out, Text text)
{
    if (text.length > 0)
        buffer_append(out, text.data, text.length);
}

static void append_group(Buffer *out, const Regexp *regexp, Text text, uint32_t group)
{
    Text part;
    if (group <= regexp->groups && regexp_group(regexp, text, group, &part))
        append_text(out, part);
}

/* PostgreSQL: \1..\9 are groups, \& the match, \\ a backslash. */
static void replacement_postgres(Buffer *out, const Regexp *regexp, Text text, Text replacement)
{
    for (uint32_t i = 0; i < replacement.length; i++) {
        char c = replacement.data[i];
        char next = i + 1 < replacement.length ? replacement.data[i + 1] : '\0';
        if (c != '\\' || next == '\0') {
            buffer_append_byte(out, (uint8_t)c);
            continue;
        }
        i++;
        if (next >= '1' && next <= '9')
            append_group(out, regexp, text, (uint32_t)(next - '0'));
        else if (next == '&')
            append_group(out, regexp, text, 0);
        else if (next == '\\')
            buffer_append_byte(out, '\\');
        else {
            buffer_append_byte(out, '\\');
            buffer_append_byte(out, (uint8_t)next);
        }
    }
}

/* Java: $1.. are groups (more digits as long as such a group is there), \ quotes. */
static void replacement_java(Buffer *out, const Regexp *regexp, Text text, Text replacement)
{
    for (uint32_t i = 0; i < replacement.length; i++) {
        char c = replacement.data[i];
        if (c == '\\' && i + 1 < replacement.length) {
            buffer_append_byte(out, (uint8_t)replacement.data[++i]);
        } else if (c == '$' && i + 1 < replacement.length &&
                   (uint8_t)(replacement.data[i + 1] - '0') < 10) {
            uint32_t group = (uint32_t)(replacement.data[++i] - '0');
            while (i + 1 < replacement.length && (uint8_t)(replacement.data[i + 1] - '0') < 10 &&
                   group * 10 + (uint32_t)(replacement.data[i + 1] - '0') <= regexp->groups)
                group = group * 10 + (uint32_t)(replacement.data[++i] - '0');
            append_group(out, regexp, text, group);
        } else {
            buffer_append_byte(out, (uint8_t)c);
        }
    }
}

/* Replaces the match number `only`, or every one when it is 0, from the byte `from` on. */
static bool regexp_replace_text(RowRun *run, const Regexp *regexp, Text text, Text replacement,
                                size_t from, int64_t only, Text *result)
{
    Buffer out = BUFFER_EMPTY;
    bool is_java = call_is_druid(run->call);
    size_t copied = 0, start, end;
    int found;
    int64_t number = 0;
    bool is_changed = false;
    while ((found = regexp_next(regexp, text, &from, &start, &end, run->fault)) > 0) {
        if (only > 0 && ++number < only)
            continue;
        is_changed = true;
        append_text(&out, (Text){text.data + copied, (uint32_t)(start - copied)});
        (is_java ? replacement_java : replacement_postgres)(&out, regexp, text, replacement);
        copied = end;
        if (only > 0)
            break;
        if (out.length > TEXT_MAX_LENGTH) {
            found = -1;
            text_too_long(run->fault);
            break;
        }
    }
    if (!is_changed) {
        *result = text;
    } else if (found >= 0) {
        append_text(&out, (Text){text.data + copied, (uint32_t)(text.length - copied)});
        if (out.length > TEXT_MAX_LENGTH) {
            buffer_clear(&out);
            return text_too_long(run->fault);
        }
        char *bytes = text_sink_reserve(&run->sink, out.length);
        if (out.length > 0)
            memcpy(bytes, out.data, out.length);
        *result = text_sink_take(&run->sink, out.length);
    }
    buffer_clear(&out);
    return found >= 0;
}

/* The first match, all with the flag g; in the druid dialect always all. */
static bool regexp_replace_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    bool is_global;
    const Regexp *regexp = regexp_of(run, row, &is_global);
    return regexp != NULL &&
           regexp_replace_text(run, regexp, row_text(run, 0, row), row_text(run, 2, row),
                               0, is_global || call_is_druid(run->call) ? 0 : 1, result);
}

/* regexp_replace(text, pattern, replacement, start [, n [, flags]]): n 0 is every match. */
static bool regexp_replace_from_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    bool is_global;
    const Regexp *regexp = regexp_of(run, row, &is_global);
    Text text = row_text(run, 0, row);
    int64_t first, only;
    *result = (Text){.data = "", .length = 0};
    if (regexp == NULL || !optional_number(run, row, 3, "start", 1, 1, &first) ||
        !optional_number(run, row, 4, "n", 0, is_global ? 0 : 1, &only))
        return false;
    return regexp_replace_text(run, regexp, text, row_text(run, 2, row),
                               byte_of_character(text, first), only, result);
}

ROW_LOOP(regexp_like_loop, regexp_like_row, uint8_t)
ROW_LOOP(regexp_unlike_loop, regexp_unlike_row, uint8_t)
ROW_LOOP(regexp_extract_loop, regexp_extract_row, Text)
ROW_LOOP(regexp_substring_loop, regexp_substring_row, Text)
ROW_LOOP(regexp_count_loop, regexp_count_row, int64_t)
ROW_LOOP(regexp_instr_loop, regexp_instr_row, int64_t)
ROW_LOOP(regexp_substr_loop, regexp_substr_row, Text)
ROW_LOOP(regexp_replace_loop, regexp_replace_row, Text)
ROW_LOOP(regexp_replace_from_loop, regexp_replace_from_row, Text)
ARRAY_LOOP(regexp_matches_loop, regexp_matches_row)
ARRAY_LOOP(regexp_match_loop, regexp_match_row)
ARRAY_LOOP(regexp_split_loop, regexp_split_row)
ARRAY_LOOP(regexp_filter_loop, regexp_filter_row)

#define REGEXP_TEST(id, function, sign, prepare_method, loop_method, does, sample, value)          \
    { .oid = id, .name = function, .symbol = sign, .argument_count = 2,                            \
      .arguments = { T_TEXT, T_TEXT }, .result = T_BOOL, .run = run_rows,                          \
      .prepare = prepare_method, .loop = (void *)(loop_method), .summary = does,                   \
      .example = sample, .gives = value }

const ScalarFunction regexp_functions[] = {
    REGEXP_TEST(1254, "textregexeq", "~", regexp_prepare, regexp_like_loop,
                "Whether the regular expression matches somewhere in the text.",
                "'thomas' ~ 't.*ma'", "t"),
    REGEXP_TEST(1256, "textregexne", "!~", regexp_prepare, regexp_unlike_loop,
                "Whether the regular expression matches nowhere in the text.",
                "'thomas' !~ 't.*max'", "t"),
    REGEXP_TEST(1238, "texticregexeq", "~*", regexp_prepare_folded, regexp_like_loop,
                "Whether the regular expression matches, whatever the case.",
                "'thomas' ~* 'T.*ma'", "t"),
    REGEXP_TEST(1239, "texticregexne", "!~*", regexp_prepare_folded, regexp_unlike_loop,
                "Whether the regular expression matches nowhere, whatever the case.",
                "'thomas' !~* 'T.*ma'", "f"),
    { .oid = 6263, .name = "regexp_like", .argument_count = 3, .optional_count = 1,
      .arguments = { T_TEXT, T_TEXT, T_TEXT }, .result = T_BOOL, .run = run_rows,
      .prepare = regexp_prepare_flags2, .loop = (void *)regexp_like_loop,
      .summary = "Whether the regular expression matches somewhere in the text.",
      .example = "regexp_like('abc', 'b.')", .gives = "t" },
    { .oid = 6254, .name = "regexp_count", .argument_count = 4, .optional_count = 2,
      .arguments = { T_TEXT, T_TEXT, T_INT4, T_TEXT }, .result = T_INT4, .run = run_rows,
      .prepare = regexp_prepare_flags3, .loop = (void *)regexp_count_loop,
      .summary = "How often the regular expression matches, from a character on.",
      .example = "regexp_count('a1b22', '[0-9]')", .gives = "3" },
    { .oid = 6257, .name = "regexp_instr", .argument_count = 7, .optional_count = 5,
      .arguments = { T_TEXT, T_TEXT, T_INT4, T_INT4, T_INT4, T_TEXT, T_INT4 }, .result = T_INT4,
      .run = run_rows, .prepare = regexp_prepare_flags5, .loop = (void *)regexp_instr_loop,
      .summary = "Where the n-th match, or a group of it, begins (or ends, with 1 as the fifth "
                 "argument); 0 without one.",
      .example = "regexp_instr('ABCDEFGHI', '(c..)(...)', 1, 1, 0, 'i', 2)", .gives = "6" },
    { .oid = 6265, .name = "regexp_substr", .argument_count = 6, .optional_count = 4,
      .arguments = { T_TEXT, T_TEXT, T_INT4, T_INT4, T_TEXT, T_INT4 }, .result = T_TEXT,
      .run = run_rows, .prepare = regexp_prepare_flags4, .loop = (void *)regexp_substr_loop,
      .summary = "The n-th match, or a group of it; NULL without one.",
      .example = "regexp_substr('ABCDEFGHI', '(c..)(...)', 1, 1, 'i', 2)", .gives = "FGH" },
    { .oid = 91011, .name = "regexp_matches_array", .argument_count = 3, .optional_count = 1,
      .arguments = { T_TEXT, T_TEXT, T_TEXT }, .result = T_TEXT_ARRAY, .run = run_array_rows,
      .prepare = regexp_prepare_flags2, .loop = (void *)regexp_matches_loop,
      .summary = "The matches, each as the text of an array of its groups.",
      .example = "regexp_matches_array('abab', '(a)(b)', 'g')",
      .gives = "{\"{\\\"a\\\",\\\"b\\\"}\",\"{\\\"a\\\",\\\"b\\\"}\"}" },
    { .oid = 91010, .name = "regexp_extract", .argument_count = 3, .optional_count = 1,
      .arguments = { T_TEXT, T_TEXT, T_INT8 }, .result = T_TEXT, .run = run_rows,
      .prepare = regexp_prepare, .loop = (void *)regexp_extract_loop,
      .summary = "The first match of the regular expression or one of its groups; NULL without one.",
      .example = "regexp_extract('x42', '([0-9]+)', 1)", .gives = "42" },
    { .oid = 2073, .name = "substring", .argument_count = 2, .arguments = { T_TEXT, T_TEXT },
      .result = T_TEXT, .run = run_rows, .prepare = regexp_prepare,
      .loop = (void *)regexp_substring_loop,
      .summary = "The part that the regular expression, or its first group, matches.",
      .example = "substring('foobar' FROM 'o(.)b')", .gives = "o" },
    { .oid = 2285, .name = "regexp_replace", .argument_count = 4, .optional_count = 1,
      .arguments = { T_TEXT, T_TEXT, T_TEXT, T_TEXT }, .result = T_TEXT, .run = run_rows,
      .prepare = regexp_prepare_flags3, .loop = (void *)regexp_replace_loop,
      .summary = "The first match (with the flag g every match) replaced; \\1 is a group. In the "
                 "druid dialect every match, and $1 is a group.",
      .example = "regexp_replace('a1b2', '([0-9])', '<\\1>', 'g')", .gives = "a<1>b<2>" },
    { .oid = 6251, .name = "regexp_replace", .argument_count = 6, .optional_count = 2,
      .arguments = { T_TEXT, T_TEXT, T_TEXT, T_INT4, T_INT4, T_TEXT }, .result = T_TEXT,
      .run = run_rows, .prepare = regexp_prepare_flags5, .loop = (void *)regexp_replace_from_loop,
      .summary = "The n-th match from a character on replaced, every one when n is 0.",
      .example = "regexp_replace('Thomas', '.', 'X', 3, 2)", .gives = "ThoXas" },
    { .oid = 3397, .name = "regexp_match", .argument_count = 3, .optional_count = 1,
      .arguments = { T_TEXT, T_TEXT, T_TEXT }, .result = T_TEXT_ARRAY, .run = run_array_rows,
      .prepare = regexp_prepare_flags2, .loop = (void *)regexp_match_loop,
      .summary = "The groups of the first match, or the match, as an array.",
      .example = "regexp_match('foobarbequebaz', '(bar)(beque)')", .gives = "{bar,beque}" },
    { .oid = 91012, .name = "mv_filter_regex", .argument_count = 2,
      .arguments = { T_TEXT_ARRAY, T_TEXT }, .result = T_TEXT_ARRAY, .run = run_array_rows,
      .prepare = regexp_prepare, .loop = (void *)regexp_filter_loop,
      .summary = "The elements that a regular expression matches; NULL when there are none.",
      .example = "mv_filter_regex(ARRAY['ab', 'cd'], 'a.')", .gives = "{ab}" },
    { .oid = 2768, .name = "regexp_split_to_array", .argument_count = 3, .optional_count = 1,
      .arguments = { T_TEXT, T_TEXT, T_TEXT }, .result = T_TEXT_ARRAY, .run = run_array_rows,
      .prepare = regexp_prepare_flags2, .loop = (void *)regexp_split_loop,
      .summary = "The parts of the text between matches.",
      .example = "regexp_split_to_array('hello world', '\\s+')", .gives = "{hello,world}" },
};
const uint32_t regexp_function_count = sizeof regexp_functions / sizeof regexp_functions[0];
