package config

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"kurir/route"
)

// TestRoutesAsWritten reads the conditions of rules and the forms of via, ${env:NAME} within them too.
func TestRoutesAsWritten(t *testing.T) {
	t.Parallel()
	f, mistakes := Parse("x", []byte(`
connectors:
  - {name: op1, kind: smpp, hosts: ["127.0.0.1:2776"], system_id: kurir, password: secret}
  - {name: op2, kind: smpp, hosts: ["127.0.0.1:2777"], system_id: kurir, password: secret}
accounts:
  - {name: acme, password: secret, groups: [gold]}
routes:
  - {to: "+4670?????67", group: gold, interface: [rest, smpp], encoding: gsm7, parts: 3-, text: (?i)code, via: [op1, {link: op2}]}
  - {when: [mon-fri 08:00-17:00, sat], zone: Europe/Stockholm, percent: 10, sticky: recipient, via: op1}
  - {via: [{link: "${env:LINK}", weight: 70}, {link: op2, weight: 30}]}
`), func(name string) (string, bool) { return "op1", name == "LINK" })
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	want := []route.Rule{
		{
			To: route.Patterns{"+4670?????67"}, Group: route.Patterns{"gold"}, Interface: route.Patterns{"rest", "smpp"}, Encoding: route.Patterns{"gsm7"},
			Parts: "3-", Text: "(?i)code", Via: route.Via{{Link: "op1"}, {Link: "op2"}},
		},
		{
			When: route.Patterns{"mon-fri 08:00-17:00", "sat"}, Zone: "Europe/Stockholm", Percent: 10, Sticky: "recipient",
			Via: route.Via{{Link: "op1"}},
		},
		{Via: route.Via{{Link: "op1", Weight: 70}, {Link: "op2", Weight: 30}}},
	}
	if diff := cmp.Diff(want, f.Routes); diff != "" {
		t.Error(diff)
	}
}
