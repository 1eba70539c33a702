package config

import (
	"fmt"
	"slices"

	"kurir/gateway"
	"kurir/rota"
	"kurir/route"
)

// mostClashes bounds what is said of rules that clash: one that takes all makes every later one useless.
const mostClashes = 100

// checkEffects says what has no effect as it is written. Of a file with mistakes nothing is said.
func (d *decoder) checkEffects(f *File) {
	if len(d.errors) > 0 {
		return
	}
	d.checkClashes(f)
	d.checkBehindAll(f.Routes)
	d.checkAbsent(f)
}

// checkBehindAll warns of routes behind one that matches every message.
func (d *decoder) checkBehindAll(routes []route.Rule) {
	all := slices.IndexFunc(routes, func(r route.Rule) bool { return r.TakesAll() })
	if all < 0 {
		return
	}
	for i := all + 1; i < min(len(routes), all+1+mostClashes); i++ {
		d.warn(fmt.Sprintf("routes[%d]", i), "can never match, for "+d.called(fmt.Sprintf("routes[%d]", all))+" comes first and takes every message")
	}
}

// checkAbsent warns of accounts whose messages from phones would wait for sessions that cannot come.
func (d *decoder) checkAbsent(f *File) {
	if f.SMPP.Listen != "" {
		return
	}
	warned := 0
	for i := range f.Accounts {
		a := &f.Accounts[i]
		if len(a.Numbers) == 0 || a.Webhook != "" || a.Mailbox || len(a.MailTo) > 0 || a.SMPP.Outbind.Host != "" || warned == mostClashes {
			continue
		}
		if free := slices.DeleteFunc(gateway.Unclaimed(f.Inbound, a.Numbers), f.rotaHas); len(free) > 0 {
			d.warn(fmt.Sprintf("accounts[%d].numbers", i), "messages to "+free[0]+" that no rule under inbound takes wait for an SMPP session of the account, and none can come: "+
				"give the account a webhook or a mailbox, the server an address under smpp, or the number a rule; until then they are read by GET /v1/inbound")
			warned++
		}
	}
}

// rotaHas tells whether a number is a rota's.
func (f *File) rotaHas(number string) bool {
	return slices.ContainsFunc(f.Rotas, func(r rota.Rota) bool { return slices.Contains(r.Numbers, number) })
}

// called names something in a message about something else.
func (d *decoder) called(path string) string {
	if made, ok := d.made[path]; ok {
		return made
	}
	if at, ok := d.places[path]; ok {
		path += fmt.Sprintf(" (line %d)", at.line)
	}
	return path
}

// checkClashes says which rules for messages from phones have no effect: a mistake where two have the same conditions, else a
// warning.
func (d *decoder) checkClashes(f *File) {
	owners := map[string]string{}
	for i := range f.Accounts {
		for _, number := range f.Accounts[i].Numbers {
			owners[number] = f.Accounts[i].Name
		}
	}
	clashes := gateway.Clashes(f.Inbound, func(number string) string { return owners[number] })
	for i := range clashes[:min(len(clashes), mostClashes)] {
		c := &clashes[i]
		field, earlier := fmt.Sprintf("inbound[%d]", c.Rule), d.called(fmt.Sprintf("inbound[%d]", c.Earlier))
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
