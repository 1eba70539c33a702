package directory

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"kurir/message"
)

// Numbers is a set of entries: numbers and names of senders in full, by their beginning, or as patterns. A number in full
// and a beginning take eight octets each, so that millions fit. It is safe for concurrent use; make it with NewNumbers.
type Numbers struct {
	mu       sync.RWMutex
	exact    keys
	begins   keys
	lengths  uint32 // of begins, a bit for each number of digits
	names    map[string]struct{}
	patterns []string            // with ? anywhere or * not at the end of digits; of names in lower case
	known    map[string]struct{} // the same
}

// MaxPatterns is how many patterns and beginnings of names one set may have: each is compared with every number.
const MaxPatterns = 10_000

// NewNumbers returns a set without entries.
func NewNumbers() *Numbers {
	return &Numbers{names: map[string]struct{}{}, known: map[string]struct{}{}}
}

// Len is how many entries there are.
func (n *Numbers) Len() int {
	if n == nil {
		return 0
	}
	n.mu.RLock()
	defer n.mu.RUnlock()
	return n.len()
}

func (n *Numbers) len() int { return n.exact.len() + n.begins.len() + len(n.names) + len(n.patterns) }

// Become takes all entries of another set, which is not used any more, in place of its own.
func (n *Numbers) Become(other *Numbers) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.exact, n.begins, n.lengths = other.exact, other.begins, other.lengths
	n.names, n.patterns, n.known = other.names, other.patterns, other.known
}

// Match gives the entry that an address falls under. Beginnings are of numbers with country code, so that no short code of
// at most eight digits falls under one. A nil set has no entries.
func (n *Numbers) Match(a message.Address) (entry string, ok bool) {
	if n == nil || a.Number == "" {
		return "", false
	}
	n.mu.RLock()
	defer n.mu.RUnlock()
	text := a.Number
	if a.TON == message.TONAlphanumeric || !message.AllDigits(text) {
		text = strings.ToLower(text)
		if _, ok := n.names[text]; ok {
			return a.Number, true
		}
	} else if entry, ok := n.matchDigits(text, a.TON == message.TONInternational || len(text) > maxShortCode); ok {
		return entry, true
	}
	for _, p := range n.patterns {
		if matches(p, text) {
			return p, true
		}
	}
	if n.lengths&1 != 0 && n.begins.has(emptyKey) {
		return "*", true
	}
	return "", false
}

// maxShortCode is how many digits a number may have that is no international one although nothing says so.
const maxShortCode = 8

func (n *Numbers) matchDigits(digits string, international bool) (string, bool) {
	if key, ok := keyOf(digits); ok && n.exact.has(key) {
		return digits, true
	}
	if n.lengths == 0 || !international {
		return "", false
	}
	key := uint64(emptyKey)
	for i := range min(len(digits), maxDigits) { // an extended number has more
		key = key*10 + uint64(digits[i]-'0')
		if n.lengths>>(i+1)&1 != 0 && n.begins.has(key) {
			return digits[:i+1] + "*", true
		}
	}
	return "", false
}

// HasRoom tells whether entries would not be more patterns than MaxPatterns.
func (n *Numbers) HasRoom(add []Entry) bool {
	n.mu.RLock()
	defer n.mu.RUnlock()
	room := MaxPatterns - len(n.patterns)
	for i := range add {
		if add[i].kind == patternEntry {
			if _, known := n.known[add[i].text]; !known {
				room--
			}
		}
	}
	return room >= 0
}

// Add puts an entry in and tells whether it was not there before; false too where it would be one pattern more than
// MaxPatterns.
func (n *Numbers) Add(e Entry) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch e.kind {
	case numberEntry:
		return n.exact.add(e.key)
	case beginEntry:
		n.lengths |= 1 << (len(e.text) - 1)
		return n.begins.add(e.key)
	case nameEntry:
		before := len(n.names)
		n.names[e.text] = struct{}{}
		return len(n.names) > before
	}
	if _, known := n.known[e.text]; known || len(n.patterns) >= MaxPatterns {
		return false
	}
	n.patterns, n.known[e.text] = append(n.patterns, e.text), struct{}{}
	return true
}

// Remove takes an entry out and tells whether it was there.
func (n *Numbers) Remove(e Entry) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch e.kind {
	case numberEntry:
		return n.exact.remove(e.key)
	case beginEntry:
		return n.begins.remove(e.key)
	case nameEntry:
		before := len(n.names)
		delete(n.names, e.text)
		return len(n.names) < before
	}
	at := slices.Index(n.patterns, e.text)
	if at < 0 {
		return false
	}
	n.patterns = slices.Delete(n.patterns, at, at+1)
	delete(n.known, e.text)
	return true
}

// Mistake is what is wrong with a line of a file.
type Mistake struct {
	Line int // from 1
	Text string
}

// mostMistakes is how many mistakes of one file are told; a file of another kind would have one in every line.
const mostMistakes = 100

// maxLine bounds a line of a list, in octets.
const maxLine = 1 << 16

// ReadNumbers reads the lines of a list: one entry in each, which ends at a comma or semicolon, so that the first column
// of a CSV will do. Empty lines and what follows a # are left out, and the first line where it is the name of a
// column (number, to, from, sender, recipient, msisdn). country is the calling code of numbers that are written nationally;
// normal brings a number that is not written in digits with country code into that form. With mistakes it returns
// them, at most a hundred, and no set.
func ReadNumbers(r io.Reader, normal func(string) (message.Address, error)) (*Numbers, []Mistake) {
	n := NewNumbers()
	var mistakes []Mistake
	var exact []uint64
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 4096), maxLine)
	line := 1
	for ; lines.Scan() && len(mistakes) < mostMistakes; line++ {
		raw := lines.Bytes()
		if line == 1 {
			raw = bytes.TrimPrefix(raw, []byte("\ufeff"))
		}
		if at := bytes.IndexAny(raw, ",;#"); at >= 0 {
			raw = raw[:at]
		}
		raw = bytes.Trim(raw, " \t\r\"")
		if key, ok := plainKey(raw); ok {
			exact = append(exact, key)
			continue
		}
		text := string(raw)
		if text == "" || line == 1 && slices.Contains(columnNames, strings.ToLower(text)) {
			continue
		}
		e, err := ParseEntry(text, normal)
		switch {
		case err != nil:
			mistakes = append(mistakes, Mistake{line, err.Error()})
		case !n.Add(e) && e.kind == patternEntry && len(n.patterns) >= MaxPatterns:
			return nil, append(mistakes, Mistake{line, fmt.Sprintf("there are more than %d patterns; each is compared with every number", MaxPatterns)})
		}
	}
	if err := lines.Err(); err != nil {
		mistakes = append(mistakes, Mistake{line, "the file cannot be read from here on as lines of at most 64 KiB: " + err.Error()})
	}
	if len(mistakes) > 0 {
		return nil, mistakes
	}
	n.exact.addAll(exact)
	return n, nil
}

var columnNames = []string{"number", "numbers", "to", "from", "sender", "recipient", "msisdn", "phone"}

// plainKey reads a number in digits with country code, with or without a plus, which most lines are.
func plainKey(raw []byte) (uint64, bool) {
	plus := len(raw) > 0 && raw[0] == '+'
	if plus {
		raw = raw[1:]
	}
	if len(raw) <= maxShortCode || len(raw) > maxDigits || raw[0] == '0' {
		return 0, false
	}
	key := uint64(emptyKey)
	for _, c := range raw {
		if c < '0' || c > '9' {
			return 0, false
		}
		key = key*10 + uint64(c-'0')
	}
	return key, true
}
