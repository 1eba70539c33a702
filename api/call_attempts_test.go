package api

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
)

// called records calls of one address, each a second after the one before.
func called(a *Attempts, account, address string, from time.Time, verdicts ...gateway.Delivered) {
	for i := range verdicts {
		n := callNote{
			at: from.Add(time.Duration(i) * time.Second), took: 12 * time.Millisecond, id: testMessage().ID + message.ID(i), try: 1, state: message.Delivered,
			target: message.Target{Kind: message.WebhookTarget, Account: account, Address: address},
		}
		a.record(&n, &verdicts[i], newHTTPCaller(loopback(), time.Second, nil))
	}
}

var (
	wasTaken  = gateway.Delivered{Code: 200}
	hasFailed = gateway.Delivered{Verdict: gateway.TryLater, Code: 500, Text: "no", Again: testEpoch.UnixMilli() + 5000}
)

// Each call is remembered as it was: what was answered, how long it took, what
// follows. What rests, or had nothing to tell, was not called.
func TestAttempts(t *testing.T) {
	t.Parallel()
	h := newHook(t)
	status := map[string]int{"/taken": 204, "/later": 503, "/gone": 410}
	h.answer = func(w http.ResponseWriter, r *http.Request, _ []byte) { w.WriteHeader(status[r.URL.Path]) }
	log := NewAttempts()
	w := NewWebhook(WebhookOptions{Guard: loopback(), PerAccount: 1, Attempts: log, Told: func(list []gateway.Delivered) {
		if list[0].Verdict == gateway.TryLater { // as the gateway does
			list[0].Again = testEpoch.UnixMilli()
		}
	}})
	overtaken := stateItem(testMessage(), message.WebhookTarget, h.URL+"/taken", 0)
	overtaken.State = message.Enroute
	items := []*gateway.Item{overtaken}
	for i, path := range []string{"/taken?token=hush", "/later", "/gone"} {
		m := testMessage()
		m.ID += message.ID(i + 1)
		items = append(items, stateItem(m, message.WebhookTarget, h.URL+path, 0))
	}
	items[2].Tries = 3
	w.Deliver("acme", items)
	w.queue.running.Wait()
	w.Close()
	got, more := log.list(&hookFilter{limit: 10})
	if len(got) != 3 || more {
		t.Fatalf("%d attempts, more: %t", len(got), more)
	}
	for i, want := range []attemptView{
		{toldView: toldView{Webhook: items[3].Message.ID.String() + "-delivered"}, Address: h.URL + "/gone", Status: 410, Try: 1, Verdict: "given_up"},
		{toldView: toldView{Webhook: items[2].Message.ID.String() + "-delivered"}, Address: h.URL + "/later", Status: 503, Try: 4, Verdict: "later", Again: showTime(testEpoch.UnixMilli())},
		{toldView: toldView{Webhook: items[1].Message.ID.String() + "-delivered"}, Address: h.URL + "/taken", Status: 204, Try: 1, Verdict: "taken"},
	} {
		v := viewAttempt(&got[i])
		if at, err := time.Parse(time.RFC3339, v.At); err != nil || time.Since(at) > time.Minute {
			t.Errorf("attempt %d: at %s", i, v.At)
		}
		want.Account, want.Kind, want.State, want.Message, want.At, want.Took = "acme", "webhook", "delivered", got[i].id, v.At, v.Took
		if v != want {
			t.Errorf("attempt %d: %+v, want %+v", i, v, want)
		}
	}
}

// However many calls succeed, those that failed before are still there, and
// neither accounts nor addresses nor attempts grow beyond bounds.
func TestAttemptsBounds(t *testing.T) {
	t.Parallel()
	a := NewAttempts()
	called(a, "acme", "http://h/", testEpoch, hasFailed, hasFailed, hasFailed)
	called(a, "acme", "http://h/", testEpoch, slices.Repeat([]gateway.Delivered{wasTaken}, mostAttempts+100)...)
	got, _ := a.list(&hookFilter{limit: 1 << 20})
	if len(got) != mostAttempts+3 || !slices.IsSortedFunc(got, func(x, y madeAttempt) int { return int(y.number - x.number) }) {
		t.Errorf("%d attempts, %d are kept", len(got), mostAttempts+3)
	}
	if failed, _ := a.list(&hookFilter{failed: "true", limit: 10}); len(failed) != 3 {
		t.Errorf("%d that failed are left", len(failed))
	}
	caller := newHTTPCaller(loopback(), time.Second, nil)
	n := callNote{at: testEpoch, target: message.Target{Kind: message.WebhookTarget, Account: "acme", Address: "http://h/"}}
	for i := range 300 {
		n.target.Address = fmt.Sprintf("http://h/%d", i)
		a.record(&n, &wasTaken, caller)
	}
	for i := range mostCalled + 100 {
		n.target.Account = fmt.Sprint(i)
		for range 2 * leastAttempts {
			a.record(&n, &wasTaken, caller)
		}
	}
	slots, hooks := 0, 0
	for _, of := range a.accounts {
		slots += cap(of.taken.list) + cap(of.failed.list)
		if hooks += len(of.hooks); len(of.hooks) > mostHooks {
			t.Errorf("%d addresses of one account", len(of.hooks))
		}
	}
	if slots != a.slots || hooks != a.hooks || slots > mostAttemptsAll+2*leastAttempts*mostCalled || len(a.accounts) > mostCalled {
		t.Errorf("%d slots (%d are booked) and %d addresses (%d) of %d accounts", slots, a.slots, hooks, a.hooks, len(a.accounts))
	}
}

// A page of many accounts is the newest, or the oldest, of them all, and says
// whether there are more.
func TestAttemptsOfMany(t *testing.T) {
	t.Parallel()
	a := NewAttempts()
	first := a.number + 1
	for range 20 {
		for i := range 50 {
			called(a, fmt.Sprint(i), "http://h/", testEpoch, wasTaken, hasFailed)
		}
	}
	for _, oldest := range []bool{false, true} {
		for _, limit := range []int{1, 7, 1999, 2000} {
			page, more := a.list(&hookFilter{oldest: oldest, limit: limit})
			if len(page) != limit || more != (limit < 2000) {
				t.Errorf("%d attempts of %d, more: %t", len(page), limit, more)
			}
			for i := range page {
				want := first + int64(i)
				if !oldest {
					want = first + 1999 - int64(i)
				}
				if page[i].number != want {
					t.Fatalf("oldest %t, limit %d: place %d has %d, not %d", oldest, limit, i, page[i].number-first, want-first)
				}
			}
		}
	}
}

// A call costs nothing but its slot.
func TestAttemptAllocatesNothing(t *testing.T) { //nolint:paralleltest // as AllocsPerRun asks
	a, caller := NewAttempts(), newHTTPCaller(loopback(), time.Second, nil)
	n := callNote{at: testEpoch, target: message.Target{Kind: message.WebhookTarget, Account: "acme", Address: "http://h/?a=b"}}
	for range mostAttempts {
		a.record(&n, &wasTaken, caller)
	}
	if allocs := testing.AllocsPerRun(100, func() { a.record(&n, &wasTaken, caller) }); allocs != 0 {
		t.Errorf("%g allocations a call", allocs)
	}
}

// Pages follow one another without gap or repetition while more is called, and
// an account sees its own alone.
func TestListAttempts(t *testing.T) {
	t.Parallel()
	log := NewAttempts()
	called(log, "acme", "http://h/a?token=hush", testEpoch, wasTaken, hasFailed, wasTaken, hasFailed, wasTaken)
	called(log, "beta", "http://h/b", testEpoch, hasFailed)
	o := (&fakeGateway{}).options()
	o.Attempts = log
	accounts := account.NewDirectory([]account.Account{
		{Name: "acme", APIKeys: []message.Secret{"acme-key"}}, {Name: "beta"}, {Name: "root", APIKeys: []message.Secret{"root-key"}, Admin: true},
	}, nil)
	o.Accounts = func() *account.Directory { return accounts }
	h := NewHTTP(o)
	get := func(key, path string, status int) (page struct {
		Attempts []attemptView
		Next     string
	},
	) {
		t.Helper()
		w := ask(h, http.MethodGet, path, "", "Authorization", "Bearer "+key)
		if w.Code != status {
			t.Fatalf("%s: %d %s", path, w.Code, w.Body)
		}
		if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(w.Body.String(), "hush") {
			t.Errorf("%s shows a secret: %s", path, w.Body)
		}
		return page
	}
	var seen []message.ID
	for path := "/v1/webhooks/attempts?limit=2"; path != ""; {
		page := get("acme-key", path, 200)
		for _, one := range page.Attempts {
			seen = append(seen, one.Message-testMessage().ID)
			if one.Account != "acme" || one.Address != "http://h/a" {
				t.Errorf("%+v", one)
			}
		}
		path = page.Next
		called(log, "acme", "http://h/a", testEpoch, wasTaken)
	}
	if !slices.Equal(seen, []message.ID{4, 3, 2, 1, 0}) {
		t.Errorf("pages of %v", seen)
	}
	for path, want := range map[string]int{
		"?failed=true": 2, "?failed=true&sort=at&since=2026-11-05T08:30:02Z": 1, "?until=2026-11-05T08:30:00Z": 0, "?kind=kannel,jasmin": 0,
		"?address=http://h/a?token=other&failed=true": 2, "?address=http://h/b": 0, "?failed=true&message=" + (testMessage().ID + 1).String(): 1,
	} {
		if got := get("acme-key", "/v1/webhooks/attempts"+strings.Replace(path, "a?t", "a%3ft", 1), 200); len(got.Attempts) != want {
			t.Errorf("%s: %d attempts, want %d", path, len(got.Attempts), want)
		}
	}
	if got := get("root-key", "/v1/webhooks/attempts?account=beta", 200); len(got.Attempts) != 1 {
		t.Errorf("an administrator sees %d", len(got.Attempts))
	}
	get("acme-key", "/v1/webhooks/attempts?account=beta", 403)
	get("acme-key", "/v1/webhooks/attempts?message=x", 400)
}

// The list of webhooks has an address for each that was called, with what came
// of it, and those that would be called now.
func TestListWebhooks(t *testing.T) {
	t.Parallel()
	log := NewAttempts()
	called(log, "acme", "http://h/a?token=hush", testEpoch, wasTaken, hasFailed, wasTaken)
	called(log, "acme", "http://h/old", testEpoch, hasFailed)
	silent := log.accounts["acme"].hooks[hookKey{message.WebhookTarget, "http://h/old"}].caller
	for range breakAfter {
		silent.breaker.leave(callKey{host: "h:80"}, false)
	}
	o := (&fakeGateway{}).options()
	o.Attempts = log
	accounts := account.NewDirectory([]account.Account{
		{Name: "acme", APIKeys: []message.Secret{"acme-key"}, Webhook: "http://h/a?token=hush"},
		{Name: "beta", Webhook: "http://u:hush@b/"},
		{Name: "root", APIKeys: []message.Secret{"root-key"}, Admin: true},
	}, nil)
	o.Accounts = func() *account.Directory { return accounts }
	o.Queues.Owed = func(_ context.Context, account string) (list []gateway.OwedQueue, err error) {
		for _, q := range []gateway.OwedQueue{{Account: "acme", Kind: message.WebhookTarget, Owed: 7}, {Account: "acme", Kind: message.SMPPTarget, Owed: 3}, {Account: "gone", Kind: message.KannelTarget, Owed: 2}, {Account: "held", Kind: message.MailboxTarget, Owed: 4}} {
			if account == "" || q.Account == account {
				list = append(list, q)
			}
		}
		return list, nil
	}
	h := NewHTTP(o)
	const acme = `{"account":"acme","kind":"webhook","address":"http://h/a","current":true,"owed":7,"succeeded":2,"failed":1,"last_success":"2026-11-05T08:30:02.000Z",` +
		`"last_failure":{"at":"2026-11-05T08:30:01.000Z","code":500,"text":"no"}}`
	for _, c := range []struct{ key, path, want string }{
		{"acme-key", "?current=true", `{"webhooks":[` + acme + `]}`},
		{"acme-key", "?resting=false", `{"webhooks":[` + acme + `]}`},
		{"acme-key", "?resting=true", `"address":"http://h/old","current":false,"owed":7,"succeeded":0,"failed":1,"last_failure":{`},
		{"root-key", "?account=beta", `{"webhooks":[{"account":"beta","kind":"webhook","address":"http://b/","current":true,"owed":0,"succeeded":0,"failed":0}]}`},
		{"root-key", "?kind=kannel", `{"webhooks":[{"account":"gone","kind":"kannel","current":false,"owed":2,"succeeded":0,"failed":0}]}`},
		{"acme-key", "?account=beta", `"not_admin"`},
		{"root-key", "?account=held", `"not_found"`}, // a mailbox is not called
	} {
		w := ask(h, http.MethodGet, "/v1/webhooks"+c.path, "", "Authorization", "Bearer "+c.key)
		if !strings.Contains(w.Body.String(), c.want) || strings.Contains(w.Body.String(), "hush") {
			t.Errorf("%s: %s, want %s", c.path, w.Body, c.want)
		}
	}
}
