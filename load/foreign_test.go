package load_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"kurir/load"
	"kurir/simulator"
	"kurir/smpp"
)

// words are those of a language for what becomes of a message.
type words struct{ delivered, failed, refused string }

// TestForeign holds the same over UCP and CIMD2.
func TestForeign(t *testing.T) {
	t.Parallel()
	for kind, w := range map[load.Kind]words{
		load.UCP:   {"delivered", "not delivered", "error 06 AdC invalid"},
		load.CIMD2: {"delivery successful", "delivery failed", "error 300"},
	} {
		t.Run(string(kind), func(t *testing.T) { testForeign(t, kind, w) })
		if _, err := load.Run(t.Context(), load.Options{Kind: kind, Address: "127.0.0.1:1", Count: 1, Window: 129}); err == nil {
			t.Errorf("%s: a window of more numbers than there are", kind)
		}
	}
}

func testForeign(t *testing.T, kind load.Kind, w words) {
	t.Parallel()
	const sent = 2000
	for name, test := range map[string]struct {
		behaviour simulator.Behaviour
		change    func(o *load.Options)
		good      func(r *load.Report) bool
	}{
		"all goes well": {good: func(r *load.Report) bool {
			return r.Accepted == sent && r.Receipts == sent && r.States[w.delivered] == sent && r.Lost+r.Duplicated+r.Unknown+r.Refused+r.Unanswered == 0 &&
				r.Acceptance.Count == sent && r.Receipt.Count == sent
		}},
		"receipts early": {simulator.Behaviour{Receipts: simulator.ReceiptTime{Early: true}}, nil, func(r *load.Report) bool {
			return r.Accepted == sent && r.Receipts == sent && r.Lost+r.Duplicated+r.Unknown == 0
		}},
		"receipts twice":   {simulator.Behaviour{ReceiptTwice: 100}, nil, func(r *load.Report) bool { return r.Duplicated == sent && r.Receipts == 2*sent }},
		"answers overtake": {simulator.Behaviour{Jitter: simulator.Duration(20 * time.Millisecond)}, nil, func(r *load.Report) bool { return r.Accepted == sent && r.Lost == 0 }},
		"refused": {simulator.Behaviour{Reject: 100, RejectStatus: smpp.ESME_RINVDSTADR}, nil, func(r *load.Report) bool {
			return r.Refused == sent && r.Errors[w.refused] == sent && r.Accepted == 0
		}},
		// With a window of 100 a second answer may come when its number is in use again.
		"answered twice": {simulator.Behaviour{Twice: 100}, func(o *load.Options) { o.Window = 10 }, func(r *load.Report) bool { return r.Accepted == sent && r.Lost == 0 }},
		"not answered": {simulator.Behaviour{NoAnswer: 100}, func(o *load.Options) { o.Count, o.AnswerTime = 20, 100*time.Millisecond }, func(r *load.Report) bool {
			return r.Unanswered == 20 && r.Accepted == 0
		}},
		"a fate": {change: func(o *load.Options) { o.To, o.Recipients, o.From = "+46701299605", 1, "Kurir" }, good: func(r *load.Report) bool {
			return r.States[w.failed] == sent
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			trials(t, func() string {
				s := simulator.New(simulator.Options{UCP: "127.0.0.1:0", CIMD2: "127.0.0.1:0", References: simulator.ReferencesWord, Stamps: true, Behaviour: test.behaviour, Seed: 1})
				if err := s.Start(context.Background()); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(s.Close)
				address := map[load.Kind]string{load.UCP: s.UCPAddr(), load.CIMD2: s.CIMD2Addr()}[kind]
				var accepted bytes.Buffer
				o := load.Options{
					Kind: kind, Address: address, SystemID: "6000", Password: "secret", Connections: 2, Count: sent, Receipts: true, Wait: 1500 * time.Millisecond,
					Accepted: &accepted, Stamp: true,
				}
				if test.change != nil {
					test.change(&o)
				}
				r, err := load.Run(t.Context(), o)
				if err != nil || !test.good(&r) {
					return unless(false, err, r)
				}
				c, err := s.Compare(&accepted)
				return unless(err == nil && c.Missing == 0 && c.Duplicated == 0 && (r.Accepted == 0 || s.Taken().Count == r.Accepted), err, c, s.Taken())
			})
		})
	}
}

// TestReceiveForeign holds that who receives over UCP or CIMD2 counts what the simulator makes.
func TestReceiveForeign(t *testing.T) {
	t.Parallel()
	const made = 2000
	for _, kind := range []load.Kind{load.UCP, load.CIMD2} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			trials(t, func() string {
				s := simulator.New(simulator.Options{
					UCP: "127.0.0.1:0", CIMD2: "127.0.0.1:0",
					Behaviour: simulator.Behaviour{InboundRate: 20_000, InboundTo: "46700000001", InboundCount: made},
				})
				if err := s.Start(context.Background()); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(s.Close)
				r, err := load.Run(t.Context(), load.Options{
					Kind: load.Receive, Over: kind, Address: map[load.Kind]string{load.UCP: s.UCPAddr(), load.CIMD2: s.CIMD2Addr()}[kind],
					SystemID: "6000", Password: "secret", Connections: 2, Count: made, Wait: 300 * time.Millisecond,
				})
				return unless(err == nil && r.Receipts == made && r.Lost+r.Duplicated+r.Unknown == 0 && len(r.Errors) == 0, err, r)
			})
		})
	}
	if _, err := load.Run(t.Context(), load.Options{Kind: load.Receive, Over: load.REST, Address: "127.0.0.1:1", Count: 1}); err == nil {
		t.Error("who receives over REST")
	}
}
