package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

// newInboundCmd makes `kurir inbound`.
func newInboundCmd() *cobra.Command {
	r := &remote{}
	cmd := &cobra.Command{
		Use:   "inbound",
		Short: "Explain what a running Kurir does with messages from phones, and export them",
		Long: `Explain what a running Kurir does with messages from phones, over its REST interface, which takes an account that may
administrate (admin: true), and export the account's.`,
	}
	r.flags(cmd)
	var q inboundQuestion
	explain := &cobra.Command{
		Use: "explain", Short: "Say which rules are looked at for a message from a phone, why each does or does not match, and where it goes", Args: noArgs,
		Long: `Say which rules are looked at for a message from a phone, why each does or does not match, and where it would go.
Nothing is stored.`,
		Example: `  kurir inbound explain --to 72456 --from +46701234567 --text "INFO please"
  kurir inbound explain --to 72456 --from +46701234567 --link op1 --at 2026-11-05T22:30:00+01:00`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return r.explainInbound(cmd.Context(), cmd.OutOrStdout(), &q)
		},
	}
	f := explain.Flags()
	f.StringVar(&q.To, "to", "", "the `number` of ours that is written to")
	f.StringVar(&q.From, "from", "", "the `number` of the phone")
	f.StringVar(&q.Text, "text", "", "the `text`")
	f.StringVar(&q.Link, "link", "", "the `connector` by which it comes")
	f.StringVar(&q.At, "at", "", "the `time` at which it comes, such as 2026-11-05T08:30:00+01:00 (default: now)")
	cmd.AddCommand(explain, newInboundExportCmd(r))
	return cmd
}

// inboundQuestion is the request of `kurir inbound explain`.
type inboundQuestion struct {
	To   string `json:"to"`
	From string `json:"from"`
	Text string `json:"text,omitempty"`
	Link string `json:"link,omitempty"`
	At   string `json:"at,omitempty"`
}

// shownRule is a rule that was looked at.
type shownRule struct {
	Name    string `json:"name"`
	Matched bool   `json:"matched"`
	Why     string `json:"why"`
}

// shownInbound is the server's answer.
type shownInbound struct {
	To      string      `json:"to"`
	From    string      `json:"from"`
	Before  []shownRule `json:"before"`
	Rules   []shownRule `json:"rules"`
	Behind  []shownRule `json:"behind"`
	Account string      `json:"account"`
	Goes    []string    `json:"goes"`
	Clashes []string    `json:"clashes"`
}

// explainInbound asks and prints the answer.
func (r *remote) explainInbound(ctx context.Context, out io.Writer, q *inboundQuestion) error {
	var s shownInbound
	if printed, err := r.answer(ctx, out, http.MethodPost, "/v1/inbound/explain", q, &s); err != nil || printed {
		return err
	}
	fmt.Fprintf(out, "to %s from %s\n", s.To, s.From)
	if err := printRules(out, slices.Concat(s.Before, s.Rules, s.Behind)); err != nil {
		return err
	}
	if s.Account != "" {
		fmt.Fprintf(out, "it is %s's\n", s.Account)
	}
	for i, where := range s.Goes {
		fmt.Fprintf(out, "%d. %s\n", i+1, where)
	}
	if len(s.Goes) == 0 {
		fmt.Fprintln(out, "it goes nowhere; it waits in the inbox")
	}
	for _, clash := range s.Clashes {
		fmt.Fprintln(out, "warning:", clash)
	}
	return nil
}

// printRules prints the rules that were looked at, the one that matched with a star.
func printRules(out io.Writer, rules []shownRule) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, rule := range rules {
		mark := " "
		if rule.Matched {
			mark = "*"
		}
		fmt.Fprintf(table, "%s %s\t%s\n", mark, rule.Name, rule.Why)
	}
	return table.Flush()
}
