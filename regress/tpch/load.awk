# tables.txt -> the statements that make and fill the tables: -v engine=talaria|postgres -v folder=F
{
    count = split($0, columns, ",");
    sub(/^[^ ]+ /, "", columns[1]);
    names = types = casts = plain = "";
    for (i = 1; i <= count; i++) {
        split(columns[i], part, " ");
        type = part[2]; sub(";", ",", type);
        plain = plain (i > 1 ? "," : "") sprintf("{\"name\":\"%s\",\"type\":\"%s\"}", part[1], type == "bigint" ? "long" : "string");
        names = names (i > 1 ? "," : "") sprintf("\"%s\"", part[1]);
        types = types (i > 1 ? "," : "") part[1] " " type;
        casts = casts (i > 1 ? "," : "") (type ~ /decimal|date/ ? sprintf("CAST(%s AS %s) AS %s", part[1], type, part[1]) : part[1]);
    }
    if (engine == "postgres") {
        printf "CREATE TABLE %s (%s);\n\\copy %s from '%s/%s.csv' csv\n", $1, types, $1, folder, $1;
    } else {
        printf "REPLACE INTO %s OVERWRITE ALL SELECT %s FROM TABLE(EXTERN('{\"type\":\"local\",\"files\":[\"%s/%s.csv\"]}',", $1, casts, folder, $1;
        printf "'{\"type\":\"csv\",\"columns\":[%s]}','[%s]')) PARTITIONED BY ALL;\n", names, plain;
    }
}
