package gateway

import (
	"context"
	"slices"
	"sync"
	"time"

	"kurir/store"
)

// Of several gateways each sends the mailings that began there, and those of a dead one whose messages it takes over: then the
// row has its number, and it goes on as after a restart. Every second it reads what others ask of its own, and of what others
// have how far they are; every few seconds it writes how far its own are.

const (
	mailingsEvery = time.Second
	mailingsTold  = 3 // as often as that it writes how far its own are
)

// mailingCopies are the mailings of other gateways as they were last read, newest last.
type mailingCopies struct {
	mu   sync.Mutex
	list []MailingJob
}

func (c *mailingCopies) all() []MailingJob {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.list
}

func (c *mailingCopies) set(list []MailingJob) {
	c.mu.Lock()
	c.list = list
	c.mu.Unlock()
}

// note puts one in the place of the copy of the same id.
func (c *mailingCopies) note(v *MailingJob) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = slices.Clone(c.list)
	for i := range c.list {
		if c.list[i].ID == v.ID {
			c.list[i] = *v
		}
	}
}

// runMailings looks at what stands on disk of mailings, until ctx ends.
func (g *Gateway) runMailings(ctx context.Context) {
	t := time.NewTicker(mailingsEvery)
	defer t.Stop()
	for n := 1; ; n++ {
		if err := g.readMailings(ctx); err != nil && ctx.Err() == nil {
			g.log.Error("look at large requests of other servers", "error", err)
		}
		if n%mailingsTold == 0 {
			g.tellMailings(ctx)
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
	}
}

func (g *Gateway) readMailings(ctx context.Context) error {
	rows, err := g.store.Mailings(ctx, store.MailingFilter{})
	if err != nil {
		return err
	}
	var copies []MailingJob
	for i := range rows {
		k := &rows[i]
		own, err := g.mailings.find("", k.ID)
		switch {
		case k.Node != g.opt.Node:
			copies = append(copies, copyOf(k))
		case err != nil && k.Ended == 0: // inherited
			whole, err := g.store.Mailings(ctx, store.MailingFilter{ID: k.ID, Requests: true})
			if err != nil {
				return err
			}
			for j := range whole {
				g.resumeMailing(&whole[j])
			}
		case err != nil: // it ended elsewhere, or long ago
			copies = append(copies, copyOf(k))
		case k.Wish != "" && k.Ended == 0:
			own.become(JobState(k.Wish))
			if err := g.writeMailing(ctx, own, JobState(k.Wish)); err != nil {
				return err
			}
		}
	}
	g.mailingsElse.set(copies[max(0, len(copies)-jobsKept):])
	return nil
}

// tellMailings writes how far those are that are sent here.
func (g *Gateway) tellMailings(ctx context.Context) {
	for _, j := range slices.Backward(g.mailings.of("")) {
		if j.state() == JobRunning && ctx.Err() == nil {
			_ = g.writeMailing(ctx, j, JobRunning) // the next time says it
		}
	}
}

// copyOf is a mailing as it stands on disk.
func copyOf(k *store.Mailing) MailingJob {
	c := decodeCounts(k.Counts)
	v := MailingJob{
		Job:     Job{ID: k.ID, By: k.By, State: JobState(k.State), Began: k.ID.Time()},
		Account: k.Account, Reference: c.Reference, Looked: c.Looked, Expected: c.Expected, MailingCounts: c.MailingCounts,
	}
	if k.Ended != 0 {
		v.Ended = time.UnixMilli(k.Ended).UTC()
	} else if k.Wish != "" && JobState(k.Wish) != JobStopped {
		v.State = JobState(k.Wish)
	}
	return v
}
