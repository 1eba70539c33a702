package directory

import (
	"fmt"
	"slices"
	"strings"

	"kurir/message"
)

// Alias is a word or a number that stands for mail addresses.
type Alias struct {
	// Name is a word that a text begins with, a number of ours that phones write to, or the digits behind one.
	Name string `yaml:"name" example:"desk"`
	// To is the mail addresses, or rota:NAME for those on duty, up to 20.
	To []string `yaml:"to" example:"[desk@example.se]"`
}

// OwnAliases makes a table of aliases; number and refused are as of [ReadAliases]. What is wrong is reported, with the index
// of the alias, and left out.
func OwnAliases(list []Alias, number func(string) (string, bool), refused func(string) string, report func(i int, field, problem string)) *Aliases {
	p := aliasReader{number: number}
	table := &Aliases{to: make(map[string][]string, len(list)), from: map[string]string{}}
	for i := range list {
		a := &list[i]
		key, problem := p.key(a.Name), ""
		switch {
		case key == "":
			problem = fmt.Sprintf("%.40q is neither a word nor a number", a.Name)
		case table.to[key] != nil:
			problem = fmt.Sprintf("%.40q stands there already; upper and lower case are one, and so are the forms of a number", a.Name)
		case len(table.to) >= aliasMost:
			problem = fmt.Sprintf("there are more than %d names", aliasMost)
		}
		if problem != "" {
			report(i, "name", problem)
			continue
		}
		if field, problem := addressesProblem(a.To, refused); problem != "" {
			report(i, field, problem)
			continue
		}
		table.to[key] = a.To
		table.owns(key, a.To)
	}
	return table
}

// addressesProblem says what is wrong with the addresses of an alias, and in which field.
func addressesProblem(list []string, refused func(string) string) (field, problem string) {
	switch {
	case len(list) == 0:
		return "to", "is missing"
	case len(list) > aliasAddresses:
		return "to", tooManyAddresses
	}
	for i, address := range list {
		field = fmt.Sprintf("to[%d]", i)
		switch {
		case !strings.HasPrefix(address, rotaPrefix) && !message.IsMailbox(address):
			return field, message.MailboxProblem(address)
		case slices.Contains(list[:i], address):
			return field, "stands there twice"
		}
		if problem = refused(address); problem != "" {
			return field, problem
		}
	}
	return "", ""
}
