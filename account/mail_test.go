package account

import (
	"net/netip"
	"slices"
	"testing"
)

func TestMailAuthors(t *testing.T) {
	t.Parallel()
	m := Mail{Authors: []string{"*@Example.se", "bo@other.se"}}
	for author, want := range map[string]bool{
		"anna@example.se": true, "ANNA@EXAMPLE.SE": true, "bo@other.se": true, "Bo@Other.SE": true,
		"anna@other.se": false, "anna@sub.example.se": false, "anna@example.se.evil.org": false, "@example.se": false, "": false,
		"example.se": false, "x@y@example.se": true, "anna@notexample.se": false,
	} {
		if got := m.MayWrite(author); got != want {
			t.Errorf("%q: %v", author, got)
		}
	}
	if (&Mail{}).MayWrite("anna@example.se") {
		t.Error("without authors somebody may write")
	}
	if !(&Mail{Authors: []string{"*"}}).MayWrite("anna@example.se") || (&Mail{Authors: []string{"*"}}).MayWrite("") {
		t.Error("* is every author, and nobody is none")
	}
}

func TestByMail(t *testing.T) {
	t.Parallel()
	all := []string{"*"}
	d := NewDirectory([]Account{
		{Name: "wide", Mail: Mail{Authors: all, Networks: []string{"10.0.0.0/8"}}},
		{Name: "narrow", Mail: Mail{Authors: []string{"*@example.se"}, Networks: []string{"10.1.0.0/16"}}},
		{Name: "named", Mail: Mail{Authors: all, Networks: []string{"10.0.0.0/8"}, Domain: "named.example.se"}},
		{Name: "open", Mail: Mail{Authors: []string{"*@open.se"}, Domain: "open.example.se"}},
		{Name: "apart", Addresses: []string{"192.0.2.0/24"}, Mail: Mail{Authors: []string{"*@apart.se"}, Domain: "apart.example.se"}},
		{Name: "none", Mail: Mail{Authors: all}},
	}, nil)
	for _, c := range []struct{ from, author, domain, want string }{
		{"10.2.0.1", "anna@other.se", "sms.example.se", "wide"},
		{"::ffff:10.2.0.1", "anna@other.se", "sms.example.se", "wide"},
		{"10.1.0.1", "anna@example.se", "sms.example.se", "narrow"},
		{"10.1.0.1", "anna@other.se", "sms.example.se", "wide"},
		{"10.1.0.1", "anna@example.se", "Named.example.se", "named"},
		{"192.0.2.1", "anna@example.se", "named.example.se", ""}, // networks bind
		{"198.51.100.1", "anna@open.se", "open.example.se", "open"},
		{"198.51.100.1", "anna@open.se", "sms.example.se", ""},
		{"198.51.100.1", "anna@shut.se", "open.example.se", ""},
		{"198.51.100.1", "anna@apart.se", "apart.example.se", ""}, // so do an account's addresses
		{"192.0.2.1", "anna@apart.se", "apart.example.se", "apart"},
	} {
		got := ""
		if a := d.ByMail(netip.MustParseAddr(c.from), c.author, c.domain); a != nil {
			got = a.Name
		}
		if got != c.want {
			t.Errorf("%s from %s to %s: account %q, not %q", c.author, c.from, c.domain, got, c.want)
		}
	}
}

func TestMailValidate(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		mail  Mail
		field string
	}{
		"good":            {Mail{Authors: []string{"*@example.se", "bo@example.se"}, Networks: []string{"10.0.0.0/8"}, Domain: "sms.example.se"}, ""},
		"nothing":         {Mail{}, ""},
		"no address":      {Mail{Authors: []string{"example.se"}}, "authors[0]"},
		"star within":     {Mail{Authors: []string{"an*@example.se"}}, "authors[0]"},
		"star in domain":  {Mail{Authors: []string{"anna@*.se"}}, "authors[0]"},
		"no network":      {Mail{Authors: []string{"*"}, Networks: []string{"ten"}}, "networks[0]"},
		"nobody":          {Mail{Domain: "sms.example.se"}, "authors"},
		"everybody":       {Mail{Domain: "sms.example.se", Authors: []string{"*"}}, "networks"},
		"less than 0":     {Mail{PerDay: -1}, "per_day"},
		"everybody there": {Mail{Domain: "sms.example.se", Authors: []string{"*"}, Networks: []string{"10.0.0.0/8"}}, ""},
	} {
		var fields []string
		c.mail.validate(func(field, _ string) { fields = append(fields, field) })
		if c.field == "" && fields != nil || c.field != "" && !slices.Equal(fields, []string{c.field}) {
			t.Errorf("%s: reported %q", name, fields)
		}
	}
}

// TestMailAt: at a domain what its entry says counts, and of sender and text all of it or nothing; what it leaves out is the account's.
func TestMailAt(t *testing.T) {
	t.Parallel()
	m := &Mail{
		Authors: []string{"*@example.se"}, PerMinute: 3, PerDay: 9, AuthorSender: AuthorMobile, Text: "template", Template: "{subject}", KeepQuoted: true, MaxParts: 4,
		Domains: []MailDomain{
			{Domain: "a.example.se", Sender: "A", MaxParts: 2},
			{Domain: "b.example.se", Text: "body", PerDay: 5, Authors: []string{"bo@other.se"}},
		},
	}
	if a := m.At("A.example.SE"); a.Sender != "A" || a.AuthorSender != "" || a.Text != "template" || a.MaxParts != 2 || a.Counts() != "" || a.Entry() != "a.example.se" || a.PerMinute != 3 {
		t.Errorf("at a it is %+v", a)
	}
	b := m.At("b.example.se")
	if b.AuthorSender != AuthorMobile || b.Text != "body" || b.Template != "" || b.KeepQuoted || b.MaxParts != 4 || b.Counts() != "b.example.se" || b.PerMinute != 0 || b.PerDay != 5 {
		t.Errorf("at b it is %+v", b)
	}
	if !b.MayWrite("bo@other.se") || b.MayWrite("anna@example.se") || !m.MayWriteTo("bo@other.se", "B.example.se") || m.MayWriteTo("bo@other.se", "a.example.se") ||
		!m.MayWrite("bo@other.se") {
		t.Error("who may write at b is wrong")
	}
	if c := m.At("c.example.se"); c.Entry() != "" || c.Text != "template" || c.MayWrite("bo@other.se") {
		t.Errorf("elsewhere it is %+v", c)
	}
}
