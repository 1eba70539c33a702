package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"kurir/account"
	"kurir/alarm"
	"kurir/gateway"
	"kurir/message"
	"kurir/resource"
)

// AlarmsOptions is what /v1/alarms is made of.
type AlarmsOptions struct {
	Book     *alarm.Book
	Settings func() alarm.Settings
	Keep     func(context.Context) error // writes what changed
}

// alarmPaths registers the alarms' part of the REST interface, for admins.
func (s *httpServer) alarmPaths() {
	s.rest("/v1/alarms", methods{http.MethodGet: admins(account.AlarmsRead, s.getAlarms)})
	s.rest("/v1/alarms/events", methods{http.MethodGet: admins(account.AlarmsRead, s.listAlarms)})
	s.rest("/v1/alarms/events/{id}", methods{http.MethodGet: admins(account.AlarmsRead, s.getAlarm)})
	s.rest("/v1/alarms/events/{id}/acknowledge", methods{http.MethodPost: admins(account.AlarmsWrite, s.acknowledge)})

	s.describe("GET /v1/alarms", description{
		name: "getAlarms", summary: "What is watched, by which thresholds, and who is told", answers: map[int]any{http.StatusOK: alarmsView{}},
		examples: []example{{call: "/v1/alarms"}},
	})
	s.describe("GET /v1/alarms/events", description{
		name: "listEvents", summary: "What people ought to look at, newest first", list: &listing{"events", resource.Alarms(), alarmView{}},
		examples: []example{{call: "/v1/alarms/events?state=open"}},
	})
	s.describe("GET /v1/alarms/events/{id}", description{
		name: "getEvent", summary: "One of them", answers: map[int]any{http.StatusOK: alarmView{}}, examples: []example{{call: "/v1/alarms/events/06y30tp6r0201"}},
	})
	s.describe("POST /v1/alarms/events/{id}/acknowledge", description{
		name: "acknowledgeEvent", summary: "Say that somebody looks after it", answers: map[int]any{http.StatusOK: alarmView{}},
		examples: []example{{call: "/v1/alarms/events/06y30tp6r0201/acknowledge"}},
	})
}

// alarmsView is what is watched.
type alarmsView struct {
	Kinds       []alarm.Kind `json:"kinds"`
	QueueAge    float64      `json:"queue_age_seconds"`
	LinkDown    float64      `json:"link_down_seconds"`
	ErrorRate   int          `json:"error_rate_percent"`
	ErrorLeast  int          `json:"error_least"`
	Disk        int          `json:"disk_percent"`
	Certificate float64      `json:"certificate_seconds"`
	Clock       float64      `json:"clock_seconds"`
	Webhook     bool         `json:"webhook"`
	Mail        []string     `json:"mail"`
	SMS         []string     `json:"sms"`
	Open        int          `json:"open"`
	Lost        int          `json:"lost"`
}

// alarmView is an event in answers and calls.
type alarmView struct {
	ID    message.ID `json:"id"`
	Kind  alarm.Kind `json:"kind"`
	About string     `json:"about"`
	Text  string     `json:"text"`

	Sentence string            `json:"sentence,omitempty" doc:"which sentence text is, for programs that say it in another language: docs/alarms.md lists them"`
	Values   map[string]string `json:"values,omitempty" doc:"that stand in it"`

	State   string `json:"state"` // open, acknowledged or over
	Began   string `json:"began"`
	Seen    string `json:"last_seen"`
	Ended   string `json:"ended,omitempty"`
	Count   int    `json:"count"`
	Acked   string `json:"acknowledged,omitempty"`
	AckedBy string `json:"acknowledged_by,omitempty"`
	Node    string `json:"node,omitempty" doc:"of several servers the one that raised it"`
}

// shownAlarm is an event in answers, which of several servers any may have raised.
func (s *httpServer) shownAlarm(e *alarm.Event) alarmView {
	v := viewAlarm(e)
	if s.Nodes == nil {
		return v
	}
	if nodes := s.Nodes().Nodes; len(nodes) > 1 {
		if at := slices.IndexFunc(nodes, func(n Node) bool { return n.Number == e.ID.Node() }); at >= 0 {
			v.Node = nodes[at].Name
		}
	}
	return v
}

func alarmState(e *alarm.Event) string {
	switch {
	case !e.Ended.IsZero():
		return "over"
	case !e.Acked.IsZero():
		return "acknowledged"
	}
	return "open"
}

func viewAlarm(e *alarm.Event) alarmView {
	return alarmView{
		ID: e.ID, Kind: e.Kind, About: e.Subject, Text: e.Text, State: alarmState(e), Began: seenTime(e.Began),
		Seen: seenTime(e.Raised), Ended: seenTime(e.Ended), Count: e.Count, Acked: seenTime(e.Acked), AckedBy: e.AckedBy,
		Sentence: e.Said.Key, Values: e.Said.Named(),
	}
}

// getAlarms is GET /v1/alarms: the thresholds in force, and who is told.
func (s *httpServer) getAlarms(w http.ResponseWriter, r *http.Request, _ *account.Account) *problem {
	if p := noQuery(r); p != nil {
		return p
	}
	set := s.Alarms.Settings()
	open, lost := s.Alarms.Book.Open()
	watched := []alarm.Kind{}
	for _, k := range alarm.Kinds() {
		if set.Watches(k) {
			watched = append(watched, k)
		}
	}
	v := alarmsView{
		watched, set.QueueAge.Seconds(), set.LinkDown.Seconds(), set.ErrorRate, set.ErrorLeast, set.Disk, set.Certificate.Seconds(),
		set.Clock.Seconds(), set.Webhook != "", append([]string{}, set.Mail.To...), append([]string{}, set.SMS.To...), open, lost,
	}
	return answerJSON(w, &v)
}

// listAlarms is GET /v1/alarms/events, newest first.
func (s *httpServer) listAlarms(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	find := func() ([]alarm.Event, *problem) { return s.Alarms.Book.Events(), nil }
	cell := func(e *alarm.Event, field string) any {
		switch field {
		case "kind":
			return string(e.Kind)
		case "about":
			return e.Subject
		case "state":
			return alarmState(e)
		case "began":
			return e.Began
		}
		return int64(e.ID)
	}
	return listRows(s, w, r, a, "events", resource.Alarms(), find, cell, s.shownAlarm)
}

// getAlarm is GET /v1/alarms/events/{id}.
func (s *httpServer) getAlarm(w http.ResponseWriter, r *http.Request, _ *account.Account) *problem {
	id, p := pathID(r)
	if p != nil {
		return p
	}
	for _, e := range s.Alarms.Book.Events() {
		if e.ID == id {
			v := s.shownAlarm(&e)
			return answerJSON(w, &v)
		}
	}
	return readProblem(gateway.ErrNotFound, "event")
}

// acknowledge is POST /v1/alarms/events/{id}/acknowledge: somebody looks after it.
func (s *httpServer) acknowledge(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	id, p := pathID(r)
	if p != nil {
		return p
	}
	e, ok := s.Alarms.Book.Acknowledge(time.Now(), id, a.Actor())
	if !ok {
		return readProblem(gateway.ErrNotFound, "event")
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	var full *message.Failure
	switch err := s.Alarms.Keep(ctx); {
	case errors.As(err, &full):
		return failed(full)
	case err != nil:
		return readProblem(err, "event")
	}
	s.Log.Info("an alarm is acknowledged", "event", id, "kind", e.Kind, "about", e.Subject, "by", a.Actor())
	v := s.shownAlarm(&e)
	return answerJSON(w, &v)
}
