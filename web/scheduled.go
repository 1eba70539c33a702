package web

import (
	"net/http"
	"time"

	"kurir/message"
)

// scheduledView is the page of a message that is to be sent later.
type scheduledView struct {
	messageRow
	SendAt  string // as the page shows it
	At      string // as the field has it, by the clock of the server
	Zone    string
	Zones   string
	Problem *formError
}

// scheduledPage shows when a message is to be sent, to be changed.
func (v *visit) scheduledPage() {
	if m := v.find(); m != nil {
		v.showScheduled(http.StatusOK, m, time.UnixMilli(m.SendAt).Local().Format(timeField), "", nil)
	}
}

// timeField is how a browser writes a time in a field.
const timeField = "2006-01-02T15:04"

func (v *visit) showScheduled(status int, m *message.Message, at, zone string, problem *formError) {
	if m.State != message.Scheduled {
		v.redirect("/sent/" + m.ID.String())
		return
	}
	shown := &scheduledView{messageRow: v.row(m), SendAt: clock(m.SendAt), At: at, Zone: zone, Zones: zoneName(), Problem: problem}
	shown.Name = v.contactNames([]string{shown.To})[shown.To]
	v.render(status, "scheduled", "scheduled.change", shown)
}

// reschedule has a message sent at another time.
func (v *visit) reschedule() {
	m := v.find()
	if m == nil {
		return
	}
	f := &composeForm{At: v.r.PostForm.Get("at"), Zone: v.r.PostForm.Get("zone")}
	at, problem := f.sendAt()
	if problem == nil && at.IsZero() {
		problem = &formError{Field: "at", Key: "compose.badtime"}
	}
	if problem == nil {
		// It is tried for as long as before, from the new time on.
		change := map[string]any{"send_at": at.Format(time.RFC3339), "validity": (time.Duration(m.Expires-m.SendAt) * time.Millisecond).Round(time.Second).String()}
		answer := v.rest(http.MethodPatch, "/v1/messages/"+m.ID.String(), nil, change, nil)
		p := answer.problem()
		if p == nil {
			v.redirect("/scheduled")
			return
		}
		problem = &formError{Field: "at", Detail: p.Detail}
	}
	v.showScheduled(http.StatusUnprocessableEntity, m, f.At, f.Zone, problem)
}
