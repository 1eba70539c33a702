package gateway

import (
	"fmt"
	"time"

	"kurir/message"
)

// Waits says what a message waits for at the moment, as far as that is known. It
// is found out when somebody asks, from the state of the link: nothing of it is
// kept with the message.
type Waits struct {
	Link  string     `json:"link,omitempty"`
	Why   string     `json:"why"`
	Cause string     `json:"cause,omitempty"` // of the last failure
	Code  uint32     `json:"code,omitempty"`  // the operator's, with it
	Until *time.Time `json:"until,omitempty"`
}

// waits says what m waits for; nil if it does not.
func (g *Gateway) waits(m *message.Message, now time.Time) *Waits {
	if (m.State == message.Scheduled || m.State == message.Queued) && paused(m.Log, m.ID) {
		return &Waits{Why: "it is paused, until somebody resumes it (kurir queue resume)"}
	}
	if at, whose := g.snap.Load().opens(m, now); !at.IsZero() && (m.State == message.Scheduled || m.State == message.Queued) && m.SendAt <= at.UnixMilli() {
		return (&Waits{Why: "the " + whose + " hours have not begun"}).until(at.UnixMilli())
	}
	if m.State == message.Scheduled {
		return (&Waits{Why: "its time has not come"}).until(m.SendAt)
	}
	if m.State != message.Queued {
		return nil
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	e := g.open[m.ID]
	if e == nil { // on disk only
		e = newEntry(m)
		e.readLog(g)
		e.due = nextRetry(m)
	} else if e.station == granted {
		return nil
	}
	w := &Waits{Link: e.link.name}
	last := lastFailure(e.m)
	if last.Failure != message.NoFailure {
		w.Cause, w.Code = last.Failure.Code(), last.Code
	}
	if (e.station == delayed || e.station == nowhere) && e.due > now.UnixMilli() {
		w.Why = "it was not taken, and is tried again later"
		if last.Failure != message.NoFailure {
			w.Why = "it was not taken, for " + last.Failure.Sentence("") + "; it is tried again later"
		}
		return w.until(e.due)
	}
	e.link.explain(w, e.m, now)
	return w
}

func (w *Waits) until(ms int64) *Waits {
	at := time.UnixMilli(ms).UTC()
	w.Until = &at
	return w
}

// lastFailure is the last event of a message's log that says why an attempt
// failed; zero if none does.
func lastFailure(m *message.Message) (last message.Event) {
	events, _ := message.DecodeLog(m.Log, m.ID)
	for _, ev := range events {
		if ev.Kind == message.EventFailed {
			last = ev
		}
	}
	return last
}

// nextRetry is when a message is tried again, by its log, Unix milliseconds; 0 if
// it does not wait for that.
func nextRetry(m *message.Message) (at int64) {
	events, _ := message.DecodeLog(m.Log, m.ID)
	for _, ev := range events {
		switch ev.Kind {
		case message.EventRetry:
			at = ev.At + int64(ev.Code)*1000
		case message.EventGranted, message.EventQueued:
			at = 0
		}
	}
	return at
}

// explain says why a message that the link has does not go out.
func (l *link) explain(w *Waits, m *message.Message, now time.Time) {
	st, q := l.stats(), l.lanes.of(m.Priority, m.Account)
	switch p := &l.pace; {
	case l.conn == nil || l.wish == LinkStops:
		w.Why = "the link is stopped"
	case l.wish == LinkDrains:
		w.Why = "the link drains: it is given nothing more to send"
	case len(l.sessions) == 0 && l.elsewhere:
		w.Why = "another server has the link's sessions, and has not taken it yet"
	case len(l.sessions) == 0:
		w.Why = fmt.Sprintf("the link has had no session since %s", l.downAt.UTC().Format(time.RFC3339))
	case now.UnixMilli() < p.until:
		w.Why = "the link pauses, for the operator asked for less speed"
		w.until(p.until)
	case l.rates.none:
		w.Why = "other servers use all of the link's rate"
	case q != nil && q.slowed:
		w.Why = fmt.Sprintf("%s for its rate, %.4g parts a second", messagesWait(int64(q.n), " of the account"), q.pace.rate)
	case p.since != 0:
		w.Why = fmt.Sprintf("the operator asked for less speed: the link sends %.4g parts a second for now, and %s for it", p.rate, messagesWait(st.Queued, ""))
	case p.rate != 0:
		w.Why = fmt.Sprintf("%s for the link, which sends %.4g parts a second", messagesWait(st.Queued, ""), p.rate)
	default:
		w.Why = messagesWait(st.Queued, "") + " for the link"
	}
}

// messagesWait says how many messages, of what, wait.
func messagesWait(n int64, of string) string {
	if n == 1 {
		return "1 message" + of + " waits"
	}
	return fmt.Sprintf("%d messages%s wait", n, of)
}
