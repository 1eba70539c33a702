package connector

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kurir/gsm"
	"kurir/leaktest"
	"kurir/message"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// This file holds every kind of link to the contract in the package comment. A
// kind joins with a contractKind: how to make a link, and an operator to put at
// its other end. All tests run in a bubble, over pipes.

// contractKind is a kind of link under test. The link has one session with a
// window of four parts and a look-ahead of four; it asks a silent peer after
// 10 s, and waits 5 s for any answer.
type contractKind struct {
	name string
	make func(dial func(ctx context.Context, network, addr string) (net.Conn, error)) Connector
	// serve plays the operator on a connection until it is cut.
	serve func(t *testing.T, conn net.Conn) operator
	// window and lookahead are those of the link where they are others; 0: four.
	window, lookahead int
	// id gives the name by which the operator knows an id of the connector; nil: they are the same.
	id func(id string) string
	// slow says that it takes a moment until the first session is up.
	slow bool
	// lacks are kinds of failures that the operator cannot tell.
	lacks []message.FailureKind
	// once says that a session ends when a request gets no answer, for its number cannot be used again.
	once bool
}

// fill gives the defaults.
func (k *contractKind) fill() {
	if k.window == 0 {
		k.window, k.lookahead = contractWindow, contractCredit-contractWindow
	}
}

// credit is that of the session.
func (k *contractKind) credit() int { return k.window + k.lookahead }

const (
	contractWindow  = 4
	contractCredit  = 8
	contractEnquire = 10 * time.Second
	contractAnswer  = 5 * time.Second
)

// operator is one session at the other end. Texts name messages.
type operator interface {
	taken() []string                                      // texts that came, in order, answered or not
	answer(text, id string, kind message.FailureKind)     // NoFailure takes it
	again(text string)                                    // sends the last answer once more
	receipt(id string, state message.State) <-chan string // tells how it is answered: "ok", "later"
	inbound(text string) <-chan string                    // likewise
	silent()                                              // neither reads nor writes any more
	cut()                                                 // closes the connection
	unbound() bool                                        // the link said good-bye
}

// contractCore is a gateway that writes everything down.
type contractCore struct {
	mu         sync.Mutex
	ups        []uint32
	credit     int
	downs      []contractDown
	answers    []Answer
	slowed     int // calls of Throttled
	congestion []uint8
	batches    int
	// grant and late, if set, are called with a session when it has answered and
	// while it is announced as down.
	grant, late func(session uint32)
	reports     []message.Report
	inbound     []*message.Inbound
	acks        []func(error)
	id          func(id string) string // as the kind's
}

// named gives an id as the test named it.
func (c *contractCore) named(id string) string {
	if c.id == nil || id == "" {
		return id
	}
	return c.id(id)
}

type contractDown struct {
	session   uint32
	unwritten []*Outgoing
	reason    error
}

func (c *contractCore) SessionUp(session uint32, credit int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ups, c.credit = append(c.ups, session), credit
}

func (c *contractCore) SessionDown(session uint32, unwritten []*Outgoing, reason error) {
	if c.late != nil {
		c.late(session)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.downs = append(c.downs, contractDown{session, unwritten, reason})
}

func (c *contractCore) Answered(session uint32, answers []Answer) {
	if c.grant != nil {
		c.grant(session)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.answers = append(c.answers, answers...)
	c.batches++
}

func (c *contractCore) Throttled(uint32) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slowed++
}

func (c *contractCore) Congestion(_ uint32, state uint8) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.congestion = append(c.congestion, state)
}

func (c *contractCore) Reports(reports []message.Report, ack func(error)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reports = append(c.reports, reports...)
	c.acks = append(c.acks, ack)
}

func (c *contractCore) Inbound(in []*message.Inbound, ack func(error)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.inbound = append(c.inbound, in...)
	c.acks = append(c.acks, ack)
}

func (c *contractCore) ack(err error) {
	c.mu.Lock()
	acks := c.acks
	c.acks = nil
	c.mu.Unlock()
	for _, a := range acks {
		a(err)
	}
}

// answered lists texts and outcomes, in the order in which they came.
func (c *contractCore) answered() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var list []string
	for _, a := range c.answers {
		s := a.Out.Message.Content.Text
		if a.Failure != nil {
			s += " " + a.Failure.Kind.Code()
		} else {
			s += " " + c.named(a.ID)
		}
		list = append(list, s)
	}
	return list
}

// contractBench is a link, its core, and the operator's sessions.
type contractBench struct {
	t     *testing.T
	link  Connector
	core  *contractCore
	kind  contractKind
	stop  context.CancelFunc
	ended chan struct{}

	mu        sync.Mutex
	operators []operator
	refuse    bool // connections
}

func (k contractKind) test(t *testing.T, name string, test func(t *testing.T, b *contractBench)) {
	t.Run(k.name+"/"+name, func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			b := &contractBench{t: t, core: &contractCore{id: k.id}, kind: k, ended: make(chan struct{})}
			b.link = k.make(func(context.Context, string, string) (net.Conn, error) {
				b.mu.Lock()
				defer b.mu.Unlock()
				if b.refuse {
					return nil, errors.New("connection refused")
				}
				ours, theirs := net.Pipe()
				b.operators = append(b.operators, k.serve(t, theirs))
				return ours, nil
			})
			ctx, stop := context.WithCancel(t.Context())
			b.stop = stop
			go func() {
				b.link.Run(ctx, b.core)
				close(b.ended)
			}()
			if synctest.Wait(); k.slow {
				b.waitUp(1)
			}
			test(t, b)
			stop()
			<-b.ended
			b.mu.Lock()
			for _, o := range b.operators {
				o.cut()
			}
			b.mu.Unlock()
			synctest.Wait()
		})
	})
}

// operator returns the newest session at the other end.
func (b *contractBench) operator() operator {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.operators[len(b.operators)-1]
}

// session returns the newest session.
func (b *contractBench) session() uint32 {
	b.core.mu.Lock()
	defer b.core.mu.Unlock()
	return b.core.ups[len(b.core.ups)-1]
}

// waitUp waits until n sessions have been announced in all.
func (b *contractBench) waitUp(n int) {
	for range 1000 {
		synctest.Wait()
		b.core.mu.Lock()
		have := len(b.core.ups)
		b.core.mu.Unlock()
		if have >= n {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	b.t.Fatalf("no session number %d", n)
}

// send hands over messages named by their texts, all in one call.
func (b *contractBench) send(texts ...string) []*Outgoing {
	var out []*Outgoing
	for _, text := range texts {
		out = append(out, contractMessage(text))
	}
	b.link.Send(b.session(), out)
	synctest.Wait()
	return out
}

func contractMessage(text string) *Outgoing {
	size, err := gsm.Measure(text, gsm.Auto)
	if err != nil {
		panic(err)
	}
	m := &message.Message{
		Content:  message.Content{Text: text, Class: gsm.NoClass},
		Encoding: size.Encoding, Parts: uint8(size.Parts), Expires: time.Now().Add(48 * time.Hour).UnixMilli(),
	}
	return &Outgoing{
		Message: m, Receipt: true, From: message.Address{TON: message.TONAlphanumeric, Number: "ACME"},
		To: message.Address{TON: message.TONInternational, NPI: message.NPIISDN, Number: "46701234567"},
	}
}

func names(prefix string, n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("%s%d", prefix, i)
	}
	return list
}

func texts(out []*Outgoing) []string {
	var list []string
	for _, o := range out {
		list = append(list, o.Message.Content.Text)
	}
	return list
}

func same(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// settle waits until nothing moves without time passing.
func (b *contractBench) settle() { synctest.Wait() }

// waitTaken waits until the operator has had so many messages.
func (b *contractBench) waitTaken(n int) {
	for range 1000 {
		synctest.Wait()
		if len(b.operator().taken()) >= n {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	b.t.Fatalf("no message number %d", n)
}
