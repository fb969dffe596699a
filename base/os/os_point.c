/*
 * Fault points, in test builds only (-DTALARIA_FAULT_POINTS).
 *
 * The environment variable TALARIA_FAULT holds rules `point:nth:action`, comma-separated:
 *
 *     TALARIA_FAULT="os.fsync:3:fail,segment.write:1:kill,os.rename:2+:delay=50"
 *
 * `nth` counts the calls of that point from 1, in all processes together (the counters lie in
 * shared memory made before main runs, so all children count along); `2+` means from the second
 * on. Actions: fail (the call reports an error), kill (SIGKILL to the caller), delay=MS (sleep,
 * then go on), short (writes: half of the bytes, then an error; elsewhere as fail). A rule that
 * cannot be read ends the process at once: a test with a misspelt rule must not pass.
 */
#include "base/os/os_internal.h"

#ifdef TALARIA_FAULT_POINTS

#include "base/log/log.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_RULES = 16, LONGEST_NAME = 64 };

typedef enum Action { ACTION_FAIL, ACTION_KILL, ACTION_DELAY, ACTION_SHORT } Action;

typedef struct Rule {
    char point[LONGEST_NAME];
    long nth;
    bool and_later;
    Action action;
    long delay_ms;
} Rule;

static Rule rules[MAX_RULES];
static int rule_count;
static _Atomic long *calls; /* a counter a rule, shared with all children */

static void __attribute__((noreturn)) bad_rule(const char *rule)
{
    fprintf(stderr, "TALARIA_FAULT: cannot read rule \"%s\"\n", rule);
    _exit(2);
}

static void read_action(const char *text, Rule *rule, const char *whole)
{
    char *rest = "";
    if (strcmp(text, "fail") == 0)
        rule->action = ACTION_FAIL;
    else if (strcmp(text, "kill") == 0)
        rule->action = ACTION_KILL;
    else if (strcmp(text, "short") == 0)
        rule->action = ACTION_SHORT;
    else if (strncmp(text, "delay=", 6) == 0 && text[6] != '\0') {
        rule->action = ACTION_DELAY;
        rule->delay_ms = strtol(text + 6, &rest, 10);
    } else
        bad_rule(whole);
    if (*rest != '\0')
        bad_rule(whole);
}

static void read_rule(const char *text)
{
    const char *first = strchr(text, ':');
    if (rule_count == MAX_RULES || first == NULL || first - text >= LONGEST_NAME)
        bad_rule(text);
    Rule *rule = &rules[rule_count++];
    snprintf(rule->point, sizeof rule->point, "%.*s", (int)(first - text), text);
    char *rest;
    rule->nth = strtol(first + 1, &rest, 10);
    rule->and_later = *rest == '+';
    rest += rule->and_later;
    if (rule->nth < 1 || *rest != ':')
        bad_rule(text);
    read_action(rest + 1, rule, text);
}

static void __attribute__((constructor)) read_rules(void)
{
    const char *wanted = getenv("TALARIA_FAULT");
    if (wanted == NULL || *wanted == '\0')
        return;
    char *copy = strdup(wanted), *state = NULL;
    if (copy == NULL)
        _exit(2);
    for (char *rule = strtok_r(copy, ",", &state); rule != NULL; rule = strtok_r(NULL, ",", &state))
        read_rule(rule);
    free(copy);
    calls = os_map_shared(sizeof *calls * MAX_RULES);
}

/* The rule that applies to this call of the point, or NULL. */
static const Rule *rule_for(const char *name)
{
    const Rule *applies = NULL;
    for (int i = 0; i < rule_count; i++) {
        if (strcmp(rules[i].point, name) != 0)
            continue;
        long call = atomic_fetch_add(&calls[i], 1) + 1;
        if (call == rules[i].nth || (rules[i].and_later && call > rules[i].nth))
            applies = &rules[i];
    }
    return applies;
}

static void sleep_ms(long milliseconds)
{
    struct timespec left = {.tv_sec = milliseconds / 1000,
                            .tv_nsec = milliseconds % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0)
        continue;
}

bool os_point_write(const char *name, size_t *length, Fault *fault)
{
    const Rule *rule = rule_for(name);
    if (rule == NULL)
        return true;
    log_warning("fault point reached: point=%s action=%d", name, (int)rule->action);
    switch (rule->action) {
    case ACTION_KILL: raise(SIGKILL); break;
    case ACTION_DELAY: sleep_ms(rule->delay_ms); return true;
    case ACTION_SHORT: *length /= 2; break;
    case ACTION_FAIL: *length = 0; break;
    }
    return fault_set(fault, FAULT_IO_ERROR, "could not pass fault point \"%s\": told to fail",
                     name);
}

bool os_point(const char *name, Fault *fault)
{
    size_t unused = 0;
    return os_point_write(name, &unused, fault);
}

#endif
