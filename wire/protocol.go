package wire

import (
	"errors"
	"log/slog"
	"time"
)

// PDU is a frame of a protocol, as a session sees it. It is implemented by pointers.
type PDU interface {
	comparable
	// Number is by which a response finds its request: the TRN of UCP, the packet number of CIMD2.
	Number() uint8
	SetNumber(n uint8)
	// Operation is what is asked for; that of a response is the one it answers.
	Operation() uint8
	IsResponse() bool
}

// Protocol is what a session needs to know of a protocol. A program has one of each.
type Protocol[P PDU] struct {
	Name string // for errors and logs
	// Append encodes a frame, from STX to ETX. An error says that it can never be sent.
	Append func(dst []byte, p P) ([]byte, error)
	// Decode reads a frame, from STX to ETX, which it must not keep. With an error it returns as much as it understood,
	// at least number and operation, or the zero P.
	Decode func(frame []byte) (P, error)
	// Shown gives the frame of a PDU that we send as a trace may see it; nil: as it is.
	Shown func(p P, frame []byte) []byte
	// Alive makes the request that asks whether the peer lives. IsAlive tells whether a request is one, which the
	// session answers by itself, with AliveAnswer.
	Alive       func() P
	IsAlive     func(p P) bool
	AliveAnswer func(request P) P
	// Logout makes the last request of a session that ends in good order; nil where the connection is just closed.
	Logout func() P
	// LogoutAnswer makes the answer to the peer's last request, which is given when all others of its are answered and after
	// which the session ends; the zero P for any other request. nil where there is no such request.
	LogoutAnswer func(request P) P
	// Early tells whether a request may come before the log-in.
	Early func(p P) bool
	// Refuse makes the response to a request that the handler does not get to see: why is what Decode said,
	// ErrNotLoggedIn or ErrLeaving. The zero P: none.
	Refuse func(request P, why error) P
	// Fault is what a response refuses a request with, for people; empty if it does not refuse.
	Fault func(response P) string
	// Numbers are those of our requests.
	Numbers func(role Role) Numbers
	// Watch makes what looks at all that a session receives and answers; nil where nothing needs to.
	Watch func(s *Session[P]) Watcher[P]
}

// Watcher does what a protocol demands beyond requests and responses: of packets that come twice, for instance.
type Watcher[P PDU] interface {
	// Received sees each PDU before the session does; true: it has dealt with it. It may call Reply, Resend, Renumber and
	// Close of the session. Like Misread it is called by the goroutine that reads.
	Received(p P) bool
	// Misread sees why a frame could not be read, with what Decode returned beside it; true: it has dealt with it.
	Misread(p P, why error) bool
	// Sending sees each PDU of ours before it is encoded, and may change it, but not its number; it must not call the
	// session. It is called by any goroutine, one at a time.
	Sending(p P)
}

// Numbers are the numbers that one side gives to its requests: First, First+Step and so on, Count of them, and from
// the beginning again.
type Numbers struct {
	First, Step uint8
	Count       int
}

// at gives the number at a place.
func (n Numbers) at(place int) uint8 { return n.First + uint8(place)*n.Step }

// place gives the place of a number; ok is false if we give no such number.
func (n Numbers) place(number uint8) (place int, ok bool) {
	d := int(number) - int(n.First)
	if d < 0 || d%int(n.Step) != 0 || d/int(n.Step) >= n.Count {
		return 0, false
	}
	return d / int(n.Step), true
}

// Role is which side of a session we are.
type Role uint8

const (
	Client Role = iota // logs in
	SMSC               // is logged in to
)

// State is where a session stands.
type State uint8

const (
	Open    State = iota // connected, nobody has logged in
	Bound                // logged in
	Leaving              // nothing new is sent or taken
	Closed               // over
)

// String names the state.
func (s State) String() string {
	return [...]string{"open", "bound", "leaving", "closed"}[s]
}

// Reasons for which a session ends or a request gets no response; look for them with errors.Is.
var (
	ErrClosed          = errors.New("the session is closed")
	ErrPeerClosed      = errors.New("the peer closed the connection")
	ErrLeft            = errors.New("left in good order")
	ErrLoginTimeout    = errors.New("no log-in within the time allowed")
	ErrAliveTimeout    = errors.New("the peer does not answer whether it lives")
	ErrInactive        = errors.New("no traffic within the time allowed")
	ErrResponseTimeout = errors.New("no response within the time allowed")
	ErrWindowFull      = errors.New("the window is full")
	ErrJunk            = errors.New("nothing but octets that are no frames")
	ErrNotLoggedIn     = errors.New("not before the log-in")
	ErrLeaving         = errors.New("the session ends")
	errUnexpected      = errors.New("not a request")
)

// Handler receives what arrives on a session. All calls come from the goroutine of Run, one at a time, in order;
// while a call runs nothing is read. Responses of one read are given before its requests, so that the answer to a
// message is known before the receipt that came with it.
type Handler[P PDU] interface {
	// Requests hands over the peer's requests of one read. Each is to be answered by Session.Respond, now or later
	// and from any goroutine. The slice is used again after the call, what it points to is the handler's.
	Requests(s *Session[P], requests []P)
	// Responses hands over the responses to requests given to Session.Send, and those that will have none: then Err
	// says why. Each request sent is in exactly one call. The slice is used again after the call.
	Responses(s *Session[P], responses []Response[P])
}

// Request is a request to be sent, and whatever the caller wants to see again with its response. The session keeps
// the PDU until then.
type Request[P PDU] struct {
	PDU P
	Ref any
}

// Response is the outcome of a request.
type Response[P PDU] struct {
	Request P
	Ref     any
	PDU     P     // the response; the zero P if none came
	Err     error // why none came, or could be read
	Sent    time.Time
}

// Config holds the settings of a session. The zero value is that of a client with the defaults named below.
type Config struct {
	Role Role
	// Window is how many requests of ours may be outstanding; default 10, at most as many as the protocol has numbers.
	Window int
	// PeerWindow is how many requests of the peer may be unanswered before reading stops; default 256. A session that
	// is not read from does not hear the peer's questions whether it lives either.
	PeerWindow int
	// Alive is the silence after which the peer is asked whether it lives; default 30 s, negative: never. It has
	// Response to answer.
	Alive time.Duration
	// Response is how long a request waits for its response; default 30 s, negative: for ever.
	Response time.Duration
	// Inactivity ends a session on which nothing but questions for life was exchanged; default never.
	Inactivity time.Duration
	// Login ends a session on which nobody has logged in in time; default 30 s, negative: never.
	Login time.Duration
	// Write ends a session whose peer takes nothing off our hands; default 30 s, negative: never.
	Write time.Duration
	// MaxFrame is the longest frame accepted, in octets; default 4096. What is longer is junk.
	MaxFrame int
	// Logger gets a line for what surprises; default none. Texts and passwords are never logged.
	Logger *slog.Logger
	// Trace sees each frame as it is received and sent, passwords included; default none. See SetTrace.
	Trace func(sent bool, frame []byte)
}

// withDefaults fills in the defaults; most is how many numbers there are for our requests.
func (cfg Config) withDefaults(most int) Config {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
		*d = max(*d, 0)
	}
	def(&cfg.Alive, 30*time.Second)
	def(&cfg.Response, 30*time.Second)
	def(&cfg.Inactivity, 0)
	def(&cfg.Login, 30*time.Second)
	def(&cfg.Write, 30*time.Second)
	if cfg.Window <= 0 {
		cfg.Window = 10
	}
	cfg.Window = min(cfg.Window, most)
	if cfg.PeerWindow <= 0 {
		cfg.PeerWindow = 256
	}
	if cfg.MaxFrame <= 0 {
		cfg.MaxFrame = 4096
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return cfg
}
