package message

import "fmt"

// FailureKind says what went wrong in the terms by which the gateway decides.
// The numbers are stored: never renumber.
type FailureKind uint8

// The kinds. A connector picks one; package gateway alone draws conclusions.
const (
	NoFailure    FailureKind = 0
	Throttled    FailureKind = 1  // the peer asks for less speed: the link slows down, the message waits
	Busy         FailureKind = 2  // the peer cannot take it now
	LinkDown     FailureKind = 3  // no session; nothing was written to the wire
	NoAnswer     FailureKind = 4  // written, and no answer in time: uncertain
	Absent       FailureKind = 5  // phone off or out of coverage
	MemoryFull   FailureKind = 6  // the phone has no room
	Refused      FailureKind = 7  // the operator refuses the message for good
	BadRecipient FailureKind = 8  // no such number
	BadSender    FailureKind = 9  // the sender is not allowed or malformed
	BadContent   FailureKind = 10 // text, coding or length not acceptable
	NotPermitted FailureKind = 11 // the account may not do this
	NoRoute      FailureKind = 12 // no rule leads anywhere
	StoreFull    FailureKind = 13 // our own database cannot write now
	Overloaded   FailureKind = 14 // our own limits: rate, queue, size of request
	TooOld       FailureKind = 15 // validity over
	Withheld     FailureKind = 16 // good in itself, but the request is atomic and another message of it was refused
	Stopping     FailureKind = 17 // this server is about to end
	NoMoney      FailureKind = 18 // a balance does not suffice
	NoPrice      FailureKind = 19 // the price list has none for the destination
	LimitReached FailureKind = 20 // the account, or one above it, has had what it may in an hour, day or month
	Blocked      FailureKind = 21 // a list blocks the recipient or sender, or does not allow it
	OptedOut     FailureKind = 22 // the recipient has opted out of the account's messages
	NotOpened    FailureKind = 23 // the recipient's country is not opened
	Repeated     FailureKind = 24 // the same text went to the recipient a short time ago
	Loop         FailureKind = 25 // the message goes in circles among gateways
	BadDimension FailureKind = 26 // a cost dimension is missing or cannot have that value

	// FailureKinds is how many there are, NoFailure among them.
	FailureKinds = 27
)

var failureInfo = [...]struct {
	code      string
	temporary bool
	sentence  string
}{
	NoFailure:    {"none", false, "nothing went wrong"},
	Throttled:    {"throttled", true, "the operator asks for less speed"},
	Busy:         {"busy", true, "the operator cannot take the message now"},
	LinkDown:     {"link_down", true, "the link to the operator is down"},
	NoAnswer:     {"no_answer", true, "the operator did not answer in time"},
	Absent:       {"absent", true, "the phone is off or out of coverage"},
	MemoryFull:   {"memory_full", true, "the phone has no room for more messages"},
	Refused:      {"refused", false, "the operator refused the message"},
	BadRecipient: {"bad_recipient", false, "the recipient's number is not valid"},
	BadSender:    {"bad_sender", false, "the sender is not valid or not allowed"},
	BadContent:   {"bad_content", false, "the text is not acceptable"},
	NotPermitted: {"not_permitted", false, "the account may not do this"},
	NoRoute:      {"no_route", false, "no route leads to the recipient"},
	StoreFull:    {"store_full", true, "the gateway cannot write to its database now; try again later"},
	Overloaded:   {"overloaded", true, "too much at once; try again later"},
	TooOld:       {"too_old", false, "the validity period is over"},
	Withheld:     {"withheld", false, "another message of this request was refused, and the request is atomic"},
	Stopping:     {"stopping", true, "the gateway is stopping; try again later"},
	NoMoney:      {"no_money", false, "the balance does not suffice"},
	NoPrice:      {"no_price", false, "the price list has no price for the recipient"},
	Loop:         {"loop", false, "the message came from this gateway, or passed it more than three times: two of them are routed at each other"},
	LimitReached: {"limit_reached", true, "the account has had what it may send for now"},
	Blocked:      {"blocked", false, "a list blocks the recipient or the sender"},
	OptedOut:     {"opted_out", false, "the recipient has opted out of messages of this account"},
	NotOpened:    {"country_not_opened", false, "messages to the recipient's country are not permitted"},
	Repeated:     {"repeated", false, "the same text went to the recipient a short time ago"},
	BadDimension: {"bad_dimension", false, "a cost dimension is missing or not known"},
}

// Code returns the stable name of the kind, as it stands in the API.
func (k FailureKind) Code() string {
	if int(k) < len(failureInfo) {
		return failureInfo[k].code
	}
	return fmt.Sprintf("failure(%d)", uint8(k))
}

// Temporary tells whether the same message may succeed later.
func (k FailureKind) Temporary() bool { return int(k) < len(failureInfo) && failureInfo[k].temporary }

// Failure is why a message was not accepted, or why an attempt failed.
type Failure struct {
	Kind  FailureKind
	Field string // the customer's field at fault ("to", "text"), empty when none is
	Code  uint32 // the operator's own code, such as a command_status; 0 if none
	Text  string // a sentence for the customer; empty means the kind's own
}

// Fail returns a failure that blames a field of the request.
func Fail(kind FailureKind, field, format string, args ...any) *Failure {
	return &Failure{Kind: kind, Field: field, Text: fmt.Sprintf(format, args...)}
}

// Error implements error with the sentence for the customer.
func (f *Failure) Error() string {
	if f.Text != "" {
		return f.Text
	}
	if int(f.Kind) < len(failureInfo) {
		return failureInfo[f.Kind].sentence
	}
	return f.Kind.Code()
}
