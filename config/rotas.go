package config

import (
	"fmt"
	"slices"

	"kurir/rota"
)

// checkRotas reports what is wrong with rotas, each by itself and all together.
func (d *decoder) checkRotas(f *File, accounts []string) {
	seen := once{d: d, what: "the rota"}
	for i := range f.Rotas {
		r, path := &f.Rotas[i], fmt.Sprintf("rotas[%d]", i)
		r.Validate(d.within(path))
		seen.see(path+".name", r.Name)
		if !slices.Contains(accounts, r.Account) {
			d.report(path+".account", "no account is named "+quote(r.Account)+known(accounts))
		}
	}
	rota.Check(f.Rotas, func(i int, field, problem string) { d.report(fmt.Sprintf("rotas[%d].%s", i, field), problem) })
}

// rotaProblem says that an account has no such rota; the empty one stands for any account.
func (f *File) rotaProblem(account, name string) string {
	var names []string
	for i := range f.Rotas {
		if r := &f.Rotas[i]; account == "" || r.Account == account {
			if r.Name == name {
				return ""
			}
			names = append(names, r.Name)
		}
	}
	of := "any account"
	if account != "" {
		of = account
	}
	return quote(name) + " is no rota of " + of + known(names)
}
