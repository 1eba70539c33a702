package message

import (
	"fmt"
	"slices"
	"strings"
)

// ContactPerson is somebody to turn to about an account or a link. Nothing is sent to them; they are there to be looked up.
type ContactPerson struct {
	// Name of the person or the desk.
	Name string `yaml:"name" example:"Anna Berg"`
	// Kind is what to turn to them about: technical or commercial. Empty: both.
	Kind string `yaml:"kind" example:"technical"`
	// Mail is the mail address.
	Mail string `yaml:"mail" example:"anna.berg@example.se"`
	// Phone is the telephone number, as people write it.
	Phone string `yaml:"phone" example:"+46 8 123 456"`
	// Note is for people: hours, languages, a contract number. At most 200 octets.
	Note string `yaml:"note" example:"office hours"`
}

// Bounds on contact persons.
const (
	maxContactPersons = 20
	maxContactText    = 200 // octets of a note or a phone
)

// contactKinds are what people can be turned to about.
var contactKinds = []string{"technical", "commercial"}

// ValidateContactPersons reports what is wrong with the persons of a field, each with the field as it is written in the file.
func ValidateContactPersons(field string, persons []ContactPerson, report func(field, problem string)) {
	if len(persons) > maxContactPersons {
		report(field, fmt.Sprintf("has more than %d persons", maxContactPersons))
		return
	}
	for i, p := range persons {
		within := func(name, problem string) { report(fmt.Sprintf("%s[%d].%s", field, i, name), problem) }
		if p.Name == "" {
			within("name", "is missing")
		} else if problem := NameProblem(p.Name); problem != "" {
			within("name", problem)
		}
		if p.Kind != "" && !slices.Contains(contactKinds, p.Kind) {
			within("kind", fmt.Sprintf("%.40q is not one of %s", p.Kind, strings.Join(contactKinds, ", ")))
		}
		if p.Mail != "" && !IsMailbox(p.Mail) {
			within("mail", MailboxProblem(p.Mail))
		}
		for name, text := range map[string]string{"phone": p.Phone, "note": p.Note} {
			if len(text) > maxContactText {
				within(name, fmt.Sprintf("is longer than %d octets", maxContactText))
			}
		}
	}
}
