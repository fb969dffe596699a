/*
 * What regexp.c and regexp_longest.c share.
 */
#ifndef TALARIA_ENGINE_FUNCTION_REGEXP_INTERNAL_H
#define TALARIA_ENGINE_FUNCTION_REGEXP_INTERNAL_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "storage/vector/vector.h"

/*
 * Whether a pattern's matches may be longer than those PCRE2 finds: it has branches, of which
 * PCRE2 takes the first that matches and PostgreSQL (as POSIX) the one with the longest match.
 * Patterns with quantifiers that want the shortest match, or with references to groups, are left
 * as they are.
 */
bool regexp_wants_longest(Text pattern);

/*
 * Makes the match that `match` holds the longest one that begins where it does, its groups with
 * it. `plain` is the pattern compiled without PCRE2_MATCH_INVALID_UTF, which the search for the
 * longest match does not know. Where it cannot be told (bytes that are no UTF-8, limits), the
 * match stays.
 */
void regexp_extend(const pcre2_code *code, const pcre2_code *plain, Text text,
                   pcre2_match_data *match, pcre2_match_context *limits);

/* Whether a text has a match: 1, 0, or -1 with a fault. `options` are PCRE2's; with DOLLAR_ENDONLY
 * the pattern's escapes are PostgreSQL's. */
int regexp_matches_pattern(Text pattern, Text text, uint32_t options, Fault *fault);

#endif
