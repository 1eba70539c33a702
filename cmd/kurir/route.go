package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// newRouteCmd makes `kurir route`.
func newRouteCmd() *cobra.Command {
	r := &remote{}
	cmd := &cobra.Command{
		Use:   "route",
		Short: "Explain the routes of a running Kurir",
		Long: `Explain the routes of a running Kurir, over its REST interface. An account asks for itself, one that may administrate
(admin: true) for any.`,
	}
	r.flags(cmd)
	var q routeQuestion
	explain := &cobra.Command{
		Use: "explain", Short: "Say which rules are looked at for a message, why each does or does not match, and the links in order", Args: noArgs,
		Long: `Say which rules are looked at for a message, why each does or does not match, and by which links it would be tried, in order.
Nothing is sent.`,
		Example: `  kurir route explain --account acme --to +46701234567 --text "Your code is 1234"
  kurir route explain --to +46701234567 --via smpp --at 2026-11-05T22:30:00+01:00`,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return r.explainRoute(cmd.Context(), cmd.OutOrStdout(), &q)
		},
	}
	f := explain.Flags()
	f.StringVar(&q.Account, "account", "", "the `name` of the account that sends (default: the one that asks)")
	f.StringVar(&q.To, "to", "", "the recipient's `number`")
	f.StringVar(&q.From, "from", "", "the `sender` (default: the account's)")
	f.StringVar(&q.Text, "text", "", "the `text`")
	f.StringToStringVar(&q.Dimensions, "dimension", nil, "a cost dimension that the message names, as `name=value`; several with commas")
	f.StringVar(&q.Tag, "tag", "", "the `tag` that the message brings")
	f.BoolVar(&q.Filter, "filter", false, "ask the filters of the account and the route too, which see the text")
	f.StringVar(&q.Encoding, "encoding", "", "the `encoding`: auto (default), gsm7, ucs2 or latin1")
	f.StringVar(&q.Interface, "via", "", "the `interface` by which it comes: rest (default), kannel, smpp, jasmin, twilio, ozeki or plain")
	f.StringVar(&q.At, "at", "", "the `time` at which it comes, such as 2026-11-05T08:30:00+01:00 (default: now)")
	cmd.AddCommand(explain)
	return cmd
}

// routeQuestion is the request of `kurir route explain`.
type routeQuestion struct {
	Account   string `json:"account,omitempty"`
	To        string `json:"to,omitempty"`
	From      string `json:"from,omitempty"`
	Text      string `json:"text,omitempty"`
	Encoding  string `json:"encoding,omitempty"`
	Interface string `json:"interface,omitempty"`
	At        string `json:"at,omitempty"`
	Tag       string `json:"tag,omitempty"`
	Filter    bool   `json:"filter,omitempty"`

	Dimensions map[string]string `json:"dimensions,omitempty"`
}

// shownRoute is the server's answer.
type shownRoute struct {
	To         string      `json:"to"`
	From       string      `json:"from"`
	Encoding   string      `json:"encoding"`
	Parts      int         `json:"parts"`
	Price      string      `json:"price"`
	Currency   string      `json:"currency"`
	Routes     []shownRule `json:"routes"`
	Rewriting  []shownRule `json:"rewriting"`
	Candidates []struct {
		Link    string `json:"link"`
		Up      bool   `json:"up"`
		From    string `json:"from"`
		Skipped string `json:"skipped"`
		Price   string `json:"price"`

		PricedBy struct {
			List        string `json:"list"`
			Destination string `json:"destination"`
			Network     string `json:"network"`
			Link        string `json:"link"`
		} `json:"priced_by"`
	} `json:"candidates"`
	Filters    []string   `json:"filters"`
	FilterSays string     `json:"filter_says"`
	SendAt     *time.Time `json:"send_at"`
	Hours      string     `json:"hours"`
	Refused    string     `json:"refused"`
}

// explainRoute asks and prints the answer.
func (r *remote) explainRoute(ctx context.Context, out io.Writer, q *routeQuestion) error {
	var s shownRoute
	if printed, err := r.answer(ctx, out, http.MethodPost, "/v1/routes/explain", q, &s); err != nil || printed {
		return err
	}
	fmt.Fprintf(out, "to %s from %s: %s, %s", s.To, s.From, s.Encoding, count(s.Parts, "part"))
	if s.Price != "" {
		fmt.Fprintf(out, ", at most %s %s", s.Price, s.Currency)
	}
	fmt.Fprintln(out)
	if err := printRules(out, s.Routes); err != nil {
		return err
	}
	if len(s.Rewriting) > 0 {
		fmt.Fprintln(out, "sender and recipient:")
		if err := printRules(out, s.Rewriting); err != nil {
			return err
		}
	}
	if len(s.Filters) > 0 {
		says := "not asked now"
		if s.FilterSays != "" {
			says = "which say: " + s.FilterSays
		}
		fmt.Fprintf(out, "filters: %s, %s\n", strings.Join(s.Filters, ", "), says)
	}
	for i, c := range s.Candidates {
		state := "down"
		if c.Up {
			state = "up"
		}
		if c.From != "" {
			state += ", is given the sender " + c.From
		}
		if c.Price != "" {
			by := c.PricedBy
			state += ", " + c.Price + " " + s.Currency + " by " + strings.Join(strings.Fields(by.Destination+" "+by.Network+" "+by.Link), " ") + " of " + by.List
		}
		if c.Skipped != "" {
			fmt.Fprintf(out, "-  %s, skipped: %s\n", c.Link, c.Skipped)
			continue
		}
		fmt.Fprintf(out, "%d. %s, %s\n", i+1, c.Link, state)
	}
	if s.SendAt != nil {
		fmt.Fprintf(out, "not before %s, for %s\n", s.SendAt.Format(time.RFC3339), s.Hours)
	}
	if s.Refused != "" {
		fmt.Fprintf(out, "refused: %s\n", s.Refused)
	}
	return nil
}
