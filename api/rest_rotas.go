package api

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"kurir/account"
	"kurir/resource"
	"kurir/rota"
)

// calendarMedia is iCalendar (RFC 5545 8.1).
const calendarMedia = "text/calendar"

// What a question that says no times is about.
const (
	spansLong     = 31 * 24 * time.Hour
	calendarSince = 31 * 24 * time.Hour
	calendarUntil = 92 * 24 * time.Hour
)

// rotaPaths registers who is on duty.
func (s *httpServer) rotaPaths() {
	s.rest("/v1/rotas", methods{http.MethodGet: anyone(account.PeopleRead, s.listRotas)})
	s.rest("/v1/rotas/{name}/duty", methods{http.MethodGet: anyone(account.PeopleRead, s.getDuty)})
	s.rest("/v1/rotas/{name}/spans", methods{http.MethodGet: anyone(account.PeopleRead, s.getSpans)})
	s.rest("/v1/rotas/{name}/calendar.ics", methods{http.MethodGet: anyone(account.PeopleRead, s.getCalendar)})

	at := parameter{name: "at", text: "the time, such as `2026-11-05T08:30:00+01:00` or `2026-11-05` (its beginning in the zone of the rota); left out: now"}
	times := func(usual string) []parameter {
		return []parameter{
			{name: "from", text: "since when, as `at` of `GET /v1/rotas/{name}/duty`; " + usual},
			{name: "to", text: "until when, at most 400 days after `from`"},
		}
	}
	s.describe("GET /v1/rotas", description{
		name: "listRotas", summary: "Rotas, and who is on duty now", list: &listing{"rotas", resource.Rotas(), rotaView{}}, examples: []example{{call: "/v1/rotas"}},
	})
	s.describe("GET /v1/rotas/{name}/duty", description{
		name: "getDuty", summary: "Who is on duty at a time, and the next hand-over", query: []parameter{at}, answers: map[int]any{http.StatusOK: dutyView{}},
		also: []int{http.StatusNotFound},
		examples: []example{
			{name: "on_duty", call: "/v1/rotas/duty/duty?at=2026-11-05T08:30:00%2B01:00"}, {name: "refused", call: "/v1/rotas/nowhere/duty", status: http.StatusNotFound},
		},
	})
	s.describe("GET /v1/rotas/{name}/spans", description{
		name: "getSpans", summary: "Who is on duty from a time until another, with gaps and overlaps",
		text:  "Spans follow one another without a hole; those that are gaps have `gap`, and those in which two layers have somebody `overlaps`.",
		query: times("left out: now, for 31 days"), answers: map[int]any{http.StatusOK: spansView{}}, also: []int{http.StatusNotFound},
		examples: []example{{call: "/v1/rotas/duty/spans?from=2026-11-02&to=2026-11-09"}},
	})
	s.describe("GET /v1/rotas/{name}/calendar.ics", description{
		name: "getCalendar", summary: "Who is on duty, for calendars to subscribe to",
		text:  "iCalendar (RFC 5545). Calendars that know no keys sign in with name and password of the account (Basic).",
		query: times("left out: from a month ago for three months"), answers: map[int]any{http.StatusOK: nil}, tables: []string{calendarMedia},
		also: []int{http.StatusNotFound}, examples: []example{{call: "/v1/rotas/duty/calendar.ics?from=2026-11-02&to=2026-11-04", media: calendarMedia}},
	})
}

// rotaView is a rota in answers.
type rotaView struct {
	Name    string `json:"name"`
	Account string `json:"account"`
	Zone    string `json:"zone,omitempty"`
	onDuty
	Next *spanView `json:"next,omitempty" doc:"the next hand-over; left out where nothing changes within a year"`

	Escalates bool `json:"escalates,omitempty" doc:"others are asked when nobody who is on duty answers: a message to the rota begins an escalation"`
}

// onDuty is who is on duty, in answers.
type onDuty struct {
	Who      []string `json:"who" doc:"who is on duty: numbers, contacts and groups"`
	By       string   `json:"by,omitempty" doc:"name of the layer or exception that says so, or else"`
	Gap      bool     `json:"gap,omitempty" doc:"nobody is on duty"`
	Overlaps []string `json:"overlaps,omitempty" doc:"layers that have somebody else, too"`
}

// dutyView is who is on duty at a time.
type dutyView struct {
	Name string `json:"name"`
	At   string `json:"at" doc:"the time of which was asked"`
	onDuty
	Next *spanView `json:"next,omitempty" doc:"the next hand-over; left out where nothing changes within a year"`
}

// spanView is who is on duty from a time until another, by the clock of the rota.
type spanView struct {
	From string `json:"from" doc:"since when"`
	To   string `json:"to,omitempty" doc:"until when"`
	onDuty
}

// spansView is the spans of a time.
type spansView struct {
	Name     string     `json:"name"`
	Spans    []spanView `json:"spans" doc:"who is on duty, one span after the other"`
	Gaps     int        `json:"gaps" doc:"how many of the spans are gaps"`
	Overlaps int        `json:"overlaps" doc:"in how many of the spans two layers have somebody"`
}

func viewDuty(d *rota.Duty) onDuty {
	v := onDuty{Who: d.Who, By: d.By, Gap: len(d.Who) == 0, Overlaps: d.Also}
	if v.Gap {
		v.Who = []string{}
	}
	return v
}

func viewSpan(s *rota.Span) spanView {
	return spanView{s.From.Format(time.RFC3339), s.To.Format(time.RFC3339), viewDuty(&s.Duty)}
}

// viewNext is the next hand-over; until when it goes on was not looked for.
func viewNext(p *rota.Plan, at time.Time) *spanView {
	next, ok := p.Next(at)
	if !ok {
		return nil
	}
	v := viewSpan(&next)
	v.To = ""
	return &v
}

// listRotas is GET /v1/rotas: an account's own, everybody's for one that may administrate.
func (s *httpServer) listRotas(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	now := s.Now()
	find := func() (list []*rota.Plan, _ *problem) {
		for _, p := range s.Rotas().All() {
			if a.Admin || p.Rota.Account == a.Name {
				list = append(list, p)
			}
		}
		return list, nil
	}
	cell := func(p **rota.Plan, field string) any {
		if field == "account" {
			return (*p).Rota.Account
		}
		return (*p).Rota.Name
	}
	return listRows(s, w, r, a, "rotas", resource.Rotas(), find, cell, func(p **rota.Plan) rotaView {
		d := (*p).OnDuty(now)
		return rotaView{(*p).Rota.Name, (*p).Rota.Account, (*p).Rota.Zone, viewDuty(&d), viewNext(*p, now), (*p).Rota.Escalation.Escalates()}
	})
}

// rota finds the rota of a path, and reads the parameters, of which those are known that are named.
func (s *httpServer) rota(r *http.Request, a *account.Account, known ...string) (*rota.Plan, url.Values, *problem) {
	params, p := parseQuery(r)
	if p != nil {
		return nil, nil, p
	}
	for name := range params {
		if !slices.Contains(known, name) {
			return nil, nil, faulty(http.StatusBadRequest, codeUnknownQuery, clip(name), "there is no parameter %q here; there are %s", clip(name), strings.Join(known, ", "))
		}
	}
	for _, plan := range s.Rotas().All() {
		if plan.Rota.Name == r.PathValue("name") && (a.Admin || plan.Rota.Account == a.Name) {
			return plan, params, nil
		}
	}
	return nil, nil, &problem{Status: http.StatusNotFound, Code: codeNotFound, Detail: "there is no such rota"}
}

// timeOf reads a time among parameters; a day is its beginning by the clock of the rota.
func timeOf(params url.Values, name string, p *rota.Plan, usual time.Time) (time.Time, *problem) {
	text := params.Get(name)
	if text == "" {
		return usual, nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		at, err = time.ParseInLocation(time.DateOnly, text, p.Zone())
	}
	if err != nil {
		return at, faulty(http.StatusBadRequest, codeBadValue, name, "%s %q is no time such as 2026-11-05T08:30:00+01:00 or 2026-11-05; a + is written %%2B", name, clip(text))
	}
	return at, nil
}

// getDuty is GET /v1/rotas/{name}/duty.
func (s *httpServer) getDuty(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	plan, params, p := s.rota(r, a, "at")
	if p != nil {
		return p
	}
	at, p := timeOf(params, "at", plan, s.Now())
	if p != nil {
		return p
	}
	d := plan.OnDuty(at)
	return answerJSON(w, dutyView{plan.Rota.Name, at.In(plan.Zone()).Format(time.RFC3339), viewDuty(&d), viewNext(plan, at)})
}

// timesOf reads from and to, which are since and so much later where they are left out.
func timesOf(params url.Values, plan *rota.Plan, since time.Time, long time.Duration) (from, to time.Time, p *problem) {
	if from, p = timeOf(params, "from", plan, since); p != nil {
		return from, to, p
	}
	to, p = timeOf(params, "to", plan, from.Add(long))
	return from, to, p
}

// getSpans is GET /v1/rotas/{name}/spans.
func (s *httpServer) getSpans(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	plan, params, p := s.rota(r, a, "from", "to")
	if p != nil {
		return p
	}
	from, to, p := timesOf(params, plan, s.Now(), spansLong)
	if p != nil {
		return p
	}
	spans, err := plan.Between(from, to)
	if err != nil {
		return faulty(http.StatusBadRequest, codeBadValue, "to", "%v", err)
	}
	v := spansView{Name: plan.Rota.Name, Spans: make([]spanView, len(spans))}
	for i := range spans {
		v.Spans[i] = viewSpan(&spans[i])
		if spans[i].Gap() {
			v.Gaps++
		}
		if len(spans[i].Also) > 0 {
			v.Overlaps++
		}
	}
	return answerJSON(w, v)
}

// getCalendar is GET /v1/rotas/{name}/calendar.ics.
func (s *httpServer) getCalendar(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	plan, params, p := s.rota(r, a, "from", "to")
	if p != nil {
		return p
	}
	now := s.Now()
	from, to, p := timesOf(params, plan, now.Add(-calendarSince), calendarSince+calendarUntil)
	if p != nil {
		return p
	}
	body, err := plan.Calendar(from, to, now)
	if err != nil {
		return faulty(http.StatusBadRequest, codeBadValue, "to", "%v", err)
	}
	w.Header().Set("Content-Type", calendarMedia+"; charset=utf-8")
	w.Header().Set("Content-Disposition", `inline; filename="rota.ics"`)
	_, _ = w.Write(body) // a client that has gone needs no answer
	return nil
}
