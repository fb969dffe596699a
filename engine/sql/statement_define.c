/*
 * Statements that define relations and schemas: which of them are known, and their tags. What
 * they say is read by bind_define.c.
 */
#include "engine/sql/statement_internal.h"

static bool define(Classifier *classifier, const char *tag)
{
    return classify_as(classifier, STATEMENT_DEFINE, tag);
}

static bool classify_drop(Classifier *classifier, const PgQuery__DropStmt *drop, bool *known)
{
    switch (drop->remove_type) {
    case PG_QUERY__OBJECT_TYPE__OBJECT_TABLE:
        return define(classifier, "DROP TABLE");
    case PG_QUERY__OBJECT_TYPE__OBJECT_VIEW:
        return define(classifier, "DROP VIEW");
    case PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW:
        return define(classifier, "DROP MATERIALIZED VIEW");
    case PG_QUERY__OBJECT_TYPE__OBJECT_SCHEMA:
        return define(classifier, "DROP SCHEMA");
    case PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE:
        return define(classifier, "DROP SEQUENCE");
    default:
        *known = define_absent_tag(drop) != NULL;
        return *known && define(classifier, define_absent_tag(drop));
    }
}

/* Tables and views; a column's rename changes its table. */
static bool classify_rename(Classifier *classifier, const PgQuery__RenameStmt *rename, bool *known)
{
    bool is_view = rename->rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_VIEW;
    bool is_table = rename->rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_TABLE ||
                    (rename->rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_COLUMN &&
                     rename->relation_type == PG_QUERY__OBJECT_TYPE__OBJECT_TABLE);
    bool is_sequence = rename->rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE;
    bool is_materialized = rename->rename_type == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW;
    *known = is_table || is_view || is_sequence || is_materialized;
    return *known && define(classifier, is_view           ? "ALTER VIEW"
                                        : is_sequence     ? "ALTER SEQUENCE"
                                        : is_materialized ? "ALTER MATERIALIZED VIEW"
                                                          : "ALTER TABLE");
}

static bool changes_owner(const PgQuery__AlterTableStmt *alter)
{
    for (size_t i = 0; i < alter->n_cmds; i++)
        if (alter->cmds[i]->alter_table_cmd->subtype ==
            PG_QUERY__ALTER_TABLE_TYPE__AT_ChangeOwner)
            return true;
    return false;
}

static bool classify_create_as(Classifier *classifier, const PgQuery__CreateTableAsStmt *create)
{
    if (create->query->node_case != PG_QUERY__NODE__NODE_SELECT_STMT)
        return classify_refuse(classifier, "Write the query itself.",
                               "CREATE TABLE ... AS EXECUTE is not supported");
    classifier->tree->node = create->query;
    return classify_as(classifier, STATEMENT_CREATE_AS, "SELECT");
}

static bool classify_delete(Classifier *classifier, const PgQuery__DeleteStmt *statement, bool *known)
{
    *known = statement->where_clause == NULL && statement->n_using_clause == 0 &&
             statement->n_returning_list == 0 && statement->with_clause == NULL;
    return *known && define(classifier, "DELETE");
}

bool classify_definition(Classifier *classifier, const PgQuery__Node *node, bool *known)
{
    *known = true;
    switch (node->node_case) {
    case PG_QUERY__NODE__NODE_CREATE_STMT:
        return define(classifier, "CREATE TABLE");
    case PG_QUERY__NODE__NODE_CREATE_TABLE_AS_STMT:
        return classify_create_as(classifier, node->create_table_as_stmt);
    case PG_QUERY__NODE__NODE_VIEW_STMT:
        return define(classifier, "CREATE VIEW");
    case PG_QUERY__NODE__NODE_CREATE_SCHEMA_STMT:
        return define(classifier, "CREATE SCHEMA");
    case PG_QUERY__NODE__NODE_CREATE_SEQ_STMT:
        return define(classifier, "CREATE SEQUENCE");
    case PG_QUERY__NODE__NODE_ALTER_SEQ_STMT:
        return define(classifier, "ALTER SEQUENCE");
    case PG_QUERY__NODE__NODE_DROP_STMT:
        return classify_drop(classifier, node->drop_stmt, known);
    case PG_QUERY__NODE__NODE_TRUNCATE_STMT:
        return define(classifier, "TRUNCATE TABLE");
    case PG_QUERY__NODE__NODE_DELETE_STMT:
        return classify_delete(classifier, node->delete_stmt, known);
    case PG_QUERY__NODE__NODE_ALTER_TABLE_STMT:
        *known = node->alter_table_stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_TABLE &&
                 !changes_owner(node->alter_table_stmt);
        return *known && define(classifier, "ALTER TABLE");
    case PG_QUERY__NODE__NODE_RENAME_STMT:
        return classify_rename(classifier, node->rename_stmt, known);
    case PG_QUERY__NODE__NODE_ALTER_OBJECT_SCHEMA_STMT:
        *known = node->alter_object_schema_stmt->object_type == PG_QUERY__OBJECT_TYPE__OBJECT_TABLE ||
                 node->alter_object_schema_stmt->object_type == PG_QUERY__OBJECT_TYPE__OBJECT_SEQUENCE ||
                 node->alter_object_schema_stmt->object_type == PG_QUERY__OBJECT_TYPE__OBJECT_MATVIEW ||
                 node->alter_object_schema_stmt->object_type == PG_QUERY__OBJECT_TYPE__OBJECT_VIEW;
        return *known && define(classifier, "ALTER TABLE");
    case PG_QUERY__NODE__NODE_COMMENT_STMT:
        return define(classifier, "COMMENT");
    case PG_QUERY__NODE__NODE_INDEX_STMT:
        return define(classifier, "CREATE INDEX");
    default:
        *known = false;
        return false;
    }
}
