package connector

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"kurir/smpp"
)

func TestMaintenance(t *testing.T) {
	t.Parallel()
	var wrong []string
	plan := maintenancePlan([]Maintenance{
		{Days: []string{"sun"}, From: "02:00", To: "04:30", Zone: "Europe/Stockholm"},
		{Days: []string{"wed", "fri"}, From: "23:30", To: "00:15"},
	}, func(field, problem string) { wrong = append(wrong, field+": "+problem) })
	if len(wrong) > 0 {
		t.Fatal(wrong)
	}
	for at, want := range map[string]bool{
		"2026-11-08T00:59:59Z": false, // a Sunday in winter: UTC+1
		"2026-11-08T01:00:00Z": true,
		"2026-11-08T03:29:59Z": true,
		"2026-11-08T03:30:00Z": false,
		"2026-07-05T00:00:00Z": true, // in summer: UTC+2
		"2026-11-09T02:00:00Z": false,
		"2026-11-04T23:30:00Z": true, // a Wednesday, over midnight
		"2026-11-05T00:14:59Z": true,
		"2026-11-05T00:15:00Z": false,
		"2026-11-05T23:45:00Z": false, // a Thursday
		"2026-11-07T00:05:00Z": true,
	} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := plan.Active(now); got != want {
			t.Errorf("%s: %v, want %v", at, got, want)
		}
	}
	maintenancePlan([]Maintenance{{Days: []string{"sunday"}, From: "2", To: "25:00", Zone: "Mars/Olympus"}},
		func(field, problem string) { wrong = append(wrong, field) })
	same(t, "mistakes", wrong, []string{"maintenance[0].days", "maintenance[0].from", "maintenance[0].to", "maintenance[0].zone"})
}

// TestSMPPHostsInTurn: sessions are spread over the hosts, and one that ended is
// opened at the next.
func TestSMPPHostsInTurn(t *testing.T) {
	t.Parallel()
	for order, want := range map[string][]string{
		"turn":  {"a:1", "b:1", "c:1", "b:1"}, // the first session ends
		"first": {"a:1", "a:1", "a:1", "a:1"},
	} {
		synctest.Test(t, func(t *testing.T) {
			cfg := smppTestConfig()
			cfg.Hosts, cfg.Sessions, cfg.HostsOrder = []string{"a:1", "b:1", "c:1"}, 3, order
			l := NewSMPP(cfg, NewShared(), nil)
			at := &operators{}
			stop := at.run(t, l)
			defer stop()
			synctest.Wait()
			dialed := slices.Clone(at.dialed)
			slices.Sort(dialed)
			same(t, order, dialed, want[:3])
			at.list[slices.Index(at.dialed, want[0])].cut()
			time.Sleep(5 * time.Second)
			synctest.Wait()
			same(t, order+", after a cut", at.dialed[3:], want[3:])
		})
	}
}

// TestSMPPStillBound: an operator that still has our old sessions is asked with
// growing pauses, by one session at a time and never in haste, and the log says
// what it is.
func TestSMPPStillBound(t *testing.T) {
	t.Parallel()
	for _, status := range []smpp.Status{smpp.ESME_RALYBND, smpp.ESME_RBINDFAIL} {
		var mu sync.Mutex
		var binds []time.Time
		freed := false
		smppLink(t, func(c *SMPPConfig) { c.Reconnect, c.Sessions = time.Minute, 10 }, func(o *smsc) {
			mu.Lock()
			defer mu.Unlock()
			binds = append(binds, time.Now())
			if !freed {
				o.status = status
			}
		}, func(t *testing.T, b *contractBench) {
			time.Sleep(2 * time.Minute)
			mu.Lock()
			for i := 1; i < len(binds); i++ {
				if pause := binds[i].Sub(binds[i-1]); pause < 2*time.Second {
					t.Errorf("%s: a bind %v after the last", status, pause)
				}
			}
			if len(binds) < 5 || len(binds) > 60 {
				t.Errorf("%s: %d binds in two minutes", status, len(binds))
			}
			freed = true
			mu.Unlock()
			begin := time.Now()
			b.waitUp(10)
			if took := time.Since(begin); took > time.Minute+time.Second {
				t.Errorf("%s: %v until all were bound", status, took)
			}
		})
	}
}

// TestSMPPQuietCut: a cut that is repaired in time, or that comes during
// maintenance, is no warning.
func TestSMPPQuietCut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		set   func(*SMPPConfig)
		away  time.Duration
		warns bool
	}{
		{"repaired", func(c *SMPPConfig) { c.QuietCut = 30 * time.Second }, 10 * time.Second, false},
		{"not repaired", func(c *SMPPConfig) { c.QuietCut = 30 * time.Second }, time.Minute, true},
		{"not tolerated", func(*SMPPConfig) {}, 10 * time.Second, true},
		{"maintenance", func(c *SMPPConfig) { c.Maintenance = []Maintenance{{From: "00:00", To: "01:00"}} }, 10 * time.Minute, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			cfg := smppTestConfig()
			c.set(&cfg)
			log := &logged{}
			l := NewSMPP(cfg, NewShared(), log.logger())
			at := &operators{}
			stop := at.run(t, l)
			defer stop()
			synctest.Wait()
			at.refuse.Store(true)
			at.list[0].cut()
			time.Sleep(c.away)
			at.refuse.Store(false)
			time.Sleep(5 * time.Second)
			synctest.Wait()
			if n := len(at.list); n != 2 {
				t.Errorf("%s: %d sessions", c.name, n)
			}
			if warns := strings.Contains(log.String(), "WARN"); warns != c.warns {
				t.Errorf("%s: warns %v, want %v:\n%s", c.name, warns, c.warns, log)
			}
		})
	}
}

// logged is a log that can be read while it is written.
type logged struct {
	mu  sync.Mutex
	buf strings.Builder
}

func (l *logged) logger() *slog.Logger { return slog.New(slog.NewTextHandler(l, nil)) }

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// TestSMPPAgainIn: what the log says of the next attempt is true, also of wrong
// credentials, for which the sessions of a link wait together and then try in turn.
func TestSMPPAgainIn(t *testing.T) {
	t.Parallel()
	for _, sessions := range []int{1, 4} {
		synctest.Test(t, func(t *testing.T) {
			cfg := smppTestConfig()
			cfg.Reconnect, cfg.Sessions = time.Minute, sessions
			log := &logged{}
			l := NewSMPP(cfg, NewShared(), log.logger())
			stop := (&operators{status: smpp.ESME_RINVPASWD}).run(t, l)
			time.Sleep(15 * time.Minute)
			stop()
			announced := map[string]time.Time{} // when a session is to be tried again
			right := 0
			for _, said := range regexp.MustCompile(`time=(\S+) .* session=(\d+) .* again_in=(\S+)`).FindAllStringSubmatch(log.String(), -1) {
				at, errAt := time.Parse(time.RFC3339Nano, said[1])
				again, err := time.ParseDuration(said[3])
				if err != nil || errAt != nil {
					t.Fatal(err, errAt)
				}
				if next, ok := announced[said[2]]; ok && at.Sub(next).Abs() > time.Second {
					t.Errorf("%d sessions: an attempt of session %s came at %v, announced for %v", sessions, said[2], at, next)
				} else if ok {
					right++
				}
				announced[said[2]] = at.Add(again)
			}
			if right < 8 || len(announced) != sessions {
				t.Errorf("%d attempts of %d sessions came as announced", right, len(announced))
			}
		})
	}
}

// operators are the SMSCs that a link connects to, one for each connection.
type operators struct {
	status smpp.Status // of the answers to binds
	refuse atomic.Bool // connections

	mu     sync.Mutex
	dialed []string // to be read when all is quiet, and so is list
	list   []*smsc
}

func (o *operators) dial(_ context.Context, _, addr string) (net.Conn, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.refuse.Load() {
		return nil, errors.New("connection refused")
	}
	ours, theirs := net.Pipe()
	s := newSMSC(theirs)
	s.status = o.status
	o.dialed, o.list = append(o.dialed, addr), append(o.list, s)
	return ours, nil
}

// run runs a link to them until the function that it returns is called, which
// waits for the end.
func (o *operators) run(t *testing.T, l *SMPP) (stop func()) {
	t.Helper()
	l.Dial = o.dial
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		l.Run(ctx, &contractCore{})
		close(ended)
	}()
	return func() {
		cancel()
		<-ended
		for _, s := range o.list {
			s.cut()
		}
		synctest.Wait()
	}
}
