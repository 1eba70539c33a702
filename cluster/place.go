package cluster

import (
	"cmp"
	"slices"
)

// Slot is something that one node in the cluster holds: a session of a link.
type Slot struct {
	Name  string   // of its lease
	Link  string   // slots of one link are spread evenly; a node says which links it may hold. Empty: any node may
	Nodes []string // names of the nodes that may hold it; empty: any that has the link
}

// group is what is spread evenly: the link, or the slot by itself.
func (s *Slot) group() string {
	if s.Link == "" {
		return "\x00" + s.Name
	}
	return s.Link
}

// Member is a live node.
type Member struct {
	Number int
	Name   string
	Links  []string
}

// may tells whether the member may hold the slot.
func (m *Member) may(s *Slot) bool {
	return (s.Link == "" || slices.Contains(m.Links, s.Link)) && (len(s.Nodes) == 0 || slices.Contains(s.Nodes, m.Name))
}

// Place says which member shall hold each slot, by numbers of members; slots
// that none may hold are left out. holds is who holds which now. Every node asks
// with what the table says and so comes to the same answer.
//
// Of each link no member has two more than another; nor has one in all, where
// that can be mended by moving one slot. Slots that need not move stay.
func Place(members []Member, slots []Slot, holds map[string]int) map[string]int {
	p := newPlacement(members, slots, holds)
	for _, l := range p.links {
		p.assign(l)
		p.spread(l)
	}
	p.level()
	placed := make(map[string]int, len(slots))
	for _, l := range p.links {
		for i := range l.slots {
			if m := l.by[i]; m >= 0 {
				placed[l.slots[i].Name] = p.members[m].Number
			}
		}
	}
	return placed
}

// placement is the work of Place. Members are indices into members here.
type placement struct {
	members []Member
	total   []int // slots by member
	links   []*placedLink
}

// placedLink is the slots of one link.
type placedLink struct {
	slots []Slot
	by    []int // member by slot, -1 for none yet
	may   []int // members that may hold the slots
	count []int // slots by member
}

func newPlacement(members []Member, slots []Slot, holds map[string]int) *placement {
	p := &placement{members: slices.SortedFunc(slices.Values(members), func(a, b Member) int { return cmp.Compare(a.Number, b.Number) })}
	p.total = make([]int, len(members))
	slots = slices.SortedFunc(slices.Values(slots), func(a, b Slot) int {
		return cmp.Or(cmp.Compare(a.Link, b.Link), cmp.Compare(len(a.Name), len(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	for len(slots) > 0 {
		n := slices.IndexFunc(slots, func(s Slot) bool { return s.group() != slots[0].group() })
		if n < 0 {
			n = len(slots)
		}
		p.links = append(p.links, p.link(slots[:n], holds))
		slots = slots[n:]
	}
	return p
}

// link begins with those slots that are held by somebody who may hold them.
func (p *placement) link(slots []Slot, holds map[string]int) *placedLink {
	l := &placedLink{slots: slots, by: make([]int, len(slots)), count: make([]int, len(p.members))}
	for m := range p.members {
		if p.members[m].may(&slots[0]) {
			l.may = append(l.may, m)
		}
	}
	for i := range slots {
		l.by[i] = -1
		number, held := holds[slots[i].Name]
		if m := slices.IndexFunc(l.may, func(m int) bool { return p.members[m].Number == number }); held && m >= 0 {
			p.move(l, i, l.may[m])
		}
	}
	return l
}

// move gives a slot to a member.
func (p *placement) move(l *placedLink, slot, to int) {
	if from := l.by[slot]; from >= 0 {
		l.count[from]--
		p.total[from]--
	}
	l.by[slot] = to
	l.count[to]++
	p.total[to]++
}

// less orders members by how little they hold of the link, then in all.
func (p *placement) less(l *placedLink) func(a, b int) int {
	return func(a, b int) int {
		return cmp.Or(cmp.Compare(l.count[a], l.count[b]), cmp.Compare(p.total[a], p.total[b]), cmp.Compare(a, b))
	}
}

// assign gives what nobody holds to those who hold the least.
func (p *placement) assign(l *placedLink) {
	if len(l.may) == 0 {
		return
	}
	for i := range l.slots {
		if l.by[i] < 0 {
			p.move(l, i, slices.MinFunc(l.may, p.less(l)))
		}
	}
}

// spread moves slots until no member holds two more of the link than another.
func (p *placement) spread(l *placedLink) {
	for len(l.may) > 1 {
		least, most := slices.MinFunc(l.may, p.less(l)), slices.MaxFunc(l.may, p.less(l))
		if l.count[most]-l.count[least] < 2 {
			return
		}
		p.move(l, l.last(most), least)
	}
}

// last is the last slot that a member holds.
func (l *placedLink) last(member int) int {
	for i := len(l.by) - 1; ; i-- {
		if l.by[i] == member {
			return i
		}
	}
}

// level moves slots from those who hold much in all to those who hold little,
// where the link stays as even as it is. Each move brings the totals nearer to
// each other, so that it ends.
func (p *placement) level() {
	for p.levelOne() {
	}
}

func (p *placement) levelOne() bool {
	var link *placedLink
	var from, to int
	best := 1
	for _, l := range p.links {
		if l.slots[0].Link == "" { // what is taken over is not moved in the middle
			continue
		}
		for _, a := range l.may {
			for _, b := range l.may {
				if d := p.total[a] - p.total[b]; d > best && l.count[a] == l.count[b]+1 {
					link, from, to, best = l, a, b, d
				}
			}
		}
	}
	if link == nil {
		return false
	}
	p.move(link, link.last(from), to)
	return true
}
