package api

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kurir/gateway"
	"kurir/message"
)

// fakeQueues answers for /v1/queues and /v1/jobs.
type fakeQueues struct {
	asked   []string // accounts that lists were confined to
	pushed  []gateway.PushRequest
	refuse  error
	stopped []string
	acted   []gateway.ActRequest
}

func (f *fakeQueues) handler() http.Handler {
	o := (&fakeGateway{}).options()
	at := time.Date(2026, 11, 5, 8, 0, 0, 0, time.UTC)
	job := gateway.PushJob{Job: gateway.Job{ID: 77, By: "root", State: gateway.JobRunning, Began: at}, Request: gateway.PushRequest{Account: "acme", Receipts: true}}
	o.Queues = QueuesOptions{
		Owed: func(_ context.Context, account string) ([]gateway.OwedQueue, error) {
			f.asked = append(f.asked, account)
			return []gateway.OwedQueue{
				{Account: "mute", Kind: message.WebhookTarget, Owed: 7, Failed: at, Code: 503, Text: "busy"},
				{Account: "acme", Kind: message.SMPPTarget, Owed: 3, Disk: 3, Oldest: at, Present: true},
			}, nil
		},
		Waiting: func(_ context.Context, account string) ([]gateway.WaitingQueue, error) {
			f.asked = append(f.asked, account)
			return []gateway.WaitingQueue{{Link: "op1", Priority: message.High, Account: "acme", Waiting: 5, Memory: 5, Oldest: at}}, nil
		},
		Push: func(by string, req gateway.PushRequest, _ *gateway.Answering[gateway.PushJob]) (gateway.PushJob, error) {
			f.pushed = append(f.pushed, req)
			j := job
			j.By, j.Request = by, req
			return j, f.refuse
		},
		Pushes: func(string) []gateway.PushJob { return []gateway.PushJob{job} },
		Act: func(by string, req gateway.ActRequest, _ *gateway.Answering[gateway.ActJob]) (gateway.ActJob, error) {
			f.acted = append(f.acted, req)
			return gateway.ActJob{Job: gateway.Job{ID: 78, By: by, State: gateway.JobRunning, Began: at}, Request: req}, f.refuse
		},
		Acts:    func(string) []gateway.ActJob { return nil },
		StopAct: func(string, message.ID) (gateway.ActJob, error) { return gateway.ActJob{}, gateway.ErrNotFound },
		Stop: func(account string, id message.ID) (gateway.PushJob, error) {
			f.stopped = append(f.stopped, account+" "+id.String())
			if id != job.ID {
				return job, gateway.ErrNotFound
			}
			return job, nil
		},
	}
	return NewHTTP(o)
}

// Ordinary accounts see their own queues, admins all; lists are filtered,
// sorted and paged.
func TestQueues(t *testing.T) {
	t.Parallel()
	f := &fakeQueues{}
	h := f.handler()
	for _, c := range []struct{ key, path, want string }{
		{"acme-key", "/v1/queues", `{"queues":[{"account":"acme","kind":"smpp","owed":3,"in_memory":0,"on_disk":3,"inbound_on_disk":0,"waiting_for_retry":0,` +
			`"in_flight":0,"oldest":"2026-11-05T08:00:00.000Z","present":true},{"account":"mute","kind":"webhook","owed":7,"in_memory":0,"on_disk":0,` +
			`"inbound_on_disk":0,"waiting_for_retry":0,"in_flight":0,"present":false,"last_error":{"at":"2026-11-05T08:00:00.000Z","code":503,"text":"busy"}}]}`},
		{"root-key", "/v1/queues?kind=webhook&present=false", `"account":"mute"`},
		{"root-key", "/v1/queues?sort=-owed&limit=1", `"next":"/v1/queues?cursor=`},
		{"root-key", "/v1/queues/links?link=op1&priority=high", `{"queues":[{"link":"op1","up":false,"priority":"high","account":"acme","waiting":5,"in_memory":5,"on_disk":0,"oldest":"2026-11-05T08:00:00.000Z"}]}`},
		{"root-key", "/v1/queues/links?up=true", `{"queues":[]}`},
		{"root-key", "/v1/jobs?state=running", `"state":"running"`},
		{"root-key", "/v1/jobs/000000000002d", `"id":"000000000002d","job":"push"`},
	} {
		w := ask(h, http.MethodGet, c.path, "", "Authorization", "Bearer "+c.key)
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s: %d %s", c.path, w.Code, w.Body)
		}
	}
	if want := "acme,,,,"; strings.Join(f.asked, ",") != want {
		t.Errorf("confined to %q, want %q", strings.Join(f.asked, ","), want)
	}
	w := ask(h, http.MethodGet, "/v1/queues?kind=fax", "", "Authorization", "Bearer root-key")
	if d := readProblemDocument(t, w); w.Code != http.StatusBadRequest || d.Errors[0].Field != "kind" {
		t.Errorf("an unknown kind: %d %s", w.Code, w.Body)
	}
}

// A name that there is not is no empty list; one that still has rows is. Who
// may not administrate is not told which accounts and links there are.
func TestUnknownNames(t *testing.T) {
	t.Parallel()
	o := (&fakeGateway{}).options()
	o.Queues = QueuesOptions{
		Owed: func(context.Context, string) ([]gateway.OwedQueue, error) {
			return []gateway.OwedQueue{{Account: "removed", Owed: 7}}, nil
		},
		Waiting: func(context.Context, string) ([]gateway.WaitingQueue, error) {
			return []gateway.WaitingQueue{{Link: "taken out", Account: "removed"}}, nil
		},
		Pushes: func(string) []gateway.PushJob { return []gateway.PushJob{{}} },
		Acts:   func(string) []gateway.ActJob { return nil },
	}
	o.Links.Stats = func() []gateway.LinkStats { return []gateway.LinkStats{{Name: "op1", State: "up"}} }
	o.Sessions.List = func() []SMPPSession { return nil }
	h := NewHTTP(o)
	for _, c := range []struct {
		key, path string
		status    int
		want      string
	}{
		{"root", "/v1/queues?account=nope", 404, `there is no account \"nope\"`},
		{"root", "/v1/queues?account=removed", 200, `"owed":7`},
		{"root", "/v1/queues?account=acme", 200, `{"queues":[]}`},
		{"root", "/v1/queues?account=acme,nope", 404, `there is no account \"nope\"`},
		{"root", "/v1/queues/links?account=nope", 404, `there is no account \"nope\"`},
		{"root", "/v1/queues/links?link=nope", 404, `there is no link \"nope\"`},
		{"root", "/v1/queues/links?link=op1", 200, `{"queues":[]}`},
		{"root", "/v1/queues/links?link=taken+out", 200, `"account":"removed"`},
		{"root", "/v1/jobs?account=nope", 404, `there is no account \"nope\"`},
		{"root", "/v1/jobs?account=*", 200, `"account":"*"`},
		{"root", "/v1/sessions?account=nope", 404, `there is no account \"nope\"`},
		{"root", "/v1/sessions?account=acme", 200, `{"sessions":[]}`},
		{"root", "/v1/links?name=nope", 404, `there is no link \"nope\"`},
		{"acme", "/v1/queues?account=mute", 403, `not_admin`},
		{"acme", "/v1/queues?account=nope", 403, `not_admin`},
		{"acme", "/v1/queues?account=acme", 200, `{"queues":[]}`},
		{"acme", "/v1/queues/links?link=op1", 200, `{"queues":[]}`},
		{"acme", "/v1/queues/links?link=nope", 200, `{"queues":[]}`},
	} {
		w := ask(h, http.MethodGet, c.path, "", "Authorization", "Bearer "+c.key+"-key")
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s %s: %d %s, want %d %s", c.key, c.path, w.Code, w.Body, c.status, c.want)
		}
	}
}

// A push asks for what its body says.
func TestPush(t *testing.T) {
	t.Parallel()
	f := &fakeQueues{}
	h := f.handler()
	day := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		key, body string
		want      gateway.PushRequest
	}{
		{"acme-key", `{"from":"2026-11-01"}`, gateway.PushRequest{Account: "acme", Receipts: true, Inbound: true, From: day}},
		{"acme-key", `{"account":"acme","kinds":["inbound"],"to":"2026-11-01T01:00:00+01:00"}`, gateway.PushRequest{Account: "acme", Inbound: true, To: day}},
		{"root-key", `{"account":"acme","kinds":["receipts"],"from":"2026-11-01","given_up":true}`, gateway.PushRequest{Account: "acme", Receipts: true, From: day, GivenUp: true}},
		{"root-key", `{"account":"*","from":"2026-11-01"}`, gateway.PushRequest{Receipts: true, Inbound: true, From: day}},
		{"root-key", `{"account":"mute","ids":["000000000002d"]}`, gateway.PushRequest{Account: "mute", Receipts: true, Inbound: true, IDs: []message.ID{77}}},
	} {
		f.pushed = nil
		w := ask(h, http.MethodPost, "/v1/queues/push", c.body, "Authorization", "Bearer "+c.key, "Content-Type", "application/json")
		if w.Code != http.StatusAccepted || w.Header().Get("Location") != "/v1/jobs/000000000002d" || len(f.pushed) != 1 {
			t.Errorf("%s: %d %s", c.body, w.Code, w.Body)
			continue
		}
		if diff := cmp.Diff(c.want, f.pushed[0]); diff != "" {
			t.Errorf("%s: %s", c.body, diff)
		}
	}
}

// What is wrong with a push is said, with the field.
func TestPushMistakes(t *testing.T) {
	t.Parallel()
	f := &fakeQueues{}
	h := f.handler()
	for _, c := range []struct {
		key, body   string
		status      int
		code, field string
	}{
		{"acme-key", `{"account":"mute","from":"2026-11-01"}`, 403, "not_admin", ""},
		{"acme-key", `{"account":"*","from":"2026-11-01"}`, 403, "not_admin", ""},
		{"root-key", `{"from":"2026-11-01"}`, 422, "required", "account"},
		{"root-key", `{"account":"nobody","from":"2026-11-01"}`, 422, "bad_value", "account"},
		{"acme-key", `{}`, 422, "required", "from"},
		{"acme-key", `{"kinds":["fax"],"from":"2026-11-01"}`, 422, "bad_value", "kinds"},
		{"acme-key", `{"ids":["x"]}`, 422, "bad_value", "ids"},
		{"acme-key", `{"ids":["000000000002d"],"from":"2026-11-01"}`, 422, "bad_value", "ids"},
		{"acme-key", `{"from":"2026-11-02","to":"2026-11-01"}`, 422, "bad_value", "to"},
		{"acme-key", `{"from":"yesterday"}`, 400, "bad_value", ""},
		{"acme-key", `{"from":5}`, 400, "wrong_type", "from"},
		{"acme-key", `{"since":"2026-11-01"}`, 400, "unknown_field", "since"},
		{"acme-key", `{"from":"2026-11-01"} {}`, 400, "bad_json", ""},
		{"acme-key", `[`, 400, "bad_json", ""},
	} {
		w := ask(h, http.MethodPost, "/v1/queues/push", c.body, "Authorization", "Bearer "+c.key, "Content-Type", "application/json")
		d := readProblemDocument(t, w)
		if w.Code != c.status || d.Code != c.code || c.field != "" && (len(d.Errors) == 0 || d.Errors[0].Field != c.field) {
			t.Errorf("%s: %d %s", c.body, w.Code, w.Body)
		}
	}
	if len(f.pushed) > 0 {
		t.Errorf("pushed %+v", f.pushed)
	}
	f.refuse = gateway.ErrPushing
	w := ask(h, http.MethodPost, "/v1/queues/push", `{"from":"2026-11-01"}`, "Authorization", "Bearer acme-key", "Content-Type", "application/json")
	if d := readProblemDocument(t, w); w.Code != http.StatusConflict || d.Code != "already_running" {
		t.Errorf("while one runs: %d %s", w.Code, w.Body)
	}
	if w := ask(h, http.MethodDelete, "/v1/jobs/000000000002d", "", "Authorization", "Bearer acme-key"); w.Code != http.StatusOK || f.stopped[0] != "acme 000000000002d" {
		t.Errorf("stop: %d %s, %v", w.Code, w.Body, f.stopped)
	}
	if w := ask(h, http.MethodDelete, "/v1/jobs/000000000002e", "", "Authorization", "Bearer root-key"); w.Code != http.StatusNotFound {
		t.Errorf("stop an unknown one: %d %s", w.Code, w.Body)
	}
}
