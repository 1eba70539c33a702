package gateway

import (
	"bytes"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"kurir/connector"
	"kurir/message"
)

// wallClock is a clock of which people set the hands.
type wallClock struct{ off atomic.Int64 }

func (c *wallClock) now() time.Time       { return time.Now().Add(time.Duration(c.off.Load())) }
func (c *wallClock) set(by time.Duration) { c.off.Add(int64(by)) }

// clockWorld is a gateway by a wallClock over a link that says what it sent.
type clockWorld struct {
	*world
	clock *wallClock
	op    *fakeLink
	log   bytes.Buffer // read it when the gateway has ended
	at    map[message.ID]time.Duration
	began time.Time
}

func newClockWorld(t *testing.T) *clockWorld {
	c := &clockWorld{clock: &wallClock{}, at: map[message.ID]time.Duration{}, began: time.Now()}
	c.world = start(t, t.TempDir(), Options{Now: c.clock.now, MarkLag: 5 * time.Second, Log: slog.New(slog.NewTextHandler(&c.log, nil))}, nil)
	c.op = c.fakeLink("op1")
	c.op.on = func(n uint32, out []*connector.Outgoing) {
		for _, o := range out {
			c.at[o.Message.ID] = time.Since(c.began)
			go c.op.answer(n, o, "id"+o.Message.ID.String())
		}
	}
	return c
}

// message submits one for which the link is asked for a receipt.
func (c *clockWorld) message(validity time.Duration, in time.Duration) message.ID {
	s := c.untold("46100001", "hello")
	s.Validity = validity
	if in != 0 {
		s.SendAt = c.clock.now().Add(in)
	}
	return c.submit(s)[0]
}

// sent tells after how much time a message was sent, 0 for not.
func (c *clockWorld) sent(id message.ID) time.Duration {
	synctest.Wait()
	c.op.mu.Lock()
	defer c.op.mu.Unlock()
	return c.at[id]
}

// TestClockSetBack: a clock that is set back an hour lets nothing be sent later
// after its acceptance than its validity, sends what is for a time at that time,
// holds up no link, and memory does not grow.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := newClockWorld(t)
		short, timed := c.message(10*time.Minute, 0), c.message(10*time.Minute, 30*time.Minute)
		time.Sleep(5 * time.Minute)
		c.clock.set(-time.Hour)
		time.Sleep(6 * time.Minute)
		c.op.core.SessionUp(1, 100)
		c.wantState(short, message.Expired)
		fresh := c.message(10*time.Minute, 0)
		if at := c.sent(short); at != 0 {
			t.Errorf("sent %v after its acceptance, with a validity of ten minutes", at)
		}
		if at := c.sent(fresh); at == 0 || fresh <= timed {
			t.Errorf("what is accepted afterwards: sent after %v, its id is %v behind the last", at, fresh-timed)
		}
		c.op.core.Throttled(1) // the link pauses for 100 ms
		c.clock.set(-time.Hour)
		paused := c.message(10*time.Minute, 0)
		time.Sleep(2 * time.Second)
		if c.sent(paused) == 0 {
			t.Error("a pause of the link lasts as long as the clock was set back")
		}
		time.Sleep(10 * time.Second)
		c.mu.Lock()
		if n := c.recent.len(); n != 0 {
			t.Errorf("%d messages stay in memory whose receipts are awaited", n)
		}
		c.mu.Unlock()
		c.clock.set(2 * time.Hour)
		time.Sleep(time.Minute)
		time.Sleep(time.Until(c.began.Add(30*time.Minute - time.Second)))
		if at := c.sent(timed); at != 0 {
			t.Errorf("what is for later was sent after %v", at)
		}
		time.Sleep(3 * time.Second)
		if c.sent(timed) == 0 {
			t.Error("what is for later was not sent at its time")
		}
	})
}

// TestClockSetForward: what follows from a clock that is set forward a day does
// not follow for half a minute: put right within that, it has lost nothing and
// sent nothing early.
func TestClockSetForward(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := newClockWorld(t)
		waits, timed := c.message(10*time.Minute, 0), c.message(10*time.Minute, 2*time.Hour)
		time.Sleep(time.Minute)
		c.clock.set(24 * time.Hour)
		c.op.core.SessionUp(1, 100)
		meanwhile := c.message(10*time.Minute, 0)
		time.Sleep(20 * time.Second)
		for _, id := range []message.ID{waits, timed, meanwhile} {
			if at := c.sent(id); at != 0 {
				t.Errorf("%s was sent after %v", id, at)
			}
		}
		c.wantState(waits, message.Queued)
		c.clock.set(-24 * time.Hour)
		time.Sleep(time.Second)
		if c.sent(waits) == 0 || c.sent(meanwhile) == 0 || c.sent(timed) != 0 {
			t.Errorf("the clock is right again: sent after %v, %v, %v", c.sent(waits), c.sent(meanwhile), c.sent(timed))
		}
		c.op.core.SessionDown(1, nil, nil)
		before := c.message(10*time.Minute, 0)
		c.clock.set(24 * time.Hour)
		wrong := c.message(10*time.Minute, 0)
		time.Sleep(time.Second)
		c.clock.set(-24 * time.Hour)
		time.Sleep(11 * time.Minute)
		c.op.core.SessionUp(2, 100)
		if c.sent(before) != 0 || c.sent(wrong) != 0 {
			t.Errorf("sent after their validity: %v, %v", c.sent(before), c.sent(wrong))
		}
		if last := c.message(time.Minute, 0); last <= wrong || c.sent(last) == 0 {
			t.Errorf("the last id %v is not behind %v", last, wrong)
		}
	})
}

// TestClockIsBelieved: a clock that stays forward is believed: what is too old
// by it expires, and the log says why.
func TestClockIsBelieved(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		c := newClockWorld(t)
		waits, timed := c.message(10*time.Minute, 0), c.message(48*time.Hour, 2*time.Hour)
		time.Sleep(time.Minute)
		c.clock.set(24 * time.Hour)
		time.Sleep(29 * time.Second)
		c.wantState(waits, message.Queued)
		time.Sleep(4 * time.Second)
		c.wantState(waits, message.Expired)
		c.op.core.SessionUp(1, 100)
		time.Sleep(time.Second)
		c.wantState(timed, message.Enroute)
		c.end()
		for _, want := range []string{"the clock was set forward", "the clock is believed"} {
			if !strings.Contains(c.log.String(), want) {
				t.Errorf("the log does not say %q", want)
			}
		}
	})
}
