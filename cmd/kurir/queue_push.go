package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
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
func (o *pushOptions) body(account string, now time.Time) ([]byte, error) {
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
	return json.Marshal(fields)
}

// shownJob is a job in the server's answer.
type shownJob struct {
	ID       string    `json:"id"`
	State    string    `json:"state"`
	Account  string    `json:"account"`
	Reached  time.Time `json:"reached"`
	Looked   int64     `json:"looked_at"`
	Receipts int64     `json:"receipts"`
	Inbound  int64     `json:"inbound"`
	Owed     int64     `json:"owed_anyway"`
	Gone     int64     `json:"text_gone"`
	Unknown  int64     `json:"unknown_ids"`
	Error    string    `json:"error"`
}

func (j *shownJob) describe() string {
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
	return text
}

const pollPush = 200 * time.Millisecond

// push begins a push, shows how it goes on, and stops it when ctx ends.
func (r *remote) push(ctx context.Context, out, errOut io.Writer, account string, o pushOptions) error {
	body, err := o.body(account, time.Now())
	if err != nil {
		return err
	}
	p := &shownPush{r: r}
	if err := p.ask(ctx, http.MethodPost, "/v1/queues/push", body); err != nil {
		return err
	}
	path, live := "/v1/jobs/"+p.job.ID, isTerminal(errOut) && !o.noWait
	for p.job.State == "running" && !o.noWait && err == nil {
		if live {
			fmt.Fprintf(errOut, "\r\x1b[K%s, up to %s", p.job.describe(), orDash(shownTime(p.job.Reached)))
		}
		pause(ctx, pollPush)
		if err = p.ask(ctx, http.MethodGet, path, nil); ctx.Err() != nil {
			err = p.stop(ctx, path)
		}
	}
	if live {
		fmt.Fprint(errOut, "\r\x1b[K")
	}
	if err != nil {
		return err
	}
	return r.pushEnded(out, p.answer, &p.job)
}

// shownPush is a push as the server last told it.
type shownPush struct {
	r      *remote
	answer json.RawMessage
	job    shownJob
}

func (p *shownPush) ask(ctx context.Context, method, path string, body []byte) error {
	if err := p.r.do(ctx, method, path, body, &p.answer); err != nil {
		return err
	}
	p.job = shownJob{}
	return json.Unmarshal(p.answer, &p.job)
}

// stop stops the push of a command that was told to end.
func (p *shownPush) stop(ctx context.Context, path string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), p.r.options.timeout)
	defer cancel()
	err := p.ask(ctx, http.MethodDelete, path, nil)
	for err == nil && p.job.State == "running" {
		pause(ctx, pollPush)
		err = p.ask(ctx, http.MethodGet, path, nil)
	}
	if err != nil {
		return fmt.Errorf("the push could not be stopped: %w", err)
	}
	return nil
}

// pushEnded says what has become of a push.
func (r *remote) pushEnded(out io.Writer, answer json.RawMessage, job *shownJob) error {
	if !r.printed(out, answer) {
		fmt.Fprintf(out, "job %s %s: %s\n", job.ID, job.State, job.describe())
	}
	switch job.State {
	case "stopped":
		return exitWith(exitRefused, "stopped; what is owed again stays so")
	case "failed":
		return exitWith(exitRefused, "%s", job.Error)
	}
	if job.State == "done" && job.Unknown > 0 && job.Looked == 0 {
		return exitWith(exitRefused, "nothing is owed again: no message of the account has any of these ids")
	}
	return nil
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

func shownTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateTime)
}

// isTerminal tells whether somebody watches what is written.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
