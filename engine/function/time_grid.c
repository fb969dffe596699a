/*
 * Grids of instants: what TIME_FLOOR, TIME_CEIL, FLOOR(.. TO ..) and date_trunc floor to.
 *
 * With a fixed offset a period of constant width is a subtraction, a product and a shift a row,
 * and months are a few dozen instructions. Dearer grids remember floors by slots, pieces of
 * time of a power of two of microseconds: flooring is monotonic, so where both ends of a slot
 * have the same floor, all between have it too.
 */
#include "engine/function/time_internal.h"

#include <strings.h>

/* --- units --- */

typedef struct UnitName {
    const char *name;
    TimeUnit unit;
} UnitName;

static const UnitName unit_names[] = {
    {"microsecond", UNIT_MICROSECOND},
    {"microseconds", UNIT_MICROSECOND},
    {"us", UNIT_MICROSECOND},
    {"usec", UNIT_MICROSECOND},
    {"usecs", UNIT_MICROSECOND},
    {"millisecond", UNIT_MILLISECOND},
    {"milliseconds", UNIT_MILLISECOND},
    {"ms", UNIT_MILLISECOND},
    {"msec", UNIT_MILLISECOND},
    {"msecs", UNIT_MILLISECOND},
    {"second", UNIT_SECOND},
    {"seconds", UNIT_SECOND},
    {"sec", UNIT_SECOND},
    {"secs", UNIT_SECOND},
    {"s", UNIT_SECOND},
    {"minute", UNIT_MINUTE},
    {"minutes", UNIT_MINUTE},
    {"min", UNIT_MINUTE},
    {"mins", UNIT_MINUTE},
    {"m", UNIT_MINUTE},
    {"hour", UNIT_HOUR},
    {"hours", UNIT_HOUR},
    {"hr", UNIT_HOUR},
    {"hrs", UNIT_HOUR},
    {"h", UNIT_HOUR},
    {"day", UNIT_DAY},
    {"days", UNIT_DAY},
    {"d", UNIT_DAY},
    {"week", UNIT_WEEK},
    {"weeks", UNIT_WEEK},
    {"w", UNIT_WEEK},
    {"month", UNIT_MONTH},
    {"months", UNIT_MONTH},
    {"mon", UNIT_MONTH},
    {"mons", UNIT_MONTH},
    {"quarter", UNIT_QUARTER},
    {"qtr", UNIT_QUARTER},
    {"year", UNIT_YEAR},
    {"years", UNIT_YEAR},
    {"yr", UNIT_YEAR},
    {"yrs", UNIT_YEAR},
    {"y", UNIT_YEAR},
    {"decade", UNIT_DECADE},
    {"decades", UNIT_DECADE},
    {"dec", UNIT_DECADE},
    {"century", UNIT_CENTURY},
    {"centuries", UNIT_CENTURY},
    {"cent", UNIT_CENTURY},
    {"c", UNIT_CENTURY},
    {"millennium", UNIT_MILLENNIUM},
    {"millennia", UNIT_MILLENNIUM},
    {"mil", UNIT_MILLENNIUM},
    {"mils", UNIT_MILLENNIUM},
    {"epoch", UNIT_EPOCH},
    {"dow", UNIT_DOW},
    {"isodow", UNIT_ISODOW},
    {"doy", UNIT_DOY},
    {"isoyear", UNIT_ISOYEAR},
    {"julian", UNIT_JULIAN},
    {"timezone", UNIT_TIMEZONE},
    {"timezone_h", UNIT_TIMEZONE_HOUR},
    {"timezone_hour", UNIT_TIMEZONE_HOUR},
    {"timezone_m", UNIT_TIMEZONE_MINUTE},
    {"timezone_minute", UNIT_TIMEZONE_MINUTE},
};

TimeUnit time_unit_of(Text name)
{
    for (size_t i = 0; i < sizeof unit_names / sizeof unit_names[0]; i++)
        if (strlen(unit_names[i].name) == name.length &&
            strncasecmp(unit_names[i].name, name.data, name.length) == 0)
            return unit_names[i].unit;
    return UNIT_NO_TIME;
}

bool time_unit_unknown(Text name, Fault *fault)
{
    return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "unit \"%.*s\" not recognized",
                     TEXT_ARGS(name));
}

const TimeZone *call_zone(const ScalarCall *call)
{
    return call->context != NULL && call->context->zone != NULL ? call->context->zone
                                                                : timezone_utc();
}

/* --- dividing --- */

Divider divider_make(int64_t width)
{
    uint32_t bits = width == 1 ? 0 : 64 - (uint32_t)__builtin_clzll((uint64_t)width - 1);
    /* magic = ceil(2^(63 + bits) / width), which is below 2^64 for bits > 0. */
    if (bits == 0)
        return (Divider){.magic = UINT64_C(1) << 63, .shift = 0, .width = 1};
    unsigned __int128 power = (unsigned __int128)1 << (63 + bits);
    uint64_t magic = (uint64_t)((power + (uint64_t)width - 1) / (uint64_t)width);
    return (Divider){.magic = magic, .shift = bits - 1, .width = width};
}

/* --- making --- */

/* The least grid point of a uniform grid that is 2^61 or more below the epoch. */
static int64_t grid_base(int64_t width, int64_t anchor)
{
    const int64_t low = -(INT64_C(1) << 61);
    return low + floor_modulo(anchor - low, width) - width;
}

static void grid_uniform(TimeGrid *grid, int64_t width, int64_t anchor)
{
    grid->kind = width == 1 ? GRID_IDENTITY : GRID_UNIFORM;
    grid->divider = divider_make(width);
    grid->base = grid_base(width, floor_modulo(anchor, width));
}

static void grid_months(TimeGrid *grid, int64_t months, int64_t first_year, int64_t offset)
{
    grid->kind = GRID_MONTHS;
    grid->months = months;
    grid->first_month = first_year * 12;
    grid->offset = offset;
}

/* Microseconds of a unit of constant width, 0 of others. */
static int64_t unit_width(TimeUnit unit)
{
    switch (unit) {
    case UNIT_MICROSECOND:
        return 1;
    case UNIT_MILLISECOND:
        return 1000;
    case UNIT_SECOND:
        return MICROS_PER_SECOND;
    case UNIT_MINUTE:
        return 60 * MICROS_PER_SECOND;
    case UNIT_HOUR:
        return 3600 * MICROS_PER_SECOND;
    case UNIT_DAY:
        return MICROS_PER_DAY;
    case UNIT_WEEK:
        return 7 * MICROS_PER_DAY;
    default:
        return 0;
    }
}

/* Months of a unit, and a year that starts one; 0 of others. */
static int64_t unit_months(TimeUnit unit, int64_t *first_year)
{
    *first_year = 0;
    switch (unit) {
    case UNIT_MONTH:
        return 1;
    case UNIT_QUARTER:
        return 3;
    case UNIT_YEAR:
        return 12;
    case UNIT_DECADE:
        return 120;
    case UNIT_CENTURY: /* the 21st began in 2001 */
        *first_year = 1;
        return 1200;
    case UNIT_MILLENNIUM:
        *first_year = 1;
        return 12000;
    default:
        return 0;
    }
}

bool time_grid_of_unit(TimeUnit unit, const TimeZone *zone, TimeGrid *grid)
{
    int64_t first_year, offset = 0;
    int64_t width = unit_width(unit), months = unit_months(unit, &first_year);
    /* Weeks start on Mondays: 1970-01-05 was one. */
    int64_t anchor = unit == UNIT_WEEK ? 4 * MICROS_PER_DAY : 0;
    bool is_fixed = zone == NULL || timezone_is_fixed(zone, &offset);
    *grid = (TimeGrid){.zone = zone};
    if (width == 0 && months == 0)
        return false;
    if (width != 0)
        grid_uniform(grid, width, is_fixed ? anchor - offset : anchor);
    else
        grid_months(grid, months, first_year, offset);
    if (!is_fixed && grid->kind != GRID_IDENTITY) {
        grid->kind = GRID_LOCAL;
        grid->keeps_offset = width != 0 && width < MICROS_PER_DAY;
    }
    return true;
}

bool time_grid_of_period(Text text, int64_t origin, const TimeZone *zone, TimeGrid *grid,
                         Fault *fault)
{
    Period period;
    if (!period_parse(text, &period, fault))
        return false;
    if (period.months < 0 || period.days < 0 || period.micros < 0 ||
        (period.months == 0 && period.days == 0 && period.micros == 0))
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                         "the period \"%.*s\" must be positive", TEXT_ARGS(text));
    *grid = (TimeGrid){.kind = GRID_PERIOD, .period = period, .origin = origin, .zone = zone};
    int64_t width, anchor, offset;
    if (period_is_uniform(&period, zone, origin, &width, &anchor) && width > 0)
        grid_uniform(grid, width, anchor);
    else if (origin == INT64_MIN && period.days == 0 && period.micros == 0 &&
             timezone_is_fixed(zone, &offset))
        grid_months(grid, period.months, 1970, offset);
    return true;
}

/* --- flooring --- */

/* Infinities, and times too far from the epoch for a product of 64 bits. */
__attribute__((cold, noinline)) static int64_t floor_far(const TimeGrid *grid, int64_t time)
{
    if (time_is_infinite(time))
        return time;
    __int128 distance = (__int128)time - grid->base, width = grid->divider.width;
    __int128 rest = distance % width;
    return (int64_t)(uint64_t)((__int128)time - (rest < 0 ? rest + width : rest));
}

static inline int64_t floor_uniform(const TimeGrid *grid, int64_t time)
{
    uint64_t distance = (uint64_t)time - (uint64_t)grid->base;
    if (__builtin_expect(distance >> 63 != 0, 0))
        return floor_far(grid, time);
    uint64_t start = divider_quotient(grid->divider, distance) * (uint64_t)grid->divider.width;
    return (int64_t)(start + (uint64_t)grid->base);
}

static inline int64_t floor_months(const TimeGrid *grid, int64_t local)
{
    int64_t year;
    int32_t month, day;
    days_to_civil(floor_divide(local, MICROS_PER_DAY), &year, &month, &day);
    int64_t index = year * 12 + month - 1 - grid->first_month;
    index = grid->months == 1 ? index : floor_divide(index, grid->months) * grid->months;
    return wrap_multiply(month_to_days(index + grid->first_month), MICROS_PER_DAY);
}

static int64_t floor_local(const TimeGrid *grid, int64_t time)
{
    int64_t local = timezone_to_local(grid->zone, time);
    int64_t floored = grid->months != 0 ? floor_months(grid, local) : floor_uniform(grid, local);
    return grid->keeps_offset ? wrap_subtract(time, wrap_subtract(local, floored))
                              : timezone_to_utc(grid->zone, floored);
}

int64_t time_grid_floor_one(const TimeGrid *grid, int64_t time)
{
    if (time_is_infinite(time))
        return time;
    switch (grid->kind) {
    case GRID_IDENTITY:
        return time;
    case GRID_UNIFORM:
        return floor_uniform(grid, time);
    case GRID_MONTHS:
        return wrap_subtract(floor_months(grid, wrap_add(time, grid->offset)), grid->offset);
    case GRID_LOCAL:
        return floor_local(grid, time);
    case GRID_PERIOD:
        return period_floor(&grid->period, time, grid->origin, grid->zone);
    }
    return time;
}

int64_t time_grid_next(const TimeGrid *grid, int64_t start)
{
    if (time_is_infinite(start))
        return start;
    switch (grid->kind) {
    case GRID_IDENTITY:
        return start;
    case GRID_UNIFORM:
        return wrap_add(start, grid->divider.width);
    case GRID_PERIOD:
        return period_shift(&grid->period, start, 1, grid->zone);
    case GRID_MONTHS:
    case GRID_LOCAL:
        break;
    }
    bool is_local = grid->kind == GRID_LOCAL;
    int64_t local = is_local ? timezone_to_local(grid->zone, start) : wrap_add(start, grid->offset);
    if (grid->months == 0) {
        if (grid->keeps_offset)
            return wrap_add(start, grid->divider.width);
        return timezone_to_utc(grid->zone, wrap_add(local, grid->divider.width));
    }
    int64_t year;
    int32_t month, day;
    days_to_civil(floor_divide(local, MICROS_PER_DAY), &year, &month, &day);
    int64_t days = month_to_days(year * 12 + month - 1 + grid->months);
    int64_t next = wrap_multiply(days, MICROS_PER_DAY);
    return is_local ? timezone_to_utc(grid->zone, next) : wrap_subtract(next, grid->offset);
}

static void floor_all_uniform(const TimeGrid *grid, const int64_t *times, uint32_t rows,
                              int64_t *restrict out)
{
    const TimeGrid copy = *grid;
    for (uint32_t i = 0; i < rows; i++)
        out[i] = floor_uniform(&copy, times[i]);
}

/* --- slots --- */

enum { GRID_SLOTS = 1024 };

typedef struct GridSlot {
    int64_t number; /* of the slot: time >> shift */
    int64_t floor;
} GridSlot;

void time_grid_remember(TimeGrid *grid, Arena *arena)
{
    if (grid->kind == GRID_IDENTITY || grid->kind == GRID_UNIFORM)
        return;
    grid->slots = ARENA_ARRAY(arena, GridSlot, GRID_SLOTS);
    /* No time has this number: shifted, all lie within 2^36. */
    for (uint32_t i = 0; i < GRID_SLOTS; i++)
        grid->slots[i].number = INT64_MIN;
    /* 19 hours for months, an hour for days, minutes for what is below. */
    bool is_long = grid->months != 0 || grid->period.months != 0;
    bool is_short = grid->keeps_offset || (grid->kind == GRID_PERIOD && grid->period.micros != 0);
    grid->slot_shift = is_long ? 36 : is_short ? 28 : 32;
}

static int64_t floor_slot(const TimeGrid *grid, int64_t time, int64_t number, GridSlot *slot)
{
    int64_t floor = time_grid_floor_one(grid, time);
    int64_t first = wrap_multiply(number, INT64_C(1) << grid->slot_shift);
    int64_t last = wrap_add(first, (INT64_C(1) << grid->slot_shift) - 1);
    if (!time_is_infinite(first) && !time_is_infinite(last) &&
        time_grid_floor_one(grid, first) == floor && time_grid_floor_one(grid, last) == floor)
        *slot = (GridSlot){.number = number, .floor = floor};
    return floor;
}

void time_grid_floor(const TimeGrid *grid, const int64_t *times, uint32_t rows, int64_t *out)
{
    if (grid->kind == GRID_IDENTITY) {
        memcpy(out, times, rows * sizeof *out);
        return;
    }
    if (grid->kind == GRID_UNIFORM) {
        floor_all_uniform(grid, times, rows, out);
        return;
    }
    if (grid->slots == NULL) {
        for (uint32_t i = 0; i < rows; i++)
            out[i] = time_grid_floor_one(grid, times[i]);
        return;
    }
    /* A slot is filled, which costs two floors more, when two rows in turn miss it: times in no
     * order at all would only drive each other out. */
    int64_t missed = INT64_MIN;
    for (uint32_t i = 0; i < rows; i++) {
        int64_t number = times[i] >> grid->slot_shift;
        GridSlot *slot = &grid->slots[(uint64_t)number % GRID_SLOTS];
        if (slot->number == number) {
            out[i] = slot->floor;
        } else if (number == missed || grid->slot_shift > 32) {
            out[i] = floor_slot(grid, times[i], number, slot);
        } else {
            missed = number;
            out[i] = time_grid_floor_one(grid, times[i]);
        }
    }
}
