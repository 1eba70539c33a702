package api

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"reflect"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
	"kurir/resource"
)

// QueuesOptions is what /v1/queues and /v1/jobs are made of: methods of
// *gateway.Gateway.
type QueuesOptions struct {
	Owed    func(ctx context.Context, account string) ([]gateway.OwedQueue, error)
	Waiting func(ctx context.Context, account string) ([]gateway.WaitingQueue, error)
	Push    func(by string, req gateway.PushRequest, key *gateway.Answering[gateway.PushJob]) (gateway.PushJob, error)
	Pushes  func(account string) []gateway.PushJob
	Stop    func(account string, id message.ID) (gateway.PushJob, error)
	Act     func(by string, req gateway.ActRequest, key *gateway.Answering[gateway.ActJob]) (gateway.ActJob, error)
	Acts    func(account string) []gateway.ActJob
	StopAct func(account string, id message.ID) (gateway.ActJob, error)

	Dead       func(ctx context.Context, f gateway.DeadFilter) ([]gateway.DeadLetter, error) // of /v1/webhooks/dead
	RemoveDead func(ctx context.Context, f gateway.DeadFilter) (int64, error)
}

// maxPushIDs is how many ids one push may name.
const maxPushIDs = 1000

// queuePaths registers the queues' part of the REST interface. Ordinary
// accounts see and push their own.
func (s *httpServer) queuePaths() {
	s.rest("/v1/queues", methods{http.MethodGet: anyone(account.QueuesRead, s.listQueues)})
	s.rest("/v1/queues/links", methods{http.MethodGet: anyone(account.QueuesRead, s.listLinkQueues)})
	s.rest("/v1/queues/dead", methods{http.MethodGet: anyone(account.QueuesRead, s.listDead)})
	s.rest("/v1/queues/push", methods{http.MethodPost: anyone(account.QueuesWrite, s.postPush)})
	s.actPaths()
	s.rest("/v1/jobs", methods{http.MethodGet: anyone(account.QueuesRead, s.listJobs)})
	s.rest("/v1/jobs/{id}", methods{http.MethodGet: anyone(account.QueuesRead, s.getJob), http.MethodDelete: anyone(account.QueuesWrite, s.stopJob)})
	if s.People != nil {
		s.mailingPaths()
	}
	s.describeQueues()
}

func (s *httpServer) describeQueues() {
	s.describe("GET /v1/queues", description{
		name: "listQueues", summary: "What customers are owed: states and messages from phones that they have not acknowledged",
		list: &listing{"queues", resource.Queues(), queueView{}}, examples: []example{{call: "/v1/queues?sort=-owed"}},
	})
	s.describe("GET /v1/queues/links", description{
		name: "listLinkQueues", summary: "What waits for links, by link, lane and account", list: &listing{"queues", resource.LinkQueues(), linkQueueView{}},
		examples: []example{{call: "/v1/queues/links?link=op1"}},
	})
	s.describe("GET /v1/queues/dead", description{
		name: "listDead", summary: "Messages that did not arrive", list: &listing{"messages", resource.Dead(), messageView{}}, text: exportText,
		tables: tables, query: exported, needs: inLanguage, examples: []example{{call: "/v1/queues/dead?state=undeliverable&limit=1"}},
	})
	s.describe("POST /v1/queues/push", description{
		name: "push", summary: "Tell customers again what they were told, or what was given up",
		text: "A range of time, or ids. Accounts that may administrate say whose; `*` is for all. The answer is the job that does it.",
		body: pushBody{}, answers: map[int]any{http.StatusAccepted: jobView{}}, also: []int{http.StatusConflict},
		examples: []example{{call: "/v1/queues/push", body: `{"kinds":["receipts"],"from":"2026-11-01","to":"2026-11-02T12:00:00Z"}`}},
	})
	job := schemaOf(func(g *resource.Schemas) *resource.Schema {
		return &resource.Schema{OneOf: []*resource.Schema{g.Written(reflect.TypeFor[jobView]()), g.Written(reflect.TypeFor[actView]()), g.Written(reflect.TypeFor[mailingView]())}}
	})
	s.describe("GET /v1/jobs", description{
		name: "listJobs", summary: "Jobs since the start, newest first", list: &listing{"jobs", resource.Jobs(), job}, examples: []example{{call: "/v1/jobs?limit=2"}},
	})
	s.describe("GET /v1/jobs/{id}", description{
		name: "getJob", summary: "A job and how far it is", answers: map[int]any{http.StatusOK: job}, examples: []example{{call: "/v1/jobs/06y30tp6r0301"}},
	})
	s.describe("DELETE /v1/jobs/{id}", description{
		name: "stopJob", summary: "Have a job go no further", answers: map[int]any{http.StatusOK: job}, examples: []example{{call: "/v1/jobs/06y30tp6r0301"}},
	})
}

// queueView is what one account is owed over one kind of target.
type queueView struct {
	Account  string     `json:"account"`
	Kind     string     `json:"kind"`
	Owed     int64      `json:"owed"`
	Memory   int64      `json:"in_memory"`
	Disk     int64      `json:"on_disk"`
	Inbound  int64      `json:"inbound_on_disk"`
	Later    int64      `json:"waiting_for_retry"`
	InFlight int        `json:"in_flight"`
	Oldest   string     `json:"oldest,omitempty"`
	Present  bool       `json:"present"`
	Error    *errorView `json:"last_error,omitempty"`
}

// errorView is what a target said instead of taking something.
type errorView struct {
	At   string `json:"at"`
	Code uint32 `json:"code,omitempty"`
	Text string `json:"text,omitempty"`
}

// listQueues is GET /v1/queues.
func (s *httpServer) listQueues(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	find := inTime(s, r, a, s.Queues.Owed)
	return listRows(s, w, r, a, "queues", resource.Queues(), find, queueCell, viewQueue)
}

// inTime has rows read that are a request's business, within its time.
func inTime[T any](s *httpServer, r *http.Request, a *account.Account, read func(ctx context.Context, account string) ([]T, error)) func() ([]T, *problem) {
	return func() ([]T, *problem) {
		ctx, cancel := lasting(r.Context(), s.Timeout)
		defer cancel()
		found, err := read(ctx, scope(a))
		if err != nil {
			return nil, readProblem(err, "queue")
		}
		return found, nil
	}
}

func queueCell(q *gateway.OwedQueue, field string) any {
	switch field {
	case "account":
		return q.Account
	case "kind":
		return q.Kind
	case "present":
		return q.Present
	case "owed":
		return q.Owed
	}
	return q.Oldest
}

func viewQueue(q *gateway.OwedQueue) queueView {
	v := queueView{
		Account: q.Account, Kind: q.Kind.String(), Owed: q.Owed, Memory: q.Memory, Disk: q.Disk, Inbound: q.Inbound, Later: q.Later,
		InFlight: q.InFlight, Oldest: seenTime(q.Oldest), Present: q.Present,
	}
	if !q.Failed.IsZero() {
		v.Error = &errorView{At: seenTime(q.Failed), Code: q.Code, Text: q.Text}
	}
	return v
}

// linkQueueView is what waits for one link in one lane, of one account.
type linkQueueView struct {
	Link     string `json:"link"`
	Up       bool   `json:"up"`
	Priority string `json:"priority"`
	Account  string `json:"account"`
	Waiting  int64  `json:"waiting"`
	Memory   int64  `json:"in_memory"`
	Disk     int64  `json:"on_disk"`
	Oldest   string `json:"oldest,omitempty"`
}

// listLinkQueues is GET /v1/queues/links.
func (s *httpServer) listLinkQueues(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	find := inTime(s, r, a, s.Queues.Waiting)
	cell := func(q *gateway.WaitingQueue, field string) any {
		switch field {
		case "link":
			return q.Link
		case "priority":
			return q.Priority
		case "account":
			return q.Account
		case "up":
			return q.Up
		case "waiting":
			return q.Waiting
		}
		return q.Oldest
	}
	return listRows(s, w, r, a, "queues", resource.LinkQueues(), find, cell, func(q *gateway.WaitingQueue) linkQueueView {
		return linkQueueView{
			Link: q.Link, Up: q.Up, Priority: q.Priority.String(), Account: q.Account, Waiting: q.Waiting,
			Memory: q.Memory, Disk: q.Disk, Oldest: seenTime(q.Oldest),
		}
	})
}

// pushBody is the body of POST /v1/queues/push.
type pushBody struct {
	Account *string   `json:"account"`
	Kinds   []string  `json:"kinds" enum:"receipts,inbound"`
	From    askedTime `json:"from"`
	To      askedTime `json:"to"`
	IDs     []string  `json:"ids"`
	GivenUp bool      `json:"given_up"`
}

// postPush is POST /v1/queues/push: what customers were told, or what was given
// up, is told to them again. The answer is the job that does it.
func (s *httpServer) postPush(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	var body pushBody
	if p := s.readJSON(w, r, a, &body); p != nil {
		return p
	}
	req, p := s.pushRequest(&body, a, false)
	if p != nil {
		return p
	}
	return s.beginPush(w, r, a, req)
}

// beginPush begins a push; the answer is the job that does it.
func (s *httpServer) beginPush(w http.ResponseWriter, r *http.Request, a *account.Account, req gateway.PushRequest) *problem {
	answer := func(job gateway.PushJob) *jobAnswer { return &jobAnswer{s.jobAt(r, job.ID), viewJob(&job)} }
	job, err := s.Queues.Push(a.Actor(), req, answering(w, func(job gateway.PushJob) []byte { return answer(job).kept() }))
	switch {
	case errors.Is(err, gateway.ErrPushing):
		return faulty(http.StatusConflict, codeRunning, "account", "%v", err)
	case errors.Is(err, gateway.ErrTooManyPush):
		return &problem{Status: http.StatusTooManyRequests, Code: codeRunning, Detail: err.Error(), RetryAfter: 5}
	case err != nil:
		return &problem{Status: http.StatusServiceUnavailable, Code: message.Stopping.Code(), Detail: err.Error(), RetryAfter: 5}
	}
	return answer(job).write(w)
}

// pushRequest checks what a push asks for. unbounded says that it needs neither a
// range nor ids.
func (s *httpServer) pushRequest(body *pushBody, a *account.Account, unbounded bool) (req gateway.PushRequest, p *problem) {
	bad := func(field, format string, args ...any) (gateway.PushRequest, *problem) {
		return req, faulty(http.StatusUnprocessableEntity, codeBadValue, field, format, args...)
	}
	name := a.Name
	switch {
	case body.Account != nil:
		name = *body.Account
	case a.Admin:
		return req, faulty(http.StatusUnprocessableEntity, codeRequired, "account", `account is missing; "*" is for all of them`)
	}
	if p := s.unknownAccount(a, "account", name); p != nil && (name != "*" || !a.Admin) {
		return req, asField(p)
	}
	req = gateway.PushRequest{From: body.From.at, To: body.To.at, GivenUp: body.GivenUp, Receipts: len(body.Kinds) == 0, Inbound: len(body.Kinds) == 0}
	if name != "*" {
		req.Account = name
	}
	for _, kind := range body.Kinds {
		switch kind {
		case "receipts":
			req.Receipts = true
		case "inbound":
			req.Inbound = true
		default:
			return bad("kinds", "%q is no kind; receipts and inbound are", clip(kind))
		}
	}
	ranged := !req.From.IsZero() || !req.To.IsZero()
	switch {
	case len(body.IDs) == 0 && !ranged && !unbounded:
		return req, faulty(http.StatusUnprocessableEntity, codeRequired, "from", "a range is missing: from, to or both, or ids")
	case len(body.IDs) > 0 && ranged:
		return bad("ids", "ids and a range of time exclude each other")
	case len(body.IDs) > maxPushIDs:
		return bad("ids", "there are more than %d ids", maxPushIDs)
	case !req.From.IsZero() && !req.To.IsZero() && !req.From.Before(req.To):
		return bad("to", "to is not later than from")
	}
	for _, text := range body.IDs {
		id, err := message.ParseID(text)
		if err != nil {
			return bad("ids", "%q: %v", clip(text), err)
		}
		req.IDs = append(req.IDs, id)
	}
	return req, nil
}

// jobView is a job in answers.
type jobView struct {
	ID       message.ID `json:"id"`
	Job      string     `json:"job"`
	State    string     `json:"state"`
	By       string     `json:"by"`
	Account  string     `json:"account"`
	Kinds    []string   `json:"kinds"`
	From     string     `json:"from,omitempty"`
	To       string     `json:"to,omitempty"`
	IDs      int        `json:"ids,omitempty"`
	GivenUp  bool       `json:"given_up,omitempty"`
	Address  string     `json:"address,omitempty" doc:"only what goes there"`
	Current  bool       `json:"to_current,omitempty" doc:"to the webhook that the account has now"`
	Began    string     `json:"began"`
	Ended    string     `json:"ended,omitempty"`
	Reached  string     `json:"reached,omitempty"`
	Looked   int64      `json:"looked_at"`
	Receipts int64      `json:"receipts"`
	Inbound  int64      `json:"inbound"`
	Owed     int64      `json:"owed_anyway"`
	Gone     int64      `json:"text_gone"`
	Unknown  int64      `json:"unknown_ids"`
	Moved    int64      `json:"moved,omitempty" doc:"were owed to another address still, and go to the webhook of now"`
	Error    string     `json:"error,omitempty"`
}

// unreadableJob is why a job failed, for people.
const unreadableJob = "the database could not be read; the log says more"

// jobAccount is whose messages a job is about.
func jobAccount(name string) string { return cmp.Or(name, "*") }

func viewJob(j *gateway.PushJob) *jobView {
	v := &jobView{
		ID: j.ID, Job: "push", State: string(j.State), By: j.By, Account: jobAccount(j.Request.Account), Kinds: []string{},
		From: seenTime(j.Request.From), To: seenTime(j.Request.To), IDs: len(j.Request.IDs), GivenUp: j.Request.GivenUp,
		Address: j.Request.Address, Current: j.Request.ToCurrent, Moved: j.Moved,
		Began: seenTime(j.Began), Ended: seenTime(j.Ended), Reached: seenTime(j.Reached),
		Looked: j.Looked, Receipts: j.Receipts, Inbound: j.Inbound, Owed: j.Owed, Gone: j.Gone, Unknown: j.Unknown,
	}
	if j.Request.Called {
		v.Job = "replay"
	}
	if j.Request.Receipts {
		v.Kinds = append(v.Kinds, "receipts")
	}
	if j.Request.Inbound {
		v.Kinds = append(v.Kinds, "inbound")
	}
	if j.Err != nil {
		v.Error = unreadableJob
	}
	return v
}

// shownJob is one job of any kind.
type shownJob struct {
	id      message.ID
	state   gateway.JobState
	account string // empty for everybody
	view    any
}

// jobs are those since the start that an account may see, newest first, and those for messages to many of the last days.
func (s *httpServer) jobs(a *account.Account) (list []shownJob) {
	for _, j := range s.Queues.Pushes(scope(a)) {
		list = append(list, shownJob{j.ID, j.State, j.Request.Account, viewJob(&j)})
	}
	for _, j := range s.Queues.Acts(scope(a)) {
		list = append(list, shownJob{j.ID, j.State, j.Request.Filter.Account, viewAct(&j)})
	}
	if s.People == nil {
		return list
	}
	for _, j := range s.People.Mailings(scope(a)) {
		list = append(list, shownJob{j.ID, j.State, j.Account, viewMailing(&j)})
	}
	return list
}

// listJobs is GET /v1/jobs.
func (s *httpServer) listJobs(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	find := func() ([]shownJob, *problem) { return s.jobs(a), nil }
	cell := func(j *shownJob, field string) any {
		switch field {
		case "account":
			return jobAccount(j.account)
		case "state":
			return string(j.state)
		}
		return int64(j.id)
	}
	return listRows(s, w, r, a, "jobs", resource.Jobs(), find, cell, func(j *shownJob) any { return j.view })
}

// getJob is GET /v1/jobs/{id}.
func (s *httpServer) getJob(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	id, p := pathID(r)
	if p != nil {
		return p
	}
	for _, j := range s.jobs(a) {
		if j.id == id {
			return answerJSON(w, j.view)
		}
	}
	return readProblem(gateway.ErrNotFound, "job")
}

// stopJob is DELETE /v1/jobs/{id}: it goes no further.
func (s *httpServer) stopJob(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	id, p := pathID(r)
	if p != nil {
		return p
	}
	var v any
	push, err := s.Queues.Stop(scope(a), id)
	if v = viewJob(&push); errors.Is(err, gateway.ErrNotFound) {
		var act gateway.ActJob
		act, err = s.Queues.StopAct(scope(a), id)
		v = viewAct(&act)
	}
	if errors.Is(err, gateway.ErrNotFound) && s.People != nil {
		var mail gateway.MailingJob
		mail, err = s.People.StopMailing(r.Context(), scope(a), id)
		v = viewMailing(&mail)
	}
	if err != nil {
		return jobProblem(err)
	}
	s.Log.Info("job is stopped", "job", id, "by", a.Actor())
	return answerJSON(w, v)
}
