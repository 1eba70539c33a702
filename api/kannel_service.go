package api

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"kurir/account"
	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
)

// KannelServiceOptions is what a KannelService is made of.
type KannelServiceOptions struct {
	KannelOptions
	Accounts   func() *account.Directory
	Dimensions func() *message.CostDimensions // what costs are put down to; nil for nothing
}

// KannelService is the gateway.Receiver for message.ServiceTarget: inbound
// messages are handed over as Kannel's sms-service does (gateway.Service). 200
// and 202 acknowledge, 410 ends it for good, everything else is tried again by
// the gateway, as often as the service says.
type KannelService struct {
	opt        KannelServiceOptions
	perAccount int
	caller     *httpCaller
	queue      *callQueue
}

// NewKannelService makes a KannelService. Close it before the gateway stops,
// which is to hear what the calls under way bring.
func NewKannelService(o KannelServiceOptions) *KannelService {
	common := WebhookOptions{Guard: o.Guard, Told: o.Told, Attempts: o.Attempts, PerAccount: o.PerAccount, Total: o.Total, Timeout: o.Timeout, TLVs: o.TLVs}
	common.setDefaults()
	o.Guard, o.TLVs = common.Guard, common.TLVs
	if o.Dimensions == nil {
		o.Dimensions = func() *message.CostDimensions { return nil }
	}
	k := &KannelService{opt: o, perAccount: common.PerAccount, caller: newHTTPCaller(common.Guard, common.Timeout, o.TLS)}
	k.queue = newCallQueue(&common, k.caller, k.tell)
	return k
}

// Deliver implements gateway.Receiver.
func (k *KannelService) Deliver(account string, items []*gateway.Item) {
	k.queue.deliver(account, items)
}

// Limit implements gateway.Receiver.
func (k *KannelService) Limit(string) int { return 4 * k.perAccount }

// Close waits for the calls under way, at most their time limit, and makes no
// more.
func (k *KannelService) Close() {
	k.queue.close()
	k.caller.close()
}

// tell makes one call and judges the answer.
func (k *KannelService) tell(item *gateway.Item) gateway.Delivered {
	giveUp := func(why string) gateway.Delivered {
		return gateway.Delivered{Item: item, Verdict: gateway.GiveUp, Text: why}
	}
	if item.Inbound == nil {
		return giveUp("a service of Kannel's takes messages from phones only")
	}
	service, err := gateway.ParseService(item.Target.Address)
	if err != nil {
		return giveUp(err.Error())
	}
	c := k.request(&service, item.Inbound)
	if len(c.address) > maxFilledURL {
		return giveUp("the address is too long with its escapes filled in")
	}
	answers := item.Target.Mask != 0
	if answers {
		c.want = maxServiceBody
	}
	status, text, err := k.caller.do(c)
	d := verdict(item, status, text, err)
	if err == nil && (status == http.StatusOK || status == http.StatusAccepted) {
		if answers {
			d.Answer = k.answer(&service, item.Inbound, c)
		}
		return d
	}
	if d.Verdict == gateway.Acknowledged {
		d.Verdict = gateway.TryLater // another 2xx, which is none to Kannel
	}
	if d.Verdict == gateway.TryLater && !d.Untried && service.Tries > 0 && item.Tries+1 >= service.Tries {
		d.Verdict, d.Text = gateway.GiveUp, "the last try: "+d.Text
	}
	if d.Verdict == gateway.GiveUp && answers {
		d.Verdict, d.Reply = gateway.Acknowledged, kannelWords(service.CouldNotFetch, "Could not fetch content, sorry.")
	}
	return d
}

// kannelMO is a message from a phone as Kannel has it.
type kannelMO struct {
	*message.Inbound
	coding  string // 0, 1 or 2
	charset string
	data    string // octets of the text in it, or binary ones
	service string
	extra   message.Extra
}

func newKannelMO(in *message.Inbound, s *gateway.Service) *kannelMO {
	m := &kannelMO{Inbound: in, coding: kannelCoding(in.Encoding), charset: kannelCharset(in.Encoding), data: in.Content.Text, service: s.Name}
	if m.service == "" {
		m.service = in.Rule
	}
	if in.Content.Extra != nil {
		m.extra = *in.Content.Extra
	}
	switch {
	case in.Encoding == gsm.Binary:
		m.data = string(in.Content.Data)
	case in.Encoding == gsm.UCS2 && s.Recode:
		m.coding, m.charset = "0", "UTF-8"
	case in.Encoding == gsm.UCS2:
		octets := make([]byte, 0, 2*len(m.data))
		for _, unit := range utf16.Encode([]rune(m.data)) {
			octets = append(octets, byte(unit>>8), byte(unit))
		}
		m.data = string(octets)
	}
	return m
}

// kannelUnset is what Kannel has for a number that nobody gave.
const kannelUnset = -1

// waits is the waiting indication, kannelUnset for none.
func (m *kannelMO) waits() int {
	if m.extra.Coding == 0 {
		return kannelUnset
	}
	return kannelWaits(m.extra.Coding)
}

// escapes gives what stands for the escapes of a service's address.
func (m *kannelMO) escapes(known *message.TLVDictionary) *kannelEscapes {
	return &kannelEscapes{
		data:  func() string { return m.data },
		meta:  func() string { return kannelMeta(known, m.extra.TLVs) },
		value: m.value,
	}
}

func (m *kannelMO) value(code byte) (string, bool) {
	plain := ""
	switch code {
	case 'B':
		plain = m.extra.ServiceType
	case 'c':
		plain = m.coding
	case 'C':
		plain = m.charset
	case 'd':
		plain = strconv.Itoa(kannelUnset)
	case 'i':
		plain = m.Link
	case 'I':
		plain = m.ID.String()
	case 'm':
		plain = strconv.Itoa(int(m.Content.Class))
	case 'M':
		plain = strconv.Itoa(m.waits())
	case 'n':
		plain = m.service
	case 'O':
		plain = fmt.Sprintf("%02d", kannelDCS(&m.Content, m.Encoding))
	case 'p':
		plain = m.From.String()
	case 'P':
		plain = m.To.String()
	case 'q':
		return plusNumber(m.From.String()), true
	case 'Q':
		return plusNumber(m.To.String()), true
	case 't':
		return kannelTime(m.Received), true
	case 'T':
		return itoa(m.Received / 1000), true
	case 'u':
		plain = string(m.Content.Header)
	case 'f', 'F', 'o', 'R', 'v', 'V': // of a modem, a report, or a message to a phone
	default:
		return "", false
	}
	return url.QueryEscape(plain), true
}

// request is the call that hands a message over.
func (k *KannelService) request(s *gateway.Service, in *message.Inbound) *call {
	m, known, pattern := newKannelMO(in, s), k.opt.TLVs(), s.URL()
	c := &call{method: http.MethodPost, address: m.escapes(known).fill(pattern), trusted: k.caller.guard.Trusted(pattern)}
	switch {
	case s.GetURL != "":
		c.method = http.MethodGet
		if s.SendSender {
			c.header = appendHeader(nil, "X-Kannel-From", m.To.String())
		}
	case s.PostXML != "":
		c.header, c.body = m.xml(s, known)
	default:
		c.header, c.body = m.headers(s, known), []byte(m.data)
	}
	return c
}

// appendHeader appends a line of a request's head, without octets that would
// end it; nothing for an empty value.
func appendHeader(dst []byte, name, value string) []byte {
	if value == "" {
		return dst
	}
	dst = append(append(dst, name...), ": "...)
	for i := range len(value) {
		if value[i] >= ' ' && value[i] != 0x7F {
			dst = append(dst, value[i])
		}
	}
	return append(dst, "\r\n"...)
}

// numbers are what Kannel tells of a message in numbers, by the names that its
// headers have, without those that nobody gave.
func (m *kannelMO) numbers() [][2]string {
	var list [][2]string
	add := func(name string, value int) {
		if value != kannelUnset {
			list = append(list, [2]string{name, strconv.Itoa(value)})
		}
	}
	add("MClass", int(m.Content.Class))
	if m.extra.ProtocolID != 0 {
		add("PID", int(m.extra.ProtocolID))
	}
	add("MWI", m.waits())
	return append(list, [2]string{"Coding", m.coding})
}

// headers are those of post_url.
func (m *kannelMO) headers(s *gateway.Service, known *message.TLVDictionary) []byte {
	typed := `text/plain; charset="` + m.charset + `"`
	if m.coding == "1" {
		typed = "application/octet-stream"
	}
	h := appendHeader(nil, "Content-Type", typed)
	if s.SendSender {
		h = appendHeader(h, "X-Kannel-From", m.To.String())
	}
	h = appendHeader(h, "X-Kannel-To", m.From.String())
	h = appendHeader(h, "X-Kannel-Time", time.UnixMilli(m.Received).UTC().Format(time.DateTime))
	h = appendHeader(h, "Date", time.Now().UTC().Format(http.TimeFormat))
	h = appendHeader(h, "X-Kannel-UDH", url.QueryEscape(string(m.Content.Header)))
	h = appendHeader(h, "X-Kannel-SMSC", m.Link)
	for _, n := range m.numbers() {
		h = appendHeader(h, "X-Kannel-"+n[0], n[1])
	}
	h = appendHeader(h, "X-Kannel-Service", m.service)
	h = appendHeader(h, "X-Kannel-BInfo", m.extra.ServiceType)
	return appendHeader(h, "X-Kannel-Meta-Data", kannelMeta(known, m.extra.TLVs))
}

// xml is head and body of post_xml.
func (m *kannelMO) xml(s *gateway.Service, known *message.TLVDictionary) (head, body []byte) {
	typed, charset := "text/xml", "ISO-8859-1" // all of it is ASCII
	switch {
	case m.Encoding == gsm.UCS2 && m.coding == "2":
		typed += `; charset="ISO-8859-1"`
	case m.Encoding == gsm.UCS2:
		typed, charset = typed+`; charset="UTF-8"`, "UTF-8"
	}
	var out strings.Builder
	out.WriteString(`<?xml version="1.0" encoding="` + charset + "\"?>\n<message cid=\"1\">\n\t<submit>\n")
	element := func(name, inside string) { out.WriteString(kannelElement(name, inside)) }
	if s.SendSender {
		element("oa", kannelElement("number", xmlText(m.To.String())))
	}
	element("da", kannelElement("number", xmlText(m.From.String())))
	if len(m.Content.Header) > 0 {
		element("udh", url.QueryEscape(string(m.Content.Header)))
	}
	if m.data != "" {
		element("ud", url.QueryEscape(m.data))
	}
	dcs := ""
	for _, n := range m.numbers() {
		if n[0] == "PID" {
			element("pid", n[1])
			continue
		}
		dcs += kannelElement(strings.ToLower(n[0]), n[1])
	}
	element("dcs", dcs)
	element("at", time.UnixMilli(m.Received).UTC().Format("<year>2006</year><month>01</month><day>02</day><hour>15</hour><minute>04</minute><second>05</second>")+"<timezone>0</timezone>")
	element("from", kannelElement("account", xmlText(m.Link)))
	if m.service != "" {
		element("to", kannelElement("service", xmlText(m.service)))
	}
	if meta := kannelMeta(known, m.extra.TLVs); meta != "" {
		element("meta-data", xmlText(meta))
	}
	out.WriteString("\t</submit>\n</message>\n")
	return appendHeader(nil, "Content-Type", typed), []byte(out.String())
}

// kannelElement is an element of XML, indented as Kannel does.
func kannelElement(name, inside string) string {
	return "  \t\t<" + name + ">" + inside + "</" + name + ">\n"
}

// xmlText is a text within XML, in ASCII.
func xmlText(text string) string {
	var out strings.Builder
	for _, r := range text {
		switch {
		case strings.ContainsRune(`<>&"'`, r) || r > '~':
			fmt.Fprintf(&out, "&#%d;", r)
		case r >= ' ':
			out.WriteRune(r)
		}
	}
	return out.String()
}

var _ gateway.Receiver = (*KannelService)(nil)
