/*
 * HTTP: a URL is a unit. The body is fetched as it is asked for: when nobody reads, the transfer
 * pauses.
 */
#include "engine/input/http_internal.h"
#include "engine/input/input_internal.h"

#include "base/memory/buffer.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    AHEAD_BYTES = 2 << 20, /* fetched and not read yet, about */
    CONNECT_SECONDS = 30,
    STALL_SECONDS = 60, /* without a byte */
    MOST_REDIRECTS = 10,
    POLL_MILLISECONDS = 1000,
    LONGEST_URL = 8192,
};

typedef struct HttpStream {
    ByteStream base;
    CURLM *multi;
    CURL *easy;
    struct curl_slist *headers;
    char *url;
    Buffer ahead;
    size_t given; /* of `ahead` */
    bool is_paused, is_done, is_refused;
    CURLcode result;
    char error[CURL_ERROR_SIZE];
} HttpStream;

/* --- callbacks --- */

static size_t take_body(char *data, size_t size, size_t count, void *state)
{
    HttpStream *stream = state;
    if (stream->ahead.length - stream->given >= AHEAD_BYTES) {
        stream->is_paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    buffer_append(&stream->ahead, data, size * count);
    return size * count;
}

static curl_socket_t open_socket(void *state, curlsocktype purpose, struct curl_sockaddr *address)
{
    HttpStream *stream = state;
    if (purpose != CURLSOCKTYPE_IPCXN || !http_address_is_allowed(&address->addr)) {
        stream->is_refused = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* --- faults --- */

static bool http_fault(HttpStream *stream, Fault *fault)
{
    long status = 0;
    curl_easy_getinfo(stream->easy, CURLINFO_RESPONSE_CODE, &status);
    if (stream->is_refused)
        return fault_set(fault, FAULT_INSUFFICIENT_PRIVILEGE,
                         "\"%.400s\": the host's address is not allowed", stream->url);
    if (stream->result != CURLE_HTTP_RETURNED_ERROR)
        return fault_set(fault, FAULT_IO_ERROR, "could not read \"%.400s\": %s", stream->url,
                         stream->error[0] != '\0' ? stream->error
                                                  : curl_easy_strerror(stream->result));
    FaultCode code = status == 404 || status == 410   ? FAULT_UNDEFINED_FILE
                     : status == 401 || status == 403 ? FAULT_INSUFFICIENT_PRIVILEGE
                                                      : FAULT_IO_ERROR;
    return fault_set(fault, code, "could not read \"%.400s\": the server answered with status %ld",
                     stream->url, status);
}

/* --- reading --- */

static void note_end(HttpStream *stream)
{
    int left;
    CURLMsg *message;
    while ((message = curl_multi_info_read(stream->multi, &left)) != NULL) {
        if (message->msg == CURLMSG_DONE) {
            stream->is_done = true;
            stream->result = message->data.result;
        }
    }
}

/* Goes on with the transfer until there is something to give, or it is over. */
static bool fetch(HttpStream *stream, Fault *fault)
{
    buffer_reset(&stream->ahead);
    stream->given = 0;
    if (stream->is_paused) {
        stream->is_paused = false;
        curl_easy_pause(stream->easy, CURLPAUSE_CONT);
    }
    while (stream->ahead.length == 0 && !stream->is_done) {
        int running;
        CURLMcode code = curl_multi_perform(stream->multi, &running);
        note_end(stream);
        if (code == CURLM_OK && stream->ahead.length == 0 && !stream->is_done)
            code = curl_multi_poll(stream->multi, NULL, 0, POLL_MILLISECONDS, NULL);
        if (code != CURLM_OK)
            return fault_set(fault, FAULT_IO_ERROR, "could not read \"%.400s\": %s", stream->url,
                             curl_multi_strerror(code));
    }
    /* what came before a failure is not worth reading: the unit fails as a whole */
    return stream->is_done && stream->result != CURLE_OK ? http_fault(stream, fault) : true;
}

static bool http_read(ByteStream *self, void *out, size_t size, size_t *got, Fault *fault)
{
    HttpStream *stream = (HttpStream *)self;
    if (stream->given == stream->ahead.length && !fetch(stream, fault))
        return false;
    size_t left = stream->ahead.length - stream->given;
    *got = left < size ? left : size;
    if (*got != 0)
        memcpy(out, stream->ahead.data + stream->given, *got);
    stream->given += *got;
    self->stored += *got;
    return true;
}

static void http_close(ByteStream *self)
{
    HttpStream *stream = (HttpStream *)self;
    if (stream->multi != NULL && stream->easy != NULL)
        curl_multi_remove_handle(stream->multi, stream->easy);
    curl_easy_cleanup(stream->easy);
    curl_multi_cleanup(stream->multi);
    curl_slist_free_all(stream->headers);
    buffer_clear(&stream->ahead);
    free(stream->url);
    free(stream);
}

/* --- options --- */

/* The password in plain: given, or in a variable of the environment. NULL data: none. */
static bool read_password(const json_t *source, Text *password, Fault *fault)
{
    static const char key[] = "httpAuthenticationPassword";
    const json_t *value = json_object_get(source, key);
    Text type = {0}, variable = {0};
    *password = (Text){0};
    if (!json_is_object(value))
        return options_text(source, key, password, fault);
    if (!options_text(value, "type", &type, fault) ||
        !options_text(value, "password", password, fault) ||
        !options_text(value, "variable", &variable, fault))
        return false;
    if (type.data != NULL && text_equal_string(type, "default") && password->data != NULL)
        return true;
    if (type.data == NULL || !text_equal_string(type, "environment") || variable.data == NULL)
        return fault_set(
            fault, FAULT_INVALID_PARAMETER_VALUE,
            "key \"%s\" must be a string, or of type default with a \"password\", or of type "
            "environment with a \"variable\"",
            key);
    const char *found = getenv(variable.data);
    if (found == NULL) {
        char snippet[SNIPPET_SIZE];
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                         "key \"%s\": the server's environment has no variable \"%s\"", key,
                         input_snippet(variable, snippet));
    }
    *password = text_of(found);
    return true;
}

static bool check_header(const char *name, const json_t *value, const Settings *settings,
                         Fault *fault)
{
    char snippet[SNIPPET_SIZE];
    input_snippet(text_of(name), snippet);
    if (!http_is_listed(settings->extern_allowed_headers, name, strlen(name))) {
        fault_set(fault, FAULT_INSUFFICIENT_PRIVILEGE,
                  "key \"requestHeaders\": header \"%s\" is not allowed", snippet);
        return fault_hint(fault, "Allowed are the headers in extern_allowed_headers.");
    }
    const char *text = json_string_value(value);
    if (text == NULL || strlen(text) != json_string_length(value) || strpbrk(text, "\r\n") != NULL)
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                         "key \"requestHeaders\": \"%s\" must be one line of text", snippet);
    return true;
}

/* Checks the headers; makes a list of them when `list` is given. */
static bool read_headers(const json_t *source, const Settings *settings, struct curl_slist **list,
                         Fault *fault)
{
    json_t *headers = json_object_get(source, "requestHeaders");
    const char *name;
    json_t *value;
    if (headers == NULL || json_is_null(headers))
        return true;
    if (!json_is_object(headers))
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                         "key \"requestHeaders\" must be an object of strings");
    json_object_foreach(headers, name, value)
    {
        if (!check_header(name, value, settings, fault))
            return false;
        if (list == NULL)
            continue;
        Buffer line = BUFFER_EMPTY;
        buffer_printf(&line, "%s: %s", name, json_string_value(value));
        *list = curl_slist_append(*list, buffer_string(&line));
        buffer_clear(&line);
    }
    return true;
}

static bool http_check(const json_t *source, const Settings *settings, Fault *fault)
{
    const json_t *uris;
    Text user = {0};
    const json_t *password = json_object_get(source, "httpAuthenticationPassword");
    if (!options_list(source, "uris", &uris, fault) ||
        !options_text(source, "httpAuthenticationUsername", &user, fault) ||
        !read_headers(source, settings, NULL, fault))
        return false;
    if (json_array_size(uris) == 0)
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                         "input source \"http\": key \"uris\" is missing");
    if (password != NULL && !json_is_null(password) && !json_is_string(password) &&
        !json_is_object(password))
        return fault_set(fault, FAULT_INVALID_PARAMETER_VALUE,
                         "key \"httpAuthenticationPassword\" must be a string or an object");
    for (size_t i = 0; i < json_array_size(uris); i++)
        if (!http_url_check(options_item(uris, i), settings, fault))
            return false;
    return true;
}

static bool http_expand(const json_t *source, UnitList *list, Fault *fault)
{
    const json_t *uris;
    if (!options_list(source, "uris", &uris, fault))
        return false;
    for (size_t i = 0; i < json_array_size(uris); i++)
        if (!unit_list_add(list, options_item(uris, i), 0, fault))
            return false;
    return true;
}

static bool http_has(const json_t *source, Text unit)
{
    const json_t *uris = json_object_get(source, "uris");
    for (size_t i = 0; i < json_array_size(uris); i++)
        if (json_is_string(json_array_get(uris, i)) && text_equal(options_item(uris, i), unit))
            return true;
    return false;
}

/* --- opening --- */

static bool set_options(HttpStream *stream, const Settings *settings)
{
    char protocols[SETTING_TEXT_SIZE] = "";
    if (http_is_listed(settings->extern_allowed_protocols, "http", 4))
        strcpy(protocols, "http");
    if (http_is_listed(settings->extern_allowed_protocols, "https", 5))
        strcat(protocols, protocols[0] != '\0' ? ",https" : "https");
    CURL *easy = stream->easy;
    /* No proxy from the environment: the addresses that are checked must be the hosts'. */
    return curl_easy_setopt(easy, CURLOPT_URL, stream->url) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, protocols) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, protocols) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_MAXREDIRS, (long)MOST_REDIRECTS) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_FAILONERROR, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SECONDS) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)STALL_SECONDS) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 256L << 10) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_USERAGENT, "talaria") == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, stream->error) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_WRITEDATA, stream) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
           curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, stream) == CURLE_OK;
}

/* curl copies the texts; they end with a zero byte, as jansson's and the environment's do. */
static bool set_account(HttpStream *stream, const json_t *source, Fault *fault)
{
    Text user = {0}, password = {0};
    if (!options_text(source, "httpAuthenticationUsername", &user, fault) ||
        !read_password(source, &password, fault))
        return false;
    if (user.data == NULL)
        return true;
    return curl_easy_setopt(stream->easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC) == CURLE_OK &&
                   curl_easy_setopt(stream->easy, CURLOPT_USERNAME, user.data) == CURLE_OK &&
                   curl_easy_setopt(stream->easy, CURLOPT_PASSWORD,
                                    password.data != NULL ? password.data : "") == CURLE_OK
               ? true
               : fault_set(fault, FAULT_NOT_ENOUGH_MEMORY, "no memory for a transfer");
}

static bool start(HttpStream *stream, const json_t *source, const Settings *settings, Fault *fault)
{
    static bool is_initialised;
    if (!is_initialised)
        is_initialised = curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
    stream->multi = curl_multi_init();
    stream->easy = curl_easy_init();
    if (stream->multi == NULL || stream->easy == NULL || !set_options(stream, settings))
        return fault_set(fault, FAULT_IO_ERROR, "could not prepare to read \"%.400s\"",
                         stream->url);
    if (!read_headers(source, settings, &stream->headers, fault) ||
        !set_account(stream, source, fault))
        return false;
    curl_easy_setopt(stream->easy, CURLOPT_HTTPHEADER, stream->headers);
    if (curl_multi_add_handle(stream->multi, stream->easy) != CURLM_OK)
        return fault_set(fault, FAULT_IO_ERROR, "could not prepare to read \"%.400s\"",
                         stream->url);
    return true;
}

static ByteStream *http_open(const json_t *source, Text unit, const Settings *settings,
                             Fault *fault)
{
    if (!http_url_check(unit, settings, fault))
        return NULL;
    if (unit.length > LONGEST_URL) {
        fault_set(fault, FAULT_INVALID_PARAMETER_VALUE, "a URL is longer than %d bytes",
                  (int)LONGEST_URL);
        return NULL;
    }
    HttpStream *stream = calloc(1, sizeof *stream);
    if (stream == NULL)
        abort();
    stream->base = (ByteStream){.read = http_read, .close = http_close};
    stream->url = strndup(unit.data, unit.length);
    if (start(stream, source, settings, fault))
        return &stream->base;
    http_close(&stream->base);
    return NULL;
}

const InputSource source_http = {
    .type = "http",
    .is_splittable = true,
    .is_compressible = true,
    .check = http_check,
    .expand = http_expand,
    .has = http_has,
    .open = http_open,
};
