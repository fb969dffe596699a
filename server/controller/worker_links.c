/*
 * Links to workers, kept from query to query: to connect costs both sides a dozen system calls. A
 * link is kept when its worker has said that it is clean; it goes with the worker's life, and when
 * this controller has had nothing to do for a while.
 */
#include "server/controller/controller_internal.h"

#include "base/os/os.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

static KeptLink *place_of(Controller *controller, uint64_t number)
{
    return number < CONTROLLER_KEPT_LINKS ? &controller->worker_links[number] : NULL;
}

/* Nothing has come since the worker said that it was clean, and it lives. */
static bool is_quiet(Link *link)
{
    Fault fault;
    Frame frame;
    bool has = true;
    return link_fill(link, &fault) && link_next(link, &frame, &has, &fault) && !has;
}

static Link *take_kept(Controller *controller, uint64_t number, uint64_t generation)
{
    KeptLink *kept = place_of(controller, number);
    if (kept == NULL || kept->link == NULL)
        return NULL;
    Link *link = kept->link;
    kept->link = NULL;
    if (kept->generation == generation && is_quiet(link))
        return link;
    link_free(link);
    return NULL;
}

Link *worker_link_take(Controller *controller, uint64_t number, uint64_t generation, Fault *fault)
{
    const ChildContext *child = controller->child;
    char path[PATH_MAX];
    int fd;
    Link *link = take_kept(controller, number, generation);
    if (link != NULL)
        return link;
    snprintf(path, sizeof path, "%s/worker-%" PRIu64 "-%" PRIu64 ".sock", child->run_folder, number,
             generation);
    if (!os_socket_connect(path, &fd, fault))
        return NULL;
    link = link_new(fd);
    FrameWriter writer;
    frame_begin(&writer, link_out(link), FRAME_HELLO);
    frame_put_text(&writer, "kind", TEXT_LITERAL("controller"));
    frame_put_uint(&writer, "number", (uint64_t)child->number);
    frame_end(&writer);
    return link;
}

void worker_link_keep(Controller *controller, uint64_t number, uint64_t generation, Link *link)
{
    KeptLink *kept = place_of(controller, number);
    if (kept == NULL) {
        link_free(link);
        return;
    }
    link_free(kept->link);
    *kept = (KeptLink){.link = link, .generation = generation};
}

void worker_links_drop(Controller *controller)
{
    for (int i = 0; i < CONTROLLER_KEPT_LINKS; i++) {
        link_free(controller->worker_links[i].link);
        controller->worker_links[i].link = NULL;
    }
}
