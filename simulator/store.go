package simulator

import (
	"encoding/binary"
	"fmt"
	"time"

	"kurir/smpp"
)

// storedRecord is the wheel's record of a waiting message.
func storedRecord(id uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{recordStored}, id)
}

// storedDue is called when a waiting message is to be delivered by its fate, or its validity has ended.
func (s *Simulator) storedDue(id uint64, now time.Time) {
	s.phones.mu.Lock()
	st := s.phones.byID[id]
	if st == nil { // delivered or cancelled meanwhile
		s.phones.mu.Unlock()
		return
	}
	if now.Before(st.expires) {
		// Since then somebody has set the state, or given the message a longer validity: it waits for that.
		if _, set := s.phones.states[st.number]; set || st.deliver.IsZero() || now.Before(st.deliver) {
			end := st.expires
			s.phones.mu.Unlock()
			s.later(end, storedRecord(id))
			return
		}
	}
	s.phones.take(id)
	if now.Before(st.expires) {
		s.phones.show(st.number, st.account, now, id, st.frame)
	} else {
		st.receipt.state = smpp.MessageExpired
	}
	s.phones.finished(id, st.receipt.state, now)
	s.phones.mu.Unlock()
	s.hub.changed(st.number)
	s.report(st, now)
}

// report sends the receipt of a message that has waited.
func (s *Simulator) report(st *stored, now time.Time) {
	r := st.receipt
	r.done = now
	if r.state == smpp.MessageDelivered {
		r.cause = 0
	}
	p := st.plan
	p.receipts.Early = false // too late for that
	o := outgoing{sim: s}
	o.receipts(st.account, &p, st.reg, &r, now, false)
	o.flush(st.account, nil, now)
	if st.dpf && r.state == smpp.MessageDelivered {
		st.account.alert(st.receipt.recipient, st.receipt.sender)
	}
}

// SetPhone changes what a phone does, for a time if that is above zero. Switched on, it gets what waits for it.
func (s *Simulator) SetPhone(number string, state PhoneState, keep time.Duration) error {
	number = phoneNumber(number)
	if number == "" {
		return fmt.Errorf("a phone needs a number")
	}
	now := time.Now()
	s.phones.mu.Lock()
	if _, known := s.phones.states[number]; !known && len(s.phones.states) >= maxStates {
		s.phones.mu.Unlock()
		return fmt.Errorf("the states of %d phones are set already: reset the simulator", maxStates)
	}
	set := phoneSetting{state: state}
	if keep > 0 && state != PhoneOn {
		set.until = now.Add(keep)
	}
	s.phones.states[number] = set
	s.phones.anySet.Store(true)
	s.phones.get(number)
	released := s.phones.release(number, state, now)
	s.phones.mu.Unlock()
	if !set.until.IsZero() {
		s.later(set.until, append([]byte{recordPhone}, number...))
	}
	for _, st := range released {
		s.report(st, now)
	}
	s.hub.changed(number)
	return nil
}

// phoneDue switches a phone on again whose state was set for a time.
func (s *Simulator) phoneDue(number string, now time.Time) {
	s.phones.mu.Lock()
	set, ok := s.phones.states[number]
	due := ok && !set.until.IsZero() && !now.Before(set.until)
	s.phones.mu.Unlock()
	if due {
		s.SetPhone(number, PhoneOn, 0)
	}
}

// release takes out what waits for a phone if the new state ends the waiting. The lock is held.
func (p *phones) release(number string, state PhoneState, now time.Time) []*stored {
	if state != PhoneOn && state != PhoneRefusing {
		return nil
	}
	list := p.stored[number]
	delete(p.stored, number)
	for _, st := range list {
		id := st.id
		delete(p.byID, id)
		if state == PhoneOn {
			p.show(number, st.account, now, id, st.frame)
		} else {
			st.receipt.state, st.receipt.cause = smpp.MessageUndeliverable, causeRefused
		}
		p.finished(id, st.receipt.state, now)
	}
	return list
}
