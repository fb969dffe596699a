/*
 * Every relation of the catalogs gives a batch that fits its columns; what the main ones say of
 * a table, of types and functions is right and agrees with each other; names of regclass.
 */
#include "engine/catalog/catalog.h"

#include "engine/function/function.h"
#include "engine/type/timezone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static Arena *arena;
static Fault fault;
static CatalogContext context;
static TypeContext type_context;

/* --- one table, of two segments, one of them hidden --- */

static const TableColumn visit_columns[] = {
    {.name = TEXT_LITERAL("__time"),
     .type_oid = T_TIMESTAMPTZ,
     .type_modifier = -1,
     .number = 1},
    {.name = TEXT_LITERAL("countryIsoCode"),
     .type_oid = T_VARCHAR,
     .type_modifier = 6,
     .number = 2,
     .comment = TEXT_LITERAL("where from")},
    {.name = TEXT_LITERAL("tags"),
     .type_oid = T_TEXT_ARRAY,
     .type_modifier = -1,
     .number = 4},
    {.name = TEXT_LITERAL("price"),
     .type_oid = T_NUMERIC,
     .type_modifier = ((10 << 16) | 2) + 4,
     .number = 5},
};
static const SegmentColumnSummary one_summary = {.distinct_count = 3};
static const SegmentColumnSummary *const summaries[] = {&one_summary, &one_summary, NULL,
                                                        &one_summary};
static const TableSegment segments[] = {
    {.number = 1,
     .id = TEXT_LITERAL("visits_1970-01-01T00:00:00.000Z_1970-01-02T00:00:00.000Z_v1"),
     .interval = {0, INT64_C(86400000000)},
     .version = TEXT_LITERAL("v1"),
     .shard = {.kind = SHARD_NUMBERED, .core_partitions = 1},
     .rows = 100,
     .bytes = 9000,
     .summaries = summaries},
};
static const TableSegment hidden[] = {
    {.number = 2,
     .id = TEXT_LITERAL("visits_hidden"),
     .interval = {META_ETERNITY_START, META_ETERNITY_END},
     .version = TEXT_LITERAL("v0"),
     .shard = {.kind = SHARD_NUMBERED},
     .is_overshadowed = true,
     .summaries = summaries},
};
static const TableColumnStatistics statistics[4] = {
    [1] = {.null_count = 25, .distinct_count = 3, .average_bytes = 2}};
static const Table visits = {
    .oid = 16384,
    .key = TEXT_LITERAL("visits"), .schema = TEXT_LITERAL("public"), .name = TEXT_LITERAL("visits"),
    .comment = TEXT_LITERAL("who came"),
    .column_count = 4,
    .columns = visit_columns,
    .statistics = statistics,
    .segment_count = 1,
    .segments = segments,
    .rows = 100,
    .bytes = 9000,
    .hidden_count = 1,
    .hidden = hidden,
};
static const Table *const all_tables[] = {&visits};
static const TableSnapshot tables = {.table_count = 1, .tables = all_tables};
static const CatalogSession sessions[] = {
    {.pid = 11,
     .user = TEXT_LITERAL("ann"),
     .client_port = -1,
     .state = TEXT_LITERAL("active"),
     .query = TEXT_LITERAL("SELECT 1"),
     .query_start = 5},
    {.pid = 12,
     .user = TEXT_LITERAL("bob"),
     .client_port = 7,
     .state = TEXT_LITERAL("idle"),
     .query = TEXT_LITERAL("SELECT secret")},
    {.pid = 13, .backend_type = TEXT_LITERAL("worker")},
};
static const CatalogTask tasks[] = {{.id = TEXT_LITERAL("query-1"),
                                     .type = TEXT_LITERAL("query_controller"),
                                     .status = TEXT_LITERAL("RUNNING"),
                                     .duration = -1}};

static int setup(void **state)
{
    (void)state;
    arena = arena_new("test");
    type_context = (TypeContext){.zone = timezone_utc(), .now = INT64_C(1700000000000000)};
    context = (CatalogContext){
        .tables = &tables,
        .type_context = &type_context,
        .user_name = TEXT_LITERAL("ann"),
        .database = TEXT_LITERAL("shop"),
        .host = TEXT_LITERAL("localhost"),
        .port = 5442,
        .session_count = 3,
        .sessions = sessions,
        .task_count = 1,
        .tasks = tasks,
    };
    catalog_register();
    catalog_set_context(&context);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

/* --- reading relations by name --- */

typedef struct Rows {
    const VirtualRelation *relation;
    Batch *batch;
} Rows;

static Rows read_relation(const char *schema, const char *name)
{
    SchemaName schema_name = {text_of(schema), true};
    const Relation *relation =
        schema_resolve(arena, &tables, &schema_name, (SchemaName){text_of(name), true},
                       TEXT_LITERAL(""), -1, &fault);
    assert_non_null(relation);
    Rows rows = {.relation = relation->virtual_relation};
    assert_true(schema_produce(rows.relation, &context, arena, &rows.batch, &fault));
    return rows;
}

static const Vector *column(const Rows *rows, const char *name)
{
    for (uint32_t i = 0; i < rows->relation->column_count; i++) {
        if (strcmp(rows->relation->columns[i].name, name) == 0)
            return &rows->batch->columns[i];
    }
    fail_msg("no column %s", name);
    return NULL;
}

static int64_t number_at(const Rows *rows, const char *name, uint32_t row)
{
    const Vector *vector = column(rows, name);
    assert_false(vector_is_null(vector, row));
    return VECTOR_DATA(int64_t, vector)[vector_row(vector, row)];
}

static void text_is(const Rows *rows, const char *name, uint32_t row, const char *expected)
{
    const Vector *vector = column(rows, name);
    if (expected == NULL) {
        assert_true(vector_is_null(vector, row));
        return;
    }
    assert_false(vector_is_null(vector, row));
    Text text = vector_text(vector, row);
    assert_string_equal(arena_strndup(arena, text.data, text.length), expected);
}

/* The first row whose number column has the value; fails when there is none. */
static uint32_t row_with(const Rows *rows, const char *name, int64_t value)
{
    for (uint32_t row = 0; row < rows->batch->rows; row++) {
        if (number_at(rows, name, row) == value)
            return row;
    }
    fail_msg("no row with %s = %lld", name, (long long)value);
    return 0;
}

static uint32_t row_named(const Rows *rows, const char *name, const char *value)
{
    for (uint32_t row = 0; row < rows->batch->rows; row++) {
        const Vector *vector = column(rows, name);
        if (!vector_is_null(vector, row) && text_equal(vector_text(vector, row), text_of(value)))
            return row;
    }
    fail_msg("no row with %s = %s", name, value);
    return 0;
}

/* --- all of them --- */

static void check_fit(const VirtualRelation *relation)
{
    Batch *batch;
    assert_true(schema_produce(relation, &context, arena, &batch, &fault));
    assert_int_equal(batch->column_count, relation->column_count);
    for (uint32_t i = 0; i < batch->column_count; i++) {
        const TypeInfo *info = type_info(relation->columns[i].type);
        const Vector *vector = &batch->columns[i];
        assert_non_null(info);
        assert_int_equal(vector->layout, info->layout);
        assert_int_equal(vector->length, batch->rows);
        if (info->layout == LAYOUT_ARRAY && vector->elements != NULL)
            assert_int_equal(vector->elements->layout, type_layout(SQL_TYPE(info->element_oid)));
        /* Every value can be shown. */
        Text *cells = ARENA_ARRAY(arena, Text, batch->rows + 1);
        type_format_text(SQL_TYPE(info->oid), &type_context, vector, arena, cells);
    }
}

static void test_every_relation(void **state)
{
    (void)state;
    uint32_t count;
    const VirtualRelation *const *relations = schema_virtual_relations(&count);
    assert_true(count > 200);
    for (uint32_t i = 0; i < count; i++)
        check_fit(relations[i]);
}

static void test_oids_are_unique(void **state)
{
    (void)state;
    static const char *const names[] = {"pg_class",    "pg_type", "pg_proc",
                                        "pg_operator", "pg_cast", "pg_namespace"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        Rows rows = read_relation("pg_catalog", names[i]);
        uint8_t *seen = arena_zalloc(arena, 1 << 20);
        for (uint32_t row = 0; row < rows.batch->rows; row++) {
            int64_t oid = number_at(&rows, "oid", row);
            assert_true(oid > 0 && oid < 1 << 20);
            if (seen[oid]++ != 0)
                fail_msg("%s has OID %lld twice", names[i], (long long)oid);
        }
    }
}

/* --- what they say --- */

static void test_class_and_attribute(void **state)
{
    (void)state;
    Rows classes = read_relation("pg_catalog", "pg_class");
    uint32_t row = row_with(&classes, "oid", 16384);
    text_is(&classes, "relname", row, "visits");
    text_is(&classes, "relkind", row, "r");
    assert_int_equal(number_at(&classes, "relnamespace", row), SCHEMA_OID_PUBLIC);
    assert_int_equal(number_at(&classes, "relnatts", row), 4);
    assert_int_equal(number_at(&classes, "relpages", row), 2);
    row = row_with(&classes, "oid", 1259);
    text_is(&classes, "relname", row, "pg_class");
    text_is(&classes, "relkind", row_named(&classes, "relname", "pg_roles"), "v");

    Rows attributes = read_relation("pg_catalog", "pg_attribute");
    row = row_with(&attributes, "attrelid", 16384);
    text_is(&attributes, "attname", row, "__time");
    assert_int_equal(number_at(&attributes, "attnum", row + 2), 4);
    assert_int_equal(number_at(&attributes, "atttypmod", row + 1), 6);
    assert_int_equal(number_at(&attributes, "attlen", row), 8);
    assert_int_equal(number_at(&attributes, "attlen", row + 1), -1);
    assert_int_equal(number_at(&attributes, "attndims", row + 2), 1);
    text_is(&attributes, "attidentity", row, "");
    text_is(&attributes, "attalign", row, "d");
    /* As many attributes of pg_class as its relnatts says. */
    uint32_t count = 0;
    for (uint32_t i = 0; i < attributes.batch->rows; i++)
        count += number_at(&attributes, "attrelid", i) == 1259;
    assert_int_equal(count, 33);
}

static void test_types(void **state)
{
    (void)state;
    Rows types = read_relation("pg_catalog", "pg_type");
    uint32_t row = row_with(&types, "oid", T_INT8);
    text_is(&types, "typname", row, "int8");
    text_is(&types, "typtype", row, "b");
    assert_int_equal(number_at(&types, "typarray", row), 1016);
    assert_int_equal(number_at(&types, "typinput", row), 460);
    assert_int_equal(number_at(&types, "typreceive", row), 2408);
    row = row_with(&types, "oid", 1015);
    text_is(&types, "typname", row, "_varchar");
    assert_int_equal(number_at(&types, "typelem", row), T_VARCHAR);
    text_is(&types, "typtype", row_with(&types, "oid", 3904), "r");
    /* Drivers classify types by the names of these functions. */
    Rows procedures = read_relation("pg_catalog", "pg_proc");
    text_is(&procedures, "proname", row_with(&procedures, "oid", 2400), "array_recv");
    text_is(&procedures, "proname", row_with(&procedures, "oid", 460), "int8in");
    for (uint32_t i = 0; i < types.batch->rows; i++) {
        int64_t receive = number_at(&types, "typreceive", i);
        if (receive != 0)
            row_with(&procedures, "oid", receive);
    }
}

static void test_descriptions(void **state)
{
    (void)state;
    Rows rows = read_relation("pg_catalog", "pg_description");
    text_is(&rows, "description", 0, "who came");
    text_is(&rows, "description", 1, "where from");
    assert_int_equal(number_at(&rows, "objsubid", 1), 2);
    assert_true(text_equal_string(catalog_description(&context, 1259, 16384, 2), "where from"));
    assert_true(text_equal_string(catalog_description(&context, 1259, 16384, 0), "who came"));
    assert_int_equal(catalog_description(&context, 1259, 99, 0).length, 0);
    assert_int_equal(catalog_relation_size(&context, 16384), 9000);
    assert_int_equal(catalog_relation_size(&context, 1259), 0);
    assert_int_equal(catalog_relation_size(&context, 1), -1);
}

static void test_roles_and_sessions(void **state)
{
    (void)state;
    Rows roles = read_relation("pg_catalog", "pg_roles");
    assert_int_equal(roles.batch->rows, 1);
    text_is(&roles, "rolname", 0, "ann");
    assert_true(text_equal_string(catalog_role_name(&context, 10), "ann"));

    Rows activity = read_relation("pg_catalog", "pg_stat_activity");
    assert_int_equal(activity.batch->rows, 3);
    text_is(&activity, "query", 1, "SELECT secret"); /* without roles all are superusers */
    text_is(&activity, "usename", 2, NULL);
    text_is(&activity, "backend_type", 0, "client backend");

    static const AccessRole two[] = {
        {.oid = 10, .name = TEXT_LITERAL("boss"), .is_superuser = true, .can_login = true},
        {.oid = 16500, .name = TEXT_LITERAL("ann"), .can_login = true},
    };
    AccessRoles some = {.count = 2, .roles = two};
    context.roles = &some;
    context.user = &two[1];
    activity = read_relation("pg_catalog", "pg_stat_activity");
    text_is(&activity, "query", 0, "SELECT 1");
    text_is(&activity, "query", 1, "<insufficient privilege>");
    text_is(&activity, "state", 1, NULL);
    assert_int_equal(number_at(&activity, "usesysid", 0), 16500);
    roles = read_relation("pg_catalog", "pg_roles");
    uint32_t predefined;
    access_predefined_roles(&predefined);
    assert_int_equal(roles.batch->rows, 2 + predefined);
    context.roles = NULL;
    context.user = NULL;
}

static void test_settings(void **state)
{
    (void)state;
    Settings changed;
    setting_defaults(&changed);
    assert_true(setting_set(&changed, TEXT_LITERAL("statement_timeout"), TEXT_LITERAL("5s"),
                            SCOPE_SESSION, &fault));
    context.settings = &changed;
    Rows rows = read_relation("pg_catalog", "pg_settings");
    uint32_t row = row_named(&rows, "name", "statement_timeout");
    text_is(&rows, "setting", row, "5000");
    text_is(&rows, "unit", row, "ms");
    text_is(&rows, "source", row, "session");
    text_is(&rows, "boot_val", row, "0");
    row = row_named(&rows, "name", "TimeZone");
    text_is(&rows, "setting", row, "UTC");
    text_is(&rows, "context", row, "user");
    context.settings = NULL;
}

static void test_information_schema(void **state)
{
    (void)state;
    Rows rows = read_relation("information_schema", "tables");
    uint32_t row = row_named(&rows, "table_name", "visits");
    text_is(&rows, "table_catalog", row, "shop");
    text_is(&rows, "table_schema", row, "public");
    text_is(&rows, "table_type", row, "BASE TABLE");
    rows = read_relation("information_schema", "columns");
    row = row_named(&rows, "table_name", "visits");
    text_is(&rows, "column_name", row, "__time");
    text_is(&rows, "is_nullable", row, "NO");
    text_is(&rows, "data_type", row, "timestamp with time zone");
    assert_int_equal(number_at(&rows, "datetime_precision", row), 6);
    assert_int_equal(number_at(&rows, "character_maximum_length", row + 1), 2);
    text_is(&rows, "data_type", row + 2, "ARRAY");
    text_is(&rows, "udt_name", row + 2, "_text");
    assert_int_equal(number_at(&rows, "numeric_precision", row + 3), 10);
    assert_int_equal(number_at(&rows, "numeric_scale", row + 3), 2);
    assert_int_equal(number_at(&rows, "jdbc_type", row + 1), 12);
}

static void test_sys(void **state)
{
    (void)state;
    Rows rows = read_relation("sys", "segments");
    assert_int_equal(rows.batch->rows, 2);
    text_is(&rows, "start", 0, "1970-01-01T00:00:00.000Z");
    text_is(&rows, "end", 1, "146140482-04-24T15:36:27.903Z");
    text_is(&rows, "dimensions", 0, "[\"countryIsoCode\",\"price\"]");
    text_is(&rows, "shard_spec", 0, "{\"type\":\"numbered\",\"partitionNum\":0,\"partitions\":1}");
    assert_int_equal(number_at(&rows, "is_active", 0), 1);
    assert_int_equal(number_at(&rows, "is_overshadowed", 1), 1);
    assert_int_equal(number_at(&rows, "is_available", 1), 0);
    rows = read_relation("sys", "server_segments");
    assert_int_equal(rows.batch->rows, 1);
    text_is(&rows, "server", 0, "localhost:5442");
    rows = read_relation("sys", "tasks");
    text_is(&rows, "task_id", 0, "query-1");
    assert_int_equal(number_at(&rows, "duration", 0), -1);
    assert_int_equal(read_relation("sys", "supervisors").batch->rows, 0);
    assert_int_equal(read_relation("sys", "servers").batch->rows, 1);
}

/* --- names --- */

static void shows(Oid type, int64_t value, const char *expected)
{
    Text cell;
    Vector vector = vector_constant(arena, LAYOUT_INT64, 1, &value);
    type_format_text(SQL_TYPE(type), &type_context, &vector, arena, &cell);
    assert_string_equal(arena_strndup(arena, cell.data, cell.length), expected);
}

static void reads(Oid type, const char *text, int64_t expected)
{
    VectorBuilder builder;
    vector_builder_init(&builder, arena, LAYOUT_INT64, 1);
    assert_true(type_parse_text(SQL_TYPE(type), &type_context, text_of(text), &builder, &fault));
    assert_int_equal(((int64_t *)builder.data)[0], expected);
}

static void does_not_read(Oid type, const char *text, FaultCode code)
{
    VectorBuilder builder;
    vector_builder_init(&builder, arena, LAYOUT_INT64, 1);
    assert_false(type_parse_text(SQL_TYPE(type), &type_context, text_of(text), &builder, &fault));
    assert_int_equal(fault.code, code);
}

static void test_names(void **state)
{
    (void)state;
    shows(T_REGCLASS, 16384, "visits");
    shows(T_REGCLASS, 1259, "pg_class");
    shows(T_REGCLASS, 15003, "sys.tasks");
    shows(T_REGCLASS, 4711, "4711");
    shows(T_REGNAMESPACE, 2200, "public");
    shows(T_REGROLE, 10, "ann");
    shows(T_REGPROC, 460, "int8in");
    reads(T_REGCLASS, "visits", 16384);
    reads(T_REGCLASS, "public.Visits", 16384);
    reads(T_REGCLASS, "\"visits\"", 16384);
    reads(T_REGCLASS, "\"public\".\"visits\"", 16384);
    reads(T_REGCLASS, "pg_catalog.pg_class", 1259);
    reads(T_REGCLASS, "information_schema.tables", 13425);
    does_not_read(T_REGCLASS, "\"Visits\"", FAULT_UNDEFINED_TABLE);
    does_not_read(T_REGCLASS, "nope", FAULT_UNDEFINED_TABLE);
    does_not_read(T_REGCLASS, "\"visits", FAULT_UNDEFINED_TABLE);
    does_not_read(T_REGCLASS, "a.b.c.d", FAULT_UNDEFINED_TABLE);
    reads(T_REGNAMESPACE, "pg_catalog", 11);
    reads(T_REGROLE, "ann", 10);
    reads(T_REGPROC, "int8in", 460);
    reads(T_REGPROC, "pg_catalog.array_recv", 2400);
}

static void test_time_zones(void **state)
{
    (void)state;
    Rows rows = read_relation("pg_catalog", "pg_timezone_names");
    if (rows.batch->rows == 0) {
        print_message("skipped: the system has no tzdata.zi\n");
        return;
    }
    uint32_t row = row_named(&rows, "name", "Europe/Berlin");
    text_is(&rows, "abbrev", row, "CET");      /* in November */
    row_named(&rows, "name", "Asia/Calcutta"); /* a link */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_relation),
        cmocka_unit_test(test_oids_are_unique),
        cmocka_unit_test(test_class_and_attribute),
        cmocka_unit_test(test_types),
        cmocka_unit_test(test_descriptions),
        cmocka_unit_test(test_roles_and_sessions),
        cmocka_unit_test(test_settings),
        cmocka_unit_test(test_information_schema),
        cmocka_unit_test(test_sys),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_time_zones),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
