/*
 * pg_get_keywords(): the words of PostgreSQL 15's grammar, which is the one that statements are
 * parsed with, and how free each is.
 */
#include "engine/catalog/catalog_internal.h"

#include <stdlib.h>
#include <string.h>

static const VirtualColumn columns[] = {
    {"word", T_TEXT}, {"catcode", T_CHAR}, {"barelabel", T_BOOL}, {"catdesc", T_TEXT},
    {"baredesc", T_TEXT},
};

/* Words of one kind, between spaces. */
static const struct {
    char code;
    bool is_bare;
    const char *words;
} groups[] = {
    {'C', false,
     "char character precision"},
    {'C', true,
     "between bigint bit boolean coalesce dec decimal exists extract float greatest "
     "grouping inout int integer interval least national nchar none normalize nullif "
     "numeric out overlay position real row setof smallint substring time timestamp treat "
     "trim values varchar xmlattributes xmlconcat xmlelement xmlexists xmlforest "
     "xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable"},
    {'R', false,
     "array as create except fetch for from grant group having intersect into limit "
     "offset on order returning to union where window with"},
    {'R', true,
     "all analyse analyze and any asc asymmetric both case cast check collate column "
     "constraint current_catalog current_date current_role current_time current_timestamp "
     "current_user default deferrable desc distinct do else end false foreign in "
     "initially lateral leading localtime localtimestamp not null only or placing primary "
     "references select session_user some symmetric table then trailing true unique user "
     "using variadic when"},
    {'T', false,
     "isnull notnull overlaps"},
    {'T', true,
     "authorization binary collation concurrently cross current_schema freeze full ilike "
     "inner is join left like natural outer right similar tablesample verbose"},
    {'U', false,
     "day filter hour minute month over second varying within without year"},
    {'U', true,
     "abort absolute access action add admin after aggregate also alter always asensitive "
     "assertion assignment at atomic attach attribute backward before begin breadth by "
     "cache call called cascade cascaded catalog chain characteristics checkpoint class "
     "close cluster columns comment comments commit committed compression configuration "
     "conflict connection constraints content continue conversion copy cost csv cube "
     "current cursor cycle data database deallocate declare defaults deferred definer "
     "delete delimiter delimiters depends depth detach dictionary disable discard "
     "document domain double drop each enable encoding encrypted enum escape event "
     "exclude excluding exclusive execute explain expression extension external family "
     "finalize first following force forward function functions generated global granted "
     "groups handler header hold identity if immediate immutable implicit import include "
     "including increment index indexes inherit inherits inline input insensitive insert "
     "instead invoker isolation key label language large last leakproof level listen load "
     "local location lock locked logged mapping match matched materialized maxvalue merge "
     "method minvalue mode move name names new next nfc nfd nfkc nfkd no normalized "
     "nothing notify nowait nulls object of off oids old operator option options "
     "ordinality others overriding owned owner parallel parameter parser partial "
     "partition passing password plans policy preceding prepare prepared preserve prior "
     "privileges procedural procedure procedures program publication quote range read "
     "reassign recheck recursive ref referencing refresh reindex relative release rename "
     "repeatable replace replica reset restart restrict return returns revoke role "
     "rollback rollup routine routines rows rule savepoint schema schemas scroll search "
     "security sequence sequences serializable server session set sets share show simple "
     "skip snapshot sql stable standalone start statement statistics stdin stdout storage "
     "stored strict strip subscription support sysid system tables tablespace temp "
     "template temporary text ties transaction transform trigger truncate trusted type "
     "types uescape unbounded uncommitted unencrypted unknown unlisten unlogged until "
     "update vacuum valid validate validator value version view views volatile whitespace "
     "work wrapper write xml yes zone"},
};

static const char *description(char code)
{
    switch (code) {
    case 'U':
        return "unreserved";
    case 'C':
        return "unreserved (cannot be function or type name)";
    case 'T':
        return "reserved (can be function or type name)";
    default:
        return "reserved";
    }
}

typedef struct Keyword {
    Text word;
    size_t group;
} Keyword;

static int compare_words(const void *a, const void *b)
{
    return text_compare(((const Keyword *)a)->word, ((const Keyword *)b)->word);
}

/* All words in their order. */
static uint32_t sorted_words(Keyword *list)
{
    uint32_t count = 0;
    for (size_t i = 0; i < sizeof groups / sizeof *groups; i++) {
        for (const char *word = groups[i].words; *word != '\0';) {
            size_t length = strcspn(word, " ");
            list[count++] = (Keyword){{.data = word, .length = (uint32_t)length}, i};
            word += length;
            word += *word == ' ';
        }
    }
    qsort(list, count, sizeof *list, compare_words);
    return count;
}

static bool produce(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    CatalogRows rows;
    (void)context;
    (void)fault;
    enum { MOST = 1000 };
    Keyword *list = ARENA_ARRAY(arena, Keyword, MOST);
    uint32_t count = sorted_words(list);
    ROWS_BEGIN(&rows, columns, arena);
    for (uint32_t i = 0; i < count; i++) {
        bool is_bare = groups[list[i].group].is_bare;
        char code = groups[list[i].group].code;
        catalog_set_text(&rows, "word", list[i].word);
        catalog_set_char(&rows, "catcode", code);
        catalog_set_bool(&rows, "barelabel", is_bare);
        catalog_set_string(&rows, "catdesc", description(code));
        catalog_set_string(&rows, "baredesc", is_bare ? "can be bare label" : "requires AS");
        catalog_row_end(&rows);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

const VirtualRelation catalog_keywords = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                          .name = "pg_get_keywords",
                                          .oid = 0,
                                          CATALOG_COLUMNS(columns),
                                          .produce = produce};

/* pg_listening_channels(): what the session listens to. */
static const VirtualColumn channel_columns[] = {{"pg_listening_channels", T_TEXT}};

static bool produce_channels(const CatalogContext *context, Arena *arena, Batch **out, Fault *fault)
{
    (void)fault;
    CatalogRows rows;
    ROWS_BEGIN(&rows, channel_columns, arena);
    for (uint32_t i = 0; i < context->channel_count; i++) {
        catalog_set_text(&rows, "pg_listening_channels", context->channels[i]);
        catalog_row_end(&rows);
    }
    *out = catalog_rows_finish(&rows);
    return true;
}

const VirtualRelation catalog_listening_channels = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                                    .name = "pg_listening_channels",
                                                    .oid = 0,
                                                    CATALOG_COLUMNS(channel_columns),
                                                    .produce = produce_channels};
