package simulator

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"kurir/gsm"
	"kurir/smpp"
)

// Inbound is a message from a phone to whoever is bound.
type Inbound struct {
	From     string `json:"from"` // the phone
	To       string `json:"to"`   // number written to; empty: who wrote last to this phone
	Text     string `json:"text"`
	SystemID string `json:"system_id"` // of the account that gets it; empty: who wrote last to the phone, or any
	Encoding string `json:"encoding"`  // auto, gsm7, ucs2, latin1; empty: auto
	DataSM   bool   `json:"data_sm"`   // it goes as data_sm with message_payload instead of deliver_sm
	Count    int    `json:"count"`     // how many times; with more than one, {n} in the text is the number. 0: once

	// Octets are sent as they are, instead of Text, with these fields beside them.
	Octets     []byte `json:"octets"`
	DataCoding uint8  `json:"data_coding"`
	ESMClass   uint8  `json:"esm_class"`
}

// maxInbound is how many inbound messages one call may make.
const maxInbound = 100_000

// ErrNobody says that no account is known that could receive.
var ErrNobody = errors.New("nobody has ever bound to the simulator: there is no account that could get the message")

// Inject sends a message from a phone, long ones in parts. While no receiver of the account is bound it waits.
func (s *Simulator) Inject(in Inbound) error {
	in.From, in.Count = phoneNumber(in.From), max(1, in.Count)
	if in.From == "" {
		return errors.New("from: which phone sends it?")
	}
	if in.Count > maxInbound {
		return fmt.Errorf("count: at most %d", maxInbound)
	}
	a, err := s.resolve(&in)
	if err != nil {
		return err
	}
	if s.owed.Load() > int64(s.opt.Owed) {
		return errors.New("too much is waiting for receivers already")
	}
	now := time.Now()
	var pdus [][]byte
	for i := range in.Count {
		one := in
		if in.Count > 1 {
			one.Text = strings.ReplaceAll(in.Text, "{n}", fmt.Sprint(i+1))
		}
		if pdus, err = s.appendInbound(pdus, &one); err != nil {
			return err
		}
	}
	a.deliver(pdus, nil, now)
	s.phones.mu.Lock()
	if ph := s.phones.get(in.From); ph != nil {
		text := in.Text
		if in.Octets != nil {
			text = fmt.Sprintf("%x", in.Octets)
		}
		*ph.add() = entry{at: now, out: true, to: in.To, text: text}
	}
	s.phones.mu.Unlock()
	s.hub.changed(in.From)
	return nil
}

// resolve finds the account, and the number written to, from the last message on the phone.
func (s *Simulator) resolve(in *Inbound) (*account, error) {
	var a *account
	s.phones.mu.Lock()
	if ph := s.phones.byNum[in.From]; ph != nil {
		a = ph.account
		if texts := ph.texts(phoneEntries); in.To == "" {
			for i := range texts {
				if !texts[i].Out {
					in.To = texts[i].Peer
				}
			}
		}
	}
	s.phones.mu.Unlock()
	if in.To == "" {
		return nil, errors.New("to: nobody has written to this phone (of late), so say in \"to\" which number it writes to")
	}
	if in.SystemID == "" {
		in.SystemID = s.modemAccount(in.To)
	}
	if in.SystemID != "" {
		if a = s.named(in.SystemID); a == nil {
			return nil, errors.New("system_id: too many accounts")
		}
		return a, nil
	}
	if a == nil || a.over == overModem { // which has not the number written to
		a, _ = s.receiver()
	}
	if a == nil {
		return nil, ErrNobody
	}
	return a, nil
}

// named finds the account of a name, that with a receiver where several languages have one; else it makes one of SMPP.
func (s *Simulator) named(systemID string) (found *account) {
	s.eachAccount(func(a *account) {
		a.mu.Lock()
		defer a.mu.Unlock()
		if a.name == systemID && (found == nil || len(a.rx) > 0) {
			found = a
		}
	})
	if found != nil && !s.opt.IDsPerHost {
		return found
	}
	return s.account(systemID, s.hosts[0])
}

// appendInbound writes the deliver_sm of one message.
func (s *Simulator) appendInbound(pdus [][]byte, in *Inbound) ([][]byte, error) {
	body := smpp.DeliverSM{ShortMessage: smpp.ShortMessage{Source: phoneAddress(in.From), Dest: phoneAddress(in.To)}}
	add := func(text []byte) error {
		body.Text = text
		pdu, err := smpp.Append(nil, &smpp.PDU{Body: inboundBody(&body, in.DataSM)})
		if err != nil {
			return fmt.Errorf("write deliver_sm: %w", err)
		}
		binary.BigEndian.PutUint32(pdu[12:], kindInbound)
		pdus = append(pdus, pdu)
		return nil
	}
	if in.Octets != nil {
		body.DataCoding, body.ESMClass = in.DataCoding, in.ESMClass
		return pdus, add(in.Octets)
	}
	enc, err := gsm.ParseEncoding(in.Encoding)
	if err != nil {
		return nil, fmt.Errorf("encoding: %w", err)
	}
	segments, err := gsm.AppendSegments(nil, in.Text, gsm.SplitOptions{Encoding: enc, Reference: uint16(s.references.Next8(in.To))})
	if err != nil {
		return nil, fmt.Errorf("text: %w", err)
	}
	for _, seg := range segments {
		body.DataCoding, body.ESMClass = gsm.Coding(seg.Encoding, gsm.NoClass).SMPP(), 0
		if len(seg.Header) > 0 {
			body.ESMClass = smpp.ESMUDHI
		}
		if err := add(slices.Concat(seg.Header, seg.Payload)); err != nil {
			return nil, err
		}
	}
	return pdus, nil
}

// inboundBody is the deliver_sm, or a data_sm of the same content.
func inboundBody(d *smpp.DeliverSM, dataSM bool) smpp.Body {
	if !dataSM {
		return d
	}
	return &smpp.DataSM{
		Source: d.Source, Dest: d.Dest, ESMClass: d.ESMClass, DataCoding: d.DataCoding,
		TLVs: smpp.TLVs{{Tag: smpp.TagMessagePayload, Value: d.Text}},
	}
}

// phoneAddress guesses type of number and numbering plan as an SMSC would write them.
func phoneAddress(number string) smpp.Address {
	number = phoneNumber(number)
	switch {
	case strings.Trim(number, "0123456789*#") != "":
		return smpp.Address{TON: smpp.TONAlphanumeric, Addr: number}
	case len(number) <= 6:
		return smpp.Address{TON: smpp.TONNetwork, Addr: number}
	}
	return smpp.Address{TON: smpp.TONInternational, NPI: smpp.NPIISDN, Addr: number}
}
