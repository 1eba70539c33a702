package main

import (
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/spf13/cobra"
)

// newQueueDeadCmd makes `kurir queue dead`.
func newQueueDeadCmd(r *remote) *cobra.Command {
	limit, state, to := 0, "", ""
	cmd := &cobra.Command{
		Use: "dead", Short: "Show messages that did not arrive, newest first, and why", Args: noArgs,
		Long: "Show messages of the account that asks that did not arrive, newest first, and why. One that may administrate has its own here,\ntoo, not those of others.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			params := url.Values{"limit": {fmt.Sprint(limit)}}
			for name, value := range map[string]string{"state": state, "to": to} {
				if value != "" {
					params.Set(name, value)
				}
			}
			var page struct {
				Messages []struct {
					ID      string     `json:"id"`
					State   string     `json:"state"`
					To      string     `json:"to"`
					Created time.Time  `json:"created"`
					Link    string     `json:"link"`
					Error   *sentError `json:"error"`
				} `json:"messages"`
			}
			if printed, err := r.answer(cmd.Context(), cmd.OutOrStdout(), http.MethodGet, "/v1/queues/dead?"+params.Encode(), nil, &page); printed || err != nil {
				return err
			}
			if len(page.Messages) == 0 {
				nothingOfOthers(cmd)
			}
			table := newTable(cmd.OutOrStdout(), "MESSAGE", "STATE", "TO", "AGE", "LINK", "WHY")
			for i := range page.Messages {
				m := &page.Messages[i]
				why := "the operator gave no reason"
				if m.Error != nil {
					why = m.Error.describe()
				}
				fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", m.ID, m.State, m.To, ago(m.Created), orDash(m.Link), why)
			}
			return table.Flush()
		},
	}
	f := cmd.Flags()
	f.IntVar(&limit, "limit", 50, "how many, at most 1000")
	f.StringVar(&state, "state", "", "only of these states: expired, undeliverable, rejected, unknown")
	f.StringVar(&to, "to", "", "only to this number")
	return cmd
}

// newQueueResendCmd makes `kurir queue resend`.
func newQueueResendCmd(r *remote) *cobra.Command {
	return &cobra.Command{
		Use: "resend MESSAGE...", Short: "Send messages again that did not arrive, as new ones by the routes in force", Args: someArgs("the id of a message", "kurir queue dead shows them"),
		RunE: func(cmd *cobra.Command, ids []string) error {
			for _, id := range ids {
				var made struct {
					ID string `json:"id"`
				}
				printed, err := r.answer(cmd.Context(), cmd.OutOrStdout(), http.MethodPost, "/v1/messages/"+url.PathEscape(id)+"/resend", nil, &made)
				if err != nil {
					return err
				}
				if !printed {
					fmt.Fprintf(cmd.OutOrStdout(), "%s is sent again as %s\n", id, made.ID)
				}
			}
			return nil
		},
	}
}
