package web

import (
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"

	"kurir/account"
	"kurir/directory"
	"kurir/gateway"
)

// templatesShown is how many templates are offered.
const templatesShown = 200

// withTemplates offers the account's templates.
func (v *visit) withTemplates(shown *composeView) {
	shown.Saves = v.user.May(account.ChangePeople)
	shown.AllTemplates = v.looks().Sees("templates")
	list, err := v.Core.Templates(v.r.Context(), gateway.PeopleFilter{Account: v.account.Name, ByName: true, Limit: templatesShown})
	if err != nil {
		return // the page is of use without them
	}
	for _, t := range list {
		shown.Templates = append(shown.Templates, t.Name)
	}
	shown.Template = v.r.PostForm.Get("template")
}

// useTemplate puts the template that was chosen in the place of the text, in the user's language.
func (v *visit) useTemplate(f *composeForm) *formError {
	t, err := v.Core.FindTemplate(v.r.Context(), v.account.Name, v.r.PostForm.Get("template"))
	switch {
	case errors.Is(err, gateway.ErrNotFound):
		return &formError{Field: "text", Key: "template.none"}
	case err != nil:
		return &formError{Key: "error.database"}
	}
	f.Text, f.Fill = t.In(v.lang()), true
	return nil
}

// fields are the placeholders of a text that is filled in.
func (v *visit) fields(f *composeForm) (list []fieldView) {
	if !f.Fill && f.File == "" {
		return nil
	}
	columns := map[string]bool{}
	if d := v.draft(f); d != nil {
		for _, c := range d.columns {
			columns[c.Var] = true
		}
	}
	for _, name := range placeholders(f.Text) {
		list = append(list, fieldView{name, f.Vars[name], columns[name]})
	}
	return list
}

// bare is a placeholder of the text that is sent as it stands, since nothing is filled in; empty for none.
func (f *composeForm) bare() string {
	if f.Fill || f.File != "" {
		return ""
	}
	for _, name := range placeholders(f.Text) {
		return "{" + name + "}"
	}
	return ""
}

// placeholders names those of a text, sorted.
func placeholders(text string) []string {
	required, optional := (&directory.Template{Text: text}).Variables()
	return slices.Sorted(slices.Values(append(required, optional...)))
}

// saveTemplate keeps the text as a template. Placeholders in it are such from then on, whether or not they were to be filled in.
func (v *visit) saveTemplate(f *composeForm) {
	if !v.user.May(account.ChangePeople) {
		v.fail(http.StatusForbidden, "error.right")
		return
	}
	name := strings.TrimSpace(v.r.PostForm.Get("saveas"))
	f.Fill = f.Fill || f.bare() != ""
	of := gateway.PeopleOf{Account: v.account.Name, By: v.account.Actor()}
	_, err := v.Core.PutTemplate(v.r.Context(), of, 0, 0, func(t *directory.Template) error {
		t.Name, t.Text = name, f.Text
		if !f.Fill && f.File == "" { // braces are braces
			t.Text = strings.ReplaceAll(t.Text, "{", "{{")
		}
		return nil
	}, nil)
	var refused *gateway.PeopleRefusal
	switch {
	case errors.As(err, &refused):
		v.showProblem(f, &formError{Field: "saveas", Key: "template.refused", Detail: v.inWords(refused.Error())})
		return
	case err != nil:
		v.showProblem(f, &formError{Key: "error.database"})
		return
	}
	shown := v.composeView(f)
	shown.Saved = name
	v.showCompose(http.StatusOK, shown)
}

// Kept are the values of placeholders, for the page that asks before it sends.
func (f *composeForm) Kept() (list []fieldView) {
	for _, name := range slices.Sorted(maps.Keys(f.Vars)) {
		list = append(list, fieldView{Name: name, Value: f.Vars[name]})
	}
	return list
}
