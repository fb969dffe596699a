# The engines of the benchmark, for run and floor: each is started, asked, measured and stopped in the
# same way. Sourced; expects these variables:
#
#     here     this folder          build    where talaria and its tools were built
#     files    what may be kept     scratch  what is removed at the end (sockets, pipes, logs)
#     workers  cores of each engine
#
# An engine is a driver process that answers commands (README.md has the table), and for talaria and
# postgres also a server. `server_of` holds the process whose tree is the engine: its memory counts.

declare -A to from driver_of server_of home_of command_of
patience=${PATIENCE:-120} # seconds that an answer may take

say() { echo "$*" >&2; }
note() { say "-- $*"; }

# --- drivers ---

# start_driver ENGINE COMMAND...: true when the driver has said that it is ready
start_driver() {
    local engine=$1 in=$scratch/$1.in out=$scratch/$1.out handle answer
    shift
    rm -f "$in" "$out"
    mkfifo "$in" "$out"
    command_of[$engine]=$(printf '%q ' "$@")
    (cd "$files/peers" && exec "$@" <"$in" >"$out" 2>>"$scratch/$engine.log") &
    driver_of[$engine]=$!
    exec {handle}<>"$in"
    to[$engine]=$handle
    exec {handle}<>"$out"
    from[$engine]=$handle
    await_answer "$engine" 30
    case $answer in ok*) return 0 ;; esac
    say "$engine: $answer $(tail -3 "$scratch/$engine.log")"
    return 1
}

# await_answer ENGINE SECONDS: the next line into $answer, or an error there
await_answer() {
    local deadline=$((SECONDS + $2))
    while ! read -r -t 2 -u "${from[$1]}" answer; do
        if ! kill -0 "${driver_of[$1]}" 2>/dev/null; then
            answer="error the driver has ended: $(tail -1 "$scratch/$1.log")"
            return
        elif [ $SECONDS -gt $deadline ]; then
            answer="error no answer in $2 s"
            return
        fi
    done
}

# ask ENGINE COMMAND...: the answer's words into $answer; false (and the error there) when it failed.
# A driver that gives no answer in time is started again: a late answer would be taken for the next one's.
ask() {
    local engine=$1 error
    shift
    echo "$*" >&"${to[$engine]}"
    await_answer "$engine" "$patience"
    case $answer in
    ok*) answer=${answer#ok}; answer=${answer# }; return 0 ;;
    *"no answer in"* | *"driver has ended"*) error=$answer; restart_driver "$engine"; answer=$error ;;
    esac
    answer=${answer#error }
    return 1
}

restart_driver() {
    local engine=$1
    kill -9 "${driver_of[$engine]}" 2>/dev/null
    wait "${driver_of[$engine]}" 2>/dev/null
    [ "${server_of[$engine]}" = "${driver_of[$engine]}" ] && server_of[$engine]=
    eval "start_driver $engine ${command_of[$engine]}"
    server_of[$engine]=${server_of[$engine]:-${driver_of[$engine]}}
}

# --- processes, memory, disk ---

# The processes of a tree, its root first.
tree() {
    local child
    echo "$1"
    for child in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do tree "$child"; done
}

# reset_memory ENGINE: peaks start again from what is resident now
reset_memory() {
    local process
    for process in $(tree "${server_of[$1]}"); do echo 5 2>/dev/null >"/proc/$process/clear_refs"; done
}

# peak_memory ENGINE: MB, the sum of the peaks of its processes. Pages that several processes share
# (mapped segments, shared buffers) count in each, so that this is a ceiling.
peak_memory() {
    tree "${server_of[$1]}" | while read -r process; do cat "/proc/$process/status" 2>/dev/null; done |
        awk '/^VmHWM:/ { sum += $2 } END { printf "%d\n", sum / 1024 }'
}

# resident_memory ENGINE: MB now, shared pages divided among those who share them
resident_memory() {
    tree "${server_of[$1]}" | while read -r process; do cat "/proc/$process/smaps_rollup" 2>/dev/null; done |
        awk '/^Pss:/ { sum += $2 } END { printf "%d\n", sum / 1024 }'
}

# disk_size ENGINE: bytes of its folder, without PostgreSQL's log of writes. ClickHouse is asked: its folder
# keeps parts that a merge has replaced for some minutes.
disk_size() {
    if [ "$1" = clickhouse ]; then
        echo "SELECT sum(bytes_on_disk) FROM system.parts WHERE active" >"$scratch/size.sql"
        ask clickhouse rows "$scratch/size.sql" "$scratch/size" && cat "$scratch/size"
    else
        du -sb --exclude=pg_wal "${home_of[$1]}" | cut -f1
    fi
}

# --- talaria ---

# With $keeps_home its tables stay from one start to the next; $talaria_options are more words of its
# command line.
start_talaria() {
    local home=${home_of[talaria]} attempt
    if [ ! -x "$build/talaria" ]; then say "skipped: talaria is not built in $build"; return 1; fi
    [ -n "${keeps_home:-}" ] || rm -rf "$home"
    mkdir -p "$home"
    : >"$scratch/talaria.ready"
    "$build/talaria" --data "$home" --port 5442 --socket-dir "$scratch" --workers "$workers" \
        -c listen_addresses= ${talaria_options:-} >"$scratch/talaria.ready" 2>"$scratch/talaria-server.log" </dev/null &
    server_of[talaria]=$!
    for attempt in $(seq 200); do
        grep -q ready "$scratch/talaria.ready" && break
        if ! kill -0 "${server_of[talaria]}" 2>/dev/null; then
            say "skipped: talaria does not start: $(tail -3 "$scratch/talaria-server.log")"
            return 1
        fi
        sleep 0.1
    done
    start_driver talaria "$build/talaria-bench-client" "$scratch" 5442
}

stop_talaria() {
    kill "${server_of[talaria]}" 2>/dev/null
    wait "${server_of[talaria]}" 2>/dev/null
    [ -n "${keeps_home:-}" ] || rm -rf "${home_of[talaria]}"
}

# --- postgres ---

# PostgreSQL refuses to run as root: then as its package's user, or as nobody.
unprivileged() {
    local user=nobody
    if [ "$(id -u)" != 0 ]; then "$@"; return; fi
    getent passwd postgres >/dev/null && user=postgres
    setpriv --reuid="$user" --regid="$(id -g "$user")" --clear-groups "$@"
}

# What PostgreSQL's documentation advises for analytics on a machine of its own (chapters 20.4 resource
# consumption, 14.4 populating a database): a quarter of memory for shared buffers, the rest expected in
# the system's cache, memory for sorts and hashes, parallel workers, no log of writes for a table that is
# filled in the transaction that makes it.
postgres_settings() {
    local memory
    memory=$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)
    cat <<EOF
listen_addresses = ''
unix_socket_directories = '$scratch/postgres'
port = 5432
shared_buffers = $((memory / 4))MB
effective_cache_size = $((memory * 3 / 4))MB
work_mem = $((memory / 64))MB
maintenance_work_mem = $((memory / 16))MB
max_worker_processes = 8
max_parallel_workers = $workers
max_parallel_workers_per_gather = $workers
max_parallel_maintenance_workers = $workers
random_page_cost = 1.1
effective_io_concurrency = 200
wal_level = minimal
max_wal_senders = 0
max_wal_size = 16GB
checkpoint_timeout = 30min
timezone = 'UTC'
EOF
}

start_postgres() {
    local home=${home_of[postgres]}
    local bin=${PGBIN:-/usr/lib/postgresql/15/bin}
    if [ ! -x "$bin/postgres" ]; then say "skipped: postgres (no $bin; apt-get install postgresql-15)"; return 1; fi
    mkdir -p "$home" "$scratch/postgres"
    [ "$(id -u)" = 0 ] && chown "$(unprivileged id -u)" "$home" "$scratch/postgres"
    if [ ! -f "$home/PG_VERSION" ] &&
        ! (cd / && unprivileged "$bin/initdb" -D "$home" -U bench -A trust -E UTF8 --locale=C.UTF-8) >"$scratch/initdb.log" 2>&1; then
        say "skipped: postgres (initdb: $(tail -2 "$scratch/initdb.log"))"
        return 1
    fi
    postgres_settings | (cd / && unprivileged tee "$home/postgresql.auto.conf" >/dev/null)
    if ! (cd / && unprivileged "$bin/pg_ctl" -D "$home" -w -t 120 -s start >"$scratch/postgres.log" 2>&1 </dev/null); then
        say "skipped: postgres (it does not start: $(tail -2 "$scratch/postgres.log"))"
        return 1
    fi
    server_of[postgres]=$(head -1 "$home/postmaster.pid")
    start_driver postgres "$build/talaria-bench-client" "$scratch/postgres" 5432
}

stop_postgres() {
    (cd / && unprivileged "${PGBIN:-/usr/lib/postgresql/15/bin}/pg_ctl" -D "${home_of[postgres]}" -w -s -m fast stop)
}

# --- duckdb and clickhouse, in process ---

# start_package ENGINE PACKAGE: the npm package of that version, and its driver
start_package() {
    local engine=$1 package=$2 home=${home_of[$1]}
    if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
        say "skipped: $engine (its driver needs node and npm)"
        return 1
    fi
    if ! grep -qs "$package" "$files/peers/installed"; then
        note "$engine: npm install $package"
        if ! (cd "$files/peers" && { [ -f package.json ] || echo '{"private": true}' >package.json; } &&
            npm install --no-audit --no-fund --loglevel=error "$package") >"$scratch/npm.log" 2>&1; then
            say "skipped: $engine (npm cannot install $package: $(tail -2 "$scratch/npm.log"))"
            return 1
        fi
        echo "$package" >>"$files/peers/installed"
    fi
    mkdir -p "$home"
    start_driver "$engine" node "$here/driver_$engine.mjs" "$home" "$workers" || return 1
    server_of[$engine]=${driver_of[$engine]}
}

start_duckdb() { start_package duckdb "@duckdb/node-api@${DUCKDB_VERSION:-1.5.6-r.1}"; }
start_clickhouse() { start_package clickhouse "chdb@${CHDB_VERSION:-3.4.0}"; }
stop_duckdb() { :; }
stop_clickhouse() { :; }

# --- all ---

start_engine() { "start_$1"; }

stop_engine() {
    local engine=$1
    if [ -n "${driver_of[$engine]:-}" ]; then
        echo quit >&"${to[$engine]}"
        for _ in $(seq 100); do kill -0 "${driver_of[$engine]}" 2>/dev/null || break; sleep 0.1; done
        kill "${driver_of[$engine]}" 2>/dev/null
    fi
    [ -n "${server_of[$engine]:-}" ] && "stop_$engine"
    unset "driver_of[$engine]" "server_of[$engine]"
}
