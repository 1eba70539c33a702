package web

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strconv"
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

	Find         string       // what was looked for
	Found        []suggestion // the contacts and groups that were found
	Recent       []suggestion // to whom was sent lately
	Templates    []string     // names
	Template     string       // the one that is chosen
	Saves        bool         // the user may keep the text as a template
	AllTemplates bool         // there is a page of them for the user
	Saved        string       // name under which it was kept
	Fields       []fieldView  // placeholders of the text
	Sheet        *fileView    // a file with recipients
	Limits       [2]int       // rows and megabytes of a file
}

// fieldView is a placeholder of a text, and what stands for it.
type fieldView struct {
	Name, Value string
	Column      bool // of the file
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
	shown := &composeView{composeForm: f, Default: v.account.Sender, Zones: zoneName(), Limits: [2]int{maxRecipients, uploadMost >> 20}}
	shown.Senders, shown.Free = senders(v.account)
	shown.Groups = v.groupNames()
	shown.Recent = v.recent(recentShown)
	v.withTemplates(shown)
	shown.Sheet = v.fileView(f)
	shown.Fields = v.fields(f)
	return shown
}

// groupNames names the groups that are offered, those of the user's own book first.
func (v *visit) groupNames() (list []string) {
	for _, book := range v.books() {
		groups, _ := v.Core.Groups(v.r.Context(), gateway.PeopleFilter{Account: book, ByName: true, Limit: groupsShown})
		for _, g := range groups {
			if !slices.Contains(list, g.Name) {
				list = append(list, g.Name)
			}
		}
	}
	return list
}

// zoneName is what people call the server's zone.
func zoneName() string {
	if name := time.Local.String(); name != "Local" {
		return name
	}
	return time.Now().Format("MST (UTC-07:00)")
}

// composePage shows an empty form, or one that a link fills: /compose?to=+46701234567&text=Hello, with several to= also, or
// /compose?again=ID with what a message or a sending was.
func (v *visit) composePage() {
	query := v.r.URL.Query()
	query.Del("once")
	f := readCompose(query)
	f.To = linked(query["to"])
	if again := query.Get("again"); again != "" {
		if f = v.again(again); f == nil {
			v.fail(http.StatusNotFound, "error.nomessage")
			return
		}
	}
	v.showCompose(http.StatusOK, v.composeView(f))
}

func (v *visit) showCompose(status int, shown *composeView) {
	v.render(status, "compose", "compose.title", shown)
}

// compose is every act of the form: a preview, plain characters in place of those that need Unicode, another recipient, a template, or
// sending.
func (v *visit) compose() {
	f := readCompose(v.r.PostForm)
	act, of, _ := strings.Cut(v.r.PostForm.Get("act"), ":")
	switch act {
	case "add":
		f.To = strings.TrimLeft(strings.TrimRight(f.To, "\n, ;")+"\n"+of, "\n")
	case "plain":
		f.Text = v.plain(f, of)
	case "fill":
		f.Fill = true
	case "nofile":
		f.File = ""
	case "template":
		if problem := v.useTemplate(f); problem != nil {
			v.showProblem(f, problem)
			return
		}
	case "save":
		v.saveTemplate(f)
		return
	}
	shown := v.composeView(f)
	switch act {
	case "plain", "preview", "template", "fill":
		shown.Count, shown.Problem = v.counted(f)
		fallthrough
	case "add", "edit", "nofile":
		v.showCompose(http.StatusOK, shown)
	case "find":
		shown.Find = v.r.PostForm.Get("find")
		shown.Found = v.suggest(shown.Find, foundShown)
		v.showCompose(http.StatusOK, shown)
	default:
		v.send(f, shown, act == "confirm")
	}
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
		if phones[0].Text != "" {
			probe.Content.Text = phones[0].Text
		}
		preview, failure := v.Core.Preview(&probe)
		if failure != nil {
			refuse(v.problemOf(failure))
			return
		}
		if parts := preview.Size.Parts * len(phones); more || f.File != "" || len(phones) > confirmAbove || parts > confirmParts {
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
	rows, problem := v.fileRecipients(f)
	if problem != nil {
		return nil, problem
	}
	var to []gateway.MailTo
	if len(rows) == 0 || strings.Trim(f.To, ",; \r\n\t") != "" {
		if to, problem = v.recipients(v.r.Context(), f.To); problem != nil {
			return nil, problem
		}
	}
	if to = append(to, rows...); len(to) > maxRecipients {
		return nil, &formError{Field: "to", Key: "compose.toomany", Detail: strconv.Itoa(maxRecipients)}
	}
	common, problem := v.submission(f)
	return &gateway.Mailing{Account: v.account.Name, User: v.user.Name, Common: common, To: to, Filled: f.Fill || len(rows) > 0, Variables: f.Vars}, problem
}

// sendMany has a job send to more phones than one request does.
func (v *visit) sendMany(f *composeForm, shown *composeView, mail *gateway.Mailing) {
	if _, err := v.Core.Mail(v.r.Context(), v.account.Actor(), mail, nil); err != nil {
		v.sessions.settle(v.session, f.Once, "")
		shown.Problem = &formError{Detail: v.inWords(err.Error())}
		v.showCompose(http.StatusServiceUnavailable, shown)
		return
	}
	v.sentTo(f, sendingAt(mail.Common.Reference))
}

// sendingAt is the page of the messages with a reference.
func sendingAt(reference string) string { return "/sendings/" + url.PathEscape(reference) }

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
	result := &resultView{At: sendingAt(mail.Common.Reference)}
	subs := make([]*gateway.Submission, 0, len(phones))
	for i := range phones {
		if p := &phones[i]; p.Failure != nil {
			result.Refused = append(result.Refused, refusedView{p.Named, v.problemOf(p.Failure).Detail})
			continue
		}
		sub := mail.Common
		sub.To, sub.Escalates, sub.Batch = phones[i].To, phones[i].Escalates, len(phones) > 1
		if mail.Filled {
			sub.Content.Text = phones[i].Text
		}
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
