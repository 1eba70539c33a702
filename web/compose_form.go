package web

import (
	"context"
	"crypto/rand"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"kurir/account"
	"kurir/directory"
	"kurir/gateway"
	"kurir/message"
)

// Bounds of a form.
const (
	maxRecipients = 10_000
	maxNamed      = 200 // recipients without a prefix that are names, each of which is looked up
	confirmAbove  = 20  // phones, or parts in all, beyond which the user is asked
	confirmParts  = 100
	atOnce        = 1000 // phones; more become a job
)

// composeForm is what the user has written.
type composeForm struct {
	To, From, Text, At, Zone string
	Flash                    bool
	Once                     string // tells a form from the next, so that none is sent twice
}

// readCompose reads it from the fields of a request.
func readCompose(fields url.Values) *composeForm {
	f := &composeForm{
		To: fields.Get("to"), From: strings.TrimSpace(fields.Get("from")), Text: strings.ReplaceAll(fields.Get("text"), "\r\n", "\n"),
		At: fields.Get("at"), Zone: fields.Get("zone"), Flash: fields.Get("flash") != "", Once: fields.Get("once"),
	}
	if f.Once == "" {
		f.Once = rand.Text()
	}
	return f
}

// formError is what is wrong with a field: a key of the words with what it is about, or words of a check.
type formError struct {
	Field, Key, Detail string
}

// problemOf makes it of a failure, in the user's language where that has words.
func (v *visit) problemOf(f *message.Failure) *formError {
	detail := f.Error()
	if v.lang() == "sv" {
		detail = f.Kind.Sentence("sv") + " (" + detail + ")"
	}
	return &formError{Field: f.Field, Detail: detail}
}

// sendAt reads when it is to be sent, by the clock of the user's zone or else the server's; zero for at once.
func (f *composeForm) sendAt() (time.Time, *formError) {
	if f.At == "" {
		return time.Time{}, nil
	}
	zone := time.Local
	if f.Zone != "" {
		loaded, err := time.LoadLocation(f.Zone)
		if err != nil {
			return time.Time{}, &formError{Field: "at", Key: "compose.badtime"}
		}
		zone = loaded
	}
	at, err := time.ParseInLocation("2006-01-02T15:04", f.At, zone)
	if err != nil {
		return time.Time{}, &formError{Field: "at", Key: "compose.badtime"}
	}
	return at, nil
}

// submission makes what all recipients have in common.
func (v *visit) submission(f *composeForm) (gateway.Submission, *formError) {
	a := v.account
	sub := gateway.Submission{
		Account: a, Via: message.ViaWeb, From: f.From, Content: message.Content{Text: f.Text, Class: -1, Extra: a.Extra(nil)},
		Receipts: message.ReceiptFinal,
	}
	if f.Flash {
		sub.Content.Class = 0
	}
	if f.Text == "" {
		return sub, &formError{Field: "text", Key: "compose.notext"}
	}
	var failure *message.Failure
	if sub.Priority, failure = message.ParsePriority(a.Priority); failure != nil {
		return sub, v.problemOf(failure)
	}
	if a.Webhook != "" {
		sub.Target = message.Target{Kind: message.WebhookTarget, Account: a.Name, Address: a.Webhook}
	}
	var problem *formError
	sub.SendAt, problem = f.sendAt()
	return sub, problem
}

// recipients reads a list: numbers, names of groups and contacts, contact:NAME, group:NAME and rota:NAME, between commas,
// semicolons or lines.
func (v *visit) recipients(ctx context.Context, text string) ([]gateway.MailTo, *formError) {
	var list []gateway.MailTo
	seen, named := map[string]bool{}, 0
	for _, one := range strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(",;\n\r\t", r) }) {
		one = strings.TrimSpace(one)
		if one == "" || seen[one] {
			continue
		}
		seen[one] = true
		if len(list) == maxRecipients {
			return nil, &formError{Field: "to", Key: "compose.toomany", Detail: strconv.Itoa(maxRecipients)}
		}
		kind, _ := directory.ParseRecipient(one)
		if kind == directory.NumberRecipient && strings.ContainsFunc(one, unicode.IsLetter) {
			if named++; named > maxNamed {
				return nil, &formError{Field: "to", Key: "compose.toomany", Detail: strconv.Itoa(maxNamed)}
			}
			found, problem := v.named(ctx, one)
			if problem != nil {
				return nil, problem
			}
			one = found
		}
		list = append(list, gateway.MailTo{To: one})
	}
	if len(list) == 0 {
		return nil, &formError{Field: "to", Key: "compose.nobody"}
	}
	return list, nil
}

// named finds the group or contact of a name.
func (v *visit) named(ctx context.Context, name string) (string, *formError) {
	_, err := v.Core.FindGroup(ctx, v.account.Name, name)
	if err == nil {
		return "group:" + name, nil
	}
	if errors.Is(err, gateway.ErrNotFound) {
		if _, err = v.Core.FindContact(ctx, v.account.Name, name); err == nil {
			return "contact:" + name, nil
		}
	}
	if errors.Is(err, gateway.ErrNotFound) {
		return "", &formError{Field: "to", Key: "compose.unknown", Detail: name}
	}
	return "", &formError{Key: "error.database"}
}

// senders are those that an account may choose among; nil if it has one, or writes what it likes.
func senders(a *account.Account) (choice []string, free bool) {
	for _, s := range a.Senders {
		if strings.Contains(s, "*") {
			free = true
			continue
		}
		choice = append(choice, s)
	}
	return choice, free
}
