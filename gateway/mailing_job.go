package gateway

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	"kurir/account"
	"kurir/message"
	"kurir/store"
)

const (
	mailingsMost    = 32                 // that run at a time
	mailingsOfOne   = 4                  // of one account
	mailingSlice    = 250                // messages that are handed over at a time
	mailingPatience = time.Hour          // in which everything may be refused for the moment
	mailingKept     = 7 * 24 * time.Hour // how long it is shown how one has ended
)

// ErrTooManyMailings is the error of Mail.
var ErrTooManyMailings = errors.New("too many large requests are being sent; wait until one is done, or stop one")

// MailingJob is a mailing as it stands.
type MailingJob struct {
	Job
	Account, Reference string
	Looked             int64 // phones found so far
	Expected           int64 // how many phones there are about: those named, and the members of the groups named; 0 if that is not known
	MailingCounts
}

// mailingJob is a mailing under way, or that has ended.
type mailingJob struct {
	job
	mailing  *Mailing            // nil of one that had ended before the start
	resumed  bool                // it began before the start: what it has sent is looked for
	stopped  bool                // somebody has stopped it
	written  chan (<-chan error) // gets what tells when it is on disk
	stored   chan error
	stream   uint32 // number of the batch
	ref      string
	looked   int64
	expected int64
	resume   chan struct{} // closed when one that is paused goes on; nil for one that is not
	counts   MailingCounts
	slice    []Addressed
	progress time.Time // when something was accepted or refused for good
}

func (j *mailingJob) look() MailingJob {
	j.mu.Lock()
	defer j.mu.Unlock()
	v := MailingJob{j.Job, j.account, j.ref, j.looked, j.expected, j.counts}
	v.Refused, v.Errors = maps.Clone(v.Refused), slices.Clone(v.Errors)
	return v
}

func (j *mailingJob) count(f func(*MailingCounts)) {
	j.mu.Lock()
	f(&j.counts)
	j.mu.Unlock()
}

// Mail begins to send a mailing, slice by slice, and returns when that is on disk: from then on it is sent whatever
// happens, also after a restart. by is the account that asks; key, nil for none, is that of its request, whose answer comes
// on disk in the same commit.
func (g *Gateway) Mail(ctx context.Context, by string, m *Mailing, key *Answering[MailingJob]) (MailingJob, error) {
	m = g.onDutyNow(m)
	j := newMailingJob(m)
	request, err := encodeMailing(m)
	if err == nil {
		j.expected, err = g.expected(ctx, m)
	}
	if err != nil {
		return MailingJob{}, err
	}
	err = g.mailings.begin(g, by, j, func(running []*mailingJob) error {
		own := 0
		for _, have := range running {
			if have.account == m.Account {
				own++
			}
		}
		if own >= mailingsOfOne || len(running) >= mailingsMost {
			return ErrTooManyMailings
		}
		return nil
	}, g.mail, g.mailEnded)
	if err != nil {
		return MailingJob{}, err
	}
	begun := j.look()
	kept := key.with(&begun)
	kept.take()
	j.written <- g.addPeople(&store.PeopleChange{
		Mailings:       []*store.Mailing{{ID: j.ID, Account: j.account, By: by, State: string(JobRunning), Request: request, Counts: begun.encode(), Node: g.opt.Node}},
		ForgetMailings: g.now().Add(-mailingKept).UnixMilli(),
	}, kept)
	if err := settledBy(ctx, j.stored); err != nil {
		return MailingJob{}, err
	}
	g.log.Info("mailing begins", "job", j.ID, "account", m.Account, "by", by)
	return begun, nil
}

func newMailingJob(m *Mailing) *mailingJob {
	return &mailingJob{job: job{account: m.Account}, mailing: m, ref: m.Common.Reference, written: make(chan (<-chan error), 1), stored: make(chan error, 1), stream: rand.Uint32() | 1}
}

// resumeMailings goes on with mailings of this gateway that had not ended, and shows how the others did. What is kept was read
// before any could begin, or one that has just begun would be taken for one of those.
func (g *Gateway) resumeMailings(kept []store.Mailing) {
	for _, k := range kept[max(0, len(kept)-jobsKept):] {
		if k.Ended != 0 {
			c := decodeCounts(k.Counts)
			j := &mailingJob{job: job{account: k.Account, stop: func() {}}, counts: c.MailingCounts, looked: c.Looked, expected: c.Expected, ref: c.Reference}
			j.Job = Job{ID: k.ID, By: k.By, State: JobState(k.State), Began: k.ID.Time(), Ended: time.UnixMilli(k.Ended).UTC()}
			g.mailings.keep(j)
		}
	}
	for _, k := range kept {
		if k.Ended == 0 && g.has(&k) {
			g.resumeMailing(&k)
		}
	}
}

// has tells whether a mailing is for this gateway to send.
func (g *Gateway) has(k *store.Mailing) bool { return !g.opt.Shared || k.Node == g.opt.Node }

// resumeMailing goes on with one that began before the start, or at another gateway.
func (g *Gateway) resumeMailing(k *store.Mailing) {
	m, err := decodeMailing(k.Account, k.Request)
	if err != nil {
		g.log.Error("a large request is not sent further", "job", k.ID, "error", err)
		return
	}
	j := newMailingJob(m)
	j.resumed, j.Job, j.expected = true, Job{ID: k.ID, Began: k.ID.Time()}, decodeCounts(k.Counts).Expected
	if state := JobState(cmp.Or(k.Wish, k.State)); state == JobPaused {
		j.State, j.resume = JobPaused, make(chan struct{})
	} else {
		j.stopped = state == JobStopped
	}
	if g.mailings.begin(g, k.By, j, func([]*mailingJob) error { return nil }, g.mail, g.mailEnded) == nil {
		g.log.Info("mailing goes on", "job", k.ID, "account", k.Account)
	}
}

// mail sends a mailing.
func (g *Gateway) mail(ctx context.Context, j *mailingJob) error {
	if !j.resumed {
		err := settledBy(g.ctx, <-j.written)
		if j.stored <- err; err != nil {
			return err
		}
	}
	j.progress = g.now()
	if j.stopped { // by another gateway, before this one had it
		return context.Canceled
	}
	err := g.Address(ctx, j.mailing, func(a Addressed) error {
		j.mu.Lock()
		j.looked++
		j.mu.Unlock()
		if a.Failure != nil {
			j.count(func(c *MailingCounts) { c.refuse(a.Named, a.Failure) })
			return nil
		}
		if j.slice = append(j.slice, a); len(j.slice) < g.opt.helping(mailingSlice) {
			return nil
		}
		return g.mailSlice(ctx, j)
	})
	if err == nil {
		err = g.mailSlice(ctx, j)
	}
	return err
}

// mailSlice sends some messages, and rests as long as that took: longer where the account has a rate, of which it
// takes half. Those refused for the moment are tried again.
func (g *Gateway) mailSlice(ctx context.Context, j *mailingJob) error {
	left := j.slice
	for len(left) > 0 {
		if err := j.wait(ctx, g.now); err != nil {
			return err
		}
		a := g.snap.Load().Accounts.ByName(j.account)
		if a == nil {
			return message.Fail(message.NotPermitted, "account", "the account %s is not there any more", j.account)
		}
		began := time.Now()
		part := left[:min(len(left), mailingPart(a))]
		again, parts, err := g.mailPart(ctx, j, a, part)
		if err != nil {
			return err
		}
		rest := time.Since(began)
		if a.Rate > 0 {
			rest = max(rest, time.Duration(2*float64(parts)/a.Rate*float64(time.Second)))
		}
		if len(again) == len(part) {
			rest = max(rest, time.Second)
		}
		left = append(again, left[len(part):]...)
		select {
		case <-time.After(rest):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	j.slice = j.slice[:0]
	return ctx.Err()
}

// mailingPart is how many messages are handed over at a time: half of what an account may send in a second.
func mailingPart(a *account.Account) int {
	if a.Rate > 0 {
		return max(1, min(mailingSlice, int(a.Rate/2)))
	}
	return mailingSlice
}

// mailPart hands some messages over. again are those that were refused for the moment.
func (g *Gateway) mailPart(ctx context.Context, j *mailingJob, a *account.Account, part []Addressed) (again []Addressed, parts int, err error) {
	subs, of := make([]*Submission, 0, len(part)), make([]Addressed, 0, len(part))
	for i := range part {
		sub := j.mailing.submission(&part[i])
		sub.Account, sub.Batch, sub.Stream, sub.Mailing = a, true, j.stream, j.ID
		if j.resumed {
			sent, err := g.mailed(ctx, sub, j)
			if err != nil {
				return nil, 0, err
			}
			if sent {
				j.count(func(c *MailingCounts) { c.Accepted++ })
				continue
			}
		}
		subs, of = append(subs, sub), append(of, part[i])
	}
	if len(subs) == 0 {
		return nil, 0, nil
	}
	results, err := g.Submit(ctx, subs)
	if err != nil {
		return nil, 0, err
	}
	var why *message.Failure
	j.count(func(c *MailingCounts) {
		for i := range results {
			switch f := results[i].Failure; {
			case f == nil:
				c.Accepted++
				parts += results[i].Parts
			case f.Kind.Temporary():
				again, why = append(again, of[i]), f
			default:
				c.refuse(of[i].To, f)
			}
		}
	})
	if len(again) < len(subs) {
		j.progress = g.now()
	} else if g.now().Sub(j.progress) > mailingPatience {
		return nil, 0, why
	}
	return again, parts, nil
}

// mailed tells whether a mailing has sent to a phone before.
func (g *Gateway) mailed(ctx context.Context, sub *Submission, j *mailingJob) (bool, error) {
	var m message.Message
	if g.snap.Load().addresses(&m, sub) != nil {
		return false, nil // it is refused again
	}
	for f := (Filter{Account: j.account, To: m.To, Since: j.Began}); ; {
		list, next, err := g.store.Messages(ctx, f)
		if err != nil {
			return false, err
		}
		for _, have := range list {
			if have.Special != nil && have.Special.Mailing == j.ID {
				return true, nil
			}
		}
		if f.After = next; next == 0 {
			return false, nil
		}
	}
}

// mailEnded keeps how a mailing ended. One that the gateway's own end cut short goes on at the next start.
func (g *Gateway) mailEnded(j *mailingJob) {
	j.mu.Lock()
	stopped := j.stopped
	if j.Err != nil {
		j.counts.Error = unsaid
		if f, ok := errors.AsType[*message.Failure](j.Err); ok {
			j.counts.Error = f.Error()
		}
	}
	j.slice, j.mailing = nil, nil
	j.mu.Unlock()
	v := j.look()
	if v.State == JobStopped && !stopped {
		return
	}
	refused := int64(0)
	for _, n := range v.Refused {
		refused += n
	}
	attrs := []any{"job", v.ID, "account", v.Account, "state", string(v.State), "accepted", v.Accepted, "refused", refused}
	if v.Err != nil {
		attrs = append(attrs, "error", v.Err)
	}
	g.log.Info("mailing ends", attrs...)
	kept := &store.Mailing{ID: v.ID, Account: v.Account, By: v.By, Ended: v.Ended.UnixMilli(), State: string(v.State), Counts: v.encode(), Node: g.opt.Node}
	for g.writePeople(&store.PeopleChange{Mailings: []*store.Mailing{kept}}) != nil {
		select {
		case <-time.After(time.Second): // the database cannot be written
		case <-g.ctx.Done():
			return
		}
	}
}

// unsaid is why a mailing failed, for people.
const unsaid = "the database could not be read; the log says more"
