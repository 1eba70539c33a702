package account

import (
	"fmt"

	"kurir/message"
)

// FieldTLVs names the optional parameters by which a customer gives over SMPP what other interfaces have fields for.
type FieldTLVs struct {
	// Tag is the parameter with the message's tag, by which routes know it: text of at most 64 octets. Empty: none.
	Tag string `yaml:"tag" example:"0x1510"`
	// Secret is the parameter that says whether the text is secret: one octet, 1 or 0. Empty: none.
	Secret string `yaml:"secret" example:"0x1511"`
	// Dialog is the parameter that says whether the message begins a dialog: one octet, 1 or 0. Empty: none.
	Dialog string `yaml:"dialog" example:"0x1512"`
}

// FieldTags are the tags of FieldTLVs; 0 for none.
type FieldTags struct {
	Tag, Secret, Dialog uint16
}

// The tags that vendors may use (SMPP 3.4 3.2.4.1).
const (
	firstVendorTag = 0x1400
	lastVendorTag  = 0x3FFF
)

// FieldTags returns the parameters by which the customer gives fields of a message; nil for most.
func (s *SMPP) FieldTags() *FieldTags { return s.fields }

// Each calls f with every field that has a parameter, and its tag.
func (t *FieldTags) Each(f func(field string, tag uint16)) {
	if t == nil {
		return
	}
	for _, one := range []struct {
		field string
		tag   uint16
	}{{"tag", t.Tag}, {"secret", t.Secret}, {"dialog", t.Dialog}} {
		if one.tag != 0 {
			f(one.field, one.tag)
		}
	}
}

// resolveFields finds the parameters by the server's dictionary; given are those that every message of the account has.
func (s *SMPP) resolveFields(d *message.TLVDictionary, given *message.Extra, report func(field, problem string)) {
	s.fields = nil
	if s.TLVs == (FieldTLVs{}) {
		return
	}
	find := func(field, name string) uint16 {
		if name == "" {
			return 0
		}
		tag, err := d.Tag(name)
		switch {
		case err != nil:
			report("smpp.tlvs."+field, err.Error())
			return 0
		case tag < firstVendorTag || tag > lastVendorTag:
			report("smpp.tlvs."+field, fmt.Sprintf("%.64q is not a vendor's tag, 0x1400 to 0x3FFF (SMPP 3.4 3.2.4.1)", name))
			return 0
		case tag == message.TagPassed:
			report("smpp.tlvs."+field, fmt.Sprintf("0x%04X is set by Kurir itself", tag))
			return 0
		}
		if _, always := given.TLV(tag); always {
			report("smpp.tlvs."+field, fmt.Sprintf("%.64q is under tlvs of the account too, and can mean one thing only", name))
		}
		return tag
	}
	t := &FieldTags{Tag: find("tag", s.TLVs.Tag), Secret: find("secret", s.TLVs.Secret), Dialog: find("dialog", s.TLVs.Dialog)}
	first := map[uint16]string{}
	t.Each(func(field string, tag uint16) {
		if before := first[tag]; before != "" {
			report("smpp.tlvs."+field, fmt.Sprintf("0x%04X is that of %s already", tag, before))
			return
		}
		first[tag] = field
	})
	if !s.MaySpeak("3.4") && !s.MaySpeak("5.0") {
		report("smpp.tlvs", "can come on no session that versions permits: SMPP 3.3 has no optional parameters")
	}
	s.fields = t
}
