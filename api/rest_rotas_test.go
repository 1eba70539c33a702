package api

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"kurir/rota"
)

// An account asks who is on duty in its own rotas, at a time and from one until another, as JSON and as a calendar; others are not there.
func TestRotas(t *testing.T) {
	t.Parallel()
	slots := []rota.Slot{{Who: []string{"contact:Anna"}}, {Who: []string{"contact:Bo"}}}
	set := rota.NewSet([]rota.Rota{
		{Name: "ward", Account: "acme", Zone: "Europe/Stockholm", Layers: []rota.Layer{
			{Name: "day", Start: "2026-01-05", Days: 1, Slots: slots, When: []string{"08:00-17:00"}}, {Name: "noon", Start: "2026-01-05", Slots: slots[:1], When: []string{"12:00-13:00"}},
		}},
		{Name: "night", Account: "mute", Else: []string{"+46701234567"}},
	})
	o := (&fakeGateway{}).options()
	o.Rotas = func() *rota.Set { return set }
	o.Now = func() time.Time { return time.Date(2026, 1, 6, 9, 0, 0, 0, time.UTC) }
	h := NewHTTP(o)
	for _, c := range []struct {
		key, path string
		status    int
		want      string
	}{
		{"acme-key", "/v1/rotas", 200, `{"rotas":[{"name":"ward","account":"acme","zone":"Europe/Stockholm","who":["contact:Bo"],"by":"day","next":{"from":"2026-01-06T17:00:00+01:00","who":[],"gap":true}}]}`},
		{"root-key", "/v1/rotas?name=night", 200, `"who":["+46701234567"],"by":"else"}]`},
		{"acme-key", "/v1/rotas/ward/duty", 200, `"at":"2026-01-06T10:00:00+01:00","who":["contact:Bo"]`},
		{"acme-key", "/v1/rotas/ward/duty?at=2026-01-05T12:30:00Z", 200, `"at":"2026-01-05T13:30:00+01:00","who":["contact:Anna"],"by":"day"`},
		{"acme-key", "/v1/rotas/ward/duty?at=2026-01-05", 200, `"at":"2026-01-05T00:00:00+01:00","who":[],"gap":true,"next":{"from":"2026-01-05T08:00:00+01:00"`},
		{"acme-key", "/v1/rotas/ward/spans?from=2026-01-06&to=2026-01-07", 200, `{"from":"2026-01-06T12:00:00+01:00","to":"2026-01-06T13:00:00+01:00","who":["contact:Bo"],"by":"day","overlaps":["noon"]}`},
		{"acme-key", "/v1/rotas/ward/spans?from=2026-01-06&to=2026-01-07", 200, `"gaps":2,"overlaps":1}`},
		{"acme-key", "/v1/rotas/ward/spans?from=2026-01-06&to=2028-01-07", 400, `"field":"to"`},
		{"acme-key", "/v1/rotas/ward/spans?from=tomorrow", 400, `"field":"from"`},
		{"acme-key", "/v1/rotas/ward/spans?until=2026-01-07", 400, `unknown_parameter`},
		{"acme-key", "/v1/rotas/ward/calendar.ics?from=2026-01-06&to=2026-01-07", 200, "DTSTART:20260106T070000Z\r\n"},
		{"acme-key", "/v1/rotas/night/duty", 404, `not_found`},
		{"root-key", "/v1/rotas/night/duty", 200, `"next"`},
	} {
		w := ask(h, http.MethodGet, c.path, "", "Authorization", "Bearer "+c.key)
		body := w.Body.String()
		if has := strings.Contains(body, c.want); w.Code != c.status || has == (c.key == "root-key" && strings.HasSuffix(c.path, "night/duty")) {
			t.Errorf("%s: %d %s, want %s", c.path, w.Code, body, c.want)
		}
	}
	if w := ask(h, http.MethodGet, "/v1/rotas/ward/calendar.ics", "", "Authorization", "Bearer acme-key"); w.Header().Get("Content-Type") != "text/calendar; charset=utf-8" {
		t.Errorf("a calendar is of %s", w.Header().Get("Content-Type"))
	}
}
