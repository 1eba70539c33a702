package web

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
	"kurir/route"
)

// oneView is the page of one message.
type oneView struct {
	messageRow
	Account, Reference, Via, Expires, Final, SendAt string
	Unicode, Flash, Cancels, Resends, Open          bool
	Why                                             string // it did not arrive
	Story                                           []chapter
	Waits                                           string             // why it waits, as the server says it
	Routes                                          []route.Considered // the rules that were looked at; for who operates the server
	At                                              string             // page under which this one and its acts are
	Callbacks                                       bool               // its calls can be looked at
}

// find gives the message that the path names, nil when that was answered.
func (v *visit) find() *message.Message {
	id, err := message.ParseID(v.r.PathValue("id"))
	if err != nil {
		v.fail(http.StatusNotFound, "error.nomessage")
		return nil
	}
	whose := v.account.Name
	if v.inConsole() && v.user.May(account.Everywhere) {
		whose = ""
	}
	m, err := v.Core.Message(v.r.Context(), whose, id)
	switch {
	case errors.Is(err, gateway.ErrNotFound):
		v.fail(http.StatusNotFound, "error.nomessage")
		return nil
	case err != nil:
		v.fail(http.StatusServiceUnavailable, "error.database")
		return nil
	}
	return m
}

// messagePage shows one message and its story.
func (v *visit) messagePage() {
	m := v.find()
	if m == nil {
		return
	}
	one := &oneView{
		messageRow: v.row(m), Account: m.Account, Reference: m.Reference, Via: m.Via.String(), Expires: clock(m.Expires), Final: clock(m.Final), SendAt: clock(m.SendAt),
		Unicode: m.Encoding.String() == "ucs2", Flash: m.Content.Class == 0, Open: !m.State.Final(),
		Cancels: (m.State == message.Scheduled || m.State == message.Queued) && v.user.May(account.SendMessages),
	}
	one.At = "/sent/" + one.ID
	if m.Account == v.account.Name {
		one.Name = v.contactNames([]string{one.To})[one.To]
	}
	one.Resends = sendable(m.State) && v.user.May(account.SendMessages)
	if v.inConsole() {
		one.At, one.Callbacks = consolePath+"/messages/"+one.ID, true
		one.Resends = sendable(m.State) && v.user.May(account.Operate)
		one.Cancels = (m.State == message.Scheduled || m.State == message.Queued) && v.user.May(account.Operate)
	}
	t, err := v.Core.Trace(v.r.Context(), m)
	if err != nil && t == nil {
		v.fail(http.StatusServiceUnavailable, "error.database")
		return
	}
	one.Story, one.Why = v.story(t)
	if t.Waits != nil {
		one.Waits = v.inWords(t.Waits.Why)
	}
	if v.inConsole() {
		one.Routes = v.considered(t.Route)
	}
	if one.Why == "" {
		one.Why = m.State.Sentence(v.lang())
	}
	v.render(http.StatusOK, "message", "message.title", one)
}

// clock shows Unix milliseconds, nothing for 0.
func clock(ms int64) string {
	if ms == 0 {
		return ""
	}
	return showTime(time.UnixMilli(ms))
}

// cancel cancels a message that has not left.
func (v *visit) cancel() {
	m := v.find()
	if m == nil {
		return
	}
	if _, err := v.Core.Cancel(v.r.Context(), m.Account, m.ID); err != nil {
		var f *message.Failure
		if errors.As(err, &f) {
			v.fail(http.StatusConflict, "message.toolate")
			return
		}
		v.fail(http.StatusServiceUnavailable, "error.database")
		return
	}
	v.Log.Info("a user cancelled a message", "user", v.user.Name, "message", m.ID)
	v.redirect(strings.TrimSuffix(v.r.URL.Path, "/cancel"))
}

// inConsole tells whether the page is one of the console's, where messages of all accounts are looked at by who may.
func (v *visit) inConsole() bool { return strings.HasPrefix(v.r.URL.Path, consolePath) }

// resend sends a message that did not arrive again, as a new one, and shows that.
func (v *visit) resend() {
	m := v.find()
	if m == nil {
		return
	}
	whose := v.Accounts().ByName(m.Account)
	if whose == nil {
		v.fail(http.StatusNotFound, "error.nomessage")
		return
	}
	acting := *v
	acting.account = v.user.Acting(whose)
	got := acting.rest(http.MethodPost, "/v1/messages/"+m.ID.String()+"/resend", nil, nil, nil)
	if p := got.problem(); p != nil {
		v.refused(p)
		return
	}
	var made struct {
		ID string `json:"id"`
	}
	if err := got.read(&made); err != nil {
		v.fail(http.StatusInternalServerError, "error.database")
		return
	}
	v.redirect(strings.TrimSuffix(v.r.URL.Path, m.ID.String()+"/resend") + made.ID)
}
