/*
 * tsv: any delimiter, of one or more characters, without quotes or escapes.
 */
#include "engine/input/delimited_internal.h"

static bool tsv_check(const json_t *options, Fault *fault)
{
    return delimited_check(options, true, fault);
}

static uint64_t tsv_preamble(const json_t *options)
{
    return delimited_preamble(options, true);
}

static bool tsv_open(InputReader *reader, const json_t *options, Fault *fault)
{
    return delimited_open(reader, options, true, fault);
}

const InputFormat tsv_format = {
    .type = "tsv",
    .check = tsv_check,
    .preamble = tsv_preamble,
    .open = tsv_open,
    .rows = delimited_rows,
};
