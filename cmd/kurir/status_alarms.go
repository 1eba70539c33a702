package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"
)

// shownAlarm is an event in the server's answer.
type shownAlarm struct {
	ID      string    `json:"id"`
	Kind    string    `json:"kind"`
	About   string    `json:"about"`
	Text    string    `json:"text"`
	State   string    `json:"state"`
	Began   time.Time `json:"began"`
	Count   int       `json:"count"`
	AckedBy string    `json:"acknowledged_by"`
	Node    string    `json:"node"`
}

// newStatusAlarmsCmd makes `kurir status alarms`.
func newStatusAlarmsCmd(r *remote) *cobra.Command {
	return &cobra.Command{
		Use: "alarms", Short: "Show what people ought to look at, newest first, also what is over", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			list, err := allRows[shownAlarm](cmd.Context(), r, "/v1/alarms/events?limit=1000", "events")
			if err != nil || r.printedRows(cmd.OutOrStdout(), list) {
				return err
			}
			return printAlarms(cmd.OutOrStdout(), list)
		},
	}
}

// newStatusAckCmd makes `kurir status acknowledge`.
func newStatusAckCmd(r *remote) *cobra.Command {
	return &cobra.Command{
		Use: "acknowledge EVENT...", Short: "Say that somebody looks after alarms: nothing more is told of them", Args: someArgs("the id of an event", "kurir status alarms shows them"),
		RunE: func(cmd *cobra.Command, ids []string) error {
			var list []shownAlarm
			for _, id := range ids {
				var e shownAlarm
				printed, err := r.answer(cmd.Context(), cmd.OutOrStdout(), http.MethodPost, "/v1/alarms/events/"+url.PathEscape(id)+"/acknowledge", nil, &e)
				if err != nil {
					return err
				}
				if !printed {
					list = append(list, e)
				}
			}
			if len(list) == 0 {
				return nil
			}
			return printAlarms(cmd.OutOrStdout(), list)
		},
	}
}

func printAlarms(out io.Writer, list []shownAlarm) error {
	table := newTable(out, "EVENT", "AGE", "KIND", "STATE", "TIMES", "TEXT")
	for i := range list {
		e := &list[i]
		state := e.State
		if e.State == "acknowledged" {
			state += " by " + e.AckedBy
		}
		text := e.Text
		if e.Node != "" {
			text = e.Node + ": " + text
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\t%s\n", e.ID, ago(e.Began), e.Kind, state, e.Count, text)
	}
	return table.Flush()
}

// statusAlarms prints those that are open, if there are any.
func (r *remote) statusAlarms(ctx context.Context, out io.Writer) error {
	var page struct {
		Events []shownAlarm `json:"events"`
	}
	if err := r.do(ctx, http.MethodGet, fmt.Sprintf("/v1/alarms/events?state=open&limit=%d", statusRows), nil, &page); err != nil || len(page.Events) == 0 {
		return err
	}
	if err := printAlarms(out, page.Events); err != nil {
		return err
	}
	fmt.Fprintln(out)
	return nil
}
