package directory

import "slices"

// keys is a set of numbers as integers: a sorted slice, and what has come and gone since it was sorted.
type keys struct {
	sorted []uint64
	come   map[uint64]struct{} // not in sorted
	gone   map[uint64]struct{} // in sorted
}

// emptyKey is the key of no digits: the entry * for all.
const emptyKey = 1

// keyOf gives digits as an integer; a 1 in front keeps those apart that begin with 0.
func keyOf(digits string) (uint64, bool) {
	if len(digits) > maxDigits {
		return 0, false
	}
	key := uint64(emptyKey)
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return 0, false
		}
		key = key*10 + uint64(digits[i]-'0')
	}
	return key, true
}

func (k *keys) len() int { return len(k.sorted) + len(k.come) - len(k.gone) }

func (k *keys) has(key uint64) bool {
	if _, ok := k.come[key]; ok {
		return true
	}
	if _, found := slices.BinarySearch(k.sorted, key); !found {
		return false
	}
	_, gone := k.gone[key]
	return !gone
}

func (k *keys) add(key uint64) bool {
	if k.has(key) {
		return false
	}
	if _, gone := k.gone[key]; gone {
		delete(k.gone, key)
		return true
	}
	if k.come == nil {
		k.come = map[uint64]struct{}{}
	}
	k.come[key] = struct{}{}
	k.settle()
	return true
}

func (k *keys) remove(key uint64) bool {
	if !k.has(key) {
		return false
	}
	if _, ok := k.come[key]; ok {
		delete(k.come, key)
		return true
	}
	if k.gone == nil {
		k.gone = map[uint64]struct{}{}
	}
	k.gone[key] = struct{}{}
	k.settle()
	return true
}

// settleShare is the part of the sorted ones from which on changes are sorted in, leastSettled the least of them: a map
// takes several times the memory of a slice.
const (
	settleShare  = 16
	leastSettled = 1024
)

func (k *keys) settle() {
	if len(k.come)+len(k.gone) < max(leastSettled, len(k.sorted)/settleShare) {
		return
	}
	all := make([]uint64, 0, k.len())
	for _, key := range k.sorted {
		if _, gone := k.gone[key]; !gone {
			all = append(all, key)
		}
	}
	for key := range k.come {
		all = append(all, key)
	}
	k.sorted, k.come, k.gone = nil, nil, nil
	k.addAll(all)
}

// addAll adds many to a set without changes. It takes the slice.
func (k *keys) addAll(all []uint64) {
	if len(k.sorted) > 0 {
		all = append(all, k.sorted...)
	}
	slices.Sort(all)
	k.sorted = slices.Clip(slices.Compact(all))
	if cap(k.sorted) > len(k.sorted)+len(k.sorted)/8 {
		k.sorted = slices.Clone(k.sorted)
	}
}
