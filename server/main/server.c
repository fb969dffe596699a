/*
 * The order of a start: command line, folder and lock, settings, log, shared page, zygote (before
 * any socket exists), event loop, children, listeners, and a line on standard output. The end
 * goes the other way.
 */
#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include "server/main/server.h"

#include "base/log/log.h"
#include "base/os/os.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#ifndef PACKAGE_VERSION
#define PACKAGE_VERSION "0.1"
#endif

enum {
    SPIN_MICROS = 40,
    EXTRA_DESCRIPTORS = 1000, /* beside the clients' */
    MEMORY_PERCENT = 70,
    MORE_CONTROLLERS = 2, /* than cores: some wait for workers or for input */
};

/* ---------- pages ---------- */

static int print_page(const ServerParts *parts, const char *name)
{
    Buffer page = BUFFER_EMPTY;
    bool found = true;
    if (strcmp(name, "settings") == 0) {
        config_describe_settings(&page);
    } else if (strcmp(name, "faults") == 0) {
        config_describe_faults(&page);
    } else {
        const DescribeTopic *topic = parts->topics;
        while (topic != NULL && topic->name != NULL && strcmp(topic->name, name) != 0)
            topic++;
        found = topic != NULL && topic->name != NULL;
        if (found)
            topic->print(&page);
    }
    if (found)
        fwrite(page.data, 1, page.length, stdout);
    else
        fprintf(stderr, "talaria: there is no page \"%s\"\n", name);
    buffer_clear(&page);
    return found ? 0 : 2;
}

/* ---------- the process ---------- */

static void set_log(const Settings *settings)
{
    static const LogLevel levels[] = {LOG_LEVEL_DEBUG, LOG_LEVEL_INFO, LOG_LEVEL_WARNING,
                                      LOG_LEVEL_ERROR};
    log_set_level(levels[settings->log_level]);
}

static bool open_log(const Settings *settings, Fault *fault)
{
    log_set_process("front end");
    set_log(settings);
    if (settings->log_file[0] == 0)
        return true;
    int fd = open(settings->log_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0)
        return fault_set_system(fault, errno, "open the log \"%s\"", settings->log_file);
    log_set_fd(fd);
    return true;
}

/* A descriptor for each client, and some: as many as the system lets us have. */
static void raise_descriptor_limit(const Settings *settings)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)settings->max_connections + EXTRA_DESCRIPTORS;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur >= wanted)
        return;
    limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur < wanted)
        log_warning("fewer descriptors than max_connections needs: %llu of %llu",
                    (unsigned long long)limit.rlim_cur, (unsigned long long)wanted);
}

static int worker_count(const Settings *settings)
{
    int cores = os_core_count();
    int64_t count = settings->worker_capacity > 0 ? settings->worker_capacity : cores;
    return count > 128 ? 128 : (int)count;
}

static int controller_count(const Settings *settings)
{
    int64_t count = settings->controllers > 0 ? settings->controllers
                                              : os_core_count() + MORE_CONTROLLERS;
    return count > SHARED_CONTROLLERS ? SHARED_CONTROLLERS : (int)count;
}

static SharedPage *make_shared_page(const Settings *settings)
{
    SharedPage *shared = os_map_shared(sizeof *shared);
    int64_t limit = settings->memory_limit;
    if (limit == 0)
        limit = os_memory_size() / 100 * MEMORY_PERCENT;
    int processes = worker_count(settings) + controller_count(settings);
    memory_pool_init(&shared->memory, limit, processes);
    log_share_level(&shared->log_level);
    pthread_mutexattr_t kind;
    check(pthread_mutexattr_init(&kind) == 0 &&
          pthread_mutexattr_setpshared(&kind, PTHREAD_PROCESS_SHARED) == 0 &&
          pthread_mutexattr_setrobust(&kind, PTHREAD_MUTEX_ROBUST) == 0 &&
          pthread_mutex_init(&shared->sequence_lock, &kind) == 0);
    pthread_mutexattr_destroy(&kind);
    return shared;
}

/* ---------- running ---------- */

typedef struct Server {
    const ServerParts *parts;
    Config config;
    Settings settings;
    SharedPage *shared;
    Loop *loop;
    FrontEnd *front;
    LoopSignal terminate, interrupt, quit, hang_up;
} Server;

static void on_end_signal(void *state, int number)
{
    Server *server = state;
    log_info("ending on signal %d", number);
    front_end_stop(server->front);
}

/* As after a kill: nobody is told, and the children die with this process. But it leaves no core. */
static void on_quit_signal(void *state, int number)
{
    (void)state;
    log_warning("ending at once on signal %d", number);
    _exit(2);
}

static void on_hang_up(void *state, int number)
{
    Server *server = state;
    Fault fault;
    if (!front_end_reload(server->front, &fault)) {
        log_fault(LOG_LEVEL_ERROR, "reading talaria.conf again", &fault);
        return;
    }
    set_log(&server->settings);
    log_info("talaria.conf has been read again");
}

static void announce(const Server *server)
{
    const char *path = front_end_socket_path(server->front);
    if (front_end_listens_tcp(server->front))
        printf("talaria: ready on port %lld and socket %s\n", (long long)server->settings.port,
               path);
    else
        printf("talaria: ready on socket %s\n", path);
    fflush(stdout);
}

static bool start_zygote(Server *server, FrontEndPlan *plan, Fault *fault)
{
    ZygoteOrders orders = {
        .data_folder = server->config.data_folder,
        .run_folder = server->config.run_folder,
        .shared = server->shared,
    };
    memcpy(orders.run, server->parts->run, sizeof orders.run);
    return zygote_start(&orders, &plan->zygote_fd, &plan->zygote, fault);
}

static bool start(Server *server, Fault *fault)
{
    FrontEndPlan plan = {
        .config = &server->config,
        .settings = &server->settings,
        .workers = worker_count(&server->settings),
        .controllers = controller_count(&server->settings),
        .shared = server->shared,
        .check_setting = server->parts->check_setting,
    };
    if (!start_zygote(server, &plan, fault))
        return false;
    os_process_title("talaria: front end");
    signal(SIGPIPE, SIG_IGN);
    server->loop = loop_new(fault);
    if (server->loop == NULL)
        return false;
    if (os_core_count() > 1)
        loop_set_spin(server->loop, SPIN_MICROS);
    plan.loop = server->loop;
    server->front = front_end_new(&plan);
    loop_signal_start(&server->terminate, server->loop, SIGTERM, on_end_signal, server);
    loop_signal_start(&server->interrupt, server->loop, SIGINT, on_end_signal, server);
    loop_signal_start(&server->quit, server->loop, SIGQUIT, on_quit_signal, server);
    loop_signal_start(&server->hang_up, server->loop, SIGHUP, on_hang_up, server);
    return front_end_listen(server->front, fault);
}

static int run(Server *server)
{
    Fault fault;
    if (!start(server, &fault)) {
        log_fault(LOG_LEVEL_ERROR, "starting", &fault);
        front_end_free(server->front);
        loop_free(server->loop);
        return 1;
    }
    announce(server);
    loop_run(server->loop);
    bool failed = front_end_failed(server->front);
    loop_signal_stop(&server->terminate);
    loop_signal_stop(&server->interrupt);
    loop_signal_stop(&server->quit);
    loop_signal_stop(&server->hang_up);
    front_end_free(server->front);
    loop_free(server->loop);
    log_info("ended");
    return failed ? 1 : 0;
}

/* The server's own values, which every session starts with. */
static bool check_settings(const Server *server, Fault *fault)
{
    int count;
    const SettingInfo *table = setting_table(&count);
    for (int i = 0; i < count && server->parts->check_setting != NULL; i++) {
        char value[SETTING_TEXT_SIZE];
        setting_show(&server->settings, &table[i], value, sizeof value);
        if (!server->parts->check_setting(&table[i], text_of(value), fault))
            return false;
    }
    return true;
}

static int run_server(Server *server)
{
    Fault fault;
    log_set_process("front end");
    bool ok = config_prepare_folder(&server->config, &fault) &&
              config_load(&server->config, &server->settings, &fault) &&
              check_settings(server, &fault) && open_log(&server->settings, &fault);
    if (ok && server->parts->prepare != NULL)
        ok = server->parts->prepare(&server->config, &server->settings, &fault);
    if (!ok) {
        log_fault(LOG_LEVEL_ERROR, "starting", &fault);
        return 1;
    }
    raise_descriptor_limit(&server->settings);
    server->shared = make_shared_page(&server->settings);
    return run(server);
}

int server_main(const ServerParts *parts, int argc, char **argv)
{
    static Server server;
    Fault fault;
    os_process_title_init(argc, argv);
    server.parts = parts;
    if (!config_parse(&server.config, argc, argv, &fault)) {
        fprintf(stderr, "talaria: %s\n%s", fault.message, config_help());
        return 2;
    }
    switch (server.config.action) {
    case CONFIG_HELP:
        fputs(config_help(), stdout);
        return 0;
    case CONFIG_VERSION:
        puts("talaria " PACKAGE_VERSION);
        return 0;
    case CONFIG_DESCRIBE:
        return print_page(parts, server.config.describe);
    case CONFIG_RUN:
        break;
    }
    return run_server(&server);
}
