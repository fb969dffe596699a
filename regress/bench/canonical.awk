# Rows of any engine in one form, so that they can be compared: null is an empty field (ClickHouse keeps
# '' for it), booleans are words, times lose their zone (all are UTC) and a fraction's closing zeros, and
# doubles have nine digits.
BEGIN { FS = OFS = "\t" }
{
    for (i = 1; i <= NF; i++)
        if ($i == "\\N")
            $i = ""
        else if ($i == "t")
            $i = "true"
        else if ($i == "f")
            $i = "false"
        else if ($i ~ /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9] [0-9][0-9]:[0-9][0-9]:[0-9][0-9](\.[0-9]+)?(\+00)?$/) {
            sub(/\+00$/, "", $i)
            if ($i ~ /\./)
                sub(/\.?0*$/, "", $i)
        }
        else if ($i ~ /^-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?$/ && $i ~ /[.eE]/)
            $i = sprintf("%.9g", $i)
    print
}
