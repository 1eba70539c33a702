package config

import (
	"fmt"

	"kurir/account"
	"kurir/message"
)

// checkDimensions reports mistakes in cost dimensions, accounts that name what is not there, and messages of the file's
// own that would be refused for want of one.
func (d *decoder) checkDimensions(f *File, tlvs *message.TLVDictionary) {
	message.ValidateDimensions(f.Dimensions, tlvs, d.report)
	known := message.NewCostDimensions(f.Dimensions, tlvs)
	for i := range f.Accounts {
		a := &f.Accounts[i]
		for name, value := range a.Dimensions {
			if failure := known.Check(map[string]string{name: value}); failure != nil {
				d.report(fmt.Sprintf("accounts[%d].dimensions.%s", i, name), failure.Error())
			}
		}
	}
	directory := account.NewDirectory(f.Accounts, nil)
	whole := func(field, name string) {
		a := directory.ByName(name)
		if a == nil {
			return
		}
		var has message.Dimensions
		if s := a.Special(); s != nil {
			has = s.Dimensions
		}
		if _, failure := known.Of(has, nil, nil); failure != nil {
			d.report(field, fmt.Sprintf("%s: %v; such messages have none either", quote(name), failure))
		}
	}
	if f.Alarms.SMS.Account != "" {
		whole("alarms.sms.account", f.Alarms.SMS.Account)
	}
	for i := range f.Schedules {
		whole(fmt.Sprintf("schedules[%d].account", i), f.Schedules[i].Account)
	}
}
