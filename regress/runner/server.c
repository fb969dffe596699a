/*
 * A private server for tests: a new folder, a Unix socket in it, no TCP.
 */
#include "regress/runner/runner.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { START_TIMEOUT_MS = 60000, MAX_ARGUMENTS = 32 };

void output_append(Output *output, const char *data, size_t length)
{
    if (output->length + length + 1 > output->capacity) {
        output->capacity = (output->length + length + 1) * 2;
        output->data = realloc(output->data, output->capacity);
        if (output->data == NULL)
            abort();
    }
    memcpy(output->data + output->length, data, length);
    output->length += length;
    output->data[output->length] = '\0';
}

void output_printf(Output *output, const char *format, ...)
{
    va_list args;
    char *text;
    va_start(args, format);
    int length = vasprintf(&text, format, args);
    va_end(args);
    if (length < 0)
        abort();
    output_append(output, text, (size_t)length);
    free(text);
}

void output_free(Output *output)
{
    free(output->data);
    *output = (Output){0};
}

char *read_whole_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        return NULL;
    Output output = {0};
    char piece[65536];
    size_t got;
    output_append(&output, "", 0);
    while ((got = fread(piece, 1, sizeof piece, file)) > 0)
        output_append(&output, piece, got);
    fclose(file);
    *length = output.length;
    return output.data;
}

const char *shared_data_folder(void)
{
    static char folder[PATH_MAX];
    const char *given = getenv("TALARIA_TEST_DATA");
    struct stat info;
    if (given == NULL || realpath(given, folder) == NULL)
        return NULL;
    return stat(folder, &info) == 0 && S_ISDIR(info.st_mode) ? folder : NULL;
}

static bool wait_until_ready(int fd)
{
    struct pollfd item = {.fd = fd, .events = POLLIN};
    char line[1024];
    size_t length = 0;
    while (length + 1 < sizeof line) {
        if (poll(&item, 1, START_TIMEOUT_MS) <= 0)
            break;
        ssize_t got = read(fd, line + length, sizeof line - length - 1);
        if (got <= 0)
            break;
        length += (size_t)got;
        line[length] = '\0';
        if (strstr(line, "ready") != NULL)
            return true;
    }
    fprintf(stderr, "the server did not say that it is ready\n");
    return false;
}

static void run_program(const Server *server, int output)
{
    char log_path[700], exports[700];
    snprintf(exports, sizeof exports, "export_folder=%s/exports", server->folder);
    const char *arguments[MAX_ARGUMENTS] = {server->program, "--data", server->data, "--socket-dir",
                                            server->folder,  "-c",     "port=5442",  "-c",
                                            "listen_addresses=", "-c", exports};
    int count = 11;
    for (int i = 0; server->extra != NULL && server->extra[i] != NULL && count < MAX_ARGUMENTS - 1; i++)
        arguments[count++] = server->extra[i];
    snprintf(log_path, sizeof log_path, "%s/log", server->folder);
    int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(output, STDOUT_FILENO);
    dup2(log, STDERR_FILENO);
    close(output);
    close(log);
    execv(server->program, (char **)arguments);
    _exit(127);
}

bool server_start_again(Server *server)
{
    int pipe_fds[2];
    if (pipe(pipe_fds) != 0)
        return false;
    server->pid = fork();
    if (server->pid == 0) {
        close(pipe_fds[0]);
        run_program(server, pipe_fds[1]);
    }
    close(pipe_fds[1]);
    bool ready = wait_until_ready(pipe_fds[0]);
    close(pipe_fds[0]);
    return ready;
}

bool server_start(Server *server, const char *program, const char *const *extra)
{
    *server = (Server){.program = program, .extra = extra};
    snprintf(server->folder, sizeof server->folder, "%s/talaria-regress-XXXXXX",
             getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
    if (mkdtemp(server->folder) == NULL) {
        perror("mkdtemp");
        return false;
    }
    snprintf(server->data, sizeof server->data, "%s/data", server->folder);
    return server_start_again(server);
}

bool server_stop(Server *server)
{
    int status = 0;
    kill(server->pid, SIGTERM);
    for (int waited = 0; waited < 200; waited++) {
        pid_t ended = waitpid(server->pid, &status, WNOHANG);
        if (ended == server->pid)
            return WIFEXITED(status) && WEXITSTATUS(status) == 0;
        usleep(100000);
    }
    fprintf(stderr, "the server did not end on SIGTERM\n");
    server_kill(server);
    return false;
}

void server_kill(Server *server)
{
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
}

void server_remove(Server *server)
{
    char command[700];
    snprintf(command, sizeof command, "rm -rf '%s'", server->folder);
    if (system(command) != 0)
        fprintf(stderr, "could not remove %s\n", server->folder);
}

PGconn *server_connect(const Server *server)
{
    const char *keywords[] = {"host", "port", "user", "dbname", "application_name", NULL};
    const char *values[] = {server->folder, "5442", "regress", "regress", "regress", NULL};
    PGconn *connection = PQconnectdbParams(keywords, values, 0);
    if (PQstatus(connection) == CONNECTION_OK)
        return connection;
    fprintf(stderr, "could not connect: %s", PQerrorMessage(connection));
    PQfinish(connection);
    return NULL;
}
