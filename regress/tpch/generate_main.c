/*
 * talaria-tpch SCALE FOLDER: the eight tables of TPC-H as CSV files.
 *
 * Rows, keys, ranges and distributions are those of the specification (TPC Benchmark H, revision 3,
 * clause 4.2), from one seed, so the same scale gives the same rows; words are drawn from lists of
 * our own where the specification has grammars of text. Nothing here is a TPC result.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Generator {
    uint64_t state;
    long suppliers, parts, customers, orders;
    const char *folder;
} Generator;

/* --- chance: SplitMix64 (Steele, Lea, Flood 2014) --- */

static uint64_t next_random(Generator *generator)
{
    uint64_t z = generator->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static long between(Generator *generator, long low, long high)
{
    return low + (long)(next_random(generator) % (uint64_t)(high - low + 1));
}

#define PICK(generator, list) ((list)[between((generator), 0, (long)(sizeof(list) / sizeof *(list)) - 1)])

/* --- words --- */

static const char *const colors[] = {
    "almond", "antique", "aquamarine", "azure", "beige", "bisque", "black", "blue", "brown", "chartreuse",
    "chocolate", "coral", "cream", "cyan", "dark", "dim", "firebrick", "floral", "forest", "frosted", "ghost",
    "gold", "green", "grey", "honeydew", "hot", "indian", "ivory", "khaki", "lace", "lavender", "lemon", "light",
    "lime", "linen", "magenta", "maroon", "metallic", "midnight", "mint", "misty", "navy", "olive", "orange",
    "orchid", "pale", "papaya", "peach", "pink", "plum", "powder", "purple", "red", "rose", "royal", "salmon",
    "sandy", "sienna", "sky", "slate", "snow", "spring", "steel", "tan", "thistle", "tomato", "turquoise",
    "violet", "wheat", "white", "yellow"};
static const char *const words[] = {
    "special", "pending", "unusual", "express", "furious", "regular", "final", "ironic", "even", "bold",
    "requests", "deposits", "packages", "accounts", "instructions", "theories", "pinto beans", "foxes", "ideas",
    "dependencies", "excuses", "platelets", "asymptotes", "courts", "dolphins", "sleep", "wake", "haggle", "nag",
    "cajole", "detect", "integrate", "carefully", "quickly", "slyly", "blithely", "among the", "above the",
    "across the", "according to the"};
static const char *const types[3][6] = {{"STANDARD", "SMALL", "MEDIUM", "LARGE", "ECONOMY", "PROMO"},
                                        {"ANODIZED", "BURNISHED", "PLATED", "POLISHED", "BRUSHED", "BRUSHED"},
                                        {"TIN", "NICKEL", "BRASS", "STEEL", "COPPER", "COPPER"}};
static const char *const containers[2][8] = {{"SM", "LG", "MED", "JUMBO", "WRAP", "SM", "LG", "MED"},
                                             {"CASE", "BOX", "BAG", "JAR", "PKG", "PACK", "CAN", "DRUM"}};
static const char *const segments[] = {"AUTOMOBILE", "BUILDING", "FURNITURE", "MACHINERY", "HOUSEHOLD"};
static const char *const priorities[] = {"1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECIFIED", "5-LOW"};
static const char *const instructions[] = {"DELIVER IN PERSON", "COLLECT COD", "NONE", "TAKE BACK RETURN"};
static const char *const modes[] = {"REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB"};
static const char *const regions[] = {"AFRICA", "AMERICA", "ASIA", "EUROPE", "MIDDLE EAST"};
static const struct {
    const char *name;
    int region;
} nations[] = {{"ALGERIA", 0}, {"ARGENTINA", 1}, {"BRAZIL", 1}, {"CANADA", 1}, {"EGYPT", 4},
               {"ETHIOPIA", 0}, {"FRANCE", 3}, {"GERMANY", 3}, {"INDIA", 2}, {"INDONESIA", 2},
               {"IRAN", 4}, {"IRAQ", 4}, {"JAPAN", 2}, {"JORDAN", 4}, {"KENYA", 0},
               {"MOROCCO", 0}, {"MOZAMBIQUE", 0}, {"PERU", 1}, {"CHINA", 2}, {"ROMANIA", 3},
               {"SAUDI ARABIA", 4}, {"VIETNAM", 2}, {"RUSSIA", 3}, {"UNITED KINGDOM", 3}, {"UNITED STATES", 1}};
enum { NATIONS = sizeof nations / sizeof *nations };

/* --- values --- */

static FILE *open_table(const Generator *generator, const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s.csv", generator->folder, name);
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    return file;
}

static void put_text(Generator *generator, FILE *file, long low, long high)
{
    char text[300] = "";
    size_t length = (size_t)between(generator, low, high), at = 0;
    while (at < length)
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%s", at > 0 ? " " : "", PICK(generator, words));
    fprintf(file, "%.*s", (int)length, text);
}

static void put_address(Generator *generator, FILE *file)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 ";
    long length = between(generator, 10, 40);
    for (long i = 0; i < length; i++)
        fputc(i == 0 || i == length - 1 ? 'x' : letters[between(generator, 0, 62)], file);
}

static void put_phone(Generator *generator, FILE *file, long nation)
{
    fprintf(file, "%ld-%03ld-%03ld-%04ld", nation + 10, between(generator, 100, 999),
            between(generator, 100, 999), between(generator, 1000, 9999));
}

static void put_cents(FILE *file, long cents)
{
    fprintf(file, "%s%ld.%02ld", cents < 0 ? "-" : "", labs(cents) / 100, labs(cents) % 100);
}

/* Days since 1992-01-01 as a date. */
static void put_date(FILE *file, long day)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = 1992, month = 0;
    for (; day >= 365 + (year % 4 == 0); year++)
        day -= 365 + (year % 4 == 0);
    for (; day >= lengths[month] + (month == 1 && year % 4 == 0); month++)
        day -= lengths[month] + (month == 1 && year % 4 == 0);
    fprintf(file, "%d-%02d-%02ld", year, month + 1, day + 1);
}

enum { LAST_ORDER_DAY = 2556 - 151, TODAY = 1263 /* 1995-06-17 */ };

static long retail_price(long part) /* cents */
{
    return 90000 + (part / 10) % 20001 + 100 * (part % 1000);
}

static long supplier_of(const Generator *generator, long part, long i)
{
    long count = generator->suppliers;
    return (part + i * (count / 4 + (part - 1) / count)) % count + 1;
}

/* --- tables --- */

static void make_nations(const Generator *generator)
{
    FILE *file = open_table(generator, "region");
    for (int i = 0; i < 5; i++)
        fprintf(file, "%d,%s,a region\n", i, regions[i]);
    fclose(file);
    file = open_table(generator, "nation");
    for (int i = 0; i < NATIONS; i++)
        fprintf(file, "%d,%s,%d,a nation\n", i, nations[i].name, nations[i].region);
    fclose(file);
}

static void make_suppliers(Generator *generator)
{
    FILE *file = open_table(generator, "supplier");
    for (long key = 1; key <= generator->suppliers; key++) {
        long nation = between(generator, 0, NATIONS - 1);
        fprintf(file, "%ld,Supplier#%09ld,", key, key);
        put_address(generator, file);
        fprintf(file, ",%ld,", nation);
        put_phone(generator, file, nation);
        fputc(',', file);
        put_cents(file, between(generator, -99999, 999999));
        fputc(',', file);
        if (key % 20 == 7)
            fprintf(file, "Customer %s Complaints ", PICK(generator, words));
        put_text(generator, file, 25, 60);
        fputc('\n', file);
    }
    fclose(file);
}

static void make_parts(Generator *generator)
{
    FILE *file = open_table(generator, "part"), *offers = open_table(generator, "partsupp");
    for (long key = 1; key <= generator->parts; key++) {
        long maker = between(generator, 1, 5);
        fprintf(file, "%ld,", key);
        for (int i = 0; i < 5; i++)
            fprintf(file, "%s%s", i > 0 ? " " : "", PICK(generator, colors));
        fprintf(file, ",Manufacturer#%ld,Brand#%ld%ld,", maker, maker, between(generator, 1, 5));
        fprintf(file, "%s %s %s,", types[0][between(generator, 0, 5)], types[1][between(generator, 0, 4)],
                types[2][between(generator, 0, 4)]);
        fprintf(file, "%ld,%s %s,", between(generator, 1, 50), containers[0][between(generator, 0, 4)],
                containers[1][between(generator, 0, 7)]);
        put_cents(file, retail_price(key));
        fputc(',', file);
        put_text(generator, file, 5, 22);
        fputc('\n', file);
        for (long i = 0; i < 4; i++) {
            fprintf(offers, "%ld,%ld,%ld,", key, supplier_of(generator, key, i), between(generator, 1, 9999));
            put_cents(offers, between(generator, 100, 100000));
            fputc(',', offers);
            put_text(generator, offers, 49, 198);
            fputc('\n', offers);
        }
    }
    fclose(file);
    fclose(offers);
}

static void make_customers(Generator *generator)
{
    FILE *file = open_table(generator, "customer");
    for (long key = 1; key <= generator->customers; key++) {
        long nation = between(generator, 0, NATIONS - 1);
        fprintf(file, "%ld,Customer#%09ld,", key, key);
        put_address(generator, file);
        fprintf(file, ",%ld,", nation);
        put_phone(generator, file, nation);
        fputc(',', file);
        put_cents(file, between(generator, -99999, 999999));
        fprintf(file, ",%s,", PICK(generator, segments));
        put_text(generator, file, 29, 116);
        fputc('\n', file);
    }
    fclose(file);
}

typedef struct OrderTotals {
    long price; /* cents */
    int open, lines;
} OrderTotals;

static void make_line(Generator *generator, FILE *file, long order, int number, long order_day,
                      OrderTotals *totals)
{
    long part = between(generator, 1, generator->parts), quantity = between(generator, 1, 50);
    long discount = between(generator, 0, 10), tax = between(generator, 0, 8);
    long price = quantity * retail_price(part), shipped = order_day + between(generator, 1, 121);
    long committed = order_day + between(generator, 30, 90), received = shipped + between(generator, 1, 30);
    fprintf(file, "%ld,%ld,%ld,%d,%ld,", order, part, supplier_of(generator, part, between(generator, 0, 3)),
            number, quantity);
    put_cents(file, price);
    fprintf(file, ",0.%02ld,0.%02ld,", discount, tax);
    fputs(received <= TODAY ? (between(generator, 0, 1) ? "R" : "A") : "N", file);
    fprintf(file, ",%s,", shipped > TODAY ? "O" : "F");
    put_date(file, shipped);
    fputc(',', file);
    put_date(file, committed);
    fputc(',', file);
    put_date(file, received);
    fprintf(file, ",%s,%s,", PICK(generator, instructions), PICK(generator, modes));
    put_text(generator, file, 10, 43);
    fputc('\n', file);
    totals->price += price * (100 - discount) / 100 * (100 + tax) / 100;
    totals->open += shipped > TODAY;
    totals->lines++;
}

static void make_orders(Generator *generator)
{
    FILE *file = open_table(generator, "orders"), *lines = open_table(generator, "lineitem");
    for (long i = 0; i < generator->orders; i++) {
        long key = i / 8 * 32 + i % 8 + 1, day = between(generator, 0, LAST_ORDER_DAY), customer;
        do
            customer = between(generator, 1, generator->customers);
        while (customer % 3 == 0);
        OrderTotals totals = {0};
        long count = between(generator, 1, 7);
        for (int number = 1; number <= count; number++)
            make_line(generator, lines, key, number, day, &totals);
        fprintf(file, "%ld,%ld,%s,", key, customer,
                totals.open == 0 ? "F" : totals.open == totals.lines ? "O" : "P");
        put_cents(file, totals.price);
        fputc(',', file);
        put_date(file, day);
        fprintf(file, ",%s,Clerk#%09ld,0,", PICK(generator, priorities), between(generator, 1, 1000));
        put_text(generator, file, 19, 78);
        fputc('\n', file);
    }
    fclose(file);
    fclose(lines);
}

int main(int argc, char **argv)
{
    double scale = argc == 3 ? strtod(argv[1], NULL) : 0;
    if (!(scale > 0 && scale <= 1000)) {
        fprintf(stderr, "usage: talaria-tpch SCALE FOLDER\n");
        return 2;
    }
    Generator generator = {.state = 19920101,
                           .suppliers = (long)(scale * 10000),
                           .parts = (long)(scale * 200000),
                           .customers = (long)(scale * 150000),
                           .orders = (long)(scale * 1500000),
                           .folder = argv[2]};
    if (generator.suppliers < 10)
        generator.suppliers = 10;
    make_nations(&generator);
    make_suppliers(&generator);
    make_parts(&generator);
    make_customers(&generator);
    make_orders(&generator);
    return 0;
}
