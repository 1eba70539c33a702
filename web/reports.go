package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"kurir/account"
	"kurir/resource"
	"kurir/tally"
)

// report is one report: what REST answers as a chart and a table with the same figures.
type report struct {
	name    string // of REST and of the page
	words   string // its title; the sentence under it has the same key and ".lead"
	lead    string
	right   account.Right
	by      []choice // what there can be a row for each of; the first is usual
	figures []figure
	chart   []bar  // what the chart shows of each row
	unit    string // key of what the chart's axis counts
	sum     bool   // figures of rows can be added up, and are compared with the time before
}

// choice is a value and what it is called.
type choice struct{ value, words string }

// bar is a figure in the chart, with the class of its colour. Bars of a row are stacked unless the report says otherwise.
type bar struct{ field, words, class string }

// figure is a column of the table.
type figure struct {
	field, words string
	kind         figureKind
}

// figureKind is how a figure is shown.
type figureKind uint8

// The kinds.
const (
	aName    figureKind = iota // what a row is of
	aCount                     // a whole number
	aPart                      // 0 to 1, as percent
	inMillis                   // a time in milliseconds
	inSecs                     // in seconds
	anAnswer                   // yes or no
	anAmount                   // of money
)

// Names of what rows are of.
var rowNames = []figure{
	{"period", "report.period", aName},
	{"day", "report.period", aName},
	{"month", "report.period", aName},
	{"kind", "report.kind", aName},
	{"name", "report.name", aName},
	{"account", "report.account", aName},
	{"link", "report.link", aName},
	{"network", "report.network", aName},
	{"network_name", "report.networkname", aName},
	{"failure", "report.failure", aName},
}

// reports are all of them, in the order of the page.
func reports() []report { return slices.Concat(reportsOfMessages(), reportsOfTimes()) }

// What there can be a row for each of.
var (
	byPeriod  = choice{"period", "report.by.period"}
	byLink    = choice{"link", "report.by.link"}
	byAccount = choice{"account", "report.by.account"}
	byNetwork = choice{"network", "report.by.network"}
)

// reportsOfMessages are those of how many there were and what they cost.
func reportsOfMessages() []report {
	return []report{
		{
			name: "traffic", words: "report.traffic", lead: "report.traffic.lead", by: []choice{byPeriod, byAccount, byLink, byNetwork}, sum: true, unit: "report.unit.messages",
			figures: []figure{
				{"accepted", "report.accepted", aCount},
				{"parts", "report.parts", aCount},
				{"delivered", "report.delivered", aCount},
				{"sent", "report.sent", aCount},
				{"failed", "report.failed", aCount},
				{"inbound", "report.inbound", aCount},
			},
			chart: []bar{{"delivered", "report.delivered", "good"}, {"sent", "report.sent", "main"}, {"failed", "report.failed", "bad"}, {"inbound", "report.inbound", "wait"}},
		},
		{
			name: "quality", words: "report.quality", lead: "report.quality.lead", by: []choice{{"link,network", "report.by.both"}, byLink, byNetwork, {"failure", "report.by.failure"}, byAccount, byPeriod}, sum: true, unit: "report.unit.messages",
			figures: []figure{
				{"ended", "report.ended", aCount},
				{"delivered", "report.delivered", aCount},
				{"delivered_part", "report.deliveredpart", aPart},
				{"undeliverable", "report.undeliverable", aCount},
				{"rejected", "report.rejected", aCount},
				{"expired", "report.expired", aCount},
				{"unknown", "report.unknown", aCount},
			},
			chart: []bar{
				{"delivered", "report.delivered", "good"},
				{"undeliverable", "report.undeliverable", "bad"},
				{"rejected", "report.rejected", "main"},
				{"expired", "report.expired", "wait"},
				{"unknown", "report.unknown", "soft"},
			},
		},
		{
			name: "costs", words: "report.costs", lead: "report.costs.lead", right: account.SeeMoney, by: []choice{{"day", "report.by.period"}, {"month", "report.by.month"}, byAccount}, unit: "report.unit.money",
			figures: []figure{{"messages", "report.accepted", aCount}, {"cost", "report.cost", anAmount}, {"currency", "report.currency", aName}},
			chart:   []bar{{"cost", "report.cost", "main"}},
		},
		{
			name: "accounts", words: "report.accounts", lead: "report.accounts.lead", by: []choice{byAccount}, sum: true, unit: "report.unit.messages",
			figures: []figure{
				{"accepted", "report.accepted", aCount},
				{"accepted_part", "report.share", aPart},
				{"parts", "report.parts", aCount},
				{"delivered", "report.delivered", aCount},
				{"failed", "report.failed", aCount},
				{"delivered_part", "report.deliveredpart", aPart},
				{"inbound", "report.inbound", aCount},
			},
			chart: []bar{{"accepted", "report.accepted", "main"}},
		},
	}
}

// reportsOfTimes are those of how long something took, or was there.
func reportsOfTimes() []report {
	return []report{
		{
			name: "response", words: "report.response", lead: "report.response.lead", by: []choice{byLink, byPeriod, byAccount}, unit: "report.unit.seconds",
			figures: []figure{
				{"answers", "report.answers", aCount},
				{"answer_p50_ms", "report.answerhalf", inMillis},
				{"answer_p99_ms", "report.answermost", inMillis},
				{"deliveries", "report.deliveries", aCount},
				{"delivery_p50_ms", "report.deliveryhalf", inMillis},
				{"delivery_p90_ms", "report.deliverynine", inMillis},
				{"delivery_p99_ms", "report.deliverymost", inMillis},
				{"within_10s_part", "report.withinten", aPart},
			},
			chart: []bar{{"delivery_p90_ms", "report.deliverynine", "main"}},
		},
		{
			name: "availability", words: "report.availability", lead: "report.availability.lead", by: []choice{{"kind,name", "report.by.name"}, {"period,kind,name", "report.by.each"}}, unit: "report.unit.minutes",
			figures: []figure{
				{"available_part", "report.available", aPart},
				{"met", "report.met", anAnswer},
				{"down_s", "report.down", inSecs},
				{"outages", "report.outages", aCount},
				{"longest_s", "report.longest", inSecs},
				{"planned_s", "report.planned", inSecs},
				{"stopped_s", "report.stopped", inSecs},
				{"up_s", "report.up", inSecs},
			},
			chart: []bar{{"down_s", "report.down", "bad"}, {"planned_s", "report.planned", "soft"}},
		},
	}
}

// reportAsk is what the page is asked for.
type reportAsk struct {
	report  *report
	base    string // of the pages: /reports or /console/reports
	console bool
	by      string
	step    tally.Step
	since   time.Time
	until   time.Time
	zone    *time.Location
	narrow  url.Values // account, link and network
}

// reportAsked reads the address of the page; what makes no sense there is as if it were not given.
func (v *visit) reportAsked() *reportAsk {
	list, query := reports(), v.r.URL.Query()
	ask := &reportAsk{base: "/reports", console: strings.HasPrefix(v.r.URL.Path, consolePath), zone: v.account.Location(), narrow: url.Values{}}
	if ask.console {
		ask.base = consolePath + "/reports"
	}
	for i := range list {
		if r := &list[i]; v.sees(r.right) && (ask.report == nil || r.name == v.r.PathValue("report")) {
			ask.report = r
		}
	}
	if name := v.r.PathValue("report"); name != "" && ask.report.name != name {
		return nil
	}
	ask.by = ask.report.by[0].value
	for _, c := range ask.report.by {
		if c.value == query.Get("by") {
			ask.by = c.value
		}
	}
	now := v.Now().In(ask.zone)
	day := func(text string, otherwise time.Time) time.Time {
		if at, err := time.ParseInLocation(time.DateOnly, text, ask.zone); err == nil {
			return at
		}
		return otherwise
	}
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, ask.zone)
	ask.until = day(query.Get("until"), today.AddDate(0, 0, 1))
	ask.since = day(query.Get("since"), ask.until.AddDate(0, 0, -31))
	if !ask.until.After(ask.since) {
		ask.until = ask.since.AddDate(0, 0, 1)
	}
	ask.step = tally.Step(query.Get("step"))
	if days := ask.until.Sub(ask.since).Hours() / 24; !slices.Contains(tally.Steps(), ask.step) || ask.step == tally.Hour && days > 40 || ask.step == tally.Day && days > 800 {
		switch {
		case days <= 2:
			ask.step = tally.Hour
		case days <= 100:
			ask.step = tally.Day
		default:
			ask.step = tally.Month
		}
	}
	for _, name := range []string{"account", "link", "network"} {
		if text := strings.TrimSpace(query.Get(name)); text != "" {
			ask.narrow.Set(name, text)
		}
	}
	return ask
}

// rest gives the parameters of REST for a span.
func (ask *reportAsk) rest(since, until time.Time) url.Values {
	params := url.Values{"by": {ask.by}, "since": {since.Format(time.RFC3339)}, "until": {until.Format(time.RFC3339)}, "limit": {"1000"}}
	if ask.report.name == "costs" {
		if account := ask.narrow.Get("account"); account != "" {
			params.Set("account", account)
		}
		return params
	}
	params.Set("step", string(ask.step))
	params.Set("zone", ask.zone.String())
	if ask.report.name != "availability" {
		for name, values := range ask.narrow {
			params[name] = values
		}
	}
	return params
}

// path gives the address of the page with some parameters changed.
func (ask *reportAsk) path(report string, change ...string) string {
	params := url.Values{"since": {ask.since.Format(time.DateOnly)}, "until": {ask.until.Format(time.DateOnly)}, "step": {string(ask.step)}}
	for name, values := range ask.narrow {
		params[name] = values
	}
	if report == ask.report.name {
		params.Set("by", ask.by)
	}
	for i := 0; i+1 < len(change); i += 2 {
		params.Set(change[i], change[i+1])
	}
	return ask.base + "/" + report + "?" + params.Encode()
}

// reportPage shows a report, or gives it as a file.
func (v *visit) reportPage() {
	ask := v.reportAsked()
	if ask == nil {
		v.fail(http.StatusNotFound, "report.none")
		return
	}
	if !ask.console && v.account.Admin && !ask.narrow.Has("account") { // who may see all sees the own account's here
		var own []string
		for _, a := range v.Accounts().Below(v.account.Name) {
			own = append(own, a.Name)
		}
		ask.narrow.Set("account", strings.Join(own, ","))
		defer ask.narrow.Del("account")
	}
	rows, p := v.reportRows(ask, ask.since, ask.until)
	if p != nil {
		v.refused(p)
		return
	}
	if file := v.r.URL.Query().Get("export"); file != "" {
		v.exportReport(ask, rows, file)
		return
	}
	v.render(http.StatusOK, "reports", ask.report.words, v.reportView(ask, rows))
}

// reportRows reads all rows of a report in a span.
func (v *visit) reportRows(ask *reportAsk, since, until time.Time) (rows []row, p *problem) {
	asked := ask.rest(since, until)
	for {
		var page map[string]any
		got := v.rest(http.MethodGet, "/v1/reports/"+ask.report.name, asked, nil, nil)
		if p := got.problem(); p != nil {
			return nil, p
		}
		if err := got.read(&page); err != nil {
			return nil, &problem{Status: http.StatusInternalServerError, Detail: err.Error()}
		}
		rows = append(rows, rowsOf(page, ask.report.name)...)
		cursor, _ := page["cursor"].(string)
		if cursor == "" || len(rows) >= reportRowsMost {
			return rows, nil
		}
		asked.Set("cursor", cursor)
	}
}

// reportRowsMost bounds the rows of a page.
const reportRowsMost = 20 * resource.MaxLimit

// exportReport answers with a report as a file: figures as they are, not as people read them.
func (v *visit) exportReport(ask *reportAsk, rows []row, file string) {
	out := v.beginFile(file, ask.report.name)
	if out == nil {
		return
	}
	columns := ask.columns(rows)
	heads, cells := make([]string, len(columns)), make([]string, len(columns))
	for i, c := range columns {
		heads[i] = v.words(v.lang(), c.words)
	}
	out.Row(heads)
	for _, r := range rows {
		for i, c := range columns {
			cells[i] = r.text(c.field)
		}
		out.Row(cells)
	}
	_ = out.Close() // a client that has gone needs no answer
}

// columns gives the columns of the table: what rows are of, as far as they are of something, then the figures.
func (ask *reportAsk) columns(rows []row) (list []figure) {
	for _, name := range rowNames {
		by := strings.Contains(","+ask.by+",", ","+name.field+",") || name.field == "account" && ask.report.name == "accounts"
		if by || name.field == "network_name" && slices.ContainsFunc(rows, func(r row) bool { return r.text(name.field) != "" }) {
			list = append(list, name)
		}
	}
	return append(list, ask.report.figures...)
}
