/*
 * A worker's connections: its listening socket, links that others made, links to other workers,
 * which are kept across queries.
 */
#include "server/worker/worker_internal.h"

#include "base/log/log.h"
#include "base/os/os.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

static void socket_path(const Worker *worker, uint64_t number, uint64_t generation, char *path, size_t size)
{
    snprintf(path, size, "%s/worker-%" PRIu64 "-%" PRIu64 ".sock", worker->child->run_folder, number, generation);
}

bool worker_listen(Worker *worker, Fault *fault)
{
    char path[PATH_MAX];
    socket_path(worker, (uint64_t)worker->child->number, worker->child->generation, path, sizeof path);
    return os_socket_listen(path, &worker->listener, fault);
}

WorkerLink *worker_add_link(Worker *worker, int fd)
{
    if (worker->link_count == WORKER_MAX_LINKS) {
        os_close(fd);
        return NULL;
    }
    WorkerLink *link = &worker->links[worker->link_count++];
    *link = (WorkerLink){.link = link_new(fd)};
    return link;
}

void worker_accept(Worker *worker)
{
    int fd;
    while (os_socket_accept(worker->listener, &fd))
        if (worker_add_link(worker, fd) == NULL)
            log_warning("too many connections to this worker");
}

Link *worker_link_to_peer(Worker *worker, const Peer *peer, Fault *fault)
{
    for (uint32_t i = 0; i < worker->link_count; i++) {
        WorkerLink *link = &worker->links[i];
        if (link->is_mine && !link->is_broken && link->peer_number == peer->number &&
            link->peer_generation == peer->generation)
            return link->link;
    }
    char path[PATH_MAX];
    int fd;
    socket_path(worker, peer->number, peer->generation, path, sizeof path);
    if (!os_socket_connect(path, &fd, fault))
        return NULL;
    WorkerLink *link = worker_add_link(worker, fd);
    if (link == NULL) {
        fault_set(fault, FAULT_WORKER_RPC_FAILED, "too many connections to other workers");
        return NULL;
    }
    link->is_mine = true;
    link->peer_number = peer->number;
    link->peer_generation = peer->generation;
    FrameWriter writer;
    frame_begin(&writer, link_out(link->link), FRAME_HELLO);
    frame_put_text(&writer, "kind", TEXT_LITERAL("worker"));
    frame_put_uint(&writer, "number", (uint64_t)worker->child->number);
    frame_put_uint(&writer, "generation", worker->child->generation);
    frame_end(&writer);
    return link->link;
}

void worker_drop_broken_links(Worker *worker)
{
    for (uint32_t i = 0; i < worker->link_count;) {
        if (!worker->links[i].is_broken) {
            i++;
            continue;
        }
        link_free(worker->links[i].link);
        worker->links[i] = worker->links[--worker->link_count];
    }
}
