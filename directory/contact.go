package directory

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"kurir/message"
)

// Bounds of a contact.
const (
	MaxContactFields = 50   // fields of its own
	maxFieldName     = 40   // octets
	maxFieldValue    = 1000 // octets
	maxFieldOctets   = 8000 // of all fields together
	maxNote          = 1000 // octets, also of groups and templates
	maxMail          = 254  // octets (RFC 5321 4.5.3.1.3, less the angle brackets)
)

// Contact is somebody whom an account writes to. It belongs to that account alone.
type Contact struct {
	Name     string            `json:"name,omitempty"`     // as people say it; two contacts may have the same
	Mobile   string            `json:"mobile,omitempty"`   // number of the phone, as Address.String writes it; empty for none
	Pager    string            `json:"pager,omitempty"`    // likewise
	Mail     string            `json:"mail,omitempty"`     // address
	Language string            `json:"language,omitempty"` // such as sv or pt-BR, for templates; empty: not known
	Fields   map[string]string `json:"fields,omitempty"`   // what else there is to know, by names that placeholders can have
	Note     string            `json:"note,omitempty"`     // for people

	Addresses []ContactAddress `json:"addresses,omitempty"` // others than the first of each kind, and labels
	Usual     string           `json:"usual,omitempty"`     // to which messages go: one of the addresses, or mobile, pager or mail for the first of the kind
}

// ownFields are the names that a contact's own fields cannot have: {name} is its name.
var ownFields = []string{"name", "mobile", "pager", "mail", "language", "note", "id", "group", "to", "addresses", "usual"}

// Variable gives what {name} stands for in a text to the contact; false where it has nothing of that name.
func (c *Contact) Variable(name string) (string, bool) {
	var value string
	switch name {
	case "name":
		value = c.Name
	case "mobile":
		value = c.Mobile
	case "pager":
		value = c.Pager
	case "mail":
		value = c.Mail
	case "language":
		value = c.Language
	default:
		value = c.Fields[name]
	}
	return value, value != ""
}

// Same tells whether two contacts say the same.
func (c *Contact) Same(d *Contact) bool {
	return c.Name == d.Name && c.Mobile == d.Mobile && c.Pager == d.Pager && c.Mail == d.Mail && c.Language == d.Language && c.Note == d.Note &&
		maps.Equal(c.Fields, d.Fields) && slices.Equal(c.Addresses, d.Addresses) && c.Usual == d.Usual
}

// Differences names the fields in which two contacts differ, in a fixed order.
func (c *Contact) Differences(d *Contact) (fields []string) {
	for _, f := range [...]struct{ name, old, new string }{
		{"name", c.Name, d.Name},
		{"mobile", c.Mobile, d.Mobile},
		{"pager", c.Pager, d.Pager},
		{"mail", c.Mail, d.Mail},
		{"language", c.Language, d.Language},
		{"note", c.Note, d.Note},
		{"usual", c.Usual, d.Usual},
	} {
		if f.old != f.new {
			fields = append(fields, f.name)
		}
	}
	if !maps.Equal(c.Fields, d.Fields) {
		fields = append(fields, "fields")
	}
	if !slices.Equal(c.Addresses, d.Addresses) {
		fields = append(fields, "addresses")
	}
	return fields
}

// Tidy brings a contact into the form in which it is kept, and reports what is wrong with it, each with its field. normal
// brings a number as people write it into digits with country code. A contact without a name has its number or mail
// address as one.
func (c *Contact) Tidy(normal func(string) (message.Address, error), report func(field, problem string)) {
	c.Name, c.Mail, c.Language = strings.TrimSpace(c.Name), strings.TrimSpace(c.Mail), strings.TrimSpace(c.Language)
	c.Mobile = tidyNumber(c.Mobile, "mobile", normal, report)
	c.Pager = tidyNumber(c.Pager, "pager", normal, report)
	if problem := mailProblem(c.Mail); problem != "" {
		report("mail", problem)
	}
	if problem := languageProblem(c.Language); problem != "" {
		report("language", problem)
	}
	c.tidyAddresses(normal, report)
	if all := c.All(); c.Name == "" && len(all) > 0 {
		c.Name = all[0].Address
	}
	if c.Name == "" {
		report("name", "is missing, and there is no number and no mail address to call the contact by")
	} else if problem := calledProblem(c.Name); problem != "" {
		report("name", problem)
	}
	if problem := noteProblem(c.Note); problem != "" {
		report("note", problem)
	}
	c.tidyFields(report)
}

func (c *Contact) tidyFields(report func(field, problem string)) {
	octets := 0
	maps.DeleteFunc(c.Fields, func(_, value string) bool { return value == "" })
	if len(c.Fields) == 0 {
		c.Fields = nil
	}
	for _, name := range slices.Sorted(maps.Keys(c.Fields)) {
		value := c.Fields[name]
		octets += len(name) + len(value)
		switch field := fmt.Sprintf("fields.%.40s", name); {
		case VariableProblem(name) != "":
			report(field, VariableProblem(name))
		case slices.Contains(ownFields, name):
			report(field, "is a name that cannot be given: {"+name+"} stands for something else")
		case len(value) > maxFieldValue:
			report(field, fmt.Sprintf("has more than %d octets", maxFieldValue))
		case !utf8.ValidString(value):
			report(field, "is no UTF-8")
		}
	}
	if len(c.Fields) > MaxContactFields || octets > maxFieldOctets {
		report("fields", fmt.Sprintf("has more than %d fields or %d octets", MaxContactFields, maxFieldOctets))
	}
}

func tidyNumber(text, field string, normal func(string) (message.Address, error), report func(field, problem string)) string {
	if text = strings.TrimSpace(text); text == "" {
		return ""
	}
	a, err := normal(text)
	if err != nil {
		report(field, err.Error())
		return ""
	}
	return a.String()
}

// calledProblem says what is wrong with the name of a contact, group or template.
func calledProblem(name string) string {
	if problem := message.NameProblem(name); problem != "" {
		return problem
	}
	if Fold(name) == "" {
		return "has no letter and no digit"
	}
	return ""
}

func noteProblem(note string) string {
	switch {
	case len(note) > maxNote:
		return fmt.Sprintf("has more than %d octets", maxNote)
	case !utf8.ValidString(note):
		return "is no UTF-8"
	}
	return ""
}

// mailProblem is a rough check: only the server of the address knows whether it is one.
func mailProblem(mail string) string {
	at := strings.LastIndexByte(mail, '@')
	switch {
	case mail == "":
	case len(mail) > maxMail:
		return fmt.Sprintf("has more than %d octets", maxMail)
	case at < 1 || at == len(mail)-1 || !utf8.ValidString(mail) ||
		strings.ContainsFunc(mail, func(r rune) bool {
			return unicode.IsSpace(r) || unicode.IsControl(r) || r == ',' || r == ';' || r == '<' || r == '>'
		}):
		return fmt.Sprintf("%.60q is no mail address", mail)
	}
	return ""
}

// languageProblem is about the form of BCP 47: letters and digits in groups of at most eight.
func languageProblem(language string) string {
	if language == "" {
		return ""
	}
	for i, part := range strings.Split(language, "-") {
		bad := len(part) < 1 || len(part) > 8 || i == 0 && len(part) < 2 || strings.ContainsFunc(part, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (i == 0 || r < '0' || r > '9')
		})
		if bad || len(language) > 35 {
			return fmt.Sprintf("%.40q is no language such as sv or pt-BR", language)
		}
	}
	return ""
}

// VariableProblem says what is wrong with the name of a variable; empty for nothing.
func VariableProblem(name string) string {
	switch {
	case name == "":
		return "has no name"
	case len(name) > maxFieldName:
		return fmt.Sprintf("has a name of more than %d octets", maxFieldName)
	}
	for i, r := range name {
		if !unicode.IsLetter(r) && r != '_' && (i == 0 || !unicode.IsDigit(r) && r != '-' && r != '.') {
			return "is no name of a variable: letters, and behind the first also digits, -, _ and ."
		}
		if r == utf8.RuneError {
			return "is no UTF-8"
		}
	}
	return ""
}
