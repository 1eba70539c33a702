package simulator

import (
	"bytes"
	"slices"
	"strconv"
	"time"

	"kurir/smpp"
)

// ids reads a message id in every form in which an answer may have had it.
func (ss *session) ids(text string) (list []uint64) {
	for _, base := range []int{16, 10} {
		if id, err := strconv.ParseUint(text, base, hostShift); err == nil {
			if ss.sim.opt.IDsPerHost {
				id |= ss.host.number << hostShift
			}
			list = append(list, id)
		}
	}
	return list
}

// sameAddress compares a filter of query_sm and the like with an address; an empty one agrees with any.
func sameAddress(filter, a smpp.Address) bool {
	return filter.Addr == "" || phoneNumber(filter.Addr) == phoneNumber(a.Addr)
}

// waiting finds a message of the session's account that waits for its phone. The lock of the phones is held.
func (ss *session) waiting(id string, source smpp.Address) *stored {
	for _, id := range ss.ids(id) {
		st := ss.sim.phones.byID[id]
		if st != nil && st.account == ss.account && sameAddress(source, st.receipt.sender) {
			return st
		}
	}
	return nil
}

// cancel takes back a message that still waits for its phone, or without an id all that waits and agrees with the
// addresses and the service type. SMPP 3.4 4.9.
func (ss *session) cancel(body *smpp.CancelSM) smpp.Status {
	s := ss.sim
	if status := ss.manages(); status != smpp.ESME_ROK {
		return status
	}
	s.phones.mu.Lock()
	defer s.phones.mu.Unlock()
	var list []*stored
	if body.MessageID != "" {
		if st := ss.waiting(body.MessageID, body.Source); st != nil && sameAddress(body.Dest, st.receipt.recipient) {
			list = append(list, st)
		}
	} else if body.Source.Addr != "" && body.Dest.Addr != "" {
		for _, st := range s.phones.stored[phoneNumber(body.Dest.Addr)] {
			if st.account == ss.account && sameAddress(body.Source, st.receipt.sender) && (body.ServiceType == "" || body.ServiceType == st.service) {
				list = append(list, st)
			}
		}
	}
	if len(list) == 0 {
		return smpp.ESME_RCANCELFAIL
	}
	now := ss.batch.now
	for _, st := range list {
		s.phones.take(st.id)
		s.phones.finished(st.id, smpp.MessageDeleted, now)
	}
	s.hub.changed(list[0].number)
	return smpp.ESME_ROK
}

// manages reports whether the session may ask for messages of its account.
func (ss *session) manages() smpp.Status {
	if !ss.bound.Load() || ss.mode == smpp.Receiver {
		return smpp.ESME_RINVBNDSTS
	}
	return smpp.ESME_ROK
}

// replace gives a message that waits for its phone another text, validity and wish for a receipt. SMPP 3.4 4.10.
func (ss *session) replace(body *smpp.ReplaceSM) smpp.Status {
	s := ss.sim
	if status := ss.manages(); status != smpp.ESME_ROK {
		return status
	}
	s.phones.mu.Lock()
	defer s.phones.mu.Unlock()
	st := ss.waiting(body.MessageID, body.Source)
	if st == nil {
		return smpp.ESME_RREPLACEFAIL
	}
	var p smpp.PDU
	if smpp.Decode(st.frame, &p) != nil {
		return smpp.ESME_RREPLACEFAIL
	}
	sm := shortMessage(p.Body)
	text := bytes.Clone(body.Message())
	next := &smpp.SubmitSM{ShortMessage: *sm}
	next.Dest = st.receipt.recipient
	next.Text, next.TLVs = text, nil
	if len(text) > 254 {
		next.Text = nil
		next.TLVs.Set(smpp.TagMessagePayload, text)
	}
	if body.Validity != "" {
		next.Validity = body.Validity
	}
	next.RegisteredDelivery, next.ESMClass = body.RegisteredDelivery, sm.ESMClass&^smpp.ESMUDHI
	if !ss.exchange(st, next, body.Validity) {
		return smpp.ESME_RREPLACEFAIL
	}
	return smpp.ESME_ROK
}

// exchange puts another message in the place of one that waits, and gives it another validity unless that is empty; false
// if it cannot be written. The lock of the phones is held.
func (ss *session) exchange(st *stored, next *smpp.SubmitSM, validity string) bool {
	frame, err := smpp.Append(nil, &smpp.PDU{Sequence: smpp.ParseHeader(st.frame).Sequence, Body: next})
	if err != nil {
		return false
	}
	st.frame, st.reg, st.receipt.text = frame, next.RegisteredDelivery, next.Message()
	if validity != "" {
		end := ss.sim.expiry(validity, ss.batch.now)
		if end.Before(st.expires) {
			ss.batch.out.later = append(ss.batch.out.later, delayed{end, storedRecord(st.id)})
		}
		st.expires = end
	}
	ss.sim.hub.changed(st.number)
	return true
}

// query tells the state of a message: of one that waits, of one that waited, or of one that is still among those that
// stay readable. SMPP 3.4 4.8.
func (ss *session) query(body *smpp.QuerySM, answer smpp.PDU) smpp.PDU {
	if answer.Status = ss.manages(); answer.Status != smpp.ESME_ROK {
		return answer
	}
	resp := &smpp.QuerySMResp{MessageID: body.MessageID}
	final, found := ss.look(body, resp)
	if !found {
		answer.Status = smpp.ESME_RQUERYFAIL
		return answer
	}
	if resp.State != smpp.MessageEnroute && resp.State != smpp.MessageAccepted {
		resp.FinalDate = string(smpp.AppendTime(nil, final.UTC()))
	}
	answer.Body = resp
	return answer
}

// look finds the state of a message and since when it has been in it.
func (ss *session) look(body *smpp.QuerySM, resp *smpp.QuerySMResp) (final time.Time, found bool) {
	s := ss.sim
	ids := ss.ids(body.MessageID)
	s.phones.mu.Lock()
	if st := ss.waiting(body.MessageID, body.Source); st != nil {
		s.phones.mu.Unlock()
		resp.State, resp.ErrorCode = smpp.MessageEnroute, st.receipt.cause
		return final, true
	}
	for _, id := range ids {
		if e, ok := s.phones.ended[id]; ok {
			s.phones.mu.Unlock()
			resp.State = e.state
			return e.at, true
		}
	}
	s.phones.mu.Unlock()
	ss.kept(func(id uint64) bool { return slices.Contains(ids, id) }, func(m *keptMessage) bool {
		if !sameAddress(body.Source, m.sm.Source) {
			return true
		}
		resp.State, final, found = m.state, m.final, true
		return false
	})
	return final, found
}

// ended is how a message ended that had waited for its phone.
type ended struct {
	state smpp.MessageState
	at    time.Time
}

// finished notes the end of a message that had waited. The lock is held. Beyond a bound all earlier ones are forgotten.
func (p *phones) finished(id uint64, state smpp.MessageState, at time.Time) {
	const most = 100_000
	if len(p.ended) >= most {
		clear(p.ended)
	}
	p.ended[id] = ended{state, at}
}
