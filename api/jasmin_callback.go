package api

import (
	"crypto/tls"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"kurir/gateway"
	"kurir/message"
	"kurir/smpp"
)

// What calls of Jasmin's say of themselves, and what acknowledges them.
const (
	jasminAgentDLR = "Jasmin gateway/1.0 DLRThrower"
	jasminAgentMO  = "Jasmin gateway/1.0 deliverSmHttpThrower"
	jasminHeader   = "Content-Type: application/x-www-form-urlencoded\r\nAccept: text/plain\r\n"
	jasminAck      = "ACK/Jasmin"
)

// JasminOptions is what a JasminCallback is made of.
type JasminOptions struct {
	Guard  *Guard
	Told   func([]gateway.Delivered)     // Gateway.Delivered
	TLVs   func() *message.TLVDictionary // parameters of SMPP by name; nil knows the specification's
	AnyAck bool                          // every 2xx acknowledges; else the answer has to be ACK/Jasmin

	PerAccount int           // calls under way for one account; default 50
	Total      int           // calls under way in all; default 500
	Timeout    time.Duration // of one call; default 15 s
	TLS        *tls.Config   // nil for the system's roots
	Attempts   *Attempts     // notes each call; nil for nobody
}

// JasminCallback is the gateway.Receiver for message.JasminTarget: receipts to
// the dlr-url of the request, and inbound messages, as Jasmin calls. A status
// under 400 with the body ACK/Jasmin acknowledges, 404 and 410 end it for good,
// everything else is tried again by the gateway.
type JasminCallback struct {
	perAccount int
	anyAck     bool
	tlvs       func() *message.TLVDictionary
	caller     *httpCaller
	queue      *callQueue
	batches    *jasminCalls
}

// NewJasminCallback makes a JasminCallback. Close it before the gateway stops,
// which is to hear what the calls under way bring.
func NewJasminCallback(o JasminOptions) *JasminCallback {
	common := WebhookOptions{Guard: o.Guard, Told: o.Told, Attempts: o.Attempts, TLVs: o.TLVs, PerAccount: o.PerAccount, Total: o.Total, Timeout: o.Timeout}
	common.setDefaults()
	j := &JasminCallback{perAccount: common.PerAccount, anyAck: o.AnyAck, tlvs: common.TLVs}
	j.caller = newHTTPCaller(common.Guard, common.Timeout, o.TLS)
	j.batches = newJasminCalls(j.caller)
	j.queue = newCallQueue(&common, j.caller, j.tell)
	return j
}

// Deliver implements gateway.Receiver.
func (j *JasminCallback) Deliver(account string, items []*gateway.Item) {
	j.queue.deliver(account, items)
}

// Limit implements gateway.Receiver.
func (j *JasminCallback) Limit(string) int { return 4 * j.perAccount }

// Close waits for the calls under way, at most their time limit, and makes no
// more.
func (j *JasminCallback) Close() {
	j.batches.close()
	j.queue.close()
	j.caller.close()
}

// tell makes the calls for one item. A final state that overtook the operator's
// answer brings two, if both levels were asked for.
func (j *JasminCallback) tell(item *gateway.Item) gateway.Delivered {
	done := gateway.Delivered{Item: item, Verdict: gateway.Acknowledged}
	if item.Message == nil {
		return j.call(item, jasminAgentMO, j.inbound(item.Inbound, item.Target.Mask))
	}
	if superseded(item) && item.Message.Receipts.Wants(item.Message.State) { // the final state brings level 1 along
		return done
	}
	for _, form := range jasminReceipts(item) {
		if done = j.call(item, jasminAgentDLR, form); done.Verdict != gateway.Acknowledged {
			break
		}
	}
	return done
}

// call makes one call and judges the answer.
func (j *JasminCallback) call(item *gateway.Item, agent string, form jasminForm) gateway.Delivered {
	t := &item.Target
	c := call{method: http.MethodPost, address: t.Address, agent: agent, trusted: j.caller.guard.Trusted(t.Address), header: []byte(jasminHeader)}
	if t.Mask&message.JasminGet != 0 {
		c.method = http.MethodGet
		c.address = withQuery(t.Address, string(form))
	} else {
		c.body = form
	}
	status, text, err := j.caller.do(&c)
	d := verdict(item, status, text, err)
	if err != nil || j.anyAck && d.Verdict == gateway.Acknowledged {
		return d
	}
	switch {
	case status < http.StatusBadRequest && text == jasminAck:
		d.Verdict = gateway.Acknowledged
	case status == http.StatusNotFound:
		d.Verdict = gateway.GiveUp
	case d.Verdict == gateway.Acknowledged:
		d.Verdict, d.Text = gateway.TryLater, "the answer is not "+jasminAck+": "+text
	}
	return d
}

// withQuery adds arguments to an address.
func withQuery(address, query string) string {
	address, fragment, _ := strings.Cut(address, "#")
	switch {
	case !strings.Contains(address, "?"):
		address += "?"
	case !strings.HasSuffix(address, "?") && !strings.HasSuffix(address, "&"):
		address += "&"
	}
	if fragment != "" {
		fragment = "#" + fragment
	}
	return address + query + fragment
}

// jasminForm is URL-encoded arguments.
type jasminForm []byte

func (f *jasminForm) add(name, value string) {
	if len(*f) > 0 {
		*f = append(*f, '&')
	}
	*f = append(append(append(*f, name...), '='), url.QueryEscape(value)...)
}

// jasminReceipts are the calls that a state brings, within the dlr-level.
func jasminReceipts(item *gateway.Item) (forms []jasminForm) {
	m, level := item.Message, item.Target.Mask&message.JasminLevels
	d := digest(m)
	head := func(level, status string) *jasminForm {
		forms = append(forms, nil)
		f := &forms[len(forms)-1]
		f.add("id", m.ID.UUID())
		f.add("level", level)
		f.add("message_status", status)
		f.add("connector", d.link)
		return f
	}
	taken := d.taken != "" || item.State == message.Sent || item.State == message.Enroute
	if level&1 != 0 && !d.toldEnroute {
		switch {
		case taken:
			head("1", jasminESME(smpp.ESME_ROK))
		case item.State.Final():
			head("1", jasminESME(jasminRefusal(&d)))
		}
	}
	refused := len(forms) > 0 && !taken
	if level == 1 || refused || item.State == message.Enroute {
		return forms
	}
	f := head("2", jasminStatus(item.State))
	done := time.UnixMilli(m.Final).UTC()
	if !item.State.Final() || m.Final == 0 {
		done = time.UnixMilli(max(d.reportedAt, m.ID.Millis())).UTC()
	}
	dlvrd := 0
	if item.State == message.Delivered {
		dlvrd = int(m.Parts)
	}
	f.add("id_smsc", d.taken)
	f.add("sub", threeDigits(int(m.Parts)))
	f.add("dlvrd", threeDigits(dlvrd))
	f.add("subdate", m.ID.Time().Format("0601021504"))
	f.add("donedate", done.Format("0601021504"))
	f.add("err", threeDigits(int(d.code)))
	f.add("text", jasminBeginning(m))
	return forms
}

// jasminESME is the name of a command_status.
func jasminESME(s smpp.Status) string {
	if name := s.String(); strings.HasPrefix(name, "ESME_") {
		return name
	}
	return smpp.ESME_RUNKNOWNERR.String()
}

// jasminStatus is a state as receipts have it, an intermediate one ENROUTE.
func jasminStatus(s message.State) string {
	_, stat := s.SMPP()
	return stat
}

// jasminRefusal is why the operator does not have the message.
func jasminRefusal(d *logDigest) smpp.Status {
	if d.rejectedBy != 0 {
		return smpp.Status(d.rejectedBy)
	}
	if d.failure == message.NoFailure {
		return smpp.ESME_RSUBMITFAIL // it was cancelled, or its time was over
	}
	return smppStatus(&message.Failure{Kind: d.failure})
}

// jasminBeginning is the text of a receipt: the first 20 characters of the
// message, unless its text is shown to nobody.
func jasminBeginning(m *message.Message) string {
	if m.Secret() {
		return ""
	}
	text := []rune(m.Content.Text)
	return string(text[:min(len(text), 20)])
}

func threeDigits(n int) string {
	text := strconv.Itoa(n)
	return "000"[min(len(text), 3):] + text
}

var _ gateway.Receiver = (*JasminCallback)(nil)
