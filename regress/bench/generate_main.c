/*
 * talaria-generate: edits of an encyclopedia as NDJSON (or CSV), always the same for the same seed.
 *
 *     talaria-generate [--rows N] [--days N] [--seed N] [--start YYYY-MM-DD] [--format json|csv]
 *     talaria-generate --copies N [--shift-hours H] < sample.json      (the sample, N times,
 * shifted)
 *
 * The model of an edit is in generate_edit.h; rows come in order of time.
 */
#include "regress/bench/generate_edit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const double DAY = 86400000.0; /* milliseconds */

typedef struct Options {
    uint64_t rows, days, seed, copies, shift_hours;
    const char *start;
    bool is_csv;
} Options;

static _Noreturn void stop(const char *what, const char *which)
{
    fprintf(stderr, "talaria-generate: %s%s\n", what, which);
    exit(2);
}

static void write_text(const Text *text)
{
    if (fwrite(text->bytes, 1, text->length, stdout) != text->length)
        stop("cannot write", "");
}

/* Milliseconds of "2015-09-12" or "2015-09-12T00:46:58", UTC; what follows is left at `rest`. */
static bool parse_time(const char *bytes, const char *format, int64_t *millis, const char **rest)
{
    struct tm parts = {0};
    *rest = strptime(bytes, format, &parts);
    *millis = (int64_t)timegm(&parts) * 1000;
    return *rest != NULL;
}

static void generate(const Options *options)
{
    EditModel model;
    static Edit edit;
    static Text line;
    int64_t start;
    const char *rest;
    if (!parse_time(options->start, "%Y-%m-%d", &start, &rest))
        stop("not a date: ", options->start);
    edit_model_init(&model, options->rows);
    if (options->is_csv) {
        edit_write_header(&line);
        write_text(&line);
    }
    double step = (double)options->days * DAY / (double)options->rows, at = 0;
    for (uint64_t i = 0; i < options->rows; i++, at += step) {
        /* the daily rhythm moves rows about within the day, never past each other */
        double moved = at + sin(fmod(at, DAY) / DAY * 2 * M_PI) * DAY * 0.06;
        edit.millis = start + (int64_t)moved;
        edit_draw(&model, &edit);
        text_clear(&line);
        if (options->is_csv)
            edit_write_csv(&edit, &line);
        else
            edit_write_json(&edit, &line);
        write_text(&line);
    }
}

/* --- a sample several times over --- */

typedef struct SampleLine {
    char *before; /* up to and with `"timestamp":"` */
    char *after;  /* from the fraction of the second */
    int64_t millis;
} SampleLine;

typedef struct Sample {
    size_t count, capacity;
    SampleLine *lines;
} Sample;

static void add_line(Sample *sample, char *bytes)
{
    static const char key[] = "\"timestamp\":\"";
    char *found = strstr(bytes, key);
    const char *rest;
    int64_t millis;
    if (found == NULL || !parse_time(found + strlen(key), "%Y-%m-%dT%H:%M:%S", &millis, &rest))
        stop("no timestamp in: ", bytes);
    if (sample->count == sample->capacity) {
        sample->capacity = sample->capacity == 0 ? 65536 : sample->capacity * 2;
        sample->lines = realloc(sample->lines, sample->capacity * sizeof *sample->lines);
    }
    char *after = strdup(rest);
    found[strlen(key)] = '\0';
    char *before = strdup(bytes);
    if (sample->lines == NULL || after == NULL || before == NULL)
        stop("no memory", "");
    sample->lines[sample->count++] =
        (SampleLine){.before = before, .after = after, .millis = millis};
}

static void copy_sample(const Options *options)
{
    Sample sample = {0};
    char *bytes = NULL;
    size_t capacity = 0;
    while (getline(&bytes, &capacity, stdin) > 0)
        add_line(&sample, bytes);
    free(bytes);
    for (uint64_t copy = 0; copy < options->copies; copy++)
        for (size_t i = 0; i < sample.count; i++) {
            const SampleLine *line = &sample.lines[i];
            time_t moved =
                (time_t)(line->millis / 1000) + (time_t)(copy * options->shift_hours * 3600);
            struct tm parts;
            char text[32];
            gmtime_r(&moved, &parts);
            strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
            if (fputs(line->before, stdout) < 0 || fputs(text, stdout) < 0 ||
                fputs(line->after, stdout) < 0)
                stop("cannot write", "");
        }
}

/* --- options --- */

static uint64_t number(const char *text)
{
    char *end;
    uint64_t value = strtoull(text, &end, 10);
    if (*end != '\0' || end == text)
        stop("not a number: ", text);
    return value;
}

static void set_option(Options *options, const char *name, const char *value)
{
    if (value == NULL)
        stop("a value is wanted after ", name);
    else if (strcmp(name, "--rows") == 0)
        options->rows = number(value);
    else if (strcmp(name, "--days") == 0)
        options->days = number(value);
    else if (strcmp(name, "--seed") == 0)
        options->seed = number(value);
    else if (strcmp(name, "--start") == 0)
        options->start = value;
    else if (strcmp(name, "--format") == 0)
        options->is_csv = strcmp(value, "csv") == 0;
    else if (strcmp(name, "--copies") == 0)
        options->copies = number(value);
    else if (strcmp(name, "--shift-hours") == 0)
        options->shift_hours = number(value);
    else
        stop("unknown option ", name);
}

int main(int argc, char **argv)
{
    Options options = {
        .rows = 40000, .days = 1, .seed = 1, .start = "2015-09-12", .shift_hours = 24};
    for (int i = 1; i < argc; i += 2)
        set_option(&options, argv[i], i + 1 < argc ? argv[i + 1] : NULL);
    static char buffer[1 << 20];
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    random_seed(options.seed);
    if (options.copies > 0)
        copy_sample(&options);
    else
        generate(&options);
    if (fflush(stdout) != 0)
        stop("cannot write", "");
    return 0;
}
