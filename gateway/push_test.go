package gateway

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/message"
)

// tellAll submits n messages, has them sent without receipts asked of the
// operator, and has the customer acknowledge all states.
func (w *world) tellAll(n int, r *fakeReceiver) []message.ID {
	w.t.Helper()
	op := w.fakeLink("op1")
	op.core.SessionUp(1, 1000)
	var ids []message.ID
	for range n {
		s := w.submission("461700001", "x")
		ids = append(ids, w.submit(s)...)
	}
	synctest.Wait()
	for _, o := range op.take() {
		op.fail(1, o, message.Refused)
	}
	synctest.Wait()
	w.acknowledge(r, n)
	return ids
}

// acknowledge answers items until there were n, and returns the ids in their
// order.
func (w *world) acknowledge(r *fakeReceiver, n int) (ids []message.ID) {
	w.t.Helper()
	for range 200 {
		items := r.take()
		var list []Delivered
		for _, it := range items {
			list = append(list, Delivered{Item: it})
			if it.Inbound != nil {
				ids = append(ids, it.Inbound.ID)
			} else {
				ids = append(ids, it.Message.ID)
			}
		}
		w.Delivered(list)
		synctest.Wait()
		if len(ids) >= n {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if len(ids) != n {
		w.t.Fatalf("%d items were told, want %d", len(ids), n)
	}
	return ids
}

// waitPush waits until a push has ended and what it made owed has been told.
func (w *world) waitPush(id message.ID) PushJob {
	w.t.Helper()
	j, err := w.pushes.find("", id)
	if err != nil {
		w.t.Fatal(err)
	}
	<-j.ended
	synctest.Wait()
	return j.look()
}

// What was acknowledged is told again, once, in the order of acceptance, and
// no more after it was acknowledged again.
func TestComplaint03PushRange(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		r := &fakeReceiver{limit: 7}
		w := start(t, dir, Options{page: 5}, func(w *world) { w.Receive(message.SMPPTarget, r) })
		ids := w.tellAll(30, r)
		j, err := w.Push("root", PushRequest{Account: "acme", Receipts: true, Inbound: true, From: ids[4].Time(), To: time.Now()}, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := slices.DeleteFunc(slices.Clone(ids), func(id message.ID) bool { return id < message.FirstIDAt(ids[4].Time()) })
		if got := w.acknowledge(r, len(want)); !slices.Equal(got, want) {
			t.Errorf("told %v, want %v", got, want)
		}
		if end := w.waitPush(j.ID); end.State != JobDone || end.Receipts != int64(len(want)) || end.Ended.IsZero() {
			t.Errorf("%+v", end)
		}
		time.Sleep(time.Minute)
		if items := r.take(); len(items) > 0 {
			t.Errorf("%d were told once more", len(items))
		}
		w.wantNothingLeft()
	})
}

// Somebody else's is not pushed; ids that are nobody's are counted.
func TestPushIDs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		r := &fakeReceiver{limit: 100}
		var log bytes.Buffer
		opt := Options{Log: slog.New(slog.NewTextHandler(&log, nil))}
		w := start(t, dir, opt, func(w *world) { w.Receive(message.SMPPTarget, r) })
		ids := w.tellAll(3, r)
		for account, want := range map[string]PushProgress{
			"beta": {Unknown: 2},
			"acme": {Looked: 1, Receipts: 1, Unknown: 1},
		} {
			j, err := w.Push(account, PushRequest{Account: account, Receipts: true, Inbound: true, IDs: []message.ID{ids[1], 17, ids[1]}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			if end := w.waitPush(j.ID); end.PushProgress != want || end.State != JobDone {
				t.Errorf("%s: %+v, want %+v", account, end, want)
			}
		}
		if got := w.acknowledge(r, 1); got[0] != ids[1] {
			t.Errorf("told %v", got)
		}
		w.end()
		// What was not given, and what did not go wrong, is not spoken of.
		for _, wrong := range []string{"0001-01-01", "<nil>", "from=", "to=", "given_up="} {
			if strings.Contains(log.String(), wrong) {
				t.Errorf("the log has %s: %s", wrong, log.String())
			}
		}
		if want := "account=acme receipts=true inbound=true ids=3"; !strings.Contains(log.String(), want) {
			t.Errorf("the log has no %s: %s", want, log.String())
		}
	})
}

// What is pushed while nobody is there stands on disk, over a restart too.
func TestPushAbsent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		r := &fakeReceiver{limit: 100}
		receive := func(w *world) { w.Receive(message.SMPPTarget, r) }
		w := start(t, dir, Options{page: 5}, receive)
		ids := w.tellAll(20, r)
		r.setLimit(0)
		j, err := w.Push("root", PushRequest{Receipts: true}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Push("root", PushRequest{Receipts: true}, nil); !errors.Is(err, ErrPushing) {
			t.Errorf("a second one: %v", err)
		}
		time.Sleep(time.Second)
		w.end()
		w = start(t, dir, Options{page: 5}, receive)
		_ = j
		list, err := w.OwedQueues(context.Background(), "acme")
		if err != nil || len(list) != 1 || list[0].Owed != 20 || list[0].Present || list[0].Oldest != ids[0].Time() {
			t.Errorf("queues: %+v, %v", list, err)
		}
		r.setLimit(100)
		w.Wake(message.SMPPTarget, "acme")
		if got := w.acknowledge(r, 20); !slices.Equal(got, ids) {
			t.Errorf("told %v, want %v", got, ids)
		}
		w.wantNothingLeft()
	})
}

// What was given up as too old is told again, tried as long as anything new,
// and with GivenUp nothing else is.
func TestPushGivenUp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		r := &fakeReceiver{limit: 100}
		w := start(t, dir, Options{MaxAge: time.Hour}, func(w *world) { w.Receive(message.SMPPTarget, r) })
		told := w.tellAll(3, r)
		op := w.fakeLink("op1")
		lost := w.submit(w.submission("461700001", "x"))
		synctest.Wait()
		op.fail(1, op.take()[0], message.Refused)
		synctest.Wait()
		time.Sleep(2 * time.Hour)
		w.Delivered([]Delivered{{Item: r.take()[0], Verdict: TryLater}})
		synctest.Wait()
		if w.onDisk(lost[0]).Owed {
			t.Fatal("it is owed still")
		}
		j, err := w.Push("root", PushRequest{Account: "acme", Receipts: true, GivenUp: true}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if end := w.waitPush(j.ID); end.Receipts != 1 || end.Looked != int64(len(told)+1) {
			t.Errorf("%+v", end)
		}
		items := r.take()
		if len(items) != 1 || items[0].Message.ID != lost[0] || items[0].Tries != 0 {
			t.Fatalf("told %+v", items)
		}
		w.Delivered([]Delivered{{Item: items[0], Verdict: TryLater}}) // its age counts from the push
		time.Sleep(10 * time.Minute)
		if got := w.acknowledge(r, 1); got[0] != lost[0] {
			t.Errorf("told %v", got)
		}
	})
}

// Inbound messages are pushed to those targets that belong to the account.
func TestPushInbound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		r := &fakeReceiver{limit: 100}
		w := start(t, dir, Options{}, func(w *world) {
			w.Receive(message.SMPPTarget, r)
			w.Receive(message.WebhookTarget, r)
		})
		op := w.fakeLink("op1")
		var acks int
		for _, to := range []string{"4611111", "4622222", "4611111"} {
			op.core.Inbound([]*message.Inbound{{
				From: message.Address{TON: 1, Number: "46709999999"}, To: message.Address{TON: 1, Number: to}, Content: message.Content{Text: "hi", Class: -1},
			}}, func(error) { acks++ })
		}
		synctest.Wait()
		first := w.acknowledge(r, 3)
		j, err := w.Push("acme", PushRequest{Account: "acme", Receipts: true, Inbound: true}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if end := w.waitPush(j.ID); end.Inbound != 2 {
			t.Errorf("%+v", end)
		}
		for _, id := range w.acknowledge(r, 2) {
			if !slices.Contains(first, id) {
				t.Errorf("told %v, before %v", id, first)
			}
		}
		time.Sleep(time.Minute)
		w.wantNothingLeft()
	})
}

// A push can be stopped; what it made owed stays so.
func TestPushStop(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		r := &fakeReceiver{limit: 1}
		w := start(t, dir, Options{page: 2, OutboxMemory: 4}, func(w *world) { w.Receive(message.SMPPTarget, r) })
		w.tellAll(30, r)
		j, err := w.Push("acme", PushRequest{Account: "acme", Receipts: true}, nil)
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute) // nobody acknowledges: it waits
		if _, err := w.StopPush("beta", j.ID); !errors.Is(err, ErrNotFound) {
			t.Errorf("somebody else stops it: %v", err)
		}
		if _, err := w.StopPush("acme", j.ID); err != nil {
			t.Error(err)
		}
		end := w.waitPush(j.ID)
		if end.State != JobStopped || end.Receipts == 0 || end.Receipts > 20 {
			t.Errorf("%+v", end)
		}
		w.acknowledge(r, int(end.Receipts))
	})
}
