package simulator

import (
	"fmt"
	"io"
	"strings"
	"time"

	"kurir/smpp"
)

// plan is what will happen to one message: the behaviour in force, changed by the fate of its recipient.
type plan struct {
	status  smpp.Status   // of the answer
	coded   bool          // that is the number of a code, in the language of the session
	lost    bool          // not taken although nothing says so
	answers int           // how often it is answered: 0, 1, 2
	after   time.Duration // until the answer
	nack    bool          // answered by generic_nack
	noID    bool          // answered with an empty message id
	link    linkFate

	receipts  ReceiptTime
	form      ReceiptForm
	ids       IDForm
	copies    int               // receipts: 0, 1, 2
	state     smpp.MessageState // that the receipt reports
	then      smpp.MessageState // a second receipt with this state, 0 for none
	dpf       bool              // who submitted wants to be told when the phone is back
	throttled bool              // above the rate
	unknown   bool              // the receipt has an id that was never given out
	refusals  int               // that many of the next attempts are refused with status, see attempts

	phone   PhoneState    // of a phone whose state nobody has set
	awayFor time.Duration // after which the phone takes the message; 0: when it is switched on
}

// linkFate is what happens to the connection.
type linkFate uint8

const (
	linkStays linkFate = iota
	linkCutBefore
	linkCutAfter
	linkSilent
	linkUnbind
	linkGarbage
)

// Fate is one row of the table of last digits.
type Fate struct {
	Digits string `json:"digits"` // the last five digits of the recipient; a range for refusals
	What   string `json:"what"`
	apply  func(p *plan)
}

// fateDigits begin the last five digits of every number with a fate.
const fateDigits = "99"

// firstStatus to lastStatus are the fates that refuse with the command_status of that number.
const firstStatus, lastStatus = 1, 255

// Fates is the table of last digits: what happens to messages for numbers that end in them. Every other number works
// normally. The documentation and the help text are made from it.
func Fates() []Fate {
	return []Fate{
		{"99001-99255", "refused with the command_status of that decimal number: 99011 invalid recipient, 99020 queue full, 99088 throttled", nil},

		{"99300", "no answer; the message is lost", func(p *plan) { p.answers, p.lost = 0, true }},
		{"99301", "no answer, but the message is delivered and its receipt comes", func(p *plan) { p.answers = 0 }},
		{"99302", "answered twice", func(p *plan) { p.answers = 2 }},
		{"99303", "answered after 1 s", func(p *plan) { p.after = time.Second }},
		{"99304", "answered after 5 s", func(p *plan) { p.after = 5 * time.Second }},
		{"99305", "answered after 30 s", func(p *plan) { p.after = 30 * time.Second }},
		{"99306", "answered after 250 ms, so that later ones are answered before", func(p *plan) { p.after = 250 * time.Millisecond }},
		{"99307", "answered by generic_nack with ESME_RSYSERR", func(p *plan) { p.nack, p.status = true, smpp.ESME_RSYSERR }},
		{"99308", "accepted with an empty message id, no receipt", func(p *plan) { p.noID, p.copies = true, 0 }},
		{"99309", "of every three attempts the first two are refused with ESME_RSYSERR", func(p *plan) { p.refusals, p.status = 2, smpp.ESME_RSYSERR }},
		{"99310", "of every two attempts the first is refused with ESME_RTHROTTLED", func(p *plan) { p.refusals, p.status = 1, smpp.ESME_RTHROTTLED }},

		{"99400", "the connection is cut before the answer; the message is lost", func(p *plan) { p.link, p.lost = linkCutBefore, true }},
		{"99401", "the connection is cut before the answer, but the message is delivered", func(p *plan) { p.link = linkCutBefore }},
		{"99402", "the connection is cut right after the answer", func(p *plan) { p.link = linkCutAfter }},
		{"99403", "the connection falls silent for good, to enquire_link too; the message is lost", func(p *plan) { p.link, p.answers, p.lost = linkSilent, 0, true }},
		{"99404", "accepted, then the SMSC sends unbind", func(p *plan) { p.link = linkUnbind }},
		{"99405", "accepted, then octets that are no PDU", func(p *plan) { p.link = linkGarbage }},

		{"99500", "no receipt", func(p *plan) { p.copies = 0 }},
		{"99501", "receipt before the answer", func(p *plan) { p.receipts = ReceiptTime{Early: true} }},
		{"99502", "receipt twice", func(p *plan) { p.copies = 2 }},
		{"99503", "receipt 2 s after the answer", func(p *plan) { p.receipts = ReceiptTime{After: 2 * time.Second} }},
		{"99504", "receipt 10 s after the answer", func(p *plan) { p.receipts = ReceiptTime{After: 10 * time.Second} }},
		{"99505", "receipt 30 s after the answer", func(p *plan) { p.receipts = ReceiptTime{After: 30 * time.Second} }},
		{"99506", "receipt with an id that was never given out", func(p *plan) { p.unknown = true }},
		{"99507", "receipt as text only", func(p *plan) { p.form = FormText }},
		{"99508", "receipt as TLVs only", func(p *plan) { p.form = FormTLV }},
		{"99509", "receipt with its text in message_payload", func(p *plan) { p.form = FormPayload }},
		{"99510", "receipt in an odd text: other order and words, seconds in its dates, no TLVs", func(p *plan) { p.form = formOdd }},
		{"99511", "two receipts that contradict: DELIVRD, then UNDELIV", func(p *plan) { p.then = smpp.MessageUndeliverable }},
		{"99512", "an intermediate notification (ENROUTE) if asked for, DELIVRD after 1 s", func(p *plan) {
			p.phone, p.awayFor = PhoneOff, time.Second
		}},

		{"99601", "receipt ENROUTE and nothing more", func(p *plan) { p.state = smpp.MessageEnroute }},
		{"99602", "receipt DELIVRD", func(p *plan) { p.state = smpp.MessageDelivered }},
		{"99603", "receipt EXPIRED", func(p *plan) { p.state = smpp.MessageExpired }},
		{"99604", "receipt DELETED", func(p *plan) { p.state = smpp.MessageDeleted }},
		{"99605", "receipt UNDELIV", func(p *plan) { p.state = smpp.MessageUndeliverable }},
		{"99606", "receipt ACCEPTD", func(p *plan) { p.state = smpp.MessageAccepted }},
		{"99607", "receipt UNKNOWN", func(p *plan) { p.state = smpp.MessageUnknown }},
		{"99608", "receipt REJECTD", func(p *plan) { p.state = smpp.MessageRejected }},

		{"99700", "id hexadecimal in answer and receipt", func(p *plan) { p.ids = IDHex }},
		{"99701", "id decimal in answer and receipt", func(p *plan) { p.ids = IDDec }},
		{"99702", "id hexadecimal in the answer, decimal in the receipt", func(p *plan) { p.ids = IDHexDec }},
		{"99703", "id decimal in the answer, hexadecimal in the receipt", func(p *plan) { p.ids = IDDecHex }},
		{"99704", "id decimal, in the receipt with zeros in front", func(p *plan) { p.ids = idZeros }},
		{"99705", "id hexadecimal, in the receipt with capital letters", func(p *plan) { p.ids = idUpper }},
		{"99706", "id decimal with zeros in front, in the receipt without them", func(p *plan) { p.ids = idStripped }},
		{"99707", "id decimal, in the receipt only its last ten digits", func(p *plan) { p.ids = idTruncated }},

		{"99800", "the phone is off for 2 s, then takes the message", func(p *plan) { p.phone, p.awayFor = PhoneOff, 2*time.Second }},
		{"99801", "the phone is off until it is switched on; EXPIRED when the validity ends", func(p *plan) { p.phone = PhoneOff }},
		{"99802", "out of coverage for 2 s", func(p *plan) { p.phone, p.awayFor = PhoneAway, 2*time.Second }},
		{"99803", "out of coverage until its state is set; EXPIRED when the validity ends", func(p *plan) { p.phone = PhoneAway }},
		{"99804", "the memory of the phone is full for 2 s", func(p *plan) { p.phone, p.awayFor = PhoneFull, 2*time.Second }},
		{"99805", "the memory of the phone is full until its state is set; EXPIRED when the validity ends", func(p *plan) { p.phone = PhoneFull }},
		{"99806", "the phone refuses: UNDELIV", func(p *plan) { p.phone = PhoneRefusing }},
	}
}

// WriteFates writes the table for people, a row a line, each after the indent.
func WriteFates(w io.Writer, indent string) error {
	for _, f := range Fates() {
		if _, err := fmt.Fprintf(w, "%s...%-12s %s\n", indent, f.Digits, f.What); err != nil {
			return err
		}
	}
	return nil
}

// fateTable finds a fate by the last three digits.
type fateTable [1000]func(p *plan)

func newFateTable() *fateTable {
	t := new(fateTable)
	for i := firstStatus; i <= lastStatus; i++ {
		t[i] = func(p *plan) { p.status, p.coded = smpp.Status(i), true }
	}
	for _, f := range Fates() {
		if f.apply != nil {
			t[threeDigits(f.Digits[2:])] = f.apply
		}
	}
	return t
}

// of returns the fate of a number, nil for an ordinary one. The number has more digits than the five that say it.
func (t *fateTable) of(number string) func(p *plan) {
	if len(number) < 6 {
		return nil
	}
	last := number[len(number)-5:]
	if !strings.HasPrefix(last, fateDigits) {
		return nil
	}
	if n := threeDigits(last[2:]); n >= 0 {
		return t[n]
	}
	return nil
}

// threeDigits reads exactly three decimal digits, -1 if they are none.
func threeDigits(s string) int {
	n := 0
	for i := range 3 {
		d := s[i] - '0'
		if d > 9 {
			return -1
		}
		n = n*10 + int(d)
	}
	return n
}
