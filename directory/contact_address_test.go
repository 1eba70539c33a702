package directory_test

import (
	"fmt"
	"strings"
	"testing"

	"kurir/directory"
)

// A contact has several addresses of a kind, each once, and what is sent goes to the usual one.
func TestContactAddresses(t *testing.T) {
	t.Parallel()
	c := directory.Contact{Name: "Anna", Mobile: "+46701111111", Mail: "a@x.se", Usual: " 46702222222", Addresses: directory.ParseContactAddresses(
		"Mobile: +46 702222222 (at home); mail: anna@y.se\r\nmobile: +46701111111 (work)\n\nmobile:46702222222",
	)}
	if wrong := tidy(func(report func(string, string)) { c.Tidy(asWritten, report) }); wrong != "" {
		t.Error(wrong)
	}
	text := ""
	for _, a := range c.All() {
		text += a.String() + "; "
	}
	if text != "mobile: +46701111111 (work); mail: a@x.se; mobile: +46702222222 (at home); mail: anna@y.se; " || c.Usual != "+46702222222" {
		t.Error(text, c.Usual)
	}
	for usual, want := range map[string]string{
		"": "mobile +46701111111, +46701111111", "mail": "mail a@x.se, +46701111111", "mobile": "mobile +46701111111, +46701111111",
		"anna@y.se": "mail anna@y.se, +46701111111", "+46702222222": "mobile +46702222222, +46702222222",
	} {
		c.Usual = usual
		if kind, address := c.Reach(); fmt.Sprintf("%s %s, %s", kind, address, c.Number()) != want {
			t.Errorf("%q reaches %s %s, %s", usual, kind, address, c.Number())
		}
	}
	alone := directory.Contact{Mail: "a@x.se"}
	if kind, address := alone.Reach(); kind != directory.MailAddress || address != "a@x.se" || alone.Number() != "" {
		t.Error(kind, address)
	}
	if a := directory.ParseContactAddress("mobile: +46 (0)70 1234567"); a.Label != "" || a.Address != "+46 (0)70 1234567" {
		t.Errorf("%+v", a)
	}
	for wrong, c := range map[string]directory.Contact{
		"addresses[0] usual": {Name: "x", Usual: "me", Addresses: []directory.ContactAddress{{Kind: "fax", Address: "+46701111111"}}},
		"addresses[1]":       {Name: "x", Addresses: []directory.ContactAddress{{Kind: "mail", Address: "a@b"}, {Kind: "mail", Address: "a b"}}},
		"addresses[0]":       {Name: "x", Addresses: []directory.ContactAddress{{Kind: "mail", Address: "a@b", Label: strings.Repeat("x", 41)}}},
		"addresses":          {Name: "x", Addresses: numbers(directory.MaxContactAddresses + 1)},
		"usual":              {Name: "x", Mobile: "+46701111111", Usual: "pager"},
	} {
		if got := tidy(func(report func(string, string)) { c.Tidy(asWritten, report) }); got != wrong {
			t.Errorf("%+v: wrong is %q, want %q", c, got, wrong)
		}
	}
}

func numbers(n int) (list []directory.ContactAddress) {
	for i := range n {
		list = append(list, directory.ContactAddress{Kind: directory.MobileAddress, Address: fmt.Sprintf("+467022%05d", i)})
	}
	return list
}

// Cards have all addresses, and those that are read keep them.
func TestCardsOfSeveralAddresses(t *testing.T) {
	t.Parallel()
	c := directory.Contact{Name: "Anna", Mobile: "+46701111111", Mail: "a@x.se", Addresses: directory.ParseContactAddresses("mobile: +46702222222; pager: 72456; mail: b@x.se")}
	card := string(directory.AppendVCard(nil, &c))
	directory.ReadVCards(card, func(_ int, got *directory.Contact, problem string) bool {
		if problem != "" || fmt.Sprint(got.All()) != "[{mobile +46701111111 } {pager 72456 } {mail a@x.se } {mobile +46702222222 } {mail b@x.se }]" {
			t.Errorf("%s: %+v %s", card, got, problem)
		}
		return true
	})
}
