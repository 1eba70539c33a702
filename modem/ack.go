package modem

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"kurir/gsm"
)

// direct gives a message to the handler that the modem did not store.
func (s *session) direct(pdu string) { s.m.tell(&kept{direct: true, pdu: pdu}) }

// tell takes a PDU apart and calls the handler.
func (m *Modem) tell(k *kept) {
	raw := unhex(k.pdu)
	ack := func(err error) { m.settled(k, err) }
	centre, tpdu, err := gsm.CutPDU(raw)
	var p gsm.TPDU
	if err == nil {
		p, err = gsm.DecodeToPhone(tpdu)
	}
	if report, ok := p.(*gsm.StatusReport); ok && err == nil {
		m.change(func(st *Status) { st.Reports++ })
		if m.handler.Report != nil {
			m.handler.Report(Report{StatusReport: *report, Ack: ack})
		}
		return
	}
	msg := Message{Centre: centre, Raw: raw, Err: err, Ack: ack}
	deliver, ok := p.(*gsm.Deliver)
	switch {
	case ok:
		msg.Deliver = *deliver
	case err == nil:
		msg.Err = errors.New("it is no message to a phone")
	}
	m.change(func(st *Status) { st.Received++ })
	if m.handler.Message != nil {
		m.handler.Message(msg)
	}
}

// settled takes an Ack, from any goroutine.
func (m *Modem) settled(k *kept, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if k.acked || !k.again.IsZero() {
		return // acknowledged before
	}
	if err != nil {
		// What is in no storage comes again from the network, as it was not acknowledged.
		k.again = time.Now().Add(m.cfg.Again)
		return
	}
	k.acked = true
	m.queueRemoval(k)
}

// queueRemoval has something removed from the modem; mu is held.
func (m *Modem) queueRemoval(k *kept) {
	if !slices.Contains(m.acks, k) {
		m.acks = append(m.acks, k)
	}
	select {
	case m.acked <- struct{}{}:
	default:
	}
}

// remove takes from the modem what was acknowledged.
func (s *session) remove(ctx context.Context) error {
	for {
		s.m.mu.Lock()
		if len(s.m.acks) == 0 {
			s.m.mu.Unlock()
			return nil
		}
		k := s.m.acks[0]
		s.m.mu.Unlock()
		var err error
		if k.direct {
			err = s.acknowledge(ctx)
		} else {
			err = s.delete(ctx, k)
		}
		if err != nil && !refused(err) {
			return err // it is tried again by the next session
		}
		s.m.mu.Lock()
		s.m.acks = s.m.acks[1:]
		if err == nil && s.m.kept[k.slot] == k { // else it lies there still, which the next look finds
			delete(s.m.kept, k.slot)
		}
		s.m.mu.Unlock()
	}
}

// acknowledge tells the network that a message that came directly is safe.
// 3GPP TS 27.005 3.4.4.
func (s *session) acknowledge(ctx context.Context) error {
	if !s.phase2 {
		return nil // the modem did it
	}
	_, err := s.try(ctx, "AT+CNMA", "")
	return err
}

// delete removes an acknowledged message. The place is read first: after another
// SIM was put in, or the modem has ordered its storage anew, it may have another.
func (s *session) delete(ctx context.Context, k *kept) error {
	err := s.look(ctx, k.slot.memory)
	if err == nil {
		var pdu string
		if _, pdu, err = s.pduAt(ctx, k.slot.index); err == nil && pdu == k.pdu {
			_, err = s.exec(ctx, "AT+CMGD="+strconv.Itoa(k.slot.index), "")
		}
	}
	if back := s.look(ctx, s.receiving); back != nil && !refused(back) {
		return back
	}
	return err
}
