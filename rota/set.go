package rota

import (
	"fmt"
	"slices"
)

// Set is the rotas of a configuration. It does not change; nil has none.
type Set struct {
	plans []*Plan
	named map[key]*Plan

	numbers map[string]*Plan // by number that is a rota's
	mail    map[key]*Plan    // by account, and what stands before the @ or the whole address
}

// key is by what a rota is found.
type key struct{ account, name string }

// NewSet compiles rotas that Validate and Check found nothing wrong with.
func NewSet(list []Rota) *Set {
	s := &Set{named: make(map[key]*Plan, len(list)), numbers: map[string]*Plan{}, mail: map[key]*Plan{}}
	for i := range list {
		p := compile(&list[i], s)
		s.plans = append(s.plans, p)
		s.named[key{list[i].Account, list[i].Name}] = p
		s.own(p)
	}
	return s
}

// All gives the rotas in the order of the configuration.
func (s *Set) All() []*Plan {
	if s == nil {
		return nil
	}
	return s.plans
}

// Find gives a rota of an account, nil for none.
func (s *Set) Find(account, name string) *Plan {
	if s == nil {
		return nil
	}
	return s.named[key{account, name}]
}

// Check reports what is wrong with several rotas together: those that name one that is not there, or of another account, that
// are in themselves, or lead too far. index is which of the list.
func Check(list []Rota, report func(index int, field, problem string)) {
	c := checker{list: list, at: map[key]int{}, state: make([]visit, len(list)), depth: make([]int, len(list)), report: report}
	for i := range list {
		k := key{list[i].Account, list[i].Name}
		if _, twice := c.at[k]; !twice { // said where names are compared
			c.at[k] = i
		}
	}
	for i := range list {
		c.ladder(i)
		c.visit(i)
		if reach := c.reach(i); reach > MaxReach {
			report(i, "layers", fmt.Sprintf("lead to %d rotas; at most %d are possible", reach-1, MaxReach-1))
		}
	}
}

// checker goes through rotas within each other, each once.
type checker struct {
	list   []Rota
	at     map[key]int
	state  []visit
	depth  []int // of those that were visited
	report func(int, string, string)
}

type visit uint8

const (
	unseen visit = iota
	underWay
	seen
)

// visit looks at one and what it leads to, before those.
func (c *checker) visit(i int) {
	c.state[i] = underWay
	deepest, field := 0, ""
	c.each(i, func(at, name string, k int) {
		switch {
		case k < 0:
			c.report(i, at, fmt.Sprintf("names the rota %.80q, which account %s does not have", name, c.list[i].Account))
			return
		case c.state[k] == underWay:
			c.report(i, at, "would put the rota into itself")
			return
		case c.state[k] == unseen:
			c.visit(k)
		}
		if c.depth[k] > deepest {
			deepest, field = c.depth[k], at
		}
	})
	if deepest+1 > MaxDepth {
		c.report(i, field, fmt.Sprintf("puts more than %d rotas within each other", MaxDepth))
	}
	c.depth[i], c.state[i] = min(deepest+1, MaxDepth), seen
}

// ladder looks at the rotas that are asked when nobody answers: they are only looked up, so that any may name any.
func (c *checker) ladder(i int) {
	r := &c.list[i]
	for n := range r.Escalation.Then {
		for _, member := range r.Escalation.Then[n].Who {
			name, ok := nested(member)
			if _, known := c.at[key{r.Account, name}]; ok && !known {
				c.report(i, fmt.Sprintf("escalation.then[%d].who", n), fmt.Sprintf("names the rota %.80q, which account %s does not have", name, r.Account))
			}
		}
	}
}

// each calls use for each rota that one names, with its name and index; below 0 for one that is not there.
func (c *checker) each(i int, use func(field, name string, k int)) {
	r := &c.list[i]
	look := func(field string, who []string) {
		for _, member := range who {
			name, ok := nested(member)
			if !ok {
				continue
			}
			k, known := c.at[key{r.Account, name}]
			if !known {
				k = -1
			}
			use(field, name, k)
		}
	}
	for n := range r.Layers {
		for m := range r.Layers[n].Slots {
			look(fmt.Sprintf("layers[%d].slots[%d].who", n, m), r.Layers[n].Slots[m].Who)
		}
	}
	for n := range r.Exceptions {
		look(fmt.Sprintf("exceptions[%d].who", n), r.Exceptions[n].Who)
	}
	look("else", r.Else)
}

// reach counts the rotas that one leads to, itself included, up to one more than may be.
func (c *checker) reach(i int) int {
	found := []int{i}
	for at := 0; at < len(found) && len(found) <= MaxReach; at++ {
		c.each(found[at], func(_, _ string, k int) {
			if k >= 0 && !slices.Contains(found, k) && len(found) <= MaxReach {
				found = append(found, k)
			}
		})
	}
	return len(found)
}
