package web

import "testing"

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
		{[]string{" Anna", "1\r\n2"}, "Anna\n1\n2"},
	} {
		if got := linked(c.to); got != c.want {
			t.Errorf("%q: %q, want %q", c.to, got, c.want)
		}
	}
}
