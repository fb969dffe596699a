/*
 * The fault object: filling, adding to, and showing it. See fault.h.
 *
 * Texts are cut to their fixed sizes at a UTF-8 character boundary, so that what goes on the
 * wire stays valid text however long the values in it were.
 */
#include "base/fault/fault.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Codes from here on are the engine's own faults, shown by name in DETAIL. */
enum { FAULT_FIRST_ENGINE = FAULT_BROADCAST_TABLES_TOO_LARGE };

static const FaultInfo INFOS[FAULT_CODE_COUNT] = {
    [FAULT_NONE] = {"NONE", "None", "00000", NULL},
#define FAULT(symbol, name, sqlstate, hint) [FAULT_##symbol] = {#symbol, name, sqlstate, hint},
#include "base/fault/faults.def"
#undef FAULT
};

const FaultInfo *fault_info(FaultCode code)
{
    return (unsigned)code < FAULT_CODE_COUNT ? &INFOS[code] : &INFOS[FAULT_INTERNAL_ERROR];
}

FaultCode fault_code_by_name(const char *name)
{
    for (int code = FAULT_NONE + 1; code < FAULT_CODE_COUNT; code++)
        if (strcmp(INFOS[code].name, name) == 0)
            return (FaultCode)code;
    return FAULT_NONE;
}

/* Takes an unfinished UTF-8 sequence off the end of a text that was cut. */
static void drop_partial_character(char *text)
{
    size_t length = strlen(text);
    size_t start = length;
    while (start > 0 && length - start < 3 && ((unsigned char)text[start - 1] & 0xC0) == 0x80)
        start--;
    if (start == 0)
        return;
    unsigned char lead = (unsigned char)text[start - 1];
    size_t wanted = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (wanted > length - (start - 1))
        text[start - 1] = '\0';
}

static void print_cut(char *out, size_t size, const char *format, va_list args)
{
    int needed = vsnprintf(out, size, format, args);
    if (needed < 0)
        out[0] = '\0';
    else if ((size_t)needed >= size)
        drop_partial_character(out);
}

static void copy_cut(char *out, size_t size, const char *text)
{
    size_t length = strnlen(text, size);
    bool is_cut = length == size;
    if (is_cut)
        length--;
    memcpy(out, text, length);
    out[length] = '\0';
    if (is_cut)
        drop_partial_character(out);
}

static void reset(Fault *fault, FaultCode code)
{
    fault->code = code;
    fault->position = 0;
    fault->message[0] = '\0';
    fault->detail[0] = '\0';
    fault->hint[0] = '\0';
    fault->context[0] = '\0';
    fault->field_count = 0;
}

void fault_clear(Fault *fault)
{
    reset(fault, FAULT_NONE);
}

bool fault_set(Fault *fault, FaultCode code, const char *format, ...)
{
    /* printed aside first: an argument may be the text of the very fault that is replaced */
    char message[sizeof fault->message];
    va_list args;
    va_start(args, format);
    print_cut(message, sizeof message, format, args);
    va_end(args);
    reset(fault, code);
    memcpy(fault->message, message, sizeof message);
    return false;
}

bool fault_set_at(Fault *fault, int32_t offset, FaultCode code, const char *format, ...)
{
    char message[sizeof fault->message];
    va_list args;
    va_start(args, format);
    print_cut(message, sizeof message, format, args);
    va_end(args);
    reset(fault, code);
    memcpy(fault->message, message, sizeof message);
    fault->position = offset < 0 || offset == INT32_MAX ? 0 : offset + 1;
    return false;
}

bool fault_detail(Fault *fault, const char *format, ...)
{
    char detail[sizeof fault->detail];
    va_list args;
    va_start(args, format);
    print_cut(detail, sizeof detail, format, args);
    va_end(args);
    memcpy(fault->detail, detail, sizeof detail);
    return false;
}

bool fault_hint(Fault *fault, const char *format, ...)
{
    char hint[sizeof fault->hint];
    va_list args;
    va_start(args, format);
    print_cut(hint, sizeof hint, format, args);
    va_end(args);
    memcpy(fault->hint, hint, sizeof hint);
    return false;
}

bool fault_context(Fault *fault, const char *format, ...)
{
    char context[sizeof fault->context];
    va_list args;
    va_start(args, format);
    print_cut(context, sizeof context, format, args);
    va_end(args);
    memcpy(fault->context, context, sizeof context);
    return false;
}

/* The field of that name, or a new one; NULL when all are in use. */
static FaultField *field_for(Fault *fault, const char *name)
{
    for (int i = 0; i < fault->field_count; i++)
        if (strncmp(fault->fields[i].name, name, sizeof fault->fields[i].name - 1) == 0)
            return &fault->fields[i];
    if (fault->field_count == FAULT_MAX_FIELDS)
        return NULL;
    FaultField *field = &fault->fields[fault->field_count++];
    copy_cut(field->name, sizeof field->name, name);
    return field;
}

bool fault_field_text(Fault *fault, const char *name, const char *value)
{
    FaultField *field = field_for(fault, name);
    if (field != NULL) {
        copy_cut(field->value, sizeof field->value, value);
        field->is_number = false;
    }
    return false;
}

bool fault_field_json(Fault *fault, const char *name, const char *value)
{
    FaultField *field = field_for(fault, name);
    if (field != NULL) {
        copy_cut(field->value, sizeof field->value, value);
        field->is_number = true;
    }
    return false;
}

bool fault_field_int(Fault *fault, const char *name, int64_t value)
{
    FaultField *field = field_for(fault, name);
    if (field != NULL) {
        snprintf(field->value, sizeof field->value, "%" PRId64, value);
        field->is_number = true;
    }
    return false;
}

/* --- showing --- */

/* Text that is cut when it is full, always terminated. */
typedef struct Line {
    char *at;
    char *end; /* one before the last byte, which is for the end mark */
    bool is_cut;
} Line;

static void line_bytes(Line *line, const char *bytes, size_t length)
{
    size_t room = (size_t)(line->end - line->at);
    if (length > room) {
        line->is_cut = true;
        length = room;
    }
    memcpy(line->at, bytes, length);
    line->at += length;
}

static void line_string(Line *line, const char *text)
{
    line_bytes(line, text, strlen(text));
}

static void line_json_string(Line *line, const char *text)
{
    line_bytes(line, "\"", 1);
    for (const char *p = text; *p != '\0'; p++) {
        unsigned char c = (unsigned char)*p;
        char escaped[8];
        if (c == '"' || c == '\\')
            snprintf(escaped, sizeof escaped, "\\%c", c);
        else if (c == '\n')
            snprintf(escaped, sizeof escaped, "\\n");
        else if (c == '\t')
            snprintf(escaped, sizeof escaped, "\\t");
        else if (c < 0x20)
            snprintf(escaped, sizeof escaped, "\\u%04x", c);
        else
            snprintf(escaped, sizeof escaped, "%c", c);
        line_string(line, escaped);
    }
    line_bytes(line, "\"", 1);
}

static void line_fields(Line *line, const Fault *fault)
{
    line_string(line, " {");
    for (int i = 0; i < fault->field_count; i++) {
        if (i > 0)
            line_string(line, ",");
        line_json_string(line, fault->fields[i].name);
        line_string(line, ":");
        if (fault->fields[i].is_number)
            line_string(line, fault->fields[i].value);
        else
            line_json_string(line, fault->fields[i].value);
    }
    line_string(line, "}");
}

void fault_format_detail(const Fault *fault, char *out, uint64_t size)
{
    if (size == 0)
        return;
    Line line = {.at = out, .end = out + size - 1};
    line_string(&line, fault->detail);
    if ((int)fault->code >= FAULT_FIRST_ENGINE && fault->code < FAULT_CODE_COUNT) {
        if (fault->detail[0] != '\0')
            line_string(&line, "\n");
        line_string(&line, fault_info(fault->code)->name);
        if (fault->field_count > 0)
            line_fields(&line, fault);
    }
    *line.at = '\0';
    if (line.is_cut)
        drop_partial_character(out);
}

const char *fault_hint_text(const Fault *fault)
{
    if (fault->hint[0] != '\0')
        return fault->hint;
    const char *hint = fault_info(fault->code)->hint;
    return hint != NULL ? hint : "";
}

/* --- system calls --- */

static FaultCode code_of_error(int error_number)
{
    switch (error_number) {
    case ENOSPC:
    case EDQUOT:
        return FAULT_DISK_FULL;
    case ENOENT:
        return FAULT_UNDEFINED_FILE;
    case EACCES:
    case EPERM:
        return FAULT_INSUFFICIENT_PRIVILEGE;
    case ENOMEM:
        return FAULT_OUT_OF_MEMORY;
    case EMFILE:
    case ENFILE:
        return FAULT_INSUFFICIENT_RESOURCES;
    default:
        return FAULT_IO_ERROR;
    }
}

bool fault_set_system(Fault *fault, int error_number, const char *format, ...)
{
    char what[sizeof fault->message];
    va_list args;
    va_start(args, format);
    print_cut(what, sizeof what, format, args);
    va_end(args);
    char reason[128];
    /* the GNU strerror_r, which returns the text */
    const char *text = strerror_r(error_number, reason, sizeof reason);
    return fault_set(fault, code_of_error(error_number), "could not %.600s: %s", what, text);
}
