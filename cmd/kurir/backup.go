package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"kurir/config"
	"kurir/store"
)

// backup is what `kurir backup` is asked for.
type backup struct {
	data  string // folder of the server
	to    string // folder of the copies
	keep  int    // newest copies that stay; 0 for all
	every time.Duration
	full  bool
	log   *slog.Logger
	out   io.Writer
}

// copyName is how copies are named, so that their names sort by time.
const copyName = "kurir-20060102T150405Z.db"

// newBackupCmd makes `kurir backup`.
func newBackupCmd() *cobra.Command {
	var path string
	b := backup{}
	cmd := &cobra.Command{
		Use:   "backup [-c kurir.yaml] --to FOLDER",
		Short: "Copy the database of a running server, checked and whole",
		Long: "Copy the SQLite database as it is at one instant, while the server runs, to a file kurir-TIME.db in a folder, check it,\n" +
			"and give it its name when it is on disk. With --every go on until Ctrl-C, for a warm standby. The configuration file\n" +
			"is not copied. kurir restore puts a copy in place.",
		Example: "  kurir backup -c kurir.yaml --to /backup --keep 14\n  kurir backup -c kurir.yaml --to /backup --every 5m --keep 12",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			file, mistakes := config.Load(path)
			if len(mistakes) > 0 {
				fmt.Fprintln(cmd.ErrOrStderr(), mistakes)
				return errReported
			}
			if store.IsPostgres(file.Database) {
				return exitWith(exitUsage, "%s", postgresBackup)
			}
			if b.to == "" {
				return exitWith(exitUsage, "say with --to in which folder")
			}
			if b.keep < 0 || b.every < 0 {
				return exitWith(exitUsage, "--keep and --every cannot be less than 0")
			}
			b.data, b.log, b.out = file.Data, newLogger(cmd.ErrOrStderr(), file.Log), cmd.OutOrStdout()
			return b.run(cmd.Context())
		},
	}
	configFlag(cmd, &path)
	cmd.Flags().StringVar(&b.to, "to", "", "`folder` of the copies; it is made if it is not there")
	cmd.Flags().IntVar(&b.keep, "keep", 0, "remove all copies in it but the `n` newest; 0 removes none")
	cmd.Flags().DurationVar(&b.every, "every", 0, "go on, with a copy so often, such as "+durations)
	cmd.Flags().BoolVar(&b.full, "full", false, "check the indexes, too, which takes longer")
	return cmd
}

// postgresBackup says how a PostgreSQL database is copied.
const postgresBackup = `the data are in PostgreSQL, which has programs for this:
  pg_dump --format=custom --file=kurir.dump ADDRESS            a copy as it is at one instant, which pg_restore reads
  pg_basebackup --pgdata=FOLDER --wal-method=stream --checkpoint=fast --dbname=ADDRESS
                                                               the whole server, to which archived WAL adds what came since
ADDRESS is what stands behind database: in the configuration file. docs/redundancy.md says more`

func (b *backup) run(ctx context.Context) error {
	if err := os.MkdirAll(b.to, 0o700); err != nil {
		return fmt.Errorf("make the folder of copies: %w", err)
	}
	next := time.Now()
	for {
		err := b.once(ctx)
		if b.every == 0 || ctx.Err() != nil {
			return err
		}
		if err != nil { // the disk may be full, or the server's folder be moved: the next time counts
			fmt.Fprintf(b.out, "%s no copy was made: %v\n", time.Now().UTC().Format(time.RFC3339), err)
		}
		if next = next.Add(b.every); time.Until(next) < 0 {
			next = time.Now()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Until(next)):
		}
	}
}

// once makes one copy.
func (b *backup) once(ctx context.Context) error {
	to, err := b.free(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	shown := began
	c, err := store.Backup(ctx, store.BackupOptions{Path: b.data, To: to, Full: b.full, Progress: func(done, total int) {
		if time.Since(shown) >= time.Second {
			shown = time.Now()
			fmt.Fprintf(b.out, "%3d %%\n", 100*done/max(1, total))
		}
	}})
	if err != nil {
		return err
	}
	fmt.Fprintf(b.out, "%s: %.1f MiB as of %s, in %s, checked and whole\n",
		c.Path, float64(c.Octets)/(1<<20), c.At.UTC().Format(time.RFC3339), time.Since(began).Round(time.Millisecond))
	return b.prune()
}

// free is the file of a copy that begins now. Names are of a second: when this one has a copy already, the next is waited for.
func (b *backup) free(ctx context.Context) (string, error) {
	for {
		now := time.Now().UTC()
		to := filepath.Join(b.to, now.Format(copyName))
		if _, err := os.Stat(to); errors.Is(err, fs.ErrNotExist) {
			return to, nil
		} else if err != nil {
			return "", err
		}
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(time.Until(now.Truncate(time.Second).Add(time.Second))):
		}
	}
}

// prune removes the oldest copies.
func (b *backup) prune() error {
	if b.keep == 0 {
		return nil
	}
	copies, err := copiesIn(b.to)
	if err != nil {
		return err
	}
	for _, old := range copies[:max(0, len(copies)-b.keep)] {
		if err := os.Remove(old); err != nil {
			return fmt.Errorf("remove an old copy: %w", err)
		}
	}
	return nil
}

// copiesIn lists the whole copies in a folder, oldest first.
func copiesIn(folder string) ([]string, error) {
	files, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var list []string
	for _, f := range files {
		if _, err := time.Parse(copyName, f.Name()); err == nil && f.Type().IsRegular() {
			list = append(list, filepath.Join(folder, f.Name()))
		}
	}
	slices.Sort(list)
	return list, nil
}

// newestCopy is the file to restore from: the one given, or the newest in the
// folder given.
func newestCopy(from string) (string, error) {
	info, err := os.Stat(from)
	if err != nil || !info.IsDir() {
		return from, err
	}
	copies, err := copiesIn(from)
	if err == nil && len(copies) == 0 {
		err = errors.New("there is no copy (kurir-TIME.db) in " + from)
	}
	if err != nil {
		return "", err
	}
	return copies[len(copies)-1], nil
}
