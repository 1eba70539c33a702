package web

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"time"

	"kurir/gateway"
	"kurir/message"
)

// composeView is what the page of writing a message shows.
type composeView struct {
	*composeForm
	Senders []string // to choose among
	Free    bool     // other senders may be written
	Default string   // sender where none is chosen
	Groups  []string
	Zones   string // name of the server's zone
	Problem *formError
	Count   *countView
	Confirm *confirmView // the user is asked
}

// confirmView is what the user is asked about.
type confirmView struct {
	Phones int
	More   bool // there are more phones than that
	Parts  int  // in all
}

// groupsShown is how many groups are offered.
const groupsShown = 200

func (v *visit) composeView(f *composeForm) *composeView {
	shown := &composeView{composeForm: f, Default: v.account.Sender, Zones: zoneName()}
	shown.Senders, shown.Free = senders(v.account)
	if groups, err := v.Core.Groups(v.r.Context(), gateway.PeopleFilter{Account: v.account.Name, ByName: true, Limit: groupsShown}); err == nil {
		for _, g := range groups {
			shown.Groups = append(shown.Groups, g.Name)
		}
	}
	return shown
}

// zoneName is what people call the server's zone.
func zoneName() string {
	if name := time.Local.String(); name != "Local" {
		return name
	}
	return time.Now().Format("MST (UTC-07:00)")
}

// composePage shows an empty form, or one that a link fills: /compose?to=+46701234567&text=Hello.
func (v *visit) composePage() {
	query := v.r.URL.Query()
	query.Del("once")
	v.showCompose(http.StatusOK, v.composeView(readCompose(query)))
}

func (v *visit) showCompose(status int, shown *composeView) {
	v.render(status, "compose", "compose.title", shown)
}

// compose is every act of the form: a preview, plain characters in place of those that need Unicode, another group, or sending.
func (v *visit) compose() {
	f := readCompose(v.r.PostForm)
	act := v.r.PostForm.Get("act")
	if group, adds := strings.CutPrefix(act, "add:"); adds {
		f.To = strings.TrimLeft(strings.TrimRight(f.To, "\n, ;")+"\n"+"group:"+group, "\n")
		v.showCompose(http.StatusOK, v.composeView(f))
		return
	}
	shown := v.composeView(f)
	if act == "edit" {
		v.showCompose(http.StatusOK, shown)
		return
	}
	if act == "plain" {
		f.Text = v.plain(f)
	}
	if act == "plain" || act == "preview" {
		shown.Count, shown.Problem = v.counted(f)
		v.showCompose(http.StatusOK, shown)
		return
	}
	v.send(f, shown, act == "confirm")
}

// send sends what is written, after a question if that is much.
func (v *visit) send(f *composeForm, shown *composeView, confirmed bool) {
	refuse := func(problem *formError) {
		shown.Problem = problem
		v.showCompose(http.StatusUnprocessableEntity, shown)
	}
	mail, problem := v.mailing(f)
	if problem != nil {
		refuse(problem)
		return
	}
	phones, more, err := v.Core.AddressSome(v.r.Context(), mail, atOnce)
	if err != nil {
		refuse(&formError{Key: "error.database"})
		return
	}
	if len(phones) == 0 {
		refuse(&formError{Field: "to", Key: "compose.nobody"})
		return
	}
	if !confirmed {
		probe := mail.Common
		probe.To = phones[0].To
		preview, failure := v.Core.Preview(&probe)
		if failure != nil {
			refuse(v.problemOf(failure))
			return
		}
		if parts := preview.Size.Parts * len(phones); more || len(phones) > confirmAbove || parts > confirmParts {
			shown.Confirm = &confirmView{len(phones), more, parts}
			v.showCompose(http.StatusOK, shown)
			return
		}
	}
	if at, first := v.sessions.claim(v.session, f.Once); !first {
		v.redirect(at)
		return
	}
	if len(phones) > 1 {
		mail.Common.Reference = "web-" + strings.ToLower(rand.Text()[:8])
	}
	if more {
		v.sendMany(f, shown, mail)
		return
	}
	v.sendSome(f, shown, mail, phones)
}

// mailing is what the form asks for.
func (v *visit) mailing(f *composeForm) (*gateway.Mailing, *formError) {
	to, problem := v.recipients(v.r.Context(), f.To)
	if problem != nil {
		return nil, problem
	}
	common, problem := v.submission(f)
	return &gateway.Mailing{Account: v.account.Name, Common: common, To: to}, problem
}

// sendMany has a job send to more phones than one request does.
func (v *visit) sendMany(f *composeForm, shown *composeView, mail *gateway.Mailing) {
	if _, err := v.Core.Mail(v.r.Context(), v.account.Name, mail, nil); err != nil {
		v.sessions.settle(v.session, f.Once, "")
		shown.Problem = &formError{Detail: err.Error()}
		v.showCompose(http.StatusServiceUnavailable, shown)
		return
	}
	v.sentTo(f, sentOf(mail.Common.Reference))
}

func sentOf(reference string) string { return "/sent?reference=" + url.QueryEscape(reference) }

func (v *visit) sentTo(f *composeForm, at string) {
	v.sessions.settle(v.session, f.Once, at)
	v.redirect(at)
}

// resultView is what became of a form of which not all was accepted.
type resultView struct {
	Accepted int
	At       string // where those are
	Refused  []refusedView
}

type refusedView struct{ To, Why string }

// sendSome sends to so many phones as one request may, and shows what became of them.
func (v *visit) sendSome(f *composeForm, shown *composeView, mail *gateway.Mailing, phones []gateway.Addressed) {
	result := &resultView{At: sentOf(mail.Common.Reference)}
	subs := make([]*gateway.Submission, 0, len(phones))
	for i := range phones {
		if p := &phones[i]; p.Failure != nil {
			result.Refused = append(result.Refused, refusedView{p.Named, v.problemOf(p.Failure).Detail})
			continue
		}
		sub := mail.Common
		sub.To, sub.Escalates, sub.Batch = phones[i].To, phones[i].Escalates, len(phones) > 1
		subs = append(subs, &sub)
	}
	var results []gateway.Result
	if len(subs) > 0 {
		// Whoever closes the page has pressed the button all the same.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(v.r.Context()), timeout)
		defer cancel()
		var err error
		if results, err = v.Core.Submit(ctx, subs); err != nil {
			v.fail(http.StatusGatewayTimeout, "compose.uncertain")
			return
		}
	}
	last := ""
	for i := range results {
		if r := &results[i]; r.Failure != nil {
			result.Refused = append(result.Refused, refusedView{subs[i].To, v.problemOf(r.Failure).Detail})
			continue
		}
		result.Accepted++
		last = results[i].ID.String()
	}
	switch {
	case result.Accepted == 0 && len(phones) == 1:
		v.sessions.settle(v.session, f.Once, "")
		shown.Problem = v.problemOf(firstFailure(phones, results))
		v.showCompose(http.StatusUnprocessableEntity, shown)
	case len(result.Refused) > 0:
		v.sessions.settle(v.session, f.Once, result.At)
		v.render(http.StatusOK, "result", "result.title", result)
	case len(phones) == 1:
		v.sentTo(f, "/sent/"+last)
	default:
		v.sentTo(f, result.At)
	}
}

// firstFailure is why the only recipient was refused.
func firstFailure(phones []gateway.Addressed, results []gateway.Result) *message.Failure {
	if phones[0].Failure != nil {
		return phones[0].Failure
	}
	return results[0].Failure
}
