package main

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
)

// An escalation is a line in the list; shown are those who were asked, with what became of it.
func TestEscalationShow(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	const list = `{"escalations":[{"id":"06y30tp6r0401","account":"clinic","rota":"ward4","state":"asking","began":"2026-11-29T10:00:00Z","until":"2026-11-29T10:05:00Z"}]}`
	err := remoteTo(t, 200, list).listEscalations(t.Context(), &out, false)
	if got := strings.Join(strings.Fields(out.String()), " "); err != nil || !strings.HasSuffix(got, "ward4 clinic asking 2026-11-29T10:05:00Z") {
		t.Errorf("it says %q, %v", got, err)
	}
	out.Reset()
	const one = `{"id":"06y30tp6r0401","account":"clinic","rota":"ward4","state":"acknowledged","by":"Bo","steps":[
		{"at":"2026-11-29T10:00:00Z","until":"2026-11-29T10:05:00Z","round":1,"step":1,"asked":[{"to":"+46701234567","name":"Anna","message":"06y30tp6r0401","failed":"undeliverable"}]},
		{"at":"2026-11-29T10:00:09Z","until":"2026-11-29T10:05:09Z","round":1,"step":2,"asked":[{"to":"+46701234568"}]}]}`
	err = remoteTo(t, 200, one).showEscalation(t.Context(), &out, http.MethodPost, "06y30tp6r0401", "/acknowledge")
	want := "rota:ward4 of clinic: acknowledged by Bo AT UNTIL ROUND STEP ASKED MESSAGE 2026-11-29T10:00:00Z 10:05:00 1 1 Anna +46701234567 06y30tp6r0401 undeliverable " +
		"2026-11-29T10:00:09Z 10:05:09 1 2 +46701234568 -"
	if got := strings.Join(strings.Fields(out.String()), " "); err != nil || got != want {
		t.Errorf("it says %q, %v", got, err)
	}
}
