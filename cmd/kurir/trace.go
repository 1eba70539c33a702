package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/spf13/cobra"
)

// traceOptions are the flags of `kurir trace`.
type traceOptions struct {
	follow, hex, texts, off bool
	pdus                    int
	long                    time.Duration
	session                 number
}

// newTraceCmd makes `kurir trace`.
func newTraceCmd() *cobra.Command {
	r := &remote{}
	var o traceOptions
	cmd := &cobra.Command{
		Use:   "trace",
		Short: "Watch the PDUs of a link or of a customer's sessions while the server runs",
		Long: `Watch the PDUs of a link, or of an account's sessions over SMPP, UCP and CIMD2, of a running Kurir, one decoded line for each, over the REST
interface. The trace is switched on if it is not, prints what it has by then, and goes off after a while, or at once with --off.
Passwords are never shown, texts only with --texts. Links take an account that may administrate (admin: true), and so do texts;
without them an account may trace itself.`,
	}
	r.flags(cmd)
	f := cmd.PersistentFlags()
	f.BoolVar(&o.follow, "follow", false, "go on printing until Ctrl-C; a trace that this has switched on is then switched off")
	f.BoolVar(&o.hex, "hex", false, "the octets too")
	f.BoolVar(&o.texts, "texts", false, "the texts of messages too; a new trace begins for them")
	f.BoolVar(&o.off, "off", false, "switch the trace off, and forget what it has")
	f.IntVar(&o.pdus, "pdus", 0, "how `many` PDUs are kept, at most 10000 (default 1000)")
	f.DurationVar(&o.long, "for", 0, "for how `long` a trace that is switched on stays on, at most 24h (default 10m)")
	f.Var(&o.session, "session", "only the session of this `number`, as kurir link show, for customers kurir status, and the log have it")
	for _, kind := range []string{"link", "account"} {
		cmd.AddCommand(&cobra.Command{
			Use: kind + " NAME", Short: map[string]string{"link": "Watch a link", "account": "Watch the sessions of a customer"}[kind],
			Args: oneArg("the name of one " + kind),
			RunE: func(cmd *cobra.Command, args []string) error {
				return r.trace(cmd.Context(), cmd.OutOrStdout(), cmd.ErrOrStderr(), "/v1/traces/"+kind+"s/"+url.PathEscape(args[0]), o)
			},
		})
	}
	return cmd
}

// shownTrace is a trace in the server's answer.
type shownTrace struct {
	On    bool      `json:"on"`
	Until time.Time `json:"until"`
	Seen  uint64    `json:"seen"`
	Texts bool      `json:"texts"`
}

// shownPDU is a PDU in the server's answer.
type shownPDU struct {
	N         uint64    `json:"n"`
	At        time.Time `json:"at"`
	Direction string    `json:"direction"`
	Session   uint64    `json:"session"`
	PDU       string    `json:"pdu"`
	Text      string    `json:"text"`
	Hex       string    `json:"hex"`
}

func (p *shownPDU) print(out io.Writer) {
	arrow := "<-"
	if p.Direction == "out" {
		arrow = "->"
	}
	fmt.Fprintf(out, "%s %s %d %s", p.At.Format("15:04:05.000"), arrow, p.Session, p.PDU)
	if p.Text != "" {
		fmt.Fprintf(out, " text=%q", p.Text)
	}
	if p.Hex != "" {
		fmt.Fprintf(out, "\n    %s", p.Hex)
	}
	fmt.Fprintln(out)
}

// trace switches a trace on if need be and prints it, or switches it off.
func (r *remote) trace(ctx context.Context, out, errOut io.Writer, path string, o traceOptions) error {
	if o.off {
		return r.do(ctx, http.MethodDelete, path, nil, nil)
	}
	began, err := r.beginTrace(ctx, errOut, path, o)
	if err != nil {
		return err
	}
	params := url.Values{"limit": {"10000"}}
	if o.hex {
		params.Set("hex", "true")
	}
	if !o.follow {
		var reply struct {
			PDUs []shownPDU `json:"pdus"`
		}
		if printed, err := r.answer(ctx, out, http.MethodGet, path+"?"+params.Encode(), nil, &reply); err != nil || printed {
			return err
		}
		for i := range reply.PDUs {
			reply.PDUs[i].print(out)
		}
		return nil
	}
	params.Set("follow", "true")
	err = r.followTrace(ctx, out, path+"?"+params.Encode())
	if began && ctx.Err() != nil {
		off, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.options.timeout)
		defer cancel()
		return r.do(off, http.MethodDelete, path, nil, nil)
	}
	return err
}

// beginTrace sees to it that a trace is on as it is wanted; began says that it
// was not.
func (r *remote) beginTrace(ctx context.Context, errOut io.Writer, path string, o traceOptions) (began bool, err error) {
	var have struct {
		Trace shownTrace `json:"trace"`
	}
	err = r.do(ctx, http.MethodGet, path+"?limit=1", nil, &have)
	if err == nil && have.Trace.On && (have.Trace.Texts || !o.texts) && o.pdus == 0 && o.long == 0 && o.session == 0 {
		return false, nil
	}
	if err == nil && !have.Trace.On && !o.follow && !o.texts { // its time was up: what it has is shown
		return false, nil
	}
	fields := map[string]any{"texts": o.texts}
	if o.pdus != 0 {
		fields["pdus"] = o.pdus
	}
	if o.long != 0 {
		fields["for"] = o.long.String()
	}
	if o.session != 0 {
		fields["session"] = o.session
	}
	var t shownTrace
	if err := r.do(ctx, http.MethodPut, path, fields, &t); err != nil {
		return false, err
	}
	until, layout := t.Until.Local(), time.TimeOnly
	if until.YearDay() != time.Now().YearDay() {
		layout = time.DateTime
	}
	fmt.Fprintf(errOut, "the trace is on until %s; see it by the same command, or with --follow\n", until.Format(layout))
	return true, nil
}

// followTrace prints PDUs as they come until ctx ends or the trace does.
func (r *remote) followTrace(ctx context.Context, out io.Writer, path string) error {
	server, resp, err := r.open(ctx, path)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	last := uint64(0)
	for lines.Scan() {
		if len(lines.Bytes()) == 0 { // a sign of life
			continue
		}
		if r.options.asDoc {
			fmt.Fprintln(out, lines.Text())
			continue
		}
		var p shownPDU
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			return fmt.Errorf("%s does not answer as Kurir does: %w", server, err)
		}
		if last != 0 && p.N > last+1 {
			fmt.Fprintln(out, "... "+strconv.FormatUint(p.N-last-1, 10)+" PDUs were too fast")
		}
		last = p.N
		p.print(out)
	}
	if ctx.Err() != nil {
		return nil
	}
	return lines.Err()
}
