/*
 * Overload resolution as in PostgreSQL's manual, chapters 10.2, 10.3 and 10.5 (the steps are
 * numbered as there): which function or operator a call means, what its arguments are cast to,
 * and the common type of several expressions.
 *
 * In the dialect druid texts pass for numbers and times, and everything for a text, but only
 * where no function takes the arguments as they are.
 */
#include "engine/function/functions_internal.h"

#include "engine/type/decimal.h"

#include <stdio.h>

enum { MAX_CANDIDATES = 256, MAX_CALL_ARGUMENTS = 1024 };

typedef struct Candidate {
    const void *row;
    const Oid *arguments;
    uint32_t argument_count;
    Oid result;
} Candidate;

typedef struct Candidates {
    Candidate items[MAX_CANDIDATES];
    uint32_t count;
} Candidates;

typedef struct Call {
    Text name;
    const SqlType *arguments;
    uint32_t count;
    int32_t dialect;
    bool is_operator;
    bool is_loose; /* druid: texts pass for numbers */
    int32_t position;
} Call;

static Oid parameter_type(const Candidate *candidate, uint32_t position)
{
    uint32_t last = candidate->argument_count == 0 ? 0 : candidate->argument_count - 1;
    return candidate->arguments[position < last ? position : last];
}

static TypeCategory category_of(Oid oid)
{
    const TypeInfo *info = type_info(oid);
    return info == NULL ? CATEGORY_UNKNOWN : info->category;
}

static bool is_preferred(Oid oid)
{
    const TypeInfo *info = type_info(oid);
    return info != NULL && info->is_preferred;
}

static bool is_polymorphic(Oid oid)
{
    return oid == T_ANY || oid == T_ANYELEMENT || oid == T_ANYARRAY;
}

static bool is_array(Oid oid)
{
    const TypeInfo *info = type_info(oid);
    return info != NULL && info->element_oid != 0;
}

/* --- casts that a call may insert by itself --- */

static bool is_integer(Oid oid)
{
    return oid == T_INT2 || oid == T_INT4 || oid == T_INT8;
}

static bool can_coerce(const Call *call, Oid from, Oid to)
{
    bool is_noop;
    if (call->dialect == 1 && is_integer(from) && is_integer(to))
        return true;
    if (from == to || from == T_UNKNOWN || to == T_ANY || to == T_ANYELEMENT)
        return true;
    if (to == T_ANYARRAY)
        return is_array(from);
    int32_t dialect = call->is_loose ? call->dialect : 0;
    return function_find_cast(SQL_TYPE(from), SQL_TYPE(to), CAST_IMPLICIT, dialect, &is_noop) !=
               NULL || is_noop;
}

/* --- faults --- */

static void describe_call(const Call *call, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < call->count && used + 1 < size; i++) {
        const TypeInfo *info = type_info(call->arguments[i].oid);
        int length = snprintf(out + used, size - used, "%s%s", i > 0 ? ", " : "",
                              info == NULL ? "???" : info->sql_name);
        used += length > 0 ? (size_t)length : 0;
    }
}

static const char *argument_name(const Call *call, uint32_t position)
{
    const TypeInfo *info = type_info(call->arguments[position].oid);
    return info == NULL ? "???" : info->sql_name;
}

static void call_fault(const Call *call, bool is_ambiguous, Fault *fault)
{
    char arguments[512];
    FaultCode code = is_ambiguous ? FAULT_AMBIGUOUS_FUNCTION : FAULT_UNDEFINED_FUNCTION;
    describe_call(call, arguments, sizeof arguments);
    if (!call->is_operator)
        fault_set_at(fault, call->position, code, "function %.*s(%s) %s", TEXT_ARGS(call->name),
                     arguments, is_ambiguous ? "is not unique" : "does not exist");
    else if (call->count == 1)
        fault_set_at(fault, call->position, code, "operator %s: %.*s %s",
                     is_ambiguous ? "is not unique" : "does not exist", TEXT_ARGS(call->name),
                     argument_name(call, 0));
    else
        fault_set_at(fault, call->position, code, "operator %s: %s %.*s %s",
                     is_ambiguous ? "is not unique" : "does not exist", argument_name(call, 0),
                     TEXT_ARGS(call->name), argument_name(call, 1));
    const char *kind = call->is_operator ? "operator" : "function";
    if (is_ambiguous)
        fault_hint(fault,
                   "Could not choose a best candidate %s. You might need to add explicit type "
                   "casts.", kind);
    else if (call->is_operator || call->count > 0)
        fault_hint(fault,
                   "No %s matches the given name and argument types. You might need to add "
                   "explicit type casts.", kind);
}

/* --- steps --- */

static bool is_exact(const Call *call, const Candidate *candidate)
{
    for (uint32_t i = 0; i < call->count; i++)
        if (call->arguments[i].oid != parameter_type(candidate, i))
            return false;
    return true;
}

/* An operator's unknown operand is taken for the other's type at first (10.2, 2a). */
static bool is_exact_operator(const Call *call, const Candidate *candidate)
{
    if (call->count != 2)
        return is_exact(call, candidate);
    Oid left = call->arguments[0].oid, right = call->arguments[1].oid;
    left = left == T_UNKNOWN ? right : left;
    right = right == T_UNKNOWN ? left : right;
    return left != T_UNKNOWN && parameter_type(candidate, 0) == left &&
           parameter_type(candidate, 1) == right;
}

/* Beside an array parameter, an element parameter takes no array; nor does any-typed operand. */
static bool arrays_fit(const Call *call, const Candidate *candidate)
{
    bool has_array_parameter = false;
    for (uint32_t i = 0; i < call->count; i++)
        has_array_parameter |= parameter_type(candidate, i) == T_ANYARRAY;
    for (uint32_t i = 0; i < call->count; i++) {
        Oid parameter = parameter_type(candidate, i);
        if (is_array(call->arguments[i].oid) &&
            ((parameter == T_ANYELEMENT && has_array_parameter) ||
             (parameter == T_ANY && call->is_operator)))
            return false;
    }
    return true;
}

static void keep_coercible(const Call *call, Candidates *candidates)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < candidates->count; i++) {
        bool fits = arrays_fit(call, &candidates->items[i]);
        for (uint32_t j = 0; j < call->count && fits; j++)
            fits = can_coerce(call, call->arguments[j].oid,
                              parameter_type(&candidates->items[i], j));
        if (fits)
            candidates->items[kept++] = candidates->items[i];
    }
    candidates->count = kept;
}

/* Keeps those with the highest score. */
typedef uint32_t (*Score)(const Call *call, const Candidate *candidate);

static void keep_best(const Call *call, Candidates *candidates, Score score)
{
    uint32_t best = 0, kept = 0;
    for (uint32_t i = 0; i < candidates->count; i++) {
        uint32_t value = score(call, &candidates->items[i]);
        if (value > best) {
            best = value;
            kept = 0;
        }
        if (value == best)
            candidates->items[kept++] = candidates->items[i];
    }
    candidates->count = kept;
}

static uint32_t count_exact(const Call *call, const Candidate *candidate)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < call->count; i++)
        count += call->arguments[i].oid != T_UNKNOWN &&
                 call->arguments[i].oid == parameter_type(candidate, i);
    return count;
}

/* Of texts that pass for numbers: what takes any of them. */
static uint32_t count_doubles(const Call *call, const Candidate *candidate)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < call->count; i++)
        count += category_of(call->arguments[i].oid) == CATEGORY_STRING &&
                 parameter_type(candidate, i) == T_FLOAT8;
    return count;
}

/* An array goes to a parameter that is one: array_agg. */
static uint32_t count_arrays(const Call *call, const Candidate *candidate)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < call->count; i++)
        count += is_array(call->arguments[i].oid) && parameter_type(candidate, i) == T_ANYARRAY;
    return count;
}

static uint32_t count_preferred(const Call *call, const Candidate *candidate)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < call->count; i++) {
        Oid argument = call->arguments[i].oid, parameter = parameter_type(candidate, i);
        if (argument == T_UNKNOWN)
            continue;
        count += argument == parameter ||
                 (is_preferred(parameter) && category_of(parameter) == category_of(argument));
    }
    return count;
}

/* Fewer polymorphic parameters are better: what is written for a type goes before. */
static uint32_t count_typed(const Call *call, const Candidate *candidate)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < call->count; i++)
        count += !is_polymorphic(parameter_type(candidate, i));
    return count;
}

/* 10.3, 4e: the category of each unknown argument, string if any candidate takes one. */
static void keep_category(const Call *call, Candidates *candidates)
{
    for (uint32_t i = 0; i < call->count; i++) {
        if (call->arguments[i].oid != T_UNKNOWN)
            continue;
        TypeCategory category = category_of(parameter_type(&candidates->items[0], i));
        bool has_string = false, is_same = true, has_preferred = false;
        for (uint32_t j = 0; j < candidates->count; j++) {
            TypeCategory other = category_of(parameter_type(&candidates->items[j], i));
            has_string |= other == CATEGORY_STRING;
            is_same &= other == category;
        }
        if (!has_string && !is_same)
            return;
        if (has_string)
            category = CATEGORY_STRING;
        for (uint32_t j = 0; j < candidates->count; j++) {
            Oid parameter = parameter_type(&candidates->items[j], i);
            has_preferred |= is_preferred(parameter) && category_of(parameter) == category;
        }
        uint32_t kept = 0;
        for (uint32_t j = 0; j < candidates->count; j++) {
            Oid parameter = parameter_type(&candidates->items[j], i);
            if (category_of(parameter) == category && (!has_preferred || is_preferred(parameter)))
                candidates->items[kept++] = candidates->items[j];
        }
        candidates->count = kept;
    }
}

/* 10.3, 4f: all known arguments have one type; the unknown ones are taken for the same. */
static void assume_known_type(const Call *call, Candidates *candidates)
{
    Oid known = T_UNKNOWN;
    for (uint32_t i = 0; i < call->count; i++) {
        if (call->arguments[i].oid == T_UNKNOWN)
            continue;
        if (known != T_UNKNOWN && known != call->arguments[i].oid)
            return;
        known = call->arguments[i].oid;
    }
    if (known == T_UNKNOWN)
        return;
    for (uint32_t i = 0; i < candidates->count; i++) {
        bool fits = true;
        for (uint32_t j = 0; j < call->count && fits; j++)
            fits = can_coerce(call, known, parameter_type(&candidates->items[i], j));
        if (!fits)
            continue;
        candidates->items[0] = candidates->items[i];
        candidates->count = 1;
        return;
    }
}

static bool has_unknown(const Call *call)
{
    for (uint32_t i = 0; i < call->count; i++)
        if (call->arguments[i].oid == T_UNKNOWN)
            return true;
    return false;
}

static const Candidate *find_exact(const Call *call, const Candidates *candidates)
{
    for (uint32_t i = 0; i < candidates->count; i++)
        if (call->is_operator ? is_exact_operator(call, &candidates->items[i])
                              : is_exact(call, &candidates->items[i]))
            return &candidates->items[i];
    return NULL;
}

/* Whether all that are left differ in nothing that the call can see (optional arguments that
 * were left out, in which case the first row is the one meant). */
static bool are_alike(const Call *call, const Candidates *candidates)
{
    for (uint32_t i = 1; i < candidates->count; i++)
        for (uint32_t j = 0; j < call->count; j++)
            if (parameter_type(&candidates->items[0], j) !=
                parameter_type(&candidates->items[i], j))
                return false;
    return true;
}

static const Candidate *choose(const Call *call, Candidates *candidates, Fault *fault)
{
    const Candidate *exact = find_exact(call, candidates);
    if (exact != NULL)
        return exact;
    keep_coercible(call, candidates);
    if (candidates->count > 1 && call->is_loose)
        keep_best(call, candidates, count_doubles);
    if (candidates->count > 1)
        keep_best(call, candidates, count_exact);
    if (candidates->count > 1)
        keep_best(call, candidates, count_preferred);
    if (candidates->count > 1)
        keep_best(call, candidates, count_typed);
    if (candidates->count > 1)
        keep_best(call, candidates, count_arrays);
    if (candidates->count > 1 && has_unknown(call)) {
        Candidates before = *candidates;
        keep_category(call, candidates);
        if (candidates->count == 0)
            *candidates = before;
        if (candidates->count > 1)
            assume_known_type(call, candidates);
    }
    if (candidates->count > 1 && (are_alike(call, candidates) || call->is_loose))
        candidates->count = 1;
    if (candidates->count == 1)
        return &candidates->items[0];
    call_fault(call, candidates->count > 1, fault);
    return NULL;
}

/* --- what the arguments are cast to --- */

static SqlType coerced_type(SqlType argument, Oid parameter)
{
    if (argument.oid == parameter)
        return argument;
    if (parameter == T_ANY)
        return argument.oid == T_UNKNOWN ? SQL_TYPE(T_TEXT) : argument;
    if (parameter == T_NUMERIC && argument.oid != T_UNKNOWN) {
        const TypeInfo *info = type_info(argument.oid);
        if (info->layout == LAYOUT_INT64)
            return type_numeric_derived(0);
    }
    return SQL_TYPE(parameter);
}

/* The type that anyelement stands for in this call. */
static bool resolve_element(const Call *call, const Candidate *candidate, SqlType *element,
                            Fault *fault)
{
    SqlType types[MAX_CALL_ARGUMENTS];
    uint32_t count = 0;
    for (uint32_t i = 0; i < call->count; i++) {
        Oid parameter = parameter_type(candidate, i);
        const TypeInfo *info = type_info(call->arguments[i].oid);
        if (parameter == T_ANYARRAY && info != NULL && info->element_oid != 0)
            types[count++] = (SqlType){info->element_oid, call->arguments[i].modifier};
        else if (parameter == T_ANYELEMENT)
            types[count++] = call->arguments[i];
    }
    *element = SQL_TYPE(T_TEXT);
    if (count > 0 && !function_common_type(types, count, "arguments", element, fault))
        return false;
    if (element->oid == T_UNKNOWN)
        *element = SQL_TYPE(T_TEXT);
    return true;
}

static bool coerce_arguments(const Call *call, const Candidate *candidate, SqlType *coerced,
                             Fault *fault)
{
    SqlType element = SQL_TYPE(T_NONE);
    for (uint32_t i = 0; i < call->count; i++) {
        Oid parameter = parameter_type(candidate, i);
        bool is_element = parameter == T_ANYELEMENT || parameter == T_ANYARRAY;
        if (is_element && element.oid == T_NONE &&
            !resolve_element(call, candidate, &element, fault))
            return false;
        if (parameter == T_ANYELEMENT) {
            coerced[i] = element;
        } else if (parameter == T_ANYARRAY) {
            const TypeInfo *info = type_info(call->arguments[i].oid);
            bool is_same = info != NULL && info->element_oid == element.oid &&
                           (element.oid != T_NUMERIC ||
                            call->arguments[i].modifier == element.modifier);
            coerced[i] = is_same ? call->arguments[i]
                                 : (SqlType){type_info(element.oid)->array_oid, element.modifier};
        } else {
            coerced[i] = coerced_type(call->arguments[i], parameter);
        }
    }
    return true;
}

/* --- scalars and operators --- */

static bool takes_count(uint32_t count, uint32_t fixed, uint32_t optional, bool is_variadic)
{
    return count + optional >= fixed && (count <= fixed || is_variadic);
}

static void collect_scalars(const Call *call, Candidates *candidates)
{
    FunctionSearch search =
        function_search(call->is_operator ? TABLE_OPERATORS : TABLE_SCALARS, call->name);
    const ScalarFunction *row;
    candidates->count = 0;
    while ((row = function_search_next(&search)) != NULL) {
        bool is_spoken = row->dialect == 0 || row->dialect == call->dialect + 1;
        if (!is_spoken || candidates->count == MAX_CANDIDATES ||
            !takes_count(call->count, row->argument_count, row->optional_count,
                         row->is_variadic))
            continue;
        candidates->items[candidates->count++] =
            (Candidate){.row = row, .arguments = row->arguments,
                        .argument_count = row->argument_count, .result = row->result};
    }
}

/*
 * Druid compares and computes with a text beside a number or a time as if it were one: the text
 * takes the other operand's type.
 */
static bool loosen_operator(const Call *call, SqlType *arguments)
{
    if (call->count != 2)
        return false;
    for (int i = 0; i < 2; i++) {
        TypeCategory own = category_of(call->arguments[i].oid);
        TypeCategory other = category_of(call->arguments[1 - i].oid);
        bool is_value = other == CATEGORY_NUMERIC || other == CATEGORY_DATETIME ||
                        other == CATEGORY_BOOLEAN;
        if (own != CATEGORY_STRING || !is_value)
            continue;
        arguments[i] = arguments[1 - i] = call->arguments[1 - i];
        bool is_sum = call->name.length == 1 && memchr("+-*/", call->name.data[0], 4) != NULL;
        if (is_sum && is_integer(arguments[i].oid)) /* a text may hold a fraction */
            arguments[i] = SQL_TYPE(T_FLOAT8);
        return true;
    }
    return false;
}

static const ScalarFunction *resolve_loosely(Call *call, SqlType *coerced, Fault *fault)
{
    Candidates candidates;
    SqlType swapped[2];
    Call original = *call;
    if (call->is_operator && loosen_operator(call, swapped)) {
        call->arguments = swapped;
        collect_scalars(call, &candidates);
        const Candidate *chosen = choose(call, &candidates, fault);
        if (chosen != NULL && coerce_arguments(call, chosen, coerced, fault))
            return chosen->row;
    }
    *call = original;
    call->is_loose = true;
    collect_scalars(call, &candidates);
    const Candidate *chosen = choose(call, &candidates, fault);
    return chosen != NULL && coerce_arguments(call, chosen, coerced, fault) ? chosen->row : NULL;
}

/* Druid's integers are all one type. */
static const SqlType *widen_integers(const Call *call, SqlType *wide)
{
    for (uint32_t i = 0; i < call->count; i++)
        wide[i] = is_integer(call->arguments[i].oid) ? SQL_TYPE(T_INT8) : call->arguments[i];
    return wide;
}

/* 10.2, 2a: an unknown operand is taken for the type of the other; of arrays that decides, since
 * array || element would fit too. */
static const SqlType *unknown_as_array(const Call *call, SqlType *alike)
{
    for (uint32_t i = 0; i < 2; i++) {
        const TypeInfo *other = type_info(call->arguments[1 - i].oid);
        if (call->arguments[i].oid != T_UNKNOWN || other == NULL || other->element_oid == 0 ||
            !text_equal_string(call->name, "||"))
            continue;
        alike[0] = alike[1] = call->arguments[1 - i];
        return alike;
    }
    return call->arguments;
}

static const ScalarFunction *resolve_scalar(Call *call, SqlType *coerced, Fault *fault)
{
    Candidates candidates;
    SqlType wide[MAX_CALL_ARGUMENTS];
    if (call->count > MAX_CALL_ARGUMENTS) {
        fault_set_at(fault, call->position, FAULT_PROGRAM_LIMIT_EXCEEDED,
                     "cannot pass more than %d arguments to a function", MAX_CALL_ARGUMENTS);
        return NULL;
    }
    if (call->dialect == 1)
        call->arguments = widen_integers(call, wide);
    SqlType alike[2];
    if (call->is_operator && call->count == 2 && call->dialect == 0)
        call->arguments = unknown_as_array(call, alike);
    collect_scalars(call, &candidates);
    const Candidate *chosen = choose(call, &candidates, fault);
    if (chosen == NULL && call->dialect == 1 && fault->code == FAULT_UNDEFINED_FUNCTION) {
        Fault first = *fault;
        const ScalarFunction *row = resolve_loosely(call, coerced, fault);
        if (row == NULL)
            *fault = first;
        return row;
    }
    if (chosen == NULL || !coerce_arguments(call, chosen, coerced, fault))
        return NULL;
    return chosen->row;
}

const ScalarFunction *function_resolve(Text name, const SqlType *arguments, uint32_t count,
                                       int32_t dialect, SqlType *coerced, int32_t position,
                                       Fault *fault)
{
    Call call = {.name = name, .arguments = arguments, .count = count, .dialect = dialect,
                 .position = position};
    return resolve_scalar(&call, coerced, fault);
}

const ScalarFunction *function_resolve_operator(Text symbol, const SqlType *arguments,
                                                uint32_t count, int32_t dialect, SqlType *coerced,
                                                int32_t position, Fault *fault)
{
    Call call = {.name = symbol, .arguments = arguments, .count = count, .dialect = dialect,
                 .is_operator = true, .position = position};
    if (text_equal_string(symbol, "!="))
        call.name = TEXT_LITERAL("<>");
    return resolve_scalar(&call, coerced, fault);
}

/* --- aggregates --- */

const AggregateFunction *function_resolve_aggregate(Text name, const SqlType *arguments,
                                                    uint32_t count, SqlType *coerced,
                                                    int32_t position, Fault *fault)
{
    Candidates candidates = {.count = 0};
    Call call = {.name = name, .arguments = arguments, .count = count, .position = position};
    FunctionSearch search = function_search(TABLE_AGGREGATES, name);
    const AggregateFunction *row;
    if (count > FUNCTION_MAX_ARGS) {
        call_fault(&call, false, fault);
        return NULL;
    }
    while ((row = function_search_next(&search)) != NULL)
        if (candidates.count < MAX_CANDIDATES &&
            takes_count(count, row->argument_count, row->optional_count, false))
            candidates.items[candidates.count++] =
                (Candidate){.row = row, .arguments = row->arguments,
                            .argument_count = row->argument_count, .result = row->result};
    const Candidate *chosen = choose(&call, &candidates, fault);
    if (chosen == NULL || !coerce_arguments(&call, chosen, coerced, fault))
        return NULL;
    return chosen->row;
}

/* --- window functions --- */

const WindowFunction *function_resolve_window(Text name, const SqlType *arguments, uint32_t count,
                                              int32_t dialect, SqlType *coerced, int32_t position,
                                              Fault *fault)
{
    Candidates candidates = {.count = 0};
    Call call = {.name = name, .arguments = arguments, .count = count, .dialect = dialect,
                 .position = position};
    uint32_t row_count;
    const WindowFunction *rows = function_windows(&row_count);
    for (uint32_t i = 0; i < row_count; i++)
        if (rows[i].argument_count == count && text_equal_string(name, rows[i].name))
            candidates.items[candidates.count++] =
                (Candidate){.row = &rows[i], .arguments = rows[i].arguments,
                            .argument_count = count, .result = rows[i].result};
    const Candidate *chosen = choose(&call, &candidates, fault);
    if (chosen == NULL || !coerce_arguments(&call, chosen, coerced, fault))
        return NULL;
    return chosen->row;
}

/* --- casts --- */

static bool is_text_like(Oid oid)
{
    return oid == T_TEXT || oid == T_VARCHAR || oid == T_BPCHAR || oid == T_NAME ||
           oid == T_UNKNOWN;
}

/* Druid reads texts as numbers and times, and shows everything as a text, by itself. */
static CastRule text_cast_rule(int32_t dialect, CastRule otherwise)
{
    return dialect == 1 ? CAST_IMPLICIT : otherwise;
}

static const ScalarFunction *array_cast(const TypeInfo *from, const TypeInfo *to, CastRule rule,
                                        int32_t dialect, bool *is_noop)
{
    bool is_same;
    const ScalarFunction *cast = function_find_cast(
        SQL_TYPE(from->element_oid), SQL_TYPE(to->element_oid), rule, dialect, &is_same);
    *is_noop = is_same;
    return cast == NULL ? NULL : cast_array_to_array;
}

const ScalarFunction *function_find_cast(SqlType from, SqlType to, CastRule rule, int32_t dialect,
                                         bool *is_noop)
{
    CastRule needed;
    *is_noop = false;
    if (from.oid == to.oid) {
        bool has_modifier = to.modifier != -1 && to.modifier != from.modifier;
        const ScalarFunction *cast = has_modifier ? cast_to_modifier(to.oid, rule) : NULL;
        *is_noop = cast == NULL;
        return cast;
    }
    const TypeInfo *source = type_info(from.oid), *target = type_info(to.oid);
    if (source == NULL || target == NULL)
        return NULL;
    if (cast_is_noop(from.oid, to.oid, dialect, &needed)) {
        *is_noop = needed >= rule;
        return NULL;
    }
    const ScalarFunction *row = cast_row(from.oid, to.oid, dialect);
    if (row != NULL)
        return row->cast_rule >= rule ? row : NULL;
    if (source->category == CATEGORY_ARRAY && target->category == CATEGORY_ARRAY)
        return array_cast(source, target, rule, dialect, is_noop);
    bool is_record = from.oid == T_RECORD || from.oid == T_RECORD_ARRAY;
    bool is_pseudo = (source->category == CATEGORY_PSEUDO && !is_record) ||
                     target->category == CATEGORY_PSEUDO;
    if (is_pseudo)
        return NULL;
    if (is_text_like(to.oid))
        return rule <= text_cast_rule(dialect, CAST_ASSIGNMENT) ? cast_any_to_text : NULL;
    if (is_text_like(from.oid)) {
        if (rule > text_cast_rule(dialect, CAST_EXPLICIT))
            return NULL;
        if (target->layout == LAYOUT_ARRAY)
            return cast_text_to_array;
        return dialect == 1 ? cast_text_to_any_druid : cast_text_to_any;
    }
    return NULL;
}

/* --- the common type of several expressions --- */

static bool implicit_cast(Oid from, Oid to)
{
    bool is_noop;
    return function_find_cast(SQL_TYPE(from), SQL_TYPE(to), CAST_IMPLICIT, 0, &is_noop) != NULL ||
           is_noop;
}

static bool has_two_scales(const SqlType *types, uint32_t count, int scale, int least)
{
    for (uint32_t i = 0; i < count; i++) {
        int own = types[i].oid == T_NUMERIC ? type_scale(types[i]) : 0;
        if (types[i].oid != T_UNKNOWN && own != scale && own != least)
            return false;
    }
    return true;
}

/* Of numerics: the widest scale, so that no digits are lost; of values that had fewer digits,
 * trailing zeros are not shown. Integers beside numerics are numerics of scale 0. */
static SqlType common_numeric(const SqlType *types, uint32_t count)
{
    int scale = 0, least = NUMERIC_MAX_DIGITS;
    bool is_one_type = true, is_significant = false, are_exact = true;
    const SqlType *first = NULL;
    for (uint32_t i = 0; i < count; i++) {
        if (types[i].oid == T_UNKNOWN)
            continue;
        if (first == NULL)
            first = &types[i];
        is_one_type &= types[i].oid == first->oid && types[i].modifier == first->modifier;
        bool is_numeric = types[i].oid == T_NUMERIC;
        int own = is_numeric ? type_scale(types[i]) : 0;
        int own_least = is_numeric ? type_numeric_least(types[i]) : 0;
        scale = own > scale ? own : scale;
        least = own_least < least ? own_least : least;
        is_significant |= is_numeric && numeric_digits_significant(type_numeric_digits(types[i]));
        are_exact &= !is_numeric || type_numeric_digits(types[i]) == DIGITS_ALL;
    }
    if (is_one_type && first != NULL)
        return *first;
    if (is_significant)
        return type_numeric_shown(DIGITS_MIXED, scale, least);
    if (least == scale)
        return type_numeric_derived(scale);
    bool are_two = are_exact && has_two_scales(types, count, scale, least);
    return type_numeric_shown(are_two ? DIGITS_TWO : DIGITS_TRIMMED, scale, least);
}

/* Arrays of them have the scale of their elements in common; arrays of whole numbers have none. */
static SqlType common_numeric_array(const SqlType *types, uint32_t count)
{
    SqlType scale = SQL_TYPE(T_UNKNOWN);
    for (uint32_t i = 0; i < count; i++) {
        SqlType pair[2] = {scale, {T_NUMERIC, types[i].modifier}};
        if (types[i].oid == T_NUMERIC_ARRAY)
            scale = common_numeric(pair, 2);
        else if (types[i].oid != T_UNKNOWN && scale.oid == T_UNKNOWN)
            scale = type_numeric_derived(0);
    }
    return (SqlType){T_NUMERIC_ARRAY, scale.modifier};
}

static SqlType common_modifier(const SqlType *types, uint32_t count, Oid oid)
{
    int32_t modifier = -1;
    bool is_first = true;
    if (oid == T_NUMERIC)
        return common_numeric(types, count);
    if (oid == T_NUMERIC_ARRAY)
        return common_numeric_array(types, count);
    for (uint32_t i = 0; i < count; i++) {
        if (types[i].oid == T_UNKNOWN)
            continue;
        if (types[i].oid != oid || (!is_first && types[i].modifier != modifier))
            return SQL_TYPE(oid);
        modifier = types[i].modifier;
        is_first = false;
    }
    return (SqlType){oid, modifier};
}

bool function_common_type(const SqlType *types, uint32_t count, const char *what, SqlType *common,
                          Fault *fault)
{
    Oid chosen = T_UNKNOWN;
    for (uint32_t i = 0; i < count; i++) {
        Oid next = types[i].oid;
        if (next == T_UNKNOWN || next == chosen)
            continue;
        if (chosen == T_UNKNOWN) {
            chosen = next;
            continue;
        }
        if (category_of(next) != category_of(chosen)) {
            const TypeInfo *a = type_info(chosen), *b = type_info(next);
            return fault_set(fault, FAULT_DATATYPE_MISMATCH, "%s types %s and %s cannot be matched",
                             what, a == NULL ? "???" : a->sql_name, b == NULL ? "???" : b->sql_name);
        }
        if (!is_preferred(chosen) && implicit_cast(chosen, next) && !implicit_cast(next, chosen))
            chosen = next;
    }
    for (uint32_t i = 0; i < count; i++) {
        Oid oid = types[i].oid;
        if (oid != T_UNKNOWN && oid != chosen && !implicit_cast(oid, chosen))
            return fault_set(fault, FAULT_CANNOT_COERCE, "%s could not convert type %s to %s", what,
                             type_info(oid)->sql_name, type_info(chosen)->sql_name);
    }
    *common = chosen == T_UNKNOWN ? SQL_TYPE(T_UNKNOWN) : common_modifier(types, count, chosen);
    return true;
}
