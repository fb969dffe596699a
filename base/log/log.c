/*
 * The log. See log.h. A line is put together on the stack and leaves in one write(2).
 */
#include "base/log/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_SIZE = 4096 };

static struct {
    const char *process;
    _Atomic int own_level;
    _Atomic int *level;
    int fd;
} state = {
    .process = "talaria", .own_level = LOG_LEVEL_INFO, .level = &state.own_level, .fd = 2};

void log_set_process(const char *process)
{
    state.process = process;
}

void log_set_level(LogLevel level)
{
    atomic_store(state.level, (int)level);
}

void log_share_level(_Atomic int *level)
{
    atomic_store(level, atomic_load(state.level));
    state.level = level;
}

void log_set_fd(int fd)
{
    state.fd = fd;
}

static const char *level_name(LogLevel level)
{
    switch (level) {
    case LOG_LEVEL_DEBUG: return "DEBUG";
    case LOG_LEVEL_INFO: return "INFO";
    case LOG_LEVEL_WARNING: return "WARNING";
    case LOG_LEVEL_ERROR: return "ERROR";
    }
    return "?";
}

static size_t print_head(char *line, size_t size, LogLevel level)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct tm utc;
    gmtime_r(&now.tv_sec, &utc);
    size_t length = strftime(line, size, "%Y-%m-%dT%H:%M:%S", &utc);
    int more = snprintf(line + length, size - length, ".%03ldZ %s [%s %ld] ",
                        now.tv_nsec / 1000000, level_name(level), state.process, (long)getpid());
    length += more > 0 ? (size_t)more : 0;
    return length < size ? length : size - 1;
}

/* One event is one line: line ends within the message become blanks. */
static void keep_to_one_line(char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (text[i] == '\n' || text[i] == '\r')
            text[i] = ' ';
}

static void write_line(const char *line, size_t length)
{
    ssize_t written;
    do
        written = write(state.fd, line, length);
    while (written < 0 && errno == EINTR);
}

void log_write(LogLevel level, const char *format, ...)
{
    if ((int)level < atomic_load_explicit(state.level, memory_order_relaxed))
        return;
    int saved_errno = errno;
    char line[LINE_SIZE];
    size_t length = print_head(line, sizeof line - 1, level);
    va_list args;
    va_start(args, format);
    int more = vsnprintf(line + length, sizeof line - 1 - length, format, args);
    va_end(args);
    size_t room = sizeof line - 2 - length;
    size_t message = more < 0 ? 0 : (size_t)more < room ? (size_t)more : room;
    keep_to_one_line(line + length, message);
    length += message;
    line[length++] = '\n';
    write_line(line, length);
    errno = saved_errno;
}

void log_fault(LogLevel level, const char *doing, const Fault *fault)
{
    char detail[1024];
    fault_format_detail(fault, detail, sizeof detail);
    const FaultInfo *info = fault_info(fault->code);
    log_write(level, "%s: %s (sqlstate=%s code=%s)%s%s", doing, fault->message, info->sqlstate,
              info->name, detail[0] != '\0' ? " detail=" : "", detail);
}

void check_failed(const char *condition, const char *file, int line, const char *function)
{
    log_write(LOG_LEVEL_ERROR, "check failed: %s at %s:%d in %s", condition, file, line, function);
    abort();
}
