/*
 * Text: a view of bytes that somebody else owns (UTF-8 where it is SQL text). Not terminated.
 */
#ifndef TALARIA_BASE_MEMORY_TEXT_H
#define TALARIA_BASE_MEMORY_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

typedef struct Text {
    const char *data; /* may be NULL only when length is 0 */
    uint32_t length;  /* bytes */
} Text;

#define TEXT_LITERAL(s) ((Text){.data = (s), .length = sizeof(s) - 1})
/* For printf("%.*s"). */
#define TEXT_ARGS(t) (int)(t).length, (t).data

static inline Text text_of(const char *s)
{
    return (Text){.data = s, .length = (uint32_t)strlen(s)};
}

static inline bool text_equal(Text a, Text b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.data, b.data, a.length) == 0);
}

/* Orders by bytes, which for UTF-8 is the order of code points. */
static inline int text_compare(Text a, Text b)
{
    uint32_t shorter = a.length < b.length ? a.length : b.length;
    int order = shorter == 0 ? 0 : memcmp(a.data, b.data, shorter);
    return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

static inline bool text_equal_string(Text a, const char *s)
{
    return text_equal(a, text_of(s));
}

#endif
