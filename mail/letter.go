package mail

import (
	"net/textproto"
	"time"
)

// Letter is a mail that was read.
type Letter struct {
	From        Address
	ReplyTo     []Address // of Reply-To; none if there is no such field
	To          []Address
	Cc          []Address
	Subject     string       // decoded, on one line
	Date        time.Time    // zero if there is none that can be read
	ID          string       // of Message-ID, without brackets
	InReplyTo   []string     // likewise
	References  []string     // likewise, the oldest first
	Text        string       // the body as text: UTF-8, lines end in \n
	Attachments []Attachment // what is not text, in the order of the mail
	Bounces     []Delivery   // what a delivery report says (RFC 3464), a row per recipient
	BouncedID   string       // Message-ID of the mail that such a report is about, if it tells
	Defects     []string     // what could not be read, in plain words, each once
	Truncated   bool         // the mail is longer than Limits.Bytes: what was beyond is not read
	fields      []field
	kind        string // media type of the whole: multipart/report
	report      string // report-type of a multipart/report: delivery-status
}

// Address is a mail address with the name that stood with it.
type Address struct {
	Name string // decoded; empty if there is none
	Addr string // local@domain
}

// Attachment is a part of a mail that is not its text. Its content is not kept.
type Attachment struct {
	Name   string // decoded, without a path; empty if it has none
	Type   string // image/png
	Size   int64  // in octets, decoded
	Inline bool   // it belongs to the text, as pictures of an HTML page do, or is a signature
}

// Delivery is what a delivery report says about one recipient (RFC 3464 2.3).
type Delivery struct {
	Recipient  string // the address, without its type
	Original   string // as who wrote the mail named it, with its type: rfc822;anna@example.se; empty: not told
	Action     string // failed, delayed, delivered, relayed, expanded
	Status     string // 5.1.1 (RFC 3463)
	Diagnostic string // what the other server said, without its type
}

// Limits bounds what Read takes in. A zero is the default.
type Limits struct {
	Bytes  int64 // octets of the mail; 25 MB
	Parts  int   // parts, those of inner mails too; 200
	Depth  int   // levels of parts within parts; 20
	Text   int   // octets of all text parts together as they are written in the mail; 1 MB
	Header int   // octets of the fields of the mail's header, and as many of its parts' together; 256 kB
}

func (l Limits) withDefaults() Limits {
	l.Bytes = orElse(l.Bytes, 25<<20)
	l.Parts = orElse(l.Parts, 200)
	l.Depth = orElse(l.Depth, 20)
	l.Text = orElse(l.Text, 1<<20)
	l.Header = orElse(l.Header, 256<<10)
	return l
}

func orElse[T int | int64](value, other T) T {
	if value <= 0 {
		return other
	}
	return value
}

// Header gives the first field of a name, decoded and on one line. Empty: there
// is none.
func (l *Letter) Header(name string) string {
	if all := l.Headers(name); len(all) > 0 {
		return all[0]
	}
	return ""
}

// Headers gives all fields of a name, in the order of the mail.
func (l *Letter) Headers(name string) []string {
	name = textproto.CanonicalMIMEHeaderKey(name)
	var all []string
	for _, f := range l.fields {
		if f.name == name {
			all = append(all, decodeWords(f.value))
		}
	}
	return all
}

// defect notes once what could not be read.
func (l *Letter) defect(what string) {
	for _, known := range l.Defects {
		if known == what {
			return
		}
	}
	l.Defects = append(l.Defects, what)
}
