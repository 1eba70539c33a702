package load_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"kurir/leaktest"
	"kurir/load"
	"kurir/simulator"
	"kurir/smpp"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// smsc starts a simulator.
func smsc(t *testing.T, b simulator.Behaviour) *simulator.Simulator {
	t.Helper()
	s := simulator.New(simulator.Options{SMPP: "127.0.0.1:0", References: simulator.ReferencesWord, Behaviour: b, Seed: 1})
	if err := s.Start(context.Background()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// TestSMPP holds that the report says what the SMSC has done.
func TestSMPP(t *testing.T) {
	t.Parallel()
	const sent = 2000
	for name, test := range map[string]struct {
		behaviour simulator.Behaviour
		change    func(o *load.Options)
		good      func(r *load.Report) bool
	}{
		"all goes well": {good: func(r *load.Report) bool {
			return r.Accepted == sent && r.Receipts == sent && r.States["DELIVRD"] == sent && r.Lost+r.Duplicated+r.Unknown+r.Refused+r.Unanswered == 0 &&
				r.Acceptance.Count == sent && r.Receipt.Count == sent && r.AcceptedPerSecond > 0 && r.ReceiptsPerSecond > 0
		}},
		"receipts early": {simulator.Behaviour{Receipts: simulator.ReceiptTime{Early: true}}, nil, func(r *load.Report) bool {
			return r.Accepted == sent && r.Receipts == sent && r.Lost+r.Duplicated+r.Unknown == 0
		}},
		"receipts as TLVs": {simulator.Behaviour{Form: simulator.FormTLV}, nil, func(r *load.Report) bool { return r.Receipts == sent && r.Lost == 0 }},
		"receipts twice": {simulator.Behaviour{ReceiptTwice: 100}, nil, func(r *load.Report) bool {
			return r.Duplicated == sent && r.Receipts == 2*sent && r.Receipt.Count == sent
		}},
		"receipts lost":    {simulator.Behaviour{ReceiptLost: 100}, nil, func(r *load.Report) bool { return r.Accepted == sent && r.Lost == sent }},
		"ids that differ":  {simulator.Behaviour{IDs: simulator.IDHexDec}, nil, func(r *load.Report) bool { return r.Unknown == sent && r.Lost == sent }},
		"not delivered":    {simulator.Behaviour{Undelivered: 100}, nil, func(r *load.Report) bool { return r.States["UNDELIV"] == sent }},
		"answers overtake": {simulator.Behaviour{Jitter: simulator.Duration(20 * time.Millisecond)}, nil, func(r *load.Report) bool { return r.Accepted == sent && r.Lost == 0 }},
		"refused": {simulator.Behaviour{Reject: 100, RejectStatus: smpp.ESME_RINVDSTADR}, nil, func(r *load.Report) bool {
			return r.Refused == sent && r.Errors[smpp.ESME_RINVDSTADR.String()] == sent && r.Accepted == 0
		}},
		"answered twice": {simulator.Behaviour{Twice: 100}, nil, func(r *load.Report) bool { return r.Accepted == sent && len(r.Errors) == 1 }},
		"no receipts asked": {change: func(o *load.Options) { o.Receipts = false }, good: func(r *load.Report) bool {
			return r.Accepted == sent && r.Receipts == 0 && r.Lost == 0
		}},
		"not answered": {simulator.Behaviour{NoAnswer: 100}, func(o *load.Options) { o.Count, o.AnswerTime = 20, 100*time.Millisecond }, func(r *load.Report) bool {
			return r.Unanswered == 20 && r.Accepted == 0
		}},
		"a fate": {change: func(o *load.Options) { o.To, o.Recipients = "+46701299608", 1 }, good: func(r *load.Report) bool { return r.States["REJECTD"] == sent }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			trials(t, func() string {
				s := smsc(t, test.behaviour)
				o := load.Options{Kind: load.SMPP, Address: s.Addr(), SystemID: "esme", Connections: 2, Count: sent, Receipts: true, Wait: 1500 * time.Millisecond}
				if test.change != nil {
					test.change(&o)
				}
				r, err := load.Run(t.Context(), o)
				return unless(err == nil && test.good(&r), err, r)
			})
		})
	}
}

// TestPaced holds that the rate is kept and that the warm-up is not measured.
func TestPaced(t *testing.T) {
	t.Parallel()
	trials(t, func() string {
		s := smsc(t, simulator.Behaviour{})
		r, err := load.Run(t.Context(), load.Options{
			Kind: load.SMPP, Address: s.Addr(), SystemID: "esme", Connections: 2, Rate: 1000, WarmUp: 300 * time.Millisecond, Duration: time.Second, Receipts: true,
		})
		return unless(err == nil && r.Sent >= 1200 && r.Sent <= 1400 && r.Acceptance.Count <= uint64(r.Sent)-200 && r.Lost == 0 && r.Seconds == 1, err, r)
	})
}

// TestReconnect holds that a run goes on over links that break, and that nothing accepted is missing at the SMSC.
func TestReconnect(t *testing.T) {
	t.Parallel()
	trials(t, func() string {
		s := smsc(t, simulator.Behaviour{DropEvery: simulator.Duration(300 * time.Millisecond)})
		var accepted bytes.Buffer
		r, err := load.Run(t.Context(), load.Options{
			Kind: load.SMPP, Address: s.Addr(), SystemID: "esme", Connections: 2, Rate: 2000, Duration: 1200 * time.Millisecond, Receipts: true, Reconnect: true,
			Wait: time.Second, Accepted: &accepted,
		})
		if err != nil {
			return unless(false, err, r)
		}
		c, err := s.Compare(&accepted)
		if err != nil || c.Missing != 0 || c.Expected != r.Accepted || c.Duplicated != 0 { // however little time there was
			t.Errorf("%v %+v", err, c)
		}
		return unless(r.Accepted >= 500 && len(r.Errors) > 0, r)
	})
}

// TestInterrupted holds that a run that is interrupted reports what there is.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	trials(t, func() string {
		s := smsc(t, simulator.Behaviour{})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { // when something was taken
			look := time.NewTicker(20 * time.Millisecond)
			defer look.Stop()
			for ctx.Err() == nil {
				if <-look.C; s.Stats().Accepted > 0 {
					cancel()
				}
			}
		}()
		r, err := load.Run(ctx, load.Options{Kind: load.SMPP, Address: s.Addr(), SystemID: "esme", Duration: time.Hour, Rate: 500, Receipts: true})
		return unless(err == nil && r.Interrupted && r.Accepted > 0 && r.Accepted == r.Sent && r.Lost == 0, err, r)
	})
	if _, err := load.Run(t.Context(), load.Options{Kind: load.SMPP, Address: "127.0.0.1:1", Count: 1}); err == nil {
		t.Error("nobody listens, and there is no error")
	}
}

// TestDenied holds that a run ends with the first request that the gateway does not let in.
func TestDenied(t *testing.T) {
	t.Parallel()
	for _, code := range []int{http.StatusUnauthorized, http.StatusForbidden} {
		web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }))
		defer web.Close()
		r, err := load.Run(t.Context(), load.Options{Kind: load.REST, Address: web.URL, Key: "wrong", Connections: 4, Duration: time.Hour, Reconnect: true})
		var denied *load.DeniedError
		if !errors.As(err, &denied) || denied.Status != code || r.Accepted != 0 || r.Refused == 0 || r.Sent > 4 {
			t.Errorf("%d: %v %+v", code, err, r)
		}
	}
}

// TestHTTP holds that the report says what the gateway has done.
func TestHTTP(t *testing.T) {
	t.Parallel()
	const sent = 1001
	for name, test := range map[string]struct {
		change func(o *load.Options)
		good   func(r *load.Report) bool
	}{
		"one a request": {func(o *load.Options) {}, func(r *load.Report) bool { return r.Refused == 143 && r.Accepted == 858 && r.Receipts == 0 }},
		"with receipts": {func(o *load.Options) { o.Receipts = true }, func(r *load.Report) bool {
			return r.Accepted == 858 && r.Lost == 0 && r.Duplicated > 150 && r.Duplicated < 180 && r.States["delivered"] == r.Receipts && r.Unknown == 0
		}},
		"many a request": {func(o *load.Options) { o.Receipts, o.PerRequest = true, 50 }, func(r *load.Report) bool {
			return r.Accepted == 858 && r.Refused == 143 && r.Lost == 0 && r.Unanswered == 0
		}},
		"password and idempotency keys": {func(o *load.Options) { o.Key, o.SystemID, o.Password, o.Idempotent = "", "u", "p", true }, func(r *load.Report) bool {
			return r.Accepted == 858 && r.Refused == 143 && r.Errors["HTTP 409"] == 0
		}},
		"many a request with idempotency keys": {func(o *load.Options) { o.PerRequest, o.Idempotent = 50, true }, func(r *load.Report) bool {
			return r.Accepted == 858 && r.Refused == 143 && r.Errors["HTTP 409"] == 0
		}},
		"stream": {func(o *load.Options) { o.Stream, o.Window, o.PerRequest = true, 100, 20 }, func(r *load.Report) bool {
			return r.Accepted == 858 && r.Refused == 143 && r.Errors["in the stream: no_route"] == 143 && r.Unanswered == 0
		}},
		"kannel": {func(o *load.Options) { o.Kind, o.Receipts, o.SystemID = load.Kannel, true, "user" }, func(r *load.Report) bool {
			return r.Accepted == sent && r.Lost == 0 && r.States["dlr 1"] == sent
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			trials(t, func() string {
				g := &gateway{hooks: make(chan hook, 4*sent)}
				web := httptest.NewServer(g)
				defer web.Close()
				client := web.Client()
				called := make(chan error, 1)
				go func() {
					var wrong error
					for h := range g.hooks {
						r, err := http.NewRequest(h.method, h.address, strings.NewReader(h.body))
						if err == nil {
							var resp *http.Response
							if resp, err = client.Do(r); err == nil {
								resp.Body.Close()
							}
						}
						wrong = errors.Join(wrong, err)
					}
					called <- wrong
				}()
				o := load.Options{Kind: load.REST, Address: web.URL, Key: "key", Connections: 4, Count: sent, Wait: time.Second}
				test.change(&o)
				r, err := load.Run(t.Context(), o)
				close(g.hooks)
				err = errors.Join(err, <-called)
				client.CloseIdleConnections()
				return unless(err == nil && test.good(&r), err, r)
			})
		})
	}
}

// TestStamp holds that the simulator knows how long stamped messages took: only those of the measured time, and not
// less than they waited.
func TestStamp(t *testing.T) {
	t.Parallel()
	trials(t, func() string {
		s := simulator.New(simulator.Options{SMPP: "127.0.0.1:0", Stamps: true})
		if err := s.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		var marks bytes.Buffer
		r, err := load.Run(t.Context(), load.Options{
			Kind: load.SMPP, Address: s.Addr(), SystemID: "esme", Connections: 2, Rate: 1000, WarmUp: 300 * time.Millisecond, Duration: time.Second,
			Receipts: true, Stamp: true, Marks: &marks,
		})
		if marks.String() != "bound\nmeasuring\nmeasured\n" {
			t.Errorf("marks %q", marks.String())
		}
		taken := s.Taken()
		return unless(err == nil && taken.Count >= 900 && taken.Count <= 1100 && taken.Count < r.Accepted && taken.P50 >= 0 && taken.P50 <= 5000 && taken.P99 >= taken.P50, err, taken, r)
	})
}

// TestAccounts holds that sessions are spread over accounts by name.
func TestAccounts(t *testing.T) {
	t.Parallel()
	trials(t, func() string {
		s := smsc(t, simulator.Behaviour{})
		bound := map[string]int{}
		r, err := load.Run(t.Context(), load.Options{
			Kind: load.SMPP, Address: s.Addr(), SystemID: "esme", Connections: 10, Accounts: 5, Window: 2, Duration: 300 * time.Millisecond, Receipts: true,
			Marks: writerFunc(func() {
				clear(bound)
				for _, session := range s.Sessions() {
					bound[session.SystemID]++
				}
			}),
		})
		want := map[string]int{"esme-0": 2, "esme-1": 2, "esme-2": 2, "esme-3": 2, "esme-4": 2}
		return unless(err == nil && r.Lost+r.Duplicated+r.Unknown+r.Unanswered == 0 && r.Accepted > 0 && maps.Equal(bound, want), err, bound, r)
	})
}

// writerFunc does something whenever a line is written.
type writerFunc func()

func (f writerFunc) Write(b []byte) (int, error) {
	f()
	return len(b), nil
}

// TestReceive holds that who receives counts what the simulator makes: all of it, how long it took, and what does not
// come or comes twice.
func TestReceive(t *testing.T) {
	t.Parallel()
	const made = 2000
	trials(t, func() string {
		s := smsc(t, simulator.Behaviour{InboundRate: 5000, InboundTo: "46737494949", InboundCount: made})
		r, err := load.Run(t.Context(), load.Options{
			Kind: load.Receive, Address: s.Addr(), SystemID: "esme", Connections: 2, Count: made, Wait: 300 * time.Millisecond,
		})
		if err != nil || r.Receipts != made || r.Sent != made || r.Lost+r.Duplicated+r.Unknown != 0 || r.States["inbound"] != made {
			return unless(false, err, r)
		}
		return unless(r.Receipt.Count == made && r.Receipt.P50 >= 0 && r.Receipt.Max <= 10_000 && r.ReceiptsPerSecond >= 1000 && len(r.Errors) == 0, r)
	})
}

// TestBacklog holds that a server that cannot keep up has a latency even when all that it answers in the measured time
// should have been sent before.
func TestBacklog(t *testing.T) {
	t.Parallel()
	trials(t, func() string {
		s := simulator.New(simulator.Options{SMPP: "127.0.0.1:0", Stamps: true, Behaviour: simulator.Behaviour{Latency: simulator.Duration(50 * time.Millisecond)}})
		if err := s.Start(context.Background()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		r, err := load.Run(t.Context(), load.Options{
			Kind: load.SMPP, Address: s.Addr(), SystemID: "esme", Window: 1, Rate: 1000, WarmUp: 300 * time.Millisecond, Duration: 500 * time.Millisecond, Stamp: true,
		})
		if err != nil || r.Acceptance.Count == 0 || r.Acceptance.P50 < 200 {
			return unless(false, err, r)
		}
		taken := s.Taken()
		return unless(taken.Count > 0 && taken.P50 >= 200, taken)
	})
}
