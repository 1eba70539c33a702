package gateway

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"kurir/message"
)

// Placeholders of templates: what they stand for in an inbound message.
var placeholders = map[string]func(in *message.Inbound) string{
	"from":    func(in *message.Inbound) string { return in.From.String() },
	"to":      func(in *message.Inbound) string { return in.To.String() },
	"text":    func(in *message.Inbound) string { return in.Content.Text },
	"keyword": func(in *message.Inbound) string { return firstWord(in.Content.Text) },
	"rest":    func(in *message.Inbound) string { _, rest := cutWord(in.Content.Text); return rest },
	"account": func(in *message.Inbound) string { return in.Account },
	"link":    func(in *message.Inbound) string { return in.Link },
	"tag":     func(in *message.Inbound) string { return in.Tag },
	"case":    func(in *message.Inbound) string { return in.Case },
	"id":      func(in *message.Inbound) string { return in.ID.String() },
	"time": func(in *message.Inbound) string {
		return time.UnixMilli(in.Received).UTC().Format("2006-01-02 15:04")
	},
}

// fillTemplate puts what an inbound message has into {placeholders}; {{ is a
// brace. What stands in the message is never read as a placeholder. The error
// names a placeholder that there is not.
func fillTemplate(template string, in *message.Inbound) (string, error) {
	var b strings.Builder
	for {
		text, rest, open := strings.Cut(template, "{")
		b.WriteString(text)
		if !open {
			return b.String(), nil
		}
		if escaped, ok := strings.CutPrefix(rest, "{"); ok {
			b.WriteByte('{')
			template = escaped
			continue
		}
		name, behind, closed := strings.Cut(rest, "}")
		value := placeholders[name]
		if !closed || value == nil {
			return "", fmt.Errorf("has {%.20s, and there are %s; a brace is written {{", name, placeholderNames())
		}
		b.WriteString(value(in))
		template = behind
	}
}

// asTemplate writes a text as the template of itself.
func asTemplate(text string) string { return strings.ReplaceAll(text, "{", "{{") }

func placeholderNames() string {
	var names []string
	for name := range placeholders {
		names = append(names, "{"+name+"}")
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// templateProblem says what is wrong with a template; empty for nothing.
func templateProblem(template string) string {
	if _, err := fillTemplate(template, &message.Inbound{}); err != nil {
		return err.Error()
	}
	return ""
}
