package gateway

import (
	"slices"
	"sync"
	"time"

	"kurir/gsm"
	"kurir/message"
)

// acceptSeparately takes submissions of which some may be too long for one
// message and are to go as several. Each of these becomes a request of its own,
// whose messages are accepted together or not at all; done is called when all of
// them, and those that stay as they are, have their results.
func (g *Gateway) acceptSeparately(subs []*Submission, done Done) {
	now, snap := g.now(), g.snap.Load()
	all := &separated{results: make([]Result, len(subs)), left: 1, done: done}
	var rest []*Submission
	var restAt []int
	group := keyedGroup{g: g, key: subs[0].Keyed}
	for i, s := range subs {
		pieces, f := snap.separate(s, now)
		switch {
		case f != nil:
			all.results[i] = *f
			g.count.refused.Add(1)
		case len(pieces) > 1:
			all.more()
			group.accept(pieces, []int{i}, func(r []Result) { all.pieces(i, r) })
		default:
			rest, restAt = append(rest, s), append(restAt, i)
		}
	}
	group.accept(rest, restAt, func(r []Result) {
		all.mu.Lock()
		for k, i := range restAt {
			all.results[i] = r[k]
		}
		all.mu.Unlock()
		all.one()
	})
	group.enter(all)
}

// keyedGroup lets what one request becomes in one by one, or, if it has a key,
// all together: into the commit that writes the key.
type keyedGroup struct {
	g    *Gateway
	key  *Keyed
	list []applicant
	at   [][]int // the places of their submissions
}

func (k *keyedGroup) accept(subs []*Submission, at []int, done Done) {
	if k.key == nil {
		k.g.accept(subs, done)
		return
	}
	k.list, k.at = append(k.list, k.g.prepare(subs, done, k.g.now())), append(k.at, at)
}

func (k *keyedGroup) enter(all *separated) {
	var first *applicant
	for i := range k.list {
		a := k.list[i]
		a.key = nil
		switch {
		case len(a.good) == 0:
			k.g.enter(a, k.g.now())
		case first == nil:
			first = &a
		default:
			first.with = append(first.with, a)
		}
	}
	if first == nil {
		return
	}
	first.key = k.key
	known := all.soFar()
	k.key.within(func([]Result) []Result {
		whole := slices.Clone(known)
		for n, at := range k.at {
			r := k.list[n].results
			if len(r) != len(at) { // pieces
				whole[at[0]] = joined(r)
				continue
			}
			for i := range at {
				whole[at[i]] = r[i]
			}
		}
		return whole
	})
	k.g.enter(*first, k.g.now())
}

// separated gathers the results of an acceptSeparately.
type separated struct {
	mu      sync.Mutex
	results []Result
	left    int // calls without an answer
	done    Done
}

func (a *separated) more() {
	a.mu.Lock()
	a.left++
	a.mu.Unlock()
}

func (a *separated) one() {
	a.mu.Lock()
	a.left--
	last := a.left == 0
	a.mu.Unlock()
	if last {
		a.done(a.results)
	}
}

// soFar returns the results that are there.
func (a *separated) soFar() []Result {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.results)
}

// pieces books the messages of one submission under the first of them.
func (a *separated) pieces(i int, r []Result) {
	first := joined(r)
	a.mu.Lock()
	a.results[i] = first
	a.mu.Unlock()
	a.one()
}

// joined makes one result of those of the messages that one submission became.
// Atomic requests are refused together: of their failures the first that has a
// cause counts.
func joined(r []Result) Result {
	first := r[0]
	if first.Cost != nil {
		cost := *first.Cost
		first.Cost = &cost
	}
	for k := range r {
		if f := r[k].Failure; f != nil && (first.Failure == nil || first.Failure.Kind == message.Withheld) {
			first.Failure = f
		}
		if k > 0 && first.Failure == nil {
			first.Parts += r[k].Parts
			first.More = append(first.More, r[k].ID)
			if first.Cost != nil && r[k].Cost != nil {
				first.Cost.Amount += r[k].Cost.Amount
			}
		}
	}
	return first
}

// separate returns the submissions that a long text becomes, none if it stays
// as it is. A result says that it is refused.
func (s *Snapshot) separate(sub *Submission, now time.Time) ([]*Submission, *Result) {
	if rules := sub.rules(); sub.Content.Want == gsm.Binary || (rules == nil || rules.Long != message.LongSeparate) && !s.Routes.Separates() {
		return nil, nil
	}
	trial, m := *sub, message.Message{}
	trial.Atomic = true // the rate is asked for all of them together
	changed, f := s.build(&m, &trial, now)
	if f != nil || m.Parts == 1 {
		return nil, nil // as it is, which says why it is refused
	}
	h, _ := s.links(&m, &trial, now)
	rules := textRules(sub, h)
	if rules == nil || rules.Long != message.LongSeparate {
		return nil, nil
	}
	texts, f := s.apart(&m, sub, rules, s.mostParts(sub, h))
	if f != nil {
		return nil, &Result{To: m.To, Failure: f}
	}
	joined := *rules
	joined.Long, joined.LongSaid = message.LongRefuse, true // each fits
	made, pieces := make([]Submission, len(texts)), make([]*Submission, len(texts))
	for i, text := range texts {
		made[i] = *sub
		p := &made[i]
		p.Content.Text, p.Content.Want, p.Text = text, m.Content.Want, &joined
		p.Multi, p.Atomic, p.Secret = true, true, m.Secret() // of which a piece alone may not tell
		if i == 0 {
			p.Changed = changed
		}
		pieces[i] = p
	}
	return pieces, nil
}

// apart cuts the text of a message into those of several.
func (s *Snapshot) apart(m *message.Message, sub *Submission, rules *message.TextRules, most int) ([]string, *message.Failure) {
	h, _, _ := gsm.ParseHeader(sub.Content.Header)
	texts, err := gsm.Separate(m.Content.Text, gsm.SplitOptions{
		Encoding: m.Content.Want, Header: h, Languages: rules.Languages & s.languages(m.Links),
	}, rules.Numbered)
	if err != nil {
		return nil, &message.Failure{Kind: message.BadContent, Field: "text", Text: err.Error()}
	}
	if len(texts) > most {
		return nil, message.Fail(message.BadContent, "text", "the text needs %d messages; at most %d are allowed", len(texts), most)
	}
	return texts, nil
}

// separates tells whether a submission is to go as several messages if it is
// long. Those of a submit_multi and of an atomic request stay as they are, for
// they are one request already.
func (s *Snapshot) separates(subs []*Submission) bool {
	byRoute := s.Routes.Separates()
	for _, s := range subs {
		if r := s.rules(); (byRoute || r != nil && r.Long == message.LongSeparate) && !s.Multi && !s.Atomic {
			return true
		}
	}
	return false
}
