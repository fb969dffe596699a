# Tables from a file of results: of one class (-v class=NAME -v title=TEXT), or the summary.
#
# A line is KIND, CLASS, QUERY, ENGINE, VALUE; times are microseconds, memory MB, disk bytes. Times are
# reported as medians; ratio is Talaria's median divided by the best median among the engines that the
# query is measured against; a class's ratio is the geometric mean over its queries.
BEGIN {
    FS = "\t"
    engine_count = split("talaria duckdb clickhouse postgres", engines, " ")
}

$1 == "query" && (class == "" || $2 == class) {
    if (!($2 in first_query))
        class_order[++class_count] = $2
    first_query[$2]
    queries[$2, ++query_count[$2]] = $3
    against[$2, $3] = $4
    target[$2, $3] = $5
}
$1 == "time" { times[$2, $3, $4, ++time_count[$2, $3, $4]] = $5; seen[$4] = 1 }
$1 == "p99" { has_tails[$2] = 1; tails[$2, $3, $4, ++tail_count[$2, $3, $4]] = $5 }
$1 == "different" { is_different[$2, $3] = 1; sub(/-rows$/, "", $3); is_different[$2, $3] = 1; differences++ }
$1 == "mix" || $1 == "mix_p50" || $1 == "mix_p99" || $1 == "memory" || $1 == "resident" || $1 == "disk" {
    value[$1, $2, $4] = $5
    seen[$4] = 1
}
$1 == "load" { load[$4] += $5 }

# The median of list[key, 1 .. n].
function median(list, key, n, sorted, i, j, x) {
    for (i = 1; i <= n; i++) {
        x = list[key, i] + 0
        for (j = i - 1; j >= 1 && sorted[j] > x; j--)
            sorted[j + 1] = sorted[j]
        sorted[j + 1] = x
    }
    return n % 2 ? sorted[(n + 1) / 2] : (sorted[n / 2] + sorted[n / 2 + 1]) / 2
}

# Microseconds as milliseconds with three digits or so; "-" when there are none.
function millis(micros) {
    if (micros == "")
        return "-"
    return sprintf(micros < 9995 ? "%.2f" : micros < 99950 ? "%.1f" : "%.0f", micros / 1000)
}

function median_of(c, q, engine, key) {
    key = c SUBSEP q SUBSEP engine
    return time_count[key] ? median(times, key, time_count[key]) : ""
}

function tail_of(c, q, engine, key) {
    key = c SUBSEP q SUBSEP engine
    return tail_count[key] ? median(tails, key, tail_count[key]) : ""
}

# Talaria's median / the best of those it is measured against; "" when either is missing.
function ratio_of(c, q, names, n, i, best, micros) {
    n = split(against[c, q], names, ",")
    best = ""
    for (i = 1; i <= n; i++) {
        micros = median_of(c, q, names[i])
        if (micros != "" && (best == "" || micros < best))
            best = micros
    }
    micros = median_of(c, q, "talaria")
    return micros == "" || best == "" || best == 0 ? "" : micros / best
}

function show(text) { return text == "" ? "-" : sprintf("%.2f", text) }

# Fills class_ratio, class_missing, class_target.
function sum_up(c, i, q, ratio, logs, n) {
    logs = n = class_missing[c] = 0
    for (i = 1; i <= query_count[c]; i++) {
        q = queries[c, i]
        ratio = ratio_of(c, q)
        if (ratio == "")
            class_missing[c]++
        else {
            logs += log(ratio)
            n++
        }
        class_target[c] = target[c, q]
    }
    class_ratio[c] = n ? exp(logs / n) : ""
}

function row(label, kind, c, format, e, line) {
    line = sprintf("%-38s", label)
    for (e = 1; e <= engine_count; e++)
        if (engines[e] in seen)
            line = line sprintf(" %12s", value[kind, c, engines[e]] == "" ? "-" : sprintf(format, value[kind, c, engines[e]]))
    print line
}

function print_class(c, i, e, q, line, ratio) {
    printf "\n== %s: %s (medians, ms)\n%-38s", c, title, "query"
    for (e = 1; e <= engine_count; e++)
        if (engines[e] in seen)
            printf " %12s", engines[e]
    print "        ratio   target"
    for (i = 1; i <= query_count[c]; i++) {
        q = queries[c, i]
        line = sprintf("%-38s", q)
        for (e = 1; e <= engine_count; e++)
            if (engines[e] in seen)
                line = line sprintf(" %12s", millis(median_of(c, q, engines[e])))
        ratio = ratio_of(c, q)
        printf "%s %12s %8s%s\n", line, show(ratio), target[c, q], (c, q) in is_different ? "  DIFFERENT ROWS" : ""
        if (has_tails[c])
            print_tails(c, q)
    }
    sum_up(c)
    printf "%-38s %*s %8s\n", "geometric mean", 13 * seen_count() + 12, show(class_ratio[c]), class_target[c]
    if (has_tails[c])
        print_mix(c)
    row("peak memory, MB (RSS, all processes)", "memory", c, "%d")
    row("memory afterwards, MB (PSS)", "resident", c, "%d")
}

function print_tails(c, q, e) {
    printf "%-38s", "    p99"
    for (e = 1; e <= engine_count; e++)
        if (engines[e] in seen)
            printf " %12s", millis(tail_of(c, q, engines[e]))
    print ""
}

function print_mix(c, postgres) {
    row("mix on 16 connections, queries/s", "mix", c, "%.0f")
    row("    p50, us", "mix_p50", c, "%d")
    row("    p99, us", "mix_p99", c, "%d")
    postgres = value["mix", c, "postgres"]
    if (postgres > 0 && ("mix", c, "talaria") in value)
        printf "%-38s %12s %12s\n", "    talaria / postgres", sprintf("%.1f", value["mix", c, "talaria"] / postgres), "target 10"
}

function seen_count(e, n) {
    n = 0
    for (e = 1; e <= engine_count; e++)
        n += engines[e] in seen
    return n
}

function print_summary(i, c) {
    printf "\n== Summary: %d rows, %d workers; ratio: Talaria's time / the best of the engines it is measured against\n", rows, workers
    printf "%-38s %12s %8s\n", "class", "ratio", "target"
    for (i = 1; i <= class_count; i++) {
        c = class_order[i]
        sum_up(c)
        printf "%-38s %12s %8s  %s%s\n", c, show(class_ratio[c]), class_target[c],
            class_ratio[c] == "" ? "" : class_ratio[c] <= class_target[c] ? "reached" : "not reached",
            class_missing[c] && class_ratio[c] != "" ? " (" class_missing[c] " of " query_count[c] " queries have no ratio)" : ""
    }
    printf "\n%-38s", ""
    for (i = 1; i <= engine_count; i++)
        if (engines[i] in seen)
            printf " %12s", engines[i]
    print ""
    row("bytes on disk, MB", "disk_mb", "-", "%d")
    row("loading, s", "load_s", "-", "%.1f")
    row("memory before anything, MB (PSS)", "resident", "rest", "%d")
    if (differences)
        printf "\n%d comparisons of rows failed\n", differences
}

END {
    for (i = 1; i <= engine_count; i++) {
        if (value["disk", "-", engines[i]] != "")
            value["disk_mb", "-", engines[i]] = value["disk", "-", engines[i]] / 1000000
        if (engines[i] in load)
            value["load_s", "-", engines[i]] = load[engines[i]] / 1000000
    }
    if (class != "")
        print_class(class)
    else
        print_summary()
}
