package message

import (
	"fmt"

	"kurir/gsm"
)

// UnicodePolicy says what becomes of a text that no allowed alphabet can write
// in septets.
type UnicodePolicy uint8

// The policies.
const (
	UnicodeAllow    UnicodePolicy = iota // it is sent as UCS-2
	UnicodeSimplify                      // letters and marks get their plain form, if all of them have one
	UnicodeRefuse
)

// LongPolicy says what becomes of a text that is longer than one message.
type LongPolicy uint8

// The policies.
const (
	LongJoin     LongPolicy = iota // parts that the phone joins
	LongSeparate                   // messages of their own, cut between words
	LongCut                        // what fits into one message
	LongRefuse
)

// TextRules say how an account's texts are written. Most accounts have none.
type TextRules struct {
	Unicode   UnicodePolicy
	Languages gsm.Languages // whose national tables may be used
	Long      LongPolicy
	Numbered  bool // separate messages begin with 1/3 and the like
	LongSaid  bool // the message itself says Long, which no route changes
}

// The words of the configuration and of the API; the first is what holds where
// nothing is said.
var (
	unicodePolicies = []string{"allow", "simplify", "refuse"}
	longPolicies    = []string{"join", "separate", "cut", "refuse"}
)

// String returns the word for the policy.
func (p LongPolicy) String() string { return longPolicies[p%LongPolicy(len(longPolicies))] }

// ParseUnicodePolicy reads allow, simplify or refuse; empty is allow.
func ParseUnicodePolicy(word string) (UnicodePolicy, error) {
	i, err := wordIn(word, unicodePolicies)
	return UnicodePolicy(i), err
}

// ParseLongPolicy reads join, separate, cut or refuse; empty is join.
func ParseLongPolicy(word string) (LongPolicy, error) {
	i, err := wordIn(word, longPolicies)
	return LongPolicy(i), err
}

func wordIn(word string, words []string) (int, error) {
	if word == "" {
		return 0, nil
	}
	for i, w := range words {
		if w == word {
			return i, nil
		}
	}
	list := words[0]
	for _, w := range words[1 : len(words)-1] {
		list += ", " + w
	}
	return 0, fmt.Errorf("%.20q is not known; %s and %s are", word, list, words[len(words)-1])
}

// ParseLanguages reads the names of languages; "all" is every one.
func ParseLanguages(words []string) (gsm.Languages, error) { return gsm.ParseLanguages(words) }
