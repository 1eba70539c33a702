package directory

import (
	"fmt"
	"io"
	"mime/quotedprintable"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// Bounds of vCards that are read.
const (
	maxCardLine  = 64 << 10 // octets of a property, unfolded
	maxCardLines = 1000     // properties of a card
	maxCardHead  = 1 << 10  // octets before the value of a property in which an encoding is looked for
)

// cardField is the property in which cards have a contact's own fields: name=value.
const cardField = "X-KURIR-FIELD"

// cardAddress is the property of each kind of address.
var cardAddress = map[AddressKind]string{MobileAddress: "TEL;TYPE=CELL", PagerAddress: "TEL;TYPE=PAGER", MailAddress: "EMAIL;TYPE=INTERNET"}

// AppendVCard appends a contact as a vCard 3.0 (RFC 2426), which every address book reads.
func AppendVCard(to []byte, c *Contact) []byte {
	line := func(name, value string) {
		if value != "" {
			to = appendFolded(to, name+":"+escapeCard(value))
		}
	}
	to = append(to, "BEGIN:VCARD\r\nVERSION:3.0\r\n"...)
	line("FN", c.Name)
	to = appendFolded(to, "N:"+escapeCard(c.Name)+";;;;")
	for _, a := range c.All() {
		line(cardAddress[a.Kind], a.Address)
	}
	line("LANG", c.Language)
	line("NOTE", c.Note)
	names := make([]string, 0, len(c.Fields))
	for name := range c.Fields {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		line(cardField, name+"="+c.Fields[name])
	}
	return append(to, "END:VCARD\r\n"...)
}

var cardEscapes = strings.NewReplacer(`\`, `\\`, "\r\n", `\n`, "\n", `\n`, "\r", `\n`, ",", `\,`, ";", `\;`)

func escapeCard(value string) string { return cardEscapes.Replace(value) }

// appendFolded appends a line, in pieces of at most 75 octets (RFC 2426 2.6) that cut no character.
func appendFolded(to []byte, line string) []byte {
	room := 75
	for len(line) > room {
		cut := room
		for cut > 1 && !utf8.RuneStart(line[cut]) {
			cut--
		}
		to = append(append(to, line[:cut]...), "\r\n "...)
		line, room = line[cut:], 74
	}
	return append(append(to, line...), "\r\n"...)
}

// property is one line of a card.
type property struct {
	name   string   // in upper case, without its group
	params []string // NAME=VALUE in upper case; of a bare word TYPE=WORD
	value  string
}

// ReadVCards reads cards of the versions 2.1, 3.0 and 4.0 and calls each with the line at which one begins, counted from 1, and what
// it says, or what is wrong with it. The first mobile, pager and mail address are the contact's, further ones stand behind them; another
// telephone is taken as the mobile where there is none. Anything that Kurir has no place for is passed over.
func ReadVCards(text string, each func(line int, c *Contact, problem string) bool) {
	r := cardReader{rest: strings.TrimPrefix(text, "\ufeff")}
	for {
		p, line, ok := r.next()
		if !ok {
			return
		}
		if p.name != "BEGIN" || !strings.EqualFold(strings.TrimSpace(p.value), "VCARD") {
			continue
		}
		c, problem := r.card()
		if !each(line, c, problem) {
			return
		}
	}
}

type cardReader struct {
	rest string
	line int // that was read last
}

// physical returns the next line as it stands in the file.
func (r *cardReader) physical() (string, bool) {
	if r.rest == "" {
		return "", false
	}
	line, rest, _ := strings.Cut(r.rest, "\n")
	r.rest = rest
	r.line++
	return strings.TrimSuffix(line, "\r"), true
}

// next returns the next property, with its continuations, and the line at which it begins.
func (r *cardReader) next() (p property, at int, ok bool) {
	line, ok := r.physical()
	if !ok {
		return p, 0, false
	}
	at = r.line
	var whole strings.Builder
	whole.WriteString(line)
	soft := func(s string) bool {
		begin := whole.String()
		return strings.HasSuffix(s, "=") && strings.Contains(strings.ToUpper(head(begin[:min(len(begin), maxCardHead)])), "QUOTED-PRINTABLE")
	}
	for len(r.rest) > 0 {
		switch {
		case r.rest[0] == ' ' || r.rest[0] == '\t':
			line, _ = r.physical()
			line = line[1:]
		case soft(line):
			next, _ := r.physical()
			line = next
			whole.WriteString("\n")
		default:
			return parseProperty(whole.String()), at, true
		}
		if whole.Len()+len(line) <= maxCardLine {
			whole.WriteString(line)
		}
	}
	return parseProperty(whole.String()), at, true
}

// head is what stands before the value of a line.
func head(line string) string {
	before, _, _ := strings.Cut(line, ":")
	return before
}

func parseProperty(line string) property {
	before, value, found := cutOutsideQuotes(line)
	if !found {
		return property{}
	}
	parts := strings.Split(before, ";")
	name := parts[0]
	if at := strings.LastIndexByte(name, '.'); at >= 0 { // item1.TEL
		name = name[at+1:]
	}
	p := property{name: strings.ToUpper(strings.TrimSpace(name)), value: value}
	for _, param := range parts[1:] {
		param = strings.ToUpper(strings.ReplaceAll(param, `"`, ""))
		if !strings.Contains(param, "=") {
			param = "TYPE=" + param
		}
		key, values, _ := strings.Cut(param, "=")
		for v := range strings.SplitSeq(values, ",") {
			p.params = append(p.params, key+"="+v)
		}
	}
	if p.has("ENCODING=QUOTED-PRINTABLE") || p.has("TYPE=QUOTED-PRINTABLE") {
		if octets, err := io.ReadAll(quotedprintable.NewReader(strings.NewReader(value))); err == nil {
			p.value = string(octets)
		}
		if !utf8.ValidString(p.value) {
			p.value, _ = charmap.Windows1252.NewDecoder().String(p.value)
		}
	}
	return p
}

// cutOutsideQuotes cuts a line at its first colon that stands in no quoted parameter.
func cutOutsideQuotes(line string) (before, after string, found bool) {
	quoted := false
	for i := range len(line) {
		switch {
		case line[i] == '"':
			quoted = !quoted
		case line[i] == ':' && !quoted:
			return line[:i], line[i+1:], true
		}
	}
	return line, "", false
}

func (p *property) has(param string) bool { return slices.Contains(p.params, param) }

// card reads to the end of a card.
func (r *cardReader) card() (*Contact, string) {
	c, other, n := &Contact{}, "", 0
	var structured string
	for {
		p, _, ok := r.next()
		if !ok {
			return nil, "the card does not end"
		}
		if n++; n > maxCardLines {
			return nil, fmt.Sprintf("the card has more than %d lines", maxCardLines)
		}
		switch p.name {
		case "END":
			if c.Mobile == "" {
				c.Mobile = other
			}
			if c.Name == "" {
				c.Name = structured
			}
			return c, problemOfCard(c)
		case "N":
			structured = nameOfCard(p.value)
		case "TEL":
			tel(c, &other, &p)
		default:
			p.into(c)
		}
	}
}

// into puts a property that is one text into the contact.
func (p *property) into(c *Contact) {
	value := strings.TrimSpace(unescapeCard(p.value))
	first := func(to *string) {
		if *to == "" {
			*to = value
		}
	}
	switch p.name {
	case "FN":
		first(&c.Name)
	case "EMAIL":
		c.addressOfCard(MailAddress, &c.Mail, value)
	case "LANG":
		first(&c.Language)
	case "NOTE":
		first(&c.Note)
	case cardField:
		name, text, found := strings.Cut(value, "=")
		if !found || text == "" {
			return
		}
		if c.Fields == nil {
			c.Fields = map[string]string{}
		}
		if len(c.Fields) <= MaxContactFields { // one more than there may be is enough for Tidy to say so
			c.Fields[name] = text
		}
	}
}

// tel takes a number of a card; other is the first that is of no mobile and no pager.
func tel(c *Contact, other *string, p *property) {
	number := strings.TrimSpace(unescapeCard(p.value))
	if len(number) > 4 && strings.EqualFold(number[:4], "tel:") {
		number, _, _ = strings.Cut(number[4:], ";")
	}
	switch {
	case p.has("TYPE=CELL") || p.has("TYPE=MOBILE") || p.has("TYPE=IPHONE"):
		c.addressOfCard(MobileAddress, &c.Mobile, number)
	case p.has("TYPE=PAGER"):
		c.addressOfCard(PagerAddress, &c.Pager, number)
	case p.has("TYPE=FAX"):
	case *other == "":
		*other = number
	}
}

// addressOfCard takes an address of a card: as the first of its kind, or as one more.
func (c *Contact) addressOfCard(kind AddressKind, first *string, address string) {
	switch {
	case *first == "":
		*first = address
	case address != "" && address != *first && len(c.Addresses) < MaxContactAddresses:
		c.Addresses = append(c.Addresses, ContactAddress{Kind: kind, Address: address})
	}
}

// nameOfCard makes a name of its parts: family, given, additional, prefix, suffix.
func nameOfCard(value string) string {
	parts := splitCard(value)
	var name []string
	for _, at := range [...]int{3, 1, 2, 0, 4} {
		if at < len(parts) && strings.TrimSpace(parts[at]) != "" {
			name = append(name, strings.TrimSpace(parts[at]))
		}
	}
	return strings.Join(name, " ")
}

// splitCard splits a value at semicolons that are not escaped.
func splitCard(value string) (parts []string) {
	from := 0
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case '\\':
			i++
		case ';':
			parts = append(parts, unescapeCard(value[from:i]))
			from = i + 1
		}
	}
	return append(parts, unescapeCard(value[from:]))
}

func unescapeCard(value string) string {
	if !strings.Contains(value, `\`) {
		return value
	}
	var b strings.Builder
	for i := 0; i < len(value); i++ {
		if value[i] != '\\' || i == len(value)-1 {
			b.WriteByte(value[i])
			continue
		}
		i++
		if value[i] == 'n' || value[i] == 'N' {
			b.WriteByte('\n')
		} else {
			b.WriteByte(value[i])
		}
	}
	return b.String()
}

// problemOfCard says what keeps a card from being read as text.
func problemOfCard(c *Contact) string {
	for _, text := range [...]string{c.Name, c.Mobile, c.Pager, c.Mail, c.Language, c.Note} {
		if !utf8.ValidString(text) {
			return "the card is not UTF-8"
		}
	}
	return ""
}
