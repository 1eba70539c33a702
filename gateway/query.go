package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"kurir/billing"
	"kurir/message"
	"kurir/route"
	"kurir/store"
)

// Message returns a message as it is on disk. account restricts it to one
// customer's; empty is any. The error is store.ErrNotFound for an unknown id
// and for somebody else's.
func (g *Gateway) Message(ctx context.Context, account string, id message.ID) (*message.Message, error) {
	m, err := g.store.Message(ctx, id)
	if err != nil {
		return nil, err
	}
	if account != "" && m.Account != account {
		return nil, store.ErrNotFound
	}
	if m.State == message.Queued {
		g.mu.Lock()
		if e := g.open[id]; e != nil && e.station == granted {
			m.State = message.Sending // its grant is a row of its own
		}
		g.mu.Unlock()
	}
	return m, nil
}

// TraceEntry is one line of a message's trace.
type TraceEntry struct {
	At      time.Time `json:"at"`
	What    string    `json:"what"`
	Part    int       `json:"part,omitempty"`
	Link    string    `json:"link,omitempty"`
	Session uint32    `json:"session,omitempty"`
	ID      string    `json:"operator_id,omitempty"`
	State   string    `json:"state,omitempty"`
	Cause   string    `json:"cause,omitempty"`
	Code    uint32    `json:"code,omitempty"`
	Seconds uint32    `json:"seconds,omitempty"`
	Text    string    `json:"text,omitempty"`

	Failure message.FailureKind `json:"-"` // that Cause and Text are of
}

// In puts what the network said into words of a language, as message.FailureKind.Sentence.
func (t *TraceEntry) In(language string) {
	if t.Failure != message.NoFailure {
		t.Text = t.Failure.Sentence(language)
	}
}

// Trace is what happened to a message, assembled from its log, and what pure
// code decided for it, computed again.
type Trace struct {
	Message *message.Message
	Route   []route.Considered // nil when the configuration of that time is no longer kept
	Events  []TraceEntry
	Waits   *Waits // what it waits for at the moment; nil if it does not
}

// Trace assembles the trace of a message.
func (g *Gateway) Trace(ctx context.Context, m *message.Message) (*Trace, error) {
	t := &Trace{Message: m, Waits: g.waits(m, g.now())}
	t.Events = append(t.Events, TraceEntry{At: m.ID.Time(), What: message.EventAccepted.String(), Text: "by " + m.Via.String()})
	events, err := message.DecodeLog(m.Log, m.ID)
	for _, ev := range events {
		t.Events = append(t.Events, traceEntry(ev))
	}
	if err != nil {
		return t, err
	}
	then, err := g.configurationOf(ctx, m)
	if then.routes != nil {
		q := route.QueryOf(m, then.groups, m.ID.Time())
		t.Route = then.routes.Explain(q)
		if choice, ok := then.routes.Choose(q); ok {
			t.Route[choice.Rule].Why += skippedWords(m, &choice, then.senders, g.Network)
		}
		t.shortened(then.maxValidity)
	}
	return t, err
}

// InboundTrace is what happened to a message from a phone since it came. Part
// counts its targets from 1.
func InboundTrace(in *message.Inbound) ([]TraceEntry, error) {
	events, err := message.DecodeLog(in.Log, in.ID)
	list := make([]TraceEntry, 0, len(events))
	for _, ev := range events {
		t := traceEntry(ev)
		t.State = "" // it has none
		list = append(list, t)
	}
	return list, err
}

// shortened says of each grant whether the operator was told an earlier end
// than the message's.
func (t *Trace) shortened(maxValidity map[string]time.Duration) {
	for i := range t.Events {
		e := &t.Events[i]
		most := maxValidity[e.Link]
		if e.What == message.EventGranted.String() && most > 0 && time.UnixMilli(t.Message.Expires).Sub(e.At) > most {
			e.Text = fmt.Sprintf("the operator is told a validity of %v, the link's max_validity", most)
		}
	}
}

// acceptedBy is what a trace needs of the configuration in force when a message was accepted.
type acceptedBy struct {
	routes      *route.Table // nil when the configuration is no longer kept
	groups      []string     // of the message's account
	maxValidity map[string]time.Duration
	senders     map[string]*message.SenderAbility // of links that do not carry all
}

// configurationOf returns it, of the snapshot in force or as it is stored.
func (g *Gateway) configurationOf(ctx context.Context, m *message.Message) (acceptedBy, error) {
	if s := g.snap.Load(); s.Number == m.Config {
		then := acceptedBy{routes: s.Routes, maxValidity: map[string]time.Duration{}, senders: map[string]*message.SenderAbility{}}
		for name := range s.Links {
			if senders := s.Links[name].Senders; senders != nil {
				then.senders[name] = senders
			}
			then.maxValidity[name] = s.Links[name].MaxValidity
		}
		if a := s.Accounts.ByName(m.Account); a != nil {
			then.groups = a.Groups
		}
		return then, nil
	}
	text, err := g.store.ConfigurationText(ctx, m.Config)
	if errors.Is(err, store.ErrNotFound) {
		return acceptedBy{}, nil
	}
	if err != nil {
		return acceptedBy{}, err
	}
	var k Kept
	if err := json.Unmarshal(text, &k); err != nil {
		return acceptedBy{}, fmt.Errorf("read the routes of configuration %d: %w", m.Config, err)
	}
	routes := route.NewTable(k.Routes)
	routes.Use(g.snap.Load().Routes.Lookup()) // lists and networks are those of now
	return acceptedBy{routes: routes, groups: k.Groups[m.Account], maxValidity: k.MaxValidity, senders: k.Senders}, nil
}

func traceEntry(ev message.Event) TraceEntry {
	t := TraceEntry{At: time.UnixMilli(ev.At).UTC(), What: ev.Kind.String(), Part: int(ev.Part)}
	if ev.Failure != message.NoFailure {
		t.Failure, t.Cause = ev.Failure, ev.Failure.Code()
		t.In("")
	}
	switch ev.Kind {
	case message.EventGranted:
		t.Link, t.Session = ev.Text, ev.Code
	case message.EventPaused, message.EventResumed:
		t.Text = "by " + ev.Text
	case message.EventLane:
		t.Text = ev.Text
	case message.EventMoved:
		t.Link = ev.Text
	case message.EventTaken:
		t.ID = ev.Text
	case message.EventFailed:
		t.Link, t.Code = ev.Text, ev.Code
	case message.EventMulti:
		if t.Text = "one of several of a request, which is known by the id of the first: " + ev.Text; ev.Text == "" {
			t.Text = fmt.Sprintf("one of %d of a request, which is known by this id", ev.Code+1)
		}
	case message.EventFallback:
		if f, err := route.ParseFallback(ev.Text); err == nil {
			t.Text = f.Sentence()
		}
	case message.EventRepeat:
		t.Link, t.Text = ev.Text, "no receipt came in time; the next link sends it too"
		if ev.Code != 0 {
			t.Text = "the receipt was negative; the next link sends it again"
		}
	case message.EventEarlier:
		t.Link, t.State, t.Code = ev.Text, ev.State.String(), ev.Code
	case message.EventErased:
		if t.Text = "the text was erased"; ev.Code != 0 {
			t.Text = "its customer has deleted it; the text was erased"
		}
	case message.EventResent:
		t.Text = "sends " + ev.Text + " again, which did not arrive"
	case message.EventRetry:
		t.Seconds = ev.Code
	case message.EventUncertain:
		t.Link = ev.Text
		t.Text = "granted, and no answer was on disk when the session or the server ended"
		if ev.Code == message.UncertainByCopy {
			t.Text = "open in the copy that the server was restored from: it may have been sent since"
		}
	case message.EventReport, message.EventState, message.EventTold, message.EventLate:
		t.State, t.Code = ev.State.String(), ev.Code
	case message.EventPushed:
		if t.State = ev.State.String(); ev.Code == toCurrent {
			t.Text = "to the webhook that the account has when it is told"
		}
	case message.EventReserved:
		t.Text = ev.Text
		if r, err := billing.ParseReservation(ev.Text); err == nil {
			t.Text = r.Sentence()
		}
	case message.EventCharged, message.EventRefunded:
		t.Text = ev.Text
	case message.EventParameters:
		for i, p := range message.DecodeTLVs(ev.Text) {
			if i > 0 {
				t.Text += " "
			}
			t.Text += fmt.Sprintf("0x%04x=%x", p.Tag, p.Value)
		}
	case message.EventFiltered:
		t.Text = "the filter " + ev.Text + " has changed the message"
	case message.EventShownAs:
		t.Text = "the link is given the sender " + ev.Text
	case message.EventSimplified:
		t.Text = fmt.Sprintf("%d characters of the text got their plain form", ev.Code)
		if ev.Text != "" { // not of a secret text
			t.Text += ": " + ev.Text
		}
	case message.EventCut:
		t.Text = fmt.Sprintf("%d characters at the end of the text were left out: it was to be one message", ev.Code)
	case message.EventCommand:
		t.Text = "starts the command " + ev.Text
	case message.EventCommandEnded:
		t.Code, t.Text = ev.Code, ev.Text
	case message.EventTellFailed, message.EventToldTooOld:
		t.State, t.Code, t.Text = ev.State.String(), ev.Code, ev.Text
	}
	return t
}
