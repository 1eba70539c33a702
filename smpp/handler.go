package smpp

import (
	"errors"
	"log/slog"
	"time"
)

// Reasons for which a session ends or a request gets no response; look for them with errors.Is.
var (
	ErrClosed            = errors.New("the session is closed")
	ErrPeerClosed        = errors.New("the peer closed the connection")
	ErrUnbound           = errors.New("unbound")
	ErrPeerUnbound       = errors.New("the peer sent unbind")
	ErrBindTimeout       = errors.New("no bind within the time allowed")
	ErrEnquireTimeout    = errors.New("the peer does not answer enquire_link")
	ErrInactive          = errors.New("no traffic within the time allowed")
	ErrResponseTimeout   = errors.New("no response within the time allowed")
	ErrWrongState        = errors.New("not allowed in this state of the session")
	ErrWrongVersion      = errors.New("not part of the version of SMPP in force")
	ErrWindowFull        = errors.New("the window is full")
	errUnexpectedSending = errors.New("not a request")
)

// Handler receives what arrives on a session. All calls come from the goroutine of Run, one at a time, in order;
// while a call runs nothing is read. Responses of one read are given before its requests, so that a
// submit_sm_resp is known before the receipt that came with it.
type Handler interface {
	// Requests hands over the peer's requests of one read. Each is to be answered by Session.Respond, now or later
	// and from any goroutine; alert_notification and outbind have no answer. The bodies belong to the handler from
	// now on (one that is kept keeps at most 1 KiB beside itself); the slice is used again after the call, so PDUs to
	// be kept must be copied.
	Requests(s *Session, requests []PDU)
	// Responses hands over the responses to requests given to Session.Send, and those that will have none: then Err
	// says why (ErrResponseTimeout, or the reason for which the session ended). Each request sent is in exactly one
	// call. The slice is used again after the call.
	Responses(s *Session, responses []Response)
}

// Request is a request to be sent, and whatever the caller wants to see again with its response. A pointer as Ref
// costs no allocation. The body is encoded before Send returns: from then on the session needs only its type (of a
// Bind also its fields), so a caller who does not look at Response.Request may fill the same memory anew.
type Request struct {
	Body Body
	Ref  any
}

// Response is the outcome of a request.
type Response struct {
	Request Body
	Ref     any
	PDU     PDU   // the response, or generic_nack; zero if none came
	Err     error // why none came, or a *DecodeError: its body could not be understood
	Sent    time.Time
}

// SessionConfig holds the settings of a session. The zero value is that of an ESME with the defaults named below.
type SessionConfig struct {
	Role Role // ESME (default) or SMSC
	// Window is how many requests of ours may be outstanding; default 10.
	Window int
	// PeerWindow is how many requests of the peer may be unanswered before reading stops; default 5000. A session that
	// is not read from does not hear the peer's enquire_link either.
	PeerWindow int
	// Version is the highest version that an SMSC speaks; default 5.0. (An ESME says it in its Bind.)
	Version Version
	// PeerVersion is for an ESME's session what the SMSC speaks, whatever it says itself: 3.3 keeps optional parameters
	// from it. Default: sc_interface_version, and 3.4 if it leaves that out, as nearly all do.
	PeerVersion Version
	// Broadcast gives broadcast_sm, query_broadcast_sm and cancel_broadcast_sm to the handler (SMPP 5.0 4.4.1, 4.6). By
	// default the session answers them with ESME_RINVCMDID in their own responses: it says for good that the
	// operation is not to be had here. ESME_RPROHIBITED would say that others may, ESME_RBCASTFAIL that this broadcast
	// failed and another might not; and clients take a generic_nack as trouble with the connection.
	Broadcast bool
	// Congestion gives the congestion_state (SMPP 5.0 4.8.4.18), 0 to 100, that Respond adds to responses to a peer of
	// SMPP 5.0; ok = false adds none. It is called once for each Respond, has to be quick and must not call methods of
	// the session. Default none.
	Congestion func() (state uint8, ok bool)
	// EnquireInterval is the silence after which enquire_link is sent; default 30 s, negative: never. The peer has
	// ResponseTimeout to answer.
	EnquireInterval time.Duration
	// ResponseTimeout is how long a request waits for its response; default 30 s, negative: for ever.
	ResponseTimeout time.Duration
	// InactivityTimeout ends a bound session on which nothing but enquire_link was exchanged; default never.
	InactivityTimeout time.Duration
	// BindTimeout ends a session that was not bound in time; default 30 s, negative: never.
	BindTimeout time.Duration
	// WriteTimeout ends a session whose peer takes nothing off our hands; default 30 s, negative: never.
	WriteTimeout time.Duration
	// MaxPDU is the longest PDU accepted, in octets; default DefaultMaxPDU. Before the bind it is at most 4096.
	MaxPDU int
	// Logger gets a line for what surprises; default none. Texts and passwords are never logged.
	Logger *slog.Logger
	// Trace sees each PDU as it is received and sent, passwords included; default none. It is called from several
	// goroutines, must not keep the octets nor call methods of the session. See SetTrace.
	Trace func(sent bool, frame []byte)
}

// Sizes that bound what a peer can make us hold.
const (
	maxUnboundPDU = 4096      // a bind needs no more
	maxPending    = 512 << 10 // octets waiting to be written at which reading stops; as many again may be in the write
	maxBadLogged  = 10        // lines of log about PDUs that could not be understood, in one session
	unbindGrace   = 2 * time.Second
	lingerTime    = time.Second
)

// withDefaults fills in the defaults.
func (cfg SessionConfig) withDefaults() SessionConfig {
	def := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
		*d = max(*d, 0)
	}
	def(&cfg.EnquireInterval, 30*time.Second)
	def(&cfg.ResponseTimeout, 30*time.Second)
	def(&cfg.InactivityTimeout, 0)
	def(&cfg.BindTimeout, 30*time.Second)
	def(&cfg.WriteTimeout, 30*time.Second)
	if cfg.Role == 0 {
		cfg.Role = ESME
	}
	if cfg.Version == 0 {
		cfg.Version = Version50
	}
	if cfg.Window <= 0 {
		cfg.Window = 10
	}
	if cfg.PeerWindow <= 0 {
		cfg.PeerWindow = 5000
	}
	if cfg.MaxPDU <= 0 {
		cfg.MaxPDU = DefaultMaxPDU
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return cfg
}
