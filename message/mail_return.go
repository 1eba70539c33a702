package message

import (
	"net/url"
	"strings"
)

// MailReturn is what the Address of a MailTarget of a message to a phone says: who
// wrote it as a mail, and what he is told about that mail in reports (RFC 3461). What he wrote does
// not stand there: it stays as long as the message, whose text may be gone before.
type MailReturn struct {
	Author    string // of MAIL FROM, to whom reports go, and answers of the phone
	Recipient string // as he wrote it; empty where it is not known
	Original  string // of ORCPT, decoded: rfc822;anna@example.se; empty if there was none
	Envelope  string // of ENVID, decoded; likewise
	Case      string // case number of the message from a phone that his mail answers; likewise
}

// mostReturned is how many octets are kept of each of them: as much as RFC 3461
// lets an ORCPT have (4.2).
const mostReturned = 500

// Address writes it: the author, and behind a line feed the rest, if there is any.
func (r *MailReturn) Address() string {
	more := url.Values{}
	for name, field := range r.fields() {
		if *field != "" {
			more.Set(name, strings.ToValidUTF8((*field)[:min(len(*field), mostReturned)], ""))
		}
	}
	if len(more) == 0 {
		return r.Author
	}
	return r.Author + "\n" + more.Encode()
}

// ReadMailReturn reads what Address wrote. What it cannot read is left out.
func ReadMailReturn(address string) MailReturn {
	author, more, _ := strings.Cut(address, "\n")
	r := MailReturn{Author: author}
	values, _ := url.ParseQuery(more) // what can be read of it
	for name, field := range r.fields() {
		*field = values.Get(name)
	}
	return r
}

// fields names all but Author.
func (r *MailReturn) fields() map[string]*string {
	return map[string]*string{"to": &r.Recipient, "orcpt": &r.Original, "envid": &r.Envelope, "case": &r.Case}
}
