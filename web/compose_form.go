package web

import (
	"crypto/rand"
	"net/url"
	"strings"
	"time"

	"kurir/account"
	"kurir/directory"
	"kurir/gateway"
	"kurir/message"
)

// Bounds of a form.
const (
	maxRecipients = 10_000
	maxNamed      = 200 // recipients without a prefix that are names, each of which is looked up
	maxBad        = 20  // lines that are pointed out
	confirmAbove  = 20  // phones, or parts in all, beyond which the user is asked
	confirmParts  = 100
	atOnce        = 1000 // phones; more become a job
)

// composeForm is what the user has written.
type composeForm struct {
	To, From, Text, At, Zone string
	Flash                    bool
	Fill                     bool              // {placeholders} of the text are filled in
	Vars                     map[string]string // what they stand for, for all
	File                     string            // token of a file with recipients (draft.go)
	Column                   string            // number of the column of the file with the phone; empty: as it is recognised
	Once                     string            // tells a form from the next, so that none is sent twice
}

// varPrefix stands before the names of the fields of placeholders.
const varPrefix = "var."

// readCompose reads it from the fields of a request.
func readCompose(fields url.Values) *composeForm {
	f := &composeForm{
		To: fields.Get("to"), From: strings.TrimSpace(fields.Get("from")), Text: strings.ReplaceAll(fields.Get("text"), "\r\n", "\n"),
		At: fields.Get("at"), Zone: fields.Get("zone"), Flash: fields.Get("flash") != "", Once: fields.Get("once"),
		Fill: fields.Get("fill") != "", File: fields.Get("file"), Column: fields.Get("column"), Vars: map[string]string{},
	}
	for name, values := range fields {
		if of, ok := strings.CutPrefix(name, varPrefix); ok && len(values) > 0 && values[0] != "" && directory.VariableProblem(of) == "" {
			f.Vars[of] = strings.ReplaceAll(values[0], "\r\n", "\n")
		}
	}
	if f.Once == "" {
		f.Once = rand.Text()
	}
	return f
}

// formError is what is wrong with a field: a key of the words with what it is about, or words of a check.
type formError struct {
	Field, Key, Detail string
	Lines              []badLine // of recipients that cannot be read
}

// badLine is a line, or a row of a file, that is no recipient.
type badLine struct {
	Line      int
	Text, Why string
}

// problemOf makes it of a failure, in the user's language where that has words.
func (v *visit) problemOf(f *message.Failure) *formError {
	detail := f.Error()
	if v.lang() == swedish {
		if said, known := v.phrases().say(detail); known {
			detail = said
		} else {
			detail = f.Kind.Sentence(swedish) + " (" + detail + ")"
		}
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
