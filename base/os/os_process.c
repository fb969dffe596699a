/*
 * The machine and this process: cores, memory, title, parent, randomness.
 */
#include "base/os/os.h"

#include "base/log/log.h"

#include <errno.h>
#include <malloc.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <unistd.h>

extern char **environ;

int os_core_count(void)
{
    cpu_set_t allowed;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        return 1;
    int count = CPU_COUNT(&allowed);
    return count > 0 ? count : 1;
}

/* What a control group allows this process; INT64_MAX when nothing bounds it. */
static int64_t control_group_limit(void)
{
    Buffer text = BUFFER_EMPTY;
    Fault unused;
    int64_t limit = INT64_MAX;
    if (os_read_file("/sys/fs/cgroup/memory.max", &text, 4096, &unused)) {
        char *rest;
        long long value = strtoll(buffer_string(&text), &rest, 10);
        if (rest != (const char *)text.data && value > 0)
            limit = value;
    }
    buffer_clear(&text);
    return limit;
}

int64_t os_memory_size(void)
{
    int64_t installed = (int64_t)sysconf(_SC_PHYS_PAGES) * sysconf(_SC_PAGESIZE);
    int64_t limit = control_group_limit();
    return limit < installed ? limit : installed;
}

/* --- title --- */

enum { NAME_SIZE = 16 }; /* of what the system keeps of a process's name */

static struct {
    char *start; /* the memory in which the system shows arguments and environment */
    size_t size;
    size_t used;  /* bytes of it that may not be zero */
    char name[NAME_SIZE];
} title;

static char *copy_of(const char *text)
{
    char *copy = strdup(text);
    if (copy == NULL)
        _exit(3);
    return copy;
}

/* Arguments and environment lie one behind the other; those that do are the title's room. */
static char *end_of_strings(char **strings, char *end)
{
    for (char **at = strings; *at != NULL; at++)
        if (*at == end)
            end += strlen(*at) + 1;
    return end;
}

void os_process_title_init(int argc, char **argv)
{
    if (argc < 1 || title.start != NULL)
        return;
    char *end = end_of_strings(environ, end_of_strings(argv, argv[0]));
    title.start = argv[0];
    title.size = title.used = (size_t)(end - title.start);

    size_t count = 0;
    while (environ[count] != NULL)
        count++;
    char **moved = calloc(count + 1, sizeof *moved);
    if (moved == NULL)
        _exit(3);
    for (size_t i = 0; i < count; i++)
        moved[i] = copy_of(environ[i]);
    environ = moved;
    for (int i = 0; i < argc; i++)
        argv[i] = copy_of(argv[i]);
}

void os_process_title(const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (strncmp(title.name, text, NAME_SIZE - 1) != 0) { /* most titles differ behind that */
        prctl(PR_SET_NAME, text);
        snprintf(title.name, sizeof title.name, "%.*s", NAME_SIZE - 1, text);
    }
    if (title.start == NULL || title.size == 0)
        return;
    size_t length = strnlen(text, title.size - 1);
    memcpy(title.start, text, length);
    if (title.used > length)
        memset(title.start + length, 0, title.used - length);
    title.used = length;
}

/* --- parent --- */

void os_die_with_parent(pid_t parent)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1); /* it was gone before the line above */
}

void os_random(void *out, size_t length)
{
    for (size_t done = 0; done < length;) {
        ssize_t count = getrandom((char *)out + done, length - done, 0);
        if (count < 0 && errno == EINTR)
            continue;
        check(count > 0);
        done += (size_t)count;
    }
}

void os_keep_memory(void)
{
    mallopt(M_MMAP_THRESHOLD, 64 << 20);
    mallopt(M_TRIM_THRESHOLD, 256 << 20);
}

void os_give_memory_back(void)
{
    malloc_trim(0);
}
