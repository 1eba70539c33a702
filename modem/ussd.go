package modem

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"kurir/gsm"
)

// USSD is the network's answer to a USSD request.
type USSD struct {
	Text string
	// More says that the network waits for a reply, which is the next request.
	More bool
}

// ErrUSSDBusy says that another request waits for its answer.
var ErrUSSDBusy = errors.New("another USSD request waits for its answer")

// ussdDialogue is a request that waits for its answer.
type ussdDialogue struct {
	answer chan ussdResult
}

type ussdResult struct {
	ussd USSD
	err  error
}

// USSD sends a request such as *100#, or the reply that the last answer asked
// for, and waits for the answer of the network until ctx ends, which also ends
// the dialogue with the network. 3GPP TS 27.007 7.15.
func (m *Modem) USSD(ctx context.Context, code string) (USSD, error) {
	septets, ok := gsm.AppendGSM7(nil, code)
	if !ok || code == "" || len(septets) > 182 {
		return USSD{}, errors.New("a USSD request has 1 to 182 characters of the GSM alphabet, such as *100#")
	}
	if m.cfg.PackedUSSD {
		if len(septets)%8 == 7 {
			septets = append(septets, '\r') // or it would end in an @: 3GPP TS 23.038 6.1.2.3.1
		}
		code = fmt.Sprintf("%X", gsm.Pack(nil, septets, 0))
	}
	talk := &ussdDialogue{answer: make(chan ussdResult, 1)}
	m.mu.Lock()
	busy := m.talk != nil
	if !busy {
		m.talk = talk
	}
	m.mu.Unlock()
	if busy {
		return USSD{}, ErrUSSDBusy
	}
	var failed error
	err := m.ask(ctx, func(run context.Context, s *session) error {
		_, failed = s.exec(run, "AT+CUSD=1,"+quote(code)+",15", "")
		if failed != nil && !refused(failed) {
			return failed
		}
		return nil
	})
	if err = errors.Join(err, failed); err != nil {
		m.hangUp(talk)
		return USSD{}, err
	}
	select {
	case r := <-talk.answer:
		return r.ussd, r.err
	case <-ctx.Done():
		m.hangUp(talk)
		return USSD{}, errors.Join(fmt.Errorf("no answer of the network: %w", context.Cause(ctx)), m.cancelUSSD(ctx))
	}
}

// hangUp lets a request no longer wait.
func (m *Modem) hangUp(talk *ussdDialogue) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.talk == talk {
		m.talk = nil
	}
}

// cancelUSSD ends the dialogue with the network.
func (m *Modem) cancelUSSD(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return m.ask(bounded, func(run context.Context, s *session) error {
		_, err := s.try(run, "AT+CUSD=2", "")
		return err
	})
}

// ussd takes what the network says.
func (s *session) ussd(p []string) {
	s.m.mu.Lock()
	talk := s.m.talk
	s.m.talk = nil
	s.m.mu.Unlock()
	if talk == nil {
		return
	}
	state, _ := number(param(p, 0))
	coding, known := number(param(p, 2))
	if !known {
		coding = 15
	}
	r := ussdResult{ussd: USSD{Text: ussdText(param(p, 1), uint8(coding), s.m.cfg.PackedUSSD), More: state == 1}}
	switch state {
	case 3:
		r.err = errors.New("another program on the modem has answered")
	case 4:
		r.err = errors.New("the network does not know the request")
	case 5:
		r.err = errors.New("the network did not answer in time")
	}
	talk.answer <- r
}

// ussdText reads the text of an answer. In UCS-2 it is in hexadecimal, in the
// GSM alphabet as it is, or packed in hexadecimal. 3GPP TS 23.038 5.
func ussdText(s string, coding uint8, packed bool) string {
	if !isHex(s) {
		return s
	}
	general := coding&0xC0 == 0x40 || coding&0xF0 == 0x90
	switch b := unhex(s); {
	case coding == 0x11: // two septets of a language in front, packed: 3 octets with fill
		return gsm.DecodeUCS2(b[min(2, len(b)):])
	case general && coding&0x0C == 0x08:
		return gsm.DecodeUCS2(b)
	case general && coding&0x0C == 0x04:
		return s
	case packed:
		return strings.TrimRight(gsm.DecodeGSM7(gsm.UnpackAll(b, 0)), "\r")
	}
	return s
}
