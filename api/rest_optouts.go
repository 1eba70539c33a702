package api

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
	"kurir/resource"
)

// OptOutsOptions is what /v1/optouts is made of: methods of *gateway.Gateway.
type OptOutsOptions struct {
	Record func(ctx context.Context, account, phone string, before int64, n int) ([]gateway.OptOutState, int64, error)
	Is     func(account, phone string) (number string, out bool, err error)
	Set    func(ctx context.Context, c gateway.OptOutChange) (bool, error)
}

// optOutPaths registers what is about phones that opted out. Ordinary accounts
// see and change their own.
func (s *httpServer) optOutPaths() {
	s.rest("/v1/optouts", methods{http.MethodGet: anyone(account.OptOutsRead, s.listOptOuts)})
	s.rest("/v1/optouts/{phone}", methods{http.MethodGet: anyone(account.OptOutsRead, s.getOptOut), http.MethodPut: anyone(account.OptOutsWrite, s.putOptOut), http.MethodDelete: anyone(account.OptOutsWrite, s.deleteOptOut)})

	of := []parameter{{name: "account", text: "whose; another than one's own is for accounts that may administrate"}}
	s.describe("GET /v1/optouts", description{
		name: "listOptOuts", summary: "Who opted out and in again, newest first", list: &listing{"optouts", resource.OptOuts(), optOutView{}},
		examples: []example{{call: "/v1/optouts?limit=1"}},
	})
	s.describe("GET /v1/optouts/{phone}", description{
		name: "getOptOut", summary: "Whether a phone has opted out, and its record", query: of, answers: map[int]any{http.StatusOK: phoneOptOutView{}},
		also: []int{http.StatusConflict, http.StatusUnprocessableEntity}, examples: []example{{call: "/v1/optouts/+46701234501"}},
	})
	s.describe("PUT /v1/optouts/{phone}", description{
		name: "optOut", summary: "Send a phone no more", query: of, body: noteBody{}, answers: map[int]any{http.StatusOK: optedView{}},
		also: []int{http.StatusConflict}, examples: []example{{call: "/v1/optouts/+46701234502", body: `{"note":"asked by phone"}`}},
	})
	s.describe("DELETE /v1/optouts/{phone}", description{
		name: "optIn", summary: "Send a phone messages again", query: of, body: noteBody{}, answers: map[int]any{http.StatusOK: optedView{}},
		also: []int{http.StatusConflict}, examples: []example{{call: "/v1/optouts/+46701234501"}},
	})
}

// noteBody is a note about a change.
type noteBody struct {
	Note string `json:"note"`
}

// optedView is how a phone stands, and whether that is new.
type optedView struct {
	Changed  bool `json:"changed"`
	OptedOut bool `json:"opted_out"`
}

// phoneOptOutView is how a phone stands, and what it said.
type phoneOptOutView struct {
	Account  string       `json:"account"`
	Phone    string       `json:"phone"`
	OptedOut bool         `json:"opted_out"`
	Record   []optOutView `json:"record" doc:"newest first, at most 100"`
}

// optOutView is one line of the record.
type optOutView struct {
	Account string `json:"account"`
	Phone   string `json:"phone"`
	Said    string `json:"said"`
	At      string `json:"at"`
	Wrote   string `json:"wrote_to,omitempty"`
	Text    string `json:"text,omitempty"`
	Inbound string `json:"inbound,omitempty"`
	By      string `json:"by,omitempty"`
}

// viewOptOuts shows a record to who asks: what phones wrote, and notes, which may quote it, to who may see texts alone.
func viewOptOuts(list []gateway.OptOutState, a *account.Account) []optOutView {
	rows := make([]optOutView, 0, len(list))
	for _, o := range list {
		v := optOutView{Account: o.Account, Phone: "+" + o.Phone, Said: "stop", At: showTime(o.At), Wrote: plus(o.Wrote), Text: o.Text, By: o.By}
		if !a.SeesTextsOf(o.Account) {
			v.Text = ""
		}
		if o.In {
			v.Said = "start"
		}
		if o.Inbound != 0 {
			v.Inbound = o.Inbound.String()
		}
		rows = append(rows, v)
	}
	return rows
}

// plus writes a number of ours as others are shown; short codes stay as they are.
func plus(number string) string {
	if len(number) <= 8 || strings.Trim(number, "0123456789") != "" {
		return number
	}
	return "+" + number
}

// listOptOuts is GET /v1/optouts: the record, the newest first.
func (s *httpServer) listOptOuts(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	params, p := parseQuery(r)
	if p != nil {
		return p
	}
	noun := resource.OptOuts()
	q, wrong := noun.Parse(params, cmp.Or(a.Country, s.Country()))
	if len(wrong) > 0 {
		return badParameters(wrong)
	}
	if p := unknownNames(s, a, noun, &q, func(string, string) bool { return true }); p != nil {
		return p
	}
	if !q.Order.Descending {
		return faulty(http.StatusBadRequest, codeBadValue, "sort", "the record is read from its end: sort=-at")
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	found, last, err := s.OptOuts.Record(ctx, cmp.Or(q.Text("account"), scope(a)), q.Text("phone"), q.After, q.Limit)
	if err != nil {
		return readProblem(err, "opt-out")
	}
	page := map[string]any{"optouts": viewOptOuts(found, a)}
	if len(found) == q.Limit {
		page["next"], page["cursor"] = noun.Next(s.link(r, r.URL.Path), q, last), noun.Cursor(q, last)
	}
	return answerJSON(w, page)
}

// optOutAccount is the account that a request for one phone is about: that of
// the parameter account, which only an administrator may give, else his own.
func (s *httpServer) optOutAccount(r *http.Request, a *account.Account) (string, *problem) {
	params, p := parseQuery(r)
	if p != nil {
		return "", p
	}
	for name := range params {
		if name != "account" {
			return "", faulty(http.StatusBadRequest, codeUnknownQuery, clip(name), "there is no parameter %q here; account is known", clip(name))
		}
	}
	name := cmp.Or(params.Get("account"), a.Name)
	return name, s.unknownAccount(a, "account", name)
}

// optOutProblem is the answer to an error; nil for none.
func optOutProblem(err error, name string) *problem {
	var f *message.Failure
	switch {
	case err == nil:
		return nil
	case errors.As(err, &f):
		return failed(f)
	case errors.Is(err, gateway.ErrNoOptOut):
		return faulty(http.StatusConflict, codeNoOptOut, "account", "the account %s has no opt_out; whoever keeps the configuration gives it one with opt_out: {}", clip(name))
	case errors.Is(err, gateway.ErrBadPhone):
		return faulty(http.StatusUnprocessableEntity, codeBadValue, "phone", "%v", err)
	}
	return readProblem(err, "opt-out")
}

// mostRecord is how many lines of the record of one phone are shown, the newest.
const mostRecord = 100

// getOptOut is GET /v1/optouts/{phone}: whether it has opted out, and its record.
func (s *httpServer) getOptOut(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	name, p := s.optOutAccount(r, a)
	if p != nil {
		return p
	}
	number, out, err := s.OptOuts.Is(name, r.PathValue("phone"))
	if p := optOutProblem(err, name); p != nil {
		return p
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	record, _, err := s.OptOuts.Record(ctx, name, number, 0, mostRecord)
	if err != nil {
		return readProblem(err, "opt-out")
	}
	return answerJSON(w, &phoneOptOutView{name, "+" + number, out, viewOptOuts(record, a)})
}

// putOptOut is PUT /v1/optouts/{phone}: it opts out. The body may bring a note.
func (s *httpServer) putOptOut(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	return s.setOptOut(w, r, a, false)
}

// deleteOptOut is DELETE /v1/optouts/{phone}: it opts in again.
func (s *httpServer) deleteOptOut(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	return s.setOptOut(w, r, a, true)
}

func (s *httpServer) setOptOut(w http.ResponseWriter, r *http.Request, a *account.Account, in bool) *problem {
	name, p := s.optOutAccount(r, a)
	if p != nil {
		return p
	}
	var body noteBody
	if r.ContentLength != 0 {
		plain := r.Clone(r.Context())
		plain.URL.RawQuery = "" // read above
		if p := s.readJSON(w, plain, a, &body); p != nil {
			return p
		}
	}
	if len(body.Note) > mostNote {
		return faulty(http.StatusUnprocessableEntity, codeBadValue, "note", "the note has more than %d octets", mostNote)
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	changed, err := s.OptOuts.Set(ctx, gateway.OptOutChange{Account: name, Phone: r.PathValue("phone"), In: in, By: a.Actor(), Note: body.Note})
	if p := optOutProblem(err, name); p != nil {
		return p
	}
	return answerJSON(w, &optedView{changed, !in})
}
