package gateway

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"kurir/account"
	"kurir/alarm"
	"kurir/connector"
	"kurir/message"
	"kurir/route"
	"kurir/store"
)

// Options is what a Gateway is made of. Store and Snapshot are required.
type Options struct {
	Store    *store.Store
	Snapshot *Snapshot
	Log      *slog.Logger
	Alarms   *alarm.Book // takes what people ought to look at; nil for nobody
	Node     int         // 0 to 63; 0 when there is one server
	Term     int64       // of the node's share, which nobody else may have taken over since
	Shared   bool        // other gateways use the store, too, or may come to
	Divided  bool        // and have rates together with this one: ShareRates says what it may use (rates.go)
	Sessions func()      // told after a session of a link was opened or has ended; it must not wait. nil for nobody

	QueueMemory  int           // messages of one link kept in memory; default 10,000
	OutboxMemory int           // items owed to one account kept in memory; default 20,000
	OpenMemory   int           // open messages kept in memory as a whole; default 500,000
	ShelfMemory  int           // octets of those that await receipts in a compact form; default 512 MiB
	MarkLag      time.Duration // how long an open message may stand in its row only; default 60 s
	MaxGathered  int           // submissions waiting for a commit; more are refused; default 100,000
	MaxAge       time.Duration // how long customers are told what they are owed; default 72 h
	EventsKept   time.Duration // how long events are kept, as store.Retention.Events; default 24 h
	HoldReceipts time.Duration // how long a receipt that matches nothing is held; default 10 min
	JoinWait     time.Duration // how long parts of an inbound message are waited for; default 24 h

	Now func() time.Time // the wall clock, which may be set; default time.Now. No monotonic reading need be in it

	page int // rows read from disk at a time in place of the usual number, for tests
}

// tellSessions says that a session of a link was opened or has ended.
func (o *Options) tellSessions() {
	if o.Sessions != nil {
		o.Sessions()
	}
}

// helping is how many rows are read at a time where n are usual.
func (o *Options) helping(n int) int {
	if o.page > 0 {
		return o.page
	}
	return n
}

func (o *Options) setDefaults() {
	def := func(v *int, d int) {
		if *v == 0 {
			*v = d
		}
	}
	defTime := func(v *time.Duration, d time.Duration) {
		if *v == 0 {
			*v = d
		}
	}
	def(&o.QueueMemory, 10_000)
	def(&o.OutboxMemory, 20_000)
	def(&o.OpenMemory, 500_000)
	def(&o.ShelfMemory, 512<<20)
	def(&o.MaxGathered, 100_000)
	defTime(&o.MarkLag, time.Minute)
	defTime(&o.MaxAge, 72*time.Hour)
	defTime(&o.EventsKept, 24*time.Hour)
	defTime(&o.HoldReceipts, 10*time.Minute)
	defTime(&o.JoinWait, 24*time.Hour)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
}

// Gateway holds every message that is on its way. Make it with New.
type Gateway struct {
	opt       Options
	log       *slog.Logger
	store     *store.Store
	snap      atomic.Pointer[Snapshot]
	retries   atomic.Pointer[retryTable]    // of snap
	commit    func(*store.Batch) error      // the store's, but for tests
	receivers [message.TargetCount]Receiver // by message.TargetKind; set before Run
	count     counters
	asking    atomic.Int32 // messages being taken back from operators

	mu           sync.Mutex
	clock        clock
	ids          *message.IDs
	mark         message.ID       // open messages up to here stand in spill tables
	cur          *gather          // being gathered
	writing      *gather          // being committed, or waiting to be tried again
	spares       []*gather        // emptied
	carry        *gather          // failed to commit, is tried again
	sequence     uint64           // of gathers
	done         uint64           // sequence of the last that is on disk
	applicants   queue[applicant] // who waits to be let in
	applying     int              // messages of theirs
	letIn        int              // new messages that cur may hold
	full         error            // why nothing can be written now, nil when all is well
	stopping     bool
	readings     []*reading // under way
	links        map[string]*link
	boxes        map[boxKey]*outbox
	open         map[message.ID]*entry
	openIn       map[message.ID]*inboundEntry
	recent       queue[place] // accepted, open or not, in order of their ids, from the mark on
	outstanding  outstanding
	shelf        shelf
	passed       int // messages that have left recent
	shelved      int // and how far from the first of all the shelf has looked at it
	held         map[uint64][]*heldReport
	heldCount    int
	heldKnown    bool        // what others hold has been looked at since commits failed
	heldUnsought atomic.Bool // messages of those that are held are to be looked for on disk
	scopes       map[string]*idScope
	candidates   []candidate   // scratch
	relook       bool          // at the receipts that are held: something was learned
	resting      queue[rest]   // enroute, with a row, and new enough to stay in memory
	leaving      queue[*entry] // enroute, to leave memory once their rows are on disk
	due          dueHeap
	deadlines    map[int64][]message.ID // by Unix second, for those short of the mark
	parts        map[uint64]*partGroup
	joins        map[string]*assembly
	phones       map[string]struct{} // that became reachable in this second
	alerting     bool                // an account asks for alerts
	hourBook     hourBook
	hours        bool                          // an account has hours
	paces        map[string]*pace              // of accounts with a rate
	shares       RateShares                    // of rates, if Options.Divided
	partwise     bool                          // an account gets a receipt for each part
	alerts       map[string]message.Alert      // of which customers are to be told, by number
	series       map[string]store.SeriesNumber // the last case numbers, by name
	joinSize     int                           // octets of the parts in them, about
	calls        []delivery                    // prepared under mu, made after it
	calling      bool                          // somebody makes them
	dialogs      dialogs                       // has a lock of its own
	answers      answerCounts                  // likewise
	underWay     keysUnderWay                  // likewise
	commander    *commander
	looking      bool      // fromDisk is under way
	looks        int       // at what is free, of freeOwed
	swept        time.Time // when it last looked through what is owed to absent accounts
	ticking      bool      // often, for something waits
	late         []lateReport
	lateNow      []lateReport // of late, what is being written
	pushes       jobList[*pushJob]
	missing      missingReceipts
	policies     map[string]*route.Fallback
	acts         jobList[*actJob]
	mailings     jobList[*mailingJob]
	mailingsElse mailingCopies // of other gateways
	tallies      *tallies
	kept         []store.Mailing         // as they were on disk at the start; nil from Run on
	replacing    map[message.ID]struct{} // which operators are being asked to replace
	sizes        diskSizes
	purses       map[string]*purse // by account
	costs        costsMet
	numbers      numberBook
	people       peopleBook // has locks of its own
	events       eventBook
	traffic      traffic                   // has a lock of its own
	toppedUp     map[topUpKey]*toppingUp   // gathered and not on disk
	importing    chan struct{}             // held while networks are
	errands      chan func()               // to be done while nothing is written
	topping      chan struct{}             // held while one is looked up and gathered
	news         news                      // has a lock of its own
	numbered     map[int64]*heldReport     // receipts that are held, by number, if other gateways look at them
	dealt        map[int64]uint64          // numbers of those that are not any more, and the gather that removes the row
	joining      map[string]uint64         // likewise parts of messages from phones
	looked       map[message.ID]uint8      // in how many sweeps each was seen; nodeLoop's
	opened       map[int64]uint64          // likewise letters of other gateways
	peers        []int                     // other gateways that are up; nil: not known
	asked        map[int64]chan letterKind // questions to other gateways, by number
	giving       map[message.ID]bool       // messages that are being given to another gateway

	escalations escalations
	presence    presence

	following  chan *gather // on disk, what waited for them is to be done
	unfollowed []*gather    // those and the one in work

	wake  chan struct{}
	hurry chan struct{}  // to tickLoop: something waits
	jobs  sync.WaitGroup // refills and the like
	ctx   context.Context
	stop  context.CancelFunc
}

// ErrStopped is given to whoever waits for a commit that will not come.
var ErrStopped = errors.New("the gateway is stopping")

// New makes a gateway and reads from the store what is still open. Nothing
// moves before Run.
func New(ctx context.Context, opt Options) (*Gateway, error) {
	opt.setDefaults()
	g := &Gateway{
		opt: opt, log: opt.Log, store: opt.Store, commit: opt.Store.Commit,
		links: map[string]*link{}, boxes: map[boxKey]*outbox{},
		open: map[message.ID]*entry{}, openIn: map[message.ID]*inboundEntry{},
		held: map[uint64][]*heldReport{}, scopes: map[string]*idScope{},
		purses: map[string]*purse{}, errands: make(chan func(), 1), topping: make(chan struct{}, 1), toppedUp: map[topUpKey]*toppingUp{}, importing: make(chan struct{}, 1),
		deadlines: map[int64][]message.ID{}, missing: missingReceipts{due: map[int64]map[message.ID]uint8{}, asked: make(chan struct{}, askMissingMost)}, policies: map[string]*route.Fallback{},
		joins: map[string]*assembly{}, parts: map[uint64]*partGroup{},
		letIn: math.MaxInt, wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1),
	}
	g.store.OnAway(g.away)
	g.ctx, g.stop = context.WithCancel(context.WithoutCancel(ctx))
	g.outstanding.init()
	g.people.init()
	g.shelf.init()
	g.news.init()
	g.tallies = newTallies()
	g.numbered, g.dealt, g.joining = map[int64]*heldReport{}, map[int64]uint64{}, map[string]uint64{}
	g.opened, g.asked, g.giving = map[int64]uint64{}, map[int64]chan letterKind{}, map[message.ID]bool{}
	g.following = make(chan *gather, followMost)
	g.cur = g.newGather()
	g.receivers[message.ReplyTarget], g.receivers[message.ForwardTarget] = answerer{g}, answerer{g}
	g.commander = newCommander(g)
	g.receivers[message.CommandTarget] = g.commander
	if err := g.loadNumbers(ctx); err != nil {
		return nil, err
	}
	if err := g.loadSeries(ctx); err != nil {
		return nil, err
	}
	g.install(opt.Snapshot)
	if err := g.loadMoney(ctx, g.now()); err != nil {
		return nil, fmt.Errorf("read the balances: %w", err)
	}
	if err := g.recover(ctx); err != nil {
		return nil, fmt.Errorf("read what is open: %w", err)
	}
	var err error
	if err := g.loadEscalations(ctx); err != nil {
		return nil, err
	}
	if g.kept, err = g.store.Mailings(ctx, store.MailingFilter{Requests: true}); err != nil {
		return nil, fmt.Errorf("read which large requests were being sent: %w", err)
	}
	return g, nil
}

// Receive registers the Receiver for a kind of target, before Run.
func (g *Gateway) Receive(kind message.TargetKind, r Receiver) { g.receivers[kind] = r }

// Attach gives a link its connector, before the connector runs; nil takes it
// away.
func (g *Gateway) Attach(name string, c connector.Connector) {
	g.mu.Lock()
	l := g.link(name)
	l.conn = c
	tap := l.tap
	g.mu.Unlock()
	if t, ok := c.(connector.Tracer); ok && tap != nil {
		t.SetTrace(tap)
	}
}

// Link returns the side of the gateway that the connector of a link calls.
func (g *Gateway) Link(name string) connector.Core {
	g.mu.Lock()
	defer g.mu.Unlock()
	return linkCore{g, g.link(name)}
}

// Replace puts a new configuration into force. Messages already accepted keep
// the links that were chosen for them.
func (g *Gateway) Replace(s *Snapshot) {
	g.mu.Lock()
	g.install(s)
	now := g.now()
	if since, limited := g.limitsSince(now); limited && g.ctx.Err() == nil {
		g.jobs.Go(func() { g.recount(s, since, now) })
	}
	g.mu.Unlock()
	g.signal()
}

func (g *Gateway) install(s *Snapshot) {
	for name, set := range s.Links {
		l := g.link(name)
		l.configure(set)
		g.shareLink(l)
	}
	g.setScopes()
	g.setPaces(s)
	g.installMoney(s)
	g.bindNumbers(s)
	g.installTraffic(s)
	g.shelf.forgetOld(s.Number)
	g.alerting = slices.ContainsFunc(s.Accounts.All(), func(a *account.Account) bool { return a.SMPP.Alerts })
	g.hours = anyHours(s.Accounts)
	if s.hourBook == nil {
		s.hourBook = &g.hourBook
	}
	g.partwise = slices.ContainsFunc(s.Accounts.All(), func(a *account.Account) bool { return a.SMPP.ReceiptsPer == account.ReceiptsPerPart })
	old := g.snap.Load()
	old.closeFilters()
	if old == nil || old.Number != s.Number {
		g.cur.Config, g.cur.ConfigText = s.Number, s.Text
	}
	g.retries.Store(newRetryTable(s.Retries))
	g.snap.Store(s)
}

// Snapshot returns the configuration in force.
func (g *Gateway) Snapshot() *Snapshot { return g.snap.Load() }

// Run writes and keeps time until ctx ends; then it commits what has gathered
// and returns. An error means that the process must stop and recover by a new
// start.
func (g *Gateway) Run(ctx context.Context) error {
	g.begin()
	g.jobs.Go(func() { g.tickLoop(g.ctx) })
	g.jobs.Go(func() { g.runSchedules(g.ctx) })
	g.jobs.Go(func() { g.emptyGroups(g.ctx) })
	g.jobs.Go(func() { g.runEscalations(g.ctx) })
	if g.opt.Shared {
		g.jobs.Go(func() { g.nodeLoop(g.ctx) })
	}
	g.resumeMailings(g.kept)
	g.kept = nil
	if g.opt.Shared {
		g.jobs.Go(func() { g.runMailings(g.ctx) })
	}
	followed := make(chan struct{})
	go func() {
		defer close(followed)
		g.follow()
	}()
	err := g.commitLoop(ctx)
	close(g.following)
	<-followed
	g.abandon()
	g.commander.runs.Wait()
	g.jobs.Wait()
	g.snap.Load().closeFilters()
	return err
}

// abandon answers whoever waits for a commit that will not come, and refuses
// what comes after.
func (g *Gateway) abandon() {
	g.mu.Lock()
	g.stopping, g.full = true, ErrStopped
	g.stop() // under the lock: no job begins afterwards
	accepts := append(g.takeBack(g.cur), g.turnAway()...)
	after := g.cur.after
	g.cur.after = nil
	if g.carry != nil {
		after = append(after, g.carry.after...)
	}
	g.mu.Unlock()
	answer(accepts)
	for _, f := range after {
		f(ErrStopped)
	}
}

// refusal says to a customer why nothing can be accepted now. g.full is set.
func (g *Gateway) refusal() *message.Failure {
	if g.stopping {
		return &message.Failure{Kind: message.Stopping}
	}
	return &message.Failure{Kind: message.StoreFull}
}

// Ready returns why the server cannot accept messages now, nil when it can.
func (g *Gateway) Ready() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.full
}

// signal wakes the writer.
func (g *Gateway) signal() {
	select {
	case g.wake <- struct{}{}:
	default:
	}
}
