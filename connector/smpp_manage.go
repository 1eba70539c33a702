package connector

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"kurir/message"
	"kurir/smpp"
)

// Querier is a link that can ask its operator what became of a message. The
// answer has the form of a receipt.
type Querier interface {
	Query(ctx context.Context, at AtOperator) (message.Report, error)
}

// Canceler is a link that can take a message back from its operator; likewise.
type Canceler interface {
	Cancel(ctx context.Context, at AtOperator) (message.Report, error)
}

// AtOperator names one part of a message that an operator took.
type AtOperator struct {
	ID       string          // as Answer.ID had it
	From, To message.Address // as Outgoing had them
	// GaveID tells whether a host gave the ID, where each numbers messages on its
	// own; nil where any may be asked.
	GaveID func(host string) bool
}

// ErrNoSession says that a link has no session now that can ask.
var ErrNoSession = errors.New("the link has no session that can ask the operator")

// Query implements Querier by query_sm (SMPP 3.4 4.8).
func (l *SMPP) Query(ctx context.Context, at AtOperator) (message.Report, error) {
	from, _ := l.cfg.sender(at.From, at.To)
	p, host, err := l.ask(ctx, at, &smpp.QuerySM{MessageID: l.submittedID(at.ID), Source: from})
	if err != nil {
		return message.Report{}, err
	}
	body, ok := p.Body.(*smpp.QuerySMResp)
	if !ok {
		return message.Report{}, errors.New("the operator's answer has no state")
	}
	r := message.Report{
		Scope: host, OperatorID: at.ID, State: message.StateFromSMPP(uint8(body.State)), Code: uint32(body.ErrorCode), From: at.To,
	}
	if body.FinalDate != "" && r.State.Final() {
		if done, err := smpp.ParseTime(body.FinalDate, l.shared.now()); err == nil {
			r.Done = done.UnixMilli()
		}
	}
	return r, nil
}

// Cancel implements Canceler by cancel_sm (SMPP 3.4 4.9).
func (l *SMPP) Cancel(ctx context.Context, at AtOperator) (message.Report, error) {
	from, _ := l.cfg.sender(at.From, at.To)
	to := l.cfg.recipient(at.To)
	_, host, err := l.ask(ctx, at, &smpp.CancelSM{ServiceType: l.cfg.ServiceType, MessageID: l.submittedID(at.ID), Source: from, Dest: to})
	return message.Report{Scope: host, OperatorID: at.ID, State: message.Deleted, From: at.To}, err
}

// ask makes a request on one session of each host that may take it, until one is
// answered with ESME_ROK. It waits for room in the session's window, at most as
// long as for an answer.
func (l *SMPP) ask(ctx context.Context, at AtOperator, body smpp.Body) (smpp.PDU, string, error) {
	var err error = ErrNoSession
	for host, s := range l.askable() {
		if host != "" && at.GaveID != nil && !at.GaveID(host) {
			continue // another message may have this id there
		}
		var p smpp.PDU
		if p, err = s.ask(ctx, body); err != nil {
			continue
		}
		if p.Status == smpp.ESME_ROK && p.Command != smpp.CommandGenericNack {
			return p, host, nil
		}
		if err = p.Status; p.Status == smpp.ESME_ROK {
			err = errors.New("generic_nack")
		}
		err = fmt.Errorf("the operator answered %w", err)
	}
	return smpp.PDU{}, "", err
}

// ask makes a request when the window has room.
func (s *smppSession) ask(ctx context.Context, body smpp.Body) (smpp.PDU, error) {
	limit := s.link.cfg.ResponseTimeout
	waiting, done := context.WithTimeoutCause(ctx, limit, ErrCrowded)
	err := s.enter(waiting)
	done()
	if err != nil {
		return smpp.PDU{}, err
	}
	p, err := s.sess.Do(ctx, body)
	if err != nil && ctx.Err() != nil {
		s.leave(limit)
	} else {
		s.leave(0)
	}
	return p, err
}

// askable returns a session of each host that is no receiver: the one with most
// room.
func (l *SMPP) askable() map[string]*smppSession {
	l.mu.Lock()
	defer l.mu.Unlock()
	found := map[string]*smppSession{}
	for _, slot := range l.slots {
		s, _ := slot.session.(*smppSession)
		if s == nil || slot.mode == smpp.Receiver.String() {
			continue
		}
		if other := found[s.host]; other == nil || s.room() > other.room() {
			found[s.host] = s
		}
	}
	return found
}

// submittedID is the reverse of answeredID: the id as the operator gave it.
func (l *SMPP) submittedID(id string) string {
	switch l.cfg.MessageIDs {
	case "hex_decimal":
		if v, err := strconv.ParseUint(id, 10, 64); err == nil {
			return strconv.FormatUint(v, 16)
		}
	case "decimal_hex":
		if v, err := strconv.ParseUint(id, 16, 64); err == nil {
			return strconv.FormatUint(v, 10)
		}
	}
	return id
}
