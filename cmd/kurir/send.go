package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"kurir/config"
)

// Exit codes of `kurir send`, for scripts and alarm systems.
const (
	exitRefused    = 1 // refused, or given up before it was delivered
	exitUsage      = 2 // flags that cannot be
	exitNoServer   = 3 // no server was reached, or none can accept now
	exitNotInTime  = 4 // accepted, and what --wait asks for did not happen in time
	exitUncertain  = 5 // a server was given the message and did not say what became of it
	defaultServer  = "http://127.0.0.1:8080"
	maxReply       = 8 << 20
	firstPoll      = 100 * time.Millisecond
	slowestPoll    = 2 * time.Second
	maxTextOnStdin = 1 << 20
)

// exitError ends the program with a code of its own.
type exitError struct {
	code int
	err  error
}

// Error gives the error's own words.
func (e *exitError) Error() string { return e.err.Error() }

// Unwrap gives the error itself.
func (e *exitError) Unwrap() error { return e.err }

func exitWith(code int, format string, args ...any) error {
	return &exitError{code, fmt.Errorf(format, args...)}
}

// sendOptions are the flags of `kurir send`.
type sendOptions struct {
	servers              []string
	key, user, password  string
	to                   []string
	from, text           string
	priority, reference  string
	tag                  string
	dimensions           map[string]string
	validity, sendAt     string
	encoding             string
	flash, atomic, asDoc bool
	wait                 string
	link                 string // the message takes it whatever the routes say
	timeout              time.Duration
	revision             string // that what is changed must have; empty for any
	fromDemo             bool   // the key is that of the folder of a demo
}

// newSendCmd makes `kurir send`.
func newSendCmd() *cobra.Command {
	o := sendOptions{}
	cmd := &cobra.Command{
		Use:   "send --to NUMBER --text TEXT",
		Short: "Send a text over the REST interface of a running Kurir",
		Long: `Send a text over the REST interface of a running Kurir, on this machine or another. Several servers are tried in
order until one accepts; after one that was given the text and did not say what became of it no other is tried, lest
it is sent twice. Credentials that no flag gives are taken from KURIR_KEY, or KURIR_USER and KURIR_PASSWORD,
and beside a demo from its folder ./kurir-demo, which are sent to this machine only. Servers that no flag gives are taken from KURIR_SERVER (separated by
commas), else ` + defaultServer + `.

Exit codes: 0 accepted (with --wait: and what it asks for has happened), 1 refused or not delivered, 2 wrong flags,
3 no server was reached or could accept, 4 accepted, but --wait was not fulfilled in time, 5 not known: look for it
with GET /v1/messages before it is sent again.`,
		Example: "  kurir send --to +46701234567 --text 'The pump in room 4 has stopped' --wait delivered\n  uptime | kurir send --to +46701234567 --text -",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runSend(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout(), o)
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&o.to, "to", nil, "recipient's `number`; may be given several times or with commas")
	f.StringVar(&o.text, "text", "", "the `text`; - reads it from standard input")
	f.StringVar(&o.from, "from", "", "`sender`; none is the account's")
	o.remoteFlags(f)
	f.StringVar(&o.priority, "priority", "", "bulk, normal, high or urgent")
	f.StringVar(&o.reference, "reference", "", "your own reference, kept with the message")
	f.StringVar(&o.tag, "tag", "", "a `word` for the rules of routes")
	f.StringToStringVar(&o.dimensions, "dimension", nil, "what the cost is put down to, as `name=value`; several with commas")
	f.StringVar(&o.validity, "validity", "", "how long it is tried, such as `30m`")
	f.StringVar(&o.sendAt, "send-at", "", "`time` to send at, as in 2026-11-05T08:30:00+01:00")
	f.StringVar(&o.encoding, "encoding", "", "auto, gsm7 or ucs2")
	f.BoolVar(&o.flash, "flash", false, "show it at once on the phone's screen")
	f.BoolVar(&o.atomic, "atomic", false, "of several recipients accept all or none")
	f.StringVar(&o.wait, "wait", "", "`state` to wait for: sent (the operator has it) or delivered")
	f.DurationVar(&o.timeout, "timeout", time.Minute, "how long to wait, for --wait and for each server")
	f.BoolVar(&o.asDoc, "json", false, "print the answer as JSON")
	return cmd
}

// remoteFlags adds the flags that say where the servers are and who asks.
func (o *sendOptions) remoteFlags(f *pflag.FlagSet) {
	f.StringSliceVar(&o.servers, "server", nil, "`address` of the server; several are tried in order")
	f.StringVar(&o.key, "key", "", "API key")
	f.StringVar(&o.user, "user", "", "account's `name`, with --password in place of --key")
	f.StringVar(&o.password, "password", "", "account's password")
}

// sentMessage is one message in the server's answer.
type sentMessage struct {
	ID       string     `json:"id"`
	To       string     `json:"to"`
	State    string     `json:"state"`
	Parts    int        `json:"parts"`
	Encoding string     `json:"encoding"`
	Error    *sentError `json:"error,omitempty"`
}

// sentError is why a message is where it is.
type sentError struct {
	Code         string `json:"code"`
	Detail       string `json:"detail,omitempty"`
	OperatorCode uint32 `json:"operator_code,omitempty"`
}

// describe is the error for people.
func (e *sentError) describe() string {
	text := e.Detail
	if text == "" {
		text = strings.ReplaceAll(e.Code, "_", " ")
	}
	if e.OperatorCode != 0 {
		text += fmt.Sprintf(" (the operator's code is %d)", e.OperatorCode)
	}
	return text
}

// sendReply is the server's answer: what was accepted and what was not, or a
// problem document.
type sendReply struct {
	Messages []sentMessage `json:"messages"`
	Errors   []sendError   `json:"errors"`
	Detail   string        `json:"detail,omitempty"`
}

type sendError struct {
	To     string `json:"to,omitempty"`
	Field  string `json:"field,omitempty"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// runSend sends, waits if asked to, and prints what became of it.
func runSend(ctx context.Context, in io.Reader, out io.Writer, o sendOptions) error {
	if err := o.complete(in); err != nil {
		return err
	}
	c := &sendClient{http: &http.Client{Timeout: o.timeout}, options: &o}
	defer c.http.CloseIdleConnections()
	reply, err := c.send(ctx)
	if err != nil {
		return err
	}
	if o.wait != "" {
		err = c.wait(ctx, reply)
	}
	if printErr := o.print(out, reply); printErr != nil {
		return fmt.Errorf("print the answer: %w", printErr)
	}
	switch {
	case err != nil:
		return err
	case len(reply.Errors) > 0:
		return exitWith(exitRefused, "refused: %d of %d", len(reply.Errors), len(reply.Errors)+len(reply.Messages))
	}
	return nil
}

// complete checks the flags and fills in what stands elsewhere.
func (o *sendOptions) complete(in io.Reader) error {
	switch {
	case len(o.to) == 0:
		return exitWith(exitUsage, "--to is missing")
	case o.text == "":
		return exitWith(exitUsage, "--text is missing")
	case o.wait != "" && o.wait != "sent" && o.wait != "delivered":
		return exitWith(exitUsage, "--wait %s: sent or delivered is expected", o.wait)
	case o.timeout <= 0:
		return exitWith(exitUsage, "--timeout must be more than nothing")
	}
	if o.text == "-" {
		text, err := io.ReadAll(io.LimitReader(in, maxTextOnStdin))
		if err != nil {
			return fmt.Errorf("read the text: %w", err)
		}
		o.text = strings.TrimRight(string(text), "\r\n")
	}
	return o.resolve()
}

// resolve finds out where the servers are and who asks.
func (o *sendOptions) resolve() error {
	if o.key != "" && o.user != "" {
		return exitWith(exitUsage, "--key and --user exclude each other")
	}
	if len(o.servers) == 0 {
		o.servers = strings.Split(os.Getenv("KURIR_SERVER"), ",")
		if o.servers[0] == "" {
			o.servers = []string{defaultServer}
		}
	}
	for i, server := range o.servers {
		if !strings.Contains(server, "://") {
			server = "http://" + server
		}
		if u, err := url.Parse(server); err != nil || u.Host == "" {
			return exitWith(exitUsage, "--server %s: an address such as %s is expected", server, defaultServer)
		}
		o.servers[i] = strings.TrimRight(server, "/")
	}
	o.credentials()
	return nil
}

// credentials takes what no flag gave from the environment, else from the
// folder of a demo in this directory: its key is for no other machine.
func (o *sendOptions) credentials() {
	if o.key != "" || o.user != "" {
		if o.password == "" {
			o.password = os.Getenv("KURIR_PASSWORD")
		}
		return
	}
	if o.key = os.Getenv("KURIR_KEY"); o.key != "" {
		return
	}
	if o.user, o.password = os.Getenv("KURIR_USER"), os.Getenv("KURIR_PASSWORD"); o.user != "" {
		return
	}
	for _, server := range o.servers {
		if u, err := url.Parse(server); err != nil || !loopback(u.Hostname()) {
			return
		}
	}
	file, mistakes := config.Load(filepath.Join("kurir-demo", "kurir.yaml"))
	if len(mistakes) == 0 && len(file.Accounts) > 0 && len(file.Accounts[0].APIKeys) > 0 {
		o.key, o.fromDemo = file.Accounts[0].APIKeys[0].Reveal(), true
	}
}

// loopback tells whether a host is this machine and reached by nobody else.
func loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.Unmap().IsLoopback()
}

// print writes the answer for people or, with --json, for programs.
func (o *sendOptions) print(out io.Writer, reply *sendReply) error {
	if o.asDoc {
		doc := json.NewEncoder(out)
		doc.SetIndent("", "  ")
		return doc.Encode(reply)
	}
	for _, m := range reply.Messages {
		why := ""
		if m.Error != nil {
			why = ": " + m.Error.describe()
		}
		if _, err := fmt.Fprintf(out, "%s %s to %s, parts: %d, %s%s\n", m.ID, m.State, m.To, m.Parts, m.Encoding, why); err != nil {
			return err
		}
	}
	for _, e := range reply.Errors {
		if _, err := fmt.Fprintf(out, "refused %s: %s\n", e.To, e.Detail); err != nil {
			return err
		}
	}
	return nil
}
