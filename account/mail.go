package account

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"unicode"
)

// Mail is who may write to phones by mail for an account, and how their mails are sent.
type Mail struct {
	// Authors are the addresses that may write: one (anna@example.se), all of a domain (*@example.se), or any (*). It is the
	// address of the envelope (MAIL FROM) that counts. Empty: nobody.
	Authors []string `yaml:"authors" example:"[\"*@example.se\"]"`
	// Networks are those from which authors may write without signing in, as networks (10.0.0.0/8) or single addresses;
	// among several accounts the narrowest counts. Empty: mails to domain come from anywhere.
	Networks []string `yaml:"networks" example:"[10.0.0.0/8]"`
	// Domain is the one of the domains of smtp that is this account's: mails to it need no sign-in, and the account's
	// authors write to no other. Without networks anybody may send such a mail who knows an author's address. Empty: none;
	// authors sign in or come from networks.
	Domain string `yaml:"domain" example:"sms.example.se"`
	// Sender of the messages; senders has to permit it. Empty: that of the account.
	Sender string `yaml:"sender"`
	// AuthorSender is what of the author comes in place of sender, where he has it and senders permits it: mobile, his own mobile, if a
	// contact of the account has his address and a mobile; or number, his number in the file of aliases (aliases of mail), whole or
	// behind a number of ours, by which answers reach his mailbox. Empty: sender is everybody's.
	AuthorSender string `yaml:"author_sender" example:"mobile"`
	// Dialog puts digits behind the sender, a number under replies, by which an answer is tied to the message (docs/replies.md).
	Dialog bool `yaml:"dialog" example:"false"`
	// PerMinute is how many messages to phones an author may write in a minute, PerDay in a day of the account's zone. They
	// are counted by each server for itself, in memory. 0: no limit.
	PerMinute int `yaml:"per_minute" example:"30"`
	// PerDay is how many in a day.
	PerDay int `yaml:"per_day" example:"1000"`
	// Reports is what authors are told of their messages by mail: failures, and what they ask for (DSN); asked, that alone; none,
	// nothing, and states go to the account's webhook. Needs mail: {server}. Empty: failures.
	Reports string `yaml:"reports" example:"failures"`
	// ReceiptHeaders has the headers Disposition-Notification-To and Return-Receipt-To ask for a receipt, as DSN does. It goes to
	// the author, whatever address they name.
	ReceiptHeaders bool `yaml:"receipt_headers" example:"false"`
	// Text is what of a mail is sent: subject-first, the subject and behind it the body; body; subject; or template. Empty:
	// subject-first.
	Text string `yaml:"text" example:"subject-first"`
	// Template is the text where text is template, with {subject}, {body}, {from} and {name}.
	Template string `yaml:"template"`
	// KeepSignature sends what stands below the line of two hyphens, too.
	KeepSignature bool `yaml:"keep_signature" example:"false"`
	// KeepQuoted sends what a mail quotes of others, too.
	KeepQuoted bool `yaml:"keep_quoted" example:"false"`
	// KeepDisclaimers sends what lawyers have servers add, too.
	KeepDisclaimers bool `yaml:"keep_disclaimers" example:"false"`
	// Disclaimers are how your own begin, beside those that are known.
	Disclaimers []string `yaml:"disclaimers"`
	// ListAttachments names attachments at the end of the text. They are never sent.
	ListAttachments bool `yaml:"list_attachments" example:"false"`
	// MaxParts is how many parts one mail may have, where that is less than the account's. 0: the account's.
	MaxParts int `yaml:"max_parts" example:"4"`
	// Domains say otherwise for mails to some of the domains of smtp.
	Domains []MailDomain `yaml:"domains"`

	at     string // the entry of Domains that holds; empty for none
	counts string // and that by which authors are counted
}

// What Mail.Reports may be. Empty is ReportsFailures.
const (
	ReportsFailures = "failures"
	ReportsAsked    = "asked"
	ReportsNone     = "none"
)

// MayWrite tells whether an address may write for the account, be it to one domain alone. Case does not matter.
func (m *Mail) MayWrite(author string) bool {
	if slices.ContainsFunc(m.Domains, func(d MailDomain) bool { return mayWrite(d.Authors, author) }) {
		return true
	}
	return mayWrite(m.Authors, author)
}

func mayWrite(authors []string, author string) bool {
	author = FoldMail(author)
	at := strings.LastIndexByte(author, '@')
	if at < 1 {
		return false
	}
	return slices.ContainsFunc(authors, func(pattern string) bool {
		pattern = FoldMail(pattern)
		return pattern == "*" || pattern == author || strings.HasPrefix(pattern, "*@") && pattern[1:] == author[at:]
	})
}

// TakesMailTo tells whether the account's authors may write to addresses of a domain.
func (m *Mail) TakesMailTo(domain string) bool {
	return m.Domain == "" || strings.EqualFold(m.Domain, domain)
}

// FoldMail writes a mail address as those are compared. That two mailboxes of one domain differ by case alone is allowed
// (RFC 5321 2.4) and nowhere so.
func FoldMail(address string) string { return strings.ToLower(strings.TrimSpace(address)) }

func (m *Mail) validate(report func(field, problem string)) {
	validateAuthors(m.Authors, report)
	validateAddresses("networks", m.Networks, report)
	named := func(d MailDomain) bool { return len(d.Authors) > 0 }
	if len(m.Authors) == 0 && !slices.ContainsFunc(m.Domains, named) && (len(m.Networks) > 0 || m.Domain != "") {
		report("authors", "is missing: nobody may write; \"*\" permits every author")
	}
	if m.Domain != "" && len(m.Networks) == 0 && slices.Contains(m.At(m.Domain).Authors, "*") {
		report("networks", "is missing: with domain and all authors anybody on the net could send; name networks or authors")
	}
	if !slices.Contains([]string{"", ReportsFailures, ReportsAsked, ReportsNone}, m.Reports) {
		report("reports", fmt.Sprintf("%.40q is not known; failures, asked and none are", m.Reports))
	}
	for field, n := range map[string]int{"per_minute": m.PerMinute, "per_day": m.PerDay, "max_parts": m.MaxParts} {
		if n < 0 {
			report(field, "is less than 0; leave it out for no limit")
		}
	}
	validateAuthorSender(m.AuthorSender, m.Dialog, report)
	m.validateDomains(report)
}

func validateAuthors(authors []string, report func(field, problem string)) {
	for i, pattern := range authors {
		at := strings.LastIndexByte(pattern, '@')
		local := pattern[:max(at, 0)]
		if pattern != "*" && (at < 1 || at == len(pattern)-1 || local != "*" && strings.Contains(local, "*") || strings.Contains(pattern[at:], "*") ||
			strings.ContainsFunc(pattern, unicode.IsSpace)) {
			report(fmt.Sprintf("authors[%d]", i), fmt.Sprintf("%.80q is no address such as anna@example.se or *@example.se", pattern))
		}
	}
}

// mailBook finds the account of a mail whose author has not signed in.
type mailBook struct {
	ranges []plainRange // of Networks, the narrow before the wide
	open   []*Account   // with a domain and no networks
}

func (b *mailBook) add(a *Account) {
	networks := networksOf(a.Mail.Networks)
	for _, network := range networks {
		b.ranges = append(b.ranges, plainRange{network, a})
	}
	if len(networks) == 0 && a.Mail.Domain != "" {
		b.open = append(b.open, a)
	}
}

func (b *mailBook) sort() {
	slices.SortStableFunc(b.ranges, func(x, y plainRange) int { return y.network.Bits() - x.network.Bits() })
}

// ByMail gives the account for which an author who has not signed in writes, from an address to a domain: that of the
// narrowest network, an account that has the domain before one that has none; else one that takes mails to the domain from
// anywhere. nil if there is none.
func (s *Directory) ByMail(from netip.Addr, author, domain string) *Account {
	if s == nil {
		return nil
	}
	may := func(a *Account) bool {
		return a.Mail.TakesMailTo(domain) && a.Mail.MayWriteTo(author, domain) && a.MayComeFrom(from)
	}
	var without *Account
	from = from.Unmap().WithZone("")
	for _, r := range s.mail.ranges {
		switch {
		case !r.network.Contains(from) || !may(r.account):
		case r.account.Mail.Domain != "":
			return r.account
		case without == nil:
			without = r.account
		}
	}
	if without != nil {
		return without
	}
	if i := slices.IndexFunc(s.mail.open, may); i >= 0 {
		return s.mail.open[i]
	}
	return nil
}
