package gateway

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/message"
)

// TestWaits: the trace of a message that waits says for what: its time, the next
// try, a link that is down, stopped, drains, pauses or is slow.
func TestWaits(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w := start(t, dir, Options{}, nil)
		op := w.fakeLink("op1")
		want := func(what string, id message.ID, link, why string, until time.Duration) {
			t.Helper()
			synctest.Wait()
			m, err := w.Message(t.Context(), "", id)
			if err != nil {
				t.Fatal(err)
			}
			tr, err := w.Trace(t.Context(), m)
			got := tr.Waits
			switch {
			case err != nil:
				t.Error(err)
			case why == "":
				if got != nil {
					t.Errorf("%s: it waits: %+v", what, *got)
				}
			case got == nil:
				t.Errorf("%s: it does not wait", what)
			case got.Link != link || !strings.Contains(got.Why, why) || (got.Until != nil) != (until > 0):
				t.Errorf("%s: %+v, want %s and %q", what, *got, link, why)
			case until > 0 && got.Until.Sub(time.Now().Add(until)).Abs() > time.Second: // the log has whole seconds
				t.Errorf("%s: until %v, want in %v", what, got.Until, until)
			}
		}
		later := w.submission("46100001", "hello")
		later.SendAt = time.Now().Add(time.Hour)
		want("scheduled", w.submit(later)[0], "", "its time", time.Hour)

		id := w.submit(w.submission("46100001", "hello"))[0]
		want("no session", id, "op1", "no session since 2", 0)
		w.SetLinkWish("op1", LinkStops)
		want("stopped", id, "op1", "stopped", 0)
		w.SetLinkWish("op1", LinkRuns)
		op.core.SessionUp(1, 10)
		synctest.Wait()
		want("granted", id, "", "", 0)

		// The operator asks for less speed: the link pauses, and is slow then.
		out := op.take()[0]
		op.fail(1, out, message.Throttled)
		want("the link pauses", id, "op1", "asked for less speed", defaultThrottleWait)
		op.core.SessionDown(1, nil, nil)
		time.Sleep(time.Second)
		op.core.SessionUp(1, 1) // as much as one message
		synctest.Wait()
		first := op.take()[0]
		behind := w.submit(w.submission("46100002", "hello"))[0]
		want("the link is slow", behind, "op1", "less speed: the link sends", 0)

		// A failure that passes.
		op.fail(1, first, message.Busy)
		synctest.Wait()
		want("tried again", id, "op1", "tried again", retryDelay(1, uint64(id)))
	})
}
