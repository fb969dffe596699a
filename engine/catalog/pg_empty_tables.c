/*
 * Catalogs that have no rows here, since what they list does not exist: their columns, so that
 * what clients ask of them gets the right empty answer.
 */
#include "engine/catalog/catalog_internal.h"

/* clang-format off */
static const VirtualColumn pg_amop_columns[] = {
    {"oid", T_OID}, {"amopfamily", T_OID}, {"amoplefttype", T_OID}, {"amoprighttype", T_OID},
    {"amopstrategy", T_INT2}, {"amoppurpose", T_CHAR}, {"amopopr", T_OID},
    {"amopmethod", T_OID}, {"amopsortfamily", T_OID},
};

static const VirtualColumn pg_amproc_columns[] = {
    {"oid", T_OID}, {"amprocfamily", T_OID}, {"amproclefttype", T_OID},
    {"amprocrighttype", T_OID}, {"amprocnum", T_INT2}, {"amproc", T_REGPROC},
};

static const VirtualColumn pg_conversion_columns[] = {
    {"oid", T_OID}, {"conname", T_NAME}, {"connamespace", T_OID}, {"conowner", T_OID},
    {"conforencoding", T_INT4}, {"contoencoding", T_INT4}, {"conproc", T_REGPROC},
    {"condefault", T_BOOL},
};

static const VirtualColumn pg_default_acl_columns[] = {
    {"oid", T_OID}, {"defaclrole", T_OID}, {"defaclnamespace", T_OID},
    {"defaclobjtype", T_CHAR}, {"defaclacl", T_ACLITEM_ARRAY},
};

static const VirtualColumn pg_enum_columns[] = {
    {"oid", T_OID}, {"enumtypid", T_OID}, {"enumsortorder", T_FLOAT4}, {"enumlabel", T_NAME},
};

static const VirtualColumn pg_event_trigger_columns[] = {
    {"oid", T_OID}, {"evtname", T_NAME}, {"evtevent", T_NAME}, {"evtowner", T_OID},
    {"evtfoid", T_OID}, {"evtenabled", T_CHAR}, {"evttags", T_TEXT_ARRAY},
};

static const VirtualColumn pg_extension_columns[] = {
    {"oid", T_OID}, {"extname", T_NAME}, {"extowner", T_OID}, {"extnamespace", T_OID},
    {"extrelocatable", T_BOOL}, {"extversion", T_TEXT}, {"extconfig", T_OID_ARRAY},
    {"extcondition", T_TEXT_ARRAY},
};

static const VirtualColumn pg_foreign_data_wrapper_columns[] = {
    {"oid", T_OID}, {"fdwname", T_NAME}, {"fdwowner", T_OID}, {"fdwhandler", T_OID},
    {"fdwvalidator", T_OID}, {"fdwacl", T_ACLITEM_ARRAY}, {"fdwoptions", T_TEXT_ARRAY},
};

static const VirtualColumn pg_foreign_server_columns[] = {
    {"oid", T_OID}, {"srvname", T_NAME}, {"srvowner", T_OID}, {"srvfdw", T_OID},
    {"srvtype", T_TEXT}, {"srvversion", T_TEXT}, {"srvacl", T_ACLITEM_ARRAY},
    {"srvoptions", T_TEXT_ARRAY},
};

static const VirtualColumn pg_foreign_table_columns[] = {
    {"ftrelid", T_OID}, {"ftserver", T_OID}, {"ftoptions", T_TEXT_ARRAY},
};

static const VirtualColumn pg_inherits_columns[] = {
    {"inhrelid", T_OID}, {"inhparent", T_OID}, {"inhseqno", T_INT4},
    {"inhdetachpending", T_BOOL},
};

static const VirtualColumn pg_init_privs_columns[] = {
    {"objoid", T_OID}, {"classoid", T_OID}, {"objsubid", T_INT4}, {"privtype", T_CHAR},
    {"initprivs", T_ACLITEM_ARRAY},
};

static const VirtualColumn pg_largeobject_columns[] = {
    {"loid", T_OID}, {"pageno", T_INT4}, {"data", T_BYTEA},
};

static const VirtualColumn pg_largeobject_metadata_columns[] = {
    {"oid", T_OID}, {"lomowner", T_OID}, {"lomacl", T_ACLITEM_ARRAY},
};

static const VirtualColumn pg_opclass_columns[] = {
    {"oid", T_OID}, {"opcmethod", T_OID}, {"opcname", T_NAME}, {"opcnamespace", T_OID},
    {"opcowner", T_OID}, {"opcfamily", T_OID}, {"opcintype", T_OID}, {"opcdefault", T_BOOL},
    {"opckeytype", T_OID},
};

static const VirtualColumn pg_opfamily_columns[] = {
    {"oid", T_OID}, {"opfmethod", T_OID}, {"opfname", T_NAME}, {"opfnamespace", T_OID},
    {"opfowner", T_OID},
};

static const VirtualColumn pg_parameter_acl_columns[] = {
    {"oid", T_OID}, {"parname", T_TEXT}, {"paracl", T_ACLITEM_ARRAY},
};

static const VirtualColumn pg_partitioned_table_columns[] = {
    {"partrelid", T_OID}, {"partstrat", T_CHAR}, {"partnatts", T_INT2}, {"partdefid", T_OID},
    {"partattrs", T_INT2VECTOR}, {"partclass", T_OIDVECTOR}, {"partcollation", T_OIDVECTOR},
    {"partexprs", T_PG_NODE_TREE},
};

static const VirtualColumn pg_policy_columns[] = {
    {"oid", T_OID}, {"polname", T_NAME}, {"polrelid", T_OID}, {"polcmd", T_CHAR},
    {"polpermissive", T_BOOL}, {"polroles", T_OID_ARRAY}, {"polqual", T_PG_NODE_TREE},
    {"polwithcheck", T_PG_NODE_TREE},
};

static const VirtualColumn pg_publication_columns[] = {
    {"oid", T_OID}, {"pubname", T_NAME}, {"pubowner", T_OID}, {"puballtables", T_BOOL},
    {"pubinsert", T_BOOL}, {"pubupdate", T_BOOL}, {"pubdelete", T_BOOL},
    {"pubtruncate", T_BOOL}, {"pubviaroot", T_BOOL},
};

static const VirtualColumn pg_publication_namespace_columns[] = {
    {"oid", T_OID}, {"pnpubid", T_OID}, {"pnnspid", T_OID},
};

static const VirtualColumn pg_publication_rel_columns[] = {
    {"oid", T_OID}, {"prpubid", T_OID}, {"prrelid", T_OID}, {"prqual", T_PG_NODE_TREE},
    {"prattrs", T_INT2VECTOR},
};

static const VirtualColumn pg_replication_origin_columns[] = {
    {"roident", T_OID}, {"roname", T_TEXT},
};

static const VirtualColumn pg_seclabel_columns[] = {
    {"objoid", T_OID}, {"classoid", T_OID}, {"objsubid", T_INT4}, {"provider", T_TEXT},
    {"label", T_TEXT},
};

static const VirtualColumn pg_shdepend_columns[] = {
    {"dbid", T_OID}, {"classid", T_OID}, {"objid", T_OID}, {"objsubid", T_INT4},
    {"refclassid", T_OID}, {"refobjid", T_OID}, {"deptype", T_CHAR},
};

static const VirtualColumn pg_shseclabel_columns[] = {
    {"objoid", T_OID}, {"classoid", T_OID}, {"provider", T_TEXT}, {"label", T_TEXT},
};

static const VirtualColumn pg_statistic_columns[] = {
    {"starelid", T_OID}, {"staattnum", T_INT2}, {"stainherit", T_BOOL},
    {"stanullfrac", T_FLOAT4}, {"stawidth", T_INT4}, {"stadistinct", T_FLOAT4},
    {"stakind1", T_INT2}, {"stakind2", T_INT2}, {"stakind3", T_INT2}, {"stakind4", T_INT2},
    {"stakind5", T_INT2}, {"staop1", T_OID}, {"staop2", T_OID}, {"staop3", T_OID},
    {"staop4", T_OID}, {"staop5", T_OID}, {"stacoll1", T_OID}, {"stacoll2", T_OID},
    {"stacoll3", T_OID}, {"stacoll4", T_OID}, {"stacoll5", T_OID},
    {"stanumbers1", T_FLOAT4_ARRAY}, {"stanumbers2", T_FLOAT4_ARRAY},
    {"stanumbers3", T_FLOAT4_ARRAY}, {"stanumbers4", T_FLOAT4_ARRAY},
    {"stanumbers5", T_FLOAT4_ARRAY}, {"stavalues1", T_TEXT_ARRAY}, {"stavalues2", T_TEXT_ARRAY},
    {"stavalues3", T_TEXT_ARRAY}, {"stavalues4", T_TEXT_ARRAY}, {"stavalues5", T_TEXT_ARRAY},
};

static const VirtualColumn pg_statistic_ext_columns[] = {
    {"oid", T_OID}, {"stxrelid", T_OID}, {"stxname", T_NAME}, {"stxnamespace", T_OID},
    {"stxowner", T_OID}, {"stxstattarget", T_INT4}, {"stxkeys", T_INT2VECTOR},
    {"stxkind", T_CHAR_ARRAY}, {"stxexprs", T_PG_NODE_TREE},
};

static const VirtualColumn pg_statistic_ext_data_columns[] = {
    {"stxoid", T_OID}, {"stxdinherit", T_BOOL}, {"stxdndistinct", T_PG_NDISTINCT},
    {"stxddependencies", T_PG_DEPENDENCIES}, {"stxdmcv", T_PG_MCV_LIST},
    {"stxdexpr", T_TEXT_ARRAY},
};

static const VirtualColumn pg_subscription_columns[] = {
    {"oid", T_OID}, {"subdbid", T_OID}, {"subskiplsn", T_PG_LSN}, {"subname", T_NAME},
    {"subowner", T_OID}, {"subenabled", T_BOOL}, {"subbinary", T_BOOL}, {"substream", T_BOOL},
    {"subtwophasestate", T_CHAR}, {"subdisableonerr", T_BOOL}, {"subconninfo", T_TEXT},
    {"subslotname", T_NAME}, {"subsynccommit", T_TEXT}, {"subpublications", T_TEXT_ARRAY},
};

static const VirtualColumn pg_subscription_rel_columns[] = {
    {"srsubid", T_OID}, {"srrelid", T_OID}, {"srsubstate", T_CHAR}, {"srsublsn", T_PG_LSN},
};

static const VirtualColumn pg_transform_columns[] = {
    {"oid", T_OID}, {"trftype", T_OID}, {"trflang", T_OID}, {"trffromsql", T_REGPROC},
    {"trftosql", T_REGPROC},
};

static const VirtualColumn pg_trigger_columns[] = {
    {"oid", T_OID}, {"tgrelid", T_OID}, {"tgparentid", T_OID}, {"tgname", T_NAME},
    {"tgfoid", T_OID}, {"tgtype", T_INT2}, {"tgenabled", T_CHAR}, {"tgisinternal", T_BOOL},
    {"tgconstrrelid", T_OID}, {"tgconstrindid", T_OID}, {"tgconstraint", T_OID},
    {"tgdeferrable", T_BOOL}, {"tginitdeferred", T_BOOL}, {"tgnargs", T_INT2},
    {"tgattr", T_INT2VECTOR}, {"tgargs", T_BYTEA}, {"tgqual", T_PG_NODE_TREE},
    {"tgoldtable", T_NAME}, {"tgnewtable", T_NAME},
};

static const VirtualColumn pg_ts_config_columns[] = {
    {"oid", T_OID}, {"cfgname", T_NAME}, {"cfgnamespace", T_OID}, {"cfgowner", T_OID},
    {"cfgparser", T_OID},
};

static const VirtualColumn pg_ts_config_map_columns[] = {
    {"mapcfg", T_OID}, {"maptokentype", T_INT4}, {"mapseqno", T_INT4}, {"mapdict", T_OID},
};

static const VirtualColumn pg_ts_dict_columns[] = {
    {"oid", T_OID}, {"dictname", T_NAME}, {"dictnamespace", T_OID}, {"dictowner", T_OID},
    {"dicttemplate", T_OID}, {"dictinitoption", T_TEXT},
};

static const VirtualColumn pg_ts_parser_columns[] = {
    {"oid", T_OID}, {"prsname", T_NAME}, {"prsnamespace", T_OID}, {"prsstart", T_REGPROC},
    {"prstoken", T_REGPROC}, {"prsend", T_REGPROC}, {"prsheadline", T_REGPROC},
    {"prslextype", T_REGPROC},
};

static const VirtualColumn pg_ts_template_columns[] = {
    {"oid", T_OID}, {"tmplname", T_NAME}, {"tmplnamespace", T_OID}, {"tmplinit", T_REGPROC},
    {"tmpllexize", T_REGPROC},
};

static const VirtualColumn pg_user_mapping_columns[] = {
    {"oid", T_OID}, {"umuser", T_OID}, {"umserver", T_OID}, {"umoptions", T_TEXT_ARRAY},
};

#define EMPTY(number, relation)                                                                    \
    {.schema_oid = SCHEMA_OID_PG_CATALOG, .name = #relation, .oid = (number),                      \
     .is_view = false, CATALOG_COLUMNS(relation##_columns)}

const VirtualRelation catalog_empty_tables[] = {
    EMPTY(2602, pg_amop),
    EMPTY(2603, pg_amproc),
    EMPTY(2607, pg_conversion),
    EMPTY(826, pg_default_acl),
    EMPTY(3501, pg_enum),
    EMPTY(3466, pg_event_trigger),
    EMPTY(3079, pg_extension),
    EMPTY(2328, pg_foreign_data_wrapper),
    EMPTY(1417, pg_foreign_server),
    EMPTY(3118, pg_foreign_table),
    EMPTY(2611, pg_inherits),
    EMPTY(3394, pg_init_privs),
    EMPTY(2613, pg_largeobject),
    EMPTY(2995, pg_largeobject_metadata),
    EMPTY(2616, pg_opclass),
    EMPTY(2753, pg_opfamily),
    EMPTY(6243, pg_parameter_acl),
    EMPTY(3350, pg_partitioned_table),
    EMPTY(3256, pg_policy),
    EMPTY(6104, pg_publication),
    EMPTY(6237, pg_publication_namespace),
    EMPTY(6106, pg_publication_rel),
    EMPTY(6000, pg_replication_origin),
    EMPTY(3596, pg_seclabel),
    EMPTY(1214, pg_shdepend),
    EMPTY(3592, pg_shseclabel),
    EMPTY(2619, pg_statistic),
    EMPTY(3381, pg_statistic_ext),
    EMPTY(3429, pg_statistic_ext_data),
    EMPTY(6100, pg_subscription),
    EMPTY(6102, pg_subscription_rel),
    EMPTY(3576, pg_transform),
    EMPTY(2620, pg_trigger),
    EMPTY(3602, pg_ts_config),
    EMPTY(3603, pg_ts_config_map),
    EMPTY(3600, pg_ts_dict),
    EMPTY(3601, pg_ts_parser),
    EMPTY(3764, pg_ts_template),
    EMPTY(1418, pg_user_mapping),
};
/* clang-format on */

const uint32_t catalog_empty_table_count =
    sizeof catalog_empty_tables / sizeof catalog_empty_tables[0];
