package api

import (
	"net/http"
	"strconv"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
)

// duplicatesAtOnce is how many sets of contacts one answer has.
const duplicatesAtOnce = 50

// duplicatesView is contacts that may be one person.
type duplicatesView struct {
	By       string        `json:"by" enum:"name,mail" doc:"what they have in common"`
	Value    string        `json:"value" doc:"as it is compared"`
	Contacts []contactView `json:"contacts" doc:"at most 20"`
}

// duplicatesPage is the answer to GET /v1/contacts/duplicates.
type duplicatesPage struct {
	Duplicates []duplicatesView `json:"duplicates" doc:"in the order of what they have in common"`
	After      string           `json:"after,omitempty" doc:"for the parameter after, where there may be more"`
}

// duplicateKinds are what contacts can have in common.
var duplicateKinds = map[string]gateway.DuplicatesBy{"name": gateway.DuplicateNames, "mail": gateway.DuplicateMails}

// listDuplicates is GET /v1/contacts/duplicates: contacts with one name, or one mail address.
func (s *httpServer) listDuplicates(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	of, params, p := s.peopleOf(r, a, "by", "after")
	if p != nil {
		return p
	}
	by := params.Get("by")
	if by == "" {
		by = "name"
	}
	kind, known := duplicateKinds[by]
	if !known {
		return faulty(http.StatusBadRequest, codeBadValue, "by", "by is name or mail")
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	found, err := s.People.Duplicates(ctx, of.Account, kind, params.Get("after"), duplicatesAtOnce)
	if err != nil {
		return peopleProblem(err, "contact", "")
	}
	page := duplicatesPage{Duplicates: []duplicatesView{}}
	for _, d := range found {
		v := duplicatesView{By: by, Value: d.Value}
		for _, c := range d.Contacts {
			_, contact := viewContact(c)
			v.Contacts = append(v.Contacts, contact)
		}
		page.Duplicates = append(page.Duplicates, v)
	}
	if len(found) == duplicatesAtOnce {
		page.After = found[len(found)-1].Value
	}
	return answerJSON(w, page)
}

// mergeBody is the body of POST /v1/contacts/{contact}/merge.
type mergeBody struct {
	With []message.ID `json:"with" required:"true" doc:"ids of the others, which are deleted; at most 20"`
}

// mergeContacts is POST /v1/contacts/{contact}/merge: others become part of the contact.
func (s *httpServer) mergeContacts(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	of, _, p := s.peopleOf(r, a)
	if p != nil {
		return p
	}
	var body mergeBody
	if p := s.readJSON(w, r, a, &body); p != nil {
		return p
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	named := r.PathValue("contact")
	kept, err := s.People.FindContact(ctx, of.Account, named)
	if err == nil {
		kept, err = s.People.MergeContacts(ctx, of, kept.ID, body.With)
	}
	if err != nil {
		return peopleProblem(err, "contact", named)
	}
	_, v := viewContact(kept)
	w.Header().Set("ETag", `"`+strconv.FormatInt(kept.Revision, 10)+`"`)
	return answerJSON(w, v)
}

// contactGroupsView is the answer to GET /v1/contacts/{contact}/groups.
type contactGroupsView struct {
	Groups []contactGroupView `json:"groups" doc:"of the account, and of the user who asks"`
}

// contactGroupView is a group in which a contact is.
type contactGroupView struct {
	ID   message.ID `json:"id"`
	Name string     `json:"name"`
	Book string     `json:"book" enum:"company,own" doc:"whose the group is"`
}

// contactGroups is GET /v1/contacts/{contact}/groups: the groups of which it is a member itself, of the account and of the user.
func (s *httpServer) contactGroups(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	of, params, p := s.peopleOf(r, a)
	if p != nil {
		return p
	}
	ctx, cancel := lasting(r.Context(), s.Timeout)
	defer cancel()
	named := r.PathValue("contact")
	c, err := s.People.FindContact(ctx, of.Account, named)
	if err != nil {
		return peopleProblem(err, "contact", named)
	}
	owner := a.Name
	if params.Get("account") != "" {
		owner = params.Get("account")
	}
	view := contactGroupsView{Groups: []contactGroupView{}}
	for _, book := range []string{bookCompany, bookOwn} {
		at, p := bookOf(a, owner, book)
		if p != nil {
			continue
		}
		groups, err := s.People.GroupsOf(ctx, at, c.ID)
		if err != nil {
			return peopleProblem(err, "contact", named)
		}
		for _, g := range groups {
			view.Groups = append(view.Groups, contactGroupView{g.ID, g.Name, book})
		}
	}
	return answerJSON(w, view)
}
