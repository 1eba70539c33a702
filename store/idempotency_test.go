package store

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"
)

// keysOf makes a batch of n keys, numbered from first on.
func keysOf(first, n int, expires int64) *Batch {
	b := &Batch{}
	for i := range n {
		b.Idempotency = append(b.Idempotency, IdempotencyKey{
			Account: "acme", Key: fmt.Sprint("key-", first+i), Answer: fmt.Append(nil, first+i), Expires: expires,
		})
	}
	return b
}

func wantKeys(t *testing.T, s *Store, first, end, step int, now int64) {
	t.Helper()
	for i := first; i < end; i += step {
		k, err := s.Idempotent(context.Background(), "acme", fmt.Sprint("key-", i), now)
		if err != nil || string(k.Answer) != fmt.Sprint(i) {
			t.Fatalf("key %d: %+v, %v", i, k, err)
		}
	}
}

// More keys than memory has room for are found in the database, also after a
// restart, and go when they have expired; those that were never given are not
// found.
func TestKeysBeyondMemory(t *testing.T) {
	t.Parallel()
	opts := Options{Path: t.TempDir(), keyTables: 1}
	s := openTest(t, opts)
	now := time.Now().UnixMilli()
	const n, each, hour = 330_000, 1000, 3_600_000 // of an hour: until here nothing may have expired by the clock
	for i := 0; i < n; i += each {
		mustCommit(t, s, keysOf(i, each, now+hour))
		if i%(n/8) == 0 {
			if _, err := s.Tidy(time.Second); err != nil {
				t.Fatal(err)
			}
		}
	}
	tidyAll(t, s)
	if len(s.keys.tables) < 3 || s.keys.surplus(1) != nil || rowCount(t, s, "idempotency_table") != int64(len(s.keys.tables)-1) {
		t.Fatalf("%d tables, %d of them on disk", len(s.keys.tables), rowCount(t, s, "idempotency_table"))
	}
	wantKeys(t, s, 0, n, 997, now)
	s = crashed(t, s)
	wantKeys(t, s, 0, n, 997, now)
	for i := n; i < n+1000; i++ {
		if k, err := s.Idempotent(context.Background(), "acme", fmt.Sprint("key-", i), now); !errors.Is(err, ErrNotFound) {
			t.Fatalf("key %d that nobody gave: %+v, %v", i, k, err)
		}
	}
	mustCommit(t, s, keysOf(n, 1, now+2*hour))
	for more := true; more; {
		var err error
		s.writing.Lock()
		more, err = s.forgetKeys(now + hour + 1)
		s.writing.Unlock()
		if err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if err := forgetTable(s.conn, now+hour+1); err != nil {
			t.Fatal(err)
		}
	}
	for _, table := range []string{"idempotency_table", "idempotency_bucket"} {
		if n := rowCount(t, s, table); n != 0 {
			t.Errorf("%d rows of %s are left", n, table)
		}
	}
	if n := rowCount(t, s, "idempotency"); n != 1 {
		t.Errorf("%d rows of keys are left", n)
	}
	wantKeys(t, s, n, n+1, 1, now+hour+1)
}

// Memory for keys: about ten octets each.
func TestKeysInMemory(t *testing.T) {
	t.Parallel()
	var x keyTables
	const n, each = 1_000_000, 500
	ids := make([]keyID, each)
	for i := range n / each {
		for k := range ids {
			ids[k] = keyIDOf("acme", fmt.Sprint(i, k))
		}
		x.add(int64(i+1), 1000, ids)
	}
	octets := len(x.tables) * keyBuckets * keySlots * 8
	t.Logf("%d keys: %d tables, %d octets", n, len(x.tables), octets)
	if octets > 13<<20 {
		t.Errorf("%d keys take %d octets", n, octets)
	}
	id := keyIDOf("acme", fmt.Sprint(7, 3))
	if rows, spilled := x.find(id.hash(), 999); len(rows) != 1 || rows[0] != 8 || spilled != nil {
		t.Errorf("rows %v, %v", rows, spilled)
	}
	x.forget(1000)
	if len(x.tables) != 0 {
		t.Errorf("%d tables are left", len(x.tables))
	}
}
