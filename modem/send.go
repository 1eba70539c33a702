package modem

import (
	"context"
	"fmt"
	"strings"
	"time"

	"kurir/gsm"
)

// Send sends one short message and waits until the network has taken it: within
// Config.SendFor. Several wait for each other. An error is an *[Error] when modem
// or network refuse it, wraps ErrUncertain when it may have been sent, and
// ErrDown, or one of its form, when it was not; once it is being sent, the end of ctx
// does not stop it.
func (m *Modem) Send(ctx context.Context, sms Submit) (Sent, error) {
	centre := sms.Centre
	if centre.IsZero() {
		centre = m.cfg.Centre
	}
	tpdu, err := gsm.AppendTPDU(nil, &sms.Submit)
	if err != nil {
		return Sent{}, err
	}
	pdu, err := gsm.AppendPDU(nil, centre, tpdu)
	if err != nil {
		return Sent{}, err
	}
	var sent Sent
	var failed error
	err = m.ask(ctx, func(run context.Context, s *session) error {
		if ctx.Err() != nil {
			failed = fmt.Errorf("%w: %w", ErrDown, context.Cause(ctx))
			return nil
		}
		var lost error
		sent, failed, lost = s.send(run, len(tpdu), fmt.Sprintf("%X", pdu), sms.Private)
		return lost
	})
	if err == nil {
		err = failed
	}
	return sent, err
}

// send has one PDU sent. lost is what ends the dialogue. 3GPP TS 27.005 4.3.
func (s *session) send(ctx context.Context, octets int, pdu string, private bool) (sent Sent, failed, lost error) {
	err := s.d.prompt(ctx, command{text: fmt.Sprintf("AT+CMGS=%d", octets), within: s.m.cfg.Answer})
	if err != nil {
		s.d.dropPending()
		if refused(err) {
			return Sent{}, err, nil
		}
		return Sent{}, fmt.Errorf("%w: %w", ErrDown, err), err
	}
	if err = s.d.write(pdu+"\x1A", private); err != nil {
		return Sent{}, fmt.Errorf("%w: %w", ErrUncertain, err), err
	}
	list, err := s.d.answer(ctx, command{text: pdu, prefix: "+CMGS:", within: s.m.cfg.SendFor})
	switch {
	case refused(err):
		if isCode(err, FamilyCMS, 208, 322) { // with a full storage some cannot send either
			return Sent{}, err, s.collect(ctx)
		}
		return Sent{}, err, nil
	case err != nil:
		return Sent{}, fmt.Errorf("%w: %w", ErrUncertain, err), err
	case len(list) == 0:
		return Sent{}, fmt.Errorf("%w: it gave no reference", ErrUncertain), nil
	}
	p := params(list[0].text)
	reference, ok := number(param(p, 0))
	if !ok || reference > 255 {
		return Sent{}, fmt.Errorf("%w: its reference is %.20q", ErrUncertain, param(p, 0)), nil
	}
	s.m.change(func(st *Status) { st.Sent++ })
	return Sent{Reference: uint8(reference), Time: centreTime(param(p, 1))}, nil, nil
}

// centreTime reads when the service centre took a message, which some modems
// give as a SUBMIT-REPORT behind the reference, others as text.
func centreTime(s string) time.Time {
	if t, err := time.Parse("06/01/02,15:04:05", strings.TrimSpace(s)); err == nil {
		return t
	}
	if !isHex(s) {
		return time.Time{}
	}
	p, err := gsm.DecodeToPhone(unhex(s))
	if report, ok := p.(*gsm.SubmitReport); ok && err == nil {
		return report.Time
	}
	return time.Time{}
}
