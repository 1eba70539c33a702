package web

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"kurir/message"
)

// phrases put into Swedish what other parts of Kurir have written in English: why a rule matched, what a message waits for, what is
// wrong with a field. They are known by the formats by which the sources make them (fmt.Sprintf), so that a test can go over all of
// those; what a network or another program says is none of them, and stays as it came. The procedure of say:
//
//  1. What stands before a colon may be the name of a field: what is behind it is looked for.
//  2. Else the format with the most words that the whole text can have been made by is looked for; what its verbs stand for goes into
//     the Swedish, by its verbs in the same order or by their numbers (%[2]s). %w stands for words that are put into Swedish too.
//  3. Else each part between semicolons is looked for by itself.
//
// A phrases does not change and is safe for concurrent use.
type phrases struct {
	plain map[string]string // without verbs
	by    map[byte][]phrase // by the first octet, those with the most words first; 0 for those that begin with a verb
}

// phrase is a format with verbs.
type phrase struct {
	words   []string // around the verbs: one more than those
	verbs   []byte
	swedish string
	length  int // of words
}

// verb is one of a format: its number, and the letter.
var verb = regexp.MustCompile(`%(?:\[(\d+)\])?[-+# 0]*\d*(?:\.\d+)?([a-zA-Z%])`)

// newPhrases makes them of formats and their Swedish.
func newPhrases(table map[string]string) *phrases {
	p := &phrases{plain: map[string]string{}, by: map[byte][]phrase{}}
	for k := range 256 {
		p.plain[message.FailureKind(k).Sentence("")] = message.FailureKind(k).Sentence(swedish)
		p.plain[message.State(k).Sentence("")] = message.State(k).Sentence(swedish)
	}
	for format, said := range table {
		one := parsePhrase(format)
		if one.swedish = said; len(one.verbs) == 0 {
			p.plain[one.words[0]] = strings.ReplaceAll(said, "%%", "%")
			continue
		}
		start := byte(0)
		if one.words[0] != "" {
			start = one.words[0][0]
		}
		p.by[start] = append(p.by[start], one)
	}
	for _, list := range p.by {
		slices.SortFunc(list, func(a, b phrase) int {
			return cmp.Or(cmp.Compare(b.length, a.length), strings.Compare(a.swedish, b.swedish))
		})
	}
	return p
}

// parsePhrase takes a format apart.
func parsePhrase(format string) (one phrase) {
	words, from := "", 0
	for _, at := range verb.FindAllStringSubmatchIndex(format, -1) {
		words += format[from:at[0]]
		from = at[1]
		if letter := format[at[4]]; letter == '%' {
			words += "%"
		} else {
			one.words, one.verbs, words = append(one.words, words), append(one.verbs, letter), ""
		}
	}
	one.words = append(one.words, words+format[from:])
	for _, w := range one.words {
		one.length += len(w)
	}
	return one
}

// say gives a text in Swedish; false where nothing of it is known.
func (p *phrases) say(text string) (string, bool) { return p.said(text, 0) }

// said is say behind so many names of fields.
func (p *phrases) said(text string, fields int) (string, bool) {
	if field, rest, ok := strings.Cut(text, ": "); ok && fields < deepest && p.plain[text] == "" && !strings.ContainsAny(field, " \"") {
		if said, ok := p.said(rest, fields+1); ok {
			return field + ": " + said, true
		}
	}
	if said, ok := p.whole(text, 0); ok {
		return said, true
	}
	clauses, known := strings.Split(text, "; "), false
	for i, clause := range clauses {
		if said, ok := p.whole(clause, 0); ok {
			clauses[i], known = said, true
		}
	}
	return strings.Join(clauses, "; "), known
}

// deepest is how often words may stand within words, and behind names of fields: more is a stranger's.
const deepest = 3

// whole gives a text that one format makes.
func (p *phrases) whole(text string, depth int) (string, bool) {
	if said := p.plain[text]; said != "" {
		return said, true
	}
	if text == "" || depth > deepest {
		return text, false
	}
	for _, list := range [][]phrase{p.by[text[0]], p.by[0]} {
		for i := range list {
			if values, ok := list[i].match(text); ok {
				return p.fill(list[i].swedish, values, depth), true
			}
		}
	}
	return text, false
}

// fill puts values into the Swedish of a format.
func (p *phrases) fill(said string, values []string, depth int) string {
	next := 0
	return verb.ReplaceAllStringFunc(said, func(v string) string {
		m := verb.FindStringSubmatch(v)
		if m[2] == "%" {
			return "%"
		}
		if next++; m[1] != "" {
			next, _ = strconv.Atoi(m[1])
		}
		if next < 1 || next > len(values) {
			return ""
		}
		value := values[next-1]
		if m[2] == "w" {
			value, _ = p.whole(value, depth+1)
		}
		return value
	})
}

// match gives what the verbs of a format stand for in a text; false if it does not make it.
func (f *phrase) match(text string) (values []string, ok bool) {
	last := len(f.words) - 1
	rest, begins := strings.CutPrefix(text, f.words[0])
	rest, ends := strings.CutSuffix(rest, f.words[last])
	if !begins || !ends {
		return nil, false
	}
	for i, kind := range f.verbs {
		value := rest
		if i+1 < last {
			var found bool
			if value, rest, found = strings.Cut(rest, f.words[i+1]); !found {
				return nil, false
			}
		}
		if !fitsVerb(kind, value) || f.loose(i) && strings.Contains(value, " ") {
			return nil, false
		}
		values = append(values, value)
	}
	return values, true
}

// loose tells whether a verb of a format with few words stands for one word only: else much that others write would be made by it.
func (f *phrase) loose(at int) bool {
	return f.length <= 4 || at == 0 && f.words[0] == "" && f.length < 12
}

// fitsVerb tells whether a verb may have made a value.
func fitsVerb(kind byte, value string) bool {
	switch kind {
	case 'd':
		_, err := strconv.ParseInt(value, 10, 64)
		return err == nil
	case 'q':
		return len(value) > 1 && strings.ContainsRune("\"`'", rune(value[0]))
	case 'g', 'f':
		_, err := strconv.ParseFloat(value, 64)
		return err == nil
	}
	return true
}

// inWords gives what another part of Kurir has written in the user's language, as far as that is known; the rest as it is.
func (v *visit) inWords(text string) string {
	if text == "" || v.lang() != swedish {
		return text
	}
	said, _ := v.phrases().say(text)
	return said
}
