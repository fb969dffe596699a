/*
 * A server whose controllers and workers only play their part: they answer a handful of
 * statements by their looks, so that the front end can be tested alone.
 *
 *   SELECT 1, SELECT $1::text, ...         one row
 *   SELECT x FROM generate_series(1, n) AS t(x)
 *                                          n rows; from the controller, over 1000 from workers
 *   SELECT pg_sleep(s)                     until it is over or cancelled
 *   SELECT 1/0                             22012
 *   SET, RESET, SHOW, BEGIN, COMMIT, ROLLBACK, DEALLOCATE
 *   SELECT double_crash()                  the controller dies
 *   SELECT double_hang()                   the controller never answers, not even a cancel
 *   SELECT double_worker_crash()           a worker dies in the middle of its rows
 *   SELECT double_state()                  one row: sessions and workers that the front end knows
 *   SELECT double_wait_slots(ms)           holds all workers for so long
 */
#ifndef TALARIA_REGRESS_WIRE_DOUBLE_H
#define TALARIA_REGRESS_WIRE_DOUBLE_H

#include "server/supervisor/supervisor.h"

int double_controller_main(const ChildContext *context);
int double_worker_main(const ChildContext *context);

#endif
