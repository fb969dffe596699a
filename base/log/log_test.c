#include "base/log/log.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static size_t read_all(int fd, char *out, size_t size)
{
    ssize_t length = read(fd, out, size - 1);
    assert_true(length >= 0);
    out[length] = '\0';
    return (size_t)length;
}

static void test_lines(void **state)
{
    (void)state;
    int fds[2];
    char text[16384];
    assert_int_equal(pipe(fds), 0);
    log_set_fd(fds[1]);
    log_set_process("worker 2");
    log_set_level(LOG_LEVEL_INFO);
    log_debug("not seen");
    log_info("two\nlines rows=%d", 5);
    read_all(fds[0], text, sizeof text);
    int year, milliseconds;
    assert_int_equal(sscanf(text, "%4d-%*2d-%*2dT%*2d:%*2d:%*2d.%3dZ", &year, &milliseconds), 2);
    assert_non_null(strstr(text, "Z INFO [worker 2 "));
    assert_non_null(strstr(text, "] two lines rows=5\n"));
    assert_null(strstr(text, "not seen"));

    char wide[9000];
    memset(wide, 'w', sizeof wide - 1);
    wide[sizeof wide - 1] = '\0';
    log_error("%s", wide);
    size_t length = read_all(fds[0], text, sizeof text);
    assert_true(length <= 4096);
    assert_int_equal(text[length - 1], '\n');

    Fault fault;
    fault_set(&fault, FAULT_TOO_MANY_WARNINGS, "too many");
    fault_field_int(&fault, "maxWarnings", 3);
    log_fault(LOG_LEVEL_WARNING, "running a query", &fault);
    read_all(fds[0], text, sizeof text);
    assert_non_null(strstr(text, "running a query: too many (sqlstate=22P04 code=TooManyWarnings)"
                                 " detail=TooManyWarnings {\"maxWarnings\":3}\n"));
    log_set_fd(2);
    close(fds[0]);
    close(fds[1]);
}

static void test_check_ends_the_process(void **state)
{
    (void)state;
    check(1 + 1 == 2);
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t child = fork();
    if (child == 0) {
        log_set_fd(fds[1]);
        volatile int two = 2;
        check(two == 3);
        _exit(0);
    }
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    char text[1024];
    read_all(fds[0], text, sizeof text);
    assert_non_null(strstr(text, "check failed: two == 3 at "));
    close(fds[0]);
    close(fds[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_check_ends_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
