package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/spf13/cobra"
)

// actOptions say which messages an act is for.
type actOptions struct {
	account, reference, route, to, link string
	yes, noWait                         bool
}

// newQueueActCmds make `kurir queue pause` and the like.
func newQueueActCmds(r *remote) []*cobra.Command {
	which := "Without --yes the command says how many they are and asks."
	return []*cobra.Command{
		newQueueActCmd(r, "count", "", "", "Count messages that wait", "Count messages that wait for a link or for their time."),
		newQueueActCmd(r, "pause", "", "", "Let messages that wait wait until somebody resumes them",
			"Let messages that wait now wait until somebody resumes them, also over a restart. They expire when their validity ends. "+which),
		newQueueActCmd(r, "resume", "", "", "Let paused messages go on", "Let paused messages go on. "+which),
		newQueueActCmd(r, "cancel", "", "", "Cancel messages that wait", "Cancel messages that wait: they end as deleted. "+which),
		newQueueActCmd(r, "move", "LINK", "move_to", "Let messages that wait take another link",
			"Let messages that wait take another link, and only that, at its price. "+which),
		newQueueActCmd(r, "lane", "PRIORITY", "priority", "Put messages that wait into another lane",
			"Put messages that wait into another lane: bulk, normal, high or urgent. "+which),
	}
}

// newQueueActCmd makes the command of one act; arg is what it needs to know, for
// the field of that name.
func newQueueActCmd(r *remote, act, arg, field, short, long string) *cobra.Command {
	var o actOptions
	cmd := &cobra.Command{
		Use: strings.TrimSpace(act + " " + arg), Short: short, Long: long, Args: noArgs,
		Example: "  kurir queue " + strings.TrimSpace(act+" "+map[string]string{"LINK": "op2", "PRIORITY": "bulk"}[arg]) + " --account acme --to '+4670*'",
		RunE: func(cmd *cobra.Command, args []string) error {
			fields := o.fields()
			if field != "" {
				fields[field] = args[0]
			}
			return r.act(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr(), act, fields, &o)
		},
	}
	if arg != "" {
		cmd.Args = oneArg("one " + strings.ToLower(arg))
	}
	f := cmd.Flags()
	f.StringVar(&o.account, "account", "", "only this account's; an account that may not administrate has its own anyway")
	f.StringVar(&o.reference, "reference", "", "only those with this reference of the customer's")
	f.StringVar(&o.route, "route", "", "only those that this rule of routes is for, by its name or as routes[0]")
	f.StringVar(&o.to, "to", "", "only those to numbers of this `pattern`: +46701234567, +46*, * for all")
	f.StringVar(&o.link, "link", "", "only those that wait for this link")
	if act != "count" {
		f.BoolVar(&o.yes, "yes", false, "do not ask")
	}
	f.BoolVar(&o.noWait, "no-wait", false, "print the job and leave it alone")
	return cmd
}

// fields are those of the request that say which messages are meant.
func (o *actOptions) fields() map[string]string {
	fields := map[string]string{}
	for name, value := range map[string]string{"account": o.account, "reference": o.reference, "route": o.route, "to": o.to, "link": o.link} {
		if value != "" {
			fields[name] = value
		}
	}
	return fields
}

// shownAct is an act in the server's answer.
type shownAct struct {
	ID       string `json:"id"`
	State    string `json:"state"`
	Looked   int64  `json:"looked_at"`
	Messages int64  `json:"messages"`
	Paused   int64  `json:"paused"`
	Refused  int64  `json:"refused"`
	Error    string `json:"error"`
}

// actsDone is what has become of messages by an act.
var actsDone = map[string]string{
	"count": "wait", "pause": "paused", "resume": "resumed", "cancel": "cancelled", "move": "moved", "lane": "put into the lane",
}

func (j *shownAct) describe(act string) string {
	text := fmt.Sprintf("%s %s", count(int(j.Messages), "message"), actsDone[act])
	if j.Paused > 0 {
		text += fmt.Sprintf(", %d of them paused", j.Paused)
	}
	text += fmt.Sprintf(", %d looked at", j.Looked)
	if j.Refused > 0 {
		text += fmt.Sprintf(", %d left as they are: no price by that link, or other parts of their text have left", j.Refused)
	}
	return text
}

// act counts what an act is for, asks, and does it.
func (r *remote) act(ctx context.Context, in io.Reader, out, errOut io.Writer, act string, fields map[string]string, o *actOptions) error {
	if act != "count" && !o.yes {
		meant := o.fields()
		counted, _, err := r.runAct(ctx, errOut, "count", meant, false)
		if err != nil {
			return err
		}
		if counted.Messages == 0 {
			fmt.Fprintln(out, "no message waits that is meant")
			return nil
		}
		fmt.Fprintf(errOut, "%s wait that are meant. %s them? [y/N] ", count(int(counted.Messages), "message"), strings.ToUpper(act[:1])+act[1:])
		answer, _ := bufio.NewReader(in).ReadString('\n')
		if a := strings.ToLower(strings.TrimSpace(answer)); a != "y" && a != "yes" {
			return exitWith(exitRefused, "nothing was done; answer y, or give --yes")
		}
	}
	job, answer, err := r.runAct(ctx, errOut, act, fields, o.noWait)
	if err != nil {
		return err
	}
	if !r.printed(out, answer) {
		fmt.Fprintf(out, "job %s %s: %s\n", job.ID, job.State, job.describe(act))
	}
	switch job.State {
	case "stopped":
		return exitWith(exitRefused, "stopped; what is done stays so")
	case "failed":
		return exitWith(exitRefused, "%s", job.Error)
	}
	return nil
}

// runAct begins an act, shows how it goes on, and stops it when ctx ends.
func (r *remote) runAct(ctx context.Context, errOut io.Writer, act string, fields map[string]string, noWait bool) (*shownAct, json.RawMessage, error) {
	body, err := json.Marshal(fields)
	if err != nil {
		return nil, nil, err
	}
	var answer json.RawMessage
	job := &shownAct{}
	ask := func(ctx context.Context, method, path string, body []byte) error {
		if err := r.do(ctx, method, path, body, &answer); err != nil {
			return err
		}
		*job = shownAct{}
		return json.Unmarshal(answer, job)
	}
	if err := ask(ctx, http.MethodPost, "/v1/queues/"+act, body); err != nil {
		return nil, nil, err
	}
	path, live := "/v1/jobs/"+job.ID, isTerminal(errOut) && isTerminal(os.Stdout) && !noWait
	for job.State == "running" && !noWait {
		if live {
			fmt.Fprintf(errOut, "\r\x1b[K%s", job.describe(act))
		}
		pause(ctx, pollPush)
		if err = ask(ctx, http.MethodGet, path, nil); ctx.Err() != nil {
			stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.options.timeout)
			defer cancel()
			for err = ask(stopping, http.MethodDelete, path, nil); err == nil && job.State == "running"; {
				pause(stopping, pollPush)
				err = ask(stopping, http.MethodGet, path, nil)
			}
		}
		if err != nil {
			break
		}
	}
	if live {
		fmt.Fprint(errOut, "\r\x1b[K")
	}
	return job, answer, err
}
