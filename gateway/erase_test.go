package gateway

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"kurir/message"
)

// TestEraseText: the text of a message that is over is removed from disk, also while its customer is still to be told, and
// what was owed is told; that of a message under way stays.
func TestEraseText(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 10)
		ids := w.submit(w.untold("46100001", "to be erased"), w.submission("46100002", "owed and erased"), w.untold("46100003", "stays"))
		var f *message.Failure
		if err := w.EraseText(t.Context(), "acme", ids[2], false); !errors.As(err, &f) || f.Kind != message.NotPermitted {
			t.Errorf("the text of a message under way: %v", err)
		}
		synctest.Wait()
		for i, out := range op.take() {
			op.answer(1, out, string(rune('1'+i)))
		}
		<-op.report("1", message.Delivered, "46100001")
		<-op.report("2", message.Delivered, "46100002")
		if err := w.EraseText(t.Context(), "beta", ids[0], false); !errors.Is(err, ErrNotFound) {
			t.Errorf("somebody else's text: %v", err)
		}
		if err := w.EraseText(t.Context(), "acme", ids[0]+1<<40, false); !errors.Is(err, ErrNotFound) {
			t.Errorf("the text of no message: %v", err)
		}
		for _, id := range ids[:2] {
			if err := w.EraseText(t.Context(), "acme", id, true); err != nil {
				t.Fatal(err)
			}
			if m := w.onDisk(id); m.Content.Text != "" || m.State != message.Delivered {
				t.Errorf("%q is on disk, state %v", m.Content.Text, m.State)
			}
		}
		if err := w.EraseText(t.Context(), "acme", ids[0], true); err != nil {
			t.Errorf("erased again: %v", err)
		}
		time.Sleep(time.Minute)
		if m := w.onDisk(ids[2]); m.Content.Text != "stays" {
			t.Errorf("another text: %q", m.Content.Text)
		}
	})
}
