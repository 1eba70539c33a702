package rota_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kurir/rota"
)

// plan asks Anna, then Bo, then the two of the next level together, then everyone.
func plan() *rota.Escalation {
	return &rota.Escalation{Words: []string{"OK", "tar"}, Steps: []rota.Step{
		{Who: []string{"anna", "bo"}, Wait: 5 * time.Minute},
		{Who: []string{"cilla", "dan"}, Together: true, Wait: 10 * time.Minute},
		{Everyone: true, Wait: 15 * time.Minute},
	}}
}

// story plays events and tells what is done by each.
func story(e *rota.Escalation, events []rota.Event) (s rota.State, told []string) {
	for _, event := range events {
		var acts []rota.Act
		s, acts = e.Next(s, event)
		var all []string
		for _, a := range acts {
			switch a.Kind {
			case rota.Ask:
				all = append(all, fmt.Sprintf("ask %d %s", a.Step, strings.Join(a.Who, "+")))
			case rota.Wait:
				all = append(all, "until "+a.Until.UTC().Format("15:04"))
			case rota.Tell:
				all = append(all, "tell "+strings.Join(a.Who, "+")+" of "+a.By)
			case rota.GiveUp:
				all = append(all, "give up")
			}
		}
		told = append(told, strings.Join(all, ", "))
	}
	return s, told
}

func at(minute int) time.Time { return time.Date(2026, 1, 1, 0, minute, 0, 0, time.UTC) }

// The next is asked when the one before had his time or his message did not arrive; an agreed word of anybody who was asked, and a
// click of anybody, ends it.
func TestEscalation(t *testing.T) {
	t.Parallel()
	timer := func(minute int) rota.Event { return rota.Event{Kind: rota.Timer, At: at(minute)} }
	start := rota.Event{Kind: rota.Start, At: at(0)}
	says := func(who, text string) rota.Event {
		return rota.Event{Kind: rota.Answered, At: at(7), Who: who, Text: text}
	}
	fails := func(who string, minute int) rota.Event {
		return rota.Event{Kind: rota.Failed, At: at(minute), Who: who}
	}
	for name, c := range map[string]struct {
		events []rota.Event
		want   []string
		phase  rota.Phase
	}{
		"nobody answers": {
			[]rota.Event{start, timer(4), timer(5), timer(10), timer(20), timer(35), timer(99)},
			[]string{"ask 0 anna, until 00:05", "", "ask 0 bo, until 00:10", "ask 1 cilla+dan, until 00:20", "ask 2 anna+bo+cilla+dan, until 00:35", "give up", ""},
			rota.Exhausted,
		},
		"the first answers late": {
			[]rota.Event{start, timer(5), says("anna", "Vem?"), says("dan", "ok"), says("anna", " Ok! jag tar det"), timer(10)},
			[]string{"ask 0 anna, until 00:05", "ask 0 bo, until 00:10", "", "", "tell bo of anna", ""},
			rota.Acknowledged,
		},
		"messages do not arrive": {
			[]rota.Event{start, fails("bo", 1), fails("anna", 2), fails("anna", 2), fails("bo", 3), fails("dan", 4), timer(12), fails("cilla", 12)},
			[]string{"ask 0 anna, until 00:05", "", "ask 0 bo, until 00:07", "", "ask 1 cilla+dan, until 00:13", "", "", "ask 2 anna+bo+cilla+dan, until 00:27"},
			rota.Asking,
		},
		"a click": {
			[]rota.Event{start, {Kind: rota.Acknowledge, At: at(1), Who: "web:eva"}, start, timer(5)},
			[]string{"ask 0 anna, until 00:05", "tell anna of web:eva", "", ""},
			rota.Acknowledged,
		},
		"a click before it begins": {[]rota.Event{{Kind: rota.Acknowledge, Who: "eva"}, start}, []string{"", ""}, rota.Acknowledged},
		"no start":                 {[]rota.Event{timer(5), says("anna", "ok"), fails("anna", 1)}, []string{"", "", ""}, rota.Fresh},
	} {
		s, told := story(plan(), c.events)
		if !slices.Equal(told, c.want) || s.Phase != c.phase {
			t.Errorf("%s: %q, phase %d; want %q, %d", name, told, s.Phase, c.want, c.phase)
		}
		if body, err := json.Marshal(s); err != nil || strings.Contains(string(body), "0001-01-01") {
			t.Errorf("it is kept as %s, %v", body, err)
		}
	}
}

// anyEscalation draws a plan with which nothing is wrong.
func anyEscalation(t *rapid.T) *rota.Escalation {
	e := &rota.Escalation{Rounds: rapid.IntRange(0, 3).Draw(t, "rounds")}
	for range rapid.IntRange(1, 4).Draw(t, "steps") {
		s := rota.Step{
			Who:      rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}), 0, 3).Draw(t, "who"),
			Together: rapid.Bool().Draw(t, "together"), Everyone: rapid.Bool().Draw(t, "everyone"), Wait: time.Duration(rapid.IntRange(1, 90).Draw(t, "wait")) * time.Minute,
		}
		s.Everyone = s.Everyone || len(s.Who) == 0
		e.Steps = append(e.Steps, s)
	}
	e.Validate(func(field, problem string) { t.Fatalf("%s %s", field, problem) })
	return e
}

// most is how often somebody can be asked.
func most(e *rota.Escalation) (n int) {
	for i := range e.Steps {
		n += max(len(e.Steps[i].Who), 1)
	}
	return n * max(e.Rounds, 1)
}

// Whatever happens: it ends when time goes on, in no more steps than the plan has; nobody is asked before his step; while it asks
// there is a time at which it goes on; and behind its end nothing is done.
func TestEscalationEnds(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := anyEscalation(t)
		now, asks, over := at(0), 0, false
		s, acts := e.Next(rota.State{}, rota.Event{Kind: rota.Start, At: now})
		for {
			for _, a := range acts {
				if over {
					t.Fatalf("behind its end: %+v", a)
				}
				if a.Kind != rota.Ask {
					continue
				}
				asks++
				for _, who := range a.Who {
					if !slices.ContainsFunc(e.Steps[:a.Step+1], func(p rota.Step) bool { return slices.Contains(p.Who, who) }) {
						t.Fatalf("%s is asked in step %d of %+v", who, a.Step, e.Steps)
					}
				}
			}
			if s.Phase == rota.Asking && (len(s.Waiting) == 0 || !s.Until.After(now)) {
				t.Fatalf("it asks, and nothing goes on: %+v", s)
			}
			if over {
				break
			}
			if over = s.Over(); over && rapid.Bool().Draw(t, "end") {
				break
			}
			event := rota.Event{Kind: rota.Timer, At: now}
			switch rapid.IntRange(0, 7).Draw(t, "event") {
			case 0:
				event.Kind, event.Who = rota.Failed, rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "fails")
			case 1:
				event.Kind, event.Who, event.Text = rota.Answered, "a", "no"
			case 2:
				event.Kind = rota.Start
			case 3:
				if rapid.IntRange(0, 9).Draw(t, "click") == 0 {
					event.Kind, event.Who = rota.Acknowledge, "x"
				}
			default:
				if s.Until.After(now) {
					now = s.Until
				}
				event.At = now
			}
			before := fmt.Sprint(s)
			next, done := e.Next(s, event)
			if fmt.Sprint(s) != before {
				t.Fatalf("the state that was given became %v, from %s", s, before)
			}
			s, acts = next, done
			if asks > most(e) {
				t.Fatalf("%d times somebody is asked by %+v", asks, e)
			}
		}
	})
}

// An acknowledgement by anybody who was asked stops it at once, wherever it stands.
func TestAcknowledgementStops(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		e := anyEscalation(t)
		s, _ := e.Next(rota.State{}, rota.Event{Kind: rota.Start, At: at(0)})
		for range rapid.IntRange(0, 8).Draw(t, "timers") {
			s, _ = e.Next(s, rota.Event{Kind: rota.Timer, At: s.Until})
		}
		if s.Over() {
			return
		}
		by := rapid.SampledFrom(s.Asked).Draw(t, "by")
		s, acts := e.Next(s, rota.Event{Kind: rota.Answered, Who: by, Text: "OK."})
		if s.Phase != rota.Acknowledged || s.By != by || len(acts) > 1 || len(acts) == 1 && (acts[0].Kind != rota.Tell || slices.Contains(acts[0].Who, by)) {
			t.Fatalf("%+v, %+v", s, acts)
		}
		for kind := range rota.Acknowledge + 1 {
			if _, acts := e.Next(s, rota.Event{Kind: kind, At: at(10_000), Who: by, Text: "ok"}); len(acts) > 0 {
				t.Fatalf("behind its end: %+v", acts)
			}
		}
	})
}

func TestEscalationValidate(t *testing.T) {
	t.Parallel()
	step := []rota.Step{{Who: []string{"a"}, Wait: time.Minute}}
	for field, e := range map[string]rota.Escalation{
		"words[0]":      {Words: []string{"i come"}, Steps: step},
		"rounds":        {Rounds: 11, Steps: step},
		"steps":         {},
		"steps[0].wait": {Steps: []rota.Step{{Who: []string{"a"}}}},
		"steps[0].who":  {Steps: []rota.Step{{Wait: time.Minute}}},
	} {
		var fields []string
		e.Validate(func(field, _ string) { fields = append(fields, field) })
		if !slices.Equal(fields, []string{field}) {
			t.Errorf("wrong is %v, want %s", fields, field)
		}
	}
}
