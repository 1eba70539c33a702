package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"kurir/config"
	"kurir/store"
)

// migration is what `kurir migrate` is asked for.
type migration struct {
	file  *config.File
	to    string // address of the target; empty for none
	leave bool
	log   *slog.Logger
	out   io.Writer
}

// newMigrateCmd makes `kurir migrate`.
func newMigrateCmd() *cobra.Command {
	var path, to string
	var undo, leave bool
	cmd := &cobra.Command{
		Use:   "migrate [-c kurir.yaml] [--to postgres://...]",
		Short: "Bring the tables of the database up to date, or move everything from SQLite to PostgreSQL",
		Long: "Without --to: bring the tables of the configured database up to date, as kurir serve does when it starts.\n\n" +
			"With --to: move everything from the SQLite database of the data folder to an empty PostgreSQL database. No Kurir\n" +
			"may run on either. It may be ended at any time and started again, and goes on where it was. When all is over and\n" +
			"compared, the data folder is no longer used: write the address behind database: in the configuration file.\n" +
			"--undo takes that back.",
		Example: "  kurir migrate -c kurir.yaml --to postgres://kurir:PASSWORD@db1:5432/kurir\n" +
			"  kurir migrate -c kurir.yaml --to config     # the address behind database: in the file",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			file, mistakes := config.Load(path)
			if len(mistakes) > 0 {
				fmt.Fprintln(cmd.ErrOrStderr(), mistakes)
				return errReported
			}
			m := migration{file: file, to: to, leave: leave, log: newLogger(cmd.ErrOrStderr(), file.Log), out: cmd.OutOrStdout()}
			if err := m.check(); err != nil {
				return err
			}
			switch {
			case undo:
				return m.undo(cmd.Context())
			case to != "":
				return m.move(cmd.Context())
			}
			return m.upgrade(cmd.Context())
		},
	}
	configFlag(cmd, &path)
	cmd.Flags().StringVar(&to, "to", "", "`address` of the PostgreSQL database to move to; config for that of the configuration file")
	cmd.Flags().BoolVar(&undo, "undo", false, "go on with SQLite as it was before the move")
	cmd.Flags().BoolVar(&leave, "leave-newer", false, "with --undo: also when PostgreSQL has newer messages, which are left there")
	return cmd
}

func (m *migration) check() error {
	if m.to == "config" {
		m.to = m.file.Database
	}
	if m.to == "" {
		return nil
	}
	if err := store.CheckDatabase(m.to); err != nil || m.to == "sqlite" {
		if err == nil {
			err = errors.New("is SQLite, from which is moved; give the address of the PostgreSQL database")
		}
		return exitWith(exitUsage, "the database behind --to %v", err)
	}
	return nil
}

// upgrade brings the tables up to date.
func (m *migration) upgrade(ctx context.Context) error {
	from, to, err := store.Upgrade(ctx, store.Options{Path: m.file.Data, Database: m.file.Database, Log: m.log})
	if err != nil {
		return err
	}
	if from == to {
		_, err = fmt.Fprintf(m.out, "the tables of the database are up to date (form %d)\n", to)
		return err
	}
	_, err = fmt.Fprintf(m.out, "the tables of the database are brought up to date, from form %d to %d\n", from, to)
	return err
}

// move moves everything to PostgreSQL.
func (m *migration) move(ctx context.Context) error {
	began := time.Now()
	p := &movePrinter{out: m.out}
	r, err := store.Move(ctx, store.MoveOptions{Path: m.file.Data, Database: m.to, Log: m.log, Progress: p.print})
	if err != nil {
		if ctx.Err() != nil {
			return fmt.Errorf("stopped (%w); start the same command again, and it goes on where it was", err)
		}
		return err
	}
	if r.Before {
		_, err = fmt.Fprintf(m.out, "everything was moved to %s before: there is nothing to do\n", r.Target)
		return err
	}
	empty := 0
	for _, t := range r.Tables {
		if t.Rows == 0 {
			empty++
			continue
		}
		fmt.Fprintf(m.out, "  %-14s %12d rows, the same in both\n", t.Name, t.Rows)
	}
	fmt.Fprintf(m.out, "  %s without rows, in both\n", count(empty, "table"))
	took := time.Since(began)
	_, err = fmt.Fprintf(m.out, "%d rows of %d tables were moved to %s in %s and compared: counts and checksums are the same.\n"+
		"Data folder %s is not used any more. Now write the address behind database: in the configuration file, and start kurir serve.\n",
		r.Rows, len(r.Tables), r.Target, took.Round(time.Second/10), m.file.Data)
	return err
}

// undo lets the data folder be used again.
func (m *migration) undo(ctx context.Context) error {
	database := m.to
	if database == "" {
		database = m.file.Database
	}
	back, err := store.TakeBack(ctx, m.file.Data, database, m.leave, m.log)
	if errors.Is(err, store.ErrNotMoved) {
		return fmt.Errorf("data folder %s is in use as it is: %w", m.file.Data, err)
	}
	if err != nil {
		if back != nil && back.Newer > 0 && !m.leave {
			return fmt.Errorf("%w; to do so nonetheless add --leave-newer", err)
		}
		return err
	}
	fmt.Fprintf(m.out, "data folder %s is used again, as it was when its data were moved to %s\n", m.file.Data, back.Target)
	if !back.Barred {
		_, err = fmt.Fprintf(m.out, "That database was not told, since its address was not given (--to), or it is another: start no Kurir on it.\n")
	}
	return err
}

// movePrinter prints how far a move has come, at most once a second.
type movePrinter struct {
	out   io.Writer
	doing string
	last  time.Time
	whole bool // all have been copied, and that is said
}

func (p *movePrinter) print(now store.MoveProgress) {
	if now.Doing != "copy" {
		if p.doing != now.Doing {
			p.doing = now.Doing
			fmt.Fprintf(p.out, "%s\n", map[string]string{"count": "counting rows", "compare": "comparing"}[now.Doing])
		}
		return
	}
	if time.Since(p.last) < time.Second && now.Rows < now.Total || p.whole {
		return
	}
	p.last, p.whole = time.Now(), now.Rows == now.Total
	rate := float64(now.New) / max(0.001, now.Took.Seconds())
	fmt.Fprintf(p.out, "%12d of %d rows, %3d %%, %6.0f rows/s, table %s\n", now.Rows, now.Total, 100*now.Rows/max(1, now.Total), rate, now.Table)
}
