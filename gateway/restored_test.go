package gateway

import (
	"context"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"kurir/connector"
	"kurir/message"
	"kurir/store"
)

// TestRestored: what waited in a copy is not sent again unless it is asked for, also what was sent between the copy and the end; what is scheduled
// for later goes then, and receipts of what was under way find it.
func TestRestored(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		session uint32
		again   []string // numbers that are sent again
	}{
		{"end", store.SessionRestoredOnce, nil},
		{"resend", store.SessionRestoredAgain, []string{"46100001", "46100002", "46100003", "46300001"}},
		{"link", store.SessionRestored, []string{"46100001", "46100002", "46100003"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			dir, other, file := t.TempDir(), t.TempDir(), filepath.Join(t.TempDir(), "copy.db")
			bubble(t, func(t *testing.T) {
				w := start(t, dir, Options{MarkLag: time.Second}, nil)
				op1 := w.fakeLink("op1")
				op1.core.SessionUp(1, 2)
				enroute := w.enrouteAt(op1, "46100009", "9")
				at := func(to string, after time.Duration) *Submission {
					s := w.submission(to, "x")
					s.SendAt = w.now().Add(after)
					return s
				}
				ids := w.submit(w.submission("46100001", "granted"), w.submission("46300001", "no session"), w.submission("46100002", "granted"),
					at("46100003", 3*time.Minute), w.submission("46100002", "waits"), at("46100004", 30*time.Minute))
				later := ids[5]
				ids = ids[:5]
				time.Sleep(2 * time.Minute) // the mark passes some of it
				if n := w.store.Counts(); n.Waiting == 0 || n.Due == 0 {
					t.Errorf("nothing waits on disk: %+v", n)
				}
				if _, err := store.Backup(ctx, store.BackupOptions{Path: dir, To: file}); err != nil {
					t.Fatal(err)
				}
				for _, out := range op1.take() {
					op1.answer(1, out, out.Message.ID.String())
				}
				time.Sleep(2 * time.Minute)
				w.end()

				r, err := store.Restore(ctx, store.RestoreOptions{Path: other, From: file, Session: c.session, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
				if err != nil {
					t.Fatal(err)
				}
				if r.Doubtful != 5 || r.Later != 1 || r.Enroute != 1 {
					t.Errorf("it says %+v", r)
				}
				w = start(t, other, Options{}, nil)
				op1, once := w.fakeLink("op1"), w.fakeLink("once")
				op1.core.SessionUp(1, 10)
				once.core.SessionUp(2, 10)
				time.Sleep(time.Minute)
				var sent []string
				for _, out := range append(op1.take(), once.take()...) {
					sent = append(sent, out.Message.To.Number)
				}
				slices.Sort(sent)
				if sent = slices.Compact(sent); !slices.Equal(sent, c.again) {
					t.Errorf("sent again: %v, want %v", sent, c.again)
				}
				for _, id := range ids {
					m := w.onDisk(id)
					want := message.Unknown
					if slices.Contains(c.again, m.To.Number) {
						want = message.Queued // granted by a row of its session
					}
					if events, _ := message.DecodeLog(m.Log, m.ID); m.State != want || !slices.ContainsFunc(events, func(e message.Event) bool {
						return e.Kind == message.EventUncertain && e.Code == message.UncertainByCopy
					}) {
						t.Errorf("%s to %s is %s, want %s; log %s", id, m.To.Number, m.State, want, describe(m))
					}
				}
				w.wantState(enroute, message.Enroute)
				w.wantState(later, message.Scheduled)
				time.Sleep(30 * time.Minute)
				synctest.Wait()
				if out := op1.take(); !slices.ContainsFunc(out, func(o *connector.Outgoing) bool { return o.Message.ID == later }) {
					t.Error("what was scheduled for later is not sent")
				}
			})
		})
	}
}
