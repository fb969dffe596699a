/*
 * DECLARE, FETCH, MOVE, CLOSE. A cursor is a portal of the front end, under one set of names with
 * the protocol's: DECLARE says what its query is, the first FETCH makes the front end ask a
 * controller for its rows, and every FETCH takes as many of them as it wants, so a cursor
 * over any number of rows holds no more of them than its producers may have on the way.
 */
#include "server/controller/controller_internal.h"

static bool check_declare(Request *request, const ParsedStatement *statement, Fault *fault)
{
    const CursorClause *cursor = &statement->cursor;
    if (cursor->is_scroll && cursor->is_no_scroll)
        return fault_set(fault, FAULT_INVALID_CURSOR_DEFINITION,
                         "cannot specify both SCROLL and NO SCROLL");
    bool in_block = request->transaction != 'I' || request->statement_count > 1;
    return cursor->is_hold || in_block ||
           fault_set(fault, FAULT_NO_ACTIVE_SQL_TRANSACTION,
                     "DECLARE CURSOR can only be used in transaction blocks");
}

bool cursor_declare(Request *request, const ParsedStatement *statement, Fault *fault)
{
    QueryShape shape = {0};
    if (!check_declare(request, statement, fault))
        return false;
    bool ok = query_shape(request, statement, &shape, fault);
    if (ok) {
        respond_cursor(request, statement, &shape);
        respond_complete(request, statement->tag);
    }
    buffer_clear(&shape.row_description);
    return ok;
}

bool cursor_describe_declare(Request *request, const ParsedStatement *statement, Fault *fault)
{
    QueryShape shape = {0};
    Buffer nothing = BUFFER_EMPTY;
    bool ok = query_shape(request, statement, &shape, fault);
    pgwire_no_data(&nothing);
    if (ok)
        respond_prepared(request, shape.parameter_types, shape.parameter_count, &nothing);
    buffer_clear(&nothing);
    buffer_clear(&shape.row_description);
    return ok;
}

/* The front end sends the rows and the tag. What comes after FETCH in one text must not run
 * before it is known that it has not failed. */
bool cursor_fetch(Request *request, const ParsedStatement *statement, Fault *fault)
{
    bool waits = request->statement_at + 1 < request->statement_count;
    request->has_fetched = false;
    respond_fetch(request, statement, waits);
    if (!waits)
        return true;
    if (!front_flush(request))
        return fault_set(fault, FAULT_CANCELED_BY_SHUTDOWN, "the front end is gone");
    while (!request->has_fetched && !request->is_cancelled)
        front_pump(request, 1000);
    if (request->has_fetched)
        return true;
    *fault = request->cancel_fault;
    return false;
}

bool cursor_close(Request *request, const ParsedStatement *statement)
{
    respond_close_cursor(request, statement->name);
    respond_complete(request, statement->tag);
    return true;
}
