package api

import (
	"errors"
	"net/http"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
)

// actPaths registers what is done with messages that wait: POST
// /v1/queues/pause and so on. Ordinary accounts act on their own.
func (s *httpServer) actPaths() {
	for _, act := range gateway.QueueActs() {
		may := anyone
		if act == gateway.ActMove { // to links of which others know nothing
			may = admins
		}
		s.rest("/v1/queues/"+string(act), methods{http.MethodPost: may(account.QueuesWrite, func(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
			return s.postAct(w, r, a, act)
		})})
		s.describeAct(act)
	}
}

func (s *httpServer) describeAct(act gateway.QueueAct) {
	d := description{
		text: "`account`, `reference`, `route`, `to` and `link` say which; an ordinary account's are its own. The answer is the job that does it.",
		body: actBody{}, answers: map[int]any{http.StatusAccepted: actView{}},
	}
	body := `{"reference":"order 4711"}`
	switch act {
	case gateway.ActCount:
		d.name, d.summary = "countWaiting", "Count messages that wait"
	case gateway.ActPause:
		d.name, d.summary = "pauseWaiting", "Have messages wait until they are resumed"
	case gateway.ActResume:
		d.name, d.summary = "resumeWaiting", "Let paused messages go on"
	case gateway.ActCancel:
		d.name, d.summary = "cancelWaiting", "Cancel messages that wait"
	case gateway.ActMove:
		d.name, d.summary, body = "moveWaiting", "Have messages wait for another link", `{"account":"acme","reference":"order 4711","move_to":"op2"}`
	case gateway.ActLane:
		d.name, d.summary, body = "laneWaiting", "Have messages wait in another lane", `{"reference":"order 4711","priority":"bulk"}`
	}
	d.examples = []example{{call: "/v1/queues/" + string(act), body: body}}
	s.describe("POST /v1/queues/"+string(act), d)
}

// actBody is the body of POST /v1/queues/pause and the like: which messages are
// meant, and for move and lane what is wanted.
type actBody struct {
	Account   string `json:"account"`
	Reference string `json:"reference"`
	Route     string `json:"route"`
	To        string `json:"to"`
	Link      string `json:"link"`
	MoveTo    string `json:"move_to"`
	Priority  string `json:"priority"`
}

// postAct begins an act; the answer is the job that does it.
func (s *httpServer) postAct(w http.ResponseWriter, r *http.Request, a *account.Account, act gateway.QueueAct) *problem {
	var body actBody
	if p := s.readJSON(w, r, a, &body); p != nil {
		return p
	}
	req, p := s.actRequest(&body, a, act)
	if p != nil {
		return p
	}
	answer := func(job gateway.ActJob) *jobAnswer { return &jobAnswer{s.jobAt(r, job.ID), viewAct(&job)} }
	job, err := s.Queues.Act(a.Actor(), req, answering(w, func(job gateway.ActJob) []byte { return answer(job).kept() }))
	switch {
	case errors.Is(err, gateway.ErrTooManyActs):
		return &problem{Status: http.StatusTooManyRequests, Code: codeRunning, Detail: err.Error(), RetryAfter: 5}
	case errors.Is(err, gateway.ErrNoRule):
		return faulty(http.StatusUnprocessableEntity, codeBadValue, "route", "%v", err)
	case err != nil:
		return &problem{Status: http.StatusServiceUnavailable, Code: message.Stopping.Code(), Detail: err.Error(), RetryAfter: 5}
	}
	return answer(job).write(w)
}

// jobAt is where a job is read.
func (s *httpServer) jobAt(r *http.Request, id message.ID) string {
	return s.link(r, "/v1/jobs/"+id.String())
}

// jobAnswer is the answer to who has begun a job.
type jobAnswer struct {
	at   string // where the job is read
	view any
}

func (j *jobAnswer) write(w http.ResponseWriter) *problem {
	doc, err := marshal(j.view)
	if err != nil {
		return &problem{Status: http.StatusInternalServerError, Code: codeInternal, Detail: "the answer could not be written"}
	}
	w.Header().Set("Location", j.at)
	writeJSON(w, http.StatusAccepted, doc)
	return nil
}

// kept is the answer as it is kept for repetitions of the request.
func (j *jobAnswer) kept() []byte {
	doc, _ := marshal(j.view) // what cannot be written is not written in the answer either
	return appendAnswer(nil, http.StatusAccepted, j.at, "", doc)
}

// actRequest checks what an act is for.
func (s *httpServer) actRequest(body *actBody, a *account.Account, act gateway.QueueAct) (req gateway.ActRequest, p *problem) {
	bad := func(field, format string, args ...any) (gateway.ActRequest, *problem) {
		return req, faulty(http.StatusUnprocessableEntity, codeBadValue, field, format, args...)
	}
	name := body.Account
	if name == "" && !a.Admin {
		name = a.Name
	}
	for _, wrong := range []*problem{s.unknownAccountIf(a, name), s.unknownLinkIf(a, "link", body.Link), s.unknownLinkIf(a, "move_to", body.MoveTo)} {
		if wrong != nil {
			return req, asField(wrong)
		}
	}
	req = gateway.ActRequest{
		Act: act, Link: body.MoveTo,
		Filter: gateway.QueueFilter{Account: name, Reference: body.Reference, Route: body.Route, To: body.To, Link: body.Link},
	}
	switch act {
	case gateway.ActMove:
		if body.MoveTo == "" {
			return req, faulty(http.StatusUnprocessableEntity, codeRequired, "move_to", "move_to is missing: the link that the messages are to take")
		}
	case gateway.ActLane:
		if body.Priority == "" {
			return req, faulty(http.StatusUnprocessableEntity, codeRequired, "priority", "priority is missing: bulk, normal, high or urgent")
		}
		lane, f := message.ParsePriority(body.Priority)
		if f != nil {
			return bad("priority", "%s", f.Error())
		}
		req.Lane = lane
	}
	switch {
	case act != gateway.ActMove && body.MoveTo != "":
		return bad("move_to", "move_to is for /v1/queues/move only")
	case act != gateway.ActLane && body.Priority != "":
		return bad("priority", "priority is for /v1/queues/lane only")
	case act != gateway.ActCount && a.Admin && req.Filter == (gateway.QueueFilter{}):
		return req, faulty(http.StatusUnprocessableEntity, codeRequired, "account", `nothing says which messages are meant: account, reference, route, to or link; "to": "*" is for all`)
	}
	return req, nil
}

func (s *httpServer) unknownAccountIf(a *account.Account, name string) *problem {
	if name == "" {
		return nil
	}
	return s.unknownAccount(a, "account", name)
}

func (s *httpServer) unknownLinkIf(a *account.Account, field, name string) *problem {
	if name == "" {
		return nil
	}
	return s.unknownLink(a, field, name)
}

// actView is an act in answers.
type actView struct {
	ID        message.ID `json:"id"`
	Job       string     `json:"job"`
	State     string     `json:"state"`
	By        string     `json:"by"`
	Account   string     `json:"account"`
	Reference string     `json:"reference,omitempty"`
	Route     string     `json:"route,omitempty"`
	To        string     `json:"to,omitempty"`
	Link      string     `json:"link,omitempty"`
	MoveTo    string     `json:"move_to,omitempty"`
	Priority  string     `json:"priority,omitempty"`
	Began     string     `json:"began"`
	Ended     string     `json:"ended,omitempty"`
	Looked    int64      `json:"looked_at"`
	Messages  int64      `json:"messages"`
	Paused    int64      `json:"paused,omitempty"`
	Refused   int64      `json:"refused"`
	Error     string     `json:"error,omitempty"`
}

func viewAct(j *gateway.ActJob) *actView {
	f := &j.Request.Filter
	v := &actView{
		ID: j.ID, Job: string(j.Request.Act), State: string(j.State), By: j.By, Account: jobAccount(f.Account), Reference: f.Reference,
		Route: f.Route, To: f.To, Link: f.Link, MoveTo: j.Request.Link, Began: seenTime(j.Began), Ended: seenTime(j.Ended),
		Looked: j.Looked, Messages: j.Done, Paused: j.Paused, Refused: j.Refused,
	}
	if j.Request.Act == gateway.ActLane {
		v.Priority = j.Request.Lane.String()
	}
	if j.Err != nil {
		v.Error = unreadableJob
	}
	return v
}
