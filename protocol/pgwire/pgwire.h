/*
 * PostgreSQL's protocol 3: client messages from bytes to structs, server messages from values to
 * bytes in a Buffer. No sockets, no SQL, no state: who may say what when is the session's matter.
 *
 * Reading points into the caller's bytes and allocates nothing; every length is checked. What
 * does not fit is FAULT_PROTOCOL_VIOLATION (08P01), which ends the connection it came on.
 */
#ifndef TALARIA_PROTOCOL_PGWIRE_PGWIRE_H
#define TALARIA_PROTOCOL_PGWIRE_PGWIRE_H

#include "base/fault/fault.h"
#include "base/memory/buffer.h"
#include "base/memory/text.h"

enum {
    PGWIRE_STARTUP_LIMIT = 10000,      /* bytes of a startup packet, its length field included */
    PGWIRE_SMALL_MESSAGE = 10000,      /* bytes of a message that carries names only */
    PGWIRE_LARGE_MESSAGE = 256 << 20,  /* bytes of a message that carries a statement or values */
    PGWIRE_NEWEST_MINOR = 2,           /* of protocol 3; 3.1 was never used and is taken as 3.0 */
    PGWIRE_MOST_KEY = 256,             /* bytes of a cancel key */
    PGWIRE_MAX_PARAMETERS = 65535,
    PGWIRE_MAX_COLUMNS = 32767,
};

/* ---------- before the first ordinary message ---------- */

typedef enum PgwireStartupKind {
    PGWIRE_STARTUP,        /* StartupMessage of protocol 3.x */
    PGWIRE_SSL_REQUEST,
    PGWIRE_GSSENC_REQUEST,
    PGWIRE_CANCEL_REQUEST,
} PgwireStartupKind;

typedef struct PgwireStartup {
    PgwireStartupKind kind;
    /* STARTUP */
    uint16_t major, minor;
    Text parameters; /* name, zero, value, zero, ...: walk with pgwire_next_parameter */
    /* CANCEL_REQUEST */
    uint32_t process_id;
    Text key; /* 4 bytes in protocol 3.0, up to PGWIRE_MOST_KEY in 3.2 */
} PgwireStartup;

/* Bytes of the packet that starts at `data`, its length field included; *total is 0 when more
 * bytes are needed to know. */
bool pgwire_startup_length(const uint8_t *data, size_t available, size_t *total, Fault *fault);
/* Reads one whole packet. A version other than 3.x is FAULT_FEATURE_NOT_SUPPORTED (0A000). */
bool pgwire_startup_read(const uint8_t *data, size_t length, PgwireStartup *startup, Fault *fault);
/* The next pair of a startup packet's parameters; false at the end. `rest` is moved on. */
bool pgwire_next_parameter(Text *rest, Text *name, Text *value);

/* ---------- client messages ---------- */

typedef enum PgwireClientKind {
#define PGWIRE_CLIENT(symbol, letter, name, limit) PGWIRE_CLIENT_##symbol,
#include "protocol/pgwire/messages.def"
    PGWIRE_CLIENT_KIND_COUNT
} PgwireClientKind;

typedef struct PgwireMessage {
    PgwireClientKind kind;
    union {
        Text query; /* QUERY: the text, without its end mark */
        struct {
            Text name, text;
            uint16_t type_count;
            const uint8_t *types; /* big-endian OIDs, unaligned: pgwire_type_at */
        } parse;
        struct {
            Text portal, statement;
            uint16_t parameter_format_count; /* 0: all text; 1: for all; else one a parameter */
            uint16_t parameter_count;
            Text parameters;     /* verbatim: format count, formats, value count, values */
            uint16_t result_format_count;
            Text result_formats; /* verbatim: count, formats */
        } bind;
        struct {
            char what; /* 'S' statement, 'P' portal */
            Text name;
        } target; /* DESCRIBE, CLOSE */
        struct {
            Text portal;
            uint32_t limit; /* rows; 0: all */
        } execute;
        Text bytes; /* COPY_DATA, COPY_FAIL, PASSWORD, FUNCTION_CALL: the body as it came */
    };
} PgwireMessage;

/*
 * Bytes of the message that starts at `data`, letter and length field included; *total is 0 when
 * more bytes are needed to know. Faults: an unknown letter, a length below 4 or over the kind's
 * limit (over PGWIRE_SMALL_MESSAGE for every kind while not `is_authenticated`).
 */
bool pgwire_message_length(const uint8_t *data, size_t available, bool is_authenticated,
                           size_t *total, Fault *fault);
/* Reads one whole message, letter first. Texts point into `data`. */
bool pgwire_message_read(const uint8_t *data, size_t length, PgwireMessage *message, Fault *fault);
/* The body of a PASSWORD message as SASLInitialResponse: the mechanism's name and its first
 * message (*has_response: whether there is one). */
bool pgwire_sasl_initial(Text body, Text *mechanism, Text *response, bool *has_response,
                         Fault *fault);
/* ... as a password: ends with a zero byte and has none before. */
bool pgwire_password(Text body, Text *password, Fault *fault);
const char *pgwire_client_name(PgwireClientKind kind);
uint32_t pgwire_type_at(const uint8_t *types, uint16_t index);

/* --- the values of a Bind message: for whoever gets `bind.parameters` --- */
typedef struct PgwireParameters {
    uint16_t count;
    uint16_t format_count;
    const uint8_t *formats; /* private */
    const uint8_t *at;      /* private: the next value */
    const uint8_t *end;
} PgwireParameters;

/* Starts a walk over a Bind message's parameter part. */
bool pgwire_parameters_open(Text parameters, PgwireParameters *out, Fault *fault);
/* 0 text, 1 binary, for parameter `index` (0-based) */
int pgwire_parameter_format(const PgwireParameters *parameters, uint16_t index);
/* The next value; false at the end or when bytes are missing. NULL: *is_null and empty text. */
bool pgwire_parameters_next(PgwireParameters *parameters, Text *value, bool *is_null);

/* The format of output column `column` under `result_formats` (a Bind's verbatim part, or empty:
 * all text). Checked against count when opened through the session. */
int pgwire_result_format(Text result_formats, uint16_t column);

/* Whether `text` is valid UTF-8 without zero bytes; if not, *bad is the offset of the first wrong byte. */
bool pgwire_is_utf8(Text text, size_t *bad);
/* The fault for it, worded as PostgreSQL does: 22021, invalid byte sequence for encoding "UTF8": 0xff */
bool pgwire_utf8_fault(Text text, size_t bad, Fault *fault);

/* ---------- encodings of clients (pgwire_encoding.c) ---------- */
typedef struct PgwireEncoding PgwireEncoding;
/* By any of its names; NULL: not known here. */
const PgwireEncoding *pgwire_encoding_find(Text name);
const char *pgwire_encoding_name(const PgwireEncoding *encoding); /* LATIN1 */
/* What is to be converted for a client of this encoding; NULL: nothing (UTF8, SQL_ASCII). */
const PgwireEncoding *pgwire_encoding_of(const char *name);
/* A client's text as UTF-8, appended to `out`: 22P05 for a byte that is no character, 22021 for 0. */
bool pgwire_decode(const PgwireEncoding *encoding, Text text, Buffer *out, Fault *fault);
/* The same for text that goes on elsewhere: a last character that is not whole is left, and *used
 * says how many bytes were taken. */
bool pgwire_decode_piece(const PgwireEncoding *encoding, Text text, Buffer *out, uint32_t *used,
                         Fault *fault);
/* And back: 22P05 for a character that the client has not got, or '?' where `fault` is NULL. */
bool pgwire_encode(const PgwireEncoding *encoding, Text text, Buffer *out, Fault *fault);
/* The texts in whole messages of the server: of descriptions, errors, notices, small results. */
void pgwire_encode_messages(const PgwireEncoding *encoding, const uint8_t *data, size_t length,
                            Buffer *out);
/* The parameters of a Bind: those in text, and those of types whose binary form is text. `types`:
 * little-endian OIDs. */
bool pgwire_decode_parameters(const PgwireEncoding *encoding, Text parameters, const uint8_t *types,
                              uint16_t type_count, Buffer *out, Fault *fault);
bool pgwire_is_text_type(uint32_t type);

/* ---------- server messages: each appends one whole message to `out` ---------- */

typedef enum PgwireSeverity {
    PGWIRE_SEVERITY_ERROR, PGWIRE_SEVERITY_FATAL, PGWIRE_SEVERITY_PANIC,           /* ErrorResponse */
    PGWIRE_SEVERITY_WARNING, PGWIRE_SEVERITY_NOTICE, PGWIRE_SEVERITY_DEBUG,
    PGWIRE_SEVERITY_INFO, PGWIRE_SEVERITY_LOG,                                     /* NoticeResponse */
} PgwireSeverity;

/*
 * ErrorResponse or NoticeResponse, by severity: S, V, C, M, then D, H and P where there is
 * something to say. `statement` is the text that fault->position counts bytes of (empty: no P);
 * the wire's position counts characters from 1.
 */
void pgwire_report(Buffer *out, PgwireSeverity severity, const Fault *fault, Text statement);
/* pgwire_report with ERROR. */
void pgwire_error(Buffer *out, const Fault *fault, Text statement);

void pgwire_authentication_ok(Buffer *out);
void pgwire_authentication_cleartext(Buffer *out);
/* AuthenticationSASL with the names of mechanisms, the preferred one first; ...Continue and
 * ...Final carry the mechanism's own messages. */
void pgwire_authentication_sasl(Buffer *out, const char *const *mechanisms, uint32_t count);
void pgwire_authentication_sasl_continue(Buffer *out, Text message);
void pgwire_authentication_sasl_final(Buffer *out, Text message);
void pgwire_parameter_status(Buffer *out, const char *name, const char *value);
void pgwire_backend_key_data(Buffer *out, uint32_t process_id, Text key);
void pgwire_ready_for_query(Buffer *out, char transaction); /* 'I', 'T', 'E' */
/* `newest` is the whole version number (196608 for 3.0), as PostgreSQL 15 has it; `unknown` are
 * the names of options that are not understood. */
void pgwire_negotiate_protocol_version(Buffer *out, uint32_t newest, const Text *unknown,
                                       uint32_t unknown_count);
void pgwire_command_complete(Buffer *out, Text tag);
void pgwire_command_complete_rows(Buffer *out, Text tag, uint64_t rows); /* "<tag> <rows>" */
void pgwire_parse_complete(Buffer *out);
void pgwire_bind_complete(Buffer *out);
void pgwire_close_complete(Buffer *out);
void pgwire_no_data(Buffer *out);
void pgwire_portal_suspended(Buffer *out);
void pgwire_empty_query_response(Buffer *out);
/* `types` are little-endian OIDs as they travel between processes (4 bytes each). */
void pgwire_parameter_description(Buffer *out, const void *types, uint16_t count);
void pgwire_notification(Buffer *out, uint32_t process_id, Text channel, Text payload);
void pgwire_copy_in_response(Buffer *out, uint8_t format, uint16_t columns);
void pgwire_copy_out_response(Buffer *out, uint8_t format, uint16_t columns);
void pgwire_copy_data(Buffer *out, const void *data, size_t length);
void pgwire_copy_done(Buffer *out);

typedef struct PgwireColumn {
    Text name;
    uint32_t table_oid;        /* 0: not a table's column */
    int16_t attribute_number;  /* 0 likewise */
    uint32_t type_oid;
    int16_t type_length;       /* as pg_type.typlen: -1 varies */
    int32_t type_modifier;     /* -1 none */
    int16_t format;            /* 0 text, 1 binary */
} PgwireColumn;

void pgwire_row_description(Buffer *out, const PgwireColumn *columns, uint16_t count);
/* Columns of a finished RowDescription message; 0 for NoData; false when it is neither. */
bool pgwire_row_description_count(Text message, uint16_t *count);
/* Appends `message` (a RowDescription or NoData) with the formats that `result_formats` (a Bind's
 * verbatim part) asks for. False when the bytes are not such a message; `out` is then unchanged. */
bool pgwire_row_description_with_formats(Buffer *out, Text message, Text result_formats);

/* --- DataRow, value by value: begin, then `columns` values or nulls, then end --- */
size_t pgwire_data_row_begin(Buffer *out, uint16_t columns); /* returns the mark for end */
void pgwire_data_row_end(Buffer *out, size_t mark);
static inline void pgwire_data_row_value(Buffer *out, const void *value, uint32_t length)
{
    buffer_append_u32be(out, length);
    buffer_append(out, value, length);
}
static inline void pgwire_data_row_null(Buffer *out)
{
    buffer_append_u32be(out, UINT32_MAX);
}

/*
 * Hops over whole DataRow messages at the front of `data`, at most `limit` of them. Gives their
 * bytes and number. False when something else, or half a message, is met first.
 */
bool pgwire_hop_rows(Text data, uint64_t limit, size_t *bytes, uint64_t *rows);

#endif
