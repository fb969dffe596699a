/*
 * Whether a text is JSON (RFC 8259), as the input functions of json and jsonb demand. The text
 * itself is the value; nothing is built.
 */
#include "engine/type/type_internal.h"

enum { JSON_MAX_DEPTH = 512 };

typedef struct JsonReader {
    const char *at, *end;
    int depth;
} JsonReader;

static void skip_blanks(JsonReader *reader)
{
    while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\t' ||
                                        *reader->at == '\n' || *reader->at == '\r'))
        reader->at++;
}

static bool take(JsonReader *reader, char c)
{
    if (reader->at == reader->end || *reader->at != c)
        return false;
    reader->at++;
    return true;
}

static bool take_word(JsonReader *reader, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(reader->end - reader->at) < length || memcmp(reader->at, word, length) != 0)
        return false;
    reader->at += length;
    return true;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool read_escape(JsonReader *reader)
{
    if (reader->at == reader->end)
        return false;
    char c = *reader->at++;
    if (c != 'u')
        return c != '\0' && strchr("\"\\/bfnrt", c) != NULL;
    for (int i = 0; i < 4; i++, reader->at++)
        if (reader->at == reader->end || !is_hex(*reader->at))
            return false;
    return true;
}

static bool read_string(JsonReader *reader)
{
    if (!take(reader, '"'))
        return false;
    while (reader->at < reader->end) {
        unsigned char c = (unsigned char)*reader->at++;
        if (c == '"')
            return true;
        if (c < 0x20 || (c == '\\' && !read_escape(reader)))
            return false;
    }
    return false;
}

static bool read_digits(JsonReader *reader)
{
    const char *start = reader->at;
    while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9')
        reader->at++;
    return reader->at > start;
}

static bool read_number(JsonReader *reader)
{
    take(reader, '-');
    if (!take(reader, '0') && !read_digits(reader))
        return false;
    if (take(reader, '.') && !read_digits(reader))
        return false;
    if (!take(reader, 'e') && !take(reader, 'E'))
        return true;
    if (!take(reader, '-'))
        take(reader, '+');
    return read_digits(reader);
}

static bool read_value(JsonReader *reader);

static bool read_member(JsonReader *reader)
{
    skip_blanks(reader);
    if (!read_string(reader))
        return false;
    skip_blanks(reader);
    return take(reader, ':') && read_value(reader);
}

/* Members or elements up to `close`; the opening bracket has been read. */
static bool read_items(JsonReader *reader, char close, bool (*read_item)(JsonReader *reader))
{
    if (++reader->depth > JSON_MAX_DEPTH)
        return false;
    skip_blanks(reader);
    if (!take(reader, close)) {
        do {
            if (!read_item(reader))
                return false;
        } while (take(reader, ','));
        if (!take(reader, close))
            return false;
    }
    reader->depth--;
    return true;
}

static bool read_bare_value(JsonReader *reader)
{
    if (reader->at == reader->end)
        return false;
    switch (*reader->at) {
    case '{':
        reader->at++;
        return read_items(reader, '}', read_member);
    case '[':
        reader->at++;
        return read_items(reader, ']', read_value);
    case '"': return read_string(reader);
    case 't': return take_word(reader, "true");
    case 'f': return take_word(reader, "false");
    case 'n': return take_word(reader, "null");
    default: return read_number(reader);
    }
}

/* With the blanks around it. */
static bool read_value(JsonReader *reader)
{
    skip_blanks(reader);
    if (!read_bare_value(reader))
        return false;
    skip_blanks(reader);
    return true;
}

bool json_check(Text text, Fault *fault)
{
    JsonReader reader = {.at = text.data, .end = text.data + text.length};
    if (read_value(&reader) && reader.at == reader.end)
        return true;
    fault_set(fault, FAULT_INVALID_TEXT_REPRESENTATION, "invalid input syntax for type json");
    if (reader.depth > JSON_MAX_DEPTH)
        return fault_detail(fault, "The document is nested too deeply.");
    uint32_t at = (uint32_t)(reader.at - text.data);
    uint32_t start = at > 20 ? at - 20 : 0;
    return fault_detail(fault, "JSON data is invalid after \"%.*s\".", (int)(at - start),
                        text.data == NULL ? "" : text.data + start);
}
