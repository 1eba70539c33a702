package api

import (
	"context"
	"strings"
	"testing"
	"time"

	"kurir/gateway"
	"kurir/message"
	"kurir/route"
)

// TestExplainInbound: who may administrate learns where a message would go.
func TestExplainInbound(t *testing.T) {
	t.Parallel()
	o := (&fakeGateway{}).options()
	o.Country = func() string { return "46" }
	o.ExplainInbound = func(in *message.Inbound, at time.Time) gateway.ExplainedInbound {
		if in.Link != "op1" || in.Content.Text != "info" || !at.Equal(time.Date(2026, 11, 5, 7, 30, 0, 0, time.UTC)) {
			t.Errorf("asked for %+v at %v", in, at)
		}
		return gateway.ExplainedInbound{Rules: []route.Considered{{Name: "info", Matched: true, Why: "webhook x"}}, Account: "acme", Goes: []string{"webhook x"}}
	}
	h := NewHTTP(o)
	const body = `{"to":"72456","from":"+46701234567","text":"info","link":"op1","at":"2026-11-05T08:30:00+01:00"}`
	const want = `{"to":"72456","from":"+46701234567","rules":[{"rule":0,"name":"info","matched":true,"why":"webhook x"}],"account":"acme","goes":["webhook x"]}` + "\n"
	if w := ask(h, "POST", "/v1/inbound/explain", body, "Authorization", "Bearer root-key"); w.Code != 200 || w.Body.String() != want {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := ask(h, "POST", "/v1/inbound/explain", strings.Replace(body, "+46701234567", "070-123 45 67", 1), "Authorization", "Bearer root-key"); w.Body.String() != want {
		t.Errorf("a phone as people write it: %d %s", w.Code, w.Body)
	}
	if w := asAcme(h, "POST", "/v1/inbound/explain", body); w.Code != 403 {
		t.Errorf("an account sees others' rules: %d %s", w.Code, w.Body)
	}
}

// TestUnmatchedInbound: the inbox of what is nobody's is for who may administrate.
func TestUnmatchedInbound(t *testing.T) {
	t.Parallel()
	o := (&fakeGateway{}).options()
	var asked gateway.Filter
	o.InboundList = func(_ context.Context, f gateway.Filter) ([]*message.Inbound, message.ID, error) {
		asked = f
		return nil, 0, nil
	}
	h := NewHTTP(o)
	if w := asAcme(h, "GET", "/v1/inbound?unmatched=true", ""); w.Code != 403 {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if w := ask(h, "GET", "/v1/inbound?unmatched=true", "", "Authorization", "Bearer root-key"); w.Code != 200 || !asked.Unmatched || asked.Account != "" {
		t.Errorf("%d %s, asked for %+v", w.Code, w.Body, asked)
	}
	if w := asAcme(h, "GET", "/v1/inbound?rule=orders&tag=new&series=s", ""); w.Code != 200 || asked.Rule != "orders" || asked.Tag != "new" || asked.Series != "s" {
		t.Errorf("%d %s, asked for %+v", w.Code, w.Body, asked)
	}
	if w := ask(h, "GET", "/v1/inbound", "", "Authorization", "Bearer root-key"); w.Code != 200 || asked.Unmatched || asked.Account == "" {
		t.Errorf("%d %s, asked for %+v", w.Code, w.Body, asked)
	}
}
