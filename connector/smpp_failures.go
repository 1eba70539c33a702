package connector

import (
	"fmt"
	"strconv"
	"strings"

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
	m := &smppMeanings{map[smpp.Status]message.FailureKind{}, map[uint32]message.FailureKind{}}
	for text, word := range c.Failures {
		field := "failures." + text
		status, err := smpp.ParseStatus(text)
		switch kind, ok := meaning(field, word, report); {
		case err != nil:
			report(field, err.Error())
		case status == smpp.ESME_ROK:
			report(field, "ESME_ROK is no failure")
		case ok:
			m.answers[status] = kind
		}
	}
	for text, word := range c.ReceiptFailures {
		field := "receipt_failures." + text
		code, err := receiptCode(text)
		switch kind, ok := meaning(field, word, report); {
		case err != nil || code == 0:
			report(field, fmt.Sprintf("%q is no code of a receipt; write its number, such as 027 or 0x1b", text))
		case ok:
			m.receipts[code] = kind
		}
	}
	return m
}

// receiptCode reads a number: hexadecimal with 0x, else decimal, also with
// leading zeros.
func receiptCode(text string) (uint32, error) {
	digits, hexadecimal := strings.CutPrefix(text, "0x")
	base := 10
	if hexadecimal {
		base = 16
	}
	code, err := strconv.ParseUint(digits, base, 32)
	return uint32(code), err
}

func meaning(field, word string, report func(field, problem string)) (message.FailureKind, bool) {
	kinds := message.OperatorFailures()
	kind, ok := message.ParseFailure(word, kinds)
	if !ok {
		names := make([]string, len(kinds))
		for i, k := range kinds {
			names[i] = k.Code()
		}
		report(field, fmt.Sprintf("%q is no kind of failure; there are %s", word, strings.Join(names, ", ")))
	}
	return kind, ok
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
