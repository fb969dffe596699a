-- Scans with filters and totals on numbers.
-- target: 0.8

-- query: totals
SELECT COUNT(*), SUM(added), SUM(deleted), MIN(delta), MAX(delta) FROM wiki

-- query: one-filter
SELECT COUNT(*), SUM(added) FROM wiki WHERE deleted > 20

-- query: ranges
SELECT COUNT(*), SUM(delta), AVG("commentLength") FROM wiki
WHERE added BETWEEN 50 AND 500 AND deleted < 100 AND "commentLength" > 30

-- query: expressions
SELECT SUM(added + deleted), SUM(delta * delta), MAX(added - 2 * deleted), AVG("commentLength" + delta) FROM wiki

-- query: flag-and-number
SELECT COUNT(*), SUM(added), MIN(added), MAX(added) FROM wiki WHERE "isRobot" = 'true' AND added > 200

-- query: disjunction
SELECT COUNT(*), SUM("commentLength") FROM wiki WHERE added > 1500 OR deleted > 500 OR delta = 0

-- query: double
SELECT COUNT(*), SUM("deltaBucket"), MIN("deltaBucket"), MAX("deltaBucket") FROM wiki WHERE "deltaBucket" <> 0
