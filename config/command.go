package config

import (
	"fmt"
	"slices"

	"kurir/gateway"
	"kurir/route"
)

// checkCommands reports what is wrong with programs that messages from phones start, and rules that name one that is not there.
// The phones are brought into the form in which addresses hold them.
func (d *decoder) checkCommands(f *File) {
	var lists, names []string
	for i := range f.Lists {
		lists = append(lists, f.Lists[i].Name)
	}
	seen := once{d: d, what: "the name"}
	for i := range f.Commands {
		c, path := &f.Commands[i], fmt.Sprintf("commands[%d]", i)
		c.Validate(d.within(path))
		if seen.see(path+".name", c.Name) && c.Name != "" {
			names = append(names, c.Name)
		}
		for n, arg := range c.Run[min(1, len(c.Run)):] {
			if problem := gateway.CommandProblem(arg); problem != "" {
				d.report(fmt.Sprintf("%s.run[%d]", path, n+1), problem)
			}
		}
		for n, phone := range c.From {
			address, err := route.Normalise(phone, f.Country)
			if err != nil {
				d.report(fmt.Sprintf("%s.from[%d]", path, n), err.Error())
				continue
			}
			c.From[n] = address.String()
		}
		for n, list := range c.Lists {
			if !slices.Contains(lists, list) {
				d.report(fmt.Sprintf("%s.lists[%d]", path, n), "no list is named "+quote(list)+known(lists))
			}
		}
	}
	for i := range f.Inbound {
		for n, action := range f.Inbound[i].Do {
			if action.Command != "" && !slices.Contains(names, action.Command) {
				d.report(fmt.Sprintf("inbound[%d].do[%d].command", i, n), "no command is named "+quote(action.Command)+known(names))
			}
		}
	}
}
