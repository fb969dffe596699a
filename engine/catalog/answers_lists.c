/*
 * Values of catalogs taken apart: aclitem[] and text[] options as arrays side by side, of which
 * aclexplode and pg_options_to_table are made (engine/sql/bind_table_function.c), and acldefault.
 */
#include "engine/catalog/catalog_internal.h"

/* --- elements of an array argument --- */

static ArrayValue elements_of(const CatalogCall *call, const Vector **elements)
{
    const Vector *vector = &call->arguments[0];
    *elements = vector->elements;
    return VECTOR_DATA(ArrayValue, vector)[vector_row(vector, call->row)];
}

/* --- options: name=value --- */

static bool options(CatalogCall *call, bool wants_names)
{
    const Vector *elements;
    ArrayValue range = elements_of(call, &elements);
    vector_builder_array(call->cell, range.count);
    for (uint32_t i = 0; i < range.count; i++) {
        uint32_t row = range.offset + i;
        Text item = vector_is_null(elements, row) ? TEXT_LITERAL("") : vector_text(elements, row);
        const char *equals = item.length == 0 ? NULL : memchr(item.data, '=', item.length);
        uint32_t name = equals == NULL ? item.length : (uint32_t)(equals - item.data);
        if (wants_names)
            vector_builder_text(call->cell->elements, (Text){.data = item.data, .length = name});
        else if (equals == NULL)
            vector_builder_null(call->cell->elements);
        else
            vector_builder_text(call->cell->elements,
                                (Text){.data = equals + 1, .length = item.length - name - 1});
    }
    return true;
}

static bool option_names(CatalogCall *call)
{
    return options(call, true);
}

static bool option_values(CatalogCall *call)
{
    return options(call, false);
}

/* --- aclitem: grantee=letters/grantor; a star after a letter lets one grant it on --- */

typedef struct AclItem {
    Oid grantee, grantor;
    Text letters;
} AclItem;

/* Reads a name, in quotes or not, up to `end`; *at is left behind it. */
static Text read_name(CatalogCall *call, Text item, uint32_t *at, char end)
{
    char *name = arena_alloc(call->arena, (size_t)item.length + 1);
    uint32_t length = 0;
    bool in_quotes = false;
    for (; *at < item.length && (in_quotes || item.data[*at] != end); (*at)++) {
        if (item.data[*at] == '"')
            in_quotes = !in_quotes;
        else
            name[length++] = item.data[*at];
    }
    (*at)++;
    return (Text){.data = name, .length = length};
}

static Oid role_oid(Text name)
{
    const CatalogContext *context = catalog_context();
    uint32_t count = catalog_role_count(context);
    for (uint32_t i = 0; name.length > 0 && i < count; i++) {
        AccessRole role = catalog_role_at(context, i);
        if (text_equal(role.name, name))
            return role.oid;
    }
    return ACCESS_PUBLIC_OID;
}

static AclItem read_item(CatalogCall *call, Text item)
{
    uint32_t at = 0;
    AclItem read = {.grantee = role_oid(read_name(call, item, &at, '='))};
    uint32_t start = at < item.length ? at : item.length;
    while (at < item.length && item.data[at] != '/')
        at++;
    read.letters = (Text){.data = item.data + start,
                          .length = (at < item.length ? at : item.length) - start};
    at++;
    read.grantor = at < item.length ? role_oid(read_name(call, item, &at, '\0')) : 0;
    return read;
}

static const char *word_of(char letter)
{
    static const struct {
        char letter;
        const char *word;
    } words[] = {{'a', "INSERT"},     {'r', "SELECT"},     {'w', "UPDATE"},  {'d', "DELETE"},
                 {'D', "TRUNCATE"},   {'x', "REFERENCES"}, {'t', "TRIGGER"}, {'X', "EXECUTE"},
                 {'U', "USAGE"},      {'C', "CREATE"},     {'T', "TEMPORARY"}, {'c', "CONNECT"},
                 {'s', "SET"},        {'A', "ALTER SYSTEM"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (words[i].letter == letter)
            return words[i].word;
    }
    return NULL;
}

typedef enum AclField { ACL_GRANTOR, ACL_GRANTEE, ACL_PRIVILEGE, ACL_GRANTABLE } AclField;

static void add_field(VectorBuilder *out, const AclItem *item, uint32_t letter, AclField field)
{
    bool is_grantable = letter + 1 < item->letters.length && item->letters.data[letter + 1] == '*';
    switch (field) {
    case ACL_GRANTOR:
        vector_builder_int64(out, item->grantor);
        return;
    case ACL_GRANTEE:
        vector_builder_int64(out, item->grantee);
        return;
    case ACL_PRIVILEGE:
        vector_builder_text(out, text_of(word_of(item->letters.data[letter])));
        return;
    case ACL_GRANTABLE:
        vector_builder_bool(out, is_grantable);
        return;
    }
}

/* One row for each privilege of each item; all fields have the same number of rows. */
static bool explode(CatalogCall *call, AclField field)
{
    const Vector *elements;
    ArrayValue range = elements_of(call, &elements);
    AclItem *items = ARENA_ARRAY(call->arena, AclItem, range.count + 1);
    uint32_t count = 0, total = 0;
    for (uint32_t i = 0; i < range.count; i++) {
        uint32_t row = range.offset + i;
        if (vector_is_null(elements, row))
            continue;
        items[count] = read_item(call, vector_text(elements, row));
        for (uint32_t k = 0; k < items[count].letters.length; k++)
            total += word_of(items[count].letters.data[k]) != NULL;
        count++;
    }
    vector_builder_array(call->cell, total);
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < items[i].letters.length; k++) {
            if (word_of(items[i].letters.data[k]) != NULL)
                add_field(call->cell->elements, &items[i], k, field);
        }
    }
    return true;
}

static bool acl_grantors(CatalogCall *call)
{
    return explode(call, ACL_GRANTOR);
}

static bool acl_grantees(CatalogCall *call)
{
    return explode(call, ACL_GRANTEE);
}

static bool acl_privileges(CatalogCall *call)
{
    return explode(call, ACL_PRIVILEGE);
}

static bool acl_grantable(CatalogCall *call)
{
    return explode(call, ACL_GRANTABLE);
}

/* acldefault(kind, owner): what holds while nothing has been granted. */
static bool acl_default(CatalogCall *call)
{
    static const struct {
        char kind;
        uint32_t everybody, owner;
    } kinds[] = {
        {'c', 0, 0},
        {'r', 0, ACCESS_ALL_TABLE},
        {'s', 0, ACCESS_SELECT | ACCESS_UPDATE | ACCESS_USAGE},
        {'d', ACCESS_TEMPORARY | ACCESS_CONNECT, ACCESS_ALL_DATABASE},
        {'f', ACCESS_EXECUTE, ACCESS_EXECUTE},
        {'l', ACCESS_USAGE, ACCESS_USAGE},
        {'L', 0, ACCESS_SELECT | ACCESS_UPDATE},
        {'n', 0, ACCESS_ALL_SCHEMA},
        {'t', 0, ACCESS_CREATE},
        {'F', 0, ACCESS_USAGE},
        {'S', 0, ACCESS_USAGE},
        {'T', ACCESS_USAGE, ACCESS_USAGE},
    };
    Text kind = asked_text(call, 0);
    Text owner = catalog_role_name(catalog_context(), (Oid)asked_int(call, 1));
    if (owner.length == 0)
        owner = text_of(arena_printf(call->arena, "%lld", (long long)asked_int(call, 1)));
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (kind.length != 1 || kind.data[0] != kinds[i].kind)
            continue;
        uint32_t count = (kinds[i].everybody != 0) + (kinds[i].owner != 0);
        vector_builder_array(call->cell, count);
        if (kinds[i].everybody != 0)
            vector_builder_text(call->cell->elements,
                                access_acl_item(call->arena, TEXT_LITERAL(""), kinds[i].everybody,
                                                0, owner));
        if (kinds[i].owner != 0)
            vector_builder_text(call->cell->elements,
                                access_acl_item(call->arena, owner, kinds[i].owner, 0, owner));
        return true;
    }
    return fault_set(call->fault, FAULT_INVALID_PARAMETER_VALUE,
                     "unrecognized object type abbreviation: %.*s", TEXT_ARGS(kind));
}

/* --- partitions: there are none, and a table that is none has no tree --- */

static bool no_elements(CatalogCall *call)
{
    vector_builder_array(call->cell, 0);
    return true;
}

/* The one database lies in the default tablespace. */
static bool tablespace_databases(CatalogCall *call)
{
    bool is_default = asked_int(call, 0) == CATALOG_TABLESPACE_OID;
    vector_builder_array(call->cell, is_default);
    if (is_default)
        vector_builder_int64(call->cell->elements, CATALOG_DATABASE_OID);
    return true;
}

const CatalogAnswerRow catalog_list_answers[] = {
    {"option_names", option_names},
    {"option_values", option_values},
    {"acl_grantors", acl_grantors},
    {"acl_grantees", acl_grantees},
    {"acl_privileges", acl_privileges},
    {"acl_grantable", acl_grantable},
    {"acldefault", acl_default},
    {"partition_relations", no_elements},
    {"partition_leaves", no_elements},
    {"partition_levels", no_elements},
    {"tablespace_databases", tablespace_databases},
    {NULL, NULL},
};
