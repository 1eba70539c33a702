package gateway

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"kurir/directory"
	"kurir/store"
)

// made is acme's request for something that is no message, with a key: its answer
// tells what was made.
func made[T any](t *testing.T, w *world, key string, make func(*Answering[T]) (T, error), tell func(T) string) (answer string, again bool) {
	t.Helper()
	k := w.keyed(key, key)
	kept, err := w.Claim(t.Context(), k)
	if err != nil || kept != nil {
		if err != nil {
			t.Errorf("%s: %v", key, err)
		}
		return string(kept), true
	}
	defer w.Release(k)
	thing, err := make(&Answering[T]{k, func(thing T) []byte { return []byte(tell(thing)) }})
	if err != nil {
		t.Fatalf("%s: %v", key, err)
	}
	return tell(thing), false
}

// TestMadeWithKey: mailings, people and imports come on disk with the keys of their
// requests in one commit, so that a crash at any moment leaves both or neither.
func TestMadeWithKey(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		var commits []string
		opt := Options{Snapshot: withRate(70), page: 7}
		w := start(t, t.TempDir(), opt, func(w *world) {
			w.commit = func(b *store.Batch) error {
				if len(b.Idempotency) > 0 {
					commits = append(commits, fmt.Sprint(len(b.People), len(b.Idempotency)))
				}
				return w.store.Commit(b)
			}
		})
		const many = 60
		of := w.people(many)
		requests := map[string]func() (string, bool){
			"mailing": func() (string, bool) {
				mailing := &Mailing{Account: "acme", Common: *w.untold("", "hello"), To: []MailTo{{To: "group:all"}}}
				return made(t, w, "mailing", func(key *Answering[MailingJob]) (MailingJob, error) { return w.Mail(t.Context(), "acme", mailing, key) },
					func(j MailingJob) string { return fmt.Sprint(j.ID, j.State) })
			},
			"contact": func() (string, bool) {
				nameless := func(c *directory.Contact) error { c.Pager = "+46100999999"; return nil }
				return made(t, w, "contact", func(key *Answering[*Contact]) (*Contact, error) {
					return w.PutContact(t.Context(), of, 0, 0, nameless, key)
				},
					func(c *Contact) string { return fmt.Sprint(c.ID, c.Revision) })
			},
			"import": func() (string, bool) {
				lines := []func(*directory.Contact){func(c *directory.Contact) { c.Name = "Doris" }, func(c *directory.Contact) { c.Mobile = "number" }}
				return made(t, w, "import", func(key *Answering[[]Imported]) ([]Imported, error) {
					return w.ImportContacts(t.Context(), &ContactImport{PeopleOf: of}, lines, key)
				}, func(done []Imported) string { return fmt.Sprint(done[0].ID, done[0].Result, done[1].Result) })
			},
		}
		answers := map[string]string{}
		for name, ask := range requests {
			again := false
			if answers[name], again = ask(); again {
				t.Errorf("the first %s is answered as a repetition", name)
			}
		}
		if fmt.Sprint(commits) != "[1 1 1 1 1 1]" {
			t.Errorf("things and keys came on disk as %v", commits)
		}
		w = crash(t, w, opt)
		for name, ask := range requests {
			if answer, again := ask(); !again || answer != answers[name] {
				t.Errorf("%s was answered with %q, and after a crash with %q, repeated %v", name, answers[name], answer, again)
			}
		}
		for n := -1; n != len(w.mailed()); time.Sleep(10 * time.Second) {
			n = len(w.mailed())
		}
		for number, n := range w.mailed() {
			if n != 1 {
				t.Errorf("%s got %d", number, n)
			}
		}
		if n := len(w.mailed()); n != many || len(w.underWay.claims) != 0 {
			t.Errorf("%d phones, %d claims are left", n, len(w.underWay.claims))
		}
	})
}

// TestActWithKey: while an act runs its request is answered again from memory, and
// from the disk when it has ended; one that a crash cut short is begun anew.
func TestActWithKey(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		opt := Options{page: 3}
		w := start(t, t.TempDir(), opt, func(w *world) {
			w.commit = func(b *store.Batch) error {
				time.Sleep(10 * time.Millisecond) // so that the act takes a while
				return w.store.Commit(b)
			}
		})
		for range 20 {
			w.submit(w.untold("46100001", "hello"))
		}
		act := func() (string, bool) {
			return made(t, w, "act", func(key *Answering[ActJob]) (ActJob, error) {
				return w.Act("acme", ActRequest{Act: ActPause, Filter: QueueFilter{Account: "acme"}}, key)
			}, func(j ActJob) string { return j.ID.String() })
		}
		first, _ := act()
		if again, repeated := act(); again != first || !repeated {
			t.Errorf("while it runs %q is answered with %q", first, again)
		}
		w = crash(t, w, opt)
		if _, err := w.store.Idempotent(t.Context(), "acme", "act", time.Now().UnixMilli()); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the key of an act that was cut short: %v", err)
		}
		anew, repeated := act()
		if repeated || anew == first {
			t.Error("an act that was cut short is not begun anew")
		}
		time.Sleep(time.Minute)
		if list := w.Acts("acme"); len(list) != 1 || list[0].State != JobDone {
			t.Errorf("%+v", list)
		}
		w = crash(t, w, opt)
		if again, repeated := act(); again != anew || !repeated {
			t.Errorf("after its end %q is answered with %q", anew, again)
		}
	})
}
