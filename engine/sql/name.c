/*
 * Identifiers with marks: see dialect_internal.h for what the marks mean.
 */
#include "engine/sql/name_internal.h"

#include "engine/sql/dialect_internal.h"

#include <strings.h>

const char *name_plain(const char *marked)
{
    bool has_mark = marked[0] == NAME_TYPED || marked[0] == NAME_QUOTED;
    return has_mark ? marked + 1 : marked;
}

static bool has_capital(const char *s)
{
    for (; *s != '\0'; s++) {
        if (*s >= 'A' && *s <= 'Z')
            return true;
    }
    return false;
}

SchemaName name_read(const char *marked)
{
    /* Without a mark a capital letter can only come from quotes. */
    bool is_quoted = marked[0] == NAME_QUOTED || (marked[0] != NAME_TYPED && has_capital(marked));
    return (SchemaName){.text = text_of(name_plain(marked)), .is_quoted = is_quoted};
}

const char *name_folded(Arena *arena, const char *marked)
{
    char *folded = arena_strdup(arena, name_plain(marked));
    for (char *p = folded; *p != '\0'; p++) {
        if (*p >= 'A' && *p <= 'Z')
            *p = (char)(*p - 'A' + 'a');
    }
    return folded;
}

const char *name_made(Arena *arena, const char *marked, int32_t dialect)
{
    return marked[0] == NAME_TYPED && dialect == 0 ? name_folded(arena, marked)
                                                   : name_plain(marked);
}

bool name_is(const char *marked, const char *folded)
{
    SchemaName name = name_read(marked);
    return name.is_quoted ? strcmp(name.text.data, folded) == 0
                          : strcasecmp(name.text.data, folded) == 0;
}
