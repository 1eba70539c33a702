package modem

import (
	"context"
	"io"
	"time"

	"kurir/gsm"
)

// Config says which modem it is and how it is used. Devices alone suffices.
type Config struct {
	// Devices are where the modem may be found: paths, patterns of them
	// (/dev/ttyUSB*), tcp:host:port of a serial server. They are tried in order.
	Devices []string
	Speed   int // of a serial line in bits a second; 0: DefaultSpeed
	// IMEI is that of the modem; another one on a device is let alone. Empty: the
	// first that answers.
	IMEI string
	PIN  string // of the SIM; empty: it has none
	// PINFolder is where it is written down before a PIN is tried, in a file of the
	// SIM, so that a wrong one is never tried twice, also not by the next process or
	// in another modem. Empty: it is remembered as long as the Modem lives.
	PINFolder string
	// Centre is the address of the service centre for messages that have none of
	// their own; zero: the one of the SIM, which is never written to.
	Centre gsm.Address
	Number string // the SIM's own; empty: what the SIM says
	// Memory is where messages are stored: SM (SIM), ME (modem) or MT (both). Empty:
	// the first of SM, ME and MT that the modem takes.
	Memory string
	// Notify is the wanted setting of AT+CNMI, such as 2,1,0,2,0. Empty: the best
	// that the modem takes.
	Notify string
	Init   []string // further AT commands, given at the start
	// PackedUSSD writes USSD requests as packed octets in hexadecimal, as some
	// modems want them, and reads the answers so.
	PackedUSSD bool

	Poll    time.Duration // how often the storage is looked through; 0: a minute, 10 s if the modem does not tell of messages
	Check   time.Duration // how often the modem is asked for the network and the signal; 0: 30 s
	Answer  time.Duration // for the answer to an ordinary command; 0: 10 s
	SendFor time.Duration // for the network to take a message; 0: 2 minutes
	Again   time.Duration // after which a message is handed over again whose Ack had an error; 0: 10 s

	// Open opens a device; nil: OpenDevice. Tests bring pipes.
	Open func(ctx context.Context, device string) (io.ReadWriteCloser, error)
	// Reset is the last means against a modem that hangs, such as a command that
	// switches its power. nil: there is none.
	Reset func(ctx context.Context, device string) error
	// Trace, if set, sees each line both ways. PINs are left out; PDUs, which have
	// texts in them, are not. It must not block.
	Trace func(sent bool, line string)
}

// withDefaults fills what is zero.
func (c Config) withDefaults() Config {
	or := func(d *time.Duration, def time.Duration) {
		if *d <= 0 {
			*d = def
		}
	}
	or(&c.Check, 30*time.Second)
	or(&c.Answer, 10*time.Second)
	or(&c.SendFor, 2*time.Minute)
	or(&c.Again, 10*time.Second)
	if c.Speed == 0 {
		c.Speed = DefaultSpeed
	}
	if c.Open == nil {
		c.Open = func(ctx context.Context, device string) (io.ReadWriteCloser, error) {
			return OpenDevice(ctx, device, c.Speed)
		}
	}
	return c
}

// Handler is told what comes from a modem. Its functions, of which any may be
// nil, are called by one goroutine and must not block for long; they may call
// no method of the Modem that waits.
type Handler struct {
	// Message hands over a short message. It stays in the modem's storage until
	// its Ack is called with nil.
	Message func(Message)
	// Report hands over a status report.
	Report func(Report)
	// Call tells of an incoming call, once for each.
	Call func(Call)
	// Changed tells that the Status is another one: state, network, error.
	Changed func(Status)
}

// Message is a short message that came in: one part, if it is of a longer one.
type Message struct {
	gsm.Deliver
	Centre gsm.Address // service centre that it came from
	// Raw has the PDU as the modem gave it. Err says why it could not be read; then
	// the rest is empty, and acknowledging it removes it all the same.
	Raw []byte
	Err error
	// Ack, called once from any goroutine, tells what became of it: nil when it is
	// on disk, so that it may be removed; an error when it is to be handed over again.
	Ack func(error)
}

// Report is a status report.
type Report struct {
	gsm.StatusReport
	// Ack is as that of a Message. A report that the modem does not store is not
	// repeated by every network.
	Ack func(error)
}

// Call is an incoming call.
type Call struct {
	From string // empty if it is withheld
	Time time.Time
}

// Submit is a short message to be sent.
type Submit struct {
	gsm.Submit
	Centre gsm.Address // service centre; zero: Config.Centre, and without one the SIM's
	// Private keeps the PDU from Config.Trace.
	Private bool
}

// Sent is the network's answer to a Submit.
type Sent struct {
	Reference uint8 // by which status reports name it, together with the recipient
	// Time is when the service centre took it, if the modem tells; else zero.
	Time time.Time
}
