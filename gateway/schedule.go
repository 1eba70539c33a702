package gateway

import (
	"context"
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
	// To is the recipients, at most 1000.
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
	// scheduleLate is how late a time is made up for that passed while the server was not running.
	scheduleLate = 5 * time.Minute
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

// runSchedules sends what is scheduled, until ctx ends. What has been sent is
// known by its reference, so that a restart sends nothing twice.
func (g *Gateway) runSchedules(ctx context.Context) {
	t := time.NewTicker(time.Second)
	defer t.Stop()
	done := map[string]time.Time{} // by name: up to where it is dealt with
	from := g.now().Add(-scheduleLate)
	for {
		now := g.now()
		g.mu.Lock()
		g.readClock()
		held := g.clockHeld()
		g.mu.Unlock()
		for _, s := range g.Schedules() {
			if held {
				break
			}
			last, seen := done[s.Name]
			if !seen {
				last = from
			}
			next := s.Next(last)
			if next.IsZero() || next.After(now) {
				done[s.Name] = last
				continue
			}
			if now.Sub(next) > scheduleLate { // the machine slept, say
				g.log.Warn("scheduled messages not sent", "schedule", s.Name, "due", next)
				done[s.Name] = next
				continue
			}
			if g.sendScheduled(ctx, &s, next) {
				done[s.Name] = next
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

// sendScheduled sends what is scheduled for a time. It tells whether that is
// done; else it is tried again within a second.
func (g *Gateway) sendScheduled(ctx context.Context, s *Schedule, at time.Time) bool {
	reference := s.Name + " " + at.UTC().Format(time.RFC3339)
	sent, _, err := g.store.Messages(ctx, Filter{Account: s.Account, Reference: reference, Limit: 1})
	if err != nil {
		if ctx.Err() == nil {
			g.log.Error("look for what a schedule has sent", "schedule", s.Name, "error", err)
		}
		return false
	}
	a := g.snap.Load().Accounts.ByName(s.Account)
	if len(sent) > 0 || a == nil {
		return true
	}
	priority, _ := message.ParsePriority(s.Priority) // checked with the file
	subs := make([]*Submission, len(s.To))
	for i, to := range s.To {
		subs[i] = &Submission{
			Account: a, Via: message.ViaREST, To: to, From: s.From, Priority: priority, Validity: s.Validity, Reference: reference,
			Content: message.Content{Text: s.Text, Class: -1},
		}
	}
	results, err := g.Submit(ctx, subs)
	if err != nil {
		return false
	}
	refused := 0
	for i := range results {
		f := results[i].Failure
		if f != nil && f.Kind.Temporary() && len(results) == 1 {
			return false
		}
		if f != nil {
			refused++
			g.log.Warn("scheduled message refused", "schedule", s.Name, "account", s.Account, "reason", f.Kind.Code())
		}
	}
	g.log.Info("scheduled messages sent", "schedule", s.Name, "account", s.Account, "accepted", len(results)-refused, "refused", refused)
	return true
}
