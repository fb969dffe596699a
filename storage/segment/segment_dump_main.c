/* talaria-dump: describes segment files. */
#include "base/memory/buffer.h"
#include "storage/segment/segment.h"

#include <stdio.h>
#include <string.h>

static const char usage[] = "usage: talaria-dump [--blocks] [--verify] FILE...\n"
                            "Describes segment files: columns, encodings, sizes.\n"
                            "  --blocks   every block too: encoding, width, zone\n"
                            "  --verify   check every checksum first\n";

static bool dump_file(const char *path, bool with_blocks, bool verify)
{
    Buffer out = BUFFER_EMPTY;
    Fault fault;
    SegmentReader *reader = segment_reader_open(path, NULL, &fault);
    bool ok = reader != NULL && (!verify || segment_verify(reader, &fault));

    if (ok) {
        segment_dump(reader, with_blocks, &out);
        fwrite(out.data, 1, out.length, stdout);
        if (verify)
            puts("  every checksum is right");
    } else {
        fprintf(stderr, "talaria-dump: %s\n", fault.message);
    }
    segment_reader_close(reader);
    buffer_clear(&out);
    return ok;
}

int main(int argc, char **argv)
{
    bool with_blocks = false, verify = false, ok = true;
    int files = 0;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--blocks") == 0) {
            with_blocks = true;
        } else if (strcmp(argv[i], "--verify") == 0) {
            verify = true;
        } else if (strcmp(argv[i], "--help") == 0) {
            fputs(usage, stdout);
            return 0;
        } else if (argv[i][0] == '-') {
            fputs(usage, stderr);
            return 2;
        }
    }
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-')
            continue;
        files++;
        ok = dump_file(argv[i], with_blocks, verify) && ok;
    }
    if (files == 0) {
        fputs(usage, stderr);
        return 2;
    }
    return ok ? 0 : 1;
}
