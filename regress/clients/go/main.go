// pgx: binary parameters by ParameterDescription, batches, statement cache, errors, cancel.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/jackc/pgconn"
	"github.com/jackc/pgx/v4"
	"github.com/jackc/pgx/v4/pgxpool"
)

var passed, failed int

func check(name string, got interface{}, err error, want string) {
	text, _ := json.Marshal(got)
	if err != nil {
		text = []byte(err.Error())
	}
	if string(text) == want {
		passed++
		fmt.Println("ok       clients/pgx/" + name)
		return
	}
	failed++
	fmt.Printf("not ok   clients/pgx/%s\n    got  %s\n    want %s\n", name, text, want)
}

func rows(ctx context.Context, c *pgx.Conn, sql string, arguments ...interface{}) ([][]interface{}, error) {
	all := [][]interface{}{}
	result, err := c.Query(ctx, sql, arguments...)
	if err != nil {
		return nil, err
	}
	defer result.Close()
	for result.Next() {
		values, err := result.Values()
		if err != nil {
			return nil, err
		}
		all = append(all, values)
	}
	return all, result.Err()
}

func code(err error) string {
	if e, ok := err.(*pgconn.PgError); ok {
		return e.Code
	}
	return fmt.Sprint(err)
}

func connect(ctx context.Context, options string) *pgx.Conn {
	c, err := pgx.Connect(ctx, fmt.Sprintf("host=%s port=%s user=%s dbname=%s sslmode=disable %s", os.Getenv("PGHOST_TCP"),
		os.Getenv("PGPORT"), os.Getenv("PGUSER"), os.Getenv("PGDATABASE"), options))
	if err != nil {
		fmt.Println("not ok   clients/pgx/connect", err)
		fmt.Println("0 passed, 1 failed")
		os.Exit(1)
	}
	return c
}

func main() {
	ctx := context.Background()
	for _, mode := range []string{"statement_cache_mode=prepare", "statement_cache_mode=describe", "prefer_simple_protocol=true"} {
		c := connect(ctx, mode)
		name := mode[len(mode)-4:]
		got, err := rows(ctx, c, `SELECT channel, page, "user", added, ratio, big FROM edits WHERE added > $1 AND channel <> $2 ORDER BY __time`, -100, "fr")
		check("rows_"+name, got, err, `[["en","Main Page","ann",3,0.75,false],["de","Käse","bob",10,2.5,true],["en",null,"o'neil",-7,-1.75,false]]`)
		got, err = rows(ctx, c, "SELECT added FROM edits WHERE __time >= $1 ORDER BY 1 LIMIT $2 OFFSET $3",
			time.Date(2015, 9, 12, 0, 0, 0, 0, time.UTC), 2, 1)
		check("limit_"+name, got, err, "[[3],[10]]")
		got, err = rows(ctx, c, "SELECT count(*) FROM edits WHERE channel LIKE $1 AND ratio < $2 AND big = $3", "e%", 1.5, false)
		check("filters_"+name, got, err, "[[2]]")
		got, err = rows(ctx, c, "SELECT $1::int + 1, $2::text || '!', $3::float8, $4::bool, $5::date::text", 41, "x", 2.5, true,
			time.Date(2020, 2, 29, 0, 0, 0, 0, time.UTC))
		check("values_"+name, got, err, `[[42,"x!",2.5,true,"2020-02-29"]]`)
		c.Close(ctx)
	}
	c := connect(ctx, "")
	got, err := rows(ctx, c, "SELECT added FROM edits WHERE added = ANY($1) ORDER BY 1", []int64{3, 10})
	check("any", got, err, "[[3],[10]]")
	var texts []string
	var bytes []byte
	var document map[string]int
	err = c.QueryRow(ctx, "SELECT $1::text[], $2::bytea, $3::jsonb", []string{"a", "c,d"}, []byte{0, 255}, map[string]int{"k": 1}).Scan(&texts, &bytes, &document)
	check("scanned", []interface{}{texts, bytes, document}, err, `[["a","c,d"],"AP8=",{"k":1}]`)
	var kind string
	var oid uint32
	var when time.Time
	err = c.QueryRow(ctx, `SELECT relkind::text, oid, TIMESTAMPTZ '2020-01-01 00:00:00+00' FROM pg_class WHERE relname = $1`, "pg_type").Scan(&kind, &oid, &when)
	check("catalog", []interface{}{kind, oid, when.UTC()}, err, `["r",1247,"2020-01-01T00:00:00Z"]`)

	batch := &pgx.Batch{}
	for i := 0; i < 100; i++ {
		batch.Queue("SELECT $1::int * 2", i)
	}
	results, sum := c.SendBatch(ctx, batch), 0
	for i := 0; i < 100; i++ {
		n := 0
		if err = results.QueryRow().Scan(&n); err != nil {
			break
		}
		sum += n
	}
	results.Close()
	check("batch", sum, err, "9900")

	_, err = rows(ctx, c, "SELECT * FROM nowhere")
	codes := []string{code(err)}
	_, err = rows(ctx, c, "SELECT 1/$1::int", 0)
	codes = append(codes, code(err))
	_, err = rows(ctx, c, "SELECT $1 IS NULL", 1)
	codes = append(codes, code(err))
	check("errors", codes, nil, `["42P01","22012","42P18"]`)

	tx, err := c.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.Serializable, AccessMode: pgx.ReadOnly})
	level := ""
	if err == nil {
		err = tx.QueryRow(ctx, "SHOW transaction_isolation").Scan(&level)
	}
	check("isolation", level, err, `"serializable"`)
	nested, _ := tx.Begin(ctx)
	_, err = nested.Exec(ctx, "SELECT 1/0")
	nested.Rollback(ctx)
	n := 0
	err = tx.QueryRow(ctx, "SELECT 7").Scan(&n)
	check("savepoint", n, err, "7")
	tx.Rollback(ctx)

	hasty, stop := context.WithTimeout(ctx, 300*time.Millisecond)
	_, err = c.Exec(hasty, "SELECT pg_sleep(20)")
	stop()
	check("deadline", err != nil, nil, "true")
	c = connect(ctx, "statement_timeout=200")
	_, err = c.Exec(ctx, "SELECT pg_sleep(20)")
	check("timeout", code(err), nil, `"57014"`)
	c.Close(ctx)

	pool, err := pgxpool.Connect(ctx, fmt.Sprintf("host=%s port=%s user=%s dbname=%s sslmode=disable pool_max_conns=8", os.Getenv("PGHOST_TCP"),
		os.Getenv("PGPORT"), os.Getenv("PGUSER"), os.Getenv("PGDATABASE")))
	total := make(chan int)
	for i := 0; i < 40 && err == nil; i++ {
		go func(i int) {
			n := 0
			pool.QueryRow(ctx, "SELECT $1::int", i).Scan(&n)
			total <- n
		}(i)
	}
	sum = 0
	for i := 0; i < 40 && err == nil; i++ {
		sum += <-total
	}
	check("pool", sum, err, "780")
	fmt.Printf("%d passed, %d failed\n", passed, failed)
	if failed > 0 {
		os.Exit(1)
	}
}
