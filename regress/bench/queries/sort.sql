-- Sort and top-N rows.
-- target: 1.0

-- query: latest
SELECT __time, channel, page, "user", comment, added, deleted FROM wiki ORDER BY __time DESC LIMIT 10

-- query: latest-of-a-channel
SELECT * FROM wiki WHERE channel = '#ja.wikipedia' ORDER BY __time DESC LIMIT 20

-- query: largest
SELECT added, __time, channel, page, "user", comment FROM wiki ORDER BY added DESC, __time LIMIT 10

-- query: largest-wide
SELECT * FROM wiki ORDER BY deleted DESC, __time LIMIT 100

-- query: by-strings
SELECT "user", page, __time FROM wiki ORDER BY "user" DESC, page, __time LIMIT 20

-- query: sort-a-day
SELECT __time, channel, "user", added FROM wiki
WHERE __time >= TIMESTAMP '2015-09-10 00:00:00' AND __time < TIMESTAMP '2015-09-11 00:00:00'
ORDER BY added DESC, __time

-- query: deep
SELECT __time, added, delta FROM wiki ORDER BY delta, __time LIMIT 10 OFFSET 2000000
