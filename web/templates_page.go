package web

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"kurir/account"
	"kurir/resource"
)

// templatesPath is where the texts are that an account keeps.
const templatesPath = "/templates"

// pagesOfTemplates are those of the texts that an account keeps, with placeholders: for everybody who writes to see, for who keeps them to
// change. They are made here, or of what is written (saveTemplate).
func pagesOfTemplates() []page {
	const see, keep = account.SendMessages, account.ChangePeople
	return []page{
		{pattern: "GET " + templatesPath, right: see, list: templatesList()},
		{pattern: "GET " + templatesPath + "/new", right: keep, serve: (*visit).newTemplatePage},
		{pattern: "POST " + templatesPath + "/new", right: keep, serve: (*visit).newTemplate},
		{pattern: "GET " + templatesPath + "/{id}", right: see, serve: (*visit).templatePage},
		{pattern: "POST " + templatesPath + "/{id}", right: keep, serve: (*visit).changeTemplate},
		{pattern: "POST " + templatesPath + "/{id}/delete", right: keep, serve: (*visit).deleteTemplate},
	}
}

// templatesList is the list of them.
func templatesList() *listPage {
	return &listPage{
		title: "texts.title", lead: "texts.lead", rest: "/v1/templates", rows: "templates", noun: resource.Templates,
		query: url.Values{}, filters: []string{"search"}, link: templatesPath + "/{id}",
		columns: []column{{field: "name"}, {field: "text", kind: longText}, {field: "note", kind: longText}},
		acts:    []listAct{{templatesPath + "/new", "texts.new", account.ChangePeople}},
	}
}

// templateView is a template as its page shows it.
type templateView struct {
	ID, Revision, Name, Text, Note string
	Texts                          []templateText
	Makes                          bool
	Problem                        *problem
	Done                           bool
}

// templateText is a template in a language.
type templateText struct{ Lang, Text string }

// templateLanguages are those that every template has a field for.
var templateLanguages = [...]string{"en", "sv"}

// setTexts takes the texts in other languages than that of the text itself.
func (t *templateView) setTexts(texts map[string]string) {
	for _, lang := range templateLanguages {
		if _, has := texts[lang]; !has {
			texts[lang] = ""
		}
	}
	for _, lang := range slices.Sorted(maps.Keys(texts)) {
		t.Texts = append(t.Texts, templateText{lang, texts[lang]})
	}
}

// body is the template for REST, which takes out a text that is null.
func (t *templateView) body() map[string]any {
	texts := map[string]any{}
	for _, in := range t.Texts {
		switch {
		case in.Text != "":
			texts[in.Lang] = in.Text
		case t.ID != "":
			texts[in.Lang] = nil
		}
	}
	return map[string]any{"name": t.Name, "text": t.Text, "texts": texts, "note": t.Note}
}

func (v *visit) restTemplate() string { return "/v1/templates/" + url.PathEscape(v.r.PathValue("id")) }

func (v *visit) newTemplatePage() {
	t := &templateView{Makes: true}
	t.setTexts(map[string]string{})
	v.render(http.StatusOK, "texttemplate", "texts.new", t)
}

// readTemplate reads the form.
func (v *visit) readTemplate() *templateView {
	fields := v.r.PostForm
	lines := func(name string) string { return strings.ReplaceAll(fields.Get(name), "\r\n", "\n") }
	t := &templateView{ID: v.r.PathValue("id"), Revision: fields.Get("revision"), Name: strings.TrimSpace(fields.Get("name")), Text: lines("text"), Note: strings.TrimSpace(lines("note")), Makes: true}
	texts := map[string]string{}
	for name := range fields {
		if lang, is := strings.CutPrefix(name, "text."); is {
			texts[lang] = lines(name)
		}
	}
	t.setTexts(texts)
	return t
}

// newTemplate makes a template.
func (v *visit) newTemplate() {
	t := v.readTemplate()
	if t.Problem = v.rest(http.MethodPost, "/v1/templates", nil, t.body(), nil).problem(); t.Problem != nil {
		v.render(t.Problem.Status, "texttemplate", "texts.new", t)
		return
	}
	v.redirect(templatesPath)
}

// templatePage shows a template.
func (v *visit) templatePage() {
	var r struct {
		ID       string            `json:"id"`
		Name     string            `json:"name"`
		Text     string            `json:"text"`
		Texts    map[string]string `json:"texts"`
		Note     string            `json:"note"`
		Revision json.Number       `json:"revision"`
	}
	if !v.get(v.restTemplate(), nil, &r) {
		return
	}
	t := &templateView{ID: r.ID, Revision: r.Revision.String(), Name: r.Name, Text: r.Text, Note: r.Note, Makes: v.sees(account.ChangePeople), Done: v.r.URL.Query().Has("kept")}
	if r.Texts == nil {
		r.Texts = map[string]string{}
	}
	t.setTexts(r.Texts)
	v.render(http.StatusOK, "texttemplate", "texts.one", t)
}

// changeTemplate keeps what was typed.
func (v *visit) changeTemplate() {
	t := v.readTemplate()
	got := v.rest(http.MethodPatch, v.restTemplate(), nil, t.body(), http.Header{"If-Match": {`"` + t.Revision + `"`}})
	if t.Problem = got.problem(); t.Problem != nil {
		v.render(t.Problem.Status, "texttemplate", "texts.one", t)
		return
	}
	v.redirect(templatesPath + "/" + url.PathEscape(t.ID) + "?kept=1")
}

// deleteTemplate deletes a template.
func (v *visit) deleteTemplate() {
	if p := v.rest(http.MethodDelete, v.restTemplate(), nil, nil, nil).problem(); p != nil {
		v.refused(p)
		return
	}
	v.redirect(templatesPath)
}
