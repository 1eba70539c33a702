package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// newEscalationCmd makes `kurir escalation`.
func newEscalationCmd() *cobra.Command {
	r := &remote{}
	cmd := &cobra.Command{
		Use:   "escalation",
		Short: "Show messages to rotas that ask one person after the other, and take them",
		Long: `Show messages to rotas that ask one person after the other until somebody has taken them, and take them, over the REST interface of a
running Kurir. An account sees its own, one that may administrate (admin: true) all.`,
	}
	r.flags(cmd)
	all := false
	list := &cobra.Command{
		Use: "list", Short: "List those that nobody has taken yet, newest first", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return r.listEscalations(cmd.Context(), cmd.OutOrStdout(), all)
		},
	}
	list.Flags().BoolVar(&all, "all", false, "those that are over, too")
	show := &cobra.Command{
		Use: "show ID", Short: "Show who was asked when", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.showEscalation(cmd.Context(), cmd.OutOrStdout(), http.MethodGet, args[0], "")
		},
	}
	take := &cobra.Command{
		Use: "acknowledge ID", Short: "Say that somebody has taken it: nobody else is asked", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.showEscalation(cmd.Context(), cmd.OutOrStdout(), http.MethodPost, args[0], "/acknowledge")
		},
	}
	cmd.AddCommand(list, show, take)
	return cmd
}

// shownEscalation is an escalation in the server's answers.
type shownEscalation struct {
	ID      string    `json:"id"`
	Account string    `json:"account"`
	Rota    string    `json:"rota"`
	State   string    `json:"state"`
	Began   time.Time `json:"began"`
	Until   time.Time `json:"until"`
	By      string    `json:"by"`
	Steps   []struct {
		At    time.Time `json:"at"`
		Until time.Time `json:"until"`
		Round int       `json:"round"`
		Step  int       `json:"step"`
		Asked []struct {
			To      string `json:"to"`
			Name    string `json:"name"`
			Message string `json:"message"`
			Failed  string `json:"failed"`
		} `json:"asked"`
	} `json:"steps"`
}

// stands says where it stands.
func (e *shownEscalation) stands() string {
	if e.By != "" {
		return e.State + " by " + e.By
	}
	return e.State
}

func (r *remote) listEscalations(ctx context.Context, out io.Writer, all bool) error {
	path := "/v1/escalations?limit=1000"
	if !all {
		path += "&state=asking"
	}
	list, err := allRows[shownEscalation](ctx, r, path, "escalations")
	if err != nil || r.printedRows(out, list) {
		return err
	}
	table := newTable(out, "ESCALATION", "AGE", "ROTA", "ACCOUNT", "STATE", "NEXT")
	for i := range list {
		e := &list[i]
		next := ""
		if !e.Until.IsZero() {
			next = e.Until.Format(time.RFC3339)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", e.ID, ago(e.Began), e.Rota, e.Account, e.stands(), orDash(next))
	}
	return table.Flush()
}

// showEscalation prints the steps of one that is asked for or acknowledged.
func (r *remote) showEscalation(ctx context.Context, out io.Writer, method, id, act string) error {
	var e shownEscalation
	if printed, err := r.answer(ctx, out, method, "/v1/escalations/"+url.PathEscape(id)+act, nil, &e); err != nil || printed {
		return err
	}
	fmt.Fprintf(out, "rota:%s of %s: %s\n", e.Rota, e.Account, e.stands())
	table := newTable(out, "AT", "UNTIL", "ROUND", "STEP", "ASKED", "MESSAGE", "")
	for i := range e.Steps {
		s := &e.Steps[i]
		for _, a := range s.Asked {
			who := strings.TrimSpace(a.Name + " " + a.To)
			fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%s\t%s\t%s\n", s.At.Format(time.RFC3339), s.Until.Format(time.TimeOnly), s.Round, s.Step, who, orDash(a.Message), a.Failed)
		}
	}
	return table.Flush()
}
