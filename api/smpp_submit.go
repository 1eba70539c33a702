package api

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
	"kurir/smpp"
)

// smppPeer is one bound session of a customer: the smpp.Handler of it.
type smppPeer struct {
	server  *SMPPServer
	sess    *smpp.Session
	account string
	addr    string
	mode    smpp.BindMode
	version smpp.Version
	most    int       // deliver_sm's that may ever be unanswered
	tlvs    bool      // the peer understands optional parameters
	isBound bool      // the response to the bind is on its way; server.mu
	since   time.Time // of that; server.mu
	num     uint64    // of the session; server.mu
	meter   smppMeter

	submitted atomic.Int32 // requests given to the gateway and not answered
	limit     atomic.Int32 // deliver_sm's that may be unanswered now

	mu       sync.Mutex // of what follows, see smpp_deliver.go
	build    smppDeliverBuilder
	queue    []*gateway.Item
	head     int
	parts    []*smppOwedPart
	flight   int // deliver_sm's without an answer
	gone     bool
	requests []smpp.Request
}

func (p *smppPeer) describe() SMPPSession {
	p.mu.Lock()
	flight := p.flight
	p.mu.Unlock()
	return SMPPSession{
		ID: p.num, Account: p.account, Peer: p.addr, Mode: p.mode.String(), Version: p.version.String(), Since: p.since,
		Submitted: int(p.submitted.Load()), Delivering: flight, Window: int(p.limit.Load()),
	}
}

// Requests implements smpp.Handler: what one read has brought.
func (p *smppPeer) Requests(_ *smpp.Session, requests []smpp.PDU) {
	a := p.server.accounts().ByName(p.account)
	if a == nil { // taken out of the configuration
		p.refuseAll(requests)
		return
	}
	room := a.Window() - int(p.submitted.Load())
	var now []smpp.PDU // what is answered at once
	batch := smppBatch{peer: p}
	at := time.Now()
	for i := range requests {
		r := &requests[i]
		m := smppSubmitted(r)
		if m == nil {
			now = p.other(now, r)
			continue
		}
		status := smpp.ESME_RTHROTTLED
		if len(batch.subs) < room {
			status = batch.add(a, r, m, at, len(requests)-i)
		}
		if status != smpp.ESME_ROK {
			now = append(now, smpp.PDU{Command: r.Command.Response(), Status: status, Sequence: r.Sequence})
		}
	}
	if len(now) > 0 {
		_ = p.sess.Respond(now) // an error means that the session is over
	}
	if len(batch.subs) == 0 {
		return
	}
	p.submitted.Add(int32(len(batch.subs)))
	p.meter.submits.Add(int64(len(batch.subs)))
	batch.accept()
}

// smppHelping is how many messages go to the gateway together: enough to share
// the work, few enough that it can let in a part of what one read has brought.
const smppHelping = 50

// accept hands the messages over.
func (b *smppBatch) accept() {
	pointers := make([]*gateway.Submission, len(b.subs))
	for i := range pointers {
		pointers[i] = &b.subs[i]
	}
	for from := 0; from < len(pointers); from += smppHelping {
		to := min(from+smppHelping, len(pointers))
		part := smppBatch{peer: b.peer, subs: b.subs[from:to], answers: b.answers[from:to]}
		b.peer.server.core.Accept(pointers[from:to], part.done)
	}
}

// smppSubmitted returns the message of a submit_sm or data_sm, nil for any
// other request.
func smppSubmitted(r *smpp.PDU) *smpp.ShortMessage {
	switch b := r.Body.(type) {
	case *smpp.SubmitSM:
		return &b.ShortMessage
	case *smpp.DataSM:
		return &smpp.ShortMessage{
			ServiceType: b.ServiceType, Source: b.Source, Dest: b.Dest, ESMClass: b.ESMClass,
			RegisteredDelivery: b.RegisteredDelivery, DataCoding: b.DataCoding, TLVs: b.TLVs,
		}
	}
	return nil
}

// smppBatch is the messages of one read on their way to disk.
type smppBatch struct {
	peer    *smppPeer
	subs    []gateway.Submission
	answers []smpp.PDU // Command and Sequence, in the order of subs
}

// add makes a submission of a request; a status other than ESME_ROK refuses
// it. more is how many requests there may yet be, this one included.
func (b *smppBatch) add(a *account.Account, r *smpp.PDU, m *smpp.ShortMessage, now time.Time, more int) smpp.Status {
	if b.subs == nil {
		b.subs, b.answers = make([]gateway.Submission, 0, more), make([]smpp.PDU, 0, more)
	}
	n := len(b.subs)
	b.subs = b.subs[:n+1]
	if status := smppSubmission(&b.subs[n], a, m, now); status != smpp.ESME_ROK {
		b.subs[n] = gateway.Submission{}
		b.subs = b.subs[:n]
		return status
	}
	b.answers = append(b.answers, smpp.PDU{Command: r.Command.Response(), Sequence: r.Sequence})
	return smpp.ESME_ROK
}

const smppIDLength = 13

// done answers the messages of a batch, all with one write.
func (b *smppBatch) done(results []gateway.Result) {
	octets := make([]byte, 0, len(results)*smppIDLength)
	for i := range results {
		octets = results[i].ID.Append(octets)
	}
	ids := string(octets)
	bodies := make([]smpp.SubmitSMResp, len(results))
	for i := range results {
		answer := &b.answers[i]
		if f := results[i].Failure; f != nil {
			answer.Status = smppStatus(f)
			continue
		}
		id := ids[i*smppIDLength : (i+1)*smppIDLength]
		if answer.Command == smpp.CommandDataSMResp {
			answer.Body = &smpp.DataSMResp{MessageID: id}
			continue
		}
		bodies[i].MessageID = id
		answer.Body = &bodies[i]
	}
	b.peer.submitted.Add(-int32(len(results)))
	_ = b.peer.sess.Respond(b.answers) // an error means that the session is over: the customer asks again or not
}

// refuseAll answers requests of an account that is no more, and ends the
// session.
func (p *smppPeer) refuseAll(requests []smpp.PDU) {
	answers := make([]smpp.PDU, len(requests))
	for i := range requests {
		answers[i] = smpp.PDU{
			Command: requests[i].Command.Response(), Status: smpp.ESME_RINVSYSID, Sequence: requests[i].Sequence,
		}
	}
	_ = p.sess.Respond(answers)
	p.server.running.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = p.sess.Unbind(ctx) // closes in any case
	})
}

// other answers the requests that are not messages, or leaves them to a
// goroutine that asks the database.
func (p *smppPeer) other(now []smpp.PDU, r *smpp.PDU) []smpp.PDU {
	refuse := func(status smpp.Status) []smpp.PDU {
		return append(now, smpp.PDU{Command: r.Command.Response(), Status: status, Sequence: r.Sequence})
	}
	switch body := r.Body.(type) {
	case *smpp.QuerySM:
		if !p.ask(r.Sequence, func(ctx context.Context) smpp.PDU { return p.query(ctx, body) }) {
			return refuse(smpp.ESME_RTHROTTLED)
		}
	case *smpp.CancelSM:
		if !p.ask(r.Sequence, func(ctx context.Context) smpp.PDU { return p.cancel(ctx, body) }) {
			return refuse(smpp.ESME_RTHROTTLED)
		}
	case *smpp.ReplaceSM:
		return refuse(smpp.ESME_RREPLACEFAIL)
	default: // submit_multi among them
		return refuse(smpp.ESME_RINVCMDID)
	}
	return now
}

// smppAskWait is how long a question to the database may take.
const smppAskWait = 10 * time.Second

// ask answers a request from a goroutine; false if there are too many of them.
func (p *smppPeer) ask(sequence uint32, answer func(ctx context.Context) smpp.PDU) bool {
	select {
	case p.server.asks <- struct{}{}:
	default:
		return false
	}
	p.server.running.Go(func() {
		defer func() { <-p.server.asks }()
		ctx, cancel := context.WithTimeout(context.Background(), smppAskWait)
		defer cancel()
		pdu := answer(ctx)
		pdu.Sequence = sequence
		_ = p.sess.Respond([]smpp.PDU{pdu}) // an error means that the session is over
	})
	return true
}

// query answers query_sm (SMPP 3.4 4.8).
func (p *smppPeer) query(ctx context.Context, q *smpp.QuerySM) smpp.PDU {
	answer := smpp.PDU{Command: smpp.CommandQuerySMResp}
	id, err := message.ParseID(q.MessageID)
	if err != nil {
		answer.Status = smpp.ESME_RINVMSGID
		return answer
	}
	m, err := p.server.core.Message(ctx, p.account, id)
	if err != nil {
		answer.Status = smpp.ESME_RQUERYFAIL
		return answer
	}
	state, _ := m.State.SMPP()
	resp := &smpp.QuerySMResp{
		MessageID: q.MessageID, State: smpp.MessageState(state), ErrorCode: uint8(min(smppErrorCode(m), 255)),
	}
	if m.Final != 0 {
		resp.FinalDate = string(smpp.AppendTime(nil, time.UnixMilli(m.Final)))
	}
	answer.Body = resp
	return answer
}

// cancel answers cancel_sm (SMPP 3.4 4.9). Messages are cancelled by their id
// only.
func (p *smppPeer) cancel(ctx context.Context, c *smpp.CancelSM) smpp.PDU {
	answer := smpp.PDU{Command: smpp.CommandCancelSMResp}
	if c.MessageID == "" {
		answer.Status = smpp.ESME_RCANCELFAIL
		return answer
	}
	id, err := message.ParseID(c.MessageID)
	if err != nil {
		answer.Status = smpp.ESME_RINVMSGID
		return answer
	}
	if _, err := p.server.core.Cancel(ctx, p.account, id); err != nil {
		answer.Status = smpp.ESME_RCANCELFAIL
	}
	return answer
}
