package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"kurir/account"
	"kurir/directory"
)

// book is the address book that a page is of.
type book struct {
	Path  string // before its pages; empty for the account's
	Makes bool   // the user may change it
	query url.Values
}

// book tells which one the page is of.
func (v *visit) book() *book {
	if strings.HasPrefix(v.r.URL.Path, ownPath+"/") {
		return &book{Path: ownPath, Makes: v.user.May(account.SendMessages), query: url.Values{"book": {"own"}}}
	}
	return &book{Makes: v.user.May(account.ChangePeople), query: url.Values{}}
}

// Own tells whether it is the user's.
func (b *book) Own() bool { return b.Path != "" }

// with gives the parameters of a request about it, with one more.
func (b *book) with(name, value string) url.Values {
	query := url.Values{name: {value}}
	for have, values := range b.query {
		query[have] = values
	}
	return query
}

// contactForm is a contact as people fill it in.
type contactForm struct {
	*book
	ID       string
	Revision string
	Values   map[string]string // by field; fields: name: value, one a line
	Wrong    map[string]string
	Top      []string
	Groups   []bookGroup
	Talks    string // page of the conversation; empty for none
	Done     bool   // it was kept just now
}

type bookGroup struct{ Path, Name string }

// contactFields are those of the form, in its order.
var contactFields = []string{"name", "mobile", "pager", "mail", "addresses", "usual", "language", "note", "fields"}

// Fields names the fields of the form.
func (f *contactForm) Fields() []string { return contactFields }

func (v *visit) readContact(b *book) *contactForm {
	f := &contactForm{book: b, ID: v.r.PathValue("id"), Revision: v.r.PostForm.Get("revision"), Values: map[string]string{}}
	for _, name := range contactFields {
		f.Values[name] = strings.TrimSpace(strings.ReplaceAll(v.r.PostForm.Get(name), "\r\n", "\n"))
	}
	return f
}

// body is what REST is told. had are the contact's own fields as they are, of which those that are left out go.
func (f *contactForm) body(had map[string]any) map[string]any {
	body := map[string]any{}
	for _, name := range contactFields[:len(contactFields)-1] {
		body[name] = f.Values[name]
	}
	body["addresses"] = append([]directory.ContactAddress{}, directory.ParseContactAddresses(f.Values["addresses"])...)
	fields := map[string]any{}
	for name := range had {
		fields[name] = nil
	}
	for line := range strings.SplitSeq(f.Values["fields"], "\n") {
		if name, value, _ := strings.Cut(line, ":"); strings.TrimSpace(line) != "" {
			fields[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	if len(fields) > 0 {
		body["fields"] = fields
	}
	return body
}

// refuse puts what REST says beside the fields.
func (f *contactForm) refuse(p *problem) {
	f.Wrong = map[string]string{}
	for _, e := range p.Errors {
		field, _, _ := strings.Cut(e.Field, ".")
		field, _, _ = strings.Cut(field, "[")
		if !slices.Contains(contactFields, field) {
			f.Top = append(f.Top, e.Detail)
			continue
		}
		f.Wrong[field] = strings.TrimPrefix(e.Detail, e.Field+": ")
	}
	if len(p.Errors) == 0 {
		f.Top = append(f.Top, p.Detail)
	}
}

func (v *visit) newContactPage() {
	f := &contactForm{book: v.book(), Values: map[string]string{"mobile": v.r.URL.Query().Get("mobile")}}
	v.render(http.StatusOK, "contact", "books.newcontact", f)
}

// newContact makes a contact.
func (v *visit) newContact() {
	f := v.readContact(v.book())
	made := v.rest(http.MethodPost, "/v1/contacts", f.query, f.body(nil), nil)
	if p := made.problem(); p != nil {
		f.refuse(p)
		v.render(p.Status, "contact", "books.newcontact", f)
		return
	}
	var r row
	if made.read(&r) != nil {
		v.redirect(f.Path + "/contacts")
		return
	}
	v.redirect(f.Path + "/contacts/" + url.PathEscape(r.text("id")) + "?kept=1")
}

// restContact is the path of the contact that a page is about.
func (v *visit) restContact(more string) string {
	return "/v1/contacts/" + url.PathEscape(v.r.PathValue("id")) + more
}

// contactPage shows a contact: as a form to who may change it.
func (v *visit) contactPage() {
	b := v.book()
	var r row
	if !v.get(v.restContact(""), b.query, &r) {
		return
	}
	f := &contactForm{book: b, ID: r.text("id"), Revision: r.text("revision"), Values: map[string]string{}, Done: v.r.URL.Query().Has("kept")}
	for _, name := range contactFields {
		f.Values[name] = r.text(name)
	}
	f.Values["fields"], f.Values["addresses"] = linesOf(r["fields"]), addressLines(r["addresses"])
	v.showContact(http.StatusOK, f)
}

func (v *visit) showContact(status int, f *contactForm) {
	var groups struct {
		Groups []struct{ ID, Name, Book string }
	}
	if got := v.rest(http.MethodGet, v.restContact("/groups"), f.query, nil, nil); got.ok() && got.read(&groups) == nil {
		for _, g := range groups.Groups {
			at := "/groups/" + url.PathEscape(g.ID)
			if g.Book == "own" {
				at = ownPath + at
			}
			f.Groups = append(f.Groups, bookGroup{at, g.Name})
		}
	}
	if number := f.Values["mobile"]; number != "" && v.user.May(account.SeeMessages) {
		f.Talks = talkPath(number)
	}
	v.render(status, "contact", "books.contact", f)
}

// linesOf writes texts by name, one a line, in the order of the names.
func linesOf(fields any) string {
	object, _ := fields.(map[string]any)
	lines := make([]string, 0, len(object))
	for name, value := range object {
		lines = append(lines, name+": "+textOf(value))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// addressLines writes the further addresses of a contact, one a line.
func addressLines(addresses any) string {
	list, _ := addresses.([]any)
	lines := make([]string, 0, len(list))
	for _, one := range list {
		object, _ := one.(map[string]any)
		a := directory.ContactAddress{Kind: directory.AddressKind(textOf(object["kind"])), Address: textOf(object["address"]), Label: textOf(object["label"])}
		lines = append(lines, a.String())
	}
	return strings.Join(lines, "\n")
}

// Usuals are what the form offers as the usual address: what is filled in, and the further addresses.
func (f *contactForm) Usuals() (list []string) {
	for _, kind := range [...]string{"mobile", "pager", "mail"} {
		if f.Values[kind] != "" || f.Values["usual"] == kind {
			list = append(list, kind)
		}
	}
	for _, a := range directory.ParseContactAddresses(f.Values["addresses"]) {
		if a.Address != f.Values["mobile"] && a.Address != f.Values["pager"] && a.Address != f.Values["mail"] {
			list = append(list, a.Address)
		}
	}
	if usual := f.Values["usual"]; usual != "" && !slices.Contains(list, usual) {
		list = append(list, usual)
	}
	return list
}

// changeContact keeps what is filled in, unless somebody has changed the contact since it was shown.
func (v *visit) changeContact() {
	f := v.readContact(v.book())
	var have row
	if !v.get(v.restContact(""), f.query, &have) {
		return
	}
	had, _ := have["fields"].(map[string]any)
	got := v.rest(http.MethodPatch, v.restContact(""), f.query, f.body(had), http.Header{"If-Match": {`"` + f.Revision + `"`}})
	if p := got.problem(); p != nil {
		f.refuse(p)
		v.showContact(p.Status, f)
		return
	}
	v.redirect(f.Path + "/contacts/" + url.PathEscape(f.ID) + "?kept=1")
}

// deleteContact deletes a contact.
func (v *visit) deleteContact() {
	b := v.book()
	if p := v.rest(http.MethodDelete, v.restContact(""), b.query, nil, nil).problem(); p != nil {
		v.refused(p)
		return
	}
	v.redirect(b.Path + "/contacts")
}

// contactsFile answers with all contacts as a file that an import takes.
func (v *visit) contactsFile() {
	b, form := v.book(), v.r.PathValue("form")
	if !slices.Contains([]string{"csv", "xlsx", "vcf"}, form) {
		v.fail(http.StatusNotFound, "error.file")
		return
	}
	r, err := v.request(http.MethodGet, "/v1/contacts", b.with("format", form), nil, nil)
	if err != nil {
		v.fail(http.StatusInternalServerError, "error.database")
		return
	}
	v.REST(v.account, v.w, r)
}
