package smpp

import "strings"

// ParseReceipt reads a receipt's text as SMSCs really write it: keys in any case and order, any of them missing, empty
// or repeated (the first counts), longer dates, codes and ids, NULs at the end. ok is false if there is neither an id
// nor a state.
func ParseReceipt(text []byte) (r Receipt, ok bool) {
	r, _ = parseReceipt(text)
	return r, r.ID != "" || r.Stat != ""
}

// parseReceipt is ParseReceipt; known tells whether Stat is a word that StateOf knows.
func parseReceipt(text []byte) (r Receipt, known bool) {
	n := len(text)
	for n > 0 && (text[n-1] == 0 || text[n-1] == ' ' || text[n-1] == '\r' || text[n-1] == '\n') {
		n--
	}
	s := string(text[:n])
	if !r.usual(s) {
		r = tolerant(s)
	}
	r.State, known = StateOf(r.Stat)
	return r, known
}

// usual reads the layout that nearly all SMSCs write: that of appendix B in its order, with single blanks, and with any key
// missing but id and stat. It returns false for everything else, which is for tolerant to read; where it returns
// true both read the same.
func (r *Receipt) usual(s string) bool {
	at, ok := wordOf(s, 0, "id:", &r.ID)
	if !ok || at == 0 {
		return false
	}
	for _, field := range [...]struct {
		key string
		v   *string
	}{
		{"sub:", &r.Sub},
		{"dlvrd:", &r.Dlvrd},
		{"submit date:", &r.SubmitDate},
		{"done date:", &r.DoneDate},
		{"stat:", &r.Stat},
		{"err:", &r.Err},
	} {
		if at, ok = wordOf(s, at, field.key, field.v); !ok {
			return false
		}
	}
	if r.Stat == "" {
		return false
	}
	if at > len(s) {
		return true // nothing follows the last word
	}
	rest := s[at:]
	if len(rest) < 5 || rest[0]|0x20 != 't' || rest[1:5] != "ext:" {
		return false
	}
	r.Text = rest[5:]
	return true
}

// wordOf takes a key that stands at a place, and the word behind it, and gives the place behind the blank that follows:
// the place itself if there is another key, and one beyond the end if nothing follows. ok is false if the word is
// empty or anything but one blank ends it.
func wordOf(s string, at int, key string, v *string) (next int, ok bool) {
	if len(s)-at < len(key) || s[at:at+len(key)] != key {
		return at, true
	}
	from := at + len(key)
	i := from
	for i < len(s) && s[i] > ' ' && s[i] != ',' && s[i] != ';' {
		i++
	}
	if i == from || i < len(s) && s[i] != ' ' {
		return at, false
	}
	*v = s[from:i]
	return i + 1, true
}

// receiptKeys are the keys of a receipt's text as they are seen, in the order of the fields of Receipt.
var receiptKeys = [...]struct {
	key   string
	field int
}{
	{"id:", 0},
	{"sub:", 1},
	{"dlvrd:", 2},
	{"submit date:", 3},
	{"submit_date:", 3},
	{"submitdate:", 3},
	{"done date:", 4},
	{"done_date:", 4},
	{"donedate:", 4},
	{"stat:", 5},
	{"err:", 6},
	{"error:", 6},
	{"text:", 7},
}

const receiptText = 7 // the field of the text

// receiptKey finds out which key starts at s, and gives its field and length; -1 if none does.
func receiptKey(s string) (field, length int) {
	if s == "" {
		return -1, 0
	}
	first := s[0] | 0x20
	for i := range receiptKeys {
		k := receiptKeys[i].key
		if k[0] == first && len(s) >= len(k) && strings.EqualFold(s[:len(k)], k) {
			return receiptKeys[i].field, len(k)
		}
	}
	return -1, 0
}

// tolerant reads whatever has keys and values; its State is not set.
func tolerant(s string) Receipt {
	var values [8]string
	var seen [8]bool
	for i := 0; i < len(s); {
		field, n := -1, 0
		if i == 0 || separates(s[i-1]) {
			field, n = receiptKey(s[i:])
		}
		if field < 0 {
			i++
			continue
		}
		i += n
		if field == receiptText && seen[0] && seen[5] {
			values[field] = s[i:]
			break
		}
		end := valueEnd(s, i, field == receiptText)
		if !seen[field] {
			seen[field] = true
			values[field] = strings.Trim(s[i:end], " ,;\r\n\t\x00")
		}
		i = end
	}
	return Receipt{
		ID: values[0], Sub: values[1], Dlvrd: values[2], SubmitDate: values[3], DoneDate: values[4],
		Stat: values[5], Err: values[6], Text: values[7],
	}
}

// separates reports whether a key may follow the character.
func separates(c byte) bool {
	switch c {
	case ' ', '\t', '\r', '\n', ',', ';', 0:
		return true
	}
	return false
}

// valueEnd finds the end of the value that starts at i: behind one word, or before the next key if words are many.
func valueEnd(s string, i int, words bool) int {
	for i < len(s) && s[i] == ' ' {
		i++
	}
	for ; i < len(s); i++ {
		if separates(s[i-1]) {
			if field, _ := receiptKey(s[i:]); field >= 0 {
				return i
			}
		}
		if separates(s[i]) && !words {
			return i
		}
	}
	return i
}
