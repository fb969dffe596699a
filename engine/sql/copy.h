/*
 * COPY: what a statement says of rows on their way in or out.
 */
#ifndef TALARIA_ENGINE_SQL_COPY_H
#define TALARIA_ENGINE_SQL_COPY_H

#include "engine/sql/sql.h"

typedef struct CopyStatement {
    bool is_from;
    bool has_header, matches_header;
    bool has_where; /* FROM: not all rows that are read are written */
    CopySpec spec;
    int32_t encoding_location; /* of ENCODING, whose name has not been checked */
    /* FROM: the columns that are given, in their order. */
    const Relation *relation;
    uint32_t column_count;
    const uint32_t *columns;   /* indexes into relation->columns */
    const bool *force_null, *force_not_null; /* one a column given */
    const Relation *source;    /* virtual: its rows are what has been read so far */
} CopyStatement;

/* Options of a STATEMENT_COPY, and for FROM its target; of TO the query is bound by sql_bind,
 * after this. 42601, 22023, 0A000 as PostgreSQL's. */
bool sql_copy(Arena *arena, const ParsedStatement *statement, BindContext *context,
              CopyStatement *copy, Fault *fault);
/* FROM: an ingestion of copy->source. */
bool sql_bind_copy_from(Arena *arena, const ParsedStatement *statement, BindContext *context,
                        const CopyStatement *copy, BoundQuery *query, Fault *fault);
/* After binding TO: force_quote by names needs the outputs. */
bool sql_copy_force_quote(Arena *arena, const ParsedStatement *statement, const BoundQuery *query,
                          CopyStatement *copy, Fault *fault);

#endif
