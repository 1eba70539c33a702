package config

import (
	"fmt"
	"slices"

	"kurir/account"
)

// checkUsers reports mistakes in users, and those whose account there is not.
func (d *decoder) checkUsers(users []account.User, accounts []string) {
	byName := once{d: d, what: "the name"}
	for i := range users {
		u, path := &users[i], fmt.Sprintf("users[%d]", i)
		u.Validate(d.within(path))
		byName.see(path+".name", u.Name)
		if u.Account != "" && !slices.Contains(accounts, u.Account) {
			d.report(path+".account", "no account is named "+quote(u.Account)+known(accounts))
		}
	}
}
