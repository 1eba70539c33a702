package alarm

import (
	"strings"
	"testing"
	"time"
)

// Each sentence is filled with its values, kept and read again.
func TestSaid(t *testing.T) {
	t.Parallel()
	for key, text := range Sentences() {
		said := Say(key, "a", 2, time.Unix(0, 0), "d")
		if n := strings.Count(text, "{"); n > mostValues || n != len(names(key)) {
			t.Errorf("%s has %d values", key, n)
		}
		if back := DecodeSaid(said.Encode()); back.String() != said.String() || back.Key != key {
			t.Errorf("%s: %q was kept, %q came back", key, said, back)
		}
		if strings.ContainsAny(said.String(), "{}") {
			t.Errorf("%s: %s", key, said)
		}
	}
	if said := Say("link_down", "op1", time.Unix(1_800_000_000, 0), 3).String(); said != "the link op1 has been down since 2027-01-15T08:00:00Z; messages that wait for it: 3" {
		t.Error(said)
	}
	if said := Say("link_down", "{since}", "x", 3).String(); said != "the link {since} has been down since x; messages that wait for it: 3" {
		t.Errorf("a value is taken for a name: %s", said)
	}
	if said := Plain("as it is"); said.String() != "as it is" || said.Encode() != "" || said.Named() != nil {
		t.Errorf("%+v", said)
	}
	for _, text := range []string{"", "x", `{"key":"later","values":{"a":"b"}}`, `{"key":"balance","values":{"account":"a"}}`} {
		if said := DecodeSaid(text); said != (Said{}) {
			t.Errorf("%s was read as %+v", text, said)
		}
	}
	if filled := Fill("{a} {b} {", map[string]string{"a": "1"}); filled != "1 {b} {" {
		t.Errorf("what has no value is lost: %s", filled)
	}
}
