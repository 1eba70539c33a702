package gateway

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"

	"kurir/connector"
	"kurir/message"
)

// askedLink is a link whose operator may be asked.
type askedLink struct {
	*fakeLink
	state  message.State
	refuse error
	asked  []string
	put    *connector.Replacement
	hold   chan struct{} // replace_sm is answered when it is closed; may be nil
}

func (l *askedLink) Replace(ctx context.Context, at connector.AtOperator, r *connector.Replacement) error {
	l.asked, l.put = append(l.asked, at.ID), r
	if l.hold != nil {
		select {
		case <-l.hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return l.refuse
}

func (l *askedLink) Query(_ context.Context, at connector.AtOperator) (message.Report, error) {
	l.asked = append(l.asked, at.ID)
	return message.Report{OperatorID: at.ID, State: l.state, From: at.To}, l.refuse
}

func (l *askedLink) Cancel(ctx context.Context, at connector.AtOperator) (message.Report, error) {
	l.state = message.Deleted
	return l.Query(ctx, at)
}

// enrouteAt has a message taken by the operator of op1.
func (w *world) enrouteAt(op *fakeLink, to, id string, more ...string) message.ID {
	w.t.Helper()
	m := w.submit(w.submission(to, "hello"))[0]
	synctest.Wait()
	op.answer(1, op.take()[0], id, more...)
	synctest.Wait()
	return m
}

// TestAskOperator asks for messages that the operator has: what he says is booked
// like a receipt.
func TestAskOperator(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		op := &askedLink{fakeLink: w.fakeLink("op1"), state: message.Enroute}
		w.Attach("op1", op)
		op.core.SessionUp(1, 10)
		id := w.enrouteAt(op.fakeLink, "46100001", "7", "8")
		if m, err := w.AskOperator(t.Context(), "", id); err != nil || m.State != message.Enroute {
			t.Errorf("%v %v", m, err)
		}
		<-op.report("7", message.Delivered, "")
		op.state, op.asked = message.Delivered, nil
		m, err := w.AskOperator(t.Context(), "acme", id)
		if err != nil || m.State != message.Delivered {
			t.Errorf("%v %v", m, err)
		}
		if len(op.asked) != 1 || op.asked[0] != "8" {
			t.Errorf("asked for %q, want the part without a receipt only", op.asked)
		}
		var f *message.Failure
		if _, err := w.AskOperator(t.Context(), "", id); !errors.As(err, &f) || f.Kind.Temporary() {
			t.Errorf("of a final message: %v", err)
		}
		if _, err := w.AskOperator(t.Context(), "beta", id); !errors.Is(err, ErrNotFound) {
			t.Errorf("of somebody else's: %v", err)
		}
		other := w.enrouteAt(op.fakeLink, "46100002", "9")
		op.refuse = errors.New("ESME_RQUERYFAIL")
		if _, err := w.AskOperator(t.Context(), "", other); !errors.As(err, &f) || !f.Kind.Temporary() {
			t.Errorf("an operator who does not say: %v", err)
		}
	})
}

// TestCancelAtOperator takes back what the operator has, where the link permits
// it and he gives it back.
func TestCancelAtOperator(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		op := &askedLink{fakeLink: w.fakeLink("op1")}
		w.Attach("op1", op)
		op.core.SessionUp(1, 10)
		id := w.enrouteAt(op.fakeLink, "46100001", "7")
		if _, err := w.Cancel(t.Context(), "acme", id); err == nil || len(op.asked) > 0 {
			t.Errorf("without cancel: true: %v, asked %v", err, op.asked)
		}
		s := testSnapshot()
		set := s.Links["op1"]
		set.Cancel = true
		s.Links["op1"] = set
		w.Replace(s)
		op.refuse = errors.New("ESME_RCANCELFAIL")
		var f *message.Failure
		if _, err := w.Cancel(t.Context(), "acme", id); !errors.As(err, &f) || f.Kind != message.NotPermitted {
			t.Errorf("an operator who keeps it: %v", err)
		}
		w.wantState(id, message.Enroute)
		op.refuse = nil
		if m, err := w.Cancel(t.Context(), "acme", id); err != nil || m.State != message.Deleted {
			t.Errorf("%v %v", m, err)
		}
		synctest.Wait()
		w.wantState(id, message.Deleted)
	})
}

// TestCancelEachAtOperator: an SMPP customer's cancel asks the operator too, and
// changes nothing when he keeps the message.
func TestCancelEachAtOperator(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		op := &askedLink{fakeLink: w.fakeLink("op1")}
		w.Attach("op1", op)
		op.core.SessionUp(1, 10)
		ids := []message.ID{w.enrouteAt(op.fakeLink, "46100001", "7")}
		if n, err := w.CancelEach(t.Context(), "acme", ids); n != 0 || err != nil || len(op.asked) > 0 {
			t.Errorf("without cancel: true: %d, %v, asked %v", n, err, op.asked)
		}
		s := testSnapshot()
		set := s.Links["op1"]
		set.Cancel = true
		s.Links["op1"] = set
		w.Replace(s)
		op.refuse = errors.New("ESME_RCANCELFAIL")
		if n, err := w.CancelEach(t.Context(), "acme", ids); n != 0 || err != nil || len(op.asked) != 1 {
			t.Errorf("an operator who keeps it: %d, %v, asked %v", n, err, op.asked)
		}
		var f *message.Failure
		op.refuse = connector.ErrCrowded
		if _, err := w.CancelEach(t.Context(), "acme", ids); !errors.As(err, &f) || f.Kind != message.Overloaded {
			t.Errorf("while the link's window is full: %v", err)
		}
		op.refuse = nil
		w.asking.Add(askMost)
		if _, err := w.CancelEach(t.Context(), "acme", ids); !errors.As(err, &f) || f.Kind != message.Overloaded {
			t.Errorf("while too many are asked for: %v", err)
		}
		w.asking.Add(-askMost)
		if n, err := w.CancelEach(t.Context(), "acme", ids); n != 1 || err != nil {
			t.Errorf("%d, %v", n, err)
		}
		synctest.Wait()
		w.wantState(ids[0], message.Deleted)
	})
}

// TestCancelEachIsBounded: of many messages as many operators are asked as one
// request may; those of links that do not permit it do not count.
func TestCancelEachIsBounded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		s := testSnapshot()
		set := s.Links["op1"]
		set.Cancel = true
		s.Links["op1"] = set
		w.Replace(s)
		op, other := &askedLink{fakeLink: w.fakeLink("op1")}, &askedLink{fakeLink: w.fakeLink("op2")}
		w.Attach("op1", op)
		w.Attach("op2", other)
		op.core.SessionUp(1, 1000)
		other.core.SessionUp(1, 1000)
		var ids []message.ID
		for i := range askEach + 5 { // by op2, which does not permit it
			sub := w.submission("46100001", "hello")
			sub.Link = "op2"
			ids = append(ids, w.submit(sub)[0])
			synctest.Wait()
			other.answer(1, other.take()[0], fmt.Sprint("o", i))
			synctest.Wait()
		}
		for i := range askEach + 5 {
			ids = append(ids, w.enrouteAt(op.fakeLink, "46100001", fmt.Sprint(i)))
		}
		if n, err := w.CancelEach(t.Context(), "acme", ids); n != askEach || err != nil || len(op.asked) != askEach || len(other.asked) != 0 {
			t.Errorf("%d, %v; asked %d and %d times", n, err, len(op.asked), len(other.asked))
		}
	})
}
