package directory

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"
)

// Bounds of a template.
const (
	MaxTemplateText = 10_000 // octets of one text
	maxLanguages    = 50
)

// Template is a text with placeholders that is kept for many messages, in one language or several.
type Template struct {
	Name  string            `json:"name,omitempty"`
	Text  string            `json:"text,omitempty"`  // for whoever has no language, or one that is not among Texts
	Texts map[string]string `json:"texts,omitempty"` // in other languages, by sv or pt-BR
	Note  string            `json:"note,omitempty"`
}

// Tidy reports what is wrong with a template, each with its field.
func (t *Template) Tidy(report func(field, problem string)) {
	t.Name = strings.TrimSpace(t.Name)
	if t.Name == "" {
		report("name", "is missing")
	} else if problem := calledProblem(t.Name); problem != "" {
		report("name", problem)
	}
	if problem := noteProblem(t.Note); problem != "" {
		report("note", problem)
	}
	if t.Text == "" {
		report("text", "is missing")
	} else if problem := textProblem(t.Text); problem != "" {
		report("text", problem)
	}
	if len(t.Texts) == 0 {
		t.Texts = nil
	}
	if len(t.Texts) > maxLanguages {
		report("texts", fmt.Sprintf("has more than %d languages", maxLanguages))
		return
	}
	for _, language := range slices.Sorted(maps.Keys(t.Texts)) {
		field := fmt.Sprintf("texts.%.40s", language)
		switch problem := languageProblem(language); {
		case problem != "" || language == "":
			report(field, fmt.Sprintf("%.40q is no language such as sv or pt-BR", language))
		case t.Texts[language] == "":
			report(field, "is empty")
		default:
			if problem := textProblem(t.Texts[language]); problem != "" {
				report(field, problem)
			}
		}
	}
}

func textProblem(text string) string {
	if len(text) > MaxTemplateText {
		return fmt.Sprintf("has more than %d octets", MaxTemplateText)
	}
	if _, err := ParseText(text); err != nil {
		return err.Error()
	}
	return ""
}

// In gives the text for a language: that of exactly this one, of the one without its country or script, or Text.
func (t *Template) In(language string) string {
	for language != "" {
		for have, text := range t.Texts {
			if strings.EqualFold(have, language) {
				return text
			}
		}
		at := strings.LastIndexByte(language, '-')
		if at < 0 {
			break
		}
		language = language[:at]
	}
	return t.Text
}

// Variables names what the texts have placeholders for: those without which a message cannot be made, in one language at
// least, and those that may be left out. Both are sorted.
func (t *Template) Variables() (required, optional []string) {
	need := map[string]bool{}
	for _, text := range append(slices.Collect(maps.Values(t.Texts)), t.Text) {
		parsed, err := ParseText(text)
		if err != nil {
			continue // Tidy says so
		}
		for _, p := range parsed.pieces {
			if p.name != "" {
				need[p.name] = need[p.name] || !p.optional
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(need)) {
		if need[name] {
			required = append(required, name)
		} else {
			optional = append(optional, name)
		}
	}
	return required, optional
}

// Text is a text with placeholders that has been read: {name} stands for the variable name, {name|there} for it or, where
// it is not given, for what stands behind the bar, which may be nothing; {{ is a brace.
type Text struct{ pieces []piece }

// piece is literal text, or a placeholder if name is not empty; then text is what stands for it if need be.
type piece struct {
	text, name string
	optional   bool
}

// ParseText reads a text with placeholders.
func ParseText(text string) (*Text, error) {
	if !utf8.ValidString(text) {
		return nil, errors.New("is no UTF-8")
	}
	t := &Text{}
	var literal strings.Builder
	flush := func() {
		if literal.Len() > 0 {
			t.pieces = append(t.pieces, piece{text: literal.String()})
			literal.Reset()
		}
	}
	for {
		before, rest, open := strings.Cut(text, "{")
		literal.WriteString(before)
		if !open {
			flush()
			return t, nil
		}
		if escaped, ok := strings.CutPrefix(rest, "{"); ok {
			literal.WriteByte('{')
			text = escaped
			continue
		}
		inside, behind, closed := strings.Cut(rest, "}")
		if !closed {
			return nil, fmt.Errorf("has {%.20s without }; a brace is written {{", rest)
		}
		name, instead, optional := strings.Cut(inside, "|")
		if problem := VariableProblem(name); problem != "" {
			return nil, fmt.Errorf("has {%.40s}, which %s; a brace is written {{", inside, problem)
		}
		flush()
		t.pieces = append(t.pieces, piece{text: instead, name: name, optional: optional})
		text = behind
	}
}

// Fill puts values into the placeholders. missing names the first variable that there is no value for; then the text
// cannot be used. What stands in a value is never read as a placeholder.
func (t *Text) Fill(value func(name string) (string, bool)) (text, missing string) {
	if len(t.pieces) == 1 && t.pieces[0].name == "" {
		return t.pieces[0].text, ""
	}
	var b strings.Builder
	for i := range t.pieces {
		p := &t.pieces[i]
		if p.name == "" {
			b.WriteString(p.text)
			continue
		}
		v, ok := value(p.name)
		switch {
		case ok:
			b.WriteString(v)
		case p.optional:
			b.WriteString(p.text)
		default:
			return "", p.name
		}
	}
	return b.String(), ""
}

// Differences names the fields in which two templates differ, in a fixed order.
func (t *Template) Differences(u *Template) (fields []string) {
	for _, f := range [...]struct {
		name string
		same bool
	}{{"name", t.Name == u.Name}, {"text", t.Text == u.Text}, {"texts", maps.Equal(t.Texts, u.Texts)}, {"note", t.Note == u.Note}} {
		if !f.same {
			fields = append(fields, f.name)
		}
	}
	return fields
}
