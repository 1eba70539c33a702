package app_test

import (
	"encoding/json"
	"strings"
	"testing"

	"kurir/gateway"
)

// checkSecrets holds that an answer has nobody's secret in it.
func checkSecrets(t *testing.T, what string, a answered) {
	t.Helper()
	if i := strings.Index(a.body, "kept-"); i >= 0 {
		t.Errorf("%s shows a secret: %d %s", what, a.status, a.body[max(0, i-100):min(len(a.body), i+100)])
	}
}

// intruder is who asks for what is somebody else's.
type intruder struct {
	*caller
	who, key string // no key: nobody
	victim   *belongings
}

// try makes a request, and holds that its answer shows nothing of the victim's that was not in the request.
func (i *intruder) try(t *testing.T, method, path, body string) answered {
	t.Helper()
	got := i.do(t, i.key, method, path, body)
	checkSecrets(t, i.who+": "+method+" "+path, got)
	for _, mark := range i.victim.marks() {
		if !strings.Contains(path+body, mark) && strings.Contains(got.body, mark) {
			t.Errorf("%s: %s %s shows %s of %s: %d %s", i.who, method, path, mark, i.victim.name, got.status, got.body)
		}
	}
	return got
}

// call tries one method of a path with the victim's things.
func (i *intruder) call(t *testing.T, call string) {
	t.Helper()
	r := rights[call]
	method, path, _ := strings.Cut(call, " ")
	path, body := i.victim.named(path), i.victim.named(r.body)
	got := i.try(t, method, path, body)
	bad := got.status > 299
	switch {
	case i.key == "":
		bad = got.status != 401
	case r.of == forAdmins:
		bad = got.status != 403 || got.code() != "not_admin"
	case r.of == ofOthers:
		bad = got.status != 403 && got.status != 404
	}
	if bad {
		t.Errorf("%s: %s %s %s: %d %s, it is for %s", i.who, method, path, body, got.status, got.body, r.of)
	}
	if method == "GET" && i.key != "" && !strings.Contains(path, "?") { // a filter opens no door
		if got := i.try(t, method, path+"?account="+i.victim.name, ""); got.status < 300 && r.of != ofOwn {
			t.Errorf("%s: %s?account=%s: %d %s", i.who, path, i.victim.name, got.status, got.body)
		}
	}
}

// intrude tries what no table of paths has: rows by cursors and filters, acts and pushes that mean somebody else's things
// without naming him.
func (i *intruder) intrude(t *testing.T) {
	t.Helper()
	for _, path := range []string{"/v1/messages", "/v1/inbound", "/v1/optouts", "/v1/jobs", "/v1/schedules", "/v1/queues", "/v1/balances", "/v1/webhooks", "/v1/webhooks/attempts"} {
		var page struct{ Cursor string }
		_ = json.Unmarshal([]byte(i.do(t, i.victim.key, "GET", path+"?limit=1", "").body), &page) // a list on one page has none
		if page.Cursor != "" {
			i.try(t, "GET", path+"?cursor="+page.Cursor, "")
		}
	}
	for _, path := range []string{
		"/v1/messages?reference=ref-of-" + i.victim.name, "/v1/messages?to=%2B" + i.victim.phone[1:], "/v1/messages?format=csv", "/v1/messages?format=ndjson",
		"/v1/queues/dead?format=csv", "/v1/inbound?format=csv", "/v1/inbound?from=%2B" + i.victim.phone[1:], "/v1/reports/costs?by=account",
		"/v1/reports/costs?format=csv", "/v1/reports/costs?format=ndjson", "/v1/traces?name=" + i.victim.name, "/v1/schedules?name=of-" + i.victim.name,
		"/v1/optouts/" + i.victim.phone,
	} {
		var rows struct{ Messages []any }
		got := i.try(t, "GET", path, "")
		if _ = json.Unmarshal([]byte(got.body), &rows); strings.Contains(path, "ref-of") && len(rows.Messages) > 0 {
			t.Errorf("%s: GET %s: %s", i.who, path, got.body)
		}
	}
	for _, path := range []string{"/v1/inbound?unmatched=true", "/v1/traces/links/op1", "/v1/traces/accounts/" + i.victim.name + "?follow=true"} {
		if got := i.try(t, "GET", path, ""); got.status != 403 {
			t.Errorf("%s: GET %s: %d %s", i.who, path, got.status, got.body)
		}
	}
	for path, body := range map[string]string{
		"/v1/contacts": `{"name":"x"}`, "/v1/groups": `{"name":"x"}`, "/v1/templates": `{"name":"x","text":"x"}`,
	} {
		if got := i.try(t, "POST", path+"?account="+i.victim.name, body); got.status != 403 {
			t.Errorf("%s makes %s of %s: %d %s", i.who, path, i.victim.name, got.status, got.body)
		}
	}
	explained := i.try(t, "POST", "/v1/routes/explain", `{"to":"+46708000000","text":"x"}`)
	sent := idOf(t, i.try(t, "POST", "/v1/messages", `{"to":"+46708000000","text":"x"}`))
	for _, got := range []answered{explained, i.try(t, "GET", "/v1/messages/"+sent+"/trace", "")} {
		if strings.Contains(got.body, "account: "+i.victim.name) {
			t.Errorf("%s is told for whom other rules are: %s", i.who, got.body)
		}
	}
	for _, act := range gateway.QueueActs() {
		if act == gateway.ActMove {
			continue
		}
		body := `{"reference":"ref-of-` + i.victim.name + `"`
		if act == gateway.ActLane {
			body += `,"priority":"bulk"`
		}
		i.ended(t, i.try(t, "POST", "/v1/queues/"+string(act), body+"}"), `"messages":0,`)
	}
	i.ended(t, i.try(t, "POST", "/v1/queues/push", `{"ids":["`+i.victim.message+`","`+i.victim.inbound+`"]}`), `"unknown_ids":2`)
	if got := i.try(t, "POST", "/v1/queues/push", `{"account":"*","from":"2026-01-01"}`); got.status != 403 {
		t.Errorf("%s pushes everybody's: %d %s", i.who, got.status, got.body)
	}
}

// ended waits for the end of a job, and holds what is said of it then.
func (i *intruder) ended(t *testing.T, began answered, want string) {
	t.Helper()
	if began.status != 202 {
		t.Errorf("a job: %d %s", began.status, began.body)
		return
	}
	id := idOf(t, began)
	done := until(t, "the job does not end", func() string {
		if got := i.do(t, i.key, "GET", "/v1/jobs/"+id, ""); !strings.Contains(got.body, `"state":"running"`) {
			return got.body
		}
		return ""
	})
	if !strings.Contains(done, want) {
		t.Errorf("a job on somebody else's things: %s, want %s", done, want)
	}
}
