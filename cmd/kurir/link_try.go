package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

// newLinkTestCmd makes `kurir link test`.
func newLinkTestCmd(r *remote) *cobra.Command {
	o := sendOptions{}
	cmd := &cobra.Command{
		Use:   "test NAME",
		Short: "Try a link step by step, or send a text through exactly this link",
		Long: `Try a link step by step, at each of its hosts: name, connection, TLS, bind, enquire_link, with what each took and, where
one fails, what to do. The server does it, on connections of its own; the link's sessions go on. It binds as a transmitter, so
that no receipt goes astray. An operator that permits no further session beside the link's own answers ESME_RALYBND: that is said so.

With --to and --text a message is accepted as any other, and goes by this link whatever the routes say.

Exit codes: 0 a host went well to the end, or the message was accepted (with --wait: and that has happened); else as kurir send.`,
		Example: "  kurir link test op1\n  kurir link test op1 --to +46701234567 --text 'Does it work?' --wait delivered",
		Args:    oneArg("the name of one link", "kurir link list shows them"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(o.to) == 0 && o.text == "" {
				return r.testLink(cmd.Context(), cmd.OutOrStdout(), args[0])
			}
			o.servers, o.key, o.user, o.password = r.options.servers, r.options.key, r.options.user, r.options.password
			o.timeout, o.asDoc, o.link = r.options.timeout, r.options.asDoc, args[0]
			return runSend(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout(), o)
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&o.to, "to", nil, "send a text to this `number`")
	f.StringVar(&o.text, "text", "", "the `text`; - reads it from standard input")
	f.StringVar(&o.from, "from", "", "`sender`; none is the account's")
	f.StringVar(&o.wait, "wait", "", "`state` to wait for: sent (the operator has it) or delivered")
	return cmd
}

// linkSteps is the server's answer to a test.
type linkSteps struct {
	Link  string `json:"link"`
	OK    bool   `json:"ok"`
	Steps []struct {
		Host   string  `json:"host"`
		Step   string  `json:"step"`
		Took   float64 `json:"took_ms"`
		OK     bool    `json:"ok"`
		Found  string  `json:"found"`
		Error  string  `json:"error"`
		Advice string  `json:"advice"`
	} `json:"steps"`
}

// testLink has a link tried and prints a line for each step.
func (r *remote) testLink(ctx context.Context, out io.Writer, name string) error {
	var answer json.RawMessage
	if err := r.do(ctx, http.MethodPost, "/v1/links/"+url.PathEscape(name)+"/test", nil, &answer); err != nil {
		return err
	}
	var reply linkSteps
	if err := json.Unmarshal(answer, &reply); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if !r.printed(out, answer) {
		reply.print(out)
	}
	if !reply.OK {
		return exitWith(exitRefused, "no host of %s went well to the end", name)
	}
	return nil
}

func (l *linkSteps) print(out io.Writer) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, s := range l.Steps {
		verdict, text := "ok", s.Found
		if !s.OK {
			verdict, text = "FAILED", s.Error
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%.1f ms\t%s\n", s.Host, s.Step, verdict, s.Took, text)
		if s.Advice != "" {
			fmt.Fprintf(table, "\t\t\t\t%s\n", s.Advice)
		}
	}
	_ = table.Flush() // a terminal that has gone needs no answer
}
