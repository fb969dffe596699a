/*
 * pg_catalog, information_schema and sys: relations whose rows are made from the metadata, the
 * tables of types, functions and settings, and what the caller knows of sessions and queries
 * (CatalogContext in engine/schema). Columns, their types and order, and OIDs are PostgreSQL
 * 15's; relations that have nothing to show here have their columns and no rows.
 */
#ifndef TALARIA_ENGINE_CATALOG_CATALOG_H
#define TALARIA_ENGINE_CATALOG_CATALOG_H

#include "engine/schema/schema.h"

/* Registers every relation with engine/schema, and with engine/type how regclass and its kin
 * are called; once, at start-up. */
void catalog_register(void);

/*
 * Whose names regclass, regproc, regnamespace and regrole are read and shown with: the context
 * of the statement that this process runs, until the next call; NULL: none (numbers are shown).
 * A process runs one statement at a time, and text functions of types take no context.
 */
void catalog_set_context(const CatalogContext *context);

/* The name of the role with this OID, as pg_get_userbyid gives it; an empty text when there is
 * none. Without roles the superuser goes by the session's own name. */
Text catalog_role_name(const CatalogContext *context, Oid oid);

/* The comment on an object, as obj_description and col_description give it: `class_oid` is the
 * OID of its catalog (1259 for relations and columns), `number` the column's or 0. An empty
 * text when there is none. */
Text catalog_description(const CatalogContext *context, Oid class_oid, Oid oid, int32_t number);

/* A relation's bytes on disk, as pg_relation_size gives them; 0 for virtual relations, -1 when
 * there is no such relation. */
int64_t catalog_relation_size(const CatalogContext *context, Oid oid);

#endif
