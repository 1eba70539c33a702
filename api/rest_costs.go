package api

import (
	"fmt"
	"net/http"
	"slices"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
	"kurir/resource"
	"kurir/sheet"
)

// costPaths registers what is about cost dimensions and what was put down to them.
func (s *httpServer) costPaths() {
	s.rest("/v1/dimensions", methods{http.MethodGet: anyone(account.MoneyRead, s.listDimensions)})
	s.rest("/v1/reports/costs", methods{http.MethodGet: anyone(account.MoneyRead, s.listCosts)})

	s.describe("GET /v1/dimensions", description{
		name: "listDimensions", summary: "What the cost of messages can be put down to", list: &listing{"dimensions", resource.Dimensions(), dimensionView{}},
		examples: []example{{call: "/v1/dimensions"}},
	})
	s.describe("GET /v1/reports/costs", description{
		name: "reportCosts", summary: "What messages cost, by what they were put down to",
		text: "In days of the account's time zone; the last 31 days unless since and until say otherwise. " + exportText,
		list: &listing{"costs", costsOfAny(), costView{}}, tables: []string{csvMedia, xlsxMedia, ndjsonMedia},
		query: append([]parameter{{"format", "of the answer: a page of JSON, or the whole list as a table", oneOf("json", asCSV, asNDJSON)}}, parameter{"dimensions", "values of cost dimensions by their names: `cost_centre=4711,4712`", &resource.Schema{
			Type: "object", Additional: &resource.Schema{Type: "string"},
		}}),
		examples: []example{{name: "page", call: "/v1/reports/costs?by=account&sort=-cost"}, {name: "table", call: "/v1/reports/costs?by=account&format=csv", media: csvMedia}},
	})
}

// costsOfAny is the report by dimensions whatever they are.
func costsOfAny() *resource.Noun {
	n := resource.Costs(nil)
	for i := range n.Fields {
		if f := &n.Fields[i]; f.Name == "by" {
			f.Type, f.Words = resource.Text, nil
		}
	}
	return n
}

// dimensionView is a cost dimension in answers.
type dimensionView struct {
	Name     string   `json:"name"`
	Values   []string `json:"values,omitempty"`
	Required bool     `json:"required"`
	Kannel   string   `json:"kannel,omitempty"`
	SMPP     string   `json:"smpp,omitempty"`
	Own      string   `json:"own,omitempty"` // value of the account that asks
}

// listDimensions is GET /v1/dimensions: what messages may name, and what of it the
// account has itself.
func (s *httpServer) listDimensions(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	find := func() ([]message.CostDimension, *problem) { return slices.Clone(s.Dimensions().List()), nil }
	cell := func(d *message.CostDimension, _ string) any { return d.Name }
	var own message.Dimensions
	if special := a.Special(); special != nil {
		own = special.Dimensions
	}
	return listRows(s, w, r, a, "dimensions", resource.Dimensions(), find, cell, func(d *message.CostDimension) dimensionView {
		return dimensionView{d.Name, d.Values, d.Required, d.Kannel, d.SMPP, own.Value(d.Name)}
	})
}

// costView is a row of the report; what it is not by is left out.
type costView struct {
	Day        string            `json:"day,omitempty"`
	Month      string            `json:"month,omitempty"`
	Account    string            `json:"account,omitempty"`
	Dimensions map[string]string `json:"dimensions,omitempty"`
	Messages   int64             `json:"messages"`
	Cost       message.Amount    `json:"cost"`
	Currency   string            `json:"currency,omitempty"`
}

// costRow is what the rows of the report differ in.
type costRow struct {
	day, month, account, currency string
	dimensions                    message.Dimensions
}

// costSpan is how far a report goes back that does not say.
const costSpan = 31 * 24 * time.Hour

// listCosts is GET /v1/reports/costs: what messages cost by what they were put down
// to, in days of the zone of the account that asks.
func (s *httpServer) listCosts(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	params, p := parseQuery(r)
	if p != nil {
		return p
	}
	form, p := exportForm(r, params, reportForms)
	if p != nil {
		return p
	}
	names := s.Dimensions().Names()
	noun := resource.Costs(names)
	q, wrong := noun.Parse(params, "")
	if len(wrong) > 0 {
		return badParameters(wrong)
	}
	if p := unknownNames(s, a, noun, &q, func(string, string) bool { return false }); p != nil {
		return p
	}
	by := slices.Concat([]string{"day", "account"}, names)
	until := time.Now()
	since := until.Add(-costSpan)
	q.Filters = slices.DeleteFunc(q.Filters, func(f resource.Filter) bool {
		switch {
		case f.Field == "by":
			by = nil
			for _, v := range f.Values {
				by = append(by, v.Text)
			}
		case f.Op == resource.From:
			since = f.Values[0].Time
		case f.Op == resource.Until:
			until = f.Values[0].Time
		default:
			return false
		}
		return true
	})
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	found, err := s.Costs(ctx, scope(a), since, until, a.Location())
	if err != nil {
		return readProblem(err, "report")
	}
	sums := sumCosts(found, &q, by)
	if form != "" {
		q.Limit = max(len(sums), 1)
		rows, _ := resource.Rows(q, sums, costCell)
		return exportCosts(w, form, by, rows)
	}
	rows, next := resource.Rows(q, sums, costCell)
	page := map[string]any{"costs": rows}
	if next != 0 {
		page["next"], page["cursor"] = noun.Next(s.link(r, r.URL.Path), q, next), noun.Cursor(q, next)
	}
	return answerJSON(w, page)
}

// sumCosts adds up what is alike in all that by names, of what the conditions on
// account, currency and dimensions leave.
func sumCosts(found []gateway.CostSum, q *resource.Query, by []string) []costView {
	rows := []costView{}
	at := map[costRow]int{}
	for i := range found {
		f := &found[i]
		have := func(name string) string {
			switch {
			case name == "account":
				return f.Account
			case name == "currency":
				return f.Currency
			case f.Dimensions == "*":
				return "*"
			}
			return f.Dimensions.Value(name)
		}
		if slices.ContainsFunc(q.Filters, func(c resource.Filter) bool {
			return !slices.ContainsFunc(c.Values, func(v resource.Value) bool { return v.Text == have(c.Field) })
		}) {
			continue
		}
		k := costRow{currency: f.Currency}
		values := map[string]string{}
		for _, name := range by {
			switch name {
			case "day":
				k.day = f.Day
			case "month":
				k.month = f.Day[:len("2026-11")]
			case "account":
				k.account = f.Account
			default:
				values[name] = have(name)
			}
		}
		k.dimensions = message.DimensionsOf(values)
		n, known := at[k]
		if !known {
			n, at[k] = len(rows), len(rows)
			rows = append(rows, costView{Day: k.day, Month: k.month, Account: k.account, Dimensions: k.dimensions.Map(), Currency: k.currency})
		}
		rows[n].Messages += f.Messages
		rows[n].Cost += f.Cost
	}
	// What is left of the conditions is of columns that may not be there any more.
	q.Filters = nil
	return rows
}

func costCell(v *costView, field string) any {
	switch field {
	case "account":
		return v.Account
	case "currency":
		return v.Currency
	case "day":
		return v.Day + v.Month
	case "messages":
		return v.Messages
	case "cost":
		return int64(v.Cost)
	}
	return v.Dimensions[field]
}

// exportCosts answers with all rows, as a table with a column for each of what they are by.
func exportCosts(w http.ResponseWriter, form string, by []string, rows []costView) *problem {
	w.Header().Set("Content-Type", exportTypes[form])
	w.Header().Set("Content-Disposition", `attachment; filename="costs.`+form+`"`)
	if form == asNDJSON {
		write, _ := rowWriter[costView](form, w)
		for i := range rows {
			write(&rows[i])
		}
		return nil
	}
	columns := slices.Concat(by, []string{"messages", "cost", "currency"})
	table := sheet.NewWriter(w, form)
	table.Row(columns)
	cells := make([]string, len(columns))
	for i := range rows {
		for k, column := range columns {
			switch column {
			case "day":
				cells[k] = rows[i].Day
			case "month":
				cells[k] = rows[i].Month
			case "cost":
				cells[k] = rows[i].Cost.String()
			default:
				cells[k] = fmt.Sprint(costCell(&rows[i], column))
			}
		}
		table.Row(cells)
	}
	_ = table.Close() // a client that has gone needs no answer
	return nil
}
