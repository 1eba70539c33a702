package gateway

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/connector"
	"kurir/message"
	"kurir/route"
)

// acted runs an act to its end.
func acted(w *world, req ActRequest) ActJob {
	w.t.Helper()
	j, err := w.Act("root", req, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	run, err := w.acts.find("", j.ID)
	if err != nil {
		w.t.Fatal(err)
	}
	<-run.ended
	if j = run.look(); j.State != JobDone {
		w.t.Fatalf("%s: %s %v", req.Act, j.State, j.Err)
	}
	return j
}

// TestPauseResume pauses a message at each station: it stays, also over a
// restart, goes out when it is resumed, and expires if it is not.
func TestPauseResume(t *testing.T) {
	t.Parallel()
	inStation(t, func(t *testing.T, w *world, r *fakeReceiver, s stationTest, id message.ID, restarted bool) {
		if !s.free {
			return
		}
		of := QueueFilter{Account: "acme", To: "+461*"}
		n := acted(w, ActRequest{Act: ActCount, Filter: of}).Done
		if j := acted(w, ActRequest{Act: ActPause, Filter: of}); n == 0 || j.Done != n {
			t.Fatalf("%d counted, paused %+v", n, j)
		}
		if j := acted(w, ActRequest{Act: ActCount, Filter: of}); j.Done != n || j.Paused != n {
			t.Errorf("counted %+v", j)
		}
		if j := acted(w, ActRequest{Act: ActPause, Filter: of}); j.Done != 0 {
			t.Errorf("paused twice: %+v", j)
		}
		if tr, err := w.Trace(context.Background(), w.onDisk(id)); err != nil || tr.Waits == nil || tr.Events[len(tr.Events)-1].What != "paused" {
			t.Errorf("trace %+v %v", tr, err)
		}
		w.end()
		w = start(t, w.dir, Options{QueueMemory: 5, MarkLag: 3 * time.Second}, func(w *world) { w.Receive(message.SMPPTarget, r) })
		op := w.fakeLink("op1")
		sent := 0
		op.on = func(n uint32, out []*connector.Outgoing) {
			for _, o := range out {
				if o.Message.ID == id {
					sent++
				}
				go op.answer(n, o, "")
			}
		}
		count := func() int {
			op.mu.Lock()
			defer op.mu.Unlock()
			return sent
		}
		op.core.SessionUp(7, 100)
		time.Sleep(time.Minute)
		if count() != 0 {
			t.Fatal("a paused message was sent")
		}
		if restarted {
			time.Sleep(31 * time.Minute)
			wantTold(w, r, id, message.Expired)
			return
		}
		if j := acted(w, ActRequest{Act: ActResume, Filter: QueueFilter{Link: "op1"}}); j.Done == 0 {
			t.Errorf("resumed %+v", j)
		}
		time.Sleep(11 * time.Minute)
		if count() != 1 {
			t.Errorf("sent %d times after it was resumed", count())
		}
		wantTold(w, r, id, message.Sent)
		synctest.Wait()
		w.wantNothingLeft()
	})
}

// TestActs: what waits in memory, on disk and for its time is cancelled, moved
// and put into another lane by filter; what is not meant is left alone, and all
// of it stands on disk.
func TestActs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		opt := Options{QueueMemory: 20, MarkLag: 3 * time.Second, page: 7}
		w := start(t, dir, opt, nil)
		var ids []message.ID
		for i := range 60 {
			s := w.untold("46100001", "hello")
			if i%3 == 0 {
				s.To, s.Reference = "+46200001", "batch"
			}
			if i%5 == 0 {
				s.SendAt = time.Now().Add(time.Hour / 2)
			}
			ids = append(ids, w.submit(s)...)
		}
		time.Sleep(10 * time.Second)
		if j := acted(w, ActRequest{Act: ActCount}); j.Done != 60 {
			t.Fatalf("counted %+v", j)
		}
		if j := acted(w, ActRequest{Act: ActLane, Filter: QueueFilter{Reference: "batch"}, Lane: message.Urgent}); j.Done != 20 {
			t.Errorf("lane %+v", j)
		}
		if tr, err := w.Trace(t.Context(), w.onDisk(ids[0])); err != nil || tr.Events[len(tr.Events)-1].Text != "urgent" {
			t.Errorf("the trace does not say the lane: %+v %v", tr, err)
		}
		if _, err := w.Act("acme", ActRequest{Act: ActCancel, Filter: QueueFilter{Route: "nope"}}, nil); !errors.Is(err, ErrNoRule) {
			t.Errorf("a rule that there is not: %v", err)
		}
		if j := acted(w, ActRequest{Act: ActMove, Filter: QueueFilter{To: "+462*", Account: "acme"}, Link: "op2"}); j.Done != 20 || j.Refused != 0 {
			t.Errorf("moved %+v", j)
		}
		if j := acted(w, ActRequest{Act: ActCancel, Filter: QueueFilter{Route: "routes[0]", Link: "op1"}}); j.Done != 40 {
			t.Errorf("cancelled %+v", j)
		}
		if j := acted(w, ActRequest{Act: ActCount, Filter: QueueFilter{Account: "beta"}}); j.Done != 0 {
			t.Errorf("another's %+v", j)
		}
		w.end()
		w = start(t, dir, opt, nil)
		if j := acted(w, ActRequest{Act: ActCount, Filter: QueueFilter{Link: "op2"}}); j.Done != 20 {
			t.Errorf("counted after the start %+v", j)
		}
		for i, id := range ids {
			m := w.onDisk(id)
			switch {
			case i%3 != 0 && m.State != message.Deleted:
				t.Errorf("%d is %s", i, m.State)
			case i%3 == 0 && (m.Priority != message.Urgent || m.Links[0] != "op2" || (m.State == message.Scheduled) != (i%5 == 0)):
				t.Errorf("%d: %s %v %s; %s", i, m.Priority, m.Links, m.State, describe(m))
			}
		}
		op1, op2 := w.fakeLink("op1"), w.fakeLink("op2")
		op2.on = func(n uint32, out []*connector.Outgoing) {
			for _, o := range out {
				go op2.answer(n, o, "")
			}
		}
		op1.core.SessionUp(1, 100)
		op2.core.SessionUp(2, 100)
		time.Sleep(31 * time.Minute)
		for i, id := range ids {
			if i%3 == 0 {
				w.wantState(id, message.Sent)
			}
		}
		if n := len(op1.take()); n > 0 {
			t.Errorf("op1 got %d", n)
		}
		w.wantNothingLeft()
		if _, err := w.StopAct("", 1); !errors.Is(err, ErrNotFound) {
			t.Errorf("stop of none: %v", err)
		}
	})
}

// TestMovedIsRepriced: a message that takes another link reserves what it costs
// there, also if its route did not name that link.
func TestMovedIsRepriced(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := topped(t, 500_000, nil)
		w.submit(w.untold("462", "hi"))
		w.wantBalance("group", 300_000, 200_000, 0)
		if j := acted(w, ActRequest{Act: ActMove, Link: "op2"}); j.Done != 1 {
			t.Errorf("%+v", j)
		}
		w.wantBalance("group", 350_000, 150_000, 0)
		if j := acted(w, ActRequest{Act: ActMove, Link: "once"}); j.Done != 0 || j.Refused != 1 {
			t.Errorf("by a link without a price: %+v", j)
		}
		w.wantBalance("group", 350_000, 150_000, 0)
		op2 := w.fakeLink("op2")
		op2.core.SessionUp(1, 10)
		op2.sentMore(1)
		op2.answer(1, op2.take()[0], "x")
		w.wantBalance("group", 350_000, 0, 150_000)
	})
}

// TestMoveNeedsWhatLinksCarry: a message is not moved to a link that does not carry its sender, or the digits of its
// dialog where they are; it stays as it is.
func TestMoveNeedsWhatLinksCarry(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		s := testSnapshot()
		s.Accounts = account.NewDirectory([]account.Account{{Name: "acme", Senders: []string{"*"}}}, nil)
		op1 := route.Via{{Link: "op1"}}
		s.Routes = route.NewTable([]route.Rule{{Name: "own", To: route.Patterns{"469*"}, Via: op1, OtherSender: "own"}, {Name: "rest", Via: op1}})
		s.Replies = []ReplyRule{{Number: dialogOurs, Digits: 1, Links: []string{"op1", "op2"}, PhoneLinks: []string{"once"}}}
		op2 := s.Links["op2"]
		op2.Senders = &message.SenderAbility{Kinds: []string{"international"}, Own: "+46800001"}
		s.Links["op2"], s.Choosy = op2, true
		w := start(t, t.TempDir(), Options{Snapshot: s}, nil)
		from := func(to, sender string) message.ID { return w.submit(w.fromAcme(to, sender, false))[0] }
		name, owned, number := from("4610001", "ACME"), from("4690001", "ACME"), from("4610002", "+46700000002")
		dialog, _, why := w.dialog("+4610003", time.Time{})
		if why != "" {
			t.Fatal(why)
		}
		for _, c := range []struct {
			link          string
			done, refused int64
			moved         map[message.ID]bool
		}{
			{"op2", 3, 1, map[message.ID]bool{owned: true, number: true, dialog: true}},
			{"once", 3, 1, map[message.ID]bool{name: true, owned: true, number: true}},
		} {
			if j := acted(w, ActRequest{Act: ActMove, Link: c.link}); j.Done != c.done || j.Refused != c.refused {
				t.Errorf("to %s: %+v", c.link, j)
			}
			for _, id := range []message.ID{name, owned, number, dialog} {
				if m := w.onDisk(id); (m.Links[0] == c.link) != c.moved[id] || len(m.Links) != 1 {
					t.Errorf("to %s: what %s sends to %s has %v", c.link, m.From, m.To, m.Links)
				}
			}
		}
	})
}
