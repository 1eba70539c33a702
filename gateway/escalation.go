package gateway

import (
	"bytes"
	"context"
	"encoding/gob"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"kurir/message"
	"kurir/rota"
	"kurir/store"
)

// A message to a rota that has an escalation asks one person after the other until somebody says that he has taken it:
//
//  1. Whoever looks up who is on duty gives the submissions an Asking (escalation_begin.go). The gather that accepts them has the
//     row of the escalation, too, whose id is that of the first message.
//  2. Every second the gateway looks at what has become of the messages, and whether somebody has had his time; package rota says
//     who is next. The gather that accepts the next messages has the row that says so: after a crash either both are on disk or
//     neither, and nobody is asked twice (escalation_run.go).
//  3. An agreed word from a phone that was asked is an acknowledgement, in the gather with the message from the phone; so is a
//     request over REST (escalation_answer.go). Those asked are told in a gather that says that they are.
//  4. When everybody was asked in vain, that is an alarm.
//
// Of several gateways each has those that began there, and those of a dead one whose messages it takes over. Of what others have it
// keeps copies, read every second, so that an answer that comes here is known; it writes the acknowledgement, and the one that
// has the escalation reads it.

// escalationsMost is how many are open at a time, those of other gateways included.
const escalationsMost = 10_000

// escalationHistory is how many steps are kept of one; the oldest go first.
const escalationHistory = 1000

// escalations are those that are open. Gateway.mu guards them.
type escalations struct {
	open  map[message.ID]*escalation
	asked map[string][]*escalation // by phone
	read  int64                    // Unix milliseconds up to which what others wrote was read
	ended map[message.ID]time.Time // ended here lately: what was read before may bring them back
	acked map[message.ID]time.Time // likewise those of others acknowledged here, which is not read back at once
	next  message.ID               // behind which messages are looked at next
}

// escalation is one that is open.
type escalation struct {
	store.Escalation // as it was last written, but for Body
	body             escalationBody
	foreign          bool      // another gateway has it
	asking           *Asking   // messages that are being accepted; nil for none
	again            time.Time // before which nothing is tried again
	failing          time.Time // since when all is refused for now; zero: it is not
}

// escalationBody is how far one has come, as it is stored.
type escalationBody struct {
	Plan  rota.Escalation   `json:"plan"`
	Of    string            `json:"of,omitempty"`    // reference of its first message: the id of the message from a phone that began it, say
	Told  string            `json:"told,omitempty"`  // rota.Ladder.Told
	Names map[string]string `json:"names,omitempty"` // of those who are contacts, by phone
	State rota.State        `json:"state"`
	Steps []EscalationStep  `json:"steps"`
	Tell  []string          `json:"tell,omitempty"` // who is to be told yet who has taken it
}

// EscalationStep is one asking, as it stands in the history.
type EscalationStep struct {
	At    time.Time         `json:"at"`
	Until time.Time         `json:"until"`
	Round int               `json:"round"`
	Step  int               `json:"step"`
	Asked []EscalationAsked `json:"asked"`
}

// EscalationAsked is one message of a step.
type EscalationAsked struct {
	Who    string     `json:"who"` // phone, without +
	ID     message.ID `json:"id,omitempty"`
	Failed string     `json:"failed,omitempty"` // state of the message that did not arrive, or why it was refused
}

// escalationRequest is what is sent, as it is stored.
type escalationRequest struct {
	Mailing  []byte
	FromAddr message.Address
	Answer   bool
}

func encodeEscalation(s *Submission) ([]byte, error) {
	mailing, err := encodeMailing(&Mailing{Common: *s})
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(&escalationRequest{mailing, s.FromAddr, s.Answer}); err != nil {
		return nil, fmt.Errorf("write the message of an escalation: %w", err)
	}
	return b.Bytes(), nil
}

func decodeEscalation(kept []byte) (*Submission, error) {
	var r escalationRequest
	if err := gob.NewDecoder(bytes.NewReader(kept)).Decode(&r); err != nil {
		return nil, fmt.Errorf("read the message of an escalation: %w", err)
	}
	m, err := decodeMailing("", r.Mailing)
	if err != nil {
		return nil, err
	}
	s := &m.Common
	s.FromAddr, s.Answer, s.SendAt = r.FromAddr, r.Answer, time.Time{}
	return s, nil
}

// loadEscalations reads those that are open, at the start.
func (g *Gateway) loadEscalations(ctx context.Context) error {
	g.escalations.open, g.escalations.asked, g.escalations.ended = map[message.ID]*escalation{}, map[string][]*escalation{}, map[message.ID]time.Time{}
	g.escalations.acked = map[message.ID]time.Time{}
	return g.readEscalations(ctx, 0)
}

// escalationSlack is how far behind the newest change the next look begins: clocks differ, and commits are not in order.
const escalationSlack = 10 * time.Second

// readEscalations reads what other gateways have written since a time, or, with 0, all that is open.
func (g *Gateway) readEscalations(ctx context.Context, since int64) error {
	now := g.now().UnixMilli()
	rows, err := g.store.Escalations(ctx, store.EscalationFilter{Changed: since, Open: since == 0})
	if err != nil {
		return err
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for i := range rows {
		if err := g.readEscalation(&rows[i]); err != nil {
			g.log.Error("an escalation is not read", "escalation", rows[i].ID, "error", err)
		}
	}
	g.escalations.read = now - escalationSlack.Milliseconds()
	return nil
}

// readEscalation takes in a row. g.mu is held.
func (g *Gateway) readEscalation(row *store.Escalation) error {
	mine := !g.opt.Shared || row.Node == g.opt.Node
	have := g.escalations.open[row.ID]
	_, over := g.escalations.ended[row.ID]
	switch {
	case have != nil && !have.foreign:
		if row.Acked != 0 && !have.body.State.Over() {
			g.acknowledged(have, rota.Event{Kind: rota.Acknowledge, At: time.UnixMilli(row.Acked), Who: row.AckedBy})
		}
		return nil
	case have != nil:
		g.closeEscalation(have)
	}
	if row.Ended != 0 || over {
		return nil
	}
	e := &escalation{Escalation: *row, foreign: !mine}
	if err := json.Unmarshal(row.Body, &e.body); err != nil {
		return fmt.Errorf("read how far it has come: %w", err)
	}
	e.Body = nil
	g.openEscalation(e)
	if _, here := g.escalations.acked[row.ID]; e.foreign && (here || row.Acked != 0) {
		e.body.State.Phase = rota.Acknowledged // the one that has it has not read that yet
	}
	if mine && row.Acked != 0 && !e.body.State.Over() { // by another gateway, when this one was away
		g.acknowledged(e, rota.Event{Kind: rota.Acknowledge, At: time.UnixMilli(row.Acked), Who: row.AckedBy})
	}
	return nil
}

// openEscalation has one known. g.mu is held, as it is for those that follow.
func (g *Gateway) openEscalation(e *escalation) {
	g.escalations.open[e.ID] = e
	g.indexEscalation(e)
}

// indexEscalation has it found by the phones that were asked.
func (g *Gateway) indexEscalation(e *escalation) {
	for _, who := range e.body.State.Asked {
		if list := g.escalations.asked[who]; !slices.Contains(list, e) {
			g.escalations.asked[who] = append(list, e)
		}
	}
}

// closeEscalation forgets one.
func (g *Gateway) closeEscalation(e *escalation) {
	delete(g.escalations.open, e.ID)
	for _, who := range e.body.State.Asked {
		list := slices.DeleteFunc(g.escalations.asked[who], func(other *escalation) bool { return other == e })
		if len(list) == 0 {
			delete(g.escalations.asked, who)
			continue
		}
		g.escalations.asked[who] = list
	}
}

// writeEscalation puts the row of one into the gather. One that is over and has nobody to tell has ended: its text is kept no
// more, and it is forgotten here once no message of it is being accepted.
func (g *Gateway) writeEscalation(e *escalation, now time.Time) {
	e.Node, e.Changed = g.opt.Node, now.UnixMilli()
	if e.body.State.Over() && len(e.body.Tell) == 0 {
		e.Ended = e.Changed
	}
	row := e.Escalation
	if row.Ended != 0 {
		row.Request = nil
	}
	body, err := json.Marshal(&e.body)
	if err != nil { // it always can be written
		g.log.Error("an escalation is not written", "escalation", e.ID, "error", err)
		return
	}
	row.Body = body
	g.cur.escalation(row)
	g.forgetEscalation(e, now)
}

// forgetEscalation forgets one that has ended.
func (g *Gateway) forgetEscalation(e *escalation, now time.Time) {
	if e.Ended == 0 || e.asking != nil {
		return
	}
	g.closeEscalation(e)
	if g.opt.Shared {
		g.escalations.ended[e.ID] = now
	}
}

// escalation puts a row in the place of the one of the same id.
func (b *gather) escalation(row store.Escalation) {
	b.withoutEscalation(row.ID)
	b.Escalations = append(b.Escalations, row)
}

func (b *gather) withoutEscalation(id message.ID) {
	b.Escalations = slices.DeleteFunc(b.Escalations, func(r store.Escalation) bool { return r.ID == id })
}

// name is how somebody who was asked is called.
func (b *escalationBody) name(who string) string {
	if name := b.Names[who]; name != "" {
		return name
	}
	if message.AllDigits(who) {
		return "+" + who
	}
	return who
}
