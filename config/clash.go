package config

import (
	"fmt"

	"kurir/gateway"
)

// mostClashes bounds what is said of rules that clash: one that takes all makes every later one useless.
const mostClashes = 100

// checkClashes says which rules for messages from phones have no effect: a mistake where two have the same conditions, else a
// warning. Of rules with mistakes nothing is said.
func (d *decoder) checkClashes(f *File) {
	if len(d.errors) > 0 {
		return
	}
	owners := map[string]string{}
	for i := range f.Accounts {
		for _, number := range f.Accounts[i].Numbers {
			owners[number] = f.Accounts[i].Name
		}
	}
	clashes := gateway.Clashes(f.Inbound, func(number string) string { return owners[number] })
	for i := range clashes[:min(len(clashes), mostClashes)] {
		c := &clashes[i]
		field, earlier := fmt.Sprintf("inbound[%d]", c.Rule), fmt.Sprintf("inbound[%d]", c.Earlier)
		if at, ok := d.places[earlier]; ok {
			earlier += fmt.Sprintf(" (line %d)", at.line)
		}
		if c.Field != "" {
			field += "." + c.Field
		}
		if c.Same {
			d.report(field, c.Sentence(earlier))
			continue
		}
		d.warn(field, c.Sentence(earlier))
	}
}
