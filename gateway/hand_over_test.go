package gateway

import (
	"testing"
	"testing/synctest"

	"kurir/connector"
	"kurir/message"
)

// TestRefusedIsNotUncertain: of what is being handed over to a session whose end is told meanwhile, that which the
// connector refuses was not sent and is not marked as if it might have been; the rest is, on a link that may not
// send twice too.
func TestRefusedIsNotUncertain(t *testing.T) {
	t.Parallel()
	for name, before := range map[string]bool{"the end is told before it is refused": true, "and behind": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			bubble(t, func(t *testing.T) {
				w := start(t, dir, Options{}, nil)
				op := w.fakeLink("once")
				end := func() { op.core.SessionDown(1, nil, nil) }
				op.refuse = func(out []*connector.Outgoing) []*connector.Outgoing {
					if before {
						end()
					}
					return out
				}
				op.core.SessionUp(1, 10)
				id := w.submit(w.untold("46300001", "hello"))[0]
				synctest.Wait()
				if !before {
					end()
				}
				op.refuse = nil
				if n := w.Stats().Uncertain; n != 0 {
					t.Errorf("%d are uncertain", n)
				}
				op.core.SessionUp(2, 10)
				op.answer(2, given(t, op), "a")
				synctest.Wait()
				w.wantState(id, message.Enroute)
			})
		})
	}
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		op := w.fakeLink("once")
		op.refuse = func([]*connector.Outgoing) []*connector.Outgoing { // all is written, and the session breaks
			op.core.SessionDown(1, nil, errBroken)
			return nil
		}
		op.core.SessionUp(1, 10)
		id := w.submit(w.untold("46300001", "hello"))[0]
		synctest.Wait()
		w.wantState(id, message.Unknown)
		if n := w.Stats().Uncertain; n != 1 {
			t.Errorf("%d are uncertain, want 1", n)
		}
	})
}
