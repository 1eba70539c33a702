package api

import (
	"context"
	"net/http"
	"strconv"

	"kurir/account"
	"kurir/resource"
)

// SessionsOptions is what /v1/sessions is made of: methods of *SMPPServer.
type SessionsOptions struct {
	List func() []SMPPSession
	End  func(ctx context.Context, account string, id uint64) error
}

// sessionPaths registers the sessions' part of the REST interface. Ordinary
// accounts see and end their own.
func (s *httpServer) sessionPaths() {
	s.rest("/v1/sessions", methods{http.MethodGet: anyone(account.SessionsRead, s.listSessions)})
	s.rest("/v1/sessions/{id}", methods{http.MethodGet: anyone(account.SessionsRead, s.getSession), http.MethodDelete: anyone(account.SessionsWrite, s.endSession)})

	s.describe("GET /v1/sessions", description{
		name: "listSessions", summary: "SMPP sessions of customers", list: &listing{"sessions", resource.Sessions(), sessionView{}},
		examples: []example{{call: "/v1/sessions?mode=receiver"}},
	})
	s.describe("GET /v1/sessions/{id}", description{
		name: "getSession", summary: "A session", answers: map[int]any{http.StatusOK: sessionView{}}, examples: []example{{call: "/v1/sessions/1"}},
	})
	s.describe("DELETE /v1/sessions/{id}", description{
		name: "endSession", summary: "End a session: what is under way is answered, then unbind is sent", answers: map[int]any{http.StatusNoContent: nil},
		examples: []example{{name: "bound", call: "/v1/sessions/2"}, {name: "refused", call: "/v1/sessions/999", status: http.StatusNotFound}},
	})
}

// sessionView is a customer's session in answers.
type sessionView struct {
	ID          uint64     `json:"id"`
	Account     string     `json:"account"`
	Peer        string     `json:"peer"`
	Mode        string     `json:"mode"`
	Version     string     `json:"version"`
	Since       string     `json:"since"`
	Submits     windowView `json:"submits"`
	Deliveries  windowView `json:"deliveries"`
	PDURate     float64    `json:"pdus_per_second"`
	SubmitRate  float64    `json:"submits_per_second"`
	Received    uint64     `json:"pdus_received"`
	Sent        uint64     `json:"pdus_sent"`
	Latency     *latency   `json:"latency,omitempty"`
	LastHeard   string     `json:"last_heard,omitempty"`
	LastError   *lastError `json:"last_error,omitempty"`
	LastRefusal *lastError `json:"last_refusal,omitempty"`
}

// windowView is how many requests are unanswered in one direction.
type windowView struct {
	InUse int `json:"in_use"`
	Size  int `json:"window"`
}

// latency is how long the customer takes to answer a deliver_sm.
type latency struct {
	Answers uint64  `json:"answers"`
	P50     float64 `json:"p50_ms"`
	P99     float64 `json:"p99_ms"`
}

// lastError is a status other than ESME_ROK.
type lastError struct {
	Status string `json:"status"`
	At     string `json:"at"`
}

func viewSession(s *SMPPSession) sessionView {
	v := sessionView{
		ID: s.ID, Account: s.Account, Peer: s.Peer, Mode: s.Mode, Version: s.Version, Since: seenTime(s.Since),
		Submits: windowView{s.Submitted, s.SubmitWindow}, Deliveries: windowView{s.Delivering, s.Window},
		PDURate: rounded(s.PDUs), SubmitRate: rounded(s.Submits), Received: s.Received, Sent: s.Sent, LastHeard: seenTime(s.LastIn),
	}
	if s.Answered > 0 {
		v.Latency = &latency{s.Answered, milliseconds(s.P50), milliseconds(s.P99)}
	}
	if s.LastError != "" {
		v.LastError = &lastError{s.LastError, seenTime(s.LastErrorAt)}
	}
	if s.Refusal != "" {
		v.LastRefusal = &lastError{s.Refusal, seenTime(s.RefusalAt)}
	}
	return v
}

// rounded keeps one decimal.
func rounded(f float64) float64 { return float64(int64(f*10+0.5)) / 10 }

// sessionsOf returns the sessions that an account may see.
func (s *httpServer) sessionsOf(a *account.Account) []SMPPSession {
	var list []SMPPSession
	for _, have := range s.Sessions.List() {
		if a.Admin || have.Account == a.Name {
			list = append(list, have)
		}
	}
	return list
}

// listSessions is GET /v1/sessions.
func (s *httpServer) listSessions(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	find := func() ([]SMPPSession, *problem) { return s.sessionsOf(a), nil }
	cell := func(s *SMPPSession, field string) any {
		switch field {
		case "account":
			return s.Account
		case "mode":
			return s.Mode
		case "peer":
			return s.Peer
		case "since":
			return s.Since
		case "submits":
			return s.Submits
		}
		return int64(s.ID)
	}
	return listRows(s, w, r, a, "sessions", resource.Sessions(), find, cell, viewSession)
}

// sessionID reads the id in a path.
func sessionID(r *http.Request) (uint64, *problem) {
	if p := noQuery(r); p != nil {
		return 0, p
	}
	id, err := strconv.ParseUint(r.PathValue("id"), 10, 64)
	if err != nil {
		return 0, faulty(http.StatusNotFound, codeNotFound, "id", "%v", ErrNoSession)
	}
	return id, nil
}

// getSession is GET /v1/sessions/{id}.
func (s *httpServer) getSession(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	id, p := sessionID(r)
	if p != nil {
		return p
	}
	for _, have := range s.sessionsOf(a) {
		if have.ID == id {
			v := viewSession(&have)
			return answerJSON(w, &v)
		}
	}
	return faulty(http.StatusNotFound, codeNotFound, "id", "%v", ErrNoSession)
}

// endSession is DELETE /v1/sessions/{id}: what is outstanding on both sides is
// answered, then unbind is sent. The customer may bind again.
func (s *httpServer) endSession(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	id, p := sessionID(r)
	if p != nil {
		return p
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	if err := s.Sessions.End(ctx, scope(a), id); err != nil {
		return faulty(http.StatusNotFound, codeNotFound, "id", "%v", err) // the only one there is
	}
	s.Log.Info("customer's session is ended as asked", "session", id, "by", a.Actor())
	w.WriteHeader(http.StatusNoContent)
	return nil
}
