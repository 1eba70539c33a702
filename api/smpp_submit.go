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
	most    int // deliver_sm's that may ever be unanswered
	ids     smppIDForm
	zone    *time.Location
	takes   func(number string) bool // inbound messages that may come here; nil for all
	data    bool                     // receipts and inbound messages go by data_sm
	loaded  bool                     // the peer is told how loaded we are (SMPP 5.0)
	tlvs    bool                     // the peer understands optional parameters
	isBound bool                     // the response to the bind is on its way, and the session has not been ended; server.mu
	since   time.Time                // of that; server.mu
	num     uint64                   // of the session; server.mu
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

// Requests implements smpp.Handler: what one read has brought.
func (p *smppPeer) Requests(_ *smpp.Session, requests []smpp.PDU) {
	a := p.server.accounts().ByName(p.account)
	if a == nil { // taken out of the configuration
		p.refuseAll(requests)
		return
	}
	room := a.Window() - int(p.submitted.Load()) // a submit_multi that is handed over is no longer in it
	var now []smpp.PDU                           // what is answered at once
	batch := smppBatch{peer: p}
	at := p.server.now()
	for i := range requests {
		r := &requests[i]
		m := smppSubmitted(r)
		multi, _ := r.Body.(*smpp.SubmitMulti)
		status := smpp.ESME_RTHROTTLED
		switch {
		case m == nil && multi == nil:
			now = p.other(now, a, r)
			continue
		case len(batch.subs) >= room:
		case multi != nil:
			room--
			status = p.submitMulti(a, r, multi, at)
		case m.ReplaceIfPresent == 1:
			room--
			status = p.replaceIfPresent(a, r, m, at)
		default:
			status = batch.add(a, r, m, at, len(requests)-i)
		}
		if status == smpp.ESME_ROK && (multi != nil || m.ReplaceIfPresent == 1) {
			continue
		}
		if status != smpp.ESME_ROK {
			refusal := smpp.PDU{Command: r.Command.Response(), Status: status, Sequence: r.Sequence}
			if load := p.congestion(); load != nil && refusal.Command == smpp.CommandSubmitSMResp {
				refusal.Body = &smpp.SubmitSMResp{TLVs: load}
			}
			now = append(now, refusal)
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
	if b.peer.ids == smppIDAlias {
		b.subs[n].Reference = b.peer.server.aliases.next(now)
	}
	b.answers = append(b.answers, smpp.PDU{Command: r.Command.Response(), Sequence: r.Sequence})
	return smpp.ESME_ROK
}

const (
	smppIDLength = 13 // of the text form
	smppIDMost   = 19 // of any form
)

// done answers the messages of a batch, all with one write.
func (b *smppBatch) done(results []gateway.Result) {
	form := b.peer.ids
	octets := make([]byte, 0, len(results)*smppIDMost)
	for i := range results {
		octets = form.append(octets, results[i].ID, b.subs[i].Reference)
		b.answers[i].Status = smpp.Status(len(octets)) // for now: where the id ends
	}
	ids, start := string(octets), 0
	load := b.peer.congestion()
	bodies := make([]smpp.SubmitSMResp, len(results))
	for i := range results {
		answer := &b.answers[i]
		end := int(answer.Status)
		id := ids[start:end]
		start = end
		if answer.Status = smppStatus(results[i].Failure); answer.Status != smpp.ESME_ROK {
			b.peer.explain(answer, results[i].Failure)
			continue
		}
		if answer.Command == smpp.CommandDataSMResp {
			answer.Body = &smpp.DataSMResp{MessageID: id, TLVs: load}
			continue
		}
		bodies[i].MessageID, bodies[i].TLVs = id, load
		answer.Body = &bodies[i]
	}
	b.peer.submitted.Add(-int32(len(results)))
	_ = b.peer.sess.Respond(b.answers) // an error means that the session is over: the customer asks again or not
}

// smppMostInfo is how many octets additional_status_info_text may have, without its
// NUL.
const smppMostInfo = 255

// explain says in words what the status of a refusal cannot say: which cost
// dimension or parameter is at fault, and why. SMPP 5.0 has a parameter for it (4.8.4.1).
func (p *smppPeer) explain(answer *smpp.PDU, f *message.Failure) {
	if f.Kind != message.BadDimension && f.Field != "tag" && f.Field != "dialog" || p.version < smpp.Version50 || answer.Command != smpp.CommandSubmitSMResp {
		return
	}
	text := f.Error()
	text = text[:min(len(text), smppMostInfo)]
	body := &smpp.SubmitSMResp{}
	body.TLVs.SetCString(smpp.TagAdditionalStatusInfoText, text)
	answer.Body = body
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
