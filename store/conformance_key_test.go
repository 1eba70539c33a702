package store_test

import (
	"bytes"
	"cmp"
	"fmt"
	"testing"

	"kurir/store"
)

// testSecretKey: everything that was made over REST is written anew together with the fingerprint of the key that it is encrypted with.
func testSecretKey(t *testing.T, open opener) {
	ctx := t.Context()
	place := t.TempDir()
	s := open(t, place, store.Retention{})
	made := func(name, body string) store.Resource {
		return store.Resource{Kind: "connectors", Name: name, Position: 1, Body: []byte(body), Revision: 1, ChangedAt: 2, ChangedBy: "root"}
	}
	audit := func(n int64, action string) store.Audit {
		return store.Audit{Number: n, At: n, Who: "kurir", Kind: "secrets", Name: "key", Action: action}
	}
	key := func(s *store.Store, want string) {
		t.Helper()
		if got, err := s.SecretKey(ctx); err != nil || got != want {
			t.Errorf("the key is %q, %v; want %q", got, err, want)
		}
	}
	key(s, "")
	commit(t, s, &store.Batch{Resources: []store.ResourceChange{{Audit: audit(1, "create"), Put: []store.Resource{made("a", `{"password":"x"}`), made("gone", `{}`)}}}})
	key(s, "")
	all := []store.Resource{made("a", `{"password":"y"}`), made("b", `{}`)}
	commit(t, s, &store.Batch{Rekey: &store.Rekey{Audit: audit(2, "encrypt"), Key: "0123456789abcdef", All: all}})
	check := func(s *store.Store, want string, number int64) {
		t.Helper()
		key(s, want)
		list, last, err := s.Resources(ctx)
		if err != nil || last != number {
			t.Errorf("last %d, %v", last, err)
		}
		diff(t, "resources", all, list)
		audits, _, err := s.Audits(ctx, store.AuditFilter{Kind: "secrets", Limit: 1})
		if err != nil {
			t.Fatal(err)
		}
		diff(t, "audit", []store.Audit{audit(number, "encrypt")}, audits)
	}
	check(s, "0123456789abcdef", 2)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, place, store.Retention{})
	check(s, "0123456789abcdef", 2)
	if err := s.KeepOlderOut(ctx); err != nil {
		t.Error(err)
	}
	all = nil
	commit(t, s, &store.Batch{Rekey: &store.Rekey{Audit: audit(3, "encrypt"), Key: "fedcba9876543210"}})
	check(s, "fedcba9876543210", 3)
}

// testAuditOf: changes are found by whose they are, together with what else narrows a list, from either end.
func testAuditOf(t *testing.T, open opener) {
	ctx := t.Context()
	s := open(t, t.TempDir(), store.Retention{})
	for n, accounts := range [][]string{1: {"a"}, 2: {"b"}, 3: {"a", "b"}, 4: nil, 5: {"c"}, 6: {"a"}} {
		if n > 0 {
			a := store.Audit{Number: int64(n), Who: "root", Kind: "users", Name: "anna", Action: "change", Accounts: accounts}
			commit(t, s, &store.Batch{People: []*store.PeopleChange{{Audits: []store.Audit{a}}}})
		}
	}
	many := []string{"a"} // so many that they are not looked through one by one
	for i := range 99 {
		many = append(many, fmt.Sprint("c", max(i-1, 0)), "c")
	}
	for _, one := range []struct {
		filter store.AuditFilter
		want   []int64
	}{
		{store.AuditFilter{}, []int64{6, 5, 4, 3, 2, 1}},
		{store.AuditFilter{Accounts: []string{}}, nil},
		{store.AuditFilter{Accounts: []string{"a"}}, []int64{6, 3, 1}},
		{store.AuditFilter{Accounts: []string{"a", "b", "d"}}, []int64{6, 3, 2, 1}},
		{store.AuditFilter{Accounts: []string{"a", "b"}, After: 3}, []int64{2, 1}},
		{store.AuditFilter{Accounts: []string{"a", "c"}, After: 1, Oldest: true, Kind: "users", Name: "anna", Who: "root"}, []int64{3, 5, 6}},
		{store.AuditFilter{Accounts: []string{"a"}, Who: "nobody"}, nil},
		{store.AuditFilter{Accounts: []string{"a", "b"}, Limit: 2}, []int64{6, 3}},
		{store.AuditFilter{Accounts: []string{"b", "a", "c"}, Limit: 3, Oldest: true, Kind: "users"}, []int64{1, 2, 3}},
		{store.AuditFilter{Accounts: many, After: 6, Limit: 2}, []int64{5, 3}},
		{store.AuditFilter{Accounts: many, Who: "root", Oldest: true}, []int64{1, 3, 5, 6}},
	} {
		one.filter.Limit = cmp.Or(one.filter.Limit, 10)
		list, _, err := s.Audits(ctx, one.filter)
		if err != nil {
			t.Fatal(err)
		}
		var got []int64
		for i := range list {
			got = append(got, list[i].Number)
		}
		diff(t, "changes", one.want, got)
	}
}

// testAuditOfSuccessor: an account whose name another had before finds nothing that is older than itself; one of which nothing is said
// finds all.
func testAuditOfSuccessor(t *testing.T, open opener) {
	ctx := t.Context()
	s := open(t, t.TempDir(), store.Retention{})
	ofA, ofB := [...][]int64{1: {1}, 2: nil, 3: {3}, 4: {3, 4}, 5: {3, 4, 5}, 6: {3, 4, 5, 6}, 7: nil, 8: {8}}, []int64{11, 12, 13, 14, 15, 16, 17, 18}
	for n, one := range []struct{ kind, name, action string }{
		1: {"users", "of-first", "create"}, 2: {"accounts", "a", "delete"}, 3: {"accounts", "a", "create"}, 4: {"users", "of-second", "create"},
		5: {"accounts", "a", "patch"}, 6: {"groups", "a", "create"}, 7: {"accounts", "a", "delete"}, 8: {"users", "of-third", "create"},
	} {
		if n > 0 {
			audit := store.Audit{Number: int64(n), Who: "root", Kind: one.kind, Name: one.name, Action: one.action, Accounts: []string{"a"}}
			other := store.Audit{Number: int64(10 + n), Kind: "users", Name: "bo", Accounts: []string{"b"}}
			commit(t, s, &store.Batch{People: []*store.PeopleChange{{Audits: []store.Audit{audit, other}}}})
		}
		if gone, err := s.LastDeleted(ctx, "accounts", "a"); err != nil || gone != (n == 2 || n > 6) {
			t.Errorf("after %d it is deleted: %v, %v", n, gone, err)
		}
		for account, want := range map[string][]int64{"a": ofA[n], "b": ofB[:n]} {
			list, _, err := s.Audits(ctx, store.AuditFilter{Accounts: []string{account}, Oldest: true, Limit: 20})
			if err != nil {
				t.Fatal(err)
			}
			var got []int64
			for i := range list {
				got = append(got, list[i].Number)
			}
			diff(t, fmt.Sprint(account, " after ", n), append([]int64(nil), want...), got)
		}
	}
}

// testMailKey: the key of answers by mail is made once, and is the same after a restart.
func testMailKey(t *testing.T, open opener) {
	place := t.TempDir()
	s := open(t, place, store.Retention{})
	key, err := s.MailKey(t.Context())
	if err != nil || len(key) != 16 || bytes.Equal(key, make([]byte, 16)) {
		t.Fatalf("the key has %d octets, %v", len(key), err)
	}
	if again, err := s.MailKey(t.Context()); err != nil || !bytes.Equal(again, key) {
		t.Errorf("another key, %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if again, err := open(t, place, store.Retention{}).MailKey(t.Context()); err != nil || !bytes.Equal(again, key) {
		t.Errorf("another key after a restart, %v", err)
	}
}
