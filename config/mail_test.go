package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestMailbox: numbers of the settings and of the alias file become what addresses of messages hold.
func TestMailbox(t *testing.T) {
	t.Parallel()
	aliases := filepath.Join(t.TempDir(), "aliases")
	if err := os.WriteFile(aliases, []byte("0701234561, info: anna@example.se\n12: bo@example.se\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, mistakes := Parse("kurir.yaml", []byte(`
country: "46"
mail: {server: "127.0.0.1:25", tls: none, from: sms@sms.example.se, domain: sms.example.se, aliases: `+aliases+`, extended: ["073-749 49 49"],
  default: [{number: "0737494950", to: [a@example.se, b@example.se]}, {to: desk@example.se}]}
accounts: [{name: acme, password: secret, mail_to: [anna@example.se]}]
aliases: [{name: "070-123 45 62", to: [own@example.se]}, {name: Sjukhus, to: [ward@example.se]}]
inbound: [{keyword: info, do: [{mail: anna@example.se}, {mail: [bo@example.se, c@example.se]}]}]
`), nil)
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	if f.Mail.Extended[0] != "+46737494949" || f.Mail.Default[0].Number != "+46737494950" {
		t.Errorf("numbers are %v and %s", f.Mail.Extended, f.Mail.Default[0].Number)
	}
	if got := f.MailAliases.Number("46701234561"); !slices.Equal(got, []string{"anna@example.se"}) {
		t.Errorf("the alias leads to %v", got)
	}
	if got := f.OwnAliases.Number("46701234562"); !slices.Equal(got, []string{"own@example.se"}) {
		t.Errorf("our own alias leads to %v", got)
	}
	if got := f.MailAliases.Number("12"); !slices.Equal(got, []string{"bo@example.se"}) {
		t.Errorf("the digits lead to %v", got)
	}
}

// TestMailboxMistakes: each mistake is told with its place, those of the alias file with its lines. Our own domain is
// refused wherever an address stands: a mail there would come back.
func TestMailboxMistakes(t *testing.T) {
	t.Parallel()
	aliases := filepath.Join(t.TempDir(), "aliases")
	if err := os.WriteFile(aliases, []byte("info: anna@example.se\nloop: x@SMS.example.se\nbad\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const accounts = "accounts: [{name: acme, password: secret, mail_to: [anna@example.se, x@sms.example.se, nobody]}]\n"
	for _, c := range []struct{ text, want string }{
		{accounts, "accounts[0].mail_to[0]: needs mail: {server, from}"},
		{"mail: {server: \"h:25\", from: sms@example.se, domain: sms.example.se}\n" + accounts, "accounts[0].mail_to[1]: \"x@sms.example.se\" is in a domain of ours"},
		{"mail: {server: \"h:25\", from: sms@example.se, domain: sms.example.se}\n" + accounts, "accounts[0].mail_to[2]: \"nobody\" is no address"},
		{"mail: {server: h, from: sms@example.se}", "mail.server"},
		{"mail: {server: \"h:25\"}", "mail.from"},
		{"mail: {server: \"h:25\", from: a@b.se, domain: local}", "mail.domain"},
		{"mail: {server: \"h:25\", from: a@b.se, order: [dialog, dialog]}", "mail.order[1]: \"dialog\" stands twice"},
		{"mail: {server: \"h:25\", from: a@b.se, order: [sender]}", "mail.order[0]: \"sender\" is no step"},
		{"mail: {server: \"h:25\", from: a@b.se, addresses: [\"a*@b.se\"]}", "mail.addresses[0]"},
		{"aliases: [{name: \"?\", to: [a@b.se]}]", "aliases[0].name: \"?\" is neither a word nor a number"},
		{"country: \"46\"\naliases: [{name: 0701234561, to: [a@b.se]}, {name: \"+46701234561\", to: [a@b.se]}]", "aliases[1].name: \"+46701234561\" stands there already"},
		{"mail: {server: \"h:25\", from: a@b.se}\naliases: [{name: desk, to: [nobody]}]", "aliases[0].to[0]: \"nobody\" is no address"},
		{"mail: {server: \"h:25\", from: a@b.se}\naliases: [{name: desk}]", "aliases[0].to: is missing"},
		{"mail: {server: \"h:25\", from: a@b.se, domain: sms.example.se}\naliases: [{name: desk, to: [a@b.se, x@sms.example.se]}]", "aliases[0].to[1]: \"x@sms.example.se\" is in a domain of ours"},
		{"mail: {server: \"h:25\", from: a@b.se, default: [{link: op9, to: a@b.se}]}", "mail.default[0].link: no connector"},
		{"mail: {server: \"h:25\", from: a@b.se, default: [{number: x}]}", "mail.default[0].to: is missing"},
		{"mail: {server: \"h:25\", from: a@b.se, aliases: /nowhere/aliases}", "mail.aliases: \"/nowhere/aliases\" cannot be read"},
		{"mail: {aliases: " + aliases + "}", "mail.server: is missing"},
		{"mail: {server: \"h:25\", from: a@b.se, domain: sms.example.se, aliases: " + aliases + "}", aliases + ":2:1: \"x@SMS.example.se\" is in a domain of ours"},
		{"mail: {server: \"h:25\", from: a@b.se, domain: sms.example.se, aliases: " + aliases + "}", aliases + ":3:1: has no colon"},
	} {
		if _, mistakes := Parse("kurir.yaml", []byte(c.text), nil); !strings.Contains(mistakes.Error(), c.want) {
			t.Errorf("%s\ngives %v\nwant %s", c.text, mistakes, c.want)
		}
	}
}

// TestAliasesWithoutEffect: what needs something that is also made over REST is warned of.
func TestAliasesWithoutEffect(t *testing.T) {
	t.Parallel()
	const file = "mail: {server: \"h:25\", from: a@b.se, extended: [\"72456\"]}\n"
	for text, want := range map[string]string{file: "mail.extended: has no effect", file + "aliases: [{name: 12, to: [a@b.se]}]\n": "", "aliases: [{name: 12, to: [a@b.se]}]\n": "aliases: have no effect without mail"} {
		f, mistakes := Parse("kurir.yaml", []byte(text), nil)
		if len(mistakes) > 0 {
			t.Fatal(mistakes)
		}
		if got := f.Warnings.Error(); !strings.Contains(got, want) || want == "" && got != "" {
			t.Errorf("%s\nwarns of %q, want %q", text, got, want)
		}
	}
}

// TestMailToRotas: rota:NAME stands in place of an address in rules, default mailboxes and the alias file, where there is such a rota.
func TestMailToRotas(t *testing.T) {
	t.Parallel()
	aliases := filepath.Join(t.TempDir(), "aliases")
	if err := os.WriteFile(aliases, []byte("alarm: rota:ward, bo@example.se\nfire: rota:nobody\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, mistakes := Parse("x", []byte(`
http: {listen: 127.0.0.1:8080}
accounts:
  - {name: duty, password: secret}
  - {name: other, password: secret2}
rotas:
  - {name: ward, account: duty, else: "+46701234567"}
mail:
  server: "mail:25"
  from: sms@example.se
  aliases: `+aliases+`
  default: [{to: "rota:ward"}, {to: [a@example.se, "rota:day"]}]
inbound:
  - {keyword: a, do: [{mail: "rota:ward"}]}
  - {keyword: b, account: other, do: [{mail: "rota:ward"}]}
`), environment)
	var got []string
	for _, m := range mistakes {
		got = append(got, strings.ReplaceAll(m.Error(), aliases, "aliases"))
	}
	want := []string{
		`aliases:2:1: "nobody" is no rota`,
		`x:12:52: mail.default[1].to[1]: "day" is no rota of any account; known: ward`,
		`x:15:46: inbound[1].do[0].mail: "ward" is no rota of other; there are none`,
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("mistakes are\n%s", strings.Join(got, "\n"))
	}
}

// TestMailCircles: nothing goes by mail to a domain whose mail becomes messages to phones.
func TestMailCircles(t *testing.T) {
	t.Parallel()
	aliases := filepath.Join(t.TempDir(), "aliases")
	if err := os.WriteFile(aliases, []byte("alarm: 0701234567@SMS.example.se\nfire: bo@example.se\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, mistakes := Parse("x", []byte(`
http: {listen: 127.0.0.1:8080}
smtp: {listen: 127.0.0.1:2525, domains: [sms.example.se, text.example.se]}
accounts:
  - {name: duty, password: secret, mail_to: [070123456@text.example.se]}
mail:
  server: "mail:25"
  from: sms@example.se
  domain: answers.example.se
  aliases: `+aliases+`
  addresses: ["*@sms.example.se", "*@example.se"]
  default: [{to: a@answers.example.se}, {to: a@more.sms.example.se}]
inbound:
  - {keyword: a, do: [{mail: group.it@sms.example.se}]}
alarms:
  mail: {server: "mail:25", from: sms@example.se, to: [a@example.se, 070123456@sms.example.se]}
`), environment)
	var got []string
	for _, m := range mistakes {
		text := strings.Replace(m.Error(), aliases, "aliases", 1)
		address, _, ok := strings.Cut(text, " is in a domain of ours")
		if !ok {
			t.Error(text)
		}
		got = append(got, address)
	}
	want := []string{
		`aliases:1:1: "0701234567@SMS.example.se"`,
		`x:11:15: mail.addresses[0]: "*@sms.example.se"`,
		`x:12:18: mail.default[0].to: "a@answers.example.se"`,
		`x:14:30: inbound[0].do[0].mail: "group.it@sms.example.se"`,
		`x:16:70: alarms.mail.to[1]: "070123456@sms.example.se"`,
		`x:5:46: accounts[0].mail_to[0]: "070123456@text.example.se"`,
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("mistakes are %q, want %q", got, want)
	}
}

// TestMailTermsOf: senders of mails have to be the account's, numbers of authors need aliases, dialogs a number under replies; and so at
// each domain, which is one of smtp's.
func TestMailTermsOf(t *testing.T) {
	t.Parallel()
	_, mistakes := Parse("x", []byte(`
http: {listen: 127.0.0.1:8080}
smtp: {listen: 127.0.0.1:2525, domains: [a.example.se, b.example.se]}
replies: [{number: "+46737494949", digits: 2}]
accounts:
  - {name: good, password: secret, sender: "+46737494949", mail: {authors: ["*"], dialog: true, domains: [{domain: b.example.se, sender: "+46737494949"}]}}
  - name: bad
    password: secret2
    senders: ["+4670*"]
    mail:
      authors: ["*"]
      sender: ACME
      author_sender: number
      domains:
        - {domain: c.example.se}
        - {domain: a.example.se, sender: "+46701234567", dialog: true}
        - {domain: A.example.se, author_sender: pager}
        - {domain: b.example.se, text: template, template: "{what}"}
        - {domain: b.example.se, keep_quoted: true}
`), environment)
	var got []string
	for _, m := range mistakes {
		got = append(got, strings.TrimPrefix(m.Error(), "x:"))
	}
	want := []string{
		`12:15: accounts[1].mail.sender: "ACME" is none of the senders of the account`,
		`13:22: accounts[1].mail.author_sender: number needs mail: {aliases}, the file of numbers and the addresses that have them`,
		`15:20: accounts[1].mail.domains[0].domain: "c.example.se" is none of smtp: {domains}; known: a.example.se, b.example.se`,
		`16:66: accounts[1].mail.domains[1].dialog: needs a sender, here "+46701234567", that is a number under replies, with digits`,
		`17:20: accounts[1].mail.domains[2].domain: "A.example.se" stands twice`,
		`17:49: accounts[1].mail.domains[2].author_sender: "pager" is neither mobile nor number`,
		`18:40: accounts[1].mail.domains[3].text: the template has {what}: there are {subject}, {body}, {from} and {name}`,
		`19:11: accounts[1].mail.domains[4].text: is missing: how the text is made is said whole, such as text: subject-first, or not at all`,
		`19:20: accounts[1].mail.domains[4].domain: "b.example.se" stands twice`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("mistakes are\n%s", strings.Join(got, "\n"))
	}
}
