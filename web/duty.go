package web

import (
	"errors"
	"net/http"

	"kurir/account"
	"kurir/gateway"
	"kurir/message"
)

// escalationsShown is how many escalations are on the page, the newest.
const escalationsShown = 50

// dutyView is the page of messages to rotas that ask one person after the other.
type dutyView struct {
	Board []boardRow
	Rows  []escalationRow
	Open  bool   // one of them is
	Make  string // where another rota is made; empty for who may not
}

// escalationRow is one of them.
type escalationRow struct {
	ID, Rota, Began, Until, By, State string
	Asked                             []string // whom it asked last
	Takes                             bool     // the user may take it
}

// dutyPage shows the account's escalations, newest first.
func (v *visit) dutyPage() {
	list, err := v.Core.Escalations(v.r.Context(), v.account.Name)
	if err != nil {
		v.fail(http.StatusServiceUnavailable, "error.database")
		return
	}
	shown := &dutyView{Board: v.board()}
	if v.sees(account.ChangeSettings) {
		shown.Make = settingsOf("rotas") + "?new"
	}
	for _, e := range list[:min(len(list), escalationsShown)] {
		row := escalationRow{ID: e.ID.String(), Rota: e.Rota, Began: showTime(e.Began), By: e.By, State: string(e.State)}
		if e.State == gateway.EscalationAsking {
			shown.Open, row.Takes, row.Until = true, v.user.May(account.SendMessages), showTime(e.Until)
		}
		if n := len(e.Steps); n > 0 {
			for _, asked := range e.Steps[n-1].Asked {
				row.Asked = append(row.Asked, e.Name(asked.Who))
			}
		}
		shown.Rows = append(shown.Rows, row)
	}
	v.render(http.StatusOK, "duty", "board.title", shown)
}

// take says that the user has taken an escalation. Of one that is over it changes nothing.
func (v *visit) take() {
	id, err := message.ParseID(v.r.PathValue("id"))
	if err != nil {
		v.fail(http.StatusNotFound, "error.nomessage")
		return
	}
	_, err = v.Core.AcknowledgeEscalation(v.r.Context(), v.account.Name, id, v.user.Name)
	switch {
	case errors.Is(err, gateway.ErrNotFound):
		v.fail(http.StatusNotFound, "error.nomessage")
	case err != nil:
		v.fail(http.StatusServiceUnavailable, "error.database")
	default:
		v.Log.Info("a user has taken an escalation", "user", v.user.Name, "escalation", id)
		v.redirect("/duty")
	}
}
