package api

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"kurir/gateway"
	"kurir/message"
)

// Bits of dlr-mask and values of %d.
const (
	kannelDelivered = 1  // on the phone
	kannelFailed    = 2  // will not be
	kannelBuffered  = 4  // the operator waits for the phone
	kannelSubmitted = 8  // the operator took it
	kannelRejected  = 16 // the operator did not
)

// receiptsOf are what a dlr-mask asks for.
func receiptsOf(mask uint8) (r message.Receipts) {
	if mask&kannelDelivered != 0 {
		r |= message.ReceiptSuccess
	}
	if mask&(kannelFailed|kannelRejected) != 0 {
		r |= message.ReceiptFailure
	}
	if mask&(kannelBuffered|kannelSubmitted) != 0 {
		r |= message.ReceiptIntermediate
	}
	return r
}

// KannelOptions is what a KannelCallback is made of.
type KannelOptions struct {
	Guard *Guard
	Told  func([]gateway.Delivered)     // Gateway.Delivered
	TLVs  func() *message.TLVDictionary // parameters of SMPP by name; nil knows the specification's

	PerAccount int           // calls under way for one account; default 50
	Total      int           // calls under way in all; default 500
	Timeout    time.Duration // of one call; default 15 s
	TLS        *tls.Config   // nil for the system's roots
	Attempts   *Attempts     // notes each call; nil for nobody
}

// KannelCallback is the gateway.Receiver for message.KannelTarget: a GET on
// the dlr-url of the request with its escapes filled in, for the events that
// its dlr-mask names. 200 and 202 acknowledge, everything else is tried again
// by the gateway.
type KannelCallback struct {
	perAccount int
	tlvs       func() *message.TLVDictionary
	caller     *httpCaller
	queue      *callQueue
}

// NewKannelCallback makes a KannelCallback. Close it before the gateway stops,
// which is to hear what the calls under way bring.
func NewKannelCallback(o KannelOptions) *KannelCallback {
	common := WebhookOptions{Guard: o.Guard, Told: o.Told, Attempts: o.Attempts, PerAccount: o.PerAccount, Total: o.Total, Timeout: o.Timeout, TLVs: o.TLVs}
	common.setDefaults()
	k := &KannelCallback{perAccount: common.PerAccount, tlvs: common.TLVs, caller: newHTTPCaller(common.Guard, common.Timeout, o.TLS)}
	k.queue = newCallQueue(&common, k.caller, k.tell)
	return k
}

// Deliver implements gateway.Receiver.
func (k *KannelCallback) Deliver(account string, items []*gateway.Item) {
	k.queue.deliver(account, items)
}

// Limit implements gateway.Receiver.
func (k *KannelCallback) Limit(string) int { return 4 * k.perAccount }

// Close waits for the calls under way, at most their time limit, and makes no
// more.
func (k *KannelCallback) Close() {
	k.queue.close()
	k.caller.close()
}

// tell makes the calls for one state. A final state that overtook the
// operator's acceptance brings two, if both were asked for: applications of
// Kannel expect 8 before 1.
func (k *KannelCallback) tell(item *gateway.Item) gateway.Delivered {
	m := item.Message
	if m == nil {
		return gateway.Delivered{Item: item, Verdict: gateway.GiveUp, Text: "a dlr-url takes no inbound messages"}
	}
	if superseded(item) { // the final state brings 8 along
		return gateway.Delivered{Item: item, Verdict: gateway.Acknowledged}
	}
	d := digest(m)
	trusted := k.caller.guard.Trusted(item.Target.Address)
	values := kannelValues(item.State, &d, item.Target.Mask)
	for _, value := range values {
		address := kannelReport(m, &d, value, &item.Target, k.tlvs()).fill(item.Target.Address)
		if len(address) > maxFilledURL {
			return gateway.Delivered{Item: item, Verdict: gateway.GiveUp, Text: "the dlr-url is too long with its escapes filled in"}
		}
		status, text, err := k.caller.do(&call{method: http.MethodGet, address: address, trusted: trusted})
		said := verdict(item, status, text, err)
		if status != http.StatusOK && status != http.StatusAccepted {
			if said.Verdict == gateway.Acknowledged {
				said.Verdict = gateway.TryLater
			}
			return said
		}
	}
	if len(values) == 0 { // the mask asks for nothing of it, so nobody was called
		return gateway.Delivered{Item: item, Verdict: gateway.Acknowledged}
	}
	return gateway.Delivered{Item: item, Verdict: gateway.Acknowledged, Code: http.StatusOK}
}

// kannelValues returns the values of %d to tell, within the mask. A refusal by
// the operator is also told to those who asked for failures only.
func kannelValues(state message.State, d *logDigest, mask uint8) []int {
	var values []int
	tell := func(value, asked int) {
		if int(mask)&asked != 0 {
			values = append(values, value)
		}
	}
	if d.taken != "" && !d.toldEnroute {
		tell(kannelSubmitted, kannelSubmitted)
	}
	switch state {
	case message.Delivered:
		tell(kannelDelivered, kannelDelivered)
	case message.Buffered:
		tell(kannelBuffered, kannelBuffered)
	case message.Enroute, message.Sent, message.Scheduled, message.Queued, message.Sending:
	case message.Rejected, message.Undeliverable:
		if d.reportedAt == 0 && d.failure != message.NoFailure {
			tell(kannelRejected, kannelRejected|kannelFailed)
			break
		}
		tell(kannelFailed, kannelFailed)
	default: // expired, deleted, unknown
		tell(kannelFailed, kannelFailed)
	}
	return values
}

// kannelReply is %A: what the operator said, in Kannel's words.
func kannelReply(m *message.Message, d *logDigest, value int) string {
	switch value {
	case kannelSubmitted:
		return "ACK/"
	case kannelRejected:
		if d.rejectedBy == 0 {
			return "NACK/Retries Exceeded"
		}
		return fmt.Sprintf("NACK/0x%08x/%s", d.rejectedBy, (&message.Failure{Kind: d.failure}).Error())
	}
	// The receipt as SMPP 3.4 appendix B writes it, from what is stored of it.
	_, stat := m.State.SMPP()
	submitted, done := m.ID.Time(), time.UnixMilli(m.Final).UTC()
	if m.Final == 0 {
		done = time.UnixMilli(d.reportedAt).UTC()
	}
	dlvrd := 0
	if m.State == message.Delivered {
		dlvrd = int(m.Parts)
	}
	return fmt.Sprintf("id:%s sub:%03d dlvrd:%03d submit date:%s done date:%s stat:%s err:%03d text:",
		d.taken, m.Parts, dlvrd, submitted.Format("0601021504"), done.Format("0601021504"), stat, d.code)
}

// kannelReport gives the escapes of a dlr-url for one value of %d. Codes that
// Kannel has and that mean nothing in a report are empty.
func kannelReport(m *message.Message, d *logDigest, value int, t *message.Target, tlvs *message.TLVDictionary) *kannelEscapes {
	return &kannelEscapes{
		data: func() string { return kannelReply(m, d, value) },
		meta: func() string { return kannelReportMeta(m, d, tlvs) },
		value: func(code byte) (string, bool) {
			if code == 'd' {
				return strconv.Itoa(value), true
			}
			return kannelReportValue(code, m, d, t)
		},
	}
}

// kannelReportHas gives a value for each escape that a dlr-url may have, and none
// for others, which stand as they are when it is called.
func kannelReportHas(code byte, name string) (string, bool) {
	var d logDigest
	_, known := kannelReport(&message.Message{}, &d, 0, &message.Target{}, nil).escape(code, name)
	return "0", known
}

func kannelReportValue(code byte, m *message.Message, d *logDigest, t *message.Target) (string, bool) {
	at := m.Final
	if at == 0 {
		at = max(d.reportedAt, d.takenAt)
	}
	plain := ""
	switch code {
	case 'B':
		plain = fmt.Sprintf("%03d", d.code)
	case 'c':
		plain = kannelCoding(m.Encoding)
	case 'C':
		plain = kannelCharset(m.Encoding)
	case 'F':
		plain = d.taken
	case 'i':
		plain = d.link
	case 'I':
		plain = m.ID.String()
	case 'm':
		plain = strconv.Itoa(int(m.Content.Class))
	case 'M':
		plain = strconv.Itoa(kannelWaits(kannelDCS(&m.Content, m.Encoding)))
	case 'n':
		plain = m.Account
	case 'o':
		plain = m.Reference
	case 'O':
		plain = fmt.Sprintf("%02d", kannelDCS(&m.Content, m.Encoding))
	case 'p':
		plain = m.To.String()
	case 'P':
		plain = m.From.String()
	case 'q':
		return plusNumber(m.To.String()), true
	case 'Q':
		return plusNumber(m.From.String()), true
	case 'R':
		plain = t.Address
	case 't':
		return kannelTime(at), true
	case 'T':
		return itoa(at / 1000), true
	case 'u':
		plain = string(m.Content.Header)
	case 'v':
		plain = minutesLeft(m.Expires)
	case 'V':
		plain = minutesLeft(m.SendAt)
	case 'f':
	default:
		return "", false
	}
	return url.QueryEscape(plain), true
}

// kannelTime is a time in Unix milliseconds as %t has it.
func kannelTime(at int64) string { return time.UnixMilli(at).UTC().Format("2006-01-02+15:04:05") }

// minutesLeft is how many minutes there are until a time in Unix milliseconds;
// empty for none.
func minutesLeft(at int64) string {
	if at == 0 {
		return ""
	}
	return itoa(int64(time.Until(time.UnixMilli(at)) / time.Minute))
}

// kannelReportMeta is the meta-data of a report: the network's error code, and
// the parameters of the operator's receipt that the link hands on.
func kannelReportMeta(m *message.Message, d *logDigest, known *message.TLVDictionary) string {
	return kannelMeta(known, message.ReportTLVs(m, 0, m.State.Final()), restTLV{"dlr_err", fmt.Sprintf("%03d", d.code)})
}

var _ gateway.Receiver = (*KannelCallback)(nil)
