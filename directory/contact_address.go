package directory

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"kurir/message"
)

// AddressKind is what a contact is reached by.
type AddressKind string

// The kinds.
const (
	MobileAddress AddressKind = "mobile"
	PagerAddress  AddressKind = "pager"
	MailAddress   AddressKind = "mail"
)

// Bounds of a contact's addresses.
const (
	MaxContactAddresses = 20 // beside the first of each kind
	maxLabel            = 40 // octets
)

// ContactAddress is one of several addresses of a contact. One that the contact has as Mobile, Pager or Mail gives that its label.
type ContactAddress struct {
	Kind    AddressKind `json:"kind"`
	Address string      `json:"address"`         // as those of Contact
	Label   string      `json:"label,omitempty"` // for people: work
}

// String writes an address as ParseContactAddress reads it: "mobile: +46701234567 (work)".
func (a *ContactAddress) String() string {
	text := string(a.Kind) + ": " + a.Address
	if a.Label != "" {
		text += " (" + a.Label + ")"
	}
	return text
}

// ParseContactAddress reads an address as people write it: its kind, a colon, the address, and a label in brackets, which may be left
// out. What it is good for Contact.Tidy tells.
func ParseContactAddress(text string) ContactAddress {
	kind, address, _ := strings.Cut(text, ":")
	a := ContactAddress{Kind: AddressKind(strings.ToLower(strings.TrimSpace(kind))), Address: strings.TrimSpace(address)}
	open := strings.LastIndexByte(a.Address, '(')
	if label, ok := strings.CutSuffix(a.Address, ")"); ok && open >= 0 {
		if label = label[open+1:]; strings.ContainsFunc(label, unicode.IsLetter) { // (0)70 is a number
			a.Label, a.Address = strings.TrimSpace(label), strings.TrimSpace(a.Address[:open])
		}
	}
	return a
}

// ParseContactAddresses reads addresses in lines, or between semicolons.
func ParseContactAddresses(text string) (list []ContactAddress) {
	for line := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' || r == ';' }) {
		if strings.TrimSpace(line) != "" {
			list = append(list, ParseContactAddress(line))
		}
	}
	return list
}

// First is the contact's first address of a kind; empty for none.
func (c *Contact) First(kind AddressKind) string {
	switch kind {
	case MobileAddress:
		return c.Mobile
	case PagerAddress:
		return c.Pager
	case MailAddress:
		return c.Mail
	}
	return ""
}

// Reach is where a message to the contact goes: the usual one of its addresses, or where none is said the mobile, the pager or the mail
// address, in this order. It is empty for a contact without any.
func (c *Contact) Reach() (kind AddressKind, address string) {
	for _, a := range c.All() {
		if c.Usual == "" || c.Usual == a.Address || c.Usual == string(a.Kind) {
			return a.Kind, a.Address
		}
	}
	return "", ""
}

// Number is where a short message to the contact goes: as Reach where that is a number, else the mobile or the pager; empty without.
func (c *Contact) Number() string {
	if kind, address := c.Reach(); kind != MailAddress {
		return address
	}
	for _, a := range c.All() {
		if a.Kind != MailAddress {
			return a.Address
		}
	}
	return ""
}

// All are the contact's addresses, each once: the first mobile, pager and mail address, then the others.
func (c *Contact) All() []ContactAddress {
	var list []ContactAddress
	for _, kind := range [...]AddressKind{MobileAddress, PagerAddress, MailAddress} {
		if first := c.First(kind); first != "" {
			list = append(list, ContactAddress{kind, first, ""})
		}
	}
	for _, a := range c.Addresses {
		at := slices.IndexFunc(list, func(b ContactAddress) bool { return b.Kind == a.Kind && b.Address == a.Address })
		if at < 0 {
			list = append(list, a)
			continue
		}
		list[at].Label = a.Label
	}
	return list
}

// tidyAddresses is the part of Tidy about further addresses and which one is the usual one.
func (c *Contact) tidyAddresses(normal func(string) (message.Address, error), report func(field, problem string)) {
	var list []ContactAddress
	for i, a := range c.Addresses {
		field := fmt.Sprintf("addresses[%d]", i)
		a.Address, a.Label = strings.TrimSpace(a.Address), strings.TrimSpace(a.Label)
		switch a.Kind {
		case MobileAddress, PagerAddress:
			a.Address = tidyNumber(a.Address, field, normal, report)
		case MailAddress:
			if problem := mailProblem(a.Address); problem != "" {
				report(field, problem)
			}
		default:
			report(field, fmt.Sprintf("%.40q is none of mobile, pager and mail", string(a.Kind)))
			continue
		}
		if problem := labelProblem(a.Label); problem != "" {
			report(field, problem)
		}
		same := func(b ContactAddress) bool { return b.Kind == a.Kind && b.Address == a.Address }
		if a.Address != "" && !slices.ContainsFunc(list, same) {
			list = append(list, a)
		}
	}
	if c.Addresses = list; len(list) > MaxContactAddresses {
		report("addresses", fmt.Sprintf("has more than %d addresses", MaxContactAddresses))
	}
	c.tidyUsual(normal, report)
}

func labelProblem(label string) string {
	switch {
	case len(label) > maxLabel:
		return fmt.Sprintf("has a label of more than %d octets", maxLabel)
	case !utf8.ValidString(label) || strings.ContainsFunc(label, func(r rune) bool { return unicode.IsControl(r) || strings.ContainsRune("();", r) }):
		return "has a label with a bracket, semicolon or line break"
	}
	return ""
}

// tidyUsual brings the usual address into the form in which the contact has it: the first of a kind by its kind, which stays when the address
// changes.
func (c *Contact) tidyUsual(normal func(string) (message.Address, error), report func(field, problem string)) {
	if c.Usual = strings.TrimSpace(c.Usual); c.Usual == "" {
		return
	}
	usual := c.Usual
	if n, err := normal(usual); err == nil {
		usual = n.String()
	}
	for _, a := range c.All() {
		switch {
		case c.Usual == string(a.Kind):
			return
		case usual == a.Address && usual == c.First(a.Kind):
			c.Usual = string(a.Kind)
			return
		case usual == a.Address:
			c.Usual = usual
			return
		}
	}
	report("usual", "is none of the contact's addresses: one of them, or mobile, pager or mail for the first of the kind")
}
