package gateway

import (
	"context"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/message"
)

// fakeHooks are servers that answer by their address: "gone" for good, "down"
// not at all, all others take what they are told.
type fakeHooks struct {
	mu   sync.Mutex
	told map[message.ID][]string // the addresses at which it was taken
}

func (h *fakeHooks) receive(w *world) {
	h.told = map[message.ID][]string{}
	r := &fakeReceiver{limit: 100, on: func(_ string, items []*Item) {
		for _, it := range items {
			go func() {
				d := Delivered{Item: it, Code: 200}
				switch {
				case strings.Contains(it.Target.Address, "gone"):
					d.Verdict, d.Code, d.Text = GiveUp, 410, "we have moved"
				case strings.Contains(it.Target.Address, "down"):
					d.Verdict, d.Code, d.Text = TryLater, 0, "connection refused"
				default:
					h.mu.Lock()
					id := it.row().ID
					h.told[id] = append(h.told[id], it.Target.Address)
					h.mu.Unlock()
				}
				w.Delivered([]Delivered{d})
			}()
		}
	}}
	for _, kind := range []message.TargetKind{message.WebhookTarget, message.KannelTarget, message.SMPPTarget} {
		w.Receive(kind, r)
	}
}

// at gives where something was taken.
func (h *fakeHooks) at(id message.ID) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(h.told[id], " ")
}

// tellHook has the state of a message owed to acme at a target.
func tellHook(w *world, op *fakeLink, kind message.TargetKind, address string) message.ID {
	w.t.Helper()
	return deliveredMessages(w, op, 1, func(s *Submission) {
		s.Target = message.Target{Kind: kind, Account: "acme", Address: address}
	})[0]
}

func (w *world) dead(f DeadFilter) []DeadLetter {
	w.t.Helper()
	f.Limit = 100
	list, err := w.DeadLetters(context.Background(), f)
	if err != nil {
		w.t.Fatal(err)
	}
	return list
}

func (w *world) pushNow(req PushRequest) PushJob {
	w.t.Helper()
	j, err := w.Push("root", req, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	end := w.waitPush(j.ID)
	if end.State != JobDone {
		w.t.Errorf("the push: %+v", end)
	}
	time.Sleep(5 * time.Second)
	synctest.Wait()
	return end
}

// withHook puts another webhook of acme's into force.
func withHook(address string) *Snapshot {
	s := testSnapshot()
	s.Accounts = account.NewDirectory([]account.Account{
		{Name: "acme", Senders: []string{"*"}, Sender: "ACME", MaxParts: 20, Numbers: []string{"+4611111"}, Webhook: address},
	}, nil)
	return s
}

// What is given up is a dead letter, also over a restart, until it is pushed; of
// what nobody comes to fetch there are none.
func TestDeadLetters(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		hooks := &fakeHooks{}
		opt := Options{MaxAge: 10 * time.Minute, Snapshot: withHook("http://h/gone?token=hush"), page: 2}
		w := start(t, dir, opt, hooks.receive)
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 100)
		state := tellHook(w, op, message.WebhookTarget, "http://u:p@h/gone/a?token=hush")
		tellHook(w, op, message.SMPPTarget, "gone")
		kannel := tellHook(w, op, message.KannelTarget, "http://h/down?%d")
		var inbound message.ID
		op.core.Inbound([]*message.Inbound{{
			From: message.Address{TON: 1, Number: "46709999999"}, To: message.Address{TON: 1, Number: "4611111"}, Content: message.Content{Text: "hi", Class: -1},
		}}, func(error) {})
		synctest.Wait()
		if list := w.dead(DeadFilter{NoStates: true}); len(list) == 1 {
			inbound = list[0].ID
		}
		time.Sleep(20 * time.Minute)
		w.end()
		w = start(t, dir, opt, hooks.receive)
		list := w.dead(DeadFilter{Oldest: true})
		if len(list) != 3 || list[0].ID != state || list[1].ID != inbound || list[2].ID != kannel {
			t.Fatalf("dead letters: %+v", list)
		}
		for i, want := range []DeadLetter{
			{State: message.Delivered, Kind: message.WebhookTarget, Address: "http://h/gone/a", Code: 410, Text: "we have moved"},
			{Kind: message.WebhookTarget, Address: "http://h/gone", Code: 410, Text: "we have moved"},
			{State: message.Delivered, Kind: message.KannelTarget, Address: "http://h/down", Text: "connection refused"},
		} {
			d := list[i]
			if i < 2 && d.Tries != 1 || i == 2 && (d.Tries < 5 || d.At-d.Since < opt.MaxAge.Milliseconds()) {
				t.Errorf("it was tried %d times in %d ms", d.Tries, d.At-d.Since)
			}
			want.DeadKey, want.Number, want.Account, want.Since, want.At, want.Tries = d.DeadKey, d.Number, "acme", d.Since, d.At, d.Tries
			if d != want {
				t.Errorf("dead letter %d: %+v, want %+v", i, d, want)
			}
		}
		w.fakeLink("op1")
		again := PushRequest{Account: "acme", Receipts: true, Inbound: true, Called: true, GivenUp: true}
		again.Address = "http://h/down"
		if end := w.pushNow(again); end.Receipts != 1 || end.Inbound != 0 || end.Looked != 1 {
			t.Errorf("of one address: %+v", end)
		}
		if list := w.dead(DeadFilter{}); len(list) != 2 {
			t.Errorf("it is owed again, and dead still: %+v", list)
		}
		again.Address = ""
		if end := w.pushNow(again); end.Receipts != 1 || end.Inbound != 1 {
			t.Errorf("all: %+v", end)
		}
		if list := w.dead(DeadFilter{}); len(list) != 2 { // once more
			t.Errorf("they were refused again: %+v", list)
		}
		if n, err := w.RemoveDead(context.Background(), DeadFilter{Accounts: []string{"acme"}}); n != 2 || err != nil || len(w.dead(DeadFilter{})) != 0 {
			t.Errorf("%d are removed: %v", n, err)
		}
		if end := w.pushNow(again); end.Looked != 0 {
			t.Errorf("what was removed is pushed: %+v", end)
		}
	})
}

// What is dead or owed at an address of before goes to the account's webhook of
// now, over a restart too; what was taken is not told again.
func TestReplayToCurrent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		hooks := &fakeHooks{}
		w := start(t, dir, Options{page: 3, Snapshot: withHook("http://h/gone")}, hooks.receive)
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 100)
		taken := tellHook(w, op, message.WebhookTarget, "http://h/taken")
		kannel := tellHook(w, op, message.KannelTarget, "http://h/gone?%d")
		var moved []message.ID
		for range 5 {
			moved = append(moved, tellHook(w, op, message.WebhookTarget, "http://h/down"), tellHook(w, op, message.WebhookTarget, "http://h/gone"))
		}
		op.core.Inbound([]*message.Inbound{{
			From: message.Address{TON: 1, Number: "46709999999"}, To: message.Address{TON: 1, Number: "4611111"}, Content: message.Content{Text: "hi", Class: -1},
		}}, func(error) {})
		time.Sleep(time.Minute) // those that are tried again wait on disk
		moved = append(moved, w.dead(DeadFilter{NoStates: true})[0].ID)
		w.Replace(withHook("http://h/new?token=hush"))
		end := w.pushNow(PushRequest{Account: "acme", Receipts: true, Inbound: true, Called: true, GivenUp: true, ToCurrent: true})
		if end.Moved != 5 || end.Receipts != 6 || end.Inbound != 1 {
			t.Errorf("%+v", end)
		}
		for _, id := range moved {
			if at := hooks.at(id); at != "http://h/new?token=hush" {
				t.Errorf("%s was taken at %q", id, at)
			}
		}
		if at := hooks.at(taken); at != "http://h/taken" {
			t.Errorf("what was taken: %q", at)
		}
		if list := w.dead(DeadFilter{}); len(list) != 1 || list[0].ID != kannel { // no webhook
			t.Errorf("dead letters: %+v", list)
		}
		time.Sleep(10 * time.Minute)
		w.wantNothingLeft()

		// What fails at the new address too goes there again, after a restart as well.
		w.Replace(withHook("http://h/gone"))
		lost := tellHook(w, op, message.WebhookTarget, "http://h/down/x")
		time.Sleep(time.Minute)
		w.Replace(withHook("http://h/down/y"))
		if end := w.pushNow(PushRequest{Account: "acme", Receipts: true, Inbound: true, Called: true, Address: "http://h/down/x", ToCurrent: true}); end.Moved != 1 || end.Looked != 0 {
			t.Errorf("one: %+v", end)
		}
		w.end()
		w = start(t, dir, Options{page: 3, Snapshot: withHook("http://h/new")}, hooks.receive)
		time.Sleep(time.Minute)
		if at := hooks.at(lost); at != "http://h/new" {
			t.Errorf("after a restart: %q", at)
		}
		if trace := describe(w.onDisk(lost)); strings.Count(trace, "pushed") != 1 {
			t.Errorf("its log: %s", trace)
		}
		w.wantNothingLeft()
	})
}

// A range narrowed to an address tells nothing that went elsewhere.
func TestReplayAddress(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		hooks := &fakeHooks{}
		w := start(t, dir, Options{}, hooks.receive)
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 100)
		a := tellHook(w, op, message.WebhookTarget, "http://h/a?x=1")
		b := tellHook(w, op, message.WebhookTarget, "http://h/b")
		c := tellHook(w, op, message.SMPPTarget, "")
		req := PushRequest{Account: "acme", Receipts: true, Inbound: true, Called: true, To: time.Now().Add(time.Second), Address: "http://h/a"}
		if end := w.pushNow(req); end.Receipts != 1 || end.Looked != 3 {
			t.Errorf("%+v", end)
		}
		req.Address = ""
		w.pushNow(req)
		for id, want := range map[message.ID]int{a: 3, b: 2, c: 1} {
			if got := len(strings.Split(hooks.at(id), " ")); got != want {
				t.Errorf("%s was told %d times, want %d", id, got, want)
			}
		}
	})
}
