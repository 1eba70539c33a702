// Package connector is the side towards the operators: the contract between
// the gateway and a link, and a file per kind of link.
//
// The procedure, for every kind:
//
//  1. app makes a Connector from its configuration and calls Run. The
//     connector opens its sessions and keeps them open, by itself.
//  2. Each session that may send is announced with Core.SessionUp and its
//     credit: how many parts it will take beyond what has been answered.
//  3. The gateway grants messages to a session, writes the grants to disk, and
//     only then calls Send. The connector splits each text for its link
//     (gsm.AppendSegments), puts the parts on the wire in order, no faster than
//     Smooth allows where a rate is set, and answers every message exactly once with Core.Answered, unless the session ends.
//  4. A session that ends is announced with Core.SessionDown. Of the messages
//     not yet answered the connector names those it never wrote; the rest are
//     uncertain, which is the gateway's affair.
//  5. Receipts and inbound messages go to Core.Reports and Core.Inbound. The
//     operator gets its acknowledgement when the ack function is called with
//     nil (the batch is on disk), a temporary error, or none, otherwise.
//
// What a connector must not do: block in Send; call Core while it holds a lock
// that Send takes; retry a message by itself (but for a part, refused for now,
// of a long message whose other parts were taken); decide what becomes of one. It
// classifies an error as a message.Failure; package gateway draws conclusions.
package connector

import (
	"context"
	"time"

	"kurir/message"
)

// Connector carries messages over one link. See the package comment for the
// contract.
type Connector interface {
	// Run keeps the link's sessions open until ctx ends, then closes them in
	// good order (unbind, wait for answers at most a few seconds) and returns.
	Run(ctx context.Context, core Core)
	// Send puts messages granted to a session on the wire, in order. It never
	// blocks; the gateway never exceeds the session's credit. What it returns it
	// has not taken and will not write, for the session has ended; the gateway may
	// not know of that yet.
	Send(session uint32, out []*Outgoing) (refused []*Outgoing)
	// Stats shows the sessions as they are now.
	Stats() []SessionStats
}

// Restarter is a link whose sessions can be opened anew one by one.
type Restarter interface {
	// RestartSession closes the Session of this number of the SessionStats in good
	// order, and opens another in its place without a pause; one that is not open
	// is tried at once. Where the operator opens sessions the next is his affair.
	// False when there is none of that number. It does not wait.
	RestartSession(session uint32) bool
}

// Outgoing is a message on its way over a session. The gateway makes it, the
// connector reads Message and must not write to it.
type Outgoing struct {
	Message *message.Message
	From    message.Address // sender and recipient as this link shall show them
	To      message.Address
	Receipt bool // ask the operator for a receipt
	Ref     any  // the gateway's own; a connector leaves it alone
}

// Answer is the operator's answer to one message, all parts of it.
type Answer struct {
	Out *Outgoing
	// ID is the operator's id of the (first) part that it took, empty if none;
	// More those of the further parts.
	ID   string
	More []string
	// Host is the one that gave the ids, if each of the link's hosts numbers
	// messages on its own; else empty. It is the Scope of a message.Report too.
	Host string
	// Failure is nil when every part was taken.
	Failure *message.Failure
	// QueueFull says that a queue of the operator's is full: one phone's, or his
	// own. The gateway finds out which.
	QueueFull bool
}

// Core is the gateway as a connector sees it. All methods may be called from
// any goroutine and do not block for long.
type Core interface {
	// SessionUp announces a session, a number that is not used again in the
	// life of the process, and its credit in parts; 0 for a receiver.
	SessionUp(session uint32, credit int)
	// SessionDown announces its end. unwritten are messages granted to it that
	// were never put on the wire; all others without an answer are uncertain.
	// reason is nil when it parted in good order because it was told to: Run
	// ends, or the session is restarted.
	SessionDown(session uint32, unwritten []*Outgoing, reason error)
	// Answered hands over answers, as many as one read brought.
	Answered(session uint32, answers []Answer)
	// Throttled says that the operator asks for less speed, where no answer
	// says it: the part in question is repeated by the connector.
	Throttled(session uint32)
	// Congestion says how busy the operator says he is, 0 (idle) to 99 and more
	// (congested), as congestion_state has it (SMPP 5.0 4.8.4.18). It is called
	// for 90 and more, and once when he is idle again.
	Congestion(session uint32, state uint8)
	// Reports hands over receipts, as many as one read brought; one that names
	// no message, without OperatorID, is only counted. ack is called once, from
	// any goroutine: nil when they are on disk, else why not.
	Reports(reports []message.Report, ack func(error))
	// Inbound hands over messages from phones, likewise. Text is decoded, a
	// user data header, if any, stands in Content.Header. A part of a long
	// message has its octets in Content.Data too, as its text may have been cut
	// within a character.
	Inbound(in []*message.Inbound, ack func(error))
}

// Alerted is a Core that wants to know what the operator says of phones: that
// one which could not be reached now can, or still cannot. It does not block.
type Alerted interface {
	Alert(a message.Alert)
}

// SessionStats is a session as people want to see it.
type SessionStats struct {
	Session    uint32 // its number, as the gateway knows it; while none is open that of the next
	Peer       string
	State      string // connecting, bound, down, elsewhere (another server holds it)
	Mode       string // transceiver, transmitter, receiver
	Version    string // of the protocol
	Since      time.Time
	Window     int // requests without an answer
	WindowSize int // how many there may be
	// InPerSecond and OutPerSecond are PDUs a second, of about the last five
	// seconds.
	InPerSecond, OutPerSecond float64
	// Latency50 and Latency99 are within how long half of the requests of the
	// last minute or two were answered, and 99 of a hundred.
	Latency50, Latency99 time.Duration
	Error                string // the last, also of a session that is bound again
	ErrorAt              time.Time
	Modem                *ModemStats // of a GSM modem; nil of all other kinds
}
