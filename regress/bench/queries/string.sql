-- String work over pages and long comments.
-- target: 0.5

-- query: like-in-comments
SELECT COUNT(*), SUM(added) FROM wiki WHERE comment LIKE '%election%'

-- query: like-two-words
SELECT channel, COUNT(*) FROM wiki WHERE comment LIKE '%football%season%' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10

-- query: prefix
SELECT COUNT(*), SUM(delta) FROM wiki WHERE page LIKE 'Category:%'

-- query: page-like-and-top
SELECT page, COUNT(*) FROM wiki WHERE page LIKE '%Wimbledon%' GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20

-- query: lengths
SELECT SUM(LENGTH(comment)), MAX(LENGTH(page)), AVG(LENGTH("user")) FROM wiki

-- query: substring-groups
SELECT SUBSTRING(page, 1, 3) AS start, COUNT(*), SUM(added) FROM wiki GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20

-- query: lower
SELECT COUNT(*) FROM wiki WHERE LOWER(comment) LIKE '%awb%'

-- query: lower-groups
SELECT LOWER(namespace) AS n, COUNT(*), MAX(LENGTH(comment)) FROM wiki GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20
