package api

import (
	"cmp"
	"context"
	"errors"
	"net/http"

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

func viewOptOuts(list []gateway.OptOutState) []optOutView {
	rows := make([]optOutView, 0, len(list))
	for _, o := range list {
		v := optOutView{Account: o.Account, Phone: "+" + o.Phone, Said: "stop", At: showTime(o.At), Wrote: o.Wrote, Text: o.Text, By: o.By}
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
	ctx, cancel := context.WithTimeout(r.Context(), s.Timeout)
	defer cancel()
	found, last, err := s.OptOuts.Record(ctx, cmp.Or(q.Text("account"), scope(a)), q.Text("phone"), q.After, q.Limit)
	if err != nil {
		return readProblem(err, "opt-out")
	}
	page := map[string]any{"optouts": viewOptOuts(found)}
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
	ctx, cancel := context.WithTimeout(r.Context(), s.Timeout)
	defer cancel()
	record, _, err := s.OptOuts.Record(ctx, name, number, 0, mostRecord)
	if err != nil {
		return readProblem(err, "opt-out")
	}
	answer := struct {
		Account  string       `json:"account"`
		Phone    string       `json:"phone"`
		OptedOut bool         `json:"opted_out"`
		Record   []optOutView `json:"record"`
	}{name, "+" + number, out, viewOptOuts(record)}
	return answerJSON(w, &answer)
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
	var body struct {
		Note string `json:"note"`
	}
	if r.ContentLength != 0 {
		plain := r.Clone(r.Context())
		plain.URL.RawQuery = "" // read above
		if p := s.readJSON(w, plain, &body); p != nil {
			return p
		}
	}
	if len(body.Note) > mostNote {
		return faulty(http.StatusUnprocessableEntity, codeBadValue, "note", "the note has more than %d octets", mostNote)
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.Timeout)
	defer cancel()
	changed, err := s.OptOuts.Set(ctx, gateway.OptOutChange{Account: name, Phone: r.PathValue("phone"), In: in, By: a.Name, Note: body.Note})
	if p := optOutProblem(err, name); p != nil {
		return p
	}
	return answerJSON(w, map[string]bool{"opted_out": !in, "changed": changed})
}
