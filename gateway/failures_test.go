package gateway

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/connector"
	"kurir/message"
)

// TestComplaint16StuckQueue: a message that is not taken is tried after waits
// that its failure has of its own, says why it waits, goes out at once when its
// phone writes, is given up by age or number of tries, and can be sent again as
// a new message.
func TestComplaint16StuckQueue(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		snap := testSnapshot()
		snap.Validity = 24 * time.Hour
		snap.Retries = []RetryRule{
			{Failure: "memory_full", First: 10 * time.Second, Tries: 2},
			{Failure: "busy", First: time.Hour, Age: 90 * time.Minute},
		}
		w := start(t, dir, Options{Snapshot: snap}, nil)
		op := w.fakeLink("op1")
		op.core.SessionUp(1, 10)
		next := func() *connector.Outgoing {
			t.Helper()
			synctest.Wait()
			out := op.take()
			if len(out) != 1 {
				t.Fatalf("%d messages went out", len(out))
			}
			return out[0]
		}

		// Absent: a minute or so, said so in the trace; earlier when the phone writes.
		id := w.submit(w.untold("46100001", "hello"))[0]
		op.fail(1, next(), message.Absent)
		synctest.Wait()
		m, err := w.Message(t.Context(), "", id)
		if err != nil {
			t.Fatal(err)
		}
		tr, err := w.Trace(t.Context(), m)
		if err != nil {
			t.Fatal(err)
		}
		if got := tr.Waits; got == nil || got.Cause != "absent" || !strings.Contains(got.Why, "out of coverage") || time.Until(*got.Until) < 50*time.Second {
			t.Errorf("it waits: %+v", got)
		}
		if err := <-op.inbound(&message.Inbound{
			From: message.Address{TON: 1, Number: "46100001"}, To: message.Address{TON: 1, Number: "4611111"},
			Content: message.Content{Text: "hi", Class: -1},
		}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(3 * time.Second)
		op.answer(1, next(), "1")
		<-op.report("1", message.Delivered, "46100001")
		w.wantState(id, message.Delivered)

		// Memory full: twice and no more.
		full := w.submit(w.untold("46100002", "hello"))[0]
		op.fail(1, next(), message.MemoryFull)
		time.Sleep(12 * time.Second)
		op.fail(1, next(), message.MemoryFull)
		synctest.Wait()
		w.wantState(full, message.Undeliverable)

		// Busy: after the age nothing more.
		old := w.submit(w.untold("46100003", "hello"))[0]
		op.fail(1, next(), message.Busy)
		time.Sleep(70 * time.Minute)
		op.fail(1, next(), message.Busy)
		time.Sleep(2*time.Hour + time.Minute)
		op.fail(1, next(), message.Busy)
		synctest.Wait()
		w.wantState(old, message.Undeliverable)

		// Sent again.
		again, err := w.Resend(t.Context(), "acme", full, nil)
		if err != nil {
			t.Fatal(err)
		}
		op.answer(1, next(), "2")
		if m := w.onDisk(again.ID); again.ID == full || !strings.Contains(describe(m), "resent") {
			t.Errorf("%s was sent again as %s", full, describe(m))
		}
		<-op.report("2", message.Delivered, "46100002")
		w.wantState(again.ID, message.Delivered)
		w.wantState(full, message.Undeliverable)
		var f *message.Failure
		if _, err := w.Resend(t.Context(), "acme", id, nil); !errors.As(err, &f) || f.Field != "id" {
			t.Errorf("a delivered message is sent again: %v", err)
		}
		if _, err := w.Resend(t.Context(), "beta", full, nil); !errors.Is(err, ErrNotFound) {
			t.Errorf("somebody else's message is sent again: %v", err)
		}
	})
}

// TestRetryRules: what a rule leaves out is as before, and a rule that cannot be
// is named.
func TestRetryRules(t *testing.T) {
	t.Parallel()
	table := newRetryTable([]RetryRule{{Failure: "absent", Longest: 30 * time.Second}, {Failure: "busy", First: time.Hour}})
	for kind, want := range map[message.FailureKind][2]time.Duration{
		message.Absent:    {30 * time.Second, 30 * time.Second},
		message.Busy:      {time.Hour, time.Hour},
		message.Throttled: {5 * time.Second, 15 * time.Minute},
	} {
		if got := table[kind]; got.First != want[0] || got.Longest != want[1] {
			t.Errorf("%s: %v to %v, want %v", kind.Code(), got.First, got.Longest, want)
		}
	}
	for want, rule := range map[string]RetryRule{
		"failure": {Failure: "refused"},
		"first":   {Failure: "busy", First: time.Millisecond},
		"longest": {Failure: "busy", First: time.Hour, Longest: time.Minute},
		"tries":   {Failure: "busy", Tries: -1},
		"age":     {Failure: "busy", Age: 1000 * time.Hour},
	} {
		got := ""
		rule.Validate(func(field, _ string) { got += field })
		if got != want {
			t.Errorf("%+v: %q is wrong, want %q", rule, got, want)
		}
	}
}
