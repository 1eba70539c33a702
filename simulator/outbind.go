package simulator

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"kurir/smpp"
)

// Outbind says to which ESME the SMSC connects, to ask it to bind (SMPP 3.4 2.2.1).
type Outbind struct {
	Address  string `json:"address"`   // host:port on which the ESME listens
	SystemID string `json:"system_id"` // of the SMSC; empty: kurir-simulator, cut to 15 characters
	Password string `json:"password"`
}

// Outbind connects to an ESME and sends outbind. What the ESME binds is a session like any other.
func (s *Simulator) Outbind(ctx context.Context, o Outbind) error {
	if s.running == nil {
		return errors.New("the simulator does not run")
	}
	if o.SystemID == "" {
		o.SystemID = systemID
	}
	first, err := smpp.Append(nil, &smpp.PDU{Sequence: 1, Body: &smpp.Outbind{SystemID: o.SystemID, Password: o.Password}})
	if err != nil {
		return fmt.Errorf("write outbind: %w", err)
	}
	d := net.Dialer{Timeout: 10 * time.Second}
	conn, err := d.DialContext(ctx, "tcp", o.Address)
	if err != nil {
		return fmt.Errorf("connect to the ESME: %w", err)
	}
	s.wg.Go(func() { s.serve(conn, s.hosts[0], first) })
	return nil
}

// Alert sends alert_notification for a phone: that it can be reached again (SMPP 3.4 4.12). It goes to the account that
// last wrote to the phone, or to the one of systemID. There is no answer to it, and it does not wait for anybody to bind.
func (s *Simulator) Alert(number, systemID string) error {
	in := Inbound{From: phoneNumber(number), To: alertESME, SystemID: systemID}
	a, err := s.resolve(&in)
	if err != nil {
		return err
	}
	if !a.alert(phoneAddress(number), smpp.Address{}) {
		return fmt.Errorf("nobody of version 3.4 or later is bound to receive for %q", a.name)
	}
	return nil
}

// alertESME stands in for a number written to, which an alert does not need.
const alertESME = "0"

// alert sends alert_notification on the first session that can take it.
func (a *account) alert(phone, esme smpp.Address) bool {
	body := &smpp.AlertNotification{Source: phone, ESME: esme}
	body.TLVs.SetU8(smpp.TagMSAvailabilityStatus, 0) // available (SMPP 3.4 5.3.2.30)
	a.mu.Lock()
	defer a.mu.Unlock()
	for range a.rx {
		s := a.pick()
		if s == nil {
			return false
		}
		if !s.version.TLVs() {
			continue
		}
		pdu, err := smpp.Append(nil, &smpp.PDU{Sequence: s.window.take(), Body: body})
		if err != nil {
			a.sim.log.Warn("alert_notification cannot be written", "error", err)
			return false
		}
		s.out.write(pdu)
		s.counts.Alerts++
		a.sim.stats.add(time.Now(), &Counts{Alerts: 1}, nil)
		return true
	}
	return false
}

// take uses up a sequence number for a request without an answer.
func (w *window) take() uint32 {
	seq := w.seq
	w.advance()
	return seq
}

// advance goes on to the next sequence number.
func (w *window) advance() {
	if w.seq++; w.seq > w.last {
		w.seq = 1
	}
}
