package connector

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"kurir/message"
	"kurir/smpp"
)

// landlord hands out the leases of a link.
type landlord struct {
	mu    sync.Mutex
	offer map[int]chan *tenancy
	given []int // sessions given back
}

// tenancy is one lease.
type tenancy struct {
	valid atomic.Bool
	over  chan struct{}
}

// give lets the link have the lease of a session.
func (l *landlord) give(session int) *tenancy {
	t := &tenancy{over: make(chan struct{})}
	t.valid.Store(true)
	l.of(session) <- t
	synctest.Wait()
	return t
}

func (l *landlord) of(session int) chan *tenancy {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.offer == nil {
		l.offer = map[int]chan *tenancy{}
	}
	if l.offer[session] == nil {
		l.offer[session] = make(chan *tenancy, 1)
	}
	return l.offer[session]
}

func (l *landlord) acquire(ctx context.Context, session int) (*Lease, error) {
	select {
	case t := <-l.of(session):
		return &Lease{Valid: t.valid.Load, Over: t.over, Release: func() {
			l.mu.Lock()
			defer l.mu.Unlock()
			l.given = append(l.given, session)
		}}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *landlord) back() []int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.given)
}

// leasedLink runs a link of two sessions, of each of which it needs the lease.
func leasedLink(t *testing.T, test func(t *testing.T, b *contractBench, l *landlord)) {
	t.Helper()
	k := smppKind()
	var l *landlord
	k.make = func(dial func(ctx context.Context, network, addr string) (net.Conn, error)) Connector {
		cfg := smppTestConfig()
		cfg.Sessions = 2
		link := NewSMPP(cfg, NewShared(), nil)
		l = &landlord{}
		link.Dial, link.Acquire = dial, l.acquire
		return link
	}
	k.test(t, "lease", func(t *testing.T, b *contractBench) { test(t, b, l) })
}

func states(b *contractBench) (list []string) {
	for _, s := range b.link.Stats() {
		list = append(list, s.State)
	}
	return list
}

// TestSMPPLease: a session is opened when its lease is had, and parts in good
// order when the lease is to go to another server.
func TestSMPPLease(t *testing.T) {
	t.Parallel()
	leasedLink(t, func(t *testing.T, b *contractBench, l *landlord) {
		time.Sleep(time.Minute)
		if len(b.operators) != 0 {
			t.Fatal("a session was opened without a lease")
		}
		same(t, "states", states(b), []string{"elsewhere", "elsewhere"})
		first := l.give(1)
		same(t, "states", states(b), []string{"elsewhere", "bound"})
		o := b.operator()
		b.send("hello")
		same(t, "on the wire", o.taken(), []string{"hello"})

		close(first.over)
		synctest.Wait()
		if len(l.back()) != 0 {
			t.Error("given back before the last answer came")
		}
		o.answer("hello", "id", message.NoFailure)
		synctest.Wait()
		same(t, "answered", b.core.answered(), []string{"hello id"})
		if !o.unbound() {
			t.Error("the session was cut")
		}
		if got := l.back(); !slices.Equal(got, []int{1}) {
			t.Errorf("given back: %v", got)
		}
		if d := b.core.downs; len(d) != 1 || d[0].reason != nil {
			t.Errorf("downs %+v", d)
		}
		l.give(1)
		b.waitUp(2)
	})
}

// TestSMPPLeaseLost: when another server has the session nothing is written any
// more, not even unbind, and what was not written is not uncertain.
func TestSMPPLeaseLost(t *testing.T) {
	t.Parallel()
	leasedLink(t, func(t *testing.T, b *contractBench, l *landlord) {
		lease := l.give(0)
		o := b.operator()
		b.send(names("m", contractCredit)...)
		same(t, "on the wire", o.taken(), names("m", contractWindow))
		lease.valid.Store(false)
		close(lease.over)
		synctest.Wait()
		if o.unbound() {
			t.Error("unbind was written")
		}
		d := b.core.downs
		if len(d) != 1 || !errors.Is(d[0].reason, errLeaseOver) {
			t.Fatalf("downs %+v", d)
		}
		same(t, "unwritten", texts(d[0].unwritten), names("m", contractCredit)[contractWindow:])
		if got := l.back(); !slices.Equal(got, []int{0}) {
			t.Errorf("given back: %v", got)
		}
		time.Sleep(time.Minute)
		if len(b.operators) != 1 {
			t.Error("another session was opened")
		}
	})
}

// TestSMPPLeaseSilent: while it is not known whether the lease holds the session
// stays, is kept alive, and sends no message; then it goes on by itself.
func TestSMPPLeaseSilent(t *testing.T) {
	t.Parallel()
	leasedLink(t, func(t *testing.T, b *contractBench, l *landlord) {
		lease := l.give(0)
		o := b.operator()
		b.send("before")
		lease.valid.Store(false)
		b.send("while")
		o.answer("before", "id", message.NoFailure)
		time.Sleep(10 * contractEnquire)
		same(t, "on the wire", o.taken(), []string{"before"})
		if len(b.core.downs) != 0 {
			t.Fatalf("the session ended: %v", b.core.downs[0].reason)
		}
		lease.valid.Store(true)
		time.Sleep(leaseLook)
		synctest.Wait()
		same(t, "on the wire", o.taken(), []string{"before", "while"})
		o.answer("while", "id2", message.NoFailure)
		synctest.Wait()
		same(t, "answered", b.core.answered(), []string{"before id", "while id2"})
	})
}

// TestSMPPLeaseAtSocket: what was handed over for writing while the lease was
// valid is not written when it is not any more.
func TestSMPPLeaseAtSocket(t *testing.T) {
	t.Parallel()
	ours, theirs := net.Pipe()
	defer theirs.Close()
	lease := &tenancy{over: make(chan struct{})}
	conn := &leased{ours, &Lease{Valid: lease.valid.Load, Over: lease.over}, smppSendsMessages}
	pdu := func(c smpp.CommandID) []byte {
		return []byte{0, 0, 0, 16, 0, 0, byte(c >> 8), byte(c), 0, 0, 0, 0, 0, 0, 0, 1}
	}
	for name, c := range map[string]struct {
		octets []byte
		passes bool
	}{
		"enquire_link":            {pdu(smpp.CommandEnquireLink), true},
		"an answer":               {pdu(smpp.CommandDeliverSM), true},
		"a message":               {pdu(smpp.CommandSubmitSM), false},
		"a message behind others": {slices.Concat(pdu(smpp.CommandEnquireLink), pdu(smpp.CommandDataSM)), false},
		"part of a PDU":           {append(pdu(smpp.CommandEnquireLink), 0, 0, 0, 99, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1), false},
	} {
		go func() { _, _ = theirs.Read(make([]byte, 100)) }()
		if _, err := conn.Write(c.octets); (err == nil) != c.passes {
			t.Errorf("silent: %s: %v", name, err)
		}
	}
	close(lease.over)
	if _, err := conn.Write(pdu(smpp.CommandEnquireLink)); !errors.Is(err, errLeaseOver) {
		t.Errorf("lost: %v", err)
	}
	conn.Close()
}
