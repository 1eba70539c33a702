package gateway

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"kurir/directory"
	"kurir/message"
	"kurir/route"
)

// Schedules and rules that forward mean whoever is in a group when the time has come.
func TestGroupsLater(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w, op := answering(t, t.TempDir(), []InboundRule{{Do: []InboundAction{{Forward: route.Patterns{"group:duty", "contact:nobody"}, Text: "{text}"}}}}, func(w *world) {
			w.Snapshot().Schedules = []Schedule{{Name: "test", Account: "acme", From: "ACME", At: []string{"13:00"}, To: []string{"group:duty", "+46100000004", "contact:nobody"}, Text: "hello"}}
		})
		ctx, of := t.Context(), PeopleOf{Account: "acme", By: "acme"}
		duty, err := w.PutGroup(ctx, of, 0, 0, func(g *directory.Group) error { g.Name = "Duty"; return nil }, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.PutContact(ctx, of, 0, 0, func(c *directory.Contact) error { c.Name, c.Mobile = "Anna", "+46100000002"; return nil }, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := w.ChangeMembers(ctx, of, MembersChange{Group: duty.ID, Add: []string{"contact:anna", "+46100000003", "+" + answerPhone}}); err != nil {
			t.Fatal(err)
		}
		phoneWrites(t, op, answerPhone, answerOurs, "fire")
		wantTexts(t, op.take(), "46100000002: fire", "46100000003: fire") // not who wrote it
		if _, err := w.ChangeMembers(ctx, of, MembersChange{Group: duty.ID, Remove: []string{"contact:anna", "+" + answerPhone}}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Until(time.Date(2026, 11, 1, 13, 0, 2, 0, time.UTC)))
		synctest.Wait()
		wantTexts(t, op.take(), "46100000003: hello", "46100000004: hello")
	})
}

// Of two who change the same at once one is told; a group that is deleted is empty after a crash in the midst of it.
func TestPeopleChanges(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		opt := Options{}
		w := start(t, t.TempDir(), opt, nil)
		ctx, of := t.Context(), PeopleOf{Account: "acme", By: "root"}
		named := func(name string) func(*directory.Group) error {
			return func(g *directory.Group) error { g.Name = name; return nil }
		}
		group, err := w.PutGroup(ctx, of, 0, 0, named("one"), nil)
		if err != nil {
			t.Fatal(err)
		}
		errs := make(chan error, 2)
		for i := range 2 {
			go func() {
				_, err := w.PutGroup(ctx, of, group.ID, group.Revision, named(fmt.Sprint("changed", i)), nil)
				errs <- err
			}()
		}
		var outdated *PeopleRefusal
		if err := errors.Join(<-errs, <-errs); !errors.As(err, &outdated) || outdated.Reason != PeopleOutdated {
			t.Errorf("both changed it: %v", err)
		}
		if _, err := w.PutGroup(ctx, PeopleOf{Account: "beta"}, group.ID, 0, named("mine"), nil); !errors.Is(err, ErrNotFound) {
			t.Errorf("somebody else's: %v", err)
		}
		for round := range 3 {
			var add []string
			for i := range 2500 {
				add = append(add, fmt.Sprintf("+461%d%07d", round, i))
			}
			if changed, err := w.ChangeMembers(ctx, of, MembersChange{Group: group.ID, Add: slices.Concat(add, add[:9])}); err != nil || changed.Added != 2500 {
				t.Fatalf("%+v %v", changed, err)
			}
		}
		if err := w.DeleteGroup(ctx, of, group.ID, 0); err != nil {
			t.Fatal(err)
		}
		w = crash(t, w, opt)
		time.Sleep(time.Second)
		if ids, err := w.store.GroupsGone(t.Context()); err != nil || len(ids) != 0 {
			t.Errorf("%v %v", ids, err)
		}
		if page, _, err := w.store.MembersAfter(t.Context(), group.ID, -1<<63, 9); err != nil || len(page) != 0 {
			t.Errorf("%v %v", page, err)
		}
		audits, _, err := w.Audits(t.Context(), AuditFilter{Kind: "groups", Limit: 100})
		if err != nil || len(audits) != 6 || audits[0].Action != "delete" || audits[0].Who != "root" || audits[5].Action != "create" {
			t.Errorf("%+v %v", audits, err)
		}
		if next := w.NextAudit(); next <= audits[0].Number {
			t.Errorf("the next number is %d after %d", next, audits[0].Number)
		}
	})
}

// Lines of one import that mean the same contact are one, whatever came before.
func TestImportChunk(t *testing.T) {
	t.Parallel()
	bubble(t, func(t *testing.T) {
		w := start(t, t.TempDir(), Options{}, nil)
		imp := &ContactImport{PeopleOf: PeopleOf{Account: "acme", By: "acme"}, Repeats: RepeatsChange}
		line := func(name, mobile, mail string) func(*directory.Contact) {
			return func(c *directory.Contact) {
				for at, text := range map[*string]string{&c.Name: name, &c.Mobile: mobile, &c.Mail: mail} {
					if text != "" {
						*at = text
					}
				}
			}
		}
		run := func(lines ...func(*directory.Contact)) (results []string, ids []message.ID) {
			t.Helper()
			done, err := w.ImportContacts(t.Context(), imp, lines, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range done {
				results, ids = append(results, d.Result), append(ids, d.ID)
			}
			return results, ids
		}
		results, ids := run(line("A", "+46100000001", "a@x.se"), line("B", "+46100000001", ""), line("C", "", "a@x.se"), line("D", "1", ""), line("", "", "b@x.se"), line("", "", "b@x.se"))
		if want := []string{ImportMade, ImportChanged, ImportChanged, ImportRefused, ImportMade, ImportSame}; !slices.Equal(results, want) {
			t.Errorf("%q, want %q", results, want)
		}
		if ids[0] != ids[1] || ids[1] != ids[2] || ids[4] != ids[5] || ids[0] == ids[4] {
			t.Errorf("ids %v", ids)
		}
		if c, err := w.FindContact(t.Context(), "acme", ids[0].String()); err != nil || c.Name != "C" || c.Mobile != "+46100000001" || c.Mail != "a@x.se" {
			t.Errorf("%+v %v", c, err)
		}
		if results, again := run(line("C", "+46100000001", ""), line("", "+46100000009", "a@x.se")); !slices.Equal(results, []string{ImportSame, ImportMade}) || again[0] != ids[0] {
			t.Errorf("%q %v", results, again)
		}
	})
}
