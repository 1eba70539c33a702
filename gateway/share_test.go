package gateway

import (
	"fmt"
	"os"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kurir/connector"
	"kurir/gsm"
	"kurir/message"
)

// TestShare: after a long absence messages from phones do not wait behind the
// states that are owed, those of the time before the return neither, and the
// customer never has more than his limit.
func TestShare(t *testing.T) {
	t.Parallel()
	owed := 20_000
	if os.Getenv("KURIR_LONG") != "" {
		owed = 100_000
	}
	if underRace {
		owed = 2000
	}
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		r := &fakeReceiver{}
		w := start(t, dir, Options{OutboxMemory: 500}, func(w *world) { w.Receive(message.SMPPTarget, r) })
		op := w.fakeLink("op1")
		op.on = func(n uint32, out []*connector.Outgoing) {
			for _, o := range out {
				go op.answer(n, o, "")
			}
		}
		op.core.SessionUp(1, 1000)
		subs := make([]*Submission, 1000)
		for range owed / len(subs) {
			for i := range subs {
				subs[i] = w.submission("46100001", "hello")
			}
			w.submit(subs...)
		}
		var mu sync.Mutex
		states, out, next := 0, 0, 0
		var before [40]int // how many states had been told when a message came
		phone := func(n int) {
			mu.Lock()
			before[n] = states
			mu.Unlock()
			done := make(chan error, 1)
			op.core.Inbound([]*message.Inbound{{
				From: message.Address{TON: 1, Number: "46709999999"}, To: message.Address{Number: "4611111"}, Encoding: gsm.GSM7,
				Content: message.Content{Text: fmt.Sprint(n), Class: gsm.NoClass},
			}}, func(err error) { done <- err })
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		for n := range 20 {
			phone(n)
		}
		time.Sleep(5 * time.Second)
		const limit = 40
		r.on = func(_ string, items []*Item) {
			mu.Lock()
			out += len(items)
			if out > limit {
				t.Errorf("%d items are unanswered", out)
			}
			for _, it := range items {
				if it.Inbound == nil {
					states++
				} else if it.Inbound.Content.Text != fmt.Sprint(next) {
					t.Errorf("message %s from a phone, want %d", it.Inbound.Content.Text, next)
				} else {
					if n := states - before[next]; n > 2*limit {
						t.Errorf("message %d waited for %d states", next, n)
					}
					next++
				}
			}
			mu.Unlock()
			go func() {
				time.Sleep(20 * time.Millisecond)
				mu.Lock()
				out -= len(items)
				mu.Unlock()
				list := make([]Delivered, len(items))
				for i, it := range items {
					list[i].Item = it
				}
				w.Delivered(list)
			}()
		}
		r.setLimit(limit)
		w.Wake(message.SMPPTarget, "acme")
		for n := range 20 {
			time.Sleep(20 * time.Millisecond)
			phone(20 + n)
		}
		time.Sleep(time.Duration(owed) * time.Millisecond)
		synctest.Wait()
		mu.Lock()
		if next != len(before) || states != owed {
			t.Errorf("%d messages and %d states, want %d and %d", next, states, len(before), owed)
		}
		mu.Unlock()
		w.wantNothingLeft()
	})
}
