package api

import (
	"strings"

	"kurir/account"
	"kurir/gateway"
	"kurir/smpp"
)

// smppFields reads the optional parameters by which the account's messages say
// what other interfaces have fields for.
func smppFields(s *gateway.Submission, tlvs smpp.TLVs, tags *account.FieldTags) smpp.Status {
	if v, ok := tlvs.Get(smpp.Tag(tags.Tag)); ok && tags.Tag != 0 {
		s.Tag = strings.TrimRight(string(v), "\x00") // the gateway judges it
	}
	var ok bool
	if s.Secret, ok = smppFlag(tlvs, tags.Secret); !ok {
		return smpp.ESME_RINVOPTPARAMVAL
	}
	if s.Dialog, ok = smppFlag(tlvs, tags.Dialog); !ok {
		return smpp.ESME_RINVOPTPARAMVAL
	}
	return smpp.ESME_ROK
}

// smppFlag reads a parameter that says yes or no: the octet 1 or 0, or that digit
// as text, which is all that some clients write. One that is not there says no.
func smppFlag(tlvs smpp.TLVs, tag uint16) (yes, ok bool) {
	v, given := tlvs.Get(smpp.Tag(tag))
	if tag == 0 || !given {
		return false, true
	}
	switch string(v) {
	case "\x01", "1", "1\x00":
		return true, true
	case "\x00", "0", "0\x00":
		return false, true
	}
	return false, false
}
