package connector

import (
	"context"
	"errors"
	"fmt"
	"time"

	"kurir/gsm"
	"kurir/message"
	"kurir/modem"
)

// send sends one message, all its parts, and answers it. An error ends the
// session: with it the message is uncertain, or, if nothing of it was written,
// still in the queue.
func (s *modemSlot) send(ctx context.Context, number uint32, out *Outgoing) error {
	parts, failure := s.pool.cut.parts(out)
	answer := Answer{Out: out, Failure: failure}
	shown, _ := s.pool.cfg.rewriting.recipient(out.To)
	to, err := modemAddress(shown)
	if err != nil && failure == nil {
		answer.Failure = message.Fail(message.BadRecipient, "to", "%v", err)
	}
	for i := 0; i < len(parts) && answer.Failure == nil; i++ {
		if !s.wait(ctx) && i == 0 {
			return nil // it goes back with the end of the session
		}
		if i == 0 && s.spent(time.Now()) {
			return nil
		}
		sent, err := s.part(ctx, out, &parts[i], to)
		for try := 1; i > 0 && refusedForNow(err) && try <= partTries; try++ { // the phone has the parts before it
			s.core.Throttled(number)
			if !s.rest(ctx, time.Duration(try)*partRest) {
				break
			}
			sent, err = s.part(ctx, out, &parts[i], to)
		}
		switch {
		case errors.Is(err, modem.ErrDown) && i == 0:
			return err
		case errors.Is(err, modem.ErrNoAnswer):
			answer.Failure = &message.Failure{Kind: message.NoAnswer}
		case errors.Is(err, modem.ErrUncertain), errors.Is(err, modem.ErrDown):
			s.pop()
			return err
		case err != nil:
			answer.Failure = modemFailure(err)
		default:
			id := modemID(s.sim(), sent.Reference, to.Number)
			if i == 0 {
				answer.ID = id
			} else {
				answer.More = append(answer.More, id)
			}
		}
	}
	s.pop()
	s.core.Answered(number, []Answer{answer})
	return nil
}

// How often a part, of a long message whose other parts were taken, is tried again when it is refused for now, and how much
// longer the pause before it becomes each time.
const (
	partTries = 5
	partRest  = 5 * time.Second
)

// refusedForNow says that the network, or the modem, refused a part that it may take later.
func refusedForNow(err error) bool {
	var e *modem.Error
	return errors.As(err, &e) && e.Kind().Temporary()
}

// wait waits until the modem may send the next part; false when ctx ended first.
// Parts of a message that has been begun go on then.
func (s *modemSlot) wait(ctx context.Context) bool {
	if !s.rest(ctx, time.Until(s.next)) {
		return false
	}
	s.next = time.Now().Add(s.every)
	return true
}

// rest waits for a time; false when ctx ended first.
func (s *modemSlot) rest(ctx context.Context, d time.Duration) bool {
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
	}
	return ctx.Err() == nil
}

// part sends one part and counts it.
func (s *modemSlot) part(ctx context.Context, out *Outgoing, p *airPart, to gsm.Address) (modem.Sent, error) {
	m, now := out.Message, time.Now()
	sms := modem.Submit{Private: m.Secret(), Submit: gsm.Submit{
		To: to, StatusReport: out.Receipt,
		UserData: gsm.UserData{Coding: p.coding, Header: p.Header, Payload: p.Payload},
	}}
	if left := time.UnixMilli(m.Expires).Sub(now); m.Expires > 0 {
		sms.Validity = gsm.ValidFor(left)
	}
	s.mu.Lock()
	s.flight = 1
	s.mu.Unlock()
	sent, err := s.modem.Send(context.WithoutCancel(ctx), sms)
	s.mu.Lock()
	s.flight = 0
	if err == nil || errors.Is(err, modem.ErrUncertain) {
		s.used.add(now)
	}
	s.mu.Unlock()
	return sent, err
}

// modemAddress is a recipient as a TPDU has it.
func modemAddress(a message.Address) (gsm.Address, error) {
	to, err := gsm.ParseAddress(a.Number)
	if err != nil {
		return gsm.Address{}, err
	}
	to.TON, to.NPI = uint8(a.TON), uint8(a.NPI)
	if a.TON == message.TONInternational {
		to.NPI = gsm.NPIISDN
	}
	return to, nil
}

// modemID is the id of a part: the SIM, the modem's reference, and the last eight
// digits of the recipient, which are the same in national numbers.
func modemID(sim string, reference uint8, to string) string {
	return fmt.Sprintf("%s-%d-%s", sim, reference, to[max(0, len(to)-8):])
}

// sim is what the SIM is known by.
func (s *modemSlot) sim() string {
	switch st := s.modem.Status(); {
	case st.IMSI != "":
		return st.IMSI
	case st.SIM != "":
		return st.SIM
	default:
		return st.IMEI
	}
}

// modemFailures says what the kinds of errors are to the gateway.
var modemFailures = map[modem.ErrorKind]message.FailureKind{
	modem.KindOther: message.Busy, modem.KindTemporary: message.Busy, modem.KindBusy: message.Throttled, modem.KindRefused: message.Refused,
	modem.KindRecipient: message.BadRecipient, modem.KindContent: message.BadContent, modem.KindModem: message.Busy,
	modem.KindStorage: message.Busy, modem.KindCommand: message.Busy,
}

// modemFailure is what an error of the modem is to the gateway.
func modemFailure(err error) *message.Failure {
	var e *modem.Error
	if !errors.As(err, &e) {
		return message.Fail(message.BadContent, "", "%v", err) // it could not be written
	}
	return &message.Failure{Kind: modemFailures[e.Kind()], Code: uint32(e.Code), Text: e.Error()}
}
