/*
 * Faults: how everything that can go wrong is reported.
 *
 * A function that can fail takes a `Fault *` last and returns bool (or NULL): it fills the
 * fault once, its callers pass the failure up and add only what they know better. A Fault is a
 * plain struct of fixed size: it owns no memory, can be copied by assignment, and crosses
 * processes as msgpack (protocol/frame/fault_codec).
 *
 * The table of codes is faults.def: one row a code, with its SQLSTATE and a hint.
 */
#ifndef TALARIA_BASE_FAULT_FAULT_H
#define TALARIA_BASE_FAULT_FAULT_H

#include <stdbool.h>
#include <stdint.h>

typedef enum FaultCode {
    FAULT_NONE = 0,
#define FAULT(symbol, name, sqlstate, hint) FAULT_##symbol,
#include "base/fault/faults.def"
#undef FAULT
    FAULT_CODE_COUNT
} FaultCode;

/* A typed field of a fault, such as maxWarnings = 10. Shown in DETAIL and in reports. */
typedef struct FaultField {
    char name[32];
    char value[160]; /* text form; `is_number` says whether it is shown without quotes */
    bool is_number; /* or other JSON */
} FaultField;

enum { FAULT_MAX_FIELDS = 8 };

typedef struct Fault {
    FaultCode code;
    /* 0, or the place in the statement as the user typed it: a byte offset + 1 into the
     * statement's text. The session turns it into the wire's 1-based character position. */
    int32_t position;
    char message[768]; /* lower case, no full stop, the values that matter */
    char detail[512];  /* free text, may be empty */
    char hint[384];    /* what to do; empty means the hint of the table's row */
    char context[256]; /* where in the data, as PostgreSQL's CONTEXT; does not travel between processes */
    int field_count;
    FaultField fields[FAULT_MAX_FIELDS];
} Fault;

/* What a row of the table says about a code. `hint` may be NULL. */
typedef struct FaultInfo {
    const char *symbol;   /* "DIVISION_BY_ZERO" */
    const char *name;     /* the fault's code as users see it: "TooManyWarnings" */
    const char *sqlstate; /* five characters */
    const char *hint;
} FaultInfo;

/* The table's row; `code` must be in range (FAULT_NONE has a row too, "00000"). */
const FaultInfo *fault_info(FaultCode code);

/* Finds a code by its user-visible name; FAULT_NONE when there is none. */
FaultCode fault_code_by_name(const char *name);

/*
 * Fills `fault` (clearing what it held) with a code and a message in printf's manner. A message
 * that is too long is cut at a character boundary. Returns false always, so that a failing
 * function can `return fault_set(fault, ...)`. `fault` may not be NULL.
 */
bool fault_set(Fault *fault, FaultCode code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* As fault_set, and sets the position (a byte offset, 0-based; -1 for none). */
bool fault_set_at(Fault *fault, int32_t offset, FaultCode code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Adds what a caller knows better. They return false, as fault_set does. */
bool fault_detail(Fault *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool fault_hint(Fault *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool fault_context(Fault *fault, const char *format, ...) __attribute__((format(printf, 2, 3)));
bool fault_field_text(Fault *fault, const char *name, const char *value);
bool fault_field_json(Fault *fault, const char *name, const char *value); /* JSON as it is */
bool fault_field_int(Fault *fault, const char *name, int64_t value);

/* Empties the fault: code FAULT_NONE. A Fault need not be initialised before fault_set. */
void fault_clear(Fault *fault);

/*
 * The text of DETAIL on the wire: the free detail, then the fault's code and fields, as
 * `TooManyWarnings {"maxWarnings":10}`, when the code is a named fault of the engine (its name
 * is not a PostgreSQL condition). Writes at most `size` bytes with the end mark; may be empty.
 */
void fault_format_detail(const Fault *fault, char *out, uint64_t size);

/* The hint to show: the fault's own, else its row's, else "". */
const char *fault_hint_text(const Fault *fault);

/*
 * A failure of a system call: "could not <what>: <strerror(error_number)>", with the SQLSTATE
 * that fits the error (53100 for ENOSPC, 58P01 for ENOENT, 42501 for EACCES, else 58030).
 */
bool fault_set_system(Fault *fault, int error_number, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
