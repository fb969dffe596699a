/*
 * The server as the front end sees it: its listeners, its children, its beginning and its end.
 */
#include "server/session/session_internal.h"

#include "base/log/log.h"
#include "base/os/os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    WORKERS_FOR_A_RESERVE = 8,  /* one more for short queries in so many, at least one */
    MEMORY_FOR_CLIENTS = 8,     /* one part of the machine's memory in so many */
};

static void stop_patience_over(void *state);

FrontEnd *front_end_new(const FrontEndPlan *plan)
{
    FrontEnd *front = calloc(1, sizeof *front);
    check(front != NULL);
    front->loop = plan->loop;
    front->config = plan->config;
    front->settings = plan->settings;
    front->shared = plan->shared;
    front->check_setting = plan->check_setting;
    front->client_limit = (size_t)os_memory_size() / MEMORY_FOR_CLIENTS;
    front->base_controllers = plan->controllers;
    front->next_process_id = 1000;
    session_advisory_init(front);
    /* Names of queries do not come again when the server starts anew: they name files. */
    front->next_request = (uint64_t)os_now_micros();
    front->base_workers = plan->workers;
    int reserve = plan->workers / WORKERS_FOR_A_RESERVE;
    front->slots = slots_new(plan->workers, reserve < 1 ? 1 : reserve, SLOTS_MOST_WORKERS);
    loop_timer_init(&front->slots_timer, front->loop, dispatch_slots_due, front);
    loop_timer_init(&front->look_timer, front->loop, dispatch_look, front);
    loop_timer_init(&front->retire_timer, front->loop, dispatch_retire, front);
    loop_timer_init(&front->stop_timer, front->loop, stop_patience_over, front);
    loop_task_init(&front->starved, front->loop, dispatch_starved, front);
    SupervisorPlan children = {
        .workers = plan->workers,
        .controllers = plan->controllers,
        .most_workers = SLOTS_MOST_WORKERS,
        .most_controllers = SHARED_CONTROLLERS,
        .zygote = plan->zygote,
        .zygote_fd = plan->zygote_fd,
        .settings = plan->settings,
        .memory = &plan->shared->memory,
        .run_folder = plan->config->run_folder,
    };
    front->supervisor = supervisor_new(front->loop, &children, &front_end_children, front);
    supervisor_start(front->supervisor);
    return front;
}

/* ---------- listening ---------- */

static void on_accepted(void *state, int fd, const struct sockaddr_storage *peer)
{
    session_accept(state, fd, peer);
}

static bool listen_unix(FrontEnd *front, Fault *fault)
{
    const char *folder = front->settings->unix_socket_directories;
    if (folder[0] == 0)
        folder = front->config->run_folder;
    int length = snprintf(front->socket_path, sizeof front->socket_path, "%s/.s.PGSQL.%lld", folder,
                          (long long)front->settings->port);
    if (length < 0 || (size_t)length >= sizeof front->socket_path)
        return fault_set(fault, FAULT_CONFIG_FILE_ERROR,
                         "the path of the Unix socket in \"%s\" is too long", folder) ||
               fault_hint(fault, "Set unix_socket_directories (--socket-dir) to a shorter path.");
    if (!listener_open_unix(&front->listeners[front->listener_count], front->socket_path, fault))
        return false;
    front->listener_count++;
    return true;
}

bool front_end_listens_tcp(const FrontEnd *front)
{
    return front->settings->port != 0 && front->settings->listen_addresses[0] != 0;
}

bool front_end_listen(FrontEnd *front, Fault *fault)
{
    front->auth = auth_server_new(front->config->data_folder, front->settings, fault);
    if (front->auth == NULL)
        return false;
    if (front_end_listens_tcp(front) &&
        !listener_open_tcp(front->listeners, LISTEN_MOST_ADDRESSES, &front->listener_count,
                           front->settings->listen_addresses, (int)front->settings->port, fault))
        return false;
    if (!listen_unix(front, fault))
        return false;
    for (int i = 0; i < front->listener_count; i++)
        listener_start(&front->listeners[i], front->loop, on_accepted, front);
    return true;
}

const char *front_end_socket_path(const FrontEnd *front)
{
    return front->socket_path;
}

/* ---------- SIGHUP ---------- */

bool front_end_reload(FrontEnd *front, Fault *fault)
{
    Settings old = *front->settings;
    if (!config_reload(front->config, front->settings, fault))
        return false;
    for (Session *session = front->sessions; session != NULL; session = session->next)
        session_reload_settings(session, &old);
    auth_server_reload(front->auth);
    return true;
}

/* ---------- the end ---------- */

static bool is_somebody_working(const FrontEnd *front)
{
    int count = supervisor_count(front->supervisor, CHILD_CONTROLLER);
    for (int i = 0; i < count; i++) {
        if (front->running[i] != NULL)
            return true;
    }
    return false;
}

void front_end_check_stop(FrontEnd *front)
{
    if (front->is_stopping && front->session_count == 0 && !is_somebody_working(front)) {
        loop_timer_stop(&front->stop_timer);
    loop_timer_stop(&front->look_timer);
    loop_timer_stop(&front->retire_timer);
        supervisor_stop(front->supervisor);
    }
}

static void stop_patience_over(void *state)
{
    FrontEnd *front = state;
    log_info("stopping without waiting any longer sessions=%d", front->session_count);
    supervisor_stop(front->supervisor);
}

static void dismiss(Session *session)
{
    Fault fault;
    if (session->state == SESSION_STARTING) {
        session_close(session);
    } else if (session->state == SESSION_BUSY) {
        cancel_fault(CANCEL_SHUTDOWN, &fault);
        session_fatal(session, &fault);
    } else {
        fault_set(&fault, FAULT_ADMIN_SHUTDOWN,
                  "terminating connection due to administrator command");
        session_fatal(session, &fault);
    }
}

void front_end_stop(FrontEnd *front)
{
    if (front->is_stopping)
        return;
    front->is_stopping = true;
    for (int i = 0; i < front->listener_count; i++)
        listener_close(&front->listeners[i]);
    for (Session *session = front->sessions; session != NULL; session = session->next) {
        if (session->state != SESSION_CLOSED)
            dismiss(session);
    }
    loop_timer_start(&front->stop_timer, STOP_PATIENCE_MS);
    front_end_check_stop(front);
}

bool front_end_failed(const FrontEnd *front)
{
    return front->has_failed;
}

/* The loop has stopped: no task runs any more, so what they would do is done here. */
void front_end_free(FrontEnd *front)
{
    if (front == NULL)
        return;
    front->is_stopping = true;
    for (int i = 0; i < front->listener_count; i++)
        listener_close(&front->listeners[i]);
    for (Session *session = front->sessions, *next; session != NULL; session = next) {
        next = session->next;
        session_close(session);
        loop_task_cancel(&session->reap);
        session->reap.run(session);
    }
    loop_timer_stop(&front->stop_timer);
    loop_timer_stop(&front->look_timer);
    loop_timer_stop(&front->retire_timer);
    loop_timer_stop(&front->slots_timer);
    loop_task_cancel(&front->starved);
    for (int i = 0; i < REQUEST_BUCKETS; i++) {
        while (front->requests[i] != NULL)
            dispatch_forget(front->requests[i]);
    }
    auth_server_free(front->auth);
    supervisor_free(front->supervisor);
    slots_free(front->slots);
    free(front);
}
