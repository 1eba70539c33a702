package connector

import (
	"context"
	"errors"
	"fmt"
	"time"

	"kurir/gsm"
	"kurir/message"
	"kurir/smpp"
)

// Replacer is a link that can have its operator put another message in the place
// of one that he has. An error says that he did not, or that he did not answer.
type Replacer interface {
	Replace(ctx context.Context, at AtOperator, r *Replacement) error
}

// Replacement is a message of one part as its operator has it, and as it is to
// be. Neither is written to.
type Replacement struct {
	Old, New *message.Message
	SendAt   bool // he is told New.SendAt; else his time of delivery stays
	Validity bool // he is told New.Expires; else the end of validity that he has stays
}

// Replace implements Replacer by replace_sm (SMPP 3.4 4.10).
func (l *SMPP) Replace(ctx context.Context, at AtOperator, r *Replacement) error {
	b := smppBuilder{cfg: l.cfg, refs: l.shared.refs}
	m, err := b.replacement(at, r, l.shared.now())
	if err != nil {
		return err
	}
	m.MessageID = l.submittedID(at.ID)
	_, _, err = l.ask(ctx, at, m)
	return err
}

// replacement makes a replace_sm without its message_id. It has no data_coding:
// the text is written in that of the submit_sm. The receipt that the message
// awaits is asked for again.
func (b *smppBuilder) replacement(at AtOperator, r *Replacement, now time.Time) (*smpp.ReplaceSM, error) {
	old, err := b.single(at, r.Old, now)
	if err != nil {
		return nil, err
	}
	coding := old.DataCoding
	one, err := b.single(at, r.New, now)
	if err == nil && one.DataCoding != coding && r.New.Encoding != gsm.Binary {
		wide := *r.New
		wide.Encoding = gsm.UCS2 // what the link's alphabet lacked characters for went out so
		one, err = b.single(at, &wide, now)
	}
	switch {
	case err != nil:
		return nil, err
	case one.DataCoding != coding:
		return nil, fmt.Errorf("the text cannot be written with data_coding %d, with which the message was sent", coding)
	case one.ESMClass&smpp.ESMUDHI != 0 || len(one.Message()) > len(one.Text):
		return nil, errors.New("the text does not fit into a replace_sm")
	}
	m := &smpp.ReplaceSM{
		Source: one.Source, RegisteredDelivery: one.RegisteredDelivery, DefaultMsgID: one.DefaultMsgID, Text: one.Text,
		Private: r.New.Secret(),
	}
	if r.Validity {
		m.Validity = one.Validity
	}
	if r.SendAt && r.New.SendAt > now.UnixMilli() {
		m.ScheduleTime = string(smpp.AppendTime(nil, time.UnixMilli(r.New.SendAt)))
	}
	return m, nil
}

// single makes the submit_sm of a message that is one. Its text lasts until the
// next is made.
func (b *smppBuilder) single(at AtOperator, m *message.Message, now time.Time) (*smpp.ShortMessage, error) {
	b.reset()
	n, f := b.add(&Outgoing{Message: m, From: at.From, To: at.To, Receipt: true}, now)
	switch {
	case f != nil:
		return nil, f
	case n != 1:
		return nil, fmt.Errorf("the text needs %d parts on this link; only a message of one part can be replaced", n)
	}
	return &b.parts[0].ShortMessage, nil
}
