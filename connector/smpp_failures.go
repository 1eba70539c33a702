package connector

import (
	"errors"

	"kurir/message"
	"kurir/smpp"
)

// networkGSM is the type of a network_error_code that is GSM's
// (SMPP 3.4 5.3.2.31).
const networkGSM = 3

// gsmFailures says what errors of the mobile application part mean that a
// network gives with a message (3GPP TS 29.002 17.6.6). Others are for good, and
// say no more than that.
var gsmFailures = map[uint32]message.FailureKind{
	1:  message.BadRecipient, // unknown subscriber
	5:  message.BadRecipient, // unidentified subscriber
	6:  message.Absent,       // absent subscriber, of a short message
	9:  message.Refused,      // illegal subscriber
	11: message.Refused,      // teleservice not provisioned
	12: message.Refused,      // illegal equipment
	13: message.Refused,      // call barred
	21: message.Refused,      // facility not supported
	27: message.Absent,       // absent subscriber
	31: message.Busy,         // subscriber busy for a short message
	32: message.MemoryFull,   // delivery failure: of its causes, full memory is the usual one
	33: message.Busy,         // message waiting list full
	34: message.Busy,         // system failure
}

// smppMeanings is what an operator's codes mean where the configuration says so.
// nil is what the specifications say.
type smppMeanings struct {
	answers  map[smpp.Status]message.FailureKind
	receipts map[uint32]message.FailureKind
}

// meanings reads failures and receipt_failures.
func (c *SMPPConfig) meanings(report func(field, problem string)) *smppMeanings {
	if len(c.Failures) == 0 && len(c.ReceiptFailures) == 0 {
		return nil
	}
	m := &smppMeanings{map[smpp.Status]message.FailureKind{}, readMeanings("receipt_failures", c.ReceiptFailures, receiptCode, report)}
	for code, kind := range readMeanings("failures", c.Failures, smppStatusCode, report) {
		m.answers[smpp.Status(code)] = kind
	}
	return m
}

// smppStatusCode reads a command_status of a failure.
func smppStatusCode(text string) (uint32, error) {
	status, err := smpp.ParseStatus(text)
	if err == nil && status == smpp.ESME_ROK {
		err = errors.New("ESME_ROK is no failure")
	}
	return uint32(status), err
}

// failure returns the failure that a command_status means on this link, nil for
// ESME_ROK.
func (l *SMPP) failure(s smpp.Status) *message.Failure {
	f := smppFailure(s)
	if m := l.meanings; m != nil && f != nil {
		if kind, ok := m.answers[s]; ok {
			f.Kind = kind
		}
	}
	return f
}

// receiptFailure says what the error code of a receipt means, if that is known.
func (l *SMPP) receiptFailure(n smpp.NetworkError, code uint32) message.FailureKind {
	if m := l.meanings; m != nil {
		if kind, ok := m.receipts[code]; ok {
			return kind
		}
	}
	if n.Type == networkGSM && uint32(n.Code) == code {
		return gsmFailures[code]
	}
	return message.NoFailure
}
