/*
 * Unicode's normal forms: normalize(text, form), IS NORMALIZED. utf8proc does the work; bytes that
 * are no UTF-8 stay as they are.
 */
#include "engine/function/functions_internal.h"
#include "engine/function/text_internal.h"

#include <stdlib.h>
#include <strings.h>
#include <utf8proc.h>

static bool options_of(Text form, utf8proc_option_t *options, Fault *fault)
{
    static const struct {
        const char *name;
        int options;
    } forms[] = {
        {"NFC", UTF8PROC_STABLE | UTF8PROC_COMPOSE},
        {"NFD", UTF8PROC_STABLE | UTF8PROC_DECOMPOSE},
        {"NFKC", UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_COMPAT},
        {"NFKD", UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | UTF8PROC_COMPAT},
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (strlen(forms[i].name) == form.length &&
            strncasecmp(form.data, forms[i].name, form.length) == 0) {
            *options = (utf8proc_option_t)forms[i].options;
            return true;
        }
    return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "invalid normalization form: %.*s",
                     TEXT_ARGS(form));
}

/* The normal form of argument 0 by argument 1 (NFC without one), in the run's sink. */
static bool normal_form(RowRun *run, uint32_t row, Text *result)
{
    Text text = row_text(run, 0, row);
    Text form = run->call->argument_count > 1 ? row_text(run, 1, row) : TEXT_LITERAL("NFC");
    utf8proc_option_t options = UTF8PROC_STABLE;
    utf8proc_uint8_t *made = NULL;
    *result = text;
    if (!options_of(form, &options, run->fault))
        return false;
    if (text.length == 0)
        return true;
    utf8proc_ssize_t length =
        utf8proc_map((const utf8proc_uint8_t *)text.data, text.length, &made, options);
    if (length == UTF8PROC_ERROR_INVALIDUTF8 || length == UTF8PROC_ERROR_NOTASSIGNED)
        return true;
    if (length < 0)
        return fault_set(run->fault, FAULT_PROGRAM_LIMIT_EXCEEDED, "normalization failed: %s",
                         utf8proc_errmsg(length));
    char *out = text_sink_reserve(&run->sink, (size_t)length);
    memcpy(out, made, (size_t)length);
    free(made);
    *result = text_sink_take(&run->sink, (size_t)length);
    return true;
}

static bool normalize_row(RowRun *run, uint32_t row, Text *result, uint8_t *is_null)
{
    return normal_form(run, row, result);
}

static bool is_normalized_row(RowRun *run, uint32_t row, uint8_t *result, uint8_t *is_null)
{
    Text normal;
    *result = 0;
    if (!normal_form(run, row, &normal))
        return false;
    *result = text_equal(normal, row_text(run, 0, row));
    return true;
}

ROW_LOOP(normalize_loop, normalize_row, Text)
ROW_LOOP(is_normalized_loop, is_normalized_row, uint8_t)

const ScalarFunction text_normalize_functions[] = {
    { .oid = 4350, .name = "normalize", .argument_count = 2, .optional_count = 1,
      .arguments = { T_TEXT, T_TEXT }, .result = T_TEXT, .run = run_rows, .prepare = rows_prepare,
      .loop = (void *)normalize_loop,
      .summary = "A text in a normal form of Unicode: NFC (if none is named), NFD, NFKC, NFKD.",
      .example = "length(normalize(U&'e\\0301'))", .gives = "1" },
    { .oid = 4351, .name = "is_normalized", .argument_count = 2, .optional_count = 1,
      .arguments = { T_TEXT, T_TEXT }, .result = T_BOOL, .run = run_rows, .prepare = rows_prepare,
      .loop = (void *)is_normalized_loop,
      .summary = "Whether a text is in a normal form of Unicode.",
      .example = "'abc' IS NFC NORMALIZED", .gives = "t" },
};
const uint32_t text_normalize_function_count =
    sizeof text_normalize_functions / sizeof text_normalize_functions[0];
