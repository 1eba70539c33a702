package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"

	"github.com/spf13/cobra"
)

// newInboundExportCmd makes `kurir inbound export`.
func newInboundExportCmd(r *remote) *cobra.Command {
	params := map[string]*string{}
	var file string
	cmd := &cobra.Command{
		Use: "export", Short: "Write the messages from phones as a table, oldest first", Args: noArgs,
		Long: `Write the account's messages from phones as a table (CSV), or as JSON with an object in each line, oldest first. They are
written as they are read, however many there are.`,
		Example: `  kurir inbound export --since 2026-11-01 --until 2026-12-01 -o november.csv
  kurir inbound export --series orders --format ndjson`,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			query := url.Values{"sort": {"id"}}
			for name, value := range params {
				if *value != "" {
					query.Set(name, *value)
				}
			}
			out := cmd.OutOrStdout()
			if file != "" {
				f, err := os.Create(file)
				if err != nil {
					return err
				}
				defer func() { err = errors.Join(err, f.Close()) }()
				out = f
			}
			rows := &lineCounter{out: out}
			if err := r.stream(cmd.Context(), "/v1/inbound?"+query.Encode(), rows); err != nil {
				return err
			}
			if rows.n == 0 || rows.n == 1 && query.Get("format") == "csv" { // the line of names
				nothingOfOthers(cmd)
			}
			return nil
		},
	}
	f := cmd.Flags()
	for name, usage := range map[string]string{
		"since": "only those that came at this `time` or later, such as 2026-11-01", "until": "only those that came before this `time`",
		"to": "only those to this `number` of ours", "from": "only those from this `phone`", "link": "only those that came by this `connector`",
		"rule": "only those that this `rule` under inbound took", "tag": "only those with this `tag`",
		"series": "only those with a case number of this `series`", "case": "only that with this case `number`",
	} {
		params[name] = f.String(name, "", usage)
	}
	params["format"] = f.String("format", "csv", "csv or ndjson, the `form`")
	f.StringVarP(&file, "output", "o", "", "write to this `file` (default: standard output)")
	return cmd
}

// lineCounter counts the ends of lines of what is written.
type lineCounter struct {
	out io.Writer
	n   int
}

// Write implements io.Writer.
func (c *lineCounter) Write(b []byte) (int, error) {
	c.n += bytes.Count(b, []byte{'\n'})
	return c.out.Write(b)
}

// nothingOfOthers says why an administrator, who sees everybody's elsewhere, may see nothing.
func nothingOfOthers(cmd *cobra.Command) {
	fmt.Fprintln(cmd.ErrOrStderr(), "nothing is there of the account whose key is used; also an account that may administrate sees only its own here")
}

// stream copies what the first server that can be reached answers to a GET.
func (r *remote) stream(ctx context.Context, path string, out io.Writer) error {
	_, resp, err := r.open(ctx, path)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if _, err := io.Copy(out, resp.Body); err != nil {
		return fmt.Errorf("the list is not complete: %w", err)
	}
	return nil
}
