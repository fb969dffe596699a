#include "base/os/os.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[128];

static const char *path_of(const char *name)
{
    static char path[4][256];
    static int next;
    char *out = path[next++ % 4];
    snprintf(out, sizeof path[0], "%s/%s", folder, name);
    return out;
}

static bool count_entry(const char *name, void *state)
{
    (void)name;
    ++*(int *)state;
    return true;
}

static void test_files(void **state)
{
    (void)state;
    Fault fault;
    int fd, again;
    assert_true(os_make_folder(path_of("a/b/c"), &fault));
    assert_true(os_make_folder(path_of("a/b/c"), &fault));
    const char *path = path_of("a/b/c/file");
    assert_true(os_create(path, &fd, &fault));
    assert_false(os_create(path, &again, &fault));
    assert_true(os_write_all(fd, "hello world", 11, &fault));
    assert_true(os_pwrite_all(fd, "W", 1, 6, &fault));
    assert_true(os_fsync(fd, &fault));
    char text[12] = {0};
    assert_true(os_pread_all(fd, text, 5, 6, &fault));
    assert_string_equal(text, "World");
    assert_false(os_pread_all(fd, text, 6, 6, &fault));
    assert_int_equal(fault.code, FAULT_DATA_CORRUPTED);
    uint64_t size;
    assert_true(os_file_size(fd, &size, &fault));
    assert_int_equal(size, 11);
    const uint8_t *mapped;
    size_t length;
    assert_true(os_map_read(fd, &mapped, &length, &fault));
    assert_int_equal(length, 11);
    assert_memory_equal(mapped, "hello World", 11);
    os_unmap(mapped, length);
    os_close(fd);
    struct stat status;
    stat(path, &status);
    assert_int_equal(status.st_mode & 0777, 0600);

    assert_true(os_rename(path, path_of("a/b/c/other"), &fault));
    assert_true(os_fsync_folder(path_of("a/b/c"), &fault));
    assert_false(os_open_read(path, &fd, &fault));
    assert_int_equal(fault.code, FAULT_UNDEFINED_FILE);
    int entries = 0;
    assert_true(os_list_folder(path_of("a/b/c"), count_entry, &entries, &fault));
    assert_int_equal(entries, 1);
    assert_true(os_unlink(path_of("a/b/c/other"), &fault));
    assert_true(os_unlink(path_of("a/b/c/other"), &fault));
    assert_false(os_list_folder(path_of("none"), count_entry, &entries, &fault));
    assert_false(os_make_folder("/dev/null/x", &fault));
}

/* More files than may wait; then one that cannot be synced, whose fault stays. */
static void test_syncer(void **state)
{
    (void)state;
    Fault fault;
    int fd, pipes[2];
    OsSyncer *syncer = os_syncer_new();
    assert_true(os_syncer_wait(syncer, &fault));
    for (int i = 0; i < 10; i++) {
        char name[16];
        snprintf(name, sizeof name, "synced-%d", i);
        assert_true(os_create(path_of(name), &fd, &fault));
        assert_true(os_write_all(fd, "x", 1, &fault));
        os_syncer_add(syncer, fd);
    }
    assert_true(os_syncer_wait(syncer, &fault));
    assert_int_equal(fcntl(fd, F_GETFD), -1);
    assert_int_equal(pipe(pipes), 0);
    os_syncer_add(syncer, pipes[1]);
    assert_false(os_syncer_wait(syncer, &fault));
    assert_int_equal(fault.code, FAULT_IO_ERROR);
    assert_false(os_syncer_wait(syncer, &fault));
    close(pipes[0]);
    os_syncer_free(syncer);
    os_syncer_free(NULL);
}

static void test_atomic_write(void **state)
{
    (void)state;
    Fault fault;
    const char *path = path_of("atomic");
    Buffer text = BUFFER_EMPTY;
    assert_true(os_write_file_atomically(path, "one", 3, &fault));
    assert_true(os_write_file_atomically(path, "three", 5, &fault));
    assert_true(os_read_file(path, &text, 100, &fault));
    assert_string_equal(buffer_string(&text), "three");
    assert_false(os_read_file(path, &text, 4, &fault));
    assert_int_equal(fault.code, FAULT_PROGRAM_LIMIT_EXCEEDED);
    assert_false(os_write_file_atomically(path_of("none/file"), "x", 1, &fault));
    int fd;
    assert_false(os_open_read(path_of("atomic.tmp"), &fd, &fault));
    buffer_clear(&text);
}

static void test_sockets_and_descriptors(void **state)
{
    (void)state;
    Fault fault;
    int listener, client, server, none, passed, pipes[2];
    const char *path = path_of("socket");
    assert_true(os_socket_listen(path, &listener, &fault));
    os_close(listener);
    assert_true(os_socket_listen(path, &listener, &fault)); /* stale file replaced */
    assert_false(os_socket_accept(listener, &none));
    assert_true(os_socket_connect(path, &client, &fault));
    assert_true(os_socket_accept(listener, &server));

    char data[16];
    size_t length;
    assert_true(os_receive_descriptor(server, &passed, data, sizeof data, &length, &fault));
    assert_int_equal(length, 0);
    assert_int_equal(passed, -1);
    assert_int_equal(pipe(pipes), 0);
    assert_true(os_send_descriptor(client, pipes[1], "abc", 3, &fault));
    assert_true(os_receive_descriptor(server, &passed, data, sizeof data, &length, &fault));
    assert_int_equal(length, 3);
    assert_memory_equal(data, "abc", 3);
    assert_int_equal(write(passed, "x", 1), 1);
    assert_int_equal(read(pipes[0], data, 1), 1);
    os_close(client);
    assert_false(os_receive_descriptor(server, &none, data, sizeof data, &length, &fault));
    assert_int_equal(fault.code, FAULT_CONNECTION_FAILURE);
    os_close(server);
    os_close(listener);
    os_close(passed);
    os_close(pipes[0]);
    os_close(pipes[1]);

    assert_true(os_write_file_atomically(path_of("plain"), "x", 1, &fault));
    assert_false(os_socket_listen(path_of("plain"), &listener, &fault));
    assert_false(os_socket_connect(path_of("nobody"), &client, &fault));
    assert_int_equal(fault.code, FAULT_CONNECTION_FAILURE);
    char wide[200];
    memset(wide, 'p', sizeof wide - 1);
    wide[sizeof wide - 1] = '\0';
    assert_false(os_socket_connect(wide, &client, &fault));
    int pair[2];
    assert_true(os_socket_pair(pair, &fault));
    assert_int_equal(read(pair[0], data, 1), -1); /* would block */
    os_close(pair[0]);
    os_close(pair[1]);
}

static void test_clock_and_machine(void **state)
{
    (void)state;
    int64_t before = os_monotonic_nanos();
    assert_true(os_monotonic_nanos() >= before);
    assert_true(os_now_micros() > INT64_C(1700000000) * 1000000);
    assert_true(os_cpu_nanos() > 0);
    assert_true(os_core_count() >= 1);
    assert_true(os_memory_size() > 1 << 20);
    uint8_t random[64] = {0}, zeros[64] = {0};
    os_random(random, sizeof random);
    assert_memory_not_equal(random, zeros, sizeof random);
    int *shared = os_map_shared(4096);
    pid_t child = fork();
    if (child == 0) {
        os_die_with_parent(getppid());
        *shared = 7;
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(*shared, 7);
    os_unmap(shared, 4096);
    child = fork();
    if (child == 0) {
        os_die_with_parent(getppid() + 1); /* not the parent: it must be gone */
        _exit(0);
    }
    waitpid(child, &status, 0);
    assert_int_equal(WEXITSTATUS(status), 1);
}

static void test_title(void **state)
{
    (void)state;
    Fault fault;
    Buffer line = BUFFER_EMPTY;
    os_process_title("talaria: worker %d", 3);
    assert_true(os_read_file("/proc/self/cmdline", &line, 65536, &fault));
    assert_string_equal(buffer_string(&line), "talaria: worker 3");
    assert_non_null(getenv("PATH")); /* the environment has moved, not gone */
    buffer_clear(&line);
}

#ifdef TALARIA_FAULT_POINTS
/* The rules are read before main: run this program again with them. */
static int run_with(const char *program, const char *rules, const char *what)
{
    pid_t child = fork();
    if (child == 0) {
        setenv("TALARIA_FAULT", rules, 1);
        execl(program, program, what, path_of("points"), (char *)NULL);
        _exit(99);
    }
    int status;
    waitpid(child, &status, 0);
    return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* What the child does: three writes of 10 bytes; the exit code says which failed first. */
static int three_writes(const char *path)
{
    Fault fault;
    int fd;
    unlink(path);
    if (!os_create(path, &fd, &fault))
        return 10;
    for (int i = 1; i <= 3; i++)
        if (!os_write_all(fd, "0123456789", 10, &fault))
            return i;
    return 0;
}

static char self[512];

static void test_points(void **state)
{
    (void)state;
    struct stat status;
    assert_int_equal(run_with(self, "", "write"), 0);
    assert_int_equal(run_with(self, "os.write:2:fail", "write"), 2);
    assert_int_equal(stat(path_of("points"), &status), 0);
    assert_int_equal(status.st_size, 10);
    assert_int_equal(run_with(self, "os.fsync:1:fail,os.write:3:short", "write"), 3);
    stat(path_of("points"), &status);
    assert_int_equal(status.st_size, 25);
    assert_int_equal(run_with(self, "os.write:3:kill", "write"), 1000 + 9);
    assert_int_equal(run_with(self, "os.create:1+:fail", "write"), 10);
    int64_t start = os_monotonic_nanos();
    assert_int_equal(run_with(self, "os.write:1:delay=80", "write"), 0);
    assert_true(os_monotonic_nanos() - start >= 80000000);
    assert_int_equal(run_with(self, "os.write:1:explode", "write"), 2);
    assert_int_equal(run_with(self, "os.write", "write"), 2);
}
#endif

static void remove_folder(void)
{
    char command[256];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    if (system(command) != 0)
        fprintf(stderr, "could not remove %s\n", folder);
}

int main(int argc, char **argv)
{
#ifdef TALARIA_FAULT_POINTS
    if (argc == 3)
        return three_writes(argv[2]);
    ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    if (length < 0)
        return 1;
#endif
    os_process_title_init(argc, argv);
    snprintf(folder, sizeof folder, "/tmp/talaria-os-test-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),
        cmocka_unit_test(test_syncer),
        cmocka_unit_test(test_atomic_write),
        cmocka_unit_test(test_sockets_and_descriptors),
        cmocka_unit_test(test_clock_and_machine),
        cmocka_unit_test(test_title),
#ifdef TALARIA_FAULT_POINTS
        cmocka_unit_test(test_points),
#endif
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    remove_folder();
    return failed;
}
