package rota

import (
	"fmt"
	"slices"
	"strings"

	"kurir/message"
)

// MaxOwned is how many numbers, and how many mail addresses, a rota may own.
const MaxOwned = 20

// validateOwned reports numbers and mail addresses that a rota cannot own. Whose the numbers and the domains are, others know.
func (r *Rota) validateOwned(report func(field, problem string)) {
	atMost(report, "numbers", len(r.Numbers), MaxOwned)
	for i, number := range r.Numbers {
		if number == "" {
			report(message.Item("numbers", i, len(r.Numbers)), "is empty")
		}
	}
	atMost(report, "mail", len(r.Mail), MaxOwned)
	for i, address := range r.Mail {
		if problem := ownMailProblem(address); problem != "" {
			report(message.Item("mail", i, len(r.Mail)), problem)
		}
	}
}

// ownMailProblem says why a rota cannot own a mail address: what stands before the @ would be read as something else.
func ownMailProblem(address string) string {
	local, domain, whole := strings.Cut(address, "@")
	letter := local != "" && (local[0]|0x20 >= 'a' && local[0]|0x20 <= 'z')
	switch {
	case !letter || strings.ContainsAny(local, "+:\"") || whole && domain == "" || !message.IsMailbox(local+"@"+max(domain, "x.se")):
		return fmt.Sprintf("%.80q is neither what stands before the @ of an address, such as alarm, nor an address such as alarm@sms.example.se; it begins with a letter and has no + or :", address)
	case slices.ContainsFunc([]string{"group.", "rota.", "contact.", "imcea"}, func(taken string) bool { return strings.HasPrefix(strings.ToLower(local), taken) }):
		return fmt.Sprintf("%.80q is read as another kind of address; begin it otherwise", address)
	}
	return ""
}

// OwnMail gives the mail address that a rota owns as those are compared: in small letters.
func OwnMail(address string) string { return strings.ToLower(address) }

// own notes what a rota owns.
func (s *Set) own(p *Plan) {
	for _, number := range p.Rota.Numbers {
		s.numbers[number] = p
	}
	for _, address := range p.Rota.Mail {
		s.mail[key{p.Rota.Account, OwnMail(address)}] = p
	}
}

// ByNumber gives the rota that owns a number of ours, in digits as addresses of messages have it; nil for none.
func (s *Set) ByNumber(number string) *Plan {
	if s == nil {
		return nil
	}
	return s.numbers[number]
}

// ByMail gives the rota of an account to which mails go that are for an address: by the whole address, else by what stands before
// its @. nil for none.
func (s *Set) ByMail(account, local, domain string) *Plan {
	if s == nil {
		return nil
	}
	if p := s.mail[key{account, OwnMail(local + "@" + domain)}]; p != nil {
		return p
	}
	return s.mail[key{account, OwnMail(local)}]
}

// Named gives the rota of a name, whoever's it is; nil for none. No two of a configuration have the same.
func (s *Set) Named(name string) *Plan {
	for _, p := range s.All() {
		if p.Rota.Name == name {
			return p
		}
	}
	return nil
}
