package gateway

// settledKeys remembers the operator's ids that were settled last, in a table of
// fixed size: two places for each key, of which the older gives way. Most of the
// last hundred thousand are there, and that is enough to know a receipt that is
// repeated; a map of as many costs three times as much, for it never fits a cache.
type settledKeys []settledKey

type settledKey struct {
	key uint64
	settled
}

const settledMost = 1 << 17 // a power of two

func (t settledKeys) at(key uint64) int { return int(key*0x9e3779b97f4a7c15>>32) & (len(t) - 1) &^ 1 }

func (t settledKeys) put(key uint64, was settled) {
	i := t.at(key)
	if t[i].id != 0 && t[i].key != key {
		t[i+1] = t[i]
	}
	t[i] = settledKey{key, was}
}

func (t settledKeys) get(key uint64) (settled, bool) {
	for i, n := t.at(key), 2; n > 0; i, n = i+1, n-1 {
		if t[i].key == key && t[i].id != 0 {
			return t[i].settled, true
		}
	}
	return settled{}, false
}
