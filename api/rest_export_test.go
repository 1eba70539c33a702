package api

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"kurir/gateway"
	"kurir/message"
)

// TestExport: a list comes whole, in helpings, as a table or a line for each row, and a spreadsheet calculates nothing
// of what phones write.
func TestExport(t *testing.T) {
	t.Parallel()
	o := (&fakeGateway{}).options()
	const rows = 3*exportRows + 7
	var broken bool
	o.InboundList = func(_ context.Context, f gateway.Filter) ([]*message.Inbound, message.ID, error) {
		if f.Account != "acme" || f.Limit > exportRows || f.Series != "orders" || !f.Oldest {
			t.Errorf("asked for %+v", f)
		}
		if broken && f.After > 0 {
			return nil, 0, errors.New("test")
		}
		var list []*message.Inbound
		for id := f.After + 1; id <= rows && len(list) < f.Limit; id++ {
			list = append(list, &message.Inbound{
				ID: id, From: message.Address{TON: 1, Number: "46701234567"}, To: message.Address{Number: "72456"},
				Content: message.Content{Text: "=1+1;\"x\"\n√§", Class: -1}, Parts: 1, Series: "orders", Case: fmt.Sprintf("2026-%d", id),
			})
		}
		last := f.After + message.ID(len(list))
		if len(list) == 0 || last == rows {
			return list, 0, nil
		}
		return list, last, nil
	}
	h := NewHTTP(o)
	w := asAcme(h, "GET", "/v1/inbound?sort=id&series=orders&format=csv", "")
	table, err := csv.NewReader(w.Body).ReadAll()
	if err != nil || w.Code != 200 || len(table) != rows+1 || !strings.HasPrefix(w.Result().Header.Get("Content-Type"), "text/csv") {
		t.Fatalf("%d, %d lines, %v, %v", w.Code, len(table), w.Header(), err)
	}
	got := map[string]string{}
	for i, name := range table[0] {
		got[name] = table[rows][i]
	}
	for name, want := range map[string]string{"from": "+46701234567", "to": "72456", "text": "'=1+1;\"x\"\n√§", "case": fmt.Sprintf("2026-%d", rows), "parts": "1", "encoding": "auto", "answers": ""} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	w = ask(h, "GET", "/v1/inbound?sort=id&series=orders&limit=600", "", "Authorization", "Bearer acme-key", "Accept", "application/x-ndjson")
	if lines := strings.Count(w.Body.String(), "\n"); w.Code != 200 || lines != 600 || !strings.HasPrefix(w.Body.String(), `{"id":"`) {
		t.Errorf("%d, %d lines: %.100s", w.Code, lines, w.Body)
	}
	if w = asAcme(h, "GET", "/v1/inbound?format=xml", ""); w.Code != 400 || !strings.Contains(w.Body.String(), "csv") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	// What breaks midway is not taken for the whole.
	broken = true
	server := httptest.NewServer(h)
	defer server.Close()
	req, _ := http.NewRequest(http.MethodGet, server.URL+"/v1/inbound?sort=id&series=orders&format=csv", nil)
	req.Header.Set("Authorization", "Bearer acme-key")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if table, err := csv.NewReader(resp.Body).ReadAll(); err == nil {
		t.Errorf("a broken list comes to an end after %d lines", len(table))
	}
}
