package api

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"kurir/gateway"
	"kurir/smpp"
)

// Ordinary accounts see and end their own sessions, admins all.
func TestSessions(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 5, 8, 0, 0, 0, time.UTC)
	o := (&fakeGateway{}).options()
	var ended []string
	o.Sessions = SessionsOptions{
		List: func() []SMPPSession {
			return []SMPPSession{
				{ID: 3, Account: "mute", Mode: "receiver", Since: at},
				{ID: 10, Account: "acme", Peer: "192.0.2.1:5", Mode: "transceiver", Version: "3.4", Since: at, Submitted: 2, Delivering: 1, Window: 64, SMPPFigures: SMPPFigures{
					SubmitWindow: 1000, PDUs: 20.26, Submits: 10, Sent: 7, Received: 9, Answered: 4, P50: 1500 * time.Microsecond, P99: 20 * time.Millisecond,
					LastError: "ESME_RX_T_APPN", LastErrorAt: at,
				}},
			}
		},
		End: func(_ context.Context, account string, id uint64) error {
			ended = append(ended, fmt.Sprint(account, " ", id))
			if id != 10 {
				return ErrNoSession
			}
			return nil
		},
	}
	h := NewHTTP(o)
	get := func(key, path string) string {
		w := ask(h, http.MethodGet, path, "", "Authorization", "Bearer "+key)
		if w.Code != http.StatusOK {
			t.Errorf("%s: %d %s", path, w.Code, w.Body)
		}
		return w.Body.String()
	}
	const acme = `{"id":10,"account":"acme","peer":"192.0.2.1:5","mode":"transceiver","version":"3.4","since":"2026-11-05T08:00:00.000Z",` +
		`"submits":{"in_use":2,"window":1000},"deliveries":{"in_use":1,"window":64},"pdus_per_second":20.3,"submits_per_second":10,` +
		`"pdus_received":9,"pdus_sent":7,"latency":{"answers":4,"p50_ms":1.5,"p99_ms":20},"last_error":{"status":"ESME_RX_T_APPN","at":"2026-11-05T08:00:00.000Z"}}`
	if got, want := get("acme-key", "/v1/sessions"), `{"sessions":[`+acme+"]}\n"; got != want {
		t.Errorf("acme sees %s, want %s", got, want)
	}
	if got := get("root-key", "/v1/sessions?sort=id"); strings.Index(got, `"id":3,`) > strings.Index(got, `"id":10,`) || !strings.Contains(got, acme) {
		t.Errorf("root sees %s", got)
	}
	if got := get("root-key", "/v1/sessions?mode=receiver"); strings.Contains(got, "acme") || !strings.Contains(got, "mute") {
		t.Errorf("receivers: %s", got)
	}
	if got := get("acme-key", "/v1/sessions/10"); got != acme+"\n" {
		t.Errorf("one: %s", got)
	}
	if w := ask(h, http.MethodGet, "/v1/sessions/3", "", "Authorization", "Bearer acme-key"); w.Code != http.StatusNotFound {
		t.Errorf("somebody else's: %d", w.Code)
	}
	for path, want := range map[string]int{"/v1/sessions/10": 204, "/v1/sessions/4": 404, "/v1/sessions/x": 404} {
		if w := ask(h, http.MethodDelete, path, "", "Authorization", "Bearer acme-key"); w.Code != want {
			t.Errorf("end %s: %d %s", path, w.Code, w.Body)
		}
	}
	for _, e := range ended {
		if !strings.HasPrefix(e, "acme ") {
			t.Errorf("acme may end %q", e)
		}
	}
}

// What a session has done and how fast is measured; it can be ended with
// unbind, and goes on counting for its account.
func TestSMPPSessionFigures(t *testing.T) {
	smppTest(t, func(t *testing.T, b *smppBench) {
		c := b.mustBind(smpp.Transceiver)
		for range 120 {
			c.do(t, smppSubmit("hello"))
			time.Sleep(100 * time.Millisecond)
		}
		list := b.server.Sessions()
		if len(list) != 1 {
			t.Fatalf("%+v", list)
		}
		s := list[0]
		if s.Submits < 9 || s.Submits > 10.5 || s.PDUs < 18 || s.PDUs > 22 || s.Received < 121 || s.SubmitWindow == 0 || s.LastIn.IsZero() {
			t.Errorf("%+v", s)
		}
		if n := b.server.submitTotals()["acme"]; n != 120 {
			t.Errorf("%d submits in all, want 120", n)
		}
		if err := b.server.End(t.Context(), "other", s.ID); err != ErrNoSession {
			t.Errorf("somebody else ends it: %v", err)
		}
		if err := b.server.End(t.Context(), "", s.ID); err != nil {
			t.Error(err)
		}
		if list := b.server.Sessions(); len(list) != 0 {
			t.Errorf("left: %+v", list)
		}
		synctest.Wait()
		if n := b.server.submitTotals()["acme"]; n != 120 {
			t.Errorf("%d submits in all after it has ended, want 120", n)
		}
	})
}

// Rates are those of the last ten seconds.
func TestStatusRates(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var accepted atomic.Int64
		s := &Status{Gateway: func() gateway.Stats { return gateway.Stats{Accepted: accepted.Load()} }}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { defer close(done); s.Run(ctx) }()
		for range 300 { // 30 s of 100 a second
			accepted.Add(10)
			time.Sleep(100 * time.Millisecond)
		}
		synctest.Wait()
		g := s.Gateway()
		if r := s.rates(&g); r.Accepted < 98 || r.Accepted > 102 {
			t.Errorf("%v accepted a second, want 100", r.Accepted)
		}
		time.Sleep(12 * time.Second)
		synctest.Wait()
		if r := s.rates(&g); r.Accepted != 0 {
			t.Errorf("%v accepted a second after a pause", r.Accepted)
		}
		cancel()
		<-done
	})
}
