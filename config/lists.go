package config

import (
	"fmt"
	"slices"
	"strings"

	"kurir/directory"
	"kurir/message"
	"kurir/route"
)

// maxListFile bounds the file of a number list, in octets: some 40 million numbers.
const maxListFile = 512 << 20

// checkNumberLists reads the number lists and reports mistakes in them, those of their files with the files' lines, and in
// in the words of opt-out.
func (d *decoder) checkNumberLists(f *File) {
	seen := once{d: d, what: "the name"}
	for i := range f.Lists {
		l := &f.Lists[i]
		path := fmt.Sprintf("lists[%d]", i)
		l.Validate(d.within(path))
		seen.see(path+".name", l.Name)
		for k, name := range l.Routes {
			if !slices.ContainsFunc(f.Routes, func(r route.Rule) bool { return r.Name == name }) {
				d.report(fmt.Sprintf("%s.routes[%d]", path, k), "no route is named "+quote(name)+known(routeNames(f.Routes)))
			}
		}
		for k, pattern := range l.Accounts {
			if !strings.HasSuffix(pattern, "*") && !slices.ContainsFunc(accountNames(f), func(name string) bool { return name == pattern }) {
				d.report(fmt.Sprintf("%s.accounts[%d]", path, k), "no account is named "+quote(pattern)+known(accountNames(f)))
			}
		}
		if l.File != "" {
			d.readList(l, path, f.Country)
		}
	}
	for i := range f.Routes {
		for k, name := range f.Routes[i].List {
			if !slices.ContainsFunc(f.Lists, func(l directory.List) bool { return l.Name == name && !l.Senders() }) {
				d.report(route.Item(fmt.Sprintf("routes[%d].list", i), k, len(f.Routes[i].List)), "no list of recipients is named "+quote(name)+known(recipientLists(f.Lists)))
			}
		}
	}
	if f.Traffic != nil {
		f.Traffic.Validate(route.IsCountry, d.within("traffic"))
	}
	for i := range f.Accounts {
		if t := f.Accounts[i].Traffic; t != nil {
			t.Validate(route.IsCountry, d.within(fmt.Sprintf("accounts[%d].traffic", i)))
		} else {
			f.Accounts[i].Traffic = f.Traffic
		}
		if o := f.Accounts[i].OptOut; o != nil {
			for k, code := range o.Languages {
				if !slices.Contains(directory.LanguageCodes(), code) {
					d.report(fmt.Sprintf("accounts[%d].opt_out.languages[%d]", i, k), quote(code)+" is not one of "+strings.Join(directory.LanguageCodes(), ", "))
				}
			}
			if said, at := directory.Contradiction(o.Languages, o.Stop, o.Start); at >= 0 {
				field := "start"
				if said == directory.SaidStop {
					field = "stop"
				}
				d.report(fmt.Sprintf("accounts[%d].opt_out.%s[%d]", i, field, at), "says the opposite of the same word elsewhere, in the languages or the other list")
			}
		}
	}
}

func recipientLists(lists []directory.List) (names []string) {
	for i := range lists {
		if lists[i].Name != "" && !lists[i].Senders() {
			names = append(names, lists[i].Name)
		}
	}
	return names
}

func routeNames(rules []route.Rule) (names []string) {
	for i := range rules {
		if rules[i].Name != "" {
			names = append(names, rules[i].Name)
		}
	}
	return names
}

func accountNames(f *File) (names []string) {
	for i := range f.Accounts {
		if f.Accounts[i].Name != "" {
			names = append(names, f.Accounts[i].Name)
		}
	}
	return names
}

// readList reads the file of a number list.
func (d *decoder) readList(l *directory.List, path, country string) {
	file := d.openList(l.File, path+".file")
	if file == nil {
		return
	}
	defer file.Close()
	numbers, mistakes := directory.ReadNumbers(file, func(text string) (message.Address, error) {
		if l.Senders() {
			return route.Sender(text, country)
		}
		return route.Normalise(text, country)
	})
	for _, m := range mistakes {
		d.errors = append(d.errors, Error{File: l.File, Line: m.Line, Column: 1, Text: m.Text})
	}
	l.SetRead(numbers)
}
