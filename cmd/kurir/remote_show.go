package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"
	"time"
)

// printed prints an answer as it came, if --json asks for that.
func (r *remote) printed(out io.Writer, answer json.RawMessage) bool {
	if !r.options.asDoc {
		return false
	}
	doc := json.NewEncoder(out)
	doc.SetIndent("", "  ")
	_ = doc.Encode(answer)
	return true
}

// printedRows prints the rows of a list as JSON, if --json asks for that.
func (r *remote) printedRows(out io.Writer, rows any) bool {
	doc, err := json.Marshal(rows)
	return err == nil && r.printed(out, doc)
}

// allRows asks for all pages of a list.
func allRows[T any](ctx context.Context, r *remote, path, key string) ([]T, error) {
	list := []T{}
	for path != "" {
		page := map[string]json.RawMessage{}
		if err := r.do(ctx, http.MethodGet, path, nil, &page); err != nil {
			return nil, err
		}
		var rows []T
		if err := json.Unmarshal(page[key], &rows); err != nil {
			return nil, fmt.Errorf("read the answer: %w", err)
		}
		list = append(list, rows...)
		next := ""
		_ = json.Unmarshal(page["next"], &next) // absent on the last page
		path = ""
		if _, rest, more := strings.Cut(next, "/v1/"); more { // in front of it may stand the address for others
			path = "/v1/" + rest
		}
	}
	return list, nil
}

// rowsPath is the address of a list, of one account or of all.
func rowsPath(path, account string) string {
	params := url.Values{"limit": {"1000"}}
	if account != "" {
		params.Set("account", account)
	}
	return path + "?" + params.Encode()
}

// ago is how long ago a time was, for people.
func ago(t time.Time) string {
	d := time.Since(t)
	switch {
	case t.IsZero():
		return "-"
	case d < time.Minute:
		return fmt.Sprintf("%ds", max(0, int(d.Seconds())))
	case d < time.Hour:
		return fmt.Sprintf("%dm%ds", int(d.Minutes()), int(d.Seconds())%60)
	case d < 24*time.Hour:
		return fmt.Sprintf("%dh%dm", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%dd%dh", int(d.Hours())/24, int(d.Hours())%24)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// newTable is a table whose columns have these names.
func newTable(out io.Writer, columns ...string) *tabwriter.Writer {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, strings.Join(columns, "\t"))
	return table
}
