\set n random(1, 1000)
\startpipeline
SELECT :n::int + 1;
SELECT count(*) FROM edits WHERE added <= :n;
SELECT 1;
\endpipeline
