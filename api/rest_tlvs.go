package api

import (
	"strings"

	"kurir/message"
)

// restTLV is one member of "tlvs" as the customer wrote it.
type restTLV struct{ name, value string }

// tlvs reads "tlvs": an object of texts or whole numbers by name.
func (r *jsonReader) tlvs() []restTLV {
	if !r.open('{', "an object") {
		return nil
	}
	var all []restTLV
	for first := true; r.more('}', &first); {
		r.field = "tlvs"
		name := string(r.name())
		r.field = "tlvs." + clip(name)
		for i := range all {
			if all[i].name == name {
				r.fail(codeTwice, "%s is given twice", r.field)
			}
		}
		if len(all) == message.MaxTLVs {
			r.fail(codeTooMany, "tlvs may have at most %d members", message.MaxTLVs)
			return nil
		}
		all = append(all, restTLV{name, r.textOrNumber()})
		r.field = "tlvs"
	}
	return all
}

// textOrNumber reads a string, or a whole number as its digits.
func (r *jsonReader) textOrNumber() string {
	c := r.peek()
	if c == '"' {
		return string(r.quoted())
	}
	start := r.at
	for r.at < len(r.in) && r.in[r.at] >= '0' && r.in[r.at] <= '9' {
		r.at++
	}
	if n := r.at - start; n == 0 || n > 1 && c == '0' || r.at < len(r.in) && strings.IndexByte(".eE", r.in[r.at]) >= 0 {
		r.at = start
		r.wrongType("a string or a whole number")
		return ""
	}
	return string(r.in[start:r.at])
}

// extraOf makes what goes along with a message of the parameters given by name.
func extraOf(d *message.TLVDictionary, given []restTLV) (*message.Extra, *message.Failure) {
	if len(given) == 0 {
		return nil, nil
	}
	x := &message.Extra{TLVs: make([]message.TLV, 0, len(given))}
	octets := 0
	for _, g := range given {
		t, err := d.Parse(g.name, g.value)
		if err == nil {
			_, twice := x.TLV(t.Tag)
			if octets += len(t.Value); !twice && octets <= message.MaxTLVOctets {
				x.TLVs = append(x.TLVs, t)
				continue
			}
		}
		field := "tlvs." + clip(g.name)
		switch {
		case err != nil:
			return nil, message.Fail(message.BadContent, field, "%s: %v", field, err)
		case octets > message.MaxTLVOctets:
			return nil, message.Fail(message.BadContent, "tlvs", "tlvs has more than %d octets of values", message.MaxTLVOctets)
		}
		return nil, message.Fail(message.BadContent, field, "%s is given under another name too", field)
	}
	return x, nil
}

// showTLVs returns parameters by name as they may be given, nil if there are
// none. Of those with one name the first is shown.
func showTLVs(d *message.TLVDictionary, x *message.Extra) map[string]string {
	if x == nil || len(x.TLVs) == 0 {
		return nil
	}
	shown := make(map[string]string, len(x.TLVs))
	for _, t := range x.TLVs {
		name, value := d.Show(t)
		if _, twice := shown[name]; !twice {
			shown[name] = value
		}
	}
	return shown
}
