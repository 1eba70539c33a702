package account

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"kurir/message"
)

// Resolve reads what the account gives its messages, and by which parameters they
// say what, by the server's dictionary, and reports every mistake in it.
func (a *Account) Resolve(d *message.TLVDictionary, report func(field, problem string)) {
	a.resolveExtra(d, report)
	a.SMPP.resolveFields(d, a.extra, report)
}

func (a *Account) resolveExtra(d *message.TLVDictionary, report func(field, problem string)) {
	a.extra = nil
	if len(a.TLVs) == 0 {
		return
	}
	x := &message.Extra{}
	octets := 0
	for _, name := range slices.Sorted(maps.Keys(a.TLVs)) {
		tlv, err := d.Parse(name, a.TLVs[name])
		if err != nil {
			report("tlvs."+name, err.Error())
			continue
		}
		x.TLVs = append(x.TLVs, tlv)
		octets += len(tlv.Value)
	}
	if len(x.TLVs) > message.MaxTLVs || octets > message.MaxTLVOctets {
		report("tlvs", fmt.Sprintf("are more than %d, or have more than %d octets", message.MaxTLVs, message.MaxTLVOctets))
	}
	a.extra = x
}

// PredefinedText returns the text that a customer means by a number in
// sm_default_msg_id (SMPP 3.4 5.2.20).
func (a *Account) PredefinedText(number uint8) (text string, ok bool) {
	if len(a.Predefined) == 0 {
		return "", false
	}
	text, ok = a.Predefined[strconv.Itoa(int(number))]
	return text, ok
}

// ValidatePredefined reports numbers that sm_default_msg_id cannot have, and
// texts that are none.
func ValidatePredefined(texts map[string]string, report func(field, problem string)) {
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		if n, err := strconv.Atoi(name); err != nil || n < 1 || n > 254 || strconv.Itoa(n) != name {
			report("predefined."+name, "is not a number from 1 to 254")
		}
		if texts[name] == "" {
			report("predefined."+name, "is empty")
		}
	}
}

// Extra returns what a message of the account goes with: what it brings itself,
// x, which may be nil and is changed, and what the account adds. Messages that
// bring nothing share one.
func (a *Account) Extra(x *message.Extra) *message.Extra {
	if a.extra == nil {
		return x
	}
	if x == nil {
		return a.extra
	}
	for _, t := range a.extra.TLVs {
		if _, given := x.TLV(t.Tag); !given && len(x.TLVs) < message.MaxTLVs {
			x.TLVs = append(x.TLVs, t)
		}
	}
	return x
}
