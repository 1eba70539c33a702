package directory

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"kurir/message"
)

// Aliases are words and numbers that stand for mail addresses, as /etc/aliases has them (aliases(5)):
//
//	# the duty desk
//	info, help: anna@example.se, bo@example.se,
//	    cecilia@example.se
//	"two words": anna@example.se
//	0701234561: anna@example.se
//	alarm: rota:ward4
//
// A line that begins with a space goes on with the one before; # begins a comment at the beginning of a line and behind a
// space. Words are compared as Fold writes them, numbers as the caller's function does. It does not change; nil has none.
type Aliases struct {
	to   map[string][]string // addresses by folded word, or by digits behind aliasNumber
	from map[string]string   // the first number that stands for an address, which is in small letters
}

const (
	aliasNumber    = "+" // begins the keys of numbers; Fold leaves none at the beginning of a word
	aliasLine      = 64 << 10
	aliasMost      = 500_000 // names
	aliasAddresses = 20      // of one name
	aliasMistakes  = 50      // that are told one by one

	tooManyAddresses = "has more than 20 addresses; have a list of your mail server's"
)

// LineMistake is what is wrong with a line.
type LineMistake struct {
	Line int // from 1
	Text string
}

// ReadAliases reads a file. number brings a number into the form in which addresses of messages hold it; false if a text
// is none. refused says in plain words why mail may not go to an address, or to the people of
// rota:NAME; empty if it may. Lines with a mistake are left
// out; those that are told are bounded, and the error is that of r.
func ReadAliases(r io.Reader, number func(string) (string, bool), refused func(address string) string) (*Aliases, []LineMistake, error) {
	p := aliasReader{number: number, refused: refused, lines: map[string]int{}, table: &Aliases{to: map[string][]string{}, from: map[string]string{}}}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 4096), aliasLine)
	n := 0
	for lines.Scan() {
		n++
		p.line(n, lines.Text())
	}
	p.entry()
	err := lines.Err()
	if errors.Is(err, bufio.ErrTooLong) {
		p.wrong(n+1, "is longer than %d octets; what follows was not read", aliasLine)
		err = nil
	}
	if p.more > 0 {
		p.mistakes = append(p.mistakes, LineMistake{p.last, fmt.Sprintf("this and %d more lines have mistakes", p.more-1)})
	}
	return p.table, p.mistakes, err
}

// aliasReader collects the lines of an entry.
type aliasReader struct {
	number   func(string) (string, bool)
	refused  func(string) string
	table    *Aliases
	lines    map[string]int // where each key stands
	mistakes []LineMistake
	more     int // mistakes that are not told
	last     int // line of the first of those

	begun int // line of the entry; 0 for none
	text  strings.Builder
}

func (p *aliasReader) wrong(line int, format string, args ...any) {
	if len(p.mistakes) < aliasMistakes {
		p.mistakes = append(p.mistakes, LineMistake{line, fmt.Sprintf(format, args...)})
		return
	}
	if p.more++; p.more == 1 {
		p.last = line
	}
}

// line takes the next line of the file.
func (p *aliasReader) line(n int, text string) {
	if n == 1 {
		text = strings.TrimPrefix(text, "\ufeff")
	}
	if !utf8.ValidString(text) {
		p.wrong(n, "is not UTF-8")
		return
	}
	text = strings.TrimRight(withoutComment(text), " \t\r")
	switch {
	case strings.TrimLeft(text, " \t") == "":
	case text[0] != ' ' && text[0] != '\t':
		p.entry()
		p.begun = n
		p.text.WriteString(text)
	case p.begun == 0:
		p.wrong(n, "begins with a space, and there is no line before that it goes on with")
	case p.text.Len()+len(text) > aliasLine:
		p.wrong(n, "the entry of line %d is longer than %d octets", p.begun, aliasLine)
	default:
		p.text.WriteString(text)
	}
}

// withoutComment cuts off what is behind a # that begins the line or follows a space, outside quotes.
func withoutComment(text string) string {
	quoted := false
	for i := range len(text) {
		switch {
		case text[i] == '"':
			quoted = !quoted
		case text[i] == '#' && !quoted && (i == 0 || text[i-1] == ' ' || text[i-1] == '\t'):
			return text[:i]
		}
	}
	return text
}

// entry ends the entry that was begun.
func (p *aliasReader) entry() {
	at, text := p.begun, p.text.String()
	p.begun = 0
	p.text.Reset()
	if at == 0 {
		return
	}
	names, rest, ok := cutUnquoted(text, ':')
	if !ok {
		p.wrong(at, "has no colon; a word, a colon and addresses are expected, such as info: anna@example.se")
		return
	}
	addresses, good := p.addresses(at, rest)
	if !good {
		return
	}
	for name := range splitUnquoted(names, ',') {
		p.name(at, unquote(name), addresses)
	}
}

// addresses reads those of an entry.
func (p *aliasReader) addresses(at int, text string) (list []string, ok bool) {
	for address := range splitUnquoted(text, ',') {
		address = strings.TrimSuffix(strings.TrimPrefix(unquote(address), "<"), ">")
		problem := ""
		switch {
		case address == "":
			continue // a comma at the end
		case !strings.HasPrefix(address, rotaPrefix) && !message.IsMailbox(address):
			problem = message.MailboxProblem(address)
		default:
			problem = p.refused(address)
		}
		if problem != "" {
			p.wrong(at, "%s", problem)
			return nil, false
		}
		if !slices.Contains(list, address) {
			list = append(list, address)
		}
	}
	switch {
	case len(list) == 0:
		p.wrong(at, "has no address behind the colon")
	case len(list) > aliasAddresses:
		p.wrong(at, tooManyAddresses)
	default:
		return list, true
	}
	return nil, false
}

// name notes a word or a number with its addresses.
func (p *aliasReader) name(at int, name string, addresses []string) {
	key := p.key(name)
	switch before := p.lines[key]; {
	case key == "":
		p.wrong(at, "%.40q is neither a word nor a number", name)
	case before != 0:
		p.wrong(at, "%.40q stands in line %d already", name, before)
	case len(p.lines) >= aliasMost:
		p.wrong(at, "there are more than %d names", aliasMost)
	default:
		p.lines[key], p.table.to[key] = at, addresses
		p.table.owns(key, addresses)
	}
}

// owns notes a number as that of its addresses, unless one has another already.
func (a *Aliases) owns(key string, addresses []string) {
	digits, number := strings.CutPrefix(key, aliasNumber)
	if !number {
		return
	}
	for _, address := range addresses {
		address = strings.ToLower(address)
		if a.from[address] == "" {
			a.from[address] = digits
		}
	}
}

func (p *aliasReader) key(name string) string {
	if digits, ok := p.number(name); ok {
		return aliasNumber + digits
	}
	return Fold(name)
}

// unquote takes spaces and quotes off a name or an address.
func unquote(text string) string {
	text = strings.TrimSpace(text)
	if len(text) >= 2 && text[0] == '"' && text[len(text)-1] == '"' {
		return text[1 : len(text)-1]
	}
	return text
}

// cutUnquoted is strings.Cut at a separator that is not within quotes.
func cutUnquoted(text string, sep byte) (before, after string, found bool) {
	quoted := false
	for i := range len(text) {
		switch {
		case text[i] == '"':
			quoted = !quoted
		case text[i] == sep && !quoted:
			return text[:i], text[i+1:], true
		}
	}
	return text, "", false
}

// splitUnquoted is strings.SplitSeq at a separator that is not within quotes.
func splitUnquoted(text string, sep byte) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for more := true; more; {
			var item string
			if item, text, more = cutUnquoted(text, sep); !yield(item) {
				return
			}
		}
	}
}

// Len is how many words and numbers there are.
func (a *Aliases) Len() int {
	if a == nil {
		return 0
	}
	return len(a.to)
}

// Word gives the addresses of a word, which is folded already; nil for none.
func (a *Aliases) Word(folded string) []string {
	if a == nil || strings.HasPrefix(folded, aliasNumber) {
		return nil
	}
	return a.to[folded]
}

// Number gives the addresses of a number, in the form of addresses of messages; nil for none.
func (a *Aliases) Number(digits string) []string {
	if a == nil {
		return nil
	}
	return a.to[aliasNumber+digits]
}

// NumberOf gives the first number that stands for an address, in the form of addresses of messages; empty for none.
func (a *Aliases) NumberOf(address string) string {
	if a == nil {
		return ""
	}
	return a.from[strings.ToLower(address)]
}

// AliasBook holds the aliases of a file, which is read again while they are used, and those made one by one, which come first.
// The zero value has none, and so has nil.
type AliasBook struct {
	own  *Aliases
	file atomic.Pointer[Aliases]
}

// NewAliasBook makes a book of aliases: those made one by one, and those of the file.
func NewAliasBook(own, file *Aliases) *AliasBook {
	b := &AliasBook{own: own}
	b.Replace(file)
	return b
}

// Replace puts others of the file into force.
func (b *AliasBook) Replace(file *Aliases) { b.file.Store(file) }

// Len is how many words and numbers there are.
func (b *AliasBook) Len() int {
	if b == nil {
		return 0
	}
	return b.own.Len() + b.file.Load().Len()
}

// Word gives the addresses of a word, which is folded already; nil for none.
func (b *AliasBook) Word(folded string) []string {
	if b == nil {
		return nil
	}
	if list := b.own.Word(folded); len(list) > 0 {
		return list
	}
	return b.file.Load().Word(folded)
}

// Number gives the addresses of a number, in the form of addresses of messages; nil for none.
func (b *AliasBook) Number(digits string) []string {
	if b == nil {
		return nil
	}
	if list := b.own.Number(digits); len(list) > 0 {
		return list
	}
	return b.file.Load().Number(digits)
}

// NumberOf gives the first number that stands for an address, in the form of addresses of messages; empty for none.
func (b *AliasBook) NumberOf(address string) string {
	if b == nil {
		return ""
	}
	if number := b.own.NumberOf(address); number != "" {
		return number
	}
	return b.file.Load().NumberOf(address)
}
