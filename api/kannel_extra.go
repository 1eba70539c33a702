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

// extra reads pid, rpi, mwi and meta-data: what goes along to operators with the
// content c.
func (f kannelFieldsGiven) extra(c *message.Content, tlvs *message.TLVDictionary) (*message.Extra, *kannelAnswer) {
	pid, bad := f.number("PID", -1, 255, "pid")
	if bad != nil {
		return nil, bad
	}
	rpi, bad := f.number("RPI", -1, 2, "rpi")
	if bad != nil {
		return nil, bad
	}
	mwi, bad := f.number("MWI", -1, 7, "mwi")
	if bad != nil {
		return nil, bad
	}
	given, bad := f.metaData("smpp")
	if bad != nil {
		return nil, bad
	}
	x, failure := extraOf(tlvs, given)
	if failure != nil {
		return nil, kannelRefuse(http.StatusBadRequest, kannelBadMeta)
	}
	if x == nil && pid <= 0 && rpi <= 0 && mwi < 0 {
		return nil, nil
	}
	if x == nil {
		x = &message.Extra{}
	}
	x.ProtocolID = uint8(max(pid, 0))
	if rpi == 1 {
		x.ESMClass = smpp.ESMReplyPath // Kannel: 1 asks for the reply path, 2 does not
	}
	if mwi >= 0 {
		x.Coding = kannelWaiting(uint8(mwi), c)
	}
	return x, nil
}

// kannelWaiting returns the data_coding of a message waiting indication: 0 to 3
// say that voicemail, fax, mail or others wait, 4 to 7 that none do any more. An
// indication without a text need not be kept by the phone (3GPP TS 23.038 4).
func kannelWaiting(mwi uint8, c *message.Content) uint8 {
	d := gsm.Coding(gsm.GSM7, gsm.NoClass)
	d.Waiting, d.Active, d.Indication = gsm.WaitingStore, mwi&4 == 0, mwi&3
	switch {
	case c.Want == gsm.Binary:
		return 0 // octets are no text
	case c.Want == gsm.UCS2 || !gsm.IsGSM7(c.Text):
		d.Encoding = gsm.UCS2
	case c.Text == "":
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
