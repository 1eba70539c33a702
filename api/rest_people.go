package api

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"kurir/account"
	"kurir/directory"
	"kurir/gateway"
	"kurir/message"
	"kurir/resource"
)

// peoplePaths registers what accounts keep of people: contacts, groups, templates. Each account sees and changes its own;
// administrators those of others with the parameter account.
func (s *httpServer) peoplePaths() {
	g := s.People
	contacts := &peopleNoun[gateway.Contact, directory.Contact, contactView]{
		s, "contact", resource.Contacts(), g.Contacts, g.FindContact, g.PutContact, g.DeleteContact,
		func(c *gateway.Contact) (*directory.Contact, *gateway.Owned) { return &c.Contact, &c.Owned }, viewContact,
	}
	groups := &peopleNoun[gateway.Group, directory.Group, groupView]{
		s, "group", resource.Groups(), g.Groups, g.FindGroup, g.PutGroup, g.DeleteGroup,
		func(c *gateway.Group) (*directory.Group, *gateway.Owned) { return &c.Group, &c.Owned }, viewGroup,
	}
	templates := &peopleNoun[gateway.Template, directory.Template, templateView]{
		s, "template", resource.Templates(), g.Templates, g.FindTemplate, g.PutTemplate, g.DeleteTemplate,
		func(c *gateway.Template) (*directory.Template, *gateway.Owned) { return &c.Template, &c.Owned }, viewTemplate,
	}
	const read, write = account.PeopleRead, account.PeopleWrite
	s.rest("/v1/contacts", methods{http.MethodGet: anyone(read, contacts.getAll), http.MethodPost: anyoneOrOwn(write, contacts.post)})
	s.rest("/v1/contacts/import", methods{http.MethodPost: anyoneOrOwn(write, s.importContacts)})
	s.rest("/v1/contacts/duplicates", methods{http.MethodGet: anyone(read, s.listDuplicates)})
	s.rest("/v1/contacts/{contact}", methods{http.MethodGet: anyone(read, contacts.get), http.MethodPatch: anyoneOrOwn(write, contacts.patch), http.MethodDelete: anyoneOrOwn(write, contacts.remove)})
	s.rest("/v1/contacts/{contact}/merge", methods{http.MethodPost: anyoneOrOwn(write, s.mergeContacts)})
	s.rest("/v1/contacts/{contact}/groups", methods{http.MethodGet: anyone(read, s.contactGroups)})
	s.rest("/v1/groups", methods{http.MethodGet: anyone(read, groups.getAll), http.MethodPost: anyoneOrOwn(write, groups.post)})
	s.rest("/v1/groups/{group}", methods{http.MethodGet: anyone(read, groups.get), http.MethodPatch: anyoneOrOwn(write, groups.patch), http.MethodDelete: anyoneOrOwn(write, groups.remove)})
	s.rest("/v1/groups/{group}/members", methods{http.MethodGet: anyone(read, s.listMembers), http.MethodPost: anyoneOrOwn(write, s.postMembers)})
	s.rest("/v1/groups/{group}/members/{member}", methods{http.MethodGet: anyone(read, s.getMember), http.MethodDelete: anyoneOrOwn(write, s.deleteMember)})
	s.rest("/v1/templates", methods{http.MethodGet: anyone(read, templates.getAll), http.MethodPost: anyoneOrOwn(write, templates.post)})
	s.rest("/v1/templates/{template}", methods{http.MethodGet: anyone(read, templates.get), http.MethodPatch: anyoneOrOwn(write, templates.patch), http.MethodDelete: anyoneOrOwn(write, templates.remove)})
	s.describePeople()
}

// peopleNoun serves one of contacts, groups and templates: T is one with its owner, D what people say of it, V how it is
// shown.
type peopleNoun[T, D, V any] struct {
	s      *httpServer
	name   string // in the singular, as paths have it
	noun   *resource.Noun
	list   func(context.Context, gateway.PeopleFilter) ([]*T, error)
	find   func(ctx context.Context, account, named string) (*T, error)
	put    func(ctx context.Context, of gateway.PeopleOf, id message.ID, revision int64, edit func(*D) error, key *gateway.Answering[*T]) (*T, error)
	delete func(ctx context.Context, of gateway.PeopleOf, id message.ID, revision int64) error
	of     func(*T) (*D, *gateway.Owned)
	show   func(*T) (message.ID, V)
}

// getAll is GET /v1/contacts and the like.
func (n *peopleNoun[T, D, V]) getAll(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	return listPeople(n.s, w, r, a, n.name+"s", n.noun, n.list, n.show)
}

// answer answers with one and its revision as ETag.
func (n *peopleNoun[T, D, V]) answer(w http.ResponseWriter, status int, row *T) *problem {
	body, tag, err := n.shown(row)
	if err != nil {
		return &problem{Status: http.StatusInternalServerError, Code: codeInternal, Detail: "the answer could not be written"}
	}
	w.Header().Set("ETag", tag)
	writeJSON(w, status, body)
	return nil
}

func (n *peopleNoun[T, D, V]) shown(row *T) (body []byte, tag string, err error) {
	_, view := n.show(row)
	_, owned := n.of(row)
	body, err = marshal(&view)
	return body, etagOf(owned.Revision), err
}

// post is POST /v1/contacts and the like.
func (n *peopleNoun[T, D, V]) post(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	of, params, p := n.s.peopleOf(r, a)
	if p != nil {
		return p
	}
	body := new(D)
	if p := n.s.readJSON(w, r, a, body); p != nil {
		return p
	}
	ctx, cancel := lasting(r.Context(), n.s.Timeout)
	defer cancel()
	where := func(row *T) string {
		_, owned := n.of(row)
		at := n.s.link(r, r.URL.Path+"/"+owned.ID.String())
		if params.Get("account") == a.Name {
			params.Del("account")
		}
		if len(params) > 0 {
			at += "?" + params.Encode()
		}
		return at
	}
	row, err := n.put(ctx, of, 0, 0, func(d *D) error {
		*d = *body
		return nil
	}, answering(w, func(row *T) []byte {
		body, tag, _ := n.shown(row) // what cannot be written is not written in the answer either
		return appendAnswer(nil, http.StatusCreated, where(row), tag, body)
	}))
	if err != nil {
		return peopleProblem(err, n.name, "")
	}
	w.Header().Set("Location", where(row))
	return n.answer(w, http.StatusCreated, row)
}

// get is GET /v1/contacts/{contact} and the like: by id or name.
func (n *peopleNoun[T, D, V]) get(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	of, _, p := n.s.peopleOf(r, a)
	if p != nil {
		return p
	}
	ctx, cancel := lasting(r.Context(), n.s.Timeout)
	defer cancel()
	row, err := n.find(ctx, of.Account, r.PathValue(n.name))
	if err != nil {
		return peopleProblem(err, n.name, r.PathValue(n.name))
	}
	return n.answer(w, http.StatusOK, row)
}

// change does what PATCH and DELETE have in common; do gets what the path names and the revision that it must have.
func (n *peopleNoun[T, D, V]) change(r *http.Request, a *account.Account, do func(context.Context, gateway.PeopleOf, *gateway.Owned, int64) error) *problem {
	of, _, p := n.s.peopleOf(r, a)
	if p != nil {
		return p
	}
	revision, p := revisionOf(r)
	if p != nil {
		return p
	}
	ctx, cancel := lasting(r.Context(), n.s.Timeout)
	defer cancel()
	named := r.PathValue(n.name)
	row, err := n.find(ctx, of.Account, named)
	if err == nil {
		_, owned := n.of(row)
		err = do(ctx, of, owned, revision)
	}
	return peopleProblem(err, n.name, named)
}

// patch is PATCH /v1/contacts/{contact} and the like: a merge patch (RFC 7396).
func (n *peopleNoun[T, D, V]) patch(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	var row *T
	p := n.change(r, a, func(ctx context.Context, of gateway.PeopleOf, have *gateway.Owned, revision int64) error {
		patch, p := n.s.readPatch(w, r, a)
		if p != nil {
			return p
		}
		var err error
		row, err = n.put(ctx, of, have.ID, revision, func(d *D) error {
			changed, err := patched(*d, patch)
			*d = changed
			return err
		}, nil)
		return err
	})
	if p != nil {
		return p
	}
	return n.answer(w, http.StatusOK, row)
}

// remove is DELETE /v1/contacts/{contact} and the like.
func (n *peopleNoun[T, D, V]) remove(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	var id message.ID
	p := n.change(r, a, func(ctx context.Context, of gateway.PeopleOf, have *gateway.Owned, revision int64) error {
		id = have.ID
		return n.delete(ctx, of, id, revision)
	})
	if p != nil {
		return p
	}
	return answerJSON(w, goneView{id})
}

// peopleOf tells whose people a request is about: those of the parameter account, which only administrators may give, else
// one's own. It takes the query out of the request; more are names of further parameters, which it gives.
func (s *httpServer) peopleOf(r *http.Request, a *account.Account, more ...string) (gateway.PeopleOf, url.Values, *problem) {
	of := gateway.PeopleOf{By: a.Actor()}
	params, p := parseQuery(r)
	if p != nil {
		return of, nil, p
	}
	known := append([]string{"account", "book"}, more...)
	for name, values := range params {
		switch {
		case !strings.Contains(" "+strings.Join(known, " ")+" ", " "+name+" "):
			return of, nil, faulty(http.StatusBadRequest, codeUnknownQuery, clip(name), "there is no parameter %q here; there are %s", clip(name), strings.Join(known, ", "))
		case len(values) > 1:
			return of, nil, faulty(http.StatusBadRequest, codeTwice, name, "%s is given more than once", name)
		}
	}
	r.URL.RawQuery = ""
	of.Account = cmp.Or(params.Get("account"), a.Name)
	if p := s.unknownAccount(a, "account", of.Account); p != nil {
		return of, nil, p
	}
	of.Account, p = bookOf(a, of.Account, params.Get("book"))
	return of, params, p
}

// Words of the parameter book.
const (
	bookCompany = "company" // the account's, which all of its users see
	bookOwn     = "own"     // the user's, which nobody else sees
)

// bookOf names the book of an account that a request is about.
func bookOf(a *account.Account, owner, book string) (string, *problem) {
	switch {
	case book == "" || book == bookCompany:
		return owner, nil
	case book != bookOwn:
		return "", faulty(http.StatusBadRequest, codeBadValue, "book", "book is company or own")
	case a.User() == "":
		return "", faulty(http.StatusForbidden, codeNoBook, "book", "users of the web pages have books of their own, accounts and their API keys have not")
	}
	return gateway.Book(owner, a.User()), nil
}

// codeNoBook is for the book of who has none.
const codeNoBook = "no_book"

// etagOf is a revision as the ETag that If-Match names.
func etagOf(revision int64) string { return `"` + strconv.FormatInt(revision, 10) + `"` }

// revisionOf reads If-Match; 0 for any revision.
func revisionOf(r *http.Request) (int64, *problem) {
	match := r.Header.Get("If-Match")
	if match == "" || match == "*" {
		return 0, nil
	}
	n, err := strconv.ParseInt(strings.Trim(match, `"`), 10, 64)
	if err != nil || n < 1 {
		return 0, faulty(http.StatusPreconditionFailed, codeOutdated, "If-Match", "If-Match is not an ETag of this interface, such as \"12\"")
	}
	return n, nil
}

// peopleReasons are the statuses and codes of why people are not changed.
var peopleReasons = map[gateway.PeopleReason]struct {
	status int
	code   string
}{
	gateway.PeopleInvalid:   {http.StatusUnprocessableEntity, codeBadValue},
	gateway.PeopleTaken:     {http.StatusConflict, codeTaken},
	gateway.PeopleOutdated:  {http.StatusPreconditionFailed, codeOutdated},
	gateway.PeopleNeeded:    {http.StatusConflict, codeNeeded},
	gateway.PeopleTooMany:   {http.StatusUnprocessableEntity, codeTooMany},
	gateway.PeopleAmbiguous: {http.StatusConflict, codeAmbiguous},
	gateway.PeopleGone:      {http.StatusNotFound, codeNotFound},
}

// codeAmbiguous is for a name that several have.
const codeAmbiguous = "ambiguous"

// peopleProblem is the answer to an error about a contact, group or template that the path names; nil for none.
func peopleProblem(err error, noun, named string) *problem {
	var refused *gateway.PeopleRefusal
	var f *message.Failure
	var p *problem
	switch {
	case err == nil:
		return nil
	case errors.As(err, &p):
		return p
	case errors.As(err, &refused):
		reason := peopleReasons[refused.Reason]
		p = &problem{Status: reason.status, Code: reason.code, Detail: refused.Error()}
		for i := range refused.Problems {
			if field := refused.Problems[i].Field; field != "" {
				p.Errors = append(p.Errors, fieldError{Index: -1, Field: field, Code: reason.code, Detail: refused.Problems[i].Error()})
			}
		}
		return p
	case errors.As(err, &f):
		return failed(f)
	case errors.Is(err, gateway.ErrNotFound):
		return faulty(http.StatusNotFound, codeNotFound, noun, "there is no %s %q", noun, clip(named))
	case errors.Is(err, context.DeadlineExceeded):
		return &problem{Status: http.StatusGatewayTimeout, Code: codeTimeout, Detail: "the database did not answer in time; look whether it was changed before the request is repeated"}
	}
	return readProblem(err, noun)
}

// inPeople is a page of people that a query asks for.
func inPeople(q *resource.Query, account string) gateway.PeopleFilter {
	return gateway.PeopleFilter{
		Account: account, Named: q.Text("name"), Search: q.Text("search"), Mobile: strings.TrimPrefix(q.Text("mobile"), "+"), Mail: q.Text("mail"),
		Language: q.Text("language"), ByName: q.Order.Field == "name", Descending: q.Order.Descending, After: message.ID(q.After), Limit: q.Limit,
	}
}

// listPeople answers with a page of an account's people, or with all of them as a table.
func listPeople[T, V any](
	s *httpServer, w http.ResponseWriter, r *http.Request, a *account.Account, key string, noun *resource.Noun,
	find func(context.Context, gateway.PeopleFilter) ([]T, error), show func(T) (message.ID, V),
) *problem {
	return listOwned(s, w, r, a, key, noun, func(ctx context.Context, q *resource.Query, account string) ([]T, error) {
		f := inPeople(q, account)
		f.Limit++ // is there more?
		found, err := find(ctx, f)
		if errors.Is(err, gateway.ErrNotFound) {
			err = faulty(http.StatusBadRequest, codeBadValue, "cursor", "the %s with which the page before ended has been deleted; begin again, or sort by id", noun.Name)
		}
		return found, err
	}, show)
}

// listOwned is listPeople for what is found in another way; find gives one row more than the query asks for if there is one.
func listOwned[T, V any](
	s *httpServer, w http.ResponseWriter, r *http.Request, a *account.Account, key string, noun *resource.Noun,
	find func(context.Context, *resource.Query, string) ([]T, error), show func(T) (message.ID, V),
) *problem {
	return listPages(s, w, r, a, key, noun, func(q *resource.Query) (pages[T], *problem) {
		owner := cmp.Or(q.Text("account"), a.Name)
		account, p := bookOf(a, owner, q.Text("book"))
		if p == nil {
			p = s.unknownAccount(a, "account", owner)
		}
		return func(ctx context.Context, q resource.Query) ([]T, message.ID, error) {
			found, err := find(ctx, &q, account)
			if err != nil {
				return nil, 0, peopleProblem(err, noun.Name, "")
			}
			if len(found) <= q.Limit {
				return found, 0, nil
			}
			last, _ := show(found[q.Limit-1])
			return found[:q.Limit], last, nil
		}, p
	}, show)
}

// readPatch reads the body of a PATCH: what changes, by RFC 7396.
func (s *httpServer) readPatch(w http.ResponseWriter, r *http.Request, a *account.Account) (patch map[string]any, p *problem) {
	if t, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); strings.EqualFold(strings.TrimSpace(t), "application/merge-patch+json") {
		r.Header.Set("Content-Type", "application/json")
	}
	p = s.readJSON(w, r, a, &patch)
	return patch, p
}

// patched gives a body with changes by RFC 7396, or what is wrong with them.
func patched[B any](body B, patch map[string]any) (B, error) {
	var old map[string]any
	var changed B
	text, err := json.Marshal(body)
	if err == nil {
		err = json.Unmarshal(text, &old)
	}
	if err == nil {
		text, err = json.Marshal(resource.Merge(old, patch))
	}
	if err != nil {
		return changed, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&changed); err != nil {
		return changed, undecoded(err)
	}
	return changed, nil
}
