package gateway

import (
	"math/rand/v2"
	"testing"
)

// TestKeyTable compares a keyTable with a map over random turns of growth and
// decline, with keys that collide.
func TestKeyTable(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	want := map[uint64]shelfRef{}
	var have keyTable
	var keys []uint64
	for turn := range 20 {
		for range 20_000 {
			growing := turn%2 == 0
			if grow := rng.IntN(10) < 6; grow == growing || len(keys) == 0 {
				k := rng.Uint64()
				if rng.IntN(4) == 0 {
					k %= 64 // neighbours
				}
				ref := shelfRef(rng.Uint64() | 1)
				if _, ok := want[k]; !ok {
					keys = append(keys, k)
				}
				want[k] = ref
				have.put(k, ref)
				continue
			}
			at := rng.IntN(len(keys))
			k := keys[at]
			keys[at] = keys[len(keys)-1]
			keys = keys[:len(keys)-1]
			delete(want, k)
			have.remove(k)
			have.remove(k)
		}
		if have.len() != len(want) {
			t.Fatalf("turn %d: %d entries, want %d", turn, have.len(), len(want))
		}
		for k, ref := range want {
			if got := have.get(k); got != ref {
				t.Fatalf("turn %d: %d under %d, want %d", turn, got, k, ref)
			}
		}
		for range 1000 {
			if k := rng.Uint64(); have.get(k) != want[k] {
				t.Fatalf("turn %d: something under %d", turn, k)
			}
		}
	}
	for _, k := range keys {
		have.remove(k)
	}
	slots := 0
	for i := range have.parts {
		slots += len(have.parts[i].slots)
	}
	if have.len() != 0 || slots > 2*256*keySlotsLeast {
		t.Errorf("%d entries are left, and %d slots", have.len(), slots)
	}
}

func BenchmarkKeyTable(b *testing.B) {
	const entries = 1_350_000
	keys := make([]uint64, 2*entries)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range keys {
		keys[i] = rng.Uint64()
	}
	b.Run("table", func(b *testing.B) {
		var t keyTable
		for _, k := range keys[:entries] {
			t.put(k, 1)
		}
		for i := range b.N {
			t.put(keys[(i+entries)%len(keys)], 1)
			k := keys[i%len(keys)]
			if t.get(k) != 1 {
				b.Fatal("lost")
			}
			t.remove(k)
		}
	})
	b.Run("map", func(b *testing.B) {
		t := map[uint64]shelfRef{}
		for _, k := range keys[:entries] {
			t[k] = 1
		}
		for i := range b.N {
			t[keys[(i+entries)%len(keys)]] = 1
			k := keys[i%len(keys)]
			if t[k] != 1 {
				b.Fatal("lost")
			}
			delete(t, k)
		}
	})
}
