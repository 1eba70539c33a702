package web

import (
	"maps"
	"slices"
	"strings"

	"kurir/directory"
	"kurir/gateway"
)

// mostNamed bounds how many contacts one page looks for by their numbers.
const mostNamed = 1000

// contactNames gives the names of contacts by their numbers as they are written here: those of the user's own book, and else of the
// account's. Each book is asked once for all of a page; where that fails numbers stay without names.
func (v *visit) contactNames(numbers []string) map[string]string {
	wanted := map[string]string{} // how a number is written here, by its digits
	for _, number := range numbers {
		if digits := strings.TrimPrefix(number, "+"); digits != "" && len(wanted) < mostNamed {
			wanted[digits] = number
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	names := map[string]string{}
	for _, c := range v.found(gateway.PeopleFilter{Mobiles: slices.Sorted(maps.Keys(wanted)), Limit: 2 * mostNamed}) {
		for _, address := range numbersOf(&c.Contact) {
			digits := strings.TrimPrefix(address, "+")
			if number := wanted[digits]; number != "" && names[number] == "" && strings.TrimPrefix(c.Name, "+") != digits {
				names[number] = c.Name
			}
		}
	}
	return names
}

// numbersOf are all numbers of a contact.
func numbersOf(c *directory.Contact) []string {
	list := []string{c.Mobile, c.Pager}
	for _, one := range c.Addresses {
		list = append(list, one.Address)
	}
	return list
}

// nameRows puts names beside the numbers of a list's rows. Rows of other accounts stay as they are: their contacts are theirs.
func (v *visit) nameRows(l *listPage, columns []column, rows []row, shown []listRow) {
	at := slices.IndexFunc(columns, func(c column) bool { return c.field == l.names })
	if l.names == "" || at < 0 {
		return
	}
	var numbers []string
	of := func(r row) string {
		if whose := r.text("account"); whose != "" && whose != v.account.Name {
			return ""
		}
		return r.text(l.names)
	}
	for _, r := range rows {
		numbers = append(numbers, of(r))
	}
	names := v.contactNames(numbers)
	for i, number := range numbers {
		shown[i].Cells[at].Name = names[number]
	}
}
