/*
 * Delimited text: shared by csv and tsv.
 */
#ifndef TALARIA_ENGINE_INPUT_DELIMITED_INTERNAL_H
#define TALARIA_ENGINE_INPUT_DELIMITED_INTERNAL_H

#include "engine/input/input_internal.h"

/*
 * Positions, in order, of all bytes that equal `delimiter`, `quote` (0: none) or '\n'. Returns
 * how many; `positions` has room for `length` + 64. 64 bytes behind must be readable.
 */
uint32_t delimited_index(const uint8_t *data, uint32_t length, uint8_t delimiter, uint8_t quote,
                         uint32_t *positions);

typedef struct Delimited Delimited;

bool delimited_check(const json_t *options, bool is_tsv, Fault *fault);
uint64_t delimited_preamble(const json_t *options, bool is_tsv);
bool delimited_open(InputReader *reader, const json_t *options, bool is_tsv, Fault *fault);
bool delimited_rows(InputReader *reader, Fault *fault);

#endif
