/*
 * The cases of the wire: what every server of this protocol must do, whoever answers the
 * statements. A case takes the target from wire_target.
 */
#ifndef TALARIA_REGRESS_WIRE_CASES_H
#define TALARIA_REGRESS_WIRE_CASES_H

#include "regress/wire/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

extern WireTarget wire_target;

/* Runs all cases; the number of those that failed. */
int run_startup_cases(void);
int run_simple_cases(void);
int run_extended_cases(void);
int run_portal_cases(void);
int run_hostile_cases(void);

/* The statement that gives the numbers 1 to `count`. In a static buffer. */
const char *series(long count);

/* An error, before or behind the description of what it would have given, then ready again. */
void assert_fails(const char *answer);

#define assert_sqlstate(state) assert_string_equal(wire_error_field('C'), (state))

#endif
