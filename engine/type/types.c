/*
 * The table of types and their names. One row a type; array types are rows too, so that every
 * OID a client may meet is found in one place. Rows are in the order of their OIDs.
 */
#include "engine/type/type.h"

#include "base/log/log.h"
#include "engine/type/decimal.h"

#include <ctype.h>
#include <stdio.h>

#define BASE(o, n, sql, also, lay, cat, pref, len, arr, comparable, sortable)                      \
    {.oid = (o), .name = (n), .sql_name = (sql), .aliases = (also), .layout = (lay),               \
     .category = (cat), .is_preferred = (pref), .wire_length = (len), .array_oid = (arr),          \
     .is_comparable = (comparable), .is_sortable = (sortable)}
#define ARRAY_OF(o, n, sql, elem)                                                                  \
    {.oid = (o), .name = (n), .sql_name = (sql), .layout = LAYOUT_ARRAY,                           \
     .category = CATEGORY_ARRAY, .wire_length = -1, .element_oid = (elem),                         \
     .is_comparable = true, .is_sortable = true}
#define PSEUDO(o, n, sql, lay, len, arr)                                                           \
    BASE(o, n, sql, NULL, lay, CATEGORY_PSEUDO, false, len, arr, false, false)
/* Known by name and OID so that catalogs and clients find them; values are texts. */
#define OPAQUE(o, n, sql, cat, len, arr)                                                           \
    BASE(o, n, sql, NULL, LAYOUT_STRING, cat, false, len, arr, false, false)

/* In information_schema. */
#define DOMAIN(o, n, lay, cat, len, arr, base, modifier)                                           \
    {.oid = (o), .name = (n), .sql_name = "information_schema." n, .layout = (lay),                \
     .category = (cat), .wire_length = (len), .array_oid = (arr), .base_oid = (base),              \
     .base_modifier = (modifier), .is_comparable = true, .is_sortable = true}

static const TypeInfo types[] = {
    BASE(16, "bool", "boolean", NULL, LAYOUT_BOOL, 'B', true, 1, 1000, true, true),
    BASE(17, "bytea", "bytea", "varbinary", LAYOUT_STRING, 'U', false, -1, 1001, true, true),
    BASE(18, "char", "\"char\"", NULL, LAYOUT_STRING, 'Z', false, 1, 1002, true, true),
    BASE(19, "name", "name", NULL, LAYOUT_STRING, 'S', false, 64, 1003, true, true),
    BASE(20, "int8", "bigint", "long,int64", LAYOUT_INT64, 'N', false, 8, 1016, true, true),
    BASE(21, "int2", "smallint", "tinyint", LAYOUT_INT64, 'N', false, 2, 1005, true, true),
    {.oid = 22, .name = "int2vector", .sql_name = "int2vector", .layout = LAYOUT_ARRAY,
     .category = 'A', .wire_length = -1, .array_oid = 1006, .element_oid = 21,
     .is_comparable = true, .is_sortable = true},
    BASE(23, "int4", "integer", "int,int32", LAYOUT_INT64, 'N', false, 4, 1007, true, true),
    BASE(24, "regproc", "regproc", NULL, LAYOUT_INT64, 'N', false, 4, 1008, true, true),
    BASE(25, "text", "text", NULL, LAYOUT_STRING, 'S', true, -1, 1009, true, true),
    BASE(26, "oid", "oid", NULL, LAYOUT_INT64, 'N', true, 4, 1028, true, true),
    BASE(27, "tid", "tid", NULL, LAYOUT_STRING, 'U', false, 6, 1010, true, true),
    BASE(28, "xid", "xid", NULL, LAYOUT_INT64, 'U', false, 4, 1011, true, false),
    BASE(29, "cid", "cid", NULL, LAYOUT_INT64, 'U', false, 4, 1012, true, false),
    {.oid = 30, .name = "oidvector", .sql_name = "oidvector", .layout = LAYOUT_ARRAY,
     .category = 'A', .wire_length = -1, .array_oid = 1013, .element_oid = 26,
     .is_comparable = true, .is_sortable = true},
    PSEUDO(32, "pg_ddl_command", "pg_ddl_command", LAYOUT_STRING, 8, 0),
    BASE(114, "json", "json", "complex<json>", LAYOUT_STRING, 'U', false, -1, 199, false, false),
    OPAQUE(142, "xml", "xml", 'U', -1, 143),
    ARRAY_OF(143, "_xml", "xml[]", 142),
    BASE(194, "pg_node_tree", "pg_node_tree", NULL, LAYOUT_STRING, 'Z', false, -1, 0, true, true),
    ARRAY_OF(199, "_json", "json[]", 114),
    PSEUDO(269, "table_am_handler", "table_am_handler", LAYOUT_STRING, 4, 0),
    ARRAY_OF(271, "_xid8", "xid8[]", 5069),
    PSEUDO(325, "index_am_handler", "index_am_handler", LAYOUT_STRING, 4, 0),
    OPAQUE(600, "point", "point", 'G', 16, 1017),
    OPAQUE(601, "lseg", "lseg", 'G', 32, 1018),
    OPAQUE(602, "path", "path", 'G', -1, 1019),
    OPAQUE(603, "box", "box", 'G', 32, 1020),
    OPAQUE(604, "polygon", "polygon", 'G', -1, 1027),
    OPAQUE(628, "line", "line", 'G', 24, 629),
    ARRAY_OF(629, "_line", "line[]", 628),
    BASE(650, "cidr", "cidr", NULL, LAYOUT_STRING, 'I', false, -1, 651, true, true),
    ARRAY_OF(651, "_cidr", "cidr[]", 650),
    BASE(700, "float4", "real", "float", LAYOUT_FLOAT32, 'N', false, 4, 1021, true, true),
    BASE(701, "float8", "double precision", "double", LAYOUT_FLOAT64, 'N', true, 8, 1022, true,
         true),
    BASE(705, "unknown", "unknown", NULL, LAYOUT_STRING, 'X', false, -2, 0, true, true),
    OPAQUE(718, "circle", "circle", 'G', 24, 719),
    ARRAY_OF(719, "_circle", "circle[]", 718),
    BASE(774, "macaddr8", "macaddr8", NULL, LAYOUT_STRING, 'U', false, 8, 775, true, true),
    ARRAY_OF(775, "_macaddr8", "macaddr8[]", 774),
    OPAQUE(790, "money", "money", 'N', 8, 791),
    ARRAY_OF(791, "_money", "money[]", 790),
    BASE(829, "macaddr", "macaddr", NULL, LAYOUT_STRING, 'U', false, 6, 1040, true, true),
    BASE(869, "inet", "inet", NULL, LAYOUT_STRING, 'I', true, -1, 1041, true, true),
    ARRAY_OF(1000, "_bool", "boolean[]", 16),
    ARRAY_OF(1001, "_bytea", "bytea[]", 17),
    ARRAY_OF(1002, "_char", "\"char\"[]", 18),
    ARRAY_OF(1003, "_name", "name[]", 19),
    ARRAY_OF(1005, "_int2", "smallint[]", 21),
    ARRAY_OF(1006, "_int2vector", "int2vector[]", 22),
    ARRAY_OF(1007, "_int4", "integer[]", 23),
    ARRAY_OF(1008, "_regproc", "regproc[]", 24),
    ARRAY_OF(1009, "_text", "text[]", 25),
    ARRAY_OF(1010, "_tid", "tid[]", 27),
    ARRAY_OF(1011, "_xid", "xid[]", 28),
    ARRAY_OF(1012, "_cid", "cid[]", 29),
    ARRAY_OF(1013, "_oidvector", "oidvector[]", 30),
    ARRAY_OF(1014, "_bpchar", "character[]", 1042),
    ARRAY_OF(1015, "_varchar", "character varying[]", 1043),
    ARRAY_OF(1016, "_int8", "bigint[]", 20),
    ARRAY_OF(1017, "_point", "point[]", 600),
    ARRAY_OF(1018, "_lseg", "lseg[]", 601),
    ARRAY_OF(1019, "_path", "path[]", 602),
    ARRAY_OF(1020, "_box", "box[]", 603),
    ARRAY_OF(1021, "_float4", "real[]", 700),
    ARRAY_OF(1022, "_float8", "double precision[]", 701),
    ARRAY_OF(1027, "_polygon", "polygon[]", 604),
    ARRAY_OF(1028, "_oid", "oid[]", 26),
    BASE(1033, "aclitem", "aclitem", NULL, LAYOUT_STRING, 'U', false, 12, 1034, true, false),
    ARRAY_OF(1034, "_aclitem", "aclitem[]", 1033),
    ARRAY_OF(1040, "_macaddr", "macaddr[]", 829),
    ARRAY_OF(1041, "_inet", "inet[]", 869),
    BASE(1042, "bpchar", "character", NULL, LAYOUT_STRING, 'S', false, -1, 1014, true, true),
    BASE(1043, "varchar", "character varying", "string", LAYOUT_STRING, 'S', false, -1, 1015,
         true, true),
    BASE(1082, "date", "date", NULL, LAYOUT_INT64, 'D', false, 4, 1182, true, true),
    BASE(1083, "time", "time without time zone", NULL, LAYOUT_INT64, 'D', false, 8, 1183, true,
         true),
    BASE(1114, "timestamp", "timestamp without time zone", NULL, LAYOUT_INT64, 'D', false, 8,
         1115, true, true),
    ARRAY_OF(1115, "_timestamp", "timestamp without time zone[]", 1114),
    ARRAY_OF(1182, "_date", "date[]", 1082),
    ARRAY_OF(1183, "_time", "time without time zone[]", 1083),
    BASE(1184, "timestamptz", "timestamp with time zone", NULL, LAYOUT_INT64, 'D', true, 8, 1185,
         true, true),
    ARRAY_OF(1185, "_timestamptz", "timestamp with time zone[]", 1184),
    BASE(1186, "interval", "interval", NULL, LAYOUT_INT128, 'T', true, 16, 1187, true, true),
    ARRAY_OF(1187, "_interval", "interval[]", 1186),
    ARRAY_OF(1231, "_numeric", "numeric[]", 1700),
    ARRAY_OF(1263, "_cstring", "cstring[]", 2275),
    OPAQUE(1266, "timetz", "time with time zone", 'D', 12, 1270),
    ARRAY_OF(1270, "_timetz", "time with time zone[]", 1266),
    BASE(1560, "bit", "bit", NULL, LAYOUT_STRING, 'V', false, -1, 1561, true, true),
    ARRAY_OF(1561, "_bit", "bit[]", 1560),
    BASE(1562, "varbit", "bit varying", NULL, LAYOUT_STRING, 'V', true, -1, 1563, true, true),
    ARRAY_OF(1563, "_varbit", "bit varying[]", 1562),
    BASE(1700, "numeric", "numeric", "decimal,dec", LAYOUT_INT128, 'N', false, -1, 1231, true,
         true),
    OPAQUE(1790, "refcursor", "refcursor", 'U', -1, 2201),
    ARRAY_OF(2201, "_refcursor", "refcursor[]", 1790),
    BASE(2202, "regprocedure", "regprocedure", NULL, LAYOUT_INT64, 'N', false, 4, 2207, true,
         true),
    BASE(2203, "regoper", "regoper", NULL, LAYOUT_INT64, 'N', false, 4, 2208, true, true),
    BASE(2204, "regoperator", "regoperator", NULL, LAYOUT_INT64, 'N', false, 4, 2209, true, true),
    BASE(2205, "regclass", "regclass", NULL, LAYOUT_INT64, 'N', false, 4, 2210, true, true),
    BASE(2206, "regtype", "regtype", NULL, LAYOUT_INT64, 'N', false, 4, 2211, true, true),
    ARRAY_OF(2207, "_regprocedure", "regprocedure[]", 2202),
    ARRAY_OF(2208, "_regoper", "regoper[]", 2203),
    ARRAY_OF(2209, "_regoperator", "regoperator[]", 2204),
    ARRAY_OF(2210, "_regclass", "regclass[]", 2205),
    ARRAY_OF(2211, "_regtype", "regtype[]", 2206),
    BASE(2249, "record", "record", NULL, LAYOUT_STRING, CATEGORY_PSEUDO, false, -1, 2287, true,
         true),
    PSEUDO(2275, "cstring", "cstring", LAYOUT_STRING, -2, 1263),
    PSEUDO(2276, "any", "\"any\"", LAYOUT_STRING, 4, 0),
    PSEUDO(2277, "anyarray", "anyarray", LAYOUT_ARRAY, -1, 0),
    PSEUDO(2278, "void", "void", LAYOUT_STRING, 4, 0),
    PSEUDO(2279, "trigger", "trigger", LAYOUT_STRING, 4, 0),
    PSEUDO(2280, "language_handler", "language_handler", LAYOUT_STRING, 4, 0),
    PSEUDO(2281, "internal", "internal", LAYOUT_STRING, 8, 0),
    PSEUDO(2283, "anyelement", "anyelement", LAYOUT_STRING, 4, 0),
    {.oid = 2287, .name = "_record", .sql_name = "record[]", .layout = LAYOUT_ARRAY,
     .category = 'P', .wire_length = -1, .element_oid = 2249, .is_comparable = true,
     .is_sortable = true},
    PSEUDO(2776, "anynonarray", "anynonarray", LAYOUT_STRING, 4, 0),
    ARRAY_OF(2949, "_txid_snapshot", "txid_snapshot[]", 2970),
    BASE(2950, "uuid", "uuid", NULL, LAYOUT_STRING, 'U', false, 16, 2951, true, true),
    ARRAY_OF(2951, "_uuid", "uuid[]", 2950),
    OPAQUE(2970, "txid_snapshot", "txid_snapshot", 'U', -1, 2949),
    PSEUDO(3115, "fdw_handler", "fdw_handler", LAYOUT_STRING, 4, 0),
    OPAQUE(3220, "pg_lsn", "pg_lsn", 'U', 8, 3221),
    ARRAY_OF(3221, "_pg_lsn", "pg_lsn[]", 3220),
    PSEUDO(3310, "tsm_handler", "tsm_handler", LAYOUT_STRING, 4, 0),
    OPAQUE(3361, "pg_ndistinct", "pg_ndistinct", 'Z', -1, 0),
    OPAQUE(3402, "pg_dependencies", "pg_dependencies", 'Z', -1, 0),
    PSEUDO(3500, "anyenum", "anyenum", LAYOUT_STRING, 4, 0),
    OPAQUE(3614, "tsvector", "tsvector", 'U', -1, 3643),
    OPAQUE(3615, "tsquery", "tsquery", 'U', -1, 3645),
    OPAQUE(3642, "gtsvector", "gtsvector", 'U', -1, 3644),
    ARRAY_OF(3643, "_tsvector", "tsvector[]", 3614),
    ARRAY_OF(3644, "_gtsvector", "gtsvector[]", 3642),
    ARRAY_OF(3645, "_tsquery", "tsquery[]", 3615),
    BASE(3734, "regconfig", "regconfig", NULL, LAYOUT_INT64, 'N', false, 4, 3735, true, true),
    ARRAY_OF(3735, "_regconfig", "regconfig[]", 3734),
    BASE(3769, "regdictionary", "regdictionary", NULL, LAYOUT_INT64, 'N', false, 4, 3770, true,
         true),
    ARRAY_OF(3770, "_regdictionary", "regdictionary[]", 3769),
    BASE(3802, "jsonb", "jsonb", NULL, LAYOUT_STRING, 'U', false, -1, 3807, true, true),
    ARRAY_OF(3807, "_jsonb", "jsonb[]", 3802),
    PSEUDO(3831, "anyrange", "anyrange", LAYOUT_STRING, -1, 0),
    PSEUDO(3838, "event_trigger", "event_trigger", LAYOUT_STRING, 4, 0),
    OPAQUE(3904, "int4range", "int4range", 'R', -1, 3905),
    ARRAY_OF(3905, "_int4range", "int4range[]", 3904),
    OPAQUE(3906, "numrange", "numrange", 'R', -1, 3907),
    ARRAY_OF(3907, "_numrange", "numrange[]", 3906),
    OPAQUE(3908, "tsrange", "tsrange", 'R', -1, 3909),
    ARRAY_OF(3909, "_tsrange", "tsrange[]", 3908),
    OPAQUE(3910, "tstzrange", "tstzrange", 'R', -1, 3911),
    ARRAY_OF(3911, "_tstzrange", "tstzrange[]", 3910),
    OPAQUE(3912, "daterange", "daterange", 'R', -1, 3913),
    ARRAY_OF(3913, "_daterange", "daterange[]", 3912),
    OPAQUE(3926, "int8range", "int8range", 'R', -1, 3927),
    ARRAY_OF(3927, "_int8range", "int8range[]", 3926),
    BASE(4072, "jsonpath", "jsonpath", NULL, LAYOUT_STRING, 'U', false, -1, 4073, false, false),
    ARRAY_OF(4073, "_jsonpath", "jsonpath[]", 4072),
    BASE(4089, "regnamespace", "regnamespace", NULL, LAYOUT_INT64, 'N', false, 4, 4090, true,
         true),
    ARRAY_OF(4090, "_regnamespace", "regnamespace[]", 4089),
    BASE(4096, "regrole", "regrole", NULL, LAYOUT_INT64, 'N', false, 4, 4097, true, true),
    ARRAY_OF(4097, "_regrole", "regrole[]", 4096),
    BASE(4191, "regcollation", "regcollation", NULL, LAYOUT_INT64, 'N', false, 4, 4192, true,
         true),
    ARRAY_OF(4192, "_regcollation", "regcollation[]", 4191),
    OPAQUE(4451, "int4multirange", "int4multirange", 'R', -1, 6150),
    OPAQUE(4532, "nummultirange", "nummultirange", 'R', -1, 6151),
    OPAQUE(4533, "tsmultirange", "tsmultirange", 'R', -1, 6152),
    OPAQUE(4534, "tstzmultirange", "tstzmultirange", 'R', -1, 6153),
    OPAQUE(4535, "datemultirange", "datemultirange", 'R', -1, 6155),
    OPAQUE(4536, "int8multirange", "int8multirange", 'R', -1, 6157),
    PSEUDO(4537, "anymultirange", "anymultirange", LAYOUT_STRING, -1, 0),
    PSEUDO(4538, "anycompatiblemultirange", "anycompatiblemultirange", LAYOUT_STRING, -1, 0),
    OPAQUE(4600, "pg_brin_bloom_summary", "pg_brin_bloom_summary", 'Z', -1, 0),
    OPAQUE(4601, "pg_brin_minmax_multi_summary", "pg_brin_minmax_multi_summary", 'Z', -1, 0),
    OPAQUE(5017, "pg_mcv_list", "pg_mcv_list", 'Z', -1, 0),
    OPAQUE(5038, "pg_snapshot", "pg_snapshot", 'U', -1, 5039),
    ARRAY_OF(5039, "_pg_snapshot", "pg_snapshot[]", 5038),
    BASE(5069, "xid8", "xid8", NULL, LAYOUT_INT64, 'U', false, 8, 271, true, true),
    PSEUDO(5077, "anycompatible", "anycompatible", LAYOUT_STRING, 4, 0),
    PSEUDO(5078, "anycompatiblearray", "anycompatiblearray", LAYOUT_ARRAY, -1, 0),
    PSEUDO(5079, "anycompatiblenonarray", "anycompatiblenonarray", LAYOUT_STRING, 4, 0),
    PSEUDO(5080, "anycompatiblerange", "anycompatiblerange", LAYOUT_STRING, -1, 0),
    ARRAY_OF(6150, "_int4multirange", "int4multirange[]", 4451),
    ARRAY_OF(6151, "_nummultirange", "nummultirange[]", 4532),
    ARRAY_OF(6152, "_tsmultirange", "tsmultirange[]", 4533),
    ARRAY_OF(6153, "_tstzmultirange", "tstzmultirange[]", 4534),
    ARRAY_OF(6155, "_datemultirange", "datemultirange[]", 4535),
    ARRAY_OF(6157, "_int8multirange", "int8multirange[]", 4536),
    BASE(9000, "state", "state", NULL, LAYOUT_STRING, 'Z', false, -1, 0, false, false),
    BASE(9001, "hllsketch", "hllsketch", "complex<hllsketch>", LAYOUT_STRING, 'U', false, -1, 0,
         false, false),
    BASE(9002, "thetasketch", "thetasketch", "complex<thetasketch>", LAYOUT_STRING, 'U', false, -1,
         0, false, false),
    BASE(9003, "quantilesdoublessketch", "quantilesdoublessketch",
         "complex<quantilesdoublessketch>", LAYOUT_STRING, 'U', false, -1, 0, false, false),
    ARRAY_OF(13220, "_cardinal_number", "information_schema.cardinal_number[]", 13221),
    DOMAIN(13221, "cardinal_number", LAYOUT_INT64, 'N', 4, 13220, 23, -1),
    ARRAY_OF(13223, "_character_data", "information_schema.character_data[]", 13224),
    DOMAIN(13224, "character_data", LAYOUT_STRING, 'S', -1, 13223, 1043, -1),
    ARRAY_OF(13225, "_sql_identifier", "information_schema.sql_identifier[]", 13226),
    DOMAIN(13226, "sql_identifier", LAYOUT_STRING, 'S', 64, 13225, 19, -1),
    ARRAY_OF(13231, "_time_stamp", "information_schema.time_stamp[]", 13232),
    DOMAIN(13232, "time_stamp", LAYOUT_INT64, 'D', 8, 13231, 1184, 2),
    ARRAY_OF(13233, "_yes_or_no", "information_schema.yes_or_no[]", 13234),
    DOMAIN(13234, "yes_or_no", LAYOUT_STRING, 'S', -1, 13233, 1043, 7),
};

enum { TYPE_COUNT = sizeof types / sizeof types[0] };

const TypeInfo *type_table(int *count)
{
    *count = TYPE_COUNT;
    return types;
}

const TypeInfo *type_info(Oid oid)
{
    int low = 0, high = TYPE_COUNT;
    while (low < high) {
        int middle = (low + high) / 2;
        if (types[middle].oid < oid)
            low = middle + 1;
        else
            high = middle;
    }
    return low < TYPE_COUNT && types[low].oid == oid ? &types[low] : NULL;
}

Layout type_layout(SqlType type)
{
    const TypeInfo *info = type_info(type.oid);
    return info == NULL ? LAYOUT_STRING : info->layout;
}

SqlType type_base(SqlType type)
{
    const TypeInfo *info = type_info(type.oid);
    bool is_array = info != NULL && info->category == CATEGORY_ARRAY;
    const TypeInfo *element = is_array ? type_info(info->element_oid) : NULL;
    if (element != NULL && element->base_oid != 0)
        return (SqlType){type_info(element->base_oid)->array_oid, element->base_modifier};
    return info == NULL || info->base_oid == 0 ? type
                                               : (SqlType){info->base_oid, info->base_modifier};
}

/* --- names --- */

static bool name_matches(Text name, const char *candidate, size_t length)
{
    if (name.length != length)
        return false;
    for (size_t i = 0; i < length; i++)
        if (tolower((unsigned char)name.data[i]) != tolower((unsigned char)candidate[i]))
            return false;
    return true;
}

static bool alias_matches(Text name, const char *aliases)
{
    while (aliases != NULL && *aliases != '\0') {
        size_t length = strcspn(aliases, ",");
        if (name_matches(name, aliases, length))
            return true;
        aliases += length + (aliases[length] == ',');
    }
    return false;
}

static const TypeInfo *find_plain(Text name)
{
    /* Standard SQL's short names come before names of the catalog: char is bpchar. */
    static const struct {
        const char *name;
        Oid oid;
    } spellings[] = {
        {"char", T_BPCHAR},       {"nchar", T_BPCHAR},  {"character varying", T_VARCHAR},
        {"char varying", T_VARCHAR}, {"time", T_TIME},  {"complex<json>", T_JSON},
        {"other", T_JSON},        {"\"char\"", T_CHAR},
        {"timestamp with local time zone", T_TIMESTAMPTZ},
    };
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++)
        if (name_matches(name, spellings[i].name, strlen(spellings[i].name)))
            return type_info(spellings[i].oid);
    for (int i = 0; i < TYPE_COUNT; i++)
        if (name_matches(name, types[i].sql_name, strlen(types[i].sql_name)) ||
            name_matches(name, types[i].name, strlen(types[i].name)) ||
            alias_matches(name, types[i].aliases))
            return &types[i];
    return NULL;
}

static Text trim(Text name)
{
    while (name.length > 0 && isspace((unsigned char)name.data[0]))
        name.data++, name.length--;
    while (name.length > 0 && isspace((unsigned char)name.data[name.length - 1]))
        name.length--;
    return name;
}

static bool cut_suffix(Text *name, const char *suffix)
{
    uint32_t length = (uint32_t)strlen(suffix);
    if (name->length <= length ||
        !name_matches((Text){name->data + name->length - length, length}, suffix, length))
        return false;
    name->length -= length;
    *name = trim(*name);
    return true;
}

static const TypeInfo *array_of(const TypeInfo *element)
{
    return element == NULL || element->array_oid == 0 ? NULL : type_info(element->array_oid);
}

const TypeInfo *type_by_name(Text name)
{
    char buffer[128];
    name = trim(name);
    if (name.length > 11 && name_matches((Text){name.data, 11}, "pg_catalog.", 11)) {
        name.data += 11;
        name.length -= 11;
    }
    /* A modifier in parentheses says nothing about which type it is. */
    const char *open = memchr(name.data, '(', name.length);
    const char *close = open == NULL ? NULL
                                     : memchr(open, ')', (size_t)(name.data + name.length - open));
    if (close != NULL) {
        size_t before = (size_t)(open - name.data);
        size_t after = (size_t)(name.data + name.length - close - 1);
        if (before + after >= sizeof buffer)
            return NULL;
        while (before > 0 && after == 0 && name.data[before - 1] == ' ')
            before--;
        memcpy(buffer, name.data, before);
        memcpy(buffer + before, close + 1, after);
        name = trim((Text){buffer, (uint32_t)(before + after)});
    }
    if (cut_suffix(&name, "[]") || cut_suffix(&name, " array"))
        return array_of(type_by_name(name));
    if (name.length > 7 && name_matches((Text){name.data, 6}, "array<", 6) &&
        name.data[name.length - 1] == '>')
        return array_of(type_by_name((Text){name.data + 6, name.length - 7}));
    return name.length == 0 ? NULL : find_plain(name);
}

/* --- modifiers --- */

enum { MODIFIER_HEADER = 4 };

bool type_equal(SqlType a, SqlType b)
{
    return a.oid == b.oid && a.modifier == b.modifier;
}

static bool is_derived(int32_t modifier)
{
    return modifier >= 0 && (modifier & NUMERIC_DERIVED) != 0;
}

int type_scale(SqlType numeric)
{
    if (numeric.modifier < MODIFIER_HEADER)
        return NUMERIC_PLAIN_SCALE;
    if (is_derived(numeric.modifier))
        return numeric.modifier & 0xff;
    /* The scale is 11 bits with a sign since PostgreSQL 15; digits before the point that are
     * rounded away still need no digits after it. */
    int scale = (((numeric.modifier - MODIFIER_HEADER) & 0x7ff) ^ 1024) - 1024;
    return scale < 0 ? 0 : scale > NUMERIC_MAX_DIGITS ? NUMERIC_MAX_DIGITS : scale;
}

SqlType type_numeric_derived(int scale)
{
    check(scale >= 0 && scale <= NUMERIC_MAX_DIGITS);
    return (SqlType){.oid = T_NUMERIC, .modifier = NUMERIC_DERIVED | scale};
}

/* Bits of a derived modifier: 0-7 the scale, 8-15 the least digits, 24-27 which are shown. */
SqlType type_numeric_shown(NumericDigits digits, int scale, int least)
{
    check(scale >= 0 && scale <= NUMERIC_MAX_DIGITS && least >= 0);
    least = least < scale ? least : scale;
    return (SqlType){.oid = T_NUMERIC,
                     .modifier = NUMERIC_DERIVED | (int32_t)digits << 24 | least << 8 | scale};
}

NumericDigits type_numeric_digits(SqlType numeric)
{
    if (numeric.modifier < MODIFIER_HEADER)
        return DIGITS_TRIMMED;
    return is_derived(numeric.modifier) ? (NumericDigits)(numeric.modifier >> 24 & 15) : DIGITS_ALL;
}

int type_numeric_least(SqlType numeric)
{
    if (numeric.modifier < MODIFIER_HEADER)
        return 0;
    return type_numeric_digits(numeric) == DIGITS_ALL ? type_scale(numeric)
                                                      : numeric.modifier >> 8 & 0xff;
}

int type_numeric_precision(SqlType numeric)
{
    if (numeric.modifier < MODIFIER_HEADER || is_derived(numeric.modifier))
        return 0;
    return ((numeric.modifier - MODIFIER_HEADER) >> 16) & 0xffff;
}

int32_t type_wire_modifier(SqlType type)
{
    bool is_our_own = (type.oid == T_NUMERIC && is_derived(type.modifier)) ||
                      type.oid == T_RECORD || type.oid == T_RECORD_ARRAY ||
                      (type.oid == T_TEXT_ARRAY && type.modifier == TYPE_MULTI_VALUE);
    return is_our_own ? -1 : type.modifier;
}

static const char *format_numeric(Arena *arena, int32_t modifier)
{
    int precision = ((modifier - MODIFIER_HEADER) >> 16) & 0xffff;
    int scale = (((modifier - MODIFIER_HEADER) & 0x7ff) ^ 1024) - 1024;
    return arena_printf(arena, "numeric(%d,%d)", precision, scale);
}

/* "timestamp(3) without time zone": the precision goes after the first word. */
static const char *format_precise(Arena *arena, const char *name, int32_t precision)
{
    int word = (int)strcspn(name, " ");
    return arena_printf(arena, "%.*s(%d)%s", word, name, (int)precision, name + word);
}

/* The fields of INTERVAL YEAR TO MONTH and the like, as they are in the modifier's upper half. */
static const char *format_interval(Arena *arena, int32_t modifier)
{
    static const struct {
        int mask;
        const char *fields;
    } ranges[] = {
        {1 << 2, " year"}, {1 << 1, " month"}, {1 << 3, " day"}, {1 << 10, " hour"},
        {1 << 11, " minute"}, {1 << 12, " second"}, {1 << 2 | 1 << 1, " year to month"},
        {1 << 3 | 1 << 10, " day to hour"}, {1 << 3 | 1 << 10 | 1 << 11, " day to minute"},
        {1 << 3 | 1 << 10 | 1 << 11 | 1 << 12, " day to second"},
        {1 << 10 | 1 << 11, " hour to minute"},
        {1 << 10 | 1 << 11 | 1 << 12, " hour to second"}, {1 << 11 | 1 << 12, " minute to second"},
    };
    int mask = (modifier >> 16) & 0x7fff, precision = modifier & 0xffff;
    const char *fields = "";
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++)
        if (ranges[i].mask == mask)
            fields = ranges[i].fields;
    if (precision == 0xffff)
        return arena_printf(arena, "interval%s", fields);
    return arena_printf(arena, "interval%s(%d)", fields, precision);
}

const char *type_format_name(Arena *arena, SqlType type)
{
    const TypeInfo *info = type_info(type.oid);
    if (info == NULL)
        return type.oid == 0 ? "-" : "???";
    if (info->element_oid != 0 && info->category == CATEGORY_ARRAY && info->name[0] == '_')
        return arena_printf(
            arena, "%s[]",
            type_format_name(arena, (SqlType){info->element_oid, type.modifier}));
    int32_t modifier = type_wire_modifier(type);
    if (modifier < 0)
        return info->sql_name;
    switch (type.oid) {
    case T_NUMERIC:
        return modifier < MODIFIER_HEADER ? info->sql_name : format_numeric(arena, modifier);
    case T_VARCHAR:
    case T_BPCHAR:
        return modifier < MODIFIER_HEADER
                   ? info->sql_name
                   : arena_printf(arena, "%s(%d)", info->sql_name,
                                  (int)(modifier - MODIFIER_HEADER));
    case T_BIT:
    case T_VARBIT:
        return arena_printf(arena, "%s(%d)", info->sql_name, (int)modifier);
    case T_TIME:
    case T_TIMESTAMP:
    case T_TIMESTAMPTZ:
        return format_precise(arena, info->sql_name, modifier);
    case T_INTERVAL:
        return format_interval(arena, modifier);
    default:
        return info->sql_name;
    }
}
