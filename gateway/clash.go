package gateway

import (
	"fmt"
	"slices"
	"strings"

	"kurir/route"
)

// Clash is what of a rule for messages from phones has no effect, because an earlier rule takes it first.
type Clash struct {
	Rule, Earlier int    // their places in the list; Earlier is the first of several
	Field         string // of Rule that is taken; empty for the whole rule
	Same          bool   // both rules have the same conditions

	word, to    string // the first that is taken of a rule with keywords
	mine, other string // the accounts that get it by Rule and by Earlier
}

// Sentence says what has no effect and why; earlier is how the earlier rule is called.
func (c *Clash) Sentence(earlier string) string {
	claim := ""
	if c.word != "" && c.mine != c.other {
		claim = fmt.Sprintf("%s on %s is claimed for %s there and for %s here", c.word, c.to, named(c.other), named(c.mine))
	}
	switch {
	case c.Field != "":
		return earlier + " comes first: " + claim
	case c.Same:
		claim = strings.TrimSuffix("has the same conditions as "+earlier+", which comes first; "+claim, "; ")
	default:
		claim = strings.TrimSuffix("can never match, for "+earlier+" comes first and takes it all; "+claim, "; ")
	}
	return claim
}

func named(account string) string {
	if account == "" {
		return "nobody"
	}
	return account
}

// Clashes finds the rules that can never match, and the words on a number that two accounts claim. owner gives the account
// that has a number, for rules that name none.
func Clashes(rules []InboundRule, owner func(number string) string) []Clash {
	index := newClashIndex(rules)
	var list []Clash
	for i := range rules {
		list = append(list, index.clashes(i, owner)...)
	}
	return list
}

// Unclaimed gives those of numbers, of ours, to which a phone may write what no rule takes.
func Unclaimed(rules []InboundRule, numbers []string) (free []string) {
	x := newClashIndex(append(slices.Clip(rules), InboundRule{}))
	for _, number := range numbers {
		bare := strings.TrimPrefix(number, "+")
		if x.taker(len(rules), "+"+bare, "*") < 0 && x.taker(len(rules), bare, "*") < 0 {
			free = append(free, number)
		}
	}
	return free
}

// clashIndex finds earlier rules by a keyword.
type clashIndex struct {
	rules  []InboundRule
	words  [][]string       // folded, by rule
	byWord map[string][]int // rules that have exactly this word
	others []int            // rules without a keyword, or with the beginning of one
}

func newClashIndex(rules []InboundRule) *clashIndex {
	x := &clashIndex{rules: rules, words: make([][]string, len(rules)), byWord: map[string][]int{}}
	for i := range rules {
		open := len(rules[i].Keyword) == 0
		for _, word := range rules[i].Keyword {
			folded := foldKeyword(word)
			x.words[i] = append(x.words[i], folded)
			if strings.HasSuffix(folded, "*") {
				open = true
			} else if same := x.byWord[folded]; len(same) == 0 || same[len(same)-1] != i {
				x.byWord[folded] = append(same, i)
			}
		}
		if open {
			x.others = append(x.others, i)
		}
	}
	return x
}

// orAny is the patterns of a condition, any value where it has none.
func orAny(p []string) []string {
	if len(p) == 0 {
		return []string{"*"}
	}
	return p
}

// clashes finds what of a rule earlier ones take: each number with each word is looked at by itself.
func (x *clashIndex) clashes(i int, owner func(string) string) []Clash {
	r := &x.rules[i]
	var taken []Clash // words that another account gets
	var whole *Clash  // if nothing is free
	free := false
	for _, to := range orAny(r.To) {
		for n, word := range orAny(x.words[i]) {
			by := x.taker(i, to, word)
			if by < 0 {
				free = true
				continue
			}
			c := Clash{Rule: i, Earlier: by, mine: accountOn(r, to, owner), other: accountOn(&x.rules[by], to, owner), to: to}
			if len(r.Keyword) > 0 {
				c.word, c.Field = r.Keyword[n], route.Item("keyword", n, len(r.Keyword))
				if c.mine != c.other {
					taken = append(taken, c)
				}
			}
			if whole == nil || by < whole.Earlier {
				whole = &c
			}
		}
	}
	if free || whole == nil {
		return taken
	}
	whole.Field, whole.Same = "", sameConditions(r, &x.rules[whole.Earlier])
	return []Clash{*whole}
}

// accountOn is whose the messages to a number are by a rule.
func accountOn(r *InboundRule, to string, owner func(string) string) string {
	if r.Account != "" || owner == nil {
		return r.Account
	}
	return owner(strings.TrimPrefix(to, "+"))
}

// taker returns the first earlier rule that takes all messages to a number with a word that rule i would take; -1 for none.
func (x *clashIndex) taker(i int, to, word string) int {
	by := -1
	for _, rules := range [][]int{x.byWord[word], x.others} {
		for _, j := range rules {
			if j >= i || by >= 0 && j >= by {
				break
			}
			if x.takes(j, i, to, word) {
				by = j
				break
			}
		}
	}
	return by
}

// takes tells whether rule j takes all messages to a number with a word that rule i would take.
func (x *clashIndex) takes(j, i int, to, word string) bool {
	early, late := &x.rules[j], &x.rules[i]
	within := func(wide []string, narrow string) bool {
		return slices.ContainsFunc(orAny(wide), func(p string) bool { return covers(p, narrow) })
	}
	all := func(wide, narrow route.Patterns) bool {
		return !slices.ContainsFunc(orAny(narrow), func(p string) bool { return !within(wide, p) })
	}
	return within(early.To, to) && within(x.words[j], word) && all(early.From, late.From) && all(early.Link, late.Link) &&
		(len(early.When) == 0 || slices.Equal(early.When, late.When) && early.Zone == late.Zone) &&
		(early.Text == "" || early.Text == late.Text)
}

// covers tells whether all that a pattern matches, another matches too. A plus asks for international numbers.
func covers(wide, narrow string) bool {
	bare, international := strings.CutPrefix(wide, "+")
	value, also := strings.CutPrefix(narrow, "+")
	if international && !also {
		return false
	}
	if prefix, open := strings.CutSuffix(bare, "*"); open {
		return strings.HasPrefix(strings.TrimSuffix(value, "*"), prefix)
	}
	return bare == value
}

// sameConditions tells whether two rules are for the same messages as they are written.
func sameConditions(a, b *InboundRule) bool {
	same := func(a, b route.Patterns) bool { return slices.EqualFunc(sorted(a), sorted(b), strings.EqualFold) }
	words := slices.EqualFunc(sorted(a.Keyword), sorted(b.Keyword), func(a, b string) bool { return foldKeyword(a) == foldKeyword(b) })
	return words && same(a.To, b.To) && same(a.From, b.From) && same(a.Link, b.Link) &&
		slices.Equal(a.When, b.When) && a.Zone == b.Zone && a.Text == b.Text
}

func sorted(p route.Patterns) []string { return slices.Sorted(slices.Values(p)) }

// clashesOf says of a rule what of it has no effect, and what of later ones because of it.
func (s *Snapshot) clashesOf(rule int) []string {
	rules := make([]InboundRule, len(s.Inbound.rules))
	for i := range rules {
		rules[i] = s.Inbound.rules[i].written
	}
	clashes := Clashes(rules, func(number string) string {
		if a := s.Accounts.ByNumber(number); a != nil {
			return a.Name
		}
		return ""
	})
	called := func(i int) string { return fmt.Sprintf("the rule %s (inbound[%d])", s.Inbound.rules[i].name, i) }
	var list []string
	for i := range clashes {
		if c := &clashes[i]; c.Rule == rule || c.Earlier == rule {
			list = append(list, called(c.Rule)+": "+c.Sentence(called(c.Earlier)))
		}
	}
	return list
}
