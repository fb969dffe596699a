/*
 * The longest match of a pattern with branches: PCRE2's other matcher follows all branches at once
 * and gives the longest end first (pcre2_dfa_match); then the usual one is asked for the groups of
 * a match that ends there. PostgreSQL's documentation, 9.7.3.5, "Regular Expression Matching
 * Rules".
 */
#include "engine/function/regexp_internal.h"

enum { WORKSPACE_INTS = 2048 };

static bool is_quantifier(char c)
{
    return c == '*' || c == '+' || c == '?' || c == '}';
}

bool regexp_wants_longest(Text pattern)
{
    bool has_branches = false, is_in_class = false;
    for (uint32_t i = 0; i < pattern.length; i++) {
        char c = pattern.data[i], next = i + 1 < pattern.length ? pattern.data[i + 1] : '\0';
        if (c == '\\') {
            if (next >= '1' && next <= '9' && !is_in_class)
                return false;
            i++;
        } else if (is_in_class) {
            is_in_class = c != ']';
        } else if (c == '[') {
            is_in_class = true;
            i += next == '^';
            i += i + 1 < pattern.length && pattern.data[i + 1] == ']';
        } else if (is_quantifier(c) && next == '?' && (i == 0 || pattern.data[i - 1] != '(')) {
            return false;
        } else {
            has_branches = has_branches || c == '|';
        }
    }
    return has_branches;
}

void regexp_extend(const pcre2_code *code, const pcre2_code *plain, Text text,
                   pcre2_match_data *match, pcre2_match_context *limits)
{
    int workspace[WORKSPACE_INTS];
    const size_t *places = pcre2_get_ovector_pointer(match);
    size_t start = places[0], end = places[1];
    if (end < start || end == text.length)
        return;
    pcre2_match_data *longest = pcre2_match_data_create_from_pattern(plain, NULL);
    if (longest == NULL)
        return;
    int found = pcre2_dfa_match(plain, (PCRE2_SPTR)text.data, text.length, start, PCRE2_ANCHORED,
                                longest, limits, workspace, WORKSPACE_INTS);
    size_t further = found >= 0 ? pcre2_get_ovector_pointer(longest)[1] : end;
    pcre2_match_data_free(longest);
    if (further <= end)
        return;
    found = pcre2_match(code, (PCRE2_SPTR)text.data, further, start,
                        PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_NOTEOL, match, limits);
    if (found < 0) /* what it needs to see lies behind its end: the first match once more */
        (void)pcre2_match(code, (PCRE2_SPTR)text.data, text.length, start, PCRE2_ANCHORED, match,
                          limits);
}
