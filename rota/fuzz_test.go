package rota_test

import (
	"testing"
	"time"

	"kurir/rota"
)

// FuzzRota: whatever the texts of a rota are, what passes the check answers, and its spans follow one another.
func FuzzRota(f *testing.F) {
	f.Add("Europe/Stockholm", "SE", "2026-01-05", "", "08:00", "mon-fri 08:00-17:00", "skip", "2026-07-01 08:00", "2026-07-03", "04-30", 7)
	f.Add("Pacific/Apia", "GB", "2011-12-29", "2011-12-31", "23:59", "22:00-06:00", "sun", "2011-12-30", "2011-12-30", "2011-12-30", 1)
	f.Add("", "", "1970-01-01", "2200-12-31", "", "sat", "only", "1970-01-01T00:00", "2200-12-31", "02-29", 366)
	f.Fuzz(func(t *testing.T, zone, country, start, until, handover, when, holidays, from, to, extra string, days int) {
		r := rota.Rota{
			Name: "a", Zone: zone, Country: country, Days: []string{extra},
			Layers:     []rota.Layer{{Start: start, Until: until, Handover: handover, When: []string{when}, Holidays: holidays, Days: days, Slots: []rota.Slot{{Who: []string{"a"}}, {Who: []string{"b"}, Days: 2}}}},
			Exceptions: []rota.Exception{{From: from, Until: to, Who: []string{"c"}, For: "a"}, {From: from, Until: to, Who: []string{"d"}}},
		}
		wrong := false
		r.Validate(func(string, string) { wrong = true })
		if wrong {
			return
		}
		p := rota.NewSet([]rota.Rota{r}).Find("", "a")
		for _, at := range []time.Time{time.Date(2011, 12, 20, 0, 0, 0, 0, time.UTC), time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2199, 12, 1, 0, 0, 0, 0, time.UTC)} {
			spans, err := p.Between(at, at.AddDate(0, 0, 20))
			if err != nil {
				t.Fatal(err)
			}
			for i := range spans {
				if i > 0 && !spans[i].From.Equal(spans[i-1].To) || !spans[i].From.Before(spans[i].To) {
					t.Fatalf("span %+v does not follow", spans[i])
				}
				if d := p.OnDuty(spans[i].From); d.By != spans[i].By {
					t.Fatalf("%+v is on duty, not %+v", d, spans[i])
				}
			}
		}
	})
}

// FuzzAnswer: whatever somebody answers, it is an acknowledgement or nothing happens.
func FuzzAnswer(f *testing.F) {
	f.Add("OK!", "ok")
	f.Add(" «Ja», jag tar det", "tar")
	f.Add("\xff\xfe", "é")
	f.Fuzz(func(t *testing.T, text, word string) {
		e := &rota.Escalation{Words: []string{word}, Steps: []rota.Step{{Who: []string{"a", "b"}, Wait: time.Minute}}}
		wrong := false
		e.Validate(func(string, string) { wrong = true })
		if wrong {
			return
		}
		s, _ := e.Next(rota.State{}, rota.Event{Kind: rota.Start})
		if own, _ := e.Next(s, rota.Event{Kind: rota.Answered, Who: "a", Text: word}); !own.Over() {
			t.Fatalf("the word %q itself is no acknowledgement", word)
		}
		if s, acts := e.Next(s, rota.Event{Kind: rota.Answered, Who: "a", Text: text}); len(acts) > 0 || s.Phase != rota.Asking && s.Phase != rota.Acknowledged {
			t.Fatalf("%q makes %+v, %+v", text, s, acts)
		}
	})
}
