package api

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"kurir/gateway"
	"kurir/mail"
	"kurir/message"
)

// mailOutcome is how a state is told who wrote a mail.
type mailOutcome struct {
	action  string // of RFC 3464 2.3.3
	status  string // of RFC 3463; empty: by what went wrong
	subject string // of the report, with the phone
	begins  string // the first sentence, with the phone
	ends    string // the last words
}

// mailOutcomes has all states that are told. Those that are not here have failed.
var mailOutcomes = map[message.State]mailOutcome{
	message.Delivered: {"delivered", "2.0.0", "Delivered: SMS to %s", "Your SMS to %s has arrived.", ""},
	message.Sent: {
		"relayed", "2.0.0", "Sent: SMS to %s", "Your SMS to %s was taken by the operator, who does not tell whether it arrives.", "",
	},
	message.Buffered: {
		"delayed", "4.0.0", "Delayed: SMS to %s", "Your SMS to %s has not arrived yet: the operator waits for the phone.", "You need not send it again.",
	},
}

var mailFailed = mailOutcome{
	"failed", "", "Not delivered: SMS to %s", "Your SMS to %s was not delivered: %s.",
	"It is not sent again. Check the number, or reach the person in another way.",
}

// mailStatus is the status of what failed by itself (RFC 3463), where no failure says more.
var mailStatus = map[message.State]string{message.Expired: "5.4.7", message.Rejected: "5.7.1"}

// untold tells of states that a mail is not written about: that an operator has a message says nothing to a person.
func untold(item *gateway.Item) bool { return item.Message != nil && item.State == message.Enroute }

// report is what became of a message that somebody wrote as a mail (RFC 3464).
func report(set *gateway.Mail, item *gateway.Item) *mail.Report {
	m, back := item.Message, message.ReadMailReturn(item.Target.Address)
	domain, phone, at := cmp.Or(set.Domain, message.MailDomain(set.From)), m.To.String(), item.Since
	if item.State.Final() {
		at = m.Final
	}
	told, known := mailOutcomes[item.State]
	about := mail.Delivery{Recipient: cmp.Or(back.Recipient, phone+"@"+domain), Original: back.Original, Action: told.action, Status: told.status}
	first := ""
	if !known {
		told = mailFailed
		about.Action = told.action
		about.Status, about.Diagnostic = mailWhy(m, item.State)
		first = fmt.Sprintf(told.begins, phone, about.Diagnostic)
	} else {
		first = fmt.Sprintf(told.begins, phone)
	}
	r := &mail.Report{
		Message: mail.Message{
			From: set.From, To: []string{back.Author}, Subject: fmt.Sprintf(told.subject, phone), Date: time.UnixMilli(at),
			ID: stateHookID(m.ID, item.State) + "@" + domain, Extra: [][2]string{{"X-Kurir-To", phone}, {"X-Kurir-ID", m.ID.String()}},
			Text: reportText(first, told.ends, m, &back),
		},
		Host: domain, EnvelopeID: back.Envelope, Arrival: time.UnixMilli(m.ID.Millis()).UTC(), About: []mail.Delivery{about},
	}
	if message.IsMailbox(m.Reference) {
		r.InReplyTo, r.References = m.Reference, []string{m.Reference}
	}
	r.Original = mail.Head(back.Author, about.Recipient, r.InReplyTo)
	return r
}

// mailWhy says why a message did not arrive: by a status, and in words.
func mailWhy(m *message.Message, state message.State) (status, words string) {
	d := digest(m)
	if c, known := smtpCodes[d.failure]; known && d.failure != message.NoFailure {
		status = "5" + c.enhanced[1:]
	}
	words = cmp.Or(state.Sentence(""), "it was refused")
	if f := d.error(state); f != nil {
		words = cmp.Or(f.Detail, words)
	}
	return cmp.Or(status, mailStatus[state], "5.0.0"), words
}

// reportText is what a person reads. It names the mail by what he knows of it.
func reportText(first, last string, m *message.Message, back *message.MailReturn) string {
	var b strings.Builder
	b.WriteString(first + "\n\n")
	line := func(name, value string) {
		if value != "" {
			b.WriteString(name + ": " + value + "\n")
		}
	}
	line("To", back.Recipient)
	line("Sent", m.ID.Time().UTC().Format("2006-01-02 15:04 UTC"))
	if !m.Secret() {
		line("Text", firstCharacters(m.Content.Text, 60))
	}
	line("Number of the message", m.ID.String())
	if last != "" {
		b.WriteString("\n" + last + "\n")
	}
	return b.String()
}

// firstCharacters gives the beginning of a text, on one line.
func firstCharacters(text string, most int) string {
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > most {
		return string(runes[:most]) + "..."
	}
	return text
}
