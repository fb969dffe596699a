/*
 * CREATE and ALTER SEQUENCE, and the sequences of serial and identity columns: their options, with
 * PostgreSQL's defaults and errors.
 */
#include "engine/sql/bind_define_internal.h"

#include <errno.h>
#include <stdlib.h>

typedef struct SequenceOptions {
    Definer *definer;
    TableSequence *sequence;
    bool has_start, has_minimum, has_maximum; /* said, or to be kept */
    bool restarts, has_restart_value;
    int64_t restart_value;
    const PgQuery__DefElem *owned_by;
} SequenceOptions;

/* --- types --- */

static bool type_limits(uint32_t type, int64_t *minimum, int64_t *maximum)
{
    switch (type) {
    case T_INT2: *minimum = INT16_MIN, *maximum = INT16_MAX; return true;
    case T_INT4: *minimum = INT32_MIN, *maximum = INT32_MAX; return true;
    case T_INT8: *minimum = INT64_MIN, *maximum = INT64_MAX; return true;
    default: return false;
    }
}

/* --- options --- */

static bool option_number(SequenceOptions *options, const PgQuery__DefElem *option, int64_t *value)
{
    const PgQuery__Node *node = option->arg;
    *value = 0;
    if (node != NULL && node->node_case == PG_QUERY__NODE__NODE_INTEGER) {
        *value = node->integer->ival;
        return true;
    }
    if (node != NULL && node->node_case == PG_QUERY__NODE__NODE_FLOAT) {
        char *end;
        errno = 0;
        *value = strtoll(node->float_->fval, &end, 10);
        if (errno == 0 && *end == '\0')
            return true;
        return fault_set(options->definer->binder->fault, FAULT_INVALID_TEXT_REPRESENTATION,
                         "value \"%s\" is out of range for type bigint", node->float_->fval);
    }
    return fault_set(options->definer->binder->fault, FAULT_SYNTAX_ERROR, "%s requires a numeric value",
                     option->defname);
}

static bool option_type(SequenceOptions *options, const PgQuery__DefElem *option)
{
    Binder *binder = options->definer->binder;
    SqlType type;
    int64_t minimum, maximum;
    if (!bind_type_name(binder, option->arg->type_name, &type))
        return false;
    if (!type_limits(type.oid, &minimum, &maximum))
        return fault_set(binder->fault, FAULT_INVALID_PARAMETER_VALUE,
                         "sequence type must be smallint, integer, or bigint");
    /* limits that were the old type's become the new one's */
    int64_t old_minimum = 0, old_maximum = 0;
    type_limits(options->sequence->type_oid, &old_minimum, &old_maximum);
    if (options->sequence->maximum == old_maximum)
        options->has_maximum = false;
    if (options->sequence->minimum == old_minimum)
        options->has_minimum = false;
    options->sequence->type_oid = type.oid;
    return true;
}

static bool read_option(SequenceOptions *options, const PgQuery__DefElem *option)
{
    TableSequence *sequence = options->sequence;
    const char *name = option->defname;
    if (strcmp(name, "as") == 0)
        return option_type(options, option);
    if (strcmp(name, "owned_by") == 0) {
        options->owned_by = option;
        return true;
    }
    if (strcmp(name, "cycle") == 0) {
        sequence->cycles = option->arg == NULL ||
                           (option->arg->node_case == PG_QUERY__NODE__NODE_BOOLEAN &&
                            option->arg->boolean->boolval);
        return true;
    }
    if (strcmp(name, "increment") == 0)
        return option_number(options, option, &sequence->increment);
    if (strcmp(name, "cache") == 0)
        return option_number(options, option, &sequence->cache);
    if (strcmp(name, "start") == 0)
        return options->has_start = option_number(options, option, &sequence->start);
    if (strcmp(name, "restart") == 0) {
        options->restarts = true;
        options->has_restart_value = option->arg != NULL;
        return option->arg == NULL || option_number(options, option, &options->restart_value);
    }
    bool is_minimum = strcmp(name, "minvalue") == 0;
    if (is_minimum || strcmp(name, "maxvalue") == 0) {
        bool *has = is_minimum ? &options->has_minimum : &options->has_maximum;
        *has = option->arg != NULL; /* NO MINVALUE */
        return option->arg == NULL ||
               option_number(options, option, is_minimum ? &sequence->minimum : &sequence->maximum);
    }
    return define_refuse(options->definer, -1, NULL, "%s of a sequence is not supported", name);
}

static bool check_limits(SequenceOptions *options)
{
    TableSequence *sequence = options->sequence;
    Fault *fault = options->definer->binder->fault;
    int64_t minimum = 0, maximum = 0;
    type_limits(sequence->type_oid, &minimum, &maximum);
    bool is_up = sequence->increment > 0;
    if (sequence->increment == 0)
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "INCREMENT must not be zero");
    if (!options->has_maximum)
        sequence->maximum = is_up ? maximum : -1;
    if (!options->has_minimum)
        sequence->minimum = is_up ? 1 : minimum;
    const char *type = type_info(sequence->type_oid)->sql_name;
    if (sequence->maximum > maximum || sequence->maximum < minimum)
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                         "MAXVALUE (%lld) is out of range for sequence data type %s",
                         (long long)sequence->maximum, type);
    if (sequence->minimum < minimum || sequence->minimum > maximum)
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                         "MINVALUE (%lld) is out of range for sequence data type %s",
                         (long long)sequence->minimum, type);
    if (sequence->minimum >= sequence->maximum)
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                         "MINVALUE (%lld) must be less than MAXVALUE (%lld)",
                         (long long)sequence->minimum, (long long)sequence->maximum);
    return sequence->cache >= 1 || fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                                             "CACHE (%lld) must be greater than zero",
                                             (long long)sequence->cache);
}

static bool check_value(SequenceOptions *options, const char *what, int64_t value)
{
    const TableSequence *sequence = options->sequence;
    Fault *fault = options->definer->binder->fault;
    if (value < sequence->minimum)
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                         "%s value (%lld) cannot be less than MINVALUE (%lld)", what, (long long)value,
                         (long long)sequence->minimum);
    return value <= sequence->maximum ||
           fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                     "%s value (%lld) cannot be greater than MAXVALUE (%lld)", what,
                     (long long)value, (long long)sequence->maximum);
}

static bool read_options(SequenceOptions *options, PgQuery__Node *const *list, size_t count)
{
    TableSequence *sequence = options->sequence;
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < i; k++)
            if (strcmp(list[i]->def_elem->defname, list[k]->def_elem->defname) == 0)
                return bind_fault(options->definer->binder,
                                  bind_location(options->definer->binder, list[i]->def_elem->location),
                                  FAULT_SYNTAX_ERROR, "conflicting or redundant options");
    for (size_t i = 0; i < count; i++)
        if (!read_option(options, list[i]->def_elem))
            return false;
    if (!check_limits(options))
        return false;
    if (!options->has_start)
        sequence->start = sequence->increment > 0 ? sequence->minimum : sequence->maximum;
    if (!check_value(options, "START", sequence->start))
        return false;
    if (!options->has_restart_value)
        options->restart_value = sequence->start;
    return !options->restarts || check_value(options, "RESTART", options->restart_value);
}

/* --- OWNED BY --- */

static bool find_owner(SequenceOptions *options)
{
    Definer *definer = options->definer;
    Binder *binder = definer->binder;
    const PgQuery__List *list = options->owned_by->arg->list;
    size_t count = list->n_items;
    if (count == 1 && name_is(list->items[0]->string->sval, "none")) {
        options->sequence->owner_table = 0;
        options->sequence->owner_column = 0;
        return true;
    }
    if (count < 2) {
        fault_set(binder->fault, FAULT_SYNTAX_ERROR, "invalid OWNED BY option");
        return fault_hint(binder->fault, "Specify OWNED BY table.column or OWNED BY NONE.");
    }
    SchemaName schema, name = name_read(list->items[count - 2]->string->sval);
    if (count > 2)
        schema = name_read(list->items[count - 3]->string->sval);
    DefinitionTarget target;
    bool found;
    if (!define_find_relation(definer, count > 2 ? &schema : NULL, name, -1, false, "relation", &target,
                              &found) ||
        !define_check_owner(definer, &target))
        return false;
    const Table *table = table_by_oid(binder->context->tables, target.oid);
    const Relation *relation =
        schema_relation_by_oid(binder->arena, binder->context->tables, target.oid);
    int at = schema_match_column(relation, name_read(list->items[count - 1]->string->sval));
    if (at < 0)
        return fault_set(binder->fault, FAULT_UNDEFINED_COLUMN,
                         "column \"%s\" of relation \"%.*s\" does not exist",
                         name_plain(list->items[count - 1]->string->sval), TEXT_ARGS(target.name));
    options->sequence->owner_table = target.oid;
    options->sequence->owner_column = table->columns[at].number;
    return true;
}

/* --- the statements --- */

/* What SELECT .. FROM a sequence gives. */
static void add_columns(Definer *definer)
{
    static const struct {
        const char *name;
        Oid type;
    } columns[] = {{"last_value", T_INT8}, {"log_cnt", T_INT8}, {"is_called", T_BOOL}};
    for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
        TableColumn *column = define_add_column(definer);
        column->name = text_of(columns[i].name);
        column->type_oid = columns[i].type;
        column->type_modifier = -1;
    }
    definer->definition->table.columns = definer->columns;
    definer->definition->table.column_count = definer->column_count;
}

bool define_create_sequence(Definer *definer, const PgQuery__CreateSeqStmt *create)
{
    TableProperties *properties = &definer->definition->table.properties;
    properties->kind = TABLE_SEQUENCE;
    properties->sequence = (TableSequence){.type_oid = T_INT8, .increment = 1, .cache = 1};
    SequenceOptions options = {.definer = definer, .sequence = &properties->sequence};
    definer->definition->kind = DEFINE_CREATE;
    if (!define_place_new(definer, create->sequence, create->if_not_exists) ||
        !read_options(&options, create->options, create->n_options) ||
        (options.owned_by != NULL && !find_owner(&options)))
        return false;
    add_columns(definer);
    return true;
}

bool define_alter_sequence(Definer *definer, const PgQuery__AlterSeqStmt *alter)
{
    Binder *binder = definer->binder;
    Definition *definition = definer->definition;
    DefinitionTarget *target = ARENA_NEW(binder->arena, DefinitionTarget);
    TableChange *change = arena_zalloc(binder->arena, sizeof *change);
    SchemaName schema = name_read(alter->sequence->schemaname);
    bool found;
    definition->kind = DEFINE_ALTER;
    if (!define_find_relation(definer, schema.text.length > 0 ? &schema : NULL,
                              name_read(alter->sequence->relname),
                              bind_location(binder, alter->sequence->location), alter->missing_ok,
                              "relation", target, &found))
        return false;
    if (!found)
        return true;
    if (target->kind != TABLE_SEQUENCE)
        return fault_set(binder->fault, FAULT_WRONG_OBJECT_TYPE, "\"%.*s\" is not a sequence",
                         TEXT_ARGS(target->name));
    change->kind = TABLE_ALTER_SEQUENCE;
    change->sequence = table_by_oid(binder->context->tables, target->oid)->parsed.sequence;
    SequenceOptions options = {.definer = definer,
                               .sequence = &change->sequence,
                               .has_start = true,
                               .has_minimum = true,
                               .has_maximum = true};
    if (!define_check_owner(definer, target) ||
        !read_options(&options, alter->options, alter->n_options) ||
        (options.owned_by != NULL && !find_owner(&options)))
        return false;
    definition->targets = target;
    definition->target_count = 1;
    definition->changes = change;
    definition->change_count = 1;
    definition->restarts = options.restarts;
    definition->restart_value = options.restart_value;
    return true;
}

/* --- of columns --- */

/* table_column_seq, cut to 63 bytes as PostgreSQL cuts it, with a number when it is taken. */
static Text choose_name(Definer *definer, Text table, Text column)
{
    enum { NAME_BYTES = 63, SUFFIX = 5 };
    Arena *arena = definer->binder->arena;
    Text schema = table_key_schema(definer->definition->table.key);
    for (uint32_t number = 0;; number++) {
        const char *suffix = number == 0 ? "seq" : arena_printf(arena, "seq%u", number);
        uint32_t room = NAME_BYTES - 2 - (uint32_t)strlen(suffix);
        uint32_t a = table.length, b = column.length;
        while (a + b > room) {
            if (a > b)
                a--;
            else
                b--;
        }
        Text name = text_of(arena_printf(arena, "%.*s_%.*s_%s", (int)a, table.data, (int)b,
                                         column.data, suffix));
        Text key = table_key(arena, schema, name);
        bool is_taken = table_find(definer->binder->context->tables, key) != NULL;
        for (uint32_t i = 0; i < definer->definition->sequence_count; i++)
            is_taken = is_taken || text_equal(definer->definition->sequences[i].key, key);
        if (!is_taken)
            return key;
    }
}

bool define_column_sequence(Definer *definer, Text table, TableColumn *column,
                            PgQuery__Node *const *list, size_t count)
{
    Definition *definition = definer->definition;
    if (definition->sequence_count == DEFINITION_MAX_SEQUENCES)
        return define_refuse(definer, -1, NULL, "more than %d serial columns are not supported",
                             DEFINITION_MAX_SEQUENCES);
    DefinitionSequence *sequence = &definition->sequences[definition->sequence_count];
    *sequence = (DefinitionSequence){
        .column = column->name,
        .sequence = {.type_oid = column->type_oid, .increment = 1, .cache = 1}};
    sequence->sequence.is_identity = column->identity != 0;
    SequenceOptions options = {.definer = definer, .sequence = &sequence->sequence};
    if (!read_options(&options, list, count))
        return false;
    sequence->key = choose_name(definer, table, column->name);
    column->not_null = true;
    definition->sequence_count++;
    return true;
}
