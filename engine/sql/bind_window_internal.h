/*
 * Window functions: shared by bind_window.c and bind_window_frame.c.
 */
#ifndef TALARIA_ENGINE_SQL_BIND_WINDOW_INTERNAL_H
#define TALARIA_ENGINE_SQL_BIND_WINDOW_INTERNAL_H

#include "engine/sql/bind_internal.h"

/* The bits of a parsed window's frame_options (PostgreSQL's FRAMEOPTION_*). */
enum {
    FRAME_OPTION_NONDEFAULT = 0x00001,
    FRAME_OPTION_RANGE = 0x00002,
    FRAME_OPTION_ROWS = 0x00004,
    FRAME_OPTION_GROUPS = 0x00008,
    FRAME_OPTION_START_UNBOUNDED_PRECEDING = 0x00020,
    FRAME_OPTION_END_UNBOUNDED_FOLLOWING = 0x00100,
    FRAME_OPTION_START_CURRENT = 0x00200,
    FRAME_OPTION_END_CURRENT = 0x00400,
    FRAME_OPTION_START_PRECEDING = 0x00800,
    FRAME_OPTION_END_PRECEDING = 0x01000,
    FRAME_OPTION_START_FOLLOWING = 0x02000,
    FRAME_OPTION_END_FOLLOWING = 0x04000,
    FRAME_OPTION_EXCLUDE_CURRENT_ROW = 0x08000,
    FRAME_OPTION_EXCLUDE_GROUP = 0x10000,
    FRAME_OPTION_EXCLUDE_TIES = 0x20000,
};

/* Whether the frame suits the window's ORDER BY. */
bool window_frame_check(Binder *binder, const WindowSpec *spec);
/* The frame of the call `expr`, to whose arguments the bounds of RANGE are added. */
bool window_frame_bind(Binder *binder, const WindowSpec *spec, Expr *expr,
                       PlanWindowFunction *function);

#endif
