package config

import (
	"fmt"
	"slices"

	"kurir/account"
)

// checkKeys reports mistakes in API keys, and those whose account there is not.
func (d *decoder) checkKeys(keys []account.Key, accounts []string, byKey *once) {
	byName := once{d: d, what: "the name"}
	for i := range keys {
		k, path := &keys[i], fmt.Sprintf("keys[%d]", i)
		k.Validate(d.within(path))
		byName.see(path+".name", k.Name)
		byKey.see(path+".key", account.Seal("key", k.Key.Reveal()))
		byKey.see(path+".previous", account.Seal("key", k.Previous.Reveal()))
		if k.Account != "" && !slices.Contains(accounts, k.Account) {
			d.report(path+".account", "no account is named "+quote(k.Account)+known(accounts))
		}
	}
}
