package mail

import (
	"errors"
	"fmt"
	"io"
	"net/mail"
	"strings"
	"time"
)

// Read reads a mail: its header, its text, and what else is in it by name. A
// broken mail gives as much as can be read, and its Defects say what could not; what
// is beyond the limits is passed over. An error says that the reader failed, or that
// there was nothing at all.
func Read(r io.Reader, limits Limits) (*Letter, error) {
	limits = limits.withDefaults()
	l := &Letter{}
	w := &walk{
		s: newSource(r, limits.Bytes), l: l, depth: limits.Depth,
		parts: limits.Parts, text: limits.Text, fields: limits.Header,
	}
	budget := limits.Header
	fields, whole := readFields(w.s, &budget)
	if !whole {
		l.defect("the header is too long: some of its fields were left out")
	}
	l.fields = fields
	l.head()
	body := w.part(fields, "text/plain")
	l.Text = body.plain()
	l.Truncated = w.s.over
	if l.Truncated {
		l.defect(fmt.Sprintf("the mail is longer than %d octets: what is beyond was not read", limits.Bytes))
	}
	if w.s.err != nil {
		return nil, fmt.Errorf("reading a mail: %w", w.s.err)
	}
	if len(fields) == 0 && l.Text == "" && len(l.Attachments) == 0 {
		return nil, errors.New("the mail is empty")
	}
	return l, nil
}

// head takes the fields that everybody asks for from the header.
func (l *Letter) head() {
	from := readAddresses(get(l.fields, "From"))
	if len(from) == 0 {
		from = readAddresses(get(l.fields, "Sender"))
	}
	if len(from) > 0 {
		l.From = from[0]
	}
	l.ReplyTo = l.addresses("Reply-To")
	l.To = l.addresses("To")
	l.Cc = l.addresses("Cc")
	l.Subject = decodeWords(get(l.fields, "Subject"))
	l.Date = readDate(get(l.fields, "Date"))
	if ids := readIDs(get(l.fields, "Message-Id")); len(ids) > 0 {
		l.ID = ids[0]
	}
	l.InReplyTo = readIDs(get(l.fields, "In-Reply-To"))
	l.References = readIDs(get(l.fields, "References"))
}

// addresses gives what all fields of a name list.
func (l *Letter) addresses(name string) []Address {
	var all []Address
	for _, f := range l.fields {
		if f.name == name {
			all = append(all, readAddresses(f.value)...)
		}
	}
	return all
}

// Bounds of what is made of one field.
const (
	mostAddresses = 1000
	longestName   = 200 // octets of a name that is guessed
)

// readAddresses reads a list of addresses (RFC 5322 3.4). Of a list that is
// wrong it takes what looks like addresses.
func readAddresses(value string) []Address {
	if strings.TrimSpace(value) == "" {
		return nil
	}
	p := mail.AddressParser{WordDecoder: wordDecoder()}
	list, err := p.ParseList(value)
	if err != nil {
		return guessAddresses(value)
	}
	var all []Address
	for _, a := range list[:min(len(list), mostAddresses)] {
		all = append(all, Address{Name: decodeWords(a.Name), Addr: a.Address})
	}
	return all
}

// guessAddresses takes from each piece between commas what stands in angle
// brackets, or the word with an at sign in it.
func guessAddresses(value string) []Address {
	var all []Address
	name := ""
	pieces := 0
	for piece := range strings.SplitSeq(value, ",") {
		if pieces++; pieces > 10*mostAddresses || len(all) == mostAddresses {
			break
		}
		piece = name + piece
		before, rest, found := strings.Cut(piece, "<")
		addr, _, _ := strings.Cut(rest, ">")
		if !found {
			before = ""
			for word := range strings.FieldsSeq(piece) {
				if strings.Contains(word, "@") {
					addr = strings.Trim(word, `"'();:[]`)
				}
			}
		}
		if addr = strings.TrimSpace(addr); !strings.Contains(addr, "@") {
			if name = piece + ","; len(name) > longestName { // a comma within a name
				name = ""
			}
			continue
		}
		name = ""
		before = strings.Trim(strings.TrimSpace(before), `"`)
		all = append(all, Address{Name: decodeWords(before), Addr: addr})
	}
	return all
}

// readDate reads a date, also of the forms that are not RFC 5322's. Zero: it
// cannot be read.
func readDate(value string) time.Time {
	if t, err := mail.ParseDate(value); err == nil {
		return t
	}
	for _, form := range []string{time.RFC3339, time.ANSIC, "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05"} {
		if t, err := time.Parse(form, strings.TrimSpace(value)); err == nil {
			return t
		}
	}
	return time.Time{}
}

// readIDs reads message identifiers (RFC 5322 3.6.4), at most a hundred.
func readIDs(value string) []string {
	var all []string
	for len(all) < 100 {
		_, rest, found := strings.Cut(value, "<")
		id, after, ended := strings.Cut(rest, ">")
		if !found || !ended {
			break
		}
		all = append(all, strings.Join(strings.Fields(id), ""))
		value = after
	}
	if len(all) == 0 {
		for word := range strings.FieldsSeq(value) { // without brackets
			if strings.Contains(word, "@") && len(all) < 100 {
				all = append(all, word)
			}
		}
	}
	return all
}
