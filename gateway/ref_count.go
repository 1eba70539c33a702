package gateway

import (
	"context"
	"fmt"
	"slices"
	"time"

	"kurir/message"
	"kurir/store"
)

// How the messages of a sending stand is counted when somebody asks, and what is final is not read again: of a sending that is
// looked at every few seconds only new messages and those under way are read, at most tallyReads a time.

const (
	talliesMost  = 16               // sendings of which counts are kept; the one that was not asked for longest goes
	tallyReads   = 5000             // messages that are read for one answer
	tallyPage    = 1000             // in one go
	tallyOpen    = 100_000          // messages under way of which is kept which they are
	tallyFresh   = 10 * time.Second // ids are not in the order of commits: what is younger is counted anew each time
	tallyAgainIn = time.Second      // an answer is good for so long
)

// Tally is how the messages with a reference stand.
type Tally struct {
	States map[message.State]int64
	Whole  bool // all were looked at; else the next answer has more
}

// tallies are those that are kept. Whoever has the token has all of it.
type tallies struct {
	token chan struct{}
	list  []*refCount // the last used last
}

func newTallies() *tallies { return &tallies{token: make(chan struct{}, 1)} }

// refCount is one of them.
type refCount struct {
	account, reference string

	at    time.Time               // of the last answer
	last  message.ID              // up to which all are in over or open
	over  map[message.State]int64 // final ones, how many in which
	open  []openOne               // under way
	from  int                     // of open, to be read next
	said  Tally
	whole bool // all up to the newest were listed
}

// openOne is a message under way as it was last read.
type openOne struct {
	id    message.ID
	state message.State
}

// Tally counts the messages of an account that have a reference, by state. An error is that of reading.
func (g *Gateway) Tally(ctx context.Context, account, reference string) (Tally, error) {
	select {
	case g.tallies.token <- struct{}{}:
	case <-ctx.Done():
		return Tally{}, ctx.Err()
	}
	defer func() { <-g.tallies.token }()
	t := g.tallies.of(account, reference)
	now := g.now()
	if !t.at.IsZero() && now.Sub(t.at) < tallyAgainIn && now.After(t.at) {
		return t.said, nil
	}
	if err := t.read(ctx, g.store, now); err != nil {
		g.tallies.forget(t)
		return Tally{}, fmt.Errorf("count the messages with a reference: %w", err)
	}
	t.at = now
	return t.said, nil
}

// of finds the tally of a reference, or makes it.
func (l *tallies) of(account, reference string) *refCount {
	t := &refCount{account: account, reference: reference, over: map[message.State]int64{}}
	if i := slices.IndexFunc(l.list, func(t *refCount) bool { return t.account == account && t.reference == reference }); i >= 0 {
		t = l.list[i]
		l.list = slices.Delete(l.list, i, i+1)
	} else if len(l.list) >= talliesMost {
		l.list = slices.Delete(l.list, 0, 1)
	}
	l.list = append(l.list, t)
	return t
}

func (l *tallies) forget(t *refCount) {
	l.list = slices.DeleteFunc(l.list, func(have *refCount) bool { return have == t })
}

// read brings a tally up to date, as far as one answer may.
func (t *refCount) read(ctx context.Context, s *store.Store, now time.Time) error {
	left := tallyReads
	looked, err := t.again(ctx, s, &left)
	if err != nil {
		return err
	}
	fresh, err := t.more(ctx, s, now, &left)
	if err != nil {
		return err
	}
	said := map[message.State]int64{}
	for state, n := range t.over {
		said[state] += n
	}
	for _, o := range t.open {
		said[o.state]++
	}
	for state, n := range fresh {
		said[state] += n
	}
	t.said = Tally{States: said, Whole: looked && t.whole}
	return nil
}

// again reads those under way once more; it tells whether all were.
func (t *refCount) again(ctx context.Context, s *store.Store, left *int) (all bool, err error) {
	n := min(len(t.open), *left-tallyPage) // so that there is room for new ones
	all = n == len(t.open)
	for n > 0 {
		t.from %= len(t.open)
		part := t.open[t.from:min(t.from+min(n, tallyPage), len(t.open))]
		ids := make([]message.ID, len(part))
		for i := range part {
			ids[i] = part[i].id
		}
		list, err := s.MessagesByID(ctx, ids)
		if err != nil {
			return false, err
		}
		states := make(map[message.ID]message.State, len(list))
		for _, m := range list {
			states[m.ID] = m.State
		}
		n -= len(part)
		*left -= len(part)
		kept := part[:0]
		for _, o := range part {
			state, there := states[o.id] // else retention has removed it
			switch {
			case there && state.Final():
				t.over[state]++
			case there:
				kept = append(kept, openOne{o.id, state})
			}
		}
		gone := len(part) - len(kept)
		t.open = slices.Delete(t.open, t.from+len(kept), t.from+len(kept)+gone)
		if t.from += len(kept); len(t.open) == 0 {
			break
		}
	}
	return all, nil
}

// more reads messages that were not read yet. What is fresh may still be preceded by others: it is given, and read again.
func (t *refCount) more(ctx context.Context, s *store.Store, now time.Time, left *int) (fresh map[message.State]int64, err error) {
	fresh = map[message.State]int64{}
	after := t.last
	for t.whole = false; *left > 0 && len(t.open) < tallyOpen; {
		list, next, err := s.Messages(ctx, Filter{Account: t.account, Reference: t.reference, Oldest: true, After: after, Limit: tallyPage})
		if err != nil {
			return nil, err
		}
		*left -= max(len(list), 1)
		for _, m := range list {
			switch {
			case now.Sub(m.ID.Time()) < tallyFresh:
				fresh[m.State]++
				continue
			case m.State.Final():
				t.over[m.State]++
			default:
				t.open = append(t.open, openOne{m.ID, m.State})
			}
			t.last = m.ID
		}
		if after = next; next == 0 {
			t.whole = true
			break
		}
	}
	return fresh, nil
}
