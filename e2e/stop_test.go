package e2e

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"kurir/simulator"
)

// orderly is a server under load in both directions, to which only such things are done as may cost nothing: no message
// is lost, none goes to a phone twice, none is uncertain, none is accepted without an answer, and what phones write is in
// the inbox once.
type orderly struct {
	t       *testing.T
	s       *server
	sim     *simulator.Simulator
	l       *ledger
	end     func()
	written int
}

func startOrderly(t *testing.T, binary string) *orderly {
	o := &orderly{t: t, l: newLedger(), sim: startSimulator(t, simulator.Options{Phones: -1, Behaviour: simulator.Behaviour{
		Latency: simulator.Duration(20 * time.Millisecond), Jitter: simulator.Duration(30 * time.Millisecond),
		Receipts: simulator.ReceiptTime{After: 20 * time.Millisecond}, ReceiptJitter: simulator.Duration(200 * time.Millisecond),
	}})}
	h := startHook(t)
	o.s = startServer(t, o.sim, serverOptions{binary: binary, link: ", sessions: 2, window: 20", account: ", admin: true"})
	linked(t, o.sim)
	o.l.book(t, h)
	var n atomic.Int64
	to := func() string { return fmt.Sprintf("4670%07d", n.Add(1)%90000) }
	load, stopLoad := context.WithCancel(t.Context())
	stay, leave := context.WithCancel(t.Context())
	var senders, bound sync.WaitGroup
	for range 2 {
		c := &customer{ledger: o.l, window: 50, to: to}
		bound.Go(func() { c.run(load, stay, o.s.smpp) })
	}
	for range 2 {
		senders.Go(func() { (&poster{servers: []*server{o.s}, ledger: o.l, to: to, dlr: h.URL}).run(load) })
	}
	senders.Go(func() { o.written = writeFromPhones(load, t, o.sim) })
	o.end = func() { stopLoad(); senders.Wait() }
	t.Cleanup(func() { o.end(); leave(); bound.Wait() })
	return o
}

// carries waits until so many more messages have been accepted.
func (o *orderly) carries(more int) {
	o.t.Helper()
	before, _ := o.l.counts()
	eventually(o.t, "messages are accepted", func() bool { n, _ := o.l.counts(); return n > before+more })
}

// judge ends the load and counts; uncertain is what earlier runs of the program had.
func (o *orderly) judge(uncertain float64) {
	t := o.t
	t.Helper()
	o.end()
	defer func() {
		if t.Failed() {
			o.l.explain(t, o.s, o.sim)
		}
	}()
	within(t, 2*patience, "every accepted message has its final receipt", func() bool { _, open := o.l.counts(); return open == 0 })
	uncertain += o.s.metric("kurir_messages_uncertain_total")
	lost, again, _ := count(t, o.sim, o.l)
	if lost+again != 0 || uncertain != 0 || len(o.l.unknown) != 0 {
		t.Errorf("lost %d, sent again %d, uncertain %v, accepted without an answer %d", lost, again, uncertain, len(o.l.unknown))
	}
	if twice := compareInbound(t, o.s, o.written); twice != 0 {
		t.Errorf("%d texts from phones are in the inbox twice", twice)
	}
}

// TestStopUnderLoad stops the program in good order again and again while it carries messages in both directions, and
// starts it again.
func TestStopUnderLoad(t *testing.T) {
	t.Parallel()
	random := faults(t)
	o := startOrderly(t, plainBinary(t))
	uncertain := 0.0
	for range 3 {
		o.carries(50 + random.IntN(1000))
		uncertain += o.s.metric("kurir_messages_uncertain_total")
		took := stopwatch()
		o.s.proc.signal(syscall.SIGTERM)
		if code := o.s.proc.ended(); code != 0 {
			t.Errorf("exit code %d", code)
		}
		if d := took(); d > soon/2 {
			t.Errorf("stopping took %v", d)
		}
		o.s.start()
	}
	o.judge(uncertain)
}

// TestControlUnderLoad restarts sessions and the link, drains, stops and changes it, and watches its PDUs, while it
// carries messages in both directions.
func TestControlUnderLoad(t *testing.T) {
	t.Parallel()
	o := startOrderly(t, raceBinary(t))
	s := o.s
	control := func(path string) {
		t.Helper()
		if status, body, _, err := s.do(http.MethodPost, "/v1/links/op1/"+path, "", nil); err != nil || status != http.StatusOK {
			t.Errorf("%s: %d %s %v", path, status, body, err)
		}
	}
	file := s.file(serverOptions{connectors: []string{linkTo("op1", o.sim.Addr(), ", sessions: 2, window: 20")}, account: ", admin: true"})
	for i := range 2 {
		o.carries(50)
		if status, body, _, err := s.do(http.MethodPut, "/v1/traces/links/op1", "application/json", strings.NewReader("{}")); err != nil || status >= 300 {
			t.Errorf("trace: %d %s %v", status, body, err)
		}
		var link struct{ Sessions []struct{ Session int } }
		s.fetch("/v1/links/op1", &link)
		for _, v := range link.Sessions {
			control(fmt.Sprintf("sessions/%d/restart", v.Session))
			o.carries(50)
		}
		control("restart")
		o.carries(50)
		control("drain")
		control("resume")
		control("stop")
		control("start")
		o.carries(50)
		s.write(strings.Replace(file, "window: 20", fmt.Sprintf("window: %d", 21+i), 1))
		if line := s.reload(); !strings.Contains(line, "configuration reloaded") {
			t.Error(line)
		}
	}
	o.carries(50)
	o.judge(0)
}
