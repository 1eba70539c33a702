package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
)

// pushOptions are the flags of `kurir queue push`.
type pushOptions struct {
	from, to          string
	ids               []string
	receipts, inbound bool
	givenUp, noWait   bool
}

// newQueuePushCmd makes `kurir queue push`.
func newQueuePushCmd(r *remote) *cobra.Command {
	var o pushOptions
	cmd := &cobra.Command{
		Use:   "push ACCOUNT",
		Short: "Tell an account again what it was told, or what was given up",
		Long: `Tell an account again what it was told, or what was given up: states of messages (receipts) and inbound messages, of a range
of time or by their ids. "*" is for all accounts. The command shows how far it has come and ends when all is owed again; Ctrl-C stops
it, and what is owed by then stays so.

Times are those at which messages were accepted, or came: 2026-11-05T10:00:00Z, 2026-11-05, or how long ago (90m, 36h, 7d).`,
		Example: "  kurir queue push acme --from 2026-11-05T10:00:00Z --to 2026-11-05T11:00:00Z --receipts\n  kurir queue push acme --from 36h --given-up",
		Args:    oneArg("the name of one account"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return r.push(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), args[0], o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.from, "from", "", "`time` from which on")
	f.StringVar(&o.to, "to", "", "`time` before which")
	f.StringSliceVar(&o.ids, "id", nil, "`id` of a message or inbound message, in place of a range; may be given several times or with commas")
	f.BoolVar(&o.receipts, "receipts", false, "only states of messages")
	f.BoolVar(&o.inbound, "inbound", false, "only inbound messages")
	f.BoolVar(&o.givenUp, "given-up", false, "only what was given up, not what was acknowledged")
	f.BoolVar(&o.noWait, "no-wait", false, "print the job and leave it alone")
	return cmd
}

// body is the request.
func (o *pushOptions) body(account string, now time.Time) (map[string]any, error) {
	ranged := o.from != "" || o.to != ""
	switch {
	case !ranged && len(o.ids) == 0:
		return nil, exitWith(exitUsage, "say with --from, --to or both of which time, or with --id which messages")
	case ranged && len(o.ids) > 0:
		return nil, exitWith(exitUsage, "--id and a range of time exclude each other")
	}
	fields := map[string]any{"account": account}
	for name, text := range map[string]string{"from": o.from, "to": o.to} {
		if text == "" {
			continue
		}
		at, err := timeOrAgo(text, now)
		if err != nil {
			return nil, exitWith(exitUsage, "--%s %s: %v", name, text, err)
		}
		fields[name] = at.UTC().Format(time.RFC3339Nano)
	}
	var kinds []string
	if o.receipts {
		kinds = append(kinds, "receipts")
	}
	if o.inbound {
		kinds = append(kinds, "inbound")
	}
	if len(kinds) > 0 {
		fields["kinds"] = kinds
	}
	if len(o.ids) > 0 {
		fields["ids"] = o.ids
	}
	if o.givenUp {
		fields["given_up"] = true
	}
	return fields, nil
}

// shownPush is a push in the server's answer.
type shownPush struct {
	jobState
	Account  string    `json:"account"`
	Reached  time.Time `json:"reached"`
	Looked   int64     `json:"looked_at"`
	Receipts int64     `json:"receipts"`
	Inbound  int64     `json:"inbound"`
	Owed     int64     `json:"owed_anyway"`
	Gone     int64     `json:"text_gone"`
	Unknown  int64     `json:"unknown_ids"`
}

func (j *shownPush) describe() string {
	whose := j.Account
	if whose == "*" {
		whose = "all accounts"
	}
	text := fmt.Sprintf("%s and %s of %s are owed again; %d looked at, %d of them owed anyway",
		count(int(j.Receipts), "receipt"), count(int(j.Inbound), "inbound message"), whose, j.Looked, j.Owed)
	if j.Gone > 0 {
		text += fmt.Sprintf(", the texts of %d are no longer kept", j.Gone)
	}
	if j.Unknown > 0 {
		text += fmt.Sprintf(", %s unknown", count(int(j.Unknown), "id"))
	}
	if j.State == "running" && !j.Reached.IsZero() {
		text += ", up to " + j.Reached.UTC().Format(time.DateTime)
	}
	return text
}

// push begins a push, shows how it goes on, and stops it when ctx ends.
func (r *remote) push(ctx context.Context, out, errOut io.Writer, account string, o pushOptions) error {
	body, err := o.body(account, time.Now())
	if err != nil {
		return err
	}
	job := &shownPush{}
	answer, err := r.runJob(ctx, errOut, "/v1/queues/push", body, job, o.noWait)
	if err != nil {
		return err
	}
	if err := r.jobEnded(out, answer, job, "what is owed again stays so"); err != nil {
		return err
	}
	if job.State == "done" && job.Unknown > 0 && job.Looked == 0 {
		return exitWith(exitRefused, "nothing is owed again: no message of the account has any of these ids")
	}
	return nil
}
