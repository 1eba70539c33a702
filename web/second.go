package web

import (
	"errors"
	"html/template"
	"net/http"
	"slices"

	"kurir/account"
	"kurir/signin"
)

// issuer is how a device names the server beside the user.
const issuer = "Kurir"

// secondForm is what the page of the second factor shows.
type secondForm struct {
	To        string
	Factor    *signin.Factor   // nil: there is none yet
	Proposal  *signin.Proposal // to take where there is none
	Spaced    string           // its secret in groups of four
	Required  bool             // the user may not be without
	Codes     []string         // recovery codes that were just made
	Error     string           // a key
	Admitting bool             // who signs in is not in yet
}

// Device is the proposal as a link that the app for codes opens which the device has. It is of signin's making, with all that was typed escaped.
func (f *secondForm) Device() template.URL { return template.URL(f.Proposal.URL) }

// person is whose second factor it is about: the user, or who has given a password and has to set one up to get in.
func (v *visit) person() *account.User {
	if v.user != nil {
		return v.user
	}
	return v.pending
}

// wantsFactor tells whether a user has to have a second factor: the user's role or account says so, or one above that.
func (v *visit) wantsFactor(u *account.User) bool {
	return slices.Contains(v.SecondFactor(), u.Role) || v.Accounts().WantsFactor(u.Account)
}

// factorOf gives the factor of whom it is about. ok is false when it has answered: nobody is there, or somebody who has given a password
// and has one already, which this page must not change.
func (v *visit) factorOf() (factor *signin.Factor, ok bool) {
	u := v.person()
	if u == nil {
		v.redirect("/signin")
		return nil, false
	}
	factor, err := v.People.Factor(v.r.Context(), u.Name)
	switch {
	case err != nil:
		v.fail(http.StatusServiceUnavailable, "error.database")
		return nil, false
	case factor != nil && v.user == nil:
		v.redirect("/signin/code" + toQuery(v.r.FormValue("to")))
		return nil, false
	}
	return factor, true
}

// secondPage shows a user's second factor, or how to set one up.
func (v *visit) secondPage() {
	if factor, ok := v.factorOf(); ok {
		v.showSecond(http.StatusOK, factor, "", &secondForm{To: v.r.URL.Query().Get("to")})
	}
}

// showSecond shows it; secret is one that was proposed before, empty for a new one.
func (v *visit) showSecond(status int, factor *signin.Factor, secret string, form *secondForm) {
	u := v.person()
	form.Factor, form.Required, form.Admitting = factor, v.wantsFactor(u), v.user == nil
	if factor == nil {
		p, err := signin.Propose(issuer, u.Name, secret)
		if err != nil {
			p, err = signin.Propose(issuer, u.Name, "")
		}
		if err != nil {
			v.fail(http.StatusInternalServerError, "error.form")
			return
		}
		form.Proposal, form.Spaced = p, spaced(p.Secret)
	}
	v.render(status, "second", "second.title", form)
}

// spaced puts a space after each four characters.
func spaced(text string) string {
	out := make([]byte, 0, len(text)*5/4)
	for i := range len(text) {
		if i > 0 && i%4 == 0 {
			out = append(out, ' ')
		}
		out = append(out, text[i])
	}
	return string(out)
}

// setUpSecond makes what the page has proposed the user's second factor, if the user's device shows the right code. The user's other
// sessions, which began without, end.
func (v *visit) setUpSecond() {
	factor, ok := v.factorOf()
	if !ok {
		return
	}
	form, secret := &secondForm{To: v.r.PostForm.Get("to")}, v.r.PostForm.Get("secret")
	if factor != nil { // it was set up in another window
		v.redirect("/second")
		return
	}
	if _, err := signin.Propose(issuer, v.person().Name, secret); err != nil {
		form.Error = "code.wrong"
		v.showSecond(http.StatusUnprocessableEntity, nil, "", form)
		return
	}
	u := v.person()
	codes, err := v.People.Enrol(u.Name, secret, v.r.PostForm.Get("code"))
	switch {
	case errors.Is(err, signin.ErrCode):
		form.Error = "code.wrong"
		v.showSecond(http.StatusUnprocessableEntity, nil, secret, form)
		return
	case errors.Is(err, signin.ErrEnrolled): // just now, in another window
		v.redirect("/second")
		return
	case err != nil:
		v.fail(http.StatusServiceUnavailable, "error.database")
		return
	}
	v.note(u.Name, "set up second factor")
	v.endOthers(u.Name, v.session)
	if v.user == nil {
		v.waiting = nil // it has ended with the others
		if !v.begin(u, false) {
			return
		}
		v.Log.Info("user signed in", "user", u.Name, "account", u.Account, "peer", v.addr())
		v.user, v.account = u, u.Acting(v.Accounts().ByName(u.Account))
	}
	v.showCodes(form, codes)
}

// showCodes shows recovery codes, this once.
func (v *visit) showCodes(form *secondForm, codes []string) {
	factor, err := v.People.Factor(v.r.Context(), v.user.Name)
	if err != nil || factor == nil {
		v.fail(http.StatusServiceUnavailable, "error.database")
		return
	}
	if form.To == "" || !inside(form.To) {
		form.To = v.first()
	}
	form.Codes = codes
	v.showSecond(http.StatusOK, factor, "", form)
}

// changeSecond makes new recovery codes, or removes the second factor of who may be without. Either takes a code.
func (v *visit) changeSecond() {
	factor, ok := v.factorOf()
	if !ok {
		return
	}
	if factor == nil {
		v.redirect("/second")
		return
	}
	form := &secondForm{}
	status, problem := v.checkCode(v.user, v.r.PostForm.Get("code"))
	removes := v.r.PostForm.Get("act") == "remove"
	if problem == "" && removes && v.wantsFactor(v.user) {
		status, problem = http.StatusForbidden, "second.needed"
	}
	if problem != "" {
		form.Error = problem
		v.showSecond(status, factor, "", form)
		return
	}
	if removes {
		if err := v.People.Drop(v.user.Name, false); err != nil {
			v.fail(http.StatusServiceUnavailable, "error.database")
			return
		}
		v.note(v.user.Name, "remove second factor")
		v.redirect("/me")
		return
	}
	codes, err := v.People.NewCodes(v.r.Context(), v.user.Name)
	if err != nil {
		v.fail(http.StatusServiceUnavailable, "error.database")
		return
	}
	v.note(v.user.Name, "make recovery codes")
	v.showCodes(form, codes)
}
