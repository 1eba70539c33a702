package rota_test

import (
	"slices"
	"testing"
	"time"

	"kurir/rota"
)

// What is wrong with an escalation of a rota is named by its field; one that says nothing is none.
func TestLadderProblems(t *testing.T) {
	t.Parallel()
	many := make([]rota.Rung, rota.MaxSteps)
	for i := range many {
		many[i].Everyone = true
	}
	for _, c := range []struct {
		ladder rota.Ladder
		want   []string
	}{
		{rota.Ladder{}, nil},
		{rota.Ladder{Wait: time.Minute, Words: []string{"ok"}, Then: []rota.Rung{{Who: []string{"contact:Bo", "rota:other"}, Wait: time.Second}, {Everyone: true}}}, nil},
		{rota.Ladder{Words: []string{"on it"}, Rounds: 11}, []string{"escalation.words[0]", "escalation.wait", "escalation.rounds"}},
		{rota.Ladder{Wait: time.Minute, Then: []rota.Rung{{}, {Who: []string{"contact:"}, Wait: 25 * time.Hour}}}, []string{"escalation.then[0].who", "escalation.then[1].who", "escalation.then[1].wait"}},
		{rota.Ladder{Wait: time.Minute, Then: many}, []string{"escalation.then"}},
		{rota.Ladder{Wait: time.Minute, Told: string(make([]byte, 301))}, []string{"escalation.told"}},
		{rota.Ladder{Wait: time.Minute, Then: []rota.Rung{{Who: []string{"rota:nowhere"}}}}, []string{"escalation.then[0].who"}},
	} {
		var got []string
		list := []rota.Rota{{Name: "ward", Account: "acme", Else: []string{"+46701234567"}, Escalation: c.ladder}, {Name: "other", Account: "acme", Else: []string{"rota:ward"}}}
		list[0].Validate(func(field, _ string) { got = append(got, field) })
		rota.Check(list, func(_ int, field, _ string) { got = append(got, field) })
		if !slices.Equal(got, c.want) {
			t.Errorf("%+v: wrong are %v, want %v", c.ladder, got, c.want)
		}
		if c.ladder.Escalates() != (c.ladder.Wait != 0 || len(c.want) > 0) {
			t.Errorf("%+v escalates: %t", c.ladder, c.ladder.Escalates())
		}
	}
}

// The first step is those on duty, together; steps that say no time have theirs. Who has taken it is told in the words of the rota.
func TestLadderSteps(t *testing.T) {
	t.Parallel()
	l := rota.Ladder{Wait: 5 * time.Minute, Then: []rota.Rung{{Wait: time.Minute}, {Together: true}, {Everyone: true}}}
	s := l.Steps()
	if len(s) != 4 || !s[0].Together || s[0].Wait != 5*time.Minute || s[1].Together || s[1].Wait != time.Minute || !s[2].Together || s[2].Wait != 5*time.Minute || !s[3].Everyone {
		t.Errorf("%+v", s)
	}
	if got := l.Tells("Anna", "bed {by}"); got != "Anna has taken: bed {by}" {
		t.Error(got)
	}
	l.Told = "{by} tar det"
	if got := l.Tells("Anna", "bed 7"); got != "Anna tar det" {
		t.Error(got)
	}
}
