/*
 * EXPLAIN PLAN FOR: the three columns of Druid's form, each a JSON text.
 *
 *   PLAN        one element: the stages, the types and names of the outputs
 *   RESOURCES   what is read and written, by name and kind
 *   ATTRIBUTES  the kind of statement; of INSERT and REPLACE the target and its layout
 */
#include "engine/plan/plan_internal.h"
#include "engine/type/timezone.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* --- types, as Druid calls them --- */

static const char *native_type(SqlType type, char *out, size_t size)
{
    const TypeInfo *info = type_info(type.oid);
    if (info == NULL)
        return "STRING";
    if (type.oid == T_TEXT_ARRAY && type.modifier == TYPE_MULTI_VALUE)
        return "STRING";
    if (info->element_oid != 0) {
        char element[64];
        const char *name = native_type(SQL_TYPE(info->element_oid), element, sizeof element);
        snprintf(out, size, "ARRAY<%.40s>", name);
        return out;
    }
    switch (type.oid) {
    case T_FLOAT4:
        return "FLOAT";
    case T_FLOAT8:
    case T_NUMERIC:
        return "DOUBLE";
    case T_JSON:
    case T_JSONB:
        return "COMPLEX<json>";
    default:
        break;
    }
    if (info->category == CATEGORY_NUMERIC || info->category == CATEGORY_BOOLEAN ||
        info->category == CATEGORY_DATETIME)
        return "LONG";
    return "STRING";
}

/* --- PLAN --- */

static json_t *text_json(const char *text)
{
    json_t *value = json_string(text);
    return value != NULL ? value : json_null();
}

static json_t *plan_json(const QueryDefinition *definition, const BoundQuery *query)
{
    Buffer text = BUFFER_EMPTY;
    plan_explain(definition, query, true, &text);
    json_t *stages = json_loads(buffer_string(&text), JSON_DECODE_ANY, NULL);
    buffer_clear(&text);
    json_t *element = json_object(), *signature = json_array(), *mappings = json_array();
    for (uint32_t i = 0; i < query->output_count; i++) {
        char name[64], type[64];
        snprintf(name, sizeof name, "c%u", i);
        json_t *column = json_object(), *mapping = json_object();
        json_object_set_new(column, "name", json_string(name));
        json_object_set_new(
            column, "type",
            json_string(native_type(query->outputs[i].type, type, sizeof type)));
        json_array_append_new(signature, column);
        json_object_set_new(mapping, "queryColumn", json_string(name));
        json_object_set_new(mapping, "outputColumn", text_json(query->outputs[i].name));
        json_array_append_new(mappings, mapping);
    }
    json_object_set_new(element, "query", stages != NULL ? stages : json_null());
    json_object_set_new(element, "signature", signature);
    json_object_set_new(element, "columnMappings", mappings);
    json_t *list = json_array();
    json_array_append_new(list, element);
    return list;
}

/* --- RESOURCES --- */

static void add_resource(json_t *list, const char *name, size_t length, const char *type)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *known = json_array_get(list, i);
        const char *other = json_string_value(json_object_get(known, "name"));
        bool is_same = other != NULL && strlen(other) == length &&
                       memcmp(other, name, length) == 0 &&
                       strcmp(json_string_value(json_object_get(known, "type")), type) == 0;
        if (is_same)
            return;
    }
    json_t *resource = json_object(), *text = json_stringn(name, length);
    json_object_set_new(resource, "name", text != NULL ? text : json_null());
    json_object_set_new(resource, "type", json_string(type));
    json_array_append_new(list, resource);
}

static void add_resources(json_t *list, const Plan *plan)
{
    if (plan->kind == PLAN_TABLE) {
        const Text name = plan->table.relation->name;
        add_resource(list, name.data, name.length, "DATASOURCE");
    } else if (plan->kind == PLAN_VIRTUAL) {
        const Text name = plan->table.relation->name;
        add_resource(list, name.data, name.length, "SYSTEM_TABLE");
    } else if (plan->kind == PLAN_EXTERN) {
        add_resource(list, "EXTERNAL", 8, "EXTERNAL");
    }
    for (uint32_t i = 0; i < plan_input_count(plan); i++)
        add_resources(list, plan_input(plan, i));
}

/* --- ATTRIBUTES --- */

/* Druid's names of granularities where they differ from how PARTITIONED BY is written. */
static const char *const granularities[][2] = {
    {"PT5M", "FIVE_MINUTE"},     {"PT10M", "TEN_MINUTE"}, {"PT15M", "FIFTEEN_MINUTE"},
    {"PT30M", "THIRTY_MINUTE"},  {"PT6H", "SIX_HOUR"},    {"PT8H", "EIGHT_HOUR"},
};

static json_t *granularity_json(const IngestTarget *target)
{
    if (target->is_partitioned_by_all) {
        json_t *all = json_object();
        json_object_set_new(all, "type", json_string("all"));
        return all;
    }
    for (size_t i = 0; i < sizeof granularities / sizeof *granularities; i++) {
        if (strcmp(granularities[i][0], target->granularity_text) == 0)
            return json_string(granularities[i][1]);
    }
    return json_string(target->granularity_text);
}

typedef struct OutputNames {
    const BoundQuery *query;
} OutputNames;

static const char *output_name(ColumnId column, void *state)
{
    const BoundQuery *query = ((OutputNames *)state)->query;
    for (uint32_t i = 0; i < query->output_count; i++) {
        if (query->outputs[i].id == column)
            return query->outputs[i].name;
    }
    return "?";
}

static json_t *cluster_json(const BoundQuery *query)
{
    OutputNames names = {query};
    json_t *list = json_array();
    for (uint32_t i = 0; i < query->ingest->cluster_count; i++) {
        Buffer text = BUFFER_EMPTY;
        expr_print(query->ingest->cluster_keys[i], output_name, &names, &text);
        json_array_append_new(list, text_json(buffer_string(&text)));
        buffer_clear(&text);
    }
    return list;
}

/* ISO 8601 with milliseconds; an open end is the end of Druid's eternity. */
static void print_instant(int64_t micros, Buffer *out)
{
    CivilTime civil;
    if (micros == INT64_MIN || micros == INT64_MAX) {
        buffer_append_string(out, micros == INT64_MIN ? "-146136543-09-08T08:23:32.096Z"
                                                      : "146140482-04-24T15:36:27.903Z");
        return;
    }
    civil_from_micros(micros, &civil);
    buffer_printf(out, "%04lld-%02d-%02dT%02d:%02d:%02d.%03dZ", (long long)civil.year, civil.month,
                  civil.day, civil.hour, civil.minute, civil.second, civil.micros / 1000);
}

/* "all", or the intervals with commas between them. */
static json_t *chunks_json(const IngestTarget *target)
{
    if (target->overwrite_all)
        return json_string("all");
    Buffer text = BUFFER_EMPTY;
    for (uint32_t i = 0; i < target->overwrite_count; i++) {
        buffer_append_string(&text, i == 0 ? "" : ",");
        print_instant(target->overwrite[i].start, &text);
        buffer_append_string(&text, "/");
        print_instant(target->overwrite[i].end, &text);
    }
    json_t *value = text_json(buffer_string(&text));
    buffer_clear(&text);
    return value;
}

static json_t *attributes_json(const BoundQuery *query)
{
    const IngestTarget *target = query->ingest;
    json_t *attributes = json_object();
    bool is_replace = target != NULL && target->mode == INGEST_REPLACE;
    json_object_set_new(
        attributes, "statementType",
        json_string(target == NULL ? "SELECT" : is_replace ? "REPLACE" : "INSERT"));
    if (target == NULL)
        return attributes;
    json_object_set_new(attributes, "targetDataSource", text_json(target->table));
    json_object_set_new(attributes, "partitionedBy", granularity_json(target));
    if (target->cluster_count > 0)
        json_object_set_new(attributes, "clusteredBy", cluster_json(query));
    if (is_replace)
        json_object_set_new(attributes, "replaceTimeChunks", chunks_json(target));
    return attributes;
}

/* --- the row --- */

static void put(json_t *value, Buffer *cell)
{
    char *text = json_dumps(value, JSON_COMPACT);
    buffer_append_string(cell, text != NULL ? text : "null");
    free(text);
    json_decref(value);
}

void plan_explain_columns(const QueryDefinition *definition, const BoundQuery *query,
                          Buffer cells[EXPLAIN_COLUMNS])
{
    put(plan_json(definition, query), &cells[0]);
    json_t *resources = json_array();
    add_resources(resources, query->plan);
    if (query->ingest != NULL && query->ingest->mode == INGEST_EXPORT)
        add_resource(resources, "EXTERNAL", strlen("EXTERNAL"), "EXTERNAL");
    else if (query->ingest != NULL)
        add_resource(resources, query->ingest->table, strlen(query->ingest->table), "DATASOURCE");
    put(resources, &cells[1]);
    put(attributes_json(query), &cells[2]);
}
