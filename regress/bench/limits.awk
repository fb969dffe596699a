# One verdict of ./limits (-v what=workers|rows|stage|rest, -v class=NAME) from its file of results:
# KIND, CLASS, QUERY, NAME, VALUE, where NAME is `one` and `two` (workers, all rows) or `tenth` (two
# workers, a tenth of the rows), and times are microseconds. Medians are compared.
$1 == "time" && $2 == (what == "stage" ? "stage" : class) {
    list[$3, $4, ++count[$3, $4]] = $5
    if (!($3 in seen)) {
        seen[$3] = 1
        queries[++query_count] = $3
    }
}
$1 == "rest" && what == "rest" {
    verdict($5 <= 60, sprintf("memory at rest, %s: %d MB, at most 60 wanted",
        $2 == "start" ? "just started" : "a minute after work", $5))
    judged = 1
}

function median(query, name, n, i, j, x, sorted) {
    n = count[query, name]
    for (i = 1; i <= n; i++) {
        x = list[query, name, i] + 0
        for (j = i - 1; j >= 1 && sorted[j] > x; j--)
            sorted[j + 1] = sorted[j]
        sorted[j + 1] = x
    }
    return n == 0 ? "" : n % 2 ? sorted[(n + 1) / 2] : (sorted[n / 2] + sorted[n / 2 + 1]) / 2
}

function verdict(is_good, text) { print (is_good ? "PASS" : "FAIL") "  " text }

# The ratios over / under of the class's queries: mean, and the one that is the least or the most.
function compare(over, under, least, i, a, b, ratio, logs) {
    compared = logs = 0
    for (i = 1; i <= query_count; i++) {
        a = median(queries[i], over)
        b = median(queries[i], under)
        if (a == "" || b == "" || b == 0)
            continue
        ratio = a / b
        logs += log(ratio)
        if (++compared == 1 || (least ? ratio < worst : ratio > worst)) {
            worst = ratio
            worst_query = queries[i]
        }
    }
    mean = compared ? exp(logs / compared) : ""
}

END {
    if (what == "workers") {
        compare("one", "two", 1)
        judged = compared
        if (judged)
            verdict(mean >= 1.7, sprintf("two workers, %s: %.2f times as fast as one, at least 1.7 wanted (least: %s, %.2f)",
                class, mean, worst_query, worst))
    } else if (what == "rows") {
        compare("two", "tenth", 0)
        judged = compared
        if (judged)
            verdict(mean <= 11, sprintf("ten times the rows, %s: %.1f times as long, at most 11 wanted (most: %s, %.1f)",
                class, mean, worst_query, worst))
    } else if (what == "stage" && count["joined-0", "two"] && count["joined-8", "two"]) {
        judged = 1
        each = (median("joined-8", "two") - median("joined-0", "two")) / 8000
        verdict(each <= 0.5, sprintf("one stage more: %.2f ms, at most 0.5 wanted", each))
    }
    if (!judged)
        verdict(0, what " " class ": not measured")
}
