package gateway

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kurir/connector"
	"kurir/gsm"
	"kurir/message"
)

// replacingWorld runs a gateway whose link op1 may have its operator replace
// messages.
func replacingWorld(t *testing.T, dir string, set func(*world)) (*world, *askedLink) {
	t.Helper()
	s := testSnapshot()
	settings := s.Links["op1"]
	settings.Replace = true
	s.Links["op1"] = settings
	w := start(t, dir, Options{Snapshot: s, MarkLag: 10 * time.Second}, set)
	op := &askedLink{fakeLink: w.fakeLink("op1")}
	w.Attach("op1", op)
	op.core.SessionUp(1, 10)
	return w, op
}

// changed is another text for acme's messages, also for those that have left.
func (w *world) changed(text string) *Replacement {
	return &Replacement{Account: w.acme, Content: &message.Content{Text: text, Class: -1}, AtOperator: true}
}

// wantKept checks what the database has of a message, in full.
func (w *world) wantKept(id message.ID, text string, replaced bool) *message.Message {
	w.t.Helper()
	m := w.onDisk(id)
	if log := describe(m); m.Content.Text != text || strings.Contains(log, " replaced ") != replaced {
		w.t.Errorf("kept %q, want %q; replaced: %v; log %s", m.Content.Text, text, replaced, log)
	}
	return m
}

// TestReplaceAtOperator: wherever a message stands that awaits its receipt, in
// memory, on the shelf, where the beginning of its text is left, or on disk, the
// operator is told of the whole text and the row gets the whole new one. A receipt
// then ends it.
func TestReplaceAtOperator(t *testing.T) {
	t.Parallel()
	const first = "the old text, of which the shelf keeps the beginning"
	text := strings.Repeat("new ", 30)
	for name, wait := range map[string]time.Duration{
		"in memory": 0, "on the shelf": shelveAfter + time.Second, "on disk": time.Minute,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			bubble(t, func(t *testing.T) {
				r := &fakeReceiver{limit: 100}
				w, op := replacingWorld(t, dir, func(w *world) { w.Receive(message.SMPPTarget, r) })
				id := w.submit(w.submission("46100001", first))[0]
				synctest.Wait()
				op.answer(1, op.take()[0], "7")
				time.Sleep(wait)
				synctest.Wait()
				w.mu.Lock()
				inMemory, shelved := w.open[id] != nil, w.shelfRefOf(id) != 0
				w.mu.Unlock()
				if inMemory != (name == "in memory") || shelved != (name == "on the shelf") {
					t.Fatalf("in memory: %v, on the shelf: %v", inMemory, shelved)
				}

				old := first
				for _, want := range []string{text, text + "again"} { // the second finds it as the first left it
					change := w.changed(want)
					change.Validity = 2 * time.Hour
					m, err := w.ReplaceMessage(t.Context(), id, change)
					if err != nil || m.State != message.Enroute || m.Content.Text != want {
						t.Fatalf("%+v %v", m, err)
					}
					if p := op.put; p.Old.Content.Text != old || p.New.Content.Text != want || p.SendAt || !p.Validity {
						t.Errorf("the operator was told %q in the place of %q, time %v, validity %v", p.New.Content.Text, p.Old.Content.Text, p.SendAt, p.Validity)
					}
					old = want
					if d := w.wantKept(id, want, true); d.Expires != m.Expires || d.State != message.Enroute {
						t.Errorf("on disk: %+v", d)
					}
				}
				time.Sleep(time.Minute) // it leaves memory, and comes back for its receipt
				<-op.report("7", message.Delivered, "")
				synctest.Wait()
				wantTold(w, r, id, message.Delivered)
				w.wantKept(id, old, true)
				synctest.Wait()
				w.wantNothingLeft()
			})
		})
	}
}

// TestNotReplacedAtOperator: what an operator refuses, leaves unanswered or cannot
// take by replace_sm stays as it was, and whoever cannot take it is not asked.
func TestNotReplacedAtOperator(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		text   string // that was sent
		id     []string
		change func(w *world, op *askedLink, r *Replacement)
		asked  bool
	}{
		"refused":            {"hello", []string{"7"}, func(_ *world, op *askedLink, _ *Replacement) { op.refuse = errors.New("ESME_RREPLACEFAIL") }, true},
		"no answer":          {"hello", []string{"7"}, func(_ *world, op *askedLink, _ *Replacement) { op.hold = make(chan struct{}) }, true},
		"link may not":       {"hello", []string{"7"}, func(w *world, _ *askedLink, _ *Replacement) { w.Replace(testSnapshot()) }, false},
		"only if waiting":    {"hello", []string{"7"}, func(_ *world, _ *askedLink, r *Replacement) { r.AtOperator = false }, false},
		"two parts":          {strings.Repeat("x", 200), []string{"7", "8"}, nil, false},
		"into two parts":     {"hello", []string{"7"}, func(_ *world, _ *askedLink, r *Replacement) { r.Content.Text = strings.Repeat("x", 200) }, false},
		"beyond GSM 7":       {"hello", []string{"7"}, func(_ *world, _ *askedLink, r *Replacement) { r.Content.Text = "привет" }, false},
		"too long for UCS-2": {"привет", []string{"7"}, func(_ *world, _ *askedLink, r *Replacement) { r.Content.Text = strings.Repeat("x", 71) }, false},
		"octets for text": {"hello", []string{"7"}, func(_ *world, _ *askedLink, r *Replacement) {
			r.Content = &message.Content{Data: []byte{1}, Want: gsm.Binary, Class: -1}
		}, false},
		"final":        {"hello", []string{"7"}, func(_ *world, op *askedLink, _ *Replacement) { <-op.report("7", message.Delivered, "") }, false},
		"link stopped": {"hello", []string{"7"}, func(w *world, _ *askedLink, _ *Replacement) { w.Attach("op1", nil) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			bubble(t, func(t *testing.T) {
				w, op := replacingWorld(t, dir, nil)
				id := w.submit(w.submission("46100001", c.text))[0]
				synctest.Wait()
				op.answer(1, op.take()[0], c.id[0], c.id[1:]...)
				synctest.Wait()
				r := w.changed("changed")
				if c.change != nil {
					c.change(w, op, r)
				}
				began := time.Now()
				var f *message.Failure
				if m, err := w.ReplaceMessage(t.Context(), id, r); !errors.As(err, &f) || f.Kind != message.NotPermitted {
					t.Errorf("%+v %v", m, err)
				}
				if d := time.Since(began); d > replaceWait+time.Second {
					t.Errorf("it took %v", d)
				}
				if n, err := w.ReplaceEach(t.Context(), []message.ID{id}, r); n != 0 || err != nil {
					t.Errorf("replaced %d, %v", n, err)
				}
				if (len(op.asked) > 0) != c.asked {
					t.Errorf("asked %v", op.asked)
				}
				w.wantKept(id, c.text, false)
			})
		})
	}
}

// TestReplaceKeepsCoding: replace_sm has no data coding, so a text goes out in
// that of the message; the customer's next text is read as the first was.
func TestReplaceKeepsCoding(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w, op := replacingWorld(t, dir, nil)
		id := w.submit(w.submission("46100001", "привет"))[0]
		synctest.Wait()
		op.answer(1, op.take()[0], "7")
		synctest.Wait()
		if n, err := w.ReplaceEach(t.Context(), []message.ID{id, 77}, w.changed("plain")); n != 1 || err != nil {
			t.Fatalf("replaced %d, %v", n, err)
		}
		if m := w.wantKept(id, "plain", true); m.Encoding != gsm.UCS2 || m.Content.Want != gsm.Auto || m.Parts != 1 {
			t.Errorf("kept as %v, wanted %v, %d parts", m.Encoding, m.Content.Want, m.Parts)
		}
		// Only times: the text goes with them as it is.
		later := time.Now().Add(10 * time.Minute)
		r := &Replacement{Account: w.acme, SendAt: later, AtOperator: true}
		if m, err := w.ReplaceMessage(t.Context(), id, r); err != nil || m.SendAt != later.UnixMilli() || m.State != message.Enroute {
			t.Errorf("%+v %v", m, err)
		}
		if p := op.put; p.New.Content.Text != "plain" || !p.SendAt || p.Validity {
			t.Errorf("told %+v", p)
		}
	})
}

// TestReplacedMeanwhile: a receipt that overtakes the operator's answer ends the
// message, and its content is what he has made of it all the same. Until then
// nobody else replaces it, and only some are asked for at a time.
func TestReplacedMeanwhile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	bubble(t, func(t *testing.T) {
		w, op := replacingWorld(t, dir, nil)
		id := w.submit(w.submission("46100001", "hello"))[0]
		synctest.Wait()
		op.answer(1, op.take()[0], "7")
		synctest.Wait()
		op.hold = make(chan struct{})
		result := make(chan error, 1)
		go func() {
			_, err := w.ReplaceMessage(t.Context(), id, w.changed("changed"))
			result <- err
		}()
		synctest.Wait()
		var f *message.Failure
		if _, err := w.ReplaceMessage(t.Context(), id, w.changed("other")); !errors.As(err, &f) || f.Kind != message.NotPermitted {
			t.Errorf("a second one: %v", err)
		}
		for i := range message.ID(replacingMost - 1) {
			if f := w.beginReplacing(i + 1); f != nil {
				t.Fatal(f)
			}
		}
		if f := w.beginReplacing(100); f == nil || !f.Kind.Temporary() {
			t.Errorf("one too many: %v", f)
		}
		<-op.report("7", message.Delivered, "")
		close(op.hold)
		if err := <-result; err != nil {
			t.Error(err)
		}
		if m := w.wantKept(id, "changed", true); m.State != message.Delivered {
			t.Errorf("it is %s", m.State)
		}
	})
}

var _ connector.Replacer = (*askedLink)(nil)
