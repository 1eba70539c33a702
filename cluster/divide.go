package cluster

import (
	"cmp"
	"slices"
)

// claim is what a node wants and has of a rate, in units of it a second.
type claim struct {
	node int // its number
	want int64
	has  int64
}

// divide shares a rate among nodes by what each of them wants. What all want
// together and more than the rate is, is divided so that nobody has less than
// another who wants no less: those who want little have it, the others have equal
// parts of the rest. What nobody wants is divided equally, so that a node whose
// traffic begins has something at once. The parts are whole and add up to the rate.
// Where they cannot be equal, one unit more goes to those who have more already, so
// that nothing moves without need. The parts do not depend on who asks.
func divide(rate int64, claims []claim) []int64 {
	parts := make([]int64, len(claims))
	order := make([]int, len(claims))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		x, y := &claims[a], &claims[b]
		return cmp.Or(cmp.Compare(x.want, y.want), cmp.Compare(x.has, y.has), cmp.Compare(y.node, x.node))
	})
	left := max(rate, 0)
	for n, i := range order {
		parts[i] = min(max(claims[i].want, 0), left/int64(len(order)-n))
		left -= parts[i]
	}
	for n, i := range order {
		more := left / int64(len(order)-n)
		parts[i] += more
		left -= more
	}
	return parts
}

// hold is what a node may take of a rate now: its part, but no more than the others,
// who may not have heard yet that theirs has become smaller, leave of it. So the
// nodes together never take more than the rate while parts move: each makes its own
// smaller when it has heard, and larger when the others have. What they take must be
// read and written as one (store.NodeTable.WriteRates).
func hold(rate, part int64, others []claim) int64 {
	for i := range others {
		rate -= others[i].has
	}
	return max(0, min(part, rate))
}
