package api

import (
	"cmp"
	"strings"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
	"kurir/route"
	"kurir/smpp"
)

// smppMulti is a submit_multi on its way to disk (SMPP 3.4 4.5): a message per
// recipient, all in one commit. The response names the id of the first that was
// accepted, which stands for all of them: receipts have it too, and say by
// their source_addr whose they are.
type smppMulti struct {
	peer   *smppPeer
	answer smpp.PDU
	body   smpp.SubmitMultiResp
	subs   []gateway.Submission
	named  []smpp.Address // the recipients as the customer named them
	seen   map[string]bool
}

// smppMostUnsuccess is how many refused recipients a response names
// (SMPP 3.4 4.5.2: no_unsuccess is one octet, and peers take 254).
const smppMostUnsuccess = 254

// submitMulti hands the messages of a submit_multi over, or returns the status
// that refuses it.
func (p *smppPeer) submitMulti(a *account.Account, r *smpp.PDU, b *smpp.SubmitMulti, now time.Time) smpp.Status {
	if len(b.Dests) == 0 {
		return smpp.ESME_RINVNUMDESTS
	}
	if b.ReplaceIfPresent != 0 {
		return smpp.ESME_RINVREPFLAG // ignored, phones would get both
	}
	one := smpp.ShortMessage{
		ServiceType: b.ServiceType, Source: b.Source, ESMClass: b.ESMClass, ProtocolID: b.ProtocolID, Priority: b.Priority,
		ScheduleTime: b.ScheduleTime, Validity: b.Validity, RegisteredDelivery: b.RegisteredDelivery,
		ReplaceIfPresent: b.ReplaceIfPresent, DataCoding: b.DataCoding, DefaultMsgID: b.DefaultMsgID, Text: b.Text, TLVs: b.TLVs,
	}
	var common gateway.Submission
	if status := smppSubmission(&common, a, &one, now); status != smpp.ESME_ROK {
		return status
	}
	common.Multi = true
	if p.ids == smppIDAlias {
		common.Reference = p.server.aliases.next(now)
	}
	m := &smppMulti{
		peer: p, answer: smpp.PDU{Command: r.Command.Response(), Sequence: r.Sequence}, seen: map[string]bool{},
	}
	m.answer.Body = &m.body
	for i := range b.Dests {
		if !m.add(a, &common, &b.Dests[i]) {
			return smpp.ESME_RINVNUMDESTS
		}
	}
	p.submitted.Add(1)
	if len(m.subs) == 0 {
		m.done(nil)
		return smpp.ESME_ROK
	}
	pointers := make([]*gateway.Submission, len(m.subs))
	for i := range pointers {
		pointers[i] = &m.subs[i]
	}
	p.server.core.Accept(pointers, m.done)
	return smpp.ESME_ROK
}

// add adds the recipients of a destination; false when they are too many.
func (m *smppMulti) add(a *account.Account, common *gateway.Submission, d *smpp.MultiDest) bool {
	if d.List == "" {
		return m.recipient(a, common, d.Address)
	}
	numbers, ok := a.List(d.List)
	if !ok {
		m.refused(smpp.Address{Addr: d.List}, smpp.ESME_RINVDLNAME)
		return true
	}
	for _, number := range numbers {
		to := smpp.Address{Addr: number}
		if digits, international := strings.CutPrefix(number, "+"); international {
			to = smpp.Address{TON: smpp.TONInternational, NPI: smpp.NPIISDN, Addr: digits}
		}
		if !m.recipient(a, common, to) {
			return false
		}
	}
	return true
}

// recipient adds one recipient, unless he is there already.
func (m *smppMulti) recipient(a *account.Account, common *gateway.Submission, to smpp.Address) bool {
	sub := *common
	sub.To, sub.ToAddr = smppRecipient(to)
	key := sub.ToAddr.Number
	if key == "" {
		key = sub.To
		if n, err := route.Normalise(sub.To, cmp.Or(a.Country, m.peer.server.country())); err == nil {
			key = n.Number
		}
	}
	if m.seen[key] {
		return true
	}
	if len(m.subs) == account.MostRecipients {
		return false
	}
	m.seen[key] = true
	m.subs, m.named = append(m.subs, sub), append(m.named, to)
	return true
}

// refused notes a recipient that has no message, as far as the response has
// room for it.
func (m *smppMulti) refused(to smpp.Address, status smpp.Status) {
	if len(m.body.Unsuccess) == 0 {
		m.answer.Status = status
	}
	if len(m.body.Unsuccess) < smppMostUnsuccess {
		to.Addr = to.Addr[:min(len(to.Addr), smppMostAddress)]
		m.body.Unsuccess = append(m.body.Unsuccess, smpp.Unsuccess{Address: to, Status: status})
	}
}

// done answers the request. Only when nobody has a message is it refused: by
// the status of the first recipient.
func (m *smppMulti) done(results []gateway.Result) {
	first := message.ID(0)
	for i := range results {
		if f := results[i].Failure; f != nil {
			m.refused(m.named[i], smppStatus(f))
		} else if first == 0 {
			first = results[i].ID
			m.body.MessageID = string(m.peer.ids.append(nil, first, m.subs[i].Reference))
		}
	}
	if first != 0 {
		m.answer.Status = smpp.ESME_ROK
	}
	m.body.TLVs = m.peer.congestion()
	m.peer.submitted.Add(-1)
	_ = m.peer.sess.Respond([]smpp.PDU{m.answer}) // an error means that the session is over
}
