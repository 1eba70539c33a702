package mail

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

// Form says what of a mail makes the text of a message.
type Form string

// Forms.
const (
	SubjectFirst Form = "subject-first" // the subject, then the body on the next line; of an empty rule
	BodyOnly     Form = "body"          // the body; the subject, if there is no body
	SubjectOnly  Form = "subject"       // the subject; the body, if there is no subject
	Template     Form = "template"      // Rule.Template
)

// Rule makes the text of a message from a mail. The empty rule puts the subject
// first and cuts whatever is not what the sender wrote.
type Rule struct {
	Form            Form
	Template        string   // with {subject}, {body}, {from} (an address), {name} (or the address, if the sender has none)
	KeepSignature   bool     // what stands behind "-- ", and lines like "Sent from my iPhone"
	KeepQuoted      bool     // what the sender answers
	KeepDisclaimers bool     // what begins as those of Disclaimers, and as common ones
	Disclaimers     []string // how a paragraph begins that is cut, whatever the case of its letters
	CutAll          bool     // what is cut is cut also where nothing is left, of a mail that only quotes
	ListAttachments bool     // a last line names the files: [report.pdf 12 kB, plan.png 3 MB]
}

// Check says what is wrong with a rule.
func (r *Rule) Check() error {
	switch r.Form {
	case "", SubjectFirst, BodyOnly, SubjectOnly:
		return nil
	case Template:
	default:
		return fmt.Errorf("there is no form %q: there are %s, %s, %s and %s", r.Form, SubjectFirst, BodyOnly, SubjectOnly, Template)
	}
	if strings.TrimSpace(r.Template) == "" {
		return fmt.Errorf("the form %s needs a template", Template)
	}
	for _, name := range inBraces().FindAllString(r.Template, -1) {
		if _, known := (&Letter{}).value(name, ""); !known {
			return fmt.Errorf("the template has %s: there are {subject}, {body}, {from} and {name}", name)
		}
	}
	return nil
}

// inBraces finds what a template names.
var inBraces = onDemand(`\{[a-z_]+\}`)

// value gives what a name in a template stands for.
func (l *Letter) value(name, body string) (string, bool) {
	switch name {
	case "{subject}":
		return l.Subject, true
	case "{body}":
		return body, true
	case "{from}":
		return l.From.Addr, true
	case "{name}":
		if l.From.Name != "" {
			return l.From.Name, true
		}
		return l.From.Addr, true
	}
	return name, false
}

// Text makes the text. It is empty only if the mail has neither subject nor text.
func (r *Rule) Text(l *Letter) string {
	body := r.Body(l)
	subject := strings.TrimSpace(l.Subject)
	var text string
	switch r.Form {
	case BodyOnly:
		text = firstOf(body, subject)
	case SubjectOnly:
		text = firstOf(subject, body)
	case Template:
		text = squeeze(inBraces().ReplaceAllStringFunc(r.Template, func(name string) string {
			value, _ := l.value(name, body)
			return value
		}))
	default:
		text = subject + "\n" + body
		if repeats(body, subject) {
			text = body
		}
	}
	if r.ListAttachments {
		text = strings.TrimSpace(text) + "\n" + l.files()
	}
	return strings.TrimSpace(text)
}

// mostText is how many octets of a text are looked at: 255 parts, the most that a
// message can have, are less than half of it.
const mostText = 128 << 10

// Body gives the mail's text with what the rule cuts taken out, and runs of
// spaces and empty lines made one. A line of hyphens, stars and the like alone counts
// as empty. Without CutAll nothing is cut where nothing would be left.
func (r *Rule) Body(l *Letter) string {
	text := strings.ReplaceAll(l.Text, "\r\n", "\n")
	if len(text) > mostText {
		text = strings.ToValidUTF8(text[:mostText], "")
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.TrimFunc(line, blankRune) == "" && line != "-- " {
			lines[i] = ""
		}
	}
	for _, cut := range []struct {
		keep bool
		cut  func([]string) []string
	}{
		{r.KeepQuoted, func(lines []string) []string {
			return cutQuoted(lines, !r.CutAll && sendsOnSubject().MatchString(l.Subject), r.CutAll)
		}},
		{r.KeepSignature, cutSignature},
		{r.KeepDisclaimers, func(lines []string) []string { return cutDisclaimers(lines, r.Disclaimers) }},
		{r.KeepSignature, cutPhrases},
	} {
		if cut.keep {
			continue
		}
		if rest := cut.cut(lines); r.CutAll || !empty(rest) {
			lines = rest
		}
	}
	plainLinks(lines)
	for i, line := range lines {
		if decoration().MatchString(line) {
			lines[i] = ""
		}
	}
	return squeeze(strings.Join(lines, "\n"))
}

func firstOf(text, other string) string {
	if text != "" {
		return text
	}
	return other
}

func empty(lines []string) bool { return written(lines, 0) == 0 }

// repeats tells whether the body begins with the subject, whole words of it.
func repeats(body, subject string) bool {
	first, _, _ := strings.Cut(body, "\n")
	begin, whole := strings.Join(strings.Fields(subject), " "), strings.Join(strings.Fields(first), " ")
	if begin == "" {
		return true
	}
	rest, is := cutPrefixFold(whole, begin)
	if !is {
		return false
	}
	for _, r := range rest {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}
	return true
}

// blankRune tells characters that show nothing.
func blankRune(r rune) bool {
	return unicode.IsSpace(r) || r == '\u200b' || r == '\ufeff' || r == '\u200c' || r == '\u00ad' || r == '\u2060'
}

// squeeze makes one space of several within a line, none at its ends, and one
// empty line of several.
func squeeze(text string) string {
	var b strings.Builder
	gap := false
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.Join(strings.FieldsFunc(line, blankRune), " ")
		if line == "" {
			gap = true
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
			if gap {
				b.WriteByte('\n')
			}
		}
		gap = false
		b.WriteString(line)
	}
	return b.String()
}

// files lists what is attached.
func (l *Letter) files() string {
	var list []string
	for _, a := range l.Attachments {
		if a.Inline {
			continue
		}
		list = append(list, strings.TrimSpace(firstOf(a.Name, a.Type)+" "+sizeText(a.Size)))
	}
	if len(list) == 0 {
		return ""
	}
	return "[" + strings.Join(list, ", ") + "]"
}

// sizeText writes octets as people do; nothing for none.
func sizeText(octets int64) string {
	switch {
	case octets <= 0:
		return ""
	case octets < 1000:
		return strconv.FormatInt(octets, 10) + " B"
	case octets < 1000_000:
		return strconv.FormatInt((octets+500)/1000, 10) + " kB"
	}
	return strconv.FormatInt((octets+500_000)/1000_000, 10) + " MB"
}
