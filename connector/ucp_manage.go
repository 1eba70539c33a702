package connector

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"kurir/message"
	"kurir/ucp"
)

// about makes an operation that is about a message that the operator has.
func (l *UCP) about(op ucp.Operation, at AtOperator) (*ucp.PDU, error) {
	to, _ := l.talk.cfg.rewriting.recipient(at.To)
	m := &ucp.Message{AdC: digitsOf(to, l.talk.cfg.International), SCTS: at.ID[strings.LastIndexByte(at.ID, ':')+1:]}
	b := ucpBuilder{talk: l.talk, out: &Outgoing{From: at.From, To: at.To}}
	if f := b.sender(m); f != nil {
		return nil, f
	}
	return &ucp.PDU{Op: op, Body: m}, nil
}

// do has the operator do what a request says.
func (l *UCP) do(ctx context.Context, at AtOperator, p *ucp.PDU) (host string, err error) {
	resp, host, err := l.ask(ctx, at, p)
	if err != nil {
		return host, err
	}
	if r := resp.Outcome(); r.Code != ucp.CodeNone {
		return host, fmt.Errorf("the operator answered %w", r.Code)
	}
	return host, nil
}

// Query implements Querier by operation 55, which the operator answers by an operation 57.
func (l *UCP) Query(ctx context.Context, at AtOperator) (message.Report, error) {
	p, err := l.about(ucp.OpInquire, at)
	if err != nil {
		return message.Report{}, err
	}
	told := l.talk.wait(at.ID)
	defer l.talk.forget(at.ID, told)
	host, err := l.do(ctx, at, p)
	if err != nil {
		return message.Report{}, err
	}
	late := time.NewTimer(l.remote.ResponseTimeout)
	defer late.Stop()
	select {
	case r := <-told:
		r.Scope, r.From = host, at.To
		return r, nil
	case <-late.C:
		return message.Report{}, errors.New("the operator took the question and does not answer it by operation 57")
	case <-ctx.Done():
		return message.Report{}, context.Cause(ctx)
	}
}

// Cancel implements Canceler by operation 56.
func (l *UCP) Cancel(ctx context.Context, at AtOperator) (message.Report, error) {
	p, err := l.about(ucp.OpDelete, at)
	if err != nil {
		return message.Report{}, err
	}
	host, err := l.do(ctx, at, p)
	return message.Report{Scope: host, OperatorID: at.ID, State: message.Deleted, From: at.To}, err
}

// Replace implements Replacer by operation 54.
func (l *UCP) Replace(ctx context.Context, at AtOperator, r *Replacement) error {
	out := &Outgoing{Message: r.New, From: at.From, To: at.To, Receipt: true}
	parts, f := l.talk.cut.parts(out)
	switch {
	case f != nil:
		return f
	case len(parts) != 1:
		return fmt.Errorf("the text needs %d parts on this link; only a message of one part can be replaced", len(parts))
	}
	p, err := l.about(ucp.OpModify, at)
	if err != nil {
		return err
	}
	m := p.Message()
	b := ucpBuilder{talk: l.talk, out: out, now: l.shared.now()}
	if f := b.content(m, &parts[0]); f != nil {
		return f
	}
	if r.Validity {
		m.VP = b.validity()
	}
	if r.SendAt && r.New.SendAt > b.now.UnixMilli() {
		m.DD, m.DDT = '1', string(ucp.AppendMinutes(nil, time.UnixMilli(r.New.SendAt), l.talk.zone))
	}
	_, err = l.do(ctx, at, p)
	return err
}

// wait has what the operator tells of a message come through a channel; forget ends that.
func (t *ucpTalk) wait(id string) chan message.Report {
	told := make(chan message.Report, 1)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.waiting[id] = append(t.waiting[id], told)
	return told
}

func (t *ucpTalk) forget(id string, told chan message.Report) {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := t.waiting[id]
	for i := range list {
		if list[i] == told {
			list = append(list[:i], list[i+1:]...)
			break
		}
	}
	if t.waiting[id] = list; len(list) == 0 {
		delete(t.waiting, id)
	}
}

// tell gives what the operator says of a message to who has asked.
func (t *ucpTalk) tell(r message.Report) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, told := range t.waiting[r.OperatorID] {
		select {
		case told <- r:
		default:
		}
	}
}
