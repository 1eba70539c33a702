package api

import (
	"net/http"
	"strings"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/gsm"
	"kurir/message"
	"kurir/resource"
	"kurir/route"
)

// explainBody is what POST /v1/routes/explain is asked.
type explainBody struct {
	Account   string `json:"account"`
	To        string `json:"to" required:"true"`
	From      string `json:"from"`
	Text      string `json:"text"`
	Encoding  string `json:"encoding" enum:"auto,gsm7,ucs2,latin1"`
	Interface string `json:"interface" enum:"rest,kannel,smpp"`
	At        string `json:"at" format:"date-time"`
	Tag       string `json:"tag"`
	Filter    bool   `json:"filter"` // ask the filters

	Dimensions map[string]string `json:"dimensions"`

	Change *routeDraft `json:"change" doc:"a route as if it were saved; for who may read the configuration"`
}

// routeDraft is a route that is thought about: made, or in place of what there is of its name.
type routeDraft struct {
	Name     string         `json:"name"`
	Position int64          `json:"position" doc:"among those made over REST, from 1; left out: stays, or comes last"`
	Value    map[string]any `json:"value" doc:"its fields"`
}

// withDraft explains by the rules that there would be with a route that is thought about. What is wrong with that bears change. before
// its field.
func (s *httpServer) withDraft(r *http.Request, a *account.Account, d *routeDraft) (func(*gateway.Submission, time.Time) (*gateway.Explained, *message.Failure), *problem) {
	if k := a.Key(); k != nil && !k.May(account.ConfigRead) {
		return nil, faulty(http.StatusForbidden, codeScope, "change", "a route that is not saved is explained for who has the scope %s", account.ConfigRead)
	}
	if p := needAdmin(a); p != nil {
		return nil, p
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	rules, err := s.Config.Routes(ctx, resource.Change{Action: resource.Replace, Kind: "routes", Name: d.Name, Value: d.Value, Position: d.Position, By: a.Actor()})
	if p := changeProblem(err); p != nil {
		for i := range p.Errors {
			p.Errors[i].Field = strings.TrimSuffix("change."+p.Errors[i].Field, ".")
		}
		return nil, p
	}
	return func(sub *gateway.Submission, at time.Time) (*gateway.Explained, *message.Failure) {
		return s.ExplainBy(rules, sub, at)
	}, nil
}

// ruleView is a rule that was considered.
type ruleView struct {
	Rule    int    `json:"rule"`
	Name    string `json:"name,omitempty"`
	Matched bool   `json:"matched"`
	Why     string `json:"why,omitempty"`
	Others  bool   `json:"-"` // Why names accounts or groups that the rule is for
}

// viewRules shows rules of routes to an account. Whose customers' rules there are is told to administrators only.
func viewRules(list []route.Considered, a *account.Account) []ruleView {
	views := make([]ruleView, 0, len(list))
	for _, c := range list {
		if c.Others && !a.Admin {
			c.Why = "the rule is for other accounts"
		}
		views = append(views, ruleView(c))
	}
	return views
}

// explainView is the answer.
type explainView struct {
	To         string          `json:"to"`
	From       string          `json:"from"`
	Encoding   gsm.Encoding    `json:"encoding"`
	Parts      int             `json:"parts"`
	Price      string          `json:"price,omitempty"` // what would be reserved: by the dearest link
	Currency   string          `json:"currency,omitempty"`
	Routes     []ruleView      `json:"routes"`
	Rewriting  []ruleView      `json:"rewriting,omitempty"` // rules about sender and recipient
	Candidates []candidateView `json:"candidates"`
	Filters    []string        `json:"filters,omitempty"`     // would be asked first, in order
	FilterSays string          `json:"filter_says,omitempty"` // allow, change or refuse; only if they were asked
	openingView
	Refused string `json:"refused,omitempty"`
}

type candidateView struct {
	Link string `json:"link"`
	Up   bool   `json:"up"`

	From    string `json:"from,omitempty"`
	Skipped string `json:"skipped,omitempty"`
	Price   string `json:"price,omitempty"`

	PricedBy *priceRowView `json:"priced_by,omitempty"`
}

func viewCandidate(c gateway.Candidate) candidateView {
	v := candidateView{Link: c.Link, Up: c.Up, From: c.From, Skipped: c.Skipped}
	if c.Cost != nil {
		v.Price = c.Cost.String()
		row := viewPriceRow(c.Row)
		v.PricedBy = &row
	}
	return v
}

// explainRoute is POST /v1/routes/explain: which rules were looked at for a
// message, why each did or did not match, and the links in order. Nothing is sent.
func (s *httpServer) explainRoute(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	var body explainBody
	if p := s.readJSON(w, r, a, &body); p != nil {
		return p
	}
	sub, at, p := s.explained(&body, a)
	if p != nil {
		return p
	}
	explain := s.Explain
	if body.Change != nil && s.Config.Routes != nil {
		if explain, p = s.withDraft(r, a, body.Change); p != nil {
			return p
		}
	} else if body.Filter {
		explain = func(sub *gateway.Submission, at time.Time) (*gateway.Explained, *message.Failure) {
			ctx, cancel := lasting(r.Context(), s.Timeout)
			defer cancel()
			return s.ExplainFiltered(ctx, sub, at)
		}
	}
	e, f := explain(sub, at)
	if f != nil {
		return refusedPreview(f)
	}
	v := explainView{Filters: e.Filters, FilterSays: e.FilterSays, To: e.To.String(), From: e.From.String(), Encoding: e.Encoding, Parts: e.Parts, Routes: viewRules(e.Rules, a), Candidates: []candidateView{}}
	for _, c := range e.Rewriting {
		v.Rewriting = append(v.Rewriting, ruleView(c))
	}
	for _, c := range e.Candidates {
		v.Candidates = append(v.Candidates, viewCandidate(c))
	}
	if e.Cost != nil {
		v.Price, v.Currency = e.Cost.Amount.String(), e.Cost.Currency
	}
	v.openingView = viewOpening(e.Opening)
	if e.Refusal != nil {
		v.Refused = e.Refusal.Error()
	}
	return answerJSON(w, &v)
}

// explained makes the submission that is asked about, and when it is to come.
func (s *httpServer) explained(body *explainBody, a *account.Account) (*gateway.Submission, time.Time, *problem) {
	at := time.Now()
	bad := func(field, format string, args ...any) (*gateway.Submission, time.Time, *problem) {
		return nil, at, faulty(http.StatusUnprocessableEntity, codeBadValue, field, format, args...)
	}
	if body.Account != "" && body.Account != a.Name {
		if p := needAdmin(a); p != nil {
			return nil, at, p
		}
		other := s.Accounts().ByName(body.Account)
		if other == nil {
			return nil, at, faulty(http.StatusNotFound, codeNotFound, "account", "there is no account %q", clip(body.Account))
		}
		a = other
	}
	sub := &gateway.Submission{Account: a, Via: message.ViaREST, To: body.To, From: body.From, Tag: body.Tag, Dimensions: body.Dimensions, Content: message.Content{Text: body.Text, Class: -1}}
	if body.To == "" {
		return bad("to", "to is missing: the recipient's number")
	}
	var err error
	if sub.Content.Want, err = gsm.ParseEncoding(body.Encoding); err != nil || sub.Content.Want == gsm.Binary {
		return bad("encoding", "encoding: %q is not one of auto, gsm7, ucs2, latin1", clip(body.Encoding))
	}
	if body.Interface != "" {
		var known bool
		if sub.Via, known = message.ParseInterface(body.Interface); !known {
			return bad("interface", "interface: %q is not one of %s", clip(body.Interface), strings.Join(message.InterfaceNames(), ", "))
		}
	}
	if body.At != "" {
		if at, err = time.Parse(time.RFC3339, body.At); err != nil {
			return bad("at", "at must be a time with its zone as in 2026-11-05T08:30:00+01:00")
		}
	}
	return sub, at, nil
}
