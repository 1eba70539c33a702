package api

import (
	"cmp"
	"context"
	"errors"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
	"kurir/route"
	"kurir/smpp"
)

// other answers the requests that are not messages, or leaves them to a
// goroutine that asks the database.
func (p *smppPeer) other(now []smpp.PDU, a *account.Account, r *smpp.PDU) []smpp.PDU {
	status := smpp.ESME_RTHROTTLED
	var asked bool
	switch body := r.Body.(type) {
	case *smpp.QuerySM:
		asked = p.ask(r, func(ctx context.Context, answer *smpp.PDU) { p.query(ctx, a, body, answer) })
	case *smpp.CancelSM:
		asked = p.ask(r, func(ctx context.Context, answer *smpp.PDU) { p.cancel(ctx, a, body, answer) })
	case *smpp.ReplaceSM:
		asked = p.ask(r, func(ctx context.Context, answer *smpp.PDU) { p.replace(ctx, a, body, answer) })
	default:
		status = smpp.ESME_RINVCMDID
	}
	if asked {
		return now
	}
	return append(now, smpp.PDU{Command: r.Command.Response(), Status: status, Sequence: r.Sequence})
}

// smppAskWait is how long a question to the database may take.
const smppAskWait = 10 * time.Second

// ask answers a request from a goroutine; false if there are too many of them.
func (p *smppPeer) ask(r *smpp.PDU, fill func(ctx context.Context, answer *smpp.PDU)) bool {
	select {
	case p.server.asks <- struct{}{}:
	default:
		return false
	}
	answer := smpp.PDU{Command: r.Command.Response(), Sequence: r.Sequence}
	p.server.running.Go(func() {
		defer func() { <-p.server.asks }()
		ctx, cancel := context.WithTimeout(context.Background(), smppAskWait)
		defer cancel()
		fill(ctx, &answer)
		_ = p.sess.Respond([]smpp.PDU{answer}) // an error means that the session is over
	})
	return true
}

// find returns the messages that the account knows by a message_id: one, or
// those of a submit_multi. failure is the status of the operation when there
// are none, or when the source address is given and is not theirs.
func (p *smppPeer) find(ctx context.Context, a *account.Account, messageID string, source smpp.Address, failure smpp.Status) ([]*message.Message, smpp.Status) {
	id, alias, ok := smppParseID(messageID)
	if !ok {
		return nil, smpp.ESME_RINVMSGID
	}
	var list []*message.Message
	var err error
	if alias == "" {
		list, err = p.server.core.Request(ctx, a.Name, id)
	} else {
		list, err = p.byAlias(ctx, a, alias)
	}
	switch {
	case err != nil || len(list) == 0:
		return nil, failure
	case !p.agrees(a, source, list[0]):
		return nil, smpp.ESME_RINVSRCADR
	}
	return list, smpp.ESME_ROK
}

// byAlias returns the newest messages that have an alias.
func (p *smppPeer) byAlias(ctx context.Context, a *account.Account, alias string) ([]*message.Message, error) {
	list, _, err := p.server.core.Messages(ctx, gateway.Filter{
		Account: a.Name, Reference: alias, Via: message.ViaSMPP, Since: time.Now().Add(-smppAliasLife), Limit: 1,
	})
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return p.server.core.Request(ctx, a.Name, message.KnownAs(list[0]))
}

// agrees tells whether a source address is that of a message, as its customer wrote it or as it was rewritten. One that is left
// out agrees with all: many clients leave it out although they gave one with
// the message.
func (p *smppPeer) agrees(a *account.Account, source smpp.Address, m *message.Message) bool {
	if source.Addr == "" {
		return true
	}
	from := p.sender(a, source)
	if r := a.Rewriting(); r != nil && from.Number != m.From.Number {
		from, _ = r.Rewrite(from, m.To, p.server.core.Network)
	}
	return from.Number == m.From.Number
}

// sender reads a source address as the gateway does that of a message; the
// account's own sender stands for an empty one. The zero Address is none.
func (p *smppPeer) sender(a *account.Account, source smpp.Address) message.Address {
	text, from := smppSender(source)
	var err error
	switch {
	case from.IsZero():
		from, err = route.Sender(cmp.Or(text, a.Sender), cmp.Or(a.Country, p.server.country()))
	case from.TON == message.TONAlphanumeric:
		from, err = route.Name(from.Number)
	}
	if err != nil && a.LongSender == account.LongSenderShorten {
		from, _ = route.Shorter(err)
	}
	return from
}

// query answers query_sm (SMPP 3.4 4.8).
func (p *smppPeer) query(ctx context.Context, a *account.Account, q *smpp.QuerySM, answer *smpp.PDU) {
	list, status := p.find(ctx, a, q.MessageID, q.Source, smpp.ESME_RQUERYFAIL)
	if answer.Status = status; status != smpp.ESME_ROK {
		return
	}
	m := smppWorst(list)
	state, _ := m.State.SMPP()
	resp := &smpp.QuerySMResp{
		MessageID: q.MessageID, State: smpp.MessageState(state), ErrorCode: uint8(min(smppErrorCode(m), 255)),
	}
	if m.State.Final() && m.Final != 0 {
		final := m.Final
		for _, other := range list {
			final = max(final, other.Final)
		}
		resp.FinalDate = string(smpp.AppendTime(nil, time.UnixMilli(final)))
	}
	answer.Body = resp
}

// smppWorst returns the message whose state stands for all: one that is under
// way as long as there is one, then the first that was not delivered.
func smppWorst(list []*message.Message) *message.Message {
	worst := list[0]
	for _, m := range list {
		if !m.State.Final() {
			return m
		}
		if good := worst.State == message.Delivered || worst.State == message.Sent; good && m.State != message.Delivered {
			worst = m
		}
	}
	return worst
}

// cancel answers cancel_sm (SMPP 3.4 4.9).
func (p *smppPeer) cancel(ctx context.Context, a *account.Account, c *smpp.CancelSM, answer *smpp.PDU) {
	var ids []message.ID
	if c.MessageID == "" {
		ids, answer.Status = p.agreeing(ctx, a, c)
	} else {
		var list []*message.Message
		list, answer.Status = p.find(ctx, a, c.MessageID, c.Source, smpp.ESME_RCANCELFAIL)
		for _, m := range list {
			ids = append(ids, m.ID)
		}
	}
	if answer.Status != smpp.ESME_ROK {
		return
	}
	if n, err := p.server.core.CancelEach(ctx, a.Name, ids); err != nil || n == 0 {
		answer.Status = smppFailed(err, smpp.ESME_RCANCELFAIL)
	}
}

// smppFailed returns the status for an operation that changed nothing: what
// will pass later says so.
func smppFailed(err error, failure smpp.Status) smpp.Status {
	var f *message.Failure
	if errors.As(err, &f) && f.Kind != message.NotPermitted {
		return smppStatus(f)
	}
	return failure
}

// smppMostCancelled bounds how many messages one cancel_sm without an id takes
// back, and how many pages of the list it looks at; smppMostGivenBack, how many of
// them operators may have: the gateway asks for some of these, if their links
// permit it.
const (
	smppMostCancelled   = account.MostRecipients
	smppMostCancelPages = 20
	smppMostGivenBack   = 1000
)

// agreeing returns the messages that wait, or that operators have, and agree with
// the addresses of a cancel_sm without an id (SMPP 3.4 4.9.1).
func (p *smppPeer) agreeing(ctx context.Context, a *account.Account, c *smpp.CancelSM) ([]message.ID, smpp.Status) {
	f, status := p.waiting(a, c.Source, c.Dest)
	if status != smpp.ESME_ROK {
		return nil, status
	}
	f.Limit, f.States = 1000, append(f.States, message.Enroute)
	var ids []message.ID
	left := 0
	for range smppMostCancelPages {
		list, next, err := p.server.core.Messages(ctx, f)
		if err != nil {
			return nil, smpp.ESME_RSYSERR
		}
		for _, m := range list {
			if c.ServiceType != "" && smppServiceType(m) != c.ServiceType {
				continue
			}
			if m.State == message.Enroute {
				if left++; left > smppMostGivenBack {
					continue
				}
			}
			ids = append(ids, m.ID)
		}
		if f.After = next; next == 0 || len(ids) >= smppMostCancelled {
			break
		}
	}
	return ids, smpp.ESME_ROK
}

// waiting returns what finds the messages that wait between two addresses.
func (p *smppPeer) waiting(a *account.Account, source, dest smpp.Address) (gateway.Filter, smpp.Status) {
	from := p.sender(a, source)
	if from.IsZero() {
		return gateway.Filter{}, smpp.ESME_RINVSRCADR
	}
	text, to := smppRecipient(dest)
	if to.IsZero() {
		var err error
		if to, err = route.Normalise(text, cmp.Or(a.Country, p.server.country())); err != nil {
			return gateway.Filter{}, smpp.ESME_RINVDSTADR
		}
	}
	if r := a.Rewriting(); r != nil {
		from, to = r.Rewrite(from, to, p.server.core.Network)
	}
	return gateway.Filter{
		Account: a.Name, From: from, To: to, States: []message.State{message.Scheduled, message.Queued},
	}, smpp.ESME_ROK
}

// replace answers replace_sm (SMPP 3.4 4.10). A text that is empty stays as it
// is, likewise empty times.
func (p *smppPeer) replace(ctx context.Context, a *account.Account, r *smpp.ReplaceSM, answer *smpp.PDU) {
	list, status := p.find(ctx, a, r.MessageID, r.Source, smpp.ESME_RREPLACEFAIL)
	if answer.Status = status; status != smpp.ESME_ROK {
		return
	}
	change := gateway.Replacement{Account: a, Target: message.Target{Kind: message.SMPPTarget}, AtOperator: true}
	receipts := smppReceiptsAsked(r.RegisteredDelivery)
	change.Receipts = &receipts
	if answer.Status = smppReplacement(&change, r, list[0], p.server.now()); answer.Status != smpp.ESME_ROK {
		return
	}
	ids := make([]message.ID, len(list))
	for i, m := range list {
		ids[i] = m.ID
	}
	if n, err := p.server.core.ReplaceEach(ctx, ids, &change); err != nil || n == 0 {
		answer.Status = smppFailed(err, smpp.ESME_RREPLACEFAIL)
	}
}

// smppReplacement reads text and times of a replace_sm. It has no data_coding
// of its own: the text is read as that of m was. A message that came with a
// user data header is part of something and cannot be replaced.
func smppReplacement(change *gateway.Replacement, r *smpp.ReplaceSM, m *message.Message, now time.Time) smpp.Status {
	if len(m.Content.Header) > 0 {
		return smpp.ESME_RREPLACEFAIL
	}
	one := smpp.ShortMessage{Text: r.Text, TLVs: r.TLVs}
	switch m.Content.Want {
	case gsm.UCS2:
		one.DataCoding = 8
	case gsm.Binary:
		one.DataCoding = 4
	}
	if len(one.Message()) > 0 {
		content, status := smppContent(&one, change.Account.SMPP.Alphabet)
		if status != smpp.ESME_ROK {
			return status
		}
		content.Class = m.Content.Class
		change.Content = &content
	} else if r.DefaultMsgID != 0 {
		text, ok := change.Account.PredefinedText(r.DefaultMsgID)
		if !ok {
			return smpp.ESME_RINVDFTMSGID
		}
		change.Content = &message.Content{Text: text, Class: m.Content.Class}
	}
	var times gateway.Submission
	if r.ScheduleTime != "" {
		at, err := smpp.ParseTime(r.ScheduleTime, now)
		if err != nil || at.Before(now.Add(-smppLate)) {
			return smpp.ESME_RINVSCHED
		}
		times.SendAt, change.SendAt = at, at
	} else if m.SendAt != 0 {
		times.SendAt = time.UnixMilli(m.SendAt)
	}
	if r.Validity != "" {
		if status := smppValidity(&times, r.Validity, now); status != smpp.ESME_ROK {
			return status
		}
		change.Validity = times.Validity
	}
	return smpp.ESME_ROK
}
