package api

import (
	"context"
	"errors"
	"time"

	"kurir/account"
	"kurir/cimd2"
	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
)

// CIMD2Server lets customers log in over CIMD2 (01). They submit with 03, also to several destinations, ask with 04, take
// back with 06, and get the time with 09; states come as 23, messages from phones as 20. Both are brought without being
// asked for: a delivery request (05) is told that nothing waits. See wireServer for the procedure.
type CIMD2Server struct{ *wireServer[*cimd2.Packet] }

// NewCIMD2Server makes a server; Serve runs it.
func NewCIMD2Server(g *gateway.Gateway, o WireOptions) *CIMD2Server { return newCIMD2Server(g, o) }

func newCIMD2Server(core smppCore, o WireOptions) *CIMD2Server {
	return &CIMD2Server{newWireServer(core, o, account.CIMD2, customerTalk[*cimd2.Packet](cimd2Talk{}), cimd2.Protocol(false))}
}

// cimd2Talk implements customerTalk.
type cimd2Talk struct{}

func (cimd2Talk) via() message.Interface { return message.ViaCIMD2 }

func (cimd2Talk) version() string { return "CIMD2" }

// credentials implements customerTalk.
func (cimd2Talk) credentials(p *cimd2.Packet) (name, password string, refused *cimd2.Packet, ok bool) {
	var l cimd2.Login
	if err := p.Read(&l); err != nil {
		return "", "", p.Refuse(cimd2Fault(err), ""), false
	}
	return l.User, l.Password, nil, true
}

// cimd2Fault is the code of a packet that cannot be read.
func cimd2Fault(err error) cimd2.ErrorCode {
	if bad := (*cimd2.ParamError)(nil); errors.As(err, &bad) {
		return bad.Code
	}
	return cimd2.ErrSyntax
}

// admitted implements customerTalk. Without a window of his own a customer has one request at a time.
func (cimd2Talk) admitted(p *cimd2.Packet, l *account.Login) (answer *cimd2.Packet, window int) {
	var login cimd2.Login
	_ = p.Read(&login) // credentials has read it
	return cimd2.Empty(cimd2.OpLoginResp, p.Seq), min(login.Window.Or(1), l.MaxWindow(account.CIMD2))
}

// denied implements customerTalk.
func (cimd2Talk) denied(p *cimd2.Packet, why loginRefusal) *cimd2.Packet {
	switch why {
	case loginWrong:
		return p.Refuse(cimd2.ErrLogin, "")
	case loginCrowd, loginTaken:
		return p.Refuse(cimd2.ErrTooManyUsers, "")
	}
	return p.Refuse(cimd2.ErrSystem, "")
}

// messages implements customerTalk.
func (cimd2Talk) messages(p *cimd2.Packet) bool { return p.Op == cimd2.OpSubmit }

// busy and gone implement customerTalk.
func (cimd2Talk) busy(p *cimd2.Packet) *cimd2.Packet { return p.Refuse(cimd2.ErrCongestion, "") }
func (cimd2Talk) gone(p *cimd2.Packet) *cimd2.Packet { return p.Refuse(cimd2.ErrLogin, "") }

// cimd2Result is what one destination takes of an answer at most, beside its number: codes and the time stamp, or the error
// code and cimd2Short. cimd2Frame is what the rest of the packet takes.
const (
	cimd2Result = 5 + 8 + 5 + len(cimd2Short)
	cimd2Frame  = 16
	cimd2Short  = "refused" // the text of an error where there is no room for that of its code
)

// cimd2Answerable tells whether an answer has room for all destinations.
func cimd2Answerable(to []string) bool {
	size := cimd2Frame
	for i := range to {
		size += len(to[i]) + cimd2Result
	}
	return size <= cimd2.MaxPacket
}

// submitted implements customerTalk.
func (cimd2Talk) submitted(p *cimd2.Packet, c *customer) (subs []gateway.Submission, refused *cimd2.Packet, ok bool) {
	var m cimd2.Submit
	if err := p.Read(&m); err != nil {
		return nil, p.Refuse(cimd2Fault(err), ""), false
	}
	if !cimd2Answerable(m.Destinations) {
		return nil, p.Refuse(cimd2.ErrDestinationCount, ""), false
	}
	s := gateway.Submission{Account: c.account, Via: message.ViaCIMD2, Priority: accountPriority(c.account)}
	if m.AlphaOriginator != "" {
		s.FromAddr = message.Address{TON: message.TONAlphanumeric, Number: m.AlphaOriginator}
	} else if m.Originator != "" {
		s.From, s.FromAddr = airNumber(m.Originator)
	}
	if code := cimd2Times(&s, &m, c); code != cimd2.NoError {
		return nil, p.Refuse(code, ""), false
	}
	if s.Content, ok = cimd2Content(m.Coding, &m.UserData); !ok {
		return nil, p.Refuse(cimd2.ErrUserData, ""), false
	}
	if s.Receipts = cimd2Receipts(m.Reports); s.Receipts != 0 {
		s.Target = message.Target{Kind: message.SMPPTarget, Account: c.account.Name}
	}
	subs = make([]gateway.Submission, len(m.Destinations))
	for i, to := range m.Destinations {
		subs[i] = s
		subs[i].To, subs[i].ToAddr = airNumber(to)
		subs[i].Batch = len(m.Destinations) > 1
	}
	return subs, nil, true
}

// cimd2Content reads the text or the data of a message.
func cimd2Content(given cimd2.Optional, u *cimd2.UserData) (message.Content, bool) {
	coding := uint8(given.Or(0))
	ud := u.Data
	if d := gsm.ParseDataCoding(coding); d.Encoding == gsm.GSM7 && !d.Compressed {
		ud = u.Septets()
	} else if !u.Binary { // text, whatever is said beside it
		coding = gsm.Coding(gsm.GSM7, d.Class).Octet()
	}
	return airContent(coding, u.Header, ud)
}

// cimd2Times reads first delivery and validity.
func cimd2Times(s *gateway.Submission, m *cimd2.Submit, c *customer) cimd2.ErrorCode {
	start := c.now
	if d, ok := cimd2.Relative(m.FirstRelative.Value); ok && m.FirstRelative.Set {
		s.SendAt = c.now.Add(d)
	} else if m.FirstAbsolute != "" {
		at, err := cimd2.ParseTime(m.FirstAbsolute, c.zone)
		if err != nil || at.Before(c.now.Add(-smppLate)) {
			return cimd2.ErrFirstDelivery
		}
		s.SendAt = at
	}
	if s.SendAt.After(start) {
		start = s.SendAt
	}
	if d, ok := cimd2.Relative(m.ValidityRelative.Value); ok && m.ValidityRelative.Set {
		s.Validity = d
	} else if m.ValidityAbsolute != "" {
		end, err := cimd2.ParseTime(m.ValidityAbsolute, c.zone)
		if s.Validity = end.Sub(start); err != nil || s.Validity <= 0 {
			return cimd2.ErrValidity
		}
	}
	return cimd2.NoError
}

// cimd2Receipts reads the status report request; left out it means none.
func cimd2Receipts(mask cimd2.Optional) message.Receipts {
	bits := cimd2.Reports(mask.Or(0))
	var r message.Receipts
	good, bad := bits.Wants(cimd2.StatusDelivered), bits.Wants(cimd2.StatusFailed) || bits.Wants(cimd2.StatusExpired)
	switch {
	case good && bad:
		r = message.ReceiptFinal
	case good:
		r = message.ReceiptSuccess
	case bad:
		r = message.ReceiptFailure
	}
	if bits.Wants(cimd2.StatusInProcess) {
		r |= message.ReceiptIntermediate
	}
	return r
}

// accepted implements customerTalk.
func (cimd2Talk) accepted(p *cimd2.Packet, c *customer, results []gateway.Result, stamps []time.Time) *cimd2.Packet {
	if f := results[0].Failure; f != nil && len(results) == 1 {
		return p.Refuse(cimd2Code(f), "")
	}
	var m cimd2.Submit
	_ = p.Read(&m) // submitted has read it
	resp := &cimd2.SubmitResp{Results: make([]cimd2.SubmitResult, len(results))}
	for i := range results {
		r := cimd2.SubmitResult{Destination: m.Destinations[i], Timestamp: cimd2.FormatTime(stamps[i], time.UTC)}
		if f := results[i].Failure; f != nil {
			r.Timestamp, r.Error = "", cimd2Code(f)
		}
		resp.Results[i] = r
	}
	answer, err := p.Answer(resp)
	if err != nil { // too long
		for i := range resp.Results {
			resp.Results[i].ErrorText = cimd2Short
		}
		answer, err = p.Answer(resp)
	}
	if err != nil {
		return p.Refuse(cimd2.ErrSystem, "")
	}
	return answer
}

// said implements customerTalk: there is no negative answer of an application.
func (cimd2Talk) said(p *cimd2.Packet) (v gateway.Verdict, code uint32, text string) {
	if err := p.Refused(); err != nil {
		return gateway.TryLater, 0, err.Error()
	}
	return gateway.Acknowledged, 0, ""
}

// managed implements customerTalk.
func (t cimd2Talk) managed(p *cimd2.Packet, c *customer) (q *wireQuestion[*cimd2.Packet], refused *cimd2.Packet) {
	switch p.Op {
	case cimd2.OpEnquire:
		return t.enquire(p, c)
	case cimd2.OpCancel:
		return t.cancel(p, c)
	case cimd2.OpDeliveryRequest:
		return t.answer(p, &cimd2.DeliveryRequestResp{Count: cimd2.Some(0)})
	case cimd2.OpGet:
		var b cimd2.Get
		if err := p.Read(&b); err != nil || cimd2.Param(b.Item.Value) != cimd2.ParamTime {
			return nil, p.Refuse(cimd2.ErrUnsupportedItem, "")
		}
		return t.answer(p, &cimd2.GetResp{Time: cimd2.FormatTime(c.now, c.zone)})
	case cimd2.OpSet:
		return nil, p.Refuse(cimd2.ErrPasswordChangeDisabled, "")
	}
	return nil, p.Refuse(cimd2.ErrUnexpectedOperation, "")
}

// answer answers at once.
func (cimd2Talk) answer(p *cimd2.Packet, body cimd2.Body) (*wireQuestion[*cimd2.Packet], *cimd2.Packet) {
	answer, err := p.Answer(body)
	if err != nil {
		return nil, p.Refuse(cimd2.ErrSystem, "")
	}
	return &wireQuestion[*cimd2.Packet]{at: answer, answer: true}, nil
}

// enquire asks what became of a message.
func (cimd2Talk) enquire(p *cimd2.Packet, c *customer) (*wireQuestion[*cimd2.Packet], *cimd2.Packet) {
	var b cimd2.Enquire
	if err := p.Read(&b); err != nil {
		return nil, p.Refuse(cimd2Fault(err), "")
	}
	stamp, err := cimd2.ParseTime(b.Timestamp, time.UTC)
	if err != nil || b.Timestamp == "" {
		return nil, p.Refuse(cimd2.ErrEnquireTimestamp, "")
	}
	return &wireQuestion[*cimd2.Packet]{
		to: b.Destination, stamp: stamp, failed: p.Refuse(cimd2.ErrNotFound, ""),
		do: func(_ context.Context, _ smppCore, found []*message.Message) (*cimd2.Packet, []*cimd2.Packet) {
			answer, err := p.Answer(&cimd2.EnquireResp{Report: cimd2Told(found[0], found[0].State, c)})
			if err != nil {
				return p.Refuse(cimd2.ErrSystem, ""), nil
			}
			return answer, nil
		},
	}, nil
}

// cancel takes back a message, or all to a destination.
func (cimd2Talk) cancel(p *cimd2.Packet, c *customer) (*wireQuestion[*cimd2.Packet], *cimd2.Packet) {
	var b cimd2.Cancel
	if err := p.Read(&b); err != nil {
		return nil, p.Refuse(cimd2Fault(err), "")
	}
	q := &wireQuestion[*cimd2.Packet]{to: b.Destination, failed: p.Refuse(cimd2.ErrNotFound, "")}
	if b.Timestamp != "" && b.Mode.Or(cimd2.CancelTimestamp) != cimd2.CancelAll {
		stamp, err := cimd2.ParseTime(b.Timestamp, time.UTC)
		if err != nil {
			return nil, p.Refuse(cimd2.ErrCancelTimestamp, "")
		}
		q.stamp = stamp
	} else if b.Destination == "" {
		return nil, p.Refuse(cimd2.ErrCancelAddress, "")
	}
	q.do = func(ctx context.Context, core smppCore, found []*message.Message) (*cimd2.Packet, []*cimd2.Packet) {
		if n, err := core.CancelEach(ctx, c.account.Name, idsOf(found)); err != nil || n == 0 {
			return p.Refuse(cimd2.ErrFailed, ""), nil
		}
		return cimd2.Empty(cimd2.OpCancelResp, p.Seq), nil
	}
	return q, nil
}

// cimd2Codes says by which code a customer learns why a message was not accepted.
var cimd2Codes = map[message.FailureKind]cimd2.ErrorCode{
	message.Throttled: cimd2.ErrCongestion, message.Overloaded: cimd2.ErrCongestion, message.LimitReached: cimd2.ErrCongestion,
	message.Busy: cimd2.ErrSystem, message.LinkDown: cimd2.ErrSystem, message.NoAnswer: cimd2.ErrSystem, message.StoreFull: cimd2.ErrSystem,
	message.Stopping: cimd2.ErrSystem, message.Absent: cimd2.ErrSystem, message.MemoryFull: cimd2.ErrSystem,
	message.BadRecipient: cimd2.ErrDestination, message.NoRoute: cimd2.ErrDestination, message.NoPrice: cimd2.ErrDestination,
	message.NotOpened: cimd2.ErrDestination, message.BadSender: cimd2.ErrOriginator, message.BadContent: cimd2.ErrUserData,
	message.TooOld: cimd2.ErrValidity,
}

// cimd2Code is that of a failure.
func cimd2Code(f *message.Failure) cimd2.ErrorCode {
	switch {
	case f.Field == "validity":
		return cimd2.ErrValidity
	case f.Field == "send_at":
		return cimd2.ErrFirstDelivery
	}
	if code, known := cimd2Codes[f.Kind]; known {
		return code
	}
	return cimd2.ErrUnsupportedParameter
}
