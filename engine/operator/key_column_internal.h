/*
 * The insides of key tables: see key_table_internal.h.
 */
#ifndef TALARIA_ENGINE_OPERATOR_KEY_COLUMN_INTERNAL_H
#define TALARIA_ENGINE_OPERATOR_KEY_COLUMN_INTERNAL_H

#include "engine/operator/key_table_internal.h"

enum {
    KEY_DIRECT_LIMIT = 1 << 20, /* codes of a direct table, unless many keys are expected */
    KEY_DIRECT_MOST = 1 << 26,
    KEY_EXPECT_MOST = 1 << 20, /* keys for which slots are made before they come */
    KEY_DIRECT_SPARSE = 8, /* codes a key that an array may have to be worth it */
    KEY_FIRST_SPAN = 16,
    KEY_LOCAL_ENTRIES = 4096, /* a dictionary with fewer is cheaper to look up at once */
    KEY_LOCAL_DIRECT = 1 << 19, /* codes of a direct table that is cleared with each dictionary */
    KEY_KEPT_SPARSE = 2, /* kept texts a key that may be entries */
    KEY_LOCAL_DENSE = 1 << 18, /* one with more has no entry for each of its codes */
};

typedef enum KeyKind {
    KEY_INTERNED, /* ids of a TextTable: strings; INT128 and arrays by their bytes */
    KEY_OFFSET,   /* integers in [base, base + span - 1): value - base + 1, 0 NULL */
    KEY_NARROW,   /* integers in 32 bits (signed, without the least one): biased, 0 NULL */
    KEY_WIDE,     /* integers as they are, NULL told apart */
} KeyKind;

/* What is kept of a column for each entry, and the codes of the batch at hand. */
typedef struct KeyColumn {
    Budget *budget;
    Layout layout;
    Layout element_layout; /* ARRAY, once an element was seen */
    Buffer encoded;        /* bytes of the batch's wide values, to be interned */
    KeyKind kind;
    uint32_t span; /* codes are below it; 0: not bounded (NARROW, WIDE, or outgrown) */
    uint32_t span_limit;
    bool has_base;
    int64_t base;          /* OFFSET */
    TextTable *texts;      /* INTERNED: its own, or one that is kept */
    TextTable own;
    SegmentCache *cache;   /* where `texts` was borrowed; NULL: it was not */
    const Dictionary *local; /* INTERNED: codes are this one's, no text is looked at; held */
    GrowArray values;      /* by entry: uint32_t ids (INTERNED) or int64_t */
    GrowArray nulls;       /* by entry, integers: one byte */
    Dictionary dictionary; /* the view handed out last; one id as long as nothing is added, so
                              that who caches by it profits */
    /* the batch at hand */
    uint32_t codes[BATCH_ROWS + 16]; /* all kinds but WIDE */
    int64_t integers[BATCH_ROWS + 16];
    uint8_t is_null[BATCH_ROWS + 64];
} KeyColumn;

typedef enum KeyMode {
    KEYS_UNDECIDED,
    KEYS_IDENTITY,
    KEYS_LOCAL,
    KEYS_KEPT,
    KEYS_DIRECT,
    KEYS_HASH
} KeyMode;

struct KeyTable {
    Budget *budget;
    uint32_t column_count;
    KeyColumn *columns;
    KeyMode mode;
    uint32_t count;
    uint32_t direct_limit;
    uint32_t expected; /* keys, about, of which room is made for; 0 unknown */
    uint64_t foreseen; /* keys, about; 0 unknown */
    bool has_null;    /* IDENTITY: entry 0 has come */
    uint32_t present_count; /* LOCAL, KEPT: entries that have come, */
    GrowArray present;      /* a byte each */
    GrowArray direct; /* DIRECT: uint32_t entry + 1 by combined code */
    /* HASH. One word: slots of {key, entry + 1}; more: slots of hash half and entry + 1, and the
     * tuples by entry in `packed`. */
    bool is_single_wide; /* one wide column: NULL has its entry outside of the slots */
    uint32_t null_halves;
    uint32_t word_count;
    uint32_t slot_bits;
    uint32_t null_entry;
    SegmentCache *cache; /* that keeps texts; NULL: none are borrowed */
    bool is_local, is_dense; /* has been, at least: see key_table_be_local */
    GrowArray slots;
    GrowArray packed;
    uint64_t *words; /* scratch: the tuples of the batch at hand, word after word */
};

void key_column_init(KeyColumn *column, Budget *budget, Layout layout);
void key_column_clear(KeyColumn *column);
void key_column_reset(KeyColumn *column);
size_t key_column_memory(const KeyColumn *column);
/* Fills codes (or integers, is_null) for the batch; *changed when kind or span had to change. */
bool key_column_encode(KeyColumn *column, const Vector *vector, uint32_t rows, bool allow_span,
                       bool *changed, Fault *fault);
/* The same without adding: rows whose value cannot be in the table are marked. */
bool key_column_find(KeyColumn *column, const Vector *vector, uint32_t rows, bool *is_absent,
                     Fault *fault);
/* Before the first batch. Texts of the vector's dictionary are looked up where they are kept: */
void key_column_borrow(KeyColumn *column, SegmentCache *cache, const Vector *vector);
/* or not at all, as long as its dictionary stays. */
void key_column_be_local(KeyColumn *column, const Vector *vector);
/* OFFSET becomes NARROW or WIDE, for lookups by hash; the batch's codes follow. */
void key_column_leave_spans(KeyColumn *column);
/* Keeps the values of rows[0..count) of the batch for the new entries first, first + 1, ... */
bool key_column_keep(KeyColumn *column, const uint32_t *rows, uint32_t count, uint32_t first,
                     Fault *fault);
/* Makes entries [first, first + count) the batch at hand, to enter them into another lookup. The
 * batch that was at hand must be encoded again. */
void key_column_recall(KeyColumn *column, uint32_t first, uint32_t count);
Vector key_column_vector(KeyColumn *column, bool is_identity, uint32_t first, uint32_t count,
                         Arena *arena);

/* --- lookups of the batch at hand --- */
bool key_identity_add(KeyTable *table, uint32_t rows, uint32_t *entries, Fault *fault);
void key_local_add(KeyTable *table, uint32_t rows, uint32_t *entries); /* there is room in `present` */
void key_identity_find(KeyTable *table, uint32_t rows, const bool *is_absent, uint32_t *entries);
bool key_direct_add(KeyTable *table, uint32_t rows, uint32_t *entries, Fault *fault);
void key_direct_find(KeyTable *table, uint32_t rows, const bool *is_absent, uint32_t *entries);
bool key_hash_reserve(KeyTable *table, uint32_t extra, Fault *fault);
bool key_hash_add(KeyTable *table, uint32_t rows, uint32_t *entries, Fault *fault);
void key_hash_find(KeyTable *table, uint32_t rows, const bool *is_absent, uint32_t *entries);
/* Enters all entries into the (empty) lookup again. Clobbers the batch at hand. */
bool key_table_reenter(KeyTable *table, Fault *fault);

#endif
