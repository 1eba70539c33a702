package api

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
)

// HookSecrets gives the secrets with which what is pushed to an account is
// signed now: its webhook_secret, and the one before while that signs too.
// Empty: none.
type HookSecrets func(account string) (secret, previous string)

// WebhookOptions is what a Webhook is made of.
type WebhookOptions struct {
	Guard  *Guard
	Told   func([]gateway.Delivered)     // Gateway.Delivered
	Secret HookSecrets                   // with which is signed; nil for nothing
	TLVs   func() *message.TLVDictionary // parameters of SMPP by name; nil knows the specification's

	PerAccount int           // calls under way for one account; default 50
	Total      int           // calls under way in all; default 500
	Timeout    time.Duration // of one call; default 15 s
	TLS        *tls.Config   // nil for the system's roots
	Attempts   *Attempts     // notes each call; nil for nobody
}

func (o *WebhookOptions) setDefaults() {
	if o.PerAccount == 0 {
		o.PerAccount = 50
	}
	if o.Total == 0 {
		o.Total = maxCalls
	}
	if o.Timeout == 0 {
		o.Timeout = 15 * time.Second
	}
	if o.TLVs == nil {
		o.TLVs = func() *message.TLVDictionary { return nil }
	}
	if o.Guard == nil {
		o.Guard = NewGuard()
	}
	if o.Secret == nil {
		o.Secret = func(string) (secret, previous string) { return "", "" }
	}
}

// Webhook is the gateway.Receiver for message.WebhookTarget. Each state and
// each inbound message is a POST of its own, a JSON object
//
//	{"type": "message.state" or "message.inbound", "id": ..., "timestamp": ..., "data": {...}}
//
// signed as Standard Webhooks 1.0 says when the account has a webhook_secret:
// webhook-id is the same in every repetition, webhook-signature is "v1," and
// the HMAC-SHA256 of "id.timestamp.body" in base64, and behind a space the same
// by the secret before while that signs too.
//
// Any 2xx acknowledges, 410 ends it for good, everything else (also a
// redirect) is tried again by the gateway.
type Webhook struct {
	opt    WebhookOptions
	caller *httpCaller
	queue  *callQueue
}

// NewWebhook makes a Webhook. Close it before the gateway stops, which is to
// hear what the calls under way bring.
func NewWebhook(o WebhookOptions) *Webhook {
	o.setDefaults()
	w := &Webhook{opt: o, caller: newHTTPCaller(o.Guard, o.Timeout, o.TLS)}
	w.queue = newCallQueue(&o, w.caller, w.tell)
	return w
}

// Deliver implements gateway.Receiver.
func (w *Webhook) Deliver(account string, items []*gateway.Item) { w.queue.deliver(account, items) }

// Limit implements gateway.Receiver: enough that a worker who is done finds
// the next item.
func (w *Webhook) Limit(string) int { return 4 * w.opt.PerAccount }

// Close waits for the calls under way, at most their time limit, and makes no
// more.
func (w *Webhook) Close() {
	w.queue.close()
	w.caller.close()
}

// webhookEvent is the body of a webhook.
type webhookEvent struct {
	Type      string `json:"type"`
	ID        string `json:"id"`
	Timestamp string `json:"timestamp"`
	Data      any    `json:"data"`
}

// tell makes one call and judges the answer.
func (w *Webhook) tell(item *gateway.Item) gateway.Delivered {
	if superseded(item) {
		return gateway.Delivered{Item: item, Verdict: gateway.Acknowledged, Text: "its final state came first"}
	}
	e := w.event(item)
	body, err := marshal(e)
	if err != nil {
		return gateway.Delivered{Item: item, Verdict: gateway.TryLater, Text: "write the event: " + err.Error()}
	}
	secret, previous := w.opt.Secret(item.Target.Account)
	c := call{
		method: http.MethodPost, address: item.Target.Address, trusted: w.opt.Guard.Trusted(item.Target.Address), body: body,
		header: webhookHeader(e.ID, time.Now().Unix(), body, secret, previous),
	}
	asked := item.Inbound != nil && item.Target.Mask != 0
	if asked {
		c.want = maxReplyBody
	}
	status, text, err := w.caller.do(&c)
	d := verdict(item, status, text, err)
	if asked && d.Verdict == gateway.Acknowledged {
		d.Reply = replyIn(c.typed, c.answered)
	}
	return d
}

// Bounds on what a webhook answers a phone with, in octets.
const (
	maxReplyBody = 8 << 10
	maxReply     = 4000
)

// replyIn finds the text with which a phone is answered in the body of a
// webhook's answer: the whole of it when it is text/plain or says no type, "text"
// of a JSON object. Empty for none; other types are pages for people.
func replyIn(typed string, body []byte) string {
	kind, _, _ := mime.ParseMediaType(typed)
	text := ""
	switch kind {
	case "", "text/plain":
		text = string(body)
	case "application/json":
		var said struct {
			Text string `json:"text"`
		}
		if json.Unmarshal(body, &said) == nil {
			text = said.Text
		}
	}
	if text = strings.TrimSpace(text); len(text) > maxReply || !utf8.ValidString(text) {
		return ""
	}
	return text
}

// superseded tells whether an intermediate state is not worth telling any
// more, because the message has become final since: states are told in their
// order or not at all.
func superseded(item *gateway.Item) bool {
	return item.Message != nil && !item.State.Final() && item.Message.State.Final()
}

// event describes what is owed. The id names the thing told, not the
// call: the message and its state, or the inbound message and its target.
func (w *Webhook) event(item *gateway.Item) *webhookEvent {
	if in := item.Inbound; in != nil {
		return inboundEvent(in, inboundHookID(in.ID, item.Index), w.opt.TLVs())
	}
	return stateEvent(item.Message, item.State, item.Since)
}

// stateHookID is the webhook-id of a message's state, inboundHookID that of a
// message from a phone to its target with that index.
func stateHookID(id message.ID, state message.State) string {
	return id.String() + "-" + state.String()
}

func inboundHookID(id message.ID, index int) string { return id.String() + "-" + strconv.Itoa(index) }

// stateEvent describes a state of a message that it came to at a time (Unix
// milliseconds); a final one has its time in the message.
func stateEvent(m *message.Message, state message.State, at int64) *webhookEvent {
	if state.Final() {
		at = m.Final
	}
	return &webhookEvent{
		Type: typeState, ID: stateHookID(m.ID, state),
		Timestamp: showTime(at), Data: view(m, state, false, nil),
	}
}

// inboundEvent describes a message from a phone.
func inboundEvent(in *message.Inbound, id string, tlvs *message.TLVDictionary) *webhookEvent {
	return &webhookEvent{Type: typeInbound, ID: id, Timestamp: showTime(in.Received), Data: viewInbound(in, tlvs)}
}

// webhookHeader builds the head's lines of Standard Webhooks 1.0, with a
// signature by each of the secrets; an empty one is none.
func webhookHeader(id string, at int64, body []byte, secret, previous string) []byte {
	h := make([]byte, 0, 320)
	h = append(h, "Content-Type: application/json\r\nwebhook-id: "...)
	h = append(h, id...)
	h = append(h, "\r\nwebhook-timestamp: "...)
	h = strconv.AppendInt(h, at, 10)
	h = append(h, "\r\n"...)
	if secret != "" {
		h = append(h, "webhook-signature: "...)
		h = appendSignature(h, id, at, body, secret)
		if previous != "" {
			h = append(h, ' ')
			h = appendSignature(h, id, at, body, previous)
		}
		h = append(h, "\r\n"...)
	}
	return h
}

// appendSignature appends "v1," and the signature.
func appendSignature(dst []byte, id string, at int64, body []byte, secret string) []byte {
	mac := hmac.New(sha256.New, account.HookKey(secret))
	head := make([]byte, 0, 64)
	head = append(append(head, id...), '.')
	head = append(strconv.AppendInt(head, at, 10), '.')
	mac.Write(head)
	mac.Write(body)
	var sum [sha256.Size]byte
	dst = append(dst, "v1,"...)
	return base64.StdEncoding.AppendEncode(dst, mac.Sum(sum[:0]))
}

// verdict judges the answer to a call; status is 0 when there was none.
func verdict(item *gateway.Item, status int, text string, err error) gateway.Delivered {
	d := gateway.Delivered{Item: item, Verdict: gateway.TryLater, Code: uint32(status), Text: text}
	switch {
	case err != nil:
		var resting *restingError
		var never addressError
		if d.Untried, d.Text = errors.As(err, &resting), err.Error(); errors.As(err, &never) {
			d.Verdict, d.Text = gateway.GiveUp, "the address can never be called: "+d.Text
		}
	case 200 <= status && status < 300:
		d.Verdict = gateway.Acknowledged
	case status == http.StatusGone:
		d.Verdict = gateway.GiveUp
	case 300 <= status && status < 400:
		d.Text = "the answer is a redirect; redirects are not followed"
	}
	return d
}

var _ gateway.Receiver = (*Webhook)(nil)
