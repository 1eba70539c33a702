package api

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"kurir/gateway"
	"kurir/message"
)

// withCosts is a fakeGateway with cost dimensions and what was put down to them.
func withCosts(f *fakeGateway) http.Handler {
	o := f.options()
	known := message.NewCostDimensions([]message.CostDimension{
		{Name: "cost_centre", Values: []string{"4711"}, Required: true, Kannel: "account"}, {Name: "project", Kannel: "binfo"},
	}, nil)
	o.Dimensions = func() *message.CostDimensions { return known }
	o.Costs = func(_ context.Context, account string, _, _ time.Time, _ *time.Location) ([]gateway.CostSum, error) {
		return []gateway.CostSum{
			{Day: "2026-10-31", Account: "acme", Dimensions: "cost_centre=4711;project=a", Messages: 2, Cost: 70_000, Currency: "EUR"},
			{Day: "2026-11-01", Account: "acme", Dimensions: "cost_centre=4711;project=b", Messages: 1, Cost: 35_000, Currency: "EUR"},
			{Day: "2026-11-01", Account: "acme", Messages: 5},
			{Day: "2026-11-01", Account: "acme", Dimensions: "*", Messages: 1, Cost: 1, Currency: "EUR"},
		}, nil
	}
	return NewHTTP(o)
}

// The report has a row for each of what it is asked by, narrowed to what it is
// asked of.
func TestCostReport(t *testing.T) {
	t.Parallel()
	h := withCosts(&fakeGateway{})
	for query, want := range map[string]string{
		"?by=month,cost_centre&sort=-cost": `{"costs":[{"month":"2026-10","dimensions":{"cost_centre":"4711"},"messages":2,"cost":"0.07","currency":"EUR"},` +
			`{"month":"2026-11","dimensions":{"cost_centre":"4711"},"messages":1,"cost":"0.035","currency":"EUR"},` +
			`{"month":"2026-11","dimensions":{"cost_centre":"*"},"messages":1,"cost":"0.000001","currency":"EUR"},{"month":"2026-11","messages":5,"cost":"0.00"}]}`,
		"?by=account&project=a,b":     `{"costs":[{"account":"acme","messages":3,"cost":"0.105","currency":"EUR"}]}`,
		"?project=b&since=2026-11-01": `{"costs":[{"day":"2026-11-01","account":"acme","dimensions":{"cost_centre":"4711","project":"b"},"messages":1,"cost":"0.035","currency":"EUR"}]}`,
	} {
		w := asAcme(h, http.MethodGet, "/v1/reports/costs"+query, "")
		if got := strings.TrimSpace(w.Body.String()); w.Code != http.StatusOK || got != want {
			t.Errorf("%s: %d %s\nwant %s", query, w.Code, got, want)
		}
	}
	const table = "\ufeffmonth,cost_centre,messages,cost,currency\r\n2026-10,4711,2,0.07,EUR\r\n2026-11,4711,1,0.035,EUR\r\n2026-11,,5,0.00,\r\n2026-11,*,1,0.000001,EUR\r\n"
	if w := asAcme(h, http.MethodGet, "/v1/reports/costs?by=month,cost_centre&format=csv&limit=1", ""); w.Body.String() != table || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/csv") {
		t.Errorf("as a table: %s %q", w.Header().Get("Content-Type"), w.Body)
	}
	w := asAcme(h, http.MethodGet, "/v1/reports/costs?by=month,cost_centre&format=xlsx", "")
	book, err := excelize.OpenReader(w.Body)
	if err != nil {
		t.Fatalf("as a workbook: %s, %v", w.Header().Get("Content-Type"), err)
	}
	rows, err := book.GetRows(book.GetSheetName(0))
	if got := fmt.Sprint(rows); err != nil || !strings.HasPrefix(got, "[[month cost_centre messages cost currency] [2026-10 4711 2 0.07 EUR]") {
		t.Errorf("as a workbook: %s, %v", got, err)
	}
	if w := asAcme(h, http.MethodGet, "/v1/reports/costs?by=team", ""); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), "cost_centre") {
		t.Errorf("by nothing that there is: %d %s", w.Code, w.Body)
	}
	if w := asAcme(h, http.MethodGet, "/v1/dimensions", ""); !strings.Contains(w.Body.String(), `{"name":"cost_centre","values":["4711"],"required":true,"kannel":"account"}`) {
		t.Errorf("the dimensions: %s", w.Body)
	}
}

// A message names cost dimensions over REST in its own field, and over Kannel's
// interface in the fields of the configuration or in meta-data.
func TestDimensionsAreNamed(t *testing.T) {
	t.Parallel()
	f := &fakeGateway{}
	h := withCosts(f)
	asAcme(h, http.MethodPost, "/v1/messages", `{"messages":[{"to":"+46701234567","text":"x","dimensions":{"cost_centre":4711,"project":"a"}},{"to":"+46701234568","text":"x"}]}`)
	kannel := "/cgi-bin/sendsms?username=acme&password=secret&to=46701234567&text=x&from=ACME&"
	for _, query := range []string{"account=4711&binfo=b", "account=1&meta-data=" + url.QueryEscape("?smpp?0x1400=01?dimensions?cost_centre=4711&project=b")} {
		if w := ask(h, http.MethodGet, kannel+query, ""); w.Code != http.StatusAccepted {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
	want := []string{"cost_centre=4711;project=a", "", "cost_centre=4711;project=b", "cost_centre=4711;project=b"}
	if len(f.accepted) != len(want) {
		t.Fatalf("%d messages came", len(f.accepted))
	}
	for i, s := range f.accepted {
		if got := string(message.DimensionsOf(s.Dimensions)); got != want[i] {
			t.Errorf("message %d: %q, want %q", i, got, want[i])
		}
	}
	for body, field := range map[string]string{
		`{"to":"+46701234567","text":"x","dimensions":[]}`:                              "dimensions",
		`{"to":"+46701234567","text":"x","dimensions":{"a":"1","a":"2"}}`:               "dimensions.a",
		`{"to":"+46701234567","text":"x","dimensions":{"a":1,"b":1,"c":1,"d":1,"e":1}}`: "dimensions.e",
		`{"to":"+46701234567","text":"x","dimensions":{"cost_centre":1.5}}`:             "dimensions.cost_centre",
	} {
		if w := asAcme(h, http.MethodPost, "/v1/messages", body); w.Code != http.StatusBadRequest || !strings.Contains(w.Body.String(), `"`+field+`"`) {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
}

// What a message's cost is put down to stands in what REST shows of it and in what
// webhooks are told.
func TestDimensionsAreShown(t *testing.T) {
	t.Parallel()
	m := &message.Message{ID: 1 << 40, Special: &message.Special{Dimensions: "cost_centre=4711;project=a"}}
	for _, full := range []bool{true, false} {
		if v := view(m, message.Delivered, full, nil); message.DimensionsOf(v.Dimensions) != m.Special.Dimensions {
			t.Errorf("in full %v: %v", full, v.Dimensions)
		}
	}
}
