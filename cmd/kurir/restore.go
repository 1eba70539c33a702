package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"kurir/config"
	"kurir/store"
)

// restoring is what `kurir restore` is asked for.
type restoring struct {
	data string
	from string // file or folder
	open string // what becomes of what was open
	full bool
	log  *slog.Logger
	out  io.Writer
}

// newRestoreCmd makes `kurir restore`.
func newRestoreCmd() *cobra.Command {
	var path string
	r := restoring{}
	cmd := &cobra.Command{
		Use:   "restore [-c kurir.yaml] --from FILE|FOLDER",
		Short: "Put a copy of the database in place, in an empty data folder",
		Long: "Put a copy that kurir backup made in place as the database of an empty data folder; of a folder of copies, the newest.\n" +
			"Whatever waited to be sent in the copy may have been sent since it was made. --open says what becomes of that:\n" +
			"  end     it ends as unknown, which its customers are told, and nothing is sent twice (default)\n" +
			"  resend  it is sent again, marked as uncertain, and may arrive twice\n" +
			"  link    as the uncertain: of its link says, resend or once\n" +
			"Messages scheduled for later go when it is time. What came after the copy is not in it.",
		Example: "  kurir restore -c kurir.yaml --from /backup\n  kurir restore -c kurir.yaml --from /backup/kurir-20261129T021500Z.db --open resend",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			file, mistakes := config.Load(path)
			if len(mistakes) > 0 {
				fmt.Fprintln(cmd.ErrOrStderr(), mistakes)
				return errReported
			}
			if store.IsPostgres(file.Database) {
				return exitWith(exitUsage, "the data are in PostgreSQL: use pg_restore, or put the files of pg_basebackup in place; docs/redundancy.md says more")
			}
			if r.from == "" {
				return exitWith(exitUsage, "say with --from which copy, or which folder of copies")
			}
			r.data, r.log, r.out = file.Data, newLogger(cmd.ErrOrStderr(), file.Log), cmd.OutOrStdout()
			return r.run(cmd.Context())
		},
	}
	configFlag(cmd, &path)
	cmd.Flags().StringVar(&r.from, "from", "", "`copy`, or folder of copies of which the newest is taken")
	cmd.Flags().StringVar(&r.open, "open", "end", "what becomes of what waited to be sent: end, resend or link")
	cmd.Flags().BoolVar(&r.full, "full", false, "check the indexes of the copy, too, which takes longer")
	return cmd
}

func (r *restoring) run(ctx context.Context) error {
	session, known := map[string]uint32{"end": store.SessionRestoredOnce, "resend": store.SessionRestoredAgain, "link": store.SessionRestored}[r.open]
	if !known {
		return exitWith(exitUsage, "--open %s: end, resend or link is expected", r.open)
	}
	from, err := newestCopy(r.from)
	if err != nil {
		return fmt.Errorf("look for the copy: %w", err)
	}
	done, err := store.Restore(ctx, store.RestoreOptions{Path: r.data, From: from, Session: session, Full: r.full, Log: r.log})
	if err != nil {
		return err
	}
	becomes := map[string]string{
		"end":    "end as unknown when the server starts, and their customers are told",
		"resend": "are sent again when the server starts, marked as uncertain",
		"link":   "are sent again or end as unknown when the server starts, as their links say",
	}[r.open]
	fmt.Fprintf(r.out, "%s is in place in data folder %s, as it was on %s (%s ago)\n", done.From, r.data, done.At.UTC().Format(time.RFC3339), time.Since(done.At).Round(time.Second))
	fmt.Fprintf(r.out, "%s may have been sent since: they %s\n", count(int(done.Doubtful), "message"), becomes)
	fmt.Fprintf(r.out, "%s scheduled for later, which go when it is time; %s await receipts, of which some may have come since\n",
		isAre(done.Later, "message"), count(int(done.Enroute), "message"))
	if done.Mailings > 0 {
		fmt.Fprintf(r.out, "%s to more than 1,000 phones under way, of which a part may have been sent since: ended here; look who has it, and send the rest\n", count(int(done.Mailings), "request"))
	}
	_, err = fmt.Fprintln(r.out, "What came after the copy is not in it: messages, opt-outs, payments. See that the old server does not run, and start kurir serve.")
	return err
}

// isAre is a number and a noun as the subject of a sentence.
func isAre(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun + " is"
	}
	return fmt.Sprintf("%d %ss are", n, noun)
}
