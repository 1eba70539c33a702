package api

import (
	"kurir/gateway"
	"kurir/message"
	"kurir/smpp"
)

// Alert implements gateway.Alerter, by SMPP, the one protocol that knows it.
func (s *Sessions) Alert(account string, a *message.Alert, sender message.Address) bool {
	for _, server := range s.each() {
		if to, ok := server.(*SMPPServer); ok {
			return to.Alert(account, a, sender)
		}
	}
	return false
}

// Alert sends alert_notification on one of the account's sessions that receive, in
// turn (SMPP 3.4 4.12). Version 3.3 does not know it. It takes no place in a window,
// but when the window is full the customer is behind, and is spared.
func (s *SMPPServer) Alert(account string, a *message.Alert, sender message.Address) bool {
	body := &smpp.AlertNotification{Source: smppShown(a.Phone), ESME: smppShown(sender)}
	if a.Stated {
		body.TLVs.SetU8(smpp.TagMSAvailabilityStatus, a.Status)
	}
	for _, p := range s.receivers(account) {
		if !p.tlvs {
			continue
		}
		if taken, _ := p.sess.Send([]smpp.Request{{Body: body}}); taken == 1 { // an error means that the session is over
			return true
		}
	}
	return false
}

var _ gateway.Alerter = (*Sessions)(nil)
