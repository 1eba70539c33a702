package main

import (
	"bytes"
	"strings"
	"testing"
)

// Who is on duty is a line, then who is next; of a month each span is one, by the clock of the rota, with gaps told.
func TestRotaShow(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	const duty = `{"name":"ward4","at":"2026-01-06T10:00:00+01:00","who":["contact:Bo"],"by":"day","overlaps":["noon"],"next":{"from":"2026-01-06T17:00:00+01:00","who":[],"gap":true}}`
	err := remoteTo(t, 200, duty).showDuty(t.Context(), &out, "ward4", "2026-01-06T10:00:00+01:00")
	if want := "contact:Bo by day, overlaps with noon\nthen nobody from 2026-01-06T17:00:00+01:00\n"; err != nil || out.String() != want {
		t.Errorf("it says %q, %v", out.String(), err)
	}
	out.Reset()
	const spans = `{"name":"ward4","spans":[{"from":"2026-10-25T00:00:00+02:00","to":"2026-10-25T08:00:00+01:00","who":["contact:Bo","group:all"],"by":"day"},{"from":"2026-10-25T08:00:00+01:00","to":"2026-11-01T00:00:00+01:00","who":[],"gap":true}],"gaps":1,"overlaps":0}`
	if err := remoteTo(t, 200, spans).showMonth(t.Context(), &out, "ward4", "2026-10"); err != nil {
		t.Fatal(err)
	}
	got := strings.Join(strings.Fields(out.String()), " ")
	if want := "FROM TO ON DUTY BY OVERLAPS WITH Sun 2026-10-25 00:00 Sun 2026-10-25 08:00 contact:Bo, group:all day - Sun 2026-10-25 08:00 Sun 2026-11-01 00:00 NOBODY - - 1 gap, 0 overlaps"; got != want {
		t.Errorf("it says %q", got)
	}
	out.Reset()
	const list = `{"rotas":[{"name":"ward4","account":"clinic","who":["contact:Bo"],"by":"day","next":{"from":"2026-01-06T17:00:00+01:00","who":[]}}]}`
	if err := remoteTo(t, 200, list).listRotas(t.Context(), &out); err != nil || !strings.HasSuffix(strings.Join(strings.Fields(out.String()), " "), "ward4 clinic contact:Bo day 2026-01-06T17:00:00+01:00") {
		t.Errorf("it says %q, %v", out.String(), err)
	}
	if err := remoteTo(t, 200, list).showMonth(t.Context(), &out, "ward4", "december"); err == nil {
		t.Error("a month of letters is taken")
	}
}
