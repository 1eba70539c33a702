package web

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"kurir/gateway"
	"kurir/message"
)

// What asks one person after the other is listed with whom it asked last, and is taken by who may send, once, of the own account
// only.
func TestDuty(t *testing.T) {
	t.Parallel()
	s := newSite(t, map[string]string{"anna": "sender", "boss": "project", "root": "system"})
	began := time.Date(2026, 11, 29, 10, 0, 0, 0, time.UTC)
	s.core.alarms = []*gateway.Escalation{
		{
			ID: 7, Account: "acme", Rota: "ward4", State: gateway.EscalationAsking, Began: began, Until: began.Add(5 * time.Minute),
			Steps: []gateway.EscalationStep{{Asked: []gateway.EscalationAsked{{Who: "46701234567"}}}},
		},
		{ID: 8, Account: "acme", Rota: "ward4", State: gateway.EscalationTaken, By: "Bo", Began: began},
	}
	const act = `action="/duty/`
	a := s.as("root").do("/duty")
	a.wants(t, http.StatusOK, `href="/console/settings/rotas?new"`)
	boss := s.as("boss")
	a = boss.do("/duty")
	if a.wants(t, http.StatusOK, "46701234567", "nobody has taken it yet", "taken by Bo"); strings.Contains(a.body, act) {
		t.Error("who may not send can take it")
	}
	a = boss.do("/duty/"+message.ID(7).String()+"/take", "act", "take")
	a.wants(t, http.StatusForbidden)
	anna := s.as("anna")
	if a = anna.do("/duty"); strings.Count(a.body, act) != 1 {
		t.Errorf("one can be taken, not %d", strings.Count(a.body, act))
	}
	if a = anna.do("/duty/"+message.ID(7).String()+"/take", "act", "take"); a.status != http.StatusSeeOther || a.to != "/duty" {
		t.Errorf("taken: %d %s", a.status, a.to)
	}
	a = anna.do("/duty")
	a.wants(t, http.StatusOK, "taken by anna")
	for _, id := range []string{message.ID(9).String(), "nothing"} {
		a = anna.do("/duty/"+id+"/take", "act", "take")
		a.wants(t, http.StatusNotFound)
	}
}
