/*
 * The table of formats, and of those that are known by name only.
 */
#include "engine/input/input_internal.h"

static const InputFormat *const formats[] = {
    &json_format, &csv_format, &tsv_format, &lines_format, &regex_format,
};

static const char *const not_read[] = {
    "parquet", "orc",    "avro_ocf", "avro_stream", "protobuf",      "kafka",  "kinesis",
    "thrift",  "influx", "sketch",   "javascript",  "jsonLowercase", "nested",
};

uint64_t format_no_preamble(const json_t *options)
{
    (void)options;
    return 0;
}

const InputFormat *format_find(const json_t *options, Fault *fault)
{
    const char *type = options_type(options, "input format", fault);
    if (type == NULL)
        return NULL;
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (strcmp(formats[i]->type, type) == 0)
            return formats[i];
    for (size_t i = 0; i < sizeof not_read / sizeof not_read[0]; i++) {
        if (strcmp(not_read[i], type) == 0) {
            fault_set(fault, FAULT_FEATURE_NOT_SUPPORTED, "input format \"%s\" is not supported",
                      type);
            fault_hint(fault, "Formats that are read: json, csv, tsv, lines, regex.");
            return NULL;
        }
    }
    char snippet[SNIPPET_SIZE];
    fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "input format: unknown type \"%s\"",
              input_snippet(text_of(type), snippet));
    return NULL;
}
