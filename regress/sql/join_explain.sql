-- The order of joins. The largest table streams; what filters another table is joined to it first
-- and held, wherever it stands in FROM.
REPLACE INTO order_lines OVERWRITE ALL SELECT n AS line, n % 2000 AS ord, n % 10 AS qty FROM generate_series(1, 60000) AS s(n) PARTITIONED BY ALL;
REPLACE INTO order_heads OVERWRITE ALL SELECT n AS ord, n % 200 AS cust FROM generate_series(0, 1999) AS s(n) PARTITIONED BY ALL;
REPLACE INTO order_customers OVERWRITE ALL SELECT n AS cust, 'name ' || n AS name FROM generate_series(0, 199) AS s(n) PARTITIONED BY ALL;
SET local_execution_rows = 0;
EXPLAIN SELECT SUM(l.qty) FROM order_heads h JOIN order_lines l ON l.ord = h.ord JOIN order_customers c ON c.cust = h.cust WHERE c.name = 'name 7';
SELECT SUM(l.qty) FROM order_heads h JOIN order_lines l ON l.ord = h.ord JOIN order_customers c ON c.cust = h.cust WHERE c.name = 'name 7';
-- without the filter too: one table of both is cheaper to ask than two
EXPLAIN SELECT COUNT(*) FROM order_customers c, order_lines l, order_heads h WHERE l.ord = h.ord AND c.cust = h.cust;
SELECT COUNT(*) FROM order_customers c, order_lines l, order_heads h WHERE l.ord = h.ord AND c.cust = h.cust;
-- only a product brings these together: it comes last
EXPLAIN SELECT COUNT(*) FROM order_customers a, order_lines l, order_heads h WHERE l.ord = h.ord AND a.cust < 3;
SELECT COUNT(*) FROM order_customers a, order_lines l, order_heads h WHERE l.ord = h.ord AND a.cust < 3;
-- a condition of three tables waits for the third
SELECT COUNT(*) FROM order_customers c, order_lines l, order_heads h WHERE l.ord = h.ord AND c.cust + h.ord = l.qty;
-- more tables than all trees are tried for
SELECT COUNT(*) FROM order_heads h0 JOIN order_heads h1 USING (ord) JOIN order_heads h2 USING (ord) JOIN order_heads h3 USING (ord) JOIN order_heads h4 USING (ord) JOIN order_heads h5 USING (ord) JOIN order_heads h6 USING (ord) JOIN order_heads h7 USING (ord) JOIN order_heads h8 USING (ord) JOIN order_heads h9 USING (ord) JOIN order_heads h10 USING (ord) JOIN order_heads h11 USING (ord);
-- a choice among one table's rows is made before the others are joined
EXPLAIN SELECT COUNT(*) FROM order_lines l JOIN order_heads h ON l.ord = h.ord WHERE h.cust IN (SELECT cust FROM order_customers WHERE name < 'name 2');
SELECT COUNT(*) FROM order_lines l JOIN order_heads h ON l.ord = h.ord WHERE h.cust IN (SELECT cust FROM order_customers WHERE name < 'name 2');
SELECT COUNT(*) FROM order_lines l JOIN order_heads h ON l.ord = h.ord WHERE NOT EXISTS (SELECT 1 FROM order_customers c WHERE c.cust = h.cust AND name < 'name 2');
-- a subquery's groups are made for the few keys that are asked for, which are read once
EXPLAIN SELECT COUNT(*) FROM order_lines l JOIN order_heads h ON l.ord = h.ord WHERE h.cust = 7 AND l.qty >= (SELECT AVG(qty) FROM order_lines x WHERE x.ord = h.ord);
SELECT COUNT(*) FROM order_lines l JOIN order_heads h ON l.ord = h.ord WHERE h.cust = 7 AND l.line > (SELECT AVG(line) FROM order_lines x WHERE x.ord = h.ord);
-- all of them are asked for: no detour
EXPLAIN SELECT COUNT(*) FROM order_heads h WHERE h.cust < (SELECT AVG(line) FROM order_lines x WHERE x.ord = h.ord);
SELECT COUNT(*) FROM order_heads h WHERE h.cust < (SELECT AVG(line) FROM order_lines x WHERE x.ord = h.ord);
-- rows without a partner stay
SELECT COUNT(*), COUNT(s) FROM order_heads h LEFT JOIN (SELECT ord, SUM(qty) AS s FROM order_lines WHERE ord % 2 = 0 GROUP BY ord) q ON q.ord = h.ord WHERE h.cust < 3;
DROP TABLE order_lines;
DROP TABLE order_heads;
DROP TABLE order_customers;
