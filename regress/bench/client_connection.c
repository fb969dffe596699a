/* One connection of the benchmark's client. */
#include "regress/bench/client_connection.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { INPUT_SIZE = 256 * 1024, HEADER_SIZE = 5 };

static bool fail(Connection *connection, const char *what)
{
    snprintf(connection->error, sizeof connection->error, "%s: %s", what, strerror(errno));
    connection->is_lost = true;
    return false;
}

static uint32_t read_number(const char *bytes)
{
    const unsigned char *b = (const unsigned char *)bytes;
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

static void write_number(char *bytes, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        bytes[i] = (char)(number >> (24 - 8 * i));
}

/* --- connecting --- */

static int open_local(const char *folder, const char *port)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int length =
        snprintf(address.sun_path, sizeof address.sun_path, "%s/.s.PGSQL.%s", folder, port);
    if (length < 0 || (size_t)length >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    int handle = socket(AF_UNIX, SOCK_STREAM, 0);
    if (handle >= 0 && connect(handle, (struct sockaddr *)&address, sizeof address) != 0) {
        close(handle);
        return -1;
    }
    return handle;
}

static int open_tcp(const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
    if (getaddrinfo(host, port, &hints, &found) != 0) {
        errno = EHOSTUNREACH;
        return -1;
    }
    int handle = socket(found->ai_family, found->ai_socktype, found->ai_protocol), on = 1;
    if (handle >= 0 && connect(handle, found->ai_addr, found->ai_addrlen) != 0) {
        close(handle);
        handle = -1;
    }
    if (handle >= 0)
        setsockopt(handle, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    freeaddrinfo(found);
    return handle;
}

static bool send_all(Connection *connection, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(connection->socket, bytes, length, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return fail(connection, "send");
        bytes += sent;
        length -= (size_t)sent;
    }
    return true;
}

static bool receive_answer(Connection *connection)
{
    for (bool is_done = false; !is_done;)
        if (!connection_receive(connection, &is_done))
            return false;
    return connection->error[0] == '\0';
}

bool connection_open(Connection *connection, const char *host, const char *port, const char *user,
                     const char *database)
{
    *connection = (Connection){.capacity = INPUT_SIZE};
    connection->socket = host[0] == '/' ? open_local(host, port) : open_tcp(host, port);
    if (connection->socket < 0)
        return fail(connection, "connect");
    connection->input = malloc(connection->capacity);
    char packet[512];
    int length = snprintf(packet + 8, sizeof packet - 8, "user%c%s%cdatabase%c%s%c", 0, user, 0, 0,
                          database, 0);
    if (connection->input == NULL || length < 0 || (size_t)length >= sizeof packet - 9)
        return fail(connection, "startup");
    packet[8 + length] = '\0'; /* ends the list of parameters */
    write_number(packet, (uint32_t)length + 9);
    write_number(packet + 4, 3 << 16);
    return send_all(connection, packet, (size_t)length + 9) && receive_answer(connection);
}

void connection_close(Connection *connection)
{
    if (connection->socket >= 0)
        close(connection->socket);
    free(connection->input);
    *connection = (Connection){.socket = -1};
}

/* --- queries --- */

bool connection_send(Connection *connection, const char *query)
{
    char header[HEADER_SIZE] = {'Q'};
    size_t length = strlen(query) + 1;
    connection->rows = connection->bytes = 0;
    connection->error[0] = '\0';
    write_number(header + 1, (uint32_t)length + 4);
    /* one send, so that the server wakes once */
    char *packet = malloc(HEADER_SIZE + length);
    if (packet == NULL)
        return fail(connection, "query");
    memcpy(packet, header, HEADER_SIZE);
    memcpy(packet + HEADER_SIZE, query, length);
    bool is_sent = send_all(connection, packet, HEADER_SIZE + length);
    free(packet);
    return is_sent;
}

bool connection_run(Connection *connection, const char *query)
{
    return connection_send(connection, query) && receive_answer(connection);
}

/* --- answers --- */

/* Fields stand as they are between tabs, null as \N. */
static bool write_row(FILE *to, const char *body, size_t length)
{
    if (length < 2)
        return false;
    unsigned fields = (unsigned)(unsigned char)body[0] << 8 | (unsigned char)body[1];
    size_t at = 2;
    for (unsigned i = 0; i < fields; i++) {
        if (length - at < 4)
            return false;
        uint32_t size = read_number(body + at);
        at += 4;
        if (i > 0)
            putc('\t', to);
        if (size == UINT32_MAX) {
            fputs("\\N", to);
            continue;
        }
        if (length - at < size)
            return false;
        fwrite(body + at, 1, size, to);
        at += size;
    }
    putc('\n', to);
    return true;
}

/* The M field: the message. */
static void keep_error(Connection *connection, const char *body, size_t length)
{
    for (size_t at = 0; at < length && body[at] != '\0';) {
        size_t size = strnlen(body + at + 1, length - at - 1);
        if (body[at] == 'M')
            snprintf(connection->error, sizeof connection->error, "%.*s", (int)size, body + at + 1);
        at += size + 2;
    }
}

/* A whole message; true when it ends the answer. */
static bool handle_message(Connection *connection, char kind, const char *body, size_t length)
{
    switch (kind) {
    case 'D':
        connection->rows++;
        if (!write_row(connection->rows_to, body, length))
            snprintf(connection->error, sizeof connection->error, "a malformed row");
        return false;
    case 'E':
        keep_error(connection, body, length);
        return false;
    case 'R':
        if (length >= 4 && read_number(body) != 0)
            snprintf(connection->error, sizeof connection->error, "the server wants a password");
        return connection->error[0] != '\0';
    default:
        return kind == 'Z';
    }
}

/* Handles all that has arrived; true when the answer has ended. */
static bool handle_input(Connection *connection)
{
    const char *input = connection->input;
    for (;;) {
        size_t there = connection->end - connection->start;
        if (connection->skip > 0) {
            size_t skipped = connection->skip < there ? (size_t)connection->skip : there;
            connection->start += skipped;
            connection->skip -= skipped;
            there -= skipped;
        }
        if (there < HEADER_SIZE)
            return false;
        char kind = input[connection->start];
        size_t length = read_number(input + connection->start + 1) - 4;
        if (kind == 'D' && connection->rows_to == NULL) {
            connection->rows++;
            connection->start += HEADER_SIZE;
            connection->skip = length;
            continue;
        }
        if (there - HEADER_SIZE < length)
            return false;
        const char *body = input + connection->start + HEADER_SIZE;
        connection->start += HEADER_SIZE + length;
        if (handle_message(connection, kind, body, length))
            return true;
    }
}

/* Room for more: what is left moves to the front, and the buffer grows when one message fills it.
 */
static bool make_room(Connection *connection)
{
    memmove(connection->input, connection->input + connection->start,
            connection->end - connection->start);
    connection->end -= connection->start;
    connection->start = 0;
    if (connection->end < connection->capacity)
        return true;
    char *larger = realloc(connection->input, connection->capacity * 2);
    if (larger == NULL)
        return fail(connection, "receive");
    connection->input = larger;
    connection->capacity *= 2;
    return true;
}

bool connection_receive(Connection *connection, bool *is_done)
{
    if (!make_room(connection))
        return false;
    ssize_t received;
    do
        received = recv(connection->socket, connection->input + connection->end,
                        connection->capacity - connection->end, 0);
    while (received < 0 && errno == EINTR);
    if (received == 0)
        errno = ECONNRESET;
    if (received <= 0)
        return fail(connection, "receive");
    connection->end += (size_t)received;
    connection->bytes += (uint64_t)received;
    *is_done = handle_input(connection);
    return true;
}
