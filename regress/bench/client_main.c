/*
 * talaria-bench-client: measures a server that speaks PostgreSQL's protocol, Talaria or PostgreSQL.
 *
 *     talaria-bench-client HOST PORT [USER [DATABASE]]      (a HOST that starts with '/': a
 * socket's folder)
 *
 * It reads commands from its input, one a line, and answers each with one line, as the benchmark's
 * other drivers do (README.md has the table):
 *
 *     time FILE                       ok MICROSECONDS ROWS BYTES      the file's statements, rows
 * discarded rows FILE OUT                   ok ROWS                         rows to OUT,
 * tab-separated latency MILLIS FILE             ok P50 P99 QUERIES              again and again on
 * this connection mix CONNECTIONS MILLIS FILE...  ok PER_SECOND P50 P99           the files in turn
 * on each connection
 *
 * P50 and P99 are microseconds. A command that fails is answered with `error TEXT`.
 */
#include "regress/bench/client_connection.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CONNECTIONS_MAX = 256, QUERIES_MAX = 64, LATENCIES_MAX = 1 << 20 };

static const char *host, *port, *user = "bench", *database = "postgres";

/* The microseconds of each query of one measurement. */
typedef struct Latencies {
    size_t count;
    uint32_t micros[LATENCIES_MAX];
} Latencies;

static Latencies latencies;

static uint64_t now_micros(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void answer_error(const char *text)
{
    printf("error ");
    for (; *text != '\0'; text++)
        putchar(*text == '\n' ? ' ' : *text);
    putchar('\n');
}

/* The file's text, to be freed; NULL when it cannot be read. */
static char *read_query(const char *path)
{
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t capacity = 0;
    if (file == NULL || getdelim(&text, &capacity, '\0', file) < 0) {
        free(text);
        text = NULL;
    }
    if (file != NULL)
        fclose(file);
    return text;
}

static void add_latency(uint64_t micros)
{
    if (latencies.count < LATENCIES_MAX)
        latencies.micros[latencies.count++] = micros < UINT32_MAX ? (uint32_t)micros : UINT32_MAX;
}

static int compare_micros(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static void sort_latencies(void)
{
    qsort(latencies.micros, latencies.count, sizeof latencies.micros[0], compare_micros);
}

static uint32_t percentile(unsigned percent)
{
    return latencies.count == 0 ? 0 : latencies.micros[(latencies.count - 1) * percent / 100];
}

static void measure_time(Connection *connection, const char *query)
{
    uint64_t start = now_micros();
    if (!connection_run(connection, query))
        answer_error(connection->error);
    else
        printf("ok %llu %llu %llu\n", (unsigned long long)(now_micros() - start),
               (unsigned long long)connection->rows, (unsigned long long)connection->bytes);
}

static void write_rows(Connection *connection, const char *query, const char *path)
{
    connection->rows_to = fopen(path, "w");
    if (connection->rows_to == NULL) {
        answer_error("the file of rows cannot be written");
        return;
    }
    bool is_good = connection_run(connection, query);
    is_good = fclose(connection->rows_to) == 0 && is_good;
    connection->rows_to = NULL;
    if (!is_good)
        answer_error(connection->error);
    else
        printf("ok %llu\n", (unsigned long long)connection->rows);
}

static void measure_latency(Connection *connection, const char *query, uint64_t millis)
{
    latencies.count = 0;
    uint64_t start = now_micros(), before = start, end = start + millis * 1000;
    while (before < end) {
        if (!connection_run(connection, query)) {
            answer_error(connection->error);
            return;
        }
        uint64_t after = now_micros();
        add_latency(after - before);
        before = after;
    }
    sort_latencies();
    printf("ok %u %u %zu\n", percentile(50), percentile(99), latencies.count);
}

/* --- many connections --- */

typedef struct Mix {
    char *queries[QUERIES_MAX];
    size_t query_count, connection_count;
    Connection connections[CONNECTIONS_MAX];
    uint64_t sent_at[CONNECTIONS_MAX];
    size_t next[CONNECTIONS_MAX]; /* each connection walks through the queries at its own pace */
    const char *error;            /* NULL while all is well */
} Mix;

static bool send_next(Mix *mix, size_t i)
{
    mix->sent_at[i] = now_micros();
    if (connection_send(&mix->connections[i], mix->queries[mix->next[i]++ % mix->query_count]))
        return true;
    mix->error = mix->connections[i].error;
    return false;
}

/* What arrived on connection i; the next query follows the answer's end. */
static bool receive_next(Mix *mix, size_t i)
{
    Connection *connection = &mix->connections[i];
    bool is_done = false;
    if (!connection_receive(connection, &is_done) || (is_done && connection->error[0] != '\0')) {
        mix->error = connection->error;
        return false;
    }
    if (!is_done)
        return true;
    add_latency(now_micros() - mix->sent_at[i]);
    return send_next(mix, i);
}

static void run_mix(Mix *mix, uint64_t millis)
{
    struct pollfd handles[CONNECTIONS_MAX];
    for (size_t i = 0; i < mix->connection_count; i++) {
        handles[i] = (struct pollfd){.fd = mix->connections[i].socket, .events = POLLIN};
        mix->next[i] = i;
        if (!send_next(mix, i))
            return;
    }
    uint64_t start = now_micros(), end = start + millis * 1000, now = start;
    latencies.count = 0;
    for (; now < end; now = now_micros()) {
        poll(handles, (nfds_t)mix->connection_count, 100);
        for (size_t i = 0; i < mix->connection_count; i++)
            if (handles[i].revents != 0 && !receive_next(mix, i))
                return;
    }
    size_t count = latencies.count;
    sort_latencies();
    printf("ok %.1f %u %u\n", (double)count * 1e6 / (double)(now - start), percentile(50),
           percentile(99));
}

static void measure_mix(Mix *mix, uint64_t millis)
{
    size_t opened = 0;
    while (mix->error == NULL && opened < mix->connection_count) {
        Connection *connection = &mix->connections[opened++];
        if (!connection_open(connection, host, port, user, database))
            mix->error = connection->error;
    }
    if (mix->error == NULL)
        run_mix(mix, millis);
    if (mix->error != NULL)
        answer_error(mix->error);
    while (opened > 0)
        connection_close(&mix->connections[--opened]);
}

static void prepare_mix(size_t connection_count, uint64_t millis)
{
    static Mix mix;
    mix = (Mix){.connection_count = connection_count};
    for (const char *path; (path = strtok(NULL, " ")) != NULL && mix.query_count < QUERIES_MAX;) {
        mix.queries[mix.query_count] = read_query(path);
        if (mix.queries[mix.query_count++] == NULL)
            mix.error = "a query's file cannot be read";
    }
    if (mix.query_count == 0 || connection_count == 0 || connection_count > CONNECTIONS_MAX)
        answer_error("mix CONNECTIONS MILLIS FILE...");
    else
        measure_mix(&mix, millis);
    for (size_t i = 0; i < mix.query_count; i++)
        free(mix.queries[i]);
}

/* --- commands --- */

static uint64_t next_number(void)
{
    const char *word = strtok(NULL, " ");
    return word == NULL ? 0 : strtoull(word, NULL, 10);
}

static void run_command(Connection *connection, char *line)
{
    const char *command = strtok(line, " ");
    uint64_t count = 0, millis = 0;
    if (command == NULL)
        return;
    if (strcmp(command, "mix") == 0) {
        count = next_number();
        millis = next_number();
        prepare_mix((size_t)count, millis);
        return;
    }
    if (strcmp(command, "latency") == 0)
        millis = next_number();
    const char *path = strtok(NULL, " "), *out = strtok(NULL, " ");
    char *query = path == NULL ? NULL : read_query(path);
    if (query == NULL)
        answer_error("the query's file cannot be read");
    else if (strcmp(command, "time") == 0)
        measure_time(connection, query);
    else if (strcmp(command, "rows") == 0 && out != NULL)
        write_rows(connection, query, out);
    else if (strcmp(command, "latency") == 0)
        measure_latency(connection, query, millis);
    else
        answer_error("no such command");
    free(query);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "talaria-bench-client HOST PORT [USER [DATABASE]]\n");
        return 2;
    }
    host = argv[1];
    port = argv[2];
    user = argc > 3 ? argv[3] : user;
    database = argc > 4 ? argv[4] : database;
    Connection connection;
    if (!connection_open(&connection, host, port, user, database)) {
        answer_error(connection.error);
        connection_close(&connection);
        return 1;
    }
    printf("ok\n");
    fflush(stdout);
    char *line = NULL;
    size_t capacity = 0;
    while (getline(&line, &capacity, stdin) > 0) {
        line[strcspn(line, "\n")] = '\0';
        if (strcmp(line, "quit") == 0)
            break;
        if (connection.is_lost)
            connection_close(&connection);
        if (connection.socket < 0 && !connection_open(&connection, host, port, user, database))
            answer_error(connection.error);
        else
            run_command(&connection, line);
        fflush(stdout);
    }
    free(line);
    connection_close(&connection);
    return 0;
}
