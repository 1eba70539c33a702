package directory

import (
	"slices"
	"strings"
)

// Said is what a phone says of an account's messages.
type Said uint8

// What it may say.
const (
	SaidNothing Said = iota
	SaidStop
	SaidStart
)

// Words are the words by which phones opt out and in again. They do not change and are safe for concurrent use.
type Words struct {
	said      map[string]Said
	languages map[string][]*Language // of a word
	wanted    []*Language
}

// NewWords returns the words of languages, by code, of all if none is named, and further ones.
func NewWords(codes, stop, start []string) *Words {
	w := &Words{said: map[string]Said{}, languages: map[string][]*Language{}}
	for i := range languages {
		l := &languages[i]
		if len(codes) > 0 && !slices.Contains(codes, l.Code) {
			continue
		}
		w.wanted = append(w.wanted, l)
		for _, word := range l.Stop {
			w.add(word, SaidStop, l)
		}
		for _, word := range l.Start {
			w.add(word, SaidStart, l)
		}
	}
	if len(codes) > 0 { // in the order of their preference
		slices.SortStableFunc(w.wanted, func(a, b *Language) int { return slices.Index(codes, a.Code) - slices.Index(codes, b.Code) })
	}
	for _, word := range stop {
		w.add(word, SaidStop, nil)
	}
	for _, word := range start {
		w.add(word, SaidStart, nil)
	}
	return w
}

func (w *Words) add(word string, said Said, l *Language) {
	if word = Fold(word); word == "" {
		return // signs alone would be every text of signs
	}
	w.said[word] = said
	if l != nil && !slices.Contains(w.languages[word], l) {
		w.languages[word] = append(w.languages[word], l)
	}
}

// Contradiction finds a word among further ones, of stop or start, that a language or the other list has for the opposite;
// at is its place, less than 0 if there is none.
func Contradiction(codes, stop, start []string) (said Said, at int) {
	other := NewWords(codes, nil, start)
	at = slices.IndexFunc(stop, func(word string) bool { return other.said[Fold(word)] == SaidStart })
	if at >= 0 {
		return SaidStop, at
	}
	other = NewWords(codes, stop, nil)
	return SaidStart, slices.IndexFunc(start, func(word string) bool { return other.said[Fold(word)] == SaidStop })
}

// longest bounds a text that may be one of the words, in octets.
const longest = 200

// Heard says what the text of a message from a phone says: the whole of it has to be one of the words, in upper or lower
// case, with or without marks on its letters, or one of them and one of the names (STOP ACME). word is the one found.
func (w *Words) Heard(text string, names ...string) (said Said, word string) {
	if text == "" || len(text) > longest {
		return SaidNothing, ""
	}
	text = Fold(text)
	if said := w.said[text]; said != SaidNothing {
		return said, text
	}
	for _, name := range names {
		if name = Fold(name); name == "" {
			continue
		}
		if word, ok := strings.CutSuffix(text, " "+name); ok && w.said[word] != SaidNothing {
			return w.said[word], word
		}
	}
	return SaidNothing, ""
}

// Language gives the language in which to answer a word from a phone: the word's, and where it has several or none, that
// of the phone's country, else the first that was asked for, else English.
func (w *Words) Language(word, phone string) *Language {
	among := w.languages[word]
	if len(among) == 1 {
		return among[0]
	}
	for _, list := range [][]*Language{among, w.wanted} {
		for _, l := range list {
			if slices.ContainsFunc(l.calling, func(code string) bool { return strings.HasPrefix(phone, code) }) {
				return l
			}
		}
	}
	if len(w.wanted) > 0 && len(w.wanted) < len(languages) {
		return w.wanted[0]
	}
	return &languages[english]
}

// Answer gives the answer to what was said; {sender} in it stands for name.
func (l *Language) Answer(said Said, name string) string {
	text := l.Stopped
	if said == SaidStart {
		text = l.Started
	}
	return strings.ReplaceAll(text, SenderMark, name)
}

// SenderMark stands in answers for the number or name that the phone wrote to.
const SenderMark = "{sender}"

// LanguageCodes gives the codes of the languages that are known.
func LanguageCodes() []string {
	codes := make([]string, 0, len(languages))
	for i := range languages {
		codes = append(codes, languages[i].Code)
	}
	return codes
}
