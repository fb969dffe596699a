-- How window functions run: shared sorts, filters below, columns left out, one worker and two.
REPLACE INTO sales OVERWRITE ALL SELECT TIMESTAMP '2024-01-01 00:00:00' + i * INTERVAL '1 minute' AS __time, 'shop ' || (i % 7) AS shop, i % 13 AS item, i AS amount FROM generate_series(1, 5000) AS t(i) PARTITIONED BY ALL;
SET local_execution_rows = 0;
SET maxNumTasks = 3;
-- one sort for all of them, and no column that nobody asks for
EXPLAIN SELECT shop, row_number() OVER w, rank() OVER w, sum(amount) OVER (PARTITION BY shop), lag(amount) OVER (PARTITION BY shop ORDER BY item) FROM sales WINDOW w AS (PARTITION BY shop ORDER BY item, amount);
-- a filter over the partition sinks, one over the result does not
EXPLAIN SELECT * FROM (SELECT shop, amount, row_number() OVER (PARTITION BY shop ORDER BY amount) AS n FROM sales) AS q WHERE shop = 'shop 1' AND n <= 2;
EXPLAIN SELECT * FROM (SELECT item % 2 AS odd, sum(amount) OVER (PARTITION BY item % 2) AS s FROM sales) AS q WHERE odd = 1;
-- nobody looks at it
EXPLAIN SELECT shop FROM (SELECT shop, row_number() OVER (ORDER BY amount) AS n FROM sales) AS q;
-- different partitions, all rows, groups
EXPLAIN SELECT shop, sum(amount) OVER (PARTITION BY shop, item), sum(amount) OVER (PARTITION BY item), sum(amount) OVER (ORDER BY amount ROWS 3 PRECEDING EXCLUDE CURRENT ROW), count(*) OVER () FROM sales;
EXPLAIN SELECT shop, sum(sum(amount)) OVER (ORDER BY shop RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING), count(*) FILTER (WHERE shop > 'shop 3') OVER () FROM sales GROUP BY shop;
SET maxNumTasks = 2;
EXPLAIN SELECT shop, sum(amount) OVER (PARTITION BY shop ORDER BY item RANGE 1 PRECEDING) FROM sales;
