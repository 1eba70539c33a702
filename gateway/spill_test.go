package gateway

import (
	"fmt"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/connector"
	"kurir/message"
)

// TestSpill lets 50,000 messages of three accounts wait with memory for 500:
// memory does not follow, each is sent once, an account's own in order, and the
// small accounts do not wait for the large one.
func TestSpill(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		snap := testSnapshot()
		snap.Accounts = account.NewDirectory([]account.Account{
			{Name: "large", Sender: "L"}, {Name: "small", Sender: "S"}, {Name: "tiny", Sender: "T"},
		}, nil)
		w := start(t, dir, Options{QueueMemory: 500, MarkLag: time.Second, Snapshot: snap}, nil)
		amount := map[string]int{"large": 47_000, "small": 2_900, "tiny": 100}
		if underRace {
			amount["large"] = 5_000
		}
		for _, name := range []string{"large", "small", "tiny"} {
			for n := amount[name]; n > 0; n -= 100 {
				subs := make([]*Submission, 100)
				for i := range subs {
					subs[i] = w.submission("46100001", "hello")
					subs[i].Account, subs[i].Receipts, subs[i].Target = snap.Accounts.ByName(name), 0, message.Target{}
				}
				w.submit(subs...)
			}
		}
		time.Sleep(5 * time.Second)
		w.mu.Lock()
		if n := len(w.open); n > 3000 || w.recent.len() > 0 {
			t.Errorf("%d messages are in memory, and the ids of %d", n, w.recent.len())
		}
		w.mu.Unlock()
		op := w.fakeLink("op1")
		sent, last, total := map[string]int{}, map[string]message.ID{}, 0
		var tinyAt int
		op.on = func(n uint32, out []*connector.Outgoing) {
			answers := make([]connector.Answer, len(out))
			for i, o := range out {
				m := o.Message
				if m.ID <= last[m.Account] {
					t.Errorf("%s of %s was sent behind %s", m.ID, m.Account, last[m.Account])
				}
				last[m.Account] = m.ID
				total++
				if sent[m.Account]++; m.Account == "tiny" && sent[m.Account] == amount["tiny"] {
					tinyAt = total
				}
				answers[i].Out = o
			}
			go op.core.Answered(n, answers)
		}
		op.core.SessionUp(1, 100)
		for range 120 {
			time.Sleep(time.Second)
		}
		op.mu.Lock()
		defer op.mu.Unlock()
		if fmt.Sprint(sent) != fmt.Sprint(amount) {
			t.Errorf("sent %v, want %v", sent, amount)
		}
		if tinyAt > 6_000 {
			t.Errorf("the last of a hundred of one account was the %d-th to be sent", tinyAt)
		}
		time.Sleep(5 * time.Second)
		w.wantNothingLeft()
	})
}

// TestComplaint25MemoryOfBacklog compares the memory with some and with five times as many
// messages waiting for a link that is down.
func TestComplaint25MemoryOfBacklog(t *testing.T) {
	if underRace {
		t.Skip("the race detector takes memory of its own")
	}
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{QueueMemory: 1000, MarkLag: time.Second}, nil)
		fill := func(n int) uint64 {
			for ; n > 0; n -= 500 {
				subs := make([]*Submission, 500)
				for i := range subs {
					subs[i] = w.submission("46100001", "hello")
				}
				w.submit(subs...)
			}
			time.Sleep(5 * time.Second)
			synctest.Wait()
			runtime.GC()
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return m.HeapAlloc
		}
		few := fill(20_000)
		many := fill(80_000)
		// The store's index keeps its newest 100,000 entries in memory.
		if grown := int64(many) - int64(few); grown > 80_000*60 {
			t.Errorf("80,000 messages more take %d octets each", grown/80_000)
		}
	})
}

func TestLanes(t *testing.T) {
	t.Parallel()
	var l lanes
	add := func(account string, p message.Priority, n int) {
		for range n {
			l.push(newEntry(&message.Message{Account: account, Priority: p}), false)
		}
	}
	add("a", message.Normal, 40)
	add("b", message.Normal, 5)
	add("c", message.Bulk, 10)
	add("d", message.Urgent, 3)
	var order string
	for l.n > 0 {
		head := l.head()
		e := l.pop()
		if e != head {
			t.Fatal("pop takes another than head shows")
		}
		order += e.m.Account
	}
	// Urgent first, then in turn, with every 16th place for bulk.
	want := "ddd" + "ababababab" + "aa" + "c" + "aaaaaaaaaaaaaaa" + "c" + "aaaaaaaaaaaaaaa" + "c" + "aaa" + "ccccccc"
	if order != want {
		t.Errorf("order\n%s, want\n%s", order, want)
	}
	got := map[message.Priority]int{}
	for p := range message.Priority(message.Priorities) {
		add("e", p, 160)
	}
	for range 160 {
		got[l.pop().m.Priority]++
	}
	want = fmt.Sprint(map[message.Priority]int{message.Urgent: 120, message.High: 20, message.Normal: 10, message.Bulk: 10})
	if fmt.Sprint(got) != want {
		t.Errorf("with enough in every lane the lanes share as %v, want %v", got, want)
	}
}

// TestRate grants with a limit: over every 100 ms no more than a tenth of it and
// what a tick saves up, and in the long run all of it.
func TestRate(t *testing.T) {
	t.Parallel()
	for _, rate := range []float64{5, 95, 1000} {
		dir := t.TempDir()
		bubble(t, func(t *testing.T) {
			snap := testSnapshot()
			snap.Links["op1"] = LinkSettings{Name: "op1", Rate: rate}
			w := start(t, dir, Options{Snapshot: snap}, nil)
			op := w.fakeLink("op1")
			var at []time.Time // of each part
			op.on = func(n uint32, out []*connector.Outgoing) {
				for _, o := range out {
					for range o.Message.Parts {
						at = append(at, time.Now())
					}
					go op.answer(n, o, "")
				}
			}
			op.core.SessionUp(1, 10_000)
			for range 50 {
				subs := make([]*Submission, 100)
				for i := range subs {
					subs[i] = w.submission("46100001", "hello")
					if i%10 == 0 {
						subs[i].Content.Text += longText
					}
					subs[i].Receipts, subs[i].Target = 0, message.Target{}
				}
				w.submit(subs...)
			}
			time.Sleep(4 * time.Second)
			op.mu.Lock()
			defer op.mu.Unlock()
			most := int(rate*(0.1+burstShare)) + 2 // one part more when a long message overdraws
			for i := range at {
				n := 0
				for _, other := range at[i:] {
					if other.Sub(at[i]) < 100*time.Millisecond {
						n++
					}
				}
				if n > most {
					t.Fatalf("at %g a second %d parts went in 100 ms, want at most %d", rate, n, most)
				}
			}
			if n := float64(len(at)); n < rate*4*0.97-2 || n > rate*4*1.03+3 {
				t.Errorf("at %g a second %g parts went in 4 s", rate, n)
			}
		})
	}
}
