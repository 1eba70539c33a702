package e2e

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"kurir/simulator"
)

// TestStopUnderLoad stops the program in good order again and again while it carries messages in both directions, and
// starts it again. Unlike a kill this may cost nothing: no message is lost, none goes to a phone twice, none is
// uncertain, and what phones write is in the inbox once.
func TestStopUnderLoad(t *testing.T) {
	t.Parallel()
	random := faults(t)
	sim := startSimulator(t, simulator.Options{Phones: -1, Behaviour: simulator.Behaviour{
		Latency: simulator.Duration(20 * time.Millisecond), Jitter: simulator.Duration(30 * time.Millisecond),
		Receipts: simulator.ReceiptTime{After: 20 * time.Millisecond}, ReceiptJitter: simulator.Duration(200 * time.Millisecond),
	}})
	h := startHook(t)
	s := startServer(t, sim, serverOptions{binary: plainBinary(t), link: ", sessions: 2, window: 20"})
	linked(t, sim)
	l := newLedger()
	l.book(t, h)
	var n atomic.Int64
	to := func() string { return fmt.Sprintf("4670%07d", n.Add(1)%90000) }
	load, stopLoad := context.WithCancel(t.Context())
	stay, leave := context.WithCancel(t.Context())
	var senders, bound sync.WaitGroup
	for range 2 {
		c := &customer{ledger: l, window: 50, to: to}
		bound.Go(func() { c.run(load, stay, s.smpp) })
	}
	for range 2 {
		senders.Go(func() { poster(load, s, l, to, h.URL) })
	}
	written := 0
	senders.Go(func() { written = writeFromPhones(load, t, sim) })
	defer func() { stopLoad(); leave(); senders.Wait(); bound.Wait() }()
	uncertain := 0.0
	for range 3 {
		before, _ := l.counts()
		moment := before + 50 + random.IntN(1000)
		eventually(t, "messages are accepted", func() bool { n, _ := l.counts(); return n > moment })
		took := stopwatch()
		s.proc.signal(syscall.SIGTERM)
		if code := s.proc.ended(); code != 0 {
			t.Errorf("exit code %d", code)
		}
		if d := took(); d > patience/4 {
			t.Errorf("stopping took %v", d)
		}
		s.start()
		uncertain += s.metric("kurir_messages_uncertain_total")
	}
	stopLoad()
	senders.Wait()
	defer func() {
		if t.Failed() {
			l.explain(t, s, sim)
		}
	}()
	within(t, 2*patience, "every accepted message has its final receipt", func() bool { _, open := l.counts(); return open == 0 })
	lost, again, _ := count(t, sim, l)
	if lost+again != 0 || uncertain != 0 || len(l.unknown) != 0 {
		t.Errorf("lost %d, sent again %d, uncertain %v, accepted without an answer %d", lost, again, uncertain, len(l.unknown))
	}
	if twice := compareInbound(t, s, written); twice != 0 {
		t.Errorf("%d texts from phones are in the inbox twice", twice)
	}
}
