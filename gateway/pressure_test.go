package gateway

import (
	"context"
	"errors"
	"testing"

	"kurir/message"
	"kurir/store"
)

// Nobody writes in these tests but the test itself, a commit at a time.
func unwritten(t *testing.T) *world {
	t.Helper()
	st, err := store.Open(context.Background(), store.Options{Path: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	g, err := New(context.Background(), Options{Store: st, Snapshot: testSnapshot(), QueueMemory: 8 * 10})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, store: st, Gateway: g, acme: g.Snapshot().Accounts.ByName("acme")}
	t.Cleanup(func() {
		w.abandon()
		w.jobs.Wait()
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// commit writes one gather and returns how many messages it took in.
func (w *world) commitOne() int {
	w.t.Helper()
	b := w.take()
	if b == nil {
		return 0
	}
	n := len(b.Accepted)
	if err := w.write(context.Background(), b); err != nil {
		w.t.Fatal(err)
	}
	w.followOne(<-w.following)
	return n
}

func TestLinkBehindSlowsAcceptance(t *testing.T) {
	t.Parallel()
	w := unwritten(t)
	op := w.fakeLink("op1")
	op.core.SessionUp(1, 5)
	answered := 0
	accept := func(n int) {
		for range n {
			w.Accept([]*Submission{w.submission("46100001", "hello")}, func(r []Result) {
				if r[0].Failure == nil {
					answered++
				}
			})
		}
	}
	accept(1000)
	if n := w.commitOne(); n != 1000 {
		t.Fatalf("%d of 1000 messages are in the first commit, while nothing waits", n)
	}
	for w.commitOne() > 0 { // the rest of them goes where it belongs
	}
	accept(300)
	total := 0
	for total < 300 {
		n := w.commitOne()
		if n == 0 || n > helping {
			t.Fatalf("%d messages in a commit while the link is behind, want 1 to %d", n, helping)
		}
		total += n
	}
	if answered != 1300 {
		t.Errorf("%d customers have their answer, want 1300", answered)
	}

	op.core.SessionDown(1, nil, errors.New("cut"))
	for w.commitOne() > 0 {
	}
	accept(500)
	if n := w.commitOne(); n != 500 {
		t.Errorf("%d of 500 messages in a commit while the link is down: nobody is held up by them", n)
	}
}

func TestWhoWaitsIsToldThatTheDiskIsFull(t *testing.T) {
	t.Parallel()
	w := unwritten(t)
	w.letIn = 0
	var got *message.Failure
	w.Accept([]*Submission{w.submission("46100001", "hello")}, func(r []Result) { got = r[0].Failure })
	if got != nil {
		t.Fatalf("answered before there was a commit: %v", got)
	}
	w.refuse(w.take0(), store.ErrFull)
	if got == nil || got.Kind != message.StoreFull {
		t.Errorf("got %v, want %s", got, message.StoreFull.Code())
	}
}

// take0 takes the gather as it is, letting nobody in.
func (w *world) take0() *gather {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := w.cur
	w.cur = w.newGather()
	return b
}
