package api

import (
	"encoding/hex"
	"time"

	"kurir/gsm"
	"kurir/message"
)

// timeFormat is RFC 3339 with milliseconds, always UTC.
const timeFormat = "2006-01-02T15:04:05.000Z"

// showTime writes Unix milliseconds, nothing for 0.
func showTime(ms int64) string {
	if ms == 0 {
		return ""
	}
	return time.UnixMilli(ms).UTC().Format(timeFormat)
}

// failureView is why a message is not delivered, or not yet.
type failureView struct {
	Code         string `json:"code"`
	Detail       string `json:"detail,omitempty"`
	OperatorCode uint32 `json:"operator_code,omitempty"`

	kind message.FailureKind
}

// messageView is a message as REST and webhooks show it. Webhooks leave out
// what the customer said himself: text, data and times asked for.
type messageView struct {
	ID          message.ID        `json:"id"`
	State       message.State     `json:"state"`
	To          string            `json:"to"`
	From        string            `json:"from,omitempty"`
	Text        string            `json:"text,omitempty"`
	Data        string            `json:"data,omitempty"`
	UDH         string            `json:"udh,omitempty"`
	Secret      bool              `json:"secret,omitempty"`
	Encoding    gsm.Encoding      `json:"encoding"`
	Parts       uint8             `json:"parts"`
	Priority    string            `json:"priority,omitempty"`
	Flash       bool              `json:"flash,omitempty"`
	Class       int8              `json:"class,omitempty"` // 0 is flash
	ReplaceType uint8             `json:"replace_type,omitempty"`
	Reference   string            `json:"reference,omitempty"`
	Tag         string            `json:"tag,omitempty"`
	Dimensions  map[string]string `json:"dimensions,omitempty"`
	TLVs        map[string]string `json:"tlvs,omitempty"`
	Via         string            `json:"via,omitempty"`
	Created     string            `json:"created"`
	SendAt      string            `json:"send_at,omitempty"`
	Expires     string            `json:"expires,omitempty"`
	Final       string            `json:"final,omitempty"`
	Price       *priceView        `json:"price,omitempty"`
	Link        string            `json:"link,omitempty"`
	OperatorIDs []string          `json:"operator_ids,omitempty"`
	Error       *failureView      `json:"error,omitempty"`
	Account     string            `json:"account,omitempty" doc:"whose it is, where that is not who asks, or account was asked for"`
}

// logDigest is what the log of a message says that customers want to know.
type logDigest struct {
	link        string
	operatorIDs []string
	failure     message.FailureKind // the last
	code        uint32
	reportedAt  int64
	taken       string // the first operator id
	takenAt     int64
	toldEnroute bool
	rejectedBy  uint32 // code of the last refusal
}

// digest reads the log once. A damaged log gives what can be read.
func digest(m *message.Message) (d logDigest) {
	events, _ := message.DecodeLog(m.Log, m.ID)
	for i := range events {
		e := &events[i]
		switch e.Kind {
		case message.EventQueued:
			d.link = e.Text
		case message.EventGranted:
			d.link = e.Text
		case message.EventTaken:
			if e.Text != "" {
				d.operatorIDs = append(d.operatorIDs, e.Text)
			}
			if d.taken == "" {
				d.taken, d.takenAt = e.Text, e.At
			}
		case message.EventFailed:
			d.failure, d.code, d.rejectedBy = e.Failure, e.Code, e.Code
		case message.EventReport:
			if d.code, d.reportedAt = e.Code, e.At; e.State.Final() {
				d.failure = e.Failure // what it failed of before is over
			}
		case message.EventState:
			if e.Failure != message.NoFailure {
				d.failure = e.Failure
			}
		case message.EventTold:
			d.toldEnroute = d.toldEnroute || !e.State.Final() && e.Code != 0 // 0: passed over
		}
	}
	return d
}

// error says why a message did not arrive that ended so, or what it failed of last that is under way; nil if it did not, or
// its customer cancelled it.
func (d *logDigest) error(state message.State) *failureView {
	f := &failureView{Code: d.failure.Code(), OperatorCode: d.code, kind: d.failure}
	if d.failure == message.NoFailure {
		if !state.Final() || state == message.Deleted && d.code == 0 {
			return nil
		}
		f.Code = state.String()
	}
	f.Detail = f.sentence(state, "")
	return f
}

// sentence says it in a language, as message.FailureKind.Sentence.
func (f *failureView) sentence(state message.State, language string) string {
	if f.kind == message.NoFailure {
		return state.Sentence(language)
	}
	return f.kind.Sentence(language)
}

// view builds what customers see of a message that stands, or stood, in state.
func view(m *message.Message, state message.State, full bool, tlvs *message.TLVDictionary) messageView {
	d := digest(m)
	v := messageView{
		ID: m.ID, State: state, To: m.To.String(), From: m.From.String(), Encoding: m.Encoding, Parts: m.Parts,
		Reference: m.Reference, Created: showTime(m.ID.Millis()), Final: showTime(m.Final),
		Link: d.link, OperatorIDs: d.operatorIDs, Dimensions: m.Dimensions().Map(),
	}
	if state != message.Delivered && state != message.Sent {
		v.Error = d.error(state)
	}
	if full && !m.Secret() {
		v.Text, v.Data, v.UDH = m.Content.Text, hex.EncodeToString(m.Content.Data), hex.EncodeToString(m.Content.Header)
	}
	if full {
		v.Secret, v.Tag = m.Secret(), m.Tag()
		v.Flash, v.Priority, v.Via = m.Content.Class == 0, m.Priority.String(), m.Via.String()
		v.Class, v.ReplaceType = max(m.Content.Class, 0), replaceType(m.Content.Extra)
		v.TLVs = showTLVs(tlvs, m.Content.Extra)
		v.SendAt, v.Expires = showTime(m.SendAt), showTime(m.Expires)
		v.Price = viewPrice(m)
	}
	return v
}

// inboundView is a message from a phone as REST and webhooks show it.
type inboundView struct {
	ID       message.ID        `json:"id"`
	From     string            `json:"from"`
	To       string            `json:"to"`
	Text     string            `json:"text"`
	Data     string            `json:"data,omitempty"`
	UDH      string            `json:"udh,omitempty"`
	Encoding gsm.Encoding      `json:"encoding"`
	Parts    uint8             `json:"parts"`
	Missing  uint8             `json:"missing_parts,omitempty"`
	Gaps     []int             `json:"missing,omitempty"` // their numbers
	Received string            `json:"received"`
	Link     string            `json:"link,omitempty"`
	Rule     string            `json:"rule,omitempty"`
	Series   string            `json:"series,omitempty"` // of its case number
	Case     string            `json:"case,omitempty"`
	Tag      string            `json:"tag,omitempty"`
	Answers  message.ID        `json:"answers,omitzero"`
	TLVs     map[string]string `json:"tlvs,omitempty"`
	Account  string            `json:"account,omitempty" doc:"whose it is, where that is not who asks, or account was asked for"`
}

func viewInbound(in *message.Inbound, tlvs *message.TLVDictionary) inboundView {
	var gaps []int
	for _, number := range in.Gaps {
		gaps = append(gaps, int(number))
	}
	return inboundView{
		ID: in.ID, From: in.From.String(), To: in.To.String(), Text: in.Content.Text,
		Data: hex.EncodeToString(in.Content.Data), UDH: hex.EncodeToString(in.Content.Header),
		Encoding: in.Encoding, Parts: in.Parts, Missing: in.Missing, Gaps: gaps,
		Received: showTime(in.Received), Link: in.Link, Rule: in.Rule, Series: in.Series, Case: in.Case, Tag: in.Tag, Answers: in.Answers,
		TLVs: showTLVs(tlvs, in.Content.Extra),
	}
}
