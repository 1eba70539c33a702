package route

import (
	"fmt"
	"strings"

	"kurir/message"
)

// Query is what is known of a message when its route is chosen.
type Query struct {
	To      message.Address
	From    message.Address
	Account string
}

// Choice is the outcome: the rule that matched, and its links in the order in which they are to be tried. Links is
// shared by all choices and not to be changed.
type Choice struct {
	Rule  int
	Links []string
}

// Considered is what Explain says of one rule.
type Considered struct {
	Rule    int
	Name    string
	Matched bool
	Why     string // why it did not match, or what it leads to
}

// Table is compiled rules. It does not change and is safe for concurrent use. The zero Table has no rules.
type Table struct {
	rules []compiled
	tree  tree
}

// compiled is a rule in the form in which it is compared.
type compiled struct {
	name              string
	written           Rule
	to, from, account Patterns
	links             []string
}

// NewTable compiles rules that Validate found nothing wrong with.
func NewTable(rules []Rule) *Table {
	t := &Table{}
	for i, rule := range rules {
		c := compiled{
			name: rule.Name, written: rule, to: rule.To.withoutPlus(), from: rule.From,
			account: rule.Account, links: rule.Via.Links(),
		}
		if c.name == "" {
			c.name = fmt.Sprintf("routes[%d]", i)
		}
		t.rules = append(t.rules, c)
		if len(c.to) == 0 {
			t.tree.add("*", int32(i))
		}
		for _, pattern := range c.to {
			t.tree.add(pattern, int32(i))
		}
	}
	return t
}

// Choose gives the first rule that matches; false if none does. It does not allocate.
func (t *Table) Choose(q Query) (Choice, bool) {
	best := int32(len(t.rules))
	try := func(rules []int32) {
		for _, i := range rules {
			if i >= best {
				return
			}
			if r := &t.rules[i]; r.account.matches(q.Account) && r.from.Match(q.From) {
				best = i
				return
			}
		}
	}
	t.tree.walk(q.To.Number, try)
	if int(best) == len(t.rules) {
		return Choice{}, false
	}
	return Choice{Rule: int(best), Links: t.rules[best].links}, true
}

// Explain says of every rule, in order, whether it matched and why not; those after the first match are not asked.
func (t *Table) Explain(q Query) []Considered {
	considered := make([]Considered, 0, len(t.rules))
	chosen := ""
	for i := range t.rules {
		r := &t.rules[i]
		c := Considered{Rule: i, Name: r.name}
		switch {
		case chosen != "":
			c.Why = fmt.Sprintf("not asked: %s matched before", chosen)
		case !r.to.matches(q.To.Number):
			c.Why = fmt.Sprintf("recipient %s does not match to: %s", q.To, r.written.To)
		case !r.from.Match(q.From):
			c.Why = fmt.Sprintf("sender %s does not match from: %s", q.From, r.written.From)
		case !r.account.matches(q.Account):
			c.Why = fmt.Sprintf("account %s does not match account: %s", q.Account, r.written.Account)
		default:
			c.Matched, chosen = true, r.name
			c.Why = "goes by " + strings.Join(r.links, ", then ")
		}
		considered = append(considered, c)
	}
	return considered
}

// tree finds, digit by digit, the rules whose recipient patterns match a number: its nodes hold them in ascending
// order. Node 0 is the root, also for recipients that are no digits.
type tree struct {
	nodes []node
}

type node struct {
	children [10]int32 // index of the node for each digit; 0 for none
	prefix   []int32   // rules that match every number that gets here
	exact    []int32   // rules that match the number that ends here
}

func (t *tree) add(pattern string, rule int32) {
	if len(t.nodes) == 0 {
		t.nodes = append(t.nodes, node{})
	}
	digits, isPrefix := strings.CutSuffix(pattern, "*")
	at := int32(0)
	for i := range len(digits) {
		d := digits[i] - '0'
		if d > 9 {
			return // Validate has told the operator
		}
		next := t.nodes[at].children[d]
		if next == 0 {
			next = int32(len(t.nodes))
			t.nodes[at].children[d] = next
			t.nodes = append(t.nodes, node{})
		}
		at = next
	}
	list := &t.nodes[at].exact
	if isPrefix {
		list = &t.nodes[at].prefix
	}
	if n := len(*list); n == 0 || (*list)[n-1] != rule {
		*list = append(*list, rule)
	}
}

// walk calls try with every list of rules on the way of a number.
func (t *tree) walk(number string, try func([]int32)) {
	if len(t.nodes) == 0 {
		return
	}
	at := &t.nodes[0]
	try(at.prefix)
	for i := range len(number) {
		d := number[i] - '0'
		if d > 9 || at.children[d] == 0 {
			return
		}
		at = &t.nodes[at.children[d]]
		try(at.prefix)
	}
	try(at.exact)
}
