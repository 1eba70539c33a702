package simulator

import (
	"bytes"
	"strconv"
	"time"

	"kurir/gsm"
)

// message does what needs the SIM.
func (l *modemLine) message(name string, read bool, args string) int {
	list := arguments(args)
	switch name {
	case "+CIMI":
		return l.imsi()
	case "+CNUM":
		return l.ownNumber()
	case "+CSCA":
		return l.centreAddress(read, list)
	case "+CNMI":
		return l.notify(read, args)
	case "+CUSD":
		return l.ussd(list)
	case "+CMGS":
		return l.submitLength(list)
	case "+CNMA":
		return l.acknowledged()
	case "+CPMS":
		return l.choose(read, list)
	case "+CMGL":
		return l.list(list)
	case "+CMGR":
		return l.show(list)
	case "+CMGD":
		return l.delete(list)
	}
	return resultError
}

// cnmaTime is how long the network waits for the acknowledgement of what was given to the program directly.
const cnmaTime = 15 * time.Second

// awaitCNMA waits for AT+CNMA; in phase 2+ nothing more comes directly if it is not given in time. m.mu is held.
// 3GPP TS 27.005 3.4.4.
func (l *modemLine) awaitCNMA() {
	l.came++
	l.asked = l.came
	if l.phase == 0 {
		return
	}
	which := l.came
	time.AfterFunc(cnmaTime, func() {
		l.m.mu.Lock()
		defer l.m.mu.Unlock()
		if l.asked == which {
			l.asked, l.cnmi[1], l.cnmi[3] = 0, 0, 0
		}
	})
}

// choose is AT+CPMS. 3GPP TS 27.005 3.2.2.
func (l *modemLine) choose(read bool, args []string) int {
	m := l.m
	if m.opt.NoChoice {
		return resultError
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !read {
		chosen := []*string{&l.reading, &l.writing, &l.receiving}
		for i, a := range args {
			if m.memories[a] == nil || i > 2 || a == "SR" && (i > 0 || m.opt.NoReports) {
				return 302
			}
			*chosen[i] = a
		}
	}
	defer m.admit()
	used := func(name string) int { return len(m.memories[name]) }
	total := m.opt.Slots
	if read {
		l.say(`+CPMS: "%s",%d,%d,"%s",%d,%d,"%s",%d,%d`, l.reading, used(l.reading), total, l.writing, used(l.writing), total, l.receiving, used(l.receiving), total)
	} else {
		l.say("+CPMS: %d,%d,%d,%d,%d,%d", used(l.reading), total, used(l.writing), total, used(l.receiving), total)
	}
	return resultOK
}

// places are the indices of a storage.
func (m *Modem) places() (first, end int) { return m.opt.Base, m.opt.Base + m.opt.Slots }

// list is AT+CMGL. What it lists counts as read.
func (l *modemLine) list(args []string) int {
	if l.m.opt.NoList {
		return 303
	}
	want, err := strconv.Atoi(args[0])
	if args[0] != "" && err != nil || want > 4 {
		return 302
	}
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	for i, end := l.m.places(); i < end; i++ {
		s := l.m.memories[l.reading][i]
		if s == nil || want != 4 && want != s.status {
			continue
		}
		l.say("+CMGL: %d,%d,,%d", i, s.status, tpduLength(s.pdu))
		l.pduLine(s.pdu)
		if s.status == 0 {
			s.status = 1
		}
	}
	return resultOK
}

// pduLine writes a PDU behind its header; in a chatty modem something may stand between the two.
func (l *modemLine) pduLine(pdu []byte) {
	if l.m.opt.Chatty {
		l.out.write([]byte("\r\nRING\r\n"))
	}
	l.out.write(append(appendHex(nil, pdu), "\r\n"...))
}

func appendHex(dst, b []byte) []byte {
	for _, o := range b {
		dst = append(dst, "0123456789ABCDEF"[o>>4], "0123456789ABCDEF"[o&15])
	}
	return dst
}

// tpduLength is the length of a PDU without the service centre's address.
func tpduLength(pdu []byte) int {
	_, tpdu, _ := gsm.CutPDU(pdu)
	return len(tpdu)
}

// place finds what AT+CMGR and AT+CMGD name. mu is held.
func (l *modemLine) place(args []string) (index, result int) {
	index, err := strconv.Atoi(args[0])
	if first, end := l.m.places(); err != nil || index < first || index >= end {
		return 0, 321
	}
	return index, resultOK
}

// show is AT+CMGR.
func (l *modemLine) show(args []string) int {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	index, result := l.place(args)
	if result != resultOK {
		return result
	}
	s := l.m.memories[l.reading][index]
	if s == nil {
		return 321
	}
	l.say("+CMGR: %d,,%d", s.status, tpduLength(s.pdu))
	l.pduLine(s.pdu)
	if s.status == 0 {
		s.status = 1
	}
	return resultOK
}

// delete is AT+CMGD. 3GPP TS 27.005 3.5.4.
func (l *modemLine) delete(args []string) int {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	memory := l.m.memories[l.reading]
	if len(args) > 1 && args[1] != "0" {
		flag, err := strconv.Atoi(args[1])
		if err != nil || flag > 4 {
			return 302
		}
		of := [...][]int{1: {1}, 2: {1, 3}, 3: {1, 2, 3}, 4: {0, 1, 2, 3}}[flag]
		for i, s := range memory {
			for _, status := range of {
				if s.status == status {
					delete(memory, i)
					l.m.deleted++
				}
			}
		}
	} else {
		index, result := l.place(args)
		if result != resultOK {
			return result
		}
		if memory[index] != nil {
			l.m.deleted++
		}
		delete(memory, index)
	}
	l.m.admit()
	return resultOK
}

// acknowledged is AT+CNMA. 3GPP TS 27.005 3.4.4.
func (l *modemLine) acknowledged() int {
	l.m.mu.Lock()
	defer l.m.mu.Unlock()
	if l.phase == 0 || l.asked == 0 {
		return 340
	}
	l.asked = 0
	return resultOK
}

// admit lets in what waits at the network, as far as there is room. mu is held.
func (m *Modem) admit() {
	if m.network != 1 && m.network < 5 {
		return
	}
	for len(m.held) > 0 && m.take(m.held[0]) {
		m.held = m.held[1:]
	}
}

// take lets one message in, as AT+CNMI says; false when there is no room. mu is held.
func (m *Modem) take(h heldMessage) bool {
	l := m.line
	var cnmi [5]int
	memory := "SM"
	if l != nil {
		cnmi, memory = l.cnmi, l.receiving
	}
	direct, name := cnmi[1] == 2, "+CMT: ,"
	if h.report {
		memory, direct, name = "SR", cnmi[3] == 1, "+CDS: "
		if cnmi[3] == 0 && !m.storing {
			return true // nobody wants it
		}
	}
	if direct && !m.hung {
		m.unsolicited("%s%d\r\n%s", name, tpduLength(h.pdu), appendHex(nil, h.pdu))
		l.awaitCNMA()
		return true
	}
	store := m.memories[memory]
	if len(store) >= m.opt.Slots {
		m.unsolicited(`^SMMEMFULL: "%s"`, memory)
		return false
	}
	index, _ := m.places()
	for store[index] != nil {
		index++
	}
	store[index] = &storedMessage{pdu: bytes.Clone(h.pdu)}
	switch {
	case h.report && cnmi[3] == 0: // the program that comes back finds it
	case h.report:
		m.unsolicited(`+CDSI: "%s",%d`, memory, index)
	case cnmi[1] == 1:
		m.unsolicited(`+CMTI: "%s",%d`, memory, index)
	}
	return true
}

// maxHeld is how many messages may wait at the network for one modem.
const maxHeld = 100_000

// arrive has the network deliver a TPDU; it waits there while there is no coverage or no room.
func (m *Modem) arrive(p gsm.TPDU) error {
	tpdu, err := gsm.AppendTPDU(nil, p)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	centre, _ := gsm.ParseAddress(m.opt.Centre)
	pdu, err := gsm.AppendPDU(nil, centre, tpdu)
	if err != nil {
		return err
	}
	_, report := p.(*gsm.StatusReport)
	if len(m.held) < maxHeld {
		m.held = append(m.held, heldMessage{pdu, report})
	}
	m.admit()
	return nil
}

// Receive has the network deliver a short message.
func (m *Modem) Receive(p *gsm.Deliver) error { return m.arrive(p) }

// Report has the network deliver a status report.
func (m *Modem) Report(p *gsm.StatusReport) { _ = m.arrive(p) } // one that we make can be written

// ReceiveText has the network deliver a text, long ones in parts.
func (m *Modem) ReceiveText(from, text string, o gsm.SplitOptions) error {
	segments, err := gsm.AppendSegments(nil, text, o)
	if err != nil {
		return err
	}
	address, err := gsm.ParseAddress(from)
	if err != nil {
		address = gsm.Address{TON: gsm.TONAlphanumeric, Number: from}
	}
	for _, s := range segments {
		err := m.Receive(&gsm.Deliver{From: address, Time: time.Now(), UserData: gsm.UserData{
			Coding: gsm.Coding(s.Encoding, gsm.NoClass).Octet(), Header: s.Header, Payload: s.Payload,
		}})
		if err != nil {
			return err
		}
	}
	return nil
}
