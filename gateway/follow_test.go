package gateway

import (
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"kurir/connector"
	"kurir/message"
	"kurir/store"
)

// TestAnswerBeforeHandOver holds that a customer is answered before his message
// leaves for the operator, so that no receipt can overtake the answer.
func TestAnswerBeforeHandOver(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 10)
		var order []string
		op.on = func(uint32, []*connector.Outgoing) { order = append(order, "sent") }
		w.Accept([]*Submission{w.submission("46100001", "hello")}, func([]Result) { order = append(order, "answered") })
		synctest.Wait()
		if !slices.Equal(order, []string{"answered", "sent"}) {
			t.Errorf("%v", order)
		}
	})
}

// TestWriterDoesNotWaitForAnswers holds that messages come to disk while an
// answer to earlier ones is stuck, but for a bounded number of batches; nothing
// is answered out of turn.
func TestWriterDoesNotWaitForAnswers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		release := make(chan struct{})
		var order []int
		const batches = followMost + 5
		for i := range batches {
			w.Accept([]*Submission{w.submission("46100001", "hello")}, func([]Result) {
				<-release
				order = append(order, i)
			})
			synctest.Wait()
		}
		// One is stuck, followMost wait behind it, and one is with the writer.
		if onDisk := w.stored(); onDisk != followMost+2 {
			t.Errorf("%d messages are on disk, want %d", onDisk, followMost+2)
		}
		close(release)
		synctest.Wait()
		if len(order) != batches || !slices.IsSorted(order) {
			t.Errorf("answered in the order %v", order)
		}
		if onDisk := w.stored(); onDisk != batches {
			t.Errorf("%d messages are on disk, want %d", onDisk, batches)
		}
	})
}

// stored is how many messages the store has.
func (w *world) stored() int {
	w.t.Helper()
	list, _, err := w.store.Messages(w.t.Context(), store.Filter{})
	if err != nil {
		w.t.Fatal(err)
	}
	return len(list)
}

// TestSessionEndsBeforeHandOver: what a session was granted and was not yet given
// when it ended has not been sent. It goes out by the next one, also where
// nothing is sent twice.
func TestSessionEndsBeforeHandOver(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		op := w.fakeLink("once")
		op.core.SessionUp(1, 10)
		release := make(chan struct{})
		var id message.ID
		w.Accept([]*Submission{w.submission("46300001", "hello")}, func(r []Result) { id = r[0].ID; <-release })
		synctest.Wait() // on disk, and the answer to the customer is stuck
		op.core.SessionDown(1, nil, errors.New("cut"))
		close(release)
		synctest.Wait()
		if sent := op.take(); len(sent) != 0 {
			t.Fatalf("%d messages went to a session that has ended", len(sent))
		}
		op.core.SessionUp(2, 10)
		synctest.Wait()
		if sent := op.take(); len(sent) != 1 || sent[0].Message.ID != id {
			t.Fatalf("sent by the next session: %v; log %s", sent, describe(w.onDisk(id)))
		}
	})
}

// TestStopsBehindHandOver: the same when the gateway stops in between. What was
// not sent is no doubt after the next start, and goes out once.
func TestStopsBehindHandOver(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		op := w.fakeLink("once")
		op.core.SessionUp(1, 10)
		release := make(chan struct{})
		var id message.ID
		w.Accept([]*Submission{w.submission("46300001", "hello")}, func(r []Result) { id = r[0].ID; <-release })
		synctest.Wait()
		op.core.SessionDown(1, nil, nil)
		w.stop()
		synctest.Wait() // everything waits for the answer to the customer
		close(release)
		w.end()
		w = start(t, dir, Options{}, nil)
		op = w.fakeLink("once")
		op.core.SessionUp(2, 10)
		synctest.Wait()
		if sent := op.take(); len(sent) != 1 || sent[0].Message.ID != id {
			t.Fatalf("sent after the next start: %v; log %s", sent, describe(w.onDisk(id)))
		}
	})
}

// TestComplaint01GroupCommit holds what speed rests upon: messages share commits,
// whichever way they are going, so that more traffic does not mean as many more
// writes that wait for the disk.
func TestComplaint01GroupCommit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		op := w.fakeLink("op1")
		const calls, each = 200, 10
		op.core.SessionUp(1, calls*each)
		op.on = func(session uint32, out []*connector.Outgoing) {
			answers := make([]connector.Answer, len(out))
			reports := make([]message.Report, len(out))
			for i, o := range out {
				id := o.Message.ID.String()
				answers[i] = connector.Answer{Out: o, ID: id}
				reports[i] = message.Report{OperatorID: id, State: message.Delivered, From: o.Message.To}
			}
			op.core.Answered(session, answers)
			op.core.Reports(reports, func(error) {})
		}
		w.mu.Lock()
		before := w.sequence
		w.mu.Unlock()
		var ids []message.ID
		for range calls {
			subs := make([]*Submission, each)
			for i := range subs {
				subs[i] = w.untold("46100001", "hello")
			}
			w.Accept(subs, func(r []Result) {
				for i := range r {
					ids = append(ids, r[i].ID)
				}
			})
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		for _, id := range ids {
			w.wantState(id, message.Delivered)
		}
		w.mu.Lock()
		commits := w.sequence - before
		w.mu.Unlock()
		if len(ids) != calls*each || commits > calls {
			t.Errorf("%d lives took %d commits, want %d lives and at most a commit for ten", len(ids), commits, calls*each)
		}
		t.Logf("%d lives in %d commits", len(ids), commits)
	})
}
