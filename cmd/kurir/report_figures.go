package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

// figuresReport is what a report of figures is asked for.
type figuresReport struct {
	name, format string
	params       map[string]*string // by the name of the parameter
	by           []string
}

// shownReport is a report with what it shows.
type shownReport struct{ name, short, example string }

// reportsOfFigures are the reports but that of costs.
func reportsOfFigures() []shownReport {
	return []shownReport{
		{"traffic", "Show how much was sent and received", "kurir report traffic --since 2026-11-01 --by account"},
		{"quality", "Show what became of messages, by link and network", "kurir report quality --by link,failure"},
		{"response", "Show how long operators' answers and deliveries took", "kurir report response --by period --link op1"},
		{"accounts", "Show accounts by how much they send", "kurir report accounts --format xlsx > accounts.xlsx"},
		{"availability", "Show when links and interfaces were there", "kurir report availability --since 2026-11-01 --until 2026-12-01"},
	}
}

// newFigureCmds makes a command for each.
func newFigureCmds(r *remote) (list []*cobra.Command) {
	for _, of := range reportsOfFigures() {
		report := &figuresReport{name: of.name, params: map[string]*string{}}
		cmd := &cobra.Command{
			Use: of.name, Short: of.short, Args: noArgs, Example: "  " + of.example,
			RunE: func(cmd *cobra.Command, _ []string) error { return r.figures(cmd.Context(), cmd.OutOrStdout(), report) },
		}
		flag := func(name, usage string) {
			report.params[name] = new(string)
			cmd.Flags().StringVar(report.params[name], name, "", usage)
		}
		flag("since", "from this `time` on, such as 2026-11-01; else the last 31 days")
		flag("until", "before this `time`")
		flag("step", "periods: `hour`, day or month; else day")
		flag("zone", "time `zone` of days and months; else the account's")
		if of.name != "availability" {
			flag("account", "of these `accounts` only")
			flag("link", "of these `links` only")
		} else {
			flag("kind", "`interface` or link")
			flag("name", "of these `names` only")
		}
		if of.name == "traffic" || of.name == "quality" {
			flag("network", "of these `networks` only, as MCC and MNC or as a country")
		}
		flag("sort", "by this `column`, with a minus the other way round")
		cmd.Flags().StringSliceVar(&report.by, "by", nil, "a row for each of these `names`, such as period,account,link")
		cmd.Flags().StringVar(&report.format, "format", "", "write `csv`, xlsx or ndjson")
		list = append(list, cmd)
	}
	return list
}

// figures prints a line for each row of a report.
func (r *remote) figures(ctx context.Context, out io.Writer, report *figuresReport) error {
	params := url.Values{"limit": {"1000"}}
	for name, value := range report.params {
		if *value != "" {
			params.Set(name, *value)
		}
	}
	if len(report.by) > 0 {
		params.Set("by", strings.Join(report.by, ","))
	}
	path := "/v1/reports/" + report.name + "?"
	if report.format != "" {
		params.Set("format", report.format)
		return r.stream(ctx, path+params.Encode(), out)
	}
	list, err := allRows[json.RawMessage](ctx, r, path+params.Encode(), report.name)
	if err != nil || r.printedRows(out, list) {
		return err
	}
	rows, columns, err := tableOf(list)
	if err != nil {
		return err
	}
	table := newTable(out, strings.ToUpper(strings.Join(columns, "\t")))
	for _, row := range rows {
		cells := make([]string, len(columns))
		for i, column := range columns {
			cells[i] = orDash(row[column])
		}
		fmt.Fprintln(table, strings.Join(cells, "\t"))
	}
	return table.Flush()
}

// tableOf reads rows of JSON and gives the names of their members, in the order in which they first come.
func tableOf(list []json.RawMessage) (rows []map[string]string, columns []string, err error) {
	met := map[string]bool{}
	for _, one := range list {
		row := map[string]string{}
		d := json.NewDecoder(strings.NewReader(string(one)))
		d.UseNumber()
		if _, err := d.Token(); err != nil {
			return nil, nil, fmt.Errorf("read the report: %w", err)
		}
		for d.More() {
			name, err := d.Token()
			if err != nil {
				return nil, nil, fmt.Errorf("read the report: %w", err)
			}
			var value any
			if err := d.Decode(&value); err != nil {
				return nil, nil, fmt.Errorf("read the report: %w", err)
			}
			key := fmt.Sprint(name)
			row[key] = fmt.Sprint(value)
			if !met[key] {
				met[key] = true
				columns = append(columns, key)
			}
		}
		rows = append(rows, row)
	}
	return rows, columns, nil
}
