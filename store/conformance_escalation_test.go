package store_test

import (
	"context"
	"testing"
	"time"

	"kurir/message"
	"kurir/store"
)

func escalations(t *testing.T, s *store.Store, f store.EscalationFilter) []store.Escalation {
	t.Helper()
	list, err := s.Escalations(context.Background(), f)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// Escalations come back as they were last written, but for who acknowledged one first; those of a share that is taken over are the
// heir's.
func testEscalations(t *testing.T, open opener) {
	s := open(t, t.TempDir(), store.Retention{})
	first := store.Escalation{ID: 5, Account: "acme", Rota: "ward", Node: 1, Changed: 100, Request: []byte{1, 0}, Body: []byte("{}")}
	second := store.Escalation{ID: 6, Account: "beta", Rota: "ward", Node: 2, Changed: 200, Ended: 200, Body: []byte("[]")}
	commit(t, s, &store.Batch{Escalations: []store.Escalation{first, second}})
	diff(t, "all", []store.Escalation{second, first}, escalations(t, s, store.EscalationFilter{}))
	diff(t, "open", []store.Escalation{first}, escalations(t, s, store.EscalationFilter{Open: true}))
	diff(t, "changed", []store.Escalation{second}, escalations(t, s, store.EscalationFilter{Changed: 101}))
	diff(t, "the newest", []store.Escalation{second}, escalations(t, s, store.EscalationFilter{Limit: 1}))
	diff(t, "an account's", []store.Escalation{first}, escalations(t, s, store.EscalationFilter{Account: "acme", ID: 5}))

	commit(t, s, &store.Batch{EscalationsAcked: []store.Escalation{{ID: 5, Acked: 300, AckedBy: "a", Changed: 300}, {ID: 5, Acked: 400, AckedBy: "b", Changed: 400}, {ID: 6, Acked: 400, AckedBy: "b", Changed: 400}}})
	first.Acked, first.AckedBy, first.Changed = 300, "a", 300
	diff(t, "acknowledged", []store.Escalation{second, first}, escalations(t, s, store.EscalationFilter{}))
	first.Acked, first.AckedBy, first.Changed, first.Body, first.Request = 500, "c", 500, []byte("{1}"), nil
	commit(t, s, &store.Batch{Escalations: []store.Escalation{first}})
	first.Acked, first.AckedBy = 300, "a"
	diff(t, "written again", []store.Escalation{first}, escalations(t, s, store.EscalationFilter{ID: 5}))

	for more := true; more; {
		var err error
		if more, err = s.Inherit(1, 2, 0, 10); err != nil {
			t.Fatal(err)
		}
	}
	first.Node = 2
	diff(t, "taken over", []store.Escalation{first}, escalations(t, s, store.EscalationFilter{ID: 5}))
}

// What ended long ago is kept no more; what is open stays.
func testEscalationRetention(t *testing.T, open opener) {
	s := open(t, t.TempDir(), store.Retention{})
	now := time.Now()
	old := now.Add(-91 * 24 * time.Hour).UnixMilli()
	var rows []store.Escalation
	for i := range 1201 {
		rows = append(rows, store.Escalation{ID: message.ID(i + 1), Ended: old, Body: []byte("{}")})
	}
	rows[0].Ended, rows[1].Ended = 0, now.Add(-24*time.Hour).UnixMilli()
	commit(t, s, &store.Batch{Escalations: rows})
	tidy(t, s)
	list := escalations(t, s, store.EscalationFilter{})
	if len(list) != 2 || list[0].ID != 2 || list[1].ID != 1 {
		t.Errorf("%d are left: %v", len(list), list)
	}
}
