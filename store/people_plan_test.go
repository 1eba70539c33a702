package store

import (
	"strings"
	"testing"
)

// What is done to people while messages wait for the same commit goes by indexes, however many there are.
func TestPeoplePlans(t *testing.T) {
	t.Parallel()
	s, err := Open(t.Context(), Options{Path: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	texts := map[string]string{leaveAll: "group_member_of", dropAll: "group_member_of", groupsAround: "group_member_of"}
	for _, c := range []struct {
		f     PeopleFilter
		index string
	}{
		{PeopleFilter{}, "contact_account"},
		{PeopleFilter{After: 1}, "contact_account"},
		{PeopleFilter{ByName: true, After: 1, Descending: true}, "contact_folded"},
		{PeopleFilter{Mobile: "1"}, "contact_mobile"},
		{PeopleFilter{Mail: "a@b"}, "contact_mail"},
		{PeopleFilter{Named: "a"}, "contact_folded"},
		{PeopleFilter{Search: "a"}, "contact_folded"},
	} {
		c.f.Account = "acme"
		w, order := c.f.page("contact", "a")
		texts["SELECT id, note FROM contact WHERE "+w.text()+" ORDER BY "+order+" LIMIT 9"] = c.index
	}
	for text, index := range texts {
		plan, err := planOf(s, text)
		if err != nil || !strings.Contains(plan, index) || strings.Contains(plan, "SCAN") {
			t.Errorf("%s: %s %v, want %s", text, plan, err, index)
		}
	}
}

func planOf(s *Store, text string) (plan string, err error) {
	err = query(s.conn, "EXPLAIN QUERY PLAN "+text, nil, func(stmt *statement) (bool, error) {
		plan += stmt.ColumnText(3) + "; "
		return true, nil
	})
	return plan, err
}
