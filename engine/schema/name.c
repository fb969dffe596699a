/*
 * Names: matching, folding, and what a misspelled one may have been meant to be.
 */
#include "engine/schema/schema.h"

#include <utf8proc.h>

static unsigned char fold_byte(unsigned char c)
{
    return c >= 'A' && c <= 'Z' ? (unsigned char)(c + ('a' - 'A')) : c;
}

Text schema_fold(Arena *arena, Text name)
{
    char *folded = arena_alloc(arena, (size_t)name.length + 1);
    for (uint32_t i = 0; i < name.length; i++)
        folded[i] = (char)fold_byte((unsigned char)name.data[i]);
    folded[name.length] = 0;
    return (Text){.data = folded, .length = name.length};
}

static bool equals_folded(Text candidate, Text name)
{
    if (candidate.length != name.length)
        return false;
    for (uint32_t i = 0; i < name.length; i++) {
        if ((unsigned char)candidate.data[i] != fold_byte((unsigned char)name.data[i]))
            return false;
    }
    return true;
}

/* The next code point in lower case; a byte that is no UTF-8 stands for itself, above all. */
static int32_t next_lower(Text text, uint32_t *at)
{
    utf8proc_int32_t point;
    utf8proc_ssize_t length = utf8proc_iterate((const utf8proc_uint8_t *)text.data + *at,
                                               (utf8proc_ssize_t)(text.length - *at), &point);
    if (length <= 0)
        return 0x110000 + (unsigned char)text.data[(*at)++];
    *at += (uint32_t)length;
    return utf8proc_tolower(point);
}

static bool equals_without_case(Text a, Text b)
{
    uint32_t i = 0, j = 0;
    while (i < a.length && j < b.length) {
        if (next_lower(a, &i) != next_lower(b, &j))
            return false;
    }
    return i == a.length && j == b.length;
}

int schema_match_name(SchemaName name, uint32_t count,
                      Text (*name_at)(const void *state, uint32_t i), const void *state)
{
    int folded = SCHEMA_NO_MATCH, without_case = SCHEMA_NO_MATCH;
    uint32_t folded_count = 0, without_case_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        Text candidate = name_at(state, i);
        if (text_equal(candidate, name.text))
            return (int)i;
        if (name.is_quoted || !equals_without_case(candidate, name.text))
            continue;
        without_case = (int)i;
        without_case_count++;
        if (equals_folded(candidate, name.text)) {
            folded = (int)i;
            folded_count++;
        }
    }
    if (folded_count > 0)
        return folded;
    return without_case_count > 1 ? SCHEMA_AMBIGUOUS : without_case;
}

/* --- suggestions --- */

enum { SUGGEST_LETTERS = 64 };

static uint32_t read_letters(Text text, int32_t letters[SUGGEST_LETTERS])
{
    uint32_t count = 0, at = 0;
    while (at < text.length && count < SUGGEST_LETTERS)
        letters[count++] = next_lower(text, &at);
    return count;
}

static uint32_t least(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance with swaps of neighbours (optimal string alignment), three rows of the
 * table at a time. */
static uint32_t edit_distance(const int32_t *a, uint32_t a_count, const int32_t *b,
                              uint32_t b_count)
{
    uint32_t rows[3][SUGGEST_LETTERS + 1];
    for (uint32_t j = 0; j <= b_count; j++)
        rows[0][j] = j;
    for (uint32_t i = 1; i <= a_count; i++) {
        uint32_t *row = rows[i % 3], *above = rows[(i - 1) % 3], *second = rows[(i + 1) % 3];
        row[0] = i;
        for (uint32_t j = 1; j <= b_count; j++) {
            uint32_t change = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = least(change, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], second[j - 2] + 1);
        }
    }
    return rows[a_count % 3][b_count];
}

Text schema_suggest(Text name, uint32_t count, Text (*name_at)(const void *state, uint32_t i),
                    const void *state)
{
    int32_t wanted[SUGGEST_LETTERS], letters[SUGGEST_LETTERS];
    uint32_t wanted_count = read_letters(name, wanted);
    uint32_t limit = least((wanted_count + 2) / 3, 3);
    Text best = TEXT_LITERAL("");
    for (uint32_t i = 0; i < count; i++) {
        Text candidate = name_at(state, i);
        uint32_t letter_count = read_letters(candidate, letters);
        uint32_t distance = edit_distance(wanted, wanted_count, letters, letter_count);
        if (distance <= limit && distance < letter_count) {
            best = candidate;
            limit = distance > 0 ? distance - 1 : 0;
            if (distance == 0)
                break;
        }
    }
    return best;
}
