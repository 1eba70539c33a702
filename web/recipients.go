package web

import (
	"cmp"
	"context"
	"errors"
	"strconv"
	"strings"
	"unicode"

	"kurir/directory"
	"kurir/gateway"
	"kurir/message"
	"kurir/route"
)

// number brings a phone number into the form in which it is sent to.
func (v *visit) number(text string) (message.Address, error) {
	return route.Normalise(text, cmp.Or(v.account.Country, v.Country()))
}

// recipients reads a list: numbers, names of groups and contacts, contact:NAME, group:NAME and rota:NAME, between commas,
// semicolons or lines. What cannot be read is pointed out with the number of its line.
func (v *visit) recipients(ctx context.Context, text string) ([]gateway.MailTo, *formError) {
	l := &recipientList{visit: v, ctx: ctx, seen: map[string]bool{}}
	line := 0
	for part := range strings.Lines(text) {
		line++
		for _, one := range strings.FieldsFunc(part, func(r rune) bool { return strings.ContainsRune(",;\n\r\t", r) }) {
			if problem := l.add(line, strings.TrimSpace(one)); problem != nil {
				return nil, problem
			}
		}
	}
	switch {
	case len(l.bad) > 0:
		return l.list, &formError{Field: "to", Key: "compose.badlines", Lines: l.bad}
	case len(l.list) == 0:
		return nil, &formError{Field: "to", Key: "compose.nobody"}
	}
	return l.list, nil
}

// shortestPlus is how many digits a number with a plus has at least: what has fewer is a short number behind a blank.
const shortestPlus = 8

// linked makes the list of recipients that a link names, several in one parameter or in one each. A plus sign that whoever made the link
// left as it is has become a blank: before a digit it was the plus of a number.
func linked(to []string) string {
	var list []string
	for _, some := range to {
		for one := range strings.FieldsFuncSeq(some, func(r rune) bool { return strings.ContainsRune(",;\n\r\t", r) }) {
			if bare, cut := strings.CutPrefix(one, " "); cut && len(digits(bare)) >= shortestPlus && '0' < bare[0] && bare[0] <= '9' {
				one = "+" + bare
			}
			if one = strings.TrimSpace(one); one != "" {
				list = append(list, one)
			}
		}
	}
	return strings.Join(list, "\n")
}

// recipientList is a list that is read.
type recipientList struct {
	*visit
	ctx   context.Context // the request's
	list  []gateway.MailTo
	bad   []badLine
	seen  map[string]bool
	named int
}

func (l *recipientList) wrong(line int, text, key string) {
	if len(l.bad) < maxBad {
		l.bad = append(l.bad, badLine{line, text, l.words(l.lang(), key)})
	}
}

// add takes in one recipient. The error is one of the whole list.
func (l *recipientList) add(line int, one string) *formError {
	if one == "" || l.seen[one] {
		return nil
	}
	l.seen[one] = true
	if len(l.list) == maxRecipients {
		return &formError{Field: "to", Key: "compose.toomany", Detail: strconv.Itoa(maxRecipients)}
	}
	kind, _ := directory.ParseRecipient(one)
	if kind == directory.NumberRecipient && strings.ContainsFunc(one, unicode.IsLetter) {
		if l.named++; l.named > maxNamed {
			return &formError{Field: "to", Key: "compose.toomany", Detail: strconv.Itoa(maxNamed)}
		}
		found, problem := l.find(one)
		if problem != nil {
			return problem
		}
		if found == "" {
			l.wrong(line, one, "compose.unknown")
			return nil
		}
		one = found
	} else if _, err := l.number(one); kind == directory.NumberRecipient && err != nil {
		l.wrong(line, one, "compose.nonumber")
		return nil
	}
	l.list = append(l.list, gateway.MailTo{To: one})
	return nil
}

// find finds the group or contact of a name, in the user's own book or else the account's; empty for none.
func (l *recipientList) find(name string) (string, *formError) {
	for _, book := range l.books() {
		if found, problem := l.findIn(book, name); found != "" || problem != nil {
			return found, problem
		}
	}
	return "", nil
}

func (l *recipientList) findIn(book, name string) (string, *formError) {
	_, err := l.Core.FindGroup(l.ctx, book, name)
	if err == nil {
		return "group:" + name, nil
	}
	if errors.Is(err, gateway.ErrNotFound) {
		if _, err = l.Core.FindContact(l.ctx, book, name); err == nil {
			return "contact:" + name, nil
		}
	}
	var refused *gateway.PeopleRefusal
	if errors.Is(err, gateway.ErrNotFound) || errors.As(err, &refused) {
		return "", nil
	}
	return "", &formError{Key: "error.database"}
}
