/*
 * Text for talaria-generate: a growing line in a fixed buffer, faster than printf, and the two ways
 * in which a value is written: inside a JSON string, as a CSV field.
 */
#ifndef TALARIA_REGRESS_BENCH_GENERATE_TEXT_H
#define TALARIA_REGRESS_BENCH_GENERATE_TEXT_H

#include <stddef.h>
#include <stdint.h>

enum { TEXT_CAPACITY = 8192 };

typedef struct Text {
    size_t length;
    char bytes[TEXT_CAPACITY]; /* ends the program when it would overflow */
} Text;

void text_clear(Text *text);
void text_add(Text *text, const char *bytes);
void text_add_text(Text *text, const Text *other);
void text_add_number(Text *text, int64_t number);

/* As the inside of a JSON string: quotes and backslashes escaped. */
void text_add_json(Text *text, const Text *value);

/* As a field of a CSV file: quoted when it holds a comma or a quote. */
void text_add_csv(Text *text, const Text *value);

/* Characters of UTF-8, not bytes. */
size_t text_characters(const Text *text);

#endif
