package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"kurir/simulator"
)

// newSimulateCmd makes `kurir simulate`.
func newSimulateCmd() *cobra.Command {
	opt := simulator.Options{}
	var counted, verbose bool
	var hosts, lists, tlvs []string
	var outbind simulator.Outbind
	var profile string
	var modems []string
	var modem simulator.ModemOptions
	cmd := &cobra.Command{
		Use:   "simulate",
		Short: "Run an SMSC with virtual phones that misbehaves on demand",
		Long: `An SMSC on SMPP, with --ucp on EMI/UCP and with --cimd2 on CIMD2, with virtual phones, to try a gateway and to test it. Without
flags it answers at once, delivers everything and reports it. Flags change that for all messages, PATCH /behaviour changes it while it runs, and the
last digits of the recipient change it for one message:

` + simulator.FateText("  "),
		Example: "  kurir simulate --smpp 127.0.0.1:2776 --http 127.0.0.1:8081\n  kurir simulate --receipts 2s --rate 100 --ids hex-dec",
		Args:    noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if counted && opt.References == simulator.ReferencesOff {
				opt.References = simulator.ReferencesWord
			}
			if verbose {
				opt.Log = slog.New(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelDebug}))
			}
			opt.SMPP, opt.Hosts = hosts[0], hosts[1:]
			opt.Lists = map[string][]string{}
			for _, list := range lists {
				name, numbers, ok := strings.Cut(list, "=")
				if !ok || name == "" {
					return fmt.Errorf("--list %s: write a name, = and numbers with commas between them", list)
				}
				opt.Lists[name] = strings.Split(numbers, ",")
			}
			for _, tlv := range tlvs {
				t, err := simulator.ParseTLV(tlv)
				if err != nil {
					return fmt.Errorf("--receipt-tlv: %w", err)
				}
				opt.ReceiptTLVs = append(opt.ReceiptTLVs, t)
			}
			outbind.SystemID, outbind.Password = opt.SystemID, opt.Password
			return simulate(cmd.Context(), cmd.OutOrStdout(), simulated{Options: opt, outbind: outbind, profile: profile, modems: modems, modem: modem})
		},
	}
	f := cmd.Flags()
	f.StringSliceVar(&hosts, "smpp", []string{"127.0.0.1:2776"}, "`address` on which gateways bind; several are several hosts; tls://127.0.0.1:3550 is one with TLS")
	f.StringArrayVar(&lists, "list", nil, "a distribution list of submit_multi, as `name=number,number`; may be given again")
	f.StringArrayVar(&tlvs, "receipt-tlv", nil, "an optional parameter that receipts have, as `tag=text`, such as 0x1500=24007; may be given again")
	f.StringVar(&outbind.Address, "outbind", "", "`address` of an ESME that is asked by outbind to bind, with --system-id and --password")
	f.BoolVar(&counted, "count-references", false, "count how often each first word of a text arrives, see GET /counts")
	f.TextVar(&opt.References, "references", simulator.ReferencesOff, "what is counted: `word` (the first), text (the whole), off")
	f.BoolVar(&verbose, "verbose", false, "log what happens to connections")
	f.StringArrayVar(&modems, "modem", nil, "a GSM modem on a pseudo-terminal, with a link to it at `path`; auto: without a link; may be given again")
	modemFlags(f, &modem)
	optionFlags(f, &opt)
	profileFlag(f, &profile)
	behaviourFlags(f, &opt.Behaviour)
	return cmd
}

// optionFlags are those that say what the simulator is and that the options take as they are.
func optionFlags(f *pflag.FlagSet, opt *simulator.Options) {
	f.StringVar(&opt.UCP, "ucp", "", "`address` on which gateways log in on EMI/UCP; tls://127.0.0.1:3551 with TLS; none if empty")
	f.StringVar(&opt.CIMD2, "cimd2", "", "`address` on which gateways log in on CIMD2; tls://127.0.0.1:3552 with TLS; none if empty")
	f.BoolVar(&opt.UCPKnown, "ucp-known", false, "let everyone in on UCP without a log-in, as an account named by the address")
	f.Func("ucp-alphabet", "`alphabet` of texts on UCP: "+simulator.UCPAlphabets+" (default gsm)", opt.SetUCPAlphabet)
	f.Func("zone", "`zone` of the SMSC, whose times on UCP and CIMD2 are local, such as Europe/Stockholm (default UTC)", func(name string) (err error) {
		opt.Zone, err = time.LoadLocation(name)
		return err
	})
	f.StringVar(&opt.Cert, "tls-cert", "", "PEM `file` of the certificate of hosts with TLS; without one it is made, see GET /certificate")
	f.StringVar(&opt.Key, "tls-key", "", "PEM `file` of its key")
	f.StringVar(&opt.ClientCA, "tls-client-ca", "", "PEM `file` of who signs the certificates of clients; others are not let in")
	f.Func("version", "highest `version` of SMPP: 3.3, 3.4 or 5.0 (default 5.0)", func(text string) (err error) {
		opt.Version, err = simulator.ParseVersion(text)
		return err
	})
	f.BoolVar(&opt.HideVersion, "hide-version", false, "leave sc_interface_version out of the answer to a bind")
	f.BoolVar(&opt.IDsPerHost, "ids-per-host", false, "each host numbers its messages for itself, beginning with the same number")
	f.StringVar(&opt.HTTP, "http", "", "`address` of the page of phones and of the API; none if empty")
	f.StringVar(&opt.SystemID, "system-id", "", "the one system_id that may bind; with no password either, everyone may")
	f.StringVar(&opt.Password, "password", "", "its password")
	f.IntVar(&opt.Phones, "phones", 200, "virtual phones kept; the least recently used give way; -1: none")
	f.IntVar(&opt.Keep, "keep", 64<<20, "`octets` of received messages that stay readable; -1: none")
	f.IntVar(&opt.Stored, "stored", 100_000, "messages that may wait for phones")
	f.IntVar(&opt.Window, "window", 512, "deliver_sm without an answer per session")
	f.DurationVar(&opt.AnswerTime, "answer-time", time.Minute, "time after which a deliver_sm without an answer is sent again")
	f.BoolVar(&opt.Stamps, "stamps", false, "count how long messages took whose texts have a time of sending, see GET /taken")
	f.Uint64Var(&opt.Seed, "seed", 0, "`seed` of the percentages; 0: another one each time")
	f.Uint64Var(&opt.FirstID, "first-id", 0, "message `id` to begin after; 0: by the clock")
}

// behaviourFlags are those that PATCH /behaviour can change later.
func behaviourFlags(f *pflag.FlagSet, b *simulator.Behaviour) {
	duration := func(d *simulator.Duration, name, usage string) { f.DurationVar((*time.Duration)(d), name, 0, usage) }
	duration(&b.Latency, "latency", "time until the answer")
	duration(&b.Jitter, "jitter", "at most this is added to it at random, so that answers overtake each other")
	f.Float64Var(&b.Rate, "rate", 0, "messages a second; ESME_RTHROTTLED for what comes faster; 0: no limit")
	f.Uint32Var((*uint32)(&b.RateStatus), "rate-status", 0, "`command_status` of what comes faster; 0: ESME_RTHROTTLED; 20 is ESME_RMSGQFUL")
	f.TextVar(&b.Congestion, "congestion", simulator.CongestionOff, "`congestion_state` in answers to version 5.0: off, auto (by the load), or 0 to 99")
	f.IntVar(&b.Binds, "binds", 0, "sessions of an account, half-open ones too; further ones are refused; 0: no limit")
	f.Uint32Var((*uint32)(&b.BindStatus), "bind-status", 0, "`command_status` of those; 0: ESME_RALYBND")
	f.Float64Var(&b.Reject, "reject", 0, "`percent` of the messages refused with --reject-status")
	f.Uint32Var((*uint32)(&b.RejectStatus), "reject-status", 0, "`command_status` of refusals, decimal or 0x..; 0: ESME_RSUBMITFAIL")
	f.Float64Var(&b.NoAnswer, "no-answer", 0, "`percent` of the messages taken and not answered")
	f.Float64Var(&b.Twice, "answer-twice", 0, "`percent` of the messages answered twice")
	f.BoolVar(&b.Silent, "silent", false, "answer nothing at all, enquire_link neither")
	duration(&b.DropEvery, "drop-every", "cut all connections at this interval")
	f.TextVar(&b.Receipts, "receipts", simulator.ReceiptTime{}, "`when` receipts come: at-once, early (before the answer), none, or a time such as 2s")
	duration(&b.ReceiptJitter, "receipt-jitter", "at most this is added at random")
	f.TextVar(&b.Form, "receipt-form", simulator.FormBoth, "where a receipt has its facts: `text`, tlv, both, payload")
	f.Float64Var(&b.ReceiptTwice, "receipt-twice", 0, "`percent` of the receipts sent twice")
	f.Float64Var(&b.ReceiptLost, "receipt-lost", 0, "`percent` of the receipts never sent")
	f.Float64Var(&b.Undelivered, "undelivered", 0, "`percent` of the messages that end as UNDELIV")
	f.TextVar(&b.IDs, "ids", simulator.IDHex, "`form` of message ids: hex, dec, hex-dec (answer-receipt), dec-hex; in receipts zeros in front, upper case, stripped of zeros, truncated: zeros, upper, stripped, truncated")
	f.Float64Var(&b.InboundRate, "inbound-rate", 0, "messages a second from phones, for who is bound to receive")
	f.StringVar(&b.InboundTo, "inbound-to", "", "`number` that they are written to")
	f.Uint64Var(&b.InboundCount, "inbound-count", 0, "how many of them in all; 0: without end")
	f.DurationVar((*time.Duration)(&b.Validity), "validity", 24*time.Hour, "longest time for which a message waits for a phone")
	f.DurationVar((*time.Duration)(&b.Retry), "retry", time.Second, "time after which a deliver_sm is repeated that was answered with a temporary error")
}

// simulated is what is to be simulated.
type simulated struct {
	simulator.Options
	outbind simulator.Outbind
	profile string
	modems  []string // where links to the modems are made, auto for none
	modem   simulator.ModemOptions
}

// simulate runs until the context ends.
func simulate(ctx context.Context, out io.Writer, opt simulated) error {
	s := simulator.New(opt.Options)
	switch err := s.Start(ctx); {
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("%w; choose another address with --smpp, --ucp, --cimd2 or --http", err)
	case err != nil:
		return err
	}
	defer s.Close()
	for i := range s.Hosts() {
		name := "SMSC"
		if p := s.HostProtocol(i); p != "SMPP" {
			name = p
		}
		fmt.Fprintf(out, "%-7s %s\n", name, s.HostAddr(i))
	}
	if opt.HTTP != "" {
		fmt.Fprintf(out, "phones  http://%s/\n", s.HTTPAddr())
	}
	for i, link := range opt.modems {
		if err := simulateModem(s, out, i, link, opt.modem); err != nil {
			return fmt.Errorf("--modem %s: %w", link, err)
		}
	}
	if opt.outbind.Address != "" {
		if err := s.Outbind(ctx, opt.outbind); err != nil {
			return fmt.Errorf("outbind: %w", err)
		}
	}
	serveProfile(opt.profile)
	<-ctx.Done()
	return nil
}
