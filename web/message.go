package web

import (
	"errors"
	"net/http"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
)

// oneView is the page of one message.
type oneView struct {
	messageRow
	Account, Reference, Via, Expires, Final, SendAt string
	Unicode, Flash, Cancels, Open                   bool
	Why                                             string // it did not arrive
	Story                                           []chapter
}

// find gives the message that the path names, nil when that was answered.
func (v *visit) find() *message.Message {
	id, err := message.ParseID(v.r.PathValue("id"))
	if err != nil {
		v.fail(http.StatusNotFound, "error.nomessage")
		return nil
	}
	m, err := v.Core.Message(v.r.Context(), v.account.Name, id)
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
	t, err := v.Core.Trace(v.r.Context(), m)
	if err != nil && t == nil {
		v.fail(http.StatusServiceUnavailable, "error.database")
		return
	}
	one.Story, one.Why = v.story(t)
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
	if _, err := v.Core.Cancel(v.r.Context(), v.account.Name, m.ID); err != nil {
		var f *message.Failure
		if errors.As(err, &f) {
			v.fail(http.StatusConflict, "message.toolate")
			return
		}
		v.fail(http.StatusServiceUnavailable, "error.database")
		return
	}
	v.Log.Info("a user cancelled a message", "user", v.user.Name, "message", m.ID)
	v.redirect("/sent/" + m.ID.String())
}
