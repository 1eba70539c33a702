package gateway

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"kurir/message"
	"kurir/store"
)

// fullDisk makes commits of a world fail while on.
func fullDisk(w *world, on *atomic.Bool) {
	w.commit = func(b *store.Batch) error {
		if on.Load() {
			return fmt.Errorf("test: %w", store.ErrFull)
		}
		return w.store.Commit(b)
	}
}

func TestDiskFull(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		var full atomic.Bool
		r := &fakeReceiver{limit: 10}
		w := start(t, dir, Options{MarkLag: time.Second}, func(w *world) {
			fullDisk(w, &full)
			w.Receive(message.SMPPTarget, r)
		})
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 4)
		var subs []*Submission
		for range 6 {
			subs = append(subs, w.submission("46100001", "hello"))
		}
		ids := w.submit(subs...)
		synctest.Wait()
		out := op.take()
		if len(out) != 4 {
			t.Fatalf("%d messages were sent with a credit of 4", len(out))
		}
		full.Store(true)

		results, err := w.Submit(context.Background(), subs[:1])
		if err != nil || results[0].Failure == nil || results[0].Failure.Kind != message.StoreFull || results[0].ID != 0 {
			t.Errorf("a submission is answered with %+v %v", results, err)
		}
		if err := w.Ready(); !errors.Is(err, store.ErrFull) {
			t.Errorf("Ready says %v", err)
		}
		op.answer(1, out[0], "a") // what is on its way is still booked
		if err := <-op.report("x", message.Delivered, ""); err == nil {
			t.Error("a receipt is acknowledged that is not on disk")
		}
		if err := <-op.inbound(&message.Inbound{From: out[0].To, To: out[0].From}); err == nil {
			t.Error("an inbound message is acknowledged that is not on disk")
		}
		time.Sleep(time.Minute)
		if n := len(op.take()); n > 0 {
			t.Errorf("%d messages were sent whose grants are not on disk", n)
		}
		w.mu.Lock()
		if n := len(w.cur.Accepted) + len(w.carry.Accepted); n > 0 || len(w.open) != 6 {
			t.Errorf("%d messages are gathered and %d open while the disk is full, want 0 and 6", n, len(w.open))
		}
		w.mu.Unlock()

		full.Store(false)
		time.Sleep(time.Second)
		if err := w.Ready(); err != nil {
			t.Errorf("Ready says %v after recovery", err)
		}
		more := op.take()
		if len(more) != 1 {
			t.Fatalf("%d messages were sent after recovery, want the one whose place became free", len(more))
		}
		for i, o := range append(out[1:], more...) {
			op.answer(1, o, string(rune('b'+i)))
		}
		synctest.Wait()
		for _, o := range op.take() {
			op.answer(1, o, "z")
		}
		synctest.Wait()
		for _, id := range []string{"a", "b", "c", "d", "e", "z"} {
			if err := <-op.report(id, message.Delivered, ""); err != nil {
				t.Errorf("receipt %s: %v", id, err)
			}
		}
		synctest.Wait()
		for _, it := range r.take() {
			w.Delivered([]Delivered{{Item: it}})
		}
		for _, id := range ids {
			w.wantState(id, message.Delivered)
		}
	})
}

// TestFullBehindTheFailedBatch sends submissions into the batch that gathers
// while another one fails: they are answered as well.
func TestFullBehindTheFailedBatch(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		begun, fail := make(chan bool, 1), make(chan bool)
		w := start(t, dir, Options{}, func(w *world) {
			w.commit = func(b *store.Batch) error {
				if len(b.Accepted) > 0 {
					begun <- true
					<-fail
					return store.ErrFull
				}
				return w.store.Commit(b)
			}
		})
		answers := make(chan []Result, 2)
		w.Accept([]*Submission{w.submission("46100001", "first")}, func(r []Result) { answers <- r })
		<-begun
		w.Accept([]*Submission{w.submission("46100001", "second")}, func(r []Result) { answers <- r })
		close(fail)
		for range 2 {
			if r := <-answers; r[0].Failure == nil || r[0].Failure.Kind != message.StoreFull {
				t.Errorf("answered with %+v", r[0])
			}
		}
		time.Sleep(time.Second)
		if err := w.Ready(); err != nil {
			t.Errorf("still not ready: %v", err)
		}
	})
}

// TestFatal lets a commit end in a way that leaves open what is on disk: nobody
// is told anything, and the gateway stops with that error.
func TestFatal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		var broken atomic.Bool
		fatal := &store.FatalError{Err: errors.New("input/output error")}
		w := start(t, dir, Options{}, func(w *world) {
			w.commit = func(b *store.Batch) error {
				if broken.Load() {
					return fatal
				}
				return w.store.Commit(b)
			}
		})
		w.submit(w.submission("46100001", "hello"))
		broken.Store(true)
		w.Accept([]*Submission{w.submission("46100001", "hello")}, func(results []Result) {
			t.Errorf("it was answered with %+v", results)
		})
		if err := <-w.ended; !errors.Is(err, fatal) {
			t.Errorf("Run ended with %v", err)
		}
		w.ended <- nil // for end
	})
}

// TestStop asks a gateway that has stopped: everything is answered at once.
func TestStop(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		op := w.fakeLink("op1")
		id := w.submit(w.submission("46100001", "hello"))[0]
		w.stop()
		synctest.Wait()
		results, err := w.Submit(context.Background(), []*Submission{w.submission("46100001", "hello")})
		if err != nil || results[0].Failure == nil || !results[0].Failure.Kind.Temporary() {
			t.Errorf("a submission is answered with %+v %v", results, err)
		}
		if err := <-op.report("x", message.Delivered, ""); !errors.Is(err, ErrStopped) {
			t.Errorf("a receipt is answered with %v", err)
		}
		if _, err := w.Cancel(context.Background(), "", id); err == nil {
			t.Error("a message was cancelled")
		}
		if err := w.Ready(); !errors.Is(err, ErrStopped) {
			t.Errorf("Ready says %v", err)
		}
		w.Wake(message.SMPPTarget, "acme")
		op.core.SessionUp(1, 10)
		if out := op.take(); len(out) > 0 {
			t.Errorf("sent: %v", out)
		}
	})
}
