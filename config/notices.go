package config

import (
	"fmt"
	"slices"

	"kurir/account"
)

// checkNotices reports mistakes in notices, and those for accounts that there are not.
func (d *decoder) checkNotices(notices []account.Notice, accounts []string) {
	byName := once{d: d, what: "the name"}
	for i := range notices {
		n, path := &notices[i], fmt.Sprintf("notices[%d]", i)
		n.Validate(d.within(path))
		byName.see(path+".name", n.Name)
		for k, name := range n.Accounts {
			if !slices.Contains(accounts, name) {
				d.report(fmt.Sprintf("%s.accounts[%d]", path, k), "no account is named "+quote(name)+known(accounts))
			}
		}
	}
}
