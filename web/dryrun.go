package web

import (
	"maps"
	"net/http"
	"net/url"
	"strings"

	"kurir/resource"
)

// dryRun is a message that is asked about, and what would become of it: by POST /v1/routes/explain, or of one from a phone by
// POST /v1/inbound/explain.
type dryRun struct {
	Inbound  bool
	Draft    bool              // what stands in the form beside it counts, not what is saved
	Asked    map[string]string // to, from, text, account, link
	Accounts []string
	Links    []string
	Result   *dryResult
	Problem  *problem
}

// dryResult is what REST answers, of both.
type dryResult struct {
	To         string         `json:"to"`
	From       string         `json:"from"`
	Encoding   string         `json:"encoding"`
	Parts      int            `json:"parts"`
	Price      string         `json:"price"`
	Currency   string         `json:"currency"`
	Refused    string         `json:"refused"`
	Rewriting  []dryRule      `json:"rewriting"`
	Before     []dryRule      `json:"before"`
	Routes     []dryRule      `json:"routes"`
	Rules      []dryRule      `json:"rules"`
	Behind     []dryRule      `json:"behind"`
	Candidates []dryCandidate `json:"candidates"`
	Account    string         `json:"account"`
	Answers    string         `json:"answers"` // id of a message
	Goes       []string       `json:"goes"`
	Clashes    []string       `json:"clashes"`
}

type dryRule struct {
	Rule    int    `json:"rule"`
	Name    string `json:"name"`
	Matched bool   `json:"matched"`
	Why     string `json:"why"`
}

type dryCandidate struct {
	Link     string `json:"link"`
	Up       bool   `json:"up"`
	From     string `json:"from"`
	Skipped  string `json:"skipped"`
	Price    string `json:"price"`
	PricedBy *struct {
		List        string `json:"list"`
		Currency    string `json:"currency"`
		Destination string `json:"destination"`
		Network     string `json:"network"`
		Link        string `json:"link"`
		Price       string `json:"price"`
	} `json:"priced_by"`
}

// dryFields are what is asked about a message.
func dryFields(inbound bool) []string {
	if inbound {
		return []string{"to", "from", "text", "link"}
	}
	return []string{"to", "from", "text", "account"}
}

// newDryRun is one with what was typed: fields that begin with "try.".
func (v *visit) newDryRun(inbound bool, typed url.Values) *dryRun {
	d := &dryRun{Inbound: inbound, Asked: map[string]string{}}
	for _, field := range dryFields(inbound) {
		d.Asked[field] = strings.TrimSpace(typed.Get("try." + field))
	}
	if inbound {
		d.Links = v.settingNames("connectors")
		return d
	}
	for _, a := range v.accounts() {
		d.Accounts = append(d.Accounts, a.Name)
	}
	if d.Asked["account"] == "" && v.account != nil {
		d.Asked["account"] = v.account.Name
	}
	return d
}

// run asks REST; change is what counts besides what is in force, nil for nothing.
func (v *visit) run(d *dryRun, change map[string]any) {
	body := map[string]any{}
	for field, text := range d.Asked {
		if text != "" {
			body[field] = text
		}
	}
	path := "/v1/routes/explain"
	if d.Inbound {
		path = "/v1/inbound/explain"
	}
	if change != nil {
		body["change"] = change
	}
	got := v.rest(http.MethodPost, path, nil, body, nil)
	if d.Problem = got.problem(); d.Problem != nil {
		return
	}
	d.Result = &dryResult{}
	if err := got.read(d.Result); err != nil {
		d.Result, d.Problem = nil, &problem{Status: http.StatusInternalServerError, Detail: err.Error()}
		return
	}
	d.Result.say(v.inWords)
}

// say puts what REST answered into the user's language.
func (r *dryResult) say(in func(string) string) {
	r.Refused = in(r.Refused)
	for _, rules := range [][]dryRule{r.Rewriting, r.Before, r.Routes, r.Rules, r.Behind} {
		for i := range rules {
			rules[i].Why = in(rules[i].Why)
		}
	}
	for i := range r.Candidates {
		r.Candidates[i].Skipped = in(r.Candidates[i].Skipped)
	}
	for _, list := range [][]string{r.Goes, r.Clashes} {
		for i := range list {
			list[i] = in(list[i])
		}
	}
}

// dryView is what a page with a dry run alone shows.
type dryView struct{ Dry *dryRun }

// dryRunPage asks about a message by what is in force.
func (v *visit) dryRunPage() {
	typed := v.r.URL.Query()
	d := v.newDryRun(typed.Has("inbound"), typed)
	if typed.Get("try.to") != "" {
		v.run(d, nil)
	}
	title := "dry.title"
	if d.Inbound {
		title = "dry.inbound"
	}
	status := http.StatusOK
	if d.Problem != nil {
		status = d.Problem.Status
	}
	v.render(status, "dryrun", title, &dryView{Dry: d})
}

// dryBeside is the dry run beside a form; nil beside those that have none.
func (v *visit) dryBeside(s resource.Setting) *dryRun {
	if s.Kind != "routes" && s.Kind != "inbound" {
		return nil
	}
	d := v.newDryRun(s.Kind == "inbound", v.r.PostForm)
	d.Draft = s.Kind == "routes"
	return d
}

// tryBeside asks about a message as if what was typed into the form were saved; where it is an inbound rule, as it is saved.
func (v *visit) tryBeside(s resource.Setting, shown *settingView, value map[string]any) {
	var change map[string]any
	if s.Kind == "routes" && shown.Changes {
		value = maps.Clone(value)
		name, _ := value[s.Key].(string)
		if name == "" {
			name = "?"
			value[s.Key] = name
		}
		change = map[string]any{"name": name, "value": value}
	}
	v.run(shown.Dry, change)
	p := shown.Dry.Problem
	if p == nil {
		return
	}
	of := &problem{Detail: p.Detail} // what is wrong with the route itself stands in its form
	for _, e := range p.Errors {
		if field, ok := strings.CutPrefix(e.Field, "change"); ok {
			e.Field = strings.TrimPrefix(field, ".")
			of.Errors = append(of.Errors, e)
		}
	}
	if len(of.Errors) > 0 {
		shown.Form.show(of)
		shown.Dry.Problem = nil
	}
}
