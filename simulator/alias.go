package simulator

import (
	"encoding/binary"
	"strings"
	"time"

	"kurir/smpp"
)

// Other languages name a message otherwise than by a number: by its recipient and the second in which it came, for
// instance. Such an alias, and the moment of a receipt, stand in optional parameters of our PDUs, which no session of
// SMPP gets to see, because accounts of different languages are different ones.
const (
	tagAlias smpp.Tag = 0x3FF0 // the alias as its language writes it
	tagDone  smpp.Tag = 0x3FF1 // seconds since 1970, in eight octets
)

// aliased writes the deliver_sm of a receipt for a message with an alias.
func (w *receiptWriter) aliased(dst []byte, r *receipt) ([]byte, error) {
	b := &w.body
	w.values = [8]byte{byte(r.state), 3, 0, r.cause}
	w.id = append(w.id[:0], r.alias...)
	binary.BigEndian.PutUint64(w.done8[:], uint64(r.done.Unix()))
	b.Text = nil
	b.TLVs = append(w.tlvs[:0],
		smpp.TLV{Tag: tagAlias, Value: w.id}, smpp.TLV{Tag: tagDone, Value: w.done8[:]},
		smpp.TLV{Tag: smpp.TagMessageState, Value: w.values[:1]}, smpp.TLV{Tag: smpp.TagNetworkErrorCode, Value: w.values[1:4]})
	return smpp.Append(dst, &smpp.PDU{Body: b})
}

// aliasReceipt is what such a receipt says.
type aliasReceipt struct {
	alias string
	done  time.Time
	state smpp.MessageState
	cause uint8
}

// readAlias reads it; ok is false if the PDU is no such receipt.
func readAlias(sm *smpp.ShortMessage) (r aliasReceipt, ok bool) {
	alias, ok1 := sm.TLVs.Get(tagAlias)
	done, ok2 := sm.TLVs.Get(tagDone)
	state, ok3 := sm.TLVs.U8(smpp.TagMessageState)
	if !ok1 || !ok2 || !ok3 || len(done) != 8 {
		return r, false
	}
	r = aliasReceipt{alias: string(alias), done: time.Unix(int64(binary.BigEndian.Uint64(done)), 0), state: smpp.MessageState(state)}
	if code, ok := sm.TLVs.Get(smpp.TagNetworkErrorCode); ok && len(code) == 3 {
		r.cause = code[2]
	}
	return r, true
}

// strange gives the receipt the id of a message that there never was.
func (r *receipt) strange() {
	r.id += 1 << 51 // never reached by the counter
	if i := strings.LastIndexByte(r.alias, ':'); i >= 0 {
		r.alias = r.alias[:i+1] + "311299235959" // nobody will ask for it
	}
}

// aliasOf is the alias of a message that came in.
func aliasOf(sm *smpp.ShortMessage) string {
	alias, _ := sm.TLVs.Get(tagAlias)
	return string(alias)
}

// carried is the message that a deliver_sm or data_sm carries.
func carried(pdu []byte) (*smpp.ShortMessage, error) {
	var p smpp.PDU
	if err := smpp.Decode(pdu, &p); err != nil {
		return nil, err
	}
	if d, ok := p.Body.(*smpp.DeliverSM); ok {
		return &d.ShortMessage, nil
	}
	return shortMessage(p.Body), nil
}

// waitingFor finds the messages of the session's account that wait for a phone and have an alias that is wanted. The lock
// of the phones is held.
func (ss *session) waitingFor(number string, wanted func(alias string) bool) (list []*stored) {
	for _, st := range ss.sim.phones.stored[number] {
		if st.account == ss.account && wanted(st.receipt.alias) {
			list = append(list, st)
		}
	}
	return list
}

// withdraw takes those messages away from what waits.
func (ss *session) withdraw(number string, wanted func(alias string) bool) []*stored {
	s := ss.sim
	s.phones.mu.Lock()
	defer s.phones.mu.Unlock()
	list := ss.waitingFor(number, wanted)
	for _, st := range list {
		s.phones.take(st.id)
		s.phones.finished(st.id, smpp.MessageDeleted, ss.batch.now)
	}
	if len(list) > 0 {
		s.hub.changed(number)
	}
	return list
}

// lookUp finds a message that waits, or the last that agrees of those that are still readable.
func (ss *session) lookUp(number string, wanted func(alias string) bool) (r receipt, found bool) {
	p := &ss.sim.phones
	p.mu.Lock()
	if list := ss.waitingFor(number, wanted); len(list) > 0 {
		defer p.mu.Unlock()
		r = list[len(list)-1].receipt
		r.state, r.done = smpp.MessageEnroute, ss.batch.now
		return r, true
	}
	p.mu.Unlock()
	ss.kept(func(uint64) bool { return true }, func(k *keptMessage) bool {
		alias := aliasOf(k.sm)
		if !wanted(alias) {
			return true
		}
		r, found = receipt{id: k.id, alias: alias, state: k.state, done: k.final, sender: k.sm.Source, recipient: k.sm.Dest}, true
		return true
	})
	p.mu.Lock()
	defer p.mu.Unlock()
	if e, ok := p.ended[r.id]; ok {
		r.state, r.done = e.state, e.at
	}
	return r, found
}

// keptMessage is a message that stays readable, and how it ended.
type keptMessage struct {
	sm    *smpp.ShortMessage
	id    uint64
	state smpp.MessageState
	final time.Time
}

// kept goes through the messages of the session's account that are still readable, the oldest first, while do returns
// true. Those that wait or have waited are not told by it how they ended.
func (ss *session) kept(wanted func(id uint64) bool, do func(m *keptMessage) bool) {
	x := &ss.sim.inbox
	x.mu.Lock()
	defer x.mu.Unlock()
	x.queue.each(func(record []byte) bool {
		id := binary.BigEndian.Uint64(record[32:])
		if id == 0 || binary.BigEndian.Uint64(record[24:]) != ss.account.index || !wanted(id) {
			return true
		}
		var p smpp.PDU
		if smpp.Decode(record[inboxHead:], &p) != nil {
			return true
		}
		m := keptMessage{shortMessage(p.Body), id, smpp.MessageState(record[45]), time.Unix(0, int64(binary.BigEndian.Uint64(record[46:])))}
		if m.final.After(ss.batch.now) {
			m.state = smpp.MessageEnroute
		}
		return do(&m)
	})
}
