package simulator

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"kurir/smpp"
)

// Behaviour says how the SMSC treats every message that has no fate of its own. It can be changed while it runs.
// Percentages are of messages, drawn with the seed of Options.
type Behaviour struct {
	// Latency of the answer to a submission, and what at random is added to it; with jitter answers overtake
	// each other.
	Latency Duration `json:"latency"`
	Jitter  Duration `json:"jitter"`
	// Rate is the number of messages a second that are taken, smooth in time; what comes faster is answered with
	// ESME_RTHROTTLED. 0: no limit.
	Rate float64 `json:"rate"`
	// RateStatus is the answer to what comes faster; 0 means ESME_RTHROTTLED. ESME_RMSGQFUL is the other usual one.
	RateStatus smpp.Status `json:"rate_status"`
	// Congestion is the congestion_state in answers to sessions of version 5.0.
	Congestion Congestion `json:"congestion"`
	// Binds is how many sessions an account may have; those beyond it are refused with BindStatus (0 means
	// ESME_RALYBND). Half-open ones count. 0: no limit.
	Binds      int         `json:"binds"`
	BindStatus smpp.Status `json:"bind_status"`
	// Reject percent of the messages with RejectStatus.
	Reject       float64     `json:"reject"`
	RejectStatus smpp.Status `json:"reject_status"`
	// NoAnswer: percentage of messages that are taken and not answered. Twice: answered twice.
	NoAnswer float64 `json:"no_answer"`
	Twice    float64 `json:"answer_twice"`
	// Silent: nothing is answered any more, neither enquire_link; what is submitted is lost.
	Silent bool `json:"silent"`
	// DropEvery cuts all connections at this interval. 0: never.
	DropEvery Duration `json:"drop_every"`

	// Receipts says when a receipt comes: none, early, at-once or a time after the answer.
	Receipts      ReceiptTime `json:"receipts"`
	ReceiptJitter Duration    `json:"receipt_jitter"`
	Form          ReceiptForm `json:"receipt_form"`
	// ReceiptTwice and ReceiptLost are percentages.
	ReceiptTwice float64 `json:"receipt_twice"`
	ReceiptLost  float64 `json:"receipt_lost"`
	// Undelivered percent of the messages end as UNDELIV.
	Undelivered float64 `json:"undelivered"`
	IDs         IDForm  `json:"ids"`
	// Validity is the longest time for which a message waits for a phone; the validity_period of the message can
	// make it shorter.
	Validity Duration `json:"validity"`
	// InboundRate makes that many messages from phones a second, to InboundTo, for whoever is bound to receive first; with
	// InboundCount no more than that many. 0: none.
	InboundRate  float64 `json:"inbound_rate"`
	InboundTo    string  `json:"inbound_to"`
	InboundCount uint64  `json:"inbound_count"`
	// Retry is the time after which a deliver_sm is repeated that was answered with a temporary error.
	Retry Duration `json:"retry"`
}

// defaults fills what cannot be zero.
func (b *Behaviour) defaults() {
	if b.RejectStatus == 0 {
		b.RejectStatus = smpp.ESME_RSUBMITFAIL
	}
	if b.RateStatus == 0 {
		b.RateStatus = smpp.ESME_RTHROTTLED
	}
	if b.BindStatus == 0 {
		b.BindStatus = smpp.ESME_RALYBND
	}
	if b.Validity == 0 {
		b.Validity = Duration(24 * time.Hour)
	}
	if b.Retry == 0 {
		b.Retry = Duration(time.Second)
	}
}

// check finds what no SMSC can do.
func (b *Behaviour) check() error {
	var errs []error
	for name, p := range map[string]float64{
		"reject": b.Reject, "no_answer": b.NoAnswer, "answer_twice": b.Twice,
		"receipt_twice": b.ReceiptTwice, "receipt_lost": b.ReceiptLost, "undelivered": b.Undelivered,
	} {
		if p < 0 || p > 100 {
			errs = append(errs, fmt.Errorf("%s: %g is no percentage: 0 to 100", name, p))
		}
	}
	for name, d := range map[string]Duration{
		"latency": b.Latency, "jitter": b.Jitter, "drop_every": b.DropEvery, "receipt_jitter": b.ReceiptJitter,
		"validity": b.Validity, "retry": b.Retry, "receipts": Duration(b.Receipts.After),
	} {
		if d < 0 {
			errs = append(errs, fmt.Errorf("%s: a time cannot be negative", name))
		}
	}
	if b.InboundRate < 0 || b.InboundRate > maxInboundRate {
		errs = append(errs, fmt.Errorf("inbound_rate: %g is not between 0 and %d", b.InboundRate, maxInboundRate))
	}
	if b.InboundRate > 0 && b.InboundTo == "" {
		errs = append(errs, errors.New("inbound_to: which number do the phones write to?"))
	}
	if b.Binds < 0 {
		errs = append(errs, fmt.Errorf("binds: %d is negative; 0 is no limit", b.Binds))
	}
	if b.Rate < 0 {
		errs = append(errs, fmt.Errorf("rate: %g is negative; 0 is no limit", b.Rate))
	}
	if b.DropEvery > 0 && b.DropEvery < Duration(10*time.Millisecond) {
		errs = append(errs, errors.New("drop_every: at least 10ms"))
	}
	return errors.Join(errs...)
}

// Duration is a time.Duration that is written as "250ms" in JSON and on the command line.
type Duration time.Duration

// String writes it as Go does.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText is String.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads "250ms"; 0 needs no unit.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil {
		return fmt.Errorf("%q is no time: write 250ms, 2s or 1h30m", b)
	}
	*d = Duration(v)
	return nil
}

// ReceiptTime says when receipts come. The zero value is at once, right behind the answer.
type ReceiptTime struct {
	None  bool
	Early bool // before the answer
	After time.Duration
}

// String gives none, early, at-once or the time.
func (r ReceiptTime) String() string {
	switch {
	case r.None:
		return "none"
	case r.Early:
		return "early"
	case r.After == 0:
		return "at-once"
	}
	return r.After.String()
}

// MarshalText is String.
func (r ReceiptTime) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// UnmarshalText reads what String writes.
func (r *ReceiptTime) UnmarshalText(b []byte) error {
	switch s := string(b); s {
	case "none":
		*r = ReceiptTime{None: true}
	case "early":
		*r = ReceiptTime{Early: true}
	case "at-once":
		*r = ReceiptTime{}
	default:
		after, err := time.ParseDuration(s)
		if err != nil {
			return fmt.Errorf("%q says not when receipts come: write at-once, early, none, or a time such as 2s", s)
		}
		*r = ReceiptTime{After: after}
	}
	return nil
}

// word is a choice among words, with its text forms.
type word interface{ ~uint8 }

func wordText[W word](w W, words []string) string {
	if int(w) < len(words) {
		return words[w]
	}
	return strconv.Itoa(int(w))
}

func parseWord[W word](w *W, b []byte, words []string) error {
	i := slices.Index(words, string(b))
	if i < 0 {
		return fmt.Errorf("%q is not one of %s", b, strings.Join(words, ", "))
	}
	*w = W(i)
	return nil
}

// ReceiptForm says where a receipt has its facts.
type ReceiptForm uint8

// The forms of a receipt: the text of appendix B, the TLVs of SMPP 3.4 5.3.2, both, or both with the text in
// message_payload.
const (
	FormBoth ReceiptForm = iota
	FormText
	FormTLV
	FormPayload
	formOdd // a text as only some operators write it
)

var receiptForms = []string{"both", "text", "tlv", "payload", "odd"}

// String gives both, text, tlv or payload.
func (f ReceiptForm) String() string { return wordText(f, receiptForms) }

// MarshalText is String.
func (f ReceiptForm) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads what String writes.
func (f *ReceiptForm) UnmarshalText(b []byte) error { return parseWord(f, b, receiptForms) }

// IDForm says how one message id is written in the answer and in the receipt.
type IDForm uint8

// The forms of ids: in the answer, and in the receipt. Decimal ids in receipts have ten digits at least.
const (
	IDHex       IDForm = iota // hexadecimal in both
	IDDec                     // decimal in both
	IDHexDec                  // hexadecimal in the answer, decimal in the receipt
	IDDecHex                  // decimal in the answer, hexadecimal in the receipt
	idZeros                   // decimal, in the receipt with zeros in front
	idUpper                   // hexadecimal, in the receipt with capital letters
	idStripped                // decimal with zeros in front, in the receipt without them
	idTruncated               // decimal, in the receipt only its last ten digits
)

var idForms = []string{"hex", "dec", "hex-dec", "dec-hex", "zeros", "upper", "stripped", "truncated"}

// String gives hex, dec, hex-dec, dec-hex, zeros, upper, stripped or truncated.
func (f IDForm) String() string { return wordText(f, idForms) }

// MarshalText is String.
func (f IDForm) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText reads what String writes.
func (f *IDForm) UnmarshalText(b []byte) error { return parseWord(f, b, idForms) }

// answer appends the id as submit_sm_resp has it.
func (f IDForm) answer(dst []byte, id uint64) []byte {
	switch f {
	case idStripped:
		return fmt.Appendf(dst, "%020d", id)
	case IDDec, IDDecHex, idZeros, idTruncated:
		return strconv.AppendUint(dst, id, 10)
	}
	return strconv.AppendUint(dst, id, 16)
}

// receipt appends the id as the receipt has it.
func (f IDForm) receipt(dst []byte, id uint64) []byte {
	switch f {
	case IDDec, idStripped:
		return strconv.AppendUint(dst, id, 10)
	case idTruncated:
		return fmt.Appendf(dst, "%010d", id%1e10)
	case IDHexDec:
		return fmt.Appendf(dst, "%010d", id)
	case idZeros:
		return fmt.Appendf(dst, "%022d", id)
	case idUpper:
		return fmt.Appendf(dst, "%X", id)
	}
	return strconv.AppendUint(dst, id, 16)
}
