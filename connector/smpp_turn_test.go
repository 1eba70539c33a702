package connector

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"kurir/message"
	"kurir/smpp"
)

// asking makes n questions at once and gives what becomes of each.
func asking(ctx context.Context, b *contractBench, n int) <-chan error {
	results := make(chan error, n)
	for i := range n {
		go func() {
			_, err := b.link.(*SMPP).Query(ctx, AtOperator{ID: fmt.Sprint(i)})
			results <- err
		}()
		synctest.Wait()
	}
	return results
}

// heldBy is how many questions an operator has that he has not answered.
func (o *smsc) heldBy() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.held)
}

// tell answers the oldest question.
func (o *smsc) tell() {
	o.mu.Lock()
	r := o.held[0]
	o.held = o.held[1:]
	o.mu.Unlock()
	_ = o.sess.Respond([]smpp.PDU{{Command: smpp.CommandQuerySMResp, Sequence: r.Sequence, Body: &smpp.QuerySMResp{State: smpp.MessageEnroute}}})
	synctest.Wait()
}

// TestSMPPAskWaitsForRoom: the operator's window is his for all operations
// (SMPP 3.4 2.4.1), so a question waits while it is full of messages. Where both
// wait they come in turn, in a window of one too.
func TestSMPPAskWaitsForRoom(t *testing.T) {
	t.Parallel()
	smppLink(t, func(c *SMPPConfig) { c.Window = 1 }, func(o *smsc) { o.hold = true }, func(t *testing.T, b *contractBench) {
		o := b.operator().(*smsc)
		b.send(names("m", 3)...)
		answered := asking(t.Context(), b, 2)
		if n := o.heldBy(); n != 0 {
			t.Fatalf("%d questions on the wire, the window is full", n)
		}
		for i := range 2 {
			same(t, "on the wire", o.taken(), names("m", i+1))
			o.answer(fmt.Sprint("m", i), "id", message.NoFailure)
			synctest.Wait()
			if n := o.heldBy(); n != 1 || len(o.taken()) != i+1 {
				t.Fatalf("%d questions and %q on the wire, want a question in the place of the message", n, o.taken())
			}
			o.tell()
			if err := <-answered; err != nil {
				t.Error(err)
			}
		}
		same(t, "on the wire", o.taken(), names("m", 3))
	})
}

// TestSMPPAskBounded: a quarter of the window is on the wire for questions at
// most, some more wait, and who comes then is told so at once. Nobody waits
// longer than his own time, or than for an answer, and what nobody answers takes
// no room from messages.
func TestSMPPAskBounded(t *testing.T) {
	t.Parallel()
	smppLink(t, func(c *SMPPConfig) { c.Window, c.Lookahead = 8, 20 }, func(o *smsc) { o.hold = true }, func(t *testing.T, b *contractBench) {
		o := b.operator().(*smsc)
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		short := asking(ctx, b, 2)
		answered := asking(t.Context(), b, smppMostWaiting)
		if n := o.heldBy(); n != 2 {
			t.Errorf("%d questions on the wire, want 2", n)
		}
		if _, err := b.link.(*SMPP).Query(t.Context(), AtOperator{ID: "x"}); !errors.Is(err, ErrCrowded) {
			t.Errorf("one more: %v", err)
		}
		b.send(names("m", 12)...)
		same(t, "beside the questions", o.taken(), names("m", 6))
		for range 2 {
			if err := <-short; !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("after its own time: %v", err)
			}
		}
		if took := time.Since(began); took != time.Second {
			t.Errorf("waited %v, want 1s", took)
		}
		synctest.Wait()
		same(t, "without the questions", o.taken(), names("m", 8))
		if n := o.heldBy(); n != 2 {
			t.Errorf("%d questions were made of an operator who answers none, want no more than 2", n)
		}
		for range smppMostWaiting {
			if err := <-answered; !errors.Is(err, ErrCrowded) {
				t.Errorf("after the time for answers: %v", err)
			}
		}
		if took := time.Since(began); took != contractAnswer {
			t.Errorf("waited %v, want %v", took, contractAnswer)
		}
	})
}

// TestSMPPAskCut: who waits for room hears of the end of the session at once.
func TestSMPPAskCut(t *testing.T) {
	t.Parallel()
	smppLink(t, func(c *SMPPConfig) { c.Window = 1 }, nil, func(t *testing.T, b *contractBench) {
		b.send("m")
		answered := asking(t.Context(), b, 1)
		b.operator().cut()
		began := time.Now()
		if err := <-answered; !errors.Is(err, ErrNoSession) && !errors.Is(err, smpp.ErrClosed) || time.Since(began) != 0 {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	})
}

// TestSMPPAskEmptiest: of several sessions the one with most room is asked.
func TestSMPPAskEmptiest(t *testing.T) {
	t.Parallel()
	smppLink(t, func(c *SMPPConfig) { c.Sessions = 2 }, func(o *smsc) { o.hold = true }, func(t *testing.T, b *contractBench) {
		b.waitUp(2)
		first := b.operators[0].(*smsc)
		l := b.link.(*SMPP)
		l.mu.Lock()
		busy := l.slots[0].session.(*smppSession).number
		l.mu.Unlock()
		var list []*Outgoing
		for _, name := range names("m", contractWindow) {
			list = append(list, contractMessage(name))
		}
		l.Send(busy, list)
		synctest.Wait()
		idle := b.operators[1].(*smsc)
		if len(first.taken()) == 0 {
			first, idle = idle, first
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		<-asking(ctx, b, 1)
		if first.heldBy() != 0 || idle.heldBy() != 1 {
			t.Errorf("asked %d times on the full session and %d on the other", first.heldBy(), idle.heldBy())
		}
	})
}
