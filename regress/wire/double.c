/*
 * See double.h. Frames are read and written with blocking waits: one thing at a time.
 */
#include "regress/wire/double.h"

#include "base/log/log.h"
#include "base/memory/pack.h"
#include "base/os/os.h"
#include "protocol/pgwire/pgwire.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROW_BATCH = 4096, WINDOW = 1 << 20, FROM_WORKERS = 1000 };

typedef struct Double {
    const ChildContext *context;
    Link *front;
    /* of the request at hand */
    uint64_t query;
    char *text;
    char transaction;
    bool describes, is_cancelled, is_parse;
    Settings settings;
    Buffer parameters;
    char workers[4096];
    Fault slots_fault;
    bool has_slots_fault;
    uint64_t credit; /* bytes granted so far, all of partition 0 */
    char state[64];
} Double;

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

static void flush_link(Link *link)
{
    Fault fault;
    while (link_wants_write(link)) {
        if (!link_flush(link, &fault))
            _exit(0);
        if (link_wants_write(link)) {
            struct pollfd ready = {.fd = link_fd(link), .events = POLLOUT};
            poll(&ready, 1, 1000);
        }
    }
}

/* ---------- answers ---------- */

typedef struct Reply {
    FrameWriter writer;
    Buffer wire;
    char tag[64];
} Reply;

static void begin(Double *self, FrameWriter *writer, FrameKind kind)
{
    frame_begin(writer, link_out(self->front), kind);
    frame_put_uint(writer, "query", self->query);
}

static void respond_wire(Double *self, const Buffer *wire, bool failed, bool done)
{
    FrameWriter writer;
    begin(self, &writer, FRAME_RESPONSE);
    if (wire->length > 0)
        frame_put_bytes(&writer, "wire", wire->data, wire->length);
    if (failed)
        frame_put_bool(&writer, "failed", true);
    if (done)
        frame_put_bool(&writer, "done", true);
    frame_end(&writer);
    flush_link(self->front);
}

static bool answer_fault(Double *self, const Fault *fault)
{
    Buffer wire = BUFFER_EMPTY;
    pgwire_error(&wire, fault, text_of(self->text));
    respond_wire(self, &wire, true, true);
    buffer_clear(&wire);
    return false;
}

static bool answer_tag(Double *self, const char *tag, const char *status, const char *name,
                       const char *value)
{
    Buffer wire = BUFFER_EMPTY;
    FrameWriter writer;
    pgwire_command_complete(&wire, text_of(tag));
    begin(self, &writer, FRAME_RESPONSE);
    frame_put_bytes(&writer, "wire", wire.data, wire.length);
    if (status != NULL) {
        frame_put_text(&writer, "transaction", text_of(status));
        self->transaction = status[0];
    }
    if (name != NULL && value != NULL) {
        frame_put_text(&writer, "setting_name", text_of(name));
        frame_put_text(&writer, "setting_value", text_of(value));
    } else if (name != NULL) {
        frame_put_text(&writer, "setting_reset", text_of(name));
    }
    frame_end(&writer);
    buffer_clear(&wire);
    flush_link(self->front);
    return true;
}

static void put_description(Buffer *wire, const char *name, uint32_t type, int16_t size, int columns)
{
    PgwireColumn column[16];
    for (int i = 0; i < columns; i++)
        column[i] = (PgwireColumn){.name = text_of(name), .type_oid = type, .type_length = size,
                                   .type_modifier = -1};
    pgwire_row_description(wire, column, (uint16_t)columns);
}

static void begin_result(Double *self, const char *name, uint32_t type, int16_t size, int columns,
                         int partitions)
{
    Buffer wire = BUFFER_EMPTY;
    FrameWriter writer;
    if (self->describes)
        put_description(&wire, name, type, size, columns);
    begin(self, &writer, FRAME_RESPONSE);
    frame_put_bytes(&writer, "wire", wire.data, wire.length);
    frame_put_uint(&writer, "result_partitions", (uint64_t)partitions);
    frame_put_text(&writer, "result_tag", text_of("SELECT"));
    frame_put_bool(&writer, "result_ordered", true);
    frame_end(&writer);
    buffer_clear(&wire);
}

static void put_rows_frame(Link *link, uint64_t query, uint64_t partition, uint64_t rows,
                           const Buffer *data)
{
    FrameWriter writer;
    frame_begin(&writer, link_out(link), FRAME_RESULT_ROWS);
    frame_put_uint(&writer, "query", query);
    frame_put_uint(&writer, "partition", partition);
    frame_put_uint(&writer, "rows", rows);
    frame_put_bytes(&writer, "data", data->data, data->length);
    frame_end(&writer);
    flush_link(link);
}

static void put_end_frame(Link *link, uint64_t query, uint64_t partition, uint64_t rows)
{
    FrameWriter writer;
    frame_begin(&writer, link_out(link), FRAME_RESULT_END);
    frame_put_uint(&writer, "query", query);
    frame_put_uint(&writer, "partition", partition);
    frame_put_uint(&writer, "rows", rows);
    frame_end(&writer);
    flush_link(link);
}

static bool answer_row(Double *self, const char *name, uint32_t type, int16_t size,
                       const char *const *values, int count)
{
    Buffer rows = BUFFER_EMPTY;
    begin_result(self, name, type, size, count, 1);
    size_t mark = pgwire_data_row_begin(&rows, (uint16_t)count);
    for (int i = 0; i < count; i++) {
        if (values[i] == NULL)
            pgwire_data_row_null(&rows);
        else
            pgwire_data_row_value(&rows, values[i], (uint32_t)strlen(values[i]));
    }
    pgwire_data_row_end(&rows, mark);
    put_rows_frame(self->front, self->query, 0, 1, &rows);
    put_end_frame(self->front, self->query, 0, 1);
    buffer_clear(&rows);
    return true;
}

/* ---------- what the front end says meanwhile ---------- */

static void note_frame(Double *self, const Frame *frame)
{
    if (frame_uint(frame, "query", 0) != self->query)
        return;
    if (frame->kind == FRAME_REQUEST_CANCEL) {
        self->is_cancelled = true;
        Text reason = frame_text(frame, "reason");
        fault_set(&self->slots_fault, FAULT_CANCELED, "canceling statement due to %s",
                  text_equal_string(reason, "timeout") ? "statement timeout" : "user request");
    } else if (frame->kind == FRAME_RESULT_CREDIT) {
        self->credit += frame_uint(frame, "bytes", 0);
    } else if (frame->kind == FRAME_SLOTS_GRANTED) {
        Text workers = frame_text(frame, "workers");
        snprintf(self->workers, sizeof self->workers, "%.*s", TEXT_ARGS(workers));
        self->has_slots_fault = frame_fault(frame, "fault", &self->slots_fault);
        if (!self->has_slots_fault && workers.length == 0)
            self->has_slots_fault = true;
    } else if (frame->kind == FRAME_SERVER_STATE) {
        Unpacker sessions, workers;
        Text s = frame_text(frame, "sessions"), w = frame_text(frame, "workers");
        unpack_init(&sessions, s.data, s.length);
        unpack_init(&workers, w.data, w.length);
        snprintf(self->state, sizeof self->state, "%u %u", unpack_array(&sessions),
                 unpack_array(&workers));
    }
}

/* Waits for something from the front end; false when nothing came for so long. */
static bool wait_front(Double *self, int milliseconds)
{
    Frame frame;
    Fault fault;
    if (link_wait_frame(self->front, &frame, milliseconds, &fault)) {
        note_frame(self, &frame);
        return true;
    }
    struct pollfd ready = {.fd = link_fd(self->front), .events = POLLIN};
    if (poll(&ready, 1, 0) > 0 && !link_fill(self->front, &fault))
        _exit(0);
    return false;
}

/* ---------- statements ---------- */

static bool is_cancelled(Double *self)
{
    if (!self->is_cancelled)
        return false;
    answer_fault(self, &self->slots_fault);
    return true;
}

static bool run_series(Double *self, long count)
{
    Buffer rows = BUFFER_EMPTY;
    uint64_t sent = 0, in_batch = 0;
    self->credit = WINDOW;
    begin_result(self, "x", 23, 4, 1, 1);
    for (long i = 1; i <= count; i++) {
        char value[32];
        int length = snprintf(value, sizeof value, "%ld", i);
        size_t mark = pgwire_data_row_begin(&rows, 1);
        pgwire_data_row_value(&rows, value, (uint32_t)length);
        pgwire_data_row_end(&rows, mark);
        in_batch++;
        if (rows.length < ROW_BATCH && i < count)
            continue;
        while (sent + rows.length > self->credit && !self->is_cancelled)
            wait_front(self, 100);
        if (is_cancelled(self)) {
            buffer_clear(&rows);
            return false;
        }
        put_rows_frame(self->front, self->query, 0, in_batch, &rows);
        sent += rows.length;
        in_batch = 0;
        buffer_reset(&rows);
    }
    buffer_clear(&rows);
    put_end_frame(self->front, self->query, 0, (uint64_t)count);
    return true;
}

static bool want_workers(Double *self)
{
    FrameWriter writer;
    begin(self, &writer, FRAME_SLOTS_WANTED);
    frame_put_uint(&writer, "minimum", 1);
    frame_put_uint(&writer, "maximum", 100);
    frame_end(&writer);
    self->workers[0] = 0;
    self->has_slots_fault = false;
    flush_link(self->front);
    while (self->workers[0] == 0 && !self->has_slots_fault)
        wait_front(self, 1000);
    if (self->has_slots_fault)
        answer_fault(self, &self->slots_fault);
    return !self->has_slots_fault;
}

static void release_workers(Double *self, bool clean)
{
    FrameWriter writer;
    begin(self, &writer, FRAME_SLOTS_RELEASED);
    frame_put_bool(&writer, "clean", clean);
    frame_end(&writer);
    flush_link(self->front);
}

/* Orders a partition of the series from one worker; its link, over which it says when it is done. */
static Link *order_work(Double *self, const char *worker, int partition, long from, long to,
                        bool crash)
{
    int number = atoi(worker), fd;
    uint64_t generation = strtoull(strchr(worker, ':') + 1, NULL, 10);
    char path[256];
    Fault fault;
    snprintf(path, sizeof path, "%s/worker-%d-%llu.sock", self->context->run_folder, number,
             (unsigned long long)generation);
    if (!os_socket_connect(path, &fd, &fault))
        return NULL;
    Link *link = link_new(fd);
    FrameWriter writer;
    frame_begin(&writer, link_out(link), FRAME_WORK_ORDER);
    frame_put_uint(&writer, "query", self->query);
    frame_put_uint(&writer, "partition", (uint64_t)partition);
    frame_put_int(&writer, "from", from);
    frame_put_int(&writer, "to", to);
    frame_put_bool(&writer, "crash", crash);
    frame_end(&writer);
    flush_link(link);
    return link;
}

static bool run_on_workers(Double *self, long count, bool crash)
{
    Link *links[128];
    int workers = 0;
    if (!want_workers(self))
        return false;
    for (const char *p = self->workers; *p != 0; p++)
        workers += *p == ',';
    workers++;
    begin_result(self, "x", 23, 4, 1, workers);
    flush_link(self->front);
    const char *worker = self->workers;
    bool ok = true;
    for (int i = 0; i < workers; i++) {
        links[i] = order_work(self, worker, i, count * i / workers + 1, count * (i + 1) / workers,
                              crash && i == 0);
        ok = ok && links[i] != NULL;
        worker = strchr(worker, ',') == NULL ? worker : strchr(worker, ',') + 1;
    }
    for (int i = 0; i < workers && ok; i++) {
        Frame frame;
        Fault fault;
        while (ok && !link_wait_frame(links[i], &frame, 50, &fault)) {
            struct pollfd ready = {.fd = link_fd(links[i]), .events = POLLIN};
            ok = poll(&ready, 1, 0) <= 0; /* readable and no frame: the worker is gone */
            wait_front(self, 0);
            ok = ok && !self->is_cancelled;
        }
    }
    for (int i = 0; i < workers; i++)
        link_free(links[i]);
    release_workers(self, ok);
    if (!ok && !self->is_cancelled) {
        fault_set(&self->slots_fault, FAULT_WORKER_FAILED, "a worker ended unexpectedly");
        self->is_cancelled = true;
    }
    return ok || !is_cancelled(self);
}

static bool run_sleep(Double *self, double seconds)
{
    int64_t until = os_monotonic_nanos() + (int64_t)(seconds * 1e9);
    while (os_monotonic_nanos() < until) {
        wait_front(self, 20);
        if (is_cancelled(self))
            return false;
    }
    return answer_row(self, "pg_sleep", 2278, 4, (const char *[]){""}, 1);
}

static bool run_parameters(Double *self)
{
    PgwireParameters parameters;
    Fault fault;
    Text text = {.data = (const char *)self->parameters.data,
                 .length = (uint32_t)self->parameters.length};
    const char *values[16] = {NULL};
    int count = 0;
    if (!pgwire_parameters_open(text, &parameters, &fault))
        return answer_fault(self, &fault);
    Text value;
    bool is_null;
    while (count < 16 && pgwire_parameters_next(&parameters, &value, &is_null))
        values[count++] = is_null ? NULL : strndup(value.data, value.length);
    bool ok = answer_row(self, "text", 25, -1, values, count);
    for (int i = 0; i < count; i++)
        free((void *)(uintptr_t)values[i]);
    return ok;
}

static int highest_parameter(const char *text)
{
    int highest = 0;
    for (const char *p = strchr(text, '$'); p != NULL; p = strchr(p + 1, '$')) {
        int number = atoi(p + 1);
        highest = number > highest ? number : highest;
    }
    return highest;
}

/* "SET x TO y", "SET x = y"; quotes are taken off. */
static bool run_set(Double *self, const char *text)
{
    char name[64], value[128];
    if (sscanf(text, "SET %63[^ =] TO %127[^;]", name, value) != 2 &&
        sscanf(text, "SET %63[^ =] = %127[^;]", name, value) != 2) {
        Fault fault;
        fault_set_at(&fault, 4, FAULT_SYNTAX_ERROR, "syntax error at or near \"%s\"", text + 4);
        return answer_fault(self, &fault);
    }
    char *plain = value;
    size_t length = strlen(plain);
    if (length >= 2 && plain[0] == '\'' && plain[length - 1] == '\'') {
        plain[length - 1] = 0;
        plain++;
    }
    Fault fault;
    if (!setting_set(&self->settings, text_of(name), text_of(plain), SCOPE_SESSION, &fault))
        return answer_fault(self, &fault);
    return answer_tag(self, "SET", NULL, name, plain);
}

static bool run_show(Double *self, const char *name)
{
    const SettingInfo *info = setting_find(text_of(name));
    char value[SETTING_TEXT_SIZE];
    Fault fault;
    if (info == NULL) {
        fault_set(&fault, FAULT_UNDEFINED_OBJECT, "unrecognized configuration parameter \"%s\"",
                  name);
        return answer_fault(self, &fault);
    }
    setting_show(&self->settings, info, value, sizeof value);
    return answer_row(self, info->name, 25, -1, (const char *[]){value}, 1);
}

static bool run_state(Double *self)
{
    FrameWriter writer;
    begin(self, &writer, FRAME_RESPONSE);
    frame_put_bool(&writer, "want_state", true);
    frame_end(&writer);
    self->state[0] = 0;
    flush_link(self->front);
    while (self->state[0] == 0)
        wait_front(self, 1000);
    return answer_row(self, "state", 25, -1, (const char *[]){self->state}, 1);
}

static bool run_deallocate(Double *self, const char *name)
{
    Buffer wire = BUFFER_EMPTY;
    FrameWriter writer;
    bool all = strcmp(name, "ALL") == 0;
    pgwire_command_complete(&wire, text_of(all ? "DEALLOCATE ALL" : "DEALLOCATE"));
    begin(self, &writer, FRAME_RESPONSE);
    frame_put_bytes(&writer, "wire", wire.data, wire.length);
    if (all)
        frame_put_bool(&writer, "deallocate_all", true);
    else
        frame_put_text(&writer, "deallocate", text_of(name));
    frame_end(&writer);
    buffer_clear(&wire);
    flush_link(self->front);
    return true;
}

static bool begins(const char *text, const char *with)
{
    return strncasecmp(text, with, strlen(with)) == 0;
}

static bool run_failed_block(Double *self)
{
    Fault fault;
    fault_set(&fault, FAULT_IN_FAILED_SQL_TRANSACTION,
              "current transaction is aborted, commands ignored until end of transaction block");
    return answer_fault(self, &fault);
}

static bool run_select(Double *self, const char *text)
{
    long count;
    double seconds;
    Fault fault;
    if (strcmp(text, "SELECT 1") == 0)
        return answer_row(self, "?column?", 23, 4, (const char *[]){"1"}, 1);
    if (strcmp(text, "SELECT 1/0") == 0) {
        fault_set(&fault, FAULT_DIVISION_BY_ZERO, "division by zero");
        return answer_fault(self, &fault);
    }
    if (sscanf(text, "SELECT x FROM generate_series(1, %ld)", &count) == 1)
        return count > FROM_WORKERS ? run_on_workers(self, count, false) : run_series(self, count);
    if (sscanf(text, "SELECT pg_sleep(%lf)", &seconds) == 1)
        return run_sleep(self, seconds);
    if (highest_parameter(text) > 0)
        return run_parameters(self);
    if (begins(text, "SELECT double_crash"))
        _exit(7);
    if (begins(text, "SELECT double_worker_crash"))
        return run_on_workers(self, 1000000, true);
    if (begins(text, "SELECT double_state"))
        return run_state(self);
    if (sscanf(text, "SELECT double_wait_slots(%ld)", &count) == 1) {
        if (!want_workers(self))
            return false;
        bool slept = run_sleep(self, (double)count / 1000);
        release_workers(self, slept);
        return slept;
    }
    while (begins(text, "SELECT double_hang"))
        pause();
    fault_set_at(&fault, 7, FAULT_SYNTAX_ERROR, "syntax error at or near \"%s\"", text + 7);
    return answer_fault(self, &fault);
}

/* False: the request has failed and is over. */
static bool run_statement(Double *self, const char *text)
{
    if (begins(text, "COMMIT") || begins(text, "ROLLBACK")) {
        bool commits = begins(text, "COMMIT") && self->transaction != 'E';
        return answer_tag(self, commits ? "COMMIT" : "ROLLBACK", "I", NULL, NULL);
    }
    if (self->transaction == 'E')
        return run_failed_block(self);
    if (begins(text, "BEGIN"))
        return answer_tag(self, "BEGIN", "T", NULL, NULL);
    if (begins(text, "SET "))
        return run_set(self, text);
    if (begins(text, "RESET "))
        return answer_tag(self, "RESET", NULL, text + 6, NULL);
    if (begins(text, "SHOW "))
        return run_show(self, text + 5);
    if (begins(text, "DEALLOCATE "))
        return run_deallocate(self, text + 11);
    if (begins(text, "SELECT "))
        return run_select(self, text);
    Fault fault;
    fault_set_at(&fault, 0, FAULT_SYNTAX_ERROR, "syntax error at or near \"%s\"", text);
    return answer_fault(self, &fault);
}

static void run_text(Double *self)
{
    char *copy = strdup(self->text), *rest = copy, *text;
    bool any = false, ok = true;
    Buffer wire = BUFFER_EMPTY;
    while (ok && (text = strsep(&rest, ";")) != NULL) {
        text += strspn(text, " \n\t");
        for (size_t length = strlen(text); length > 0 && strchr(" \n\t", text[length - 1]) != NULL;)
            text[--length] = 0;
        if (*text == 0)
            continue;
        any = true;
        ok = run_statement(self, text);
    }
    free(copy);
    if (!ok)
        return;
    if (!any)
        pgwire_empty_query_response(&wire);
    respond_wire(self, &wire, false, true);
    buffer_clear(&wire);
}

static bool answers_parse(Double *self)
{
    const char *text = self->text;
    Fault fault;
    if (begins(text, "SELECT ") || begins(text, "SET ") || begins(text, "SHOW ") ||
        begins(text, "BEGIN") || begins(text, "COMMIT") || begins(text, "ROLLBACK") || *text == 0)
        return true;
    fault_set_at(&fault, 0, FAULT_SYNTAX_ERROR, "syntax error at or near \"%s\"", text);
    return answer_fault(self, &fault);
}

static void parse_text(Double *self)
{
    if (!answers_parse(self))
        return;
    Buffer types = BUFFER_EMPTY, description = BUFFER_EMPTY;
    int count = highest_parameter(self->text);
    for (int i = 0; i < count; i++)
        buffer_append(&types, &(uint32_t){25}, 4);
    if (begins(self->text, "SELECT ") && count > 0)
        put_description(&description, "text", 25, -1, count);
    else if (begins(self->text, "SELECT ") || begins(self->text, "SHOW "))
        put_description(&description, "?column?", 23, 4, 1);
    else
        pgwire_no_data(&description);
    FrameWriter writer;
    begin(self, &writer, FRAME_RESPONSE);
    frame_put_bytes(&writer, "parameter_types", types.data, types.length);
    frame_put_bytes(&writer, "row_description", description.data, description.length);
    frame_put_bool(&writer, "done", true);
    frame_end(&writer);
    flush_link(self->front);
    buffer_clear(&types);
    buffer_clear(&description);
}

static void serve_request(Double *self, const Frame *frame)
{
    Text text = frame_text(frame, "text"), parameters = frame_text(frame, "parameters");
    Text kind = frame_text(frame, "kind"), settings = frame_text(frame, "settings");
    Fault fault;
    interrupted = 0;
    self->query = frame_uint(frame, "query", 0);
    self->is_cancelled = false;
    self->transaction = frame_text(frame, "transaction").data[0];
    self->describes = frame_bool(frame, "row_description", false);
    free(self->text);
    self->text = strndup(text.data, text.length);
    buffer_reset(&self->parameters);
    buffer_append(&self->parameters, parameters.data, parameters.length);
    setting_defaults(&self->settings);
    check(setting_unpack(&self->settings, (const uint8_t *)settings.data, settings.length, &fault));
    if (text_equal_string(kind, "parse"))
        parse_text(self);
    else
        run_text(self);
}

int double_controller_main(const ChildContext *context)
{
    Double self = {.context = context, .front = link_new(context->front_fd)};
    struct sigaction action = {.sa_handler = on_interrupt};
    sigaction(SIGINT, &action, NULL);
    for (;;) {
        Frame frame;
        Fault fault;
        if (link_wait_frame(self.front, &frame, 1000, &fault)) {
            if (frame.kind == FRAME_REQUEST)
                serve_request(&self, &frame);
            continue;
        }
        struct pollfd ready = {.fd = link_fd(self.front), .events = POLLIN};
        if (poll(&ready, 1, 0) > 0 && !link_fill(self.front, &fault))
            break;
    }
    free(self.text);
    buffer_clear(&self.parameters);
    link_free(self.front);
    return 0;
}

/* ---------- the worker ---------- */

static uint64_t take_credit(Link *front, uint64_t query, int milliseconds)
{
    Frame frame;
    Fault fault;
    if (!link_wait_frame(front, &frame, milliseconds, &fault))
        return 0;
    bool ours = frame.kind == FRAME_RESULT_CREDIT && frame_uint(&frame, "query", 0) == query;
    return ours ? frame_uint(&frame, "bytes", 0) : 0;
}

static void do_work(Link *front, const Frame *order)
{
    uint64_t query = frame_uint(order, "query", 0), partition = frame_uint(order, "partition", 0);
    int64_t from = frame_int(order, "from", 1), to = frame_int(order, "to", 0);
    bool crash = frame_bool(order, "crash", false);
    Buffer rows = BUFFER_EMPTY;
    uint64_t credit = WINDOW, sent = 0, count = 0;
    for (int64_t i = from; i <= to; i++) {
        char value[32];
        int length = snprintf(value, sizeof value, "%lld", (long long)i);
        size_t mark = pgwire_data_row_begin(&rows, 1);
        pgwire_data_row_value(&rows, value, (uint32_t)length);
        pgwire_data_row_end(&rows, mark);
        count++;
        if (rows.length < 64 << 10 && i < to)
            continue;
        while (sent + rows.length > credit)
            credit += take_credit(front, query, 1000);
        put_rows_frame(front, query, partition, count, &rows);
        if (crash)
            _exit(8);
        sent += rows.length;
        count = 0;
        buffer_reset(&rows);
    }
    buffer_clear(&rows);
    put_end_frame(front, query, partition, (uint64_t)(to - from + 1));
}

static void serve_controller(Link *front, int fd)
{
    Link *controller = link_new(fd);
    Frame frame;
    Fault fault;
    if (link_wait_frame(controller, &frame, 5000, &fault) && frame.kind == FRAME_WORK_ORDER) {
        do_work(front, &frame);
        FrameWriter writer;
        frame_begin(&writer, link_out(controller), FRAME_STAGE_DONE);
        frame_end(&writer);
        flush_link(controller);
    }
    link_free(controller);
}

int double_worker_main(const ChildContext *context)
{
    char path[256];
    int listener;
    Fault fault;
    snprintf(path, sizeof path, "%s/worker-%d-%llu.sock", context->run_folder, context->number,
             (unsigned long long)context->generation);
    if (!os_socket_listen(path, &listener, &fault)) {
        log_fault(LOG_LEVEL_ERROR, "listening", &fault);
        return 1;
    }
    Link *front = link_new(context->front_fd);
    FrameWriter writer;
    frame_begin(&writer, link_out(front), FRAME_HELLO);
    frame_end(&writer);
    flush_link(front);
    for (;;) {
        struct pollfd ready[2] = {{.fd = listener, .events = POLLIN},
                                  {.fd = link_fd(front), .events = POLLIN}};
        poll(ready, 2, -1);
        int fd;
        if (ready[1].revents != 0) {
            Frame frame;
            bool has = true;
            if (!link_fill(front, &fault))
                break;
            while (has && link_next(front, &frame, &has, &fault))
                continue; /* late credit */
        }
        if (os_socket_accept(listener, &fd))
            serve_controller(front, fd);
    }
    link_free(front);
    os_close(listener);
    return 0;
}
