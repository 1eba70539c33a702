package message

import "testing"

// TestNearest proposes what a hand meant that wrote a name with a mistake or two.
func TestNearest(t *testing.T) {
	t.Parallel()
	names := []string{"name", "via", "tag", "to", "sender", "senders", "smpp", "smtp"}
	for name, want := range map[string]string{
		"sendres": "senders", "vai": "via", "tga": "tag", "smp": "smpp", "sener": "sender", "Name": "name", "naem": "name",
		"": "", "x": "", "zzzzzz": "", "sendersendersenders": "",
	} {
		if got := Nearest(name, names); got != want {
			t.Errorf("%q is meant to be %q, not %q", name, got, want)
		}
	}
}
