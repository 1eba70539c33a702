package gateway

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"kurir/account"
	"kurir/message"
	"kurir/route"
)

// QueueAct is what is done with messages that wait.
type QueueAct string

// The acts.
const (
	ActCount  QueueAct = "count"  // nothing but counting them
	ActPause  QueueAct = "pause"  // they wait until somebody resumes them, or their validity ends
	ActResume QueueAct = "resume" // paused ones wait as others do
	ActCancel QueueAct = "cancel" // they are not sent
	ActMove   QueueAct = "move"   // they take another link, and only that
	ActLane   QueueAct = "lane"   // they wait in another lane
)

// QueueActs are all of them.
func QueueActs() []QueueAct {
	return []QueueAct{ActCount, ActPause, ActResume, ActCancel, ActMove, ActLane}
}

// QueueFilter says which of the messages that wait are meant; what is empty is
// any.
type QueueFilter struct {
	Account   string
	Reference string // the customer's own: of a batch, say
	Route     string // name of the rule that matches them, as the rules are now
	To        string // pattern of the recipient: +4670*
	Link      string // for which they wait
}

// ActRequest is an act and what it is for.
type ActRequest struct {
	Act    QueueAct
	Filter QueueFilter
	Link   string           // of ActMove
	Lane   message.Priority // of ActLane
}

// ActJob is an act as it stands.
type ActJob struct {
	ID      message.ID
	By      string // account that asked for it
	Request ActRequest
	State   PushState
	Began   time.Time
	Ended   time.Time // zero while it runs
	Looked  int64     // messages that waited
	Done    int64     // of them those that were meant, and with which it was done
	Refused int64     // meant, and impossible: no price by the other link, parts that have left
	Err     error     // why it failed
}

// ErrTooManyActs is the error of Act.
var ErrTooManyActs = errors.New("too many acts on queues run; wait until one is done, or stop one")

const (
	actsMost = 4   // that run at a time
	actsKept = 100 // that are shown, those that have ended included
)

// acts are the acts on queues since the start. They are not kept over a restart:
// what they did is.
type acts struct {
	mu   sync.Mutex
	list []*actJob // oldest first
}

// actJob is an act under way.
type actJob struct {
	req  ActRequest
	stop context.CancelFunc

	mu   sync.Mutex
	view ActJob
}

func (j *actJob) look() ActJob {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.view
}

func (j *actJob) count(looked, done, refused int64) {
	j.mu.Lock()
	j.view.Looked += looked
	j.view.Done += done
	j.view.Refused += refused
	j.mu.Unlock()
}

// Act begins to do something with all messages that wait now and that a filter
// means. by is the account that asks. It goes on until it is done or StopAct.
func (g *Gateway) Act(by string, req ActRequest) (ActJob, error) {
	g.acts.mu.Lock()
	defer g.acts.mu.Unlock()
	running := 0
	for _, have := range g.acts.list {
		if have.look().State == PushRunning {
			running++
		}
	}
	if running >= actsMost {
		return ActJob{}, ErrTooManyActs
	}
	now := time.Now()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stopping {
		return ActJob{}, ErrStopped
	}
	ctx, stop := context.WithCancel(g.ctx)
	j := &actJob{req: req, stop: stop}
	j.view = ActJob{ID: g.nextID(now), By: by, Request: req, State: PushRunning, Began: now}
	g.acts.add(j)
	g.jobs.Go(func() {
		defer stop()
		g.endAct(j, g.act(ctx, j))
	})
	if req.Act != ActCount {
		g.log.Info("act on queues begins", "job", j.view.ID, "by", by, "act", string(req.Act), "account", req.Filter.Account,
			"route", req.Filter.Route, "link", req.Filter.Link, "move_to", req.Link)
	}
	return j.view, nil
}

// add adds a job and forgets the oldest that has ended if there are too many.
func (a *acts) add(j *actJob) {
	a.list = append(a.list, j)
	if len(a.list) <= actsKept {
		return
	}
	if i := slices.IndexFunc(a.list, func(old *actJob) bool { return old.look().State != PushRunning }); i >= 0 {
		a.list = slices.Delete(a.list, i, i+1)
	}
}

func (g *Gateway) endAct(j *actJob, err error) {
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
	switch {
	case v.Err != nil:
		g.log.Error("act on queues ends", "job", v.ID, "act", string(v.Request.Act), "done", v.Done, "error", v.Err)
	case v.Request.Act != ActCount:
		g.log.Info("act on queues ends", "job", v.ID, "act", string(v.Request.Act), "state", string(v.State), "done", v.Done, "refused", v.Refused)
	}
}

// Acts returns the acts for an account (all for the empty one) since the start,
// newest first; of those that have ended the last hundred.
func (g *Gateway) Acts(account string) []ActJob {
	g.acts.mu.Lock()
	defer g.acts.mu.Unlock()
	var list []ActJob
	for _, j := range slices.Backward(g.acts.list) {
		if account == "" || j.req.Filter.Account == account {
			list = append(list, j.look())
		}
	}
	return list
}

// StopAct stops an act for an account (any for the empty one); what it has done
// stays so. Of one that has ended it changes nothing. The error is ErrNotFound
// for an unknown id and for somebody else's.
func (g *Gateway) StopAct(account string, id message.ID) (ActJob, error) {
	g.acts.mu.Lock()
	defer g.acts.mu.Unlock()
	for _, j := range g.acts.list {
		if j.view.ID == id && (account == "" || j.req.Filter.Account == account) {
			j.stop()
			return j.look(), nil
		}
	}
	return ActJob{}, ErrNotFound
}

// means tells whether a filter means a message that waits for a link.
func (f *QueueFilter) means(s *Snapshot, m *message.Message, link string) bool {
	switch {
	case f.Account != "" && f.Account != m.Account, f.Reference != "" && f.Reference != m.Reference,
		f.Link != "" && f.Link != link, f.To != "" && !m.To.Matches(f.To):
		return false
	case f.Route == "":
		return true
	}
	for _, c := range s.Routes.Explain(route.QueryOf(m, groupsOf(s.Accounts.ByName(m.Account)), m.ID.Time())) {
		if c.Matched {
			return c.Name == f.Route
		}
	}
	return false
}

func groupsOf(a *account.Account) []string {
	if a == nil {
		return nil
	}
	return a.Groups
}
