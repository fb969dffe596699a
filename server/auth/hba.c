/*
 * See hba.h.
 */
#include "server/auth/hba.h"

#include "base/log/log.h"
#include "base/memory/arena.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MOST_LINE = 64 << 10, MOST_TOKENS = 256, MOST_RECORDS = 10000 };

/* A word of the file, or one of a list with commas. Quotes take away a word's special meaning. */
typedef struct HbaWord {
    Text text;
    bool is_quoted;
    bool continues; /* a comma follows: the next one belongs to the same field */
} HbaWord;

typedef struct HbaNames {
    uint32_t count;
    const HbaWord *words;
} HbaNames;

typedef enum HbaTransport { HBA_LOCAL, HBA_HOST, HBA_HOST_TLS, HBA_HOST_PLAIN } HbaTransport;
typedef enum HbaAddressKind {
    HBA_ANY_ADDRESS,
    HBA_SAME_HOST,
    HBA_SAME_NET,
    HBA_NETWORK
} HbaAddressKind;

typedef struct HbaRecord {
    HbaRule rule;
    HbaTransport transport;
    HbaNames databases, users;
    HbaAddressKind address_kind;
    int family; /* NETWORK */
    uint8_t address[16], mask[16];
} HbaRecord;

struct HbaFile {
    Arena *arena;
    uint32_t count, capacity;
    HbaRecord **records;
};

typedef struct Reader {
    HbaFile *file;
    bool tls_is_on;
    int line;
    uint32_t count, at;
    HbaWord words[MOST_TOKENS];
    Fault *fault;
} Reader;

static bool refuse(Reader *reader, const char *what, Text text)
{
    fault_set(reader->fault, FAULT_CONFIG_FILE_ERROR, "%s: \"%.*s\"", what, TEXT_ARGS(text));
    return fault_detail(reader->fault, "line %d of pg_hba.conf", reader->line);
}

/* ---------- words ---------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v';
}

static bool add_word(Reader *reader, const char *data, size_t length, bool is_quoted)
{
    if (reader->count == MOST_TOKENS)
        return refuse(reader, "too many words in a line", (Text){.data = data, .length = 0});
    char *copy = arena_strndup(reader->file->arena, data, length);
    reader->words[reader->count++] =
        (HbaWord){.text = {.data = copy, .length = (uint32_t)length}, .is_quoted = is_quoted};
    return true;
}

/* One word from `at` on; returns where it ends. */
static bool read_word(Reader *reader, Text line, uint32_t *at)
{
    char word[1024];
    size_t length = 0;
    bool in_quotes = false, was_quoted = false;
    for (; *at < line.length; (*at)++) {
        char c = line.data[*at];
        if (c == '"') {
            /* two quotes inside quotes are one */
            if (in_quotes && *at + 1 < line.length && line.data[*at + 1] == '"')
                (*at)++;
            else {
                in_quotes = !in_quotes;
                was_quoted = true;
                continue;
            }
        } else if (!in_quotes && (is_blank(c) || c == ',' || c == '#')) {
            break;
        }
        if (length == sizeof word)
            return refuse(reader, "a word is too long", (Text){.data = word, .length = 32});
        word[length++] = c;
    }
    if (in_quotes)
        return refuse(reader, "a quote is not closed", line);
    return add_word(reader, word, length, was_quoted);
}

static bool split(Reader *reader, Text line)
{
    uint32_t at = 0;
    reader->count = reader->at = 0;
    while (at < line.length && line.data[at] != '#') {
        if (is_blank(line.data[at])) {
            at++;
        } else if (line.data[at] == ',') {
            at++;
            if (reader->count > 0)
                reader->words[reader->count - 1].continues = true;
        } else if (!read_word(reader, line, &at)) {
            return false;
        }
    }
    return true;
}

/* The words of the next field. */
static bool next_field(Reader *reader, const char *missing, HbaNames *field)
{
    if (reader->at == reader->count)
        return refuse(reader, missing, TEXT_LITERAL("end of line"));
    uint32_t first = reader->at;
    while (reader->words[reader->at].continues && reader->at + 1 < reader->count)
        reader->at++;
    reader->at++;
    uint32_t count = reader->at - first;
    HbaWord *copy = ARENA_ARRAY(reader->file->arena, HbaWord, count);
    memcpy(copy, &reader->words[first], count * sizeof *copy);
    *field = (HbaNames){.count = count, .words = copy};
    return true;
}

static bool next_word(Reader *reader, const char *missing, HbaWord *word)
{
    HbaNames field;
    if (!next_field(reader, missing, &field))
        return false;
    if (field.count != 1)
        return refuse(reader, "specified several values where one belongs", field.words[0].text);
    *word = field.words[0];
    return true;
}

static bool is_word(const HbaWord *word, const char *keyword)
{
    return !word->is_quoted && text_equal_string(word->text, keyword);
}

/* ---------- fields ---------- */

static bool read_transport(Reader *reader, HbaRecord *record, bool *is_skipped)
{
    HbaWord word;
    if (!next_word(reader, "a connection type is missing", &word))
        return false;
    *is_skipped = false;
    if (is_word(&word, "local"))
        record->transport = HBA_LOCAL;
    else if (is_word(&word, "host") || is_word(&word, "hostnogssenc"))
        record->transport = HBA_HOST;
    else if (is_word(&word, "hostssl"))
        record->transport = HBA_HOST_TLS;
    else if (is_word(&word, "hostnossl"))
        record->transport = HBA_HOST_PLAIN;
    else if (is_word(&word, "hostgssenc"))
        return refuse(reader, "this connection type is not supported", word.text);
    else
        return refuse(reader, "invalid connection type", word.text);
    if (record->transport == HBA_HOST_TLS && !reader->tls_is_on)
        log_warning("pg_hba.conf line %d: hostssl record cannot match because SSL is disabled",
                    reader->line);
    return true;
}

static bool check_names(Reader *reader, const HbaNames *names)
{
    for (uint32_t i = 0; i < names->count; i++) {
        const HbaWord *word = &names->words[i];
        bool is_special = !word->is_quoted && word->text.length > 0 &&
                          (word->text.data[0] == '@' || word->text.data[0] == '/');
        if (is_special)
            return refuse(reader, "files and regular expressions of names are not supported",
                          word->text);
    }
    return true;
}

static size_t address_size(int family)
{
    return family == AF_INET ? 4 : 16;
}

static void set_mask(HbaRecord *record, unsigned bits)
{
    memset(record->mask, 0, sizeof record->mask);
    for (unsigned i = 0; i < bits; i++)
        record->mask[i / 8] |= (uint8_t)(0x80 >> i % 8);
}

static bool read_number(const char *text, unsigned most, unsigned *number)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    *number = (unsigned)value;
    return text[0] >= '0' && text[0] <= '9' && *end == 0 && value <= most;
}

static int read_ip(const char *text, uint8_t out[16])
{
    if (inet_pton(AF_INET, text, out) == 1)
        return AF_INET;
    return inet_pton(AF_INET6, text, out) == 1 ? AF_INET6 : AF_UNSPEC;
}

/* 10.0.0.0/8, or 10.0.0.0 and 255.0.0.0 as two words. */
static bool read_network(Reader *reader, HbaRecord *record, const HbaWord *word)
{
    char text[128];
    unsigned bits;
    if (word->text.length >= sizeof text)
        return refuse(reader, "invalid IP address", word->text);
    memcpy(text, word->text.data, word->text.length);
    text[word->text.length] = 0;
    char *slash = strchr(text, '/');
    if (slash != NULL)
        *slash = 0;
    record->address_kind = HBA_NETWORK;
    record->family = read_ip(text, record->address);
    if (record->family == AF_UNSPEC) {
        refuse(reader, "invalid IP address", word->text);
        return fault_hint(reader->fault, "Names of hosts are not supported: give an address.");
    }
    if (slash != NULL) {
        if (!read_number(slash + 1, (unsigned)address_size(record->family) * 8, &bits))
            return refuse(reader, "invalid CIDR mask in address", word->text);
        set_mask(record, bits);
        return true;
    }
    HbaWord mask;
    if (!next_word(reader, "a mask is missing (give one, or a CIDR length)", &mask))
        return false;
    if (read_ip(mask.text.data, record->mask) != record->family)
        return refuse(reader, "invalid IP mask", mask.text);
    return true;
}

static bool read_address(Reader *reader, HbaRecord *record)
{
    HbaWord word;
    if (record->transport == HBA_LOCAL)
        return true;
    if (!next_word(reader, "an address is missing", &word))
        return false;
    if (is_word(&word, "all"))
        record->address_kind = HBA_ANY_ADDRESS;
    else if (is_word(&word, "samehost"))
        record->address_kind = HBA_SAME_HOST;
    else if (is_word(&word, "samenet"))
        record->address_kind = HBA_SAME_NET;
    else
        return read_network(reader, record, &word);
    return true;
}

typedef struct MethodName {
    const char *name;
    HbaMethod method;
    bool is_known_elsewhere; /* PostgreSQL has it, we do not */
} MethodName;

static const MethodName methods[] = {
    {"trust", HBA_TRUST, false},
    {"reject", HBA_REJECT, false},
    {"scram-sha-256", HBA_SCRAM, false},
    /* as PostgreSQL does where the password is kept for SCRAM, and here all are */
    {"md5", HBA_SCRAM, false},
    {"password", HBA_PASSWORD, false},
    {"cert", HBA_CERTIFICATE, false},
    {"peer", HBA_PEER, false},
    {"ident", HBA_REJECT, true},
    {"gss", HBA_REJECT, true},
    {"sspi", HBA_REJECT, true},
    {"ldap", HBA_REJECT, true},
    {"radius", HBA_REJECT, true},
    {"pam", HBA_REJECT, true},
    {"bsd", HBA_REJECT, true},
};

static bool check_method(Reader *reader, const HbaRecord *record, Text name)
{
    if (record->rule.method == HBA_PEER && record->transport != HBA_LOCAL)
        return refuse(reader, "peer authentication is only supported on local sockets", name);
    if (record->rule.method == HBA_CERTIFICATE && record->transport != HBA_HOST_TLS)
        return refuse(reader, "cert authentication is only supported on hostssl connections",
                      name);
    return true;
}

static bool read_method(Reader *reader, HbaRecord *record)
{
    HbaWord word;
    if (!next_word(reader, "an authentication method is missing", &word))
        return false;
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        if (!text_equal_string(word.text, methods[i].name))
            continue;
        if (methods[i].is_known_elsewhere)
            return refuse(reader, "this authentication method is not supported", word.text);
        record->rule.method = methods[i].method;
        if (record->rule.method == HBA_CERTIFICATE)
            record->rule.certificate = HBA_VERIFY_FULL;
        return check_method(reader, record, word.text);
    }
    return refuse(reader, "invalid authentication method", word.text);
}

static bool read_option(Reader *reader, HbaRecord *record)
{
    HbaWord word;
    if (!next_word(reader, "an option is missing", &word))
        return false;
    bool is_ca = text_equal_string(word.text, "clientcert=verify-ca");
    bool is_full = text_equal_string(word.text, "clientcert=verify-full");
    if (!is_ca && !is_full)
        return refuse(reader, "unrecognized authentication option", word.text);
    if (record->transport != HBA_HOST_TLS)
        return refuse(reader, "clientcert can only be configured for \"hostssl\" rows", word.text);
    if (record->rule.method == HBA_CERTIFICATE && is_ca)
        return refuse(reader, "clientcert only accepts \"verify-full\" when using cert",
                      word.text);
    record->rule.certificate = is_full ? HBA_VERIFY_FULL : HBA_VERIFY_CA;
    return true;
}

/* ---------- records ---------- */

static bool add_record(Reader *reader, const HbaRecord *record)
{
    HbaFile *file = reader->file;
    if (file->count == MOST_RECORDS)
        return refuse(reader, "too many records", TEXT_LITERAL(""));
    if (file->count == file->capacity) {
        file->capacity = file->capacity == 0 ? 16 : file->capacity * 2;
        HbaRecord **larger = ARENA_ARRAY(file->arena, HbaRecord *, file->capacity);
        if (file->count > 0)
            memcpy(larger, file->records, file->count * sizeof *larger);
        file->records = larger;
    }
    HbaRecord *copy = ARENA_NEW(file->arena, HbaRecord);
    *copy = *record;
    copy->rule.line = reader->line;
    copy->rule.record = copy;
    file->records[file->count++] = copy;
    return true;
}

static bool read_line(Reader *reader, Text line)
{
    HbaRecord record = {0};
    bool is_skipped;
    if (!split(reader, line))
        return false;
    if (reader->count == 0)
        return true;
    if (!read_transport(reader, &record, &is_skipped) ||
        !next_field(reader, "a database is missing", &record.databases) ||
        !next_field(reader, "a user is missing", &record.users) ||
        !check_names(reader, &record.databases) || !check_names(reader, &record.users) ||
        !read_address(reader, &record) || !read_method(reader, &record))
        return false;
    while (reader->at < reader->count) {
        if (!read_option(reader, &record))
            return false;
    }
    return add_record(reader, &record);
}

HbaFile *hba_parse(Text text, bool tls_is_on, Fault *fault)
{
    HbaFile *file = calloc(1, sizeof *file);
    Reader *reader = calloc(1, sizeof *reader);
    check(file != NULL && reader != NULL);
    file->arena = arena_new("pg_hba.conf");
    *reader = (Reader){.file = file, .tls_is_on = tls_is_on, .fault = fault};
    bool ok = true;
    for (uint32_t at = 0; ok && at < text.length;) {
        const char *end = memchr(text.data + at, '\n', text.length - at);
        uint32_t length = end == NULL ? text.length - at : (uint32_t)(end - text.data) - at;
        reader->line++;
        Text line = {.data = text.data + at, .length = length};
        ok = length <= MOST_LINE ? read_line(reader, line)
                                 : refuse(reader, "a line is too long", TEXT_LITERAL(""));
        at += length + 1;
    }
    free(reader);
    if (ok)
        return file;
    hba_free(file);
    return NULL;
}

void hba_free(HbaFile *file)
{
    if (file == NULL)
        return;
    arena_free(file->arena);
    free(file);
}

uint32_t hba_count(const HbaFile *file)
{
    return file->count;
}

const HbaRule *hba_at(const HbaFile *file, uint32_t i)
{
    return &file->records[i]->rule;
}

/* ---------- matching ---------- */

/* The peer's address as bytes; an IPv4 address in IPv6's clothes is one of IPv4. */
static int peer_bytes(const struct sockaddr_storage *address, uint8_t out[16])
{
    if (address->ss_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof in);
        memcpy(out, &in.sin_addr, 4);
        return AF_INET;
    }
    if (address->ss_family != AF_INET6)
        return AF_UNSPEC;
    struct sockaddr_in6 in;
    memcpy(&in, address, sizeof in);
    if (IN6_IS_ADDR_V4MAPPED(&in.sin6_addr)) {
        memcpy(out, in.sin6_addr.s6_addr + 12, 4);
        return AF_INET;
    }
    memcpy(out, &in.sin6_addr, 16);
    return AF_INET6;
}

static bool is_within(int family, const uint8_t *address, const uint8_t *network,
                      const uint8_t *mask)
{
    for (size_t i = 0; i < address_size(family); i++) {
        if (((address[i] ^ network[i]) & mask[i]) != 0)
            return false;
    }
    return true;
}

/* One of this machine's addresses, or (with `by_mask`) in the network of one. */
static bool is_nearby(int family, const uint8_t *address, bool by_mask)
{
    struct ifaddrs *list;
    bool found = false;
    if (getifaddrs(&list) < 0)
        return false;
    for (const struct ifaddrs *item = list; item != NULL && !found; item = item->ifa_next) {
        if (item->ifa_addr == NULL || item->ifa_addr->sa_family != family)
            continue;
        struct sockaddr_storage own = {0}, netmask = {0};
        size_t size = family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6);
        uint8_t bytes[16], mask[16];
        memcpy(&own, item->ifa_addr, size);
        memset(mask, 0xff, sizeof mask);
        if (peer_bytes(&own, bytes) != family)
            continue;
        if (by_mask && item->ifa_netmask != NULL) {
            memcpy(&netmask, item->ifa_netmask, size);
            netmask.ss_family = (sa_family_t)family;
            peer_bytes(&netmask, mask);
        }
        found = is_within(family, address, bytes, mask);
    }
    freeifaddrs(list);
    return found;
}

static bool transport_fits(const HbaRecord *record, const AuthPeer *peer)
{
    bool is_local = peer->address.ss_family == AF_UNIX;
    switch (record->transport) {
    case HBA_LOCAL:
        return is_local;
    case HBA_HOST:
        return !is_local;
    case HBA_HOST_TLS:
        return !is_local && peer->is_encrypted;
    case HBA_HOST_PLAIN:
        return !is_local && !peer->is_encrypted;
    }
    return false;
}

static bool address_fits(const HbaRecord *record, const AuthPeer *peer)
{
    uint8_t bytes[16];
    if (record->transport == HBA_LOCAL || record->address_kind == HBA_ANY_ADDRESS)
        return true;
    int family = peer_bytes(&peer->address, bytes);
    if (record->address_kind != HBA_NETWORK)
        return is_nearby(family, bytes, record->address_kind == HBA_SAME_NET);
    return family == record->family && is_within(family, bytes, record->address, record->mask);
}

static bool belongs_to(const AccessRoles *roles, Text user, Text role)
{
    const AccessRole *member = access_find_role(roles, user);
    const AccessRole *group = access_find_role(roles, role);
    if (member == NULL || group == NULL)
        return false;
    /* Superusers belong to every role in other places; a rule means those who were let in. */
    AccessRole plain = *member;
    plain.is_superuser = false;
    return access_is_member(roles, &plain, group->oid);
}

static bool database_fits(const HbaNames *names, Text user, Text database,
                          const AccessRoles *roles)
{
    for (uint32_t i = 0; i < names->count; i++) {
        const HbaWord *word = &names->words[i];
        bool fits;
        if (is_word(word, "all"))
            fits = true;
        else if (is_word(word, "sameuser"))
            fits = text_equal(user, database);
        else if (is_word(word, "samerole") || is_word(word, "samegroup"))
            fits = belongs_to(roles, user, database);
        else if (is_word(word, "replication"))
            fits = false; /* of physical replication, which nobody can ask for here */
        else
            fits = text_equal(word->text, database);
        if (fits)
            return true;
    }
    return false;
}

static bool user_fits(const HbaNames *names, Text user, const AccessRoles *roles)
{
    for (uint32_t i = 0; i < names->count; i++) {
        const HbaWord *word = &names->words[i];
        bool is_group = !word->is_quoted && word->text.length > 0 && word->text.data[0] == '+';
        Text group = {.data = word->text.data + 1, .length = word->text.length - is_group};
        if (is_word(word, "all") || (is_group ? belongs_to(roles, user, group)
                                              : text_equal(word->text, user)))
            return true;
    }
    return false;
}

const HbaRule *hba_match(const HbaFile *file, const AuthPeer *peer, Text user, Text database,
                         const AccessRoles *roles)
{
    for (uint32_t i = 0; i < file->count; i++) {
        const HbaRecord *record = file->records[i];
        if (transport_fits(record, peer) && address_fits(record, peer) &&
            database_fits(&record->databases, user, database, roles) &&
            user_fits(&record->users, user, roles))
            return &record->rule;
    }
    return NULL;
}
