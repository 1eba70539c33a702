package connector

import (
	"time"

	"kurir/message"
	"kurir/wire"
)

// Requests implements wire.Handler: receipts and messages from phones, as many as one read brought. The operator gets his
// answers when the gateway has them on disk.
func (s *wireSession[P]) Requests(sess *wire.Session[P], requests []P) {
	var reports []message.Report
	var inbound []*message.Inbound
	var forReports, forInbound, now []P
	var prints []inboundPrint
	talk := s.link.talk
	for _, p := range requests {
		switch a := talk.arrived(p); {
		case a.report != nil:
			if a.report.OperatorID == "" {
				s.link.unreadable()
			}
			a.report.Scope = s.host
			reports, forReports = append(reports, *a.report), append(forReports, p)
		case a.in == nil:
			now = append(now, a.answer)
		case s.repeated(a.print, &prints):
			now = append(now, talk.acknowledge(p, nil))
		default:
			a.in.Link, a.in.Received = s.link.name, s.link.shared.now().UnixMilli()
			inbound, forInbound = append(inbound, a.in), append(forInbound, p)
		}
	}
	if len(now) > 0 {
		_ = sess.Respond(now) // an error means that the session is over
	}
	if len(reports) > 0 {
		s.core.Reports(reports, func(err error) { _ = s.acknowledge(sess, forReports, err) })
	}
	if len(inbound) > 0 {
		s.core.Inbound(inbound, func(err error) {
			gone := s.acknowledge(sess, forInbound, err)
			if err == nil {
				s.unsent.answered(prints, gone == nil, &s.link.shared.repeats)
			}
		})
	}
}

// acknowledge answers a batch: well when it is on disk, else so that the operator tries again, perhaps after a while. An
// error means that the session is over: he sends it again.
func (s *wireSession[P]) acknowledge(sess *wire.Session[P], requests []P, err error) error {
	answers := make([]P, len(requests))
	for i, p := range requests {
		answers[i] = s.link.talk.acknowledge(p, err)
	}
	if wait := s.link.talk.refuseAfter(); err != nil && wait > 0 {
		time.AfterFunc(wait, func() { _ = sess.Respond(answers) })
		return nil
	}
	return sess.Respond(answers)
}

// repeated tells whether a message from a phone is on disk since an earlier session, which ended before it was answered.
// If not its print is added.
func (s *wireSession[P]) repeated(content func(printer), prints *[]inboundPrint) bool {
	h := newPrinter(s.link.scope)
	content(h)
	print := h.print()
	if r := &s.link.shared.repeats; r.some.Load() && r.again(print, time.Now()) {
		s.link.log.Info("a message from a phone is repeated after a cut, and known", "session", s.number)
		return true
	}
	*prints = append(*prints, print)
	return false
}

// unreadable tells of a receipt that names no message, but not of each, lest the log fill.
func (l *wireLink[P]) unreadable() {
	if n := l.unread.Note(); n > 0 {
		l.log.Warn("receipt without the id of a message", "receipts", n)
	}
}
