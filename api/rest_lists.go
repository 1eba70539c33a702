package api

import (
	"cmp"
	"context"
	"errors"
	"net/http"

	"kurir/account"
	"kurir/directory"
	"kurir/gateway"
	"kurir/message"
	"kurir/resource"
)

// ListsOptions is what /v1/lists is made of: methods of *gateway.Gateway.
type ListsOptions struct {
	All     func() []gateway.ListState
	Change  func(ctx context.Context, c gateway.ListChange) (gateway.ListChanged, error)
	Entries func(ctx context.Context, list string, skip int64, n int) ([]gateway.ListEntryState, error)
	Find    func(list, text string) (entry string, inFile bool, err error)
}

// listPaths registers what is about number lists, which administrators alone see.
func (s *httpServer) listPaths() {
	s.rest("/v1/lists", methods{http.MethodGet: admins(account.ListsRead, s.listLists)})
	s.rest("/v1/lists/{list}/entries", methods{http.MethodGet: admins(account.ListsRead, s.listEntries), http.MethodPost: admins(account.ListsWrite, s.postEntries)})
	s.rest("/v1/lists/{list}/entries/{entry}", methods{http.MethodGet: admins(account.ListsRead, s.getEntry), http.MethodDelete: admins(account.ListsWrite, s.deleteEntry)})

	s.describe("GET /v1/lists", description{
		name: "listLists", summary: "Number lists", list: &listing{"lists", resource.Lists(), listView{}}, examples: []example{{call: "/v1/lists?kind=block"}},
	})
	s.describe("GET /v1/lists/{list}/entries", description{
		name: "listEntries", summary: "Entries that were made over REST", list: &listing{"entries", resource.ListEntries(), entryView{}},
		examples: []example{{call: "/v1/lists/dnd/entries?limit=1"}},
	})
	s.describe("POST /v1/lists/{list}/entries", description{
		name: "changeEntries", summary: "Add and remove entries", text: "May be repeated: what is there is not added, what is not there not removed.",
		body: entriesBody{}, answers: map[int]any{http.StatusOK: listChangedView{}}, also: []int{http.StatusGatewayTimeout},
		examples: []example{{call: "/v1/lists/dnd/entries", body: `{"add":["+46701234599","+4673*"],"remove":["+46701234501"],"note":"asked by phone"}`}},
	})
	s.describe("GET /v1/lists/{list}/entries/{entry}", description{
		name: "findEntry", summary: "Whether a number or name falls under a list, and by which entry", answers: map[int]any{http.StatusOK: listedView{}},
		examples: []example{{name: "listed", call: "/v1/lists/dnd/entries/+46701234501"}, {name: "free", call: "/v1/lists/dnd/entries/+46701234567"}},
	})
	s.describe("DELETE /v1/lists/{list}/entries/{entry}", description{
		name: "deleteEntry", summary: "Remove an entry", answers: map[int]any{http.StatusOK: listChangedView{}}, also: []int{http.StatusUnprocessableEntity, http.StatusGatewayTimeout},
		examples: []example{{call: "/v1/lists/dnd/entries/+46701234502"}},
	})
}

// listChangedView is what a change of a list came to.
type listChangedView struct {
	Added   int `json:"added"`
	Entries int `json:"entries" doc:"that were made over REST and are there now"`
	Removed int `json:"removed"`
}

// listedView tells whether something falls under a list.
type listedView struct {
	Listed bool   `json:"listed"`
	Entry  string `json:"entry,omitempty" doc:"by which it does"`
	InFile bool   `json:"in_file,omitempty" doc:"that entry stands in the list's file"`
}

// listView is a number list in answers.
type listView struct {
	Name     string   `json:"name"`
	Kind     string   `json:"kind"`
	Of       string   `json:"of"`
	Accounts []string `json:"accounts,omitempty"`
	Routes   []string `json:"routes,omitempty"`
	File     string   `json:"file,omitempty"`
	InFile   int      `json:"entries_in_file"`
	InREST   int      `json:"entries"`
}

func (s *httpServer) listLists(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	find := func() ([]gateway.ListState, *problem) { return s.Lists.All(), nil }
	of := func(l *gateway.ListState) string { return cmp.Or(l.Of, directory.OfRecipients) }
	cell := func(l *gateway.ListState, field string) any {
		switch field {
		case "kind":
			return l.Kind
		case "of":
			return of(l)
		}
		return l.Name
	}
	return listRows(s, w, r, a, "lists", resource.Lists(), find, cell, func(l *gateway.ListState) listView {
		return listView{l.Name, l.Kind, of(l), l.Accounts, l.Routes, l.File, l.InFile, l.InREST}
	})
}

// listProblem is the answer to an error of a list; nil for none.
func listProblem(err error, name string) *problem {
	var f *message.Failure
	var entry *gateway.EntryError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &f):
		return failed(f)
	case errors.Is(err, gateway.ErrNoList):
		return faulty(http.StatusNotFound, codeNotFound, "list", "there is no list %q; lists stand in the configuration under lists", clip(name))
	case errors.Is(err, gateway.ErrManyEntries), errors.Is(err, gateway.ErrManyPatterns):
		return faulty(http.StatusUnprocessableEntity, codeTooMany, "add", "%v", err)
	case errors.As(err, &entry):
		return faulty(http.StatusUnprocessableEntity, codeBadValue, entry.Field, "%v", err)
	case errors.Is(err, context.DeadlineExceeded):
		return &problem{Status: http.StatusGatewayTimeout, Code: codeTimeout, Detail: "the database did not answer in time; the same request may be repeated"}
	}
	return readProblem(err, "entry")
}

// entryView is an entry that came over REST.
type entryView struct {
	Entry string `json:"entry"`
	At    string `json:"at"`
	By    string `json:"by"`
	Note  string `json:"note,omitempty"`
}

func (s *httpServer) listEntries(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	params, p := parseQuery(r)
	if p != nil {
		return p
	}
	noun := resource.ListEntries()
	q, wrong := noun.Parse(params, "")
	if len(wrong) > 0 {
		return badParameters(wrong)
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	name := r.PathValue("list")
	found, err := s.Lists.Entries(ctx, name, q.After, q.Limit+1)
	if err != nil {
		return listProblem(err, name)
	}
	rows := make([]entryView, 0, len(found))
	for _, e := range found[:min(len(found), q.Limit)] {
		rows = append(rows, entryView{e.Entry, showTime(e.At), e.By, e.Note})
	}
	page := map[string]any{"entries": rows}
	if next := q.After + int64(q.Limit); len(found) > q.Limit {
		page["next"], page["cursor"] = noun.Next(s.link(r, r.URL.Path), q, next), noun.Cursor(q, next)
	}
	return answerJSON(w, page)
}

// entriesBody is the body of POST /v1/lists/{list}/entries.
type entriesBody struct {
	Add    []string `json:"add"`
	Remove []string `json:"remove"`
	Note   string   `json:"note"`
}

// postEntries adds and removes entries. It may be repeated: what is there is not
// added, what is not there not removed.
func (s *httpServer) postEntries(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	var body entriesBody
	if p := s.readJSON(w, r, a, &body); p != nil {
		return p
	}
	switch {
	case len(body.Add)+len(body.Remove) == 0:
		return faulty(http.StatusUnprocessableEntity, codeRequired, "add", "add or remove is missing: lists of numbers, beginnings (+46*) or names")
	case len(body.Note) > mostNote:
		return faulty(http.StatusUnprocessableEntity, codeBadValue, "note", "the note has more than %d octets", mostNote)
	}
	return s.changeList(w, r, gateway.ListChange{List: r.PathValue("list"), Add: body.Add, Remove: body.Remove, By: a.Actor(), Note: body.Note})
}

func (s *httpServer) deleteEntry(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	if p := noQuery(r); p != nil {
		return p
	}
	return s.changeList(w, r, gateway.ListChange{List: r.PathValue("list"), Remove: []string{r.PathValue("entry")}, By: a.Actor()})
}

func (s *httpServer) changeList(w http.ResponseWriter, r *http.Request, c gateway.ListChange) *problem {
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	changed, err := s.Lists.Change(ctx, c)
	if p := listProblem(err, c.List); p != nil {
		return p
	}
	if changed.Added+changed.Removed > 0 {
		s.Log.Info("list is changed", "list", c.List, "added", changed.Added, "removed", changed.Removed, "by", c.By)
	}
	return answerJSON(w, &listChangedView{changed.Added, changed.Entries, changed.Removed})
}

// getEntry says whether a number or name falls under the list.
func (s *httpServer) getEntry(w http.ResponseWriter, r *http.Request, _ *account.Account) *problem {
	if p := noQuery(r); p != nil {
		return p
	}
	name := r.PathValue("list")
	entry, inFile, err := s.Lists.Find(name, r.PathValue("entry"))
	if p := listProblem(err, name); p != nil {
		return p
	}
	return answerJSON(w, &listedView{entry != "", entry, inFile})
}
