/*
 * Statements about what a session keeps: prepared statements and cursors.
 */
#include "engine/sql/statement_internal.h"

#include "base/memory/buffer.h"

/* Bits of DeclareCursorStmt.options (nodes/parsenodes.h). */
enum {
    OPTION_BINARY = 1 << 0,
    OPTION_SCROLL = 1 << 1,
    OPTION_NO_SCROLL = 1 << 2,
    OPTION_HOLD = 1 << 5,
};

static const char *made_name(Classifier *classifier, const char *name)
{
    return name_made(classifier->arena, name, 0);
}

/* The query inside becomes what is bound. */
static bool take_query(Classifier *classifier, const PgQuery__Node *query, StatementKind kind,
                       const char *tag)
{
    classifier->tree->node = query;
    if (!classify_query(classifier, query))
        return false;
    return classify_as(classifier, kind, tag);
}

static bool classify_prepare(Classifier *classifier, const PgQuery__PrepareStmt *prepare)
{
    classifier->statement->name = made_name(classifier, prepare->name);
    return take_query(classifier, prepare->query, STATEMENT_PREPARE, "PREPARE");
}

static bool classify_declare(Classifier *classifier, const PgQuery__DeclareCursorStmt *declare)
{
    ParsedStatement *statement = classifier->statement;
    statement->name = made_name(classifier, declare->portalname);
    statement->cursor = (CursorClause){
        .is_binary = (declare->options & OPTION_BINARY) != 0,
        .is_scroll = (declare->options & OPTION_SCROLL) != 0,
        .is_no_scroll = (declare->options & OPTION_NO_SCROLL) != 0,
        .is_hold = (declare->options & OPTION_HOLD) != 0,
    };
    return take_query(classifier, declare->query, STATEMENT_DECLARE, "DECLARE CURSOR");
}

static bool classify_fetch(Classifier *classifier, const PgQuery__FetchStmt *fetch)
{
    ParsedStatement *statement = classifier->statement;
    statement->name = made_name(classifier, fetch->portalname);
    CursorClause *cursor = &statement->cursor;
    cursor->is_move = fetch->ismove;
    cursor->count = fetch->how_many;
    switch (fetch->direction) {
    case PG_QUERY__FETCH_DIRECTION__FETCH_BACKWARD:
        cursor->direction = FETCH_BACKWARD;
        break;
    case PG_QUERY__FETCH_DIRECTION__FETCH_ABSOLUTE:
        cursor->direction = FETCH_ABSOLUTE;
        break;
    case PG_QUERY__FETCH_DIRECTION__FETCH_RELATIVE:
        cursor->direction = FETCH_RELATIVE;
        break;
    default:
        cursor->direction = FETCH_FORWARD;
        break;
    }
    return classify_as(classifier, STATEMENT_FETCH, fetch->ismove ? "MOVE" : "FETCH");
}

/* No name means all. */
static bool classify_end(Classifier *classifier, StatementKind kind, const char *name,
                         const char *tag, const char *tag_of_all)
{
    bool is_all = name[0] == '\0';
    classifier->statement->name = is_all ? NULL : made_name(classifier, name);
    return classify_as(classifier, kind, is_all ? tag_of_all : tag);
}

/* --- COPY --- */

static void put_name(Buffer *out, const char *marked)
{
    SchemaName name = name_read(marked);
    if (!name.is_quoted) {
        buffer_append(out, name.text.data, name.text.length);
        return;
    }
    buffer_append_byte(out, '"');
    for (uint32_t i = 0; i < name.text.length; i++) {
        if (name.text.data[i] == '"')
            buffer_append_byte(out, '"');
        buffer_append_byte(out, (uint8_t)name.text.data[i]);
    }
    buffer_append_byte(out, '"');
}

/* COPY t (a, b) TO: SELECT a, b FROM t. */
static bool select_table(Classifier *classifier, const PgQuery__CopyStmt *copy)
{
    Buffer sql = BUFFER_EMPTY;
    buffer_append_string(&sql, copy->n_attlist == 0 ? "SELECT *" : "SELECT ");
    for (size_t i = 0; i < copy->n_attlist; i++) {
        buffer_append_string(&sql, i > 0 ? ", " : "");
        put_name(&sql, copy->attlist[i]->string->sval);
    }
    buffer_append_string(&sql, " FROM ");
    if (copy->relation->schemaname[0] != '\0') {
        put_name(&sql, copy->relation->schemaname);
        buffer_append_byte(&sql, '.');
    }
    put_name(&sql, copy->relation->relname);
    classifier->tree->node = parse_plain(classifier->arena, buffer_string(&sql), classifier->fault);
    classifier->statement->has_own_text = true;
    buffer_clear(&sql);
    return classifier->tree->node != NULL;
}

static bool classify_copy(Classifier *classifier, const PgQuery__CopyStmt *copy)
{
    if (copy->is_program || copy->filename[0] != '\0')
        return classify_refuse(classifier,
                               "Use STDIN or STDOUT, psql's \\copy, or read files with EXTERN.",
                               "COPY to or from a file or program is not supported");
    classify_as(classifier, STATEMENT_COPY, "COPY");
    classifier->statement->is_copy_from = copy->is_from;
    if (copy->is_from)
        return true;
    if (copy->query == NULL)
        return select_table(classifier, copy);
    classifier->tree->node = copy->query;
    if (copy->query->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
        return classify_refuse(classifier, NULL, "COPY of what is no query is not supported");
    return true;
}

bool classify_session(Classifier *classifier, const PgQuery__Node *node, bool *known)
{
    *known = true;
    switch (node->node_case) {
    case PG_QUERY__NODE__NODE_PREPARE_STMT:
        return classify_prepare(classifier, node->prepare_stmt);
    case PG_QUERY__NODE__NODE_EXECUTE_STMT:
        classifier->statement->name = made_name(classifier, node->execute_stmt->name);
        return classify_as(classifier, STATEMENT_EXECUTE, "EXECUTE");
    case PG_QUERY__NODE__NODE_DEALLOCATE_STMT:
        return classify_end(classifier, STATEMENT_DEALLOCATE, node->deallocate_stmt->name,
                            "DEALLOCATE", "DEALLOCATE ALL");
    case PG_QUERY__NODE__NODE_DECLARE_CURSOR_STMT:
        return classify_declare(classifier, node->declare_cursor_stmt);
    case PG_QUERY__NODE__NODE_FETCH_STMT:
        return classify_fetch(classifier, node->fetch_stmt);
    case PG_QUERY__NODE__NODE_CLOSE_PORTAL_STMT:
        return classify_end(classifier, STATEMENT_CLOSE, node->close_portal_stmt->portalname,
                            "CLOSE CURSOR", "CLOSE CURSOR ALL");
    case PG_QUERY__NODE__NODE_COPY_STMT:
        return classify_copy(classifier, node->copy_stmt);
    default:
        *known = false;
        return false;
    }
}
