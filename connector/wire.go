package connector

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"time"

	"kurir/message"
	"kurir/wire"
)

// wireLink is a link over one of the protocols of package wire: what UCP and CIMD2 have in common. The procedure:
//
//  1. The keeper has a goroutine per session connect and log in (once), announce the session, wait for its end, announce
//     that.
//  2. Send puts messages into the session's queue and writes as many parts as the window has room for (wire_session.go);
//     the protocol makes requests of each only then.
//  3. Responses free the window, complete answers (wire_part.go) and let the queue move on.
//  4. Requests of the operator become reports and inbound messages (wire_receive.go), answered when the gateway has them
//     on disk.
type wireLink[P wire.PDU] struct {
	keeper
	// Dial makes connections; nil for TCP. Tests bring net.Pipe.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)

	name    string
	remote  Remote // with defaults
	version string // of the protocol, for people
	scope   string // what inbound messages that come again may come by
	hostIDs bool   // ids are those of a host
	talk    wireTalk[P]
	smooth  *Smooth // nil without a rate
	core    Core
	running sync.WaitGroup // what tells core something from a goroutine of its own
	unread  Seldom         // receipts that named no message

	// Guarded by mu of keeper.
	bound map[uint32]*wireSession[P]
	tap   Tap
}

// wireTalk is how one protocol says things. Its methods are called by several goroutines.
type wireTalk[P wire.PDU] interface {
	// speaks is the protocol.
	speaks() message.Dialect
	// dialer makes what opens sessions.
	dialer(hosts []string, dial dialing, trace func(sent bool, frame []byte)) wireDialer[P]
	// requests makes those of a message, one for each part. The failure says why it cannot be written on this link.
	requests(out *Outgoing, now time.Time) ([]P, *message.Failure)
	// answered reads the response to one of them: the operator's id, or why it was refused.
	answered(request, response P) (id string, f *message.Failure)
	// refused reads why a request cannot be encoded.
	refused(err error) *message.Failure
	// arrived reads a request of the operator.
	arrived(p P) wireArrival[P]
	// acknowledge answers a request whose report or message is on disk (nil), or is not.
	acknowledge(p P, err error) P
	// refuseAfter is how long to wait before the operator hears that something is not on disk, where he would send it again at
	// once.
	refuseAfter() time.Duration
	// sends tells whether a message is among frames that are to be written.
	sends(frames []byte) bool
	// why tells what became of a log-in.
	why(err error) refusal
	// advice says what to do about a step of a test that failed.
	advice(step string, err error) string
}

// wireDialer opens sessions.
type wireDialer[P wire.PDU] interface {
	Connect(ctx context.Context, h wire.Handler[P]) (*wire.Session[P], error)
}

// wireArrival is what a request of the operator brings: exactly one of a report, a message and an answer at once.
type wireArrival[P wire.PDU] struct {
	report *message.Report
	in     *message.Inbound
	print  func(printer) // what of the message stays the same when it comes again
	answer P
}

// newWireLink makes what a link of a kind builds upon. The configuration has its defaults.
func newWireLink[P wire.PDU](named Named, common *Common, remote Remote, talk wireTalk[P], shared *Shared, log *slog.Logger) *wireLink[P] {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	common.rewriting = common.rewriting.with(shared.Networks)
	l := &wireLink[P]{
		keeper: keeper{
			log: log.With("link", named.Name), shared: shared, gate: newGate(remote.Reconnect), plan: common.Plan(),
			quietCut: common.QuietCut, longest: remote.Reconnect, why: talk.why,
		},
		name: named.Name, remote: remote, talk: talk, scope: common.scope(named.Name), hostIDs: common.ReceiptsFrom == "host",
		bound: map[uint32]*wireSession[P]{}, unread: Seldom{Every: time.Minute},
	}
	if common.Rate > 0 {
		l.smooth = shared.smoothLink(named.Name, float64(common.Rate))
	}
	for i := range remote.Sessions {
		l.addSlot("transceiver", i)
	}
	l.opener = l.open
	return l
}

// Run implements Connector.
func (l *wireLink[P]) Run(ctx context.Context, core Core) {
	l.core = core
	var slots sync.WaitGroup
	for _, s := range l.slots {
		slots.Go(func() { l.keep(ctx, s) })
	}
	slots.Wait()
	l.running.Wait()
}

// Send implements Connector.
func (l *wireLink[P]) Send(session uint32, out []*Outgoing) (refused []*Outgoing) {
	l.mu.Lock()
	s := l.bound[session]
	l.mu.Unlock()
	if s == nil {
		return out
	}
	return s.add(out)
}

// Stats implements Connector.
func (l *wireLink[P]) Stats() []SessionStats { return l.slotStats(l.version) }

// RestartSession implements Restarter.
func (l *wireLink[P]) RestartSession(session uint32) bool { return l.restartSlot(session) }

// SetTrace implements Tracer.
func (l *wireLink[P]) SetTrace(tap Tap) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tap = tap
	for n, s := range l.bound {
		s.sess.SetTrace(tap.of(l.talk.speaks(), n))
	}
}

// Test implements Tester. As the protocol has no sessions that only send, what the operator gives meanwhile is refused
// for the moment, and he gives it to the link's own sessions.
func (l *wireLink[P]) Test(ctx context.Context) []TestStep {
	return probeHosts(ctx, &l.remote, l.Dial, l.talk.advice, func(ctx context.Context, p *prober, conn net.Conn) {
		var sess *wire.Session[P]
		if !p.try(ctx, "log in", func(ctx context.Context) (found string, err error) {
			d := l.talk.dialer([]string{p.host}, func(context.Context, string, string) (net.Conn, error) { return conn, nil }, nil)
			if sess, err = d.Connect(ctx, wireStranger[P]{l.talk}); err != nil {
				return "", err
			}
			return "as " + sess.Info().Account, nil
		}) {
			return
		}
		defer sess.Close(wire.ErrLeft)
		if !p.try(ctx, "alive", func(ctx context.Context) (string, error) {
			_, err := sess.Do(ctx, sess.Protocol().Alive()) // a refusal shows life, too
			return "", err
		}) {
			return
		}
		p.try(ctx, "log out", func(ctx context.Context) (string, error) {
			sess.End(ctx)
			return "", context.Cause(ctx)
		})
	})
}

// wireStranger is the handler of a test's session: what the operator sends on it belongs to the link's own sessions, so
// he is to send it again.
type wireStranger[P wire.PDU] struct{ talk wireTalk[P] }

// Requests implements wire.Handler.
func (h wireStranger[P]) Requests(s *wire.Session[P], requests []P) {
	answers := make([]P, len(requests))
	for i, p := range requests {
		answers[i] = h.talk.acknowledge(p, ErrNoSession)
	}
	_ = s.Respond(answers) // an error means that the session is over
}

// Responses implements wire.Handler.
func (wireStranger[P]) Responses(*wire.Session[P], []wire.Response[P]) {}
