package message

import "testing"

// TestSenderAbility has an example of each way to say which senders a link carries.
func TestSenderAbility(t *testing.T) {
	t.Parallel()
	name, number, short := Address{TON: TONAlphanumeric, Number: "ACME"}, Address{TON: TONInternational, NPI: NPIISDN, Number: "46701234567"}, Address{NPI: NPIISDN, Number: "72456"}
	digits := func(n string) Address { return Address{TON: TONInternational, NPI: NPIISDN, Number: n} }
	for _, test := range []struct {
		says    SenderAbility
		carried []Address
		not     []Address
		words   string
	}{
		{SenderAbility{Kinds: []string{"name"}}, []Address{name}, []Address{number, short}, "names"},
		{SenderAbility{Kinds: []string{"international", "other"}}, []Address{number, short}, []Address{name}, "international numbers, short codes"},
		{SenderAbility{Listed: []string{"AC*", "72456"}}, []Address{name, short}, []Address{number, {TON: TONAlphanumeric, Number: "BANK"}}, "AC*, 72456"},
		{SenderAbility{Own: "+46701234567"}, []Address{number}, []Address{name, short, digits("467012345671")}, "+46701234567"},
		{
			SenderAbility{Own: "+46701234567", Extended: 3},
			[]Address{number, digits("467012345671"), digits("46701234567123")},
			[]Address{digits("467012345671234"), digits("46701234568")},
			"+46701234567 with up to 3 digits more",
		},
		{SenderAbility{Listed: []string{"72456"}, Extended: 2}, []Address{short, {NPI: NPIISDN, Number: "7245601"}}, []Address{{NPI: NPIISDN, Number: "72456012"}}, "72456 with up to 2 digits more"},
	} {
		test.says.Validate(func(field, problem string) { t.Errorf("%+v: %s %s", test.says, field, problem) })
		for _, a := range test.carried {
			if !test.says.Carries(a) || test.says.Shown(a) != a {
				t.Errorf("%+v does not carry %s", test.says, a)
			}
		}
		for _, a := range test.not {
			if test.says.Carries(a) {
				t.Errorf("%+v carries %s", test.says, a)
			}
			if own := test.says.Own; own != "" && test.says.Shown(a).String() != own {
				t.Errorf("%+v shows %s as %s", test.says, a, test.says.Shown(a))
			}
		}
		if test.says.String() != test.words {
			t.Errorf("%q, want %q", test.says.String(), test.words)
		}
	}
	if all := (*SenderAbility)(nil); !all.Carries(name) || all.Shown(name) != name {
		t.Error("a link that says nothing does not carry all")
	}
}

// TestAddressRules has an example of each kind of rewriting.
func TestAddressRules(t *testing.T) {
	t.Parallel()
	two := uint8(2)
	home, us := Address{TON: TONInternational, NPI: NPIISDN, Number: "46701234567"}, Address{TON: TONInternational, NPI: NPIISDN, Number: "12025550123"}
	acme := Address{TON: TONAlphanumeric, Number: "ACME"}
	rules := NewAddressRules([]AddressRule{
		{Kind: "name", To: []string{"+1*"}, Replace: "+12025550100"}, // names to a number in a country without names
		{Pattern: "^999(.*)$", Replace: "$1"},
		{Pattern: "^46(7[0-9]+)$", Replace: "0$1", TON: &two},
		{Match: "+47*", Strip: "47", Add: "00"},
		{Kind: "name", Country: Words{"MX", "CA"}, Replace: "+15550100000"}, // likewise, whatever their numbers begin with
		{Match: "ACME", Network: Words{"240*"}, Replace: "Acme SE"},
		{Match: "ACME", Network: Words{"tdc"}, Replace: "Acme DK"},
	})
	networks := func(a Address) Network {
		return map[string]Network{
			"525512345678": {Country: "MX"}, "46731234567": {Country: "SE", Code: "24002", Name: "Tre"}, "4520123456": {Country: "DK", Name: "TDC"},
		}[a.Number]
	}
	number := func(digits string) Address { return Address{TON: TONInternational, NPI: NPIISDN, Number: digits} }
	for _, test := range []struct{ from, to, want Address }{
		{acme, us, Address{TON: TONInternational, NPI: NPIISDN, Number: "12025550100"}},
		{acme, home, acme},
		{Address{TON: TONInternational, NPI: NPIISDN, Number: "99946812345"}, home, Address{TON: TONInternational, NPI: NPIISDN, Number: "46812345"}},
		{home, home, Address{TON: TONNational, NPI: NPIISDN, Number: "0701234567"}},
		{Address{TON: TONInternational, NPI: NPIISDN, Number: "4712345678"}, home, Address{TON: TONInternational, NPI: NPIISDN, Number: "0012345678"}},
		{acme, number("525512345678"), number("15550100000")},
		{acme, number("46731234567"), Address{TON: TONAlphanumeric, Number: "Acme SE"}},
		{acme, number("4520123456"), Address{TON: TONAlphanumeric, Number: "Acme DK"}},
		{acme, number("4915112345678"), acme},
	} {
		if got, _ := rules.Rewrite(test.from, test.to, networks); got != test.want {
			t.Errorf("%s to %s: %+v, want %+v", test.from, test.to, got, test.want)
		}
	}
	if got, _ := rules.Rewrite(acme, number("525512345678"), nil); got != acme {
		t.Errorf("where no network is known ACME becomes %+v", got)
	}
	var fields []string
	ValidateAddressRules("source", []AddressRule{{Pattern: "("}, {Pattern: "x"}, {To: []string{"4*6"}}, {Network: Words{"2*0"}}}, func(field, _ string) { fields = append(fields, field) })
	if len(fields) != 4 || fields[3] != "source[3].network" || fields[0] != "source[0].pattern" || fields[1] != "source[1].pattern" || fields[2] != "source[2].to" {
		t.Errorf("mistakes: %v", fields)
	}
}
