package cluster

import "slices"

// Divide shares a rate among nodes by what each of them wants, both in parts a
// second. What all want together and more than the rate is, is divided so that nobody has less than
// another who wants no less: those who want little have it, the others have equal parts of the
// rest. What nobody wants is divided equally, so that a node whose traffic begins has
// something at once. The parts add up to the rate, and do not depend on who asks.
func Divide(rate float64, wants []float64) []float64 {
	parts := make([]float64, len(wants))
	if len(wants) == 0 || rate <= 0 {
		return parts
	}
	order := make([]int, len(wants))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case wants[a] < wants[b]:
			return -1
		case wants[a] > wants[b]:
			return 1
		}
		return a - b
	})
	left := rate
	for n, i := range order {
		fair := left / float64(len(order)-n)
		parts[i] = min(max(wants[i], 0), fair)
		left -= parts[i]
	}
	for i := range parts {
		parts[i] += max(left, 0) / float64(len(parts))
	}
	return parts
}

// Hold is what a node may take of a rate now: its part, but no more than the others,
// who may not have heard yet that theirs has become smaller, leave of it. So the nodes
// together never take more than the rate while parts move: each makes its own smaller when
// it renews, and larger when the others have. What they take must be read and written
// under one lock.
func Hold(rate, part float64, others []float64) float64 {
	for _, taken := range others {
		rate -= taken
	}
	return max(0, min(part, rate))
}
