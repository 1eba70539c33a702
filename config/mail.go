package config

import (
	"fmt"
	"slices"

	"kurir/directory"
	"kurir/gateway"
	"kurir/message"
	"kurir/route"
)

// checkMail reports what is wrong with how accounts write by mail, and with how what phones write reaches mailboxes, and reads the file of aliases.
func (d *decoder) checkMail(f *File, links []string) {
	d.checkAlarmMail(f)
	for i := range f.Accounts {
		d.checkMailOf(f, &f.Accounts[i], fmt.Sprintf("accounts[%d].mail", i))
	}
	m := f.Mail
	if m != nil && !slices.Equal(m.Ours, f.SMTP.Domains) {
		m.Ours = f.SMTP.Domains
	}
	d.checkMailboxes(f)
	d.ownAliases(f)
	if m == nil {
		return
	}
	for i, pattern := range m.Addresses {
		if m.Own(pattern) {
			d.report(fmt.Sprintf("mail.addresses[%d]", i), ownAddress(pattern))
		}
	}
	for i := range m.Extended {
		d.ownNumber(&m.Extended[i], fmt.Sprintf("mail.extended[%d]", i), f.Country)
	}
	for i := range m.Default {
		d.ownNumber(&m.Default[i].Number, fmt.Sprintf("mail.default[%d].number", i), f.Country)
	}
	m.Validate(d.within("mail"))
	for i := range m.Default {
		if name := m.Default[i].Link; name != "" && !slices.Contains(links, name) {
			d.report(fmt.Sprintf("mail.default[%d].link", i), "no connector is named "+quote(name)+known(links))
		}
	}
	switch {
	case m.Aliases == "" && len(f.Aliases) == 0 && len(m.Extended) > 0:
		d.warn("mail.extended", "has no effect without aliases, which say what stands behind the numbers")
	case m.Aliases != "":
		d.readAliases(f)
	}
	if m.Server == "" && (m.Aliases != "" || len(m.Addresses) > 0 || len(m.Default) > 0) {
		d.report("mail.server", "is missing: the host:port of an SMTP server that takes our mail")
	}
}

// checkAlarmMail reports addresses of alarms that are in a domain of ours: a mail there is a message to a phone, which may alarm in turn.
func (d *decoder) checkAlarmMail(f *File) {
	for i, to := range f.Alarms.Mail.To {
		if domain := message.MailDomain(to); f.SMTP.Takes(domain) || f.Mail != nil && f.Mail.Own(to) {
			d.report(fmt.Sprintf("alarms.mail.to[%d]", i), quote(to)+" is in a domain of ours: mail there would come back; alarms: {sms} writes to phones")
		}
	}
}

// ownNumber brings a number of ours into the form in which addresses of messages hold it.
func (d *decoder) ownNumber(number *string, field, country string) {
	if *number == "" {
		return
	}
	address, err := route.Normalise(*number, country)
	if err != nil {
		d.report(field, err.Error())
		return
	}
	*number = address.String()
}

// mailField is a mail address to which what phones write goes.
type mailField struct{ path, address, account string } // account: whose it is for, empty for any

// mailboxes are all that stand in a file.
func (f *File) mailboxes() (list []mailField) {
	add := func(path, account string, addresses []string, item func(path string, i, n int) string) {
		for i, address := range addresses {
			list = append(list, mailField{item(path, i, len(addresses)), address, account})
		}
	}
	for i := range f.Inbound {
		for n := range f.Inbound[i].Do {
			add(fmt.Sprintf("inbound[%d].do[%d].mail", i, n), f.Inbound[i].Account, f.Inbound[i].Do[n].Mail, route.Item)
		}
	}
	for i := range f.Accounts {
		add(fmt.Sprintf("accounts[%d].mail_to", i), "", f.Accounts[i].MailTo, func(path string, n, _ int) string { return fmt.Sprintf("%s[%d]", path, n) })
	}
	if f.Mail != nil {
		for i := range f.Mail.Default {
			add(fmt.Sprintf("mail.default[%d].to", i), "", f.Mail.Default[i].To, route.Item)
		}
	}
	return list
}

// checkMailboxes reports addresses that mail cannot go to: without a server none, and never ours, from where it would
// come back.
func (d *decoder) checkMailboxes(f *File) {
	for _, m := range f.mailboxes() {
		kind, name := directory.ParseRecipient(m.address)
		switch {
		case f.Mail == nil || f.Mail.Server == "":
			d.report(m.path, "needs mail: {server, from}, by which mail is sent")
		case kind == directory.RotaRecipient:
			if problem := f.rotaProblem(m.account, name); problem != "" {
				d.report(m.path, problem)
			}
		case f.Mail.Own(m.address):
			d.report(m.path, ownAddress(m.address))
		}
	}
}

func ownAddress(address string) string {
	return quote(address) + " is in a domain of ours (domain of mail, domains of smtp): mail there would come back to phones"
}

// hasRota tells whether any account has a rota of that name.
func (f *File) hasRota(name string) bool { return f.rotaProblem("", name) == "" }

// ownAliases reads the aliases that are made one by one.
func (d *decoder) ownAliases(f *File) {
	if len(f.Aliases) == 0 {
		return
	}
	table := directory.OwnAliases(f.Aliases, AliasNumber(f.Country), OwnMailbox(f.Mail, f.hasRota), func(i int, field, problem string) {
		d.report(fmt.Sprintf("aliases[%d].%s", i, field), problem)
	})
	if f.Mail == nil || f.Mail.Server == "" {
		d.warn("aliases", "have no effect without mail: {server, from}, by which mail is sent")
		return
	}
	f.OwnAliases = table
}

// readAliases reads the file of aliases and reports mistakes in it with its lines.
func (d *decoder) readAliases(f *File) {
	file := d.openList(f.Mail.Aliases, "mail.aliases")
	if file == nil {
		return
	}
	defer file.Close()
	table, mistakes, err := directory.ReadAliases(file, AliasNumber(f.Country), OwnMailbox(f.Mail, f.hasRota))
	if err != nil {
		d.report("mail.aliases", "cannot be read: "+plain(err))
		return
	}
	for _, m := range mistakes {
		d.errors = append(d.errors, Error{File: f.Mail.Aliases, Line: m.Line, Column: 1, Text: m.Text})
	}
	f.MailAliases = table
}

// mostShort is how many digits are no number of a phone: a short code, or what stands behind a number of ours.
const mostShort = 6

// AliasNumber reads numbers of an alias file as addresses of messages have them: digits with the calling code, or a short
// code.
func AliasNumber(country string) func(string) (string, bool) {
	return func(text string) (string, bool) {
		if text != "" && len(text) <= mostShort && message.AllDigits(text) {
			return text, true
		}
		a, err := route.Normalise(text, country)
		if err != nil || !message.AllDigits(a.Number) {
			return "", false
		}
		return a.Number, true
	}
}

// OwnMailbox says why mail may not go to an address of an alias file, or to a rota that there is not.
func OwnMailbox(m *gateway.Mail, has func(rota string) bool) func(string) string {
	return func(address string) string {
		if kind, name := directory.ParseRecipient(address); kind == directory.RotaRecipient {
			if has(name) {
				return ""
			}
			return quote(name) + " is no rota"
		}
		if m != nil && m.Own(address) {
			return ownAddress(address)
		}
		return ""
	}
}
