package cluster

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// linkSlots are the sessions of a link.
func linkSlots(link string, sessions int, nodes ...string) (slots []Slot) {
	for i := range sessions {
		slots = append(slots, Slot{Name: fmt.Sprintf("%s/%d", link, i+1), Link: link, Nodes: nodes})
	}
	return slots
}

// members are nodes of these names, in this order, that have these links.
func membersOf(names string, links ...string) (list []Member) {
	for i, name := range strings.Fields(names) {
		list = append(list, Member{Number: i, Name: name, Links: links})
	}
	return list
}

// loads is how many slots each node has.
func loads(placed map[string]int, of ...string) map[int]int {
	n := map[int]int{}
	for name, node := range placed {
		link, _, _ := strings.Cut(name, "/")
		if len(of) == 0 || slices.Contains(of, link) {
			n[node]++
		}
	}
	return n
}

// TestPlaceSpreads has four sessions on three nodes: no node has two more than
// another, and a node that is gone leaves its own to the others.
func TestPlaceSpreads(t *testing.T) {
	t.Parallel()
	slots := linkSlots("op1", 4)
	placed := Place(membersOf("a b c", "op1"), slots, nil)
	if diff := cmp.Diff(map[int]int{0: 2, 1: 1, 2: 1}, loads(placed)); diff != "" {
		t.Fatal(diff)
	}
	after := Place(membersOf("a b", "op1"), slots, placed)
	if diff := cmp.Diff(map[int]int{0: 2, 1: 2}, loads(after)); diff != "" {
		t.Fatal(diff)
	}
	for name, node := range after {
		if placed[name] != node && placed[name] != 2 {
			t.Errorf("%s moved from %d, which lives", name, placed[name])
		}
	}
}

// TestPlaceLevelsLinks has many links of one session each: they are not all held
// by the first node, and when a node joins it gets its part.
func TestPlaceLevelsLinks(t *testing.T) {
	t.Parallel()
	var slots []Slot
	var links []string
	for i := range 10 {
		links = append(links, fmt.Sprint("op", i))
		slots = append(slots, linkSlots(links[i], 1)...)
	}
	placed := Place(membersOf("a", links...), slots, nil)
	placed = Place(membersOf("a b", links...), slots, placed)
	if diff := cmp.Diff(map[int]int{0: 5, 1: 5}, loads(placed)); diff != "" {
		t.Error(diff)
	}
}

// TestPlacePinned keeps sessions to the nodes that the link names, and leaves
// them unheld rather than elsewhere.
func TestPlacePinned(t *testing.T) {
	t.Parallel()
	slots := slices.Concat(linkSlots("op1", 3, "b"), linkSlots("op2", 1, "d"), linkSlots("op3", 2))
	members := membersOf("a b c", "op1", "op2", "op3")
	members[0].Links = []string{"op1", "op2"} // its file has no op3
	placed := Place(members, slots, map[string]int{"op1/1": 0, "op3/1": 0})
	if diff := cmp.Diff(map[int]int{1: 3}, loads(placed, "op1", "op2")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[int]int{1: 1, 2: 1}, loads(placed, "op3")); diff != "" {
		t.Error(diff)
	}
}

// drawPlacement makes nodes and links as they come.
func drawPlacement(t *rapid.T, pins bool) ([]Member, []Slot) {
	nodes := rapid.IntRange(1, 6).Draw(t, "nodes")
	links := rapid.IntRange(1, 6).Draw(t, "links")
	var slots []Slot
	var names []string
	for i := range links {
		var pin []string
		if pins && rapid.Bool().Draw(t, "pinned") {
			pin = []string{fmt.Sprint("n", rapid.IntRange(0, nodes).Draw(t, "pin"))}
		}
		names = append(names, fmt.Sprint("op", i))
		slots = append(slots, linkSlots(names[i], rapid.IntRange(1, 9).Draw(t, "sessions"), pin...)...)
	}
	var members []Member
	for i := range nodes {
		members = append(members, Member{Number: i, Name: fmt.Sprint("n", i), Links: names})
	}
	return members, slots
}

// TestPlaceProperties holds of any nodes and links, from any state: every slot
// that somebody may hold is held by one who may; links are even; so is the whole,
// as far as one move can do it; and who asks again is told the same.
func TestPlaceProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		members, slots := drawPlacement(t, true)
		holds := map[string]int{}
		for _, s := range slots {
			if n := rapid.IntRange(-1, len(members)+1).Draw(t, "holder"); n >= 0 {
				holds[s.Name] = n
			}
		}
		placed := Place(members, slots, holds)
		total := loads(placed)
		for _, s := range slots {
			node, held := placed[s.Name]
			some := slices.ContainsFunc(members, func(m Member) bool { return m.may(&s) })
			if held != some || held && !members[node].may(&s) {
				t.Fatalf("%s is held (%v) by %d", s.Name, held, node)
			}
			n := loads(placed, s.Link)
			for _, m := range members {
				switch {
				case !held || !m.may(&s):
				case n[node] > n[m.Number]+1:
					t.Fatalf("%s: %d has %d, %d has %d", s.Link, node, n[node], m.Number, n[m.Number])
				case n[node] == n[m.Number]+1 && total[node] > total[m.Number]+1:
					t.Fatalf("in all %d has %d, %d has %d, and %s could move", node, total[node], m.Number, total[m.Number], s.Name)
				}
			}
		}
		if diff := cmp.Diff(placed, Place(members, slots, placed)); diff != "" {
			t.Fatalf("asked again: %s", diff)
		}
		slices.Reverse(members)
		slices.Reverse(slots)
		if diff := cmp.Diff(placed, Place(members, slots, holds)); diff != "" {
			t.Fatalf("in another order: %s", diff)
		}
	})
}

// TestPlaceIsStable counts moves when a node comes or goes: of what others than
// the dead held, and from a node to one that is not new, little moves.
func TestPlaceIsStable(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		members, slots := drawPlacement(t, false)
		placed := Place(members, slots, nil)
		gone := rapid.IntRange(0, len(members)-1).Draw(t, "gone")
		fewer := slices.Delete(slices.Clone(members), gone, gone+1)
		if len(fewer) == 0 {
			return
		}
		after := Place(fewer, slots, placed)
		moved := maps.Clone(placed)
		maps.DeleteFunc(moved, func(name string, node int) bool { return node == gone || after[name] == node })
		if most := 1 + len(slots)/8; len(moved) > most {
			t.Errorf("%d of %d moved between nodes that live: %v", len(moved), len(slots), moved)
		}
		back := Place(members, slots, after)
		moved = maps.Clone(after)
		maps.DeleteFunc(moved, func(name string, node int) bool { return back[name] == gone || back[name] == node })
		if most := 1 + len(slots)/8; len(moved) > most {
			t.Errorf("%d of %d moved elsewhere than to the new node: %v", len(moved), len(slots), moved)
		}
	})
}
