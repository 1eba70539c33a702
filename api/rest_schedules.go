package api

import (
	"net/http"
	"time"

	"kurir/account"
	"kurir/gateway"
	"kurir/resource"
)

// scheduleView is a message that is sent again and again, in answers.
type scheduleView struct {
	Name     string   `json:"name"`
	Account  string   `json:"account"`
	At       []string `json:"at"`
	Zone     string   `json:"zone,omitempty"`
	To       []string `json:"to"`
	From     string   `json:"from,omitempty"`
	Priority string   `json:"priority,omitempty"`
	Next     string   `json:"next"`
}

// schedulePaths registers what is sent again and again.
func (s *httpServer) schedulePaths() {
	s.rest("/v1/schedules", methods{http.MethodGet: anyone(account.MessagesRead, s.listSchedules)})
	s.describe("GET /v1/schedules", description{
		name: "listSchedules", summary: "Messages that are sent again and again",
		list: &listing{"schedules", resource.Schedules(), scheduleView{}}, examples: []example{{call: "/v1/schedules"}},
	})
}

// listSchedules is GET /v1/schedules: an account's own, everybody's for one that
// may administrate.
func (s *httpServer) listSchedules(w http.ResponseWriter, r *http.Request, a *account.Account) *problem {
	now, next := time.Now(), map[string]time.Time{}
	at := func(sc *gateway.Schedule) time.Time { // once for each: its zone is read from disk
		if _, known := next[sc.Name]; !known {
			next[sc.Name] = sc.Next(now)
		}
		return next[sc.Name]
	}
	find := func() (list []gateway.Schedule, _ *problem) {
		for _, sc := range s.Schedules() {
			if a.Admin || sc.Account == a.Name {
				list = append(list, sc)
			}
		}
		return list, nil
	}
	cell := func(sc *gateway.Schedule, field string) any {
		switch field {
		case "account":
			return sc.Account
		case "next":
			return at(sc)
		}
		return sc.Name
	}
	return listRows(s, w, r, a, "schedules", resource.Schedules(), find, cell, func(sc *gateway.Schedule) scheduleView {
		return scheduleView{
			Name: sc.Name, Account: sc.Account, At: sc.At, Zone: sc.Zone, To: sc.To, From: sc.From, Priority: sc.Priority, Next: seenTime(at(sc)),
		}
	})
}
