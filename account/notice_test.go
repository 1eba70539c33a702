package account

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// A notice is shown from its start to its end, to the users of its accounts and those below, the most urgent first.
func TestNotices(t *testing.T) {
	t.Parallel()
	d := NewDirectory([]Account{{Name: "group"}, {Name: "acme", Parent: "group"}, {Name: "other"}}, nil)
	d.AddNotices([]Notice{
		{Name: "all", Text: "Hello", Texts: map[string]string{"sv": "Hej"}},
		{Name: "group", Text: "Late", Kind: "warning", Accounts: []string{"group"}, Start: "2027-01-31", End: "2027-01-31"},
		{Name: "down", Text: "Down", Kind: "problem", Start: "2027-01-31T12:00:00+01:00", End: "2027-01-31T13:00:00Z"},
	})
	for _, want := range []struct{ account, at, names string }{
		{"acme", "2027-01-30T23:59:59Z", "all"},
		{"acme", "2027-01-31T00:00:00Z", "group all"},
		{"group", "2027-01-31T11:00:00Z", "down group all"},
		{"other", "2027-01-31T12:59:59Z", "down all"},
		{"", "2027-01-31T12:00:00Z", "down all"},
		{"acme", "2027-02-01T00:00:00Z", "all"},
	} {
		at, _ := time.Parse(time.RFC3339, want.at)
		var names []string
		for _, n := range d.Notices(d.ByName(want.account), at) {
			names = append(names, n.Name)
		}
		if got := strings.Join(names, " "); got != want.names {
			t.Errorf("%q at %s: %s, want %s", want.account, want.at, got, want.names)
		}
	}
	n := d.Notices(nil, time.Date(2027, 2, 1, 0, 0, 0, 0, time.UTC))[0]
	if n.In("sv") != "Hej" || n.In("en") != "Hello" || n.Shown() != "info" {
		t.Errorf("%+v", n)
	}
}

// Every mistake in a notice is said with its field.
func TestNoticeMistakes(t *testing.T) {
	t.Parallel()
	for want, n := range map[string]Notice{
		"":           {Name: "a", Text: "x", Start: "2027-01-31", End: "2027-01-31"},
		"name text":  {},
		"texts kind": {Name: "a", Text: "x", Texts: map[string]string{"de": "x"}, Kind: "error"},
		"start end":  {Name: "a", Text: "x", Start: "soon", End: "later"},
		"end":        {Name: "a", Text: "x", Start: "2027-01-31T12:00:00Z", End: "2027-01-31T12:00:00Z"},
		"text":       {Name: "a", Text: strings.Repeat("å", maxNotice+1)},
	} {
		var fields []string
		n.Validate(func(field, _ string) { fields = append(fields, field) })
		if got := strings.Join(slices.Compact(fields), " "); got != want {
			t.Errorf("%+v: %s, want %s", n, got, want)
		}
	}
}
