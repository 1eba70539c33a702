package gateway

// keyTable finds where on the shelf the message of an operator's id stands. At a
// million entries a map of Go's touches memory that is in no cache several times
// for each look; here it is once. It is 256 small tables, each an array with
// linear probing, so that growth never moves more than one of them.
type keyTable struct {
	parts [256]keyPart
	n     int
}

type keyPart struct {
	slots []keySlot // their number is a power of two, or none
	n     int
}

// keySlot is empty when ref is 0.
type keySlot struct {
	key uint64
	ref shelfRef
}

const (
	keySlotsLeast = 16
	// keySpread is 2^64 divided by the golden ratio: multiplying by it brings
	// what keys differ in to the front.
	keySpread = 0x9E3779B97F4A7C15
)

// part returns the part of a key and its hash within it.
func (t *keyTable) part(key uint64) (*keyPart, uint64) {
	h := key * keySpread
	return &t.parts[h>>56], h >> 24
}

func (t *keyTable) len() int { return t.n }

// get returns what stands under a key, 0 if nothing does.
func (t *keyTable) get(key uint64) shelfRef {
	p, h := t.part(key)
	if i, ok := p.find(key, h); ok {
		return p.slots[i].ref
	}
	return 0
}

// put puts ref, which is not 0, under a key, in place of what stands there.
func (t *keyTable) put(key uint64, ref shelfRef) {
	p, h := t.part(key)
	i, ok := p.find(key, h)
	if ok {
		p.slots[i].ref = ref
		return
	}
	if (p.n+1)*4 > len(p.slots)*3 {
		p.resize(max(keySlotsLeast, 2*len(p.slots)))
		i, _ = p.find(key, h)
	}
	p.slots[i] = keySlot{key, ref}
	p.n++
	t.n++
}

// remove forgets a key.
func (t *keyTable) remove(key uint64) {
	p, h := t.part(key)
	i, ok := p.find(key, h)
	if !ok {
		return
	}
	p.vacate(i)
	p.n--
	t.n--
	if len(p.slots) > keySlotsLeast && p.n*8 < len(p.slots) {
		p.resize(len(p.slots) / 2)
	}
}

// find returns the slot of a key, or the empty one where it belongs.
func (p *keyPart) find(key, h uint64) (i uint64, ok bool) {
	if len(p.slots) == 0 {
		return 0, false
	}
	mask := uint64(len(p.slots) - 1)
	for i = h & mask; p.slots[i].ref != 0; i = (i + 1) & mask {
		if p.slots[i].key == key {
			return i, true
		}
	}
	return i, false
}

// vacate empties a slot and moves those behind it that were pushed on by it.
func (p *keyPart) vacate(i uint64) {
	mask := uint64(len(p.slots) - 1)
	for j := (i + 1) & mask; p.slots[j].ref != 0; j = (j + 1) & mask {
		home := (p.slots[j].key * keySpread >> 24) & mask
		if (j-home)&mask >= (j-i)&mask { // its way from home leads over i
			p.slots[i] = p.slots[j]
			i = j
		}
	}
	p.slots[i] = keySlot{}
}

func (p *keyPart) resize(n int) {
	old := p.slots
	p.slots = make([]keySlot, n)
	for _, s := range old {
		if s.ref != 0 {
			i, _ := p.find(s.key, s.key*keySpread>>24)
			p.slots[i] = s
		}
	}
}
