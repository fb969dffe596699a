/*
 * A program to look at the speed of reading: MB/s of one file.
 *
 *   input_bench FILE FORMAT-JSON NAME:TYPE[,NAME:TYPE...] [-WANTED,WANTED...]
 *
 * The list is the signature; all of it is wanted.
 */
#include "base/os/os.h"
#include "engine/input/input.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { MOST_COLUMNS = 256 };

static uint32_t parse_signature(char *list, Text *names, SqlType *types)
{
    uint32_t count = 0;
    for (char *item; (item = strsep(&list, ",")) != NULL && count < MOST_COLUMNS; count++) {
        char *colon = strchr(item, ':');
        const TypeInfo *info = colon == NULL ? type_info(T_TEXT) : type_by_name(text_of(colon + 1));
        if (info == NULL) {
            fprintf(stderr, "unknown type %s\n", colon + 1);
            exit(1);
        }
        names[count] =
            (Text){item, (uint32_t)(colon == NULL ? strlen(item) : (size_t)(colon - item))};
        types[count] = SQL_TYPE(info->oid);
    }
    return count;
}

static void stop(const Fault *fault)
{
    fprintf(stderr, "%s\n", fault->message);
    exit(1);
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: input_bench FILE FORMAT-JSON NAME:TYPE,...\n");
        return 1;
    }
    static Text names[MOST_COLUMNS];
    static SqlType types[MOST_COLUMNS];
    uint32_t wanted[MOST_COLUMNS], count = parse_signature(argv[3], names, types);
    Settings settings;
    setting_defaults(&settings);
    TypeContext context = {.zone = timezone_utc(), .settings = &settings};
    struct stat status = {0};
    if (stat(argv[1], &status) != 0)
        perror(argv[1]);
    InputUnit unit = {.name = text_of(argv[1]), .bytes = (uint64_t)status.st_size};
    StageInput external = {.kind = INPUT_EXTERNAL,
                           .source_json = TEXT_LITERAL("{\"type\":\"local\",\"files\":[]}"),
                           .format_json = text_of(argv[2]),
                           .unit_count = 1,
                           .units = &unit,
                           .signature_count = count,
                           .signature_names = names,
                           .signature_types = types};
    for (uint32_t i = 0; i < count; i++)
        wanted[i] = i;
    InputOptions options = {
        .external = &external, .column_count = count, .columns = wanted, .context = &context};
    Fault fault;
    int64_t start = os_monotonic_nanos();
    InputReader *reader = input_open(&options, &fault);
    if (reader == NULL)
        stop(&fault);
    uint64_t rows = 0, batches = 0;
    uint32_t dictionary = 0;
    for (Batch *batch;;) {
        if (!input_next(reader, &batch, &fault))
            stop(&fault);
        if (batch == NULL)
            break;
        rows += batch->rows;
        batches++;
        for (uint32_t i = 0; i < count; i++)
            if (batch->columns[i].form == VECTOR_DICTIONARY &&
                batch->columns[i].dictionary->count > dictionary)
                dictionary = batch->columns[i].dictionary->count;
    }
    double seconds = (double)(os_monotonic_nanos() - start) / 1e9;
    const InputErrors *errors = input_errors(reader);
    printf("%llu rows, %llu batches, %llu bad rows, largest dictionary %u, %.3f s, %.0f MB/s, %.2f "
           "M rows/s\n",
           (unsigned long long)rows, (unsigned long long)batches, (unsigned long long)errors->count,
           dictionary, seconds, (double)input_bytes_read(reader) / 1e6 / seconds,
           (double)rows / 1e6 / seconds);
    for (uint32_t i = 0; i < errors->kept; i++)
        printf("  line %llu: %s\n", (unsigned long long)errors->messages[i].line,
               errors->messages[i].message);
    input_close(reader);
    return 0;
}
