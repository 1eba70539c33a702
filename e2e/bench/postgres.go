package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// postgresVariable names the address of a PostgreSQL server of our own, as
// tools/with-postgres gives it, for scenarios that need one.
const postgresVariable = "KURIR_POSTGRES"

// newDatabase makes an empty database and returns its address.
func newDatabase(ctx context.Context) (string, error) {
	name := fmt.Sprintf("bench%d", time.Now().UnixNano())
	if _, err := askPostgres(ctx, os.Getenv(postgresVariable), "CREATE DATABASE "+name); err != nil {
		return "", fmt.Errorf("make a database: %w", err)
	}
	u, err := url.Parse(os.Getenv(postgresVariable))
	if err != nil {
		return "", err
	}
	u.Path = "/" + name
	return u.String(), nil
}

// dropDatabase removes it again.
func dropDatabase(address string) {
	u, err := url.Parse(address)
	if err == nil {
		_, _ = askPostgres(context.Background(), os.Getenv(postgresVariable), "DROP DATABASE IF EXISTS "+strings.TrimPrefix(u.Path, "/")+" WITH (FORCE)")
	}
}

// askPostgres runs one statement and returns the first column of its first row.
func askPostgres(ctx context.Context, address, text string) (string, error) {
	conn, err := pgconn.Connect(ctx, address)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	results, err := conn.Exec(ctx, text).ReadAll()
	if err != nil {
		return "", err
	}
	if len(results) == 0 || len(results[0].Rows) == 0 || len(results[0].Rows[0]) == 0 {
		return "", nil
	}
	return string(results[0].Rows[0][0]), nil
}

// postgresUsage is what the server has used so far.
type postgresUsage struct {
	cpu  time.Duration // of all its processes that live
	wal  int64         // octets of its log
	size int64         // octets of the database
}

func usageOfPostgres(ctx context.Context, address string) (u postgresUsage, err error) {
	for text, to := range map[string]*int64{
		"SELECT pg_current_wal_lsn() - '0/0'":         &u.wal,
		"SELECT pg_database_size(current_database())": &u.size,
	} {
		answer, err := askPostgres(ctx, address, text)
		if err == nil {
			*to, err = strconv.ParseInt(answer, 10, 64)
		}
		if err != nil {
			return u, fmt.Errorf("ask the database: %w", err)
		}
	}
	dir, err := askPostgres(ctx, address, "SELECT current_setting('data_directory')")
	if err != nil {
		return u, err
	}
	file, err := os.ReadFile(filepath.Join(dir, "postmaster.pid"))
	if err != nil {
		return u, err
	}
	postmaster, err := strconv.Atoi(strings.TrimSpace(strings.SplitN(string(file), "\n", 2)[0]))
	if err != nil {
		return u, err
	}
	children, err := os.ReadFile(fmt.Sprintf("/proc/%[1]d/task/%[1]d/children", postmaster))
	if err != nil {
		return u, err
	}
	for _, field := range append(strings.Fields(string(children)), strconv.Itoa(postmaster)) {
		pid, err := strconv.Atoi(field)
		if err != nil {
			return u, err
		}
		if one, err := usageOf(pid); err == nil { // one may have ended
			u.cpu += one.cpu
		}
	}
	return u, nil
}

// metric reads a figure without labels from a page of metrics.
func metric(page, name string) float64 {
	for line := range strings.Lines(page) {
		if rest, ok := strings.CutPrefix(line, name+" "); ok {
			v, _ := strconv.ParseFloat(strings.TrimSpace(rest), 64)
			return v
		}
	}
	return 0
}

// printStatements prints what statements have cost the server, where it was started with
// shared_preload_libraries = 'pg_stat_statements'.
func printStatements(ctx context.Context, scenario, address string) error {
	libraries, err := askPostgres(ctx, address, "SHOW shared_preload_libraries")
	if err != nil || !strings.Contains(libraries, "pg_stat_statements") {
		return err
	}
	if _, err := askPostgres(ctx, address, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements"); err != nil {
		return err
	}
	text, err := askPostgres(ctx, address, `SELECT string_agg(line, E'\n') FROM (
  SELECT format('%9s ms %8s calls %9s rows %9s buffers  %s', round(total_exec_time+total_plan_time), calls, rows, shared_blks_hit + shared_blks_read,
    left(regexp_replace(query, '\s+', ' ', 'g'), 120)) AS line
  FROM pg_stat_statements WHERE dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
  ORDER BY total_exec_time DESC LIMIT 24) t`)
	if err != nil {
		return err
	}
	fmt.Printf("%-18s statements\n%s\n", scenario, text)
	return nil
}
