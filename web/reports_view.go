package web

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"kurir/tally"
)

// reportView is what the template of reports shows.
type reportView struct {
	Tabs    []reportTab
	Lead    string // key
	Spans   []reportTab
	By      []reportTab
	Steps   []reportTab // values in Path
	Since   string
	Until   string
	Path    string
	Chosen  string // by
	Narrow  []reportField
	Totals  []reportTotal
	Before  string // what totals are compared with
	Chart   *chart
	Heads   []listHead
	Rows    []listRow
	Foot    []listCell // sums; nil for none
	Files   []listLink
	Zone    string
	Shown   string // the time of the report, for print
	Printed string // when
}

type reportTab struct {
	Path, Words string
	Here        bool
}

type reportField struct{ Name, Label, Value string }

// reportTotal is a sum with what it was before. Change is empty where there was nothing.
type reportTotal struct{ Words, Value, Before, Change string }

// reportView makes what the page shows.
func (v *visit) reportView(ask *reportAsk, rows []row) *reportView {
	word := func(key string) string { return v.words(v.lang(), key) }
	shown := &reportView{
		Lead: ask.report.lead, Path: ask.base + "/" + ask.report.name, Chosen: ask.by, Zone: ask.zone.String(),
		Since: ask.since.Format(time.DateOnly), Until: ask.until.Format(time.DateOnly),
		Shown: ask.since.Format(time.DateOnly) + " – " + ask.until.AddDate(0, 0, -1).Format(time.DateOnly), Printed: showTime(v.Now()),
	}
	for _, r := range reports() {
		if v.sees(r.right) {
			shown.Tabs = append(shown.Tabs, reportTab{ask.path(r.name), word(r.words), r.name == ask.report.name})
		}
	}
	for _, c := range ask.report.by {
		shown.By = append(shown.By, reportTab{c.value, word(c.words), c.value == ask.by})
	}
	if ask.report.name != "costs" {
		for _, c := range []choice{{"hour", "report.hour"}, {"day", "report.day"}, {"month", "report.month"}} {
			shown.Steps = append(shown.Steps, reportTab{c.value, word(c.words), c.value == string(ask.step)})
		}
	}
	v.reportSpans(shown, ask)
	v.reportNarrow(shown, ask)
	for _, file := range []string{"csv", "xlsx"} {
		shown.Files = append(shown.Files, listLink{Path: ask.path(ask.report.name, "export", file), Words: strings.ToUpper(file)})
	}
	if ask.report.sum {
		v.reportTotals(shown, ask, rows)
	}
	columns := ask.columns(rows)
	for _, c := range columns {
		shown.Heads = append(shown.Heads, listHead{Label: word(c.words), Class: c.class()})
	}
	for _, r := range rows {
		var line listRow
		for _, c := range columns {
			line.Cells = append(line.Cells, listCell{Text: v.figure(c, r), Class: c.class(), Label: word(c.words)})
		}
		shown.Rows = append(shown.Rows, line)
	}
	shown.Chart = v.chartOf(ask, columns, rows)
	return shown
}

func (c *figure) class() string {
	if c.kind == aName {
		return ""
	}
	return "number"
}

// reportNarrow has the fields that narrow a report.
func (v *visit) reportNarrow(shown *reportView, ask *reportAsk) {
	add := func(name, words string) {
		shown.Narrow = append(shown.Narrow, reportField{name, v.words(v.lang(), words), v.r.URL.Query().Get(name)})
	}
	if ask.report.name == "availability" {
		return
	}
	if ask.console || ask.report.name != "costs" && len(v.Accounts().Below(v.account.Name)) > 1 {
		add("account", "report.account")
	}
	if ask.report.name == "costs" {
		return
	}
	add("link", "report.link")
	if ask.report.name != "response" && ask.report.name != "accounts" {
		add("network", "report.network")
	}
}

// reportSpans offers times that are often asked for.
func (v *visit) reportSpans(shown *reportView, ask *reportAsk) {
	now := v.Now().In(ask.zone)
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, ask.zone)
	month := time.Date(now.Year(), now.Month(), 1, 0, 0, 0, 0, ask.zone)
	for _, s := range []struct {
		words        string
		since, until time.Time
		step         tally.Step
	}{
		{"report.today", today, today.AddDate(0, 0, 1), tally.Hour},
		{"report.yesterday", today.AddDate(0, 0, -1), today, tally.Hour},
		{"report.week", today.AddDate(0, 0, -6), today.AddDate(0, 0, 1), tally.Day},
		{"report.days", today.AddDate(0, 0, -30), today.AddDate(0, 0, 1), tally.Day},
		{"report.thismonth", month, month.AddDate(0, 1, 0), tally.Day},
		{"report.lastmonth", month.AddDate(0, -1, 0), month, tally.Day},
		{"report.year", month.AddDate(0, -11, 0), month.AddDate(0, 1, 0), tally.Month},
	} {
		path := ask.path(ask.report.name, "since", s.since.Format(time.DateOnly), "until", s.until.Format(time.DateOnly), "step", string(s.step))
		shown.Spans = append(shown.Spans, reportTab{path, v.words(v.lang(), s.words), ask.since.Equal(s.since) && ask.until.Equal(s.until)})
	}
}

// reportTotals adds up the rows, and those of the time before that is as long: of a time that is not over as much as has gone by.
func (v *visit) reportTotals(shown *reportView, ask *reportAsk, rows []row) {
	from, _ := tally.Before(ask.since, ask.until, ask.zone)
	until := ask.since
	if now := v.Now(); now.Before(ask.until) && now.After(ask.since) {
		until = from.Add(now.Sub(ask.since))
	}
	before, p := v.reportRows(ask, from, until)
	if p == nil {
		shown.Before = v.words(v.lang(), "report.before", from.Format("2006-01-02 15:04"), until.Format("2006-01-02 15:04"))
	}
	for _, f := range ask.report.figures {
		if f.kind != aCount {
			continue
		}
		now, then := sumOf(rows, f.field), sumOf(before, f.field)
		t := reportTotal{Words: v.words(v.lang(), f.words), Value: grouped(now)}
		if p == nil {
			t.Before = grouped(then)
			if then > 0 {
				t.Change = fmt.Sprintf("%+.1f %%", (float64(now)/float64(then)-1)*100)
			}
		}
		shown.Totals = append(shown.Totals, t)
	}
}

func sumOf(rows []row, field string) (sum int64) {
	for _, r := range rows {
		n, _ := strconv.ParseInt(r.text(field), 10, 64)
		sum += n
	}
	return sum
}

// grouped writes a number with a thin space between thousands.
func grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, text = "−", text[1:]
	}
	for at := len(text) - 3; at > 0; at -= 3 {
		text = text[:at] + "\u202f" + text[at:]
	}
	return sign + text
}

// figure shows a figure as people read it.
func (v *visit) figure(c figure, r row) string {
	text := r.text(c.field)
	if c.field == "kind" {
		return v.words(v.lang(), map[string]string{"link": "report.link", "interface": "report.interface"}[text])
	}
	if text == "" {
		if c.kind == aName {
			return "–"
		}
		return ""
	}
	n, err := strconv.ParseFloat(text, 64)
	switch c.kind {
	case aCount:
		return grouped(int64(n))
	case aPart:
		return percent(n)
	case inMillis:
		return duration(n / 1000)
	case inSecs:
		return duration(n)
	case anAnswer:
		return v.words(v.lang(), map[string]string{"true": "report.yes", "false": "report.no"}[text])
	}
	_ = err // of what is no number, which is shown as it is
	return text
}

// percent shows a part of one; of what is nearly all with three digits, rounded down, so that it is told from all.
func percent(p float64) string {
	if p >= 0.99 && p < 1 {
		return strconv.FormatFloat(math.Floor(p*1e5+1e-6)/1e3, 'f', 3, 64) + "\u202f%"
	}
	return strconv.FormatFloat(p*100, 'f', 1, 64) + "\u202f%"
}

// duration shows seconds.
func duration(s float64) string {
	switch {
	case s == 0:
		return "0"
	case s < 1:
		return strconv.FormatFloat(s*1000, 'f', 0, 64) + "\u202fms"
	case s < 120:
		return strconv.FormatFloat(s, 'f', 1, 64) + "\u202fs"
	case s < 2*3600:
		return strconv.FormatFloat(s/60, 'f', 1, 64) + "\u202fmin"
	case s < 72*3600:
		return strconv.FormatFloat(s/3600, 'f', 1, 64) + "\u202fh"
	}
	return strconv.FormatFloat(s/86400, 'f', 1, 64) + "\u202fd"
}
