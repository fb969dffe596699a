/*
 * csv: comma, quotes as in RFC 4180. A quoted field ends on its line.
 */
#include "engine/input/delimited_internal.h"

static bool csv_check(const json_t *options, Fault *fault)
{
    return delimited_check(options, false, fault);
}

static uint64_t csv_preamble(const json_t *options)
{
    return delimited_preamble(options, false);
}

static bool csv_open(InputReader *reader, const json_t *options, Fault *fault)
{
    return delimited_open(reader, options, false, fault);
}

const InputFormat csv_format = {
    .type = "csv",
    .check = csv_check,
    .preamble = csv_preamble,
    .open = csv_open,
    .rows = delimited_rows,
};
