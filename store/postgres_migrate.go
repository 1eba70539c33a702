package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"
)

//go:embed migrations/postgres/*.sql
var postgresMigrations embed.FS

// migrationLock is the number of the advisory lock under which one node at a
// time changes tables: "kurir" in hexadecimal.
const migrationLock = 0x6b75726972

const migrationTimeout = 10 * time.Minute

// migratePostgres brings the tables up to date, all migrations in one
// transaction, while other nodes wait. shown is for errors only.
func migratePostgres(ctx context.Context, c *conn, shown string) error {
	ctx, cancel := context.WithTimeout(ctx, migrationTimeout)
	defer cancel()
	names, err := fs.Glob(postgresMigrations, "migrations/postgres/*.sql")
	if err != nil {
		return err
	}
	run := func(text string) error {
		_, err := c.pg.Exec(ctx, text).ReadAll()
		return err
	}
	if err := run(fmt.Sprintf("BEGIN; SELECT pg_advisory_xact_lock(%d)", migrationLock)); err != nil {
		return fmt.Errorf("wait for other nodes to change the tables: %w", err)
	}
	err = func() error {
		has, err := postgresForm(c)
		if err != nil {
			return err
		}
		if has > len(names) {
			return &NewerError{Path: shown, Has: has, Can: len(names)}
		}
		for i := has; i < len(names); i++ {
			text, err := fs.ReadFile(postgresMigrations, names[i])
			if err == nil {
				err = run(string(text))
			}
			if err == nil {
				err = run(fmt.Sprintf("INSERT INTO meta(name, value) VALUES ('%[1]s', %[2]d) ON CONFLICT (name) DO UPDATE SET value = %[2]d", metaForm, i+1))
			}
			if err != nil {
				return fmt.Errorf("bring the database to form %d (%s): %w", i+1, names[i], err)
			}
		}
		if has < len(names) {
			return createPostgresViews(run)
		}
		return nil
	}()
	if err != nil {
		return errors.Join(err, run("ROLLBACK"))
	}
	return run("COMMIT")
}

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
	err = query(c, "SELECT value FROM meta WHERE name = ?", func(stmt *statement) { stmt.BindText(1, metaForm) },
		func(stmt *statement) (bool, error) {
			form = stmt.ColumnInt(0)
			return false, nil
		})
	return form, err
}
