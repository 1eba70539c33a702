package smpp

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"time"
	"unicode/utf16"
)

// MessageState is the message_state of query_sm_resp and of receipts (SMPP 3.4 5.2.28).
type MessageState uint8

// The states. Scheduled and Skipped came with SMPP 5.0.
const (
	MessageScheduled     MessageState = 0
	MessageEnroute       MessageState = 1
	MessageDelivered     MessageState = 2
	MessageExpired       MessageState = 3
	MessageDeleted       MessageState = 4
	MessageUndeliverable MessageState = 5
	MessageAccepted      MessageState = 6
	MessageUnknown       MessageState = 7
	MessageRejected      MessageState = 8
	MessageSkipped       MessageState = 9
)

var stateNames = [...]string{
	"SCHEDULED", "ENROUTE", "DELIVERED", "EXPIRED", "DELETED", "UNDELIVERABLE", "ACCEPTED", "UNKNOWN", "REJECTED", "SKIPPED",
}

// stateStats are the words of a receipt's text (SMPP 3.4 appendix B).
var stateStats = [...]string{
	"SCHEDLD", "ENROUTE", "DELIVRD", "EXPIRED", "DELETED", "UNDELIV", "ACCEPTD", "UNKNOWN", "REJECTD", "SKIPPED",
}

// String gives the specification's name, such as "DELIVERED".
func (s MessageState) String() string {
	if int(s) < len(stateNames) {
		return stateNames[s]
	}
	return fmt.Sprintf("message_state %d", uint8(s))
}

// Stat gives the word that a receipt's text has for the state, such as "DELIVRD".
func (s MessageState) Stat() string {
	if int(s) < len(stateStats) {
		return stateStats[s]
	}
	return stateStats[MessageUnknown]
}

// Final reports whether the message will not change its state any more.
func (s MessageState) Final() bool {
	return s != MessageScheduled && s != MessageEnroute && s != MessageAccepted
}

// StateOf gives the state for the word of a receipt, in any case; ok is false for a word never seen, and then the state
// is MessageEnroute: what nobody understands must not end a message.
func StateOf(stat string) (state MessageState, ok bool) {
	if stat == "DELIVRD" { // what nearly all say
		return MessageDelivered, true
	}
	if state, ok = stateOf(stat); ok || len(stat) > len("UNDELIVERABLE") {
		return state, ok
	}
	var capitals [len("UNDELIVERABLE")]byte
	for i := range len(stat) {
		c := stat[i]
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		capitals[i] = c
	}
	return stateOf(string(capitals[:len(stat)])) // no copy: it stays on the stack
}

// stateOf knows the words seen in receipts, in capitals.
func stateOf(stat string) (state MessageState, ok bool) {
	switch stat {
	case "DELIVRD", "DELIVERED", "DELIVERD":
		return MessageDelivered, true
	case "UNDELIV", "UNDELIVERABLE", "UNDELIVERED", "UNDELIVRD", "FAILED":
		return MessageUndeliverable, true
	case "EXPIRED":
		return MessageExpired, true
	case "REJECTD", "REJECTED":
		return MessageRejected, true
	case "ENROUTE", "BUFFRED", "BUFFERED":
		return MessageEnroute, true
	case "ACCEPTD", "ACCEPTED":
		return MessageAccepted, true
	case "DELETED":
		return MessageDeleted, true
	case "UNKNOWN":
		return MessageUnknown, true
	case "SCHEDLD", "SCHEDULED":
		return MessageScheduled, true
	case "SKIPPED":
		return MessageSkipped, true
	}
	return MessageEnroute, false
}

// Receipt is an SMSC delivery receipt (SMPP 3.4 appendix B). Fields that were missing are empty.
type Receipt struct {
	ID         string // message id; 3.3 and many others write it in decimal here and in hexadecimal in submit_sm_resp
	Sub        string // messages submitted, three digits
	Dlvrd      string // messages delivered, three digits
	SubmitDate string // YYMMDDhhmm, sometimes with seconds, in a time zone of the SMSC's own; see ParseReceiptTime
	DoneDate   string // likewise
	Stat       string // the word, such as "DELIVRD"
	Err        string // the network's or the SMSC's code, often three digits, sometimes anything
	Text       string // first 20 characters of the message

	// State is the state: that of message_state if there is one that exists, else that of Stat, MessageEnroute
	// without either.
	State MessageState
	// Network is network_error_code; zero if there is none (SMPP 3.4 5.3.2.31).
	Network NetworkError
}

// NetworkError is a network_error_code. Type 3 is GSM.
type NetworkError struct {
	Type uint8
	Code uint16
}

// ReceiptFrom reads the receipt that a deliver_sm carries in short_message or message_payload, whatever its data
// coding, and in its TLVs. Where both say something the TLVs are right (SMPP 3.4 5.3.2.12, 5.3.2.31,
// 5.3.2.35). ok is false if there is neither an id nor a state; whether esm_class says that it is a receipt is for
// IsReceipt to tell.
func ReceiptFrom(d *DeliverSM) (r Receipt, ok bool) {
	r, known := parseReceipt(receiptWords(d))
	coded := false
	for i := len(d.TLVs) - 1; i >= 0; i-- { // of repeated ones the first stands
		switch t := &d.TLVs[i]; t.Tag {
		case TagReceiptedMessageID:
			if id := untilNUL(t.Value); len(id) > 0 && string(id) != r.ID {
				r.ID = string(id)
			}
		case TagMessageState:
			if len(t.Value) != 1 || MessageState(t.Value[0]) > MessageSkipped {
				continue
			}
			r.State = MessageState(t.Value[0])
			if !known {
				r.Stat = r.State.Stat()
			}
		case TagNetworkErrorCode:
			if len(t.Value) == 3 {
				r.Network, coded = NetworkError{t.Value[0], binary.BigEndian.Uint16(t.Value[1:])}, true
			}
		}
	}
	if coded && r.Err == "" {
		r.Err = fmt.Sprintf("%03d", r.Network.Code)
	}
	return r, r.ID != "" || r.Stat != ""
}

// receiptWords gives a receipt's text, without a header and in octets.
func receiptWords(d *DeliverSM) []byte {
	text := d.Message()
	if d.ESMClass&ESMUDHI != 0 && len(text) > 0 && int(text[0]) < len(text) {
		text = text[1+int(text[0]):]
	}
	switch { // what the text is, for not every SMSC that says UCS-2 writes it
	case len(text) > 1 && text[0] == 0:
		text = narrow(text)
	case len(text) > 1 && text[0] == 0xFE && text[1] == 0xFF:
		text = narrow(text[2:])
	}
	return text
}

// narrow turns UTF-16 into UTF-8.
func narrow(b []byte) []byte {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = binary.BigEndian.Uint16(b[2*i:])
	}
	return []byte(string(utf16.Decode(units)))
}

// Append appends the receipt's text in the form of SMPP 3.4 appendix B. What is empty is filled in: sub and dlvrd by
// the state, stat likewise, err with 000. The text is cut to 20 octets; the dates come from AppendReceiptTime.
func (r *Receipt) Append(dst []byte) []byte {
	or := func(v, otherwise string) string {
		if v == "" {
			return otherwise
		}
		return v
	}
	delivered := "000"
	if r.State == MessageDelivered {
		delivered = "001"
	}
	dst = append(append(dst, "id:"...), r.ID...)
	dst = append(append(dst, " sub:"...), or(r.Sub, "001")...)
	dst = append(append(dst, " dlvrd:"...), or(r.Dlvrd, delivered)...)
	dst = append(append(dst, " submit date:"...), r.SubmitDate...)
	dst = append(append(dst, " done date:"...), r.DoneDate...)
	dst = append(append(dst, " stat:"...), or(r.Stat, r.State.Stat())...)
	dst = append(append(dst, " err:"...), or(r.Err, "000")...)
	dst = append(dst, " text:"...)
	return append(dst, r.Text[:min(len(r.Text), 20)]...)
}

// AppendReceiptTime appends a time as receipts write it: YYMMDDhhmm, in the location of t.
func AppendReceiptTime(dst []byte, t time.Time) []byte { return t.AppendFormat(dst, "0601021504") }

// ParseReceiptTime reads a date of a receipt: YYMMDDhhmm, with seconds or without, or with the century before it. The
// location is the SMSC's.
func ParseReceiptTime(s string, loc *time.Location) (time.Time, error) {
	if t, ok := receiptTime(s, loc); ok {
		return t, nil
	}
	return time.Time{}, fmt.Errorf("date %s of a receipt: not YYMMDDhhmm", strconv.Quote(s))
}

func receiptTime(s string, loc *time.Location) (t time.Time, ok bool) {
	var pairs [7]int
	if len(s) != 10 && len(s) != 12 && len(s) != 14 {
		return t, false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return t, false
		}
		pairs[i/2] = pairs[i/2]*10 + int(s[i]-'0')
	}
	n := pairs[:len(s)/2]
	var year int
	switch {
	case len(n) == 7, len(n) == 6 && n[0] == 20 && (n[1] < 1 || n[1] > 12): // as YYMMDDhhmmss it would have no month
		year, n = n[0]*100+n[1], n[2:]
	case n[0] >= 69:
		year, n = 1900+n[0], n[1:]
	default:
		year, n = 2000+n[0], n[1:]
	}
	second := 0
	if len(n) == 5 {
		second = n[4]
	}
	t = time.Date(year, time.Month(n[0]), n[1], n[2], n[3], second, 0, loc)
	return t, n[2] < 24 && n[3] < 60 && second < 60 && t.Month() == time.Month(n[0]) && t.Day() == n[1]
}
