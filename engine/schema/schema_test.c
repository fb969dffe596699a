/*
 * Names, the search path, resolving tables and virtual relations, suggestions.
 */
#include "engine/schema/schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static Arena *arena;
static Fault fault;

static const VirtualColumn class_columns[] = {{"oid", T_OID}, {"relname", T_NAME}};
static const VirtualColumn other_columns[] = {{"x", T_TEXT}};

static bool produce_class(const CatalogContext *context, Arena *where, Batch **out, Fault *problem)
{
    (void)context;
    (void)problem;
    *out = batch_make(where, 2, 1);
    int64_t oid = 1259;
    Text name = TEXT_LITERAL("pg_class");
    (*out)->columns[0] = vector_constant(where, LAYOUT_INT64, 1, &oid);
    (*out)->columns[1] = vector_constant(where, LAYOUT_STRING, 1, &name);
    return true;
}

static const VirtualRelation pg_class = {.schema_oid = SCHEMA_OID_PG_CATALOG,
                                         .name = "pg_class",
                                         .oid = 1259,
                                         .column_count = 2,
                                         .columns = class_columns,
                                         .produce = produce_class};
static const VirtualRelation info_tables = {.schema_oid = SCHEMA_OID_INFORMATION_SCHEMA,
                                            .name = "tables",
                                            .oid = 13425,
                                            .is_view = true,
                                            .column_count = 1,
                                            .columns = other_columns};
static const VirtualRelation sys_tasks = {.schema_oid = SCHEMA_OID_SYS,
                                          .name = "tasks",
                                          .oid = 15002,
                                          .column_count = 1,
                                          .columns = other_columns};

static const TableColumn visit_columns[] = {
    {.name = TEXT_LITERAL("__time"), .type_oid = T_TIMESTAMPTZ, .type_modifier = -1, .number = 1},
    {.name = TEXT_LITERAL("countryIsoCode"),
     .type_oid = T_VARCHAR,
     .type_modifier = 6,
     .number = 3},
    {.name = TEXT_LITERAL("Page"), .type_oid = T_TEXT, .type_modifier = -1, .number = 4},
    {.name = TEXT_LITERAL("page"), .type_oid = T_TEXT, .type_modifier = -1, .number = 5},
};
static const Table visits = {
    .oid = 16384, .key = TEXT_LITERAL("visits"), .schema = TEXT_LITERAL("public"), .name = TEXT_LITERAL("visits"), .column_count = 4, .columns = visit_columns};
static const Table mixed = {.oid = 16385, .key = TEXT_LITERAL("WikiData"), .schema = TEXT_LITERAL("public"), .name = TEXT_LITERAL("WikiData")};
static const Table shadow = {.oid = 16386, .key = TEXT_LITERAL("PG_CLASS"), .schema = TEXT_LITERAL("public"), .name = TEXT_LITERAL("PG_CLASS")};
static const Table one = {.oid = 16387, .key = TEXT_LITERAL("ABc"), .schema = TEXT_LITERAL("public"), .name = TEXT_LITERAL("ABc")};
static const Table two = {.oid = 16388, .key = TEXT_LITERAL("AbC"), .schema = TEXT_LITERAL("public"), .name = TEXT_LITERAL("AbC")};
static const Table *const all_tables[] = {&one, &two, &shadow, &mixed, &visits};
static const TableSnapshot tables = {.table_count = 5, .tables = all_tables};

static int setup(void **state)
{
    static const VirtualRelation *const first[] = {&sys_tasks, &pg_class};
    static const VirtualRelation *const second[] = {&info_tables};
    (void)state;
    arena = arena_new("test");
    schema_register(first, 2);
    schema_register(second, 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static const Relation *resolve(const char *schema, const char *name, bool is_quoted)
{
    SchemaName schema_name = {.text = text_of(schema == NULL ? "" : schema)};
    return schema_resolve(arena, &tables, schema == NULL ? NULL : &schema_name,
                          (SchemaName){text_of(name), is_quoted}, TEXT_LITERAL("\"$user\", public"),
                          7, &fault);
}

static void resolves_to(const char *schema, const char *name, bool is_quoted, Oid oid)
{
    const Relation *relation = resolve(schema, name, is_quoted);
    assert_non_null(relation);
    assert_int_equal(relation->oid, oid);
}

static void fails(const char *schema, const char *name, bool is_quoted, FaultCode code)
{
    assert_null(resolve(schema, name, is_quoted));
    assert_int_equal(fault.code, code);
    assert_int_equal(fault.position, 8);
}

static void test_resolve(void **state)
{
    (void)state;
    resolves_to(NULL, "visits", false, 16384);
    resolves_to(NULL, "VISITS", false, 16384);
    resolves_to(NULL, "visits", true, 16384);
    fails(NULL, "VISITS", true, FAULT_UNDEFINED_TABLE);
    resolves_to("public", "Visits", false, 16384);
    resolves_to("druid", "visits", false, 16384);
    resolves_to("PUBLIC", "visits", false, 16384);
    resolves_to(NULL, "wikidata", false, 16385);
    resolves_to(NULL, "WikiData", true, 16385);
    fails(NULL, "wikidata", true, FAULT_UNDEFINED_TABLE);
    fails(NULL, "abc", false, FAULT_UNDEFINED_TABLE); /* two differ only in case */
    assert_non_null(strstr(fault.message, "ambiguous"));
    resolves_to(NULL, "AbC", false, 16388);
    fails("nope", "visits", false, FAULT_INVALID_SCHEMA_NAME);
    fails("pg_catalog", "visits", false, FAULT_UNDEFINED_TABLE);
}

static void test_resolve_virtual(void **state)
{
    (void)state;
    resolves_to(NULL, "pg_class", false, 1259);
    resolves_to("pg_catalog", "PG_Class", false, 1259);
    resolves_to(NULL, "PG_CLASS", false, 16386); /* exact before folded */
    resolves_to("INFORMATION_SCHEMA", "TABLES", false, 13425);
    resolves_to("INFORMATION_SCHEMA", "TABLES", true, 13425); /* as Druid's tools write it */
    assert_non_null(schema_find(TEXT_LITERAL("INFORMATION_SCHEMA"), true));
    assert_null(schema_find(TEXT_LITERAL("SYS"), true));
    assert_int_equal(schema_match_column(resolve("information_schema", "tables", true),
                                         (SchemaName){TEXT_LITERAL("X"), true}),
                     0);
    resolves_to("sys", "tasks", false, 15002);
    fails(NULL, "tasks", false, FAULT_UNDEFINED_TABLE); /* sys is not on the path */
    const Relation *relation =
        schema_resolve(arena, &tables, NULL, (SchemaName){TEXT_LITERAL("tasks"), false},
                       TEXT_LITERAL("nope , SYS"), -1, &fault);
    assert_non_null(relation);
    assert_int_equal(relation->kind, RELATION_VIRTUAL);
    assert_true(text_equal_string(relation->schema, "sys"));
}

static void test_columns(void **state)
{
    (void)state;
    const Relation *relation = resolve(NULL, "visits", false);
    assert_int_equal(relation->column_count, 4);
    assert_int_equal(relation->columns[1].number, 3);
    assert_int_equal(relation->columns[1].type.modifier, 6);
    assert_ptr_equal(relation->table, &visits);
    assert_int_equal(
        schema_match_column(relation, (SchemaName){TEXT_LITERAL("countryISOcode"), false}), 1);
    assert_int_equal(
        schema_match_column(relation, (SchemaName){TEXT_LITERAL("countryisocode"), true}),
        SCHEMA_NO_MATCH);
    assert_int_equal(schema_match_column(relation, (SchemaName){TEXT_LITERAL("Page"), false}), 2);
    assert_int_equal(schema_match_column(relation, (SchemaName){TEXT_LITERAL("PAGE"), false}), 3);
    assert_int_equal(schema_match_column(relation, (SchemaName){TEXT_LITERAL("nope"), false}),
                     SCHEMA_NO_MATCH);
}

static Text name_at(const void *state, uint32_t i)
{
    return text_of(((const char *const *)state)[i]);
}

static void test_match_name(void **state)
{
    (void)state;
    static const char *const names[] = {"Straße", "ÄRGER", "aB", "Ab"};
    SchemaName name = {TEXT_LITERAL("ärger"), false};
    assert_int_equal(schema_match_name(name, 4, name_at, names), 1);
    name.text = TEXT_LITERAL("AB");
    assert_int_equal(schema_match_name(name, 4, name_at, names), SCHEMA_AMBIGUOUS);
    name.text = TEXT_LITERAL("\xff\xfe");
    assert_int_equal(schema_match_name(name, 4, name_at, names), SCHEMA_NO_MATCH);
    assert_true(text_equal_string(schema_fold(arena, TEXT_LITERAL("ÄBc")), "Äbc"));
}

static void test_suggestions(void **state)
{
    (void)state;
    static const char *const names[] = {"visits", "users", "countryIsoCode", "id"};
    assert_true(text_equal_string(schema_suggest(text_of("vists"), 4, name_at, names), "visits"));
    assert_true(text_equal_string(schema_suggest(text_of("viists"), 4, name_at, names), "visits"));
    assert_true(text_equal_string(schema_suggest(text_of("USER"), 4, name_at, names), "users"));
    assert_true(text_equal_string(schema_suggest(text_of("country_iso_code"), 4, name_at, names),
                                  "countryIsoCode"));
    assert_int_equal(schema_suggest(text_of("zzz"), 4, name_at, names).length, 0);
    assert_int_equal(schema_suggest(text_of(""), 4, name_at, names).length, 0);
    char long_name[500];
    memset(long_name, 'x', sizeof long_name);
    assert_int_equal(schema_suggest((Text){long_name, 500}, 4, name_at, names).length, 0);
    fails(NULL, "vists", false, FAULT_UNDEFINED_TABLE);
    assert_non_null(strstr(fault.hint, "\"public.visits\""));
    fails(NULL, "pg_clas", true, FAULT_UNDEFINED_TABLE);
    assert_non_null(strstr(fault.hint, "\"pg_catalog.pg_class\""));
}

static void test_register(void **state)
{
    (void)state;
    uint32_t count;
    const Relation *const *relations = schema_relations(arena, &tables, &count);
    assert_int_equal(count, 8);
    assert_int_equal(relations[0]->kind, RELATION_TABLE);
    assert_int_equal(relations[5]->oid, 1259); /* by schema, then name */
    assert_ptr_equal(schema_virtual_by_oid(15002), &sys_tasks);
    assert_null(schema_virtual_by_oid(1));
    assert_int_equal(schema_relation_by_oid(arena, &tables, 16385)->oid, 16385);
    assert_int_equal(schema_relation_by_oid(arena, &tables, 1259)->oid, 1259);
    assert_null(schema_relation_by_oid(arena, &tables, 4));

    CatalogContext context = {.tables = &tables};
    Batch *batch;
    assert_true(schema_produce(&pg_class, &context, arena, &batch, &fault));
    assert_int_equal(batch->rows, 1);
    assert_true(schema_produce(&info_tables, &context, arena, &batch, &fault));
    assert_int_equal(batch->rows, 0);
    assert_int_equal(batch->column_count, 1);
    assert_int_equal(batch->columns[0].layout, LAYOUT_STRING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resolve),     cmocka_unit_test(test_resolve_virtual),
        cmocka_unit_test(test_columns),     cmocka_unit_test(test_match_name),
        cmocka_unit_test(test_suggestions), cmocka_unit_test(test_register),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
