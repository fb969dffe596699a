/*
 * Files of segments that were replaced or dropped, removed when nobody can be reading them.
 *
 * A query reads the segments of the snapshot that it took after it began, so a file whose segment
 * had gone out of use before the oldest running query began is read by none. Each controller says
 * in the shared page since when it runs a request. A publisher notes the time before its commit is
 * seen: MARGIN is more than a commit takes.
 *
 * Who may have left such files behind looks for them when it is idle, and again as long as some
 * must stay.
 */
#include "server/controller/controller_internal.h"

#include "base/log/log.h"
#include "base/os/os.h"

static const int64_t MARGIN = INT64_C(60) * 1000 * 1000;

void collect_begin_request(Controller *controller)
{
    atomic_store(&controller->child->shared->request_started[controller->child->number],
                 os_now_micros());
}

void collect_end_request(Controller *controller)
{
    SharedPage *shared = controller->child->shared;
    atomic_store(&shared->request_started[controller->child->number], 0);
    uint64_t version = atomic_load(&shared->catalog_version);
    if (version == controller->collected_version || controller->collect_at != 0)
        return;
    controller->collected_version = version;
    controller->collect_at = os_now_micros() + MARGIN;
}

static int64_t oldest_request(const SharedPage *shared)
{
    int64_t oldest = os_now_micros();
    for (int i = 0; i < SHARED_CONTROLLERS; i++) {
        int64_t started = atomic_load(&shared->request_started[i]);
        if (started != 0 && started < oldest)
            oldest = started;
    }
    return oldest;
}

int collect_wait_ms(const Controller *controller)
{
    if (controller->collect_at == 0)
        return -1;
    int64_t left = controller->collect_at - os_now_micros();
    return left < 0 ? 0 : left > 2 * MARGIN ? (int)(2 * MARGIN / 1000) : (int)(left / 1000) + 1;
}

void collect_when_due(Controller *controller)
{
    TableCleanup cleanup;
    Fault fault;
    if (controller->collect_at == 0 || os_now_micros() < controller->collect_at)
        return;
    controller->collect_at = 0;
    int64_t grace = os_now_micros() - oldest_request(controller->child->shared) + MARGIN;
    if (!table_collect(controller->tables, grace, &cleanup, &fault)) {
        log_fault(LOG_LEVEL_WARNING, "removing the files of unused segments", &fault);
        return;
    }
    if (cleanup.unused_removed != 0)
        log_info("removed the files of unused segments count=%u", cleanup.unused_removed);
    if (cleanup.unused_kept != 0)
        controller->collect_at = os_now_micros() + MARGIN;
}
