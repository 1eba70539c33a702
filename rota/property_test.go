package rota_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kurir/rota"
)

// Zones of which some change their clocks at odd times: St John's did at 00:01, Lord Howe does by half an hour, Beirut at midnight,
// and Apia left out a day.
var zones = []string{"", "Europe/Stockholm", "America/St_Johns", "Australia/Lord_Howe", "Asia/Beirut", "Pacific/Apia", "America/New_York"}

// anyTime draws a time near one at which clocks change somewhere, or any.
func anyTime(t *rapid.T, label string) time.Time {
	base := rapid.SampledFrom([]time.Time{
		time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC), time.Date(2026, 10, 24, 12, 0, 0, 0, time.UTC), time.Date(2011, 12, 29, 0, 0, 0, 0, time.UTC),
		time.Date(2010, 11, 6, 12, 0, 0, 0, time.UTC), time.Date(2026, 12, 20, 0, 0, 0, 0, time.UTC), time.Date(2026, 6, 15, 0, 0, 0, 0, time.UTC),
	}).Draw(t, label+" near")
	return base.Add(time.Duration(rapid.IntRange(0, 5*24*60).Draw(t, label)) * time.Minute)
}

func anyClock(t *rapid.T, label string) string {
	return fmt.Sprintf("%02d:%02d", rapid.IntRange(0, 23).Draw(t, label), rapid.SampledFrom([]int{0, 15, 30, 45}).Draw(t, label))
}

func anyWho(t *rapid.T, deeper []string) []string {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(append([]string{"anna", "bo", "cilla", "+46701234567"}, deeper...)), 0, 3, rapid.ID).Draw(t, "who")
}

// anyLayer draws a layer.
func anyLayer(t *rapid.T, deeper []string) rota.Layer {
	l := rota.Layer{
		Start:    rapid.SampledFrom([]string{"2009-12-31", "2010-11-01", "2011-12-25", "2026-01-05", "2026-03-27", "2026-12-22"}).Draw(t, "start"),
		Handover: rapid.SampledFrom([]string{"", "02:30", "08:00", "00:01", "23:59"}).Draw(t, "handover"),
		Days:     rapid.IntRange(0, 9).Draw(t, "days"), Fills: rapid.Bool().Draw(t, "fills"),
		Holidays: rapid.SampledFrom([]string{"", "", "skip", "only", "sun", "wed"}).Draw(t, "holidays"),
	}
	if rapid.IntRange(0, 3).Draw(t, "ends") == 0 {
		l.Until = rapid.SampledFrom([]string{"2026-12-23", "2026-12-31"}).Draw(t, "until")
	}
	for range rapid.IntRange(1, 4).Draw(t, "slots") {
		l.Slots = append(l.Slots, rota.Slot{Who: anyWho(t, deeper), Days: rapid.IntRange(0, 3).Draw(t, "slot days")})
	}
	for range rapid.IntRange(0, 3).Draw(t, "times") {
		days := rapid.SampledFrom([]string{"", "mon-fri ", "sat ", "fri-mon "}).Draw(t, "when")
		from, to := anyClock(t, "from"), anyClock(t, "to")
		if from != to {
			l.When = append(l.When, days+from+"-"+to)
		}
	}
	return l
}

// anyRotas draws a rota, and two that may be in it.
func anyRotas(t *rapid.T) []rota.Rota {
	var list []rota.Rota
	var deeper []string
	for _, name := range []string{"inner", "middle", "outer"} {
		r := rota.Rota{
			Name: name, Zone: rapid.SampledFrom(zones).Draw(t, "zone"), Country: rapid.SampledFrom(append(rota.Countries(), "")).Draw(t, "country"),
			Days: []string{"2026-06-17", "12-22"}, Else: anyWho(t, deeper),
		}
		r.Eves = r.Country != "" && rapid.Bool().Draw(t, "eves")
		for range rapid.IntRange(1, 4).Draw(t, "layers") {
			r.Layers = append(r.Layers, anyLayer(t, deeper))
		}
		for range rapid.IntRange(0, 3).Draw(t, "exceptions") {
			e := rota.Exception{From: "2026-12-23 " + anyClock(t, "from"), Until: "2026-12-24", Who: anyWho(t, deeper), For: rapid.SampledFrom([]string{"", "anna", "bo"}).Draw(t, "for")}
			if len(e.Who) > 0 || e.For != "" {
				r.Exceptions = append(r.Exceptions, e)
			}
		}
		list, deeper = append(list, r), append(deeper, "rota:"+name)
	}
	return list
}

// checked makes a set of rotas with which nothing is wrong.
func checked(t interface {
	Helper()
	Fatalf(string, ...any)
}, list []rota.Rota,
) *rota.Set {
	t.Helper()
	for i := range list {
		list[i].Validate(func(field, problem string) { t.Fatalf("%s: %s %s", list[i].Name, field, problem) })
	}
	rota.Check(list, func(i int, field, problem string) { t.Fatalf("%s: %s %s", list[i].Name, field, problem) })
	return rota.NewSet(list)
}

// Spans follow one another from begin to end, say at each time what OnDuty says, and every time at which the slots of a layer
// have somebody has an answer.
func TestSpansAgree(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		list := anyRotas(t)
		set := checked(t, list)
		from := anyTime(t, "from")
		to := from.Add(time.Duration(rapid.IntRange(1, 20*24*60).Draw(t, "long")) * time.Minute)
		for _, p := range set.All() {
			spans, err := p.Between(from, to)
			if err != nil {
				t.Fatal(err)
			}
			contiguous(t, spans, from, to)
			for i := range spans {
				s := &spans[i]
				long := int(s.To.Sub(s.From) / time.Second)
				for _, at := range []time.Time{s.From, s.To.Add(-time.Second), s.From.Add(time.Duration(rapid.IntRange(0, long-1).Draw(t, "at")) * time.Second)} {
					if d := p.OnDuty(at); !slices.Equal(d.Who, s.Who) || d.By != s.By || !slices.Equal(d.Also, s.Also) {
						t.Fatalf("%s at %s: on duty %+v, but the span is %+v", p.Rota.Name, at, d, *s)
					}
				}
				if s.Gap() && len(p.Rota.Else) > 0 && !leadsOn(p.Rota.Else) && len(p.Rota.Exceptions) == 0 { // one that is away may be among them
					t.Fatalf("%s: a gap %+v in spite of else %v", p.Rota.Name, *s, p.Rota.Else)
				}
				if s.Gap() != (s.By == "") {
					t.Fatalf("%s: %+v is by nobody or of nobody", p.Rota.Name, *s)
				}
			}
		}
	})
}

func leadsOn(who []string) bool {
	return slices.ContainsFunc(who, func(w string) bool { return len(w) > 5 && w[:5] == rota.Prefix })
}

func contiguous(t *rapid.T, spans []rota.Span, from, to time.Time) {
	if !spans[0].From.Equal(from) || !spans[len(spans)-1].To.Equal(to) {
		t.Fatalf("spans from %s to %s, not from %s to %s", spans[0].From, spans[len(spans)-1].To, from, to)
	}
	for i := range spans {
		if !spans[i].From.Before(spans[i].To) || i > 0 && !spans[i].From.Equal(spans[i-1].To) {
			t.Fatalf("span %d, %+v, does not follow %+v", i, spans[i], spans[max(i-1, 0)])
		}
	}
}

// A rotation whose slots all have somebody and that always holds has no gap behind its start, in any zone.
func TestNoGaps(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := anyLayer(t, nil)
		l.When, l.Holidays, l.Until = nil, "", ""
		for i := range l.Slots {
			l.Slots[i].Who = []string{fmt.Sprintf("person %d", i)}
		}
		p := checked(t, []rota.Rota{{Name: "a", Zone: rapid.SampledFrom(zones).Draw(t, "zone"), Layers: []rota.Layer{l}}}).Find("", "a")
		from := anyTime(t, "from")
		spans, err := p.Between(from, from.AddDate(0, 0, 40))
		if err != nil {
			t.Fatal(err)
		}
		began := false
		for i := range spans {
			if spans[i].Gap() && began {
				t.Fatalf("a gap %+v", spans[i])
			}
			began = began || !spans[i].Gap()
		}
	})
}

// The hours of a day's slots sum up: 24 an ordinary day, 23 and 25 when the clock is changed.
func TestHoursSumUp(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		zone := rapid.SampledFrom([]string{"Europe/Stockholm", "America/New_York"}).Draw(t, "zone")
		n := rapid.IntRange(2, 5).Draw(t, "people")
		l := rota.Layer{Start: "2026-01-01", Handover: "08:00", Days: 1}
		for i := range n {
			l.Slots = append(l.Slots, rota.Slot{Who: []string{fmt.Sprint(i)}})
		}
		p := checked(t, []rota.Rota{{Name: "a", Zone: zone, Layers: []rota.Layer{l}}}).Find("", "a")
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		spans, err := p.Between(time.Date(2026, 1, 1, 8, 0, 0, 0, loc), time.Date(2027, 1, 1, 8, 0, 0, 0, loc))
		if err != nil || len(spans) != 365 {
			t.Fatalf("%d spans, %v", len(spans), err)
		}
		hours := map[time.Duration]int{}
		for i := range spans {
			hours[spans[i].To.Sub(spans[i].From)/time.Hour]++
		}
		if hours[23] != 1 || hours[25] != 1 || hours[24] != 363 {
			t.Fatalf("slots by hours: %v", hours)
		}
	})
}
