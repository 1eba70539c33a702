package api

import (
	"context"
	"net/http"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
	"kurir/resource"
	"kurir/route"
)

// inboundPaths serves messages from phones.
func (s *httpServer) inboundPaths() {
	s.rest("/v1/inbound", methods{http.MethodGet: anyone(account.InboundRead, s.listInbound)})
	s.rest("/v1/inbound/{id}", methods{http.MethodGet: anyone(account.InboundRead, s.getInbound)})
	s.rest("/v1/series", methods{http.MethodGet: admins(account.InboundRead, s.listSeries)})
	s.rest("/v1/inbound/explain", methods{http.MethodPost: admins(account.ConfigRead, s.explainInbound)})

	s.describe("GET /v1/inbound", description{
		name: "listInbound", summary: "Messages from phones", list: &listing{"inbound", resource.Inbound(), inboundView{}},
		text:   exportText + " `unmatched=true`, for accounts that may administrate: those that no rule matched.",
		tables: tables, query: exported,
		examples: []example{{name: "page", call: "/v1/inbound?from=%2B46701234567&limit=1"}, {name: "lines", call: "/v1/inbound?format=ndjson&limit=1", media: ndjsonMedia}},
	})
	s.describe("GET /v1/inbound/{id}", description{
		name: "getInbound", summary: "A message from a phone, and what became of it", answers: map[int]any{http.StatusOK: inboundTraceView{}},
		examples: []example{{call: "/v1/inbound/06y30tp6r0101"}},
	})
	s.describe("GET /v1/series", description{
		name: "listSeries", summary: "Series of case numbers, and the last of each", list: &listing{"series", resource.Series(), seriesView{}},
		examples: []example{{call: "/v1/series"}},
	})
	s.describe("POST /v1/inbound/explain", description{
		name: "explainInbound", summary: "Which rules a message from a phone meets, and where it would go",
		body: inboundQuestion{}, answers: map[int]any{http.StatusOK: inboundExplained{}},
		examples: []example{{call: "/v1/inbound/explain", body: `{"to":"+46737000001","from":"+46701234567","text":"info"}`}},
	})
}

// inboundTraceView is a message from a phone with what became of it.
type inboundTraceView struct {
	inboundView
	Events []gateway.TraceEntry `json:"events,omitempty" doc:"what became of it at each of its targets"`
}

// listInbound is GET /v1/inbound: as listMessages. With unmatched=true, for who
// may administrate, it is the inbox of what no rule matched and nobody owns.
func (s *httpServer) listInbound(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	if r.URL.Query().Get("unmatched") == "true" {
		if p := needAdmin(a); p != nil {
			return p
		}
	}
	find := func(ctx context.Context, f gateway.Filter) ([]*message.Inbound, message.ID, error) {
		if f.Unmatched && a.Admin {
			f.Account = ""
		}
		return s.InboundList(ctx, f)
	}
	named := r.URL.Query().Has("account")
	return list(s, w, r, a, "inbound", resource.Inbound(), find, func(in *message.Inbound) (message.ID, inboundView) {
		v := s.viewInbound(in, a)
		if named {
			v.Account = in.Account
		}
		return in.ID, v
	})
}

// viewInbound is a message from a phone as an answer shows it to who acts.
func (s *httpServer) viewInbound(in *message.Inbound, a *account.Account) inboundView {
	v := viewInbound(in, s.TLVs())
	if !a.SeesTextsOf(in.Account) {
		v.Text, v.Data, v.UDH = "", "", ""
	}
	if in.Account != a.Name {
		v.Account = in.Account
	}
	return v
}

// getInbound is GET /v1/inbound/{id}. Who may administrate sees nobody's
// too, and others' without what they say (account.SeesTextsOf).
func (s *httpServer) getInbound(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	id, p := pathID(r)
	if p != nil {
		return p
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	in, err := s.InboundMessage(ctx, scope(a), id)
	if err != nil {
		return readProblem(err, "inbound message")
	}
	events, err := gateway.InboundTrace(in)
	if err != nil {
		return &problem{Status: http.StatusInternalServerError, Code: codeInternal, Detail: "what is stored of the message is damaged: " + err.Error()}
	}
	if !a.SeesTextsOf(in.Account) {
		for i := range events {
			events[i].Text = "" // which may quote the message
		}
	}
	v := inboundTraceView{s.viewInbound(in, a), events}
	return answerJSON(w, &v)
}

// inboundQuestion is what POST /v1/inbound/explain is asked.
type inboundQuestion struct {
	To   string `json:"to" required:"true" doc:"the number of ours that is written to"`
	From string `json:"from" required:"true" doc:"the phone"`
	Text string `json:"text"`
	Link string `json:"link"`
	At   string `json:"at" format:"date-time" doc:"left out: now"`
}

// inboundExplained is the answer.
type inboundExplained struct {
	To      string     `json:"to"`
	From    string     `json:"from"`
	Before  []stepView `json:"before,omitempty"`
	Rules   []ruleView `json:"rules"`
	Behind  []stepView `json:"behind,omitempty"`
	Account string     `json:"account,omitempty"`
	Answers message.ID `json:"answers,omitzero"`
	Goes    []string   `json:"goes"`
	Clashes []string   `json:"clashes,omitempty"`
}

// stepView is what was looked at beside the rules.
type stepView struct {
	Name    string `json:"name"`
	Matched bool   `json:"matched"`
	Why     string `json:"why"`
}

// explainInbound is POST /v1/inbound/explain: which rules were looked at for a
// message from a phone, why each does or does not match, and where it would go.
func (s *httpServer) explainInbound(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	var q inboundQuestion
	if p := s.readJSON(w, r, a, &q); p != nil {
		return p
	}
	in, at, p := q.message(s.Country())
	if p != nil {
		return p
	}
	e := s.ExplainInbound(in, at)
	v := inboundExplained{To: in.To.String(), From: in.From.String(), Rules: []ruleView{}, Account: e.Account, Answers: e.Answers, Goes: append([]string{}, e.Goes...), Clashes: e.Clashes}
	for _, step := range e.Before {
		v.Before = append(v.Before, stepView(step))
	}
	for _, step := range e.Behind {
		v.Behind = append(v.Behind, stepView(step))
	}
	for _, c := range e.Rules {
		v.Rules = append(v.Rules, ruleView(c))
	}
	return answerJSON(w, &v)
}

// message makes the message that is asked about, and when it is to come.
func (q *inboundQuestion) message(country string) (*message.Inbound, time.Time, *problem) {
	at := time.Now()
	bad := func(field, format string, args ...any) (*message.Inbound, time.Time, *problem) {
		return nil, at, faulty(http.StatusUnprocessableEntity, codeBadValue, field, format, args...)
	}
	in := &message.Inbound{Link: q.Link, Content: message.Content{Text: q.Text, Class: -1}}
	var err error
	if in.To, err = route.Normalise(q.To, country); err != nil {
		return bad("to", "to, the number of ours that is written to: %v", err)
	}
	if in.From, err = route.Normalise(q.From, country); err != nil { // no number as people write it
		if in.From, err = route.Sender(q.From, country); err != nil {
			return bad("from", "from, the phone: %v", err)
		}
	}
	if q.At != "" {
		if at, err = time.Parse(time.RFC3339, q.At); err != nil {
			return bad("at", "at must be a time with its zone as in 2026-11-05T08:30:00+01:00")
		}
	}
	return in, at, nil
}
