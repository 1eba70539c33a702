package web

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"kurir/account"
	"kurir/resource"
)

// looksForm is how the pages of an account look, as it is written.
type looksForm struct {
	Name, Color, Band, Host, Language string
	Open                              bool
	Functions                         []lookFunction
	HasLogo                           bool // of the account's own
	Done                              bool // it was kept just now
	OfServer                          bool // the user may give a host
	Problems                          []string
	Tones                             []string // what the colours become on light and on dark paper, where they are not as given
}

type lookFunction struct {
	Name string
	Has  bool
}

// looksPage shows how the pages of the account look, to whoever may change it.
func (v *visit) looksPage() {
	f := v.looksForm(&v.account.Web)
	f.Done = v.r.URL.Query().Has("kept")
	v.showLooks(http.StatusOK, f)
}

func (v *visit) looksForm(w *account.Web) *looksForm {
	f := &looksForm{
		Name: w.Name, Color: w.Color, Band: w.Band, Host: w.Host, Language: w.Language, Open: w.Open, HasLogo: v.account.Web.Logo != "",
		OfServer: v.user.May(account.ChangeSettings),
	}
	for _, name := range account.WebFunctions() {
		f.Functions = append(f.Functions, lookFunction{name, len(w.Functions) == 0 || slices.Contains(w.Functions, name)})
	}
	if c, ok := account.ParseColor(w.Color); ok {
		for i, on := range papers() {
			if t := tonesOf(c, on); t.Main != c {
				f.Tones = append(f.Tones, v.words(v.lang(), [2]string{"looks.light", "looks.dark"}[i], t.Main.String()))
			}
		}
	}
	return f
}

func (v *visit) showLooks(status int, f *looksForm) { v.render(status, "looks", "looks.title", f) }

// changeLooks changes how they look. What is left empty is as the account above says.
func (v *visit) changeLooks() {
	if err := v.r.ParseMultipartForm(maxForm); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		v.fail(http.StatusRequestEntityTooLarge, "error.form")
		return
	}
	form := v.r.Form
	wanted := account.Web{
		Name: strings.TrimSpace(form.Get("name")), Color: strings.TrimSpace(form.Get("color")), Band: strings.TrimSpace(form.Get("band")),
		Host: strings.ToLower(strings.TrimSpace(form.Get("host"))), Open: form.Get("open") != "", Language: form.Get("language"), Functions: form["functions"],
	}
	if len(wanted.Functions) == len(account.WebFunctions()) {
		wanted.Functions = nil
	}
	value, problem := v.looksValue(&wanted)
	if problem == nil {
		_, err := v.Change(v.r.Context(), resource.Change{
			Action: resource.Patch, Kind: "accounts", Name: v.account.Name, By: v.account.Actor(), Value: map[string]any{"web": value},
		})
		problem = err
	}
	if problem != nil {
		f := v.looksForm(&wanted)
		f.Problems = v.looksProblems(problem)
		v.showLooks(http.StatusUnprocessableEntity, f)
		return
	}
	v.redirect("/console/looks?kept")
}

// looksValue is the change that is asked for; null takes back.
func (v *visit) looksValue(w *account.Web) (map[string]any, error) {
	value := map[string]any{"functions": nil}
	for name, text := range map[string]string{"name": w.Name, "color": w.Color, "band": w.Band, "language": w.Language} {
		value[name] = orNull(text)
	}
	if len(w.Functions) > 0 {
		value["functions"] = w.Functions
	}
	if v.user.May(account.ChangeSettings) {
		value["host"], value["open"] = orNull(w.Host), nil
		if w.Open {
			value["open"] = true
		}
	}
	if v.r.Form.Get("nologo") != "" {
		value["logo"] = nil
	}
	file, _, err := v.r.FormFile("logo")
	if err != nil {
		return value, nil // none was chosen
	}
	defer file.Close()
	body, err := io.ReadAll(io.LimitReader(file, account.MaxPicture+1))
	if err != nil {
		return nil, fmt.Errorf("read the logo: %w", err)
	}
	if len(body) == 0 {
		return value, nil
	}
	return value, v.drafts.read(v.r.Context(), func() error { // a picture takes many times its size
		logo, err := account.MakeLogo(body)
		if err != nil {
			return resource.Refuse(resource.Invalid, "logo", "the picture %v", err)
		}
		value["logo"] = logo
		return nil
	})
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// looksProblems says what is wrong, field by field.
func (v *visit) looksProblems(err error) (list []string) {
	var refused *resource.Refusal
	if !errors.As(err, &refused) {
		return []string{v.said(err)}
	}
	for _, one := range refused.Problems {
		list = append(list, v.inWords(one.Error()))
	}
	return list
}
