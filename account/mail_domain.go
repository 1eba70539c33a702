package account

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// MailDomain is what holds for mails to one of the domains of smtp, in place of what the account's mail says. What is left out is as
// there; of sender, author_sender and dialog, and of how the text is made, either all count that stand here, or all that stand there.
type MailDomain struct {
	// Domain is the one of the addresses written to.
	Domain string `yaml:"domain" example:"sms.example.se"`
	// Authors are the addresses that may write there. Empty: as above.
	Authors []string `yaml:"authors"`
	// PerMinute is how many messages an author may write there in a minute, PerDay in a day; they are counted apart from
	// others. 0 both: as above, and counted with them.
	PerMinute int `yaml:"per_minute" example:"30"`
	// PerDay is how many in a day.
	PerDay int `yaml:"per_day" example:"1000"`
	// Sender of the messages. Empty, with author_sender and dialog: as above.
	Sender string `yaml:"sender" example:"IT"`
	// AuthorSender is mobile or number, as above.
	AuthorSender string `yaml:"author_sender"`
	// Dialog is as above.
	Dialog bool `yaml:"dialog"`
	// Text is what of a mail is sent: subject-first, body, subject or template. Empty: as above, with all that follows but max_parts.
	Text string `yaml:"text" example:"body"`
	// Template is the text where text is template.
	Template string `yaml:"template"`
	// KeepSignature is as above.
	KeepSignature bool `yaml:"keep_signature"`
	// KeepQuoted is as above.
	KeepQuoted bool `yaml:"keep_quoted"`
	// KeepDisclaimers is as above.
	KeepDisclaimers bool `yaml:"keep_disclaimers"`
	// Disclaimers are as above.
	Disclaimers []string `yaml:"disclaimers"`
	// ListAttachments is as above.
	ListAttachments bool `yaml:"list_attachments"`
	// MaxParts is how many parts a mail may have. 0: as above.
	MaxParts int `yaml:"max_parts"`
}

// What AuthorSender may say.
const (
	AuthorMobile = "mobile"
	AuthorNumber = "number"
)

// At gives what holds for mails to a domain.
func (m *Mail) At(domain string) *Mail {
	i := slices.IndexFunc(m.Domains, func(d MailDomain) bool { return strings.EqualFold(d.Domain, domain) })
	if i < 0 {
		if len(m.Domains) == 0 {
			return m
		}
		c := *m
		c.Domains = nil
		return &c
	}
	d, c := &m.Domains[i], *m
	c.Domains, c.at = nil, strings.ToLower(d.Domain)
	if len(d.Authors) > 0 {
		c.Authors = d.Authors
	}
	if d.PerMinute > 0 || d.PerDay > 0 {
		c.PerMinute, c.PerDay, c.counts = d.PerMinute, d.PerDay, c.at
	}
	if d.Sender != "" || d.AuthorSender != "" || d.Dialog {
		c.Sender, c.AuthorSender, c.Dialog = d.Sender, d.AuthorSender, d.Dialog
	}
	if d.Text != "" {
		c.Text, c.Template, c.Disclaimers, c.ListAttachments = d.Text, d.Template, d.Disclaimers, d.ListAttachments
		c.KeepSignature, c.KeepQuoted, c.KeepDisclaimers = d.KeepSignature, d.KeepQuoted, d.KeepDisclaimers
	}
	c.MaxParts = cmp.Or(d.MaxParts, c.MaxParts)
	return &c
}

// Entry names the entry of domains that holds where m is of At; empty for none.
func (m *Mail) Entry() string { return m.at }

// Counts names the entry of domains by which authors are counted apart where m is of At; empty for none.
func (m *Mail) Counts() string { return m.counts }

// MayWriteTo tells whether an address may write to a domain for the account.
func (m *Mail) MayWriteTo(author, domain string) bool {
	for i := range m.Domains {
		if d := &m.Domains[i]; strings.EqualFold(d.Domain, domain) && len(d.Authors) > 0 {
			return mayWrite(d.Authors, author)
		}
	}
	return mayWrite(m.Authors, author)
}

func (m *Mail) validateDomains(report func(field, problem string)) {
	for i := range m.Domains {
		d := &m.Domains[i]
		within := func(field, problem string) { report(fmt.Sprintf("domains[%d].%s", i, field), problem) }
		same := func(o MailDomain) bool { return strings.EqualFold(o.Domain, d.Domain) }
		switch {
		case slices.ContainsFunc(m.Domains[:i], same):
			within("domain", fmt.Sprintf("%.80q stands twice", d.Domain))
		case !m.TakesMailTo(d.Domain):
			within("domain", fmt.Sprintf("%.80q is not the domain of the account, which is written to at %.80q alone", d.Domain, m.Domain))
		}
		d.validate(within)
	}
}

func (d *MailDomain) validate(report func(field, problem string)) {
	validateAuthors(d.Authors, report)
	for field, n := range map[string]int{"per_minute": d.PerMinute, "per_day": d.PerDay, "max_parts": d.MaxParts} {
		if n < 0 {
			report(field, "is less than 0; leave it out for no limit")
		}
	}
	validateAuthorSender(d.AuthorSender, d.Dialog, report)
	if d.Text == "" && (d.Template != "" || d.KeepSignature || d.KeepQuoted || d.KeepDisclaimers || len(d.Disclaimers) > 0 || d.ListAttachments) {
		report("text", "is missing: how the text is made is said whole, such as text: subject-first, or not at all")
	}
}

func validateAuthorSender(what string, dialog bool, report func(field, problem string)) {
	switch {
	case what != "" && what != AuthorMobile && what != AuthorNumber:
		report("author_sender", fmt.Sprintf("%.40q is neither %s nor %s", what, AuthorMobile, AuthorNumber))
	case what != "" && dialog:
		report("dialog", "is for one number, and author_sender gives each author his own; give one of them")
	}
}
