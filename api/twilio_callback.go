package api

import (
	"crypto/hmac"
	"crypto/sha1"
	"crypto/tls"
	"encoding/base64"
	"encoding/xml"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
)

// TwilioOptions is what a TwilioCallback is made of.
type TwilioOptions struct {
	Guard   *Guard
	Told    func([]gateway.Delivered)          // Gateway.Delivered
	Account func(name string) *account.Account // of that name, nil for none; its token signs

	PerAccount int           // calls under way for one account; default 50
	Total      int           // calls under way in all; default 500
	Timeout    time.Duration // of one call; default 15 s
	TLS        *tls.Config   // nil for the system's roots
	Attempts   *Attempts     // notes each call; nil for nobody
}

// TwilioCallback is the gateway.Receiver for message.TwilioTarget: a POST of a
// form for each status that follows the first, and for each message from a phone,
// signed as Twilio signs. Any 2xx acknowledges; what a phone is answered with
// stands in the answer as TwiML.
type TwilioCallback struct {
	opt    TwilioOptions
	caller *httpCaller
	queue  *callQueue
}

// NewTwilioCallback makes a TwilioCallback. Close it before the gateway stops,
// which is to hear what the calls under way bring.
func NewTwilioCallback(o TwilioOptions) *TwilioCallback {
	common := WebhookOptions{Guard: o.Guard, Told: o.Told, Attempts: o.Attempts, PerAccount: o.PerAccount, Total: o.Total, Timeout: o.Timeout}
	common.setDefaults()
	o.PerAccount = common.PerAccount
	t := &TwilioCallback{opt: o, caller: newHTTPCaller(common.Guard, common.Timeout, o.TLS)}
	t.queue = newCallQueue(&common, t.caller, t.tell)
	return t
}

// Deliver implements gateway.Receiver.
func (t *TwilioCallback) Deliver(account string, items []*gateway.Item) {
	t.queue.deliver(account, items)
}

// Limit implements gateway.Receiver.
func (t *TwilioCallback) Limit(string) int { return 4 * t.opt.PerAccount }

// Close waits for the calls under way, at most their time limit, and makes no
// more.
func (t *TwilioCallback) Close() {
	t.queue.close()
	t.caller.close()
}

// tell makes one call and judges the answer.
func (t *TwilioCallback) tell(item *gateway.Item) gateway.Delivered {
	a := t.opt.Account(item.Target.Account)
	if a == nil || a.Twilio.AccountSID == "" {
		return gateway.Delivered{Item: item, Verdict: gateway.TryLater, Text: "the account has no twilio: {account_sid, auth_token} to sign with"}
	}
	if in := item.Inbound; in != nil {
		return t.tellInbound(item, twilioInboundForm(in, a), a)
	}
	if superseded(item) || !twilioTells(item.State) {
		return gateway.Delivered{Item: item, Verdict: gateway.Acknowledged}
	}
	c := t.call(item, twilioStateForm(item.Message, item.State, a), a)
	status, text, err := t.caller.do(&c)
	return verdict(item, status, text, err)
}

func (t *TwilioCallback) tellInbound(item *gateway.Item, form url.Values, a *account.Account) gateway.Delivered {
	c := t.call(item, form, a)
	c.want = maxReplyBody
	status, text, err := t.caller.do(&c)
	d := verdict(item, status, text, err)
	if d.Verdict == gateway.Acknowledged {
		d.Reply = twimlReply(c.answered)
	}
	return d
}

// twilioTells tells whether a state is one that Twilio's clients are called for.
func twilioTells(s message.State) bool {
	return s != message.Buffered && s != message.Unknown
}

// call is the request of an item.
func (t *TwilioCallback) call(item *gateway.Item, form url.Values, a *account.Account) call {
	header := make([]byte, 0, 192)
	header = append(header, "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\nX-Twilio-Signature: "...)
	header = append(header, twilioSignature(a.Twilio.AuthToken.Reveal(), item.Target.Address, form)...)
	header = append(header, "\r\n"...)
	return call{
		method: http.MethodPost, address: item.Target.Address, trusted: t.caller.guard.Trusted(item.Target.Address),
		header: header, body: []byte(form.Encode()),
	}
}

// twilioSignature signs as Twilio does: the address as it is called and each name
// with its value, in the order of the names.
func twilioSignature(token, address string, form url.Values) string {
	mac := hmac.New(sha1.New, []byte(token))
	mac.Write([]byte(address))
	names := make([]string, 0, len(form))
	for name := range form {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, value := range form[name] {
			mac.Write([]byte(name + value))
		}
	}
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// twilioStateForm is what a call about a status says.
func twilioStateForm(m *message.Message, state message.State, a *account.Account) url.Values {
	sid, status := twilioSID(m.ID), twilioStates[state]
	f := url.Values{
		"MessageSid": {sid}, "SmsSid": {sid}, "MessageStatus": {status}, "SmsStatus": {status}, "AccountSid": {a.Twilio.AccountSID},
		"From": {m.From.String()}, "To": {m.To.String()}, "ApiVersion": {twilioVersion},
	}
	if strings.HasPrefix(m.Tag(), "MG") {
		f.Set("MessagingServiceSid", m.Tag())
	}
	d := digest(m)
	if code, why := twilioWhy(state, &d); code != nil {
		f.Set("ErrorCode", strconv.Itoa(*code))
		f.Set("ErrorMessage", *why)
	}
	if state.Final() && d.reportedAt != 0 {
		f.Set("RawDlrDoneDate", time.UnixMilli(d.reportedAt).UTC().Format("0601021504"))
	}
	return f
}

// twilioInboundForm is what a call about a message from a phone says. What Twilio
// knows of places is empty.
func twilioInboundForm(in *message.Inbound, a *account.Account) url.Values {
	sid := twilioSID(in.ID)
	f := url.Values{
		"MessageSid": {sid}, "SmsSid": {sid}, "SmsMessageSid": {sid}, "AccountSid": {a.Twilio.AccountSID}, "SmsStatus": {"received"},
		"From": {in.From.String()}, "To": {in.To.String()}, "Body": {in.Content.Text}, "NumMedia": {"0"},
		"NumSegments": {strconv.Itoa(max(1, int(in.Parts)))}, "ApiVersion": {twilioVersion},
	}
	for _, side := range []string{"From", "To"} {
		for _, place := range []string{"City", "State", "Zip", "Country"} {
			f.Set(side+place, "")
		}
	}
	return f
}

// twiml is an answer in Twilio's markup; what is no message is left out.
type twiml struct {
	XMLName  xml.Name `xml:"Response"`
	Messages []struct {
		Text string `xml:",chardata"`
		Body string `xml:"Body"`
	} `xml:"Message"`
	Sms []string `xml:"Sms"` // what Message was called before
}

// twimlReply finds the text with which a phone is answered; that of several
// messages in lines. Empty for none.
func twimlReply(body []byte) string {
	var doc twiml
	if len(body) == 0 || xml.Unmarshal(body, &doc) != nil {
		return ""
	}
	var texts []string
	for _, m := range doc.Messages {
		text := strings.TrimSpace(m.Body)
		if text == "" {
			text = strings.TrimSpace(m.Text)
		}
		if text != "" {
			texts = append(texts, text)
		}
	}
	for _, text := range doc.Sms {
		if text = strings.TrimSpace(text); text != "" {
			texts = append(texts, text)
		}
	}
	reply := strings.Join(texts, "\n")
	if len(reply) > maxReply || !utf8.ValidString(reply) {
		return ""
	}
	return reply
}

var _ gateway.Receiver = (*TwilioCallback)(nil)
