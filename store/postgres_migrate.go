package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"
)

//go:embed migrations/postgres/*.sql
var postgresMigrations embed.FS

// migrationLock is the number of the advisory lock under which one node at a
// time changes tables: "kurir" in hexadecimal.
const migrationLock = 0x6b75726972

const migrationTimeout = 10 * time.Minute

// postgresMigration is one numbered file. While nodes of an older program run, it
// may only add to the tables: a line "-- least: N" says that programs of form N and
// later understand the database after it too. One whose name has "contract" takes
// away what only older programs use: it waits until none of them is registered.
type postgresMigration struct {
	number   int
	name     string
	text     string
	least    int
	contract bool
}

func readPostgresMigrations(files fs.FS) ([]postgresMigration, error) {
	names, err := fs.Glob(files, "migrations/postgres/*.sql")
	if err != nil {
		return nil, err
	}
	list := make([]postgresMigration, 0, len(names))
	for i, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		m := postgresMigration{number: i + 1, name: name, text: string(text), least: i + 1, contract: strings.Contains(name, "contract")}
		if _, rest, found := strings.Cut(m.text, "-- least: "); found {
			if _, err := fmt.Sscanf(rest, "%d", &m.least); err != nil {
				return nil, fmt.Errorf("%s: which form is the least: %w", name, err)
			}
		}
		list = append(list, m)
	}
	return list, nil
}

// postgresMigrator brings a database up to date. shown is for errors only, node
// the number of the one that does it, -1 for none.
type postgresMigrator struct {
	list  []postgresMigration
	conn  *conn
	shown string
	node  int
}

func newPostgresMigrator(files fs.FS, c *conn, shown string, node int) (*postgresMigrator, error) {
	list, err := readPostgresMigrations(files)
	return &postgresMigrator{list: list, conn: c, shown: shown, node: node}, err
}

// migratePostgres brings the tables up to date, on behalf of a node; -1 for none.
func migratePostgres(ctx context.Context, c *conn, shown string, node int) error {
	m, err := newPostgresMigrator(postgresMigrations, c, shown, node)
	if err != nil {
		return err
	}
	return m.migrate(ctx)
}

func (m *postgresMigrator) run(ctx context.Context, text string) error {
	_, err := m.conn.pg.Exec(ctx, text).ReadAll()
	return err
}

// migrate runs what migrations there are in one transaction, while other nodes
// that start wait.
func (m *postgresMigrator) migrate(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, migrationTimeout)
	defer cancel()
	if err := m.run(ctx, fmt.Sprintf("BEGIN; SELECT pg_advisory_xact_lock(%d)", migrationLock)); err != nil {
		return fmt.Errorf("wait for other nodes to change the tables: %w", err)
	}
	if err := m.apply(ctx); err != nil {
		return errors.Join(err, m.run(ctx, "ROLLBACK"))
	}
	return m.run(ctx, "COMMIT")
}

func (m *postgresMigrator) apply(ctx context.Context) error {
	has, err := postgresForm(m.conn)
	if err != nil {
		return err
	}
	if has > len(m.list) {
		return m.newer(has)
	}
	began := has
	for _, one := range m.list[has:] {
		if one.contract {
			older, err := m.olderNodes(one.number)
			if err != nil {
				return err
			}
			if older {
				break // at a later start, or within the hour
			}
		}
		err := m.run(ctx, one.text)
		for name, value := range map[string]int{metaForm: one.number, metaLeast: one.least} {
			if err == nil {
				err = m.run(ctx, fmt.Sprintf("INSERT INTO meta(name, value) VALUES ('%[1]s', %[2]d) ON CONFLICT (name) DO UPDATE SET value = greatest(meta.value, %[2]d)", name, value))
			}
		}
		if err != nil {
			return fmt.Errorf("bring the database to form %d (%s): %w", one.number, one.name, err)
		}
		has = one.number
	}
	if has == began {
		return nil
	}
	return createPostgresViews(func(text string) error { return m.run(ctx, text) })
}

// newer says whether a database that a later program has brought to form has can
// be used all the same.
func (m *postgresMigrator) newer(has int) error {
	least, err := postgresMeta(m.conn, metaLeast)
	if err != nil || least <= int64(len(m.list)) {
		return err
	}
	return &NewerError{Path: m.shown, Has: has, Can: len(m.list)}
}

// olderNodes tells whether another node that is registered runs a program of a
// form before one.
func (m *postgresMigrator) olderNodes(form int) (older bool, err error) {
	err = query(m.conn, "SELECT 1 FROM node JOIN share ON share.node = node.number WHERE node.live <> 0 AND node.number <> ? AND share.form < ? LIMIT 1",
		func(stmt *statement) {
			stmt.BindInt64(1, int64(m.node))
			stmt.BindInt64(2, int64(form))
		},
		func(*statement) (bool, error) {
			older = true
			return true, nil
		})
	return older, err
}

// metaLeast is the name of the least form of program that understands the database.
const metaLeast = "least"

// metaForm is the name of the number of the last migration.
const metaForm = "form"

// postgresForm is the number of the last migration that has been done.
func postgresForm(c *conn) (form int, err error) {
	there := false
	err = query(c, "SELECT to_regclass('meta') IS NOT NULL", nil, func(stmt *statement) (bool, error) {
		there = stmt.ColumnBool(0)
		return false, nil
	})
	if err != nil || !there {
		return 0, err
	}
	value, err := postgresMeta(c, metaForm)
	return int(value), err
}

func postgresMeta(c *conn, name string) (value int64, err error) {
	err = query(c, "SELECT value FROM meta WHERE name = ?", func(stmt *statement) { stmt.BindText(1, name) },
		func(stmt *statement) (bool, error) {
			value = stmt.ColumnInt64(0)
			return true, nil
		})
	return value, err
}
