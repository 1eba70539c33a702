package config

import (
	"fmt"
	"slices"

	"kurir/message"
)

// checkMaintenance reports what is wrong with planned maintenance. links are the names of those that there are.
func (d *decoder) checkMaintenance(f *File, links []string) {
	seen := once{d: d, what: "the maintenance"}
	for i := range f.Maintenance {
		m, path := &f.Maintenance[i], fmt.Sprintf("maintenance[%d]", i)
		m.Validate(d.within(path))
		seen.see(path+".name", m.Name)
		for n, link := range m.Links {
			if !slices.Contains(links, link) {
				d.report(message.Item(path+".links", n, len(m.Links)), "no link is named "+quote(link)+known(links))
			}
		}
	}
}
