-- Result streaming to a client that discards, through the wire.
-- target: 0.25
-- against: postgres
-- check: count
-- runs: 3

-- query: ten-columns
SELECT __time, channel, namespace, page, "user", comment, "isRobot", added, deleted, delta FROM wiki

-- query: ten-numbers
SELECT added, deleted, delta, "commentLength", added + 1 AS a, deleted + 1 AS b, delta + 1 AS c, "commentLength" + 1 AS d,
       added + deleted AS e, added + delta AS f FROM wiki

-- query: all-columns-of-three-days
SELECT * FROM wiki WHERE __time >= TIMESTAMP '2015-09-10 00:00:00' AND __time < TIMESTAMP '2015-09-13 00:00:00'

-- query: people-only
SELECT __time, channel, page, "user", added FROM wiki WHERE "isRobot" = 'false'
