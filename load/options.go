package load

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"kurir/cimd2"
	"kurir/ucp"
)

// Kind says how messages are sent.
type Kind string

// The kinds: SMPP transceivers, sessions on EMI/UCP and on CIMD2, POST /v1/messages, Kannel's sendsms, mails, of which no receipts come;
// and receivers, which send nothing and count what a simulator makes with --inbound-rate.
const (
	SMPP    Kind = "smpp"
	UCP     Kind = "ucp"
	CIMD2   Kind = "cimd2"
	REST    Kind = "rest"
	Kannel  Kind = "kannel"
	SMTP    Kind = "smtp"
	Receive Kind = "receive"
)

// inSessions tells whether the connections are sessions of SMPP, UCP or CIMD2.
func (k Kind) inSessions() bool { return k == SMPP || k == UCP || k == CIMD2 || k == Receive }

// spoken is what sessions speak.
func (o *Options) spoken() Kind {
	if o.Kind == Receive && o.Over != "" {
		return o.Over
	}
	return o.Kind
}

// Options say what is sent where.
type Options struct {
	Kind Kind
	// Over is what those speak who receive: SMPP, UCP or CIMD2; empty: SMPP.
	Over    Kind
	Address string // host:port for sessions, or several with commas, which sessions take turns at; the address of the interface, such as http://127.0.0.1:8080, for HTTP

	SystemID, Password string // of sessions; username and password of Kannel's sendsms, and of REST without a Key
	Key                string // API key of REST

	// Connections is the number of sessions or of HTTP connections; 0 means 1.
	Connections int
	// Accounts, with sessions, spreads the sessions over as many accounts: their system_ids are SystemID, a dash and a
	// number from 0 on. 0: one account, with SystemID as it is.
	Accounts int
	// Window is the number of messages without an answer per session; 0 means 100, more than which UCP does not allow; CIMD2 allows 128.
	Window int
	// PerRequest is the number of messages in one request of REST, at most the 1,000 that the API takes; 0 means 1.
	PerRequest int
	// Idempotent gives every request of REST an Idempotency-Key of its own.
	Idempotent bool
	// Stream sends over each connection one request of REST with a message in each line. PerRequest is how many lines
	// are written at a time, at most Window lines are without a result; 0 means 100 and 4,000.
	Stream bool

	// Rate is messages a second over all connections, smooth in time; 0: as fast as answers come. With a rate,
	// latencies count from when a message should have been sent, so that waiting for a slow server shows.
	Rate float64
	// Count messages are sent after the warm-up, or as many as Duration allows; one of the two is needed. When receiving,
	// Count is how many are to come, warm-up included.
	Count    int64
	Duration time.Duration
	// WarmUp comes before that and is not part of latencies and rates; losses and repetitions in it count.
	WarmUp time.Duration

	From string // sender; empty: 46700000001. Of mails the author; empty: load@example.com
	// Domain is that of the addresses that mails go to.
	Domain string
	// To is the first recipient; empty: 46701000000. Recipients numbers from there on take turns; 0 means 10,000.
	// Numbers that have a fate in the simulator are left out unless there is only one recipient.
	To         string
	Recipients int
	// Length is the number of characters of a text, its reference included; 0 means 100.
	Length int
	// Stamp writes, behind the reference, the time when a message was sent, or should have been: " t=" and 16 digits,
	// Unix microseconds; 0 while the warm-up lasts. The simulator reads it and knows how long a message took to the phone.
	Stamp bool
	// Receipts asks for them and waits for them: on the same sessions, or on Webhook with HTTP.
	Receipts bool
	// Webhook is the address to listen on for receipts over HTTP; 127.0.0.1:0 if empty.
	Webhook string
	// Wait is how long after the last message, without anything coming any more, answers and receipts are waited
	// for; 0 means 10 s. It has to be more than the delay of receipts.
	Wait time.Duration
	// AnswerTime is after which a message counts as unanswered; 0 means 60 s.
	AnswerTime time.Duration
	// Reconnect goes on after a broken connection; otherwise that connection is over.
	Reconnect bool

	// Accepted gets the reference of every message that was accepted, one a line, at the end; nil: nobody.
	Accepted io.Writer
	// Progress gets a line every second; nil: nobody.
	Progress io.Writer
	// Marks gets the line "bound" when all sessions are logged in, "measuring" when the warm-up ends, and "measured"
	// when nothing more is sent, so that others can measure the same time; nil: nobody.
	Marks io.Writer
}

// defaults fills what is zero and finds what cannot be.
func (o *Options) defaults() error {
	or := func(v *int, def int) {
		if *v == 0 {
			*v = def
		}
	}
	or(&o.Connections, 1)
	if o.Stream {
		or(&o.Window, 4000)
		or(&o.PerRequest, 100)
	}
	or(&o.Window, 100)
	or(&o.PerRequest, 1)
	or(&o.Length, 100)
	or(&o.Recipients, 10_000)
	for _, d := range []struct {
		v   *time.Duration
		def time.Duration
	}{{&o.Wait, 10 * time.Second}, {&o.AnswerTime, time.Minute}} {
		if *d.v == 0 {
			*d.v = d.def
		}
	}
	if o.From == "" {
		o.From = "46700000001"
		if o.Kind == SMTP {
			o.From = "load@example.com"
		}
	}
	o.Receipts = o.Receipts && o.Kind != SMTP
	if o.To == "" {
		o.To = "46701000000"
	}
	return o.check()
}

func (o *Options) check() error {
	var errs []error
	bad := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	bad(!o.Kind.inSessions() && o.Kind != REST && o.Kind != Kannel && o.Kind != SMTP, "kind %q: smpp, ucp, cimd2, receive, rest, kannel or smtp", o.Kind)
	bad(o.Kind == SMTP && o.Domain == "", "domain: that of the addresses that mails go to")
	bad(o.Over != "" && (o.Kind != Receive || o.Over != SMPP && o.Over != UCP && o.Over != CIMD2), "over %q: smpp, ucp or cimd2, for who receives", o.Over)
	bad(o.Address == "", "address: where to send?")
	bad(!o.Kind.inSessions() && o.Kind != SMTP && !strings.HasPrefix(o.Address, "http://"), "address %q: an HTTP address without TLS, such as http://127.0.0.1:8080", o.Address)
	bad(o.Count <= 0 && o.Duration <= 0, "count or duration: one of them has to end the run")
	bad(o.Count < 0 || o.Count > math.MaxUint32/2, "count: 1 to %d", math.MaxUint32/2)
	bad(o.Connections < 1 || o.Connections > 10_000, "connections: 1 to 10000")
	bad(o.Window < 1 || o.Window > 100_000, "window: 1 to 100000")
	bad(o.spoken() == UCP && o.Window > ucp.MaxWindow, "window: 1 to %d with UCP, which has no more numbers", ucp.MaxWindow)
	bad(o.spoken() == CIMD2 && o.Window > cimd2.MaxWindow, "window: 1 to %d with CIMD2, which has no more numbers", cimd2.MaxWindow)
	bad(o.PerRequest < 1 || o.PerRequest > 1000, "per request: 1 to 1000 messages")
	bad(o.PerRequest > 1 && o.Kind != REST, "per request: only with REST")
	bad((o.Idempotent || o.Stream) && o.Kind != REST, "idempotency keys and streams: only with REST")
	bad(o.Idempotent && o.Stream, "a stream has no idempotency key")
	bad(o.Stream && o.Window < o.PerRequest, "window: at least as many lines as are written at a time (%d)", o.PerRequest)
	bad(o.Accounts < 0 || o.Accounts > o.Connections, "accounts: at most one for each connection")
	bad(o.Stamp && (!o.Kind.inSessions() || o.Kind == Receive), "stamp: only in sessions that send")
	bad(o.Stamp && o.Length < referenceLen+stampLen, "length: %d to 160 characters with a stamp", referenceLen+stampLen)
	bad(o.Rate != 0 && o.Kind == Receive, "rate: who receives does not set it")
	bad(o.Rate < 0, "rate: messages a second, 0 for as fast as possible")
	bad(o.Length < referenceLen || o.Kind.inSessions() && o.Length > 160, "length: %d to 160 characters", referenceLen)
	_, err := strconv.ParseUint(strings.TrimPrefix(o.To, "+"), 10, 62)
	bad(err != nil, "to %q: a number in digits", o.To)
	bad(o.Recipients < 1, "recipients: at least 1")
	return errors.Join(errs...)
}

// A reference is unique among all messages of all runs: five characters for the run, a dash, the number of the message.
const (
	runLen       = 5
	numberLen    = 10
	referenceLen = runLen + 1 + numberLen
)

// runName makes the part of the references that tells runs apart.
func runName(now time.Time) string {
	const base36 = "0123456789abcdefghijklmnopqrstuvwxyz"
	n := uint64(now.UnixNano() / int64(10*time.Millisecond))
	name := make([]byte, runLen)
	for i := range name {
		name[runLen-1-i] = base36[n%36]
		n /= 36
	}
	return string(name)
}

// A stamp stands behind the reference; see Options.Stamp.
const (
	stampMark = " t="
	stampTime = 16 // digits
	stampLen  = len(stampMark) + stampTime
)

// putNumber writes a number into all digits of its place: in a reference, or in a stamp.
func putNumber(dst []byte, n uint64) {
	for i := len(dst) - 1; i >= 0; i-- {
		dst[i] = '0' + byte(n%10)
		n /= 10
	}
}

// numberOf reads the number of a message out of a reference of this run.
func numberOf(reference []byte, run string) (message uint32, ok bool) {
	if len(reference) < referenceLen || string(reference[:runLen]) != run || reference[runLen] != '-' {
		return 0, false
	}
	n, err := strconv.ParseUint(string(reference[runLen+1:referenceLen]), 10, 32)
	return uint32(n), err == nil
}

// text is the text of a message whose number is zero: reference, a space, filler.
func (o *Options) text(run string) string {
	const filler = "Kurir carries this text to see how long that takes. "
	t := run + "-" + strings.Repeat("0", numberLen)
	if o.Stamp {
		t += stampMark + strings.Repeat("0", stampTime)
	}
	t += " "
	t += strings.Repeat(filler, o.Length/len(filler)+1)
	return t[:o.Length]
}

// recipient writes the number that a message goes to, in as many digits as To has.
func (o *Options) recipient(dst []byte, first uint64, message uint32) {
	n := first
	if o.Recipients > 1 {
		// The last five digits stay below 99000, where the simulator has its fates.
		i := uint64(message) % uint64(o.Recipients)
		low := n%100_000 + i
		n = n - n%100_000 + low/99_000*100_000 + low%99_000
	}
	for i := len(dst) - 1; i >= 0; i-- {
		dst[i] = '0' + byte(n%10)
		n /= 10
	}
}
