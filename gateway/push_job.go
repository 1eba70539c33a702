package gateway

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"kurir/message"
)

// PushRequest says what is to be told to customers again.
type PushRequest struct {
	Account  string       // whose; empty for everybody's
	Receipts bool         // final states of messages
	Inbound  bool         // inbound messages
	From, To time.Time    // when they were accepted or came: from From on, before To; zero for no bound
	IDs      []message.ID // these, and no range
	GivenUp  bool         // only what was given up, not what was acknowledged
}

// PushState is where a push stands.
type PushState string

// The states of a push.
const (
	PushRunning PushState = "running"
	PushDone    PushState = "done"
	PushStopped PushState = "stopped"
	PushFailed  PushState = "failed"
)

// PushProgress is what a push has done so far.
type PushProgress struct {
	Looked   int64 // messages and inbound messages looked at
	Receipts int64 // final states that are owed again
	Inbound  int64 // inbound messages that are owed again, to a target each
	Owed     int64 // that were owed anyway
	Gone     int64 // whose text retention has removed
	Unknown  int64 // ids that are nobody's of these accounts
}

func (p *PushProgress) add(more *PushProgress) {
	p.Looked += more.Looked
	p.Receipts += more.Receipts
	p.Inbound += more.Inbound
	p.Owed += more.Owed
	p.Gone += more.Gone
	p.Unknown += more.Unknown
}

// PushJob is a push as it stands.
type PushJob struct {
	ID      message.ID
	By      string // account that asked for it
	Request PushRequest
	State   PushState
	Began   time.Time
	Ended   time.Time // zero while it runs
	Reached time.Time // what was accepted or came before is dealt with; zero at the beginning, and of ids
	PushProgress
	Err error // why it failed
}

// Errors of Push and StopPush.
var (
	ErrPushing     = errors.New("a push for this account runs already; stop it, or wait until it is done")
	ErrTooManyPush = errors.New("too many pushes run; wait until one is done")
)

const (
	pushesMost = 16  // that run at a time
	pushesKept = 100 // that are shown, those that have ended included
)

// pushes are the pushes since the start. They are not kept over a restart: what
// they made owed is.
type pushes struct {
	mu   sync.Mutex
	list []*pushJob // oldest first
}

// pushJob is a push under way.
type pushJob struct {
	req     PushRequest
	stop    context.CancelFunc
	touched map[*outbox]struct{} // queues of the present slice; guarded by Gateway.mu while rows are added

	mu   sync.Mutex
	view PushJob
}

func newPushJob(req PushRequest, stop context.CancelFunc) *pushJob {
	return &pushJob{req: req, stop: stop, touched: map[*outbox]struct{}{}}
}

// mayHave tells whether the job is for an account.
func (j *pushJob) mayHave(account string) bool {
	return j.req.Account == "" || j.req.Account == account
}

func (j *pushJob) count(f func(*PushProgress)) {
	j.mu.Lock()
	f(&j.view.PushProgress)
	j.mu.Unlock()
}

func (j *pushJob) reached(id message.ID) {
	j.mu.Lock()
	j.view.Reached = id.Time()
	j.mu.Unlock()
}

func (j *pushJob) look() PushJob {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.view
}

// Push begins to make owed again what customers were told or what was given up.
// by is the account that asks. It goes on until it is done or StopPush.
func (g *Gateway) Push(by string, req PushRequest) (PushJob, error) {
	g.pushes.mu.Lock()
	defer g.pushes.mu.Unlock()
	running := 0
	for _, have := range g.pushes.list {
		if have.look().State != PushRunning {
			continue
		}
		if running++; have.req.Account == req.Account {
			return PushJob{}, ErrPushing
		}
	}
	if running >= pushesMost {
		return PushJob{}, ErrTooManyPush
	}
	now := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stopping {
		return PushJob{}, ErrStopped
	}
	ctx, stop := context.WithCancel(g.ctx)
	j := newPushJob(req, stop)
	j.view = PushJob{ID: g.nextID(now), By: by, Request: req, State: PushRunning, Began: now}
	g.pushes.add(j)
	g.jobs.Go(func() {
		defer stop()
		err := g.push(ctx, j)
		g.endPush(j, err)
	})
	g.log.Info("push begins", append([]any{"job", j.view.ID, "by", by}, req.attrs()...)...)
	return j.view, nil
}

// attrs are what the log says of a request: what was given.
func (r *PushRequest) attrs() []any {
	attrs := []any{"account", cmp.Or(r.Account, "*"), "receipts", r.Receipts, "inbound", r.Inbound}
	if !r.From.IsZero() {
		attrs = append(attrs, "from", r.From)
	}
	if !r.To.IsZero() {
		attrs = append(attrs, "to", r.To)
	}
	if len(r.IDs) > 0 {
		attrs = append(attrs, "ids", len(r.IDs))
	}
	if r.GivenUp {
		attrs = append(attrs, "given_up", true)
	}
	return attrs
}

// add adds a job and forgets the oldest that has ended if there are too many.
func (p *pushes) add(j *pushJob) {
	p.list = append(p.list, j)
	if len(p.list) <= pushesKept {
		return
	}
	for i, old := range p.list {
		if old.look().State != PushRunning {
			p.list = slices.Delete(p.list, i, i+1)
			return
		}
	}
}

func (g *Gateway) endPush(j *pushJob, err error) {
	j.mu.Lock()
	j.view.Ended, j.view.State = time.Now(), PushDone
	switch {
	case errors.Is(err, context.Canceled):
		j.view.State = PushStopped
	case err != nil:
		j.view.State, j.view.Err = PushFailed, err
	}
	v := j.view
	j.mu.Unlock()
	attrs := []any{"job", v.ID, "state", string(v.State), "receipts", v.Receipts, "inbound", v.Inbound}
	if v.Err != nil {
		attrs = append(attrs, "error", v.Err)
	}
	g.log.Info("push ends", attrs...)
}

// Pushes returns the pushes for an account (of all for the empty one) since the
// start, newest first; of those that have ended the last hundred.
func (g *Gateway) Pushes(account string) []PushJob {
	g.pushes.mu.Lock()
	defer g.pushes.mu.Unlock()
	var list []PushJob
	for _, j := range slices.Backward(g.pushes.list) {
		if account == "" || j.req.Account == account {
			list = append(list, j.look())
		}
	}
	return list
}

// StopPush stops a push for an account (of any for the empty one); what it has
// made owed stays so. Of one that has ended it changes nothing. The error is
// ErrNotFound for an unknown id and for somebody else's.
func (g *Gateway) StopPush(account string, id message.ID) (PushJob, error) {
	g.pushes.mu.Lock()
	defer g.pushes.mu.Unlock()
	for _, j := range g.pushes.list {
		if j.view.ID == id && (account == "" || j.req.Account == account) {
			j.stop()
			return j.look(), nil
		}
	}
	return PushJob{}, ErrNotFound
}
