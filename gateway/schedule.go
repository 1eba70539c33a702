package gateway

import (
	"context"
	"errors"
	"fmt"
	"time"

	"kurir/message"
)

// Schedule is a message that is sent again and again.
type Schedule struct {
	// Name in lists, logs and the references of its messages.
	Name string `yaml:"name"`
	// Account whose messages they are.
	Account string `yaml:"account"`
	// At is when they are sent: mon-fri 08:00, sun 18:30, or 08:00 for every day.
	At []string `yaml:"at"`
	// Zone of these times, such as Europe/Stockholm. Empty: UTC.
	Zone string `yaml:"zone"`
	// To is the recipients, at most 1000: numbers, and contact:NAME, group:NAME or rota:NAME of the account, which stand for at
	// most 10000 phones. Who is in a group or on duty is looked up each time.
	To []string `yaml:"to"`
	// From is the sender. Empty: the account's.
	From string `yaml:"from"`
	// Text of the message.
	Text string `yaml:"text"`
	// Priority of the messages: bulk, normal, high or urgent. Empty: normal.
	Priority string `yaml:"priority"`
	// Validity is how long they are tried. 0: the account's.
	Validity time.Duration `yaml:"validity"`
}

const (
	scheduleRecipients = 1000
	schedulePhones     = 10_000 // that they stand for
	// scheduleLate is how late a time is made up for that passed while the server was not running, or could not take
	// messages.
	scheduleLate = 5 * time.Minute
	// scheduleBegun is how long recipients are tried who are refused for now, of the account's rate, say.
	scheduleBegun = time.Hour
)

// Validate reports what is wrong with it.
func (s *Schedule) Validate(report func(field, problem string)) {
	if problem := message.NameProblem(s.Name); problem != "" {
		report("name", problem)
	} else if s.Name == "" {
		report("name", "is missing")
	}
	if len(s.At) == 0 {
		report("at", "is missing, such as mon-fri 08:00")
	}
	for i, text := range s.At {
		if _, err := message.ParseMoment(text); err != nil {
			report(fmt.Sprintf("at[%d]", i), err.Error())
		}
	}
	if _, err := time.LoadLocation(s.Zone); s.Zone == "Local" || err != nil {
		report("zone", fmt.Sprintf("%.40q is not a time zone such as Europe/Stockholm", s.Zone))
	}
	if len(s.To) == 0 || len(s.To) > scheduleRecipients {
		report("to", fmt.Sprintf("names %d recipients; 1 to %d are expected", len(s.To), scheduleRecipients))
	}
	if s.Text == "" {
		report("text", "is missing")
	}
	if _, f := message.ParsePriority(s.Priority); f != nil {
		report("priority", f.Text)
	}
	if s.Validity < 0 {
		report("validity", "is less than 0")
	}
}

// Next returns when it is sent next after a time.
func (s *Schedule) Next(after time.Time) (next time.Time) {
	zone, err := time.LoadLocation(s.Zone)
	if err != nil {
		zone = time.UTC
	}
	for _, text := range s.At {
		m, err := message.ParseMoment(text)
		if err != nil {
			continue
		}
		if at := m.Next(after, zone); next.IsZero() || at.Before(next) {
			next = at
		}
	}
	return next
}

// Schedules are those of the configuration in force.
func (g *Gateway) Schedules() []Schedule { return g.snap.Load().Schedules }

// recurrence is how far a schedule has come.
type recurrence struct {
	*Schedule
	last time.Time   // up to where it is dealt with
	next time.Time   // when it is sent next; zero for never
	left []Addressed // recipients of next that are still to be sent to; nil before it has begun
}

// dealtWith goes on from a time.
func (r *recurrence) dealtWith(upTo time.Time) {
	r.last, r.next, r.left = upTo, r.Next(upTo), nil
}

// due tells whether it is to be sent now. missed is a time that has passed too long ago, together with all others so long
// ago: the machine slept, say.
func (r *recurrence) due(now time.Time) (send bool, missed time.Time) {
	if r.last.After(now) { // the clock was put back
		r.dealtWith(now)
	}
	if r.next.IsZero() || r.next.After(now) {
		return false, missed
	}
	late := scheduleLate
	if r.left != nil {
		late = scheduleBegun
	}
	if now.Sub(r.next) <= late {
		return true, missed
	}
	missed = r.next
	r.dealtWith(now.Add(-scheduleLate))
	return false, missed
}

// recurrences are those of the schedules in force, by name. When they change, those that stay go on.
func recurrences(list []Schedule, before map[string]*recurrence, from time.Time) map[string]*recurrence {
	all := make(map[string]*recurrence, len(list))
	for i := range list {
		r := &recurrence{Schedule: &list[i]}
		if was := before[r.Name]; was != nil {
			r.dealtWith(was.last)
			if r.next.Equal(was.next) {
				r.left = was.left
			}
		} else {
			r.dealtWith(from)
		}
		all[r.Name] = r
	}
	return all
}

// runSchedules sends what is scheduled, until ctx ends. What has been sent is
// known by its reference, so that a restart sends nothing twice.
func (g *Gateway) runSchedules(ctx context.Context) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	var snap *Snapshot
	var all map[string]*recurrence
	from := g.now().Add(-scheduleLate)
	for {
		now := g.now()
		g.mu.Lock()
		g.readClock()
		held := g.clockHeld()
		g.mu.Unlock()
		if s := g.snap.Load(); s != snap {
			snap, all = s, recurrences(s.Schedules, all, from)
		}
		for _, r := range all {
			if held {
				break
			}
			send, missed := r.due(now)
			if !missed.IsZero() {
				g.log.Warn("scheduled messages not sent", "schedule", r.Name, "due", missed, "recipients", len(r.left))
			}
			if send && g.sendScheduled(ctx, r) {
				r.dealtWith(r.next)
			}
		}
		if !held {
			from = now // one that a reload brings begins there
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
	}
}

// sendScheduled sends what is scheduled next. It tells whether that is done; else
// it is to be called again in a second, for those who are left.
func (g *Gateway) sendScheduled(ctx context.Context, r *recurrence) bool {
	snap := g.snap.Load()
	a := snap.Accounts.ByName(r.Account)
	if a == nil {
		g.log.Warn("scheduled messages not sent: the account is not there", "schedule", r.Name, "account", r.Account, "due", r.next)
		return true
	}
	priority, _ := message.ParsePriority(r.Priority) // checked with the file
	submission := func(to Addressed) *Submission {
		return &Submission{
			Account: a, Via: message.ViaREST, To: to.To, Escalates: to.Escalates, From: r.From, Priority: priority, Validity: r.Validity,
			Reference: r.Name + " " + r.next.UTC().Format(time.RFC3339), Content: message.Content{Text: r.Text, Class: -1},
		}
	}
	if r.left == nil {
		phones, bad, err := g.phonesOf(ctx, a.Name, r.To, schedulePhones)
		if errors.Is(err, errEnough) {
			g.log.Warn("scheduled messages refused", "schedule", r.Name, "account", r.Account, "messages", schedulePhones+1, "reason", "too many recipients")
			return true
		}
		if bad > 0 && err == nil {
			g.log.Warn("scheduled messages refused", "schedule", r.Name, "account", r.Account, "messages", bad, "reason", message.BadRecipient.Code())
		}
		var left []Addressed
		if err == nil {
			left, err = g.notSent(ctx, snap, phones, submission)
		}
		if err != nil {
			if ctx.Err() == nil {
				g.log.Error("look for what a schedule has sent", "schedule", r.Name, "error", err)
			}
			return false
		}
		if r.left = left; len(left) == 0 {
			return true
		}
	}
	subs := make([]*Submission, len(r.left))
	for i, to := range r.left {
		subs[i] = submission(to)
	}
	results, err := g.Submit(ctx, subs)
	if err != nil {
		r.left = nil // some may become accepted: notSent looks again
		return false
	}
	left, refused, why := r.left[:0:0], 0, ""
	for i := range results {
		switch f := results[i].Failure; {
		case f == nil:
		case f.Kind.Temporary():
			left = append(left, r.left[i])
		default:
			refused, why = refused+1, f.Kind.Code()
		}
	}
	if accepted := len(results) - len(left) - refused; accepted > 0 {
		g.log.Info("scheduled messages sent", "schedule", r.Name, "account", r.Account, "accepted", accepted, "later", len(left))
	}
	if refused > 0 {
		g.log.Warn("scheduled messages refused", "schedule", r.Name, "account", r.Account, "messages", refused, "reason", why)
	}
	r.left = left
	return len(left) == 0
}

// notSent gives those recipients to whom no message of that reference is on disk.
func (g *Gateway) notSent(ctx context.Context, snap *Snapshot, to []Addressed, submission func(Addressed) *Submission) ([]Addressed, error) {
	sent := map[string]int{}
	of := submission(Addressed{})
	for f := (Filter{Account: of.Account.Name, Reference: of.Reference, Limit: scheduleRecipients}); ; {
		list, next, err := g.store.Messages(ctx, f)
		if err != nil {
			return nil, err
		}
		for _, m := range list {
			sent[m.To.Number]++
		}
		if f.After = next; next == 0 {
			break
		}
	}
	left := make([]Addressed, 0, len(to))
	for _, recipient := range to {
		var m message.Message
		if len(sent) > 0 && snap.addresses(&m, submission(recipient)) == nil && sent[m.To.Number] > 0 {
			sent[m.To.Number]--
			continue
		}
		left = append(left, recipient)
	}
	return left, nil
}
