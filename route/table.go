package route

import (
	"fmt"
	"slices"
	"strings"

	"kurir/message"
)

// Choice is the outcome: the rule that matched, and its links in the order in which they are to be tried. Links is
// shared by all choices and not to be changed.
type Choice struct {
	Rule     int
	Links    []string
	Handling *Handling // nil for most
	Fallback string    // Text of the rule's; empty for most
}

// Considered is what Explain says of one rule.
type Considered struct {
	Rule    int
	Name    string
	Matched bool
	Why     string // why it did not match, or what it leads to
	Others  bool   // Why names accounts or groups that the rule is for
}

// Table is compiled rules. It does not change and is safe for concurrent use. The zero Table has no rules.
//
// A rule that names its accounts, or else its groups, in full stands in a tree for each of them: whoever has no rules of
// his own does not pay for those of others.
type Table struct {
	rules     []compiled
	any       tree
	byAccount map[string]*tree
	byGroup   map[string]*tree
	separates bool // a rule has long: separate
	lookup    Lookup
	filters   bool // a rule has a filter
}

// Filters tells whether a rule has a filter.
func (t *Table) Filters() bool { return t.filters }

// Separates tells whether a rule makes several messages of a long text.
func (t *Table) Separates() bool { return t.separates }

// compiled is a rule in the form in which it is compared.
type compiled struct {
	name    string
	written Rule
	to      Patterns
	open    bool // one of to has a ?, so that the tree knows its beginning only
	orders  orders
	links   []string    // without weights
	after   string      // Text of fallback
	more    *conditions // nil for none

	handling *Handling // nil for none
}

// NewTable compiles rules that Validate found nothing wrong with.
func NewTable(rules []Rule) *Table {
	t := &Table{}
	for i, rule := range rules {
		c := compiled{name: rule.Name, written: rule, to: rule.To.withoutPlus(), orders: newOrders(rule.Via)}
		if c.name == "" {
			c.name = fmt.Sprintf("routes[%d]", i)
		}
		c.links = c.orders.links[0]
		c.more, c.handling, c.after = newConditions(&rule, c.name), newHandling(&rule), rule.Fallback.Text()
		t.separates = t.separates || c.handling != nil && c.handling.LongSaid && c.handling.Long == message.LongSeparate
		c.open = strings.Contains(rule.To.String(), "?")
		t.rules = append(t.rules, c)
		t.filters = t.filters || rule.Filter != ""
		switch {
		case rule.Account.exact():
			t.byAccount = plant(t.byAccount, rule.Account, c.to, int32(i))
		case rule.Group.exact():
			t.byGroup = plant(t.byGroup, rule.Group, c.to, int32(i))
		default:
			t.any.addAll(c.to, int32(i))
		}
	}
	return t
}

// Use tells the table what others know of recipients, before it is used.
func (t *Table) Use(l Lookup) { t.lookup = l }

// Lookup gives what Use told.
func (t *Table) Lookup() Lookup { return t.lookup }

// Has tells whether there is a rule of this name.
func (t *Table) Has(name string) bool {
	return slices.ContainsFunc(t.rules, func(c compiled) bool { return c.name == name })
}

// Name gives the name of a rule, its place in the list where it has none.
func (t *Table) Name(rule int) string { return t.rules[rule].name }

// plant adds a rule to the tree of each name.
func plant(trees map[string]*tree, names, to Patterns, rule int32) map[string]*tree {
	if trees == nil {
		trees = map[string]*tree{}
	}
	for _, name := range names {
		if trees[name] == nil {
			trees[name] = &tree{}
		}
		trees[name].addAll(to, rule)
	}
	return trees
}

// exact tells whether the patterns are names in full, at least one.
func (p Patterns) exact() bool {
	return len(p) > 0 && !slices.ContainsFunc(p, func(pattern string) bool { return strings.HasSuffix(pattern, "*") })
}

// Choose gives the first rule that matches; false if none does. It does not allocate.
func (t *Table) Choose(q Query) (Choice, bool) {
	q.lookup = &t.lookup
	best := int32(len(t.rules))
	try := func(rules []int32) {
		for _, i := range rules {
			if i >= best {
				return
			}
			if t.rules[i].failing(&q, true) == meets {
				best = i
				return
			}
		}
	}
	t.any.walk(q.To.Number, try)
	if t.byAccount != nil {
		if own := t.byAccount[q.Account]; own != nil {
			own.walk(q.To.Number, try)
		}
	}
	if t.byGroup != nil {
		for _, group := range q.Groups {
			if of := t.byGroup[group]; of != nil {
				of.walk(q.To.Number, try)
			}
		}
	}
	if int(best) == len(t.rules) {
		return Choice{}, false
	}
	r := &t.rules[best]
	return Choice{Rule: int(best), Links: r.order(&q), Handling: r.handling, Fallback: r.after}, true
}

// failing gives the first condition of the rule that a message does not meet. inTree says that the tree has led here,
// which has compared the recipient.
func (r *compiled) failing(q *Query, inTree bool) failing {
	switch {
	case (!inTree || r.open) && !matchesNumber(r.to, q.To.Number):
		return failsTo
	case !r.written.From.Match(q.From):
		return failsFrom
	case !r.written.Account.matches(q.Account):
		return failsAccount
	case r.more != nil:
		return r.more.failing(q)
	}
	return meets
}

// order gives the links of the rule in the order in which a message tries them.
func (r *compiled) order(q *Query) []string {
	if r.orders.upTo == nil {
		return r.links
	}
	return r.orders.of(q.key(r.more.salt+1, r.more.sticky))
}

// matchesNumber tells whether one of the patterns, in which ? stands for any digit, matches a number, or there is none.
func matchesNumber(patterns Patterns, number string) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(pattern string) bool {
		digits, open := strings.CutSuffix(pattern, "*")
		if len(number) < len(digits) || !open && len(number) != len(digits) {
			return false
		}
		for i := range len(digits) {
			if digits[i] != number[i] && (digits[i] != '?' || number[i] < '0' || number[i] > '9') {
				return false
			}
		}
		return true
	})
}

// Explain says of every rule, in order, whether it matched and why not; those after the first match are not asked.
func (t *Table) Explain(q Query) []Considered {
	q.lookup = &t.lookup
	considered := make([]Considered, 0, len(t.rules))
	chosen := ""
	for i := range t.rules {
		r := &t.rules[i]
		c := Considered{Rule: i, Name: r.name}
		if chosen != "" {
			c.Why = fmt.Sprintf("not asked: %s matched before", chosen)
		} else if f := r.failing(&q, false); f != meets {
			c.Why, c.Others = r.why(f, &q), f == failsAccount || f == failsGroup
		} else {
			c.Matched, chosen = true, r.name
			c.Why = "goes by " + strings.Join(r.order(&q), ", then ") + r.how()
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

// addAll adds a rule under its patterns; none is all recipients.
func (t *tree) addAll(patterns Patterns, rule int32) {
	if len(patterns) == 0 {
		t.add("*", rule)
	}
	for _, pattern := range patterns {
		if known, _, open := strings.Cut(pattern, "?"); open {
			pattern = known + "*"
		}
		t.add(pattern, rule)
	}
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

// Knows tells whether a rule is for this very number, or for short numbers that begin as it does: one with few digits then is whole.
func (t *Table) Knows(a message.Address) bool {
	for i := range t.rules {
		for _, pattern := range t.rules[i].written.To {
			_, open := strings.CutSuffix(pattern, "*")
			switch {
			case pattern == "*" || pattern == "":
			case open && a.TON == message.TONInternational:
			case a.Matches(pattern):
				return true
			}
		}
	}
	return false
}
