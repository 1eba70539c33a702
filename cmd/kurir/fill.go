package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"kurir/store"
)

// newFillCmd makes `kurir fill`, which is for measurements and not shown.
func newFillCmd() *cobra.Command {
	var dir, database string
	var n int64
	cmd := &cobra.Command{
		Use:    "fill --data FOLDER | --database postgres://... --count N",
		Short:  "Make a database with many finished messages, to measure with it",
		Args:   noArgs,
		Hidden: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if dir == "" && database == "" || n <= 0 {
				return errors.New("say with --data in which folder, or with --database in which database, and with --count how many")
			}
			f, err := fill(cmd.Context(), store.Options{Path: dir, Database: database}, n)
			if err == nil {
				_, err = fmt.Fprintln(cmd.OutOrStdout(), f)
			}
			return err
		},
	}
	cmd.Flags().StringVar(&dir, "data", "", "`folder` of the database; it is made if it is not there")
	cmd.Flags().StringVar(&database, "database", "", "`address` of a PostgreSQL database, in place of a folder")
	cmd.Flags().Int64Var(&n, "count", 0, "finished messages to add")
	return cmd
}

// filled says what making a database has cost.
type filled struct {
	messages int64
	took     time.Duration
	octets   int64
}

func (f filled) String() string {
	return fmt.Sprintf("%d finished messages written in %.0f s (%.0f/s), %.2f GiB, %d octets a message",
		f.messages, f.took.Seconds(), float64(f.messages)/f.took.Seconds(), float64(f.octets)/(1<<30), f.octets/max(1, f.messages))
}

// fill puts n finished messages into a database.
func fill(ctx context.Context, opts store.Options, n int64) (f filled, err error) {
	began := time.Now()
	opts.Log = slog.New(slog.DiscardHandler)
	s, err := store.Open(ctx, opts)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if err := store.Fill(ctx, s, n); err != nil {
		return f, err
	}
	octets := s.Stats().DatabaseBytes
	if opts.Database == "" {
		octets = folderOctets(opts.Path)
	}
	return filled{messages: n, took: time.Since(began), octets: octets}, ctx.Err()
}

// folderOctets is the size of the files in a folder.
func folderOctets(dir string) (n int64) {
	files, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, f := range files {
		if info, err := os.Stat(f); err == nil {
			n += info.Size()
		}
	}
	return n
}
