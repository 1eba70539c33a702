package gateway

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"kurir/message"
	"kurir/store"
)

// eventsOf reads all of an account's events behind a position, as name of the state and number of the message in ids.
func (w *world) eventsOf(account string, after message.ID, ids ...message.ID) []string {
	w.t.Helper()
	var shown []string
	for {
		list, next, err := w.EventsAfter(context.Background(), account, after, 2)
		if err != nil {
			w.t.Fatal(err)
		}
		for _, e := range list {
			if e.Position <= after || e.Position > next {
				w.t.Errorf("event %s is not between %s and %s", e.Position, after, next)
			}
			after = e.Position
			if e.Inbound != nil {
				shown = append(shown, "inbound "+e.Inbound.Content.Text)
				continue
			}
			if e.Message.State != e.State || e.State.Final() != (e.Message.Final != 0) {
				w.t.Errorf("the event of %s has state %s, final at %d", e.State, e.Message.State, e.Message.Final)
			}
			shown = append(shown, fmt.Sprintf("%s %d", e.State, slices.Index(ids, e.Message.ID)))
		}
		if next == after && len(list) == 0 {
			return shown
		}
		after = next
	}
}

func wantEvents(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("events are\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// follow has acme's events written, and returns the position from which they are.
func (w *world) follow(account string) (head message.ID, leave func()) {
	w.t.Helper()
	head, leave, err := w.FollowEvents(context.Background(), account)
	if err != nil {
		w.t.Fatal(err)
	}
	return head, leave
}

// Every final state is an event whatever the target, intermediate ones for messages that ask for all; what others' messages
// do, and what was before, is none. After a crash and after a restart all of it is there.
func TestEvents(t *testing.T) {
	t.Parallel()
	dir, crashed := t.TempDir(), t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		op, _ := w.twoLinks()
		early := w.submit(w.untold("4611", "before anybody follows"))
		synctest.Wait()
		op.answer(1, op.take()[0], "e1")
		synctest.Wait()
		op.report("e1", message.Delivered, "")
		synctest.Wait()

		head, leave := w.follow("acme")
		defer leave()
		all := w.untold("4612", "all")
		all.Receipts = message.ReceiptFinal | message.ReceiptIntermediate
		none := w.untold("4613", "none")
		none.Receipts = 0
		ids := w.submit(all, none, w.untold("4614", "fails"), w.submission("4615", "to a session that is not there"))
		other := w.untold("4616", "beta's")
		other.Account = w.Snapshot().Accounts.ByName("beta")
		ids = append(ids, w.submit(other)...)
		synctest.Wait()
		out := op.take()
		op.answer(1, out[0], "a1")
		op.answer(1, out[1], "")
		op.fail(1, out[2], message.BadRecipient)
		op.answer(1, out[3], "a4")
		op.answer(1, out[4], "a5")
		synctest.Wait()
		op.report("a1", message.Enroute, "")
		op.report("a1", message.Enroute, "")
		op.report("a4", message.Delivered, "")
		op.report("a5", message.Delivered, "")
		synctest.Wait()
		op.inbound(&message.Inbound{From: message.Address{Number: "4699"}, To: message.Address{Number: "4611111"}, Content: message.Content{Text: "hello", Class: -1}})
		op.inbound(&message.Inbound{From: message.Address{Number: "4699"}, To: message.Address{Number: "4622222"}, Content: message.Content{Text: "for beta", Class: -1}})
		synctest.Wait()
		op.report("a1", message.Delivered, "")
		synctest.Wait()
		want := []string{"enroute 0", "sent 1", "rejected 2", "buffered 0", "delivered 3", "inbound hello", "delivered 0"}
		wantEvents(t, w.eventsOf("acme", head, ids...), want...)
		if slices.Contains(ids, early[0]) {
			t.Fatal("ids are not unique")
		}
		var gone *EventsGoneError
		if _, _, err := w.EventsAfter(t.Context(), "acme", head-1, 1); !errors.As(err, &gone) || gone.Floor != head {
			t.Errorf("behind what is kept: %v", err)
		}
		if _, _, err := w.EventsAfter(t.Context(), "beta", head, 1); !errors.As(err, &gone) || gone.Floor != 0 {
			t.Errorf("of an account that follows nothing: %v", err)
		}
		copyStore(t, dir, crashed)
		w.end()
		w = start(t, crashed, Options{}, nil)
		wantEvents(t, w.eventsOf("acme", head, ids...), want...)
		w.end()
		w = start(t, dir, Options{}, nil)
		more := w.submit(w.untold("4611", "after the restart"))
		if _, err := w.Cancel(t.Context(), "acme", more[0]); err != nil {
			t.Fatal(err)
		}
		wantEvents(t, w.eventsOf("acme", head, append(ids, more...)...), append(want, "deleted 5")...)
	})
}

// An event says of its message what was known of it then, not what came later.
func TestEventsAsTheyWere(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		op, _ := w.twoLinks()
		head, leave := w.follow("acme")
		defer leave()
		all := w.untold("4612", "all")
		all.Receipts = message.ReceiptFinal | message.ReceiptIntermediate
		w.submit(all)
		synctest.Wait()
		op.answer(1, op.take()[0], "a1")
		synctest.Wait()
		first := w.logThen(head)
		op.report("a1", message.Undeliverable, "")
		synctest.Wait()
		second := w.logThen(head)
		op.report("a1", message.Delivered, "") // contradicts: it is noted in the log
		time.Sleep(3 * time.Second)
		third := w.logThen(head)
		if len(first) != 1 || len(second) != 2 || len(third) != 2 || first[0] != second[0] || !slices.Equal(second, third) {
			t.Errorf("logs of the events: %q, then %q, then %q", first, second, third)
		}
	})
}

// logThen gives the logs that acme's events have.
func (w *world) logThen(after message.ID) (logs []string) {
	w.t.Helper()
	list, _, err := w.EventsAfter(context.Background(), "acme", after, 100)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, e := range list {
		logs = append(logs, describe(e.Message))
	}
	return logs
}

// Events are written while somebody follows them and for as long afterwards as they are kept; then the account costs
// nothing any more, and who comes back learns that there is a gap.
func TestEventsEnd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		kept := func(w *world) int {
			list, err := w.store.EventAccounts(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return len(list)
		}
		w := start(t, dir, Options{EventsKept: 4 * time.Minute}, nil)
		head, leave := w.follow("acme")
		time.Sleep(12 * time.Minute)
		leave()
		time.Sleep(4 * time.Minute)
		cancelled := func() {
			sub := w.untold("4611", "later")
			sub.SendAt = time.Now().Add(time.Hour)
			ids := w.submit(sub)
			if _, err := w.Cancel(t.Context(), "acme", ids[0]); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		cancelled()
		if n := len(w.eventsOf("acme", head)); n != 1 {
			t.Errorf("%d events four minutes after the last follower", n)
		}
		w.end()
		w = start(t, dir, Options{EventsKept: 4 * time.Minute}, nil)
		time.Sleep(90 * time.Second)
		if n := kept(w); n != 0 {
			t.Errorf("%d accounts with events long after the last follower", n)
		}
		cancelled()
		again, leave := w.follow("acme")
		defer leave()
		cancelled()
		if n := len(w.eventsOf("acme", again)); n != 1 {
			t.Errorf("%d events after somebody came again", n)
		}
		var gone *EventsGoneError
		if _, _, err := w.EventsAfter(t.Context(), "acme", head, 1); !errors.As(err, &gone) || gone.Floor != again {
			t.Errorf("from before: %v, floor %v, want %v", err, gone, again)
		}
	})
}

// Who follows is woken by what is on disk, not before it; and a position given out before a crash is never given again.
func TestEventsWake(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		var mu sync.Mutex
		var woken []string
		w := start(t, dir, Options{}, func(w *world) {
			w.WatchEvents(func(account string) {
				mu.Lock()
				defer mu.Unlock()
				woken = append(woken, account)
			})
		})
		op, _ := w.twoLinks()
		head, leave := w.follow("acme")
		defer leave()
		w.submit(w.untold("4611", "x"), w.untold("4612", "x"))
		synctest.Wait()
		for i, o := range op.take() {
			op.fail(1, o, []message.FailureKind{message.BadRecipient, message.BadSender}[i])
		}
		synctest.Wait()
		mu.Lock()
		defer mu.Unlock()
		if len(woken) == 0 || slices.ContainsFunc(woken, func(a string) bool { return a != "acme" }) {
			t.Errorf("woken: %q", woken)
		}
		list, next, err := w.EventsAfter(t.Context(), "acme", head, 100)
		if err != nil || len(list) != 2 || next != list[1].Position {
			t.Fatalf("%d events up to %s: %v", len(list), next, err)
		}
		w.mu.Lock()
		defer w.mu.Unlock()
		if id := w.nextID(w.now()); id <= next {
			t.Errorf("position %s comes after %s", id, next)
		}
		if a := w.events.accounts["acme"]; a.head != next {
			t.Errorf("the head is %s, want %s", a.head, next)
		}
	})
}

// While the database is full nobody begins to follow, and what was noted stays in its order until it can be written.
func TestEventsFull(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		var full atomic.Bool
		w := start(t, dir, Options{}, func(w *world) {
			commit := w.commit
			w.commit = func(b *store.Batch) error {
				if full.Load() {
					return store.ErrFull
				}
				return commit(b)
			}
		})
		op, _ := w.twoLinks()
		head, leave := w.follow("acme")
		defer leave()
		ids := w.submit(w.untold("4611", "x"), w.untold("4612", "x"))
		synctest.Wait()
		out := op.take()
		full.Store(true)
		op.fail(1, out[0], message.BadRecipient)
		time.Sleep(time.Second)
		op.fail(1, out[1], message.BadRecipient)
		time.Sleep(time.Second)
		var f *message.Failure
		if _, _, err := w.FollowEvents(t.Context(), "beta"); !errors.As(err, &f) || !f.Kind.Temporary() {
			t.Errorf("follow while the database is full: %v", err)
		}
		wantEvents(t, w.eventsOf("acme", head, ids...))
		full.Store(false)
		time.Sleep(time.Second)
		wantEvents(t, w.eventsOf("acme", head, ids...), "rejected 0", "rejected 1")
	})
}
