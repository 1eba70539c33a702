package connector

import (
	"testing"

	"kurir/cimd2"
)

// The time stamp of an answer names the message, also where the number beside it is written badly.
func TestCIMD2AnswerNames(t *testing.T) {
	t.Parallel()
	l := NewCIMD2(CIMD2Config{Named: Named{Name: "op"}}, NewShared(), nil)
	request, err := cimd2.New(&cimd2.Submit{Destinations: []string{"46701234567"}, UserData: cimd2.UserData{Data: []byte("x")}})
	if err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]string{
		"021:46701234567\t060:261121212647\t":  stampID("46701234567", "261121212647"),
		"021:46701234567 \t060:261121212647\t": stampID("46701234567", "261121212647"),
		"060:261121212647\t":                   stampID("46701234567", "261121212647"),
		"021:46701234567 \t":                   "",
		"":                                     "",
	} {
		p, err := cimd2.Decode([]byte("\x0253:003\t" + body + "\x03"))
		if err != nil {
			t.Fatal(err)
		}
		if id, f := l.talk.answered(request, p); id != want || f != nil {
			t.Errorf("%q: %q, %v, want %q", body, id, f, want)
		}
	}
}
