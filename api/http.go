package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
	"kurir/rota"
	"kurir/route"
)

// HTTPOptions is what the HTTP interfaces are made of. The functions from
// Accept to InboundList are methods of *gateway.Gateway; Use fills them in.
type HTTPOptions struct {
	Log      *slog.Logger
	Accounts func() *account.Directory     // those in force
	Country  func() string                 // calling code of numbers written nationally; nil for none
	TLVs     func() *message.TLVDictionary // parameters of SMPP by name; nil knows the specification's

	Dimensions func() *message.CostDimensions // what costs are put down to; nil for nothing
	// Costs is Gateway.CostSums; nil where there is no report.
	Costs func(ctx context.Context, account string, since, until time.Time, zone *time.Location) ([]gateway.CostSum, error)

	Verifier *account.Verifier // shared with SMPP, so that both remember
	Guard    *Guard            // shared with Webhook and KannelCallback

	Accept  func(subs []*gateway.Submission, done gateway.Done)
	Cancel  func(ctx context.Context, account string, id message.ID) (*message.Message, error)
	Change  func(ctx context.Context, id message.ID, r *gateway.Replacement) (*message.Message, error)
	Message func(ctx context.Context, account string, id message.ID) (*message.Message, error)
	Trace   func(ctx context.Context, m *message.Message) (*gateway.Trace, error)
	Resend  func(ctx context.Context, account string, id message.ID, k *gateway.Keyed) (gateway.Result, error)
	Erase   func(ctx context.Context, account string, id message.ID, hide bool) error
	Preview func(sub *gateway.Submission) (*gateway.Preview, *message.Failure)
	Explain func(sub *gateway.Submission, at time.Time) (*gateway.Explained, *message.Failure)
	Ready   func() error

	ExplainBy       func(rules []route.Rule, sub *gateway.Submission, at time.Time) (*gateway.Explained, *message.Failure)
	ExplainFiltered func(ctx context.Context, sub *gateway.Submission, at time.Time) (*gateway.Explained, *message.Failure)

	Messages       func(ctx context.Context, f gateway.Filter) ([]*message.Message, message.ID, error)
	InboundMessage func(ctx context.Context, account string, id message.ID) (*message.Inbound, error)
	InboundList    func(ctx context.Context, f gateway.Filter) ([]*message.Inbound, message.ID, error)
	ExplainInbound func(in *message.Inbound, at time.Time) gateway.ExplainedInbound

	Series    func() []gateway.SeriesState // of /v1/series
	Schedules func() []gateway.Schedule    // of /v1/schedules
	Rotas     func() *rota.Set             // of /v1/rotas; nil for no such page

	Links       LinksOptions // of /v1/links
	Ask         func(ctx context.Context, account string, id message.ID) (*message.Message, error)
	Idempotency IdempotencyOptions // without Claim the header Idempotency-Key is not looked at

	Mailbox  MailboxOptions  // what programs fetch over Ozeki's interface
	Queues   QueuesOptions   // of /v1/queues and /v1/jobs
	Attempts *Attempts       // of /v1/webhooks, shared with everything that calls; nil for an empty one
	Sessions SessionsOptions // of /v1/sessions; without List there is no such page
	Money    MoneyOptions    // of /v1/balances and /v1/prices; without Balances there are no such pages
	Reports  ReportsOptions  // of /v1/reports but for costs; without Counts there are none
	Alarms   AlarmsOptions   // of /v1/alarms; without Book there is no such page
	Lists    ListsOptions    // of /v1/lists; without All there is no such page
	Networks NetworksOptions // of /v1/networks; without Of there is no such page
	OptOuts  OptOutsOptions  // of /v1/optouts; without Record there is no such page
	Config   ConfigOptions   // of /v1/config and /v1/audit; without Rows there are no such pages
	Users    UsersOptions    // of /v1/users; without People there are no such pages
	Status   *Status         // of /v1/status; nil for no such page
	Nodes    func() Nodes    // of /v1/nodes; nil for no such page
	Traces   *Traces         // of /v1/traces; nil for no such page
	Events   *Events         // of /v1/events; nil for no such page

	Now func() time.Time // the wall clock; nil: time.Now

	People *gateway.Gateway // of /v1/contacts, /v1/groups and /v1/templates; nil for no such pages

	Closing  context.Context      // done when the server ends: streams end then; nil for never
	Settings func() *HTTPSettings // how it is reached from outside; nil: as requests say

	Metrics     prometheus.Gatherer // shown at /metrics; nil for no such page
	KannelAdmin KannelAdmin         // Kannel's administration; without a password there is none
	Jasmin      *JasminCallback     // makes the calls of Jasmin's batches; nil: they can name none

	Handlers map[string]http.Handler // further pages by ServeMux pattern, such as the demo's
	Dialects map[string]Dialect      // by the name of their message.Interface; what is not in it is served as is usual

	MaxBody     int64         // octets of a request's body; default 10 MiB
	MaxBodies   int64         // octets of all bodies being read; default 256 MiB
	Timeout     time.Duration // after which a request is answered with an error; default 30 s
	FailureWait time.Duration // first pause after a failed login; default 100 ms

	Logins *LoginBrake // shared with the web pages; nil for one of its own, which begins with FailureWait
}

// Use takes the accounts in force and all functions from a gateway.
func (o *HTTPOptions) Use(g *gateway.Gateway) {
	o.Accounts = func() *account.Directory { return g.Snapshot().Accounts }
	o.Country = func() string { return g.Snapshot().Country }
	o.TLVs = func() *message.TLVDictionary { return g.Snapshot().TLVs }
	o.Dimensions = func() *message.CostDimensions { return g.Snapshot().Dimensions }
	o.Costs, o.Now = g.CostSums, g.Now
	o.Reports = ReportsOptions{Counts: g.Counts, Presence: g.Presence, Networks: g.NetworkNames}
	o.Accept, o.Cancel, o.Message, o.Trace, o.Ready = g.Accept, g.Cancel, g.Message, g.Trace, g.Ready
	o.Preview, o.Explain, o.Resend, o.Erase = g.Preview, g.ExplainRoute, g.Resend, g.EraseText
	o.ExplainFiltered, o.ExplainBy = g.ExplainFiltered, g.ExplainRouteBy
	o.Messages, o.InboundMessage, o.InboundList = g.Messages, g.InboundMessage, g.InboundList
	o.Mailbox = MailboxOptions{Fetch: g.Mailbox, Delete: g.DeleteFromMailbox}
	o.Schedules, o.Series, o.Rotas = g.Schedules, g.SeriesStates, g.Rotas
	o.ExplainInbound = g.ExplainInbound
	o.Ask, o.Change = g.AskOperator, g.ReplaceMessage
	o.People = g
	o.Money = MoneyOptions{Balances: g.Balances, TopUp: g.TopUpBalance, TopUps: g.TopUps, Prices: g.PriceRows}
	o.Lists = ListsOptions{All: g.Lists, Change: g.ChangeList, Entries: g.ListEntries, Find: g.FindInList}
	o.Networks = NetworksOptions{Of: g.NetworkOf, Count: g.NetworkCount, Import: g.ImportNetworks}
	o.OptOuts = OptOutsOptions{Record: g.OptOuts, Is: g.OptedOut, Set: g.SetOptOut}
	o.Idempotency = IdempotencyOptions{Claim: g.Claim, Release: g.Release, Remember: g.Remember}
	o.Links.Stats, o.Links.RestartSession, o.Links.Unmatched = g.LinkStats, g.RestartSession, g.UnmatchedReceipts
	o.Queues = QueuesOptions{Owed: g.OwedQueues, Waiting: g.WaitingQueues, Push: g.Push, Pushes: g.Pushes, Stop: g.StopPush, Act: g.Act, Acts: g.Acts, StopAct: g.StopAct, Dead: g.DeadLetters, RemoveDead: g.RemoveDead}
}

func (o *HTTPOptions) setDefaults() {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Closing == nil {
		o.Closing = context.Background()
	}
	if o.MaxBody == 0 {
		o.MaxBody = 10 << 20
	}
	if o.MaxBodies == 0 {
		o.MaxBodies = 256 << 20
	}
	if o.Attempts == nil {
		o.Attempts = NewAttempts()
	}
	if o.Timeout == 0 {
		o.Timeout = 30 * time.Second
	}
	if o.FailureWait == 0 {
		o.FailureWait = 100 * time.Millisecond
	}
	if o.Logins == nil {
		o.Logins = NewLoginBrake(o.FailureWait)
	}
	if o.Verifier == nil {
		o.Verifier = account.NewVerifier()
	}
	if o.Settings == nil {
		none := &HTTPSettings{}
		o.Settings = func() *HTTPSettings { return none }
	}
	if o.Guard == nil {
		o.Guard = NewGuard()
	}
	if o.TLVs == nil {
		o.TLVs = func() *message.TLVDictionary { return nil }
	}
	if o.Dimensions == nil {
		o.Dimensions = func() *message.CostDimensions { return nil }
	}
	if o.Country == nil {
		o.Country = func() string { return "" }
	}
}

// httpServer is the HTTP side of the gateway.
type httpServer struct {
	HTTPOptions
	mux        *http.ServeMux
	logins     *LoginBrake
	zipped     http.Handler // mux, with answers compressed
	streams    *streamLimits
	keyChanges keyPace
	bodies     *bodyBudget
	jasmin     jasminCounts
	working    atomic.Int64 // requests being served

	mailboxes mailboxTurns // of accounts whose inbound messages are fetched
	sayers    map[sayerAt]sayer
	plainRoot http.HandlerFunc // the plain interface on / itself; nil where it is not there
	imports   atomic.Int32     // of contacts, under way
	pictures  chan struct{}    // a token for each that is decoded

	served []served    // every method and path of REST
	said   []described // of them in /openapi.json
}

// NewHTTP returns the handler of everything on the HTTP port: /v1, the
// dialects, health, metrics and what Handlers adds.
func NewHTTP(o HTTPOptions) http.Handler {
	handler, _ := NewHTTPHandlers(o)
	return handler
}

// NewHTTPHandlers returns with it those of the dialects that have ports of their own.
func NewHTTPHandlers(o HTTPOptions) (http.Handler, map[string]http.Handler) {
	o.setDefaults()
	s := &httpServer{HTTPOptions: o, logins: o.Logins, mux: http.NewServeMux(), sayers: map[sayerAt]sayer{}, streams: newStreamLimits(), pictures: make(chan struct{}, 2)}
	s.bodies = newBodyBudget(o.MaxBodies, o.MaxBody)
	s.messagePaths()
	s.previewPaths()
	s.schedulePaths()
	if s.Rotas != nil {
		s.rotaPaths()
	}
	s.inboundPaths()
	s.linkPaths()
	s.queuePaths()
	s.webhookPaths()
	if o.Sessions.List != nil {
		s.sessionPaths()
	}
	if o.Money.Balances != nil {
		s.moneyPaths()
	}
	if o.Costs != nil {
		s.costPaths()
	}
	if o.Reports.Counts != nil {
		s.reportPaths()
	}
	if o.Alarms.Book != nil {
		s.alarmPaths()
	}
	if o.Lists.All != nil {
		s.listPaths()
	}
	if o.Networks.Of != nil {
		s.networkPaths()
	}
	if o.OptOuts.Record != nil {
		s.optOutPaths()
	}
	if o.People != nil {
		s.peoplePaths()
		s.escalationPaths()
		s.conversationPaths()
	}
	if o.Config.Rows != nil {
		s.configPaths()
		s.keyPaths()
		s.hookSecretPaths()
		s.webPaths()
		s.auditPaths()
		if o.Users.People != nil {
			s.userPaths()
		}
	}
	if o.Traces != nil {
		s.tracePaths()
	}
	if o.Events != nil {
		s.eventPaths()
	}
	if o.Status != nil {
		s.statusPaths()
	}
	if o.Nodes != nil {
		s.nodePaths()
	}
	s.mux.HandleFunc("/openapi.json", s.getDocument())
	docs := s.docsPage()
	s.mux.HandleFunc("/docs", docs)
	s.mux.HandleFunc("/docs/{file...}", docs)
	s.mux.HandleFunc(problemsPath, s.getProblem)
	s.mux.HandleFunc("/v1/", s.notFound)
	for _, path := range []string{"/v1", strings.TrimSuffix(problemsPath, "/")} {
		s.mux.HandleFunc(path, s.notFound)
	}
	s.mux.HandleFunc("/healthz", healthz)
	s.mux.HandleFunc("/readyz", s.readyz)
	if o.Metrics != nil {
		s.mux.Handle("/metrics", promhttp.HandlerFor(o.Metrics, promhttp.HandlerOpts{MaxRequestsInFlight: 4}))
	}
	roots := map[string]http.Handler{"/": http.HandlerFunc(s.notFound)} // shared with the plain interface
	for pattern, h := range o.Handlers {
		if pattern == "/" || pattern == "/{$}" {
			roots[pattern] = h
			continue
		}
		s.mux.Handle(pattern, h)
	}
	own := s.mountDialects()
	for pattern, h := range roots {
		s.mux.Handle(pattern, s.plainOr(h))
	}
	s.zipped = zippedAnswers(s.mux)
	return s, own
}

// ServeHTTP answers every request.
func (s *httpServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if mayZip(r) {
		s.serve(w, r, s.zipped, s.mux)
		return
	}
	s.serve(w, r, s.mux, s.mux)
}

// serve has h answer, and answers 500 itself when that panics. mux is what is
// behind h.
func (s *httpServer) serve(w http.ResponseWriter, r *http.Request, h http.Handler, mux *http.ServeMux) {
	defer func() {
		if v := recover(); v != nil {
			s.panicked(w, r, v, mux)
		}
	}()
	set := s.Settings()
	r = set.proxied(r)
	if len(set.Trusted) > 0 {
		set.unwrap(r)
	}
	if len(set.CORS) > 0 && set.cors(w, r) {
		return
	}
	if p := tooMuch(r); p != nil {
		s.say(w, r, mux, p)
		return
	}
	if r.URL.Path == "" {
		r.URL.Path = "/" // RFC 9110 4.2.3
	}
	if mended(r.URL.EscapedPath()) {
		s.say(w, r, mux, notFound())
		return
	}
	h.ServeHTTP(w, r)
}

// mended tells whether ServeMux would redirect a path to another way to write it.
// The page that it sends along repeats the query, and with it passwords.
func mended(path string) bool {
	return strings.Contains(path, "//") || strings.Contains(path, "/./") || strings.Contains(path, "/../") ||
		strings.HasSuffix(path, "/.") || strings.HasSuffix(path, "/..") || path[0] != '/' && path != "*"
}

// panicked logs a panic, without what the request said, and answers 500 if
// nothing was answered yet.
func (s *httpServer) panicked(w http.ResponseWriter, r *http.Request, v any, mux *http.ServeMux) {
	if v == http.ErrAbortHandler {
		panic(v) // net/http's own way to cut a connection
	}
	s.Log.Error("a request failed; this is a mistake in Kurir", "path", r.URL.Path, "panic", v, "stack", string(debug.Stack()))
	s.say(w, r, mux, &problem{Status: http.StatusInternalServerError, Code: codeInternal, Detail: "the gateway failed on this request; its log says more"})
}

// restHandler serves one method of a path: it returns what is wrong, or nil
// when it has answered.
type restHandler func(w http.ResponseWriter, r *http.Request, a *account.Account) *problem

type methods map[string]operation

// rest registers the methods of a path of the REST interface.
func (s *httpServer) rest(path string, m methods) {
	allow := ""
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		o, known := m[method]
		if !known {
			continue
		}
		if allow != "" {
			allow += ", "
		}
		allow += method
		if o.makes(method) {
			o.serve = s.repeatable(o.serve)
			m[method] = o
		}
		s.served = append(s.served, served{method + " " + path, o})
	}
	s.mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
		o, known := m[r.Method]
		if !known && r.Method == http.MethodHead {
			o, known = m[http.MethodGet] // net/http keeps the body back
		}
		if !known {
			(&problem{
				Status: http.StatusMethodNotAllowed, Code: codeMethod, Allow: allow,
				Detail: notPossible(r.Method, allow),
			}).write(w)
			return
		}
		if p := s.work(w, r, &o); p != nil {
			p.write(w)
		}
	})
}

// work signs in, and has an operation serve a request that may use it.
func (s *httpServer) work(w http.ResponseWriter, r *http.Request, o *operation) *problem {
	if !o.stays {
		if p := s.begin(); p != nil {
			return p
		}
		defer s.end()
	}
	a, p := s.authenticate(r)
	if p != nil {
		return p
	}
	of := o.forBook(r, a)
	if a, p = of.permit(w, a); p != nil {
		return p
	}
	if o.stays {
		return o.serve(w, r, a)
	}
	if p := s.beginOf(a); p != nil {
		return p
	}
	defer a.EndRequest()
	return o.serve(w, r, a)
}

func (s *httpServer) notFound(w http.ResponseWriter, r *http.Request) {
	notFound().write(w)
}

func notFound() *problem {
	return &problem{Status: http.StatusNotFound, Code: codeNotFound, Detail: "there is nothing at this path"}
}

// healthz says that the process lives.
func healthz(w http.ResponseWriter, _ *http.Request) { plain(w, http.StatusOK, "ok\n") }

// readyz says whether messages can be accepted, or why not, and whether losing the
// server of the database can lose what was accepted.
func (s *httpServer) readyz(w http.ResponseWriter, _ *http.Request) {
	if err := s.ready(); err != nil {
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter(http.StatusServiceUnavailable)))
		plain(w, http.StatusServiceUnavailable, "not ready: "+err.Error()+"\n")
		return
	}
	text := "ready\n"
	if s.Status != nil {
		if safety := s.Status.Store().Safety; safety.Postgres {
			text += safety.String() + "\n"
		}
	}
	if s.Nodes != nil {
		if ahead := s.Nodes().Ahead; ahead.Abs() >= clockFar {
			text += clockWrong(ahead) + "\n"
		}
	}
	plain(w, http.StatusOK, text)
}

var errOutOfReach = errors.New("the database that the servers share has not answered for some seconds")

// accepts says why messages cannot be accepted; nil if they can, as far as is known. One of several servers knows by its leases that it
// does not reach the database, also when nobody asks anything of it.
func (s *httpServer) accepts() error {
	if err := s.Ready(); err != nil {
		return err
	}
	if s.Nodes != nil && !s.Nodes().Valid {
		return errOutOfReach
	}
	return nil
}

// clockFar is from when on readyz says that the clock is wrong. It makes a server no less ready: it goes by the database's.
const clockFar = 30 * time.Second

// clockWrong says that this server's clock is ahead of the database's, or behind.
func clockWrong(ahead time.Duration) string {
	word := "ahead of"
	if ahead < 0 {
		word = "behind"
	}
	return fmt.Sprintf("the clock of this machine is %v %s that of the database, whose time is used: set one of them right", ahead.Abs().Round(100*time.Millisecond), word)
}

func plain(w http.ResponseWriter, status int, text string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text))
}

// remoteAddr returns the address that a request came from; invalid if the
// connection has none.
func remoteAddr(r *http.Request) netip.Addr {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}

// Limits of one HTTP connection. Pages that stream for longer lift theirs with
// http.ResponseController.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 60 * time.Second
	writeTimeout      = 90 * time.Second
	idleTimeout       = 2 * time.Minute // of HTTP/1.1
	maxHeader         = 32 << 10
)

// Limits of one HTTP/2 connection (RFC 9113).
const (
	maxStreams    = 100     // requests at a time
	maxReceived   = 1 << 20 // octets of bodies on their way to us
	maxPerStream  = 256 << 10
	pingAfter     = 30 * time.Second // nothing heard
	pingWait      = 15 * time.Second
	blockedWrites = 30 * time.Second
)

// HTTPProtocols are those that a client may choose over TLS (RFC 7301).
func HTTPProtocols() []string { return []string{"h2", "http/1.1"} }

// NewHTTPServer returns a server for h whose connections are bounded in time
// and in the size of their headers; it speaks HTTP/1.1 and HTTP/2. Serve it on
// an AnswerListener around a LimitListener. What has agreed on HTTP/2 has to be a
// *tls.Conn itself.
func NewHTTPServer(h http.Handler, log *slog.Logger) *http.Server {
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(true)
	protocols.SetUnencryptedHTTP2(true) // by prior knowledge (RFC 9113 3.3)
	srv := &http.Server{
		Handler:   h,
		Protocols: &protocols,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: maxStreams, MaxReceiveBufferPerConnection: maxReceived, MaxReceiveBufferPerStream: maxPerStream,
			SendPingTimeout: pingAfter, PingTimeout: pingWait, WriteByteTimeout: blockedWrites,
		},
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       -1,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	// HTTP/2 takes the idle timeout when a server first serves, and with one it keeps whatever connection ends with
	// open streams in memory until then (net/http starts the timer again behind the connection's end): a client that
	// connects, asks and hangs up all the time would fill it. So there it is none: who is silent is pinged.
	_ = srv.Serve(noListener{})
	srv.IdleTimeout = idleTimeout
	return srv
}

// noListener has no connections.
type noListener struct{}

func (noListener) Accept() (net.Conn, error) { return nil, net.ErrClosed }
func (noListener) Close() error              { return nil }
func (noListener) Addr() net.Addr            { return &net.TCPAddr{} }
