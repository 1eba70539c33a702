package web

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"kurir/account"
)

// nodesREST answers as GET /v1/nodes, in pages of one row.
func nodesREST(t *testing.T, asked *[]string) func(*account.Account, http.ResponseWriter, *http.Request) {
	return func(by *account.Account, w http.ResponseWriter, r *http.Request) {
		*asked = append(*asked, r.URL.RequestURI()+" by "+by.Actor())
		if r.URL.Query().Get("state") == "odd" {
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"detail":"state is wrong","errors":[{"field":"state","detail":"\"odd\" is no state"}]}`)
			return
		}
		if r.URL.Query().Get("cursor") == "" {
			fmt.Fprint(w, `{"nodes":[{"name":"=1+1","state":"live","host":"<b>h</b>","renewed":"2026-11-30T10:00:00.000Z","leases":["op1/1","op1/2"]}],"cursor":"c2","next":"/v1/nodes?cursor=c2"}`)
			return
		}
		fmt.Fprint(w, `{"nodes":[{"name":"two","state":"gone"}]}`)
	}
}

// A list shows what REST has, in the user's language, with filters, order and the next page.
func TestList(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"root": "system", "anna": "sender"})
	var asked []string
	s.rest = nodesREST(t, &asked)
	b := s.as("root")
	a := b.do("/console/nodes?state=live&sort=-name")
	for _, want := range []string{
		"&lt;b&gt;h&lt;/b&gt;", "op1/1, op1/2", `aria-sort="descending"`, `href="/console/nodes?sort=name&amp;state=live"`, `cursor=c2`,
		`<option value="live" selected>`, `href="/console/nodes?export=csv`, `aria-current="page">Servers`,
	} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the list has no %s:\n%s", want, a.body)
		}
	}
	if got := strings.Join(asked, "\n"); got != "/v1/nodes?limit=25&sort=-name&state=live by acme/root" {
		t.Errorf("asked %s", got)
	}
	if a := b.do("/console/nodes?state=odd"); a.status != http.StatusBadRequest || !strings.Contains(a.body, "&#34;odd&#34; is no state") {
		t.Errorf("what is wrong: %d %s", a.status, a.body)
	}
	if a := s.as("anna").do("/console/nodes"); a.status != http.StatusForbidden {
		t.Errorf("a sender sees the console: %d", a.status)
	}
}

// All of a list is a file that no spreadsheet takes for formulas.
func TestListExport(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"root": "system"})
	var asked []string
	s.rest = nodesREST(t, &asked)
	b := s.as("root")
	a := b.do("/console/nodes?export=csv")
	rows, err := csv.NewReader(strings.NewReader(strings.TrimPrefix(a.body, "\ufeff"))).ReadAll()
	if err != nil || len(rows) != 3 || rows[0][0] != "Name" || rows[1][0] != "'=1+1" || rows[2][0] != "two" {
		t.Errorf("%v: %q", err, rows)
	}
	a = b.do("/console/nodes?export=xlsx")
	book, err := excelize.OpenReader(bytes.NewReader([]byte(a.body)))
	if err != nil {
		t.Fatal(err)
	}
	cells, err := book.GetRows(book.GetSheetName(0))
	if formula, _ := book.GetCellFormula(book.GetSheetName(0), "A2"); err != nil || len(cells) != 3 || cells[1][0] != "=1+1" || formula != "" {
		t.Errorf("%v: %q %q", err, cells, formula)
	}
	if a := b.do("/console/nodes?export=exe"); a.status != http.StatusNotFound {
		t.Errorf("a form that there is not: %d", a.status)
	}
}
