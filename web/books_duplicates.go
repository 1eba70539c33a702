package web

import (
	"net/http"
	"net/url"
)

// duplicatesView is contacts that may be one person.
type duplicatesView struct {
	*book
	By   string
	Sets []duplicateSet
	Next string
	Done bool
}

type duplicateSet struct {
	Value    string
	Contacts []duplicateContact
}

type duplicateContact struct{ ID, Name, Mobile, Pager, Mail, Note string }

// duplicatesPage shows contacts with one name or one mail address.
func (v *visit) duplicatesPage() {
	shown := &duplicatesView{book: v.book(), By: "name", Done: v.r.URL.Query().Has("kept")}
	if v.r.URL.Query().Get("by") == "mail" {
		shown.By = "mail"
	}
	query := shown.with("by", shown.By)
	if after := v.r.URL.Query().Get("after"); after != "" {
		query.Set("after", after)
	}
	var page struct {
		Duplicates []duplicateSet
		After      string
	}
	if !v.get("/v1/contacts/duplicates", query, &page) {
		return
	}
	shown.Sets = page.Duplicates
	if page.After != "" {
		shown.Next = v.r.URL.Path + "?" + url.Values{"by": {shown.By}, "after": {page.After}}.Encode()
	}
	v.render(http.StatusOK, "duplicates", "books.duplicates", shown)
}

// mergeContacts makes one contact of those that are ticked: that which is kept, and the others.
func (v *visit) mergeContacts() {
	b, fields := v.book(), v.r.PostForm
	keep := fields.Get("keep")
	with := []string{}
	for _, id := range fields["with"] {
		if id != keep {
			with = append(with, id)
		}
	}
	got := v.rest(http.MethodPost, "/v1/contacts/"+url.PathEscape(keep)+"/merge", b.query, map[string]any{"with": with}, nil)
	if p := got.problem(); p != nil {
		v.refused(p)
		return
	}
	v.redirect(b.Path + "/contacts/duplicates?" + url.Values{"by": {fields.Get("by")}, "kept": {"1"}}.Encode())
}
