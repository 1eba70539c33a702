package rota

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
)

// Bounds of an escalation: how often somebody is asked follows from them.
const (
	MaxSteps       = 20
	MaxStepMembers = 100
	MaxRounds      = 10
	MaxWait        = 24 * time.Hour
	MaxWords       = 20
)

// Escalation is who is asked next when nobody answers: step by step, until somebody says one of the agreed words.
type Escalation struct {
	Words  []string `json:"words,omitempty"` // by which an answer is an acknowledgement, whatever their case; empty: ok, ja, yes
	Steps  []Step   `json:"steps"`
	Rounds int      `json:"rounds,omitempty"` // how often the steps are gone through; 0: once
}

// Step is one level of an escalation.
type Step struct {
	Who      []string      `json:"who,omitempty"`      // phones, as whoever runs it has found them when the escalation began
	Together bool          `json:"together,omitempty"` // all of them at once; else one after the other, the next when the one before had his time
	Everyone bool          `json:"everyone,omitempty"` // those of all steps before it too, together
	Wait     time.Duration `json:"wait"`               // how long each, or all together, have to answer; at least a second
}

// Validate reports what is wrong with it.
func (e *Escalation) Validate(report func(field, problem string)) {
	wordsProblem(report, "words", e.Words)
	if e.Rounds < 0 || e.Rounds > MaxRounds {
		report("rounds", fmt.Sprintf("is not within 1 to %d", MaxRounds))
	}
	if len(e.Steps) == 0 {
		report("steps", "is missing")
	}
	atMost(report, "steps", len(e.Steps), MaxSteps)
	for i := range e.Steps {
		s, path := &e.Steps[i], fmt.Sprintf("steps[%d].", i)
		atMost(report, path+"who", len(s.Who), MaxStepMembers)
		waitProblem(report, path+"wait", s.Wait)
		if len(s.Who) == 0 && !s.Everyone {
			report(path+"who", "is missing")
		}
	}
}

// Phase is how far an escalation has come.
type Phase uint8

// The phases: the values are stored.
const (
	Fresh        Phase = 0 // nobody was asked
	Asking       Phase = 1
	Acknowledged Phase = 2 // somebody has taken it; over
	Exhausted    Phase = 3 // everybody was asked in vain; over
)

// State is how far an escalation has come. Its zero value is one that has not begun. Whoever runs it keeps it on disk.
type State struct {
	Phase   Phase     `json:"phase"`
	Round   int       `json:"round,omitempty"`
	Step    int       `json:"step,omitempty"`
	Person  int       `json:"person,omitempty"`  // of a step whose people are asked one after the other
	Asked   []string  `json:"asked,omitempty"`   // everybody who was asked so far
	Waiting []string  `json:"waiting,omitempty"` // those asked last whose answer can come
	Until   time.Time `json:"until,omitzero"`    // when they had their time
	By      string    `json:"by,omitempty"`      // who acknowledged it
}

// Over tells whether nothing happens any more.
func (s *State) Over() bool { return s.Phase == Acknowledged || s.Phase == Exhausted }

// EventKind is what happened.
type EventKind uint8

// The kinds of events.
const (
	Start       EventKind = iota
	Timer                 // time has passed; one that comes too early changes nothing
	Failed                // the message to Who did not arrive
	Answered              // Who sent Text
	Acknowledge           // Who took it by mail or on a page
)

// Event is what happened, and when.
type Event struct {
	Kind EventKind
	At   time.Time
	Who  string
	Text string
}

// ActKind is what is to be done.
type ActKind uint8

// The kinds of acts.
const (
	Ask    ActKind = iota // send the message to Who
	Wait                  // give a Timer at Until
	Tell                  // tell Who, who were asked, that By has taken it
	GiveUp                // tell the operator that nobody answered
)

// Act is something to be done.
type Act struct {
	Kind  ActKind
	Who   []string
	Step  int // of Ask
	Until time.Time
	By    string
}

// Next gives what becomes of a state by an event, and what is to be done, in order. The state given stays as it is.
func (e *Escalation) Next(s State, event Event) (State, []Act) {
	if s.Over() || (s.Phase == Fresh) != (event.Kind == Start) && event.Kind != Acknowledge {
		return s, nil
	}
	switch event.Kind {
	case Start:
		s = State{Phase: Asking, Person: -1}
		return e.advance(s, event.At)
	case Timer:
		if !event.At.Before(s.Until) {
			return e.advance(s, event.At)
		}
	case Failed:
		if i := slices.Index(s.Waiting, event.Who); i >= 0 {
			s.Waiting = slices.Concat(s.Waiting[:i], s.Waiting[i+1:])
			if len(s.Waiting) == 0 {
				return e.advance(s, event.At)
			}
		}
	case Answered: // also by somebody who had his time
		if slices.Contains(s.Asked, event.Who) && e.Says(event.Text) {
			return acknowledged(s, event.Who)
		}
	case Acknowledge:
		return acknowledged(s, event.Who)
	}
	return s, nil
}

func acknowledged(s State, by string) (State, []Act) {
	s.Phase, s.By, s.Waiting, s.Until = Acknowledged, by, nil, time.Time{}
	others := slices.DeleteFunc(slices.Clone(s.Asked), func(who string) bool { return who == by })
	if len(others) == 0 {
		return s, nil
	}
	return s, []Act{{Kind: Tell, Who: others, By: by}}
}

// advance asks the next: the next person of the step, the next step, or the first of the next round.
func (e *Escalation) advance(s State, now time.Time) (State, []Act) {
	for s.Person++; s.Round < max(e.Rounds, 1); s.Round, s.Step, s.Person = s.Round+1, 0, 0 {
		for ; s.Step < len(e.Steps); s.Step, s.Person = s.Step+1, 0 {
			if who := e.asked(&s); len(who) > 0 {
				return ask(s, who, now.Add(e.Steps[s.Step].Wait))
			}
		}
	}
	s.Phase, s.Waiting, s.Until = Exhausted, nil, time.Time{}
	return s, []Act{{Kind: GiveUp}}
}

// asked gives who is asked at the place where a state stands; nobody when the step is over.
func (e *Escalation) asked(s *State) []string {
	step := &e.Steps[s.Step]
	if !step.Together && !step.Everyone {
		if s.Person < len(step.Who) {
			return step.Who[s.Person : s.Person+1]
		}
		return nil
	}
	if s.Person > 0 {
		return nil
	}
	var all []string
	for i := range e.Steps[:s.Step+1] {
		if i == s.Step || step.Everyone {
			all = with(all, e.Steps[i].Who)
		}
	}
	return all
}

// with gives a list with more behind it, each once; the list given stays as it is.
func with(list, more []string) []string {
	list = slices.Clip(list)
	for _, who := range more {
		if !slices.Contains(list, who) {
			list = append(list, who)
		}
	}
	return list
}

func ask(s State, who []string, until time.Time) (State, []Act) {
	s.Asked, s.Waiting, s.Until = with(s.Asked, who), slices.Clone(who), until
	return s, []Act{{Kind: Ask, Who: s.Waiting, Step: s.Step}, {Kind: Wait, Until: until}}
}

// Says tells whether an answer begins with one of the words.
func (e *Escalation) Says(text string) bool {
	words := e.Words
	if len(words) == 0 {
		words = []string{"ok", "ja", "yes"}
	}
	first := firstWord(text)
	return slices.ContainsFunc(words, func(word string) bool { return strings.EqualFold(word, first) })
}

// firstWord gives the letters and digits with which a text begins, whatever stands before them.
func firstWord(text string) string {
	other := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) }
	text = strings.TrimLeftFunc(text, other)
	if end := strings.IndexFunc(text, other); end >= 0 {
		text = text[:end]
	}
	return text
}
