\set least random(-10, 5)
SELECT channel, count(*), sum(added) FROM edits WHERE added > :least GROUP BY channel ORDER BY 1;
SELECT :least + 1 AS next \gset
SELECT page FROM edits WHERE "user" = 'ann';
SELECT CASE WHEN :next = :least + 1 THEN 1 ELSE 1 / 0 END;
