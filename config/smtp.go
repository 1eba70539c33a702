package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"kurir/account"
	"kurir/api"
	"kurir/gateway"
	"kurir/route"
)

// SMTP is where mails are taken that become messages to phones.
type SMTP struct {
	// Listen is host:port; a port of 0 takes a free one. With tls clients may encrypt (STARTTLS). Empty: it is not served.
	Listen string `yaml:"listen" example:"127.0.0.1:2525"`
	// TLSListen is a second host:port, served with TLS from the first octet on (implicit TLS, port 465). Empty: none.
	TLSListen string `yaml:"tls_listen"`
	// TLS encrypts the interface. Left out: plain, and names and passwords are taken from this machine only.
	TLS TLS `yaml:"tls"`
	// Proxy is the load balancers, as networks (10.0.0.0/8) or single addresses, that begin each connection with a
	// header of the PROXY protocol, version 1 or 2, which names the client. One of theirs without it is closed; others
	// are taken as they are. Empty: none.
	Proxy []string `yaml:"proxy"`
	// Name is by which the server greets. Empty: the first of domains.
	Name string `yaml:"name" example:"sms.example.se"`
	// Domains are those of the addresses that stand for phones: 070123456@sms.example.se. Mail to others is refused.
	Domains []string `yaml:"domains" example:"[sms.example.se]"`
	// MaxSize is how many octets a mail may have, attachments and all. 0: 10 MiB.
	MaxSize int `yaml:"max_size" example:"10485760"`
	// MaxRecipients is how many recipients a mail may have, at most 1000. 0: 100.
	MaxRecipients int `yaml:"max_recipients" example:"100"`
	// Connections is how many connections are served at a time. 0: 1000, or limits: {connections} where that is less.
	Connections int `yaml:"connections" example:"1000"`
	// ConnectionsPerAddress is how many of them may come from one address; those of proxy are not counted. 0: 100.
	ConnectionsPerAddress int `yaml:"connections_per_address" example:"100"`
	// Timeout is how long a client may take for a command, and for a whole mail, 1s to 30m. 0: 5m.
	Timeout time.Duration `yaml:"timeout" example:"5m"`
}

// Listener is where it is served.
func (s *SMTP) Listener() Listener {
	return Listener{Listen: s.Listen, TLSListen: s.TLSListen, TLS: s.TLS, Proxy: s.Proxy}
}

// Takes tells whether addresses of a domain stand for phones.
func (s *SMTP) Takes(domain string) bool {
	return slices.ContainsFunc(s.Domains, func(own string) bool { return strings.EqualFold(own, domain) })
}

// mostMailRecipients bounds max_recipients: one mail is one request, and a request has so many messages at most.
const mostMailRecipients = 1000

// checkSMTP reports what is wrong with how mails are taken.
func (d *decoder) checkSMTP(f *File) {
	s := &f.SMTP
	d.checkListener("smtp", s.Listener())
	if s.Listen != "" && len(s.Domains) == 0 {
		d.report("smtp.domains", "is missing: no mail would be taken; such as [sms.example.se]")
	}
	for i, domain := range s.Domains {
		field := fmt.Sprintf("smtp.domains[%d]", i)
		switch {
		case domainProblem(domain) != "":
			d.report(field, quote(domain)+domainProblem(domain))
		case slices.ContainsFunc(s.Domains[:i], func(before string) bool { return strings.EqualFold(before, domain) }):
			d.report(field, quote(domain)+" is named twice")
		}
	}
	if s.Name != "" && domainProblem(s.Name) != "" {
		d.report("smtp.name", quote(s.Name)+domainProblem(s.Name))
	}
	for field, n := range map[string]int{
		"max_size": s.MaxSize, "max_recipients": s.MaxRecipients, "connections": s.Connections, "connections_per_address": s.ConnectionsPerAddress,
	} {
		if n < 0 {
			d.report("smtp."+field, "is less than 0")
		}
	}
	if s.MaxRecipients > mostMailRecipients {
		d.report("smtp.max_recipients", fmt.Sprintf("is more than %d", mostMailRecipients))
	}
	if s.Timeout != 0 && (s.Timeout < time.Second || s.Timeout > 30*time.Minute) {
		d.report("smtp.timeout", "is not between 1s and 30m")
	}
}

// checkMailOf reports what is wrong with how an account's mails become messages, at each domain.
func (d *decoder) checkMailOf(f *File, a *account.Account, path string) {
	m := &a.Mail
	if m.Domain != "" && !f.SMTP.Takes(m.Domain) {
		d.report(path+".domain", quote(m.Domain)+" is none of smtp: {domains}"+known(f.SMTP.Domains))
	}
	d.checkMailText(m, path)
	d.checkMailSender(f, a, m, path)
	for i := range m.Domains {
		entry := &m.Domains[i]
		name, at := entry.Domain, fmt.Sprintf("%s.domains[%d]", path, i)
		if !f.SMTP.Takes(name) {
			d.report(at+".domain", quote(name)+" is none of smtp: {domains}"+known(f.SMTP.Domains))
			continue
		}
		twice := slices.ContainsFunc(m.Domains[:i], func(before account.MailDomain) bool { return strings.EqualFold(before.Domain, name) })
		if twice {
			continue // said by the account
		}
		terms := m.At(name)
		if entry.Text != "" {
			d.checkMailText(terms, at)
		}
		if entry.Sender != "" || entry.AuthorSender != "" || entry.Dialog { // else what was said above
			d.checkMailSender(f, a, terms, at)
		}
	}
}

// checkMailText reports a rule for texts that there is not.
func (d *decoder) checkMailText(m *account.Mail, path string) {
	rule := api.MailRule(m)
	if err := rule.Check(); err != nil {
		d.report(path+".text", err.Error())
	}
}

// checkMailSender reports a sender that cannot be or that the account may not have.
func (d *decoder) checkMailSender(f *File, a *account.Account, m *account.Mail, path string) {
	if m.AuthorSender == account.AuthorNumber && (f.Mail == nil || f.Mail.Aliases == "") {
		d.report(path+".author_sender", "number needs mail: {aliases}, the file of numbers and the addresses that have them")
	}
	if m.Sender != "" {
		sender, err := route.Sender(m.Sender, cmp.Or(a.Country, f.Country))
		switch {
		case err != nil:
			d.report(path+".sender", err.Error())
		case !a.MaySend(sender):
			d.report(path+".sender", quote(m.Sender)+" is none of the senders of the account")
		}
	}
	number := cmp.Or(m.Sender, a.Sender)
	has := func(r gateway.ReplyRule) bool {
		sender, err := route.Sender(number, cmp.Or(a.Country, f.Country))
		return err == nil && r.Digits > 0 && strings.TrimPrefix(r.Number, "+") == sender.Number
	}
	if m.Dialog && !slices.ContainsFunc(f.Replies, has) {
		d.report(path+".dialog", "needs a sender, here "+quote(number)+", that is a number under replies, with digits")
	}
}

// domainProblem says what is wrong with the name of a host or domain; empty: nothing.
func domainProblem(name string) string {
	for _, label := range strings.Split(name, ".") {
		bad := label == "" || len(label) > 63 || strings.ContainsFunc(label, func(r rune) bool {
			return r != '-' && r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
		})
		if bad || len(name) > 253 {
			return " is no domain such as sms.example.se"
		}
	}
	return ""
}
