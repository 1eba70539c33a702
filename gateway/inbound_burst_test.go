package gateway

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"kurir/message"
)

// TestInboundBurst: 2,000 messages a second on one word, for a second, of which the target answers none. All are stored, only
// so many are in memory, and what others send and get goes at once; when the target answers it gets each once.
func TestInboundBurst(t *testing.T) {
	t.Parallel()
	const each, times, inMemory = 200, 10, 100
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		word, others := &fakeReceiver{limit: 10}, &fakeReceiver{limit: 10}
		w := start(t, dir, Options{Snapshot: inboundSnapshot(), OutboxMemory: inMemory}, func(w *world) {
			w.Receive(message.WebhookTarget, word)
			w.Receive(message.SMPPTarget, others)
		})
		op1, op2 := w.twoLinks()
		phone := func(n int, to, text string) *message.Inbound {
			return &message.Inbound{
				From: message.Address{TON: message.TONInternational, Number: fmt.Sprint(46700000000 + n)}, To: message.Address{Number: to},
				Content: message.Content{Text: text, Class: -1},
			}
		}
		for i := range times {
			list := make([]*message.Inbound, each)
			for k := range list {
				list[k] = phone(i*each+k, "72456", "Info please")
			}
			ack := op2.inbound(list...)
			w.submit(w.untold("4610000001", "a password"))
			other := op1.inbound(phone(i, "4611111", "hello"))
			synctest.Wait()
			if out := op1.take(); len(out) != 1 {
				t.Fatalf("%d messages of others left at once", len(out))
			} else {
				op1.answer(1, out[0], fmt.Sprint(i))
			}
			items := others.take()
			if len(items) != 1 {
				t.Fatalf("others got %d messages", len(items))
			}
			w.Delivered([]Delivered{{Item: items[0]}})
			if err := <-ack; err != nil {
				t.Fatal(err)
			}
			if err := <-other; err != nil {
				t.Fatal(err)
			}
			w.mu.Lock()
			if n := len(w.openIn); n > 2*inMemory+each {
				t.Errorf("%d messages are in memory", n)
			}
			w.mu.Unlock()
			time.Sleep(100 * time.Millisecond)
		}
		taken := map[message.ID]int{}
		for until := time.Now().Add(time.Minute); len(taken) < each*times && time.Now().Before(until); synctest.Wait() {
			items := word.take()
			if len(items) == 0 {
				time.Sleep(time.Second)
			}
			for _, it := range items {
				taken[it.Inbound.ID]++
				w.Delivered([]Delivered{{Item: it}})
			}
		}
		for id, n := range taken {
			if n != 1 {
				t.Errorf("%s was delivered %d times", id, n)
			}
		}
		if len(taken) != each*times {
			t.Errorf("of %d messages %d were delivered", each*times, len(taken))
		}
	})
}
