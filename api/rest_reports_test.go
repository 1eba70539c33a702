package api

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"kurir/gateway"
	"kurir/message"
	"kurir/tally"
)

// withReports is a gateway in which something was counted.
func withReports() http.Handler {
	o := (&fakeGateway{}).options()
	o.Now = func() time.Time { return time.Date(2026, 11, 3, 12, 0, 0, 0, time.UTC) }
	counts := []gateway.Count{
		{Kind: gateway.CountAccepted, Account: "acme", Link: "op1", Network: "24001", N: 10},
		{Kind: gateway.CountParts, Account: "acme", Link: "op1", Network: "24001", N: 12},
		{Kind: gateway.CountFinal, Account: "acme", Link: "op1", Network: "24001", State: message.Delivered, N: 6},
		{Kind: gateway.CountFinal, Account: "acme", Link: "=op2", Network: "SE", State: message.Undeliverable, Failure: message.Absent, N: 2},
		{Kind: gateway.CountArrival, Account: "acme", Link: "op1", Class: tally.Class(3 * time.Second), N: 6},
		{Kind: gateway.CountAnswer, Link: "op1", Class: tally.Class(20 * time.Millisecond), N: 8},
		{Kind: gateway.CountAccepted, Account: "other", Link: "op1", N: 100},
	}
	o.Reports = ReportsOptions{
		Counts: func(_ context.Context, cut *tally.Cut, periods bool, kinds []gateway.CountKind, want func(account, link string) bool) (list []gateway.Count, _ error) {
			for _, c := range counts {
				for _, kind := range kinds {
					if c.Kind == kind && want(c.Account, c.Link) {
						if periods {
							c.Period = len(cut.Starts) - 1
						}
						list = append(list, c)
					}
				}
			}
			return list, nil
		},
		Presence: func(_ context.Context, within tally.Span) ([]gateway.Present, error) {
			all := []tally.Span{within}
			up := []tally.Span{{From: within.From, Until: within.Until - 60_000}}
			return []gateway.Present{{Name: "http", Seen: tally.Seen{Up: up, Known: all, Running: all}}, {Link: true, Name: "op1", Seen: tally.Seen{Up: all, Known: all}}}, nil
		},
		Networks: func() map[string]message.Network {
			return map[string]message.Network{"24001": {Country: "SE", Code: "24001", Name: "Telia"}}
		},
	}
	return NewHTTP(o)
}

// An account's reports are of its own messages, by what is asked for, and sum up to what was counted.
func TestReports(t *testing.T) {
	t.Parallel()
	h := withReports()
	for query, want := range map[string]string{
		"traffic?since=2026-11-02&until=2026-11-04": `{"traffic":[{"period":"2026-11-02","accepted":0,"parts":0,"delivered":0,"sent":0,"failed":0,"inbound":0},` +
			`{"period":"2026-11-03","accepted":10,"parts":12,"delivered":6,"sent":0,"failed":2,"inbound":0}]}`,
		"traffic?by=network&network=24001": `{"traffic":[{"network":"24001","network_name":"Telia (SE)","accepted":10,"parts":12,"delivered":6,"sent":0,"failed":0,"inbound":0}]}`,
		"quality?by=failure&sort=-ended": `{"quality":[{"failure":"none","ended":6,"delivered":6,"sent":0,"undeliverable":0,"rejected":0,"expired":0,"unknown":0,"deleted":0,"delivered_part":1},` +
			`{"failure":"absent","ended":2,"delivered":0,"sent":0,"undeliverable":2,"rejected":0,"expired":0,"unknown":0,"deleted":0,"delivered_part":0}]}`,
		"accounts": `{"accounts":[{"account":"acme","accepted":10,"parts":12,"delivered":6,"failed":2,"inbound":0,"delivered_part":0.75,"accepted_part":1}]}`,
		"availability?since=2026-11-02&until=2026-11-03": `{"availability":[{"kind":"interface","name":"http","available_part":0.999306,"met":false,"up_s":86340,"down_s":60,"planned_s":0,"stopped_s":0,"outages":1,"longest_s":60}]}`,
	} {
		w := asAcme(h, http.MethodGet, "/v1/reports/"+query, "")
		if got := strings.TrimSpace(w.Body.String()); w.Code != http.StatusOK || got != want {
			t.Errorf("%s: %d %s\nwant %s", query, w.Code, got, want)
		}
	}
	if w := asAcme(h, http.MethodGet, "/v1/reports/response", ""); !strings.Contains(w.Body.String(), `"answers":0,`) || !strings.Contains(w.Body.String(), `"deliveries":6,"delivery_p50_ms":3`) {
		t.Errorf("times: %s", w.Body)
	}
	for query, status := range map[string]int{
		"traffic?account=other": http.StatusForbidden, "traffic?zone=Nowhere": http.StatusBadRequest, "traffic?by=team": http.StatusBadRequest,
		"traffic?since=2026-11-04&until=2026-11-03": http.StatusBadRequest, "traffic?step=hour&since=2020-01-01": http.StatusBadRequest, "traffic?format=exe": http.StatusBadRequest,
	} {
		if w := asAcme(h, http.MethodGet, "/v1/reports/"+query, ""); w.Code != status {
			t.Errorf("%s: %d %s", query, w.Code, w.Body)
		}
	}
}

// A report as a file has no formula in it.
func TestReportFiles(t *testing.T) {
	t.Parallel()
	h := withReports()
	w := asAcme(h, http.MethodGet, "/v1/reports/quality?by=link&sort=link&format=csv", "")
	if !strings.Contains(w.Body.String(), "'=op2,") || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/csv") {
		t.Errorf("as CSV: %s %s", w.Header().Get("Content-Type"), w.Body)
	}
	w = asAcme(h, http.MethodGet, "/v1/reports/quality?by=link&sort=link&format=xlsx", "")
	book, err := excelize.OpenReader(bytes.NewReader(w.Body.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	cells, err := book.GetRows(book.GetSheetName(0))
	if formula, _ := book.GetCellFormula(book.GetSheetName(0), "C2"); err != nil || len(cells) != 3 || cells[1][2] != "=op2" || formula != "" {
		t.Errorf("as a workbook: %v %q %q", err, cells, formula)
	}
}
