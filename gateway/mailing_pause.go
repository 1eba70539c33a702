package gateway

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"kurir/directory"
	"kurir/message"
	"kurir/store"
)

// A mailing can be paused, can go on, and can be stopped; whatever is answered is on disk, and stays so over a restart and when
// another gateway takes it over. What was accepted before is not touched.

// Mailings returns the mailings for an account (all for the empty one), newest first; of those that have ended the last
// hundred. Those of other gateways are as they were a few seconds ago.
func (g *Gateway) Mailings(account string) (list []MailingJob) {
	for _, j := range g.mailings.of(account) {
		list = append(list, j.look())
	}
	own := len(list)
	for _, c := range g.mailingsElse.all() {
		here := slices.ContainsFunc(list[:own], func(have MailingJob) bool { return have.ID == c.ID })
		if !here && (account == "" || account == c.Account) {
			list = append(list, c)
		}
	}
	slices.SortFunc(list, func(a, b MailingJob) int { return cmp.Compare(b.ID, a.ID) })
	return list
}

// PauseMailing has a mailing for an account (any for the empty one) accept no more messages until it goes on. Of one that
// has ended it changes nothing. The error is ErrNotFound for an unknown id and for somebody else's; another that it
// could not be written.
func (g *Gateway) PauseMailing(ctx context.Context, account string, id message.ID) (MailingJob, error) {
	return g.setMailing(ctx, account, id, JobPaused)
}

// ResumeMailing has a paused mailing go on; for the rest it is as PauseMailing.
func (g *Gateway) ResumeMailing(ctx context.Context, account string, id message.ID) (MailingJob, error) {
	return g.setMailing(ctx, account, id, JobRunning)
}

// StopMailing stops a mailing for an account (any for the empty one); what was accepted stays so. Of one that has ended it
// changes nothing. The error is that of PauseMailing.
func (g *Gateway) StopMailing(ctx context.Context, account string, id message.ID) (MailingJob, error) {
	return g.setMailing(ctx, account, id, JobStopped)
}

// setMailing brings a mailing into a state, here or at the gateway that has it.
func (g *Gateway) setMailing(ctx context.Context, account string, id message.ID, state JobState) (MailingJob, error) {
	j, err := g.mailings.find(account, id)
	if err == nil {
		if v := j.look(); !v.State.Open() || v.State == state {
			return v, nil
		}
		j.become(state)
		return j.look(), g.writeMailing(ctx, j, state)
	}
	for _, c := range g.mailingsElse.all() {
		if c.ID != id || account != "" && account != c.Account {
			continue
		}
		if !c.State.Open() || c.State == state {
			return c, nil
		}
		wish := &store.PeopleChange{MailingWishes: []*store.Mailing{{ID: id, Wish: string(state)}}}
		if err := settledBy(ctx, g.addPeople(wish, nil)); err != nil {
			return c, fmt.Errorf("have the server that sends job %s know: %w", id, err)
		}
		if state != JobStopped {
			c.State = state
			g.mailingsElse.note(&c)
		}
		return c, nil
	}
	return MailingJob{}, err
}

// become brings one that has not ended into a state.
func (j *mailingJob) become(state JobState) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !j.State.Open() || j.State == state {
		return
	}
	switch state {
	case JobPaused:
		j.State, j.resume = JobPaused, make(chan struct{})
	case JobRunning:
		close(j.resume)
		j.State, j.resume = JobRunning, nil
	case JobStopped:
		j.stopped = true
		j.stop()
	}
}

// wait returns when a mailing may go on. While it is paused nothing is tried, so that the time does not count in which all may
// be refused for the moment.
func (j *mailingJob) wait(ctx context.Context, now func() time.Time) error {
	for {
		j.mu.Lock()
		resume := j.resume
		j.mu.Unlock()
		if resume == nil {
			return ctx.Err()
		}
		select {
		case <-resume:
			j.progress = now()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// writeMailing has on disk how far one has come that has not ended, and the state into which it comes.
func (g *Gateway) writeMailing(ctx context.Context, j *mailingJob, state JobState) error {
	v := j.look()
	kept := &store.Mailing{ID: v.ID, State: string(state), Counts: v.encode(), Node: g.opt.Node}
	if err := settledBy(ctx, g.addPeople(&store.PeopleChange{MailingStates: []*store.Mailing{kept}}, nil)); err != nil {
		return fmt.Errorf("write how far job %s has come: %w", v.ID, err)
	}
	return nil
}

// expected is about how many phones a mailing is for; 0 if a group cannot be found now.
func (g *Gateway) expected(ctx context.Context, m *Mailing) (n int64, err error) {
	for i := range m.To {
		kind, name := directory.ParseRecipient(m.To[i].To)
		if kind != directory.GroupRecipient {
			n++
			continue
		}
		group, err := g.FindGroup(ctx, m.Account, name)
		if err != nil {
			return 0, nil // who cannot be found is told among what is refused
		}
		n += group.Members
	}
	return n, nil
}
