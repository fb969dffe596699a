/*
 * The supervisor: births and deaths of the other processes.
 *
 *   talaria (front end)      owns this module's Supervisor: who lives, who is ready, who is to be
 *    '-- zygote              replaced; talks to each child over a link (frames both ways)
 *         |-- controller     forked by the zygote on request, so that no child ever inherits a
 *         '-- worker         client's socket, a key or the event loop
 *
 * The zygote is forked first, before any socket exists. It knows nothing but how to fork, to
 * pass on a socket, and to tell who has ended. Everybody dies with their parent.
 */
#ifndef TALARIA_SERVER_SUPERVISOR_SUPERVISOR_H
#define TALARIA_SERVER_SUPERVISOR_SUPERVISOR_H

#include "base/memory/shared_page.h"
#include "base/setting/setting.h"
#include "protocol/frame/link.h"
#include "server/loop/loop.h"

/* ---------- what a child gets ---------- */

typedef enum ChildKind { CHILD_CONTROLLER, CHILD_WORKER, CHILD_KIND_COUNT } ChildKind;

typedef struct ChildContext {
    int number;              /* 0-based among its kind; a controller's row in SharedPage.tickets */
    uint64_t generation;     /* tells this process from others that had its number */
    int front_fd;            /* Unix stream socket to the front end, frames both ways; the child's */
    const char *data_folder; /* absolute */
    const char *run_folder;  /* absolute: a worker listens on <run>/worker-<number>-<generation>.sock */
    const Settings *settings; /* the server's, as they were at the birth */
    SharedPage *shared;
    int memory_slot;         /* this process's slot in shared->memory */
} ChildContext;

/* A child that ends with this status has given up a query that was cancelled: as if killed by order. */
enum { CHILD_GAVE_UP = 4 };

/* A child's whole life; what it returns is its exit status. */
typedef int (*ChildMain)(const ChildContext *context);

/* ---------- the zygote ---------- */

typedef struct ZygoteOrders {
    ChildMain run[CHILD_KIND_COUNT];
    const char *data_folder, *run_folder; /* absolute; outlive the zygote */
    SharedPage *shared;
} ZygoteOrders;

/* Forks the zygote. In the front end: gives the socket to it and its pid. Never returns in the
 * zygote. To be called before any other descriptor or thread exists. */
bool zygote_start(const ZygoteOrders *orders, int *fd, pid_t *pid, Fault *fault);

/* ---------- the front end's side ---------- */

typedef enum ChildState {
    CHILD_ABSENT,   /* not there; may be waiting for its time to be born again */
    CHILD_STARTING, /* ordered from the zygote */
    CHILD_READY,    /* a worker that has said hello; a controller that has been forked */
    CHILD_ENDING,   /* killed, or its link broke; its end has not been reported yet */
} ChildState;

/* When a child died lately: what the pause before its next birth depends on. */
typedef struct RestartHistory {
    int64_t born_at;    /* monotonic nanoseconds */
    uint32_t quick_deaths; /* in a row: deaths of its own soon after birth */
} RestartHistory;

/* To be told of each death that nobody ordered. Returns the nanoseconds to wait before the next
 * birth: none after a long life, then growing with each quick death up to ten seconds. */
int64_t restart_delay(RestartHistory *history, int64_t died_at);

typedef struct Supervisor Supervisor;

typedef struct Child {
    Supervisor *supervisor;
    ChildKind kind;
    int number;
    uint64_t generation;
    ChildState state;
    pid_t pid;          /* 0 until the zygote has told */
    int memory_slot;
    Link *link;         /* NULL unless STARTING or READY */
    bool is_wanted;     /* to be born again when it ends */
    bool kill_ordered;  /* killed by us: its death counts for nothing */
    RestartHistory history;
    LoopWatch watch;
    LoopTimer birth;
    void *owner;        /* for the listener: what it keeps about this child */
} Child;

/* Who is told. `frame` is valid during the call only, unless its body is taken from the link. */
typedef struct SupervisorListener {
    void (*ready)(void *state, Child *child);
    void (*frame)(void *state, Child *child, const Frame *frame);
    /* No more frames will come from this life of the child; state is CHILD_ENDING. */
    void (*lost)(void *state, Child *child);
    /* The zygote is gone, and with it every child: the server cannot go on. */
    void (*zygote_lost)(void *state);
} SupervisorListener;

typedef struct SupervisorPlan {
    int workers, controllers; /* at the start */
    int most_workers, most_controllers; /* supervisor_add goes up to here */
    pid_t zygote;
    int zygote_fd;            /* taken over */
    const Settings *settings; /* read at each birth */
    MemoryPool *memory;
    const char *run_folder;   /* where workers' sockets are; NULL: none are removed */
} SupervisorPlan;

Supervisor *supervisor_new(Loop *loop, const SupervisorPlan *plan,
                           const SupervisorListener *listener, void *state);
/* Orders all children. */
void supervisor_start(Supervisor *supervisor);
/* Tells the zygote to end all children and itself; `done` says when it is gone. */
void supervisor_stop(Supervisor *supervisor);
bool supervisor_is_stopped(const Supervisor *supervisor);
void supervisor_free(Supervisor *supervisor);

int supervisor_count(const Supervisor *supervisor, ChildKind kind); /* numbers in use */
Child *supervisor_child(Supervisor *supervisor, ChildKind kind, int number);
/* How many of a kind live or are to live: those that were not retired. */
int supervisor_wanted(const Supervisor *supervisor, ChildKind kind);
/* Ordered or waiting for it, and not ready yet. */
int supervisor_coming(const Supervisor *supervisor, ChildKind kind);
/* One child more; NULL when there are as many as there may be. */
Child *supervisor_add(Supervisor *supervisor, ChildKind kind);
/* Ends it for good; supervisor_add may use its number again. `lost` is told from within. */
void child_retire(Child *child);
/* SIGKILL. `lost` is told at once, from within; the child is born again without delay. */
void child_kill(Child *child);
/* SIGINT: a controller's flag to look at its link. */
void child_interrupt(Child *child);
/* Sends what was written into link_out(child->link), now and as the socket takes it. */
void child_flush(Child *child);

#endif
