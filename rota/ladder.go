package rota

import (
	"fmt"
	"strings"
	"time"

	"kurir/message"
)

// MaxAsked is how many phones one escalation asks, whatever its steps name.
const MaxAsked = 200

// Ladder is who is asked when nobody who is on duty answers, as people write it. Whoever runs it makes an Escalation of it when a
// message begins it.
type Ladder struct {
	// Words by which an answer is an acknowledgement, whatever their case; the first word of the answer counts. Empty: ok, ja,
	// yes.
	Words message.Words `yaml:"words" example:"[ok, ja]"`
	// Wait is how long those on duty have to answer, 1s to 24h.
	Wait time.Duration `yaml:"wait" example:"5m"`
	// Then is who is asked after them, one step after the other.
	Then []Rung `yaml:"then"`
	// Rounds is how often all steps are gone through, 1 to 10. 0: once.
	Rounds int `yaml:"rounds"`
	// Told is the text by which those asked hear who has taken it: {by} is who, {text} the beginning of the message. Empty:
	// "{by} has taken: {text}".
	Told string `yaml:"told"`
}

// Rung is one step behind those on duty.
type Rung struct {
	// Who is those asked, one or several, as in a slot: numbers, contact:NAME, group:NAME, and rota:NAME for whoever is on duty
	// there when the escalation begins.
	Who message.Words `yaml:"who" example:"[\"contact:Bo\"]"`
	// Wait is how long each, or all together, have to answer, 1s to 24h. 0: as those on duty.
	Wait time.Duration `yaml:"wait"`
	// Together asks all of them at once; else one after the other.
	Together bool `yaml:"together"`
	// Everyone asks those of all steps before it too, at once.
	Everyone bool `yaml:"everyone"`
}

// Escalates tells whether there is anything to it.
func (l *Ladder) Escalates() bool {
	return l.Wait != 0 || len(l.Then) > 0 || len(l.Words) > 0 || l.Rounds != 0 || l.Told != ""
}

// Steps gives the steps without the phones of those who are asked: the first is whoever is on duty, together.
func (l *Ladder) Steps() []Step {
	steps := []Step{{Together: true, Wait: l.Wait}}
	for i := range l.Then {
		r := &l.Then[i]
		wait := r.Wait
		if wait == 0 {
			wait = l.Wait
		}
		steps = append(steps, Step{Together: r.Together, Everyone: r.Everyone, Wait: wait})
	}
	return steps
}

// Tells gives the text by which those asked hear who has taken a message.
func (l *Ladder) Tells(by, text string) string {
	told := l.Told
	if told == "" {
		told = "{by} has taken: {text}"
	}
	return strings.NewReplacer("{by}", by, "{text}", text).Replace(told)
}

// maxTold is how long the text may be that says who has taken a message, in octets.
const maxTold = 300

func (l *Ladder) validate(report func(field, problem string)) {
	if !l.Escalates() {
		return
	}
	wordsProblem(report, "words", l.Words)
	waitProblem(report, "wait", l.Wait)
	if l.Rounds < 0 || l.Rounds > MaxRounds {
		report("rounds", fmt.Sprintf("is not within 1 to %d", MaxRounds))
	}
	if len(l.Told) > maxTold {
		report("told", fmt.Sprintf("has %d octets; at most %d are possible", len(l.Told), maxTold))
	}
	atMost(report, "then", len(l.Then), MaxSteps-1)
	for i := range l.Then {
		r, path := &l.Then[i], fmt.Sprintf("then[%d].", i)
		membersProblem(report, path+"who", r.Who)
		if len(r.Who) == 0 && !r.Everyone {
			report(path+"who", "is missing")
		}
		if r.Wait != 0 {
			waitProblem(report, path+"wait", r.Wait)
		}
	}
}

func waitProblem(report func(field, problem string), field string, wait time.Duration) {
	if wait < time.Second || wait > MaxWait {
		report(field, fmt.Sprintf("is not within 1s to %s", MaxWait))
	}
}

func wordsProblem(report func(field, problem string), field string, words []string) {
	atMost(report, field, len(words), MaxWords)
	for i, word := range words {
		if firstWord(word) != word || word == "" || message.NameProblem(word) != "" {
			report(fmt.Sprintf("%s[%d]", field, i), fmt.Sprintf("%.40q is not one word of letters and digits", word))
		}
	}
}
