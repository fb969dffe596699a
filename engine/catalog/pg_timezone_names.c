/*
 * pg_catalog.pg_timezone_names: the zones of the system's time zone database, by the lists of
 * zones (Z) and links (L) in its file tzdata.zi, with what holds at the statement's time; and
 * pg_timezone_abbrevs, the abbreviations that times may be written with.
 */
#include "engine/catalog/catalog_internal.h"
#include "engine/type/timezone.h"

#include <ctype.h>
#include <stdio.h>

static const char zone_list[] = "/usr/share/zoneinfo/tzdata.zi";

static const VirtualColumn columns[] = {
    {"name", T_TEXT}, {"abbrev", T_TEXT}, {"utc_offset", T_INTERVAL}, {"is_dst", T_BOOL}};

static const VirtualColumn abbreviation_columns[] = {
    {"abbrev", T_TEXT}, {"utc_offset", T_INTERVAL}, {"is_dst", T_BOOL}};

enum { HALF_YEAR_DAYS = 182 };

/* In summer time: ahead of where the zone is half a year away. */
static bool is_summer(const TimeZone *zone, int64_t now, int64_t offset)
{
    return offset > timezone_offset_at(zone, now + HALF_YEAR_DAYS * MICROS_PER_DAY, NULL);
}

static void add_zone(CatalogRows *rows, const char *name, int64_t now)
{
    Fault ignored;
    const char *abbreviation = NULL;
    const TimeZone *zone = timezone_find(text_of(name), &ignored);
    if (zone == NULL)
        return;
    int64_t offset = timezone_offset_at(zone, now, &abbreviation);
    catalog_set_string(rows, "name", arena_strdup(rows->arena, name));
    if (abbreviation != NULL)
        catalog_set_string(rows, "abbrev", arena_strdup(rows->arena, abbreviation));
    catalog_set_interval(rows, "utc_offset", offset);
    catalog_set_bool(rows, "is_dst", is_summer(zone, now, offset));
    catalog_row_end(rows);
}

/* "Z name ..." and "L target name" are the lines that name a zone. */
static bool read_name(const char *line, char name[128])
{
    return sscanf(line, "Z %127s", name) == 1 || sscanf(line, "L %*s %127s", name) == 1;
}

static bool produce(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    char line[512], name[128];
    int64_t now = context->type_context == NULL ? 0 : context->type_context->now;
    CatalogRows rows;
    ROWS_BEGIN(&rows, columns, arena);
    FILE *file = fopen(zone_list, "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (read_name(line, name))
            add_zone(&rows, name, now);
    }
    if (file != NULL)
        fclose(file);
    *out = catalog_rows_finish(&rows);
    return true;
}

static bool produce_abbreviations(const CatalogContext *context, Arena *arena, Batch **out,
                                  Fault *fault)
{
    (void)fault;
    int64_t now = context->type_context == NULL ? 0 : context->type_context->now;
    ZoneAbbreviation abbreviation;
    CatalogRows rows;
    ROWS_BEGIN(&rows, abbreviation_columns, arena);
    for (uint32_t i = 0; timezone_abbreviation_at(i, &abbreviation); i++) {
        char *shown = arena_strdup(arena, abbreviation.name);
        for (char *at = shown; *at != '\0'; at++)
            *at = (char)toupper((unsigned char)*at);
        catalog_set_string(&rows, "abbrev", shown);
        catalog_set_interval(&rows, "utc_offset", timezone_abbreviation_offset(&abbreviation, now));
        catalog_set_bool(&rows, "is_dst", abbreviation.is_summer);
        catalog_row_end(&rows);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

const VirtualRelation catalog_pg_timezone_abbrevs = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                                     .name = "pg_timezone_abbrevs",
                                                     .oid = 12122,
                                                     .is_view = true,
                                                     CATALOG_COLUMNS(abbreviation_columns),
                                                     .produce = produce_abbreviations};
const VirtualRelation catalog_pg_timezone_names = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                                   .name = "pg_timezone_names",
                                                   .oid = 12126,
                                                   .is_view = true,
                                                   CATALOG_COLUMNS(columns),
                                                   .produce = produce};
