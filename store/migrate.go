package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"
)

// Migrations are numbered files, applied forward, each in a transaction of its
// own; PRAGMA user_version is the number of the last one. This is written by
// hand because goose wants database/sql, which the store does not use.
//
//go:embed migrations/*.sql
var migrations embed.FS

// migrate brings the tables up to date. path is for errors only.
func migrate(c *conn, path string) error {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return err
	}
	has, err := pragmaInt(c, "user_version")
	if err != nil {
		return fmt.Errorf("read the form of the database: %w", err)
	}
	if int(has) > len(names) {
		return &NewerError{Path: path, Has: int(has), Can: len(names)}
	}
	for i := int(has); i < len(names); i++ {
		text, err := fs.ReadFile(migrations, names[i])
		if err != nil {
			return err
		}
		if err := applyMigration(c, i+1, string(text)); err != nil {
			return fmt.Errorf("bring the database to form %d (%s): %w", i+1, names[i], err)
		}
	}
	if err := createViews(c); err != nil {
		return fmt.Errorf("create views: %w", err)
	}
	return nil
}

func applyMigration(c *conn, number int, text string) (err error) {
	end, err := sqlitex.ImmediateTransaction(c.Conn)
	if err != nil {
		return err
	}
	defer end(&err)
	if err := sqlitex.ExecuteScript(c.Conn, text, nil); err != nil {
		return err
	}
	return sqlitex.ExecuteTransient(c.Conn, fmt.Sprintf("PRAGMA user_version = %d", number), nil)
}

// pragmaInt reads a setting that is a number.
func pragmaInt(c *conn, name string) (int64, error) {
	var v int64
	err := sqlitex.ExecuteTransient(c.Conn, "PRAGMA "+name, &sqlitex.ExecOptions{
		ResultFunc: func(stmt *sqlite.Stmt) error {
			v = stmt.ColumnInt64(0)
			return nil
		},
	})
	return v, err
}

// Upgrade brings the tables of a database up to date without opening it for
// anything else, and says from which form to which.
func Upgrade(ctx context.Context, opts Options) (from, to int, err error) {
	opts.setDefaults()
	if IsPostgres(opts.Database) {
		return upgradePostgres(ctx, opts)
	}
	if err := wantDatabase(opts.Path); err != nil {
		return 0, 0, err
	}
	lock, err := lockFolder(opts.Path)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, unlockFolder(lock)) }()
	c, err := openConn(filepath.Join(opts.Path, databaseName), sqlite.OpenReadWrite|sqlite.OpenWAL)
	if err != nil {
		return 0, 0, fmt.Errorf("open database: %w", err)
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	had, err := pragmaInt(c, "user_version")
	if err == nil {
		err = migrate(c, opts.Path)
	}
	if err != nil {
		return 0, 0, err
	}
	has, err := pragmaInt(c, "user_version")
	return int(had), int(has), err
}

func upgradePostgres(ctx context.Context, opts Options) (from, to int, err error) {
	config, err := postgresConfig(opts.Database)
	if err != nil {
		return 0, 0, err
	}
	p := &postgres{config: config, shown: shownAddress(config)}
	c, err := p.connect(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	if from, err = postgresForm(c); err == nil {
		err = migratePostgres(ctx, c, p.shown, -1)
	}
	if err == nil {
		to, err = postgresForm(c)
	}
	return from, to, err
}
