/*
 * What the time functions share: units, wall-clock fields, and grids to floor instants to.
 *
 * All arithmetic on instants wraps instead of overflowing, since loops also run on the garbage
 * beneath nulls; the infinities (INT64_MIN, INT64_MAX) are kept by every function that gives a
 * time.
 */
#ifndef TALARIA_ENGINE_FUNCTION_TIME_INTERNAL_H
#define TALARIA_ENGINE_FUNCTION_TIME_INTERNAL_H

#include "engine/function/rows_internal.h"
#include "engine/type/timezone.h"

typedef enum TimeUnit {
    UNIT_NO_TIME, /* not a unit */
    UNIT_MICROSECOND,
    UNIT_MILLISECOND,
    UNIT_SECOND,
    UNIT_MINUTE,
    UNIT_HOUR,
    UNIT_DAY,
    UNIT_WEEK,
    UNIT_MONTH,
    UNIT_QUARTER,
    UNIT_YEAR,
    UNIT_DECADE,
    UNIT_CENTURY,
    UNIT_MILLENNIUM,
    /* only of EXTRACT */
    UNIT_EPOCH,
    UNIT_DOW,
    UNIT_ISODOW,
    UNIT_DOY,
    UNIT_ISOYEAR,
    UNIT_JULIAN,
    UNIT_TIMEZONE,
    UNIT_TIMEZONE_HOUR,
    UNIT_TIMEZONE_MINUTE,
} TimeUnit;

/* By name, singular or plural, whatever the case; UNIT_NO_TIME when there is none. */
TimeUnit time_unit_of(Text name);
bool time_unit_unknown(Text name, Fault *fault); /* 22023, as PostgreSQL says it */

/* Fractions of months go to days, of days to time (arithmetic_time.c). 22008 when out of range. */
FaultCode interval_multiplied(IntervalValue a, double factor, IntervalValue *result);
FaultCode interval_divided(IntervalValue a, double divisor, IntervalValue *result);

static inline bool time_is_infinite(int64_t time)
{
    return time == INT64_MAX || time == INT64_MIN;
}

static inline int64_t wrap_add(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static inline int64_t wrap_subtract(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a - (uint64_t)b);
}

static inline int64_t wrap_multiply(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a * (uint64_t)b);
}

/* Quotient towards minus infinity; b > 0. */
static inline int64_t floor_divide(int64_t a, int64_t b)
{
    int64_t quotient = a / b;
    return quotient - (a % b < 0);
}

static inline int64_t floor_modulo(int64_t a, int64_t b)
{
    int64_t rest = a % b;
    return rest + (rest < 0 ? b : 0);
}

/*
 * Year, month, day of a day since 1970-01-01, for every day that microseconds reach (Neri and
 * Schneider, "Euclidean affine functions and their application to calendar algorithms", 2021).
 */
static inline void days_to_civil(int64_t days, int64_t *year, int32_t *month, int32_t *day)
{
    /* 740 eras of 400 years make the number positive. */
    const uint32_t eras = 740;
    uint32_t number = (uint32_t)((uint64_t)days + 719468 + (uint64_t)146097 * eras);
    uint32_t quarter_days = 4 * number + 3;
    uint32_t century = quarter_days / 146097;
    uint32_t of_century = quarter_days % 146097 / 4;
    uint64_t product = UINT64_C(2939745) * (4 * of_century + 3);
    uint32_t of_year = (uint32_t)product / 2939745 / 4;
    uint32_t packed = 2141 * of_year + 197913;
    uint32_t is_next_year = of_year >= 306;
    *year =
        (int64_t)(100 * century + (uint32_t)(product >> 32) + is_next_year) - 400 * (int64_t)eras;
    *month = (int32_t)((packed >> 16) - 12 * is_next_year);
    *day = (int32_t)((packed & 0xFFFF) / 2141 + 1);
}

/* The day number of the first of a month, whose index is year * 12 + month - 1. */
static inline int64_t month_to_days(int64_t index)
{
    int64_t year = floor_divide(index, 12);
    int32_t month = (int32_t)floor_modulo(index, 12) + 1;
    year -= month <= 2;
    int64_t era = floor_divide(year, 400);
    uint32_t year_of_era = (uint32_t)wrap_subtract(year, wrap_multiply(era, 400));
    uint32_t day_of_year = (153 * (uint32_t)(month > 2 ? month - 3 : month + 9) + 2) / 5;
    uint32_t of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return wrap_add(wrap_multiply(era, 146097), (int64_t)of_era - 719468);
}

/* Division of numbers below 2^63 by a constant: a product and a shift (Granlund and Montgomery,
 * "Division by invariant integers using multiplication", 1994). */
typedef struct Divider {
    uint64_t magic;
    uint32_t shift;
    int64_t width;
} Divider;

Divider divider_make(int64_t width); /* width > 0 */

static inline uint64_t divider_quotient(Divider divider, uint64_t number)
{
    return (uint64_t)(((unsigned __int128)number * divider.magic) >> 64) >> divider.shift;
}

/*
 * A grid: which instants are starts of periods.
 *   uniform   every `width` microseconds from an anchor on
 *   months    every `months` months of the wall clock of a fixed offset
 *   local     the same two on the wall clock of a zone whose offset changes
 *   period    whatever period_floor says
 */
typedef enum GridKind {
    GRID_IDENTITY,
    GRID_UNIFORM,
    GRID_MONTHS,
    GRID_LOCAL,
    GRID_PERIOD
} GridKind;

typedef struct TimeGrid {
    GridKind kind;
    Divider divider;        /* UNIFORM, and LOCAL without months */
    int64_t base;           /* UNIFORM: a grid point below every instant of any use; LOCAL: of the
                               wall clock */
    int64_t months;         /* MONTHS, LOCAL: 0 for widths */
    int64_t first_month;    /* a month of the grid: year * 12 + month - 1 */
    int64_t offset;         /* MONTHS: wall clock less UTC */
    bool keeps_offset;      /* LOCAL: periods below a day are cut in the offset of the instant */
    struct GridSlot *slots; /* what was floored lately, NULL: nothing is remembered */
    uint32_t slot_shift;
    Period period; /* PERIOD */
    int64_t origin;
    const TimeZone *zone;
} TimeGrid;

/* The grid of date_trunc: `zone` NULL for times without one. False: not a unit to floor to. */
bool time_grid_of_unit(TimeUnit unit, const TimeZone *zone, TimeGrid *grid);
/* The grid of TIME_FLOOR; origin INT64_MIN for the default. */
bool time_grid_of_period(Text period, int64_t origin, const TimeZone *zone, TimeGrid *grid,
                         Fault *fault);
/* Remembers floors for time_grid_floor; for grids that many rows will use. */
void time_grid_remember(TimeGrid *grid, Arena *arena);
int64_t time_grid_floor_one(const TimeGrid *grid, int64_t time);
int64_t time_grid_next(const TimeGrid *grid, int64_t start); /* the grid point after `start` */
/* Writes to what the grid remembers. */
void time_grid_floor(const TimeGrid *grid, const int64_t *times, uint32_t rows, int64_t *out);

/* The zone that a timestamptz function works in: the session's, or UTC without a context. */
const TimeZone *call_zone(const ScalarCall *call);

/*
 * A field of a time on the wall clock `local`; `utc` is the instant (for EPOCH) and equals
 * `local` where there is no zone. Integers: seconds and the like are floored. `iso_dow`: DOW
 * means ISODOW.
 */
int64_t time_field(TimeUnit unit, int64_t local, int64_t utc, bool iso_dow);
/* Fields with a fraction, in millionths: SECOND, MILLISECOND, EPOCH; others times a million. */
__int128 time_field_millionths(TimeUnit unit, int64_t local, int64_t utc, bool iso_dow);

#endif
