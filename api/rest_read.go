package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
)

const (
	defaultPage = 50
	maxPage     = 1000
)

// getMessage is GET /v1/messages/{id}.
func (s *httpServer) getMessage(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	m, p := s.message(r, a)
	if p != nil {
		return p
	}
	v := view(m, m.State, true)
	return answerJSON(w, &v)
}

// message finds the message that the path names.
func (s *httpServer) message(r *http.Request, a *account.Account) (*message.Message, *problem) {
	if p := noQuery(r); p != nil {
		return nil, p
	}
	id, p := pathID(r)
	if p != nil {
		return nil, p
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.Timeout)
	defer cancel()
	m, err := s.Message(ctx, a.Name, id)
	if err != nil {
		return nil, readProblem(err, "message")
	}
	return m, nil
}

// pathID reads the id in a path. What cannot be an id names nothing: 404.
func pathID(r *http.Request) (message.ID, *problem) {
	id, err := message.ParseID(r.PathValue("id"))
	if err != nil {
		return 0, faulty(http.StatusNotFound, codeNotFound, "id", "%v", err)
	}
	return id, nil
}

// readProblem is the answer to an error of reading.
func readProblem(err error, what string) *problem {
	if errors.Is(err, gateway.ErrNotFound) {
		return faulty(http.StatusNotFound, codeNotFound, "id", "there is no %s with this id", what)
	}
	return &problem{
		Status: http.StatusServiceUnavailable, Code: message.StoreFull.Code(), RetryAfter: 5,
		Detail: "the database could not be read; try again later",
	}
}

// cancelMessage is DELETE /v1/messages/{id}: a message that no operator has
// yet is not sent.
func (s *httpServer) cancelMessage(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	if p := noQuery(r); p != nil {
		return p
	}
	id, p := pathID(r)
	if p != nil {
		return p
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.Timeout)
	defer cancel()
	m, err := s.Cancel(ctx, a.Name, id)
	if err == nil {
		v := view(m, m.State, true)
		return answerJSON(w, &v)
	}
	var f *message.Failure
	switch {
	case !errors.As(err, &f):
		return readProblem(err, "message")
	case f.Kind.Temporary():
		status := statusOf(f.Kind)
		return &problem{Status: status, Code: f.Kind.Code(), Detail: f.Error(), RetryAfter: retryAfter(status)}
	}
	return faulty(http.StatusConflict, codeFinal, "id", "%s", f.Error())
}

// listMessages is GET /v1/messages: newest first unless order=oldest, filtered
// and paged.
func (s *httpServer) listMessages(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	q, p := readQuery(r, "state", "to", "from", "reference", "since", "until", "order", "cursor", "limit")
	if p != nil {
		return p
	}
	filter, p := q.filter(a)
	if p != nil {
		return p
	}
	filter.Reference = q.get("reference")
	for _, name := range q.list("state") {
		state, err := message.ParseState(name)
		if err != nil {
			return faulty(http.StatusBadRequest, codeBadValue, "state", "%v", err)
		}
		filter.States = append(filter.States, state)
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.Timeout)
	defer cancel()
	found, next, err := s.Messages(ctx, filter)
	if err != nil {
		return readProblem(err, "message")
	}
	page := struct {
		Messages []messageView `json:"messages"`
		Next     string        `json:"next,omitempty"`
	}{Messages: make([]messageView, 0, len(found)), Next: cursorText(next)}
	for _, m := range found {
		page.Messages = append(page.Messages, view(m, m.State, true))
	}
	return answerJSON(w, &page)
}

// getTrace is GET /v1/messages/{id}/trace: what happened, when and why.
func (s *httpServer) getTrace(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	m, p := s.message(r, a)
	if p != nil {
		return p
	}
	t, err := s.Trace(m)
	if err != nil {
		return &problem{Status: http.StatusInternalServerError, Code: codeInternal, Detail: "what is stored of the message is damaged: " + err.Error()}
	}
	type rule struct {
		Rule    int    `json:"rule"`
		Name    string `json:"name,omitempty"`
		Matched bool   `json:"matched"`
		Why     string `json:"why,omitempty"`
	}
	answer := struct {
		Message messageView          `json:"message"`
		Links   []string             `json:"links"`
		Routes  []rule               `json:"routes"`
		Events  []gateway.TraceEntry `json:"events"`
	}{Message: view(m, m.State, true), Links: m.Links, Routes: []rule{}, Events: t.Events}
	for _, c := range t.Route {
		answer.Routes = append(answer.Routes, rule(c))
	}
	return answerJSON(w, &answer)
}

// getInbound is GET /v1/inbound/{id}.
func (s *httpServer) getInbound(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	if p := noQuery(r); p != nil {
		return p
	}
	id, p := pathID(r)
	if p != nil {
		return p
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.Timeout)
	defer cancel()
	in, err := s.InboundMessage(ctx, a.Name, id)
	if err != nil {
		return readProblem(err, "inbound message")
	}
	v := viewInbound(in)
	return answerJSON(w, &v)
}

// listInbound is GET /v1/inbound: newest first, or with order=oldest as they
// came, for programs that poll.
func (s *httpServer) listInbound(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	q, p := readQuery(r, "to", "from", "since", "until", "order", "cursor", "limit")
	if p != nil {
		return p
	}
	filter, p := q.filter(a)
	if p != nil {
		return p
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.Timeout)
	defer cancel()
	found, next, err := s.InboundList(ctx, filter)
	if err != nil {
		return readProblem(err, "inbound message")
	}
	page := struct {
		Inbound []inboundView `json:"inbound"`
		Next    string        `json:"next,omitempty"`
	}{Inbound: make([]inboundView, 0, len(found)), Next: cursorText(next)}
	for _, in := range found {
		page.Inbound = append(page.Inbound, viewInbound(in))
	}
	return answerJSON(w, &page)
}

// cursorText names the page after this one, nothing when there is none.
func cursorText(next message.ID) string {
	if next == 0 {
		return ""
	}
	return next.String()
}

// answerJSON answers 200 with v.
func answerJSON(w http.ResponseWriter, v any) *problem {
	body, err := json.Marshal(v)
	if err != nil {
		return &problem{Status: http.StatusInternalServerError, Code: codeInternal, Detail: "the answer could not be written"}
	}
	writeJSON(w, http.StatusOK, append(body, '\n'))
	return nil
}

// queryValues are the parameters of a request, all of them known and given
// once.
type queryValues url.Values

// readQuery reads the parameters of a request and refuses what is not in
// known.
func readQuery(r *http.Request, known ...string) (queryValues, *problem) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, &problem{Status: http.StatusBadRequest, Code: codeBadValue, Detail: "the parameters in the address are malformed"}
	}
next:
	for name, given := range values {
		for _, k := range known {
			if name != k {
				continue
			}
			if len(given) > 1 {
				return nil, faulty(http.StatusBadRequest, codeTwice, name, "%s is given twice", name)
			}
			continue next
		}
		name = clip(name)
		if len(known) == 0 {
			return nil, faulty(http.StatusBadRequest, codeUnknownQuery, name, "there is no parameter %q; none is known here", name)
		}
		return nil, faulty(http.StatusBadRequest, codeUnknownQuery, name, "there is no parameter %q; %s are known", name, strings.Join(known, ", "))
	}
	return queryValues(values), nil
}

func (q queryValues) get(name string) string { return url.Values(q).Get(name) }

// list reads values separated by commas.
func (q queryValues) list(name string) []string {
	if q.get(name) == "" {
		return nil
	}
	return strings.Split(q.get(name), ",")
}

// filter reads what messages and inbound messages are filtered and paged by.
func (q queryValues) filter(a *account.Account) (f gateway.Filter, p *problem) {
	f.Account = a.Name
	f.To.Number, f.From.Number = digits(q.get("to")), digits(q.get("from"))
	switch q.get("order") {
	case "", "newest":
	case "oldest":
		f.Oldest = true
	default:
		return f, faulty(http.StatusBadRequest, codeBadValue, "order", "order must be newest or oldest")
	}
	if f.Since, p = q.time("since"); p != nil {
		return f, p
	}
	if f.Until, p = q.time("until"); p != nil {
		return f, p
	}
	if f.After, p = q.cursor(); p != nil {
		return f, p
	}
	f.Limit, p = q.limit()
	return f, p
}

// time reads a time or a date, zero if there is none.
func (q queryValues) time(name string) (time.Time, *problem) {
	value := q.get(name)
	if value == "" {
		return time.Time{}, nil
	}
	for _, format := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(format, value); err == nil {
			return t, nil
		}
	}
	return time.Time{}, faulty(http.StatusBadRequest, codeBadValue, name, "%s must be a time with its zone as in 2026-11-05T08:30:00Z (a plus sign is written %%2B), or a date", name)
}

// cursor reads where the page before ended, 0 for the first page.
func (q queryValues) cursor() (message.ID, *problem) {
	value := q.get("cursor")
	if value == "" {
		return 0, nil
	}
	id, err := message.ParseID(value)
	if err != nil {
		return 0, faulty(http.StatusBadRequest, codeBadValue, "cursor", "cursor must be the next of the page before")
	}
	return id, nil
}

// limit reads how many entries a page may have.
func (q queryValues) limit() (int, *problem) {
	value := q.get("limit")
	if value == "" {
		return defaultPage, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > maxPage {
		return 0, faulty(http.StatusBadRequest, codeBadValue, "limit", "limit must be a number from 1 to %d", maxPage)
	}
	return n, nil
}

// digits takes off the plus sign with which people write international
// numbers; in an address it may have become a space.
func digits(number string) string {
	return strings.TrimPrefix(strings.TrimSpace(number), "+")
}
