package web

import (
	"net/http"
	"strings"
	"testing"
)

// TestLinked reads the recipients of links as systems write them, with a plus that became a blank, and as people would.
func TestLinked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		to   []string
		want string
	}{
		{nil, ""},
		{[]string{"+46701234567"}, "+46701234567"},
		{[]string{" 46701234567"}, "+46701234567"},
		{[]string{" 46701234567, 46701234568;0701234569"}, "+46701234567\n+46701234568\n0701234569"},
		{[]string{"0701234567", "group:Night shift", "  ", "Anna Berg"}, "0701234567\ngroup:Night shift\nAnna Berg"},
		{[]string{"0701234567, 0701234568"}, "0701234567\n0701234568"},
		{[]string{" 71120"}, "71120"},
		{[]string{" Anna", "1\r\n2"}, "Anna\n1\n2"},
	} {
		if got := linked(c.to); got != c.want {
			t.Errorf("%q: %q, want %q", c.to, got, c.want)
		}
	}
}

// A placeholder that would be sent as it stands is pointed out, and filled in after a click; kept as a template it is a placeholder.
func TestComposeBare(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "groups"})
	b := s.as("anna")
	a := b.do("/compose/count", "to", "0701234567", "text", "Hi {name}")
	a.wants(t, http.StatusOK, "{name} is sent just as it stands here.", `value="fill"`)
	a = b.do("/compose", "to", "0701234567", "text", "Hi {name}", "act", "fill")
	a.wants(t, http.StatusOK, `name="var.name"`, `name="fill" value="1" checked`)
	if strings.Contains(a.body, "just as it stands") {
		t.Error("it is pointed out though it is filled in")
	}
	a = b.do("/compose/count", "to", "0701234567", "text", "Hi {", "act", "preview")
	if strings.Contains(a.body, "just as it stands") {
		t.Error("a brace is no placeholder")
	}
	a = b.do("/compose", "text", "Hi {name}", "saveas", "Hi", "act", "save")
	a.wants(t, http.StatusOK, `name="var.name"`)
}
