package web

import (
	"net/http"
	"net/url"
	"time"

	"kurir/message"
)

// queuesView is the page of what waits for links, and of what is being done about it.
type queuesView struct {
	Rows  []queueLine
	Jobs  []row
	Links []linkLine
	Lanes []string
	Acts  []string
	Busy  bool // a job runs
	Form  url.Values
	Wrong *problem // of the act that was asked for
	Sure  bool     // the user is asked whether to cancel what the form says
}

// Age is how old the oldest of a queue is.
func (q *queueLine) Age() string { return age(time.Since(q.Oldest)) }

// queueActs are the acts on what waits, as REST names them.
func queueActs() []string { return []string{"count", "pause", "resume", "move", "lane", "cancel"} }

// queueFields are those of the form that say which messages are meant.
func queueFields() []string { return []string{"account", "reference", "to", "link"} }

// Asks names the fields that say which messages are meant.
func (q *queuesView) Asks() []string { return queueFields() }

// queuesPage shows what waits.
func (v *visit) queuesPage() { v.queues(http.StatusOK, nil) }

// queues renders the page, with what was wrong about an act.
func (v *visit) queues(status int, wrong *problem) {
	shown := &queuesView{Acts: queueActs(), Form: v.r.Form, Wrong: wrong}
	if shown.Form == nil {
		shown.Form = v.r.URL.Query()
	}
	shown.Sure = wrong == nil && v.r.Method == http.MethodPost
	for p := range message.Priorities {
		shown.Lanes = append(shown.Lanes, message.Priority(p).String())
	}
	var queues struct{ Queues []queueLine }
	var jobs struct{ Jobs []row }
	var links struct{ Links []linkLine }
	for _, one := range []struct {
		path  string
		query url.Values
		into  any
	}{
		{"/v1/queues/links", url.Values{"limit": {"200"}, "sort": {"-waiting"}}, &queues}, {"/v1/jobs", url.Values{"limit": {"20"}}, &jobs}, {"/v1/links", nil, &links},
	} {
		if p := v.fetch(one.path, one.query, one.into); p != nil {
			v.refused(p)
			return
		}
	}
	shown.Rows, shown.Jobs, shown.Links = queues.Queues, jobs.Jobs, links.Links
	for _, j := range shown.Jobs {
		shown.Busy = shown.Busy || j.text("state") == "running"
	}
	v.render(status, "queues", "nav.queues", shown)
}

// actOnQueue begins an act with messages that wait; a job does it. Before they are cancelled the user is asked.
func (v *visit) actOnQueue() {
	act := v.r.PostForm.Get("act")
	body := v.filledIn(queueFields()...)
	if act == "cancel" && len(body) > 0 && v.r.PostForm.Get("sure") == "" {
		v.queues(http.StatusOK, nil)
		return
	}
	switch act {
	case "move":
		body["move_to"] = v.r.PostForm.Get("move_to")
	case "lane":
		body["priority"] = v.r.PostForm.Get("priority")
	}
	got := v.rest(http.MethodPost, "/v1/queues/"+url.PathEscape(act), nil, body, nil)
	if p := got.problem(); p != nil {
		v.queues(p.Status, p)
		return
	}
	v.redirect("/console/queues")
}
