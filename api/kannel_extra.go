package api

import (
	"net/http"
	"net/url"
	"strings"

	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
	"kurir/smpp"
)

const (
	kannelBadMeta = "Meta-data field misformed, rejected"
	kannelMetaMax = 4096 // octets of meta-data
)

// extra reads pid, rpi, mwi, alt-dcs, compress, binfo and meta-data: what goes
// along to operators with the content c.
func (f kannelFieldsGiven) extra(c *message.Content, tlvs *message.TLVDictionary) (*message.Extra, *kannelAnswer) {
	n := map[string]int{}
	for _, p := range []struct {
		field, name string
		most        int
	}{{"PID", "pid", 255}, {"RPI", "rpi", 2}, {"MWI", "mwi", 7}, {"Alt-DCS", "alt-dcs", 1}, {"Compress", "compress", 1}} {
		if f[p.name] == "" {
			continue // most requests name none
		}
		value, bad := f.number(p.field, -1, p.most, p.name)
		if bad != nil {
			return nil, bad
		}
		n[p.name] = value + 1 // 0 is for nothing
	}
	given, bad := f.metaData("smpp")
	if bad != nil {
		return nil, bad
	}
	x, failure := extraOf(tlvs, given)
	if failure != nil {
		return nil, kannelRefuse(http.StatusBadRequest, kannelBadMeta)
	}
	if len(n) == 0 && f["binfo"] == "" {
		return x, nil
	}
	if x == nil {
		x = &message.Extra{}
	}
	x.ProtocolID = uint8(max(n["pid"]-1, 0))
	if n["rpi"] == 2 {
		x.ESMClass = smpp.ESMReplyPath // Kannel: 1 asks for the reply path, 2 does not
	}
	x.ServiceType = kannelService(f["binfo"])
	switch {
	case n["mwi"] > 0:
		x.Coding = kannelWaiting(uint8(n["mwi"]-1), c)
	case n["compress"] == 2:
		x.Coding = kannelCompressed(c)
	case n["alt-dcs"] == 2:
		x.Coding = kannelAltDCS(c)
	}
	if x.IsZero() {
		return nil, nil
	}
	return x, nil
}

// kannelService is the service_type of a binfo: its first five characters, as
// Kannel has it; empty for what SMPP cannot carry.
func kannelService(binfo string) string {
	for i := range len(binfo) {
		if binfo[i] < ' ' || binfo[i] >= 0x7F {
			return ""
		}
	}
	return binfo[:min(len(binfo), 5)]
}

// kannelCompressed returns the data_coding of octets that the customer has
// compressed; 0 for a text, which nobody has.
func kannelCompressed(c *message.Content) uint8 {
	if c.Want != gsm.Binary {
		return 0
	}
	d := gsm.Coding(gsm.Binary, c.Class)
	d.Compressed = true
	return d.Octet()
}

// kannelAltDCS returns the data_coding in the form FX of a content without a
// message class, in which Kannel has it say class 1; 0 where there is no such
// form, or Kurir uses it anyway.
func kannelAltDCS(c *message.Content) uint8 {
	if c.Class >= 0 || c.Want == gsm.UCS2 {
		return 0
	}
	if c.Want == gsm.Binary {
		return 0xF5
	}
	return 0xF1 // not used for a text that goes out in UCS-2
}

// kannelWaiting returns the data_coding of a message waiting indication: 0 to 3
// say that voicemail, fax, mail or others wait, 4 to 7 that none do any more. One
// that nothing waits, or without a text, need not be kept by the phone (3GPP TS
// 23.038 4).
func kannelWaiting(mwi uint8, c *message.Content) uint8 {
	d := gsm.Coding(gsm.GSM7, gsm.NoClass)
	d.Waiting, d.Active, d.Indication = gsm.WaitingStore, mwi&4 == 0, mwi&3
	switch {
	case c.Want == gsm.Binary:
		return 0 // octets are no text
	case c.Want == gsm.UCS2 || !gsm.IsGSM7(c.Text):
		d.Encoding = gsm.UCS2
	case c.Text == "" || !d.Active:
		d.Waiting = gsm.WaitingDiscard
	}
	return d.Octet()
}

// dimensions reads the cost dimensions of a request: of the fields that the
// configuration names, and of meta-data "?dimensions?name=value&name=value".
func (f kannelFieldsGiven) dimensions(known *message.CostDimensions) (map[string]string, *kannelAnswer) {
	given, bad := f.metaData("dimensions")
	if bad != nil || known == nil && len(given) == 0 {
		return nil, bad
	}
	own := make(map[string]string, len(given))
	for _, d := range known.List() {
		if value := f[d.Kannel]; d.Kannel != "" && value != "" {
			own[d.Name] = value
		}
	}
	for _, pair := range given {
		own[pair.name] = pair.value
	}
	return own, nil
}

// own reads what Kannel has no field for: meta-data "?kurir?tag=news&secret=1&dialog=1".
func (f kannelFieldsGiven) own(s *gateway.Submission) *kannelAnswer {
	given, bad := f.metaData("kurir")
	if bad != nil {
		return bad
	}
	for _, pair := range given {
		yes := pair.value == "1" || pair.value == "true"
		switch {
		case pair.name == "tag":
			s.Tag = pair.value
		case !yes && pair.value != "0" && pair.value != "false":
			return kannelRefuse(http.StatusBadRequest, kannelBadMeta)
		case pair.name == "secret":
			s.Secret = yes
		case pair.name == "dialog":
			s.Dialog = yes
		default:
			return kannelRefuse(http.StatusBadRequest, kannelBadMeta)
		}
	}
	return nil
}

// metaData reads the parameters of a group: "?smpp?name=value&name=value"; other
// groups than smpp, dimensions and kurir are for links of other kinds.
func (f kannelFieldsGiven) metaData(group string) ([]restTLV, *kannelAnswer) {
	text := f["meta-data"]
	if text == "" {
		return nil, nil
	}
	wrong := kannelRefuse(http.StatusBadRequest, kannelBadMeta)
	groups := strings.Split(text, "?")
	if len(text) > kannelMetaMax || groups[0] != "" || len(groups)%2 == 0 {
		return nil, wrong
	}
	var given []restTLV
	for i := 1; i+1 < len(groups); i += 2 {
		if groups[i] != group {
			continue
		}
		for pair := range strings.SplitSeq(groups[i+1], "&") {
			name, value, ok := strings.Cut(pair, "=")
			name, err := url.QueryUnescape(name)
			value, err2 := url.QueryUnescape(value)
			switch {
			case pair == "":
				continue
			case !ok || err != nil || err2 != nil || len(given) == message.MaxTLVs:
				return nil, wrong
			}
			given = append(given, restTLV{name, value})
		}
	}
	return given, nil
}
