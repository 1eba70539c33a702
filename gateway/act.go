package gateway

import (
	"errors"

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
	Job
	Request ActRequest
	Looked  int64 // messages that waited
	Done    int64 // of them those that were meant, and with which it was done
	Paused  int64 // of those counted
	Refused int64 // meant, and impossible: as actOnEntry says of ActMove
}

// ErrTooManyActs is the error of Act.
var ErrTooManyActs = errors.New("too many acts on queues run; wait until one is done, or stop one")

// ErrNoRule is the error of Act for a rule of routes that there is not.
var ErrNoRule = errors.New("there is no rule of routes of this name; one without a name is routes[0], routes[1] and so on")

const actsMost = 4 // that run at a time

// actJob is an act under way.
type actJob struct {
	job
	req                   ActRequest
	looked, done, refused int64
	paused                int64 // of an act that counts
}

func (j *actJob) look() ActJob {
	j.mu.Lock()
	defer j.mu.Unlock()
	return ActJob{j.Job, j.req, j.looked, j.done, j.paused, j.refused}
}

func (j *actJob) count(looked, done, refused int64) {
	j.mu.Lock()
	j.looked += looked
	j.done += done
	j.refused += refused
	j.mu.Unlock()
}

// Act begins to do something with all messages that wait now and that a filter
// means. by is the account that asks; key, nil for none, is that of its request. It
// goes on until it is done or StopAct.
func (g *Gateway) Act(by string, req ActRequest, key *Answering[ActJob]) (ActJob, error) {
	if req.Filter.Route != "" && !g.snap.Load().Routes.Has(req.Filter.Route) {
		return ActJob{}, ErrNoRule
	}
	j := &actJob{job: job{account: req.Filter.Account}, req: req}
	err := g.acts.begin(g, by, j, func(running []*actJob) error {
		if len(running) >= actsMost {
			return ErrTooManyActs
		}
		return nil
	}, g.act, g.actEnded)
	if err != nil {
		return ActJob{}, err
	}
	if req.Act != ActCount {
		g.log.Info("act on queues begins", "job", j.ID, "by", by, "act", string(req.Act), "account", req.Filter.Account,
			"route", req.Filter.Route, "link", req.Filter.Link, "move_to", req.Link)
	}
	begun := j.look()
	g.answering(&j.job, key.with(&begun))
	return begun, nil
}

func (g *Gateway) actEnded(j *actJob) {
	switch v := j.look(); {
	case v.Err != nil:
		g.log.Error("act on queues ends", "job", v.ID, "act", string(v.Request.Act), "done", v.Done, "error", v.Err)
	case v.Request.Act != ActCount:
		g.log.Info("act on queues ends", "job", v.ID, "act", string(v.Request.Act), "state", string(v.State), "done", v.Done, "refused", v.Refused)
	}
}

// Acts returns the acts for an account (all for the empty one) since the start,
// newest first; of those that have ended the last hundred.
func (g *Gateway) Acts(account string) (list []ActJob) {
	for _, j := range g.acts.of(account) {
		list = append(list, j.look())
	}
	return list
}

// StopAct stops an act for an account (any for the empty one); what it has done
// stays so. Of one that has ended it changes nothing. The error is ErrNotFound
// for an unknown id and for somebody else's.
func (g *Gateway) StopAct(account string, id message.ID) (ActJob, error) {
	j, err := g.acts.find(account, id)
	if err != nil {
		return ActJob{}, err
	}
	j.stop()
	return j.look(), nil
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
