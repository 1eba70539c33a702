package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// newQueueCmd makes `kurir queue`.
func newQueueCmd() *cobra.Command {
	r := &remote{}
	cmd := &cobra.Command{
		Use:   "queue",
		Short: "Show what customers are owed and what waits for links; pause, cancel, move what waits; tell customers again",
		Long: `Show what customers of a running Kurir are owed and what waits for its links, and tell customers again what they were
told, over the REST interface. An account sees and pushes its own; one that may administrate (admin: true) everybody's.`,
	}
	r.flags(cmd)
	links := false
	list := &cobra.Command{
		Use: "list", Short: "Show all queues: what customers are owed, or with --links what waits for links", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if links {
				return r.listLinkQueues(cmd.Context(), cmd.OutOrStdout(), "")
			}
			return r.listQueues(cmd.Context(), cmd.OutOrStdout(), "")
		},
	}
	list.Flags().BoolVar(&links, "links", false, "what waits for links, by lane and account")
	cmd.AddCommand(list, &cobra.Command{
		Use: "show ACCOUNT", Short: "Show what one account is owed, and what of it waits for links", Args: oneArg("the name of one account"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.showQueues(cmd.Context(), cmd.OutOrStdout(), args[0])
		},
	}, newQueuePushCmd(r), newQueueDeadCmd(r), newQueueResendCmd(r))
	cmd.AddCommand(newQueueActCmds(r)...)
	return cmd
}

// shownQueue is what one account is owed over one kind of target, in the
// server's answer.
type shownQueue struct {
	Account  string    `json:"account"`
	Kind     string    `json:"kind"`
	Owed     int64     `json:"owed"`
	Memory   int64     `json:"in_memory"`
	Disk     int64     `json:"on_disk"`
	Later    int64     `json:"waiting_for_retry"`
	InFlight int       `json:"in_flight"`
	Oldest   time.Time `json:"oldest"`
	Present  bool      `json:"present"`
	Error    *struct {
		At   time.Time `json:"at"`
		Code uint32    `json:"code"`
		Text string    `json:"text"`
	} `json:"last_error"`
}

// shownLinkQueue is what waits for one link in one lane, of one account.
type shownLinkQueue struct {
	Link     string    `json:"link"`
	Up       bool      `json:"up"`
	Priority string    `json:"priority"`
	Account  string    `json:"account"`
	Waiting  int64     `json:"waiting"`
	Memory   int64     `json:"in_memory"`
	Disk     int64     `json:"on_disk"`
	Oldest   time.Time `json:"oldest"`
}

// listQueues prints a line for each queue.
func (r *remote) listQueues(ctx context.Context, out io.Writer, account string) error {
	list, err := allRows[shownQueue](ctx, r, rowsPath("/v1/queues", account), "queues")
	if err != nil || r.printedRows(out, list) {
		return err
	}
	table := newTable(out, "ACCOUNT", "KIND", "OWED", "MEMORY", "DISK", "RETRY", "IN FLIGHT", "OLDEST", "THERE", "LAST ERROR")
	for i := range list {
		q := &list[i]
		trouble := "-"
		if q.Error != nil {
			trouble = ago(q.Error.At) + " ago: "
			if q.Error.Code != 0 {
				trouble += fmt.Sprintf("%d ", q.Error.Code)
			}
			trouble += strings.ReplaceAll(q.Error.Text, "\n", "; ")
		}
		fmt.Fprintf(table, "%s\t%s\t%d\t%d\t%d\t%d\t%d\t%s\t%s\t%s\n", orDash(q.Account), q.Kind, q.Owed, q.Memory, q.Disk, q.Later, q.InFlight,
			ago(q.Oldest), yesNo(q.Present), trouble)
	}
	return table.Flush()
}

// listLinkQueues prints a line for each lane of each link and account.
func (r *remote) listLinkQueues(ctx context.Context, out io.Writer, account string) error {
	list, err := allRows[shownLinkQueue](ctx, r, rowsPath("/v1/queues/links", account), "queues")
	if err != nil || r.printedRows(out, list) {
		return err
	}
	table := newTable(out, "LINK", "UP", "PRIORITY", "ACCOUNT", "WAITING", "MEMORY", "DISK", "OLDEST")
	for i := range list {
		q := &list[i]
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%d\t%d\t%d\t%s\n", q.Link, yesNo(q.Up), q.Priority, q.Account, q.Waiting, q.Memory, q.Disk, ago(q.Oldest))
	}
	return table.Flush()
}

// showQueues prints both of one account.
func (r *remote) showQueues(ctx context.Context, out io.Writer, account string) error {
	if err := r.listQueues(ctx, out, account); err != nil {
		return err
	}
	fmt.Fprintln(out)
	return r.listLinkQueues(ctx, out, account)
}
