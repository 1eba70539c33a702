package store_test

import (
	"context"
	"errors"
	"testing"

	"kurir/store"
)

// Sessions are bounded per person, end one by one or together, and those that are over go.
func testSessions(t *testing.T, open opener) {
	s := open(t, t.TempDir(), store.Retention{})
	ctx := context.Background()
	limits := store.SessionLimits{Most: 2}
	begin := func(hash, person string, at int64, waits bool) {
		t.Helper()
		w := &store.WebSession{Hash: []byte(hash), Person: person, Mark: []byte{1}, Addr: "192.0.2.1", Agent: "Firefox", Began: at, Seen: at, Waits: waits}
		if err := s.BeginSession(w, limits); err != nil {
			t.Fatal(err)
		}
	}
	hashes := func(person string) (list []string) {
		t.Helper()
		found, err := s.Sessions(ctx, person)
		if err != nil {
			t.Fatal(err)
		}
		for i := range found {
			list = append(list, string(found[i].Hash))
		}
		return list
	}
	begin("a", "anna", 10, false)
	begin("b", "anna", 20, false)
	begin("w", "anna", 25, true)
	begin("o", "olle", 5, false)
	if err := s.TouchSessions(map[string]int64{"a": 30, "b": 15, "gone": 99}); err != nil {
		t.Fatal(err)
	}
	begin("c", "anna", 40, false)
	diff(t, "the last used stay", []string{"c", "a", "w"}, hashes("anna"))
	found, err := s.Session(ctx, []byte("a"))
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "one", &store.WebSession{Hash: []byte("a"), Person: "anna", Mark: []byte{1}, Addr: "192.0.2.1", Agent: "Firefox", Began: 10, Seen: 30}, found)
	if err := s.EndSession("olle", []byte("a")); err != nil { // not his
		t.Fatal(err)
	}
	if err := s.EndSessions("anna", []byte("a")); err != nil {
		t.Fatal(err)
	}
	diff(t, "all others end", []string{"a", "o"}, hashes(""))
	if err := s.EndSession("anna", []byte("a")); err != nil {
		t.Fatal(err)
	}
	begin("v", "anna", 50, true)
	limits = store.SessionLimits{Most: 2, Seen: 6, Waited: 51}
	begin("d", "anna", 60, false)
	diff(t, "those that are over go", []string{"d"}, hashes(""))
	if err := s.EndSessions("anna", nil); err != nil {
		t.Fatal(err)
	}
	if found, err := s.Session(ctx, []byte("d")); err != nil || found != nil {
		t.Errorf("a session that ended: %v, %v", found, err)
	}
}

// A code and a recovery code count once; wrong ones are counted until a right one comes.
func testSecondFactor(t *testing.T, open opener) {
	s := open(t, t.TempDir(), store.Retention{})
	f := store.SecondFactor{Person: "anna", Secret: "s1", Since: 5, Step: 7, Codes: []byte("onetwo")}
	must := func(taken bool, err error, want bool) {
		t.Helper()
		if err != nil || taken != want {
			t.Errorf("taken: %v, %v; want %v", taken, err, want)
		}
	}
	taken, err := s.PutSecondFactor(&f)
	must(taken, err, true)
	taken, err = s.PutSecondFactor(&store.SecondFactor{Person: "anna", Secret: "another"})
	must(taken, err, false)
	taken, err = s.TakeStep("anna", 7)
	must(taken, err, false)
	taken, err = s.TryFactor(&f, 99)
	must(taken, err, true)
	taken, err = s.TryFactor(&f, 100) // which was read before
	must(taken, err, false)
	list, err := s.SecondFactors(context.Background(), "anna")
	f.Failed, f.Tried = 1, 99
	diff(t, "failed", []store.SecondFactor{f}, list)
	if err != nil {
		t.Fatal(err)
	}
	taken, err = s.TakeStep("anna", 8)
	must(taken, err, true)
	taken, err = s.TakeCode("anna", []byte("onetwo"), []byte("two"))
	must(taken, err, true)
	taken, err = s.TakeCode("anna", []byte("onetwo"), []byte("one"))
	must(taken, err, false)
	if err := s.ResealFactor("anna", "s1", "s2"); err != nil {
		t.Fatal(err)
	}
	f.Failed, f.Step, f.Codes, f.Secret = 0, 8, []byte("two"), "s2"
	list, err = s.SecondFactors(context.Background(), "")
	diff(t, "taken", []store.SecondFactor{f}, list)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.BeginSession(&store.WebSession{Hash: []byte("a"), Person: "anna", Mark: []byte{1}}, store.SessionLimits{Most: 2}); err != nil {
		t.Fatal(err)
	}
	if err := s.DropSecondFactor("anna", true); err != nil {
		t.Fatal(err)
	}
	list, err = s.SecondFactors(context.Background(), "")
	sessions, err2 := s.Sessions(context.Background(), "anna")
	if err != nil || err2 != nil || len(list)+len(sessions) != 0 {
		t.Errorf("dropped: %v, %v, %v, %v", list, sessions, err, err2)
	}
}

// A link is good once, and a new one takes the place of the person's others.
func testLinks(t *testing.T, open opener) {
	s := open(t, t.TempDir(), store.Retention{})
	link := func(hash, kind, person string, until int64) *store.SigninLink {
		t.Helper()
		l := &store.SigninLink{Hash: []byte(hash), Kind: kind, Person: person, Mark: []byte{2}, Until: until}
		if err := s.PutLink(l, 10, 2); err != nil {
			t.Fatal(err)
		}
		return l
	}
	link("old", "invite", "eva", 5)
	link("one", "invite", "anna", 100)
	two := link("two", "reset", "anna", 100)
	first, second := link("s1", "setup", "", 100), link("s2", "setup", "", 101)
	if l, err := s.Link(context.Background(), []byte("one")); l != nil || err != nil {
		t.Errorf("the one before: %v, %v", l, err)
	}
	l, err := s.Link(context.Background(), []byte("two"))
	if err != nil {
		t.Fatal(err)
	}
	diff(t, "the link", two, l)
	list, err := s.Links(context.Background())
	if err != nil || len(list) != 3 {
		t.Errorf("links: %v, %v", list, err)
	}
	if err := s.TakeLink(first); err != nil {
		t.Error(err)
	}
	if err := s.TakeLink(second); !errors.Is(err, store.ErrNoLink) {
		t.Errorf("the second of the setup: %v", err)
	}
	if err := s.TakeLink(two); err != nil {
		t.Error(err)
	}
	if err := s.TakeLink(two); !errors.Is(err, store.ErrNoLink) {
		t.Errorf("taken twice: %v", err)
	}
}
