package api

import (
	"encoding/json"
	"testing"
	"time"

	"kurir/billing"
	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
	"kurir/route"
)

// TestExplainRoute asks about a message: what is asked comes to the gateway, what it says to the client.
func TestExplainRoute(t *testing.T) {
	t.Parallel()
	var asked gateway.Submission
	var when time.Time
	price := message.Amount(140_000)
	o := (&fakeGateway{}).options()
	o.Explain = func(sub *gateway.Submission, at time.Time) (*gateway.Explained, *message.Failure) {
		asked, when = *sub, at
		return &gateway.Explained{
			To: message.Address{TON: 1, Number: "46701234567"}, From: message.Address{Number: "ACME"}, Encoding: gsm.UCS2, Parts: 2,
			Rules: []route.Considered{{Rule: 0, Name: "night", Why: "Mon"}, {Rule: 1, Name: "all", Matched: true, Why: "goes by op1"}}, Candidates: []gateway.Candidate{{Link: "op1", Up: true, Cost: &price, Row: &gateway.PriceRow{List: "standard", Currency: "EUR", Price: billing.Price{Country: "SE", Amount: price / 2}}}}, Cost: &gateway.Cost{Amount: price, Currency: "EUR"},
		}, nil
	}
	h := NewHTTP(o)
	w := asAcme(h, "POST", "/v1/routes/explain", `{"to":"+46701234567","from":"ACME","text":"hej","interface":"smpp","at":"2026-11-05T08:30:00+01:00"}`)
	const want = `{"to":"+46701234567","from":"ACME","encoding":"ucs2","parts":2,"price":"0.14","currency":"EUR","routes":[{"rule":0,"name":"night","matched":false,"why":"Mon"},` +
		`{"rule":1,"name":"all","matched":true,"why":"goes by op1"}],"candidates":[{"link":"op1","up":true,"price":"0.14","priced_by":{"list":"standard","currency":"EUR","destination":"SE","price":"0.07"}}]}` + "\n"
	if w.Code != 200 || w.Body.String() != want {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if asked.Account.Name != "acme" || asked.Via != message.ViaSMPP || asked.To != "+46701234567" || asked.Content.Text != "hej" || !when.Equal(time.Date(2026, 11, 5, 7, 30, 0, 0, time.UTC)) {
		t.Errorf("asked for %+v at %v", asked, when)
	}
	for body, field := range map[string]string{
		`{"text":"x"}`: "to", `{"to":"+46701234567","interface":"fax"}`: "interface", `{"to":"+46701234567","at":"noon"}`: "at", `{"to":"+46701234567","encoding":"utf8"}`: "encoding",
	} {
		var p struct {
			Errors []struct {
				Field string `json:"field"`
			} `json:"errors"`
		}
		w := asAcme(h, "POST", "/v1/routes/explain", body)
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != 422 || len(p.Errors) != 1 || p.Errors[0].Field != field {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
	if w := asAcme(h, "POST", "/v1/routes/explain", `{"account":"somebody else","to":"+46701234567"}`); w.Code != 403 {
		t.Errorf("an account asks for another: %d %s", w.Code, w.Body)
	}
}
