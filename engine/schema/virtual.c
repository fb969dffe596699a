/*
 * The register of virtual relations: filled at start-up by engine/catalog, read by everybody.
 */
#include "engine/schema/schema.h"

#include "base/log/log.h"

#include <stdlib.h>

/* Set up before the first query, then never changed. */
static const VirtualRelation **registered;
static uint32_t registered_count;

static int compare_relations(const void *a, const void *b)
{
    const VirtualRelation *x = *(const VirtualRelation *const *)a;
    const VirtualRelation *y = *(const VirtualRelation *const *)b;
    if (x->schema_oid != y->schema_oid)
        return x->schema_oid < y->schema_oid ? -1 : 1;
    return strcmp(x->name, y->name);
}

static void check_unique(void)
{
    for (uint32_t i = 1; i < registered_count; i++)
        check(compare_relations(&registered[i - 1], &registered[i]) < 0);
    for (uint32_t i = 0; i < registered_count; i++)
        check(schema_virtual_by_oid(registered[i]->oid) == registered[i]);
}

void schema_register(const VirtualRelation *const *relations, uint32_t count)
{
    size_t total = (size_t)registered_count + count;
    registered = realloc(registered, (total + 1) * sizeof *registered);
    check(registered != NULL);
    for (uint32_t i = 0; i < count; i++)
        registered[registered_count++] = relations[i];
    qsort(registered, registered_count, sizeof *registered, compare_relations);
    check_unique();
}

const VirtualRelation *const *schema_virtual_relations(uint32_t *count)
{
    *count = registered_count;
    return registered;
}

const VirtualRelation *schema_virtual_by_oid(Oid oid)
{
    for (uint32_t i = 0; i < registered_count; i++) {
        if (registered[i]->oid == oid)
            return registered[i];
    }
    return NULL;
}

static Vector empty_column(Oid type, Arena *arena)
{
    const TypeInfo *info = type_info(type);
    check(info != NULL);
    Vector column = vector_null(arena, info->layout, 0);
    if (info->layout == LAYOUT_ARRAY) {
        Vector *elements = ARENA_NEW(arena, Vector);
        *elements = vector_null(arena, type_layout(SQL_TYPE(info->element_oid)), 0);
        column.elements = elements;
    }
    return column;
}

static Batch *empty_batch(const VirtualRelation *relation, Arena *arena)
{
    Batch *batch = batch_make(arena, relation->column_count, 0);
    for (uint32_t i = 0; i < relation->column_count; i++)
        batch->columns[i] = empty_column(relation->columns[i].type, arena);
    return batch;
}

bool schema_produce(const VirtualRelation *relation, const CatalogContext *context, Arena *arena,
                    Batch **out, Fault *fault)
{
    if (relation->produce != NULL)
        return relation->produce(context, arena, out, fault);
    *out = empty_batch(relation, arena);
    return true;
}
