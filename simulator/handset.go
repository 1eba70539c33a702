package simulator

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"kurir/gsm"
	"kurir/smpp"
)

// Phone is what one virtual phone shows.
type Phone struct {
	Number   string     `json:"number"`
	State    PhoneState `json:"state"`
	Until    *time.Time `json:"until,omitempty"` // when it goes on again by itself
	Waiting  int        `json:"waiting"`         // messages that wait for it at the SMSC
	Received int        `json:"received"`        // messages and parts, also those no longer shown
	Texts    []Text     `json:"texts"`           // oldest first
}

// Text is one message on a phone; long ones are in one piece.
type Text struct {
	Time    time.Time `json:"time"`
	ID      string    `json:"id,omitempty"`
	Out     bool      `json:"out,omitempty"`     // written on this phone
	Peer    string    `json:"peer"`              // who wrote it, or to whom it was written
	Over    string    `json:"over,omitempty"`    // what it came over: SMPP, UCP, CIMD2 or GSM modem
	Text    string    `json:"text"`              // of binary messages their octets in hexadecimal
	Parts   int       `json:"parts"`             // of which it consists
	Missing int       `json:"missing,omitempty"` // parts that are not there (yet)
	Flash   bool      `json:"flash,omitempty"`
	Binary  bool      `json:"binary,omitempty"`
	Header  string    `json:"header,omitempty"` // user data header in hexadecimal, unless it only says that there are parts
	Ports   string    `json:"ports,omitempty"`  // application ports, to and from
}

// Phones lists the phones, the last used first, each with its last texts.
func (s *Simulator) Phones(texts int) []Phone {
	p := &s.phones
	p.mu.Lock()
	defer p.mu.Unlock()
	list := []Phone{}
	for e := p.recent.Front(); e != nil; e = e.Next() {
		list = append(list, p.view(e.Value.(*phone), texts))
	}
	return list
}

// Phone shows one phone; ok is false when there is none with this number.
func (s *Simulator) Phone(number string, texts int) (ph Phone, ok bool) {
	p := &s.phones
	p.mu.Lock()
	defer p.mu.Unlock()
	found := p.byNum[phoneNumber(number)]
	if found == nil {
		return Phone{}, false
	}
	return p.view(found, texts), true
}

// AddPhone puts a phone on the page that has no message yet.
func (s *Simulator) AddPhone(number string) error {
	number = phoneNumber(number)
	if number == "" || len(number) > 20 || strings.Trim(number, "0123456789") != "" {
		return fmt.Errorf("%q is no number of a phone: 1 to 20 digits, perhaps with + in front", number)
	}
	s.phones.mu.Lock()
	ph := s.phones.get(number)
	s.phones.mu.Unlock()
	if ph == nil {
		return fmt.Errorf("this simulator runs without phones")
	}
	s.hub.changed(number)
	return nil
}

// RemovePhone forgets a phone, its texts and its state. What waits for it waits on.
func (s *Simulator) RemovePhone(number string) bool {
	number = phoneNumber(number)
	p := &s.phones
	p.mu.Lock()
	ph := p.byNum[number]
	if ph != nil {
		delete(p.byNum, number)
		p.recent.Remove(ph.used)
	}
	_, set := p.states[number]
	delete(p.states, number)
	p.mu.Unlock()
	s.hub.changedAll()
	return ph != nil || set
}

// view makes the picture of a phone. The lock is held.
func (p *phones) view(ph *phone, texts int) Phone {
	v := Phone{Number: ph.number, Waiting: len(p.stored[ph.number]), Received: ph.total, Texts: ph.texts(texts)}
	if set, ok := p.states[ph.number]; ok {
		v.State = set.state
		if !set.until.IsZero() {
			v.Until = &set.until
		}
	}
	return v
}

// texts joins the parts and gives the last texts, oldest first.
func (ph *phone) texts(last int) []Text {
	list := []Text{}
	open := map[gsm.Key]*joining{} // long messages, by what their parts have in common
	ph.each(func(e *entry) {
		if e.out {
			list = append(list, Text{Time: e.at, Out: true, Peer: e.to, Text: e.text, Parts: 1})
			return
		}
		var pdu smpp.PDU
		if smpp.Decode(e.frame, &pdu) != nil {
			return
		}
		sm := shortMessage(pdu.Body)
		c := readContent(sm)
		t := Text{Time: e.at, ID: fmt.Sprintf("%x", e.id), Peer: sm.Source.Addr, Over: e.over, Parts: 1, Flash: c.flash}
		if c.part.Total > 1 {
			key := c.part.Key(t.Peer, ph.number, "")
			j := open[key]
			if j == nil {
				j = &joining{at: len(list)}
			}
			done, conflict := j.parts.AddShifted(int(c.part.Number), int(c.part.Total), c.encoding, c.shift, c.payload)
			if conflict {
				j = &joining{at: len(list)}
				done, _ = j.parts.AddShifted(int(c.part.Number), int(c.part.Total), c.encoding, c.shift, c.payload)
			}
			if open[key] = j; j.at == len(list) {
				list = append(list, t)
			}
			j.show(&list[j.at])
			if done {
				delete(open, key)
			}
			return
		}
		t.single(c)
		list = append(list, t)
	})
	return slices.Clip(list[max(0, len(list)-last):])
}

// joining is a long message that is being put together, and its place among the texts.
type joining struct {
	parts gsm.Assembly
	at    int
}

// show writes what is there of it.
func (j *joining) show(t *Text) {
	t.Parts, t.Missing = j.parts.Total(), len(j.parts.Missing())
	if j.parts.Encoding() == gsm.Binary {
		t.Binary, t.Text = true, fmt.Sprintf("%x", j.parts.Payload())
		return
	}
	t.Text = j.parts.Text()
}

// single writes a message that is whole.
func (t *Text) single(c content) {
	if c.encoding == gsm.Binary {
		t.Binary, t.Text = true, fmt.Sprintf("%x", c.payload)
	} else {
		t.Text = gsm.DecodeIn(c.encoding, c.shift, c.payload)
	}
	if c.header == nil {
		return
	}
	t.Header = fmt.Sprintf("%x", c.header)
	if h, _, err := gsm.ParseHeader(c.header); err == nil {
		if dst, src, _, ok := h.Ports(); ok {
			t.Ports = fmt.Sprintf("%d from %d", dst, src)
		}
	}
}

// shortMessage gives what all submissions have in common.
func shortMessage(body smpp.Body) *smpp.ShortMessage {
	switch b := body.(type) {
	case *smpp.SubmitSM:
		return &b.ShortMessage
	case *smpp.DataSM:
		return &smpp.ShortMessage{
			ServiceType: b.ServiceType, Source: b.Source, Dest: b.Dest, ESMClass: b.ESMClass,
			RegisteredDelivery: b.RegisteredDelivery, DataCoding: b.DataCoding, TLVs: b.TLVs,
		}
	case *smpp.SubmitMulti:
		return &smpp.ShortMessage{
			ServiceType: b.ServiceType, Source: b.Source, ESMClass: b.ESMClass, ProtocolID: b.ProtocolID, Priority: b.Priority,
			ScheduleTime: b.ScheduleTime, Validity: b.Validity, RegisteredDelivery: b.RegisteredDelivery, DataCoding: b.DataCoding,
			Text: b.Text, TLVs: b.TLVs,
		}
	}
	return &smpp.ShortMessage{}
}

// Stats sums up what has happened and what is under way.
func (s *Simulator) Stats() Stats {
	var st Stats
	s.stats.fill(&st, time.Now())
	for _, d := range s.Sessions() {
		st.Sessions++
		st.Unacked += d.Unacked
	}
	s.eachAccount(func(a *account) {
		a.mu.Lock()
		st.Waiting += a.waiting.records
		st.Receivers += len(a.rx)
		a.mu.Unlock()
	})
	s.wheelMu.Lock()
	st.Delayed = s.wheel.size
	s.wheelMu.Unlock()
	s.phones.mu.Lock()
	st.Stored = len(s.phones.byID)
	s.phones.mu.Unlock()
	return st
}

// References sums up the counted references.
func (s *Simulator) References() ReferenceCounts { return s.seen.counts() }
