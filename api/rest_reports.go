package api

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
	"kurir/resource"
	"kurir/sheet"
	"kurir/tally"
)

// ReportsOptions is what reports are made of.
type ReportsOptions struct {
	// Counts is Gateway.Counts.
	Counts func(ctx context.Context, cut *tally.Cut, periods bool, kinds []gateway.CountKind, want func(account, link string) bool) ([]gateway.Count, error)
	// Presence is Gateway.Presence.
	Presence func(ctx context.Context, within tally.Span) ([]gateway.Present, error)
	// Networks gives country and name of networks by their codes.
	Networks func() map[string]message.Network
}

// reportDays is how many days a report has that does not say, today among them.
const reportDays = 31

// asked is what a report is asked for.
type asked struct {
	query    resource.Query
	cut      *tally.Cut
	step     tally.Step
	by       []string
	accounts map[string]bool // that it is of; nil for all
	links    map[string]bool // likewise
	networks map[string]bool // likewise
	all      bool            // of the whole server, also what is no account's
	names    map[string]message.Network
}

// is tells whether there are rows for each of a name.
func (q *asked) is(name string) bool { return slices.Contains(q.by, name) }

// wants tells whether an account and link are what is asked for.
func (q *asked) wants(account, link string) bool {
	return (q.accounts == nil || q.accounts[account]) && (q.links == nil || q.links[link])
}

// period names a period: 2026-11, 2026-11-28 or 2026-11-28T13:00+01:00.
func (q *asked) period(i int) string {
	start := q.cut.Starts[i]
	switch q.step {
	case tally.Month:
		return start.Format("2006-01")
	case tally.Day:
		return start.Format(time.DateOnly)
	}
	return start.Format("2006-01-02T15:04Z07:00")
}

// parseReport reads what is asked for. by is what a report has rows for that does not say.
func (s *httpServer) parseReport(params map[string][]string, a *account.Account, noun *resource.Noun, by ...string) (*asked, *problem) {
	q, wrong := noun.Parse(params, "")
	if len(wrong) > 0 {
		return nil, badParameters(wrong)
	}
	out := &asked{query: q, step: tally.Day, by: by, all: a.Admin}
	zone, until := a.Location(), s.Now()
	var since time.Time
	for _, f := range q.Filters {
		switch {
		case f.Op == resource.From:
			since = f.Values[0].Time
		case f.Op == resource.Until:
			until = f.Values[0].Time
		case f.Field == "by":
			out.by = texts(f.Values)
		case f.Field == "step":
			out.step = tally.Step(f.Values[0].Text)
		case f.Field == "zone":
			found, err := time.LoadLocation(f.Values[0].Text)
			if err != nil || strings.EqualFold(f.Values[0].Text, "local") {
				return nil, faulty(http.StatusBadRequest, codeBadValue, "zone", "%q is no time zone, such as Europe/Stockholm", clip(f.Values[0].Text))
			}
			zone = found
		case f.Field == "account":
			out.accounts, out.all = setOf(texts(f.Values)), false
		case f.Field == "link":
			out.links = setOf(texts(f.Values))
		case f.Field == "network":
			out.networks = setOf(texts(f.Values))
		}
	}
	if since.IsZero() {
		day := until.In(zone)
		since = time.Date(day.Year(), day.Month(), day.Day()-reportDays+1, 0, 0, 0, 0, zone)
	}
	var err error
	if out.cut, err = tally.Periods(since, until, out.step, zone); err != nil {
		return nil, faulty(http.StatusBadRequest, codeBadValue, "since", "%v", err)
	}
	if p := s.reportedAccounts(a, out); p != nil {
		return nil, p
	}
	if s.Reports.Networks != nil {
		out.names = s.Reports.Networks()
	}
	out.query.Filters = slices.DeleteFunc(out.query.Filters, func(f resource.Filter) bool { return f.Field != "kind" && f.Field != "name" })
	return out, nil
}

// reportedAccounts sees to it that a report is only of what the account may see: itself, for a user of the web pages also those
// below it, or everything.
func (s *httpServer) reportedAccounts(a *account.Account, q *asked) *problem {
	if a.Admin {
		for name := range q.accounts {
			if p := s.unknownAccount(a, "account", name); p != nil {
				return p
			}
		}
		return nil
	}
	own := map[string]bool{a.Name: true}
	if a.Actor() != a.Name {
		for _, below := range s.Accounts().Below(a.Name) {
			own[below.Name] = true
		}
	}
	for name := range q.accounts {
		if !own[name] {
			return needAdmin(a)
		}
	}
	if q.accounts == nil {
		q.accounts = own
	}
	return nil
}

func texts(values []resource.Value) (list []string) {
	for _, v := range values {
		list = append(list, v.Text)
	}
	return list
}

func setOf(list []string) map[string]bool {
	set := map[string]bool{}
	for _, one := range list {
		set[one] = true
	}
	return set
}

// summed are sums in the making: a row of V for each combination of what a report is by, in the order in which they come.
type summed[V any] struct {
	q    *asked
	at   map[dimensions]int
	rows []V
	keys []dimensions
}

// dimensions is what rows differ in; what a report is not by is empty in all.
type dimensions struct{ period, account, link, network, failure string }

// row gives the row that a count belongs to, nil if it is of a network that is not asked for.
func (s *summed[V]) row(c *gateway.Count) *V {
	q := s.q
	if q.networks != nil && !q.networks[c.Network] {
		return nil
	}
	var k dimensions
	if q.is("period") {
		k.period = q.period(c.Period)
	}
	if q.is("account") {
		k.account = c.Account
	}
	if q.is("link") {
		k.link = c.Link
	}
	if q.is("network") {
		k.network = c.Network
	}
	if q.is("failure") {
		k.failure = c.Failure.Code()
	}
	return s.of(k)
}

func (s *summed[V]) of(k dimensions) *V {
	n, known := s.at[k]
	if !known {
		var zero V
		n, s.at[k] = len(s.rows), len(s.rows)
		s.rows, s.keys = append(s.rows, zero), append(s.keys, k)
	}
	return &s.rows[n]
}

// sums reads counts of some kinds and has each added to its row.
func sums[V any](s *httpServer, r *http.Request, q *asked, kinds []gateway.CountKind, add func(row *V, c *gateway.Count)) (*summed[V], *problem) {
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	periods := q.is("period")
	counts, err := s.Reports.Counts(ctx, q.cut, periods, kinds, q.wants)
	if err != nil {
		return nil, readProblem(err, "report")
	}
	out := &summed[V]{q: q, at: map[dimensions]int{}}
	if periods && len(q.by) == 1 { // a time in which nothing was has its row
		for i := range q.cut.Starts {
			out.of(dimensions{period: q.period(i)})
		}
	}
	for i := range counts {
		if row := out.row(&counts[i]); row != nil {
			add(row, &counts[i])
		}
	}
	return out, nil
}

// reportForms are the forms of a report besides JSON.
var reportForms = []string{asCSV, asXLSX, asNDJSON}

// xlsxMedia is the media type of a workbook.
const xlsxMedia = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// answerReport answers with rows: a page of JSON, or all of them as a table.
func answerReport[V any](s *httpServer, w http.ResponseWriter, r *http.Request, key, form string, noun *resource.Noun, q *asked, rows []V, cell func(*V, string) any) *problem {
	query := q.query
	if form != "" {
		query.Limit, query.After = max(len(rows), 1), 0
	}
	found, next := resource.Rows(query, rows, cell)
	switch form {
	case "":
		page := map[string]any{key: found}
		if found == nil {
			page[key] = []V{}
		}
		if next != 0 {
			page["next"], page["cursor"] = noun.Next(s.link(r, r.URL.Path), query, next), noun.Cursor(query, next)
		}
		return answerJSON(w, page)
	case asNDJSON:
		w.Header().Set("Content-Type", exportTypes[form])
		write, _ := rowWriter[V](form, w)
		for i := range found {
			write(&found[i])
		}
		return nil
	}
	w.Header().Set("Content-Type", sheet.MediaType(form))
	w.Header().Set("Content-Disposition", `attachment; filename="`+key+"."+form+`"`)
	out := sheet.NewWriter(w, form)
	columns := columnsOf(reflect.TypeFor[V]())
	cells := make([]string, len(columns))
	for i, c := range columns {
		cells[i] = c.name
	}
	out.Row(cells)
	for i := range found {
		row := reflect.ValueOf(&found[i]).Elem()
		for k, c := range columns {
			cells[k] = plainCell(row.Field(c.at))
		}
		out.Row(cells)
	}
	_ = out.Close() // a client that has gone needs no answer
	return nil
}

// plainCell writes a value for a sheet, which looks after what would be calculated.
func plainCell(v reflect.Value) string {
	switch {
	case v.Kind() == reflect.Pointer && v.IsNil():
		return ""
	case v.Kind() == reflect.Pointer:
		return fmt.Sprint(v.Elem().Interface())
	}
	return fmt.Sprint(v.Interface())
}
