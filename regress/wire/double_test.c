/*
 * The front end alone: a server with doubles for controllers and workers, in a folder of its
 * own. First the cases of the wire, then what only doubles can do: die, hang, hold on to workers.
 */
#include "regress/wire/cases.h"
#include "regress/wire/double.h"
#include "server/main/server.h"

#include "base/os/os.h"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[64], socket_path[128], port[16];
static pid_t server_pid;
static int server_out;

static const char *ask(Wire *wire, const char *text)
{
    wire_query(wire, text);
    return wire_until_ready(wire);
}

/* ---------- the server ---------- */

/* A port that nobody has now. */
static void choose_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    bool ok = bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
              getsockname(fd, (struct sockaddr *)&address, &length) == 0;
    close(fd);
    if (!ok)
        exit(2);
    snprintf(port, sizeof port, "%d", ntohs(address.sin_port));
}

static void start_server(const char *more)
{
    static const ServerParts parts = {
        .run = {[CHILD_CONTROLLER] = double_controller_main, [CHILD_WORKER] = double_worker_main},
    };
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    fflush(NULL);
    pid_t parent = getpid();
    server_pid = fork();
    if (server_pid == 0) {
        os_die_with_parent(parent);
        dup2(fds[1], 1);
        close(fds[0]);
        close(fds[1]);
        char *argv[] = {"talaria", "--data", folder, "--port", port, "--workers", "3", "-c",
                        "controllers=3", "-c", "log_level=error", "-c", (char *)(uintptr_t)more,
                        NULL};
        int status = server_main(&parts, 13, argv);
        fflush(NULL);
        _exit(status);
    }
    close(fds[1]);
    server_out = fds[0];
    char line[256] = "";
    assert_true(read(server_out, line, sizeof line - 1) > 0);
    assert_non_null(strstr(line, "talaria: ready on port "));
    snprintf(socket_path, sizeof socket_path, "%s/run/.s.PGSQL.%s", folder, port);
    wire_target.path = socket_path;
}

static int stop_server(int signal)
{
    int status = -1;
    kill(server_pid, signal);
    waitpid(server_pid, &status, 0);
    close(server_out);
    return status;
}

static int set_up(void **state)
{
    snprintf(folder, sizeof folder, "/tmp/talaria-wire-%d", (int)getpid());
    choose_port();
    start_server("statement_timeout=0");
    return 0;
}

static int remove_folder(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

/* Children of a process with a title, by their pids. */
static int find_children(pid_t parent, const char *title, pid_t *pids, int capacity)
{
    char command[256], line[64];
    int count = 0;
    snprintf(command, sizeof command, "pgrep -P %d -f 'talaria: %s'", (int)parent, title);
    FILE *list = popen(command, "r");
    while (list != NULL && count < capacity && fgets(line, sizeof line, list) != NULL)
        pids[count++] = atoi(line);
    if (list != NULL)
        pclose(list);
    return count;
}

/* The front end's only child; all others are its. */
static pid_t find_zygote(void)
{
    pid_t pid = 0;
    assert_int_equal(find_children(server_pid, "zygote", &pid, 1), 1);
    return pid;
}

static int find_processes(const char *title, pid_t *pids, int capacity)
{
    return find_children(find_zygote(), title, pids, capacity);
}

/* Children that died quickly are born again after a pause: waits until `wanted` are there. */
static int wait_for_processes(const char *title, pid_t *pids, int capacity, int wanted)
{
    int count = 0;
    for (int i = 0; i < 60; i++) {
        count = find_processes(title, pids, capacity);
        if (count >= wanted)
            break;
        usleep(100000);
    }
    usleep(100000); /* a worker says hello shortly after its birth */
    return count;
}

/* Who was killed may wait for a parent that never asks: ended all the same. */
static bool is_alive(pid_t pid)
{
    char path[64], state = 'Z';
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return false;
    if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
        state = 'Z';
    fclose(file);
    return state != 'Z';
}

/* ---------- cases ---------- */

static void test_libpq(void **state)
{
    char where[256];
    snprintf(where, sizeof where, "host=%s/run port=%s user=ann dbname=db", folder, port);
    PGconn *connection = PQconnectdb(where);
    assert_int_equal(PQstatus(connection), CONNECTION_OK);
    PGresult *result = PQexec(connection, series(2500));
    assert_int_equal(PQresultStatus(result), PGRES_TUPLES_OK);
    assert_int_equal(PQntuples(result), 2500);
    assert_string_equal(PQgetvalue(result, 2499, 0), "2500");
    PQclear(result);
    const char *values[] = {"one", NULL};
    result = PQexecParams(connection, "SELECT $1::text, $2::text", 2, NULL, values, NULL, NULL, 0);
    assert_int_equal(PQresultStatus(result), PGRES_TUPLES_OK);
    assert_string_equal(PQgetvalue(result, 0, 0), "one");
    assert_true(PQgetisnull(result, 0, 1));
    PQclear(result);
    result = PQexec(connection, "SELECT 1/0");
    assert_string_equal(PQresultErrorField(result, PG_DIAG_SQLSTATE), "22012");
    PQclear(result);
    PQfinish(connection);
}

static void test_controller_dies(void **state)
{
    Wire *wire = wire_start(&wire_target, NULL);
    for (int i = 0; i < 6; i++) {
        assert_string_equal(ask(wire, "SELECT double_crash()"), "E Z");
        assert_sqlstate("58000");
        assert_string_equal(ask(wire, "SELECT 1"), "T D*1 C Z");
    }
    ask(wire, "BEGIN");
    ask(wire, "SELECT double_crash()");
    assert_int_equal(wire->status, 'E');
    ask(wire, "ROLLBACK");
    wire_parse(wire, "", "SELECT double_crash()", 0, NULL);
    wire_bind(wire, "", "", 0, NULL);
    wire_execute(wire, "", 0);
    wire_sync(wire);
    assert_string_equal(wire_until_ready(wire), "1 2 E Z");
    wire_close(wire);
}

static void test_hanging_controller_is_killed(void **state)
{
    Wire *wire = wire_start(&wire_target, (const char *[]){"statement_timeout", "200", NULL});
    int64_t begin = os_monotonic_nanos();
    assert_string_equal(ask(wire, "SELECT double_hang()"), "E Z");
    int64_t took = (os_monotonic_nanos() - begin) / 1000000;
    assert_sqlstate("57014");
    assert_in_range(took, 2000, 6000);
    assert_string_equal(ask(wire, "SELECT 1"), "T D*1 C Z");
    wire_close(wire);
}

static void test_worker_dies(void **state)
{
    Wire *wire = wire_start(&wire_target, NULL);
    for (int i = 0; i < 3; i++) {
        const char *answer = ask(wire, "SELECT double_worker_crash()");
        assert_non_null(strstr(answer, "E Z"));
        assert_sqlstate("58000");
        assert_string_equal(ask(wire, series(3000)), "T D*3000 C Z");
    }
    wire_close(wire);
}

static void test_state(void **state)
{
    Wire *wire = wire_start(&wire_target, NULL), *other = wire_start(&wire_target, NULL);
    unsigned sessions = 0, workers = 0;
    assert_string_equal(ask(wire, "SELECT double_state()"), "T D*1 C Z");
    assert_int_equal(sscanf(wire_last_value(), "%u %u", &sessions, &workers), 2);
    assert_true(sessions >= 2);
    assert_true(workers >= 3); /* those that were added for others before are kept a while */
    wire_close(other);
    wire_close(wire);
}

static void test_slots(void **state)
{
    pid_t pids[16];
    assert_true(wait_for_processes("worker", pids, 16, 3) >= 3);
    Wire *holder = wire_start(&wire_target, NULL);
    Wire *waiter = wire_start(&wire_target, (const char *[]){"taskStartTimeout", "300", NULL});
    wire_query(holder, "SELECT double_wait_slots(1500)");
    usleep(200000);
    assert_string_equal(ask(waiter, series(2000)), "E Z");
    assert_sqlstate("53000");
    assert_non_null(strstr(wire_error_field('D'), "TaskStartTimeout"));
    /* Cancelled while it waits for workers; then again, until they are there. */
    ask(waiter, "SET taskStartTimeout TO 60000");
    ask(waiter, "SET statement_timeout TO 300");
    assert_string_equal(ask(waiter, series(2000)), "E Z");
    assert_sqlstate("57014");
    ask(waiter, "SET statement_timeout TO 0");
    assert_string_equal(ask(waiter, series(2000)), "T D*2000 C Z");
    assert_string_equal(wire_until_ready(holder), "T D*1 C Z");
    wire_close(holder);
    wire_close(waiter);
}

static void test_deallocate(void **state)
{
    Wire *wire = wire_start(&wire_target, NULL);
    wire_parse(wire, "one", "SELECT 1", 0, NULL);
    wire_parse(wire, "two", "SELECT 1", 0, NULL);
    wire_sync(wire);
    assert_string_equal(wire_until_ready(wire), "1 1 Z");
    assert_string_equal(ask(wire, "DEALLOCATE one"), "C Z");
    assert_string_equal(ask(wire, "DEALLOCATE one"), "E Z");
    assert_sqlstate("26000");
    assert_string_equal(ask(wire, "DEALLOCATE ALL"), "C Z");
    wire_bind(wire, "", "two", 0, NULL);
    wire_sync(wire);
    assert_string_equal(wire_until_ready(wire), "E Z");
    assert_sqlstate("26000");
    wire_close(wire);
}

/* A client that does not read stops its producers: what the front end holds stays bounded. */
static void test_backpressure(void **state)
{
    Wire *wires[4];
    for (int i = 0; i < 4; i++) {
        wires[i] = wire_start(&wire_target, NULL);
        wire_query(wires[i], "SELECT x FROM generate_series(1, 20000000) AS t(x)");
    }
    usleep(700000);
    char path[64], line[256];
    long kilobytes = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)server_pid);
    FILE *status = fopen(path, "r");
    assert_non_null(status);
    while (fgets(line, sizeof line, status) != NULL)
        sscanf(line, "VmRSS: %ld", &kilobytes);
    fclose(status);
    print_message("front end with four clients that do not read: %ld kB\n", kilobytes);
#ifndef __SANITIZE_ADDRESS__
    assert_true(kilobytes < 40000);
#endif
    for (int i = 0; i < 4; i++)
        wire_close(wires[i]);
    Wire *wire = wire_start(&wire_target, NULL);
    assert_string_equal(ask(wire, series(2000)), "T D*2000 C Z");
    wire_close(wire);
}

static void test_idle_connections(void **state)
{
    enum { COUNT = 800 }; /* two descriptors less than a default limit of 1024 allows */
    static Wire *wires[COUNT];
    char path[64], line[256];
    long before = 0, after = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)server_pid);
    for (int pass = 0; pass < 2; pass++) {
        FILE *status = fopen(path, "r");
        assert_non_null(status);
        while (fgets(line, sizeof line, status) != NULL)
            sscanf(line, "VmRSS: %ld", pass == 0 ? &before : &after);
        fclose(status);
        for (int i = 0; pass == 0 && i < COUNT; i++) {
            wires[i] = wire_start(&wire_target, NULL);
            ask(wires[i], "SELECT 1");
        }
    }
    print_message("an idle connection: %ld bytes\n", (after - before) * 1024 / COUNT);
#ifndef __SANITIZE_ADDRESS__
    assert_true((after - before) * 1024 / COUNT < 20000);
#endif
    for (int i = 0; i < COUNT; i++)
        wire_close(wires[i]);
}

static void test_killed_children_come_back(void **state)
{
    pid_t pids[16];
    int count = wait_for_processes("worker", pids, 16, 3);
    assert_true(count >= 3);
    for (int i = 0; i < count; i++)
        kill(pids[i], SIGKILL);
    usleep(200000); /* a worker may be granted until its death is known */
    Wire *wire = wire_start(&wire_target, NULL);
    assert_string_equal(ask(wire, series(4000)), "T D*4000 C Z");
    count = find_processes("controller", pids, 16);
    for (int i = 0; i < count; i++)
        kill(pids[i], SIGKILL);
    usleep(100000);
    assert_string_equal(ask(wire, "SELECT 1"), "T D*1 C Z");
    wire_close(wire);
}

static void test_reload(void **state)
{
    Wire *wire = wire_start(&wire_target, NULL);
    char path[128];
    snprintf(path, sizeof path, "%s/talaria.conf", folder);
    FILE *file = fopen(path, "a");
    assert_non_null(file);
    fputs("application_name = 'from_file'\n", file);
    fclose(file);
    kill(server_pid, SIGHUP);
    assert_int_equal(wire_next(wire, WIRE_PATIENCE_MS), 'S');
    assert_string_equal((const char *)wire->message.data + 17, "from_file");
    wire_close(wire);
}

static void test_shutdown(void **state)
{
    Wire *idle = wire_start(&wire_target, NULL), *busy = wire_start(&wire_target, NULL);
    wire_query(busy, "SELECT pg_sleep(100)");
    usleep(100000);
    pid_t pids[16];
    int count = wait_for_processes("", pids, 16, 6);
    assert_true(count >= 6);
    assert_int_equal(stop_server(SIGTERM), 0);
    assert_string_equal(wire_until_ready(idle), "E .");
    assert_sqlstate("57P01");
    assert_string_equal(wire_until_ready(busy), "E .");
    assert_sqlstate("57P01");
    for (int i = 0; i < count; i++)
        assert_false(is_alive(pids[i]));
    assert_int_equal(access(socket_path, F_OK), -1);
    wire_close(idle);
    wire_close(busy);
    start_server("max_connections=2");
}

static void test_too_many(void **state)
{
    Wire *one = wire_start(&wire_target, NULL), *two = wire_start(&wire_target, NULL);
    Wire *three = wire_connect(&wire_target);
    wire_startup(three, (const char *[]){"user", "ann", NULL});
    wire_flush(three);
    assert_string_equal(wire_until_ready(three), "E .");
    assert_sqlstate("53300");
    wire_close(three);
    wire_close(one);
    usleep(100000);
    three = wire_start(&wire_target, NULL);
    assert_string_equal(ask(three, "SELECT 1"), "T D*1 C Z");
    wire_close(two);
    wire_close(three);
}

/* The folder is locked; a second server says so and ends. */
static void test_lock(void **state)
{
    static const ServerParts parts = {
        .run = {[CHILD_CONTROLLER] = double_controller_main, [CHILD_WORKER] = double_worker_main},
    };
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        close(2);
        char *argv[] = {"talaria", "--data", folder, "--port", "0", NULL};
        _exit(server_main(&parts, 5, argv));
    }
    int status;
    waitpid(pid, &status, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
}

/* Killed, the front end takes everybody along, and a new server starts in the same folder. */
static void test_killed(void **state)
{
    pid_t pids[16];
    int count = wait_for_processes("", pids, 16, 6);
    assert_true(count >= 6);
    stop_server(SIGKILL);
    start_server("statement_timeout=0");
    for (int i = 0; i < count; i++)
        assert_false(is_alive(pids[i]));
    Wire *wire = wire_start(&wire_target, NULL);
    assert_string_equal(ask(wire, series(3000)), "T D*3000 C Z");
    wire_close(wire);
    /* Without the zygote there is no server: it ends, and says so. */
    kill(find_zygote(), SIGKILL);
    int status;
    waitpid(server_pid, &status, 0);
    close(server_out);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 1);
    start_server("statement_timeout=0");
    assert_int_equal(stop_server(SIGINT), 0);
}

int main(int argc, char **argv)
{
    /* The server is started with words of our own, but its title needs the program's. */
    os_process_title_init(argc, argv);
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_libpq),
        cmocka_unit_test(test_state),
        cmocka_unit_test(test_deallocate),
        cmocka_unit_test(test_slots),
        cmocka_unit_test(test_backpressure),
        cmocka_unit_test(test_idle_connections),
        cmocka_unit_test(test_controller_dies),
        cmocka_unit_test(test_hanging_controller_is_killed),
        cmocka_unit_test(test_worker_dies),
        cmocka_unit_test(test_killed_children_come_back),
        cmocka_unit_test(test_reload),
        cmocka_unit_test(test_shutdown),
        cmocka_unit_test(test_too_many),
        cmocka_unit_test(test_lock),
        cmocka_unit_test(test_killed),
    };
    set_up(NULL);
    int failed = run_startup_cases() + run_simple_cases() + run_extended_cases() +
                 run_portal_cases() + run_hostile_cases();
    wire_target = (WireTarget){.host = "127.0.0.1", .port = atoi(port)};
    failed += run_startup_cases() + run_hostile_cases();
    wire_target = (WireTarget){.path = socket_path};
    failed += cmocka_run_group_tests_name("double", tests, NULL, NULL);
    return failed + (remove_folder() != 0);
}
