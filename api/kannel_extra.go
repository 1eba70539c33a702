package api

import (
	"net/http"
	"net/url"
	"strings"

	"kurir/message"
	"kurir/smpp"
)

const (
	kannelBadMeta = "Meta-data field misformed, rejected"
	kannelMetaMax = 4096 // octets of meta-data
)

// extra reads pid, rpi and meta-data: what links to operators may hand on.
func (f kannelFieldsGiven) extra(tlvs *message.TLVDictionary) (*message.Extra, *kannelAnswer) {
	pid, bad := f.number("PID", -1, 255, "pid")
	if bad != nil {
		return nil, bad
	}
	rpi, bad := f.number("RPI", -1, 2, "rpi")
	if bad != nil {
		return nil, bad
	}
	given, bad := f.metaData()
	if bad != nil {
		return nil, bad
	}
	x, failure := extraOf(tlvs, given)
	if failure != nil {
		return nil, kannelRefuse(http.StatusBadRequest, kannelBadMeta)
	}
	if x == nil && pid <= 0 && rpi <= 0 {
		return nil, nil
	}
	if x == nil {
		x = &message.Extra{}
	}
	x.ProtocolID = uint8(max(pid, 0))
	if rpi == 1 {
		x.ESMClass = smpp.ESMReplyPath // Kannel: 1 asks for the reply path, 2 does not
	}
	return x, nil
}

// metaData reads the parameters of "?smpp?name=value&name=value"; other groups
// than smpp are for links of other kinds.
func (f kannelFieldsGiven) metaData() ([]restTLV, *kannelAnswer) {
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
		if groups[i] != "smpp" {
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
