package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestClashes: what of the rules for messages from phones has no effect is said with both places.
func TestClashes(t *testing.T) {
	t.Parallel()
	const head = `accounts:
  - {name: acme, password: secret, numbers: ["72456"]}
  - {name: beta, password: secret}
inbound:
`
	tests := []struct {
		name, rules string
		want        string // the warnings, or with "mistake" before, that; empty for none
	}{
		{"apart", `  - {to: "72456", keyword: info, account: acme}
  - {to: "72456", keyword: [help, informer], account: beta}
  - {to: "72457", keyword: info, account: beta}
  - {account: beta}`, ""},
		{"the first has more conditions", `  - {keyword: info, from: "+46*", account: acme}
  - {keyword: info, when: sat, account: acme}
  - {keyword: info, text: x, account: acme}
  - {keyword: info, account: acme}`, ""},
		{"all before", `  - {account: acme}
  - {to: "72456", keyword: info, account: acme}`, "kurir.yaml:6:5: inbound[1]: can never match, for inbound[0] (line 5) comes first and takes it all"},
		{
			"a wider number and the beginning of a word", `  - {to: "+4673*", keyword: "in*", account: acme}
  - {to: ["+46731", "+467312*"], keyword: ["INFO", "ín"], from: "+46*", when: sat, account: acme}`,
			"kurir.yaml:6:5: inbound[1]: can never match, for inbound[0] (line 5) comes first and takes it all",
		},
		{"international only", `  - {to: "+46731", account: acme}
  - {to: "46731", account: acme}`, ""},
		{"taken by two together", `  - {keyword: info, account: acme}
  - {keyword: help, account: acme}
  - {keyword: [help, info], account: acme}`, "kurir.yaml:7:5: inbound[2]: can never match, for inbound[0] (line 5) comes first and takes it all"},
		{
			"two accounts, one word", `  - {to: "72456", keyword: [info, stop], do: [{webhook: "http://127.0.0.1/"}]}
  - {to: "72456", keyword: [help, Stop], account: beta}`,
			"kurir.yaml:6:35: inbound[1].keyword[1]: inbound[0] (line 5) comes first: Stop on 72456 is claimed for acme there and for beta here",
		},
		{
			"two accounts, all words", `  - {to: "72456", keyword: "*", account: acme}
  - {to: "72456", keyword: [help], account: beta}`,
			"kurir.yaml:6:5: inbound[1]: can never match, for inbound[0] (line 5) comes first and takes it all; help on 72456 is claimed for acme there and for beta here",
		},
		{
			"the same twice", `  - {to: ["72456", "72457"], keyword: info, account: acme}
  - {to: ["72457", "72456"], keyword: INFO, account: beta}`,
			"mistake kurir.yaml:6:5: inbound[1]: has the same conditions as inbound[0] (line 5), which comes first; INFO on 72457 is claimed for acme there and for beta here",
		},
	}
	for _, tt := range tests {
		f, mistakes := Parse("kurir.yaml", []byte(head+tt.rules+"\n"), os.LookupEnv)
		got := mistakes.Error()
		if f != nil {
			got = f.Warnings.Error()
		} else {
			got = "mistake " + got
		}
		if got != tt.want {
			t.Errorf("%s:\n%s\nwant\n%s", tt.name, got, tt.want)
		}
	}
	// Of thousands of rules it is said quickly enough, and not of all.
	var many strings.Builder
	many.WriteString(head + "  - {account: acme}\n")
	for range 5000 {
		many.WriteString("  - {to: \"72456\", keyword: info, account: acme}\n")
	}
	if _, mistakes := Parse(filepath.Base(t.Name()), []byte(many.String()), os.LookupEnv); len(mistakes) > mostClashes {
		t.Errorf("%d mistakes", len(mistakes))
	}
}
