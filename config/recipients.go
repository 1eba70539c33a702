package config

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"kurir/account"
	"kurir/directory"
	"kurir/route"
)

// checkRecipients reports recipients of schedules, alarms and what rules forward that are neither numbers nor, of the last,
// distribution lists.
func (d *decoder) checkRecipients(f *File) {
	for i := range f.Schedules { // what names a contact or group is looked up when it is due
		d.checkNumbersOf(f, f.Schedules[i].Account, f.Schedules[i].To, fmt.Sprintf("schedules[%d].to", i))
	}
	d.checkNumbersOf(f, f.Alarms.SMS.Account, f.Alarms.SMS.To, "alarms.sms.to")
	for i := range f.Inbound {
		for n, action := range f.Inbound[i].Do {
			for k, to := range action.Forward {
				if problem := f.forwardProblem(f.Inbound[i].Account, to); problem != "" {
					d.report(route.Item(fmt.Sprintf("inbound[%d].do[%d].forward", i, n), k, len(action.Forward)), problem)
				}
			}
		}
	}
}

// checkNumbersOf reports recipients of an account's messages that are no numbers.
func (d *decoder) checkNumbersOf(f *File, name string, to []string, path string) {
	country := f.Country
	if a := f.account(name); a != nil {
		country = cmp.Or(a.Country, country)
	}
	for i := range to {
		if kind, called := directory.ParseRecipient(to[i]); kind != directory.NumberRecipient && strings.HasPrefix(path, "schedules") {
			if problem := f.rotaProblem(name, called); kind == directory.RotaRecipient && problem != "" {
				d.report(fmt.Sprintf("%s[%d]", path, i), problem)
			}
			continue
		}
		if _, err := route.Normalise(to[i], country); err != nil {
			d.report(fmt.Sprintf("%s[%d]", path, i), err.Error())
		}
	}
}

// forwardProblem says why nothing can be forwarded to a recipient: the rule's account has no such list, or of a rule without an
// account nobody has.
func (f *File) forwardProblem(name, to string) string {
	if to == "" || strings.ContainsAny(to, ",\n") {
		return "" // said by the action itself
	}
	switch kind, called := directory.ParseRecipient(to); kind {
	case directory.NumberRecipient:
	case directory.RotaRecipient:
		return f.rotaProblem(name, called)
	default:
		return "" // of the account of the message; looked up when it comes
	}
	owners, country := f.Accounts, f.Country
	if a := f.account(name); a != nil {
		owners, country = []account.Account{*a}, cmp.Or(a.Country, country)
	}
	var lists []string
	for i := range owners {
		for _, l := range owners[i].Lists {
			if l.Name == to {
				return ""
			}
			lists = append(lists, l.Name)
		}
	}
	if _, err := route.Normalise(to, country); err == nil {
		return ""
	}
	of := "any account"
	if name != "" {
		of = name
	}
	slices.Sort(lists)
	return quote(to) + " is neither a number nor a distribution list of " + of + known(slices.Compact(lists))
}

func (f *File) account(name string) *account.Account {
	if i := slices.IndexFunc(f.Accounts, func(a account.Account) bool { return a.Name == name }); i >= 0 {
		return &f.Accounts[i]
	}
	return nil
}
