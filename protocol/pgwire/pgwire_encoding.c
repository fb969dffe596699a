/*
 * Encodings of clients. Inside everything is UTF-8; a client may speak any encoding that PostgreSQL
 * and the system's iconv know, by PostgreSQL's names. SQL_ASCII means that nothing is converted.
 *
 * Of an encoding of one byte a character, the 256 characters are asked of iconv once; from then on
 * both directions are tables. The East Asian ones of several bytes are asked of iconv character by
 * character; where one ends is seen from its first bytes, as PostgreSQL's documentation of each
 * encoding has it. In all of them a character that begins below 0x80 is ASCII.
 */
#include "protocol/pgwire/pgwire.h"

#include "base/log/log.h"

#include <ctype.h>
#include <iconv.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

enum { BYTES = 256, NO_CHARACTER = 0, ASCII = 128 };

typedef struct Reverse {
    uint32_t character;
    uint8_t byte;
} Reverse;

/* How many bytes the character has that begins with these. */
typedef uint32_t CharacterLength(const uint8_t *at, uint32_t left);

struct PgwireEncoding {
    const char *name;   /* as PostgreSQL shows it */
    const char *system; /* iconv's; NULL: nothing is converted */
    const char *other_names;
    CharacterLength *length_of; /* NULL: one byte a character */
    bool is_loaded;
    iconv_t decoder, encoder;   /* of several bytes a character; (iconv_t)-1: the system has none */
    uint32_t characters[BYTES]; /* NO_CHARACTER: none has this byte */
    uint32_t reverse_count;
    Reverse reverse[BYTES]; /* of bytes above ASCII, by character */
};

#define ENCODING(pg, of_iconv, others) {.name = (pg), .system = (of_iconv), .other_names = (others)}
#define WIDE_ENCODING(pg, of_iconv, others, length) \
    {.name = (pg), .system = (of_iconv), .other_names = (others), .length_of = (length)}

enum { SINGLE_SHIFT_2 = 0x8e, SINGLE_SHIFT_3 = 0x8f };

static uint32_t two_bytes(const uint8_t *at, uint32_t left)
{
    (void)at, (void)left;
    return 2;
}

/* Half-width katakana are single bytes. */
static uint32_t sjis_length(const uint8_t *at, uint32_t left)
{
    (void)left;
    return *at >= 0xa1 && *at <= 0xdf ? 1 : 2;
}

static uint32_t euc_length(const uint8_t *at, uint32_t left)
{
    (void)left;
    return *at == SINGLE_SHIFT_3 ? 3 : 2;
}

static uint32_t euc_tw_length(const uint8_t *at, uint32_t left)
{
    (void)left;
    return *at == SINGLE_SHIFT_2 ? 4 : *at == SINGLE_SHIFT_3 ? 3 : 2;
}

static uint32_t gb18030_length(const uint8_t *at, uint32_t left)
{
    return left > 1 && at[1] >= '0' && at[1] <= '9' ? 4 : 2;
}

/* Other names are compared without case and without anything but letters and digits. */
static PgwireEncoding encodings[] = {
    ENCODING("UTF8", NULL, "unicode,utf"),
    ENCODING("SQL_ASCII", NULL, "ascii,usascii"),
    ENCODING("LATIN1", "ISO-8859-1", "iso88591"),
    ENCODING("LATIN2", "ISO-8859-2", "iso88592"),
    ENCODING("LATIN3", "ISO-8859-3", "iso88593"),
    ENCODING("LATIN4", "ISO-8859-4", "iso88594"),
    ENCODING("LATIN5", "ISO-8859-9", "iso88599"),
    ENCODING("LATIN6", "ISO-8859-10", "iso885910"),
    ENCODING("LATIN7", "ISO-8859-13", "iso885913"),
    ENCODING("LATIN8", "ISO-8859-14", "iso885914"),
    ENCODING("LATIN9", "ISO-8859-15", "iso885915"),
    ENCODING("LATIN10", "ISO-8859-16", "iso885916"),
    ENCODING("ISO_8859_5", "ISO-8859-5", ""),
    ENCODING("ISO_8859_6", "ISO-8859-6", ""),
    ENCODING("ISO_8859_7", "ISO-8859-7", ""),
    ENCODING("ISO_8859_8", "ISO-8859-8", ""),
    ENCODING("WIN1250", "CP1250", "windows1250"),
    ENCODING("WIN1251", "CP1251", "windows1251,win"),
    ENCODING("WIN1252", "CP1252", "windows1252"),
    ENCODING("WIN1253", "CP1253", "windows1253"),
    ENCODING("WIN1254", "CP1254", "windows1254"),
    ENCODING("WIN1255", "CP1255", "windows1255"),
    ENCODING("WIN1256", "CP1256", "windows1256"),
    ENCODING("WIN1257", "CP1257", "windows1257"),
    ENCODING("WIN1258", "CP1258", "windows1258,abc,tcvn,tcvn5712,vscii"),
    ENCODING("WIN866", "CP866", "alt,windows866"),
    ENCODING("WIN874", "CP874", "windows874"),
    ENCODING("KOI8R", "KOI8-R", "koi8"),
    ENCODING("KOI8U", "KOI8-U", ""),
    WIDE_ENCODING("EUC_JP", "EUC-JP-MS", "", euc_length),
    WIDE_ENCODING("EUC_CN", "EUC-CN", "", two_bytes),
    WIDE_ENCODING("EUC_KR", "EUC-KR", "", two_bytes),
    WIDE_ENCODING("EUC_TW", "EUC-TW", "", euc_tw_length),
    WIDE_ENCODING("EUC_JIS_2004", "EUC-JISX0213", "", euc_length),
    WIDE_ENCODING("SJIS", "CP932", "shiftjis,mskanji,win932,windows932", sjis_length),
    WIDE_ENCODING("BIG5", "CP950", "win950,windows950", two_bytes),
    WIDE_ENCODING("GBK", "CP936", "win936,windows936", two_bytes),
    WIDE_ENCODING("UHC", "CP949", "win949,windows949", two_bytes),
    WIDE_ENCODING("GB18030", "GB18030", "", gb18030_length),
    WIDE_ENCODING("JOHAB", "JOHAB", "", two_bytes),
    WIDE_ENCODING("SHIFT_JIS_2004", "SHIFT_JISX0213", "", sjis_length),
};
enum { ENCODING_COUNT = sizeof encodings / sizeof *encodings };

/* --- names --- */

static bool same_plain(const char *plain, const char *name, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (!isalnum((unsigned char)name[i]))
            continue;
        if (*plain++ != tolower((unsigned char)name[i]))
            return false;
    }
    return *plain == '\0';
}

static bool is_named(const PgwireEncoding *encoding, const char *plain)
{
    if (same_plain(plain, encoding->name, strlen(encoding->name)))
        return true;
    for (const char *at = encoding->other_names; *at != '\0';) {
        size_t length = strcspn(at, ",");
        if (same_plain(plain, at, length))
            return true;
        at += length + (at[length] == ',');
    }
    return false;
}

const PgwireEncoding *pgwire_encoding_find(Text name)
{
    char plain[24];
    size_t length = 0;
    for (uint32_t i = 0; i < name.length; i++) {
        if (!isalnum((unsigned char)name.data[i]))
            continue;
        if (length == sizeof plain - 1)
            return NULL;
        plain[length++] = (char)tolower((unsigned char)name.data[i]);
    }
    plain[length] = '\0';
    for (int i = 0; length > 0 && i < ENCODING_COUNT; i++)
        if (is_named(&encodings[i], plain))
            return &encodings[i];
    return NULL;
}

const char *pgwire_encoding_name(const PgwireEncoding *encoding)
{
    return encoding->name;
}

/* --- tables --- */

static int by_character(const void *a, const void *b)
{
    uint32_t x = ((const Reverse *)a)->character, y = ((const Reverse *)b)->character;
    return (x > y) - (x < y);
}

static void load_wide(PgwireEncoding *encoding)
{
    encoding->decoder = iconv_open("UTF-8", encoding->system);
    encoding->encoder = iconv_open(encoding->system, "UTF-8");
    if (encoding->decoder == (iconv_t)-1 || encoding->encoder == (iconv_t)-1)
        log_warning("the system does not know the encoding %s", encoding->system);
}

/* A byte that has no character in iconv's table has none here. */
static void load(PgwireEncoding *encoding)
{
    encoding->is_loaded = true;
    if (encoding->length_of != NULL) {
        load_wide(encoding);
        return;
    }
    iconv_t converter = iconv_open("UTF-32LE", encoding->system);
    for (int i = 0; i < BYTES; i++) {
        char in = (char)i, out[8], *from = &in, *to = out;
        size_t left = 1, room = sizeof out;
        uint32_t character = i < ASCII ? (uint32_t)i : NO_CHARACTER;
        if (i >= ASCII && converter != (iconv_t)-1) {
            iconv(converter, NULL, NULL, NULL, NULL);
            if (iconv(converter, &from, &left, &to, &room) != (size_t)-1 && room == 4)
                memcpy(&character, out, sizeof character);
        }
        encoding->characters[i] = character;
        if (i >= ASCII && character != NO_CHARACTER)
            encoding->reverse[encoding->reverse_count++] = (Reverse){character, (uint8_t)i};
    }
    if (converter != (iconv_t)-1)
        iconv_close(converter);
    else
        log_warning("the system does not know the encoding %s", encoding->system);
    qsort(encoding->reverse, encoding->reverse_count, sizeof *encoding->reverse, by_character);
}

const PgwireEncoding *pgwire_encoding_of(const char *name)
{
    const PgwireEncoding *found = pgwire_encoding_find(text_of(name));
    if (found == NULL || found->system == NULL)
        return NULL;
    PgwireEncoding *encoding = &encodings[found - encodings];
    if (!encoding->is_loaded)
        load(encoding);
    return encoding;
}

/* --- texts --- */

static void put_utf8(Buffer *out, uint32_t c)
{
    if (c < 0x80) {
        buffer_append_byte(out, (uint8_t)c);
    } else if (c < 0x800) {
        buffer_append_byte(out, (uint8_t)(0xc0 | c >> 6));
        buffer_append_byte(out, (uint8_t)(0x80 | (c & 0x3f)));
    } else {
        buffer_append_byte(out, (uint8_t)(0xe0 | c >> 12)); /* none of them lies beyond */
        buffer_append_byte(out, (uint8_t)(0x80 | (c >> 6 & 0x3f)));
        buffer_append_byte(out, (uint8_t)(0x80 | (c & 0x3f)));
    }
}

/* "0x81 0x30" */
static void show_bytes(const uint8_t *at, uint32_t length, char *shown, size_t size)
{
    shown[0] = '\0';
    for (uint32_t i = 0; i < length; i++)
        snprintf(shown + strlen(shown), size - strlen(shown), "%s0x%02x", i == 0 ? "" : " ", at[i]);
}

static bool no_character(const PgwireEncoding *encoding, const uint8_t *at, uint32_t length,
                         Fault *fault)
{
    char bytes[32];
    show_bytes(at, length, bytes, sizeof bytes);
    return fault_set(fault, FAULT_UNTRANSLATABLE_CHARACTER,
                     "character with byte sequence %s in encoding \"%s\" has no equivalent in "
                     "encoding \"UTF8\"",
                     bytes, encoding->name);
}

static bool bad_sequence(const PgwireEncoding *encoding, const uint8_t *at, uint32_t length,
                         Fault *fault)
{
    char bytes[32];
    show_bytes(at, length, bytes, sizeof bytes);
    return fault_set(fault, FAULT_CHARACTER_NOT_IN_REPERTOIRE,
                     "invalid byte sequence for encoding \"%s\": %s", encoding->name, bytes);
}

/* One character through iconv, which may become two; what waits for a following one is asked for. */
static bool convert(iconv_t converter, const char *at, uint32_t length, Buffer *out)
{
    enum { ROOM = 32 };
    char result[ROOM], *to = result, *from = (char *)(uintptr_t)at;
    size_t left = length, room = sizeof result;
    if (converter == (iconv_t)-1)
        return false;
    bool ok = iconv(converter, &from, &left, &to, &room) != (size_t)-1 && left == 0 &&
              iconv(converter, NULL, NULL, &to, &room) != (size_t)-1 && room < sizeof result;
    iconv(converter, NULL, NULL, NULL, NULL);
    if (ok)
        buffer_append(out, result, sizeof result - room);
    return ok;
}

static bool decode_wide(const PgwireEncoding *encoding, const uint8_t *at, uint32_t length,
                        Buffer *out, Fault *fault)
{
    for (uint32_t i = 1; i < length; i++)
        if (at[i] < 0x30) /* no encoding has these behind the first byte */
            return bad_sequence(encoding, at, length, fault);
    return convert(encoding->decoder, (const char *)at, length, out) ||
           no_character(encoding, at, length, fault);
}

bool pgwire_decode_piece(const PgwireEncoding *encoding, Text text, Buffer *out, uint32_t *used,
                         Fault *fault)
{
    const uint8_t *data = (const uint8_t *)text.data;
    *used = 0;
    for (uint32_t i = 0, length; i < text.length; i += length) {
        length = data[i] < ASCII || encoding->length_of == NULL
                     ? 1
                     : encoding->length_of(data + i, text.length - i);
        if (length > text.length - i)
            return true;
        if (data[i] == 0)
            return bad_sequence(encoding, data + i, 1, fault);
        if (data[i] < ASCII)
            buffer_append_byte(out, data[i]);
        else if (encoding->length_of != NULL) {
            if (!decode_wide(encoding, data + i, length, out, fault))
                return false;
        } else if (encoding->characters[data[i]] == NO_CHARACTER)
            return no_character(encoding, data + i, 1, fault);
        else
            put_utf8(out, encoding->characters[data[i]]);
        *used = i + length;
    }
    return true;
}

bool pgwire_decode(const PgwireEncoding *encoding, Text text, Buffer *out, Fault *fault)
{
    uint32_t used;
    if (!pgwire_decode_piece(encoding, text, out, &used, fault))
        return false;
    return used == text.length ||
           bad_sequence(encoding, (const uint8_t *)text.data + used, text.length - used, fault);
}

static int find_byte(const PgwireEncoding *encoding, uint32_t character)
{
    Reverse wanted = {.character = character};
    const Reverse *found = bsearch(&wanted, encoding->reverse, encoding->reverse_count,
                                   sizeof wanted, by_character);
    return found == NULL ? -1 : found->byte;
}

/* The character at `at` of valid UTF-8, and how many bytes it has. */
static uint32_t read_character(const char *at, uint32_t left, uint32_t *length)
{
    static const uint8_t masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint8_t first = (uint8_t)*at;
    uint32_t size = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    *length = size < left ? size : left;
    uint32_t character = first & masks[size];
    for (uint32_t i = 1; i < *length; i++)
        character = character << 6 | ((uint8_t)at[i] & 0x3f);
    return character;
}

static bool refuse_character(const PgwireEncoding *encoding, const char *at, uint32_t length,
                             Fault *fault)
{
    char bytes[32];
    show_bytes((const uint8_t *)at, length, bytes, sizeof bytes);
    return fault_set(fault, FAULT_UNTRANSLATABLE_CHARACTER,
                     "character with byte sequence %s in encoding \"UTF8\" has no equivalent in "
                     "encoding \"%s\"",
                     bytes, encoding->name);
}

static bool encode_character(const PgwireEncoding *encoding, const char *at, uint32_t left,
                             uint32_t *length, Buffer *out)
{
    uint32_t character = read_character(at, left, length);
    if (encoding->length_of != NULL)
        return convert(encoding->encoder, at, *length, out);
    int byte = find_byte(encoding, character);
    if (byte >= 0)
        buffer_append_byte(out, (uint8_t)byte);
    return byte >= 0;
}

bool pgwire_encode(const PgwireEncoding *encoding, Text text, Buffer *out, Fault *fault)
{
    uint32_t length;
    for (uint32_t i = 0; i < text.length; i += length) {
        length = 1;
        if ((uint8_t)text.data[i] < ASCII) {
            buffer_append_byte(out, (uint8_t)text.data[i]);
            continue;
        }
        if (encode_character(encoding, text.data + i, text.length - i, &length, out))
            continue;
        if (fault != NULL)
            return refuse_character(encoding, text.data + i, length, fault);
        buffer_append_byte(out, '?');
    }
    return true;
}

/* --- messages --- */

static uint32_t read_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void put_text(const PgwireEncoding *encoding, const uint8_t *data, size_t length, Buffer *out)
{
    pgwire_encode(encoding, (Text){.data = (const char *)data, .length = (uint32_t)length}, out,
                  NULL);
}

/* RowDescription: a terminated name and 18 bytes a column. */
static void put_columns(const PgwireEncoding *encoding, const uint8_t *body, size_t length,
                        Buffer *out)
{
    enum { COUNT = 2, REST = 19 };
    size_t at = length < COUNT ? length : COUNT;
    buffer_append(out, body, at);
    while (at < length) {
        const uint8_t *end = memchr(body + at, 0, length - at);
        size_t name = end == NULL ? length - at : (size_t)(end - (body + at));
        size_t rest = length - at - name < REST ? length - at - name : REST;
        put_text(encoding, body + at, name, out);
        buffer_append(out, body + at + name, rest);
        at += name + rest;
    }
}

/* DataRow of texts: a length and its bytes a column. */
static void put_cells(const PgwireEncoding *encoding, const uint8_t *body, size_t length, Buffer *out)
{
    size_t at = length < 2 ? length : 2;
    buffer_append(out, body, at);
    while (at + 4 <= length) {
        uint32_t size = read_u32(body + at);
        size_t mark = out->length;
        buffer_append(out, body + at, 4);
        at += 4;
        if (size == UINT32_MAX)
            continue;
        size = size < length - at ? size : (uint32_t)(length - at);
        put_text(encoding, body + at, size, out);
        uint32_t written = __builtin_bswap32((uint32_t)(out->length - mark - 4));
        memcpy(out->data + mark, &written, sizeof written);
        at += size;
    }
}

void pgwire_encode_messages(const PgwireEncoding *encoding, const uint8_t *data, size_t length,
                            Buffer *out)
{
    enum { HEADER = 5 };
    size_t at = 0;
    while (length - at >= HEADER) {
        size_t size = (size_t)read_u32(data + at + 1) + 1;
        if (size < HEADER || size > length - at)
            break;
        const uint8_t *body = data + at + HEADER;
        size_t mark = out->length;
        buffer_append(out, data + at, HEADER);
        switch (data[at]) {
        case 'T': put_columns(encoding, body, size - HEADER, out); break;
        case 'D': put_cells(encoding, body, size - HEADER, out); break;
        case 'E': case 'N': case 'S': case 'A': case 'C':
            put_text(encoding, body, size - HEADER, out);
            break;
        default: buffer_append(out, body, size - HEADER); break;
        }
        uint32_t written = __builtin_bswap32((uint32_t)(out->length - mark - 1));
        memcpy(out->data + mark + 1, &written, sizeof written);
        at += size;
    }
    buffer_append(out, data + at, length - at);
}

/* Types whose binary form is their text, jsonb's one byte before it included. */
bool pgwire_is_text_type(uint32_t type)
{
    enum { NAME = 19, TEXT = 25, JSON = 114, UNKNOWN = 705, BPCHAR = 1042, VARCHAR = 1043, JSONB = 3802 };
    return type == NAME || type == TEXT || type == JSON || type == UNKNOWN || type == BPCHAR ||
           type == VARCHAR || type == JSONB;
}

bool pgwire_decode_parameters(const PgwireEncoding *encoding, Text parameters, const uint8_t *types,
                              uint16_t type_count, Buffer *out, Fault *fault)
{
    PgwireParameters values;
    Text value;
    bool is_null;
    if (!pgwire_parameters_open(parameters, &values, fault))
        return false;
    buffer_append(out, parameters.data, (size_t)(values.at - (const uint8_t *)parameters.data));
    for (uint16_t i = 0; pgwire_parameters_next(&values, &value, &is_null); i++) {
        uint32_t type = 0;
        if (i < type_count)
            memcpy(&type, types + 4 * (size_t)i, sizeof type);
        size_t mark = out->length;
        buffer_append(out, "\xff\xff\xff\xff", 4);
        if (is_null)
            continue;
        bool is_text = pgwire_parameter_format(&values, i) == 0 || pgwire_is_text_type(type);
        if (!is_text)
            buffer_append(out, value.data, value.length);
        else if (!pgwire_decode(encoding, value, out, fault))
            return false;
        uint32_t written = __builtin_bswap32((uint32_t)(out->length - mark - 4));
        memcpy(out->data + mark, &written, sizeof written);
    }
    return true;
}
