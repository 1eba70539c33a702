package gateway

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"kurir/connector"
	"kurir/gsm"
	"kurir/message"
)

// cutPart is one part of a long message that a customer cut himself (3GPP TS
// 23.040 9.2.3.24.1).
func cutPart(w *world, to string, ref, total, number byte) *Submission {
	s := w.untold(to, "part")
	s.Content.Header = []byte{5, 0, 3, ref, total, number}
	s.Content.Want = gsm.GSM7
	return s
}

// wire shows reference and number of what an operator got.
func wire(t *testing.T, out []*connector.Outgoing) (refs []uint16, numbers []uint8) {
	t.Helper()
	for _, o := range out {
		_, c, ok := concatOf(o.Message)
		if !ok {
			t.Fatalf("no part of a long message: header %x", o.Message.Content.Header)
		}
		refs, numbers = append(refs, c.Reference), append(numbers, c.Number)
	}
	return refs, numbers
}

// TestPartsStayTogether: once a link took a part of a long message that the
// customer cut, the others wait for it, also while it is down and another is up.
func TestPartsStayTogether(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		op1, op2 := w.twoLinks()
		w.submit(cutPart(w, "46200001", 7, 3, 1))
		synctest.Wait()
		op1.answer(1, op1.take()[0], "1")
		op1.core.SessionDown(1, nil, nil)
		w.submit(cutPart(w, "46200001", 7, 3, 2), cutPart(w, "46200002", 7, 3, 2))
		time.Sleep(time.Minute)
		if _, numbers := wire(t, op2.take()); !slices.Equal(numbers, []uint8{2}) {
			t.Errorf("the other link got parts %v; only that of another message was expected", numbers)
		}
		op1.core.SessionUp(3, 10)
		w.submit(cutPart(w, "46200001", 7, 3, 3))
		synctest.Wait()
		refs, numbers := wire(t, op1.take())
		if !slices.Equal(numbers, []uint8{2, 3}) || !slices.Equal(refs, []uint16{7, 7}) {
			t.Errorf("parts %v with references %v", numbers, refs)
		}
	})
}

// TestPartsLeaveTogether: parts of which a link has none go to another all
// together, with a new reference.
func TestPartsLeaveTogether(t *testing.T) {
	t.Parallel()
	for _, down := range []bool{false, true} {
		dir := t.TempDir()
		bubble(t, func(t *testing.T) {
			w := start(t, dir, Options{}, nil)
			op1, op2 := w.fakeLink("op1"), w.fakeLink("op2")
			op1.core.SessionUp(1, 1)
			op2.core.SessionUp(2, 10)
			w.submit(cutPart(w, "46200001", 7, 3, 1))
			synctest.Wait()
			w.submit(cutPart(w, "46200001", 7, 3, 2))
			synctest.Wait()
			if down {
				op1.core.SessionDown(1, nil, nil)
				time.Sleep(20 * time.Second)
			} else {
				op1.fail(1, op1.take()[0], message.Busy)
				time.Sleep(time.Second)
			}
			w.submit(cutPart(w, "46200001", 7, 3, 3))
			synctest.Wait()
			refs, numbers := wire(t, op2.take())
			slices.Sort(numbers)
			if !slices.Equal(numbers, []uint8{1, 2, 3}) || refs[0] == 7 || refs[1] != refs[0] || refs[2] != refs[0] {
				t.Errorf("down %t: parts %v with references %v", down, numbers, refs)
			}
		})
	}
}

// TestPartThrottled: a part that the operator refuses for now is repeated
// alone, by the same link.
func TestPartThrottled(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		op1, op2 := w.twoLinks()
		w.submit(cutPart(w, "46200001", 9, 2, 1), cutPart(w, "46200001", 9, 2, 2))
		synctest.Wait()
		out := op1.take()
		op1.answer(1, out[0], "1")
		for _, kind := range []message.FailureKind{message.Throttled, message.Busy} {
			op1.fail(1, out[1], kind)
			time.Sleep(time.Minute)
			again := op1.take()
			if _, numbers := wire(t, again); !slices.Equal(numbers, []uint8{2}) {
				t.Errorf("after %v: parts %v", kind, numbers)
			}
			out[1] = again[0]
		}
		if n := len(op2.take()); n != 0 {
			t.Errorf("%d parts went to the other link", n)
		}
	})
}

// TestPartsStayTogetherForLong: they do so as long as one of them waits.
func TestPartsStayTogetherForLong(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		op1, op2 := w.twoLinks()
		w.submit(cutPart(w, "46200001", 7, 2, 1))
		synctest.Wait()
		op1.answer(1, op1.take()[0], "1")
		op1.core.SessionDown(1, nil, nil)
		w.submit(cutPart(w, "46200001", 7, 2, 2))
		time.Sleep(50 * time.Minute)
		if n := len(op2.take()); n != 0 {
			t.Errorf("%d parts went by the other link", n)
		}
		op1.core.SessionUp(3, 10)
		synctest.Wait()
		if refs, numbers := wire(t, op1.take()); !slices.Equal(numbers, []uint8{2}) || refs[0] != 7 {
			t.Errorf("parts %v with references %v", numbers, refs)
		}
		time.Sleep(11 * time.Minute)
		w.mu.Lock()
		defer w.mu.Unlock()
		if len(w.parts) != 1 {
			t.Errorf("%d groups of a part without an answer", len(w.parts))
		}
	})
}

// TestPartRepeated: a part that the customer sends again, as he had no answer
// for it, belongs to the others.
func TestPartRepeated(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		op1, op2 := w.twoLinks()
		w.submit(cutPart(w, "46200001", 7, 3, 1), cutPart(w, "46200001", 7, 3, 2))
		synctest.Wait()
		for i, o := range op1.take() {
			op1.answer(1, o, string(rune('1'+i)))
		}
		op1.core.SessionDown(1, nil, nil)
		time.Sleep(time.Minute)
		w.submit(cutPart(w, "46200001", 7, 3, 2), cutPart(w, "46200001", 7, 3, 3))
		time.Sleep(time.Minute)
		if n := len(op2.take()); n != 0 {
			t.Errorf("%d parts went by the other link", n)
		}
		op1.core.SessionUp(3, 10)
		synctest.Wait()
		if _, numbers := wire(t, op1.take()); !slices.Equal(numbers, []uint8{2, 3}) {
			t.Errorf("parts %v", numbers)
		}
	})
}

// TestPartsStayTogetherOverRestart: the link that took a part has the others
// after the next start too.
func TestPartsStayTogetherOverRestart(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		op1 := w.fakeLink("op1")
		op1.core.SessionUp(1, 10)
		w.submit(cutPart(w, "46200001", 7, 3, 1))
		synctest.Wait()
		op1.answer(1, op1.take()[0], "1")
		op1.core.SessionDown(1, nil, nil)
		w.submit(cutPart(w, "46200001", 7, 3, 2))
		w.end()
		w = start(t, dir, Options{}, nil)
		op1, op2 := w.fakeLink("op1"), w.fakeLink("op2")
		op2.core.SessionUp(2, 10)
		w.submit(cutPart(w, "46200001", 7, 3, 3))
		time.Sleep(5 * time.Minute)
		if n := len(op2.take()); n != 0 {
			t.Errorf("%d parts went by the other link", n)
		}
		op1.core.SessionUp(1, 10)
		synctest.Wait()
		if _, numbers := wire(t, op1.take()); !slices.Equal(numbers, []uint8{2, 3}) {
			t.Errorf("parts %v", numbers)
		}
	})
}

// TestPartGroupsAreBounded: a reference in use again begins anew, and groups
// are forgotten.
func TestPartGroupsAreBounded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		op1, op2 := w.fakeLink("op1"), w.fakeLink("op2")
		op1.core.SessionUp(1, 10)
		w.submit(cutPart(w, "46200001", 7, 2, 1))
		synctest.Wait()
		op1.answer(1, op1.take()[0], "1")
		op1.core.SessionDown(1, nil, nil)
		op2.core.SessionUp(2, 10)
		again := cutPart(w, "46200001", 7, 2, 1)
		again.Content.Text = "another"
		w.submit(again, w.submission("46200001", "no part"))
		synctest.Wait()
		out := op2.take()
		if len(out) != 2 {
			t.Errorf("%d of 2 went by the link that is up", len(out))
		}
		for i, o := range out {
			op2.answer(2, o, string(rune('1'+i)))
		}
		time.Sleep(11 * time.Minute)
		w.mu.Lock()
		defer w.mu.Unlock()
		if len(w.parts) != 0 {
			t.Errorf("%d groups are kept", len(w.parts))
		}
	})
}
