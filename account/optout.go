package account

import (
	"fmt"
	"strings"
	"unicode"
)

// OptOut is how phones opt out of an account's messages and in again.
type OptOut struct {
	// Languages are those whose words hold, as codes such as sv or en; docs/numbers.md lists them. The answer is in that of
	// the word, or, where several have it, of the phone's country, else the first of them. Empty: all, and English.
	Languages []string `yaml:"languages" example:"[sv, en]"`
	// Stop is further words by which a phone opts out. Empty: none.
	Stop []string `yaml:"stop" example:"[avsluta]"`
	// Start is further words by which it opts in again. Empty: none.
	Start []string `yaml:"start"`
	// StopAnswer is the answer to who opts out. Empty: one in his language; none: no answer.
	StopAnswer string `yaml:"stop_answer"`
	// StartAnswer is the answer to who opts in again. Empty: one in his language; none: no answer.
	StartAnswer string `yaml:"start_answer"`
}

// NoAnswer as an answer says that there is none.
const NoAnswer = "none"

// mostWords and mostAnswer bound what an account may say of it.
const (
	mostWords  = 100
	mostAnswer = 1000 // octets
)

func (o *OptOut) validate(report func(field, problem string)) {
	if o == nil {
		return
	}
	for field, words := range map[string][]string{"stop": o.Stop, "start": o.Start} {
		if len(words) > mostWords {
			report("opt_out."+field, fmt.Sprintf("has more than %d words", mostWords))
		}
		for i, word := range words {
			if len(word) > mostOptOutWord || !strings.ContainsFunc(word, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }) {
				report(fmt.Sprintf("opt_out.%s[%d]", field, i), fmt.Sprintf("is no word of 1 to %d octets with a letter or digit in it", mostOptOutWord))
			}
		}
	}
	for field, answer := range map[string]string{"stop_answer": o.StopAnswer, "start_answer": o.StartAnswer} {
		if len(answer) > mostAnswer {
			report("opt_out."+field, fmt.Sprintf("is longer than %d octets", mostAnswer))
		}
	}
}

// mostOptOutWord bounds a word, in octets.
const mostOptOutWord = 64
