package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
	"kurir/resource"
)

// getMessage is GET /v1/messages/{id}.
func (s *httpServer) getMessage(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	m, p := s.message(r, a)
	if p != nil {
		return p
	}
	v := s.view(m, a, languageOf(r))
	return answerJSON(w, &v)
}

// message finds the message that the path names.
func (s *httpServer) message(r *http.Request, a *account.Account) (*message.Message, *problem) {
	id, p := pathID(r)
	if p != nil {
		return nil, p
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	m, err := s.Message(ctx, a.Name, id)
	if err != nil {
		return nil, readProblem(err, "message")
	}
	return m, nil
}

// pathID reads the id in a path, of a request without parameters. What cannot be
// an id names nothing: 404.
func pathID(r *http.Request) (message.ID, *problem) {
	if p := noQuery(r); p != nil {
		return 0, p
	}
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
	p := &problem{
		Status: http.StatusServiceUnavailable, Code: codeUnreadable, RetryAfter: retryAfter(http.StatusServiceUnavailable),
		Detail: "the database could not be read; try again later",
	}
	if errors.Is(err, context.DeadlineExceeded) {
		p.Code, p.Detail = codeTimeout, "the database did not answer in time; try again later"
	}
	return p
}

// cancelMessage is DELETE /v1/messages/{id}: a message that no operator has
// yet is not sent.
func (s *httpServer) cancelMessage(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	id, p := pathID(r)
	if p != nil {
		return p
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	m, err := s.Cancel(ctx, a.Name, id)
	if err != nil {
		return s.unchanged(ctx, a, id, err)
	}
	v := s.view(m, a, "")
	return answerJSON(w, &v)
}

// eraseText is DELETE /v1/messages/{id}/text.
func (s *httpServer) eraseText(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	id, p := pathID(r)
	if p != nil {
		return p
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	err := s.Erase(ctx, a.Name, id, false)
	var f *message.Failure
	switch {
	case errors.As(err, &f) && f.Field == "id":
		return faulty(http.StatusConflict, f.Kind.Code(), "id", "%s", f.Error())
	case err != nil:
		return s.unchanged(ctx, a, id, err)
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// patchBody is the body of PATCH /v1/messages/{id}.
type patchBody struct {
	SendAt   *string `json:"send_at"`
	Validity *string `json:"validity"`
}

// patchMessage is PATCH /v1/messages/{id}: a message that has not left is sent
// at another time, or tried for another time.
func (s *httpServer) patchMessage(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	id, p := pathID(r)
	if p != nil {
		return p
	}
	var body patchBody
	if p := s.readJSON(w, r, a, &body); p != nil {
		return p
	}
	change := gateway.Replacement{Account: a}
	var f *message.Failure
	if body.SendAt != nil {
		change.SendAt, f = readSendAt(*body.SendAt)
	}
	if body.Validity != nil && f == nil {
		change.Validity, f = readValidity(*body.Validity)
	}
	switch {
	case f != nil:
		return faulty(http.StatusUnprocessableEntity, f.Kind.Code(), f.Field, "%s", f.Error())
	case body.SendAt == nil && body.Validity == nil:
		return faulty(http.StatusUnprocessableEntity, codeRequired, "send_at", "nothing is to be changed: send_at or validity is missing")
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	m, err := s.Change(ctx, id, &change)
	if err != nil {
		return s.unchanged(ctx, a, id, err)
	}
	v := s.view(m, a, "")
	return answerJSON(w, &v)
}

// unchanged is the answer to why a message could not be changed or cancelled.
func (s *httpServer) unchanged(ctx context.Context, a *account.Account, id message.ID, err error) *problem {
	var f *message.Failure
	switch {
	case !errors.As(err, &f):
		return readProblem(err, "message")
	case f.Kind.Temporary():
		status := statusOf(f.Kind)
		return &problem{Status: status, Code: f.Kind.Code(), Detail: f.Error(), RetryAfter: retryAfter(status)}
	case f.Kind != message.NotPermitted:
		return faulty(statusOf(f.Kind), f.Kind.Code(), f.Field, "%s", f.Error())
	}
	code := codeTooLate
	if m, err := s.Message(ctx, a.Name, id); err == nil && m.State.Final() {
		code = codeFinal
	}
	return faulty(http.StatusConflict, code, "id", "%s", f.Error())
}

// listMessages is GET /v1/messages: newest first, filtered and paged as package
// resource says.
func (s *httpServer) listMessages(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	return list(s, w, r, a, "messages", resource.Messages(), s.Messages, s.shown(r, a))
}

// list answers with a page of what a noun stands for, or with all of it as a
// table (rest_export.go): the rows under key,
// the address of the next page under "next" unless this is the last, and where
// the page ended under "cursor", also for whoever asks again later.
func list[T, V any](
	s *httpServer, w http.ResponseWriter, r *http.Request, a *account.Account, key string, noun *resource.Noun,
	find func(context.Context, gateway.Filter) ([]T, message.ID, error), show func(T) (message.ID, V),
) *problem {
	return listPages(s, w, r, a, key, noun, func(q *resource.Query) (pages[T], *problem) {
		whose, p := s.whose(a, q.Text("account"))
		return func(ctx context.Context, q resource.Query) ([]T, message.ID, error) {
			return find(ctx, resource.MessageFilter(q, whose))
		}, p
	}, show)
}

// whose is the account whose messages a list asks for, "" for those of all: the own one where nothing is said. Who may
// administrate may name any, and * for all.
func (s *httpServer) whose(a *account.Account, named string) (string, *problem) {
	switch named {
	case "":
		return a.Name, nil
	case "*":
		return "", needAdmin(a)
	}
	return named, s.unknownAccount(a, "account", named)
}

// pages reads a page that a query asks for, and where the next one begins; 0 if it is the last.
type pages[T any] func(context.Context, resource.Query) ([]T, message.ID, error)

// listPages is list for pages that are read in any way: open says how, or what is wrong with the query.
func listPages[T, V any](
	s *httpServer, w http.ResponseWriter, r *http.Request, a *account.Account, key string, noun *resource.Noun,
	open func(*resource.Query) (pages[T], *problem), show func(T) (message.ID, V),
) *problem {
	params, p := parseQuery(r)
	if p != nil {
		return p
	}
	form, p := exportForm(r, params, formsOf[V]())
	if p != nil {
		return p
	}
	q, wrong := noun.Parse(params, cmp.Or(a.Country, s.Country()), "format")
	if len(wrong) > 0 {
		return badParameters(wrong)
	}
	page, p := open(&q)
	if p != nil {
		return p
	}
	if form != "" {
		left := 0
		if params.Has("limit") {
			left = q.Limit
		}
		return export(s, w, r, form, key, noun.Name, q, left, page, show)
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	found, next, err := page(ctx, q)
	if p, known := errors.AsType[*problem](err); known {
		return p
	}
	if err != nil {
		return readProblem(err, noun.Name)
	}
	rows := make([]V, 0, len(found))
	var end message.ID
	for _, row := range found {
		id, v := show(row)
		rows, end = append(rows, v), id
	}
	answer := map[string]any{key: rows}
	if next != 0 {
		answer["next"], end = noun.Next(s.link(r, r.URL.Path), q, int64(next)), next
	}
	if end != 0 {
		answer["cursor"] = noun.Cursor(q, int64(end))
	}
	return answerJSON(w, answer)
}

// badParameters names every parameter that is wrong.
func badParameters(wrong []resource.Error) *problem {
	p := faulty(http.StatusBadRequest, codeBadValue, wrong[0].Param, "%v", wrong[0])
	for _, e := range wrong[1:] {
		p.Errors = append(p.Errors, fieldError{Index: -1, Field: e.Param, Code: codeBadValue, Detail: e.Error()})
	}
	return p
}

// getTrace is GET /v1/messages/{id}/trace: what happened, when and why.
func (s *httpServer) getTrace(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	m, p := s.message(r, a)
	if p != nil {
		return p
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	t, err := s.Trace(ctx, m)
	if err != nil {
		return &problem{Status: http.StatusInternalServerError, Code: codeInternal, Detail: "what is stored of the message is damaged: " + err.Error()}
	}
	language := languageOf(r)
	for i := range t.Events {
		t.Events[i].In(language)
		if !a.SeesTexts() {
			t.Events[i].Text = "" // which may quote the message
		}
	}
	answer := messageTraceView{Message: s.view(m, a, language), Links: m.Links, Routes: viewRules(t.Route, a), Events: t.Events, Waits: t.Waits}
	return answerJSON(w, &answer)
}

// answerJSON answers 200 with v.
func answerJSON(w http.ResponseWriter, v any) *problem {
	body, err := marshal(v)
	if err != nil {
		return &problem{Status: http.StatusInternalServerError, Code: codeInternal, Detail: "the answer could not be written"}
	}
	writeJSON(w, http.StatusOK, body)
	return nil
}

// marshal writes v as one line of JSON in which < > & stand as they are.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}

// parseQuery reads the parameters of a request.
func parseQuery(r *http.Request) (url.Values, *problem) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, &problem{Status: http.StatusBadRequest, Code: codeBadValue, Detail: "the parameters in the address are malformed"}
	}
	return values, nil
}

// noQuery refuses parameters where none are known.
func noQuery(r *http.Request) *problem { return onlyQuery(r, "none is known") }

// onlyQuery is noQuery that says in its own words which there are.
func onlyQuery(r *http.Request, known string) *problem {
	if r.URL.RawQuery == "" {
		return nil
	}
	values, p := parseQuery(r)
	if p != nil {
		return p
	}
	for name := range values {
		return faulty(http.StatusBadRequest, codeUnknownQuery, clip(name), "there is no parameter %q here; %s", clip(name), known)
	}
	return nil
}
