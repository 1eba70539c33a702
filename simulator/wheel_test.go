package simulator

import (
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// TestWheelOrder holds that every record comes out at its time, not before, and in the order of times.
func TestWheelOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		start := time.Unix(1_000_000, 0)
		w := newWheel(start)
		now := start
		due := map[uint32]time.Time{}
		var id uint32
		take := func() {
			last := time.Time{}
			for more := true; more; {
				more = w.take(now, 7, func(r []byte) {
					n := binary.BigEndian.Uint32(r)
					at, ok := due[n]
					if !ok {
						t.Fatalf("record %d came out twice", n)
					}
					delete(due, n)
					if at.After(now) {
						t.Fatalf("record %d came out %s early", n, at.Sub(now))
					}
					if at.Before(last.Add(-tick)) {
						t.Fatalf("record %d out of order", n)
					}
					last = at
				})
			}
			for n, at := range due {
				if at.Before(now.Add(-2 * tick)) {
					t.Fatalf("record %d is %s late", n, now.Sub(at))
				}
			}
		}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			for range rapid.IntRange(0, 20).Draw(t, "adds") {
				delay := rapid.OneOf(rapid.Just(int64(0)), rapid.Int64Range(0, 10_000), rapid.Int64Range(0, 100_000_000)).Draw(t, "delay")
				id++
				at := now.Add(time.Duration(delay) * time.Millisecond)
				due[id] = at
				w.add(at, binary.BigEndian.AppendUint32(nil, id))
			}
			if rapid.Bool().Draw(t, "wait for next") {
				if at, ok := w.next(); ok && at.After(now) {
					now = at
				}
			} else {
				now = now.Add(time.Duration(rapid.Int64Range(0, 20_000_000).Draw(t, "ms")) * time.Millisecond)
			}
			take()
		}
		now = now.Add(40 * time.Hour)
		take()
		if len(due) > 0 || w.size != 0 {
			t.Fatalf("%d records never came out, size %d", len(due), w.size)
		}
	})
}

// TestQueue holds that records come out whole and in order, also those larger than a chunk.
func TestQueue(t *testing.T) {
	t.Parallel()
	var q queue
	var pool chunkPool
	var want [][]byte
	for i := range 500 {
		r := slices.Repeat([]byte{byte(i)}, i*i%12_000)
		want = append(want, r)
		q.push(&pool, r)
	}
	for i, r := range want {
		if got := q.peek(); !slices.Equal(got, r) {
			t.Fatalf("record %d: %d octets, want %d", i, len(got), len(r))
		}
		q.drop(&pool)
	}
	if q.records != 0 || q.bytes != 0 || q.head != nil || q.peek() != nil {
		t.Fatalf("the queue is not empty: %d records, %d octets", q.records, q.bytes)
	}
}
