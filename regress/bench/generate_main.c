/*
 * talaria-generate: edits of an encyclopedia as NDJSON (or CSV), always the same for the same seed.
 *
 *     talaria-generate [--rows N] [--days N] [--seed N] [--start YYYY-MM-DD] [--format json|csv]
 *     talaria-generate --copies N --shift-hours H < sample.json      (the sample, N times, shifted)
 *
 * Modelled on what real edits look like: users, pages and channels follow power laws (Zipf, drawn
 * by rejection-inversion: Hoermann and Derflinger, 1996), robots edit more and say less, one in
 * ten edits is anonymous and has a country, comments are long and mostly different, and time runs
 * with a daily rhythm. Rows come in order of time.
 */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* --- random numbers: xoshiro256** (Blackman and Vigna) --- */

static uint64_t state[4];

static uint64_t rotate(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

static uint64_t next_random(void)
{
    uint64_t result = rotate(state[1] * 5, 7) * 9, t = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= t;
    state[3] = rotate(state[3], 45);
    return result;
}

static void seed_random(uint64_t seed)
{
    for (int i = 0; i < 4; i++) { /* splitmix64 */
        uint64_t z = (seed += UINT64_C(0x9E3779B97F4A7C15));
        z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
        state[i] = z ^ (z >> 31);
    }
}

static double uniform(void)
{
    return (double)(next_random() >> 11) * 0x1p-53;
}

static uint64_t below(uint64_t limit)
{
    return (uint64_t)(uniform() * (double)limit);
}

/* --- Zipf: value k of 1..n with a probability proportional to 1 / k^s --- */

typedef struct Zipf {
    double s, n, h_x1, h_n, cut;
} Zipf;

static double zipf_h(const Zipf *zipf, double x)
{
    double t = (1 - zipf->s) * log(x);
    return (fabs(t) > 1e-8 ? expm1(t) / t : 1 + t / 2) * log(x);
}

static double zipf_h_inverse(const Zipf *zipf, double x)
{
    double t = x * (1 - zipf->s);
    if (t < -1)
        t = -1;
    return exp((fabs(t) > 1e-8 ? log1p(t) / t : 1 - t / 2) * x);
}

static Zipf zipf_make(double s, uint64_t n)
{
    Zipf zipf = {.s = s, .n = (double)n};
    zipf.h_x1 = zipf_h(&zipf, 1.5) - 1;
    zipf.h_n = zipf_h(&zipf, zipf.n + 0.5);
    zipf.cut = 2 - zipf_h_inverse(&zipf, zipf_h(&zipf, 2.5) - pow(2, -s));
    return zipf;
}

static uint64_t zipf_draw(const Zipf *zipf)
{
    for (;;) {
        double u = zipf->h_n + uniform() * (zipf->h_x1 - zipf->h_n);
        double x = zipf_h_inverse(zipf, u);
        double k = floor(x + 0.5);
        k = k < 1 ? 1 : k > zipf->n ? zipf->n : k;
        if (k - x <= zipf->cut || u >= zipf_h(zipf, k + 0.5) - pow(k, -zipf->s))
            return (uint64_t)k;
    }
}

/* --- the vocabulary --- */

static const char *const channels[] = {
    "en", "vi", "de", "fr", "ru", "it", "es", "zh", "ja", "pl", "pt", "sv", "ar", "ko", "uk", "nl", "he", "fa",
    "hu", "ca", "tr", "fi", "cs", "da", "id", "no", "ro", "el", "bg", "sr", "hy", "eo", "th", "sk", "hr", "lt",
    "eu", "sl", "et", "ms", "gl", "simple", "uz", "kk", "hi", "be", "nn", "ce", "la", "ta", "war"};
static const char *const namespaces[] = {"Main", "User talk", "Talk", "User", "Wikipedia", "File", "Category",
                                         "Template", "Project", "Module", "Portal", "Help", "Draft", "Special"};
static const char *const countries[][2] = {
    {"US", "United States"}, {"GB", "United Kingdom"}, {"IT", "Italy"}, {"FR", "France"}, {"DE", "Germany"},
    {"RU", "Russia"}, {"ES", "Spain"}, {"JP", "Japan"}, {"CA", "Canada"}, {"IN", "India"}, {"BR", "Brazil"},
    {"AU", "Australia"}, {"MX", "Mexico"}, {"AR", "Argentina"}, {"PL", "Poland"}, {"UA", "Ukraine"},
    {"NL", "Netherlands"}, {"CL", "Chile"}, {"CO", "Colombia"}, {"KR", "Republic of Korea"}, {"SE", "Sweden"},
    {"TR", "Turkey"}, {"CH", "Switzerland"}, {"AT", "Austria"}, {"BE", "Belgium"}, {"IL", "Israel"},
    {"PT", "Portugal"}, {"HU", "Hungary"}, {"RO", "Romania"}, {"FI", "Finland"}};
static const char *const words[] = {
    "added", "project", "fixed", "typo", "reverted", "edits", "by", "the", "of", "references", "link", "category",
    "removed", "section", "on", "history", "update", "infobox", "image", "per", "discussion", "move", "page", "to",
    "new", "article", "stub", "template", "clean", "up", "grammar", "citation", "needed", "source", "see", "talk",
    "merge", "with", "date", "birth", "place", "name", "list", "film", "album", "season", "results", "standings",
    "population", "census", "district", "village", "river", "species", "genus", "railway", "station", "election",
    "minister", "football", "club", "player", "squad", "caps", "goals", "television", "series", "episode"};

enum {
    CHANNELS = sizeof channels / sizeof channels[0],
    NAMESPACES = sizeof namespaces / sizeof namespaces[0],
    COUNTRIES = sizeof countries / sizeof countries[0],
    WORDS = sizeof words / sizeof words[0]
};

/* A page's or user's name follows from its number alone. */
static void make_name(uint64_t number, int parts, char *out)
{
    uint64_t z = number * UINT64_C(0x9E3779B97F4A7C15);
    char *at = out;
    for (int i = 0; i < parts; i++) {
        const char *word = words[z % WORDS];
        z /= WORDS;
        at += sprintf(at, "%s%c%s", i > 0 ? " " : "", word[0] - 32, word + 1);
    }
    sprintf(at, " %" PRIu64, number);
}

static void make_comment(char *out, bool is_robot)
{
    uint64_t count = is_robot ? 3 + below(6) : 2 + below(24);
    char *at = out;
    for (uint64_t i = 0; i < count; i++)
        at += sprintf(at, "%s%s", i > 0 ? " " : "", words[below(WORDS)]);
    if (!is_robot && below(3) == 0)
        sprintf(at, " ([[Special:Diff/%" PRIu64 "|diff]])", below(700000000));
}

typedef struct Options {
    uint64_t rows, days, seed, copies, shift_hours;
    const char *start;
    bool is_csv;
} Options;

static int64_t start_of(const char *date)
{
    struct tm parts = {0};
    if (strptime(date, "%Y-%m-%d", &parts) == NULL) {
        fprintf(stderr, "bad --start\n");
        exit(2);
    }
    return (int64_t)timegm(&parts) * 1000;
}

static void format_time(int64_t millis, char *out, size_t size)
{
    time_t seconds = (time_t)(millis / 1000);
    struct tm parts;
    gmtime_r(&seconds, &parts);
    size_t length = strftime(out, size, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(out + length, size - length, ".%03dZ", (int)(millis % 1000));
}

static void write_row(const Options *options, int64_t millis, const Zipf *channel, const Zipf *user, const Zipf *page)
{
    char time_text[40], page_name[256], user_name[256], comment[1024];
    bool is_robot = below(100) < 40, is_anonymous = !is_robot && below(100) < 17;
    uint64_t namespace = below(100) < 62 ? 0 : 1 + below(NAMESPACES - 1);
    int64_t added = below(100) < 65 ? (int64_t)exp(uniform() * 8) : 0;
    int64_t deleted = added == 0 || below(100) < 20 ? (int64_t)exp(uniform() * 6) : 0;
    const char *const *country = countries[(uint64_t)(uniform() * uniform() * COUNTRIES)];
    uint64_t channel_number = zipf_draw(channel) - 1, revision = 680000000 + below(90000000);
    format_time(millis, time_text, sizeof time_text);
    make_name(zipf_draw(page), 2 + (int)below(1), page_name);
    if (is_anonymous)
        snprintf(user_name, sizeof user_name, "%d.%d.%d.%d", (int)below(223) + 1, (int)below(256), (int)below(256),
                 (int)below(256));
    else
        make_name(zipf_draw(user), 1, user_name);
    make_comment(comment, is_robot);
    if (options->is_csv) {
        printf("%s,#%s.wikipedia,%s,%s,%s,%s,%s,%s,%zu,%s,%s,%s,%s,%" PRId64 ",%" PRId64 ",%" PRId64 "\n", time_text,
               channels[channel_number], namespaces[namespace], page_name, user_name, is_anonymous ? country[0] : "",
               is_anonymous ? country[1] : "", comment, strlen(comment), is_robot ? "true" : "false",
               below(20) == 0 ? "true" : "false", below(3) == 0 ? "true" : "false", is_anonymous ? "true" : "false", added,
               deleted, added - deleted);
        return;
    }
    printf("{\"timestamp\":\"%s\",\"channel\":\"#%s.wikipedia\",\"namespace\":\"%s\",\"page\":\"%s\",\"user\":\"%s\",",
           time_text, channels[channel_number], namespaces[namespace], page_name, user_name);
    if (is_anonymous)
        printf("\"countryIsoCode\":\"%s\",\"countryName\":\"%s\",", country[0], country[1]);
    printf("\"diffUrl\":\"https://%s.wikipedia.org/w/index.php?diff=%" PRIu64 "&oldid=%" PRIu64 "\",",
           channels[channel_number], revision, revision - 10000 - below(100));
    printf("\"comment\":\"%s\",\"commentLength\":%zu,\"isRobot\":%s,\"isNew\":%s,\"isMinor\":%s,\"isAnonymous\":%s,", comment,
           strlen(comment), is_robot ? "true" : "false", below(20) == 0 ? "true" : "false",
           below(3) == 0 ? "true" : "false", is_anonymous ? "true" : "false");
    printf("\"added\":%" PRId64 ",\"deleted\":%" PRId64 ",\"delta\":%" PRId64 "}\n", added, deleted, added - deleted);
}

static void generate(const Options *options)
{
    Zipf channel = zipf_make(1.1, CHANNELS), user = zipf_make(1.02, options->rows / 12 + 50);
    Zipf page = zipf_make(0.6, options->rows / 3 + 100);
    double step = (double)options->days * 86400000.0 / (double)options->rows;
    double at = (double)start_of(options->start);
    if (options->is_csv)
        printf("timestamp,channel,namespace,page,user,countryIsoCode,countryName,comment,commentLength,isRobot,isNew,"
               "isMinor,isAnonymous,added,deleted,delta\n");
    for (uint64_t i = 0; i < options->rows; i++) {
        /* the daily rhythm moves rows about within the day, never past each other */
        double day = fmod(at, 86400000.0) / 86400000.0;
        double moved = at + sin(day * 2 * M_PI) * 86400000.0 * 0.06;
        write_row(options, (int64_t)moved, &channel, &user, &page);
        at += step;
    }
}

/* Rows of a sample with their times moved on by the hours of each copy. */
static void copy_sample(const Options *options)
{
    size_t capacity = 0, count = 0;
    char **lines = NULL, *line = NULL;
    size_t line_capacity = 0;
    while (getline(&line, &line_capacity, stdin) > 0) {
        if (count == capacity) {
            capacity = capacity == 0 ? 65536 : capacity * 2;
            lines = realloc(lines, capacity * sizeof *lines);
            if (lines == NULL)
                abort();
        }
        lines[count++] = strdup(line);
    }
    free(line);
    for (uint64_t copy = 0; copy < options->copies; copy++)
        for (size_t i = 0; i < count; i++) {
            struct tm parts = {0};
            char *found = strstr(lines[i], "\"timestamp\":\"");
            const char *rest = found != NULL ? strptime(found + 13, "%Y-%m-%dT%H:%M:%S", &parts) : NULL;
            if (rest == NULL)
                continue;
            time_t moved = timegm(&parts) + (time_t)(copy * options->shift_hours * 3600);
            char text[32];
            gmtime_r(&moved, &parts);
            strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
            fwrite(lines[i], 1, (size_t)(found + 13 - lines[i]), stdout);
            fputs(text, stdout);
            fputs(rest, stdout);
        }
}

static uint64_t number(const char *text)
{
    char *end;
    uint64_t value = strtoull(text, &end, 10);
    if (*end != '\0') {
        fprintf(stderr, "not a number: %s\n", text);
        exit(2);
    }
    return value;
}

int main(int argc, char **argv)
{
    Options options = {.rows = 40000, .days = 1, .seed = 1, .start = "2015-09-12", .shift_hours = 24};
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc) {
            fprintf(stderr, "%s wants a value\n", argv[i]);
            return 2;
        }
        const char *value = argv[i + 1];
        if (strcmp(argv[i], "--rows") == 0)
            options.rows = number(value);
        else if (strcmp(argv[i], "--days") == 0)
            options.days = number(value);
        else if (strcmp(argv[i], "--seed") == 0)
            options.seed = number(value);
        else if (strcmp(argv[i], "--start") == 0)
            options.start = value;
        else if (strcmp(argv[i], "--format") == 0)
            options.is_csv = strcmp(value, "csv") == 0;
        else if (strcmp(argv[i], "--copies") == 0)
            options.copies = number(value);
        else if (strcmp(argv[i], "--shift-hours") == 0)
            options.shift_hours = number(value);
        else {
            fprintf(stderr, "unknown option %s\n", argv[i]);
            return 2;
        }
    }
    static char buffer[1 << 20];
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    seed_random(options.seed);
    if (options.copies > 0)
        copy_sample(&options);
    else
        generate(&options);
    return 0;
}
