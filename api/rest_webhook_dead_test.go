package api

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
)

// fakeDead answers for /v1/webhooks/dead and takes pushes.
type fakeDead struct {
	asked  []gateway.DeadFilter
	pushed []gateway.PushRequest
}

func (f *fakeDead) handler() http.Handler {
	o := (&fakeGateway{}).options()
	accounts := account.NewDirectory([]account.Account{
		{Name: "acme", APIKeys: []message.Secret{"acme-key"}, Webhook: "https://h/new"},
		{Name: "mute", APIKeys: []message.Secret{"mute-key"}},
		{Name: "root", APIKeys: []message.Secret{"root-key"}, Admin: true},
	}, nil)
	o.Accounts = func() *account.Directory { return accounts }
	letter := func(number int64) gateway.DeadLetter {
		return gateway.DeadLetter{
			Number: number, DeadKey: gateway.DeadKey{ID: 77, Index: 1}, State: message.Delivered, Account: "acme", Kind: message.WebhookTarget, Address: "https://h/a",
			Since: testEpoch.UnixMilli(), At: testEpoch.Add(time.Hour).UnixMilli(), Tries: 7, Code: 503, Text: "busy",
		}
	}
	o.Queues.Dead = func(_ context.Context, filter gateway.DeadFilter) (list []gateway.DeadLetter, err error) {
		f.asked = append(f.asked, filter)
		for number := int64(9); number > 0 && len(list) < filter.Limit; number-- {
			if filter.After == 0 || number < filter.After {
				list = append(list, letter(number))
			}
		}
		return list, nil
	}
	o.Queues.RemoveDead = func(_ context.Context, filter gateway.DeadFilter) (int64, error) {
		f.asked = append(f.asked, filter)
		if filter.Number > 9 {
			return 0, nil
		}
		return 1, nil
	}
	o.Queues.Push = func(_ string, req gateway.PushRequest, _ *gateway.Answering[gateway.PushJob]) (gateway.PushJob, error) {
		f.pushed = append(f.pushed, req)
		return gateway.PushJob{Job: gateway.Job{ID: 77, Began: testEpoch}, Request: req}, nil
	}
	return NewHTTP(o)
}

// Dead letters are listed in pages; who may not administrate sees and removes
// his own.
func TestWebhookDeadLetters(t *testing.T) {
	t.Parallel()
	f := &fakeDead{}
	h := f.handler()
	const one = `{"number":9,"webhook_id":"000000000002d-delivered","message":"000000000002d","state":"delivered","account":"acme","kind":"webhook","address":"https://h/a",` +
		`"owed_since":"2026-11-05T08:30:00.000Z","at":"2026-11-05T09:30:00.000Z","attempts":7,"status":503,"error":"busy"}`
	day := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		key, call string
		status    int
		want      string
		filter    *gateway.DeadFilter
	}{
		{"acme", "GET ?limit=1&address=https://u:p@h/a%3fx", 200, `"dead":[` + one + `],"next":"`, &gateway.DeadFilter{Accounts: []string{"acme"}, Address: "https://h/a", Limit: 2}},
		{"acme", "GET ?account=mute", 403, "not_admin", nil},
		{"root", "GET ?account=mute,acme&kind=webhook,twilio&sort=at&since=2026-11-01&limit=9", 200, `"number":1,`, &gateway.DeadFilter{
			Accounts: []string{"mute", "acme"}, Kinds: []message.TargetKind{message.WebhookTarget, message.TwilioTarget}, Since: day, Oldest: true, Limit: 10,
		}},
		{"root", "GET ?kind=smpp", 400, `"field":"kind"`, nil},
		{"acme", "DELETE ?message=000000000002d&until=2026-11-01", 200, `{"removed":1}`, &gateway.DeadFilter{Accounts: []string{"acme"}, ID: 77, Until: day}},
		{"root", "DELETE ?kind=webhook", 400, `"field":"account"`, nil},
		{"acme", "DELETE ?limit=1", 400, `"field":"limit"`, nil},
		{"acme", "DELETE /7", 200, `{"removed":1}`, &gateway.DeadFilter{Accounts: []string{"acme"}, Number: 7}},
		{"root", "DELETE /17", 404, "not_found", &gateway.DeadFilter{Number: 17}},
		{"root", "DELETE /x", 404, "not_found", nil},
		{"root", "DELETE /-1", 404, "not_found", nil},
	} {
		f.asked = nil
		method, path, _ := strings.Cut(c.call, " ")
		w := ask(h, method, "/v1/webhooks/dead"+path, "", "Authorization", "Bearer "+c.key+"-key")
		if w.Code != c.status || !strings.Contains(w.Body.String(), c.want) {
			t.Errorf("%s: %d %s, want %d %s", c.call, w.Code, w.Body, c.status, c.want)
		}
		var asked *gateway.DeadFilter
		if len(f.asked) > 0 {
			asked = &f.asked[0]
		}
		if diff := cmp.Diff(c.filter, asked); diff != "" {
			t.Errorf("%s: %s", c.call, diff)
		}
	}
}

// A replay is a push of what is called over HTTP, as its body says.
func TestReplay(t *testing.T) {
	t.Parallel()
	f := &fakeDead{}
	h := f.handler()
	day := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	both := gateway.PushRequest{Account: "acme", Receipts: true, Inbound: true, Called: true}
	with := func(change func(*gateway.PushRequest)) *gateway.PushRequest {
		req := both
		change(&req)
		return &req
	}
	for _, c := range []struct {
		key, body string
		status    int
		field     string // of the mistake
		want      *gateway.PushRequest
	}{
		{"acme", `{"from":"2026-11-01","address":"https://u:p@h/a?token=x","kinds":["inbound"]}`, 202, "", with(func(r *gateway.PushRequest) { r.From, r.Address, r.Receipts = day, "https://h/a", false })},
		{"acme", `{"dead":true}`, 202, "", with(func(r *gateway.PushRequest) { r.GivenUp = true })},
		{"root", `{"account":"acme","to_current":true}`, 202, "", with(func(r *gateway.PushRequest) { r.ToCurrent = true })},
		{"acme", `{"ids":["000000000002d"],"dead":true}`, 202, "", with(func(r *gateway.PushRequest) { r.IDs, r.GivenUp = []message.ID{77}, true })},
		{"root", `{"account":"*","dead":true}`, 202, "", with(func(r *gateway.PushRequest) { r.Account, r.GivenUp = "", true })},
		{"acme", `{"kinds":["inbound"]}`, 422, "from", nil},
		{"root", `{"dead":true}`, 422, "account", nil},
		{"root", `{"account":"*","dead":true,"to_current":true}`, 422, "to_current", nil},
		{"mute", `{"dead":true,"to_current":true}`, 422, "to_current", nil},
		{"acme", `{"account":"mute","dead":true}`, 403, "", nil},
		{"acme", `{"dead":true,"from":"2026-11-02","to":"2026-11-01"}`, 422, "to", nil},
	} {
		f.pushed = nil
		w := ask(h, http.MethodPost, "/v1/webhooks/replay", c.body, "Authorization", "Bearer "+c.key+"-key", "Content-Type", "application/json")
		if w.Code != c.status || c.field != "" && !strings.Contains(w.Body.String(), `"field":"`+c.field+`"`) || c.status == 202 && !strings.Contains(w.Body.String(), `"job":"replay"`) {
			t.Errorf("%s: %d %s", c.body, w.Code, w.Body)
		}
		var pushed *gateway.PushRequest
		if len(f.pushed) > 0 {
			pushed = &f.pushed[0]
		}
		if diff := cmp.Diff(c.want, pushed); diff != "" {
			t.Errorf("%s: %s", c.body, diff)
		}
	}
}
