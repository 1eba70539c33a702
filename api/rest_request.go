package api

import (
	"encoding/hex"
	"maps"
	"net/http"
	"slices"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
)

const (
	// maxMessages is how many messages one request may make.
	maxMessages = 1000
	// maxReference bounds the customer's own reference, in octets.
	maxReference = 128
	// maxNamed is how much of a name that we do not know is repeated in an answer.
	maxNamed = 64
)

// restMessage is one message of POST /v1/messages as the customer wrote it.
type restMessage struct {
	to        []string
	from      string
	text      string
	data, udh string
	sendAt    string
	validity  string
	priority  string
	encoding  string
	reference string
	webhook   string
	receipts  string
	unicode   string
	long      string
	tag       string
	maxParts  int
	secret    bool
	dialog    bool
	tlvs      []restTLV
	costs     map[string]string
	hours     *message.Hours
	class     int8 // -1 for none
	flash     bool
	replaces  uint8       // replace type, 0 for none
	people    *restPeople // contacts, groups, template, variables; nil for most (rest_recipients.go)
	ports     restPorts
	seen      uint32
}

// restRequest is the body of POST /v1/messages: one message, or several in
// "messages".
type restRequest struct {
	messages []restMessage
	several  bool // the form with "messages"
	atomic   bool
}

// Bits of restMessage.seen, one per field, also of the request's own.
const (
	seenTo = 1 << iota
	seenFrom
	seenText
	seenData
	seenUDH
	seenSendAt
	seenValidity
	seenPriority
	seenEncoding
	seenReference
	seenWebhook
	seenReceipts
	seenFlash
	seenTLVs
	seenUnicode
	seenLong
	seenTag
	seenMaxParts
	seenSecret
	seenDialog
	seenDimensions
	seenHours
	seenClass
	seenReplaceType
	seenPorts
	seenTemplate
	seenLanguage
	seenVariables
	seenRecipients
	seenAtomic
	seenMessages

	seenRequest = seenAtomic | seenMessages
)

// restFields names the fields of a message and of a request.
var restFields = map[string]uint32{
	"to": seenTo, "from": seenFrom, "text": seenText, "data": seenData, "udh": seenUDH, "send_at": seenSendAt,
	"validity": seenValidity, "priority": seenPriority, "encoding": seenEncoding, "reference": seenReference,
	"webhook": seenWebhook, "receipts": seenReceipts, "flash": seenFlash, "tlvs": seenTLVs,
	"unicode": seenUnicode, "long": seenLong, "tag": seenTag, "max_parts": seenMaxParts, "secret": seenSecret, "dialog": seenDialog, "hours": seenHours,
	"class": seenClass, "replace_type": seenReplaceType, "ports": seenPorts,
	"template": seenTemplate, "language": seenLanguage, "variables": seenVariables, "recipients": seenRecipients,
	"dimensions": seenDimensions, "atomic": seenAtomic, "messages": seenMessages,
}

// readRequest reads the body of POST /v1/messages.
func readRequest(body []byte) (*restRequest, *problem) {
	r := &jsonReader{in: body, whole: "the body", index: -1}
	req := &restRequest{}
	one := restMessage{class: -1}
	if r.open('{', "an object") {
		r.members(&one, req)
	}
	r.end()
	if r.problem != nil {
		return nil, r.problem
	}
	if !req.several {
		req.messages = []restMessage{one}
		return req, nil
	}
	if extra := one.seen &^ seenRequest; extra != 0 {
		for name, bit := range restFields {
			if extra&bit != 0 {
				return nil, faulty(http.StatusBadRequest, codeBadValue, name, "%s stands beside messages; it belongs inside each of them", name)
			}
		}
	}
	if len(req.messages) == 0 {
		return nil, faulty(http.StatusUnprocessableEntity, codeRequired, "messages", "messages is empty")
	}
	return req, nil
}

// readLine reads a line of a stream, which is one message, into m.
func readLine(line []byte, m *restMessage) *problem {
	r := jsonReader{in: line, whole: "the line", index: -1}
	*m = restMessage{class: -1}
	if r.open('{', "an object") {
		r.members(m, nil)
	}
	r.end()
	return r.problem
}

// members reads an object into m; req is nil inside "messages".
func (r *jsonReader) members(m *restMessage, req *restRequest) {
	for first := true; r.more('}', &first); {
		r.field = ""
		name := r.name()
		bit, known := restFields[string(name)]
		if !known || req == nil && bit&seenRequest != 0 {
			r.field = string(name[:min(len(name), maxNamed)])
			r.unknown(r.field, slices.Collect(maps.Keys(restFields)))
			return
		}
		r.field = string(name) // known names are short; the compiler does not keep the slice
		if m.seen&bit != 0 {
			r.fail(codeTwice, "%s is given twice", r.field)
			return
		}
		m.seen |= bit
		r.member(m, req, bit)
		r.field = ""
	}
}

// member reads the value of one field.
func (r *jsonReader) member(m *restMessage, req *restRequest, bit uint32) {
	switch bit {
	case seenTo:
		if m.to = r.recipients(); namesPeople(m.to) {
			m.withPeople()
		}
	case seenFrom:
		m.from = r.str()
	case seenText:
		m.text = r.str()
	case seenData:
		m.data = r.str()
	case seenUDH:
		m.udh = r.str()
	case seenSendAt:
		m.sendAt = r.str()
	case seenValidity:
		m.validity = r.str()
	case seenPriority:
		m.priority = r.str()
	case seenEncoding:
		m.encoding = r.str()
	case seenReference:
		m.reference = r.str()
	case seenWebhook:
		m.webhook = r.str()
	case seenReceipts:
		m.receipts = r.str()
	case seenFlash:
		if r.boolean() {
			m.flash = true
		}
	case seenClass:
		m.class = int8(r.number(0, 3))
	case seenReplaceType:
		m.replaces = uint8(r.number(1, 7))
	case seenPorts:
		m.ports = r.ports()
	case seenTLVs:
		m.tlvs = r.tlvs()
	case seenUnicode:
		m.unicode = r.str()
	case seenLong:
		m.long = r.str()
	case seenTag:
		m.tag = r.str()
	case seenMaxParts:
		m.maxParts = r.number(1, 255)
	case seenSecret:
		m.secret = r.boolean()
	case seenDialog:
		m.dialog = r.boolean()
	case seenDimensions:
		m.costs = r.dimensions()
	case seenHours:
		m.hours = r.hours()
	case seenTemplate, seenLanguage, seenVariables, seenRecipients:
		r.peopleMember(m.withPeople(), bit)
	case seenAtomic:
		req.atomic = r.boolean()
	case seenMessages:
		req.several = true
		req.messages = r.several()
	}
}

// recipients reads "to": a string or an array of strings.
func (r *jsonReader) recipients() []string {
	if r.peek() == '"' {
		return []string{string(r.quoted())}
	}
	if !r.open('[', "a string or an array of strings") {
		return nil
	}
	var to []string
	for first := true; r.more(']', &first); {
		if len(to) == maxMessages {
			r.tooMany("recipients")
			return nil
		}
		to = append(to, r.str())
	}
	return to
}

// several reads "messages".
func (r *jsonReader) several() []restMessage {
	if !r.open('[', "an array of objects") {
		return nil
	}
	var all []restMessage
	for first := true; r.more(']', &first); {
		if len(all) == maxMessages {
			r.tooMany("messages")
			return nil
		}
		r.index, r.field = len(all), "messages"
		m := restMessage{class: -1}
		if r.open('{', "an object") {
			r.members(&m, nil)
		}
		all = append(all, m)
	}
	r.index = -1
	return all
}

func (r *jsonReader) tooMany(what string) {
	r.fail(codeTooMany, "a request may have at most %d %s", maxMessages, what)
	r.problem.Status = http.StatusUnprocessableEntity
}

// receiptsNamed are the words of "receipts".
var receiptsNamed = map[string]message.Receipts{
	"": message.ReceiptFinal, "none": 0, "final": message.ReceiptFinal, "all": message.ReceiptFinal | message.ReceiptIntermediate,
}

// submission builds what all recipients of m have in common. A mistake makes
// every one of them bad.
func (m *restMessage) submission(a *account.Account, guard *Guard, tlvs *message.TLVDictionary) (s gateway.Submission, f *message.Failure) {
	s = gateway.Submission{Account: a, Via: message.ViaREST, From: m.from, Reference: m.reference, Secret: m.secret, Dialog: m.dialog, Tag: m.tag, MaxParts: m.maxParts, Dimensions: m.costs}
	if s.Content, f = m.content(); f != nil {
		return s, f
	}
	if s.Content.Extra, f = extraOf(tlvs, m.tlvs); f != nil {
		return s, f
	}
	s.Content.Extra = a.Extra(replacing(s.Content.Extra, m.replaces))
	priority := m.priority
	if priority == "" {
		priority = a.Priority
	}
	if s.Priority, f = message.ParsePriority(clip(priority)); f != nil {
		return s, f
	}
	if len(m.reference) > maxReference {
		return s, message.Fail(message.BadContent, "reference", "reference is longer than %d octets", maxReference)
	}
	if m.seen&(seenUnicode|seenLong) != 0 {
		if s.Text, f = m.rules(a); f != nil {
			return s, f
		}
	}
	var known bool
	if s.Receipts, known = receiptsNamed[m.receipts]; !known {
		return s, message.Fail(message.BadContent, "receipts", "%q is not known for receipts; none, final and all are", clip(m.receipts))
	}
	if m.sendAt != "" {
		if s.SendAt, f = readSendAt(m.sendAt); f != nil {
			return s, f
		}
	}
	if m.seen&seenValidity != 0 {
		if s.Validity, f = readValidity(m.validity); f != nil {
			return s, f
		}
	}
	if s.Hours = m.hours; s.Hours != nil {
		if f = checkHours(s.Hours); f != nil {
			return s, f
		}
	}
	s.Target, f = m.target(a, guard)
	return s, f
}

// readSendAt reads when a message is to be sent.
func readSendAt(text string) (time.Time, *message.Failure) {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, message.Fail(message.BadContent, "send_at", "send_at must be a time with its zone as in 2026-11-05T08:30:00+01:00")
	}
	return at, nil
}

// readValidity reads how long a message is tried.
func readValidity(text string) (time.Duration, *message.Failure) {
	d, err := time.ParseDuration(text)
	if err != nil || d < time.Second {
		return 0, message.Fail(message.BadContent, "validity", "validity must be a duration of at least a second, such as 90s, 30m or 24h")
	}
	return d, nil
}

// rules are how the text of m is to be written: as it says, or else its account.
// It may be stricter about Unicode than the account, not laxer.
func (m *restMessage) rules(a *account.Account) (*message.TextRules, *message.Failure) {
	var r message.TextRules
	if own := a.TextRules(message.ViaREST); own != nil {
		r = *own
	}
	unicode, err := message.ParseUnicodePolicy(clip(m.unicode))
	if err != nil {
		return nil, message.Fail(message.BadContent, "unicode", "unicode: %v", err)
	}
	r.Unicode = max(r.Unicode, unicode)
	if m.long != "" {
		if r.Long, err = message.ParseLongPolicy(clip(m.long)); err != nil {
			return nil, message.Fail(message.BadContent, "long", "long: %v", err)
		}
		r.LongSaid = true
	}
	return &r, nil
}

// target is where the states of m go: the message's webhook or the account's.
func (m *restMessage) target(a *account.Account, guard *Guard) (message.Target, *message.Failure) {
	address := m.webhook
	if address == "" && m.receipts != "none" {
		address = a.Webhook
	}
	if address == "" {
		return message.Target{}, nil
	}
	if m.webhook != "" {
		if err := guard.Check(m.webhook); err != nil {
			return message.Target{}, message.Fail(message.BadContent, "webhook", "webhook: %v", err)
		}
	}
	return message.Target{Kind: message.WebhookTarget, Account: a.Name, Address: address}, nil
}

// content reads what m says: text, or data in hexadecimal digits.
func (m *restMessage) content() (message.Content, *message.Failure) {
	c := message.Content{Text: m.text, Class: m.class}
	var err error
	switch {
	case m.flash && m.class > 0:
		return c, message.Fail(message.BadContent, "class", "flash is class 0; leave flash or class out")
	case m.flash:
		c.Class = 0
	}
	if m.seen&seenPorts != 0 {
		if m.udh != "" {
			return c, message.Fail(message.BadContent, "ports", "ports stand in the user data header; leave ports or udh out")
		}
		c.Header = m.ports.header()
	}
	if c.Want, err = gsm.ParseEncoding(m.encoding); err != nil {
		return c, message.Fail(message.BadContent, "encoding", "%q is no encoding; auto, gsm7, ucs2, latin1 and binary are", clip(m.encoding))
	}
	if m.udh != "" {
		if c.Header, err = hex.DecodeString(m.udh); err != nil {
			return c, message.Fail(message.BadContent, "udh", "udh must be the user data header in hexadecimal digits")
		}
		if int(c.Header[0]) != len(c.Header)-1 {
			return c, message.Fail(message.BadContent, "udh", "udh must begin with its length: %02x is expected", len(c.Header)-1)
		}
	}
	switch {
	case m.data != "" && m.text != "":
		return c, message.Fail(message.BadContent, "data", "text and data exclude each other")
	case m.data != "":
		if c.Want == gsm.Auto {
			c.Want = gsm.Binary
		}
		if c.Data, err = hex.DecodeString(m.data); err != nil {
			return c, message.Fail(message.BadContent, "data", "data must be octets in hexadecimal digits")
		}
		if c.Want != gsm.Binary {
			return c, message.Fail(message.BadContent, "encoding", "data goes with encoding binary only")
		}
	case c.Want == gsm.Binary:
		return c, message.Fail(message.BadContent, "data", "encoding binary needs data")
	case m.text == "" && len(c.Header) == 0:
		return c, message.Fail(message.BadContent, "text", "text is missing or empty")
	}
	return c, nil
}

// clip shortens what a customer wrote before it is repeated to him.
func clip(s string) string { return shortened(s, maxNamed) }
