/*
 * The log: one line an event, on standard error or a file, and assertions.
 *
 * A line: time in UTC with milliseconds, level, process kind and pid, message, then key=value
 * pairs that the caller put in the message. One write(2) a line, so lines of several processes
 * never mix.
 */
#ifndef TALARIA_BASE_LOG_LOG_H
#define TALARIA_BASE_LOG_LOG_H

#include "base/fault/fault.h"

typedef enum LogLevel { LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING, LOG_LEVEL_ERROR } LogLevel;

/* `process` is a literal or outlives the log: "front end", "worker 2". `fd` is 2 at first. */
void log_set_process(const char *process);
void log_set_level(LogLevel level);
/* The level lies there from now on (shared memory): processes forked after this follow it. */
void log_share_level(_Atomic int *level);
void log_set_fd(int fd);

void log_write(LogLevel level, const char *format, ...) __attribute__((format(printf, 2, 3)));
#define log_debug(...) log_write(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_info(...) log_write(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_warning(...) log_write(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_error(...) log_write(LOG_LEVEL_ERROR, __VA_ARGS__)
/* A fault as one line: what was being done, SQLSTATE, code, message, detail. */
void log_fault(LogLevel level, const char *doing, const Fault *fault);

/* What holds if the program is right. Kept in release builds; ends the process with a line. */
#define check(condition)                                                                           \
    ((condition) ? (void)0 : check_failed(#condition, __FILE__, __LINE__, __func__))
void check_failed(const char *condition, const char *file, int line, const char *function)
    __attribute__((noreturn, cold));

#endif
