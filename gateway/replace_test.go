package gateway

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/connector"
	"kurir/message"
	"kurir/route"
)

// TestReplace replaces a message at each station: what no operator has leaves
// as it is wanted now, also after a restart; anything else stays as it was.
func TestReplace(t *testing.T) {
	t.Parallel()
	inStation(t, func(t *testing.T, w *world, r *fakeReceiver, s stationTest, id message.ID, restarted bool) {
		ctx := context.Background()
		replace := func(r *Replacement) (*message.Message, error) {
			r.Account, r.Content = w.acme, &message.Content{Text: "changed", Class: -1}
			return w.ReplaceMessage(ctx, id, r)
		}
		other := *w.acme
		other.Name = "beta"
		if _, err := w.ReplaceMessage(ctx, id, &Replacement{Account: &other}); !errors.Is(err, ErrNotFound) {
			t.Errorf("another customer's: %v", err)
		}
		free := s.free || restarted && s.state == message.Sending
		m, err := replace(&Replacement{Validity: 30 * time.Minute})
		if !free {
			if err == nil || w.onDisk(id).Content.Text != "hello" {
				t.Errorf("replaced: %v", m)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if d := w.onDisk(id); d.Content.Text != "changed" || d.Expires != m.Expires || d.State != m.State {
			t.Fatalf("on disk: %+v", d)
		}
		w.end()
		w = start(t, w.dir, Options{QueueMemory: 5, MarkLag: 3 * time.Second}, func(w *world) { w.Receive(message.SMPPTarget, r) })
		op := w.fakeLink("op1")
		sent := map[string]int{}
		op.on = func(n uint32, out []*connector.Outgoing) {
			for _, o := range out {
				if o.Message.ID == id {
					sent[o.Message.Content.Text]++
				}
				go op.answer(n, o, "")
			}
		}
		op.core.SessionUp(7, 100)
		time.Sleep(20 * time.Minute)
		op.mu.Lock()
		if len(sent) != 1 || sent["changed"] != 1 {
			t.Errorf("sent %v", sent)
		}
		op.mu.Unlock()
		wantTold(w, r, id, message.Sent)
		synctest.Wait()
		w.wantNothingLeft()
	})
}

// TestReplaceTime lets messages of each station wait for another time, and
// then none.
func TestReplaceTime(t *testing.T) {
	t.Parallel()
	inStation(t, func(t *testing.T, w *world, r *fakeReceiver, s stationTest, id message.ID, restarted bool) {
		if !s.free {
			return
		}
		ctx := context.Background()
		op := w.fakeLink("op1")
		var mu sync.Mutex
		var at []time.Time
		sent := func() []time.Time {
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(at)
		}
		op.on = func(n uint32, out []*connector.Outgoing) {
			for _, o := range out {
				if o.Message.ID == id {
					mu.Lock()
					at = append(at, time.Now())
					mu.Unlock()
				}
				go op.answer(n, o, "")
			}
		}
		later := time.Now().Add(time.Hour)
		if _, err := w.ReplaceMessage(ctx, id, &Replacement{Account: w.acme, SendAt: later}); err == nil {
			t.Error("to be sent when it is too old")
		}
		m, err := w.ReplaceMessage(ctx, id, &Replacement{Account: w.acme, SendAt: later, Validity: time.Hour})
		if err != nil || m.State != message.Scheduled || m.Expires != later.Add(time.Hour).UnixMilli() {
			t.Fatalf("%+v %v", m, err)
		}
		op.core.SessionUp(7, 100)
		time.Sleep(59 * time.Minute)
		if len(sent()) > 0 {
			t.Fatal("sent too early")
		}
		if restarted { // at once, after all
			if _, err := w.ReplaceMessage(ctx, id, &Replacement{Account: w.acme, SendAt: time.Now().Add(-time.Second)}); err != nil {
				t.Fatal(err)
			}
			later = time.Now()
		}
		time.Sleep(2 * time.Minute)
		if sent := sent(); len(sent) != 1 || sent[0].Sub(later).Abs() > 2*time.Second {
			t.Errorf("sent at %v, want %v", sent, later)
		}
		wantTold(w, r, id, message.Sent)
		synctest.Wait()
		w.wantNothingLeft()
	})
}

// TestRequestOfSeveral: messages of one request are found and cancelled by the
// id of the first, also after a restart, and on a route whose fallback their logs
// tell first.
func TestRequestOfSeveral(t *testing.T) {
	t.Parallel()
	for name, snap := range map[string]*Snapshot{"plain": testSnapshot(), "fallback": repeating(route.Fallback{After: 2})} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			requestOfSeveral(t, snap)
		})
	}
}

func requestOfSeveral(t *testing.T, snap *Snapshot) {
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		ctx := context.Background()
		w := start(t, dir, Options{Snapshot: snap}, nil)
		bad := w.submission("999", "hello")
		bad.To = "nobody"
		subs := []*Submission{bad, w.submission("46100001", "hello"), w.submission("46100002", "hello"), w.submission("46100003", "hello")}
		for _, s := range subs {
			s.Multi = true
		}
		results, err := w.Submit(ctx, subs)
		if err != nil || results[0].Failure == nil {
			t.Fatal(results, err)
		}
		alone := w.submit(w.submission("46100004", "hello"))[0]
		w.end()
		w = start(t, dir, Options{Snapshot: snap}, nil)
		first := results[1].ID
		list, err := w.Request(ctx, "acme", first)
		if err != nil || len(list) != 3 {
			t.Fatalf("%d messages, want 3: %v", len(list), err)
		}
		for i, m := range list {
			if m.ID != results[i+1].ID || message.KnownAs(m) != first {
				t.Errorf("message %d is %s, known as %s", i, m.ID, message.KnownAs(m))
			}
		}
		if list, err := w.Request(ctx, "acme", results[2].ID); err != nil || len(list) != 1 {
			t.Errorf("by the second's own id: %d messages, %v", len(list), err)
		}
		if list, _ := w.Request(ctx, "acme", alone); len(list) != 1 || message.KnownAs(list[0]) != alone {
			t.Errorf("alone: %v", list)
		}
		if _, err := w.Request(ctx, "beta", first); !errors.Is(err, ErrNotFound) {
			t.Errorf("somebody else's: %v", err)
		}
		ids := []message.ID{first, results[2].ID, results[3].ID, 77}
		if n, err := w.CancelEach(ctx, "acme", ids); n != 3 || err != nil {
			t.Errorf("cancelled %d: %v", n, err)
		}
		if n, err := w.CancelEach(ctx, "acme", ids); n != 0 || err != nil {
			t.Errorf("cancelled again %d: %v", n, err)
		}
	})
}

// TestReplaceRate: replacing several messages counts as one against the account's
// rate, and changes all of them or none.
func TestReplaceRate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		var ids []message.ID
		for _, to := range []string{"46100001", "46100002", "46100003", "46100004", "46100005"} {
			ids = append(ids, w.submit(w.submission(to, "hello"))...)
		}
		slow := account.NewDirectory([]account.Account{{Name: "acme", Rate: 2}}, nil).ByName("acme")
		replace := func(text string) (int, error) {
			return w.ReplaceEach(t.Context(), ids, &Replacement{Account: slow, Content: &message.Content{Text: text, Class: -1}})
		}
		for _, text := range []string{"first", "second"} {
			if n, err := replace(text); n != len(ids) || err != nil {
				t.Errorf("%s: replaced %d, %v", text, n, err)
			}
		}
		var f *message.Failure
		if n, err := replace("third"); n != 0 || !errors.As(err, &f) || f.Kind != message.Overloaded {
			t.Errorf("beyond the rate: replaced %d, %v", n, err)
		}
		for _, id := range ids {
			if text := w.onDisk(id).Content.Text; text != "second" {
				t.Errorf("%s has the text %q", id, text)
			}
		}
	})
}

// TestReplacedExtra: what goes along with a message stays when its text is
// replaced by one that brings nothing of its own.
func TestReplacedExtra(t *testing.T) {
	t.Parallel()
	s := testSnapshot()
	w := &world{acme: s.Accounts.ByName("acme")}
	now := time.Now()
	var m message.Message
	if _, f := s.build(&m, w.submission("46100001", "hello"), now); f != nil {
		t.Fatal(f)
	}
	old, own := &message.Extra{ServiceType: "VMN"}, &message.Extra{ServiceType: "CMT"}
	m.Content.Extra = old
	for given, want := range map[*message.Extra]*message.Extra{nil: old, own: own} {
		c, f := s.replaced(&m, &Replacement{Account: w.acme, Content: &message.Content{Text: "new", Class: -1, Extra: given}}, now)
		if f != nil || c.Content.Text != "new" || c.Content.Extra != want {
			t.Errorf("%+v, %v; want %+v to go along", c.Content, f, want)
		}
	}
}
