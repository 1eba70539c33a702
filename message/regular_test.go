package message

import (
	"strings"
	"testing"
)

func TestRegularProblem(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"": "", `(?i)order \d+`: "", "(": "missing closing )", "(?=x)": "invalid or unsupported Perl syntax",
		strings.Repeat("(x|y)*", 166): "", strings.Repeat("(x|y)*", 167): "has 1002 octets; a regular expression may have 1000",
	} {
		if got := RegularProblem(text); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%.20q: %q, want %q", text, got, want)
		}
	}
}
