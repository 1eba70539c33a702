package api

import (
	"net/http"
	"strings"
	"testing"

	"kurir/gateway"
)

// An account sees its own recurring messages, without their texts.
func TestSchedulesList(t *testing.T) {
	t.Parallel()
	o := (&fakeGateway{}).options()
	o.Schedules = func() []gateway.Schedule {
		return []gateway.Schedule{
			{Name: "evening", Account: "mute", At: []string{"18:00"}, To: []string{"+46701234567"}, Text: "secret"},
			{Name: "morning", Account: "acme", At: []string{"mon-fri 08:00"}, Zone: "Europe/Stockholm", To: []string{"+46701234567"}, Text: "secret"},
		}
	}
	h := NewHTTP(o)
	for key, want := range map[string]int{"acme-key": 1, "root-key": 2} {
		w := ask(h, http.MethodGet, "/v1/schedules?sort=next", "", "Authorization", "Bearer "+key)
		body := w.Body.String()
		if w.Code != 200 || strings.Count(body, `"next":"20`) != want || !strings.Contains(body, `"name":"morning"`) || strings.Contains(body, "secret") {
			t.Errorf("%s: %d %s", key, w.Code, body)
		}
	}
}
