package gateway

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"kurir/account"
	"kurir/message"
	"kurir/route"
)

func TestWholeLife(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		var r *fakeReceiver
		w := start(t, dir, Options{}, func(w *world) {
			r = &fakeReceiver{limit: 10}
			w.Receive(message.SMPPTarget, r)
		})
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 10)
		id := w.submit(w.submission("46100001", "hello"))[0]
		synctest.Wait()
		w.wantState(id, message.Sending)
		out := op.take()
		if len(out) != 1 || out[0].Message.ID != id || !out[0].Receipt {
			t.Fatalf("sent: %v", out)
		}
		op.answer(1, out[0], "abc1")
		synctest.Wait()
		w.wantState(id, message.Enroute)
		if err := <-op.report("ABC1", message.Delivered, "46100001"); err != nil {
			t.Errorf("the receipt is answered with %v", err)
		}
		w.wantState(id, message.Delivered)
		synctest.Wait()
		items := r.take()
		if len(items) != 1 || items[0].Message.ID != id || items[0].State != message.Delivered {
			t.Fatalf("told: %v", items)
		}
		if !w.onDisk(id).Owed {
			t.Error("the state is not owed before it is acknowledged")
		}
		w.Delivered([]Delivered{{Item: items[0]}})
		time.Sleep(time.Second)
		if w.onDisk(id).Owed {
			t.Error("the state is still owed")
		}
		w.wantNothingLeft()
	})
}

// TestNames holds that a name which comes with its type of number, as over
// SMPP, is judged like one in words (3GPP TS 23.040 9.1.2.5).
func TestNames(t *testing.T) {
	t.Parallel()
	s := testSnapshot()
	w := &world{acme: s.Accounts.ByName("acme")}
	for name, good := range map[string]bool{
		"ACME": true, "ABCDEFGHIJK": true, "Café": true, "12345": true,
		"ABCDEFGHIJKL": false, "[ABCDEFGHI]": false, "A\r\nB": false, "Привет": false, "123456789012": false,
	} {
		sub := w.submission("46100001", "hello")
		sub.From, sub.FromAddr = "", message.Address{TON: message.TONAlphanumeric, Number: name}
		var m message.Message
		_, f := s.build(&m, sub, time.Now())
		if good && (f != nil || m.From != sub.FromAddr) {
			t.Errorf("%q: %v, from %v", name, f, m.From)
		}
		if !good && (f == nil || f.Kind != message.BadSender || f.Field != "from") {
			t.Errorf("%q is not refused: %v", name, f)
		}
	}
}

// TestAtomic refuses all of a request when one message of it is bad, and says
// which is the bad one.
func TestAtomic(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		good, bad := w.submission("46100001", "hello"), w.submission("46100001", "hello")
		good.Atomic, bad.Atomic, bad.To = true, true, "12a"
		results, err := w.Submit(t.Context(), []*Submission{good, bad})
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range []message.FailureKind{message.Withheld, message.BadRecipient} {
			if f := results[i].Failure; f == nil || f.Kind != want {
				t.Errorf("message %d: %+v, want %s", i, f, want.Code())
			}
		}
		w.end()
		w.stop()
		if results, _ = w.Submit(context.Background(), []*Submission{w.submission("46100001", "hello")}); results[0].Failure.Kind != message.Stopping {
			t.Errorf("after the end: %+v", results[0].Failure)
		}
	})
}

// TestAtomicRate gives requests to an account with a rate: one that is refused
// as a whole takes nothing of it, and one of more parts than a second allows
// passes once.
func TestAtomicRate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		snap := testSnapshot()
		snap.Accounts = account.NewDirectory([]account.Account{{Name: "slow", Sender: "S", Rate: 5}}, nil)
		w := start(t, dir, Options{Snapshot: snap}, nil)
		request := func(n int, to string) []Result {
			subs := make([]*Submission, n)
			for i := range subs {
				subs[i] = w.submission("46100001", "hello")
				subs[i].Account, subs[i].Atomic = snap.Accounts.ByName("slow"), true
			}
			subs[0].To = to
			results, err := w.Submit(t.Context(), subs)
			if err != nil {
				t.Fatal(err)
			}
			return results
		}
		if f := request(4, "12a")[1].Failure; f == nil || f.Kind != message.Withheld {
			t.Errorf("beside a bad one: %+v", f)
		}
		if f := request(8, "+46100001")[1].Failure; f != nil {
			t.Errorf("8 parts of 5 a second: %v", f)
		}
		if f := request(1, "+46100001")[0].Failure; f == nil || f.Kind != message.Overloaded {
			t.Errorf("after them: %+v", f)
		}
		time.Sleep(2 * time.Second)
		if f := request(1, "+46100001")[0].Failure; f != nil {
			t.Errorf("two seconds later: %v", f)
		}
	})
}

// TestTraceAfterReload explains a message by the routes of its time, also when
// others are in force.
func TestTraceAfterReload(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		snapshot := func(number uint32, rule string) *Snapshot {
			k := Kept{Routes: []route.Rule{{Name: rule, To: route.Patterns{"461*"}, Via: route.Via{{Link: "op1"}}}}}
			s := testSnapshot()
			op1 := s.Links["op1"]
			op1.MaxValidity = time.Duration(3-number) * time.Minute // 2 of the old, 1 of the new
			s.Links["op1"] = op1
			k.SetMaxValidity("op1", op1.MaxValidity)
			text, err := k.Text()
			if err != nil {
				t.Fatal(err)
			}
			s.Number, s.Text, s.Routes = number, text, route.NewTable(k.Routes)
			return s
		}
		w := start(t, dir, Options{Snapshot: snapshot(1, "old")}, nil)
		w.fakeLink("op1").core.SessionUp(1, 10)
		id := w.submit(w.submission("46100001", "hello"))[0]
		w.Replace(snapshot(2, "new"))
		w.submit(w.submission("46100001", "hello"))
		trace, err := w.Trace(t.Context(), w.onDisk(id))
		if err != nil || len(trace.Route) != 1 || trace.Route[0].Name != "old" || !trace.Route[0].Matched {
			t.Errorf("explained by %+v %v", trace.Route, err)
		}
		told := ""
		for _, e := range trace.Events {
			if e.What == "granted" {
				told = e.Text
			}
		}
		if told != "the operator is told a validity of 2m0s, the link's max_validity" {
			t.Errorf("of a longer validity the trace says %q: %+v", told, trace.Events)
		}
	})
}

// TestTraceTimes are in UTC, wherever the server stands.
func TestTraceTimes(t *testing.T) {
	t.Parallel()
	m := &message.Message{ID: message.NewIDs(0, 0).Next(time.Now())}
	if at := m.ID.Time(); at.Location() != time.UTC {
		t.Errorf("accepted at %v", at)
	}
	if at := traceEntry(message.Event{Kind: message.EventTold, At: m.ID.Millis()}).At; at.Location() != time.UTC {
		t.Errorf("told at %v", at)
	}
}
