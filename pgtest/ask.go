package pgtest

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

// askTime bounds each question of ours to a server.
const askTime = time.Minute

// Exec runs SQL, one statement or several, at an address that Database or URL has given, and returns the rows of the
// last one as text. NULL is "NULL".
func Exec(tb testing.TB, url, sql string) [][]string {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), askTime)
	defer cancel()
	rows, err := execute(ctx, url, sql)
	if err != nil {
		tb.Fatalf("%s: %v", sql, err)
	}
	return rows
}

func execute(ctx context.Context, url, sql string) (rows [][]string, err error) {
	conn, err := pgconn.Connect(ctx, url)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close(ctx) }()
	results, err := conn.Exec(ctx, sql).ReadAll()
	if err != nil || len(results) == 0 {
		return nil, err
	}
	for _, values := range results[len(results)-1].Rows {
		row := make([]string, len(values))
		for i, v := range values {
			row[i] = string(v)
			if v == nil {
				row[i] = "NULL"
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// inside is the address for our own questions, as superuser through the socket in the server's folder.
func (s *Server) inside(database string) string {
	return fmt.Sprintf("host=%s port=%d user=postgres dbname=%s sslmode=disable", s.dir, s.number, database)
}

// Ask runs SQL as the superuser, through the server's own socket, and returns the rows as text.
func (s *Server) Ask(tb testing.TB, sql string) [][]string {
	tb.Helper()
	return Exec(tb, s.inside("postgres"), sql)
}

func (s *Server) ask(sql string) ([][]string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), askTime)
	defer cancel()
	return execute(ctx, s.inside("postgres"), sql)
}

// value asks for one value; "" if there is none or nobody answers.
func (s *Server) value(sql string) string {
	rows, err := s.ask(sql)
	if err != nil || len(rows) == 0 || len(rows[0]) == 0 {
		return ""
	}
	return rows[0][0]
}

// Database makes an empty database that belongs to the role kurir, and returns its address. It is dropped, with
// whoever is still connected, when the test is over.
func (s *Server) Database(tb testing.TB) string {
	tb.Helper()
	name := "test" + s.databases.next()
	if _, err := s.ask("CREATE DATABASE " + name + " OWNER kurir TEMPLATE template0"); err != nil {
		tb.Fatalf("making a database: %v", err)
	}
	tb.Cleanup(func() {
		if !s.up() {
			return // it goes with the server's folder
		}
		if _, err := s.ask("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)"); err != nil {
			tb.Errorf("dropping the database: %v", err)
		}
	})
	return s.URL(name)
}

// URL is the address of a database for the role kurir. With others, such as a standby, it names them too, and a client
// is to take the one that can be written to.
func (s *Server) URL(database string, others ...*Server) string {
	hosts := s.Address()
	for _, o := range others {
		hosts += "," + o.Address()
	}
	url := "postgres://kurir@" + hosts + "/" + database + "?sslmode=disable"
	if len(others) > 0 {
		url += "&target_session_attrs=read-write"
	}
	return url
}

// DatabaseOf is the name of the database in an address.
func DatabaseOf(url string) string {
	name := url[strings.LastIndexByte(url, '/')+1:]
	name, _, _ = strings.Cut(name, "?")
	return name
}
