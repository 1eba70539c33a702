package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// newRotaCmd makes `kurir rota`.
func newRotaCmd() *cobra.Command {
	r := &remote{}
	cmd := &cobra.Command{
		Use:   "rota",
		Short: "Say who is on duty by the rotas of a running Kurir",
		Long: `Say who is on duty by the rotas of a running Kurir, over its REST interface. An account asks for its own, one that may
administrate (admin: true) for any.`,
	}
	r.flags(cmd)
	list := &cobra.Command{
		Use: "list", Short: "List the rotas, with who is on duty now", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return r.listRotas(cmd.Context(), cmd.OutOrStdout()) },
	}
	at, month := "", ""
	show := &cobra.Command{
		Use: "show NAME", Short: "Say who is on duty, now, at a time, or in a month", Args: cobra.ExactArgs(1),
		Example: `  kurir rota show ward4
  kurir rota show ward4 --at 2026-12-24T18:00:00+01:00
  kurir rota show ward4 --month 2026-12`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if at != "" && month != "" {
				return errors.New("--at and --month exclude each other")
			}
			if month != "" {
				return r.showMonth(cmd.Context(), cmd.OutOrStdout(), args[0], month)
			}
			return r.showDuty(cmd.Context(), cmd.OutOrStdout(), args[0], at)
		},
	}
	show.Flags().StringVar(&at, "at", "", "a `time`, such as 2026-12-24T18:00:00+01:00 or 2026-12-24 (default: now)")
	show.Flags().StringVar(&month, "month", "", "a `month`, such as 2026-12: all spans of it, with gaps and overlaps")
	cmd.AddCommand(list, show)
	return cmd
}

// shownSpan is who is on duty, in the server's answers.
type shownSpan struct {
	Name     string     `json:"name"`
	Account  string     `json:"account"`
	From     time.Time  `json:"from"`
	To       time.Time  `json:"to"`
	Who      []string   `json:"who"`
	By       string     `json:"by"`
	Overlaps []string   `json:"overlaps"`
	Next     *shownSpan `json:"next"`
}

// people says who is on duty.
func (s *shownSpan) people() string {
	if len(s.Who) == 0 {
		return "nobody"
	}
	return strings.Join(s.Who, ", ")
}

// listRotas prints the rotas.
func (r *remote) listRotas(ctx context.Context, out io.Writer) error {
	var reply struct{ Rotas []shownSpan }
	if printed, err := r.answer(ctx, out, http.MethodGet, "/v1/rotas", nil, &reply); err != nil || printed {
		return err
	}
	table := newTable(out, "ROTA", "ACCOUNT", "ON DUTY", "BY", "UNTIL")
	for i := range reply.Rotas {
		s := &reply.Rotas[i]
		until := ""
		if s.Next != nil {
			until = s.Next.From.Format(time.RFC3339)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", s.Name, s.Account, s.people(), orDash(s.By), orDash(until))
	}
	return table.Flush()
}

// showDuty prints who is on duty at a time, and who then.
func (r *remote) showDuty(ctx context.Context, out io.Writer, name, at string) error {
	path := "/v1/rotas/" + url.PathEscape(name) + "/duty"
	if at != "" {
		path += "?" + url.Values{"at": {at}}.Encode()
	}
	var s shownSpan
	if printed, err := r.answer(ctx, out, http.MethodGet, path, nil, &s); err != nil || printed {
		return err
	}
	fmt.Fprint(out, s.people())
	if s.By != "" {
		fmt.Fprint(out, " by ", s.By)
	}
	if len(s.Overlaps) > 0 {
		fmt.Fprint(out, ", overlaps with ", strings.Join(s.Overlaps, ", "))
	}
	fmt.Fprintln(out)
	if s.Next != nil {
		fmt.Fprintf(out, "then %s from %s\n", s.Next.people(), s.Next.From.Format(time.RFC3339))
	}
	return nil
}

// showMonth prints the spans of a month by the clock of the rota.
func (r *remote) showMonth(ctx context.Context, out io.Writer, name, month string) error {
	first, err := time.Parse("2006-01", month)
	if err != nil {
		return fmt.Errorf("--month %.20q is no month such as 2026-12", month)
	}
	query := url.Values{"from": {first.Format(time.DateOnly)}, "to": {first.AddDate(0, 1, 0).Format(time.DateOnly)}}
	var reply struct {
		Spans          []shownSpan
		Gaps, Overlaps int
	}
	path := "/v1/rotas/" + url.PathEscape(name) + "/spans?" + query.Encode()
	if printed, err := r.answer(ctx, out, http.MethodGet, path, nil, &reply); err != nil || printed {
		return err
	}
	table := newTable(out, "FROM", "TO", "ON DUTY", "BY", "OVERLAPS WITH")
	for i := range reply.Spans {
		s := &reply.Spans[i]
		who := s.people()
		if len(s.Who) == 0 {
			who = "NOBODY"
		}
		const form = "Mon 2006-01-02 15:04"
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", s.From.Format(form), s.To.Format(form), who, orDash(s.By), orDash(strings.Join(s.Overlaps, ", ")))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s, %s\n", count(reply.Gaps, "gap"), count(reply.Overlaps, "overlap"))
	return nil
}
