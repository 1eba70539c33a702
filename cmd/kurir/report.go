package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
)

// costReport is what a report of costs is asked for.
type costReport struct {
	since, until, account string
	by                    []string
	csv                   bool
}

// newReportCmd makes `kurir report`.
func newReportCmd() *cobra.Command {
	r := &remote{}
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Show reports: traffic, quality, response times, costs, accounts, availability",
		Long: `Show reports of a running Kurir over the REST interface. An account sees its own; one that may administrate
(admin: true) everybody's. docs/reports.md says what each figure means.`,
	}
	r.flags(cmd)
	var report costReport
	costs := &cobra.Command{
		Use: "costs", Short: "Show how many messages were accepted and what they cost", Args: noArgs,
		Example: "  kurir report costs --by month,cost_centre --since 2026-01-01\n  kurir report costs --by account --csv > costs.csv",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return r.costs(cmd.Context(), cmd.OutOrStdout(), &report)
		},
	}
	costs.Flags().StringVar(&report.since, "since", "", "from this `time` on, such as 2026-11-01; else the last 31 days")
	costs.Flags().StringVar(&report.until, "until", "", "before this `time`")
	costs.Flags().StringVar(&report.account, "account", "", "of one `account` only")
	costs.Flags().StringSliceVar(&report.by, "by", nil, "a row for each of these `names`: day, month, account, or a cost dimension; else day, account and all dimensions")
	costs.Flags().BoolVar(&report.csv, "csv", false, "write CSV")
	cmd.AddCommand(newFigureCmds(r)...)
	cmd.AddCommand(costs)
	return cmd
}

// shownCost is a row of the report in the server's answer.
type shownCost struct {
	Day        string            `json:"day"`
	Month      string            `json:"month"`
	Account    string            `json:"account"`
	Dimensions map[string]string `json:"dimensions"`
	Messages   int64             `json:"messages"`
	Cost       string            `json:"cost"`
	Currency   string            `json:"currency"`
}

// cell returns the value of a column.
func (c *shownCost) cell(column string) string {
	switch column {
	case "day":
		return c.Day
	case "month":
		return c.Month
	case "account":
		return c.Account
	case "messages":
		return strconv.FormatInt(c.Messages, 10)
	case "cost":
		return c.Cost
	case "currency":
		return c.Currency
	}
	return c.Dimensions[column]
}

// costs prints a line for each row of the report.
func (r *remote) costs(ctx context.Context, out io.Writer, report *costReport) error {
	params := url.Values{"limit": {"1000"}}
	for name, value := range map[string]string{"since": report.since, "until": report.until, "account": report.account, "by": strings.Join(report.by, ",")} {
		if value != "" {
			params.Set(name, value)
		}
	}
	if report.csv {
		params.Set("format", "csv")
		return r.stream(ctx, "/v1/reports/costs?"+params.Encode(), out)
	}
	list, err := allRows[shownCost](ctx, r, "/v1/reports/costs?"+params.Encode(), "costs")
	if err != nil || r.printedRows(out, list) {
		return err
	}
	columns := report.by
	if len(columns) == 0 {
		met := map[string]bool{}
		for i := range list {
			for name := range list[i].Dimensions {
				met[name] = true
			}
		}
		columns = slices.Concat([]string{"day", "account"}, slices.Sorted(maps.Keys(met)))
	}
	columns = slices.Concat(columns, []string{"messages", "cost", "currency"})
	table := newTable(out, strings.ToUpper(strings.Join(columns, "\t")))
	for i := range list {
		cells := make([]string, len(columns))
		for k, column := range columns {
			cells[k] = orDash(list[i].cell(column))
		}
		fmt.Fprintln(table, strings.Join(cells, "\t"))
	}
	return table.Flush()
}
