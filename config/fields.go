package config

import (
	"fmt"

	"kurir/message"
)

// checkFieldTLVs reports optional parameters by which an account says a field of a message (smpp: {tlvs}) and that mean
// something else too.
func (d *decoder) checkFieldTLVs(f *File, tlvs *message.TLVDictionary) {
	used := map[uint16]string{}
	for i := range f.Dimensions {
		if name := f.Dimensions[i].SMPP; name != "" && name != message.ServiceTypeField {
			if tag, err := tlvs.Tag(name); err == nil {
				used[tag] = fmt.Sprintf("dimensions[%d].smpp", i)
			}
		}
	}
	for i := range f.Series {
		if tag, err := tlvs.Tag(f.Series[i].TLV); err == nil {
			used[tag] = fmt.Sprintf("series[%d].tlv", i)
		}
	}
	for i := range f.Accounts {
		f.Accounts[i].SMPP.FieldTags().Each(func(field string, tag uint16) {
			if other := used[tag]; other != "" {
				d.report(fmt.Sprintf("accounts[%d].smpp.tlvs.%s", i, field), fmt.Sprintf("0x%04X is used by %s, and can mean one thing only", tag, other))
			}
		})
	}
}
