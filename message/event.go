package message

import (
	"encoding/binary"
	"errors"
	"math"
)

// EventKind says what happened. The numbers are stored: never renumber.
type EventKind uint8

// The events. Which fields of Event they use stands behind each.
const (
	EventAccepted     EventKind = 1  // -
	EventQueued       EventKind = 2  // Text: link whose queue it joined
	EventGranted      EventKind = 3  // Text: link; Code: session
	EventTaken        EventKind = 4  // Part; Text: the operator's id
	EventFailed       EventKind = 5  // Failure, Code: operator's; Text: link
	EventRetry        EventKind = 6  // Code: delay in seconds
	EventUncertain    EventKind = 7  // Text: link; granted, and the session or node ended before an answer; Code: UncertainByCopy for another reason
	EventReport       EventKind = 8  // Part; State; Code: network's error; Failure: what it means, if known; Text: operator's id
	EventState        EventKind = 9  // State, when it became final by our own decision; Failure
	EventTold         EventKind = 10 // State; target acknowledged
	EventTellFailed   EventKind = 11 // Code: HTTP or command status; Text: what the target said
	EventToldTooOld   EventKind = 12 // target gave up as too old
	EventCancelled    EventKind = 13 // -
	EventLate         EventKind = 14 // like EventReport, after the final state
	EventPushed       EventKind = 15 // State; owed to the target again, for somebody asked; tries and age count from here. Code: 1 if it goes to the account's webhook of then
	EventMulti        EventKind = 16 // one request, several messages; first of them: Code: how many follow; others: Text: id of the first
	EventReplaced     EventKind = 17 // the customer put other content, times or receipts in its place
	EventSimplified   EventKind = 19 // Code: characters of the text that got their plain form; Text: which, by code point
	EventCut          EventKind = 20 // Code: characters of the text that were left out
	EventParameters   EventKind = 18 // Part; Text: optional parameters of the report before, as EncodeTLVs has them
	EventReserved     EventKind = 21 // Text: who pays, currency, when, and the price of a part by each link (package billing)
	EventCharged      EventKind = 22 // Text: amount and currency
	EventRefunded     EventKind = 23 // Text: amount and currency of what was reserved and is not charged
	EventFallback     EventKind = 41 // Text: when the next link is tried (route.Fallback); always the first event
	EventRepeat       EventKind = 42 // Text: link whose attempt gave way to the next; Code: 1 after a negative receipt, 0 after a missing one
	EventEarlier      EventKind = 43 // like EventReport, of such an attempt; Text: link
	EventPaused       EventKind = 60 // Text: account that asked for it
	EventResumed      EventKind = 61 // likewise
	EventMoved        EventKind = 62 // Text: link, which the message takes now and alone
	EventLane         EventKind = 63 // Text: priority that the message has now
	EventErased       EventKind = 64 // the text is gone, for somebody asked; Code: 1 where the customer has deleted the message
	EventResent       EventKind = 40 // Text: id of the message that did not arrive and is sent again by this one
	EventShownAs      EventKind = 50 // Text: sender that the link was given by the grant before, in place of the message's
	EventCommand      EventKind = 80 // Text: command that is started; of inbound messages, as the next
	EventCommandEnded EventKind = 81 // Code: exit code; Text: command, how long it took and what went wrong
	EventFiltered     EventKind = 51 // Text: name of the filter that changed the message before it was accepted
)

// UncertainByCopy is the code of EventUncertain when the message was open in the
// copy that a server was restored from.
const UncertainByCopy = 1

var eventNames = [...]string{
	"", "accepted", "queued", "granted", "taken", "failed", "retry", "uncertain", "report",
	"state", "told", "tell_failed", "tell_given_up", "cancelled", "late_report", "pushed", "multi", "replaced", "parameters",
	"simplified", "cut",
	"reserved", "charged", "refunded",
	EventResent: "resent", EventFallback: "fallback", EventRepeat: "repeat", EventEarlier: "earlier_report",
	EventCommand: "command", EventCommandEnded: "command_ended",
	EventShownAs: "shown_as", EventFiltered: "filtered",
	EventErased: "erased",
	EventPaused: "paused", EventResumed: "resumed", EventMoved: "moved", EventLane: "lane",
}

// String returns the event's name in a trace.
func (k EventKind) String() string {
	if int(k) < len(eventNames) && eventNames[k] != "" {
		return eventNames[k]
	}
	return "unknown"
}

// Event is one entry of a log.
type Event struct {
	Kind    EventKind
	At      int64 // Unix milliseconds
	Part    uint8
	State   State
	Failure FailureKind
	Code    uint32
	Text    string
}

// Bits of an event's second octet: which fields follow.
const (
	hasPart = 1 << iota
	hasState
	hasFailure
	hasCode
	hasText
)

// usualLog is about how many octets the events of a message have that is granted, sent and delivered.
const usualLog = 48

// AppendEvent appends e to a log. base is the time from which the log counts
// (the message's id): the same must be given to DecodeLog.
// Layout: kind, field bits, uvarint milliseconds since base, then the fields
// present in the order of Event; Code as uvarint, Text with a uvarint length.
func AppendEvent(log []byte, base ID, e Event) []byte {
	var bits byte
	set := func(on bool, bit byte) {
		if on {
			bits |= bit
		}
	}
	set(e.Part != 0, hasPart)
	set(e.State != 0, hasState)
	set(e.Failure != 0, hasFailure)
	set(e.Code != 0, hasCode)
	set(e.Text != "", hasText)
	if log == nil {
		log = make([]byte, 0, usualLog)
	}
	log = append(log, byte(e.Kind), bits)
	log = binary.AppendUvarint(log, uint64(max(0, e.At-base.Millis())))
	if bits&hasPart != 0 {
		log = append(log, e.Part)
	}
	if bits&hasState != 0 {
		log = append(log, byte(e.State))
	}
	if bits&hasFailure != 0 {
		log = append(log, byte(e.Failure))
	}
	if bits&hasCode != 0 {
		log = binary.AppendUvarint(log, uint64(e.Code))
	}
	if bits&hasText != 0 {
		log = binary.AppendUvarint(log, uint64(len(e.Text)))
		log = append(log, e.Text...)
	}
	return log
}

// ErrBadLog is returned for a log that was cut or is none.
var ErrBadLog = errors.New("event log is damaged")

// DecodeLog returns the events of a log in the order in which they happened.
func DecodeLog(log []byte, base ID) ([]Event, error) {
	var events []Event
	for len(log) > 0 {
		var e Event
		var err error
		if e, log, err = decodeEvent(log, base); err != nil {
			return events, err
		}
		events = append(events, e)
	}
	return events, nil
}

func decodeEvent(log []byte, base ID) (Event, []byte, error) {
	d := eventDecoder{rest: log}
	e := Event{Kind: EventKind(d.octet())}
	bits := d.octet()
	e.At = base.Millis() + int64(d.upTo(maxMillis))
	if bits&hasPart != 0 {
		e.Part = d.octet()
	}
	if bits&hasState != 0 {
		e.State = State(d.octet())
	}
	if bits&hasFailure != 0 {
		e.Failure = FailureKind(d.octet())
	}
	if bits&hasCode != 0 {
		e.Code = uint32(d.upTo(math.MaxUint32))
	}
	if bits&hasText != 0 {
		e.Text = d.text()
	}
	if d.bad {
		return Event{}, nil, ErrBadLog
	}
	return e, d.rest, nil
}

// maxMillis is the longest time between two moments that an ID can tell, in
// milliseconds.
const maxMillis = 1 << 41

// eventDecoder reads fields and remembers the first that was missing.
type eventDecoder struct {
	rest []byte
	bad  bool
}

func (d *eventDecoder) octet() byte {
	if len(d.rest) == 0 {
		d.bad = true
		return 0
	}
	b := d.rest[0]
	d.rest = d.rest[1:]
	return b
}

// upTo reads a number; a larger one was never written.
func (d *eventDecoder) upTo(most uint64) uint64 {
	v := d.uvarint()
	d.bad = d.bad || v > most
	return v
}

func (d *eventDecoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.rest)
	if n <= 0 {
		d.bad = true
		d.rest = nil
		return 0
	}
	d.rest = d.rest[n:]
	return v
}

func (d *eventDecoder) text() string {
	n := d.uvarint()
	if n > uint64(len(d.rest)) {
		d.bad = true
		return ""
	}
	s := string(d.rest[:n])
	d.rest = d.rest[n:]
	return s
}

// FirstEvent returns the first event of a log; false for an empty one.
func FirstEvent(log []byte, base ID) (Event, bool) {
	if len(log) == 0 {
		return Event{}, false
	}
	e, _, err := decodeEvent(log, base)
	return e, err == nil
}
