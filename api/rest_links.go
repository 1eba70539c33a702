package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
	"kurir/modem"
	"kurir/resource"
)

// LinksOptions is what /v1/links is made of; all of it is for accounts that may
// administrate. Stats, RestartSession and Unmatched are methods of the gateway,
// Control and Test App.ControlLink and App.TestLink.
type LinksOptions struct {
	Stats          func() []gateway.LinkStats
	Control        func(by, name, action string) error
	RestartSession func(name string, session uint32) error
	Unmatched      func(name string) ([]gateway.UnmatchedReceipt, bool)
	Test           func(ctx context.Context, name string) ([]gateway.LinkStep, error)
	USSD           func(ctx context.Context, name, number, code string) (modem.USSD, error)
}

// linkPaths registers the links' part of the REST interface.
func (s *httpServer) linkPaths() {
	s.rest("/v1/links", methods{http.MethodGet: admins(account.LinksRead, s.listLinks)})
	s.rest("/v1/links/{name}", methods{http.MethodGet: admins(account.LinksRead, s.getLink)})
	for _, action := range []string{"start", "stop", "restart", "drain", "resume"} {
		s.rest("/v1/links/{name}/"+action, methods{http.MethodPost: admins(account.LinksWrite, s.controlLink(action))})
	}
	s.rest("/v1/links/{name}/receipts/unknown", methods{http.MethodGet: admins(account.LinksRead, s.listUnmatched)})
	s.rest("/v1/links/{name}/test", methods{http.MethodPost: admins(account.LinksWrite, s.testLink)})
	s.rest("/v1/links/{name}/ussd", methods{http.MethodPost: admins(account.LinksWrite, s.askUSSD)})
	s.rest("/v1/links/{name}/messages", methods{http.MethodPost: admins(account.LinksWrite, s.postByLink)})
	s.rest("/v1/links/{name}/sessions/{n}/restart", methods{http.MethodPost: admins(account.LinksWrite, s.restartSession)})
	s.describeLinks()
	s.describeUSSD()
}

// describeLinks says what is done with links. What happens to one is shown by the
// link as it is then.
func (s *httpServer) describeLinks() {
	link := map[int]any{http.StatusOK: linkView{}}
	s.describe("GET /v1/links", description{
		name: "listLinks", summary: "Links to operators, their sessions and counters", list: &listing{"links", resource.Links(), linkView{}},
		examples: []example{{call: "/v1/links?name=op1"}},
	})
	s.describe("GET /v1/links/{name}", description{
		name: "getLink", summary: "A link", answers: link,
		examples: []example{{name: "bound", call: "/v1/links/op1"}, {name: "refused", call: "/v1/links/op9", status: http.StatusNotFound}},
	})
	acts := map[string]string{
		"start": "Open a link that was stopped", "stop": "Close a link; what is under way is answered first", "restart": "Open the sessions of a link anew, one after the other",
		"drain": "Take no more messages for a link, send what it has", "resume": "End the draining of a link",
	}
	for act, summary := range acts {
		s.describe("POST /v1/links/{name}/"+act, description{
			name: act + "Link", summary: summary, answers: link, also: []int{http.StatusConflict, http.StatusGatewayTimeout},
			examples: []example{{call: "/v1/links/op2/" + act}},
		})
	}
	s.describe("GET /v1/links/{name}/receipts/unknown", description{
		name: "listUnknownReceipts", summary: "The last receipts of a link that belong to no message, newest first", answers: map[int]any{http.StatusOK: unmatchedView{}},
		examples: []example{{call: "/v1/links/op1/receipts/unknown"}},
	})
	s.describe("POST /v1/links/{name}/test", description{
		name: "testLink", summary: "Try the hosts of a link step by step, beside its sessions", answers: map[int]any{http.StatusOK: linkTestView{}},
		also: []int{http.StatusConflict}, examples: []example{{call: "/v1/links/op1/test"}},
	})
	s.describe("POST /v1/links/{name}/messages", description{
		name: "sendByLink", summary: "Send messages by exactly this link, whatever the routes say", text: "Otherwise like `POST /v1/messages`.",
		body: schemaOf(newMessages), answers: map[int]any{http.StatusAccepted: acceptedView{}}, also: []int{http.StatusPaymentRequired},
		examples: []example{{call: "/v1/links/op1/messages", body: `{"to":"+46701234567","text":"Test of op1"}`}},
	})
	s.describe("POST /v1/links/{name}/sessions/{n}/restart", description{
		name: "restartSession", summary: "Open one session of a link anew", answers: link, also: []int{http.StatusConflict, http.StatusGatewayTimeout},
		examples: []example{{call: "/v1/links/op1/sessions/1/restart"}},
	})
}

// linkView is a link in answers. Rates count parts.
type linkView struct {
	Name      string            `json:"name"`
	State     string            `json:"state"`
	Since     time.Time         `json:"since"`
	Queued    int64             `json:"queued"`
	InFlight  int               `json:"in_flight"`
	RateLimit float64           `json:"rate_limit,omitempty"`
	RateShare *int              `json:"rate_share,omitempty"`
	Taken     int64             `json:"taken"`
	Failed    int64             `json:"failed"`
	Throttled int64             `json:"throttled"`
	Receipts  int64             `json:"receipts"`
	Inbound   int64             `json:"inbound"`
	Unmatched int64             `json:"receipts_unmatched"`
	IDs       string            `json:"message_ids,omitempty"`
	Sessions  []linkSessionView `json:"sessions"`
	Nodes     []linkNodeView    `json:"nodes,omitempty" doc:"servers that hold its sessions, or have some open; of several servers only"`
}

// linkNodeView is a server that holds sessions of a link.
type linkNodeView struct {
	Name   string   `json:"name" doc:"the server's name"`
	Open   int      `json:"open" doc:"sessions of the link that are open at it"`
	Leases []string `json:"leases" doc:"sessions that it holds, open or not, by link and number"`
}

// linkSessionView is one session of a link.
type linkSessionView struct {
	Session    uint32     `json:"session"`
	State      string     `json:"state"`
	Since      time.Time  `json:"since"`
	Peer       string     `json:"peer,omitempty"`
	Mode       string     `json:"mode"`
	Version    string     `json:"version,omitempty"`
	Window     int        `json:"window"`
	WindowSize int        `json:"window_size"`
	In         float64    `json:"in_per_second"`
	Out        float64    `json:"out_per_second"`
	P50        float64    `json:"latency_p50_ms"`
	P99        float64    `json:"latency_p99_ms"`
	Error      string     `json:"error,omitempty"`
	ErrorAt    *time.Time `json:"error_at,omitempty"`
	Modem      *modemView `json:"modem,omitempty" doc:"of a GSM modem"`
}

func viewLink(l *gateway.LinkStats) linkView {
	v := linkView{
		Name: l.Name, State: l.State, Since: l.Since.UTC().Truncate(time.Millisecond), Queued: l.Queued, InFlight: l.InFlight,
		RateLimit: l.Rate, Taken: l.Taken, Failed: l.Failed, Throttled: l.Throttled, Receipts: l.Receipts, Inbound: l.Inbound,
		Unmatched: l.ReceiptsUnmatched, IDs: l.IDs,
		Sessions: make([]linkSessionView, 0, len(l.Sessions)),
	}
	if l.Shared {
		v.RateShare = &l.Share
	}
	for i, s := range l.Sessions {
		sv := linkSessionView{
			Session: s.Session, State: s.State, Since: s.Since.UTC().Truncate(time.Millisecond), Peer: s.Peer,
			Mode: s.Mode, Version: s.Version, Window: s.Window, WindowSize: s.WindowSize, Error: s.Error,
			In: s.InPerSecond, Out: s.OutPerSecond, P50: milliseconds(s.Latency50), P99: milliseconds(s.Latency99),
		}
		if !s.ErrorAt.IsZero() {
			at := s.ErrorAt.UTC().Truncate(time.Millisecond)
			sv.ErrorAt = &at
		}
		sv.Modem = viewModem(l, i)
		v.Sessions = append(v.Sessions, sv)
	}
	for _, n := range l.Nodes {
		v.Nodes = append(v.Nodes, linkNodeView{n.Name, n.Open, append([]string{}, n.Leases...)})
	}
	return v
}

// milliseconds is a time as a number with at most three decimals.
func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// listLinks is GET /v1/links: all links of the configuration, by name.
func (s *httpServer) listLinks(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	find := func() ([]gateway.LinkStats, *problem) { return s.Links.Stats(), nil }
	cell := func(l *gateway.LinkStats, field string) any {
		switch field {
		case "state":
			return l.State
		case "queued":
			return l.Queued
		case "taken":
			return l.Taken
		}
		return l.Name
	}
	return listRows(s, w, r, a, "links", resource.Links(), find, cell, viewLink)
}

// getLink is GET /v1/links/{name}.
func (s *httpServer) getLink(w http.ResponseWriter, r *http.Request, _ *account.Account) *problem {
	if p := noQuery(r); p != nil {
		return p
	}
	return s.answerLink(w, clip(r.PathValue("name")))
}

// answerLink answers with the link as it is now.
func (s *httpServer) answerLink(w http.ResponseWriter, name string) *problem {
	for _, l := range s.Links.Stats() {
		if l.Name == name {
			v := viewLink(&l)
			return answerJSON(w, &v)
		}
	}
	return faulty(http.StatusNotFound, codeNotFound, "name", "there is no link %q", clip(name))
}

// controlLink is POST /v1/links/{name}/{action}. The answer is the link as it
// is then.
func (s *httpServer) controlLink(action string) restHandler {
	return func(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
		if p := noQuery(r); p != nil {
			return p
		}
		name := clip(r.PathValue("name"))
		return s.controlled(w, r, name, func() error { return s.Links.Control(a.Name, name, action) })
	}
}

// restartSession is POST /v1/links/{name}/sessions/{n}/restart.
func (s *httpServer) restartSession(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	if p := noQuery(r); p != nil {
		return p
	}
	name := clip(r.PathValue("name"))
	n, err := strconv.ParseUint(r.PathValue("n"), 10, 32)
	if err != nil || n == 0 {
		return faulty(http.StatusNotFound, codeNotFound, "n", "%q is no session's number; the link shows them", clip(r.PathValue("n")))
	}
	return s.controlled(w, r, name, func() error {
		err := s.Links.RestartSession(name, uint32(n))
		if err == nil {
			s.Log.Info("a session is opened anew as asked", "link", name, "session", n, "by", a.Actor())
		}
		return err
	})
}

// controlled does something to a link within the time of a request, and answers
// with the link.
func (s *httpServer) controlled(w http.ResponseWriter, r *http.Request, name string, do func() error) *problem {
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- do() }()
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		return &problem{
			Status: http.StatusGatewayTimeout, Code: codeTimeout,
			Detail: "the link takes its time; what was asked for is still being done",
		}
	}
	if err == nil {
		return s.answerLink(w, name)
	}
	return linkProblem(err)
}

// linkProblem is the answer to what could not be done with a link.
func linkProblem(err error) *problem {
	var wrong *gateway.LinkError
	switch {
	case errors.As(err, &wrong) && wrong.Missing:
		return faulty(http.StatusNotFound, codeNotFound, "name", "%s", wrong.Text)
	case errors.As(err, &wrong):
		return faulty(http.StatusConflict, codeLinkState, "name", "%s", wrong.Text)
	}
	return &problem{
		Status: http.StatusServiceUnavailable, Code: codeLinkState, Detail: err.Error(),
		RetryAfter: retryAfter(http.StatusServiceUnavailable),
	}
}

// postByLink is POST /v1/links/{name}/messages: like POST /v1/messages, by
// exactly this link, whatever the routes say.
func (s *httpServer) postByLink(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	return s.postMessagesVia(w, r, a, clip(r.PathValue("name")))
}

// testLink is POST /v1/links/{name}/test: the link is tried step by step, beside
// its sessions.
func (s *httpServer) testLink(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	if p := noQuery(r); p != nil {
		return p
	}
	name := clip(r.PathValue("name"))
	ctx, cancel := lasting(r.Context(), linkTestWait)
	defer cancel()
	steps, err := s.Links.Test(ctx, name)
	if err != nil {
		return linkProblem(err)
	}
	answer := linkTestView{Link: name, Steps: []linkStepView{}}
	for i, st := range steps {
		answer.Steps = append(answer.Steps, linkStepView{st.Host, st.Name, milliseconds(st.Took), st.Error == "", st.Found, st.Error, st.Advice})
		last := i+1 == len(steps) || steps[i+1].Host != st.Host
		answer.OK = answer.OK || last && st.Error == ""
	}
	s.Log.Info("test of a link", "link", name, "ok", answer.OK, "by", a.Actor())
	return answerJSON(w, &answer)
}

// linkTestView is how a test of a link went.
type linkTestView struct {
	Link  string         `json:"link"`
	OK    bool           `json:"ok" doc:"at least one host went well to the end"`
	Steps []linkStepView `json:"steps"`
}

// linkStepView is one step of it.
type linkStepView struct {
	Host   string  `json:"host"`
	Step   string  `json:"step"`
	Took   float64 `json:"took_ms"`
	OK     bool    `json:"ok"`
	Found  string  `json:"found,omitempty"`
	Error  string  `json:"error,omitempty"`
	Advice string  `json:"advice,omitempty"`
}

// linkTestWait is how long all hosts of a link are tried: less than a connection
// may stay without an answer.
const linkTestWait = 80 * time.Second

// askOperator is POST /v1/messages/{id}/query: the operator who has a message is
// asked what became of it. The answer is the message as it is then; of another
// account's without what that has to say.
func (s *httpServer) askOperator(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	id, p := pathID(r)
	if p != nil {
		return p
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	m, err := s.Ask(ctx, "", id)
	var f *message.Failure
	switch {
	case err == nil:
		v := view(m, m.State, m.Account == a.Name && a.SeesTexts(), s.TLVs())
		return answerJSON(w, &v)
	case errors.As(err, &f) && f.Kind.Temporary():
		return &problem{Status: http.StatusServiceUnavailable, Code: f.Kind.Code(), Detail: f.Error(), RetryAfter: retryAfter(http.StatusServiceUnavailable)}
	case errors.As(err, &f):
		return faulty(http.StatusConflict, codeTooLate, "id", "%s", f.Error())
	}
	return readProblem(err, "message")
}
