package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
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
	jobState
	act      string
	Looked   int64 `json:"looked_at"`
	Messages int64 `json:"messages"`
	Paused   int64 `json:"paused"`
	Refused  int64 `json:"refused"`
}

// actsDone is what has become of messages by an act.
var actsDone = map[string]string{
	"count": "wait", "pause": "paused", "resume": "resumed", "cancel": "cancelled", "move": "moved", "lane": "put into the lane",
}

func (j *shownAct) describe() string {
	text := fmt.Sprintf("%s %s", count(int(j.Messages), "message"), actsDone[j.act])
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
		counted := &shownAct{act: "count"}
		answer, err := r.runJob(ctx, errOut, "/v1/queues/count", o.fields(), counted, false)
		if err != nil {
			return err
		}
		if counted.State != "done" {
			return r.jobEnded(out, answer, counted, "nothing was done")
		}
		if counted.Messages == 0 {
			fmt.Fprintln(out, "no message waits that is meant")
			return nil
		}
		fmt.Fprintf(errOut, "%s wait that are meant. %s them? [y/N] ", count(int(counted.Messages), "message"), strings.ToUpper(act[:1])+act[1:])
		reply, _ := bufio.NewReader(in).ReadString('\n')
		if a := strings.ToLower(strings.TrimSpace(reply)); a != "y" && a != "yes" {
			return exitWith(exitRefused, "nothing was done; answer y, or give --yes")
		}
	}
	job := &shownAct{act: act}
	answer, err := r.runJob(ctx, errOut, "/v1/queues/"+act, fields, job, o.noWait)
	if err != nil {
		return err
	}
	return r.jobEnded(out, answer, job, "what is done stays so")
}
