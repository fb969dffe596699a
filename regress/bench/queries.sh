# Queries: found, said in an engine's dialect, compared, timed. For run and floor, beside engines.sh;
# expects also
#
#     queries   where split.awk's files are      data      the folder that {data} stands for
#     results   the file of figures              engines   those that take part, talaria first

# record KIND CLASS QUERY ENGINE VALUE
record() { (IFS=$'\t'; echo "$*" >>"$results"); }

# query_of CLASS QUERY ENGINE: the file of the query as that engine says it; false when it cannot
query_of() {
    local from=$queries/$1/$2.$3.sql into=$queries/$1/$2.$3.said
    [ -f "$from" ] || from=$queries/$1/$2.any.sql
    grep -q '^skip:' "$from" && return 1
    [ -f "$into" ] || sed -f "$here/dialect/$3.sed" "$from" | sed "s|{data}|$data|g" >"$into"
    echo "$into"
}

# split_queries FILE...: into $queries, one file a query and engine, and the index of them all
split_queries() {
    local file
    for file in "$@"; do
        awk -v folder="$queries" -f "$here/split.awk" "$file"
    done >"$queries/index"
}

# fail_query CLASS QUERY ENGINE: says why, and leaves a hole in the tables
fail_query() {
    say "   $1/$2: $3: $answer"
    record error "$1" "$2" "$3" "$answer"
}

# generator_version: another one means other rows
generator_version() { cat "$here"/generate_* "$here"/dimensions/* | cksum; }

# --- comparing rows ---

# The rows of one engine in canonical form, sorted unless the query does that.
canonical_rows() {
    if tail -2 "$2" | grep -q 'ORDER BY'; then
        awk -f "$here/canonical.awk" "$1"
    else
        awk -f "$here/canonical.awk" "$1" | sort
    fi
}

# show_difference A B: the first of the rows that only one of the two has
show_difference() {
    diff "$scratch/$1.rows.canonical" "$scratch/$2.rows.canonical" | grep '^[<>]' |
        awk -v a="$1" -v b="$2" '/^</ && ++left <= 3 || /^>/ && ++right <= 3 {
            print "      " (/^</ ? a : b) ": " substr($0, 3, 200) }'
}

# compare_rows CLASS QUERY: every engine's rows against the first peer's. The first run of a
# query is this one, so that what is measured later is hot.
compare_rows() {
    local class=$1 query=$2 reference= engine file rows_file
    for engine in "${engines[@]:1}" "${engines[0]}"; do
        file=$(query_of "$class" "$query" "$engine") || continue
        rows_file=$scratch/$engine.rows
        if ! ask "$engine" rows "$file" "$rows_file"; then fail_query "$class" "$query" "$engine"; continue; fi
        canonical_rows "$rows_file" "$file" >"$rows_file.canonical"
        if [ -z "$reference" ]; then
            reference=$engine
        elif ! cmp -s "$scratch/$reference.rows.canonical" "$rows_file.canonical"; then
            say "   $class/$query: $engine and $reference give different rows:"
            show_difference "$reference" "$engine" >&2
            record different "$class" "$query" "$engine" "$reference"
        fi
    done
}

# compare_counts CLASS QUERY: the same for results that are too large to keep
compare_counts() {
    local class=$1 query=$2 engine file count reference=
    for engine in "${engines[@]}"; do
        file=$(query_of "$class" "$query" "$engine") || continue
        if ! ask "$engine" time "$file"; then fail_query "$class" "$query" "$engine"; continue; fi
        count=$(echo "$answer" | cut -d' ' -f2)
        # ClickHouse's driver does not count
        [ "$count" -gt 0 ] || continue
        if [ -n "$reference" ] && [ "$count" != "$reference" ]; then
            say "   $class/$query: $engine gives $count rows instead of $reference"
            record different "$class" "$query" "$engine" "$reference"
        fi
        reference=${reference:-$count}
    done
}

# compare_made CLASS QUERY: what a statement has made, by the query under its `-- verify`
compare_made() {
    local class=$1 query=$2 engine
    cp "$queries/$class/$query.verify.sql" "$queries/$class/$query-rows.any.sql"
    for engine in "${engines[@]}"; do
        query_of "$class" "$query" "$engine" >/dev/null ||
            echo "skip: not made" >"$queries/$class/$query-rows.$engine.sql"
    done
    compare_rows "$class" "$query-rows"
}

# --- measuring ---

# An engine that Talaria is not measured against in this class runs once, for the record.
runs_of() {
    case talaria,$2 in *"$1"*) echo "$3" ;; *) echo 1 ;; esac
}

# measure_times CLASS QUERY AGAINST RUNS: each engine in turn, RUNS times
measure_times() {
    local class=$1 query=$2 against=$3 count=$4 run engine file
    for run in $(seq "$count"); do
        for engine in "${engines[@]}"; do
            [ "$run" -le "$(runs_of "$engine" "$against" "$count")" ] || continue
            file=$(query_of "$class" "$query" "$engine") || continue
            if ask "$engine" time "$file"; then
                record time "$class" "$query" "$engine" "${answer%% *}"
            elif [ "$run" = 1 ]; then
                fail_query "$class" "$query" "$engine"
            fi
        done
    done
}

