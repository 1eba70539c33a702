package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestClashes: what of the rules for messages from phones has no effect is said with both places.
func TestClashes(t *testing.T) {
	t.Parallel()
	const head = `accounts:
  - {name: acme, password: secret, numbers: ["72456"], webhook: "http://127.0.0.1/"}
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

// TestNoEffect: routes behind one that takes every message, and numbers whose messages wait for sessions that cannot come,
// are told of, and nothing that may have an effect is.
func TestNoEffect(t *testing.T) {
	t.Parallel()
	head := `connectors: [{name: op1, kind: smpp, hosts: ["127.0.0.1:9"], system_id: kurir, password: secret}]
`
	const behind = "kurir.yaml:4:5: routes[1]: can never match, for routes[0] (line 3) comes first and takes every message"
	const waits = "kurir.yaml:3:45: accounts[0].numbers: messages to %s that no rule under inbound takes wait for an SMPP session of the account, and none can come: " +
		"give the account a webhook or a mailbox, the server an address under smpp, or the number a rule; until then they are read by GET /v1/inbound"
	for _, c := range []struct{ name, text, want string }{
		{"behind all", "routes:\n  - {via: [op1]}\n  - {name: late, to: \"46*\", via: [op1]}", behind},
		{"behind a star", "routes:\n  - {to: \"*\", via: [op1]}\n  - {via: [op1]}", behind},
		{"behind a star among others", "routes:\n  - {to: [\"46*\", \"+*\"], via: [op1]}\n  - {via: [op1]}", behind},
		{"behind conditions", `routes:
  - {to: "4*", via: [op1]}
  - {from: "*", via: [op1]}
  - {account: acme, via: [op1]}
  - {group: a, via: [op1]}
  - {country: SE, via: [op1]}
  - {interface: rest, via: [op1]}
  - {tag: a, via: [op1]}
  - {encoding: gsm7, via: [op1]}
  - {when: sat, via: [op1]}
  - {parts: "1", via: [op1]}
  - {text: a, via: [op1]}
  - {percent: 50, via: [op1]}
  - {via: [op1]}
accounts: [{name: acme, password: secret, groups: [a]}]`, ""},
		{"no webhook", "accounts:\n  - {name: acme, password: secret, numbers: [\"72456\", \"+46701234567\"]}", fmt.Sprintf(waits, "72456")},
		{"one is ruled", "accounts:\n  - {name: acme, password: secret, numbers: [\"72456\", \"+46701234567\"]}\n" +
			"inbound: [{to: \"72456\", do: [{reply: hi}]}]", fmt.Sprintf(waits, "46701234567")},
		{"all are ruled", "accounts:\n  - {name: acme, password: secret, numbers: [\"72456\", \"+46701234567\"]}\n" +
			"inbound: [{to: [\"72456\", \"+4670*\"], do: [{reply: hi}]}]", ""},
		{"a webhook", "accounts:\n  - {name: acme, password: secret, numbers: [\"72456\"], webhook: \"http://127.0.0.1/\"}", ""},
		{"sessions", "smpp: {listen: \"127.0.0.1:2775\"}\naccounts:\n  - {name: acme, password: secret, numbers: [\"72456\"]}", ""},
	} {
		f, mistakes := Parse("kurir.yaml", []byte(head+c.text+"\n"), os.LookupEnv)
		if len(mistakes) > 0 {
			t.Errorf("%s: %v", c.name, mistakes)
		} else if got := f.Warnings.Error(); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}
