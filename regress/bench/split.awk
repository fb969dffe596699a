# Splits queries/CLASS.sql into FOLDER/CLASS/QUERY.ENGINE.sql, and prints a line for each query:
#
#     CLASS QUERY TARGET AGAINST MEASURE CHECK RUNS          (AGAINST joined by commas, RUNS 0: as asked)
#
# A class opens with its description; `-- key: value` before the first query holds for all of them,
# after it for that query. A query is in Talaria's SQL; `-- ENGINE` alone on a line starts how that
# engine says it when its dialect does not suffice. `-- verify` starts the query that tells what a
# statement has done (its rows are compared then).
function finish() {
    if (query == "")
        return
    print class, query, value["target"], value["against"], value["measure"], value["check"], value["runs"]
    for (engine in text) {
        path = folder "/" class "/" query "." engine ".sql"
        printf "%s", text[engine] > path
        close(path)
    }
    delete text
    for (key in of_class)
        value[key] = of_class[key]
}

BEGIN {
    of_class["target"] = 1
    of_class["against"] = "duckdb,clickhouse"
    of_class["measure"] = "time"
    of_class["check"] = "rows"
    of_class["runs"] = 0
    for (key in of_class)
        value[key] = of_class[key]
}

FNR == 1 {
    class = FILENAME
    sub(/.*\//, "", class)
    sub(/\.sql$/, "", class)
    system("mkdir -p '" folder "/" class "'")
}

/^-- query: / {
    finish()
    query = $3
    engine = "any"
    next
}

/^-- (target|against|measure|check|runs): / {
    key = substr($2, 1, length($2) - 1)
    words = $3
    for (i = 4; i <= NF; i++)
        words = words "," $i
    value[key] = words
    if (query == "")
        of_class[key] = words
    next
}

/^-- (talaria|duckdb|clickhouse|postgres|verify)$/ { engine = $2; next }
/^--/ || /^$/ { next }
{ text[engine] = text[engine] $0 "\n" }

END { finish() }
