package rota_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kurir/rota"
)

// ward is a ward of a hospital: the nurse in charge in office hours but on holidays, doctors who take turns of two weeks, and whoever
// is on duty at the clinic behind them.
func ward() []rota.Rota {
	return []rota.Rota{
		{
			Name: "ward4", Account: "clinic", Zone: "Europe/Stockholm", Country: "SE", Eves: true,
			Layers: []rota.Layer{
				{Name: "office", Start: "2026-01-05", Slots: []rota.Slot{{Who: []string{"contact:Anna"}}}, When: []string{"mon-fri 08:00-17:00"}, Holidays: "skip"},
				{Name: "nights", Start: "2026-01-05", Handover: "08:00", Slots: []rota.Slot{
					{Who: []string{"contact:Bo"}, Days: 4}, {Who: []string{"contact:Cilla"}, Days: 3}, {Who: []string{"contact:Cilla"}, Days: 4}, {Who: []string{"contact:Bo", "contact:Dan"}, Days: 3},
				}, When: []string{"17:00-08:00", "sat", "sun"}, Holidays: "sun", Fills: true},
			},
			Exceptions: []rota.Exception{
				{From: "2026-01-07", Until: "2026-01-07", For: "contact:Anna", Who: []string{"contact:Eva"}, Note: "Anna is ill"},
				{From: "2026-01-10 12:00", Until: "2026-01-10 18:00", Who: []string{"group:managers"}},
			},
			Else: []string{"rota:clinic"},
		},
		{
			Name: "clinic", Account: "clinic", Zone: "Europe/Stockholm",
			Layers: []rota.Layer{{Start: "2026-01-01", Days: 1, Slots: []rota.Slot{{Who: []string{"+46701234567"}}, {Who: []string{"+46701234568"}}}}},
		},
	}
}

// Of layers, the first that has somebody counts; holidays, exceptions and rotas in a rota have their say.
func TestOnDuty(t *testing.T) {
	t.Parallel()
	p := checked(t, ward()).Find("clinic", "ward4")
	zone, err := time.LoadLocation("Europe/Stockholm")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ at, who, by string }{
		{"2026-01-05 07:59", "+46701234567", "else"},             // before the first hand-over
		{"2026-01-05 08:00", "contact:Anna", "office"},           // Monday
		{"2026-01-05 17:00", "contact:Bo", "nights"},             // the end is none of it
		{"2026-01-06 10:00", "contact:Bo", "nights"},             // Epiphany: a Sunday to nights
		{"2026-01-07 07:59", "contact:Bo", "nights"},             // what began on the holiday at 17:00
		{"2026-01-07 10:00", "contact:Eva", "office"},            // in place of Anna
		{"2026-01-09 07:59", "contact:Bo", "nights"},             // hand-over on Friday at 08:00
		{"2026-01-09 17:00", "contact:Cilla", "nights"},          //
		{"2026-01-10 11:59", "contact:Cilla", "nights"},          //
		{"2026-01-10 12:00", "group:managers", "exception"},      //
		{"2026-01-10 18:00", "contact:Cilla", "nights"},          //
		{"2026-01-17 10:00", "contact:Bo contact:Dan", "nights"}, // second week
		{"2026-01-19 18:00", "contact:Bo", "nights"},             // the first again
		{"2026-06-19 10:00", "contact:Bo contact:Dan", "nights"}, // Midsummer's Eve, a Friday
		{"2026-12-24 10:00", "contact:Bo", "nights"},             // Christmas Eve, a Thursday
		{"2026-12-23 10:00", "contact:Anna", "office"},           //
	} {
		at, err := time.ParseInLocation("2006-01-02 15:04", c.at, zone)
		if err != nil {
			t.Fatal(err)
		}
		if d := p.OnDuty(at); strings.Join(d.Who, " ") != c.who || d.By != c.by || len(d.Also) > 0 {
			t.Errorf("at %s: %+v, want %s by %s", c.at, d, c.who, c.by)
		}
	}
}

// A hand-over at a time that the clock leaps over is as much later, and at one that comes twice it is the first. The slots
// around it have their 23, 24 or 25 hours.
func TestHandoverWhenClocksChange(t *testing.T) {
	t.Parallel()
	list := []rota.Rota{{Name: "a", Zone: "Europe/Stockholm", Layers: []rota.Layer{{Start: "2026-01-01", Handover: "02:30", Days: 1, Slots: []rota.Slot{{Who: []string{"a"}}, {Who: []string{"b"}}}}}}}
	p := checked(t, list).Find("", "a")
	for _, c := range []struct{ from, to, want string }{
		{"2026-03-28T00:00:00Z", "2026-03-31T00:00:00Z", "28T01:30Z 24h0m0s 29T01:30Z 23h0m0s 30T00:30Z 23h30m0s"},
		{"2026-10-23T22:00:00Z", "2026-10-26T22:00:00Z", "24T00:30Z 24h0m0s 25T00:30Z 25h0m0s 26T01:30Z 20h30m0s"},
	} {
		from, err := time.Parse(time.RFC3339, c.from)
		if err != nil {
			t.Fatal(err)
		}
		to, err := time.Parse(time.RFC3339, c.to)
		if err != nil {
			t.Fatal(err)
		}
		spans, err := p.Between(from, to)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range spans[1:] {
			got = append(got, s.From.UTC().Format("02T15:04Z"), s.To.Sub(s.From).String())
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("from %s: %v, want %s", c.from, got, c.want)
		}
	}
}

// What two layers both have is an overlap, unless the one behind is meant to fill; what none has is a gap.
func TestGapsAndOverlaps(t *testing.T) {
	t.Parallel()
	layer := func(name, who, when string) rota.Layer {
		return rota.Layer{Name: name, Start: "2026-01-01", Slots: []rota.Slot{{Who: []string{who}}}, When: []string{when}}
	}
	p := checked(t, []rota.Rota{{Name: "a", Layers: []rota.Layer{layer("day", "a", "08:00-17:00"), layer("evening", "b", "16:00-22:00"), layer("same", "a", "09:00-10:00")}}}).Find("", "a")
	from := time.Date(2026, 2, 2, 0, 0, 0, 0, time.UTC)
	spans, err := p.Between(from, from.AddDate(0, 0, 1))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range spans {
		got = append(got, fmt.Sprint(s.From.Hour(), s.Who, s.Also))
	}
	if want := "0 [] [] 8 [a] [] 16 [a] [evening] 17 [b] [] 22 [] []"; strings.Join(got, " ") != want {
		t.Errorf("spans %s, want %s", strings.Join(got, " "), want)
	}
	if next, ok := p.Next(from.Add(9 * time.Hour)); !ok || !next.From.Equal(from.Add(17*time.Hour)) || !slices.Equal(next.Who, []string{"b"}) {
		t.Errorf("next is %+v, %v", next, ok)
	}
	always := checked(t, []rota.Rota{{Name: "a", Else: []string{"a"}}}).Find("", "a")
	if next, ok := always.Next(from); ok {
		t.Errorf("a rota of one has a next: %+v", next)
	}
}

// Whoever is away without anybody in his place leaves the time to those beside and behind him.
func TestAway(t *testing.T) {
	t.Parallel()
	r := rota.Rota{
		Name: "a", Layers: []rota.Layer{
			{Name: "first", Start: "2026-01-01", Slots: []rota.Slot{{Who: []string{"a"}}}},
			{Name: "second", Start: "2026-01-01", Fills: true, Slots: []rota.Slot{{Who: []string{"b", "c"}}}},
		},
		Exceptions: []rota.Exception{{From: "2026-02-02", Until: "2026-02-02", For: "a"}, {From: "2026-02-02", Until: "2026-02-02", For: "b"}},
	}
	d := checked(t, []rota.Rota{r}).Find("", "a").OnDuty(time.Date(2026, 2, 2, 12, 0, 0, 0, time.UTC))
	if !slices.Equal(d.Who, []string{"c"}) || d.By != "second" {
		t.Errorf("on duty %+v", d)
	}
}

// Each mistake is named by its field.
func TestValidate(t *testing.T) {
	t.Parallel()
	good := rota.Layer{Start: "2026-01-05", Slots: []rota.Slot{{Who: []string{"a"}}}}
	for field, r := range map[string]rota.Rota{
		"name":                    {Layers: []rota.Layer{good}},
		"zone":                    {Name: "a", Zone: "Europe/Stokholm", Layers: []rota.Layer{good}},
		"country":                 {Name: "a", Country: "se", Layers: []rota.Layer{good}},
		"eves":                    {Name: "a", Eves: true, Layers: []rota.Layer{good}},
		"days[1]":                 {Name: "a", Days: []string{"02-29", "2026-02-29"}, Layers: []rota.Layer{good}},
		"layers":                  {Name: "a"},
		"else[1]":                 {Name: "a", Else: []string{"a", "a"}},
		"else":                    {Name: "a", Else: []string{"rota:"}},
		"layers[0].start":         {Name: "a", Layers: []rota.Layer{{Start: "5 January", Slots: good.Slots}}},
		"layers[0].until":         {Name: "a", Layers: []rota.Layer{{Start: "2026-01-05", Until: "2026-01-04", Slots: good.Slots}}},
		"layers[0].handover":      {Name: "a", Layers: []rota.Layer{{Start: "2026-01-05", Handover: "24:00", Slots: good.Slots}}},
		"layers[0].days":          {Name: "a", Layers: []rota.Layer{{Start: "2026-01-05", Days: 367, Slots: good.Slots}}},
		"layers[0].slots":         {Name: "a", Layers: []rota.Layer{{Start: "2026-01-05"}}},
		"layers[0].slots[0].days": {Name: "a", Layers: []rota.Layer{{Start: "2026-01-05", Slots: []rota.Slot{{Days: -1}}}}},
		"layers[0].slots[0].who":  {Name: "a", Layers: []rota.Layer{{Start: "2026-01-05", Slots: []rota.Slot{{Who: make([]string, 21)}}}}},
		"layers[0].when":          {Name: "a", Layers: []rota.Layer{{Start: "2026-01-05", Slots: good.Slots, When: []string{"weekdays"}}}},
		"layers[0].holidays":      {Name: "a", Layers: []rota.Layer{{Start: "2026-01-05", Slots: good.Slots, Holidays: "sunday"}}},
		"exceptions[0].from":      {Name: "a", Layers: []rota.Layer{good}, Exceptions: []rota.Exception{{From: "2026-01-05 8", Until: "2026-01-06", For: "a"}}},
		"exceptions[0].until":     {Name: "a", Layers: []rota.Layer{good}, Exceptions: []rota.Exception{{From: "2026-01-05 08:00", Until: "2026-01-05 08:00", For: "a"}}},
		"exceptions[0].who":       {Name: "a", Layers: []rota.Layer{good}, Exceptions: []rota.Exception{{From: "2026-01-05", Until: "2026-01-05"}}},
	} {
		var fields []string
		r.Validate(func(field, _ string) { fields = append(fields, field) })
		if !slices.Contains(fields, field) {
			t.Errorf("wrong is %v, want %s", fields, field)
		}
	}
}

// A rota that is not there, of another account, in itself, or too deep is told.
func TestCheck(t *testing.T) {
	t.Parallel()
	of := func(account, name string, who ...string) rota.Rota {
		return rota.Rota{Account: account, Name: name, Else: who}
	}
	chain := []rota.Rota{of("x", "0", "a")}
	for i := 1; i <= rota.MaxDepth; i++ {
		chain = append(chain, of("x", fmt.Sprint(i), fmt.Sprint("rota:", i-1)))
	}
	wide := []rota.Rota{of("x", "all")}
	for i := range rota.MaxReach {
		wide[0].Layers = append(wide[0].Layers, rota.Layer{Slots: []rota.Slot{{Who: []string{fmt.Sprint("rota:", i)}}}})
		wide = append(wide, of("x", fmt.Sprint(i), "a"))
	}
	for want, list := range map[string][]rota.Rota{
		"":                        chain[:rota.MaxDepth],
		"does not have":           {of("x", "a", "rota:b"), of("y", "b", "c")},
		"would put":               {of("x", "a", "rota:b"), of("x", "b", "rota:c"), of("x", "c", "rota:a")},
		"puts more than":          chain,
		"lead to 20 rotas":        wide,
		"would put the rota into": {of("x", "a", "rota:a")},
	} {
		var all []string
		rota.Check(list, func(_ int, _, problem string) { all = append(all, problem) })
		if len(all) == 0 && want != "" || len(all) > 0 && (want == "" || !strings.Contains(strings.Join(all, "\n"), want)) {
			t.Errorf("wrong is %q, want %q", all, want)
		}
	}
}

// largest is a rota of as much as may be.
func largest() rota.Rota {
	big := rota.Rota{Name: "a", Zone: "Europe/Stockholm", Country: "SE", Eves: true}
	for i := range rota.MaxLayers {
		l := rota.Layer{Start: "2020-01-01", Days: 1, Holidays: "sun", Handover: fmt.Sprintf("%02d:10", i)}
		for k := range rota.MaxSlots {
			l.Slots = append(l.Slots, rota.Slot{Who: []string{fmt.Sprint("person ", k)}})
		}
		for k := range rota.MaxTimes / rota.MaxLayers {
			l.When = append(l.When, fmt.Sprintf("%02d:%02d-%02d:%02d", i, k*20, i, k*20+10+i%5))
		}
		big.Layers = append(big.Layers, l)
	}
	for i := range rota.MaxExceptions {
		big.Exceptions = append(big.Exceptions, rota.Exception{From: fmt.Sprintf("2026-%02d-01", i%12+1), Until: "2026-12-31", For: fmt.Sprint("person ", i), Who: []string{fmt.Sprint("stand-in ", i)}})
	}
	return big
}

// The largest rota there can be answers for a year in a fraction of a second, and for one time in much less.
func TestLargest(t *testing.T) {
	t.Parallel()
	big := largest()
	p := checked(t, []rota.Rota{big}).Find("", "a")
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	spans, err := p.Between(from, from.AddDate(1, 0, 0))
	if most := rota.MaxTimes*2*367 + rota.MaxLayers*367 + 2*rota.MaxExceptions; err != nil || len(spans) < 10_000 || len(spans) > most {
		t.Errorf("%d spans, at most %d are possible; %v", len(spans), most, err)
	}
	for _, to := range []time.Time{from, from.Add(-time.Hour), from.Add(rota.MaxBetween + time.Second)} {
		if _, err := p.Between(from, to); err == nil {
			t.Errorf("from %s to %s there is an answer", from, to)
		}
	}
}

func BenchmarkBetween(b *testing.B) {
	set := rota.NewSet(append(ward(), largest()))
	p := set.Find("clinic", "ward4")
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	b.Run("largest", func(b *testing.B) {
		for b.Loop() {
			if _, err := set.Find("", "a").Between(from, from.AddDate(1, 0, 0)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("year", func(b *testing.B) {
		for b.Loop() {
			if _, err := p.Between(from, from.AddDate(1, 0, 0)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("now", func(b *testing.B) {
		for b.Loop() {
			p.OnDuty(from)
		}
	})
}

// TestGaps: a rota that leaves times to nobody is named with the first of them, unless it stands in another and nothing comes to it itself.
func TestGaps(t *testing.T) {
	t.Parallel()
	office := func(name string, numbers ...string) rota.Rota {
		return rota.Rota{Name: name, Account: "clinic", Zone: "Europe/Stockholm", Numbers: numbers, Layers: []rota.Layer{
			{Start: "2026-01-05", When: []string{"mon-fri 08:00-17:00"}, Slots: []rota.Slot{{Who: []string{"contact:Anna"}}}},
		}}
	}
	s := rota.NewSet([]rota.Rota{
		office("inner"), office("own", "72456"), office("alone"),
		{Name: "full", Account: "clinic", Else: []string{"+46701234567"}, Layers: []rota.Layer{{Start: "2026-01-05", Slots: []rota.Slot{{Who: []string{"rota:inner", "rota:own"}}}}}},
	})
	from := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC) // a Monday
	list, err := s.Gaps(from, from.AddDate(0, 0, 2))
	if err != nil || len(list) != 2 || list[0].Rota.Name != "own" || list[1].Rota.Name != "alone" {
		t.Fatalf("gaps are %+v, %v", list, err)
	}
	g := list[0]
	if g.More != 1 || g.First.From.Format("15:04") != "17:00" || g.First.To.Format("2006-01-02 15:04") != "2026-03-03 08:00" {
		t.Errorf("the gap is %+v", g)
	}
	if _, err := s.Gaps(from, from); err == nil {
		t.Error("no time has gaps")
	}
}
