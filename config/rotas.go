package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"kurir/directory"
	"kurir/message"
	"kurir/rota"
	"kurir/route"
)

// checkRotas reports what is wrong with rotas, each by itself and all together.
func (d *decoder) checkRotas(f *File, accounts []string) {
	seen := once{d: d, what: "the rota"}
	numbers, mail := once{d: d, what: "the number"}, once{d: d, what: "the address"}
	for i := range f.Rotas {
		r, path := &f.Rotas[i], fmt.Sprintf("rotas[%d]", i)
		r.Validate(d.within(path))
		seen.see(path+".name", r.Name)
		if !slices.Contains(accounts, r.Account) {
			d.report(path+".account", "no account is named "+quote(r.Account)+known(accounts))
		}
		d.checkRotaMembers(f, r, path)
		d.checkRotaNumbers(f, r, path, &numbers)
		d.checkRotaMail(f, r, path, &mail)
	}
	rota.Check(f.Rotas, func(i int, field, problem string) { d.report(fmt.Sprintf("rotas[%d].%s", i, field), problem) })
}

// checkRotaMembers reports members that are neither a number nor a contact, a group or a rota: they would be nobody when they are on
// duty. Which contacts and groups there are the configuration does not know.
func (d *decoder) checkRotaMembers(f *File, r *rota.Rota, path string) {
	country := cmp.Or(f.Country, anyCountry)
	if a := f.account(r.Account); a != nil {
		country = cmp.Or(a.Country, country)
	}
	check := func(field string, who []string) {
		for i, member := range who {
			if kind, _ := directory.ParseRecipient(member); member == "" || kind != directory.NumberRecipient {
				continue
			}
			if _, err := route.Normalise(member, country); err != nil {
				d.report(message.Item(path+"."+field, i, len(who)), quote(member)+" is nobody: write contact:NAME, group:NAME, rota:NAME or a number")
			}
		}
	}
	for i := range r.Layers {
		for n := range r.Layers[i].Slots {
			check(fmt.Sprintf("layers[%d].slots[%d].who", i, n), r.Layers[i].Slots[n].Who)
		}
	}
	for i := range r.Exceptions {
		check(fmt.Sprintf("exceptions[%d].who", i), r.Exceptions[i].Who)
	}
	check("else", r.Else)
	for i := range r.Escalation.Then {
		check(fmt.Sprintf("escalation.then[%d].who", i), r.Escalation.Then[i].Who)
	}
}

// anyCountry stands in for a calling code where only the form of a number is looked at.
const anyCountry = "46"

// checkRotaNumbers brings the numbers of a rota into the form in which addresses hold them, and reports those that are not its account's.
func (d *decoder) checkRotaNumbers(f *File, r *rota.Rota, path string, seen *once) {
	a := f.account(r.Account)
	if a == nil {
		return // said already
	}
	for i, number := range r.Numbers {
		field := message.Item(path+".numbers", i, len(r.Numbers))
		address, err := route.Normalise(number, cmp.Or(a.Country, f.Country))
		if err != nil {
			d.report(field, err.Error())
			continue
		}
		if r.Numbers[i] = address.Number; !slices.Contains(a.Numbers, address.Number) {
			d.report(field, quote(number)+" is none of the numbers of account "+r.Account+known(a.Numbers))
		}
		seen.see(field, address.Number)
	}
}

// checkRotaMail reports addresses of a rota by which no mail can come, and those that two rotas of an account have.
func (d *decoder) checkRotaMail(f *File, r *rota.Rota, path string, seen *once) {
	if len(r.Mail) > 0 && f.SMTP.Listen == "" {
		d.report(path+".mail", "has no effect without smtp: {listen, domains}, by which mails to phones come")
	}
	for i, address := range r.Mail {
		field := message.Item(path+".mail", i, len(r.Mail))
		if domain := message.MailDomain(address); strings.Contains(address, "@") && f.SMTP.Listen != "" && !f.SMTP.Takes(domain) {
			d.report(field, quote(domain)+" is none of smtp: {domains}"+known(f.SMTP.Domains))
		}
		seen.see(field, rota.OwnMail(address)+" of account "+r.Account)
	}
}

// rotaProblem says that an account has no such rota; the empty one stands for any account.
func (f *File) rotaProblem(account, name string) string {
	var names []string
	for i := range f.Rotas {
		if r := &f.Rotas[i]; account == "" || r.Account == account {
			if r.Name == name {
				return ""
			}
			names = append(names, r.Name)
		}
	}
	of := "any account"
	if account != "" {
		of = account
	}
	return quote(name) + " is no rota of " + of + known(names)
}

// gapDays is how far ahead gaps of rotas are looked for.
const gapDays = 31

// RotaGaps says in plain words in which rotas nobody is on duty at times of the next 31 days.
func (f *File) RotaGaps(now time.Time) (list []string) {
	gaps, err := rota.NewSet(f.Rotas).Gaps(now, now.AddDate(0, 0, gapDays))
	if err != nil {
		return []string{"rotas: " + err.Error()}
	}
	const form = "2006-01-02 15:04"
	for i := range gaps {
		g := &gaps[i]
		text := fmt.Sprintf("rota %s: nobody is on duty from %s to %s", g.Rota.Name, g.First.From.Format(form), g.First.To.Format(form))
		if g.More > 0 {
			text += fmt.Sprintf(", nor at %d other times within %d days", g.More, gapDays)
		}
		list = append(list, text)
	}
	return list
}
