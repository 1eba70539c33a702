package gateway

import (
	"cmp"
	"errors"
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

	// Called narrows it to what is called over HTTP. With GivenUp and no IDs, dead letters are what is pushed then.
	Called  bool
	Address string // narrows it to what goes to this address (CalledAt); empty for none
	// ToCurrent has what goes to a webhook of the account go to the one that the account has when it is told. What is owed
	// still to others goes there too, with no range and without GivenUp nothing else. For one account.
	ToCurrent bool
}

// PushProgress is what a push has done so far.
type PushProgress struct {
	Looked   int64 // messages and inbound messages looked at
	Receipts int64 // final states that are owed again
	Inbound  int64 // inbound messages that are owed again, to a target each
	Owed     int64 // that were owed anyway
	Gone     int64 // whose text retention has removed
	Unknown  int64 // ids that are nobody's of these accounts
	Moved    int64 // that were owed to another address, and go to the account's webhook now
}

func (p *PushProgress) add(more *PushProgress) {
	p.Looked += more.Looked
	p.Receipts += more.Receipts
	p.Inbound += more.Inbound
	p.Owed += more.Owed
	p.Gone += more.Gone
	p.Unknown += more.Unknown
	p.Moved += more.Moved
}

// PushJob is a push as it stands.
type PushJob struct {
	Job
	Request PushRequest
	Reached time.Time // what was accepted or came before is dealt with; zero at the beginning, and of ids
	PushProgress
}

// Errors of Push and StopPush.
var (
	ErrPushing     = errors.New("a push for this account runs already; stop it, or wait until it is done")
	ErrTooManyPush = errors.New("too many pushes run; wait until one is done")
)

const pushesMost = 16 // that run at a time

// pushJob is a push under way.
type pushJob struct {
	job
	req      PushRequest
	touched  map[*outbox]struct{} // queues of the present slice; guarded by Gateway.mu while rows are added
	until    time.Time
	progress PushProgress
}

func newPushJob(req PushRequest) *pushJob {
	return &pushJob{job: job{account: req.Account}, req: req, touched: map[*outbox]struct{}{}}
}

// mayHave tells whether the job is for an account.
func (j *pushJob) mayHave(account string) bool {
	return j.req.Account == "" || j.req.Account == account
}

func (j *pushJob) count(f func(*PushProgress)) {
	j.mu.Lock()
	f(&j.progress)
	j.mu.Unlock()
}

func (j *pushJob) reached(id message.ID) {
	j.mu.Lock()
	j.until = id.Time()
	j.mu.Unlock()
}

func (j *pushJob) look() PushJob {
	j.mu.Lock()
	defer j.mu.Unlock()
	return PushJob{j.Job, j.req, j.until, j.progress}
}

// Push begins to make owed again what customers were told or what was given up.
// by is the account that asks; key, nil for none, is that of its request. It goes on
// until it is done or StopPush.
func (g *Gateway) Push(by string, req PushRequest, key *Answering[PushJob]) (PushJob, error) {
	j := newPushJob(req)
	err := g.pushes.begin(g, by, j, func(running []*pushJob) error {
		for _, have := range running {
			if have.req.Account == req.Account {
				return ErrPushing
			}
		}
		if len(running) >= pushesMost {
			return ErrTooManyPush
		}
		return nil
	}, g.push, g.pushEnded)
	if err != nil {
		return PushJob{}, err
	}
	g.log.Info("push begins", append([]any{"job", j.ID, "by", by}, req.attrs()...)...)
	begun := j.look()
	g.answering(&j.job, key.with(&begun))
	return begun, nil
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
	for name, on := range map[string]bool{"given_up": r.GivenUp, "called": r.Called, "to_current": r.ToCurrent} {
		if on {
			attrs = append(attrs, name, true)
		}
	}
	if r.Address != "" {
		attrs = append(attrs, "address", r.Address)
	}
	return attrs
}

func (g *Gateway) pushEnded(j *pushJob) {
	v := j.look()
	attrs := []any{"job", v.ID, "state", string(v.State), "receipts", v.Receipts, "inbound", v.Inbound}
	if v.Err != nil {
		attrs = append(attrs, "error", v.Err)
	}
	if v.Moved > 0 {
		attrs = append(attrs, "moved", v.Moved)
	}
	g.log.Info("push ends", attrs...)
}

// Pushes returns the pushes for an account (of all for the empty one) since the
// start, newest first; of those that have ended the last hundred.
func (g *Gateway) Pushes(account string) (list []PushJob) {
	for _, j := range g.pushes.of(account) {
		list = append(list, j.look())
	}
	return list
}

// StopPush stops a push for an account (of any for the empty one); what it has
// made owed stays so. Of one that has ended it changes nothing. The error is
// ErrNotFound for an unknown id and for somebody else's.
func (g *Gateway) StopPush(account string, id message.ID) (PushJob, error) {
	j, err := g.pushes.find(account, id)
	if err != nil {
		return PushJob{}, err
	}
	j.stop()
	return j.look(), nil
}
