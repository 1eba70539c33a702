package api

import (
	"context"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
	"kurir/smpp"
)

// smppMostReplaced is how many messages that wait are tried, newest first, for
// one with replace_if_present_flag: others may just be on their way.
const smppMostReplaced = 10

// replaceIfPresent answers a submit_sm with replace_if_present_flag: it takes
// the place of the newest message that waits and has the same source,
// destination and service_type (SMPP 3.4 5.2.18). That one keeps its id, place,
// priority and reference; text, times and receipts are the new ones. Where none
// waits it is a message like others. A status other than ESME_ROK refuses it.
func (p *smppPeer) replaceIfPresent(a *account.Account, r *smpp.PDU, m *smpp.ShortMessage, now time.Time) smpp.Status {
	sub := &gateway.Submission{}
	if status := smppSubmission(sub, a, m, now); status != smpp.ESME_ROK {
		return status
	}
	if len(sub.Content.Header) > 0 {
		return smpp.ESME_RINVREPFLAG // a part of something cannot be
	}
	if p.ids == smppIDAlias {
		sub.Reference = p.server.aliases.next(now)
	}
	p.submitted.Add(1)
	if p.ask(r, func(ctx context.Context, answer *smpp.PDU) {
		p.replaceOrSend(ctx, sub, m, answer)
		p.submitted.Add(-1)
	}) {
		return smpp.ESME_ROK
	}
	p.submitted.Add(-1)
	return smpp.ESME_RTHROTTLED
}

// replaceOrSend replaces a message that waits, or sends one.
func (p *smppPeer) replaceOrSend(ctx context.Context, sub *gateway.Submission, m *smpp.ShortMessage, answer *smpp.PDU) {
	old, status := p.replaceWaiting(ctx, sub, m)
	if answer.Status = status; status != smpp.ESME_ROK {
		return
	}
	resp := &smpp.SubmitSMResp{TLVs: p.congestion()}
	answer.Body = resp
	if old != nil {
		resp.MessageID = string(p.ids.append(nil, message.KnownAs(old), old.Reference))
		return
	}
	results := make(chan []gateway.Result, 1)
	p.server.core.Accept([]*gateway.Submission{sub}, func(r []gateway.Result) { results <- r })
	select {
	case r := <-results:
		answer.Status = smppStatus(r[0].Failure)
		resp.MessageID = string(p.ids.append(nil, r[0].ID, sub.Reference))
	case <-ctx.Done():
		answer.Status = smpp.ESME_RSYSERR
	}
	if answer.Status != smpp.ESME_ROK {
		answer.Body = nil
	}
}

// replaceWaiting returns the message that was replaced, nil if none waits.
func (p *smppPeer) replaceWaiting(ctx context.Context, sub *gateway.Submission, m *smpp.ShortMessage) (*message.Message, smpp.Status) {
	a := sub.Account
	f, status := p.waiting(a, m.Source, m.Dest)
	if status != smpp.ESME_ROK {
		return nil, status
	}
	f.Limit = smppMostReplaced
	list, _, err := p.server.core.Messages(ctx, f)
	if err != nil {
		return nil, smpp.ESME_RSYSERR
	}
	change := gateway.Replacement{
		Account: a, Content: &sub.Content, SendAt: sub.SendAt, Validity: sub.Validity, Receipts: &sub.Receipts,
		Target: message.Target{Kind: message.SMPPTarget}, Secret: sub.Secret,
	}
	if change.SendAt.IsZero() {
		change.SendAt = p.server.now() // at once, whatever the other waited for
	}
	if change.Validity == 0 {
		change.Validity = a.Validity
	}
	for _, old := range list {
		if smppServiceType(old) != m.ServiceType || len(old.Content.Header) > 0 {
			continue
		}
		n, err := p.server.core.ReplaceEach(ctx, []message.ID{old.ID}, &change)
		if n == 1 {
			return old, smpp.ESME_ROK
		}
		if status := smppFailed(err, smpp.ESME_ROK); status != smpp.ESME_ROK {
			return nil, status
		}
	}
	return nil, smpp.ESME_ROK
}

// smppServiceType returns the service_type that a message came with.
func smppServiceType(m *message.Message) string {
	if m.Content.Extra == nil {
		return ""
	}
	return m.Content.Extra.ServiceType
}
