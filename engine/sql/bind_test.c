/*
 * Binding: what statements become, over a snapshot of two tables and a few catalog relations
 * that are made here. Plans are compared as text.
 */
#include "engine/sql/sql.h"

#include "base/memory/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* --- a schema --- */
static const TableColumn wiki_columns[] = {
    {.name = TEXT_LITERAL("__time"),
     .type_oid = T_TIMESTAMPTZ,
     .type_modifier = -1,
     .number = 1},
    {.name = TEXT_LITERAL("countryName"),
     .type_oid = T_TEXT,
     .type_modifier = -1,
     .number = 2},
    {.name = TEXT_LITERAL("page"),
     .type_oid = T_TEXT,
     .type_modifier = -1,
     .number = 3},
    {.name = TEXT_LITERAL("added"),
     .type_oid = T_INT8,
     .type_modifier = -1,
     .number = 4},
    {.name = TEXT_LITERAL("tags"),
     .type_oid = T_TEXT_ARRAY,
     .type_modifier = -1,
     .number = 5},
};
enum { WIKI_COLUMNS = sizeof wiki_columns / sizeof wiki_columns[0] };
static const TableColumnStatistics statistics[WIKI_COLUMNS];
static const Table wiki = {.oid = 16384,
                           .key = TEXT_LITERAL("wiki"), .schema = TEXT_LITERAL("public"), .name = TEXT_LITERAL("wiki"),
                           .column_count = WIKI_COLUMNS,
                           .columns = wiki_columns,
                           .statistics = statistics};
static const Table sales = {.oid = 16385,
                            .key = TEXT_LITERAL("Sales"), .schema = TEXT_LITERAL("public"), .name = TEXT_LITERAL("Sales"),
                            .column_count = WIKI_COLUMNS,
                            .columns = wiki_columns,
                            .statistics = statistics};
static const Table *const tables[] = {&sales, &wiki};
static const TableSnapshot snapshot = {.revision = 1, .table_count = 2, .tables = tables};

static const VirtualColumn role_columns[] = {{"oid", T_OID}, {"rolname", T_NAME}};
static const VirtualColumn class_columns[] = {
    {"oid", T_OID}, {"relname", T_NAME}, {"relnamespace", T_OID}, {"relkind", T_CHAR}};
static const VirtualColumn namespace_columns[] = {{"oid", T_OID}, {"nspname", T_NAME}};
static const VirtualRelation relations[] = {
    {SCHEMA_OID_PG_CATALOG, "pg_roles", 12000, true, 2, role_columns, NULL},
    {SCHEMA_OID_PG_CATALOG, "pg_class", 1259, false, 4, class_columns, NULL},
    {SCHEMA_OID_PG_CATALOG, "pg_namespace", 2615, false, 2, namespace_columns, NULL},
    {SCHEMA_OID_SYS, "segments", 13100, false, 2, namespace_columns, NULL},
};

/* --- a statement --- */
static Arena *arena;
static Settings settings;
static TypeContext types;
static SqlType parameter_types[8];
static BindContext context;
static BoundQuery query;
static Fault fault;

static int set_up(void **state)
{
    (void)state;
    arena = arena_new("bind test");
    setting_defaults(&settings);
    types = (TypeContext){.zone = timezone_utc(), .settings = &settings};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static bool bind(const char *sql)
{
    ParsedStatement *statements;
    uint32_t count;
    memset(parameter_types, 0, sizeof parameter_types);
    types.dialect = settings.dialect;
    context = (BindContext){.types = &types,
                            .tables = &snapshot,
                            .role = "anna",
                            .database = "house",
                            .process_id = 7,
                            .parameter_types = parameter_types,
                            .parameter_capacity = 8};
    fault_clear(&fault);
    return sql_parse(arena, text_of(sql), settings.dialect, &statements, &count, &fault) &&
           sql_bind(arena, &statements[count - 1], &context, &query, &fault);
}

static void assert_bound(const char *sql)
{
    if (!bind(sql))
        fail_msg("%s\n  %s", sql, fault.message);
}

/* --- a plan as text: one line, inputs in brackets --- */
static const char *column_name(ColumnId column, void *state)
{
    static char names[8][16];
    static unsigned next;
    (void)state;
    char *name = names[next++ % 8];
    snprintf(name, sizeof names[0], "#%u", column);
    return name;
}

static void print_expr(Buffer *out, const Expr *expr)
{
    expr_print(expr, column_name, NULL, out);
}

static void print_items(Buffer *out, const PlanProjection *items, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        buffer_printf(out, "%s#%u=", i > 0 ? ", " : "", items[i].column.id);
        print_expr(out, items[i].expr);
    }
}

static void print_plan(Buffer *out, const Plan *plan);

static void print_inputs(Buffer *out, const Plan *first, const Plan *second)
{
    buffer_append_string(out, " [");
    print_plan(out, first);
    if (second != NULL) {
        buffer_append_string(out, "; ");
        print_plan(out, second);
    }
    buffer_append_byte(out, ']');
}

static void print_join(Buffer *out, const Plan *plan)
{
    static const char *const types_of_join[] = {"inner", "left", "right", "full",
                                                "semi",  "anti", "mark",  "single"};
    buffer_printf(out, "join %s", types_of_join[plan->join.type]);
    if (plan->join.condition != NULL) {
        buffer_append_byte(out, ' ');
        print_expr(out, plan->join.condition);
    }
    print_inputs(out, plan->join.left, plan->join.right);
}

static void print_apply(Buffer *out, const Plan *plan)
{
    static const char *const types_of_apply[] = {"scalar", "exists", "any", "join"};
    buffer_printf(out, "apply %s", types_of_apply[plan->apply.type]);
    if (plan->apply.result != 0)
        buffer_printf(out, " #%u", plan->apply.result);
    if (plan->apply.condition != NULL) {
        buffer_append_byte(out, ' ');
        print_expr(out, plan->apply.condition);
    }
    print_inputs(out, plan->apply.left, plan->apply.right);
}

static void print_plan(Buffer *out, const Plan *plan)
{
    switch (plan->kind) {
    case PLAN_TABLE:
    case PLAN_VIRTUAL:
        buffer_printf(out, "%.*s#%u", TEXT_ARGS(plan->table.relation->name), plan->columns[0].id);
        return;
    case PLAN_EXTERN:
        buffer_printf(out, "extern %.*s %.*s", TEXT_ARGS(plan->external.source_json),
                      TEXT_ARGS(plan->external.format_json));
        return;
    case PLAN_VALUES:
        buffer_printf(out, "values %ux%u", plan->values.row_count, plan->column_count);
        return;
    case PLAN_FILTER:
        buffer_append_string(out, "filter ");
        print_expr(out, plan->filter.condition);
        print_inputs(out, plan->filter.input, NULL);
        return;
    case PLAN_PROJECT:
        buffer_append_string(out, "project ");
        print_items(out, plan->project.items, plan->column_count);
        print_inputs(out, plan->project.input, NULL);
        return;
    case PLAN_AGGREGATE:
        buffer_append_string(out, "aggregate (");
        print_items(out, plan->aggregate.keys, plan->aggregate.key_count);
        buffer_append_string(out, ") ");
        print_items(out, plan->aggregate.aggregates, plan->aggregate.aggregate_count);
        print_inputs(out, plan->aggregate.input, NULL);
        return;
    case PLAN_JOIN:
        print_join(out, plan);
        return;
    case PLAN_APPLY:
        print_apply(out, plan);
        return;
    case PLAN_SORT:
        buffer_append_string(out, "sort");
        for (uint32_t i = 0; i < plan->sort.key_count; i++) {
            buffer_append_byte(out, ' ');
            print_expr(out, plan->sort.keys[i].expr);
            buffer_printf(out, "%s%s", plan->sort.keys[i].descending ? " desc" : "",
                          plan->sort.keys[i].nulls_first ? " nulls first" : "");
        }
        print_inputs(out, plan->sort.input, NULL);
        return;
    case PLAN_LIMIT:
        buffer_printf(out, "limit %lld+%lld", (long long)plan->limit.count,
                      (long long)plan->limit.offset);
        print_inputs(out, plan->limit.input, NULL);
        return;
    case PLAN_RECURSE:
        buffer_append_string(out, "recurse");
        print_inputs(out, plan->recurse.first, plan->recurse.step);
        return;
    case PLAN_WORKING:
        buffer_append_string(out, "working");
        return;
    case PLAN_EXPAND:
        buffer_append_string(out, "expand ");
        print_expr(out, plan->expand.count);
        print_inputs(out, plan->expand.input, NULL);
        return;
    case PLAN_WINDOW:
        buffer_append_string(out, "window partition");
        for (uint32_t i = 0; i < plan->window.partition_count; i++) {
            buffer_append_byte(out, ' ');
            print_expr(out, plan->window.partition[i]);
        }
        buffer_append_string(out, " order");
        for (uint32_t i = 0; i < plan->window.order_count; i++) {
            buffer_append_byte(out, ' ');
            print_expr(out, plan->window.order[i].expr);
        }
        for (uint32_t i = 0; i < plan->window.function_count; i++) {
            buffer_printf(out, " #%u=", plan->window.functions[i].column.id);
            print_expr(out, plan->window.functions[i].expr);
        }
        print_inputs(out, plan->window.input, NULL);
        return;
    case PLAN_UNION_ALL:
        buffer_printf(out, "union #%u [", plan->columns[0].id);
        for (uint32_t i = 0; i < plan->union_all.input_count; i++) {
            buffer_append_string(out, i > 0 ? "; " : "");
            print_plan(out, plan->union_all.inputs[i]);
        }
        buffer_append_byte(out, ']');
        return;
    }
}

static void assert_plan(const char *sql, const char *expected)
{
    Buffer out = BUFFER_EMPTY;
    assert_bound(sql);
    print_plan(&out, query.plan);
    assert_string_equal(buffer_string(&out), expected);
    buffer_clear(&out);
}

/* "name:type name:type" of what the client sees. */
static void assert_outputs(const char *sql, const char *expected)
{
    Buffer out = BUFFER_EMPTY;
    assert_bound(sql);
    for (uint32_t i = 0; i < query.output_count; i++)
        buffer_printf(&out, "%s%s:%s", i > 0 ? " " : "", query.outputs[i].name,
                      type_format_name(arena, query.outputs[i].type));
    assert_string_equal(buffer_string(&out), expected);
    buffer_clear(&out);
}

/* `place`: the text at which the error points; NULL none. */
static void assert_refused(const char *sql, FaultCode code, const char *place, const char *message)
{
    if (bind(sql))
        fail_msg("bound: %s", sql);
    assert_string_equal(fault.message, message);
    assert_int_equal(fault.code, code);
    if (place == NULL)
        assert_int_equal(fault.position, 0);
    else if (fault.position == 0 || strncmp(sql + fault.position - 1, place, strlen(place)) != 0)
        fail_msg("%s\n  position %d", sql, fault.position);
}

/* --- SELECT --- */
static void test_select(void **state)
{
    (void)state;
    assert_plan("select 1", "project #1=1 [values 1x0]");
    assert_plan("select page, added + 1 from wiki where added > 5",
                "project #3=#3, #6=(#4 + 1) [filter (#4 > 5) [wiki#1]]");
    assert_plan(
        "select page from wiki order by added desc limit 3 offset 1",
        "project #3=#3 [limit 3+1 [sort #4 desc nulls first [project #3=#3, #4=#4 [wiki#1]]]]");
    assert_plan("select distinct page from wiki", "aggregate (#3=#3)  [project #3=#3 [wiki#1]]");
    assert_plan("select page, page from wiki", "project #3=#3, #6=#3 [wiki#1]");
    assert_plan(
        "select count(*), sum(added) filter (where page = 'x') from wiki group by countryname "
        "having count(*) > 1",
        "project #6=#6, #7=#7 [filter (#6 > 1) [aggregate (#2=#2) #6=count(*), "
        "#7=sum(#4) FILTER (WHERE (#3 = 'x')) [wiki#1]]]");
    assert_plan("select upper(page) || 'x' from wiki group by upper(page)",
                "project #7=(#6 || 'x') [aggregate (#6=upper(#3))  [wiki#1]]");
}

static void test_names(void **state)
{
    (void)state;
    assert_outputs("select countryname, COUNTRYNAME as Foo, \"countryName\" from WIKI",
                   "countryName:text foo:text countryName:text");
    assert_outputs("select Page.page, sales.added from wiki Page join sales using (page)",
                   "page:text added:bigint");
    settings.dialect = 1;
    assert_outputs("select countryname as Foo from wiki", "Foo:text");
    settings.dialect = 0;
    assert_outputs(
        "select 1, count(*), 'a'::varchar(3), case when true then 1 end, lower('A'), "
        "current_user, array[1], exists (select 1), floor(__time to day) from wiki group by __time",
        "?column?:integer count:bigint varchar:character varying(3) case:integer lower:text "
        "current_user:name array:integer[] exists:boolean floor:timestamp with time zone");
    assert_refused("select \"countryname\" from wiki", FAULT_UNDEFINED_COLUMN, "\"countryname\"",
                   "column \"countryname\" does not exist");
    assert_string_equal(fault.hint,
                        "Perhaps you meant to reference the column \"wiki.countryName\".");
    assert_refused("select w.pagee from wiki w", FAULT_UNDEFINED_COLUMN, "w.pagee",
                   "column w.pagee does not exist");
    assert_refused("select wiki.page from wiki w", FAULT_UNDEFINED_TABLE, "wiki.page",
                   "invalid reference to FROM-clause entry for table \"wiki\"");
    assert_refused("select page from wiki, sales", FAULT_AMBIGUOUS_COLUMN, "page",
                   "column reference \"page\" is ambiguous");
    assert_refused("select 1 from wiki w join sales w on true", FAULT_DUPLICATE_ALIAS, NULL,
                   "table name \"w\" specified more than once");
}

static void test_grouping_errors(void **state)
{
    (void)state;
    assert_refused(
        "select page, count(*) from wiki", FAULT_GROUPING_ERROR, "page",
        "column \"wiki.page\" must appear in the GROUP BY clause or be used in an aggregate "
        "function");
    assert_refused("select 1 from wiki where count(*) > 1", FAULT_GROUPING_ERROR, "count",
                   "aggregate functions are not allowed in WHERE");
    assert_refused("select sum(count(*)) from wiki", FAULT_GROUPING_ERROR, "count",
                   "aggregate function calls cannot be nested");
    assert_refused("select (select max(s.added) from sales s where s.added = w.added) from wiki w "
                   "group by page",
                   FAULT_GROUPING_ERROR, "w.added",
                   "subquery uses ungrouped column \"w.added\" from outer query");
    assert_refused("select distinct page from wiki order by added", FAULT_INVALID_COLUMN_REFERENCE,
                   "added", "for SELECT DISTINCT, ORDER BY expressions must appear in select list");
    assert_refused("select page from wiki order by 2", FAULT_INVALID_COLUMN_REFERENCE, "2",
                   "ORDER BY position 2 is not in select list");
}

static void test_grouping_sets(void **state)
{
    (void)state;
    assert_plan(
        "select page, count(*) from wiki group by rollup(page)",
        "project #3=#3, #6=#6 [union #3 [project #7=#3, #9=#8 [aggregate (#3=#3) #8=count(*) "
        "[wiki#1]]; project #10=NULL, #12=#11 [aggregate () #11=count(*) [wiki#1]]]]");
    assert_outputs("select grouping(page, added), page from wiki group by cube(page, added)",
                   "grouping:integer page:text");
    assert_refused(
        "select grouping(added) from wiki group by page", FAULT_GROUPING_ERROR, "added",
        "arguments to GROUPING must be grouping expressions of the associated query level");
}

static void test_joins(void **state)
{
    (void)state;
    assert_plan("select w.page from wiki w, sales s where w.page = s.page",
                "project #3=#3 [filter (#3 = #8) [join inner [wiki#1; Sales#6]]]");
    assert_plan("select page from wiki full join sales using (page)",
                "project #11=#11 [project #1=#1, #2=#2, #3=#3, #4=#4, #5=#5, #6=#6, #7=#7, #8=#8, "
                "#9=#9, #10=#10, #11=COALESCE(#3, #8) [join full (#3 = #8) [wiki#1; Sales#6]]]");
    assert_plan("select 1 from wiki w left join lateral (select w.added + 1 as n) x on n > 2",
                "project #7=1 [apply join (#6 > 2) [wiki#1; project #6=(#4 + 1) [values 1x0]]]");
    assert_refused("select 1 from wiki w, (select w.added) x", FAULT_UNDEFINED_TABLE, "w.added",
                   "invalid reference to FROM-clause entry for table \"w\"");
}

static void test_subqueries(void **state)
{
    (void)state;
    assert_plan("select 1 from wiki w where exists (select 1 from sales s where s.page = w.page)",
                "project #13=1 [filter #12 [apply exists #12 [wiki#1; project #11=1 "
                "[filter (#8 = #3) [Sales#6]]]]]");
    assert_plan("select page in (select page from sales) from wiki",
                "project #11=#11 [apply any #11 (#3 = #8) [wiki#1; project #8=#8 [Sales#6]]]");
    assert_plan(
        "select added > all (select added from sales) from wiki",
        "project #12=NOT #11 [apply any #11 NOT (#4 > #9) [wiki#1; project #9=#9 [Sales#6]]]");
    assert_plan("select array(select page from sales order by added)",
                "project #8=COALESCE(#7, '{}') [apply scalar #7 [values 1x0; aggregate () "
                "#6=array_agg(#3, #4) [project #3=#3, #4=#4 [Sales#1]]]]");
    assert_refused("select (select page, added from wiki)", FAULT_SYNTAX_ERROR, "(select",
                   "subquery must return only one column");
}

static void test_set_operations(void **state)
{
    (void)state;
    assert_plan("select 1 union all select 2 union all select 3",
                "union #4 [project #1=1 [values 1x0]; project #2=2 [values 1x0]; project #3=3 "
                "[values 1x0]]");
    assert_plan("select page from wiki union select 'x' order by 1",
                "sort #8 [aggregate (#8=#8)  [union #8 [project #3=#3 [wiki#1]; project #7='x' "
                "[project #6='x' [values 1x0]]]]]");
    assert_outputs("select null union select 1 union select 2.5", "?column?:numeric");
    assert_outputs("values (1, 'a'), (2.5, null)", "column1:numeric column2:text");
    assert_refused("select 1, 2 union select 3", FAULT_SYNTAX_ERROR, "3",
                   "each UNION query must have the same number of columns");
    assert_refused("select page from wiki union select 1", FAULT_DATATYPE_MISMATCH, "1",
                   "UNION types text and integer cannot be matched");
}

static void test_with(void **state)
{
    (void)state;
    assert_plan(
        "with a as (select page p from wiki), b as (select * from a) "
        "select count(*) from b x, b y",
        "project #11=#11 [aggregate () #11=count(*) [join inner [project #3=#3 [project #3=#3 "
        "[wiki#1]]; project #8=#8 [project #8=#8 [wiki#6]]]]]");
    assert_refused("with a as (select nope from wiki) select 1", FAULT_UNDEFINED_COLUMN, "nope",
                   "column \"nope\" does not exist");
    assert_refused("with recursive a as (select * from b), b as (select * from a) select 1 from a",
                   FAULT_FEATURE_NOT_SUPPORTED, "a as",
                   "mutual recursion between WITH items is not implemented");
}

static void test_expressions(void **state)
{
    (void)state;
    assert_plan("select 1 from wiki where added in (3, 1, 2, 3) and page not in ('a', null)",
                "project #6=1 [filter (#4 IN (1, 2, 3) AND NOT #3 IN ('a', NULL)) [wiki#1]]");
    assert_plan("select 1 from wiki where page = any('{b,a}') and (added, page) = (1, 'x')",
                "project #6=1 [filter (#3 IN ('a', 'b') AND ((#4 = 1) AND (#3 = 'x'))) [wiki#1]]");
    assert_plan("select 1 from wiki where added between 1 and 2 and (page = 'x') is not true",
                "project #6=1 [filter (((#4 >= 1) AND (#4 <= 2)) AND NOT COALESCE((#3 = 'x'), f)) "
                "[wiki#1]]");
    assert_outputs(
        "select 1, 2147483648, 9223372036854775808, 1.50, 1e3, .5, true, null, "
        "-9223372036854775808",
        "?column?:integer ?column?:bigint ?column?:numeric ?column?:numeric "
        "?column?:numeric ?column?:numeric ?column?:boolean ?column?:text ?column?:bigint");
    assert_refused("select added + page from wiki", FAULT_UNDEFINED_FUNCTION, "+ page",
                   "operator does not exist: bigint + text");
    assert_refused("select 1 from wiki where added = 'abc'", FAULT_INVALID_TEXT_REPRESENTATION,
                   "'abc'", "invalid input syntax for type bigint: \"abc\"");
    assert_refused("select lower(distinct page) from wiki", FAULT_WRONG_OBJECT_TYPE, "lower",
                   "DISTINCT specified, but lower is not an aggregate function");
    assert_refused("select page::nosuch from wiki", FAULT_UNDEFINED_OBJECT, "nosuch",
                   "type \"nosuch\" does not exist");
}

static void test_parameters(void **state)
{
    (void)state;
    assert_bound(
        "select page from wiki where added = $1 and page like $2 and added = any($4) limit $3");
    assert_int_equal(context.parameter_count, 4);
    assert_int_equal(parameter_types[0].oid, T_INT8);
    assert_int_equal(parameter_types[1].oid, T_TEXT);
    assert_int_equal(parameter_types[2].oid, T_INT8);
    assert_int_equal(parameter_types[3].oid, T_INT8_ARRAY);
    assert_outputs("select $1", "?column?:text");
    assert_refused("select $1 is null", FAULT_INDETERMINATE_DATATYPE, NULL,
                   "could not determine data type of parameter $1");
    assert_refused("select $9 + 1", FAULT_UNDEFINED_PARAMETER, "$9", "there is no parameter $9");
}

static void test_system_functions(void **state)
{
    (void)state;
    assert_plan("select current_user, 'wiki'::regclass::oid, pg_typeof(1::bigint)::text",
                "project #1='anna', #2=16384, #3=reg_name(20, 2206) [values 1x0]");
    assert_plan("select 1 from pg_class where pg_table_is_visible(oid)",
                "project #5=1 [filter pg_table_is_visible(#1) [pg_class#1]]");
    assert_bound("select pg_get_userbyid(oid), pg_get_userbyid(oid) from pg_class");
    assert_bound("select relname, oid::regclass from pg_class where relkind in ('r', 'v')");
    assert_refused("select 'nosuch'::regclass", FAULT_UNDEFINED_TABLE, "'nosuch'",
                   "relation \"nosuch\" does not exist");
    assert_bound("select set_config('search_path', '', false)");
    assert_int_equal(context.change_count, 1);
    assert_string_equal(context.changes[0].name, "search_path");
}

static void test_extern(void **state)
{
    (void)state;
    assert_plan(
        "select * from table(extern('{\"type\":\"inline\",\"data\":\"a\"}', '{\"type\":\"csv\"}', "
        "'[{\"name\":\"Aa\",\"type\":\"long\"}]'))",
        "project #1=#1 [extern {\"type\":\"inline\",\"data\":\"a\"} {\"type\":\"csv\"}]");
    assert_outputs(
        "select * from table(extern(inputSource => '{\"type\":\"inline\"}', inputFormat => "
        "'{\"type\":\"csv\"}')) extend (Aa varchar, b bigint not null, c double, "
        "d varchar array, e type('COMPLEX<json>')) as t",
        "Aa:character varying b:bigint c:double precision d:character varying[] e:json");
    assert_plan("select count(*) from table(inline(data => array['1,x','2,y'], format => 'csv')) "
                "(n bigint, s varchar)",
                "project #3=#3 [aggregate () #3=count(*) [extern "
                "{\"type\":\"inline\",\"data\":\"1,x\\n2,y\\n\"} "
                "{\"type\":\"csv\",\"columns\":[\"n\",\"s\"]}]]");
    assert_plan(
        "select 1 from table(localfiles(files => 'a.csv, b.csv', baseDir => '/d', format => 'tsv', "
        "skipHeaderRows => true)) (n bigint)",
        "project #2=1 [extern {\"type\":\"local\",\"files\":[\"/d/a.csv\",\"/d/b.csv\"]} "
        "{\"type\":\"tsv\",\"columns\":[\"n\"],\"skipHeaderRows\":1}]");
    assert_refused("select * from table(extern('{\"type\":\"inline\"}', '{'))  (a bigint)",
                   FAULT_INVALID_PARAMETER_VALUE, "'{'",
                   "EXTERN: inputFormat is not a JSON object");
    assert_refused("select * from table(extern('{\"type\":\"inline\"}', '{\"type\":\"csv\"}'))",
                   FAULT_INVALID_PARAMETER_VALUE, "extern",
                   "EXTERN: give a signature or a list of columns: EXTEND (name TYPE, ...)");
}

static void test_series(void **state)
{
    (void)state;
    assert_outputs("select * from generate_series(1, 5) as g(n)", "n:integer");
    assert_plan("select * from unnest(array['a','b']) as t(x)", "project #2=#2 [values 2x1]");
    assert_plan("select x from wiki, unnest(tags) as t(x)",
                "project #7=#7 [apply join [wiki#1; project #7=array_ordinal(#5, #6) [expand "
                "cardinality(#5) [values 1x0]]]]");
    assert_outputs("select unnest(tags), generate_subscripts(tags, 1) from wiki",
                   "unnest:text generate_subscripts:integer");
}

/* --- INSERT, REPLACE --- */
static void test_ingest(void **state)
{
    (void)state;
    assert_bound(
        "REPLACE INTO Wiki OVERWRITE WHERE __time >= TIMESTAMP '2020-01-01' AND __time < "
        "TIMESTAMP '2020-01-03' OR __time BETWEEN '2021-01-01' AND '2021-01-01 23:59:59.999' "
        "SELECT __time, Page, added AS Sum FROM sales PARTITIONED BY DAY CLUSTERED BY Page, 3");
    const IngestTarget *target = query.ingest;
    assert_int_equal(target->mode, INGEST_REPLACE);
    assert_string_equal(target->table, "wiki");
    assert_int_equal(target->relation->oid, 16384);
    assert_string_equal(target->granularity_text, "DAY");
    assert_int_equal(target->granularity.days, 1);
    assert_int_equal(target->overwrite_count, 2);
    assert_int_equal(target->overwrite[0].start, INT64_C(1577836800000000));
    assert_int_equal(target->overwrite[0].end, INT64_C(1578009600000000));
    assert_int_equal(target->overwrite[1].start, INT64_C(1609459200000000));
    assert_int_equal(target->overwrite[1].end, INT64_C(1609545600000000));
    assert_int_equal(target->cluster_count, 2);
    assert_int_equal(target->cluster_keys[1]->column, query.outputs[2].id);
    assert_string_equal(query.outputs[2].name, "sum");
    assert_bound("insert into \"New Table\" select 1 as a partitioned by all");
    assert_null(query.ingest->relation);
    assert_string_equal(query.ingest->table, "New Table");
    assert_bound("insert into t (b, a) select 1, 2 partitioned by all");
    assert_string_equal(query.outputs[0].name, "b");
    assert_bound("with x as (select 1 as a) insert into t select * from x partitioned by all time");
    assert_bound("insert into t select timestamp '2020-01-01' as __time partitioned by "
                 "time_floor(__time, 'PT15M')");
    assert_string_equal(query.ingest->granularity_text, "PT15M");
    assert_int_equal(query.outputs[0].type.oid, T_TIMESTAMPTZ);
}

static void test_ingest_of_many_columns(void **state)
{
    (void)state;
    Buffer text;
    buffer_init(&text);
    buffer_append_string(&text, "insert into t select 0 as c0");
    for (int i = 1; i <= 2000; i++)
        buffer_printf(&text, ", 0 as c%d", i);
    buffer_append_string(&text, " partitioned by all");
    assert_false(bind(buffer_string(&text)));
    assert_int_equal(fault.code, FAULT_TOO_MANY_COLUMNS);
    assert_string_equal(fault.fields[0].name, "numColumns");
    assert_string_equal(fault.fields[0].value, "2001");
    buffer_clear(&text);
}

static void test_ingest_errors(void **state)
{
    (void)state;
    assert_refused("insert into t select 1 as a", FAULT_SYNTAX_ERROR, "insert",
                   "INSERT statements must specify a PARTITIONED BY clause");
    assert_refused("insert into t select 1 as a partitioned by 'PT7M'",
                   FAULT_INVALID_OBJECT_DEFINITION, "partitioned",
                   "unsupported granularity \"PT7M\" in PARTITIONED BY");
    assert_refused("insert into t select 1 as a partitioned by time_floor(a, 'P1D')",
                   FAULT_INVALID_OBJECT_DEFINITION, "partitioned",
                   "the first argument in PARTITIONED BY must be __time");
    assert_refused("insert into t select 1 partitioned by all", FAULT_SYNTAX_ERROR, "1 part",
                   "INSERT requires all columns to be named in the SELECT list: column 1 is not");
    assert_refused("insert into t select 1 as a, 2 as a partitioned by all", FAULT_DUPLICATE_COLUMN,
                   "2", "column \"a\" specified more than once");
    assert_refused("insert into t select 1 as a order by 1 partitioned by all", FAULT_SYNTAX_ERROR,
                   "1 part", "cannot have ORDER BY on INSERT statement");
    assert_refused("insert into t select __time from wiki limit 1 partitioned by day",
                   FAULT_FEATURE_NOT_SUPPORTED, "1 part",
                   "LIMIT is only supported with PARTITIONED BY ALL");
    assert_refused("insert into t select 1 as a limit 1 offset 2 partitioned by all",
                   FAULT_FEATURE_NOT_SUPPORTED, "1 offset", "OFFSET is not supported in INSERT");
    assert_refused("insert into t select 'x' as __time partitioned by day", FAULT_DATATYPE_MISMATCH,
                   "'x'", "column \"__time\" must be of type timestamp, not text");
    assert_refused(
        "insert into t select 1 as a partitioned by day", FAULT_UNDEFINED_COLUMN, "partitioned",
        "column \"__time\" does not exist in the SELECT list, which PARTITIONED BY DAY needs");
    assert_refused("insert into sys.x select 1 as a partitioned by all", FAULT_WRONG_OBJECT_TYPE,
                   "sys.x",
                   "cannot INSERT into \"sys.x\" because schema \"sys\" holds no tables of users");
    assert_refused("insert into \"a/b\" select 1 as a partitioned by all", FAULT_INVALID_NAME,
                   "\"a/b\"", "invalid table name \"a/b\"");
    assert_refused("insert into t select 1 as __boost partitioned by all",
                   FAULT_COLUMN_NAME_RESTRICTED, "1 as", "\"__boost\" is a reserved column name");
    assert_refused("insert into wiki select array['x'] as page partitioned by all",
                   FAULT_DATATYPE_MISMATCH, "array",
                   "column \"page\" is of type text but expression is of type text[]");
    assert_refused(
        "insert into t select __time, page from wiki partitioned by day clustered by page desc",
        FAULT_SYNTAX_ERROR, "page desc",
        "CLUSTERED BY columns cannot be sorted in descending order");
    assert_refused("insert into t select __time from wiki partitioned by day clustered by nope",
                   FAULT_UNDEFINED_COLUMN, "nope", "column \"nope\" does not exist");
    assert_refused(
        "replace into t overwrite where __time = timestamp '2020-01-01' select __time from wiki "
        "partitioned by day",
        FAULT_SYNTAX_ERROR, "__time =", "unsupported operator in OVERWRITE WHERE");
    assert_refused(
        "replace into t overwrite where __time < timestamp '2020-01-01 01:00:00' select __time "
        "from wiki partitioned by day",
        FAULT_INVALID_PARAMETER_VALUE, "overwrite",
        "OVERWRITE WHERE contains an interval which is not aligned with PARTITIONED BY DAY");
    assert_refused(
        "replace into t overwrite where __time < timestamp '2020-01-01' and __time > timestamp "
        "'2021-01-01' select __time from wiki partitioned by day",
        FAULT_INVALID_PARAMETER_VALUE, "overwrite", "OVERWRITE WHERE selects no interval of time");
    settings.sql_outer_limit = 5;
    assert_refused("insert into t select 1 as a partitioned by all", FAULT_INVALID_PARAMETER_VALUE,
                   "insert", "sqlOuterLimit cannot be used with INSERT");
}

int main(void)
{
    const VirtualRelation *listed[sizeof relations / sizeof relations[0]];
    for (size_t i = 0; i < sizeof relations / sizeof relations[0]; i++)
        listed[i] = &relations[i];
    schema_register(listed, sizeof relations / sizeof relations[0]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_select, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_grouping_errors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_grouping_sets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_joins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_subqueries, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_set_operations, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_with, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_expressions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_parameters, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_system_functions, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_extern, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_series, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ingest, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ingest_errors, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ingest_of_many_columns, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
