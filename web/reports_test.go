package web

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"kurir/account"
)

// reportsREST answers as the reports do.
func reportsREST(asked *[]string) func(*account.Account, http.ResponseWriter, *http.Request) {
	return func(by *account.Account, w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		*asked = append(*asked, fmt.Sprintf("%s by=%s since=%s until=%s account=%s as %s", r.URL.Path, query.Get("by"), query.Get("since"), query.Get("until"), query.Get("account"), by.Actor()))
		switch r.URL.Path {
		case "/v1/reports/traffic":
			if strings.HasPrefix(query.Get("since"), "2026-10") {
				fmt.Fprint(w, `{"traffic":[{"period":"2026-10-31","accepted":800,"parts":800,"delivered":700,"sent":0,"failed":100,"inbound":0}]}`)
				return
			}
			fmt.Fprint(w, `{"traffic":[{"period":"2026-11-01","accepted":1234,"parts":1300,"delivered":1000,"sent":0,"failed":34,"inbound":5},{"period":"2026-11-02","accepted":0,"parts":0,"delivered":0,"sent":0,"failed":0,"inbound":0}]}`)
		case "/v1/reports/quality":
			fmt.Fprint(w, `{"quality":[{"link":"=<b>op1</b>","network":"24001","network_name":"Telia (SE)","ended":10,"delivered":9,"delivered_part":0.9,"undeliverable":1,"rejected":0,"expired":0,"unknown":0}]}`)
		case "/v1/reports/availability":
			fmt.Fprint(w, `{"availability":[{"kind":"link","name":"op1","available_part":0.99995,"met":true,"up_s":86400,"down_s":4,"planned_s":600,"stopped_s":0,"outages":1,"longest_s":4}]}`)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}
}

// A report is a chart and a table with the same figures, compared with the time before, and a file.
func TestReports(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"root": "system", "anna": "sender", "mia": "manager"})
	var asked []string
	s.rest = reportsREST(&asked)
	b := s.as("root")
	a := b.do("/console/reports?since=2026-11-01&until=2026-11-03")
	for _, want := range []string{
		"1\u202f234", "1\u202f300", "800 before", "&#43;54.2 %", `<rect class="good"`, `<title>2026-11-01: Delivered 1` + "\u202f" + `000</title>`,
		`<text x="`, `<td data-label="Time">2026-11-01</td>`, `export=csv`, `aria-current="page">Traffic`,
	} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the report has no %s:\n%s", want, a.body)
		}
	}
	if len(asked) != 2 || !strings.Contains(asked[0], "by=period since=2026-11-01T00:00:00Z until=2026-11-03T00:00:00Z account= as acme/root") || !strings.Contains(asked[1], "since=2026-10-30T00:00:00Z until=2026-11-01T00:00:00Z") {
		t.Errorf("asked %q", asked)
	}
	if asked = nil; s.as("mia").do("/reports/traffic?since=2026-11-01&until=2026-11-02").status != http.StatusOK || !strings.Contains(strings.Join(asked, "\n"), "as acme/mia") {
		t.Errorf("asked %q", asked)
	}
	if asked = nil; b.do("/reports/traffic?since=2026-11-01&until=2026-11-02").status != http.StatusOK || !strings.Contains(asked[0], "account=acme as") {
		t.Errorf("who may see all sees on the page of the account %q", asked)
	}
	a = b.do("/console/reports/quality?since=2026-11-01&until=2026-11-02&by=nothing")
	for _, want := range []string{"=&lt;b&gt;op1&lt;/b&gt;", "Telia (SE)", "90.0\u202f%"} {
		if !strings.Contains(a.body, want) {
			t.Errorf("the report has no %s:\n%s", want, a.body)
		}
	}
	if a := b.do("/console/reports/availability?since=2026-11-01&until=2026-11-02"); !strings.Contains(a.body, "99.995\u202f%") || !strings.Contains(a.body, "10.0\u202fmin") || !strings.Contains(a.body, ">yes<") {
		t.Errorf("availability: %s", a.body)
	}
	a = b.do("/console/reports/quality?since=2026-11-01&until=2026-11-02&export=xlsx")
	book, err := excelize.OpenReader(bytes.NewReader([]byte(a.body)))
	if err != nil {
		t.Fatal(err)
	}
	sheet := book.GetSheetName(0)
	cells, err := book.GetRows(sheet)
	if formula, _ := book.GetCellFormula(sheet, "A2"); err != nil || len(cells) != 2 || cells[1][0] != "=<b>op1</b>" || formula != "" || cells[1][5] != "0.9" {
		t.Errorf("as a workbook: %v %q %q", err, cells, formula)
	}
	if a := b.do("/console/reports/quality?since=2026-11-01&until=2026-11-02&export=csv"); !strings.Contains(a.body, "'=<b>op1</b>,24001,Telia (SE),10,9,0.9") {
		t.Errorf("as CSV: %s", a.body)
	}
	if a := b.do("/reports/nothing"); a.status != http.StatusNotFound {
		t.Errorf("a report that there is not: %d", a.status)
	}
	if a := s.as("anna").do("/reports"); a.status != http.StatusForbidden {
		t.Errorf("a sender sees reports: %d", a.status)
	}
}

// Percentages tell nearly all from all.
func TestPercent(t *testing.T) {
	t.Parallel()
	for p, want := range map[float64]string{1: "100.0", 0.5: "50.0", 0.9999: "99.990", 0.99995: "99.995", 0.999: "99.900", 0: "0.0", 0.999999: "99.999"} {
		if got := strings.TrimSuffix(percent(p), "\u202f%"); got != want {
			t.Errorf("%v is %s, want %s", p, got, want)
		}
	}
}
