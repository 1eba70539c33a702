package smpp

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
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

// statWords lists the words seen in receipts, in capitals.
var statWords = map[string]MessageState{
	"SCHEDLD": MessageScheduled, "SCHEDULED": MessageScheduled,
	"ENROUTE": MessageEnroute, "BUFFRED": MessageEnroute, "BUFFERED": MessageEnroute,
	"DELIVRD": MessageDelivered, "DELIVERED": MessageDelivered, "DELIVERD": MessageDelivered,
	"EXPIRED": MessageExpired,
	"DELETED": MessageDeleted,
	"UNDELIV": MessageUndeliverable, "UNDELIVERABLE": MessageUndeliverable, "UNDELIVERED": MessageUndeliverable,
	"UNDELIVRD": MessageUndeliverable, "FAILED": MessageUndeliverable,
	"ACCEPTD": MessageAccepted, "ACCEPTED": MessageAccepted,
	"UNKNOWN": MessageUnknown,
	"REJECTD": MessageRejected, "REJECTED": MessageRejected,
	"SKIPPED": MessageSkipped,
}

// StateOf gives the state for the word of a receipt; ok is false for a word never seen, and then the state is
// MessageEnroute: what nobody understands must not end a message.
func StateOf(stat string) (state MessageState, ok bool) {
	if state, ok = statWords[stat]; ok {
		return state, true
	}
	if state, ok = statWords[strings.ToUpper(stat)]; ok {
		return state, true
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

// receiptKeys are the keys of a receipt's text as they are seen, in the order of the fields of Receipt.
var receiptKeys = [...]struct {
	key   string
	field int
}{
	{"id:", 0},
	{"sub:", 1},
	{"dlvrd:", 2},
	{"submit date:", 3},
	{"submit_date:", 3},
	{"submitdate:", 3},
	{"done date:", 4},
	{"done_date:", 4},
	{"donedate:", 4},
	{"stat:", 5},
	{"err:", 6},
	{"error:", 6},
	{"text:", 7},
}

const receiptText = 7 // the field of the text

// receiptKey finds out which key starts at s, and gives its field and length; -1 if none does.
func receiptKey(s string) (field, length int) {
	if s == "" {
		return -1, 0
	}
	first := s[0] | 0x20
	for i := range receiptKeys {
		k := receiptKeys[i].key
		if k[0] == first && len(s) >= len(k) && strings.EqualFold(s[:len(k)], k) {
			return receiptKeys[i].field, len(k)
		}
	}
	return -1, 0
}

// ParseReceipt reads a receipt's text as SMSCs really write it: keys in any case and order, any of them missing, empty
// or repeated (the first counts), longer dates, codes and ids, NULs at the end. ok is false if there is neither an id
// nor a state.
func ParseReceipt(text []byte) (r Receipt, ok bool) {
	var values [8]string
	var seen [8]bool
	s := strings.TrimRight(string(text), "\x00 \r\n")
	for i := 0; i < len(s); {
		field, n := -1, 0
		if i == 0 || separates(s[i-1]) {
			field, n = receiptKey(s[i:])
		}
		if field < 0 {
			i++
			continue
		}
		i += n
		if field == receiptText && seen[0] && seen[5] {
			values[field] = s[i:]
			break
		}
		end := valueEnd(s, i, field == receiptText)
		if !seen[field] {
			seen[field] = true
			values[field] = strings.Trim(s[i:end], " ,;\r\n\t\x00")
		}
		i = end
	}
	r = Receipt{
		ID: values[0], Sub: values[1], Dlvrd: values[2], SubmitDate: values[3], DoneDate: values[4],
		Stat: values[5], Err: values[6], Text: values[7],
	}
	r.State, _ = StateOf(r.Stat)
	return r, r.ID != "" || r.Stat != ""
}

// separates reports whether a key may follow the character.
func separates(c byte) bool {
	switch c {
	case ' ', '\t', '\r', '\n', ',', ';', 0:
		return true
	}
	return false
}

// valueEnd finds the end of the value that starts at i: behind one word, or before the next key if words are many.
func valueEnd(s string, i int, words bool) int {
	for i < len(s) && s[i] == ' ' {
		i++
	}
	for ; i < len(s); i++ {
		if field, _ := receiptKey(s[i:]); field >= 0 && separates(s[i-1]) {
			return i
		}
		if separates(s[i]) && !words {
			return i
		}
	}
	return i
}

// ReceiptFrom reads the receipt that a deliver_sm carries in short_message or message_payload, whatever its data
// coding, and in its TLVs. Where both say something the TLVs are right (SMPP 3.4 5.3.2.12, 5.3.2.31,
// 5.3.2.35). ok is false if there is neither an id nor a state; whether esm_class says that it is a receipt is for
// IsReceipt to tell.
func ReceiptFrom(d *DeliverSM) (r Receipt, ok bool) {
	r, ok = ParseReceipt(receiptWords(d))
	if id, _ := d.TLVs.CString(TagReceiptedMessageID); id != "" {
		r.ID, ok = id, true
	}
	if state, given := d.TLVs.U8(TagMessageState); given && MessageState(state) <= MessageSkipped {
		r.State, ok = MessageState(state), true
		if _, known := StateOf(r.Stat); !known {
			r.Stat = r.State.Stat()
		}
	}
	if code, _ := d.TLVs.Get(TagNetworkErrorCode); len(code) == 3 {
		r.Network = NetworkError{code[0], binary.BigEndian.Uint16(code[1:])}
		if r.Err == "" {
			r.Err = fmt.Sprintf("%03d", r.Network.Code)
		}
	}
	return r, ok
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
	layout := "0601021504"
	switch {
	case len(s) == 14:
		layout = "20060102150405"
	case len(s) == 12 && strings.HasPrefix(s, "20") && !validMonth(s[2:4]):
		layout = "200601021504" // read as YYMMDDhhmmss it would have no month
	case len(s) == 12:
		layout = "060102150405"
	}
	t, err := time.ParseInLocation(layout, s, loc)
	if err != nil {
		return time.Time{}, fmt.Errorf("date %s of a receipt: not YYMMDDhhmm", strconv.Quote(s))
	}
	return t, nil
}

func validMonth(s string) bool { return s >= "01" && s <= "12" }
