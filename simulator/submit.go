package simulator

import (
	"time"

	"kurir/gsm"
	"kurir/smpp"
)

// submitted takes one submit_sm, data_sm or submit_multi.
func (ss *session) submitted(frame []byte) bool {
	b := &ss.batch
	if err := smpp.Decode(frame, &b.pdu); err != nil {
		b.c.Malformed++
		return b.decodeError(err)
	}
	switch body := b.pdu.Body.(type) {
	case *smpp.SubmitSM:
		p, id := ss.place(frame, &body.ShortMessage)
		b.resp = smpp.SubmitSMResp{MessageID: string(b.shownID(&p, id)), TLVs: ss.responseTLVs(nil)}
		return ss.reply(&p, &b.resp)
	case *smpp.DataSM:
		p, id := ss.place(frame, shortMessage(body))
		b.data = smpp.DataSMResp{MessageID: string(b.shownID(&p, id)), TLVs: ss.responseTLVs(&p)}
		return ss.reply(&p, &b.data)
	case *smpp.SubmitMulti:
		return ss.submitMulti(frame, body)
	}
	return true
}

// submitMulti treats every destination, and every number of a distribution list, as a message of its own; the answer, and
// the receipt of each, has the id of the first. An unknown list refuses the whole.
func (ss *session) submitMulti(frame []byte, body *smpp.SubmitMulti) bool {
	const most = 254 // of no_unsuccess
	resp := &smpp.SubmitMultiResp{}
	answer, first := plan{answers: 1}, true
	one := func(dest smpp.Address) {
		sm := *shortMessage(body)
		sm.Dest = dest
		p, id := ss.place(frame, &sm)
		if first {
			answer, first = p, false
		}
		if p.status == smpp.ESME_ROK && resp.MessageID == "" {
			resp.MessageID, ss.batch.multiID = string(ss.batch.shownID(&p, id)), id
		}
		if p.status != smpp.ESME_ROK && len(resp.Unsuccess) < most {
			resp.Unsuccess = append(resp.Unsuccess, smpp.Unsuccess{Address: dest, Status: p.status})
		}
	}
	ss.batch.multiID = 0
	lists := ss.sim.opt.Lists
	for _, dest := range body.Dests {
		if dest.List == "" {
			one(dest.Address)
			continue
		}
		numbers, ok := lists[dest.List]
		if !ok {
			ss.batch.multiID = 0
			return ss.batch.answer(smpp.PDU{Command: smpp.CommandSubmitMultiResp, Status: smpp.ESME_RINVDLNAME, Sequence: ss.batch.pdu.Sequence})
		}
		for _, n := range numbers {
			one(phoneAddress(n))
		}
	}
	ss.batch.multiID = 0
	if resp.MessageID != "" {
		answer.status = smpp.ESME_ROK
	}
	resp.TLVs = ss.responseTLVs(nil)
	return ss.reply(&answer, resp)
}

// responseTLVs are those of a response: what became of a wish for the delivery pending flag, and to who speaks 5.0 how
// busy we are (SMPP 5.0 4.8.4.18).
func (ss *session) responseTLVs(p *plan) smpp.TLVs {
	b := &ss.batch
	list := smpp.TLVs(b.tlvs[:0])
	if p != nil && p.dpf && ss.version.TLVs() {
		b.dpf[0] = 1 // set (SMPP 3.4 5.3.2.28)
		list = append(list, smpp.TLV{Tag: smpp.TagDPFResult, Value: b.dpf[:]})
	}
	if b.behaviour.Congestion != CongestionOff && ss.version >= smpp.Version50 {
		b.congestion[0] = b.behaviour.Congestion.state(int(ss.sim.congested.Load()))
		list = append(list, smpp.TLV{Tag: smpp.TagCongestionState, Value: b.congestion[:]})
	}
	return list
}

// shownID is the id as the answer has it.
func (b *batch) shownID(p *plan, id uint64) []byte {
	if p.noID || p.status != smpp.ESME_ROK {
		return nil
	}
	b.id = p.ids.answer(b.id[:0], shown(id))
	return b.id
}

// plan makes the plan for one message: the behaviour in force, and then its recipient's fate.
func (ss *session) plan(number string) plan {
	b := ss.batch.behaviour
	p := plan{
		answers: 1, copies: 1, after: time.Duration(b.Latency), state: smpp.MessageDelivered,
		receipts: b.Receipts, form: b.Form, ids: b.IDs,
	}
	if ss.sim.owed.Load() > int64(ss.sim.opt.Owed) {
		p.status = smpp.ESME_RMSGQFUL
		return p
	}
	if !ss.sim.limit.allow(ss.batch.now, b.Rate) {
		p.status, p.throttled = b.RateStatus, true
		return p
	}
	if ss.drawn(b.Reject) {
		p.status = b.RejectStatus
		return p
	}
	if ss.drawn(b.NoAnswer) {
		p.answers = 0
	} else if ss.drawn(b.Twice) {
		p.answers = 2
	}
	if ss.drawn(b.ReceiptLost) || b.Receipts.None {
		p.copies = 0
	} else if ss.drawn(b.ReceiptTwice) {
		p.copies = 2
	}
	if ss.drawn(b.Undelivered) {
		p.state = smpp.MessageUndeliverable
	}
	p.after += ss.jitter(b.Jitter)
	p.receipts.After += ss.jitter(b.ReceiptJitter)
	if fate := ss.sim.fates.of(number); fate != nil {
		fate(&p)
		if p.coded {
			p.status = ss.speaks.ownStatus(p.status)
		}
		if p.refusals > 0 && !ss.sim.refuse(number, p.refusals) {
			p.status = smpp.ESME_ROK
		}
	}
	return p
}

// drawn decides for a percentage of all messages.
func (ss *session) drawn(percent float64) bool {
	return percent > 0 && ss.random.Float64()*100 < percent
}

// jitter draws a time up to the given one.
func (ss *session) jitter(d Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return time.Duration(ss.random.Int64N(int64(d)))
}

// refuse reports whether this attempt for a number is among the first, which are refused.
func (s *Simulator) refuse(number string, first int) bool {
	const maxAttempts = 100_000
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.attempts) >= maxAttempts {
		clear(s.attempts)
	}
	s.attempts[number]++
	if s.attempts[number] > first {
		delete(s.attempts, number)
		return false
	}
	return true
}

// place decides about one message, gives it to its phone or stores it, and orders its receipts.
func (ss *session) place(frame []byte, sm *smpp.ShortMessage) (plan, uint64) {
	b := &ss.batch
	number := phoneNumber(sm.Dest.Addr)
	p := ss.plan(number)
	b.c.Submitted++
	m := received{at: b.now, session: ss.number, account: ss.account, status: p.status, number: number, frame: frame}
	switch {
	case p.lost:
		b.c.Lost++
		m.outcome = outcomeLost
	case p.throttled || p.status == smpp.ESME_RTHROTTLED:
		b.c.Throttled++
		b.statuses[p.status]++
		m.outcome = outcomeRefused
	case p.status != smpp.ESME_ROK:
		b.c.Rejected++
		b.statuses[p.status]++
		m.outcome = outcomeRefused
	default:
		m.id = ss.nextID()
		m.outcome = ss.accepted(&p, sm, &m)
		m.state, m.final = p.state, b.now.Add(p.after+p.receipts.After)
		if m.outcome == outcomeFailed && p.state == smpp.MessageDelivered {
			m.state = smpp.MessageUndeliverable
		}
	}
	if m.outcome == outcomeRefused && m.status == smpp.ESME_ROK { // its phone's queue is full
		p.status, m.status = smpp.ESME_RMSGQFUL, smpp.ESME_RMSGQFUL
		b.c.Rejected++
		b.statuses[p.status]++
	} else if m.outcome != outcomeLost && m.outcome != outcomeRefused {
		b.c.Accepted++
		b.count(sm)
		if stamps := ss.sim.stamps; stamps != nil {
			stamps.add(sm, b.now)
		}
	}
	b.inbox = append(b.inbox, m)
	return p, m.id
}

// accepted says what becomes of a message that the SMSC takes.
func (ss *session) accepted(p *plan, sm *smpp.ShortMessage, m *received) outcome {
	s, b := ss.sim, &ss.batch
	state := s.phones.stateOf(m.number, p.phone)
	r := receipt{
		id: m.id, ids: p.ids, form: p.form, state: p.state, submitted: b.now, done: b.now, text: sm.Message(), coding: sm.DataCoding,
		sender: sm.Source, recipient: sm.Dest, version: ss.version, alias: b.alias, reports: b.reports,
	}
	if b.multiID != 0 {
		r.id = b.multiID
	}
	answered := b.now.Add(p.after)
	switch {
	case state == PhoneRefusing:
		r.state, r.cause = smpp.MessageUndeliverable, causeRefused
	case state != PhoneOn:
		if n, _ := sm.TLVs.U8(smpp.TagSetDPF); n == 1 {
			p.dpf = true
		}
		if !s.store(ss, p, sm, m, state, r) {
			return outcomeRefused
		}
		return outcomeStored
	}
	final := r.state
	b.out.receipts(ss.account, p, sm.RegisteredDelivery, &r, answered, p.after > 0)
	if final == smpp.MessageDelivered {
		return outcomeDelivered
	}
	return outcomeFailed
}

// receipts orders the receipts for a message that is final.
func (o *outgoing) receipts(a *account, p *plan, registered uint8, r *receipt, answered time.Time, late bool) {
	if r.state == smpp.MessageUndeliverable && r.cause == 0 {
		r.cause = causeUnknownSubscriber
	}
	if !r.wanted(registered) && p.then == 0 || p.copies == 0 {
		return
	}
	due := time.Time{}
	if !p.receipts.Early && (late || p.receipts.After > 0) {
		due = answered.Add(p.receipts.After)
		r.done = due
	}
	if p.unknown {
		r.strange()
	}
	for range p.copies {
		o.receipt(a, r, due, p.receipts.Early)
	}
	if p.then != 0 {
		r.state, r.cause = p.then, causeUnknownSubscriber
		o.receipt(a, r, due, p.receipts.Early)
	}
}

// wanted reads registered_delivery. SMPP 3.4 5.2.17.
func wanted(registered uint8, state smpp.MessageState) bool {
	switch registered & smpp.ReceiptMask {
	case smpp.ReceiptFinal:
		return true
	case smpp.ReceiptFailure:
		return state != smpp.MessageDelivered
	case smpp.ReceiptSuccess:
		return state == smpp.MessageDelivered
	}
	return false
}

// reply answers a submission as its plan says; false ends the connection.
func (ss *session) reply(p *plan, body smpp.Body) bool {
	b := &ss.batch
	answer := smpp.PDU{Command: body.Command(), Status: p.status, Sequence: b.pdu.Sequence}
	if p.nack {
		answer.Command = smpp.CommandGenericNack
	} else if p.status == smpp.ESME_ROK {
		answer.Body = body
	}
	if p.link == linkCutBefore {
		ss.silent.Store(true) // receipts wait for the next connection
		return false
	}
	start := len(b.answers)
	for range p.answers {
		b.answer(answer)
	}
	if p.after > 0 && len(b.answers) > start {
		b.out.answerLater(ss, b.now.Add(p.after), b.answers[start:])
		b.answers = b.answers[:start]
	}
	switch p.link {
	case linkCutAfter:
		ss.silent.Store(true)
		return false
	case linkSilent:
		ss.silent.Store(true)
	case linkUnbind:
		tail, ok := ss.speaks.unbind(b.tail)
		b.tail = tail
		return ok
	case linkGarbage:
		b.tail = append(b.tail, ss.speaks.garbage()...)
	}
	return true
}

// count takes the reference of an accepted message down.
func (b *batch) count(sm *smpp.ShortMessage) {
	refs := b.ss.sim.opt.References
	if refs == ReferencesOff {
		return
	}
	text, shift := sm.Message(), gsm.Shift{}
	if sm.ESMClass&smpp.ESMUDHI != 0 {
		h, rest, err := gsm.ParseHeader(text)
		if c, ok := h.Concat(); err == nil && ok && c.Number != 1 && refs == ReferencesWord {
			return
		}
		text, shift = rest, h.Shift()
	} else if n, ok := sm.TLVs.U8(smpp.TagSARSegmentSeqnum); ok && n != 1 && refs == ReferencesWord {
		return
	}
	coding, _ := gsm.ParseSMPPDataCoding(sm.DataCoding, gsm.GSM7)
	b.text = gsm.AppendDecodedIn(b.text[:0], coding.Encoding, shift, text)
	b.hashes = append(b.hashes, b.ss.sim.seen.hash(refs.reference(b.text)))
}
