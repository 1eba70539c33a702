package web

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"kurir/resource"
	"kurir/rota"
)

// boardNow is a Monday morning.
var boardNow = time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)

// boardSite has a rota with a gap at night and two layers that overlap at noon.
func boardSite(t *testing.T) *site {
	t.Helper()
	s := newSite(t, map[string]string{"anna": "sender", "gunn": "groups", "other:ove": "groups"})
	s.web.Now = func() time.Time { return boardNow }
	s.web.Key = func(context.Context) ([]byte, error) { return []byte("key"), nil }
	s.core.rotas = rota.NewSet([]rota.Rota{
		{
			Name: "ward4", Account: "acme", Zone: "Europe/Stockholm",
			Layers: []rota.Layer{
				{Name: "days", Start: "2026-01-05", Slots: []rota.Slot{{Who: []string{"contact:Anna"}}}, When: []string{"mon-fri 08:00-17:00"}},
				{Name: "noon", Start: "2026-01-05", Slots: []rota.Slot{{Who: []string{"contact:<b>Bo</b>"}}}, When: []string{"mon 12:00-20:00"}},
			},
			Exceptions: []rota.Exception{{From: "2026-12-01", Until: "2026-12-02", For: "contact:Anna", Who: []string{"+46701234567"}, Note: "<i>ill</i>"}},
		},
		{Name: "secret", Account: "other", Layers: []rota.Layer{{Start: "2026-01-05", Slots: []rota.Slot{{Who: []string{"contact:Eve"}}}}}},
	})
	return s
}

// The board tells who is on duty now and next, by the clock of the rota, and points gaps and overlaps out.
func TestBoard(t *testing.T) {
	t.Parallel()
	s := boardSite(t)
	b := s.as("anna")
	a := b.do("/duty")
	a.wants(t, http.StatusOK, `<span class="now">Anna</span>`, "&lt;b&gt;Bo&lt;/b&gt; at 2026-11-30 17:00", `href="/duty/rota/ward4"`, "gaps in the next four weeks", "Two are on duty at 4 times")
	if strings.Contains(a.body, "secret") || strings.Contains(a.body, "Eve") {
		t.Error("it shows another account's")
	}
	a = b.do("/duty/rota/ward4")
	a.wants(t, http.StatusOK, "<strong>Mon</strong> 2026-11-30", `<span class="hours">08:00–12:00</span> Anna`, `<span class="hours">20:00–24:00</span> nobody`, "also: noon", "&#43;46701234567 in place of Anna", "&lt;i&gt;ill&lt;/i&gt;", "Times of Europe/Stockholm")
	if n := strings.Count(a.body, "<time datetime="); n != 28 || strings.Contains(a.body, "<form method=\"post\" action=\"/duty/rota") {
		t.Errorf("it has %d days, or a form for who may not", n)
	}
	a = b.do("/duty/rota/secret")
	a.wants(t, http.StatusNotFound)
}

// Who may change people puts exceptions in, and takes out what the page showed; others do not.
func TestSwap(t *testing.T) {
	t.Parallel()
	s := boardSite(t)
	var got []resource.Change
	s.web.Change = func(_ context.Context, c resource.Change) (resource.Row, error) {
		got = append(got, c)
		if len(got) > 2 {
			return resource.Row{}, resource.Refuse(resource.OfFile, "", "rotas/ward4 stands in the file")
		}
		return resource.Row{}, nil
	}
	swap := []string{"for", "contact:Anna", "who", "Anna, +46709999999", "from", "2026-12-03T08:00", "until", "2026-12-03T17:00", "note", "swap"}
	if a := s.as("anna").do("/duty/rota/ward4/swap", swap...); a.status != http.StatusForbidden {
		t.Errorf("a sender: %d", a.status)
	}
	if a := s.as("other:ove").do("/duty/rota/ward4/swap", swap...); a.status != http.StatusNotFound || len(got) > 0 {
		t.Errorf("somebody of another account: %d %v", a.status, got)
	}
	b := s.as("gunn")
	a := b.do("/duty/rota/ward4/swap", swap...)
	if a.to != "/duty/rota/ward4" || len(got) != 1 {
		t.Fatalf("put in: %d %s", a.status, a.body)
	}
	list, _ := got[0].Value["exceptions"].([]any)
	first, _ := list[0].(map[string]any)
	who, _ := first["who"].([]string)
	if len(list) != 2 || got[0].By != "acme/gunn" || got[0].Kind != "rotas" || first["from"] != "2026-12-03 08:00" || strings.Join(who, " ") != "contact:Anna +46709999999" {
		t.Errorf("the change is %+v", got[0])
	}
	a = b.do("/duty/rota/ward4")
	mark := regexp.MustCompile(`name="mark" value="([^"]*)"`).FindStringSubmatch(a.body)
	if a = b.do("/duty/rota/ward4/remove", "index", "0", "mark", "another"); a.status != http.StatusConflict {
		t.Errorf("one that has changed: %d", a.status)
	}
	if a = b.do("/duty/rota/ward4/remove", "index", "0", "mark", strings.ReplaceAll(mark[1], "&#43;", "+")); a.to == "" || len(got) != 2 {
		t.Errorf("taken out: %d %s", a.status, a.body)
	}
	for _, form := range [][]string{{"from", "2026-12-03T08:00", "until", "2026-12-03T17:00"}, {"who", "Nobody Known", "from", "2026-12-03T08:00", "until", "2026-12-03T17:00"}, swap} {
		if a = b.do("/duty/rota/ward4/swap", form...); a.status != http.StatusUnprocessableEntity || !strings.Contains(a.body, `role="alert"`) {
			t.Errorf("%v: %d", form, a.status)
		}
	}
	if !strings.Contains(a.body, "stands in the file of the server") {
		t.Error("a rota of the file is not said to be one")
	}
}

// A calendar subscribes with an address that is one user's: not another's, not of another rota, not after another password.
func TestCalendarAddress(t *testing.T) {
	t.Parallel()
	s := boardSite(t)
	a := s.as("anna").do("/duty/rota/ward4")
	at := regexp.MustCompile(`href="(/duty/calendar/[^"]+\.ics)"`).FindStringSubmatch(a.body)
	if at == nil {
		t.Fatalf("there is no address: %s", a.body)
	}
	a = s.open().do(at[1])
	if a.wants(t, http.StatusOK, "BEGIN:VCALENDAR", "ward4"); !strings.HasPrefix(a.header.Get("Content-Type"), "text/calendar") {
		t.Errorf("it is %v", a.header)
	}
	end := "00.ics" // another one, whatever the mark is, which is of the salt of a password
	if strings.HasSuffix(at[1], end) {
		end = "11.ics"
	}
	for _, other := range []string{
		strings.Replace(at[1], "anna", "gunn", 1), strings.Replace(at[1], "ward4", "secret", 1), at[1][:len(at[1])-len(end)] + end, "/duty/calendar/nobody/ward4/00.ics",
	} {
		if a = s.open().do(other); a.status != http.StatusNotFound {
			t.Errorf("%s: %d", other, a.status)
		}
	}
	s.mu.Lock()
	for i := range s.users {
		s.users[i].Password = "another"
	}
	s.mu.Unlock()
	if a = s.open().do(at[1]); a.status != http.StatusNotFound {
		t.Errorf("after another password: %d", a.status)
	}
}
