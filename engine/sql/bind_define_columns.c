/*
 * The columns of CREATE TABLE and ALTER TABLE: types, defaults, constraints, LIKE.
 */
#include "engine/sql/bind_define_internal.h"

#include <strings.h>

/* --- columns --- */

TableColumn *define_add_column(Definer *definer)
{
    if (definer->column_count == definer->column_capacity) {
        uint32_t capacity = definer->column_capacity == 0 ? 16 : definer->column_capacity * 2;
        TableColumn *columns = ARENA_ARRAY(definer->binder->arena, TableColumn, capacity);
        if (definer->column_count > 0)
            memcpy(columns, definer->columns, definer->column_count * sizeof *columns);
        definer->columns = columns;
        definer->column_capacity = capacity;
    }
    TableColumn *column = &definer->columns[definer->column_count++];
    *column = (TableColumn){.type_modifier = -1};
    return column;
}

TableColumn *define_find_column(Definer *definer, Text name)
{
    for (uint32_t i = 0; i < definer->column_count; i++)
        if (text_equal(definer->columns[i].name, name))
            return &definer->columns[i];
    return NULL;
}

/* An expression as SQL, from its tree. */
static bool write_expression(Definer *definer, const PgQuery__Node *node, Text *text)
{
    PgQuery__ResTarget target = PG_QUERY__RES_TARGET__INIT;
    PgQuery__Node target_node = PG_QUERY__NODE__INIT, select_node = PG_QUERY__NODE__INIT;
    PgQuery__SelectStmt select = PG_QUERY__SELECT_STMT__INIT;
    PgQuery__RawStmt raw = PG_QUERY__RAW_STMT__INIT;
    PgQuery__ParseResult result = PG_QUERY__PARSE_RESULT__INIT;
    PgQuery__Node *targets[] = {&target_node};
    PgQuery__RawStmt *statements[] = {&raw};
    target.val = (PgQuery__Node *)node;
    target_node.node_case = PG_QUERY__NODE__NODE_RES_TARGET;
    target_node.res_target = &target;
    select.target_list = targets;
    select.n_target_list = 1;
    select.limit_option = PG_QUERY__LIMIT_OPTION__LIMIT_OPTION_DEFAULT;
    select.op = PG_QUERY__SET_OPERATION__SETOP_NONE;
    select_node.node_case = PG_QUERY__NODE__NODE_SELECT_STMT;
    select_node.select_stmt = &select;
    raw.stmt = &select_node;
    result.stmts = statements;
    result.n_stmts = 1;
    Buffer packed = BUFFER_EMPTY;
    size_t size = pg_query__parse_result__get_packed_size(&result);
    pg_query__parse_result__pack(&result, buffer_reserve(&packed, size));
    PgQueryProtobuf tree = {.len = (uint32_t)size, .data = (char *)packed.data};
    PgQueryDeparseResult written = pg_query_deparse_protobuf(tree);
    bool ok = written.error == NULL && strncasecmp(written.query, "SELECT ", 7) == 0;
    if (ok) {
        char *copy = arena_strdup(definer->binder->arena, written.query + 7);
        char *to = copy; /* names had marks */
        for (const char *from = copy; *from != '\0'; from++)
            if (*from != NAME_TYPED && *from != NAME_QUOTED)
                *to++ = *from;
        *to = '\0';
        *text = text_of(copy);
    } else {
        fault_set(definer->binder->fault, FAULT_FEATURE_NOT_SUPPORTED,
                  "this default expression is not supported");
    }
    pg_query_free_deparse_result(written);
    buffer_clear(&packed);
    return ok;
}

/* DEFAULT: must be bindable without rows and fit the column. */
bool define_set_default(Definer *definer, TableColumn *column, const PgQuery__Node *node)
{
    Binder *binder = definer->binder;
    Scope nothing = {0};
    ExprContext context = {.scope = &nothing, .clause = CLAUSE_VALUES};
    int32_t location = bind_node_location(binder, node);
    SqlType type = {.oid = column->type_oid, .modifier = column->type_modifier};
    column->default_text = TEXT_LITERAL("");
    const Expr *expr = bind_expr(binder, &context, node);
    if (expr == NULL)
        return false;
    if (expr_is_null(expr))
        return true;
    SqlType given = expr->type;
    if (coerce_to(binder, bind_reg_as_oid(binder, expr), type, CAST_ASSIGNMENT, location) == NULL) {
        if (binder->fault->code == FAULT_CANNOT_COERCE || binder->fault->code == FAULT_DATATYPE_MISMATCH) {
            bind_fault(binder, location, FAULT_DATATYPE_MISMATCH,
                       "column \"%.*s\" is of type %s but default expression is of type %s",
                       TEXT_ARGS(column->name), type_format_name(binder->arena, type),
                       type_format_name(binder->arena, given));
            fault_hint(binder->fault, "You will need to rewrite or cast the expression.");
        }
        return false;
    }
    return write_expression(definer, node, &column->default_text);
}

void define_notice_unenforced(Definer *definer, const char *what)
{
    define_notice(definer, arena_printf(definer->binder->arena, "%s is accepted and not enforced", what));
}

static Text new_table_name(const Definer *definer);

static bool is_name_taken(const Definer *definer, Text name)
{
    for (uint32_t i = 0; i < definer->constraint_count; i++)
        if (text_equal(definer->constraints[i].name, name))
            return true;
    return false;
}

/* As PostgreSQL names them: t_pkey, t_a_b_key, t_a_check, with a number when the name is taken. */
static Text default_name(Definer *definer, char kind, const int32_t *numbers, uint32_t count)
{
    Arena *arena = definer->binder->arena;
    Text table = new_table_name(definer);
    const char *base = arena_printf(arena, "%.*s", TEXT_ARGS(table));
    for (uint32_t i = 0; kind != 'p' && i < count; i++)
        base = arena_printf(arena, "%s_%.*s", base,
                            TEXT_ARGS(definer->columns[numbers[i] - 1].name));
    const char *suffix = kind == 'p' ? "pkey" : kind == 'u' ? "key" : "check";
    for (uint32_t number = 0;; number++) {
        const char *name = number == 0 ? arena_printf(arena, "%s_%s", base, suffix)
                                       : arena_printf(arena, "%s_%s%u", base, suffix, number);
        if (!is_name_taken(definer, text_of(name)))
            return text_of(name);
    }
}

static bool has_primary_key(const Definer *definer)
{
    for (uint32_t i = 0; i < definer->constraint_count; i++)
        if (definer->constraints[i].kind == 'p')
            return true;
    return false;
}

/* PRIMARY KEY, UNIQUE and CHECK of the table that is being made. What columns a CHECK stands at, and
 * its name where it is given none, are known when it is bound. */
static bool add_constraint(Definer *definer, const PgQuery__Constraint *constraint,
                           const int32_t *numbers, uint32_t count)
{
    Binder *binder = definer->binder;
    int32_t location = bind_location(binder, constraint->location);
    char kind = constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY  ? 'p'
                : constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE ? 'u'
                                                                              : 'c';
    if (definer->constraint_count == DEFINER_MAX_CONSTRAINTS)
        return define_refuse(definer, location, NULL, "more than %d constraints are not supported",
                             DEFINER_MAX_CONSTRAINTS);
    if (kind == 'p' && has_primary_key(definer)) {
        Text table = new_table_name(definer);
        return bind_fault(binder, location, FAULT_INVALID_TABLE_DEFINITION,
                          "multiple primary keys for table \"%.*s\" are not allowed", TEXT_ARGS(table));
    }
    if (kind == 'u' && constraint->nulls_not_distinct)
        return define_refuse(definer, location, NULL, "NULLS NOT DISTINCT is not supported");
    for (uint32_t i = 0; kind != 'c' && i < count; i++) {
        const TableColumn *column = &definer->columns[numbers[i] - 1];
        const TypeInfo *info = type_info(column->type_oid);
        if (info != NULL && !info->is_comparable)
            return define_refuse(definer, location, NULL,
                                 "a key of type %s is not supported", info->sql_name);
    }
    TableConstraint *one = &definer->constraints[definer->constraint_count];
    Text given = constraint->conname[0] == '\0' ? TEXT_LITERAL("")
                                                : define_new_name(binder, constraint->conname);
    int32_t *columns = ARENA_ARRAY(binder->arena, int32_t, (size_t)count + 1);
    memcpy(columns, numbers, count * sizeof *columns);
    *one = (TableConstraint){.kind = kind,
                             .name = kind == 'c' || given.length > 0
                                         ? given
                                         : default_name(definer, kind, numbers, count),
                             .column_count = count,
                             .columns = columns};
    if (one->name.length > 0 && is_name_taken(definer, one->name))
        return fault_set(binder->fault, FAULT_DUPLICATE_OBJECT,
                         "constraint \"%.*s\" for relation \"%.*s\" already exists",
                         TEXT_ARGS(one->name), TEXT_ARGS(new_table_name(definer)));
    definer->constraint_count++;
    for (uint32_t i = 0; kind == 'p' && i < count; i++)
        definer->columns[numbers[i] - 1].not_null = true;
    return kind != 'c' || write_expression(definer, constraint->raw_expr, &one->check);
}

static Text new_table_name(const Definer *definer)
{
    return table_key_name(definer->definition->table.key);
}

static bool two_defaults(Definer *definer, const TableColumn *column, int32_t location)
{
    Text table = new_table_name(definer);
    return bind_fault(definer->binder, location, FAULT_SYNTAX_ERROR,
                      "multiple default values specified for column \"%.*s\" of table \"%.*s\"",
                      TEXT_ARGS(column->name), TEXT_ARGS(table));
}

static bool has_sequence(const Definer *definer, const TableColumn *column)
{
    for (uint32_t i = 0; i < definer->definition->sequence_count; i++)
        if (text_equal(definer->definition->sequences[i].column, column->name))
            return true;
    return false;
}

static bool is_integer(uint32_t type)
{
    return type == T_INT2 || type == T_INT4 || type == T_INT8;
}

static bool add_identity(Definer *definer, TableColumn *column,
                         const PgQuery__Constraint *constraint, int32_t location)
{
    if (column->identity != 0 || column->default_text.length > 0 || has_sequence(definer, column))
        return two_defaults(definer, column, location);
    if (!is_integer(column->type_oid))
        return fault_set(definer->binder->fault, FAULT_INVALID_PARAMETER_VALUE,
                         "identity column type must be smallint, integer, or bigint");
    column->identity = constraint->generated_when[0] == 'a' ? 'a' : 'd';
    return define_column_sequence(definer, new_table_name(definer), column, constraint->options,
                                  constraint->n_options);
}

static bool column_constraint(Definer *definer, TableColumn *column,
                              const PgQuery__Constraint *constraint)
{
    int32_t location = bind_location(definer->binder, constraint->location);
    switch (constraint->contype) {
    case PG_QUERY__CONSTR_TYPE__CONSTR_NOTNULL:
        column->not_null = true;
        return true;
    case PG_QUERY__CONSTR_TYPE__CONSTR_DEFAULT:
        if (column->identity != 0 || column->is_generated || has_sequence(definer, column))
            return two_defaults(definer, column, location);
        return define_set_default(definer, column, constraint->raw_expr);
    case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
    case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE:
    case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK: {
        int32_t number = (int32_t)definer->column_count;
        bool is_new = number > 0 && column == &definer->columns[number - 1];
        if (is_new)
            return add_constraint(definer, constraint, &number, 1);
        define_notice_unenforced(definer, "the constraint"); /* ALTER TABLE ADD COLUMN */
        return true;
    }
    case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN:
        define_notice_unenforced(definer, "FOREIGN KEY");
        return true;
    case PG_QUERY__CONSTR_TYPE__CONSTR_IDENTITY:
        return add_identity(definer, column, constraint, location);
    case PG_QUERY__CONSTR_TYPE__CONSTR_GENERATED:
        if (column->identity != 0 || column->default_text.length > 0)
            return two_defaults(definer, column, location);
        column->is_generated = true; /* bound when all columns are known */
        return write_expression(definer, constraint->raw_expr, &column->default_text);
    default:
        return true;
    }
}

/* The integer type behind serial and its kin; T_NONE for other names. */
static Oid serial_type(const PgQuery__TypeName *type)
{
    static const struct {
        const char *name;
        Oid type;
    } serials[] = {{"serial", T_INT4},    {"serial4", T_INT4},     {"bigserial", T_INT8},
                   {"serial8", T_INT8},   {"smallserial", T_INT2}, {"serial2", T_INT2}};
    for (size_t i = 0; type->n_names == 1 && i < sizeof serials / sizeof *serials; i++)
        if (name_is(type->names[0]->string->sval, serials[i].name))
            return serials[i].type;
    return T_NONE;
}

bool define_column_type(Definer *definer, const PgQuery__ColumnDef *node, TableColumn *column)
{
    Binder *binder = definer->binder;
    int32_t location = bind_location(binder, node->location);
    SqlType type;
    Oid serial = serial_type(node->type_name);
    if (serial != T_NONE)
        type = SQL_TYPE(serial);
    else if (!bind_type_name(binder, node->type_name, &type))
        return false;
    bool is_time = text_equal_string(column->name, "__time");
    if (is_time && type.oid != T_TIMESTAMP && type.oid != T_TIMESTAMPTZ)
        return bind_fault(binder, location, FAULT_DATATYPE_MISMATCH,
                          "column \"__time\" must be of type timestamp, not %s",
                          type_format_name(binder->arena, type));
    if (is_time)
        type = SQL_TYPE(T_TIMESTAMPTZ);
    if (type.oid == T_NUMERIC && type.modifier == -1)
        type = type_numeric_shown(DIGITS_TRIMMED, FREE_NUMERIC_SCALE, 0);
    if (type.oid == T_RECORD || type.oid == T_RECORD_ARRAY)
        return bind_fault(binder, location, FAULT_INVALID_TABLE_DEFINITION,
                          "column \"%.*s\" has pseudo-type %s", TEXT_ARGS(column->name),
                          type_info(type.oid)->sql_name);
    if (type_is_reg(type.oid))
        return define_refuse(definer, location, "Use oid or text.", "columns of type %s are not supported",
                      type_format_name(binder->arena, type));
    column->type_oid = type.oid;
    column->type_modifier = type.modifier;
    return true;
}

bool define_column(Definer *definer, const PgQuery__ColumnDef *node, TableColumn *column)
{
    Binder *binder = definer->binder;
    int32_t location = bind_location(binder, node->location);
    column->name = define_new_name(binder, node->colname);
    if (column->name.length == 0 || column->name.length > 1024)
        return bind_fault(binder, location, FAULT_INVALID_NAME,
                          "a column's name must have between 1 and 1024 bytes");
    Oid serial = serial_type(node->type_name);
    if (!define_column_type(definer, node, column))
        return false;
    bool is_time = text_equal_string(column->name, "__time");
    column->not_null = column->not_null || node->is_not_null || is_time;
    if (serial != T_NONE && !define_column_sequence(definer, new_table_name(definer), column, NULL, 0))
        return false;
    if (node->raw_default != NULL && !define_set_default(definer, column, node->raw_default))
        return false;
    for (size_t i = 0; i < node->n_constraints; i++)
        if (!column_constraint(definer, column, node->constraints[i]->constraint))
            return false;
    return true;
}

/* PRIMARY KEY (a, b) and the like after the columns. */
static bool table_constraint(Definer *definer, const PgQuery__Constraint *constraint)
{
    Binder *binder = definer->binder;
    int32_t *numbers = ARENA_ARRAY(binder->arena, int32_t, constraint->n_keys + 1);
    for (size_t i = 0; i < constraint->n_keys; i++) {
        Text name = define_new_name(binder, constraint->keys[i]->string->sval);
        TableColumn *column = define_find_column(definer, name);
        if (column == NULL)
            return bind_fault(binder, bind_location(binder, constraint->location),
                              FAULT_UNDEFINED_COLUMN, "column \"%.*s\" named in key does not exist",
                              TEXT_ARGS(name));
        numbers[i] = (int32_t)(column - definer->columns) + 1;
        for (size_t k = 0; k < i; k++)
            if (numbers[k] == numbers[i])
                return bind_fault(binder, bind_location(binder, constraint->location),
                                  FAULT_DUPLICATE_COLUMN, "column \"%.*s\" appears twice in %s constraint",
                                  TEXT_ARGS(name),
                                  constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY
                                      ? "primary key"
                                      : "unique");
    }
    switch (constraint->contype) {
    case PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY:
    case PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE:
    case PG_QUERY__CONSTR_TYPE__CONSTR_CHECK:
        return add_constraint(definer, constraint, numbers, (uint32_t)constraint->n_keys);
    case PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN:
        define_notice_unenforced(definer, "FOREIGN KEY");
        return true;
    default:
        return define_refuse(definer, bind_location(binder, constraint->location), NULL,
                      "this kind of constraint is not supported");
    }
}

/* LIKE other: its columns. */
static bool copy_columns(Definer *definer, const PgQuery__TableLikeClause *like)
{
    Binder *binder = definer->binder;
    const PgQuery__RangeVar *range = like->relation;
    SchemaName schema = name_read(range->schemaname);
    const Relation *relation =
        schema_resolve(binder->arena, binder->context->tables,
                       schema.text.length > 0 ? &schema : NULL, name_read(range->relname),
                       text_of(define_path(binder)), bind_location(binder, range->location), binder->fault);
    if (relation == NULL || !bind_check_relation(binder, relation, ACCESS_SELECT))
        return false;
    enum { INCLUDING_DEFAULTS = 1 << 3 };
    for (uint32_t i = 0; i < relation->column_count; i++) {
        TableColumn *column = define_add_column(definer);
        column->name = relation->columns[i].name;
        column->type_oid = relation->columns[i].type.oid;
        column->type_modifier = relation->columns[i].type.modifier;
        if (relation->kind != RELATION_TABLE)
            continue;
        column->not_null = relation->table->columns[i].not_null;
        if ((like->options & INCLUDING_DEFAULTS) != 0)
            column->default_text = relation->table->columns[i].default_text;
    }
    return true;
}

/* The columns that a bound CHECK uses, and with them its name: t_a_check of one, t_check of others. */
static void place_check(Definer *definer, TableConstraint *constraint, const Expr *expr,
                        const ScopeColumn *columns)
{
    int32_t *numbers =
        ARENA_ARRAY(definer->binder->arena, int32_t, (size_t)definer->column_count + 1);
    uint32_t count = 0;
    for (uint32_t i = 0; i < definer->column_count; i++)
        if (expr_uses_column(expr, columns[i].id))
            numbers[count++] = (int32_t)i + 1;
    constraint->columns = numbers;
    constraint->column_count = count;
    if (constraint->name.length == 0)
        constraint->name = default_name(definer, 'c', numbers, count == 1 ? 1 : 0);
}

/* CHECK (..): a condition over the table's columns; those of the definer's from `first` on. */
static bool check_checks(Definer *definer, uint32_t first)
{
    Binder *binder = definer->binder;
    ScopeColumn *columns = ARENA_ARRAY(binder->arena, ScopeColumn, definer->column_count + 1);
    Text own = new_table_name(definer);
    FromItem from;
    for (uint32_t i = 0; i < definer->column_count; i++) {
        const TableColumn *column = &definer->columns[i];
        columns[i] = (ScopeColumn){
            .id = binder->next_column++,
            .type = {.oid = column->type_oid, .modifier = column->type_modifier},
            .name = arena_strndup(binder->arena, column->name.data, column->name.length)};
    }
    if (!from_make(binder, NULL, arena_strndup(binder->arena, own.data, own.length), NULL, NULL, columns,
                   definer->column_count, &from))
        return false;
    Scope scope = {.from = from};
    ExprContext context = {.scope = &scope, .clause = CLAUSE_CHECK};
    for (uint32_t i = first; i < definer->constraint_count; i++) {
        if (definer->constraints[i].kind != 'c')
            continue;
        const PgQuery__Node *node = parse_plain(
            binder->arena,
            arena_printf(binder->arena, "SELECT %.*s", TEXT_ARGS(definer->constraints[i].check)),
            binder->fault);
        const OffsetMap *map = binder->map;
        binder->map = NULL;
        const Expr *expr =
            node == NULL ? NULL
                         : bind_condition(binder, &context,
                                          node->select_stmt->target_list[0]->res_target->val, "CHECK");
        binder->map = map;
        if (expr == NULL)
            return false;
        place_check(definer, &definer->constraints[i], expr, columns);
    }
    return true;
}

bool define_table_constraint(Definer *definer, const PgQuery__Constraint *constraint)
{
    uint32_t first = definer->constraint_count;
    return table_constraint(definer, constraint) && check_checks(definer, first);
}

/* What generates a column names others of the table only, and none that is generated itself. */
static bool check_generated(Definer *definer)
{
    Binder *binder = definer->binder;
    uint32_t count = 0;
    ScopeColumn *columns = ARENA_ARRAY(binder->arena, ScopeColumn, definer->column_count + 1);
    for (uint32_t i = 0; i < definer->column_count; i++) {
        const TableColumn *column = &definer->columns[i];
        columns[count++] = (ScopeColumn){
            .id = binder->next_column++,
            .type = {.oid = column->type_oid, .modifier = column->type_modifier},
            .name = arena_strndup(binder->arena, column->name.data, column->name.length),
            .table = ""};
    }
    Scope scope = {.from = {.columns = columns, .column_count = count}};
    ExprContext context = {.scope = &scope, .clause = CLAUSE_VALUES};
    for (uint32_t i = 0; i < definer->column_count; i++) {
        TableColumn *column = &definer->columns[i];
        if (!column->is_generated)
            continue;
        const PgQuery__Node *node = parse_plain(
            binder->arena, arena_printf(binder->arena, "SELECT %.*s", TEXT_ARGS(column->default_text)),
            binder->fault);
        const OffsetMap *map = binder->map;
        binder->map = NULL;
        const Expr *expr =
            node == NULL ? NULL
                         : bind_expr(binder, &context,
                                     node->select_stmt->target_list[0]->res_target->val);
        RelationColumn target = {.name = column->name,
                                 .type = {.oid = column->type_oid, .modifier = column->type_modifier}};
        for (uint32_t k = 0; expr != NULL && k < count; k++)
            if (definer->columns[k].is_generated && expr_uses_column(expr, columns[k].id))
                return fault_set(binder->fault, FAULT_INVALID_OBJECT_DEFINITION,
                                 "cannot use generated column \"%.*s\" in column generation expression",
                                 TEXT_ARGS(definer->columns[k].name));
        bool ok = expr != NULL && bind_assigned(binder, expr, &target, -1) != NULL;
        binder->map = map;
        if (!ok)
            return false;
        if (expr_is_volatile(expr))
            return fault_set(binder->fault, FAULT_INVALID_OBJECT_DEFINITION,
                             "generation expression is not immutable");
    }
    return true;
}

bool define_elements(Definer *definer, const PgQuery__CreateStmt *create)
{
    Binder *binder = definer->binder;
    for (size_t i = 0; i < create->n_table_elts; i++) {
        const PgQuery__Node *node = create->table_elts[i];
        if (node->node_case == PG_QUERY__NODE__NODE_TABLE_LIKE_CLAUSE) {
            if (!copy_columns(definer, node->table_like_clause))
                return false;
            continue;
        }
        if (node->node_case != PG_QUERY__NODE__NODE_COLUMN_DEF)
            continue;
        Text name = define_new_name(binder, node->column_def->colname);
        if (define_find_column(definer, name) != NULL)
            return fault_set(binder->fault, FAULT_DUPLICATE_COLUMN,
                             "column \"%.*s\" specified more than once", TEXT_ARGS(name));
        if (!define_column(definer, node->column_def, define_add_column(definer)))
            return false;
    }
    for (size_t i = 0; i < create->n_table_elts; i++) {
        const PgQuery__Node *node = create->table_elts[i];
        if (node->node_case == PG_QUERY__NODE__NODE_CONSTRAINT &&
            !table_constraint(definer, node->constraint))
            return false;
    }
    return check_generated(definer) && check_checks(definer, 0);
}
