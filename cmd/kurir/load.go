package main

import (
	"encoding/json"
	"errors"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"kurir/load"
)

// newLoadCmd makes `kurir load`.
func newLoadCmd() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "load",
		Short: "Send many messages and measure what becomes of them",
	}
	smpp := newLoadKindCmd("smpp ADDRESS[,ADDRESS...]", "Send over SMPP transceivers, whose sessions take turns at the addresses", "  kurir load smpp 127.0.0.1:2775 --system-id acme --password secret --count 100000", load.SMPP)
	ucp := newLoadKindCmd("ucp ADDRESS[,ADDRESS...]", "Send over EMI/UCP sessions, which take turns at the addresses", "  kurir load ucp 127.0.0.1:5000 --system-id acme --password secret --sessions 4 --count 100000", load.UCP)
	cimd2 := newLoadKindCmd("cimd2 ADDRESS[,ADDRESS...]", "Send over CIMD2 sessions, which take turns at the addresses", "  kurir load cimd2 127.0.0.1:9971 --system-id acme --password secret --sessions 4 --count 100000", load.CIMD2)
	http := newLoadKindCmd("http ADDRESS", "Send over HTTP: POST /v1/messages, or Kannel's sendsms", "  kurir load http http://127.0.0.1:8080 --key acme-key --connections 50 --duration 60s", load.REST)
	http.Long = http.Short + ".\n\nReceipts come to an address on this machine, which a gateway calls only if its file says\n" +
		"webhooks: {allow: [127.0.0.0/8]}; --no-receipts asks for none."
	receive := newLoadKindCmd("receive ADDRESS", "Receive over SMPP, or with --over over EMI/UCP or CIMD2, what kurir simulate --inbound-rate makes, and count it",
		"  kurir load receive 127.0.0.1:2775 --system-id acme --password secret --sessions 4 --duration 60s", load.Receive)
	smtp := newLoadKindCmd("smtp ADDRESS", "Send mails, one after the other on each connection", "  kurir load smtp 127.0.0.1:2525 --domain sms.example.se --from anna@example.se --user acme --password secret --connections 50 --count 10000", load.SMTP)
	cmd.AddCommand(smpp, ucp, cimd2, http, smtp, receive)
	return cmd
}

// newLoadKindCmd makes one of its commands.
func newLoadKindCmd(use, short, example string, kind load.Kind) *cobra.Command {
	opt := load.Options{Kind: kind}
	var asJSON, quiet, noReceipts, kannel bool
	var accepted, profile string
	var marks bool
	cmd := &cobra.Command{
		Use: use, Short: short, Example: example, Args: oneArg("the address"),
		RunE: func(cmd *cobra.Command, args []string) error {
			opt.Address, opt.Receipts = args[0], !noReceipts
			if kannel {
				opt.Kind = load.Kannel
			}
			if !quiet {
				opt.Progress = cmd.ErrOrStderr()
			}
			if marks {
				opt.Marks = cmd.ErrOrStderr()
			}
			if accepted != "" {
				f, err := os.Create(accepted)
				if err != nil {
					return err
				}
				defer f.Close()
				opt.Accepted = f
			}
			serveProfile(profile)
			report, err := load.Run(cmd.Context(), opt)
			if err != nil && report.Sent == 0 {
				return err
			}
			return loadReport(cmd, &report, kind, asJSON, err)
		},
	}
	f := cmd.Flags()
	runFlags(f, &opt)
	if kind != load.Receive {
		f.BoolVar(&noReceipts, "no-receipts", false, "do not ask for receipts")
	}
	f.BoolVar(&asJSON, "json", false, "report as JSON")
	f.BoolVar(&quiet, "quiet", false, "no line every second")
	f.StringVar(&accepted, "accepted", "", "`file` for the references of all accepted messages, one a line")
	f.BoolVar(&marks, "marks", false, "write a line to standard error when the measured time begins and ends")
	profileFlag(f, &profile)
	switch kind {
	case load.Receive:
		sessionFlags(f, &opt)
		f.StringVar((*string)(&opt.Over), "over", "smpp", "`protocol`: smpp, ucp or cimd2")
		return cmd
	case load.SMPP, load.UCP, load.CIMD2:
		sessionFlags(f, &opt)
		smppLoadFlags(f, &opt)
	case load.SMTP:
		mailLoadFlags(f, &opt)
	default:
		httpLoadFlags(f, &opt)
		f.BoolVar(&kannel, "kannel", false, "Kannel's sendsms instead of REST")
	}
	sendFlags(f, &opt)
	return cmd
}

// loadReport writes a report, and says what is wrong if nothing came of the run. err is what is wrong already.
func loadReport(cmd *cobra.Command, report *load.Report, kind load.Kind, asJSON bool, err error) error {
	if asJSON {
		out := json.NewEncoder(cmd.OutOrStdout())
		out.SetIndent("", "  ")
		err = errors.Join(err, out.Encode(report))
	} else {
		report.Write(cmd.OutOrStdout())
	}
	switch {
	case err != nil:
		return err
	case kind == load.Receive && report.Receipts == 0:
		return errors.New("no message came; does the simulator run with --inbound-rate, and is the number this account's?")
	case kind != load.Receive && report.Accepted == 0:
		return errors.New("no message was accepted; the report says why")
	}
	return nil
}

// runFlags are those of all kinds.
func runFlags(f *pflag.FlagSet, opt *load.Options) {
	f.Int64Var(&opt.Count, "count", 0, "messages to send, or to receive")
	f.DurationVar(&opt.Duration, "duration", 0, "time to send or receive for")
	f.DurationVar(&opt.WarmUp, "warm-up", 0, "time before that, which is not measured")
	f.DurationVar(&opt.Wait, "wait", 10*time.Second, "how long to wait when nothing comes any more")
	f.BoolVar(&opt.Reconnect, "reconnect", false, "go on after a broken connection")
}

// sendFlags are those of the kinds that send.
func sendFlags(f *pflag.FlagSet, opt *load.Options) {
	f.Float64Var(&opt.Rate, "rate", 0, "messages a second, evenly; 0: as fast as answers come")
	f.StringVar(&opt.From, "from", "", "sender (default 46700000001), of mails their author")
	f.StringVar(&opt.To, "to", "", "first recipient (default 46701000000)")
	f.IntVar(&opt.Recipients, "recipients", 10_000, "so many numbers take turns")
	f.IntVar(&opt.Length, "length", 100, "characters of a text")
	f.DurationVar(&opt.AnswerTime, "answer-time", time.Minute, "how long to wait for one answer")
}

func smppLoadFlags(f *pflag.FlagSet, opt *load.Options) {
	f.BoolVar(&opt.Stamp, "stamp", false, "write the time of sending into the texts, for --stamps of the simulator")
	f.IntVar(&opt.Window, "window", 100, "messages without an answer per session")
}

// sessionFlags are those of sessions, whatever they do.
func sessionFlags(f *pflag.FlagSet, opt *load.Options) {
	f.IntVar(&opt.Connections, "sessions", 1, "sessions")
	f.IntVar(&opt.Accounts, "accounts", 0, "accounts that the sessions are spread over, named by --system-id, a dash and a number from 0; 0: one, without number")
	f.StringVar(&opt.SystemID, "system-id", "", "system_id to bind with, or account to log in as")
	f.StringVar(&opt.Password, "password", "", "its password")
}

func mailLoadFlags(f *pflag.FlagSet, opt *load.Options) {
	f.IntVar(&opt.Connections, "connections", 1, "connections")
	f.StringVar(&opt.Domain, "domain", "", "`domain` of the addresses of phones")
	f.StringVar(&opt.SystemID, "user", "", "account to sign in as; empty: nobody signs in")
	f.StringVar(&opt.Password, "password", "", "its password")
}

func httpLoadFlags(f *pflag.FlagSet, opt *load.Options) {
	f.IntVar(&opt.Connections, "connections", 1, "connections kept alive")
	f.IntVar(&opt.PerRequest, "per-request", 0, "messages in one request (default 1), or lines of a stream that are written at a time (default 100)")
	f.StringVar(&opt.Key, "key", "", "API key")
	f.BoolVar(&opt.Stream, "stream", false, "one request for each connection, with a message in each line")
	f.IntVar(&opt.Window, "window", 0, "lines of a stream without a result (default 4000)")
	f.BoolVar(&opt.Idempotent, "idempotent", false, "an Idempotency-Key of its own on every request")
	f.StringVar(&opt.SystemID, "user", "", "user name for sendsms, and for REST without --key")
	f.StringVar(&opt.Password, "password", "", "its password")
	f.StringVar(&opt.Webhook, "webhook", "", "`address` to listen on for receipts (default: a free port of 127.0.0.1)")
}
