package e2e

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// workbook reads the cells of the first sheet of an Excel workbook, row by row.
func workbook(t testing.TB, content []byte) (rows [][]string) {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		t.Fatal(err)
	}
	part := func(name string, into any) {
		file, err := archive.Open(name)
		if err != nil {
			return // there may be no shared texts
		}
		defer file.Close()
		if err := xml.NewDecoder(file).Decode(into); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	var shared struct {
		Texts []string `xml:"si>t"`
	}
	part("xl/sharedStrings.xml", &shared)
	var sheet struct {
		Rows []struct {
			Cells []struct {
				Type   string `xml:"t,attr"`
				Value  string `xml:"v"`
				Inline string `xml:"is>t"`
			} `xml:"c"`
		} `xml:"sheetData>row"`
	}
	part("xl/worksheets/sheet1.xml", &sheet)
	for _, r := range sheet.Rows {
		var row []string
		for _, c := range r.Cells {
			switch n := 0; c.Type {
			case "inlineStr":
				row = append(row, c.Inline)
			case "s":
				if _, err := fmt.Sscan(c.Value, &n); err != nil || n >= len(shared.Texts) {
					t.Fatalf("shared text %q of %d: %v", c.Value, len(shared.Texts), err)
				}
				row = append(row, shared.Texts[n])
			default:
				row = append(row, c.Value)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// TestWalkReports reads the reports, on the width of a phone: each has a chart and a table with the same figures; CSV and the workbook,
// which is opened and read, have them too; and maintenance is planned, which availability then has apart.
func TestWalkReports(t *testing.T) {
	t.Parallel()
	w := startWalk(t, onPhone)
	w.rest.becomes(w.rest.send("+46701234567", "one"), "delivered")
	w.rest.becomes(w.rest.send("+46707654321", strings.Repeat("long ", 40)), "delivered")
	w.rest.becomes(w.rest.send("+46701299011", "to nobody"), "rejected")
	w.step("each report has figures, as a table and most as a chart", func() {
		for report, title := range map[string]string{"traffic": "Traffic", "quality": "Quality", "response": "Response times", "accounts": "Accounts", "availability": "Availability"} {
			within(w.t, patience, "the report "+report+" has rows", func() bool {
				w.open("/console/reports/"+report, "Reports")
				return w.eval(`document.querySelector("main h2").firstChild.textContent.trim() + " " + (document.querySelectorAll(".rows tbody tr").length > 0)`) == title+" true"
			})
		}
		w.open("/console/reports/costs", "Reports")
		w.shows(holds("main h2", "Costs"), "yes")
	})
	figures := func(rows [][]string, of string) (at []string) {
		column := slices.Index(rows[0], of)
		if column < 0 {
			w.t.Fatalf("no column %s: %q", of, rows[0])
		}
		for _, row := range rows[1:] {
			at = append(at, row[column])
		}
		return at
	}
	w.step("traffic by link as CSV and as a workbook, with the same figures as the page", func() {
		w.open("/console/reports/traffic?by=link", "Reports")
		w.shows(`document.querySelectorAll("svg[role=img] rect").length > 0 ? "drawn" : ""`, "drawn")
		text, _ := w.gets(w.eval(`[...document.querySelectorAll(".files a")].find((a) => a.textContent === "CSV").getAttribute("href")`))
		table, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff")))).ReadAll()
		if err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		book, kind := w.gets(w.eval(`[...document.querySelectorAll(".files a")].find((a) => a.textContent === "XLSX").getAttribute("href")`))
		if !strings.Contains(kind, "spreadsheetml") {
			t.Error(kind)
		}
		rows := workbook(t, book)
		for _, column := range []string{"Link", "Accepted", "SMS", "Delivered"} {
			a, b := figures(table, column), figures(rows, column)
			if !slices.Equal(a, b) || len(a) < 2 {
				t.Errorf("%s: CSV has %q, the workbook %q", column, a, b)
			}
		}
		smpp := slices.Index(figures(rows, "Link"), "smpp")
		if smpp < 0 || figures(rows, "Accepted")[smpp] != "2" || figures(rows, "Delivered")[smpp] != "1" {
			t.Errorf("%q", rows)
		}
		w.shows(`[...document.querySelectorAll(".rows tbody tr")].find((r) => r.cells[0].textContent === "smpp")?.cells[1].textContent`, "2")
	})
	w.step("maintenance is planned, and counted apart", func() {
		now := time.Now().UTC()
		w.open("/console/settings/maintenance?new", "Planned maintenance: new")
		w.fill("f-name", "move", "f-from", now.Add(-time.Hour).Format(time.RFC3339), "f-until", now.Add(-2*time.Hour).Format(time.RFC3339), "f-links", "smpp")
		w.leads(`button[name=":save"]`, "Planned maintenance: new")
		w.shows(`document.querySelector(".wrong, .alert") ? "pointed out" : ""`, "pointed out")
		w.fill("f-until", now.Add(time.Hour).Format(time.RFC3339))
		w.leads(`button[name=":save"]`, "Planned maintenance")
		w.shows(holds("tbody tr", "move"), "yes")
		rows := func() [][]string {
			text, _ := w.gets("/console/reports/availability?export=csv")
			table, err := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(text, []byte("\ufeff")))).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			return table
		}
		within(w.t, patience, "some of it is planned", func() bool {
			table := rows()
			kinds, names, planned := figures(table, "Kind"), figures(table, "Name"), figures(table, "Planned")
			for i := range names {
				if names[i] == "smpp" && planned[i] != "0" { // the interface of the name has none
					return kinds[i] == "link"
				}
			}
			return false
		})
	})
}
